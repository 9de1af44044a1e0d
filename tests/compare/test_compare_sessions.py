import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from measured_sessions import DAY_S, MONDAY_S, kcal, session, stretch
from msgspec import structs

from retrorun.compare import (
    EarlierSessions,
    claims,
    compare,
    doses,
    each_once,
    earlier_sessions,
    guidance,
)
from retrorun.compare.statistics import widened
from retrorun.model import (
    Athlete,
    Best,
    Energy,
    Estimate,
    HeartLoad,
    MeasuredSegment,
    Session,
    TimeZone,
    Totals,
)
from retrorun.model.comparison import Comparison, Difference
from retrorun.settings import CompareSettings

SETTINGS = CompareSettings()
NOBODY = Athlete()


def compared(*sessions: Session, settings: CompareSettings = SETTINGS) -> Comparison:
    return compare(sessions, NOBODY, settings)


def difference(comparison: Comparison, key: str) -> Difference:
    return next(each for each in comparison.differences if each.key == key)


def both_ways(rise_bpm: float = 10.0) -> list[MeasuredSegment]:
    """Forward at 2.3 m/s and 140, backward at the same speed and ``rise_bpm`` more."""
    ahead = stretch(0, 300, "forward", 2.3, steady_heart_rate_bpm=140.0, cadence_spm=160.0)
    back = stretch(
        300, 120, "backward", 2.3, steady_heart_rate_bpm=140.0 + rise_bpm, cadence_spm=176.0
    )
    return [ahead, back]


def test_paired_differences_by_hand() -> None:
    sessions = [session(f"s{n}", n, both_ways(10.0 + n)) for n in range(5)]
    found = difference(compared(*sessions), "heart_rate_bpm")
    assert found.pairs == found.sessions == 5
    assert found.difference.value == pytest.approx(12.0)
    # deviation of 10..14 is sqrt(2.5), t(4) = 2.776; and 0.2 beats/min that stay in any case
    half_bpm = ((2.776 * (2.5 / 5) ** 0.5) ** 2 + (1.96 * 0.2) ** 2) ** 0.5
    assert found.difference.high == pytest.approx(12.0 + half_bpm, rel=1e-4)
    cadence = difference(compared(*sessions), "cadence_spm")
    assert cadence.percent.value == pytest.approx(10.0)


def test_metres_per_beat_and_energy_by_hand() -> None:
    parts = both_ways(10.0)
    parts = [
        replace(each, metrics=replace(each.metrics, energy_shown=kcal(gross)))
        for each, gross in zip(parts, (50.0, 30.0), strict=True)
    ]
    comparison = compared(*(session(f"s{n}", n, parts) for n in range(5)))
    # 2.3 m/s at 140 and at 150 beats a minute
    assert difference(comparison, "metres_per_beat").forward == pytest.approx(2.3 * 60 / 140)
    assert difference(comparison, "metres_per_beat").backward == pytest.approx(2.3 * 60 / 150)
    # 50 kcal over 690 m, 30 kcal over 276 m and 2 min
    assert difference(comparison, "energy_kcal_per_km").forward == pytest.approx(50 / 0.690)
    assert difference(comparison, "energy_kcal_per_km").backward == pytest.approx(30 / 0.276)
    assert difference(comparison, "energy_kcal_per_min").backward == pytest.approx(15.0)


def test_speed_at_equal_heart_rate() -> None:
    parts = [
        stretch(0, 300, speed_mps=3.0, steady_heart_rate_bpm=150.0),
        stretch(300, 120, "backward", speed_mps=2.1, steady_heart_rate_bpm=151.0),
    ]
    found = difference(compared(*(session(f"s{n}", n, parts) for n in range(5))), "speed_mps")
    assert found.percent.value == pytest.approx(-30.0)


def test_a_partner_s_speed_is_made_good_by_the_runner_s_own_line() -> None:
    # forward cadence is 140 + 10·speed; backward at 2.0 m/s makes 176 steps against 160 there
    def parts(number: int) -> list[MeasuredSegment]:
        fast = 2.6 + 0.1 * number
        return [
            stretch(0, 300, "forward", 2.2, cadence_spm=162.0),
            stretch(300, 120, "backward", 2.0, cadence_spm=176.0),
            stretch(420, 300, "forward", fast, cadence_spm=140.0 + 10.0 * fast),
        ]

    found = difference(compared(*(session(f"s{n}", n, parts(n)) for n in range(5))), "cadence_spm")
    assert found.percent.value == pytest.approx(10.0)
    assert found.forward == pytest.approx(160.0)


def test_a_partner_s_time_is_made_good_by_the_runner_s_own_line() -> None:
    # forward heart rate is 120 + 10·speed + 0.01·seconds; backward the same: no difference
    def rate(speed: float, start_s: float) -> float:
        return 120.0 + 10.0 * speed + 0.01 * start_s

    def parts(number: int) -> list[MeasuredSegment]:
        plan = [(0, 2.5 + 0.05 * number), (900, 2.9), (1500, 2.1 + 0.05 * number)]
        ahead = [
            stretch(start, 300, "forward", speed, steady_heart_rate_bpm=rate(speed, start))
            for start, speed in plan
        ]
        later = rate(2.4, 600)
        back = stretch(600, 120, "backward", 2.4, steady_heart_rate_bpm=later)
        return sorted([*ahead, back], key=lambda each: each.segment.start_s)

    found = difference(
        compared(*(session(f"s{n}", n, parts(n)) for n in range(5))), "heart_rate_bpm"
    )
    assert found.difference.value == pytest.approx(0.0, abs=1e-6)
    # a perfect line leaves only the error that no session averages away
    assert found.difference.high == pytest.approx(1.959964 * 0.2, rel=1e-3)


def test_an_independent_error_widens_an_interval_in_squares() -> None:
    # half widths 3 and 4 (1.96 · 2.0409) add to 5
    found = widened(Estimate(10.0, 7.0, 13.0, "m"), 4.0 / 1.959964)
    assert found.low == pytest.approx(5.0)
    assert found.high == pytest.approx(15.0)
    nothing = Estimate(None, None, None, "m", "none")
    assert widened(nothing, 1.0) is nothing


@pytest.mark.parametrize("slow_days", [1, 3, 8])
def test_the_interval_holds_the_truth_where_pairs_share_a_forward_day(slow_days: int) -> None:
    # heart rate as high backward as forward, and each day by another 4 beats/min; forward as slow
    # as backward is run on some days only, so that the other days find their partners there
    random, held, reach_bpm, trials = np.random.default_rng(slow_days), 0, 0.0, 250

    def of_day(name: int, form_bpm: float) -> Session:
        ahead_mps = 2.2 if name < slow_days else 3.2
        rates = [140.0 + form_bpm + random.normal(0.0, 1.0) for _ in range(2)]
        parts = [
            stretch(0, 300, "forward", ahead_mps, steady_heart_rate_bpm=rates[0]),
            stretch(300, 120, "backward", 2.2, steady_heart_rate_bpm=rates[1]),
        ]
        return session(f"s{name}", 2 * name, parts)

    for _ in range(trials):
        form_bpm = random.normal(0.0, 4.0, 8)
        found = compared(*(of_day(name, each) for name, each in enumerate(form_bpm)))
        interval = difference(found, "heart_rate_bpm").difference
        low, high = interval.low or 0.0, interval.high or 0.0
        held, reach_bpm = held + (low <= 0.0 <= high), reach_bpm + (high - low) / 2 / trials
    others = 8 - slow_days  # all compared with the last of the slow days
    error_bpm = math.sqrt(4.0**2 * (others + others**2) / 8**2 + 2.0 / 8)
    assert held / trials >= 0.91
    assert 0.8 <= reach_bpm / (1.96 * error_bpm) <= 1.5


def test_too_few_pairs_give_words_and_no_number() -> None:
    found = difference(
        compared(*(session(f"s{n}", n, both_ways()) for n in range(3))), "cadence_spm"
    )
    assert found.missing == 2
    assert found.note == "too early to say: 2 more matched pairs"
    assert found.difference.value is None
    assert found.backward is None


def test_what_was_never_recorded_is_not_a_matter_of_time() -> None:
    comparison = compared(*(session(f"s{n}", n, both_ways()) for n in range(5)))
    notes = {each.key: each.note for each in comparison.differences}
    assert notes["contact_time_s"] == "not recorded"
    assert "mass_kg=" in notes["energy_kcal_per_km"]


@pytest.mark.parametrize(
    "unlike",
    [{"speed_mps": 3.2}, {"grade": 0.05}, {"gait": "walk"}],
    ids=["speed", "grade", "gait"],
)
def test_what_is_unlike_is_not_paired(unlike: dict[str, object]) -> None:
    ahead = stretch(0, 300, **{"speed_mps": 2.3, **unlike})  # type: ignore[arg-type]
    back = stretch(300, 120, "backward", speed_mps=2.3)
    assert compared(session("a", 0, [ahead, back])).pairs == ()


def test_a_partner_is_found_in_another_session_nearby_but_not_far_away() -> None:
    ahead = [stretch(0, 300, speed_mps=2.3)]
    back = [stretch(300, 120, "backward", speed_mps=2.3)]
    near = compared(session("a", 0, ahead), session("b", 20, back))
    assert [pair.forward_session for pair in near.pairs] == ["a"]
    assert compared(session("a", 0, ahead), session("b", 90, back)).pairs == ()


def test_candidates_stay_out_unless_asked_for() -> None:
    parts = [
        stretch(0, 300, speed_mps=2.3),
        stretch(300, 120, "backward", 2.3, verdict="candidate"),
    ]
    without = compared(session("a", 0, parts))
    assert without.backward_sessions == 0
    assert without.pairs == ()
    assert without.totals["candidate"].seconds == 120.0
    asked = compared(session("a", 0, parts), settings=CompareSettings(include_candidates=True))
    assert asked.totals["backward"].seconds == 120.0
    assert asked.totals["candidate"].seconds == 0.0
    assert len(asked.pairs) == 1


def test_trimp_a_minute_is_of_what_counts_and_of_all_of_its_time() -> None:
    # 6 in 3 minutes backward and none in 1 more, as slow as rest; 12 in 4 minutes of candidates
    def load(trimp: float, seconds: float) -> HeartLoad:
        return HeartLoad((seconds,), (), "", seconds, trimp, None)

    def loaded(name: str, day: float, **heart: HeartLoad) -> Session:
        plain = session(name, day, both_ways())
        return replace(plain, measures=replace(plain.measures, heart=heart))

    sessions = [
        loaded("a", 0, backward=load(6.0, 180.0), forward=load(5.0, 300.0)),
        loaded("b", 7, backward=load(0.0, 60.0), candidate=load(12.0, 240.0)),
    ]
    without = compared(*sessions).practice.trimp_per_min
    asked = compared(*sessions, settings=CompareSettings(include_candidates=True))
    assert without == pytest.approx({"backward": 1.5, "forward": 1.0})
    assert asked.practice.trimp_per_min == pytest.approx({"backward": 2.25, "forward": 1.0})


@pytest.mark.parametrize("verdict", ["confirmed", "labelled", "habit"])
def test_what_is_confirmed_labelled_or_counted_by_habit_is_compared(verdict: str) -> None:
    parts = [stretch(0, 300, speed_mps=2.3), stretch(300, 120, "backward", 2.3, verdict=verdict)]
    found = compared(session("a", 0, parts))
    assert found.backward_sessions == 1
    assert len(found.pairs) == 1
    assert (found.totals["backward"].seconds, found.totals["candidate"].seconds) == (120.0, 0.0)


def test_forward_movement_counts_whether_confirmed_or_assumed() -> None:
    parts = [
        stretch(0, 300, speed_mps=2.3, verdict="assumed"),
        stretch(300, 120, "backward", 2.3, verdict="habit"),
    ]
    assert len(compared(session("a", 0, parts)).pairs) == 1


def test_the_same_run_twice_counts_once() -> None:
    first = session("a", 0, both_ways())
    copy = replace(first, id="b", start_time_s=first.start_time_s + 3.0)
    comparison = compared(first, copy)
    assert comparison.sessions == 1
    assert [note.slug for note in comparison.notes if "duplicate" in note.slug]


def test_a_clock_that_was_never_set_makes_no_copies() -> None:
    # two runs of one length, both at the first moment that the watch knows
    never_set_s = 631_065_600.0  # 1989-12-31T00:00:00Z, Garmin's
    first, second = (
        replace(session(name, 0, both_ways()), start_time_s=never_set_s) for name in ("a", "b")
    )
    assert compared(first, second).sessions == 2
    assert compared(first, first).sessions == 1


def test_how_far_apart_two_recordings_of_one_session_begin_is_a_setting() -> None:
    first = session("a", 0, both_ways())
    copy = replace(first, id="b", start_time_s=first.start_time_s + 3.0)
    assert compared(first, copy, settings=CompareSettings(same_start_s=2.0)).sessions == 2


def test_dates_limit_what_is_compared() -> None:
    sessions = [session(f"s{n}", n, both_ways()) for n in range(5)]
    inside = CompareSettings(since_s=MONDAY_S + 86_400, until_s=MONDAY_S + 3 * 86_400)
    assert compared(*sessions, settings=inside).sessions == 2


@pytest.mark.parametrize(
    ("utc_offset_h", "hour_utc", "day", "kept"),
    [
        (13.0, 18.0, -1, True),  # Auckland: Monday 07:00 begins on Sunday in UTC
        (13.0, 11.5, 0, False),  # and Tuesday 00:30 on Monday
        (-8.0, 7.0, 0, False),  # Vancouver: Sunday 23:00 is Monday in UTC
        (-8.0, 7.0, 1, True),  # and Monday 23:00 is Tuesday
    ],
)
def test_dates_are_those_of_the_athletes_own_clock(
    utc_offset_h: float,
    hour_utc: float,
    day: int,
    kept: bool,  # noqa: FBT001
) -> None:
    there = TimeZone(None, 3600 * utc_offset_h, "file")
    one = replace(session("a", day + hour_utc / 24, both_ways()), zone=there)
    monday = CompareSettings(since_s=MONDAY_S, until_s=MONDAY_S + DAY_S)
    found = compared(one, settings=monday)
    assert found.sessions == kept
    assert found.first_date == ("2026-01-05" if kept else None)


def test_weeks_are_local_begin_on_monday_and_empty_ones_are_there() -> None:
    # Sunday 23:30 UTC is Monday in Helsinki
    late = session("a", 6 + 23.5 / 24, both_ways())
    here = replace(late, zone=TimeZone("Europe/Helsinki", 7200.0, "file"))
    later = session("b", 21, both_ways())
    weeks = compared(here, later).weeks
    assert [week.monday for week in weeks] == ["2026-01-12", "2026-01-19", "2026-01-26"]
    assert [week.sessions for week in weeks] == [1, 0, 1]
    assert weeks[1].backward.seconds == 0.0


def test_a_trend_is_recovered_with_its_weeks() -> None:
    sessions = [
        session(f"s{n}", 7 * n, [stretch(0, 100, "backward", 2.0 + 0.05 * n)]) for n in range(6)
    ]
    trend = next(each for each in compared(*sessions).trends if each.key == "backward_speed_mps")
    assert trend.slope_per_week.value == pytest.approx(0.05)
    assert trend.intercept == pytest.approx(2.0)
    assert trend.note == "6 sessions over 5 weeks"


def test_a_short_series_is_too_early() -> None:
    few = [session(f"s{n}", 7 * n, [stretch(0, 100, "backward")]) for n in range(3)]
    trend = next(each for each in compared(*few).trends if each.key == "backward_speed_mps")
    assert trend.note == "too early to say: 2 more sessions"
    assert trend.slope_per_week.value is None
    dense = [session(f"s{n}", n / 10, [stretch(0, 100, "backward")]) for n in range(9)]
    trend = next(each for each in compared(*dense).trends if each.key == "backward_speed_mps")
    assert trend.note == "too early to say: 3 more weeks"


def test_records_take_the_best_of_all_sessions() -> None:
    first = session("a", 0, both_ways(), bests=[Best("100 m", 40.0, 100.0, 5.0)])
    second = session("b", 1, both_ways(), bests=[Best("100 m", 38.0, 100.0, 9.0)])
    third = session("c", 2, both_ways(), bests=[Best("longest_s", 90.0, 200.0, 1.0)])
    records = compared(first, second, third).records
    assert [(each.key, each.session, each.seconds) for each in records] == [
        ("100 m", "b", 38.0),
        ("longest_s", "c", 90.0),
    ]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_little_data_gives_values_without_nan_and_all_claims(count: int) -> None:
    sessions = [session(f"s{n}", n) for n in range(count)]
    comparison = compared(*sessions)
    assert b"NaN" not in msgspec.json.encode(comparison)
    assert msgspec.json.decode(msgspec.json.encode(comparison), type=Comparison) == comparison
    answers = claims(comparison)
    assert len({claim.key for claim in answers}) == len(answers) == 15
    assert all(claim.data and claim.literature for claim in answers)


def test_a_watch_is_not_asked_what_it_cannot_measure() -> None:
    silent = [each for each in claims(compared()) if each.status == "not measurable"]
    assert {"muscle", "posture", "knees"} <= {each.key for each in silent}
    assert all(each.measured is None for each in silent)


def test_the_calorie_claim_shows_all_three_numbers() -> None:
    own = Estimate(1.4, 1.35, 1.45, "heart-rate kinetics")
    claim = claims(compared(session("a", 0, both_ways(), own)))[0]
    assert claim.key == "calories"
    assert claim.measured is not None
    assert claim.published is not None
    assert claim.popular is not None
    assert claim.measured.value == pytest.approx(1.4)
    assert (claim.published.low, claim.published.high) == (1.25, 1.45)
    assert (claim.popular.low, claim.popular.high) == (2.0, 3.0)


@pytest.mark.parametrize(
    ("metres", "hazard"), [(105.0, None), (120.0, "1.64"), (180.0, "1.52"), (250.0, "2.28")]
)
def test_progression_names_the_study_s_numbers(metres: float, hazard: str | None) -> None:
    before = session("a", 0, [stretch(0, 50, "backward", 2.0)])
    now = session("b", 10, [stretch(0, metres / 2.0, "backward", 2.0)])
    advice_by_key = {
        each.key: each
        for each in guidance(
            now, earlier_sessions([before, now], SETTINGS)[now.id], SETTINGS
        ).advice
    }
    advice = advice_by_key["progression_backward"]
    if hazard is None:
        assert advice.citation is None
        return
    assert hazard in advice.message
    assert advice.limits is not None
    assert "Forward runners" in advice.limits


@pytest.mark.parametrize(
    ("metres", "told"),
    [
        (360.0, "360 m backward, 900 % of the longest in the 30 days before (40 m)."),
        (9070.0, "9,070 m backward, 227 times the longest in the 30 days before (40 m)."),
    ],
)
def test_many_times_the_longest_is_told_as_such(metres: float, told: str) -> None:
    before = session("a", 0, [stretch(0, 20, "backward", 2.0)])
    now = session("b", 10, [stretch(0, metres / 2.0, "backward", 2.0)])
    found = guidance(now, earlier_sessions([before, now], SETTINGS)[now.id], SETTINGS)
    (advice,) = [each for each in found.advice if each.key == "progression_backward"]
    assert advice.message.startswith(told)
    assert "2.28" in advice.message


def test_steps_up_are_counted_against_the_longest_of_thirty_days() -> None:
    # 100 m on day 0, 50 on day 10, 60 on day 20, 70 on day 41: against 100, 100 and 60
    metres = {0: 100.0, 10: 50.0, 20: 60.0, 41: 70.0}
    sessions = [
        session(f"s{day}", day, [stretch(0, each / 2, "backward", 2.0)])
        for day, each in metres.items()
    ]
    practice = compared(*sessions).practice
    assert (practice.longer, practice.comparable) == (1, 3)


def test_what_is_older_than_thirty_days_is_no_comparison() -> None:
    before = session("a", 0, [stretch(0, 50, "backward", 2.0)])
    now = session("b", 31, [stretch(0, 200, "backward", 2.0)])
    advice_by_key = {
        each.key: each
        for each in guidance(
            now, earlier_sessions([now, before], SETTINGS)[now.id], SETTINGS
        ).advice
    }
    assert "no comparison" in advice_by_key["progression_backward"].message


def test_guidance_of_a_forward_run_and_its_safety_note() -> None:
    found = guidance(session("a", 0, [stretch(0, 600)]), EarlierSessions(), SETTINGS)
    assert {each.key for each in found.advice} == {"progression_forward"}
    assert "medical advice" in found.safety
    words = " ".join(each.message for each in found.advice).lower()
    assert "acute" not in words


@pytest.mark.parametrize(
    ("steep", "words"),
    [
        (2, "Backward stretches that were not on level, open ground: 1:00 (steep), 3:00 (steep)."),
        (
            60,
            (
                "60 of 60 backward stretches were not on level, open ground, the first of them "
                "1:00 (steep), 3:00 (steep), 5:00 (steep), 7:00 (steep), 9:00 (steep), "
                "11:00 (steep)."
            ),
        ),
    ],
)
def test_ground_names_the_first_of_many_segments(steep: int, words: str) -> None:
    parts = [stretch(60 + 120 * n, 60, "backward") for n in range(steep)]
    uphill = [replace(each, metrics=replace(each.metrics, ground=("steep",))) for each in parts]
    found = guidance(session("a", 0, uphill), EarlierSessions(), SETTINGS)
    assert [each.message for each in found.advice if each.key == "ground"] == [words]


@pytest.mark.parametrize(
    ("warm_up_s", "words"),
    [
        (240, "4 min"),
        (90, "90 s"),
        (90.4, "90 s"),
        (150, "2:30 min"),
        (119.6, "2 min"),
        (45, "45 s"),
        (3599, "59:59 min"),
        (3661, "61 min"),  # not 1:01:01 min
        (5430, "91 min"),
    ],
)
def test_warm_up_counts_forward_movement_before_the_first_backward_segment(
    warm_up_s: float, words: str
) -> None:
    back = stretch(max(warm_up_s, 240), 60, "backward")
    parts = [stretch(0, warm_up_s), back, stretch(back.segment.end_s, 600)]
    advice_by_key = {
        each.key: each
        for each in guidance(session("a", 0, parts), EarlierSessions(), SETTINGS).advice
    }
    assert advice_by_key["warm_up"].message.startswith(f"{words} of forward movement")


def test_backward_less_forward_is_the_difference_however_pairs_spread_over_sessions() -> None:
    # one session of three pairs 20 beats apart, two of one pair 5 apart: 30/3, not 70/5
    many = [
        *both_ways(20.0),
        *(
            stretch(420 + 200 * n, 120, "backward", 2.3, steady_heart_rate_bpm=160.0)
            for n in (0, 1)
        ),
    ]
    sessions = [session("a", 0, many), session("b", 1, both_ways(5.0))]
    sessions.append(session("c", 2, both_ways(5.0)))
    found = difference(compared(*sessions), "heart_rate_bpm")
    assert (found.pairs, found.sessions) == (5, 3)
    assert found.backward == pytest.approx((160 + 145 + 145) / 3)
    assert found.forward == pytest.approx(140.0)
    assert found.difference.value == pytest.approx(10.0)


def spent(gross: float, active: float) -> Energy:
    return Energy(gross, active, gross, gross, "speed", "by hand")


def test_energy_a_week_is_by_calendar_weeks() -> None:
    # three Mondays: 1,000 kcal a week, 800 above rest, 200 of these backward
    parts = [
        stretch(0, 3600, energy_shown=spent(700.0, 600.0)),
        stretch(3600, 600, "backward", energy_shown=spent(300.0, 200.0)),
    ]
    comparison = compared(*(session(f"s{n}", 7 * n, parts) for n in range(3)))
    claim = next(each for each in claims(comparison) if each.key == "weight")
    assert claim.data.startswith(
        "1,000 kcal gross and 800 kcal active a week, 200 of the active ones backward."
    )


def test_energy_a_week_leaves_out_sessions_without_a_day() -> None:
    part = stretch(0, 600, "backward", energy_shown=spent(300.0, 200.0))
    dated = session("a", 0, [part])
    odd = [
        replace(dated, id=f"odd{n}", start_time_s=631_065_600.0 + 86_400.0 * n) for n in range(9)
    ]
    claim = next(each for each in claims(compared(dated, *odd)) if each.key == "weight")
    assert claim.data.startswith("300 kcal gross a week, without the sessions whose day")


@pytest.mark.parametrize(("days", "weeks"), [(2, "1 week"), (11, "2 weeks")])
def test_weeks_behind_are_never_none(days: float, weeks: str) -> None:
    found = compared(session("a", 0, both_ways()), session("b", days, both_ways()))
    (claim,) = (each for each in claims(found) if each.key == "weeks")
    assert claim.data.startswith(f"{weeks} with 2 backward sessions so far.")


def test_economy_is_told_in_per_cent_of_where_it_began() -> None:
    # 300 s at 2.5 m/s; beats so that metres per beat are 1.00, 1.02, 1.04 ...
    ahead = [stretch(0, 300, beats=750 / (1 + 0.02 * n), beats_s=300.0) for n in range(6)]
    back = stretch(300, 60, "backward")
    sessions = [session(f"s{n}", 7 * n, [each, back]) for n, each in enumerate(ahead)]
    claim = next(each for each in claims(compared(*sessions)) if each.key == "economy")
    assert "Forward metres per heartbeat (rising): +2.00 % a week" in claim.data
    assert claim.measured is not None
    assert claim.measured.value == pytest.approx(2.0)


@pytest.mark.parametrize(("apart_s", "count"), [(30.0, 1), (31.0, 2), (3600.0, 2)])
def test_two_runs_are_one_only_within_half_a_minute(apart_s: float, count: int) -> None:
    first = session("a", 0, both_ways())
    second = replace(first, id="b", start_time_s=first.start_time_s + apart_s)
    assert compared(first, second).sessions == count


def recorded(made: Session, name: str, later_s: float = 0.0, **known: object) -> Session:
    """Another recording of the same activity, begun a little later."""
    start_s = made.start_time_s + later_s
    return replace(made, id=name, start_time_s=start_s, **known)  # type: ignore[arg-type]


def test_the_choice_between_recordings_of_an_activity_does_not_hang_on_ids() -> None:
    # a de-identified copy has other ids: it must come to the same numbers
    first = session("a", 0, both_ways(10.0))
    other = recorded(session("b", 0, both_ways(14.0)), "b", distance_m=965.0)
    swapped = replace(first, id="b"), replace(other, id="a")
    kept, kept_swapped = (each_once(pair, SETTINGS)[0] for pair in ((first, other), swapped))
    assert kept.distance_m == kept_swapped.distance_m == 966.0  # 2.3 m/s for 420 s: the longer one
    beats = replace(first.measures, totals={"forward": Totals(beats=700.0)})
    richer = replace(first, id="c", measures=beats)
    for own, theirs in (("a", "b"), ("b", "a")):
        pair = replace(richer, id=own), replace(first, id=theirs)
        assert each_once(pair, SETTINGS)[0].id == own


def test_the_recording_that_knows_more_of_the_body_stands_then_the_one_with_a_compass() -> None:
    # as an archive chooses at import, which tests/ingest holds
    watch = session("watch", 0, both_ways())
    compass = structs.replace(watch.heading, kind="compass")
    body = dict.fromkeys(("heart_rate", "cadence", "position"), 1.0)
    place = dict.fromkeys(("position", "altitude", "speed", "temperature"), 1.0)
    watch = replace(watch, channels=body)
    phone = recorded(watch, "phone", 5.0, channels=place, heading=compass)
    assert [each.id for each in each_once([watch, phone], SETTINGS)] == ["watch"]
    plain = recorded(watch, "plain", 5.0, channels=place)
    assert [each.id for each in each_once([plain, phone], SETTINGS)] == ["phone"]


def test_what_came_before_a_session_counts_each_activity_once() -> None:
    first, second = session("a", 0, both_ways()), session("b", 7, both_ways())
    copies = [recorded(each, f"{each.id}2", 12.0) for each in (first, second)]
    before = earlier_sessions([first, second, *copies], SETTINGS)
    assert before["a"].backward_sessions == before["a2"].backward_sessions == 0
    assert before["a2"].longest_m["backward"] == 0.0  # its own other recording is not before it
    assert before["b"].backward_sessions == before["b2"].backward_sessions == 1
    assert before["b2"] == before["b"]


def test_the_dose_of_a_week_counts_each_activity_once() -> None:
    first, second = session("a", 0, both_ways()), session("b", 7, both_ways())
    copies = [recorded(each, f"{each.id}2", 12.0) for each in (first, second)]
    found = doses([first, second, *copies], SETTINGS)
    assert [each.backward_s for each in found] == [120.0, 120.0]  # not 240
    assert [(each.sessions, each.stretches) for each in found] == [(1, 1), (1, 1)]
    assert [each.spike for each in found] == [None, 1.0]


def test_a_short_part_that_begins_between_two_recordings_of_an_activity_hides_neither() -> None:
    # a watch, a phone that was stopped after a minute, and a platform's copy of the watch's file
    watch = session("watch", 0, both_ways())
    phone = recorded(session("phone", 0, [stretch(0, 60)]), "phone", 5.0)
    copy = recorded(watch, "copy", 8.0)
    assert [each.id for each in each_once([watch, phone, copy], SETTINGS)] == ["watch", "phone"]
    weeks = doses([watch, phone, copy], SETTINGS)
    assert [each.backward_s for each in weeks] == [120.0]  # not 240
