"""TCX: laps and pauses, treadmill, several activities, and the three exports of one run."""

from pathlib import Path

import numpy as np
import pytest

from processor_time import is_cheap
from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, Recording
from retrorun.readers import read
from retrorun.settings import ReadLimits

START_S = 1_777_793_400.0  # 2026-05-03T07:30:00Z


def _point(second: int, inside: str = "") -> str:
    return f"<Trackpoint><Time>2026-05-03T07:30:{second:02d}Z</Time>{inside}</Trackpoint>"


def _track(first: int, last: int, inside: str = "") -> str:
    return "<Track>" + "".join(_point(at, inside) for at in range(first, last)) + "</Track>"


def _lap(start: int, inside: str, seconds: int = 10, notes: str = "") -> str:
    return (
        f'<Lap StartTime="2026-05-03T07:30:{start:02d}Z"><TotalTimeSeconds>{seconds}'
        "</TotalTimeSeconds><DistanceMeters>25</DistanceMeters><Calories>3</Calories>"
        f"<TriggerMethod>Manual</TriggerMethod>{inside}<Notes>{notes}</Notes></Lap>"
    )


def _tcx(*activities: tuple[str, str]) -> bytes:
    body = "".join(
        f'<Activity Sport="{sport}"><Id>x</Id>{laps}<Creator><Name>A watch</Name></Creator>'
        "</Activity>"
        for sport, laps in activities
    )
    namespace = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    head = f'<TrainingCenterDatabase xmlns="{namespace}"><Activities>'
    return f"{head}{body}</Activities></TrainingCenterDatabase>".encode()


def _read(data: bytes) -> Export:
    return read("a.tcx", data, ReadLimits())


def test_laps_totals_and_device() -> None:
    laps = _lap(0, _track(0, 10), notes="warm up") + _lap(10, _track(10, 20), notes="back")
    (run,) = _read(_tcx(("Running", laps))).recordings
    assert [(lap.start_time_s - START_S, lap.end_time_s - START_S) for lap in run.laps] == [
        (0, 10),
        (10, 20),
    ]
    assert [(lap.name, lap.trigger) for lap in run.laps] == [
        ("warm up", "manual"),
        ("back", "manual"),
    ]
    assert (run.distance_m, run.energy_kcal, run.device) == (50, 6, "A watch")
    assert len(run.time_s) == 20


def test_a_second_track_in_a_lap_is_a_pause() -> None:
    laps = _lap(0, _track(0, 5) + _track(30, 35)) + _lap(40, _track(40, 45))
    (run,) = _read(_tcx(("Running", laps))).recordings
    assert [(p.start_time_s - START_S, p.end_time_s - START_S) for p in run.pauses] == [(4, 30)]
    assert [at - START_S for at in run.breaks_s] == [30]


def test_treadmill_distance_without_position() -> None:
    inside = "<DistanceMeters>7.5</DistanceMeters><Cadence>84</Cadence>"
    (run,) = _read(_tcx(("Running", _lap(0, _track(0, 5, inside))))).recordings
    assert set(run.columns) == {"distance_m", "cadence_spm"}
    assert run.columns["cadence_spm"].tolist() == [168] * 5


def test_run_cadence_and_speed_in_extensions_and_heart_rate_zero() -> None:
    inside = (
        "<HeartRateBpm><Value>0</Value></HeartRateBpm><Extensions>"
        '<TPX xmlns="http://www.garmin.com/xmlschemas/ActivityExtension/v2">'
        "<Speed>2.5</Speed><RunCadence>88</RunCadence><Watts>240</Watts></TPX></Extensions>"
    )
    (run,) = _read(_tcx(("Running", _lap(0, _track(0, 5, inside))))).recordings
    assert run.columns["speed_mps"].tolist() == [2.5] * 5
    assert run.columns["cadence_spm"].tolist() == [176] * 5
    assert run.columns["power_w"].tolist() == [240] * 5
    assert "heart_rate_bpm" not in run.columns


@pytest.mark.parametrize(
    ("name", "given"), [("StepRate", 176), ("StepCadence", 176), ("CADENCE", 88)]
)
def test_step_rates_by_the_names_of_other_exporters(name: str, given: int) -> None:
    inside = f"<Extensions><x:{name}>{given}</x:{name}></Extensions>"
    (run,) = _read(_tcx(("Running", _lap(0, _track(0, 5, inside))))).recordings
    assert run.columns["cadence_spm"].tolist() == [176] * 5


def test_laps_without_track_points_are_named_with_what_they_hold() -> None:
    """Three kilometres in 20 min, then 10 min uncounted; the ride beside them is not meant."""
    laps = "".join(
        f'<Lap StartTime="2026-05-03T07:{at:02d}:00Z"><TotalTimeSeconds>600</TotalTimeSeconds>{way}'
        "</Lap>"
        for at, way in (
            (0, "<DistanceMeters>2000</DistanceMeters>"),
            (10, "<DistanceMeters>1000.4</DistanceMeters>"),
            (20, ""),
        )
    )
    with pytest.raises(NotARunError) as caught:
        _read(_tcx(("Running", laps), ("Biking", laps)))
    assert caught.value.slug == "tcx-no-track"
    assert "3000 m in 30 min" in caught.value.message
    assert "Export the recording itself" in str(caught.value)


def test_laps_of_a_ride_without_track_points_are_no_run() -> None:
    with pytest.raises(NotARunError) as caught:
        _read(_tcx(("Biking", _lap(0, "")), ("Biking", _lap(10, "<Track/>"))))
    assert caught.value.slug == "not-a-run"


def test_several_activities_and_only_those_on_foot() -> None:
    export = _read(
        _tcx(("Running", _lap(0, _track(0, 5))), ("Biking", _lap(9, _track(9, 12)))),
    )
    assert [run.sport for run in export.recordings] == ["running"]
    assert [note.slug for note in export.passed_over] == ["other-sport"]
    with pytest.raises(NotARunError):
        _read(_tcx(("Biking", _lap(0, _track(0, 5)))))


def test_broken_off_keeps_laps_and_points() -> None:
    whole = _tcx(("Running", _lap(0, _track(0, 10)) + _lap(10, _track(10, 20))))
    cut = whole.index(b"07:30:15Z")
    export = _read(whole[:cut])
    (run,) = export.recordings
    assert len(run.time_s) >= 14
    assert [lap.start_time_s - START_S for lap in run.laps] == [0, 10]
    assert export.source.salvaged


def _value(run: Recording, channel: str, time_s: float) -> float:
    held = np.isfinite(run.columns[channel]) & (np.abs(run.time_s - time_s) < 0.5)
    return float(run.columns[channel][held][0]) if held.any() else float("nan")


def test_three_exports_of_one_run_agree(corpus: Path) -> None:
    """Time to the second, position to 1e-5°, heart rate exactly; the site corrected the heights."""
    runs = {
        kind: read(kind, (corpus / kind / f"testdata.{kind}").read_bytes(), ReadLimits())
        for kind in ("fit", "gpx", "tcx")
    }
    fit = runs["fit"].recordings[0]
    tolerances = {
        "latitude_deg": 1e-5,
        "longitude_deg": 1e-5,
        "heart_rate_bpm": 0.0,
        "altitude_m": 10.1,
    }
    for kind in ("gpx", "tcx"):
        other = runs[kind].recordings[0]
        assert other.time_s[0] == fit.time_s[0]
        assert other.time_s[-1] == fit.time_s[-1]
        assert other.sport == fit.sport == "running"
        for channel, tolerance in tolerances.items():
            ours = np.array([_value(fit, channel, at) for at in fit.time_s])
            theirs = np.array([_value(other, channel, at) for at in fit.time_s])
            both = np.isfinite(ours) & np.isfinite(theirs)
            assert both.sum() > 40
            assert np.abs(ours - theirs)[both].max() <= tolerance, (kind, channel)


def test_a_document_full_of_activities_is_refused_before_it_costs_time() -> None:
    activity = b'<Activity Sport="Running"><Id/></Activity>'
    data = b"<TrainingCenterDatabase><Activities>" + activity * 200_000

    def work() -> None:
        with pytest.raises(ReadError) as caught:
            read("a.tcx", data, ReadLimits())
        assert caught.value.slug == "too-many-activities"

    assert is_cheap(work, 5)


def _odometer(first: int, last: int) -> str:
    points = (
        _point(at, f"<DistanceMeters>{2.5 * at}</DistanceMeters>") for at in range(first, last)
    )
    return f"<Track>{''.join(points)}</Track>"


def test_laps_at_the_end_that_have_totals_and_no_points_go_on_with_the_odometer() -> None:
    """Two laps of 25 m with points, up to 47.5 m, and two of 25 m without."""
    laps = _lap(0, _odometer(0, 10)) + _lap(10, _odometer(10, 20)) + _lap(20, "") + _lap(30, "")
    (run,) = _read(_tcx(("Running", laps))).recordings
    assert np.unique(run.time_s[-4:] - START_S).tolist() == [20, 30, 40]
    assert run.columns["distance_m"][-1] == 97.5
    assert [note.slug for note in run.notes] == ["laps-without-points"]


@pytest.mark.parametrize(
    "more",
    [
        _lap(20, "").replace("07:30:20Z", "09:30:20Z"),  # by another clock
        _lap(20, "").replace("<DistanceMeters>25</DistanceMeters>", ""),
    ],
)
def test_a_lap_without_points_at_another_time_or_without_metres_adds_nothing(more: str) -> None:
    (run,) = _read(_tcx(("Running", _lap(0, _odometer(0, 20), seconds=20) + more))).recordings
    assert run.columns["distance_m"][-1] == 47.5
    assert run.time_s.size == 20


@pytest.mark.parametrize(("last", "metres"), [(41, 100.0), (40, 97.5), (35, 100.0)])
def test_metres_of_laps_whose_points_stand_in_the_first_count_once(
    last: int, metres: float
) -> None:
    """Four laps of 10 s and 25 m; all points, up to 5 s before the end, stand in the first."""
    laps = _lap(0, _odometer(0, last)) + _lap(10, "") + _lap(20, "") + _lap(30, "")
    (run,) = _read(_tcx(("Running", laps))).recordings
    assert run.columns["distance_m"][-1] == pytest.approx(metres, abs=0.01)
    adds = last < 40
    assert [note.slug for note in run.notes] == ["laps-without-points"] * adds
