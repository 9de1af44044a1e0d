"""From the archive to pages: which ones there are, what each is given, and nothing twice.

A session's page depends on the session, on the athlete's units and privacy, and on what was run
before it (guidance). Pages of new sessions are written, those that are missing, and those whose
sessions had something else run before them when they were written; the index and the comparison,
which need all sessions, follow whenever a page did. The page of a session that is gone goes, too.
Many pages are written by worker processes, each page by one.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from retrorun import compare, engines, privacy, report
from retrorun.archive import Archive
from retrorun.compare import Past
from retrorun.errors import EngineError, RetrorunError
from retrorun.model import Athlete, Comparison, Session
from retrorun.report import SessionContext
from retrorun.report.site import Site
from retrorun.settings import Settings

INDEX, COMPARISON = "index.html", "comparison.html"
PASTS = "pasts.json"  # session id → fingerprint of what its page says was run before it
WORTH_A_WORKER = 16  # pages: fewer are written before one more process is up


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
        jobs: processes that write pages at the same time.
    """

    settings: Settings
    athlete: Athlete
    standalone: bool = False
    redacted: bool = False
    jobs: int = 1


def publish(archive: Archive, folder: Path, manner: Manner, fresh: Collection[str]) -> Published:
    """Write the pages of new sessions and of those without one, the comparison and the index.

    Args:
        archive: sessions and tracks.
        folder: where pages go.
        manner: settings and athlete.
        fresh: ids of sessions that are new, were analysed anew, or are gone.

    Raises:
        ArchiveError: a track is missing or damaged.
    """
    there, changed, known = _standing(folder), set(fresh), archive.known()
    wanted = {each for each in known if each in changed or _page(each) not in there}
    if not (wanted or changed) and (folder / INDEX).exists() and (folder / COMPARISON).exists():
        return Published(0, folder / INDEX)
    site = Site(folder)
    site.sweep()
    site.ensure_assets()
    pasts = compare.pasts(archive.sums(), manner.settings.compare)
    prints, before = {each: _fingerprint(pasts[each]) for each in known}, _read_pasts(folder)
    wanted |= {each for each in known if prints[each] != before.get(each)}
    orders = {each: pasts[each] for each in known if each in wanted}
    written = list(_pages(archive, folder, manner, orders))
    site.remove(_page(each) for each in changed if each not in known)
    site.write(PASTS, json.dumps(prints, indent=0, sort_keys=True))
    sessions, athlete = archive.outlines(), manner.athlete
    found = compare.compare(sessions, athlete, manner.settings.compare)
    listed = report.listed(sessions, athlete)
    written.append(site.write(COMPARISON, report.comparison_page(found, sessions, athlete, listed)))
    written.append(site.write(INDEX, report.index_page(sessions, athlete, listed)))
    return Published(sum(written), folder / INDEX)


def _fingerprint(past: Past) -> str:
    return hashlib.sha256(repr(past).encode()).hexdigest()[:12]


def _read_pasts(folder: Path) -> dict[str, str]:
    """What the pages in this folder were written with; nothing where that is not known."""
    try:
        found = json.loads((folder / PASTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pages(
    archive: Archive, folder: Path, manner: Manner, wanted: Mapping[str, Past]
) -> Iterator[bool]:
    """Write pages of sessions; whether each had changed.

    Args:
        archive: has the sessions.
        folder: where pages go.
        manner: how they are written.
        wanted: session id → what was run before it.

    Raises:
        RetrorunError, OSError: what went wrong with a page; those before it are written.
    """
    work = partial(_write, archive=archive.folder, folder=folder, manner=manner)
    jobs = min(manner.jobs, len(wanted) // WORTH_A_WORKER)
    for (session_id, _), done in engines.ordered(wanted.items(), work, jobs):
        if isinstance(done, engines.Lost):
            raise EngineError(done.slug, f"the page of session {session_id}: {done.message}")
        if isinstance(done, Exception):
            raise done
        yield done


def _write(
    order: tuple[str, Past], archive: Path, folder: Path, manner: Manner
) -> bool | RetrorunError | OSError:
    """Write one session's page; what goes wrong is a value, so that no worker is lost over it."""
    session_id, before = order
    try:
        with Archive.open(archive, create=False) as opened:
            html = session_page(opened, opened.session(session_id), before, manner)
        return Site(folder).write(_page(session_id), html)
    except (RetrorunError, OSError) as problem:
        return problem


def comparison(archive: Archive, folder: Path, found: Comparison, athlete: Athlete) -> Path:
    """Write the comparison page alone and say where it is."""
    site = Site(folder)
    site.ensure_assets()
    site.write(COMPARISON, report.comparison_page(found, archive.outlines(), athlete))
    return folder / COMPARISON


def _standing(folder: Path) -> set[str]:
    """The pages of sessions that are there: ten thousand are listed sooner than looked for."""
    try:
        with os.scandir(folder / "sessions") as found:
            return {f"sessions/{page.name}" for page in found}
    except OSError:
        return set()  # writing them says why


def _page(session_id: str) -> str:
    return f"sessions/{session_id}.html"


def session_page(archive: Archive, session: Session, before: Past, manner: Manner) -> str:
    """The page of one session.

    Args:
        archive: has its track.
        session: the session.
        before: what was run before it.
        manner: how it is written.

    Raises:
        ArchiveError: its track is missing or damaged.
    """
    athlete, settings = manner.athlete, manner.settings.compare
    track = privacy.without_zones(archive.track(session.id), athlete.privacy_zones)
    context = SessionContext(
        guidance=compare.guidance(session, before, settings),
        claims=compare.claims(compare.compare([session], athlete, settings)),
        athlete=athlete,
        standalone=manner.standalone,
        redacted=manner.redacted,
    )
    return report.session_page(session, track, context)
