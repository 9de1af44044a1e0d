"""Exports that are dropped on a page: written aside, then given a name of their own in the folder.

Nothing of a file is believed here. Its bytes go to a hidden file of the folder as they come, under
a cleaned name that is never that of another file, and are read by the guarded workers of the import
as everything else is. What cannot be stored is named with one sentence, and the rest goes on.
"""

import asyncio
import errno
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from retrorun.ingest.file_groups import is_table, may_be_table, may_be_wanted
from retrorun.language import translated
from retrorun.server.security import Refused
from retrorun.settings import Settings
from retrorun.text import plain, printable

FIELD = "file"
_UNUSABLE = re.compile(r'[<>:"/\\|?*]')  # on some system, in a name
# devices on Windows, with any ending, blanks before it not counted
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\..*)?", re.IGNORECASE)
_MOST_SAME = 1000  # files of one name that are numbered
_TABLE_ENDING = ".labels.csv"
NO_EXPORT = "It is no export: FIT, GPX, TCX, a zip of them, or a table of labels is."
EMPTY = "It is empty."
CUT_OFF = "It did not arrive whole."


def clean_name(name: str, most_bytes: int) -> str:
    """A file's name that any system can have, visible and without a folder.

    Args:
        name: as the browser gave it.
        most_bytes: of the name in UTF-8; its beginning is shortened, its endings stay.
    """
    last = plain(name.replace("\\", "/").rpartition("/")[2])
    last = _UNUSABLE.sub("_", last).rstrip(" .").lstrip(" .~")
    stem, ending = _split(last)
    while stem and len(f"{stem}{ending}".encode()) > most_bytes:
        stem = stem[:-1]
    ending = ending if len(ending.encode()) <= most_bytes else ""
    found = f"{stem.rstrip(' ')}{ending}"
    return f"_{found}" if _DEVICE.fullmatch(found) or not stem else found


def _split(name: str) -> tuple[str, str]:
    """A name's stem and endings: ``.labels.csv`` and ``.fit.gz`` are each one ending."""
    if name.lower().endswith(_TABLE_ENDING):
        return name[: -len(_TABLE_ENDING)], name[-len(_TABLE_ENDING) :]
    path = PurePosixPath(name)
    ending = path.suffix
    if ending.lower() == ".gz":
        ending = "".join(path.suffixes[-2:])
    return name[: len(name) - len(ending)], ending


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one file of an upload.

    Attributes:
        name: as it came, safe to print.
        path: where it lies now; None if it was not stored.
        problem: why it was not stored, or under another name; None if all is well.
    """

    name: str
    path: Path | None
    problem: str | None = None

    def plain(self) -> dict[str, str | None]:
        """As the pages take it."""
        stored_as = printable(self.path.name) if self.path else None
        return {
            "name": self.name,
            "stored_as": stored_as,
            "problem": translated(self.problem or "") or None,
        }


@dataclass(slots=True)
class _File:
    """A file as it arrives."""

    name: str
    stream: IO[bytes] | None = None
    partial: Path | None = None
    size: int = 0
    problem: str | None = None
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)


class Receiver:
    """Takes the files of a form one after another.

    Args:
        folder: where they go.
        settings: how large they may be, and how many.
        known: hash → name of a file that the archive holds and that is still there; None if none.
    """

    def __init__(
        self, folder: Path, settings: Settings, known: Callable[[str], str | None]
    ) -> None:
        self._folder, self._limits, self._known = folder, settings.server, known
        self._most_bytes = settings.read.file_bytes
        self.done: list[Stored] = []
        self._file: _File | None = None
        self._heads: dict[str, str] = {}
        self._name, self._value = b"", b""

    async def take(self, request: Request) -> list[Stored]:
        """Store the files of a request.

        Raises:
            Refused: the request is no form, or holds too many files; those before them are stored.
        """
        parser = self._parser(request)
        try:
            async for part in request.stream():
                await asyncio.to_thread(parser.write, part)  # it waits for the disk
            await asyncio.to_thread(parser.finalize)
        except FormParserError:
            raise Refused(400, "The upload is no form that can be read.") from None
        except ClientDisconnect:
            raise Refused(400, "The upload was broken off.") from None
        finally:
            self._discard_incomplete()
        return self.done

    def _parser(self, request: Request) -> MultipartParser:
        _, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary", b"")
        if not 0 < len(boundary) <= 200:
            raise Refused(400, "The upload is no form that can be read.")
        callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._head_name,
            "on_header_value": self._head_value,
            "on_header_end": self._head_end,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self._end,
        }
        most = self._limits.header_bytes
        return MultipartParser(boundary, callbacks, max_header_size=most)  # type: ignore[arg-type]

    def _begin(self) -> None:
        self._heads, self._name, self._value = {}, b"", b""

    def _head_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _head_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _head_end(self) -> None:
        self._heads[self._name.decode("latin-1").lower()] = self._value.decode("utf-8", "replace")
        self._name, self._value = b"", b""

    def _open(self) -> None:
        """The heads of a part are there: begin to store a file, or pass the part over."""
        name = _file_name(self._heads)
        if name is None:
            return
        if len(self.done) >= self._limits.upload_files:
            raise Refused(413, f"An upload has at most {self._limits.upload_files} files.")
        self._file = file = _File(plain(name) or "?")
        clean = clean_name(name, self._limits.name_bytes)
        if not (may_be_wanted(clean) or may_be_table(clean)):
            file.problem = NO_EXPORT
            return
        try:
            partial = self._folder / f".{secrets.token_hex(8)}.part"
            file.stream, file.partial = partial.open("xb"), partial
        except OSError as problem:
            file.problem = _words(problem)

    def _write(self, data: bytes, start: int, end: int) -> None:
        file = self._file
        if file is None or file.stream is None:
            return
        file.size += end - start
        if file.size > self._most_bytes:
            self._close(file, f"It is larger than {self._most_bytes // 2**20} MB.")
            return
        part = data[start:end]
        file.digest.update(part)
        try:
            file.stream.write(part)
        except OSError as problem:
            self._close(file, _words(problem))

    def _end(self) -> None:
        """A part is whole: give the file its name."""
        file, self._file = self._file, None
        if file is None:
            return
        path = None
        if file.stream is not None and file.partial is not None:
            path = self._keep(file, file.partial)
        self.done.append(Stored(file.name, path, file.problem))

    def _keep(self, file: _File, partial: Path) -> Path | None:
        """The file under its own name; None where it is not stored, and why."""
        same = self._known(file.digest.hexdigest()) if file.size else None
        if not file.size or same is not None:
            self._close(file, EMPTY if same is None else f"It is here already, as {same}.")
            return None
        try:
            if file.stream is not None:
                file.stream.flush()
                os.fsync(file.stream.fileno())
                file.stream.close()
            path = move_to_free_name(
                partial, self._folder, clean_name(file.name, self._limits.name_bytes)
            )
        except OSError as problem:
            self._close(file, _words(problem))
            return None
        if is_table(path.name) and path.name != clean_name(file.name, self._limits.name_bytes):
            file.problem = (
                f"Another table of this name is there. This one is kept as {path.name}, "
                "and belongs to no export by that name."
            )
        return path

    def _close(self, file: _File, problem: str) -> None:
        """Let a file go that is not stored."""
        file.problem = problem
        with suppress(OSError):
            if file.stream is not None:
                file.stream.close()
        with suppress(OSError):
            if file.partial is not None:
                file.partial.unlink(missing_ok=True)
        file.stream = None

    def _discard_incomplete(self) -> None:
        """Let go of a file that did not arrive whole."""
        file, self._file = self._file, None
        if file is not None:
            self._close(file, CUT_OFF)
            self.done.append(Stored(file.name, None, CUT_OFF))


def _file_name(heads: Mapping[str, str]) -> str | None:
    """The name of the file that a part holds; None where it holds none."""
    _, options = parse_options_header(heads.get("content-disposition", "").encode("utf-8"))
    if options.get(b"name", b"").decode("utf-8", "replace") != FIELD or b"filename" not in options:
        return None
    return options[b"filename"].decode("utf-8", "replace")


def move_to_free_name(partial: Path, folder: Path, name: str) -> Path:
    """Give a file a name in its folder: the wanted one, or the first numbered one that is free.

    Raises:
        OSError: the folder cannot be written, or too many files have that name.
    """
    stem, ending = _split(name)
    for number in range(1, _MOST_SAME + 1):
        path = folder / (name if number == 1 else f"{stem} ({number}){ending}")
        if _link_or_move(partial, path):
            partial.unlink(missing_ok=True)
            return path
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _link_or_move(partial: Path, path: Path) -> bool:
    """Give a file a second name; False where there is a file of that name."""
    try:
        os.link(partial, path)  # unlike a rename, it never replaces
    except FileExistsError:
        return False
    except OSError as problem:
        if problem.errno not in {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}:
            raise
        try:  # a file system without links: take the name first
            path.open("xb").close()
        except FileExistsError:
            return False
        partial.replace(path)
    return True


def _words(problem: OSError) -> str:
    """Why a file could not be stored, in one sentence."""
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "It was not stored: the disk is full."
    return f"It was not stored: the folder cannot be written ({problem.strerror or problem})."


def leftovers(folder: Path) -> list[Path]:
    """What killed uploads left: hidden files of this module that nobody writes any more."""
    with suppress(OSError):
        return [each for each in folder.glob(".????????????????.part") if each.is_file()]
    return []
