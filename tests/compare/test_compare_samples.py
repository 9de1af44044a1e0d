"""The comparison on the simulated athlete of ``sample_data``, whose cost factor is known."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retrorun.compare import claims, compare
from retrorun.model import Analysis, Athlete, Blob, Session
from retrorun.model.comparison import Comparison
from retrorun.pipeline import process
from retrorun.settings import CompareSettings, Settings

NO_EXPORT = {".json", ".md", ".toml"}
Truths = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="module")
def sample_data() -> Path:
    return Path(__file__).resolve().parents[2] / "sample_data"


@pytest.fixture(scope="module")
def athlete(sample_data: Path) -> Athlete:
    profile = tomllib.loads((sample_data / "profile.toml").read_text(encoding="utf-8"))
    return msgspec.convert(profile, Athlete)


@pytest.fixture(scope="module")
def sessions(sample_data: Path, athlete: Athlete) -> list[Session]:
    exports = sorted(each for each in sample_data.iterdir() if each.suffix not in NO_EXPORT)
    outcomes = [
        process(Blob(each.name, each.read_bytes()), Settings(), athlete) for each in exports
    ]
    return [
        session
        for outcome in outcomes
        if isinstance(outcome, Analysis)
        for session in outcome.sessions
    ]


@pytest.fixture(scope="module")
def truths(sample_data: Path) -> Truths:
    return {
        each.name.removesuffix(".truth.json"): json.loads(each.read_text(encoding="utf-8"))
        for each in sample_data.glob("*.truth.json")
    }


@pytest.fixture(scope="module")
def comparison(sessions: list[Session], athlete: Athlete) -> Comparison:
    return compare(sessions, athlete, CompareSettings())


def planned(truth: Mapping[str, Any]) -> list[int]:
    """How many backward intervals of one gait truly followed each other: pauses part them."""
    backward = [each for each in truth["intervals"] if each["direction"] == "backward"]
    sizes: list[int] = []
    last: Mapping[str, Any] | None = None
    for each in backward:
        part = last and last["gait"] == each["gait"]
        long_rest_s = 3 * (each["end_s"] - each["start_s"])
        near = part and last and each["start_s"] - last["end_s"] < max(long_rest_s, 40.0)
        sizes = [*sizes[:-1], sizes[-1] + 1] if near else [*sizes, 1]
        last = each
    return [size for size in sizes if size > 2]


@pytest.mark.parametrize(
    ("name", "sizes", "words"),
    [
        ("2026-05-03-connect-iq.fit", [3], "3 × 30 s"),
        ("2026-05-08-osmand.gpx", [7, 8, 7], "3 sets, 7 to 8 × 15 m"),
        ("2026-05-31-easy.fit", [], ""),
        ("2026-06-13-packed.fit.gz", [4], "4 × 90 s"),
        ("2026-06-23-garmin.gpx", [5], "5 × 98 s"),
        ("2026-06-27-workout-pauses.fit", [4], "4 × 100 s"),
        ("2026-07-02-osmand.gpx.gz", [3], "3 × 3 min"),
    ],
)
def test_sets_are_those_of_the_plan(
    sessions: list[Session], truths: Truths, name: str, sizes: list[int], words: str
) -> None:
    (session,) = [each for each in sessions if each.source.name == name]
    found = session.measures.structure
    assert [each.size for each in found.sets] == sizes == planned(truths[name])
    assert found.name() == words


def test_each_session_s_own_factor_is_near_the_truth(
    sessions: list[Session], truths: Truths
) -> None:
    covered, judged = 0, 0
    for session in sessions:
        factor = session.measures.cost_factor
        if factor.value is None or factor.low is None or factor.high is None:
            assert factor.reason
            continue
        true = truths[session.source.name]["body"]["cost_factor"]
        assert factor.value == pytest.approx(true, rel=0.08)
        judged += 1
        covered += factor.low <= true <= factor.high
    assert judged >= 6
    assert covered >= judged - 1


def test_the_runner_s_factor_over_all_sessions(
    comparison: Comparison, sessions: list[Session], truths: Truths
) -> None:
    # it falls over the weeks, so the combined one lies among those of the sessions used
    used = [
        truths[session.source.name]["body"]["cost_factor"]
        for session in sessions
        if session.measures.cost_factor.value is not None
    ]
    factor = comparison.cost_factor
    assert factor.value == pytest.approx(sum(used) / len(used), rel=0.03)


def test_the_trend_of_the_factor_is_covered(comparison: Comparison, truths: Truths) -> None:
    ordered = [truth["body"]["cost_factor"] for _, truth in sorted(truths.items())]
    per_week = (ordered[-1] - ordered[0]) / (69 / 7)  # 3 May to 11 July
    trend = next(each for each in comparison.trends if each.key == "cost_factor")
    slope = trend.slope_per_week
    assert slope.low is not None
    assert slope.high is not None
    assert slope.low <= per_week <= slope.high
    assert slope.high < 0


def test_step_rate_rises_as_the_body_s_does(comparison: Comparison, truths: Truths) -> None:
    ratio = next(iter(truths.values()))["body"]["step_ratio"]
    found = next(each for each in comparison.differences if each.key == "cadence_spm")
    assert found.percent.value == pytest.approx(100 * (ratio - 1), abs=1.0)


def test_no_number_is_nan_and_every_claim_is_answered_or_says_why(comparison: Comparison) -> None:
    assert b"NaN" not in msgspec.json.encode(comparison)
    answers = {claim.key: claim.status for claim in claims(comparison)}
    assert answers["calories"] == "answered"
    assert answers["muscle"] == "not measurable"
