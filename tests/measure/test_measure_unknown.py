"""What is not known is None and spends nothing; what is known is not spread over the rest."""

import numpy as np
import pytest
from hand_made import found, part, track_of

from retrorun.measure import measure
from retrorun.model import Athlete, Measures, Metrics, Segment, Totals, Track
from retrorun.settings import MeasureSettings

ATHLETE = Athlete(mass_kg=70.0, birth_year=1996, sex="male", hr_rest_bpm=50, hr_max_bpm=190)


def measured(track: Track, *segments: Segment, athlete: Athlete = ATHLETE) -> Measures:
    return measure(track, found(*segments), athlete, MeasureSettings())


def only(track: Track, segment: Segment) -> Metrics:
    return measured(track, segment).segments[0].metrics


def test_a_distance_nobody_knows_is_none_in_the_totals() -> None:
    found_totals = measured(track_of(600, cadence_spm=170.0), part(0, 600)).totals
    assert found_totals["forward"].distance_m is None
    assert found_totals["forward"].seconds == 600.0
    # there was no backward segment: that is no metre, not an unknown one
    assert found_totals["backward"].distance_m == 0.0


def test_distances_add_as_energies_do() -> None:
    unknown, known = Totals(seconds=60.0, distance_m=None), Totals(30.0, 30.0, 90.0)
    nothing = Totals()
    assert (unknown + known).distance_m == 90.0
    assert (known + known).distance_m == 180.0
    assert (unknown + unknown).distance_m is None
    assert (unknown + nothing).distance_m is None
    assert (nothing + nothing).distance_m == 0.0
    assert Totals.of(()).distance_m == 0.0


def test_a_still_segment_of_unknown_speed_spends_no_resting_energy() -> None:
    # no satellites, 150 beats and 170 steps a minute: whatever it was, it was not rest
    track = track_of(600, cadence_spm=170.0, heart_rate_bpm=150.0)
    metrics = only(track, part(0, 600, "still", "still"))
    assert [each.method for each in metrics.energies] == ["heart rate"]
    # 59.5051 kJ/min by Keytel for 10 min
    assert metrics.energies[0].gross == pytest.approx(59.5051 * 10 / 4.184)
    quiet = only(track_of(600, cadence_spm=np.nan), part(0, 600, "still", "still"))
    assert quiet.energies == ()


def holed(**columns: float) -> Track:
    """Ten minutes at 3 m/s, of which satellites were lost from 200 to 400 s; steps all along."""
    speed = np.full(600, 3.0)
    speed[200:400] = np.nan
    return track_of(600, ground_speed_mps=speed, cadence_spm=170.0, grade=0.0, **columns)


def test_a_hole_in_the_position_slows_nobody() -> None:
    metrics = only(holed(), part(0, 600))
    assert (metrics.seconds, metrics.moving_s) == (600.0, 600.0)
    assert metrics.speed_mps == pytest.approx(3.0)
    assert metrics.pace_s_per_km == pytest.approx(1000 / 3)
    assert metrics.step_length_m == pytest.approx(3.0 * 60 / 170)
    # the metres that are known, not those of the hole
    assert metrics.distance_m == pytest.approx(1200.0)


def test_energy_is_of_the_whole_segment_at_the_mean_of_its_known_seconds() -> None:
    # 39.5 ml/kg/min for 10 min, 70 kg: 138.25 kcal, of which 12.25 at rest; as without the hole
    energy = only(holed(), part(0, 600)).energy_shown
    assert energy is not None
    assert energy.gross == pytest.approx(138.25)
    assert energy.active == pytest.approx(126.0)
    assert energy.low == pytest.approx(138.25 * 0.93)


def test_too_little_known_speed_gives_no_energy_by_speed() -> None:
    track = holed(heart_rate_bpm=150.0)
    # known are 300 of 500 s
    energies = measured(track, part(0, 100), part(100, 600)).segments[1].metrics.energies
    assert [each.method for each in energies] == ["speed", "heart rate"]
    # and 100 of 300 s
    late = measured(track, part(0, 150), part(150, 450), part(450, 600)).segments[1].metrics
    assert [each.method for each in late.energies] == ["heart rate"]


def test_grade_adjusted_pace_of_walking_is_that_of_walking() -> None:
    # Minetti at +10 %: running 5.968214 of 3.6 J/(kg·m), walking 4.899135 of 2.5
    track = track_of(100, ground_speed_mps=1.5, grade=0.1)
    walked, ran = only(track, part(0, 100, gait="walk")), only(track, part(0, 100))
    assert walked.adjusted_pace_s_per_km == pytest.approx(1000 / (1.5 * 4.899135 / 2.5))
    assert ran.adjusted_pace_s_per_km == pytest.approx(1000 / (1.5 * 5.968214 / 3.6))


def every_twelfth(seconds: int, **columns: float) -> Track:
    """A recording that keeps one sample in twelve seconds."""
    kept = np.arange(seconds) % 12 == 0
    sparse = {name: np.where(kept, value, np.nan) for name, value in columns.items()}
    return track_of(seconds, **sparse)


def test_moving_time_of_a_sparse_recording_stands_for_what_lies_between_its_samples() -> None:
    # 75 of 75 samples of 900 s in motion
    metrics = only(every_twelfth(900, cadence_spm=170.0), part(0, 900))
    assert metrics.moving_s == pytest.approx(900.0)
    # every second sample in motion
    steps = np.where(np.arange(900) % 24 == 0, 170.0, 0.0)
    half = only(every_twelfth(900, cadence_spm=steps), part(0, 900))  # type: ignore[arg-type]
    assert half.moving_s == pytest.approx(75 / 2 / 75 * 900, abs=12)


def test_a_gap_is_not_moving_time() -> None:
    # half a minute of running, then nine minutes and a half of nothing
    speed = np.where(np.arange(600) < 30, 3.0, np.nan)
    assert only(track_of(600, ground_speed_mps=speed), part(0, 600)).moving_s == 30.0
