"""What ``label`` does: keep the word, analyse the session anew, show what became of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.markup import escape

from retrorun import detect, ingest, privacy_zones
from retrorun.archive import Archive
from retrorun.cli import moments, show
from retrorun.cli.faults import Faults
from retrorun.cli.imports import Work, conclude, writing
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Direction, Label, Session
from retrorun.readers.label_file import ORIGIN
from retrorun.settings import Settings

KEPT = (
    "another retrorun is writing: your word is kept, and the session is analysed with it by that "
    "run or by the next `retrorun process`"
)
Pair = tuple[Direction, Direction]  # what was said, what was found


def listed(store: Archive, session_id: str, settings: Settings) -> None:
    """What was said about a session, a label a line, and how the detector alone agrees.

    Raises:
        ArchiveError: there is no such session.
    """
    session = store.session(session_id)
    for each in session.labels:
        stretch = f"{show.clock(each.start_s)}–{show.clock(each.end_s)}"
        show.out().print(f"{stretch}  {each.direction}  ({escape(each.origin)})")
    if not session.labels:
        show.err().print("nothing was said about this session")
    _print(unaided(store, [session], settings))


def overview(store: Archive, settings: Settings) -> int:
    """Every session about which something was said, and how the detector alone agrees.

    Returns:
        The exit status: 1 where a session cannot be read.
    """
    faults = Faults()
    said = [session for session in store.sessions(faults.damaged) if session.labels]
    for session in said:
        origins = ", ".join(sorted({each.origin for each in session.labels}))
        show.out().print(f"{session.id}  {len(session.labels)} labels ({escape(origins)})")
    if not said:
        show.err().print("nothing was said about any session")
    _print(unaided(store, said, settings))
    return faults.status()


def unaided(store: Archive, sessions: Iterable[Session], settings: Settings) -> Counter[Pair]:
    """Seconds by what was said and what is found without the labels, over sessions."""
    athlete, seconds = store.annotations.profile(), Counter[Pair]()
    for session in sessions:
        found = detect.detect(store.track(session.id), (), athlete, settings.detect)
        seconds.update(detect.agreement(found, session.labels))
    return seconds


def _print(seconds: Counter[Pair]) -> None:
    if not seconds:
        return
    found: tuple[Direction, ...] = ("backward", "forward", "unknown", "still")
    title = "the detector without your words: minutes by what you said and what it finds"
    table = show.grid(("said",), found, title)
    for said in ("backward", "forward"):
        row = [seconds[said, each] for each in found]
        table.add_row(said, *(f"{each / 60:.1f}" for each in row))
    show.out().print(table)


def say(store: Archive, session_id: str, stretch: tuple[str, str], direction: str) -> None:
    """Keep the athlete's word about a stretch, or take it back.

    Raises:
        SettingsError: a moment is not one of this session, or the stretch is empty.
        ArchiveError: there is no such session.
    """
    session = store.session(session_id)
    shown = [moments.elapsed_s(text, session) for text in stretch]
    if shown[0] >= shown[1]:
        message = f"the stretch {stretch[0]} to {stretch[1]} is empty"
        raise SettingsError("label-empty", message, remedy="START must come before END.")
    track = store.track(session.id)  # labels are kept on the recording's own clock
    start_s, end_s = (privacy_zones.recorded_s(track, each) for each in shown)
    if direction == "clear":
        _keep_as_placed(store, session)
        store.annotations.clear_labels(session.id, start_s, end_s)
    else:
        word: Direction = "backward" if direction == "backward" else "forward"
        store.annotations.add_label(session.id, Label(start_s, end_s, word, "command"))


def _keep_as_placed(store: Archive, session: Session) -> None:
    """Keep a table's labels in seconds of the session, so that a part can be taken back."""
    placed = [each for each in session.labels if each.origin == ORIGIN]
    if placed:
        store.annotations.replace_labels(session.id, ORIGIN, placed)


def analysed_anew(work: Work, session_id: str, reports: Path) -> int:
    """Analyse the session with its labels, write its page, and print its segments; the exit status.

    Where another process writes for long, that is left to it or to the next run.
    """
    store = work.archive
    session = store.session(session_id)
    try:
        with writing(work):
            one = replace(work.engine, jobs=1)
            ingest.reprocess(store.hashes([session.id]), store, one)
    except ArchiveError as problem:
        if problem.slug != "archive-busy":
            raise
        show.err().print(KEPT)
        return 0
    session = store.session(session.id)
    console = show.out()
    console.print(show.headline(session))
    console.print(show.segment_table(session.measures.segments))
    _print(unaided(store, [session], work.settings))
    return conclude(work, reports)
