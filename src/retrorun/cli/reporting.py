"""What ``report`` writes: pages anew, pages to hand on, and the report of a period."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrorun import compare, publish, report, zone
from retrorun.archive import Archive
from retrorun.cli.faults import Faults
from retrorun.cli.imports import Work
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Session
from retrorun.report.page import Place, Site

SHARED = "shared"
NOTE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``since`` to ``until``, both included, on the runner's clock; None: open."""

    since: dt.date | None
    until: dt.date | None

    def holds(self, session: Session) -> bool:
        """Whether the session was begun on one of these days."""
        day = zone.local_time(session.start_time_s, session.zone).date()
        return (self.since or day) <= day <= (self.until or day)

    def file(self) -> str:
        """The page's name."""
        ends = (each.isoformat() if each else "" for each in (self.since, self.until))
        return f"period-{'-to-'.join(ends)}.html"


def anew(work: Work, reports: Path, names: Sequence[str], faults: Faults) -> Path:
    """Write the pages of sessions anew, and the comparison and the index with them.

    Raises:
        ArchiveError: there is no such session.
    """
    store = work.archive
    fresh = (
        {store.database.find_session("id", name)[0] for name in names}
        if names
        else set(store.known())
    )
    options = publish.PublishOptions(work.settings, work.athlete, jobs=work.jobs)
    done = publish.publish(store, reports, options, fresh)
    faults.add(done.faults)
    return done.index


def shared(
    work: Work, reports: Path, sessions: Sequence[Session], faults: Faults, *, redacted: bool
) -> Iterator[Path]:
    """Write each session as one file that works alone, with or without what tells who and where.

    One that cannot be shown is among the faults, and is not written.
    """
    site, pasts = (
        Site(reports),
        compare.earlier_sessions(work.archive.sums(), work.settings.compare),
    )
    options = publish.PublishOptions(
        work.settings, work.athlete, standalone=True, redacted=redacted
    )
    for session in sessions:
        before = pasts.get(session.id, compare.EarlierSessions())
        try:
            html = publish.session_page(work.archive, session, before, options)
        except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
            faults.add([report.Fault.of(session.id, problem)])
            continue
        name = f"{SHARED}/{_hidden(html) if redacted else session.id}.html"
        site.write(name, html)
        yield reports / name


def _hidden(html: str) -> str:
    """A name that tells nothing of the recording and is the same for the same page."""
    return f"redacted-{hashlib.sha256(html.encode()).hexdigest()[:8]}"


def period(work: Work, reports: Path, days: Period, words: tuple[str, str], faults: Faults) -> Path:
    """Write the report of a period as one file that works alone.

    Args:
        work: archive, settings and athlete.
        reports: where pages go.
        days: from when to when.
        words: its title, and the note that stands on top of it.
        faults: collects sessions that are left out because they cannot be read or shown.
    """
    store = work.archive
    sessions = store.sessions(faults.damaged)
    context = report.PeriodContext(
        title=words[0],
        note=words[1],
        since=days.since,
        until=days.until,
        athlete=work.athlete,
        remarks=store.annotations.remarks(),
        place=Place(standalone=True),
    )

    def page(of: Sequence[Session]) -> str:
        held = [each for each in of if days.holds(each)]
        found = compare.compare(held, work.athlete, work.settings.compare)
        return report.period_page(held, found, context)

    html, odd = publish.of_sound(sessions, page)
    faults.add(odd)
    Site(reports).write(days.file(), html)
    return reports / days.file()


def chosen(store: Archive, names: Sequence[str], faults: Faults) -> list[Session]:
    """The sessions named, or all that can be read.

    Raises:
        ArchiveError: there is no such session.
    """
    if not names:
        return store.sessions(faults.damaged)
    sessions = []
    for session in map(store.session, names):
        try:
            store.refuse_exposed(session.id)
            sessions.append(session)
        except ArchiveError as problem:
            faults.damaged(session.id, problem)
    return sessions


def read_note(path: Path | None) -> str:
    """The text that stands on top of a period's report.

    Raises:
        SettingsError: too long, unreadable, or no UTF-8 text.
    """
    if path is None:
        return ""
    try:
        data = path.read_bytes()
        if len(data) > NOTE_BYTES:
            raise SettingsError("note-too-long", f"over {NOTE_BYTES} bytes", file=str(path))
        return data.decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError("note-unreadable", str(problem), file=str(path)) from problem
