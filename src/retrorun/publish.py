"""From the archive to pages: which ones there are, what each is given, and nothing twice.

A session's page depends on the session, on the athlete's units and privacy, and on what was run in
the weeks before it (guidance). Pages of new sessions are written, and those that are missing; the
index and the comparison follow whenever a page did.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrorun import compare, privacy, report
from retrorun.archive import Archive
from retrorun.model import Athlete, Comparison, Session
from retrorun.report import SessionContext
from retrorun.report.site import Site
from retrorun.settings import Settings

INDEX, COMPARISON = "index.html", "comparison.html"


@dataclass(frozen=True, slots=True)
class Published:
    """How many pages were written, and where to begin to read."""

    pages: int
    index: Path


@dataclass(frozen=True, slots=True)
class Manner:
    """How pages are written.

    Attributes:
        settings: for the comparison.
        athlete: units and privacy zones.
        standalone: everything in one file.
        redacted: without what tells who, where and on which day.
    """

    settings: Settings
    athlete: Athlete
    standalone: bool = False
    redacted: bool = False


def publish(archive: Archive, folder: Path, manner: Manner, fresh: Collection[str]) -> Published:
    """Write the pages of new sessions and of those without one, the comparison and the index.

    Args:
        archive: sessions and tracks.
        folder: where pages go.
        manner: settings and athlete.
        fresh: ids of sessions that are new or were analysed anew.

    Raises:
        ArchiveError: a track is missing or damaged.
    """
    wanted = {
        each for each in archive.known() if each in fresh or not (folder / _page(each)).exists()
    }
    if not wanted and (folder / INDEX).exists() and (folder / COMPARISON).exists():
        return Published(0, folder / INDEX)
    site = Site(folder)
    site.ensure_assets()
    sessions = archive.outlines()
    written = [
        site.write(_page(each.id), session_page(archive, each, sessions, manner))
        for each in sessions
        if each.id in wanted
    ]
    athlete = manner.athlete
    found = compare.compare(sessions, athlete, manner.settings.compare)
    written.append(site.write(COMPARISON, report.comparison_page(found, sessions, athlete)))
    written.append(site.write(INDEX, report.index_page(sessions, athlete)))
    return Published(sum(written), folder / INDEX)


def comparison(archive: Archive, folder: Path, found: Comparison, athlete: Athlete) -> Path:
    """Write the comparison page alone and say where it is."""
    site = Site(folder)
    site.ensure_assets()
    site.write(COMPARISON, report.comparison_page(found, archive.outlines(), athlete))
    return folder / COMPARISON


def _page(session_id: str) -> str:
    return f"sessions/{session_id}.html"


def session_page(
    archive: Archive, session: Session, history: Sequence[Session], manner: Manner
) -> str:
    """The page of one session.

    Args:
        archive: has its track.
        session: the session.
        history: sessions that its guidance may look back on.
        manner: how it is written.

    Raises:
        ArchiveError: its track is missing or damaged.
    """
    athlete, settings = manner.athlete, manner.settings.compare
    track = privacy.without_zones(archive.track(session.id), athlete.privacy_zones)
    context = SessionContext(
        guidance=compare.guidance(session, history, settings),
        claims=compare.claims(compare.compare([session], athlete, settings)),
        athlete=athlete,
        standalone=manner.standalone,
        redacted=manner.redacted,
    )
    return report.session_page(session, track, context)
