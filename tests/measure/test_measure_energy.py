import numpy as np
import pytest
from hand_made import START_S, found, part, track_of
from msgspec.structs import replace

from retrorun.measure import measure
from retrorun.measure.energy import keytel, keytel_refusal
from retrorun.model import Athlete, Direction, Energy, Estimate, Measures, Segment, Track
from retrorun.settings import MeasureSettings

SETTINGS = MeasureSettings()
DIRECTIONS: tuple[Direction, ...] = ("forward", "backward")
ATHLETE = Athlete(mass_kg=70.0, birth_year=1996, sex="male", hr_rest_bpm=50, hr_max_bpm=190)


def measured(track: Track, segments: list[Segment], athlete: Athlete = ATHLETE) -> Measures:
    return measure(track, found(*segments), athlete, SETTINGS)


def energy_of(measures: Measures, index: int = 0) -> Energy:
    energy = measures.segments[index].metrics.energy_shown
    assert energy is not None
    return energy


def test_keytel_by_hand() -> None:
    rate = np.array([150.0])
    # -55.0969 + 0.6309·150 + 0.1988·70 + 0.2017·30
    assert keytel(rate, 70, 30, "male")[0] == pytest.approx(59.5051)
    # -20.4022 + 0.4472·150 - 0.1263·60 + 0.0740·30
    assert keytel(rate, 60, 30, "female")[0] == pytest.approx(41.3198)


def test_forward_energy_by_hand() -> None:
    # S = 180 m/min: 39.5 ml/kg/min for 10 min, 70 kg: 27.65 l, 138.25 kcal; rest 12.25
    energy = energy_of(measured(track_of(600, ground_speed_mps=3.0, grade=0.0), [part(0, 600)]))
    assert energy.gross == pytest.approx(138.25)
    assert energy.active == pytest.approx(126.0)
    assert energy.low == pytest.approx(138.25 * 0.93)
    assert energy.high == pytest.approx(138.25 * 1.07)


def test_backward_energy_is_the_literature_s_band_times_forward() -> None:
    track = track_of(600, ground_speed_mps=3.0, grade=0.0)
    energy = energy_of(measured(track, [part(0, 600, "backward")]))
    assert energy.gross == pytest.approx(138.25 * 1.35)
    # band 1.25 to 1.45 and 7 % of 1.35, in squares
    reach = np.hypot(0.10, 0.07 * 1.35)
    assert energy.low == pytest.approx(138.25 * (1.35 - reach))
    assert energy.high == pytest.approx(138.25 * (1.35 + reach))


def test_backward_walking_has_its_own_band() -> None:
    # S = 60 m/min: 9.5 ml/kg/min for 10 min, 70 kg: 33.25 kcal, times 1.4
    track = track_of(600, ground_speed_mps=1.0, grade=0.0)
    energy = energy_of(measured(track, [part(0, 600, "backward", "walk")]))
    assert energy.gross == pytest.approx(33.25 * 1.4)


def test_heart_rate_energy_never_pays_twice_for_going_backward() -> None:
    track = track_of(1200, ground_speed_mps=3.0, grade=0.0, heart_rate_bpm=150.0)
    both = [
        measured(track, [part(0, 600), part(600, 1200, direction)]).segments[1].metrics.energies
        for direction in DIRECTIONS
    ]
    ahead, back = (next(e for e in each if e.method == "heart rate") for each in both)
    assert ahead == back
    # 59.5051 kJ/min for 10 min
    assert back.gross == pytest.approx(59.5051 * 10 / 4.184)


@pytest.mark.parametrize("heart_rate", [100.0, 175.0])
def test_no_heart_rate_energy_outside_its_range(heart_rate: float) -> None:
    # tested at 57-90 % of 190: 108.3 to 171
    track = track_of(900, ground_speed_mps=3.0, grade=0.0, heart_rate_bpm=heart_rate)
    energies = measured(track, [part(0, 900)]).segments[0].metrics.energies
    assert [each.method for each in energies] == ["speed"]


def test_no_heart_rate_energy_in_the_first_minutes() -> None:
    track = track_of(170, ground_speed_mps=3.0, grade=0.0, heart_rate_bpm=150.0)
    energies = measured(track, [part(0, 170)]).segments[0].metrics.energies
    assert [each.method for each in energies] == ["speed"]


@pytest.mark.parametrize(
    ("athlete", "word"),
    [
        (Athlete(), "needs"),
        (Athlete(mass_kg=70, birth_year=1950, sex="male"), "years"),
        (Athlete(mass_kg=30, birth_year=1996, sex="male"), "kg only"),
    ],
)
def test_heart_rate_energy_is_refused_in_words(athlete: Athlete, word: str) -> None:
    assert word in (keytel_refusal(athlete, START_S) or "")


@pytest.mark.parametrize("start_s", [631_065_600.0, 4_294_967_295.0])
def test_a_clock_that_was_wrong_tells_no_age(start_s: float) -> None:
    """At FIT's first second, a man of 66 would be 29; where its clock ends, 146."""
    born_1960 = Athlete(mass_kg=70, birth_year=1960, sex="male", hr_rest_bpm=50)
    track = track_of(1200, ground_speed_mps=3.0, grade=0.0, heart_rate_bpm=130.0)
    measures = measured(replace(track, start_time_s=start_s), [part(0, 1200)], born_1960)
    assert [each.method for each in measures.segments[0].metrics.energies] == ["speed"]
    assert measures.heart == {}
    notes = {each.slug: each.message for each in measures.notes}
    assert "the clock of this recording was wrong" in notes["no-heart-rate-energy"]
    assert "heart-rate-maximum-default" not in notes


def test_without_mass_energy_is_per_kilogram_and_says_how_to_set_it() -> None:
    track = track_of(600, ground_speed_mps=3.0, grade=0.0)
    measures = measured(track, [part(0, 600)], Athlete())
    assert energy_of(measures).per_kg
    assert energy_of(measures).gross == pytest.approx(138.25 / 70)
    assert measures.totals["forward"].energy_kcal is None
    assert any("mass_kg=" in note.message for note in measures.notes)


def test_own_factor_is_shown_if_it_is_narrow_enough() -> None:
    track = track_of(600, ground_speed_mps=3.0, grade=0.0)
    narrow = Athlete(mass_kg=70, cost_factor=Estimate(1.5, 1.45, 1.55, "kinetics"))
    wide = Athlete(mass_kg=70, cost_factor=Estimate(1.5, 1.1, 2.0, "kinetics"))
    back = [part(0, 600, "backward")]
    assert energy_of(measured(track, back, narrow)).gross == pytest.approx(138.25 * 1.5)
    assert len(measured(track, back, narrow).segments[0].metrics.energies) == 2
    assert energy_of(measured(track, back, wide)).gross == pytest.approx(138.25 * 1.35)


def test_own_factor_leaves_forward_energy_alone() -> None:
    track = track_of(600, ground_speed_mps=3.0, grade=0.0)
    narrow = Athlete(mass_kg=70, cost_factor=Estimate(1.5, 1.45, 1.55, "kinetics"))
    assert energy_of(measured(track, [part(0, 600)], narrow)).gross == pytest.approx(138.25)


def test_standing_still_costs_rest_and_nothing_above_it() -> None:
    # 3.5 ml/kg/min for 10 min, 70 kg: 12.25 kcal
    track = track_of(600, ground_speed_mps=0.2, grade=0.0)
    energy = energy_of(measured(track, [part(0, 600, "still", "still")]))
    assert energy.gross == pytest.approx(12.25)
    assert energy.active == pytest.approx(0.0)


def test_without_speed_or_heart_rate_there_is_no_energy() -> None:
    measures = measured(track_of(600, cadence_spm=170.0), [part(0, 600)])
    assert measures.segments[0].metrics.energies == ()
    assert measures.totals["forward"].energy_kcal is None


def test_the_band_of_an_unknown_direction_reaches_up_to_backward() -> None:
    track = track_of(600, ground_speed_mps=3.0, grade=0.0)
    energy = energy_of(measured(track, [part(0, 600, "unknown")]))
    assert energy.gross == pytest.approx(138.25)
    assert energy.low == pytest.approx(138.25 * 0.93)
    # up to 1.45 times, and 7 %, in squares
    assert energy.high == pytest.approx(138.25 * (1 + np.hypot(0.45, 0.07)))


def test_totals_hold_each_energy_under_its_own_name() -> None:
    track = track_of(1200, ground_speed_mps=3.0, grade=0.0)
    total = measured(track, [part(0, 600), part(600, 1200)]).totals["forward"]
    assert total.energy_kcal == pytest.approx(2 * 138.25)
    assert total.active_kcal == pytest.approx(2 * 126.0)
    assert total.low_kcal == pytest.approx(2 * 138.25 * 0.93)
    assert total.high_kcal == pytest.approx(2 * 138.25 * 1.07)
