"""Offsets below are those of the IANA database, read by hand for the dates named."""

import datetime as dt
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import tzfpy

from retrorun import time_zone

SUMMER = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC).timestamp()
WINTER = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(("moment_s", "hours"), [(SUMMER, 2), (WINTER, 1)])
def test_position_gives_name_and_offset(moment_s: float, hours: int) -> None:
    found = time_zone.find(moment_s, None, 46.05, 14.5)
    assert found is not None
    assert (found.name, found.utc_offset_s) == ("Europe/Ljubljana", hours * 3600)
    assert found.provenance == "position"


def test_the_files_offset_wins_and_the_position_names_it_when_they_agree() -> None:
    agreeing = time_zone.find(SUMMER, 7200.0, 46.05, 14.5)
    contrary = time_zone.find(SUMMER, -3600.0, 46.05, 14.5)
    assert agreeing is not None
    assert (agreeing.name, agreeing.provenance) == ("Europe/Ljubljana", "file")
    assert contrary is not None
    assert (contrary.name, contrary.utc_offset_s) == (None, -3600.0)


def test_an_offset_of_0_gives_way_to_the_zone_of_another_place() -> None:
    """Writers that know no zone give UTC for local time, too."""
    for place, offset_s in (((46.05, 14.5), 7200.0), ((64.15, -21.94), 0.0)):
        found = time_zone.find(SUMMER, 0.0, *place)
        assert found is not None
        assert found.utc_offset_s == offset_s
    unplaced = time_zone.find(SUMMER, 0.0, None, None)
    assert unplaced is not None
    assert (unplaced.name, unplaced.utc_offset_s) == (None, 0.0)


def unix_s(*moment: int) -> float:
    return dt.datetime(*moment, tzinfo=dt.UTC).timestamp()  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("place", "moment", "name", "local"),
    [
        # half an hour of summer time: it ended on 5 April 2026 at 2:00, which is 15:00 UTC
        ((-31.55, 159.08), (2026, 4, 4, 14, 59), "Australia/Lord_Howe", "2026-04-05 01:59"),
        ((-31.55, 159.08), (2026, 4, 4, 15, 1), "Australia/Lord_Howe", "2026-04-05 01:31"),
        # Samoa left out 30 December 2011: from 23:59 at -10 hours to 0:00 at +14 hours
        ((-13.83, -171.76), (2011, 12, 30, 9, 59), "Pacific/Apia", "2011-12-29 23:59"),
        ((-13.83, -171.76), (2011, 12, 30, 10, 0), "Pacific/Apia", "2011-12-31 00:00"),
        # North Korea's clocks went by 8:30 hours from 15 August 2015 to 4 May 2018
        ((39.03, 125.75), (2017, 1, 1, 12, 0), "Asia/Pyongyang", "2017-01-01 20:30"),
        ((39.03, 125.75), (2019, 1, 1, 12, 0), "Asia/Pyongyang", "2019-01-01 21:00"),
    ],
)
def test_days_and_clocks_where_offsets_are_odd_or_changed(
    place: tuple[float, float], moment: tuple[int, ...], name: str, local: str
) -> None:
    found = time_zone.find(unix_s(*moment), None, *place)
    assert found is not None
    assert found.name == name
    assert f"{time_zone.local_time(unix_s(*moment), found):%Y-%m-%d %H:%M}" == local


@pytest.mark.parametrize(
    ("place", "began", "ended", "end_offset_s", "local"),
    [
        # from 1:45 to 1:50 at Lord Howe, 35 minutes: FIT says the offset of the end
        ((-31.55, 159.08), (2026, 4, 4, 14, 45), (2026, 4, 4, 15, 20), 37_800.0, "04-05 01:45"),
        # over the change in Chile, on 5 April 2026 at 0:00, back to 23:00 of the day before
        ((-33.45, -70.66), (2026, 4, 5, 2, 30), (2026, 4, 5, 3, 30), -14_400.0, "04-04 23:30"),
    ],
)
def test_a_session_over_a_change_of_the_clocks_began_by_the_offset_before(
    place: tuple[float, float],
    began: tuple[int, ...],
    ended: tuple[int, ...],
    end_offset_s: float,
    local: str,
) -> None:
    found = time_zone.find(unix_s(*began), end_offset_s, *place, unix_s(*ended))
    assert found is not None
    assert found.provenance == "file"
    assert f"{time_zone.local_time(unix_s(*began), found):%m-%d %H:%M}" == local


def test_an_offset_of_neither_start_nor_end_is_that_of_the_file() -> None:
    found = time_zone.find(SUMMER, -3600.0, 46.05, 14.5, SUMMER + 3600)
    assert found is not None
    assert (found.name, found.utc_offset_s) == (None, -3600.0)


def test_nothing_known_is_none() -> None:
    assert time_zone.find(SUMMER, None, None, None) is None


def test_local_time_is_the_runners_clock() -> None:
    found = time_zone.find(SUMMER, None, 46.05, 14.5)
    assert time_zone.local_time(SUMMER, found).hour == 14
    assert time_zone.local_time(SUMMER, None).hour == 12


@pytest.fixture
def fresh_cells() -> Iterator[None]:
    """Cells are read anew in the test, and after it."""
    time_zone._cells.cache_clear()
    yield
    time_zone._cells.cache_clear()


def _is_of_this_tzfpy() -> bool:
    pinned = Path(__file__).parents[1] / "constraints.txt"
    return f"tzfpy=={version('tzfpy')}" in pinned.read_text(encoding="utf-8").split()


of_this_tzfpy = pytest.mark.skipif(
    not _is_of_this_tzfpy(), reason="the cells are made with the tzfpy of constraints.txt"
)


@of_this_tzfpy
def test_cells_say_what_tzfpy_says() -> None:
    rng, known = np.random.default_rng(7), 0
    every = rng.uniform((-180.0, -90.0), (180.0, 90.0), (20_000, 2))
    corners = np.floor(every / time_zone.CELL_DEG) * time_zone.CELL_DEG
    beside = np.clip(corners + rng.uniform(-0.01, 0.01, corners.shape), (-180, -90), (180, 90))
    for longitude, latitude in np.concatenate([every, corners, beside]).tolist():
        found = time_zone._name_of_cell(latitude, longitude)
        known += found is not None
        assert found in (None, tzfpy.get_tz(longitude, latitude)), (longitude, latitude)
    assert known > 0.85 * 60_000, "run docs/generate/zone_cells.py"


@of_this_tzfpy
def test_far_from_borders_tzfpy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: float) -> str:
        raise AssertionError

    monkeypatch.setattr(tzfpy, "get_tz", refuse)
    found = time_zone.find(SUMMER, 7200.0, 48.14, 11.57)
    assert found is not None
    assert found.name == "Europe/Berlin"
    with pytest.raises(AssertionError):
        time_zone.find(SUMMER, 7200.0, 47.56, 7.59)  # Basel, where three zones meet


@pytest.mark.parametrize(
    "place", [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (0.0, -180.0), (95.0, 0.0), (0.0, 400.0)]
)
def test_ends_of_the_world_are_as_tzfpy_has_them(place: tuple[float, float]) -> None:
    latitude, longitude = place
    assert time_zone._name(latitude, longitude) == (tzfpy.get_tz(longitude, latitude) or None)


@pytest.mark.usefixtures("fresh_cells")
def test_cells_of_another_tzfpy_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    count = time_zone.ROWS * time_zone.COLUMNS
    wrong = b"0.0.1 Asia/Tokyo\n" + b"\x01\x00" * count
    monkeypatch.setattr(time_zone, "CELLS", tmp_path / "cells.bin")
    time_zone.CELLS.write_bytes(zlib.compress(wrong))
    assert time_zone._name(48.14, 11.57) == "Europe/Berlin"
    time_zone._cells.cache_clear()
    right = wrong.replace(b"0.0.1", version("tzfpy").encode())
    time_zone.CELLS.write_bytes(zlib.compress(right))
    assert time_zone._name(48.14, 11.57) == "Asia/Tokyo"


LJUBLJANA = (46.05, 14.5)  # two hours ahead of UTC in summer, one in winter


def clocks(
    *of_copies: tuple[float, float | None], start_s: float = SUMMER
) -> list[time_zone.Clock]:
    """Of each copy: by how many hours it runs ahead, and the offset it states, in hours."""
    return [
        time_zone.Clock(3600 * hours, start_s + 3600 * hours, stated and 3600 * stated)
        for hours, stated in of_copies
    ]


@pytest.mark.parametrize(
    ("of_copies", "right", "why"),
    [
        ([(0, None), (2, None)], 0, "written as UTC"),
        ([(0, None), (-2, None)], -2, "written as UTC"),
        ([(0, None), (1, 2.0)], 1, "states its local time"),
        ([(0, None), (2, 2.0)], 2, "states its local time"),
        ([(0, None), (1, 5.0)], 0, "nothing tells"),
        ([(0, None), (5, None), (5, None)], 5, "most copies"),
        ([(0, None), (5, None)], 0, "nothing tells"),
    ],
)
def test_which_of_the_clocks_of_copies_is_right(
    of_copies: list[tuple[float, float | None]], right: float, why: str
) -> None:
    best, words = time_zone.believed_clock(clocks(*of_copies), *LJUBLJANA)
    assert best.ahead_s == 3600 * right
    assert why in words


def test_the_offset_of_the_day_tells_local_time_and_not_that_of_the_other_season() -> None:
    summer = time_zone.believed_clock(clocks((0, None), (-1, None)), *LJUBLJANA)
    winter = time_zone.believed_clock(clocks((0, None), (-1, None), start_s=WINTER), *LJUBLJANA)
    assert (summer[0].ahead_s, winter[0].ahead_s) == (0, -3600)


def test_where_utc_is_local_time_an_hour_tells_nothing() -> None:
    best, words = time_zone.believed_clock(clocks((0, None), (1, None)), 0.0, 0.5)
    assert (best.ahead_s, words[:13]) == (0, "nothing tells")
