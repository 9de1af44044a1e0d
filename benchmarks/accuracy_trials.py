"""One session each, judged; every function can run in another process."""

import itertools
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from msgspec import structs

from accuracy_judging import Counts, Judged, Truthful, judge
from accuracy_oracle import Told, oracle
from accuracy_turned import slowed, turned
from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.errors import RetrorunError
from retrorun.model import Athlete, GaitLine, Recording, Track
from retrorun.prepare import prepare
from retrorun.readers import read
from retrorun.settings import Settings
from retrorun.simulate import Simulated, Truth, scenarios, simulate
from retrorun.simulate.body import draw_body
from retrorun.simulate.scenarios import Scenario, Tier

SETTINGS = Settings()
RUNNING_MPS = (1.7, 5.0)  # median moving speed of a real recording that counts as a run
LEAST_S = 300


def truthful(truth: Truth, seconds: int) -> Truthful:
    """The simulator's truth on the track's seconds."""
    ways = np.array(truth.directions(seconds))
    parts = truth.intervals
    changes = tuple(
        (after.start_s, after.direction == "backward")
        for before, after in itertools.pairwise(parts)
        if {before.direction, after.direction} == {"forward", "backward"}
    )
    return Truthful(ways == "backward", ways != "still", changes)


def simulated_trial(trial: tuple[str, int]) -> Judged:
    """Judge one scenario at one seed."""
    name, seed = trial
    return _judged(scenarios()[name], seed)


def stepping_trial(trial: tuple[str, float, int]) -> Judged:
    """Judge a scenario whose athlete steps so many times as quickly backward as forward."""
    name, ratio, seed = trial
    body = replace(draw_body(np.random.default_rng([seed, 5])), step_ratio=ratio)
    judged = _judged(replace(scenarios()[name], body=body), seed)
    return replace(judged, group=f"{100.0 * (ratio - 1.0):+.0f} %")


def deceived_trial(trial: tuple[str, float, int]) -> Judged:
    """Judge a forward scenario whose athlete steps so many times as quickly as in earlier runs.

    The compass is worn at any angle, so that only the earlier line could tell which way.
    """
    name, quicker, seed = trial
    scenario = replace(scenarios()[name], mount_deg=(-180.0, 180.0))
    body = draw_body(np.random.default_rng([seed, 6]))
    earlier = GaitLine(
        intercept_spm=body.run_intercept_spm / quicker,
        slope_spm_per_mps=body.run_slope_spm / quicker,
        grade_slope_spm=25.0,
        spread_spm=2.0,
        seconds=7200.0,
        low_mps=2.0,
        high_mps=4.0,
    )
    simulated = simulate(replace(scenario, body=body), seed)
    track = prepare(simulated.recording, SETTINGS.prepare)
    truth = truthful(simulated.truth, track.seconds)
    detection = detect(track, (), Athlete(forward_line=earlier), SETTINGS.detect)
    return judge((f"{100.0 * (quicker - 1.0):+.0f} %", "heading"), track, detection, truth)


def _judged(scenario: Scenario, seed: int) -> Judged:
    simulated = simulate(scenario, seed)
    track = prepare(simulated.recording, SETTINGS.prepare)
    truth = truthful(simulated.truth, track.seconds)
    labels = labels_of_file(simulated.recording, "run.fit")
    stated_deg = simulated.truth.mount_offset_deg if scenario.mount_stated else None
    athlete = Athlete(mount_offset_deg=stated_deg)
    detection = detect(track, labels, athlete, SETTINGS.detect)
    found = judge((scenario.name, scenario.tier), track, detection, truth)
    return replace(found, oracle=_told(simulated, track, truth, scenario.tier))


def _told(simulated: Simulated, track: Track, truth: Truthful, tier: Tier) -> Counts | None:
    if tier != "heading" or simulated.truth.backward_s == 0:
        return None
    compass = scenarios()[simulated.truth.scenario].watch.compass
    clockwise = compass is None or compass.clockwise
    return oracle(track, truth, Told(clockwise, simulated.truth.body))


def runs_in(path: Path) -> list[tuple[Recording, Track]]:
    """Recordings of one real file that are runs with a position, with their tracks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what readers of damaged files grumble about
        try:
            export = read(path.name, path.read_bytes(), SETTINGS.read)
        except RetrorunError:
            return []
        both = [(each, prepare(each, SETTINGS.prepare)) for each in export.recordings]
        return [(recording, track) for recording, track in both if _is_run(track)]


def _is_run(track: Track) -> bool:
    if not track.seconds or not track.has("latitude_deg"):
        return False
    speed = track.column("ground_speed_mps")
    moving = speed[np.nan_to_num(speed) > 1.0]
    return len(moving) >= LEAST_S and RUNNING_MPS[0] <= float(np.median(moving)) <= RUNNING_MPS[1]


def turned_trials(trial: tuple[Path, int]) -> list[Judged]:
    """Judge the runs of a real file with a synthetic compass at one seed."""
    path, seed = trial
    found = []
    for index, (recording, plain) in enumerate(runs_in(path)):
        rng = np.random.default_rng([seed, index, len(path.name), plain.seconds])
        slow, windows = slowed(recording, plain.column("ground_speed_mps"), rng)
        way = prepare(slow, SETTINGS.prepare)
        going = way.column("course_deg"), way.column("ground_speed_mps")
        given, truth = turned(slow, windows, going, rng)
        track = prepare(given, SETTINGS.prepare)
        detection = detect(track, (), Athlete(), SETTINGS.detect)
        judged = judge((path.suffix[1:], "turned"), track, detection, truth)
        found.append(replace(judged, oracle=oracle(track, truth, Told())))
    return found


def forward_trials(path: Path) -> list[Judged]:
    """Judge the runs of a real file as they are: every backward second is a false alarm."""
    found = []
    for recording, track in runs_in(path):
        moving = np.nan_to_num(track.column("ground_speed_mps")) >= 0.8
        truth = Truthful(np.zeros(track.seconds, dtype=np.bool_), moving, ())
        labels = labels_of_file(recording, path.name)
        detection = detect(track, labels, Athlete(), SETTINGS.detect)
        tier = "with cadence" if track.has("cadence_spm") else "without cadence"
        found.append(judge((path.suffix[1:], tier), track, detection, truth))
    return found


def detection_seconds(repeats: int = 15) -> tuple[float, int]:
    """Least processor time of ``detect`` on a one-hour track with a compass, and its length.

    Processor time, since other work on the machine is not the detector's.
    """
    whole = [simulate(scenarios()["intervals"], 2000 + part).recording for part in range(4)]
    track = prepare(_joined(whole), SETTINGS.prepare)
    hour = min(track.seconds, 3600)
    cut = structs.replace(
        track,
        columns={name: column[:hour] for name, column in track.columns.items()},
        flags={name: flag[:hour] for name, flag in track.flags.items()},
        headings=tuple(
            structs.replace(one, heading_deg=one.heading_deg[:hour]) for one in track.headings
        ),
    )
    spent = []
    for _ in range(repeats):
        begun = time.process_time()
        detect(cut, (), Athlete(), SETTINGS.detect)
        spent.append(time.process_time() - begun)
    return min(spent), hour


def _joined(parts: list[Recording]) -> Recording:
    """Recordings one after the other, each beginning where the last one ended."""
    columns: dict[str, list[np.ndarray[tuple[int], np.dtype[np.float64]]]] = {}
    times, headings, at = [], [], parts[0].time_s[0]
    shift = {"latitude_deg": 0.0, "longitude_deg": 0.0}
    for part in parts:
        times.append(part.time_s - part.time_s[0] + at)
        headings.append(part.headings[0].heading_deg)
        at = times[-1][-1] + 1.0
        for name, column in part.columns.items():
            moved = column + (shift[name] - column[0] if name in shift and len(times) > 1 else 0.0)
            columns.setdefault(name, []).append(moved)
            if name in shift:
                shift[name] = float(moved[-1])
    time_s = np.concatenate(times)
    series = structs.replace(
        parts[0].headings[0], time_s=time_s, heading_deg=np.concatenate(headings)
    )
    joined = {name: np.concatenate(pieces) for name, pieces in columns.items()}
    return structs.replace(
        parts[0], time_s=time_s, columns=joined, headings=(series,), laps=(), pauses=()
    )
