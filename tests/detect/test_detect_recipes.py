"""docs/recording.md holds: each recipe's sample is read and found as the page says."""

import json
from pathlib import Path

import numpy as np
import pytest

from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.model import Athlete, Detection, Label
from retrorun.prepare import prepare
from retrorun.readers import read
from retrorun.settings import Settings

SETTINGS = Settings()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "recording.md"


def found(path: Path, mount_offset_deg: float | None = None) -> Detection:
    recording = read(path.name, path.read_bytes(), SETTINGS.read).recordings[0]
    track = prepare(recording, SETTINGS.prepare)
    athlete = Athlete(mount_offset_deg=mount_offset_deg)
    return detect(track, labels_of_file(recording, path.name), athlete, SETTINGS.detect)


def agreement(detection: Detection, truth: Path, verdict: str) -> float:
    """F1 of the backward seconds of one verdict."""
    seconds = detection.columns["backward_probability"].size
    true, given = np.zeros(seconds, dtype=bool), np.zeros(seconds, dtype=bool)
    for part in json.loads(truth.read_bytes())["intervals"]:
        if part["direction"] == "backward":
            true[round(part["start_s"]) : round(part["end_s"])] = True
    for segment in detection.segments:
        if segment.direction == "backward" and segment.verdict == verdict:
            given[int(segment.start_s) : int(segment.end_s)] = True
    return float(2 * (true & given).sum() / (true.sum() + given.sum()))


@pytest.mark.parametrize(
    ("name", "verdict", "least"),
    [
        ("2026-05-12-workout.fit", "labelled", 0.97),
        ("2026-05-08-osmand.gpx", "confirmed", 0.95),
        ("2026-05-17-osmtracker.gpx", "candidate", 0.97),
        ("2026-05-03-connect-iq.fit", "confirmed", 0.97),
        ("2026-05-21-watch.tcx", "candidate", 0.93),
    ],
)
def test_each_recipe_is_found(samples: Path, name: str, verdict: str, least: float) -> None:
    assert name in PAGE.read_text(encoding="utf-8")
    path = samples / name
    detection = found(path)
    assert agreement(detection, samples / f"{name}.truth.json", verdict) >= least


def test_a_phone_alone_confirms_where_the_profile_says_how_it_is_worn(samples: Path) -> None:
    """Neither steps nor heart tell whether the athlete turned or the phone."""
    path = samples / "2026-05-17-osmtracker.gpx"
    asked = found(path)
    offset_deg = asked.heading.mount_offset_deg
    assert offset_deg is not None
    assert any("mount_offset_deg" in part.would_change for part in asked.segments)
    told = found(path, offset_deg)
    assert agreement(told, samples / f"{path.name}.truth.json", "confirmed") >= 0.97


def test_laps_pressed_at_every_turn_and_named_afterwards_are_obeyed(samples: Path) -> None:
    path = samples / "2026-05-26-laps.fit"
    recording = read(path.name, path.read_bytes(), SETTINGS.read).recordings[0]
    track = prepare(recording, SETTINGS.prepare)
    start_s = track.start_time_s
    laps = [(lap.start_time_s - start_s, lap.end_time_s - start_s) for lap in recording.laps]
    named = [Label(*lap, "backward", "command") for lap in laps[2:-2:2]]  # warm-up, run, then turns
    detection = detect(track, named, Athlete(), SETTINGS.detect)
    truth = samples / f"{path.name}.truth.json"
    assert len(named) == 5
    assert agreement(detection, truth, "labelled") >= 0.97


def test_a_gps_bearing_is_refused(samples: Path) -> None:
    detection = found(samples / "2026-06-04-gpslogger.gpx")
    assert detection.heading.kind == "course"
    assert all(segment.direction != "backward" for segment in detection.segments)


def test_a_run_that_was_forward_stays_forward(samples: Path) -> None:
    detection = found(samples / "2026-05-31-easy.fit")
    assert {segment.direction for segment in detection.segments} <= {"forward", "still"}
