"""What ``note`` does: keep scores and words about a session, and list them."""

from dataclasses import replace

from rich.markup import escape

from retrorun.archive import Archive
from retrorun.cli import show
from retrorun.errors import SettingsError
from retrorun.model import Remark
from retrorun.text import plain

LONGEST = 10_000  # characters


def note(
    store: Archive, session_id: str, pain: int | None, effort: int | None, text: str | None
) -> None:
    """Keep what is given; the rest stays as it was noted before, and nothing given shows it.

    Raises:
        SettingsError: the text is too long.
        ArchiveError: there is no such session.
    """
    session = store.session(session_id)
    before = store.annotations.remarks().get(session.id, Remark())
    if pain is None and effort is None and text is None:
        _print(session.id, before)
        return
    if text is not None and len(text) > LONGEST:
        raise SettingsError("note-too-long", f"a note has at most {LONGEST} characters")
    given = {"pain": pain, "effort": effort, "text": text}
    known = {name: value for name, value in given.items() if value is not None}
    store.annotations.set_remark(session.id, replace(before, **known))  # type: ignore[arg-type]


def listed(store: Archive) -> None:
    """Every session about which something was noted, a line each."""
    remarks = store.annotations.remarks()
    for session_id, remark in remarks.items():
        _print(session_id, remark)
    if not remarks:
        show.err().print("nothing was noted about any session")


def _print(session_id: str, remark: Remark) -> None:
    pain, effort = (show.number(score) for score in (remark.pain, remark.effort))
    show.out().print(f"{session_id}  pain {pain}  effort {effort}  {escape(plain(remark.text))}")
