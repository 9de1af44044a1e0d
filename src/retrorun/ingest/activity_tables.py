"""Strava's ``activities.csv`` in an unpacked bulk export: which files beside it are no runs."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from retrorun import storage
from retrorun.archive import Problem
from retrorun.errors import ReadError
from retrorun.storage import Entry, Store

TABLE = "activities.csv"
_LIMIT_BYTES = 64 * 2**20
_MOST_TABLES = 100  # in a folder and all below it


def other_sports(
    store: Store, found: Iterable[Entry], fresh: Iterable[Entry]
) -> Mapping[str, Problem]:
    """Why files are passed over by what a table says of them, by their address.

    Args:
        store: where the entries lie.
        found: everything that was found.
        fresh: the files that are to be looked at.
    """
    tables = [each for each in found if PurePosixPath(each.name).name.lower() == TABLE]
    wanted = list(fresh) if tables else []
    problems: dict[str, Problem] = {}
    for table in tables[:_MOST_TABLES]:
        folder = table.address[: -len(TABLE)]
        beside = [each for each in wanted if each.address.startswith(folder)]
        if beside:
            problems |= _told(folder, _content(store, table), beside)
    return problems


def _told(folder: str, data: bytes, beside: Iterable[Entry]) -> dict[str, Problem]:
    from retrorun.readers.containers.strava import activities, file_key
    from retrorun.readers.sports import is_on_foot

    told = activities(folder, data)
    found: dict[str, Problem] = {}
    for each in beside:
        one = told.get(file_key(each.address))
        if one is not None and is_on_foot(one.sport) == "no":
            words = f"{TABLE} calls it {one.sport}, which is not on foot"
            found[each.address] = Problem("not-a-run", "not-a-run", words)
    return found


def _content(store: Store, table: Entry) -> bytes:
    """The bytes of a table; none where it cannot be read."""
    try:
        if storage.is_local(table.address):
            return storage.read_file(table.address, _LIMIT_BYTES)
        return store.read(table.name, _LIMIT_BYTES)
    except ReadError:
        return b""
