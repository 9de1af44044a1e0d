"""Archives and exports that hold several files."""
