"""The session report."""

from retrorun.model import Session, Track
from retrorun.privacy import redacted
from retrorun.report.page import Place, render
from retrorun.report.view import SessionContext, session_view


def session_page(session: Session, track: Track, context: SessionContext) -> str:
    """The page of one session, whole.

    Args:
        session: the analysed session.
        track: its 1 Hz track with the detection's columns; privacy zones already taken out.
        context: units, guidance, claims, and where the page lies.
    """
    shown = redacted(session) if context.redacted else session
    view = session_view(shown, track, context)
    place = Place(context.asset_prefix, context.home, context.standalone)
    title = f"{view.title} · {view.moment}"
    return render("session", title, place, view=view, charts=bool(view.lanes or view.technique))
