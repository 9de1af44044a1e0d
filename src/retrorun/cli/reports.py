"""Commands that list, export and print what the archive holds: sessions, export, report."""

import datetime as dt
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from msgspec.structs import replace

from retrorun import compare, contract, privacy_zones, publish, time_zone
from retrorun import export as exports
from retrorun.archive import Archive
from retrorun.cli import options, terminal
from retrorun.cli.process import Work, print_problem_row
from retrorun.cli.terminal import Faults
from retrorun.errors import ArchiveError, SettingsError
from retrorun.model import Athlete, Session
from retrorun.report.figures import png_of
from retrorun.report.history.period import PeriodContext, period_page
from retrorun.report.numbers import Display
from retrorun.report.page import Fault, Place, Site
from retrorun.report.session.picture import FORMATS, Format, PictureOptions, share_picture
from retrorun.text import printable

PICTURE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@options.archive
@options.as_json
@click.option("--problems", is_flag=True, help="Files that became no session, and why.")
@click.pass_context
def sessions(context: click.Context, archive: Path | None, as_json: bool, problems: bool) -> None:
    """List the sessions of the archive, or the files that became none."""
    with Archive.open(options.archive_folder(archive), create=False) as store:
        if problems:
            for row in store.problems():
                print_problem_row(row, as_json=as_json)
            return
        options.apply_zones(store)
        faults = Faults()
        known = store.sessions(faults.add_damaged)
        outdated = store.pending.noted_sessions()
    if as_json:
        for session in known:
            document = contract.session_document(session)
            click.echo(options.json_text(document | {"outdated": session.id in outdated}))
    else:
        terminal.out().print(terminal.session_table(known, outdated))
    context.exit(faults.status())


@click.command()
@click.argument("session", nargs=-1)
@options.archive
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet", "json", "gpx"]),
    default="csv",
    show_default=True,
    help="GPX is for tracks only.",
)
@click.option(
    "--what",
    type=click.Choice(["sessions", "segments", "tracks"]),
    multiple=True,
    help="May be given more than once. Default: sessions and segments; tracks for GPX.",
)
@click.option(
    "--out",
    type=options.ADDRESS,
    default="export",
    show_default=True,
    metavar="DIR",
    help="Folder.",
)
@click.pass_context
def export(
    context: click.Context,
    session: tuple[str, ...],
    archive: Path | None,
    form: str,
    what: tuple[str, ...],
    out: str,
) -> None:
    """Write sessions, segments and tracks as files: all sessions, or those named.

    Columns carry their unit in their name. What lies in a privacy zone is left out.
    """
    chosen = what or (("tracks",) if form == "gpx" else ("sessions", "segments"))
    if form == "gpx" and set(chosen) != {"tracks"}:
        raise click.UsageError("GPX holds tracks only")
    if "://" in out:
        raise click.UsageError("the archive is exported into a folder")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        options.apply_zones(store)
        faults = Faults()
        known = chosen_sessions(store, session, faults)
        for path in write_tables(store, known, chosen, form, Path(out), faults):
            click.echo(path)
        tell_of_outdated(store, Path(out))
    context.exit(faults.status())


@click.command()
@click.argument("session", nargs=-1)
@options.archive
@options.reports
@options.profile
@options.settings
@options.days
@click.option("--title", default="", help="Title of a period's report.")
@click.option("--note", type=options.FILE, help="Text file with a note above the report.")
@click.option("--standalone", is_flag=True, help="One file a session, without links to others.")
@click.option("--redact", is_flag=True, help="Also without map, place, device, names and dates.")
@click.option("--picture", type=PICTURE, help="Write SESSION as a picture, .svg or .png.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Of the picture: square for a feed, portrait for a story. Default: landscape.",
)
@click.option("--map", "with_map", is_flag=True, help="Draw the shape of the way on the picture.")
@click.pass_context
def report(
    context: click.Context,
    session: tuple[str, ...],
    archive: Path | None,
    reports: Path,
    profile: Path | None,
    settings: Path | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    title: str,
    note: Path | None,
    standalone: bool,
    redact: bool,
    picture: Path | None,
    form: Format | None,
    with_map: bool,
) -> None:
    """Write pages again, those of SESSION(s) or all; or one printable report of a period.

    With --since, --until, --title or --note: one page for a coach or a physiotherapist. With
    --picture: one picture to share, without map, place, name and time of day.
    """
    if form and picture is None:
        raise click.UsageError("--format is for --picture")
    _refuse_mixed(
        session, picture, since or until or note or standalone, redact=redact, way=with_map
    )
    of_period = picture is None and bool(since or until or title or note)
    if of_period and session:
        raise click.UsageError("a period's report is about all of its sessions: name no SESSION")
    if of_period and redact:
        raise click.UsageError("a period's report is about its dates: it cannot be redacted")
    with Archive.open(options.archive_folder(archive), create=False) as store:
        athlete, known = options.load_athlete(profile, store), options.load_settings(settings)
        options.apply_zones(store, known)
        work, faults = Work(store, known, athlete, options.cores(), profile), Faults()
        if picture is not None:
            drawn = PictureOptions(
                Display(athlete.units), title, dated=not redact, form=form or "landscape"
            )
            pages = [write_picture(work, session[0], picture, drawn, with_map=with_map)]
        elif of_period:
            days = Period(since and since.date(), until and until.date())
            text = read_note(note)
            pages = [write_period(work, reports, days, (title, text), faults)]
        elif standalone or redact:
            sessions = chosen_sessions(store, session, faults)
            pages = list(write_shared(work, reports, sessions, faults, redacted=redact))
        else:
            pages = [write_pages(work, reports, session, faults)]
    for page in pages:
        click.echo(page)
    context.exit(faults.status())


PICTURES = (".svg", ".png")


def _refuse_mixed(
    sessions: Sequence[str], picture: Path | None, other: object, *, redact: bool, way: bool
) -> None:
    """Refuse what a picture cannot be told."""
    if picture is None:
        if way:
            raise click.UsageError("--map is for --picture")
        return
    if picture.suffix.lower() not in PICTURES:
        raise click.UsageError("--picture takes a name that ends in .svg or .png")
    if len(sessions) != 1:
        raise click.UsageError("--picture takes one SESSION")
    if other:
        raise click.UsageError("--picture goes with --title, --redact, --format and --map only")
    if redact and way:
        raise click.UsageError("--redact leaves the map out: give it without --map")


def write_picture(
    work: Work, name: str, path: Path, how: PictureOptions, *, with_map: bool
) -> Path:
    """Write the share picture of a session.

    Args:
        work: archive and athlete.
        name: the session's id, or its beginning.
        path: ends in ``.svg`` or ``.png``.
        how: units, title, and whether the day is on it.
        with_map: with the shape of the way, outside of privacy zones.

    Raises:
        ArchiveError: there is no such session, it may not be shown, or the file cannot be written.
        PageError: what a PNG needs is missing, or the way has no positions.
    """
    store = work.archive
    (full_id,) = store.database.find_session("id", name)
    store.refuse_exposed(full_id)
    if with_map:
        how = replace(how, track=publish.shown_track(store, full_id, work.athlete))
    svg = share_picture(store.session(full_id), how)
    is_png = path.suffix.lower() == ".png"
    return _put(path, png_of(svg) if is_png else svg.encode())


NOTE_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``since`` to ``until``, both included, on the athlete's clock; None: open."""

    since: dt.date | None
    until: dt.date | None

    def holds(self, session: Session) -> bool:
        """Whether the session started on one of these days."""
        day = time_zone.local_time(session.start_time_s, session.zone).date()
        return (self.since or day) <= day <= (self.until or day)

    def file(self) -> str:
        """The page's name."""
        since = f"-from-{self.since}" if self.since else ""
        until = f"-to-{self.until}" if self.until else ""
        if self.since and self.until:
            since = f"-{self.since}"
        return f"period{since}{until}.html"


def write_pages(work: Work, reports: Path, names: Sequence[str], faults: Faults) -> Path:
    """Write the pages of sessions again, and the comparison and the index with them.

    Raises:
        ArchiveError: there is no such session.
    """
    store = work.archive
    fresh = (
        {store.database.find_session("id", name)[0] for name in names}
        if names
        else set(store.known())
    )
    state = store.database.state()
    done = publish.publish(store, reports, work.page_options, fresh)
    if store.database.state() != state:  # they may be older than those that another has written
        with store.database.transaction():
            store.pending.add_pages(done.sessions)
    faults.add(done.faults)
    return done.index


def write_shared(
    work: Work, reports: Path, sessions: Sequence[Session], faults: Faults, *, redacted: bool
) -> Iterator[Path]:
    """Write each session as one file that needs no other file, redacted or not.

    A session that cannot be shown is added to the faults and not written.
    """
    site = Site(reports)
    publish.drop_exposed(reports, work.athlete)
    earlier = compare.earlier_sessions(work.archive.sums(), work.settings.compare)
    page_options = publish.PublishOptions(
        work.settings, work.athlete, standalone=True, redacted=redacted
    )
    for session in sessions:
        before = earlier.get(session.id, compare.EarlierSessions())
        try:
            html = publish.session_page(work.archive, session, before, page_options)
        except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
            faults.add([Fault.of(session.id, problem)])
            continue
        name = f"{publish.SHARED}/{_hash_name(html) if redacted else session.id}.html"
        site.write(name, html)
        yield reports / name


def _hash_name(html: str) -> str:
    """A file name from the page's hash: it reveals nothing of the recording."""
    return f"redacted-{hashlib.sha256(html.encode()).hexdigest()[:8]}"


def write_period(
    work: Work, reports: Path, days: Period, title_and_note: tuple[str, str], faults: Faults
) -> Path:
    """Write the report of a period as one file that needs no other file.

    Args:
        work: archive, settings and athlete.
        reports: where pages go.
        days: from when to when.
        title_and_note: the report's title, and the note above it.
        faults: collects sessions that are left out because they cannot be read or shown.
    """
    store = work.archive
    publish.drop_exposed(reports, work.athlete)
    sessions = store.sessions(faults.add_damaged)
    context = PeriodContext(
        title=title_and_note[0],
        note=title_and_note[1],
        since=days.since,
        until=days.until,
        athlete=work.athlete,
        remarks=store.annotations.remarks(),
        place=Place(standalone=True),
    )

    def page(of: Sequence[Session]) -> str:
        held = [each for each in of if days.holds(each)]
        found = compare.compare(held, work.athlete, work.settings.compare)
        return period_page(held, found, context)

    html, faulty = publish.without_faulty(sessions, page)
    faults.add(faulty)
    Site(reports).write(days.file(), html)
    return reports / days.file()


def chosen_sessions(store: Archive, names: Sequence[str], faults: Faults) -> list[Session]:
    """Of the sessions named, or of all, those that can be read; the others are faults.

    Raises:
        ArchiveError: there is no such session.
    """
    if not names:
        return store.sessions(faults.add_damaged)
    found = []
    for full_id in [store.database.find_session("id", name)[0] for name in names]:
        try:
            store.refuse_exposed(full_id)
            found.append(store.session(full_id))
        except ArchiveError as problem:
            faults.add_damaged(full_id, problem)
    return found


def read_note(path: Path | None) -> str:
    """The note above a period's report.

    Raises:
        SettingsError: too long, unreadable, or no UTF-8 text.
    """
    if path is None:
        return ""
    try:
        with path.open("rb") as stream:
            data = stream.read(NOTE_BYTES + 1)  # a device has no end
        if len(data) > NOTE_BYTES:
            raise SettingsError("note-too-long", f"over {NOTE_BYTES} bytes", file=str(path))
        return data.decode()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError("note-unreadable", str(problem), file=str(path)) from problem


def write_tables(
    store: Archive,
    sessions: Sequence[Session],
    what: Sequence[str],
    form: str,
    folder: Path,
    faults: Faults,
) -> Iterator[Path]:
    """Write the chosen tables into a folder and yield each file.

    A session whose track cannot be read or written is among the faults, and all others are written.

    Raises:
        ArchiveError: a file cannot be written.
    """
    found, faulty = publish.without_faulty(sessions, exports.tables)
    faults.add(faulty)
    for kind, frame in (("sessions", found.sessions), ("segments", found.segments)):
        if kind in what and form != "gpx":
            yield _put(folder / f"{kind}.{form}", exports.encoded(frame, form))
    if "tracks" in what:
        athlete = store.annotations.profile()
        for session in sessions:
            try:
                data = _track(store, session, form, athlete)
            except Exception as problem:  # noqa: BLE001 - whatever a stored session holds
                faults.add([Fault.of(session.id, problem)])
                continue
            yield _put(folder / "tracks" / f"{session.id}.{form}", data)


def tell_of_outdated(store: Archive, folder: Path) -> None:
    """Name tracks of earlier exports that may hold what a privacy zone hides now.

    They are older than the stored track of their session, or the session may not be shown.
    """
    if not store.annotations.profile().privacy_zones:
        return
    known = store.known()
    for path in sorted(folder.glob("tracks/*.*")):
        if path.stem in known and _is_outdated(path, store):
            file = printable(str(path))
            terminal.tell(f"{file} is older than its session's last analysis: do not hand it on")


def _is_outdated(path: Path, store: Archive) -> bool:
    """Whether the file of a session is older than its stored track, or it may not be shown."""
    try:
        store.refuse_exposed(path.stem)
        (sha256,) = store.database.find_session("track", path.stem)
        return path.stat().st_mtime < store.tracks.path(sha256).stat().st_mtime
    except (ArchiveError, OSError):
        return True


def _track(store: Archive, session: Session, form: str, athlete: Athlete) -> bytes:
    """One track; it is refused where it holds seconds in a privacy zone."""
    track = privacy_zones.check(store.track(session.id), athlete, session.id)
    if form == "gpx":
        return exports.gpx_bytes(session, track)
    return exports.encoded(exports.track_table(track), form)


def _put(path: Path, data: bytes) -> Path:
    """Write a file whole or not at all; another program may write the same one."""
    partial = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(8)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as problem:
        words = problem.strerror or "cannot be written"
        raise ArchiveError("export-unwritable", words, file=str(path)) from problem
    return path
