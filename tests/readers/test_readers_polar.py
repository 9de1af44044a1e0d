"""Polar's training sessions: every value by hand, and other JSON files are passed over."""

import copy
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrorun import pipeline, storage
from retrorun.errors import NotARunError, ReadError
from retrorun.model import Analysis, Athlete, Blob, Export
from retrorun.readers import members, read
from retrorun.settings import ReadLimits, Settings

LIMITS = ReadLimits()
START = datetime(2026, 5, 1, 14, 0, 0)  # noqa: DTZ001 - the file's local time
START_S = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC).timestamp()  # two hours east of UTC
OTHERS = {
    "activity-2026-05-01.json": {"exportVersion": "1.6", "date": "2026-05-01", "summary": {}},
    "run.fit.truth.json": {"intervals": [{"start_s": 0.0, "end_s": 1.0}]},
    "gym.json": {"exportVersion": 1, "sessions": [{"exercises": [{"name": "Row"}]}]},
    "list.json": [],
}


def moment(second: float) -> str:
    return (START + timedelta(seconds=second)).isoformat(timespec="milliseconds")


def series(*values: float | str | None) -> list[dict[str, Any]]:
    """A sample a second; None leaves the value out."""
    return [
        {"dateTime": moment(at)} | ({} if value is None else {"value": value})
        for at, value in enumerate(values)
    ]


def exercise(seconds: int = 5, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    route = [
        {
            "dateTime": moment(at),
            "longitude": 14.5,
            "latitude": 46.0 + 2.7e-5 * at,
            "altitude": 300.0 + at,
        }
        for at in range(seconds)
    ]
    samples = {
        "heartRate": series(*range(120, 120 + seconds)),
        "speed": series(*[10.8] * seconds),
        "cadence": series(*[85] * seconds),
        "distance": series(*[3.0 * at for at in range(seconds)]),
        "recordedRoute": route,
    }
    return {
        "startTime": moment(0),
        "stopTime": moment(seconds),
        "timezoneOffset": 120,
        "duration": f"PT{seconds}S",
        "distance": 12.0,
        "kiloCalories": 40,
        "sport": "TRAIL_RUNNING",
        "samples": samples,
    } | more


def session(*exercises: dict[str, Any], **more: Any) -> bytes:  # noqa: ANN401 - any JSON
    head = {"exportVersion": "2.6", "name": "Evening run", "startTime": moment(0)}
    whole = head | {"deviceId": "AB12", "exercises": list(exercises)} | more
    return json.dumps(whole).encode()


def polar(data: bytes, limits: ReadLimits = LIMITS) -> Export:
    return read("training-session.json", data, limits)


def test_samples_of_all_sensors_are_one_recording_in_si_units() -> None:
    export = polar(session(exercise()))
    assert (export.source.format, export.source.device) == ("polar", "Polar AB12")
    (run,) = export.recordings
    assert run.time_s.tolist() == [START_S + at for at in range(5)]
    assert run.columns["heart_rate_bpm"].tolist() == [120, 121, 122, 123, 124]
    assert run.columns["speed_mps"] == pytest.approx([3.0] * 5)
    assert run.columns["distance_m"].tolist() == [0, 3, 6, 9, 12]
    assert run.columns["altitude_m"].tolist() == [300, 301, 302, 303, 304]
    assert run.columns["latitude_deg"] == pytest.approx(46.0 + 2.7e-5 * np.arange(5))
    assert run.columns["cadence_spm"].tolist() == [170] * 5  # one leg was counted
    assert (run.sport, run.name, run.utc_offset_s) == ("trail running", "Evening run", 7200.0)
    assert (run.distance_m, run.energy_kcal) == (12.0, 40.0)


def test_what_was_not_measured_is_missing() -> None:
    run = exercise()
    run["samples"]["heartRate"] = series(120, None, "NaN", 123, float("nan"))
    (found,) = polar(session(run)).recordings
    expected = np.array([120, np.nan, np.nan, 123, np.nan])
    assert np.array_equal(found.columns["heart_rate_bpm"], expected, equal_nan=True)


def test_sensors_with_times_of_their_own_are_put_on_one_axis() -> None:
    run = exercise(2)
    run["samples"]["heartRate"] = [{"dateTime": moment(0.5), "value": 150}]
    (found,) = polar(session(run)).recordings
    assert found.time_s.tolist() == [START_S, START_S + 0.5, START_S + 1]
    expected = np.array([np.nan, 150, np.nan])
    assert np.array_equal(found.columns["heart_rate_bpm"], expected, equal_nan=True)


def test_the_barometer_goes_before_the_receiver() -> None:
    run = exercise()
    run["samples"]["altitude"] = series(*[250.0] * 5)
    (found,) = polar(session(run)).recordings
    assert found.columns["altitude_m"].tolist() == [250.0] * 5


@pytest.mark.parametrize(
    ("of_exercise", "of_session", "hours"),
    [
        ({"timezoneOffset": -330}, {"timeZoneOffset": 60}, -5.5),
        ({"timezoneOffset": None}, {"timeZoneOffset": 60}, 1),
    ],
)
def test_the_zone_is_the_exercises_else_the_sessions(
    of_exercise: dict[str, Any], of_session: dict[str, Any], hours: float
) -> None:
    (found,) = polar(session(exercise(**of_exercise), **of_session)).recordings
    assert found.utc_offset_s == hours * 3600
    assert found.time_s[0] == START_S + 7200 - hours * 3600


def test_without_a_zone_times_count_as_utc_with_a_note() -> None:
    (found,) = polar(session(exercise(timezoneOffset=None))).recordings
    assert (found.utc_offset_s, float(found.time_s[0])) == (None, START_S + 7200)
    assert "zone-unknown" in [note.slug for note in found.notes]


def test_laps_have_the_files_times() -> None:
    laps = [{"startTime": moment(0), "stopTime": moment(3), "distance": 9.0}, {"lapNumber": 2}]
    (found,) = polar(session(exercise(laps=laps))).recordings
    (lap,) = found.laps
    assert (lap.start_time_s, lap.end_time_s, lap.distance_m) == (START_S, START_S + 3, 9.0)


def test_other_sports_are_named_and_passed_over() -> None:
    swim = exercise(sport="POOL_SWIMMING")
    export = polar(session(exercise(), swim))
    assert len(export.recordings) == 1
    assert [note.message for note in export.passed_over] == ["pool swimming: not on foot"]
    with pytest.raises(NotARunError) as refused:
        polar(session(swim))
    assert refused.value.slug == "not-a-run"


@pytest.mark.parametrize(
    ("change", "slug"),
    [
        ({"samples": {}}, "polar-no-samples"),
        ({"samples": None}, "polar-no-samples"),
        ({"samples": {"heartRate": [{"dateTime": "noon", "value": 1}] * 9}}, "no-time"),
        ({"samples": {"heartRate": [1, "a", None, {"dateTime": 5}]}}, "no-time"),
    ],
)
def test_a_session_without_usable_samples_has_a_reason(change: dict[str, Any], slug: str) -> None:
    with pytest.raises((ReadError, NotARunError)) as refused:
        polar(session(exercise(**change)))
    assert refused.value.slug == slug


@pytest.mark.parametrize(
    "tail", [b"", b'"a":' + b"[" * 100_000, b'"a":"\xff"}', b'"a":' + b"9" * 9999 + b","]
)
def test_what_breaks_off_is_refused_with_its_place(tail: bytes) -> None:
    with pytest.raises(ReadError) as refused:
        polar(session(exercise())[:-1] + b"," + tail)
    assert refused.value.slug == "json-broken"


@pytest.mark.parametrize("limits", [ReadLimits(samples=4), ReadLimits(xml_elements=20)])
def test_too_much_is_refused_by_name(limits: ReadLimits) -> None:
    with pytest.raises(ReadError) as refused:
        polar(session(exercise()), limits)
    assert refused.value.slug.startswith("too-many-")


def test_no_value_of_any_kind_is_more_than_left_out() -> None:
    odd: list[Any] = [None, True, -1, 1e308, 10**400, "x", [], {}, [[]], float("inf")]
    whole = json.loads(session(exercise()))
    for value in odd:
        for path in (["exercises", 0, key] for key in exercise()):
            changed = copy.deepcopy(whole)
            changed[path[0]][path[1]][path[2]] = value
            try:
                export = polar(json.dumps(changed).encode())
            except (ReadError, NotARunError):
                continue
            assert all(np.isfinite(run.time_s).all() for run in export.recordings)


def test_a_whole_session_goes_through_the_pipeline() -> None:
    outcome = pipeline.process(
        Blob("training-session.json", session(exercise(120))), Settings(), Athlete()
    )
    assert isinstance(outcome, Analysis)
    assert outcome.sessions[0].duration_s == 120


def test_other_json_files_beside_exports_are_passed_over(tmp_path: Path) -> None:
    for name, content in OTHERS.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "broken.json").write_bytes(b"\x00\xff{")
    (tmp_path / "training-session-1.json").write_bytes(session(exercise()))
    store = storage.open_store(tmp_path)
    found = [entry.name for entry in storage.exports(store, store.entries(), lambda _: False)]
    assert found == ["training-session-1.json"]


def test_members_of_an_archive_are_recognised_by_their_content_too() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in OTHERS.items():
            archive.writestr(name, json.dumps(content))
        archive.writestr("training-session-1.json", session(exercise()))
    found = list(members("polar.zip", stream.getvalue(), LIMITS))
    assert [name for name, _ in found] == ["polar.zip/training-session-1.json"]
    assert found[0][1] == session(exercise())
