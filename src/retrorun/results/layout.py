"""The layout of a result set: athletes' keys, the names of its objects, and ``about.json``.

An athlete's name comes from outside: a folder, a table. It becomes a *key* that is text on one
line, bounded, and safe as a Hive partition; a name that had to be changed for that ends in ``~``
and part of its hash, so that no two names get one key.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

import msgspec

from retrorun.errors import SettingsError
from retrorun.results.columns import SCHEMA_VERSION
from retrorun.storage import Store

ABOUT = "about.json"
LEARNT = "learnt.json"  # says that all parts have what was learnt of their athletes
CHECKSUMS = "sums/"
UNKNOWN = "unknown"
MOST_BYTES = 160  # of a key when quoted; file systems allow 255 a folder's name
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~")
_RESERVED = {"__hive_default_partition__", "null"}  # what readers of Parquet read as no value


def athlete_key(name: str) -> str:
    """The key of an athlete in every table and partition; the key of a key is itself.

    Args:
        name: any text, also with lone surrogates for bytes that are no UTF-8.
    """
    if not name:
        return UNKNOWN
    clean = unicodedata.normalize("NFC", _printable(name)).strip()
    as_it_is = clean == unicodedata.normalize("NFC", name) and clean.casefold() not in _RESERVED
    if as_it_is and len(quoted(clean).encode()) <= MOST_BYTES:
        return clean
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_bounded(clean, MOST_BYTES - 13)}~{mark}"


def _printable(name: str) -> str:
    """On one line, and UTF-8: what cannot be printed is escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)


def _bounded(clean: str, most_bytes: int) -> str:
    """As much of the text as fits when it is quoted."""
    room = most_bytes
    for place, char in enumerate(clean):
        room -= len(_quoted(char).encode())
        if room < 0:
            return clean[:place].strip()
    return clean


def quoted(key: str) -> str:
    """A key as a Hive partition's value: ASCII but letters, digits and ``_-.~`` as ``%XX``.

    Letters beyond ASCII stay as they are, because Spark undoes ``%XX`` byte by byte. A full stop at
    the end is quoted too, because Windows drops it from the name of a folder.
    """
    value = "".join(map(_quoted, key))
    return f"{value[:-1]}%2E" if value.endswith(".") else value


def _quoted(char: str) -> str:
    return char if char in _PLAIN or ord(char) > 127 else f"%{ord(char):02X}"


def unquoted(value: str) -> str:
    """The inverse of ``quoted``; a ``%`` that quotes nothing stays, in a folder of another name."""
    return re.sub("%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), value)


def partition(table: str, athlete: str, year: int | None = None) -> str:
    """The folder of an athlete's part of a table, of one year or of all, with a slash."""
    folder = f"{table}/athlete={quoted(athlete_key(athlete))}/"
    return folder if year is None else f"{folder}year={year}/"


def problems_name(batch: str) -> str:
    """The object with a batch's problems."""
    return f"problems/{batch}.parquet"


def encode_checksums(found: Mapping[str, str]) -> bytes:
    """The bytes of a batch's checksums: name and SHA-256 of each part."""
    return msgspec.json.format(msgspec.json.encode(dict(sorted(found.items()))), indent=1) + b"\n"


def checksums_name(batch: str) -> str:
    """The object with the SHA-256 of each part of a batch."""
    return f"{CHECKSUMS}{batch}.json"


def ledger_name(batch: str) -> str:
    """The object with a batch's part of the ledger, which is put last."""
    return f"files/{batch}.parquet"


_MOST_BYTES = 1 << 20


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The content of ``about.json``."""

    schema_version: int
    retrorun: str
    settings: str
    tracks: bool
    deidentified: bool = False
    mark: str | None = None  # of the salt it was de-identified with


_OTHER_OUT = "Choose another --out, or an empty one."


def make_about(version: str, settings_fingerprint: str, *, tracks: bool) -> bytes:
    """The bytes of ``about.json``, to be put if there is none yet.

    Args:
        version: of the package.
        settings_fingerprint: of the settings that every session is analysed with.
        tracks: whether tracks are kept.
    """
    fingerprint = settings_fingerprint
    return encode_about(
        About(schema_version=SCHEMA_VERSION, retrorun=version, settings=fingerprint, tracks=tracks)
    )


def encode_about(about: About) -> bytes:
    """The bytes of ``about.json``."""
    return msgspec.json.format(msgspec.json.encode(about), indent=1) + b"\n"


def check_about(store: Store, wanted: bytes) -> None:
    """Refuse to add to a result set that was made in another way.

    Args:
        store: the result set, with its ``about.json``.
        wanted: what ``make_about`` gives for this run.

    Raises:
        SettingsError: another version, other settings, with or without tracks, or de-identified.
        ReadError: there is no ``about.json``.
    """
    there, mine = read_about(store), msgspec.json.decode(wanted, type=About)
    if there.deidentified:
        raise SettingsError(
            "results-deidentified", "that result set is a de-identified copy", remedy=_OTHER_OUT
        )
    if (there.retrorun, there.schema_version) != (mine.retrorun, mine.schema_version):
        words = f"it was made by retrorun {there.retrorun}; this is {mine.retrorun}"
        raise SettingsError("results-other-version", words, file=ABOUT, remedy=_OTHER_OUT)
    if there.settings != mine.settings:
        words = f"it was made with other settings ({there.settings}, now {mine.settings})"
        raise SettingsError("results-other-settings", words, file=ABOUT, remedy=_OTHER_OUT)
    if there.tracks != mine.tracks:
        kept = "with" if there.tracks else "without"
        words = f"it was made {kept} tracks"
        remedy = f"Run it {kept} --tracks, or choose another --out."
        raise SettingsError("results-other-tracks", words, file=ABOUT, remedy=remedy)


def check_copy(store: Store, wanted: About) -> None:
    """Refuse to add to a de-identified result set that was made in another way.

    Raises:
        SettingsError: it is none, was made from another kind, or with another salt.
        ReadError: there is no ``about.json``.
    """
    there = read_about(store)
    if there.deidentified and there.mark != wanted.mark:
        words = "it was made with another salt, or with one that nobody kept"
        raise SettingsError("results-other-salt", words, file=ABOUT, remedy=_OTHER_OUT)
    if there != wanted:
        words = "something else was written there"
        raise SettingsError("results-other-copy", words, file=ABOUT, remedy=_OTHER_OUT)


def read_about(store: Store) -> About:
    """The description of the result set.

    Raises:
        ReadError: there is none.
        SettingsError: it is not that of a result set, or that of a newer one.
    """
    data = store.read(ABOUT, _MOST_BYTES)
    try:
        about = msgspec.json.decode(data, type=About)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        words = f"this is no result set: {problem}"
        raise SettingsError("results-unreadable", words, file=ABOUT, remedy=_OTHER_OUT) from problem
    if about.schema_version > SCHEMA_VERSION:
        words = f"a newer retrorun made it (schema {about.schema_version})"
        remedy = "Update retrorun."
        raise SettingsError("results-newer", words, file=ABOUT, remedy=remedy)
    return about
