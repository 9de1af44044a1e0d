"""Foreign text made safe for terminals, pages and files: the one place that knows what is not.

A control character can move a terminal's cursor or colour its text, a direction character can
show a name as another, and XML cannot hold either. Letters, marks, joiners and emoji stay.

Names of files are compared by ``name_key``; ``without_clock`` takes times of day and
coordinates out of them.
"""

import codecs
import re
import unicodedata

_SPACES = "\t\n\v\f\r\x85\u2028\u2029"
# C0, DEL and C1; direction marks, embeddings and isolates; halves of surrogate pairs; code points
# that are no characters
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
)
_WHITE = re.compile(f"[{_SPACES}]")
_DROPPED = re.compile(f"[{_UNSAFE}]")


def plain(text: str) -> str:
    """The text on one line: what breaks lines becomes a space, what is unsafe is left out."""
    if text.isascii() and text.isprintable():
        return text
    return _DROPPED.sub("", _WHITE.sub(" ", text))


def plain_or_none(text: str | None) -> str | None:
    """The same of a text that may be missing; None where nothing is left of it."""
    return (plain(text).strip() or None) if text else None


def escaped(text: str) -> str:
    """The text with every unsafe character as its escape, so that nothing is lost."""
    return _DROPPED.sub(lambda found: repr(found[0])[1:-1], text)


def name_key(name: str) -> str:
    """What names of one file have in common: case and Unicode normal form may differ.

    macOS may write ``ü`` as ``u`` and a mark (NFD) where an export or a table has one letter (NFC),
    and many disks know no case.
    """
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).lower())


def file_key(name: str) -> str:
    """The name of a file as tables and archives have it in common.

    Tools write backslashes, begin with ``./``, change the case or the Unicode normal form, or
    unpack what was packed.
    """
    plain = name_key(name.strip().replace("\\", "/"))
    return plain.removeprefix("./").replace("/./", "/").removesuffix(".gz")


def printable(address: str) -> str:
    """A file's name or address as text that can be printed, with nothing left out.

    Odd bytes and control characters are escaped.
    """
    text = address.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


# A time of day behind a date (2026-05-08-142427, 20260508T142427Z, route_2026-05-08_7.24am,
# 08.05.2026 um 14.24, 08-MAY-26 142427, 260508_1424), one by itself (7:24 PM, 7 AM, 07:24, 7h24,
# 14-24-27, at 7.24, 7.24 Uhr, 7时24), Unix seconds or milliseconds, and names such as 65GE2427.FIT,
# in which Garmin's watches write year, month, day and hour as one sign each. Behind a date any
# three digits may be one; alone, 3 x 10:00 is taken for repeats, and 10-20-30 for a workout. The
# date is kept, but in such names of Garmin's. What may be a duration (1h30) goes, too.
_MONTH = r"(?<![a-z])(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]{0,6}"
_AS_WRITTEN = re.IGNORECASE | re.VERBOSE
_BETWEEN = "[-_.:h꞉∶]"  # hours and minutes; systems put signs like a colon into names of files
_CLOCK = rf"""
    (?<![0-9a-z]) (?!(?:19|20)\d\d(?:0[1-9]|1[0-2])) [0-9a-z][1-9a-c][1-9a-v][0-9a-n]
        [0-5]\d[0-5]\d (?= (?:\s?\(\d+\))? \.(?:fit|gpx|tcx)\b )
  | (?P<date>
        (?:
            (?:19|20)\d\d (?: [-_.]?[01]\d[-_.]?[0-3]\d | [-_./][01]?\d[-_./][0-3]?\d(?!\d) )
          | (?<!\d) [0-3]?\d (?P<sign>[-_./]) [0-3]?\d (?P=sign) (?: (?:19|20)\d\d | \d\d(?!\d) )
          | (?<!\d) [0-3]?\d [-_.\s]{{0,2}} {_MONTH} [-_.,\s]{{0,2}} (?:(?:19|20)\d\d|\d\d(?!\d))
          | {_MONTH} [-_.,\s]{{1,2}} [0-3]?\d [-_.,\s]{{1,2}} (?:19|20)\d\d
          | (?<!\d) [2-4]\d [01]\d [0-3]\d (?=[-_t]) | (?:19|20)\d\d-[0-3]\d\d (?=[-_t])
        )
        [^0-9a-z]{{0,3}} (?: t | (?:at|um|à|a|alle|kl|ob)[^0-9a-z]{{1,2}} )?
    )
    (?: [0-2]\d{_BETWEEN}? | \d{_BETWEEN} ) [0-5]\d
        (?: (?:{_BETWEEN}|m)?[0-5]\d (?:[.,]\d+)? )? (?:\s?[ap]m\b)?
  | (?<![\d.,]) [01]?\d (?: [.:][0-5]\d (?: [.:][0-5]\d )? )? \s?[ap]m\b
  | (?<![\d.,]) [0-2]?\d (?: [.:][0-5]\d )? (?=\s?uhr\b)
  | (?<= \bat\s | \bum\s ) [0-2]?\d[.:][0-5]\d (?: [.:][0-5]\d )? (?! [\d:]|/|\s?min|\s?/ )
  | (?<![\d:.x×]) (?<![x×]\s) [0-2]\d[:꞉∶][0-5]\d (?:[:꞉∶][0-5]\d)? (?![\d:])
  | (?<!\d) [0-2]?\d [时時点點시] (?: \s? [0-5]?\d )?
  | (?<![\d-]) (?!10-20-30) [0-2]\d (?P<apart>[-_]) [0-5]\d (?P=apart) [0-5]\d (?![\d-])
  | (?<!\d) [0-2]?\dh[0-5]\d (?!\d)
  | (?<!\d) 1\d{{9}} (?:\d{{3}})? (?!\d)
    """


# Coordinates, with which some apps name a track: two numbers with three decimals or more
# (46.0512_14.5033, N46.0512 E14.5033), degrees with minutes (46°03'04"N), geo:46.05,14.50. A
# distance has one such number (21.0975 km).
_DEGREES = r"[-+−]?(?<!\d)(?<!\d\.)\d{1,3}[.,]\d{3,12}(?!\d)"
_MINUTES = r"""\d{1,3}\s?°\s?\d{1,2}(?:[.,]\d+)?\s?['’′](?:\s?\d{1,2}(?:[.,]\d+)?\s?["”″])?"""
_SIGNS = r"[^0-9a-z]{0,4}"
_PLACE = re.compile(
    rf"{_DEGREES}\s?°?\s?[ns]?{_SIGNS}(?:lon(?:gitude)?|lng|[ewo])?{_SIGNS}{_DEGREES}"
    rf"|{_MINUTES}|\bgeo:[-\d.]+,[-\d.]*\d",
    re.IGNORECASE,
)


def without_clock(name: str | None) -> str | None:
    """A name without times of day and coordinates in it.

    One of the times often is that of the hidden first second, and the coordinates are its place.
    """
    if name is None:
        return None
    name = _PLACE.sub("…", name)
    shorter = re.sub(_CLOCK, lambda found: f"{found['date'] or ''}…", name, flags=_AS_WRITTEN)
    return name if shorter == name else without_clock(shorter)  # there may be another behind one


def text_of(data: bytes) -> str:
    """A table's text: UTF-8, UTF-16 or UTF-32 as spreadsheets write them, or Windows-1252."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return data.decode("utf-32", "replace")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data[:2]:  # without a mark: ASCII letters have a zero before or behind them
        return data.decode("utf-16-be" if data[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
