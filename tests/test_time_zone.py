"""Offsets below are those of the IANA database, read by hand for the dates named."""

import datetime as dt

import pytest

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


def test_nothing_known_is_none() -> None:
    assert time_zone.find(SUMMER, None, None, None) is None


def test_local_time_is_the_runners_clock() -> None:
    found = time_zone.find(SUMMER, None, 46.05, 14.5)
    assert time_zone.local_time(SUMMER, found).hour == 14
    assert time_zone.local_time(SUMMER, None).hour == 12
