"""Moments as people write them, for a session of 30 min that began at 07:30:00 local time."""

from dataclasses import replace

import pytest

from retrorun.cli import label
from retrorun.errors import SettingsError
from retrorun.model import (
    Estimate,
    HeadingVerdict,
    Measures,
    Session,
    Source,
    TimeZone,
)

NO_HEADING = HeadingVerdict(None, "none", None, None, "no heading")
SESSION = Session(
    id="a" * 12,
    index=0,
    source=Source("run.fit", "a" * 64),
    start_time_s=1_777_786_200.0,  # 2026-05-03 05:30:00 UTC
    zone=TimeZone("Europe/Ljubljana", 7200.0, "position"),
    sport="running",
    name=None,
    device=None,
    duration_s=1800.0,
    moving_s=1800.0,
    distance_m=None,
    channels={},
    heading=NO_HEADING,
    measures=Measures((), {}, Estimate(None, None, None, "kinetics", "no data")),
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90.5", 90.5),
        ("1:30", 90),
        ("12:05.5", 725.5),
        ("0:10:00", 600),
        ("7:31", 451),  # 7 min 31 s lies within the session: it is no time of day
        ("07:45:30", 930),  # 7 h do not, so this is the clock
        ("7:59:59", 1799),
        ("end", 1800),
    ],
)
def test_moments(text: str, seconds: float) -> None:
    assert label.elapsed_s(text, SESSION) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "31:00", "07:29:00", "9:00:00", "1:2:3:4"])
def test_what_is_no_moment_of_the_session_is_refused(text: str) -> None:
    with pytest.raises(SettingsError):
        label.elapsed_s(text, SESSION)


def test_a_session_over_midnight_has_times_of_two_days() -> None:
    late = replace(SESSION, start_time_s=SESSION.start_time_s + 16.25 * 3600)
    assert label.elapsed_s("0:05:00", late) == 300  # within the session: since the start
    assert label.elapsed_s("23:50:00", late) == 300


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("23:58", "0:04", (780, 1140)),  # 4 s after the start is before 23:58
        ("23:58:00", "00:04:00", (780, 1140)),
        ("23:45:10", "0:10", (10, 1500)),  # as seconds since the start it would be empty
        ("23:45:05", "0:10", (5, 1500)),  # and here five seconds long
        ("0:01", "0:04", (1, 4)),  # both can be since the start, and are
        ("23:50:00", "20:00", (300, 1200)),  # 20 o'clock is not in this session
        ("23:50:00", "25:00", (300, 1500)),
        ("23:50:00", "end", (300, 1800)),
    ],
)
def test_an_end_counts_as_its_start_does(
    start: str, end: str, expected: tuple[float, float]
) -> None:
    """A session from 23:45 to 0:15."""
    late = replace(SESSION, start_time_s=SESSION.start_time_s + 16.25 * 3600)
    assert label.range_s(start, end, late) == expected
