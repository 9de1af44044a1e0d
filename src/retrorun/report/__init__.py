"""Pages: plain views of model values, drawn by templates; each renderer returns one text."""

from retrorun.report.session import session_page
from retrorun.report.view import SessionContext

__all__ = ["SessionContext", "session_page"]
