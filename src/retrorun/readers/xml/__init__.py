"""GPX and TCX: XML text to recordings."""
