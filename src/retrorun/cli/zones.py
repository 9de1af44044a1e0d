"""Privacy zones at the command line: kept once heard of, and applied before anything is let out."""

import secrets
from collections.abc import Sequence
from dataclasses import replace

import click

from retrorun import ingest, privacy_zones
from retrorun.archive import Archive
from retrorun.cli import options
from retrorun.errors import ArchiveError
from retrorun.model import Athlete
from retrorun.settings import Settings


def kept(store: Archive, athlete: Athlete) -> Athlete:
    """The athlete with the zones of the archive as well; those it does not know it keeps.

    Raises:
        ArchiveError: there is a new zone and the archive cannot be written.
    """
    stored = store.annotations.profile()
    joined = added(athlete, stored)
    if joined.privacy_zones != stored.privacy_zones or not stored.zone_secret:
        zones, drawn = joined.privacy_zones, joined.zone_secret
        keep(store, replace(stored, privacy_zones=zones, zone_secret=drawn))
    return joined


def added(athlete: Athlete, stored: Athlete) -> Athlete:
    """The athlete with zones and secret of a stored profile; a secret is drawn if there is none."""
    zones = tuple(dict.fromkeys((*stored.privacy_zones, *athlete.privacy_zones)))
    drawn = stored.zone_secret or (secret() if zones else "")
    return replace(athlete, privacy_zones=zones, zone_secret=drawn)


def secret() -> str:
    """A new secret for an archive."""
    return secrets.token_hex(32)


def keep(store: Archive, athlete: Athlete) -> None:
    """Store a profile with its zones, and note every session that holds seconds within them.

    Raises:
        ArchiveError: the archive cannot be written, or another process writes.
    """
    discs = privacy_zones.discs(athlete)
    with store.writing():
        store.annotations.set_zones(
            athlete, [each for each in store.known() if _touches(store, each, discs)]
        )


def _touches(store: Archive, session_id: str, discs: Sequence[privacy_zones.Disc]) -> bool:
    """Whether a stored session holds a hidden second; one whose track is damaged may."""
    try:
        return bool(privacy_zones.hidden(store.track(session_id), discs).any())
    except ArchiveError:
        return True


def apply(store: Archive, settings: Settings | None = None) -> None:
    """Analyse again what still holds seconds in a zone, before a command lets anything out.

    A session that cannot be analysed again is left out by whatever reads sessions.
    """
    athlete = options.load_athlete(None, store)
    exposed = store.annotations.exposed()
    if exposed:
        click.echo(f"taking privacy zones out of {len(exposed)} sessions", err=True)
        engine = ingest.Engine(settings or Settings(), athlete, options.cores(), guarded=True)
        ingest.reprocess_exposed(store, engine)
