"""Pages: plain views of model values, drawn by templates; each renderer returns one text."""
