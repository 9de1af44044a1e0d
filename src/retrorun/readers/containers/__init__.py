"""Archives and exports that hold several files: the tables that phones write, and tar archives.

A tar is read once, from its beginning to its end, and what may be read of it is copied to a zip
without compression: so all that holds of a zip's members holds of a tar's.
"""

import csv
import errno
import gzip
import io
import math
import re
import stat
import struct
import tarfile
import tempfile
import unicodedata
import warnings
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import PurePosixPath
from typing import IO, Any, cast

import numpy as np

from retrorun.errors import TEMPORARY_FULL, ReadError, StoreError, is_passing
from retrorun.text import name_key
from retrorun.units import FloatArray

_SEPARATORS = (";", "\t", ",")
_LONGEST_LINE = 1 << 16  # characters: a phone's tables have some tens of columns


def separator(first: str) -> str:
    """What parts the columns of a table, by its first line."""
    return max(_SEPARATORS, key=first.count)


def columns_of(line: bytes) -> list[str]:
    """The names of the columns in a table's first line, in lower case."""
    text = line[:_LONGEST_LINE].decode("utf-8-sig", "replace")
    return [_head(one) for one in text.split(separator(text))]


def _head(cell: str) -> str:
    """A head in lower case, with one of the two characters for micro."""
    return cell.strip(' \t\r\n"').lower().replace("\u03bc", "µ")


def number(row: Sequence[str], at: int | None) -> float:
    """A cell's number, with a point or a comma; or NaN."""
    if at is None or at >= len(row):
        return float("nan")
    try:
        return float(row[at])
    except ValueError:
        pass
    try:
        return float(row[at].replace(",", "."))
    except ValueError:
        return float("nan")


def rows_of(data: bytes) -> Iterator[list[str]]:
    """The rows of a table one by one, its heads first.

    Raises:
        csv.Error: a line or a cell is too long.
    """
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", "replace", newline="")
    apart = separator(data[:_LONGEST_LINE].partition(b"\n")[0].decode("utf-8", "replace"))
    return csv.reader(_lines(text), delimiter=apart)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise csv.Error(f"a line has over {_LONGEST_LINE} characters")
        yield line


def read_columns(name: str, data: bytes, heads: Sequence[str], most: int) -> dict[str, FloatArray]:
    """The columns of these heads, (n,) each, NaN where a cell or the whole column is missing.

    Never are all rows held as text: a log of hours has millions.

    Args:
        name: for messages.
        data: the table.
        heads: in lower case; the first two must be there.
        most: how many rows it may have.

    Raises:
        ReadError: it is no table, lacks its columns, or has too many rows.
    """
    found = {one: array("d") for one in heads}
    rows = rows_of(data)
    try:
        known = [_head(one) for one in next(rows, [])]
        if not set(heads[:2]) <= set(known):
            words = f"no columns {heads[0]} and {heads[1]}"
            raise ReadError("csv-unknown", words, file=name)
        places = [
            (values.append, known.index(one) if one in known else None)
            for one, values in found.items()
        ]
        for count, row in enumerate(rows):
            if count >= most:
                raise ReadError("too-many-samples", f"more than {most} rows", file=name)
            for append, at in places:
                append(number(row, at))
    except csv.Error as problem:
        raise ReadError("csv-broken", f"no readable table: {problem}", file=name) from problem
    return {one: np.array(values, dtype=np.float64) for one, values in found.items()}


_PIECE_BYTES = 1 << 20
_LONGEST_HEADER = 1 << 18  # bytes of what stands before a member of a tar: names and attributes
_LONGEST_NAME = 1 << 12  # bytes of a member's name; no file can be named longer
_ENDLESS_DIGITS = re.compile(rb"\d{300}")  # tarfile's own patterns take quadratic time on them
_TAR_ERRORS = (
    *(tarfile.TarError, EOFError, OSError, zlib.error),
    *(ValueError, IndexError, KeyError, OverflowError, RecursionError),
)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def temporary_file(name: str, most_held_bytes: int) -> Iterator[IO[bytes]]:
    """A file for a copy: in memory, a large one on the disk without a name.

    Args:
        name: of the archive that is copied, for messages.
        most_held_bytes: a larger copy is on the disk.

    Raises:
        StoreError: the disk is full; an ``OSError`` of what is done with the file, too.
    """
    try:
        with tempfile.SpooledTemporaryFile(most_held_bytes) as copy:
            yield cast(IO[bytes], copy)
    except OSError as problem:
        if not _is_of_the_disk(problem):
            raise
        words = "the disk for temporary files is full"
        remedy = "Make room there, or set TMPDIR to a folder on another disk."
        raise StoreError(TEMPORARY_FULL, words, file=name, remedy=remedy) from problem


def _is_of_the_disk(problem: BaseException) -> bool:
    """Whether a file could not be written; reading gives no such error."""
    return isinstance(problem, OSError) and (
        problem.errno in _FULL or "No usable temporary directory" in str(problem)
    )


def copy_tar(  # noqa: PLR0913 - what is read, what is written, and what bounds it
    stream: IO[bytes],
    name: str,
    copy: IO[bytes],
    most: tuple[float, int],
    *,
    is_wanted: Callable[[str], bool],
    unopened: tuple[str, ...],
    spend: Callable[[int], None],
) -> ReadError | None:
    """Copy the members of a tar to a zip; links, devices and pipes stay such, without content.

    Args:
        stream: the tar, packed by gzip or not, read from here on.
        name: of the archive, for messages.
        copy: where the zip is written.
        most: the tar may not unpack to more bytes; what stands behind so many members is left out.
        is_wanted: whether a member is copied, by its name.
        unopened: how names of members end that are copied without their content.
        spend: is given how many bytes were unpacked, also where this ends with an error.

    Returns:
        Why what follows the last member that was copied is left out, if it is.

    Raises:
        ReadError: it unpacks to too many bytes, or no member can be read.
        OSError: the copy cannot be written, or the drive of the tar fails.
    """
    most_bytes, most_members = most
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(-2, io.SEEK_CUR)
    plain = cast(IO[bytes], gzip.GzipFile(fileobj=stream)) if packed else stream
    source = _Forward(plain, name, most_bytes)
    count = 0
    problem: ReadError | None = None
    with ExitStack() as stack:
        stack.callback(lambda: spend(source.position))
        made = stack.enter_context(zipfile.ZipFile(copy, "w"))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore", UserWarning)  # a tar may hold one name twice
        try:
            for count, info in enumerate(_tar_infos(source), start=1):
                if count > most_members:
                    words = f"more than {most_members} members; the rest is left out"
                    problem = ReadError("archive-too-many", words, file=name)
                    break
                if is_wanted(info.name) and not info.isdir():
                    _copy_member(info, source, made, unopened)
        except _TAR_ERRORS as broken:
            if _is_of_the_disk(broken) or is_passing(broken):
                raise
            words = f"the tar is damaged: {broken}; what came before it was read"
            problem = ReadError("archive-broken", words, file=name)
    if problem and not count:
        raise problem
    return problem


def _tar_infos(source: "_Forward") -> Iterator[tarfile.TarInfo]:
    """The members of a tar one by one.

    Raises:
        TarError: it ends elsewhere than with an empty block; or others of ``_TAR_ERRORS``.
    """
    with tarfile.TarFile(fileobj=source, mode="r") as archive:  # type: ignore[arg-type]
        while (info := archive.next()) is not None:
            if info.size < 0:
                raise tarfile.ReadError("a header is damaged")
            yield info
            source.of_headers = 0
            # it would keep all members, and copy what the whole archive states to each of them
            cast(Any, archive).members = []
            archive.pax_headers = {}
    if source.last.strip(b"\0"):
        raise tarfile.ReadError("a header is damaged")


def _copy_member(
    info: tarfile.TarInfo, source: "_Forward", made: zipfile.ZipFile, unopened: tuple[str, ...]
) -> None:
    raw = info.name.encode("utf-8", "surrogateescape")
    if len(raw) > _LONGEST_NAME:
        return
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("cp1252", "replace")
    entry = zipfile.ZipInfo(name.removeprefix("./"))
    is_file = info.isreg() and not info.issparse()
    if info.islnk() and info.linkname.removeprefix("./") in made.NameToInfo:
        return  # another name of a file that was copied
    kind = (
        stat.S_IFREG if is_file else stat.S_IFLNK if info.islnk() or info.issym() else stat.S_IFIFO
    )
    entry.external_attr = (kind | 0o600) << 16
    left = info.size if is_file and not name.lower().endswith(unopened) else 0
    with made.open(entry, "w", force_zip64=True) as target:
        if left:
            source.seek(info.offset_data)
        while left:
            piece = source.content(min(left, _PIECE_BYTES))
            if not piece:
                raise tarfile.ReadError("it ends within a member")
            target.write(piece)
            left -= len(piece)


class _Forward:
    """A stream that is read from its beginning to its end, and no further than it may be.

    Args:
        stream: what is read.
        name: of the archive, for messages.
        most_bytes: how many bytes it may have.

    Attributes:
        position: how many bytes were read.
        last: what was read last by ``read``.
    """

    def __init__(self, stream: IO[bytes], name: str, most_bytes: float) -> None:
        self.stream, self.name, self.most_bytes = stream, name, most_bytes
        self.position = self.of_headers = 0
        self.last = b""

    def content(self, size: int) -> bytes:
        """Bytes of a member.

        Raises:
            ReadError: there were too many.
        """
        data = self.stream.read(size)
        self.position += len(data)
        if self.position > self.most_bytes:
            words = f"unpacks to over {self.most_bytes:.0f} bytes"
            raise ReadError("archive-too-large", words, file=self.name)
        return data

    def read(self, size: int) -> bytes:
        """Bytes of a header, as of a file.

        Raises:
            TarError: no header is like that.
        """
        self.of_headers += size
        if self.of_headers > _LONGEST_HEADER:
            raise tarfile.ReadError("a header is too long")
        self.last = self.content(size)
        if _ENDLESS_DIGITS.search(self.last):
            raise tarfile.ReadError("a header has a number without end")
        return self.last

    def seek(self, offset: int) -> int:
        """As of a file, but forward only.

        Raises:
            TarError: it would go back.
        """
        if offset < self.position:
            raise tarfile.StreamError("its members lie on top of each other")
        while self.position < offset:
            if not self.content(min(offset - self.position, _PIECE_BYTES)):
                break
        return self.position

    def tell(self) -> int:
        """As of a file."""
        return self.position

    def close(self) -> None:
        """As of a file, which stays open."""


_NAME_IS_UTF8 = 0x800  # APPNOTE.TXT 4.4.4, bit 11; without it names are in code page 437
_UNICODE_PATH = 0x7075  # APPNOTE.TXT 4.6.9: a version, a checksum and the name in UTF-8
_WESTERN = ("cp437", "cp1252", "cp850")  # of equal ones the first counts
_CODE_PAGES = (*_WESTERN, "cp1250", "cp852", "cp1251", "cp866")
_LEAST_EXTRA = 4  # bytes of an extra field: its kind and its size
_MOST_TRIED = 100  # names that are read in each code page


def names_of(infos: Sequence[zipfile.ZipInfo], text: Callable[[], str]) -> list[str]:
    """The names of a zip's members, with slashes between folders.

    Some tools write UTF-8 without its flag, as macOS does, or letters of the system's code page:
    that in which most names stand in the archive's tables, else that in which most are letters.

    Args:
        infos: the members; code page 437 was read where there is no flag.
        text: gives what the archive's tables say; is asked where the code page is not known.
    """
    stated = [_stated_name(info) for info in infos]
    raw = [_packed_name(info) for info, name in zip(infos, stated, strict=True) if name is None]
    page = _code_page(raw[:_MOST_TRIED], name_key(text())) if raw else ""
    found = iter(each.decode(page, "replace") for each in raw)
    return [(next(found) if name is None else name).replace("\\", "/") for name in stated]


def _stated_name(info: zipfile.ZipInfo) -> str | None:
    """A name whose encoding is certain: by its flag, its extra field, or as valid UTF-8."""
    if info.flag_bits & _NAME_IS_UTF8:
        return info.filename
    raw = _packed_name(info)
    with suppress(UnicodeError):
        return _unicode_path(info.extra, zlib.crc32(raw)) or raw.decode()
    return None


def _packed_name(info: zipfile.ZipInfo) -> bytes:
    """A name as it is in the archive; newer ``zipfile`` puts that of the extra field before it."""
    return info.orig_filename.partition("\0")[0].encode("cp437", "replace")


def _unicode_path(extra: bytes, checksum: int) -> str:
    """The name in the extra fields; empty if none has that of a name with this checksum."""
    while len(extra) >= _LEAST_EXTRA:
        kind, size = struct.unpack_from("<HH", extra)
        if kind == _UNICODE_PATH and extra[5:9] == struct.pack("<I", checksum):
            return extra[9 : 4 + size].decode()
        extra = extra[4 + size :]
    return ""


def _code_page(names: Sequence[bytes], text: str) -> str:
    def named(page: str) -> int:
        paths = (name_key(each.decode(page, "replace")).removesuffix(".gz") for each in names)
        parts = {part for path in paths for part in re.split(r"[/\\]", path)}
        return sum(not part.isascii() and part in text for part in parts)

    best = max(_CODE_PAGES, key=named)
    if named(best):
        return best
    return max(_WESTERN, key=lambda page: _letters(b" ".join(names).decode(page, "replace")))


def _letters(text: str) -> int:
    """How many characters beyond ASCII are Latin letters, without capitals within a word."""
    return sum(
        unicodedata.name(one, "").startswith("LATIN")
        and not (one.isupper() and before.isalpha() and after.islower())
        for before, one, after in zip(" " + text, text, text[1:] + " ", strict=False)
        if not one.isascii()
    )


def overlap(infos: list[zipfile.ZipInfo]) -> bool:
    """Whether packed bytes are claimed twice: a small file could unpack without an end."""
    return any(
        one.header_offset + one.compress_size > other.header_offset
        for one, other in pairwise(infos)
    )


def is_left_by_a_system(name: str) -> bool:
    """Whether a member is what systems leave behind: hidden and half-copied ones, ``__MACOSX``."""
    parts = name.split("/")
    return "__MACOSX" in parts or parts[-1].startswith((".", "~"))


_SPECIAL = (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK)


def refusal(name: str, info: zipfile.ZipInfo) -> ReadError | None:
    """Why a member is not opened at all, by its entry; None if it may be."""
    parts = PurePosixPath(info.filename.replace("\\", "/")).parts
    if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in (parts or ("",))[0]:
        return ReadError("member-outside", "its path leads out of the archive", file=name)
    if stat.S_ISLNK(info.external_attr >> 16):
        return ReadError("member-link", "a link, not a file", file=name)
    if stat.S_IFMT(info.external_attr >> 16) in _SPECIAL:
        return ReadError("member-special", "no ordinary file", file=name)
    if info.flag_bits & 0x1:
        return ReadError("member-encrypted", "it is encrypted", file=name)
    return None


_MOST_LISTED = 16 << 20  # bytes of a zip's table of contents


def open_zip(stream: IO[bytes], name: str, most_skipped_bytes: float = math.inf) -> zipfile.ZipFile:
    """A zip that is read from a stream.

    Raises:
        ReadError: its table of contents is too large.
        BadZipFile: it is none, or others of ``UNPACKING_ERRORS``.
    """
    return zipfile.ZipFile(_GuardedStream(stream, name, most_skipped_bytes))


class _GuardedStream:
    """A stream of which no large piece is read at once, nor too much in all.

    Args:
        stream: can be read at any place.
        name: of the archive, for messages.
        most_skipped_bytes: how far seeks may go in all; going back counts from the beginning.
    """

    def __init__(self, stream: IO[bytes], name: str, most_skipped_bytes: float) -> None:
        self.stream, self.name, self.left = stream, name, most_skipped_bytes

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        if size > _MOST_LISTED:
            words = f"its table of contents has over {_MOST_LISTED} bytes"
            raise ReadError("archive-too-many", words, file=self.name)
        return self.stream.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """As of a file."""
        before = self.stream.tell()
        after = self.stream.seek(offset, whence)
        self.left -= after - before if after >= before else after
        if self.left < 0:
            words = "its members lie in an order that would take too long"
            raise ReadError("archive-costly", words, file=self.name)
        return after

    def tell(self) -> int:
        """As of a file."""
        return self.stream.tell()

    def seekable(self) -> bool:
        """As of a file."""
        return self.stream.seekable()

    def close(self) -> None:
        """As of a file."""
        self.stream.close()
