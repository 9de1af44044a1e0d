"""What ``label`` does: keep the word, analyse the session anew, show what became of it."""

from pathlib import Path

from rich.markup import escape

from retrorun import ingest
from retrorun.archive import Archive
from retrorun.cli import moments, show
from retrorun.cli.imports import Work, learn_from, publish
from retrorun.errors import SettingsError
from retrorun.model import Direction, Label
from retrorun.settings import Settings


def listed(store: Archive, session_id: str) -> None:
    """What was said about a session, a label a line."""
    session = store.session(session_id)
    for each in session.labels:
        stretch = f"{show.clock(each.start_s)}–{show.clock(each.end_s)}"
        show.out().print(f"{stretch}  {each.direction}  ({escape(each.origin)})")
    if not session.labels:
        show.err().print("nothing was said about this session")


def say(store: Archive, session_id: str, stretch: tuple[str, str], direction: str) -> None:
    """Keep the athlete's word about a stretch, or take it back.

    Raises:
        SettingsError: a moment is not one of this session, or the stretch is empty.
        ArchiveError: there is no such session.
    """
    session = store.session(session_id)
    start_s, end_s = (moments.elapsed_s(text, session) for text in stretch)
    if start_s >= end_s:
        message = f"the stretch {stretch[0]} to {stretch[1]} is empty"
        raise SettingsError("label-empty", message, remedy="START must come before END.")
    if direction == "clear":
        store.clear_labels(session.id, start_s, end_s)
    else:
        word: Direction = "backward" if direction == "backward" else "forward"
        store.add_label(session.id, Label(start_s, end_s, word, "command"))


def analysed_anew(store: Archive, session_id: str, settings: Settings, reports: Path) -> None:
    """Analyse the session with its labels, write its page, and print its segments."""
    work = Work(store, settings, store.profile(), 1)
    session = store.session(session_id)
    report = ingest.reprocess(store.hashes([session.id]), store, work.engine)
    session = store.session(session.id)
    console = show.out()
    console.print(show.headline(session))
    console.print(show.segment_table(session.measures.segments))
    learn_from(work, report.sessions)
    publish(work, reports, report.sessions)
