"""What is not known is None and spends nothing; what is known is not spread over the rest."""

from hand_made import found, part, track_of

from retrorun.measure import measure
from retrorun.model import Athlete, Measures, Metrics, Segment, Totals, Track
from retrorun.settings import MeasureSettings

RUNNER = Athlete(mass_kg=70.0, birth_year=1996, sex="male", hr_rest_bpm=50, hr_max_bpm=190)


def measured(track: Track, *segments: Segment, athlete: Athlete = RUNNER) -> Measures:
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
    unknown, known, nothing = (
        Totals(seconds=60.0, distance_m=None),
        Totals(30.0, 30.0, 90.0),
        Totals(),
    )
    assert (unknown + known).distance_m == 90.0
    assert (known + known).distance_m == 180.0
    assert (unknown + unknown).distance_m is None
    assert (unknown + nothing).distance_m is None
    assert (nothing + nothing).distance_m == 0.0
    assert Totals.of(()).distance_m == 0.0
