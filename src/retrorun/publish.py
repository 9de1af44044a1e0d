"""From the archive to pages: which ones there are, what each is given, and nothing twice.

A session's page depends on the session, on the athlete's units, language and privacy, and on what
was run before it (guidance). Pages of new sessions are written, those that are missing, and those
whose sessions had something else run before them when they were written, or that were written in
another language or with other privacy zones; the index, the comparison and the page of care, which
need all sessions, follow whenever a page did. The page of a session that is gone goes, too.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import to_builtins
from msgspec.structs import replace

from retrorun import __version__, compare, engines, privacy_zones
from retrorun.archive import Archive
from retrorun.compare import EarlierSessions
from retrorun.errors import ArchiveError, PageError, is_passing
from retrorun.language import SOURCE, current_language, use_language
from retrorun.model import Athlete, Remark, Session, Track
from retrorun.model.comparison import Comparison
from retrorun.report.history.care import CareContext, care_page
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page, list_sessions
from retrorun.report.inbox import Inbox, habit_state
from retrorun.report.page import REMADE, Fault, Place, Site, fault_page
from retrorun.report.session import page as session_pages
from retrorun.report.session.page import SessionContext
from retrorun.settings import Settings

T = TypeVar("T")
INDEX, COMPARISON, CARE = "index.html", "comparison.html", "care.html"
OVERVIEWS = (COMPARISON, CARE, INDEX)  # the index last, because it links to the others
# session id → fingerprint of what its page says of other sessions; and LANGUAGE → that of all pages
PASTS = "pasts.json"
LANGUAGE = "language"  # left out where it is English
# with which privacy zones pages were written, and those for somebody else; left out without zones
ZONES, SHARED_ZONES = "zones", "shared_zones"
SHARED = "shared"  # folder of pages that work alone
# exactly as they are called: whatever else lies in the folder is somebody's own
FOR_OTHERS = re.compile(
    r"(?:redacted-[0-9a-f]{8}|[0-9a-f]{12}(?:-\d+)?|period(?:-from|-to)?-[\d-]+(?:-to-[\d-]+)?)\.html"
)
MOST_ROUNDS = 3  # of writing pages, while other processes write to the archive
WORTH_A_WORKER = 16  # pages: fewer are written before one more process is up


class Published(msgspec.Struct, frozen=True):
    """What was written.

    Attributes:
        pages: how many pages changed.
        index: where to begin to read.
        faults: sessions that cannot be shown; their pages say why.
        sessions: ids of those whose pages were made, changed or not.
        later: ids of those that stay due: the system failed while their pages were made.
    """

    pages: int
    index: Path
    faults: tuple[Fault, ...] = ()
    sessions: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()


class PublishOptions(msgspec.Struct, frozen=True):
    """How pages are written.

    Attributes:
        settings: for the comparison.
        athlete: units and privacy zones.
        standalone: everything in one file.
        redacted: without what tells who, where and on which day.
        jobs: processes that write pages at the same time.
        live: pages come from the server of `retrorun open`.
        archive_option: what commands on pages need to find the archive, such as
            `` --archive .demo``; empty where it lies in its usual place.
    """

    settings: Settings
    athlete: Athlete
    standalone: bool = False
    redacted: bool = False
    jobs: int = 1
    live: bool = False
    archive_option: str = ""


def publish(
    archive: Archive, folder: Path, options: PublishOptions, fresh: Collection[str]
) -> Published:
    """Write the pages of new sessions and of those without one, and those over all sessions.

    Args:
        archive: sessions and tracks.
        folder: where pages go.
        options: settings and athlete.
        fresh: ids of sessions that are new, were analysed again, or are gone.

    Raises:
        PageError: a page cannot be written; those before it are.
        ArchiveError: the archive cannot be read.
    """
    athlete = options.athlete.with_learnt_of(archive.annotations.profile())
    with use_language(athlete.language):
        return _publish(archive, folder, replace(options, athlete=athlete), fresh)


def _publish(
    archive: Archive, folder: Path, options: PublishOptions, fresh: Collection[str]
) -> Published:
    athlete = options.athlete
    drop_exposed(folder, athlete)
    before = _read_pasts(folder)
    existing, changed, known = _existing_pages(folder), set(fresh), archive.known()
    changed |= set(archive.annotations.exposed()) - archive.page_faults().keys()
    zones = privacy_zones.mark(athlete)
    is_other = before.get(LANGUAGE, SOURCE) != current_language() or before.get(ZONES, "") != zones
    changed |= set(known) if is_other else set()
    wanted = {each for each in known if each in changed or _page(each) not in existing}
    if not (wanted or changed) and all((folder / each).exists() for each in OVERVIEWS):
        return Published(0, folder / INDEX)
    site = Site(folder)
    site.sweep()
    site.ensure_assets()
    sums = archive.sums()
    pasts = compare.earlier_sessions(sums, options.settings.compare)
    trust = _habit_states(sums, athlete)
    fingerprints = {
        each: _fingerprint(pasts.get(each, EarlierSessions()), trust.get(each, ""))
        for each in known
    }
    wanted |= {each for each in known if fingerprints[each] != before.get(each)}
    orders = {each: pasts.get(each, EarlierSessions()) for each in known if each in wanted}
    done = list(_pages(archive, folder, options, orders))
    later = frozenset(each.fault.session for each in done if each.fault and each.is_passing)
    fingerprints = {each: found for each, found in fingerprints.items() if each not in later}
    site.remove(_page(each) for each in changed if each not in known)
    written_with = {} if current_language() == SOURCE else {LANGUAGE: current_language()}
    written_with |= {ZONES: zones, SHARED_ZONES: zones} if zones else {}
    site.write(PASTS, json.dumps(fingerprints | written_with, indent=0, sort_keys=True))
    pages, left_out = overview_pages(archive, options)
    written = [each.changed for each in done]
    written += [site.write(name, html) for name, html in pages.items()]
    for fault in left_out.values():  # whose own pages may have been written well enough
        written.append(_faulty(fault, folder).changed)
    faults = {each.fault.session: each.fault for each in done if each.fault} | left_out
    wanted -= later
    _remember_faults(archive, {each: faults[each] for each in faults.keys() - later}, wanted)
    return Published(sum(written), folder / INDEX, (*faults.values(),), frozenset(wanted), later)


def has_other_zones(folder: Path, athlete: Athlete) -> bool:
    """Whether the pages of a folder were written with other privacy zones than the athlete's."""
    return _read_pasts(folder).get(ZONES, "") != privacy_zones.mark(athlete)


def drop_exposed(folder: Path, athlete: Athlete) -> None:
    """Remove pages for somebody else that were written with other privacy zones.

    They may hold seconds that are hidden now. Pages of sessions are written again by ``publish``.

    Raises:
        PageError: the folder cannot be written.
    """
    zones, before = privacy_zones.mark(athlete), _read_pasts(folder)
    if before.get(SHARED_ZONES, "") == zones:
        return
    site, pages = Site(folder), [*folder.glob("period-*.html"), *folder.glob(f"{SHARED}/*.html")]
    found = [str(each.relative_to(folder)) for each in pages if FOR_OTHERS.fullmatch(each.name)]
    site.remove(found if zones else ())  # without zones nothing more is hidden than before
    site.write(PASTS, json.dumps(before | {SHARED_ZONES: zones}, indent=0, sort_keys=True))


def publish_pending(archive: Archive, folder: Path, options: PublishOptions) -> Published:
    """Write the pages of whatever changed since they were last written; then nothing is pending.

    Where another process writes to the archive meanwhile, pages may have been made of what it
    replaced, and after its own: they are made again, at the latest by the next call. What it wrote
    after this one has learnt stays due, to be learnt from first.

    Raises:
        PageError, ArchiveError: as ``publish``.
    """
    pages, faults = 0, dict[str, Fault]()
    for _ in range(MOST_ROUNDS):
        state, pending = archive.database.state(), archive.pending.pages(folder)
        done = publish(archive, folder, options, pending)
        pages += done.pages
        faults = {each: fault for each, fault in faults.items() if each not in done.sessions}
        faults |= {each.session: each for each in done.faults}
        settled = done.sessions.union(pending) - done.later
        if archive.pending.settle_pages(settled, state, folder) or not archive.pending.is_learnt():
            break
    return replace(done, pages=pages, faults=tuple(faults.values()))


def publish_alone(
    archive: Archive, folder: Path, options: PublishOptions, session_id: str
) -> Published:
    """Write the page of one session and nothing else: it and what needs all sessions stay due.

    What to open is the session's own page.

    Raises:
        PageError: it cannot be written.
        ArchiveError: the archive cannot be read.
    """
    Site(folder).ensure_assets()
    pasts = compare.earlier_sessions(archive.sums(), options.settings.compare)
    order = {session_id: pasts.get(session_id, EarlierSessions())}
    with use_language(options.athlete.language):
        done = list(_pages(archive, folder, options, order))
    faults = tuple(each.fault for each in done if each.fault)
    return Published(sum(each.changed for each in done), folder / _page(session_id), faults)


def without_faulty(
    sessions: Sequence[Session], make: Callable[[Sequence[Session]], T]
) -> tuple[T, list[Fault]]:
    """What is made of many sessions, without those of which it cannot be made.

    Args:
        sessions: any number.
        make: a function of sessions that fails where one of them holds something odd.

    Returns:
        What was made, and the sessions that were left out.
    """
    try:
        return make(sessions), []
    except Exception:
        faults = [fault for each in sessions if (fault := _fault_of(each, make)) is not None]
        if not faults:
            raise
    odd = {each.session for each in faults}
    return make([each for each in sessions if each.id not in odd]), faults


def _fault_of(session: Session, make: Callable[[Sequence[Session]], T]) -> Fault | None:
    """What is wrong with one session by itself; None if nothing is."""
    try:
        make([session])
    except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
        return Fault.of(session.id, problem)
    return None


def overview_pages(
    archive: Archive,
    options: PublishOptions,
    names: Collection[str] = OVERVIEWS,
    inbox: Inbox | None = None,
) -> tuple[dict[str, str], dict[str, Fault]]:
    """Pages over all sessions, name → HTML; and the sessions that are left out of them.

    Args:
        archive: has the sessions.
        options: how they are written.
        names: of the pages.
        inbox: what waits for the athlete, if the index is the home page of a server.
    """
    with use_language(options.athlete.language):
        return _overview_pages(archive, options, names, inbox)


def _overview_pages(
    archive: Archive, options: PublishOptions, names: Collection[str], inbox: Inbox | None
) -> tuple[dict[str, str], dict[str, Fault]]:
    left_out: dict[str, Fault] = {}
    sessions = archive.summaries(lambda each, why: left_out.update({each: Fault.of(each, why)}))
    draw = partial(
        _overview,
        outdated=_outdated(archive, options),
        options=options,
        names=names,
        inbox=inbox,
        remarks=archive.annotations.remarks() if CARE in names else {},
    )
    pages, found = without_faulty(sessions, lambda sound: draw(sound, left_out))
    if found:
        left_out |= {each.session: each for each in found}
        pages = draw([each for each in sessions if each.id not in left_out], left_out)
    return pages, left_out


def _outdated(archive: Archive, options: PublishOptions) -> list[str]:
    """Ids of the sessions that are to be analysed again."""
    found = archive.pending.outdated(options.settings.fingerprint(), __version__)
    return list(dict.fromkeys((*found, *sorted(archive.pending.noted_sessions()))))


def _overview(  # noqa: PLR0913 - one for each thing that the pages hold
    sessions: Sequence[Session],
    faults: Mapping[str, Fault],
    *,
    outdated: Collection[str],
    options: PublishOptions,
    names: Collection[str],
    inbox: Inbox | None,
    remarks: Mapping[str, Remark],
) -> dict[str, str]:
    """The wanted pages over all sessions: name → HTML."""
    athlete, pages = options.athlete, dict[str, str]()
    place = options.archive_option
    listed = list_sessions(sessions, athlete)
    if COMPARISON in names:
        found = compare.compare(sessions, athlete, options.settings.compare)
        pages[COMPARISON] = comparison_page(
            found, sessions, athlete, listed, outdated, live=options.live, archive_option=place
        )
    if CARE in names:
        context = CareContext(remarks, options.settings.compare, place, live=options.live)
        pages[CARE] = care_page(sessions, context)
    if INDEX in names:
        left_out = [faults[each] for each in sorted(faults)]
        pages[INDEX] = index_page(
            sessions, athlete, listed, left_out, outdated, inbox=inbox, archive_option=place
        )
    return pages


def _remember_faults(
    archive: Archive, faults: Mapping[str, Fault], wanted: Collection[str]
) -> None:
    """Keep which sessions have no page of their own, for ``archive check``."""
    before = archive.page_faults()
    standing = {each: words for each, words in before.items() if each not in set(wanted)}
    after = standing | {each: fault.message for each, fault in faults.items()}
    if after != before:
        archive.set_page_faults(after)


class _WrittenPage(msgspec.Struct, frozen=True):
    """A page: whether it changed, what is wrong with the session, and whether that may pass."""

    changed: bool
    fault: Fault | None = None
    is_passing: bool = False


def _habit_states(sessions: Sequence[Session], athlete: Athlete) -> Mapping[str, str]:
    """Session id → what its page says of trust in the athlete's gait, where it has candidates."""
    which = habit_state(athlete)
    if which in {"early", "trusted"}:
        return {}
    return {each.id: which for each in sessions if each.total("candidate").seconds}


def _fingerprint(past: EarlierSessions, trust: str) -> str:
    """Hash of what a session's page says of other sessions: equal values have equal hashes."""
    values = json.dumps([to_builtins(past), trust], sort_keys=True)
    return hashlib.sha256(values.encode()).hexdigest()[:12]


def _read_pasts(folder: Path) -> dict[str, str]:
    """What the pages in this folder were written with; nothing where that is not known."""
    try:
        found = json.loads((folder / PASTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pages(
    archive: Archive, folder: Path, options: PublishOptions, wanted: Mapping[str, EarlierSessions]
) -> Iterator[_WrittenPage]:
    """Write pages of sessions; one that cannot be made says why.

    Args:
        archive: has the sessions.
        folder: where pages go.
        options: how they are written.
        wanted: session id → what was run before it.

    Raises:
        PageError, OSError: a page cannot be written; those before it are.
    """
    work = partial(_write, archive=archive.folder, folder=folder, options=options)
    jobs = min(options.jobs, len(wanted) // WORTH_A_WORKER)
    for (session_id, _), done in engines.ordered(wanted.items(), work, jobs):
        if isinstance(done, engines.Lost):
            yield _faulty(Fault(session_id, done.slug, done.message, REMADE), folder, stays=True)
        elif isinstance(done, Exception):
            raise done
        else:
            yield done


def _write(
    order: tuple[str, EarlierSessions], archive: Path, folder: Path, options: PublishOptions
) -> _WrittenPage | PageError | OSError:
    """Write one session's page; an error is returned, because one raised would end the worker."""
    session_id, before = order
    with use_language(options.athlete.language):
        try:
            try:
                with Archive.open(archive, create=False) as opened:
                    html = session_page(opened, opened.session(session_id), before, options)
            except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
                return _unmade(session_id, problem, folder)
            return _WrittenPage(Site(folder).write(_page(session_id), html))
        except (PageError, OSError) as problem:
            return problem


def _unmade(session_id: str, problem: Exception, folder: Path) -> _WrittenPage:
    """A page that could not be made: one that stands stays if that is the system's fault."""
    passes = is_passing(problem)
    return replace(_faulty(Fault.of(session_id, problem), folder, stays=passes), is_passing=passes)


def _faulty(fault: Fault, folder: Path, *, stays: bool = False) -> _WrittenPage:
    """Write why the session's own page cannot be made, unless one stands and is to stay."""
    if stays and (folder / _page(fault.session)).exists():
        return _WrittenPage(changed=False, fault=fault, is_passing=True)
    html = fault_page(fault, Place(asset_prefix="../assets/", home="../"))
    return _WrittenPage(Site(folder).write(_page(fault.session), html), fault)


def comparison(
    sessions: Sequence[Session], folder: Path, found: Comparison, athlete: Athlete
) -> Path:
    """Write the comparison page alone and say where it is."""
    site = Site(folder)
    site.ensure_assets()
    with use_language(athlete.language):
        site.write(COMPARISON, comparison_page(found, sessions, athlete))
    return folder / COMPARISON


def _existing_pages(folder: Path) -> set[str]:
    """The pages of sessions that are there: ten thousand are listed sooner than looked for."""
    try:
        with os.scandir(folder / "sessions") as found:
            return {f"sessions/{page.name}" for page in found}
    except OSError:
        return set()  # writing them says why


def _page(session_id: str) -> str:
    return f"sessions/{session_id}.html"


def session_page(
    archive: Archive, session: Session, before: EarlierSessions, options: PublishOptions
) -> str:
    """The page of one session.

    Args:
        archive: has its track.
        session: the session.
        before: what was run before it.
        options: how it is written.

    Raises:
        ArchiveError: its track is missing or damaged, or holds seconds in a privacy zone.
    """
    track = shown_track(archive, session.id, options.athlete)
    with use_language(options.athlete.language):
        return session_pages.session_page(session, track, session_context(session, before, options))


def shown_track(archive: Archive, session_id: str, athlete: Athlete) -> Track:
    """The track of a session, if it may be shown.

    Raises:
        ArchiveError: it is missing or damaged, or holds seconds in a privacy zone.
    """
    archive.refuse_exposed(session_id)
    stored = archive.track(session_id)
    if not stored.seconds:
        remedy = f"`retrorun reprocess {session_id}` lets it go."
        raise ArchiveError("session-empty", "its track holds no second", remedy=remedy)
    return privacy_zones.check(stored, athlete, session_id)


def session_context(
    session: Session, before: EarlierSessions, options: PublishOptions
) -> SessionContext:
    """What a session's page is given beside the session and its track."""
    athlete, settings = options.athlete, options.settings.compare
    return SessionContext(
        guidance=compare.guidance(session, before, settings),
        claims=compare.session_claims(session, before, athlete, settings),
        athlete=athlete,
        standalone=options.standalone,
        redacted=options.redacted,
        outdated=(session.settings, session.version)
        != (options.settings.fingerprint(), __version__),
        archive_option=options.archive_option,
    )
