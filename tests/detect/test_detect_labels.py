from datetime import UTC, datetime

import numpy as np
import pytest

from retrorun import time_zone
from retrorun.detect.labels import evidence, labels_of_file, meaning, meaning_of_whole, placed
from retrorun.model import Label, Lap, Recording, TimeZone
from retrorun.settings import DetectSettings

TIMES = 1_000.0 + np.arange(100.0)


@pytest.mark.parametrize(
    "words",
    [
        "Backward",
        "4 x backwards",
        "BACKWARD RUN",
        "backward_400m",
        "retro",
        "Retro-Running",
        "retrorunning",
        "Rückwärts",
        "rueckwaerts".replace("ue", "u", 1),
        "Ruckwartslaufen",
        "en arrière",
        "course arrière",
        "à reculons",
        "Corsa all'indietro",
        "hacia atrás",
        "de costas",
        "achteruit lopen",
        "baklänges",
        "baglæns",
        "takaperin",
        "nazaj",
        "unatrag",
        "tyłem",
        "hátrafelé",
        "бег назад",
        "спиной вперёд",
        "後ろ向き走",
        "倒走训练",
        "reverse running",
        "Reverse",
        "backpedal",
    ],
)
def test_words_of_many_languages_say_backward(words: str) -> None:
    assert meaning(words) == "backward"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Out and back",
        "Back to back intervals",
        "Lower back exercises",
        "Reverse lunges",
        "reverse loop of the lake",
        "Retro Stadium 5k",
        "Feedback run",
        "Backyard ultra",
        "Route backwards",
        "not backward",
        "backward and forward",
        "Straight course",
        "no backward today",
    ],
)
def test_false_friends_say_nothing(words: str) -> None:
    assert meaning(words) is None


@pytest.mark.parametrize("words", ["Forward", "vorwärts", "en avant", "hacia adelante"])
def test_forward_is_a_word_too(words: str) -> None:
    assert meaning(words) == "forward"


def test_a_hostile_name_costs_nothing() -> None:
    assert meaning("back " * 1_000_000) is None


def test_a_lap_speaks_for_itself_only() -> None:
    laps = (Lap(1000.0, 1030.0, name="Warm up"), Lap(1030.0, 1060.0, step="Backward"))
    found = labels_of_file(Recording(TIMES, {}, laps=laps), "run.fit")
    assert found == (Label(30.0, 60.0, "backward", "step"),)


def test_a_file_name_speaks_for_the_whole() -> None:
    assert labels_of_file(Recording(TIMES, {}), "up/2026-05-03 backward.fit.gz") == (
        Label(0.0, 100.0, "backward", "file"),
    )


@pytest.mark.parametrize(
    "words",
    [
        "tja in nazaj",
        "nazaj domov",
        "Tek nazaj domov",
        "tamo i natrag",
        "туда и назад",
        "Parkrun backwards",
        "looking backwards",
        "Lake backwards",
        "Runde rückwärts um den See",
        "torno indietro",
        "retour en arrière",
    ],
)
def test_the_way_back_is_no_backward_activity(words: str) -> None:
    recording = Recording(TIMES, {}, name=words)
    assert labels_of_file(recording, "run.fit") == ()
    assert labels_of_file(Recording(TIMES, {}), f"{words}.gpx") == ()


@pytest.mark.parametrize(
    "words",
    [
        "nazaj",
        "Tek nazaj",
        "2026-05-03_nazaj 5 km",
        "бег назад",
        "Backwards",
        "Morning backward intervals",
        "Running backwards in the park",
        "Backward run by the lake",
        "Rückwärtslaufen im Park",
        "Retro running with Ana",
        "Corsa all'indietro",
        "tyłem po parku",
        "Reverse",
    ],
)
def test_a_backward_activity_is_named_so(words: str) -> None:
    assert meaning_of_whole(words) == "backward"


@pytest.mark.parametrize("words", ["nazaj", "natrag 200 m", "назад", "backwards to the line"])
def test_steps_and_laps_name_a_movement(words: str) -> None:
    laps = (Lap(1000.0, 1030.0, step=words),)
    assert labels_of_file(Recording(TIMES, {}, laps=laps), "run.fit") == (
        Label(0.0, 30.0, "backward", "step"),
    )


def test_laps_come_before_the_name() -> None:
    laps = (Lap(1000.0, 1030.0, name="forward"), Lap(1030.0, 1100.0, name="backward"))
    found = labels_of_file(Recording(TIMES, {}, laps=laps, name="Backward run"), "backward.fit")
    assert [(label.direction, label.origin) for label in found] == [
        ("forward", "lap"),
        ("backward", "lap"),
    ]


def test_an_ordinary_file_says_nothing() -> None:
    recording = Recording(TIMES, {}, laps=(Lap(1000.0, 1099.0),), name="Morning run")
    assert labels_of_file(recording, "2026-05-03-forward-base.gpx") == ()


def test_later_labels_win() -> None:
    labels = (Label(0, 10, "backward", "step"), Label(4, 6, "forward", "command"))
    signs = np.sign(evidence(labels, 12, DetectSettings())).tolist()
    assert signs == [1, 1, 1, 1, -1, -1, 1, 1, 1, 1, 0, 0]


def test_labels_beyond_the_session_are_cut() -> None:
    ratio = evidence((Label(-5.0, 1e9, "backward", "command"),), 3, DetectSettings())
    assert (ratio > 0).tolist() == [True, True, True]


# --- labels of a table on the clock of a session: 30 min from 07:30:00 local time, 05:30:00 UTC ---

_START_S = 1_777_786_200.0  # 2026-05-03 05:30:00 UTC
_LOCAL_S = _START_S + 7200


@pytest.mark.parametrize(
    ("start_s", "end_s", "origin", "expected"),
    [
        (60, 120, "sidecar", (60, 120)),
        (60, 4000, "sidecar", (60, 4000)),  # its end is cut where it is used
        (7 * 3600 + 31 * 60, 7 * 3600 + 32 * 60, "sidecar", (60, 120)),  # 7:31:00 to 7:32:00
        (
            7 * 3600 + 29 * 60,
            7 * 3600 + 32 * 60,
            "sidecar",
            (0, 120),
        ),  # 7:29:00, before the session
        (9 * 3600, 9 * 3600 + 60, "sidecar", None),
        (2000, 2060, "sidecar", None),
        (_LOCAL_S + 60, _LOCAL_S + 120, "local sidecar", (60, 120)),
        (_LOCAL_S - 60, _LOCAL_S + 120, "local sidecar", (0, 120)),
        (_START_S + 60, _START_S + 120, "utc sidecar", (60, 120)),
        (_LOCAL_S + 60, _LOCAL_S + 120, "utc sidecar", None),
        (_LOCAL_S + 86_400, _LOCAL_S + 86_460, "local sidecar", None),
    ],
)
def test_labels_are_placed_or_named(
    start_s: float, end_s: float, origin: str, expected: tuple[float, float] | None
) -> None:
    label = Label(start_s, end_s, "backward", origin)
    found, notes = placed([label], _START_S, 1800, 7200.0)
    assert [(each.start_s, each.end_s) for each in found] == ([expected] if expected else [])
    assert [note.slug for note in notes] == ([] if expected else ["label-outside"])
    assert all(each.origin == "sidecar" for each in found)


def _clock(year: int, month: int, day: int, hours: float) -> float:
    """Seconds since 1970 on the athlete's clock."""
    return datetime(year, month, day, tzinfo=UTC).timestamp() + hours * 3600


@pytest.mark.parametrize("is_dated", [True, False])
@pytest.mark.parametrize(
    ("day", "start_hour", "shown", "expected_min"),
    [  # in Berlin; expected by hand: minutes since the start
        ((2026, 3, 29), 1.5, (1.75, 1.9), (15, 24)),  # before 2:00 becomes 3:00
        ((2026, 3, 29), 1.5, (3.25, 3.5), (45, 60)),
        ((2026, 3, 29), 1.5, (1.75, 3.25), (15, 45)),
        ((2026, 10, 25), 1.5, (3.25, 3.5), (165, 180)),  # after 3:00 became 2:00
        ((2026, 10, 25), 1.5, (1.75, 3.25), (15, 165)),
        ((2026, 10, 25), 1.5, (2.25, 2.5), (45, 60)),  # shown twice: the first
        ((2026, 10, 25), 2.75, (2.25, 2.5), (30, 45)),  # the first was before the start
        ((2026, 10, 25), 1.5, (2.9, 3.1), (144, 156)),  # 12 min, so the second 2:54 is meant
        ((2026, 10, 25), 1.5, (1.9, 2.1), (24, 36)),
    ],
)
def test_a_table_over_a_change_of_the_clocks_says_what_the_clock_showed(
    day: tuple[int, int, int],
    start_hour: float,
    shown: tuple[float, float],
    expected_min: tuple[float, float],
    *,
    is_dated: bool,
) -> None:
    offset_s = 3600.0 if day[1] == 3 else 7200.0
    start_s = _clock(*day, start_hour) - offset_s
    zone = TimeZone("Europe/Berlin", offset_s, "position")
    change = time_zone.clock_change(zone, start_s, 4 * 3600)
    if is_dated:
        bounds, origin = [_clock(*day, each) for each in shown], "local sidecar"
    else:
        bounds, origin = [each * 3600 for each in shown], "day sidecar"
    label = Label(bounds[0], bounds[1], "backward", origin)
    (found,), _ = placed([label], start_s, 4 * 3600, offset_s, change)
    assert (found.start_s / 60, found.end_s / 60) == pytest.approx(expected_min)


def test_a_label_in_the_hour_that_spring_leaves_out_is_named() -> None:
    day = (2026, 3, 29)
    label = Label(_clock(*day, 2.25), _clock(*day, 2.5), "backward", "local sidecar")
    found, (note,) = placed([label], _clock(*day, 0.5), 4 * 3600, 3600.0, (1800.0, 3600.0))
    assert found == ()
    assert note.slug == "label-outside"


def test_a_time_of_day_beyond_midnight() -> None:
    start_s = 1_777_845_000.0 + 300  # 2026-05-03 21:55:00 UTC
    label = Label(1 * 60, 3 * 60, "backward", "utc sidecar")
    assert placed([label], start_s, 1800, 7200.0)[0] == ()
    as_clock = Label(86_340, 86_400 + 60, "backward", "sidecar")  # 23:59:00 to 0:01:00
    found, _ = placed([as_clock], start_s, 1800, 7200.0)
    since_midnight_s = (start_s + 7200) % 86_400
    assert (found[0].start_s, found[0].end_s) == (
        86_340 - since_midnight_s,
        86_460 - since_midnight_s,
    )


def test_the_note_says_the_times_as_they_were_written() -> None:
    table = [
        Label(32_500, 32_600, "backward", "sidecar"),
        Label(_LOCAL_S + 86_400, _LOCAL_S + 86_460, "backward", "local sidecar"),
    ]
    _, notes = placed(table, _START_S, 900, 0.0)
    assert "9:01:40 to 9:03:20" in notes[0].message
    assert "0:15:00" in notes[0].message
    assert "2026-05-04 07:30:00" in notes[1].message
