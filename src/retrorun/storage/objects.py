"""Object stores, by fsspec: credentials are found by its implementations, never kept or shown."""

import importlib
import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from typing import IO, Any, TypeVar

from retrorun.errors import (
    FAILING,
    ReadError,
    RetrorunError,
    SettingsError,
    StoreError,
    read_or_none,
)
from retrorun.storage.entries import Entry, changing, too_large, without_user, words_of
from retrorun.text import printable

R = TypeVar("R")
_Errors = tuple[type[Exception], ...]
PAUSES_S = (0.5, 2.0, 8.0)  # before each retry of a request, besides the store's own retries
TIMEOUT_S = 120.0  # of a request with all its retries
LEAST_BYTES_PER_S = 2**18  # a request for many bytes gets the time that these take, too
# errors of the implementations that are none of the system's
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("aiohttp", "ClientError"),
    ("gcsfs.retry", "HttpError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("azure.core.exceptions", "AzureError"),
)
_NO_MODE = (TypeError, NotImplementedError)


class ObjectStore:
    """Objects below an address such as ``s3://bucket/exports``."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.shown = without_user(self.address)
        self._system, self._root = _filesystem(self.address)

    def entries(self, under: str = "") -> Iterator[Entry]:
        """Every object below the address, in the order of the names.

        S3 is listed a page at a time, so that no listing is ever held as a whole; others are
        listed folder by folder.

        Raises:
            StoreError: the store does not answer or lets nobody in.
            ReadError: there is no such bucket, or folder where the store has folders; but of what
                is ``under`` it, a folder that is not there is an empty one.
        """
        root = "/".join(each for each in (self._root, under.rstrip("/")) if each)
        pages = hasattr(self._system, "call_s3")
        listing = self._pages(root) if pages else self._walk(root, needed=not under)
        first = next(listing, None)  # now, so that an error is raised here
        return self._entries_of(listing if first is None else chain([first], listing))

    def _entries_of(self, listing: Iterator[tuple[str, dict[str, Any]]]) -> Iterator[Entry]:
        for path, facts in listing:
            name = path[len(self._root) :].lstrip("/")
            if name:
                yield Entry(f"{self.shown}/{name}", name, _size_of(facts), _version_tag(facts))

    def _pages(self, root: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path and facts of every object, a thousand a request, in the order of the keys."""
        bucket, key, _ = self._system.split_path(root)
        more = dict(self._system.req_kw)
        while True:
            query = {"Bucket": bucket, "Prefix": f"{key}/" if key else "", **more}
            ask = partial(self._system.call_s3, "list_objects_v2", **query)
            page = read_or_none(partial(self._with_retries, ask, root))
            if page is None:
                raise self._missing_error()
            for each in page.get("Contents", ()):
                if not each["Key"].endswith("/"):  # a folder's marker
                    yield f"{bucket}/{each['Key']}", {**each, "size": each["Size"]}
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]

    def _walk(self, root: str, *, needed: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path and facts of every object, one folder after the other; files before folders."""
        self._system.invalidate_cache()
        folders = [root]
        while folders:
            folder = folders.pop()
            ask = partial(self._system.ls, folder, detail=True)
            found = read_or_none(partial(self._with_retries, ask, folder))
            if found is None and needed:
                raise self._missing_error()
            needed = False  # below, one that is gone was removed meanwhile
            listed = {str(each["name"]).rstrip("/"): each for each in found or ()}
            children = {
                name.rsplit("/", 1)[-1]: each
                for name, each in listed.items()
                if name.strip("/") != folder.strip("/")  # some stores list the folder itself
            }
            inner = {name for name, each in children.items() if each["type"] == "directory"}
            for name in sorted(children.keys() - inner):
                yield f"{folder.rstrip('/')}/{name}", children[name]
            folders += [children[name]["name"].rstrip("/") for name in sorted(inner, reverse=True)]

    def _missing_error(self) -> ReadError:
        return ReadError("folder-missing", "there is no such folder", file=printable(self.shown))

    def read(self, name: str, limit_bytes: int, tag: str | None = None) -> bytes:
        """All bytes of an object.

        Raises:
            StoreError: the store does not answer or lets nobody in.
            ReadError: it is gone, too large, or not what was listed.
        """
        path = self._path(name)
        size = self._size(name, tag)
        if size > limit_bytes:
            raise too_large(name, size, limit_bytes, "object")
        data: bytes = self._with_retries(lambda: self._system.cat_file(path), name, size)
        if len(data) != size:
            raise changing(printable(name))
        return data

    def _size(self, name: str, tag: str | None) -> int:
        facts = self._with_retries(lambda: self._system.info(self._path(name)), name)
        if tag is not None and tag != _version_tag(facts):
            raise changing(printable(name))
        return _size_of(facts)

    def opened(self, name: str, tag: str | None = None) -> io.BufferedReader:
        """The object as a stream that can be read at any place, a block at a time.

        Raises:
            StoreError: the store does not answer or lets nobody in; so may reading.
            ReadError: it is gone, or not what was listed.
        """
        self._size(name, tag)
        inner = self._with_retries(lambda: self._system.open(self._path(name), "rb"), name)
        block = int(getattr(inner, "blocksize", 0) or 0)  # read at once, however little is wanted
        return io.BufferedReader(
            _RetryingStream(inner, partial(self._with_retries, name=name, size=block))
        )

    def put(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it exists; stores show an object whole or not at all.

        Where the store can, it decides itself whether the name is free, so that of two who put
        at once one stores and the other gets an error.

        Raises:
            StoreError: the store does not answer or lets nobody in.
        """
        path = self._path(name)
        try:
            self._with_retries(lambda: self._create(path, data), name, len(data))
        except FileExistsError:
            return False
        return True

    def _create(self, path: str, data: bytes) -> None:
        try:
            self._system.pipe_file(path, data, mode="create")
        except _NO_MODE:  # it cannot decide: look first, then put
            if self._system.exists(path):
                raise FileExistsError(path) from None
            self._system.pipe_file(path, data)

    def delete(self, name: str) -> None:
        """Remove an object; it is no error if there is none.

        Raises:
            StoreError: the store does not answer or lets nobody in.
        """
        path = self._path(name)

        def remove() -> None:
            if self._system.exists(path):
                self._system.rm_file(path)

        self._with_retries(remove, name)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _with_retries(self, ask: Callable[[], R], name: str, size: int = 0) -> R:
        """Send a request; transient failures are retried a few times, within a time limit.

        Args:
            ask: the request.
            name: the object, for messages.
            size: bytes that have to be carried.
        """
        end_s = time.monotonic() + TIMEOUT_S + size / LEAST_BYTES_PER_S
        for pause_s in (*PAUSES_S, None):
            refused: _Errors = (PermissionError, *_library_errors("NoCredentialsError"))
            failing: _Errors = (OSError, *_library_errors())
            try:
                return with_timeout(ask, end_s - time.monotonic(), "no answer in time")
            except FileExistsError:
                raise
            except FileNotFoundError as problem:
                raise ReadError(
                    "file-unreadable", "it is not there", file=printable(name)
                ) from problem
            except refused as problem:
                raise self._access_error(name, problem) from problem
            except failing as problem:
                if pause_s is None or time.monotonic() + pause_s >= end_s:
                    raise self._service_error(name, problem) from problem
                time.sleep(pause_s)
        raise AssertionError  # the last round returns or raises

    def _access_error(self, name: str, problem: Exception) -> StoreError:
        remedy = "Check the credentials of the object store, and what they may do."
        words = f"{self.shown} lets nobody in: {words_of(problem)}"
        return StoreError("store-refuses", words, file=printable(name), remedy=remedy)

    def _service_error(self, name: str, problem: Exception) -> StoreError:
        words = f"{self.shown} does not answer as it should: {words_of(problem)}"
        return StoreError(FAILING, words, file=printable(name))


def with_timeout(ask: Callable[[], R], seconds: float, words: str) -> R:
    """The result of a request that runs in a thread of its own, which is abandoned if it is late.

    Not all libraries take a timeout, and those that do retry in layers.

    Raises:
        TimeoutError: it does not come in time; with these words.
    """
    from concurrent.futures import Future, wait

    answer: Future[R] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as problem:  # noqa: BLE001 - it is raised where it was asked
            answer.set_exception(problem)

    threading.Thread(target=run, daemon=True).start()
    if not wait([answer], max(0.0, seconds)).done:
        raise TimeoutError(words)
    return answer.result()


class _RetryingStream(io.RawIOBase):
    """A stream of an object, of which every read is retried like other requests.

    Failures of the store are raised as ``StoreError``, not ``OSError``, so that no reader takes
    them for a broken file.
    """

    def __init__(
        self, inner: IO[bytes], with_retries: Callable[[Callable[[], bytes]], bytes]
    ) -> None:
        self._inner, self._with_retries, self._place = inner, with_retries, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = self._inner.seek(offset, whence)
        return self._place

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - anything with room
        def piece() -> bytes:
            self._inner.seek(self._place)
            return self._inner.read(len(buffer))

        data = self._with_retries(piece)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def close(self) -> None:
        self._inner.close()
        super().close()


def _library_errors(name: str | None = None) -> tuple[type[Exception], ...]:
    """The errors of those libraries that are loaded; of all, or of one name."""
    found = (
        getattr(sys.modules[module], name or each, None)
        for module, each in _FOREIGN
        if module in sys.modules
    )
    return tuple(each for each in found if isinstance(each, type))


def _filesystem(address: str) -> tuple[Any, str]:
    """The implementation for an address, and the path in its store.

    Raises:
        SettingsError: no implementation knows such an address.
        RetrorunError: what it needs is not installed.
    """
    remedy = 'Object stores need `pip install "retrorun[cluster]"`.'
    file = without_user(address)
    try:
        fsspec = importlib.import_module("fsspec")
    except ModuleNotFoundError as problem:
        words = "object stores need fsspec, which is not installed"
        remedy = 'Install it: `pip install "retrorun[cluster]"`.'
        raise RetrorunError("store-unknown", words, file=file, remedy=remedy) from problem
    if not address.partition("://")[2].strip("/"):
        raise _address_error("nothing stands behind ://", file)
    try:
        system, root = fsspec.core.url_to_fs(address)
    except ImportError as problem:
        raise RetrorunError(
            "store-unknown", words_of(problem), file=file, remedy=remedy
        ) from problem
    except (ValueError, TypeError) as problem:  # a protocol, or what it needs, that is not there
        raise _address_error(words_of(problem), file) from problem
    return system, str(root).rstrip("/")


def _address_error(words: str, file: str) -> SettingsError:
    """The error of an address that is wrong, whatever is installed."""
    remedy = "Give a folder, or an address such as s3://bucket/exports."
    return SettingsError("store-unknown", words, file=file, remedy=remedy)


def _is_folder_itself(facts: dict[str, Any], folder: str) -> bool:
    """Whether it is the folder itself, which some stores list as well."""
    return str(facts["name"]).strip("/") == folder.strip("/")


def _version_tag(facts: dict[str, Any]) -> str:
    """What changes with the content; a listing and a question about one object must agree."""
    keys = ("ETag", "etag", "LastModified", "mtime", "created")
    found = next((facts[key] for key in keys if facts.get(key)), "")
    moment = found.timestamp() if isinstance(found, datetime) else found
    return str(moment).strip('"')


def _size_of(facts: dict[str, Any]) -> int:
    return int(facts.get("size") or 0)
