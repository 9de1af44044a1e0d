import pickle
from collections.abc import Callable

import pytest

from retrorun.errors import (
    ArchiveError,
    EngineError,
    NotARunError,
    PageError,
    ReadError,
    RetrorunError,
    SettingsError,
    StoreError,
    read_or_none,
)

KINDS = (ReadError, NotARunError, SettingsError, ArchiveError, PageError, EngineError)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_survives_the_way_between_processes(kind: type[RetrorunError]) -> None:
    told = kind("slug", "it broke", file="run.fit", offset=12, remedy="Mend it.")
    again = pickle.loads(pickle.dumps(told))  # noqa: S301 - our own
    assert type(again) is kind
    assert vars(again) == vars(told)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ReadError("s", "it broke"), "it broke"),
        (ReadError("s", "it broke", file="a.fit", offset=7), "a.fit: it broke (at byte 7)"),
        (ReadError("s", "it broke", remedy="Mend it."), "it broke. Mend it."),
        (ReadError("s", "It broke.", remedy="Mend it."), "It broke. Mend it."),
    ],
)
def test_all_of_it_stands_in_one_line(error: RetrorunError, words: str) -> None:
    assert str(error) == words


def test_what_cannot_be_read_is_none_and_a_store_that_fails_is_an_error() -> None:
    def fail(error: RetrorunError) -> Callable[[], bytes]:
        def read() -> bytes:
            raise error

        return read

    assert read_or_none(lambda: b"found") == b"found"
    assert read_or_none(fail(ReadError("file-unreadable", "it is not there"))) is None
    for error in (StoreError("store-failing", "no answer"), SettingsError("other", "it is wrong")):
        with pytest.raises(type(error)):
            read_or_none(fail(error))
