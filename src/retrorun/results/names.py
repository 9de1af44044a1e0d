"""Names within a result set: whose data it is as a folder's name, and where parts lie.

An athlete's name comes from strangers: a folder, a table. It becomes a *key* that is text on one
line, bounded, and safe as a Hive partition; a name that had to be changed for that ends in ``~``
and part of its hash, so that no two become one.
"""

import hashlib
import unicodedata
from collections.abc import Mapping

import msgspec

ABOUT = "about.json"
SUMS = "sums/"
UNKNOWN = "unknown"
MOST_BYTES = 160  # of a key when quoted; file systems allow 255 a folder's name
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~")
_TAKEN = {"__hive_default_partition__", "null"}  # what readers take for no value


def athlete_key(name: str) -> str:
    """The name as it stands in every table and partition; a key is its own key.

    Args:
        name: any text, also with lone surrogates for bytes that are no UTF-8.
    """
    if not name:
        return UNKNOWN
    clean = unicodedata.normalize("NFC", _printable(name)).strip()
    as_it_is = clean == unicodedata.normalize("NFC", name) and clean.casefold() not in _TAKEN
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

    Letters beyond ASCII stay as they are, because Spark undoes ``%XX`` byte by byte.
    """
    return "".join(map(_quoted, key))


def _quoted(char: str) -> str:
    return char if char in _PLAIN or ord(char) > 127 else f"%{ord(char):02X}"


def unquoted(value: str) -> str:
    """What ``quoted`` made, undone."""
    head, *rest = value.split("%")
    return head + "".join(chr(int(each[:2], 16)) + each[2:] for each in rest)


def partition(table: str, athlete: str, year: int | None = None) -> str:
    """The folder of an athlete's part of a table, of one year or of all, with a slash."""
    folder = f"{table}/athlete={quoted(athlete_key(athlete))}/"
    return folder if year is None else f"{folder}year={year}/"


def problems_name(batch: str) -> str:
    """Where a batch's problems lie."""
    return f"problems/{batch}.parquet"


def sums(found: Mapping[str, str]) -> bytes:
    """The content of such an object: name and SHA-256 of each part."""
    return msgspec.json.format(msgspec.json.encode(dict(sorted(found.items()))), indent=1) + b"\n"


def sums_name(batch: str) -> str:
    """Where the SHA-256 of each part of a batch lie."""
    return f"{SUMS}{batch}.json"


def ledger_name(batch: str) -> str:
    """Where a batch's ledger lies: what is put last."""
    return f"files/{batch}.parquet"
