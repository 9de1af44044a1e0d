"""The JSON document against its schema and against values worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

import retrorun
from retrorun import contract
from retrorun.model import (
    Analysis,
    Energy,
    Estimate,
    Failed,
    HeadingVerdict,
    HeartRate,
    MeasuredSegment,
    Measures,
    Metrics,
    Note,
    SecondDevice,
    Segment,
    Session,
    Source,
    TimeZone,
    Totals,
    Verdict,
)
from retrorun.model.segment import Recovery, Repetition, RepetitionSet, Structure

SOURCE = Source("run.fit", "a" * 64, "fit", "Watch 3", warnings=(Note("doubled", "Doubled."),))
TOLERANT = json.loads(
    (Path(retrorun.__file__).parent / "contract.schema.json").read_text(encoding="utf-8")
)


def strict(schema: Any) -> Any:  # noqa: ANN401 - any part of a JSON schema
    """The schema without room for fields that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {"additionalProperties": False} if "properties" in schema else {}
    return {key: strict(value) for key, value in schema.items()} | closed


SCHEMA = strict(TOLERANT)


def metrics(energy: Energy | None) -> Metrics:
    return Metrics(
        seconds=120.0,
        moving_s=118.0,
        distance_m=252.04,
        climb_m=None,
        beats=300.0,
        beats_s=120.0,
        steps=344.0,
        steps_s=120.0,
        speed_mps=2.1003,
        pace_s_per_km=476.12,
        grade=0.0004,
        turn_rate_dps=0.2,
        heart_rate=HeartRate(151.4, 158.0, 1.0),
        steady_heart_rate_bpm=155.0,
        cadence_spm=172.04,
        step_length_m=0.7327,
        contact_time_s=None,
        vertical_oscillation_m=None,
        respiration_brpm=None,
        energy_shown=energy,
    )


def session(energy: Energy | None) -> Session:
    segment = Segment(0.0, 120.0, "backward", "run", "confirmed", 0.9912, {"heading": 41.23})
    segment = replace(segment, would_change="only a label")
    return Session(
        id="a" * 12,
        index=0,
        source=SOURCE,
        start_time_s=1_777_793_400.4,
        zone=TimeZone("Europe/Ljubljana", 7200.0, "position"),
        sport="running",
        name=None,
        device="Watch 3",
        duration_s=120.0,
        moving_s=118.0,
        distance_m=252.04,
        channels={"position": 1.0},
        heading=HeadingVerdict("osmand:heading", "compass", 12.0, 0.93, "steady against course"),
        measures=Measures(
            (MeasuredSegment(segment, metrics(energy)),),
            {"backward": Totals(seconds=120.0, distance_m=252.04), "forward": Totals()},
            Estimate(None, None, None, "kinetics", "no heart rate"),
        ),
        second_devices=(
            SecondDevice("b" * 64, 0, "Phone", -2.04, "moved alike for 24 min"),
            SecondDevice("c" * 64, 1, "Other phone", None, "moved otherwise"),
        ),
    )


def of(energy: Energy | None) -> dict[str, Any]:
    return contract.document(Analysis(SOURCE, (session(energy),), ()))


def test_a_session_is_as_the_contract_says() -> None:
    document = of(Energy(21.31, 19.2, 19.0, 23.9, "ACSM × 1.35", "ACSM 2021"))
    jsonschema.validate(document, SCHEMA)
    found = document["sessions"][0]
    assert found["start_time"] == "2026-05-03T07:30:00Z"
    assert found["timezone"] == "Europe/Ljubljana"
    segment = found["segments"][0]
    assert segment["evidence"] == {"heading": 41.2, "gait": 0.0, "label": 0.0}
    assert segment["would_change"] == "only a label"
    assert segment["speed_mps"] == 2.1
    assert segment["pace_s_per_km"] == 476
    assert segment["heart_rate_bpm"] == {"mean": 151, "max": 158, "coverage": 1.0}
    assert segment["energy_kcal"]["gross"] == 21.3
    assert found["totals"]["backward"]["energy_kcal"] is None
    assert found["cost_factor"]["value"] is None


def test_it_says_which_other_device_was_joined_and_which_was_refused() -> None:
    joined, refused = of(None)["sessions"][0]["second_devices"]
    assert (joined["device"], joined["joined"], joined["skew_s"]) == ("Phone", True, -2.0)
    assert (refused["device"], refused["joined"], refused["skew_s"]) == ("Other phone", False, None)
    assert refused["reason"] == "moved otherwise"


def test_structure_is_given_in_words_and_numbers() -> None:
    repetitions = (
        Repetition(1, 1, "run", 0.0, 90.0, 190.04, "counted"),
        Repetition(3, 4, "run", 150.0, 240.0, 190.04, "counted"),
        Repetition(6, 6, "run", 300.0, 390.0, 190.04, "candidate"),
    )
    recovery = Recovery("walk", 60.0, None)
    found = RepetitionSet(0, "run", repetitions, 90.0, 190.04, 90.0, None, recovery)
    made = session(None)
    measures = replace(made.measures, structure=Structure((found,)))
    made = replace(made, measures=measures)
    document = contract.document(Analysis(SOURCE, (made,), ()))
    jsonschema.validate(document, SCHEMA)
    assert document["sessions"][0]["structure"] == {
        "name": "2 × 90 s",
        "sets": [
            {
                "kind": 0,
                "gait": "run",
                "count": 2,
                "candidates": 1,
                "duration_s": 90.0,
                "distance_m": 190.0,
                "nominal_s": 90,
                "nominal_m": None,
                "recovery": {"gait": "walk", "duration_s": 60.0, "distance_m": None},
                "work_to_rest": 1.5,
                "repetitions": [
                    {"segments": [1], "role": "counted"},
                    {"segments": [3, 4], "role": "counted"},
                    {"segments": [6], "role": "candidate"},
                ],
            }
        ],
    }
    assert of(None)["sessions"][0]["structure"] == {"name": None, "sets": []}


def test_energy_per_kilogram_is_no_kilocalorie() -> None:
    document = of(Energy(0.3, 0.28, 0.27, 0.34, "ACSM", "ACSM 2021", per_kg=True))
    jsonschema.validate(document, SCHEMA)
    assert document["sessions"][0]["segments"][0]["energy_kcal"] is None


def test_a_failure_is_as_the_contract_says() -> None:
    failed = Failed(Source("x.fit", ""), "fit-truncated", "The file ends early.", 1234)
    document = contract.document(failed)
    jsonschema.validate(document, SCHEMA)
    assert document["error"]["offset"] == 1234
    assert document["source"]["sha256"] is None


def test_the_schema_refuses_what_is_not_in_the_contract() -> None:
    document = of(None)
    document["sessions"][0]["segments"][0]["direction"] = "sideways"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_an_added_field_is_no_other_version() -> None:
    document = of(None)
    document["sessions"][0]["segments"][0]["added_later"] = 1
    jsonschema.validate(document, TOLERANT)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_every_verdict_is_in_the_schema(verdict: Verdict) -> None:
    document = of(None)
    assert document["schema_version"] == 2
    document["sessions"][0]["segments"][0]["verdict"] = verdict
    jsonschema.validate(document, SCHEMA)
