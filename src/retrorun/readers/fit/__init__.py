"""FIT: bytes to recordings."""
