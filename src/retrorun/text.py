"""Foreign text made safe for terminals, pages and files: the one place that knows what is not.

A control character can move a terminal's cursor or colour its text, a direction character can
show a name as another, and XML cannot hold either. Letters, marks, joiners and emoji stay.

Names of files are compared by ``name_key``.
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
