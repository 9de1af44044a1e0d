"""What a result set says of itself, and who may add to it."""

from typing import Protocol

import msgspec

from retrorun.errors import SettingsError
from retrorun.results.columns import SCHEMA_VERSION
from retrorun.results.names import ABOUT

_MOST_BYTES = 1 << 20


class Readable(Protocol):
    """A store, as far as it is read by name."""

    def read(self, name: str, limit_bytes: int) -> bytes:
        """All bytes of an object."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``about.json``."""

    schema_version: int
    retrorun: str
    settings: str
    tracks: bool
    deidentified: bool = False
    mark: str | None = None  # of the salt it was de-identified with


ANOTHER = "Choose another --out, or an empty one."


def about(version: str, settings_fingerprint: str, *, tracks: bool) -> bytes:
    """The bytes of ``about.json``, to be put if there is none yet.

    Args:
        version: of the package.
        settings_fingerprint: of the settings that every session is analysed with.
        tracks: whether tracks are kept.
    """
    return encoded(
        About(
            schema_version=SCHEMA_VERSION,
            retrorun=version,
            settings=settings_fingerprint,
            tracks=tracks,
        )
    )


def encoded(said: About) -> bytes:
    """The bytes of ``about.json``."""
    return msgspec.json.format(msgspec.json.encode(said), indent=1) + b"\n"


def check_about(store: Readable, wanted: bytes) -> None:
    """Refuse to add to a result set that was made otherwise.

    Args:
        store: the result set, with its ``about.json``.
        wanted: what ``about`` gives for this run.

    Raises:
        SettingsError: another version, other settings, with or without tracks, or de-identified.
        ReadError: there is no ``about.json``.
    """
    there, mine = read_about(store), msgspec.json.decode(wanted, type=About)
    if there.deidentified:
        raise SettingsError(
            "results-deidentified", "that result set is a de-identified copy", remedy=ANOTHER
        )
    if (there.retrorun, there.schema_version) != (mine.retrorun, mine.schema_version):
        words = f"it was made by retrorun {there.retrorun}; this is {mine.retrorun}"
        raise SettingsError("results-other-version", words, file=ABOUT, remedy=ANOTHER)
    if there.settings != mine.settings:
        words = f"it was made with other settings ({there.settings}, now {mine.settings})"
        raise SettingsError("results-other-settings", words, file=ABOUT, remedy=ANOTHER)
    if there.tracks != mine.tracks:
        kept = "with" if there.tracks else "without"
        words = f"it was made {kept} tracks"
        remedy = f"Run it {kept} --tracks, or choose another --out."
        raise SettingsError("results-other-tracks", words, file=ABOUT, remedy=remedy)


def check_copy(store: Readable, wanted: About) -> None:
    """Refuse to add to a de-identified result set that was made otherwise.

    Raises:
        SettingsError: it is none, was made from another kind, or with another salt.
        ReadError: there is no ``about.json``.
    """
    there = read_about(store)
    if there.deidentified and there.mark != wanted.mark:
        words = "it was made with another salt, or with one that nobody kept"
        raise SettingsError("results-other-salt", words, file=ABOUT, remedy=ANOTHER)
    if there != wanted:
        words = "something else was written there"
        raise SettingsError("results-other-copy", words, file=ABOUT, remedy=ANOTHER)


def read_about(store: Readable) -> About:
    """What the result set says of itself.

    Raises:
        ReadError: there is none.
        SettingsError: it is not that of a result set, or that of a newer one.
    """
    data = store.read(ABOUT, _MOST_BYTES)
    try:
        said = msgspec.json.decode(data, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        words = f"this is no result set: {problem}"
        raise SettingsError("results-unreadable", words, file=ABOUT, remedy=ANOTHER) from problem
    if said.schema_version > SCHEMA_VERSION:
        words = f"a newer retrorun made it (schema {said.schema_version})"
        remedy = "Update retrorun."
        raise SettingsError("results-newer", words, file=ABOUT, remedy=remedy)
    return said
