"""retrorun finds, measures and compares backward running in watch and phone recordings."""

__version__ = "0.1.0"
