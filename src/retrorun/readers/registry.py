"""Every format that is read, once: ``READERS``.

Each row says what names of its files end in, how its content is recognised and which function reads
it. Nothing heavy is imported before a file is read, so that a folder can be listed quickly.
"""

import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from retrorun.errors import NotARunError, ReadError

if TYPE_CHECKING:
    from retrorun.model import Export, Source
    from retrorun.settings import ReadLimits

MemberError = ReadError | NotARunError
HEAD_BYTES = 4096  # the first bytes of a file, by which its format is recognised
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_GZIP = b"\x1f\x8b"
_TAR_BLOCK_BYTES = 512
_TAR_CHECKSUM = re.compile(rb"[ \0]*([0-7]+)[ \0]*")
ARCHIVE_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
_UNOPENED = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
UNOPENED_SUFFIXES = (".7z", ".rar", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_XML = re.compile(rb"^\s*<[\w!?]")
_POLAR = (  # all of these within the first bytes
    re.compile(rb"\A(?:\xef\xbb\xbf)?\s*\{"),
    re.compile(rb'"startTime"\s*:\s*"\d{4}-'),
    re.compile(rb'"exercises"\s*:\s*\['),
    re.compile(rb'"(?:exportVersion|physicalInformationSnapshot)"\s*:|"duration"\s*:\s*"PT'),
)
_FEWEST_BYTES_OF_FIT = 12  # its shortest header


class Reader(msgspec.Struct, frozen=True):
    """One format.

    Attributes:
        kind: short name of the format.
        title: its name for people.
        suffixes: how names of its files end, in lower case; none where names tell nothing.
        sniff: whether a file is of this format, by its name and its first ``HEAD_BYTES`` or more.
        read: the recordings of a whole file; its source says who recorded and what is damaged.
        about: what docs/formats.md says of it.
        is_suffix_shared: files of other formats have the same suffixes, so that only the content
            tells whether such a file is an export at all.
    """

    kind: str
    title: str
    suffixes: tuple[str, ...]
    sniff: "Callable[[str, bytes], bool]"
    read: "Callable[[Source, bytes, ReadLimits], Export]"
    about: str
    is_suffix_shared: bool = False


def _is_fit(_name: str, data: bytes) -> bool:
    return len(data) >= _FEWEST_BYTES_OF_FIT and data[8:12] == b".FIT"


def _read_fit(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.fit.reader import read_fit

    return read_fit(source, data, limits)


def _has_root(*names: str) -> Callable[[str, bytes], bool]:
    """Whether an XML document begins with one of these elements."""
    pattern = rb"<(?:[\w.-]+:)?(?:%b)[\s>/]" % "|".join(names).encode()
    root = re.compile(pattern, re.IGNORECASE)
    return lambda _name, data: root.search(_xml_head(data)) is not None


def _xml_head(data: bytes) -> bytes:
    from retrorun.readers.xml.document import head_of

    return head_of(data, HEAD_BYTES)


def _read_gpx(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.xml.gpx import read_gpx

    return read_gpx(source, data, limits)


def _read_tcx(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.xml.tcx import read_tcx

    return read_tcx(source, data, limits)


def _is_sensor_table(name: str, data: bytes) -> bool:
    from retrorun.readers.containers.sensor_logger import role

    return role(name, data[:HEAD_BYTES]) is not None


def _read_sensor_table(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.containers.sensor_logger import read_table

    return read_table(source, data, limits)


def _is_phyphox(_name: str, data: bytes) -> bool:
    from retrorun.readers.containers.phyphox import role

    return role(data[:HEAD_BYTES]) == "places"


def _read_phyphox(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.containers.phyphox import phyphox_log
    from retrorun.readers.xml.gpx import read_gpx

    return read_gpx(source, phyphox_log(source.name, {"places": data}, limits), limits)


def _is_polar(_name: str, data: bytes) -> bool:
    return all(each.search(data[:HEAD_BYTES]) for each in _POLAR)


def _read_polar(source: "Source", data: bytes, limits: "ReadLimits") -> "Export":
    from retrorun.readers.polar import read_polar

    return read_polar(source, data, limits)


READERS: tuple[Reader, ...] = (
    Reader(
        "fit",
        "FIT",
        (".fit",),
        _is_fit,
        _read_fit,
        "`.FIT` at byte 8; whole, cut short, damaged or several in one file",
    ),
    Reader(
        "gpx",
        "GPX",
        (".gpx",),
        _has_root("gpx"),
        _read_gpx,
        "an element `gpx`; 1.0 and 1.1, with the extensions of watches and phones",
    ),
    Reader(
        "tcx",
        "TCX",
        (".tcx",),
        _has_root("TrainingCenterDatabase", "Activities"),
        _read_tcx,
        "an element `TrainingCenterDatabase` or `Activities`",
    ),
    Reader(
        "sensor-log",
        "Sensor Logger's table",
        (),
        _is_sensor_table,
        _read_sensor_table,
        "a table with a time in nanoseconds and places; see archives below",
    ),
    Reader(
        "phyphox",
        "phyphox's table",
        (),
        _is_phyphox,
        _read_phyphox,
        "columns `Time (s)`, `Latitude (°)` and `Longitude (°)`; read within the zip that phyphox "
        "exported, whose `meta/time.csv` tells when it was; see archives below",
    ),
    Reader(
        "polar",
        "Polar's JSON",
        (".json",),
        _is_polar,
        _read_polar,
        "an object with `startTime` and `exercises`, and `exportVersion`, a `duration` such as "
        "`PT60S` or `physicalInformationSnapshot`: a training session of the data export of "
        "account.polar.com (lists of `dateTime` and `value`); other JSON files are passed over",
        is_suffix_shared=True,
    ),
)


def suffixes(*, shared: bool = False) -> tuple[str, ...]:
    """How names of exports end, in lower case; also, or only, where the content must tell.

    Args:
        shared: those that other files have, too; else those that only exports have.
    """
    chosen = (each for each in READERS if each.is_suffix_shared == shared)
    return tuple(suffix for each in chosen for suffix in each.suffixes)


def titles(joint: Literal["or", "nor"] = "or") -> str:
    """The formats of files that can be exported, for people: ``FIT, GPX or TCX``."""
    *first, last = (each.title for each in READERS if each.suffixes)
    between = ", " if joint == "or" else " nor "
    return f"{between.join(first)} {joint} {last}"


def reader_of(name: str, data: bytes) -> Reader | None:
    """The reader of a file, by its first bytes; None where no format is recognised.

    Args:
        name: the file's name, which only tells tables of three-axis sensors apart.
        data: its first ``HEAD_BYTES`` or more, without a layer of gzip.
    """
    if is_archive(data) or not data.strip():
        return None
    return next((each for each in READERS if each.sniff(name, data)), None)


def is_archive(data: bytes) -> bool:
    """Whether a file's first ``HEAD_BYTES`` are those of a zip or of a tar, packed or not."""
    return data[:4] in _ZIP or is_tar(data)


def is_tar(data: bytes) -> bool:
    """Whether a file's first ``HEAD_BYTES`` are those of a tar, by the checksum of its header.

    It may be packed by gzip. The checksum is the sum of the header's bytes with blanks in its own
    place (POSIX.1-2001, ustar).
    """
    if data[:2] == _GZIP:
        data = _first_unpacked(data[:HEAD_BYTES])
    block = data[:_TAR_BLOCK_BYTES]
    stated = _TAR_CHECKSUM.fullmatch(block[148:156])
    if stated is None or len(block) < _TAR_BLOCK_BYTES:
        return False
    return int(stated[1], 8) == sum(block[:148]) + 8 * ord(" ") + sum(block[156:])


def _first_unpacked(data: bytes) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(data, _TAR_BLOCK_BYTES)
    except zlib.error:
        return b""


def unopened(kind: str, name: str) -> ReadError:
    """The error of an archive of a kind that is not opened, such as 7z."""
    words = f"a {kind} archive, which is not opened"
    return ReadError("archive-unopened", words, file=name, remedy="Unpack it and give the folder.")


def unreadable(name: str, data: bytes) -> ReadError:
    """The error of a file that no reader recognises."""
    if not data.strip():
        return ReadError("empty", "the file is empty", file=name)
    for mark, kind in _UNOPENED.items():
        if data.startswith(mark):
            return unopened(kind, name)
    slug, message = "unknown-format", f"neither {titles('nor')}"
    if is_archive(data):
        slug, message = "archive", "an archive, not a single recording"
    elif _XML.match(_xml_head(data).removeprefix(b"\xef\xbb\xbf")):
        slug, message = "xml-unknown", "XML, but neither GPX nor TCX"
    return ReadError(slug, message, file=name, offset=0, remedy=f"Export it as {titles()}.")
