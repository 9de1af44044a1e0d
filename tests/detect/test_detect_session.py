"""The detector on sessions whose truth is known, by seeds that are used for tuning."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.model import (
    Athlete,
    Detection,
    GaitLine,
    HeadingSeries,
    Label,
    Recording,
    Segment,
    Track,
)
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.simulate import Simulated, scenarios, simulate
from retrorun.units import BoolArray, wrap_deg

SETTINGS = Settings()
SEED = 1003


def detected(
    recording: Recording, labels: tuple[Label, ...] = (), athlete: Athlete | None = None
) -> Detection:
    track = prepare(recording, SETTINGS.prepare)
    return detect(track, labels, athlete or Athlete(), SETTINGS.detect)


def session(name: str, seed: int = SEED) -> tuple[Simulated, Detection]:
    simulated = simulate(scenarios()[name], seed)
    labels = labels_of_file(simulated.recording, "run.fit")
    return simulated, detected(simulated.recording, labels)


def backward(detection: Detection, verdicts: tuple[str, ...]) -> BoolArray:
    found = np.zeros(detection.columns["backward_probability"].size, dtype=bool)
    for part in detection.segments:
        if part.direction == "backward" and part.verdict in verdicts:
            found[int(part.start_s) : int(part.end_s)] = True
    return found


def f1(simulated: Simulated, detection: Detection, verdicts: tuple[str, ...]) -> float:
    found = backward(detection, verdicts)
    ways = np.array(simulated.truth.directions(found.size))
    true, moving = ways == "backward", ways != "still"
    hit, wrong = (found & true & moving).sum(), ((found != true) & moving).sum()
    return float(2 * hit / (2 * hit + wrong))


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("intervals", 0.98),
        ("short intervals", 0.96),
        ("shuttles", 0.92),
        ("mostly backward", 0.98),
        ("walk", 0.98),
        ("stops", 0.97),
        ("any mount", 0.98),
        ("mount drift", 0.97),
        ("arm swing", 0.97),
        ("disturbed", 0.95),
        ("poor gps", 0.97),
        ("gps gap", 0.92),
        ("smart recording", 0.96),
        ("magnetic north", 0.97),
        ("counter-clockwise", 0.97),
    ],
)
def test_a_compass_confirms_what_was_run_backward(name: str, least: float) -> None:
    simulated, detection = session(name)
    assert detection.heading.kind == "compass"
    assert f1(simulated, detection, ("confirmed",)) >= least


def test_drop_outs_of_a_compass_are_bridged_but_not_confirmed_at_length() -> None:
    """All is found; and what is confirmed is backward wherever the heading spoke."""
    simulated, detection = session("drop-outs")
    assert f1(simulated, detection, ("confirmed", "candidate")) >= 0.98
    heard = detection.columns["evidence_heading"] != 0
    true = np.array(simulated.truth.directions(heard.size)) == "backward"
    sure = backward(detection, ("confirmed",))
    assert (sure == true)[heard].mean() >= 0.99


@pytest.mark.parametrize("name", ["workout steps", "named laps"])
def test_labels_are_honoured(name: str) -> None:
    simulated, detection = session(name)
    assert f1(simulated, detection, ("labelled",)) >= 0.98


@pytest.mark.parametrize("name", ["part heading", "part heading late"])
def test_a_part_with_heading_teaches_the_rest(name: str) -> None:
    simulated, detection = session(name)
    assert f1(simulated, detection, ("confirmed", "candidate")) >= 0.9
    assert detection.backward_line is not None


@pytest.mark.parametrize(
    "name", ["gait intervals", "treadmill", "course in disguise", "constant heading"]
)
def test_steps_alone_give_candidates_and_nothing_more(name: str) -> None:
    simulated, detection = session(name, 1000)
    assert f1(simulated, detection, ("candidate",)) >= 0.88
    assert not backward(detection, ("confirmed", "labelled")).any()
    assert detection.backward_line is None


@pytest.mark.parametrize(
    "name", [name for name in scenarios() if "forward" in name and name != "gait drills forward"]
)
def test_a_forward_run_stays_forward(name: str) -> None:
    _, detection = session(name)
    assert {part.direction for part in detection.segments} <= {"forward", "still"}


def test_a_disturbed_compass_confirms_nothing_on_a_forward_run() -> None:
    for seed in range(1010, 1030):
        _, detection = session("disturbed forward", seed)
        assert not backward(detection, ("confirmed",)).any(), seed


def test_quick_short_steps_deceive_the_gait_but_are_never_confirmed() -> None:
    _, detection = session("gait drills forward")
    assert not backward(detection, ("confirmed", "labelled")).any()


def test_one_gait_alone_says_nothing_of_its_direction() -> None:
    simulated = simulate(scenarios()["all backward"], SEED)
    detection = detected(replace(simulated.recording, headings=()))
    assert not detection.columns["evidence_gait"].any()
    assert [(part.direction, part.verdict) for part in detection.segments] == [
        ("forward", "assumed")
    ]
    assert 0.9 < detection.segments[0].probability < 0.99


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("course in disguise", "course", "follows the course"),
        ("constant heading", "unknown", "constant"),
        ("gait forward", "none", "no heading"),
    ],
)
def test_a_heading_that_is_none_is_refused_in_words(name: str, kind: str, words: str) -> None:
    _, detection = session(name)
    assert detection.heading.kind == kind
    assert words in detection.heading.reason
    assert not detection.columns["evidence_heading"].any()


def test_the_mount_is_found() -> None:
    for seed in range(1000, 1006):
        simulated, detection = session("any mount", seed)
        offset, true = detection.heading.mount_offset_deg, simulated.truth.mount_offset_deg
        assert offset is not None
        assert true is not None
        assert abs(wrap_deg(offset - true)) < 8


def test_all_backward_is_never_confirmed_by_habit_alone() -> None:
    _, detection = session("all backward")
    assert not backward(detection, ("confirmed",)).any()


def test_all_backward_is_confirmed_by_a_stated_mount() -> None:
    simulated = simulate(scenarios()["all backward"], SEED)
    athlete = Athlete(mount_offset_deg=simulated.truth.mount_offset_deg)
    detection = detected(simulated.recording, (), athlete)
    assert detection.heading.sign_from == "profile"
    assert f1(simulated, detection, ("confirmed",)) >= 0.98


def test_a_stated_mount_makes_the_same_run_forward() -> None:
    simulated = simulate(scenarios()["all backward"], SEED)
    mount = simulated.truth.mount_offset_deg
    assert mount is not None
    detection = detected(simulated.recording, (), Athlete(mount_offset_deg=mount + 180.0))
    assert not backward(detection, ("confirmed", "candidate")).any()


def test_a_label_settles_the_sign() -> None:
    simulated = simulate(scenarios()["all backward"], SEED)
    detection = detected(simulated.recording, (Label(100.0, 160.0, "backward", "command"),))
    assert detection.heading.sign_from == "labels"
    assert f1(simulated, detection, ("confirmed", "labelled")) >= 0.98


def test_a_lone_session_above_the_own_line_is_a_candidate() -> None:
    simulated = simulate(scenarios()["all backward"], 1008)
    body = simulated.truth.body
    line = GaitLine(body.run_intercept_spm, body.run_slope_spm, 25.0, 2.0, 3600.0, 2.0, 4.0)
    recording = replace(simulated.recording, headings=())
    known = detected(recording, (), Athlete(forward_line=line))
    assert f1(simulated, known, ("candidate",)) >= 0.9
    assert not backward(detected(recording), ("candidate", "confirmed")).any()


def test_labels_win_to_the_second() -> None:
    simulated = simulate(scenarios()["gait forward"], SEED)
    label = Label(100.0, 131.0, "backward", "command")
    detection = detected(simulated.recording, (label,))
    assert [
        (part.start_s, part.end_s, part.verdict)
        for part in detection.segments
        if part.direction == "backward"
    ] == [(100.0, 131.0, "labelled")]


def test_a_heading_without_one_backward_second_is_believed_and_says_forward() -> None:
    _, detection = session("traffic forward")
    running = [part for part in detection.segments if part.direction == "forward"]
    assert all(part.evidence["heading"] <= 0 for part in running)


def partitions(parts: tuple[Segment, ...], seconds: int) -> bool:
    edges = [part.start_s for part in parts] + [float(seconds)]
    return edges[0] == 0.0 and all(
        part.end_s == after and part.end_s > part.start_s
        for part, after in zip(parts, edges[1:], strict=True)
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 400),
    step_s=st.integers(1, 8),
    holes=st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_segments_partition_whatever_was_recorded(
    seed: int, count: int, step_s: int, holes: float
) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(0, step_s + 1, count)).astype(np.float64)
    walk = np.cumsum(rng.normal(0, 5e-5, (2, count)), axis=1)
    columns = {
        "latitude_deg": 46 + walk[0],
        "longitude_deg": 14.5 + walk[1],
        "cadence_spm": rng.uniform(0, 200, count),
        "altitude_m": rng.normal(300, 5, count),
        "speed_mps": rng.uniform(0, 6, count),
    }
    for values in columns.values():
        values[rng.random(count) < holes] = np.nan
    heading = np.where(rng.random(count) < holes, np.nan, rng.uniform(-400, 400, count))
    series = HeadingSeries("any", "unknown", "unknown", times, heading)
    recording = Recording(times, columns, headings=(series,))
    labels = (Label(rng.uniform(0, 50), rng.uniform(0, 900), "backward", "command"),)
    track = prepare(recording, SETTINGS.prepare)
    for spoke in ((), labels):
        detection = detect(track, spoke, Athlete(), SETTINGS.detect)
        assert partitions(detection.segments, track.seconds)
        assert all(0.0 <= part.probability <= 1.0 for part in detection.segments)
        assert all(np.isfinite(list(part.evidence.values())).all() for part in detection.segments)
        assert all(column.size == track.seconds for column in detection.columns.values())


def test_an_empty_track_has_no_segments() -> None:
    track: Track = prepare(Recording(np.array([np.nan]), {}), SETTINGS.prepare)
    assert detect(track, (), Athlete(), SETTINGS.detect).segments == ()
