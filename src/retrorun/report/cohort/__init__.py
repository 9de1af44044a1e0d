"""The page that compares many athletes."""
