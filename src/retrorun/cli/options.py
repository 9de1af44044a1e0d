"""Options that several commands share, and the values behind them: settings, athlete, zones."""

import datetime as dt
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from retrorun.cli import terminal

if TYPE_CHECKING:
    from retrorun.archive import Archive
    from retrorun.model import Athlete, Zone
    from retrorun.settings import Settings

Command = TypeVar("Command", bound=Callable[..., object])

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Named(click.Path):
    """A path with a name: an empty one, of a variable that is not set, would be where we are."""

    def convert(
        self,
        value: "str | os.PathLike[str]",
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> "str | bytes | os.PathLike[str]":
        """The path.

        Raises:
            click.BadParameter: it is empty, or no folder where it has to be one.
        """
        if value == "":
            self.fail("the name is empty; `.` is the folder you are in", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Named(file_okay=False, path_type=Path)
ADDRESS = _Named()
TARGET = _Named(path_type=Path)

REPORTS = Path("reports")


def _chosen_or_earlier(
    context: click.Context, parameter: click.Parameter, chosen: Path | None
) -> Path:
    del parameter
    has_archive = any(each.name == "archive" for each in context.command.params)
    if chosen is not None or not has_archive:
        return chosen or REPORTS
    earlier = earlier_reports(archive_folder(context.params.get("archive")))
    if earlier is None or earlier.is_dir():
        return earlier or REPORTS
    from retrorun.text import printable

    words = f"the folder of the pages is gone ({printable(str(earlier))}): they go to ./{REPORTS}"
    terminal.tell(words)
    return REPORTS


def earlier_reports(folder: Path) -> Path | None:
    """Where the pages of an archive were written last; None where that is not known.

    An archive that cannot be opened is for the command itself to name.
    """
    from retrorun.archive import Archive
    from retrorun.errors import ArchiveError

    try:
        with Archive.open(folder, create=False) as store:
            return store.reports()
    except ArchiveError:
        return None


def keep_reports(store: "Archive", folder: Path) -> None:
    """Keep where pages were written, for the commands that follow."""
    if store.reports() != folder.absolute():
        store.set_reports(folder)


def _not_before_since(
    context: click.Context, parameter: click.Parameter, until: dt.datetime | None
) -> dt.datetime | None:
    del parameter
    since = context.params.get("since")
    if since is not None and until is not None and until < since:
        raise click.UsageError("--until is a day before --since")
    return until


archive = click.option(
    "--archive",
    type=FOLDER,
    envvar="RETRORUN_ARCHIVE",
    help="Where sessions are kept. Default: the platform's data folder.",
)
reports = click.option(  # without it where the archive's pages were written before
    "--reports",
    type=FOLDER,
    callback=_chosen_or_earlier,
    help="Where pages are written. Default: where they were before, else ./reports.",
)
profile = click.option(
    "--profile",
    type=FILE,
    help="TOML profile to use instead of the stored one; kept if none is stored.",
)
no_profile = click.option(
    "--no-profile", is_flag=True, help="Leave the archive's profile out, but for its zones."
)
settings = click.option("--settings", type=FILE, help="TOML file that overrides settings.")
jobs = click.option(
    "--jobs", type=click.IntRange(min=1), help="Worker processes. Default: all cores."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_since = click.option(
    "--since", type=_DAY, metavar="DAY", is_eager=True, help="First day, YYYY-MM-DD."
)
_until = click.option(
    "--until",
    type=_DAY,
    metavar="DAY",
    callback=_not_before_since,
    help="Last day, YYYY-MM-DD.",
)


def days(command: Command) -> Command:
    """``--since DAY`` and ``--until DAY``; a last day before the first one is refused."""
    return _since(_until(command))


def json_text(document: object) -> str:
    """A document as one line of JSON; in ASCII where stdout can show no more."""
    import json
    import sys

    wide = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    return json.dumps(document, ensure_ascii=not wide, allow_nan=False)


def archive_folder(chosen: Path | None) -> Path:
    """The archive's folder: the chosen one, or the platform's; its language is spoken from now."""
    set_language(archive_language(chosen))
    return chosen or _usual_folder()


@contextmanager
def opened_archive(chosen: Path | None, *, dry_run: bool) -> "Iterator[Archive]":
    """The archive, made where there is none.

    A dry run makes none: it gets an empty one that is gone afterwards.
    """
    from tempfile import TemporaryDirectory

    from retrorun.archive import Archive
    from retrorun.errors import ArchiveError

    folder = archive_folder(chosen)
    try:
        store = Archive.open(folder, create=not dry_run)
    except ArchiveError as problem:
        if problem.slug != "archive-missing":
            raise
    else:
        with store:
            yield store
        return
    with TemporaryDirectory() as nowhere, Archive.open(Path(nowhere)) as empty:
        yield empty


def archive_language(chosen: Path | None) -> str | None:
    """The language of the profile in the chosen archive, or the usual one; None: it names none."""
    folder = chosen or _usual_folder()
    if _is_missing(folder):
        return None
    from retrorun.archive.annotations import stated_language

    return stated_language(folder)


def usual_units() -> Literal["metric", "imperial"]:
    """The units of the profile in the usual archive, for who works without one; else metric."""
    from retrorun.archive.annotations import stated_units

    chosen = os.environ.get("RETRORUN_ARCHIVE")
    return stated_units(Path(chosen) if chosen else _usual_folder())


def _is_missing(folder: Path) -> bool:
    """Whether there is nothing at all: then no module of the archive needs to be loaded.

    A folder that may not be looked at is not missing.
    """
    try:
        folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def _usual_folder() -> Path:
    from platformdirs import user_data_path

    return user_data_path("retrorun", appauthor=False)


def archive_option(store: "Archive") -> str:
    """What a command needs to find an archive: empty where it lies where commands look anyway."""
    import shlex

    from retrorun.text import printable

    usual = os.environ.get("RETRORUN_ARCHIVE") or archive_folder(None)
    if store.folder.absolute() == Path(usual).absolute():
        return ""
    return f" --archive {shlex.quote(printable(str(store.folder)))}"


def load_settings(path: Path | None) -> "Settings":
    """Settings from a file, or the defaults."""
    from retrorun.settings import Settings, load

    return load(path) if path else Settings()


def load_athlete(path: Path | None, store: "Archive") -> "Athlete":
    """The athlete of a profile file, else the stored one; with what was learnt from their sessions.

    A profile file is stored if the archive has no profile yet, so that no later command forgets
    it; else it holds for this command. The privacy zones are those of both; the archive stores new
    ones.
    """
    from retrorun import profile as profiles

    stored = store.annotations.profile()
    athlete = profiles.change(stored, profiles.plain(profiles.load(path))) if path else stored
    set_language(athlete.language)
    if path and is_stated(athlete) and not is_stated(stored):
        _store_first_profile(store, athlete)
    if not (athlete.privacy_zones or stored.privacy_zones):
        return athlete
    return keep_new_zones(store, athlete)


def athlete_now(store: "Archive", athlete: "Athlete", *, from_file: bool) -> "Athlete":
    """The athlete of a command as the archive knows them now; what a file stated stays.

    Another program may have stored a profile, privacy zones or what was learnt meanwhile.
    """
    if not from_file:
        return load_athlete(None, store)
    stored = store.annotations.profile()
    own = athlete.with_learnt_of(stored)
    return keep_new_zones(store, own) if own.privacy_zones or stored.privacy_zones else own


def set_language(language: str | None) -> None:
    """Speak a language from now on, until the command ends; None: the one that is spoken."""
    from retrorun.language import use_language

    context = click.get_current_context(silent=True)  # the server's threads have none
    if context is not None:
        context.find_root().with_resource(use_language(language))


def is_stated(athlete: "Athlete") -> bool:
    """Whether an athlete stated anything but privacy zones."""
    from msgspec.structs import replace

    from retrorun.model import Athlete

    zones = athlete.privacy_zones, athlete.zone_secret
    stated = athlete.without_learnt()
    return stated != replace(Athlete(), privacy_zones=zones[0], zone_secret=zones[1])


def _store_first_profile(store: "Archive", athlete: "Athlete") -> None:
    from msgspec.structs import replace

    from retrorun.errors import ArchiveError

    def first(stored: "Athlete") -> "Athlete":
        """Of two programs at once, what the other has kept meanwhile stands."""
        zones, zone_secret = _zones_of(stored)
        own = replace(athlete, privacy_zones=zones, zone_secret=zone_secret)
        return stored if is_stated(stored) else own

    try:
        before, _ = store.annotations.change_profile(first)
    except ArchiveError:  # of a medium that cannot be written: it holds for this command
        return
    if is_stated(before):
        return
    words = (
        "profile: kept with the archive, which had none; `retrorun profile` shows and changes it"
    )
    terminal.tell(words)


def athlete_for_one_run(
    path: Path | None, folder: Path | None, *, use_stored: bool = False, keep_zones: bool = True
) -> "Athlete":
    """The athlete of a profile file or an unknown one, for a command that stores no session.

    The privacy zones of the archive hold as well, if there is one. New zones and their secret are
    kept there: discs drawn by another secret at every call would lead back to the door.

    Args:
        path: of the profile file.
        folder: of the archive; None: the platform's data folder.
        use_stored: without a profile file, use the archive's profile and name it on stderr.
        keep_zones: False: the discs are for this call and nothing that they hide may be shown.

    Raises:
        ArchiveError: there is a new zone and the archive cannot be written.
    """
    from retrorun import profile as profiles
    from retrorun.model import Athlete

    athlete = profiles.load(path) if path else Athlete()
    place = archive_folder(folder)
    stored = Athlete() if _is_missing(place) else _stored_athlete(place)
    if use_stored and path is None and stored != athlete:
        from retrorun.text import printable

        text = f"profile: the one stored in {printable(str(place))} (--no-profile leaves it out)"
        terminal.tell(text)
        athlete = stored
    set_language(athlete.language)
    joined = with_stored_zones(athlete, stored)
    if not keep_zones or _zones_of(joined) == _zones_of(stored):
        return joined
    from retrorun.archive import Archive

    with Archive.open(place) as store:
        return keep_new_zones(store, athlete)


def _stored_athlete(folder: Path) -> "Athlete":
    """The profile of the archive; an unknown athlete where there is no archive."""
    from retrorun.archive import Archive
    from retrorun.errors import ArchiveError
    from retrorun.model import Athlete

    try:
        with Archive.open(folder, create=False) as store:
            return store.annotations.profile()
    except ArchiveError as problem:
        if problem.slug != "archive-missing":
            raise
    return Athlete()


def cores() -> int:
    """As many workers as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_new_zones(store: "Archive", athlete: "Athlete") -> "Athlete":
    """The athlete with the zones of the archive as well; new ones are stored.

    Raises:
        ArchiveError: there is a new zone and the archive cannot be written.
    """
    from msgspec.structs import replace

    stored = store.annotations.profile()
    joined = with_stored_zones(athlete, stored)
    if _zones_of(joined) == _zones_of(stored):
        return joined
    # another process may have drawn the secret meanwhile
    with _reason_for_writing():
        _, stored = store_zones(
            store, lambda now: replace(now, privacy_zones=_all_zones(now, athlete))
        )
    return with_stored_zones(athlete, stored)


def _all_zones(stored: "Athlete", athlete: "Athlete") -> "tuple[Zone, ...]":
    return tuple(dict.fromkeys((*stored.privacy_zones, *athlete.privacy_zones)))


def _zones_of(athlete: "Athlete") -> "tuple[tuple[Zone, ...], str]":
    return athlete.privacy_zones, athlete.zone_secret


def with_stored_zones(athlete: "Athlete", stored: "Athlete") -> "Athlete":
    """The athlete with the zones and secret of a stored profile; a new secret if there is none."""
    from msgspec.structs import replace

    zones = _all_zones(stored, athlete)
    zone_secret = stored.zone_secret or (new_zone_secret() if zones else "")
    return replace(athlete, privacy_zones=zones, zone_secret=zone_secret)


def new_zone_secret() -> str:
    """A new secret for an archive."""
    return secrets.token_hex(32)


def store_zones(
    store: "Archive",
    change: "Callable[[Athlete], Athlete]",
    follow: "Callable[[Athlete, Athlete], object] | None" = None,
) -> "tuple[Athlete, Athlete]":
    """As ``ingest.store_zones``; a secret is drawn where the changed profile needs one."""
    from msgspec.structs import replace

    from retrorun import ingest

    secret = new_zone_secret()

    def with_secret(stored: "Athlete") -> "Athlete":
        changed = change(stored)
        draws = changed.privacy_zones and not changed.zone_secret
        return replace(changed, zone_secret=secret) if draws else changed

    return ingest.store_zones(store, with_secret, follow)


def apply_zones(store: "Archive", settings: "Settings | None" = None) -> None:
    """Reprocess sessions that still hold seconds in a zone, before anything is printed or written.

    A session that cannot be reprocessed is left out by whatever reads sessions.

    Raises:
        ArchiveError: another version hid zones in another way, or a session still holds seconds in
            a zone, and the archive cannot be written.
    """
    athlete = load_athlete(None, store)
    if athlete.privacy_zones:
        note_redrawn_zones(store)
    exposed = store.annotations.exposed()
    if exposed:
        from retrorun import ingest
        from retrorun.settings import Settings

        terminal.tell(f"taking privacy zones out of sessions: {len(exposed)}")
        engine = ingest.Engine(settings or Settings(), athlete, cores(), guarded=True)
        with _reason_for_writing():
            ingest.reprocess_exposed(store, engine)


def note_redrawn_zones(store: "Archive") -> None:
    """As ``ingest.note_redrawn_zones``; where the archive cannot be written, with the reason."""
    from retrorun import ingest

    with _reason_for_writing():
        ingest.note_redrawn_zones(store)


@contextmanager
def _reason_for_writing() -> Iterator[None]:
    """Say why privacy zones have to be written by a command that was asked to show something.

    Raises:
        ArchiveError: ``archive-read-only``, with the reason; any other as it is.
    """
    from retrorun.errors import ArchiveError

    try:
        yield
    except ArchiveError as problem:
        if problem.slug != "archive-read-only":
            raise
        raise ArchiveError(
            problem.slug,
            f"its privacy zones must be brought up to date before it is shown: {problem.message}",
            file=problem.file,
            remedy=ZONES_REMEDY,
        ) from problem


ZONES_REMEDY = (
    "Mount it writable, or copy it to where it can be written and name the copy with --archive DIR."
)
