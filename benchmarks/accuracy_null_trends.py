"""Trends where nothing rises or falls, and where something does: what a page says of them.

Each page is an athlete with eight metrics over some weeks. Noise is white, or half of it wanders
with a memory of 2 to 6 weeks; half of either is common to all eight, as a bad week is. Sessions are
made whose metrics are these numbers, and the public comparison of trends judges them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retrorun.compare.trends import trends
from retrorun.model import (
    Estimate,
    HeadingVerdict,
    MeasuredSegment,
    Measures,
    Metrics,
    Segment,
    Session,
    Source,
    TimeZone,
    Totals,
)
from retrorun.settings import CompareSettings
from retrorun.units import FloatArray

SETTINGS = CompareSettings()
START_S = 1_767_600_000.0
WEEK_S = 604_800.0
FORWARD_S = 1800.0
# what is followed: usual value and deviation between sessions
LEVELS: Mapping[str, tuple[float, float]] = {
    "cost_factor": (1.35, 0.04),
    "backward_speed_mps": (2.0, 0.1),
    "backward_share_pct": (20.0, 3.0),
    "backward_longest_s": (300.0, 40.0),
    "backward_cadence_spm": (175.0, 3.0),
    "backward_metres_per_beat": (0.8, 0.04),
    "forward_metres_per_beat": (1.15, 0.04),
    "forward_speed_mps": (2.8, 0.1),
}
FOLLOWED = "forward_metres_per_beat"  # the one that truly changes where one does


@dataclass(frozen=True, slots=True)
class Noise:
    """How numbers vary: ``wander`` is the share of their variance with ``memory_weeks``."""

    wander: float
    memory_weeks: tuple[float, float] = (2.0, 6.0)


NOISES = {"white": Noise(0.0), "wandering": Noise(0.5)}


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says: the verdict of each metric, beside how one of them truly changes."""

    noise: str
    rise_sd: float
    sessions: int
    weeks: float
    verdicts: Mapping[str, str]


def page_trial(trial: tuple[int, str, float, int, float]) -> Page:
    """Judge one page.

    ``trial`` is a seed; the noise; by how many deviations one metric rises over the page; how many
    sessions (0: 8 to 80) and weeks (0: 6 to 52).
    """
    seed, noise, rise_sd, count, weeks = trial
    rng = np.random.default_rng([seed, 606])
    span = weeks or float(rng.uniform(6.0, 52.0))
    number = count or int(rng.integers(8, 81))
    time = np.sort(rng.uniform(0.0, span, number))
    memory = float(rng.uniform(*NOISES[noise].memory_weeks))
    together = _noise(time, NOISES[noise].wander, memory, rng)
    series = {
        key: np.sqrt(0.5) * (together + _noise(time, NOISES[noise].wander, memory, rng))
        for key in LEVELS
    }
    series[FOLLOWED] = series[FOLLOWED] + rise_sd * time / span
    values = {key: level + sd * series[key] for key, (level, sd) in LEVELS.items()}
    sessions = [
        _session(index, float(week), {key: float(each[index]) for key, each in values.items()})
        for index, week in enumerate(time)
    ]
    verdicts = {each.key: each.verdict for each in trends(sessions, SETTINGS)}
    return Page(noise, rise_sd, number, span, verdicts)


def _noise(time: FloatArray, wander: float, memory: float, rng: np.random.Generator) -> FloatArray:
    """Unit variance, of which a share wanders (an Ornstein-Uhlenbeck process)."""
    found, value = np.empty(time.size), float(rng.normal())
    for index, apart in enumerate(np.diff(time, prepend=time[0])):
        keep = float(np.exp(-apart / memory))
        value = keep * value + float(rng.normal()) * np.sqrt(1.0 - keep * keep)
        found[index] = value
    return np.asarray(np.sqrt(wander) * found + np.sqrt(1.0 - wander) * rng.normal(size=time.size))


def _session(index: int, week: float, values: Mapping[str, float]) -> Session:
    """A session whose followed metrics are these values."""
    back_s = max(values["backward_longest_s"], 30.0)
    back = _totals(
        back_s,
        values["backward_speed_mps"],
        values["backward_metres_per_beat"],
        values["backward_cadence_spm"],
    )
    ahead = _totals(FORWARD_S, values["forward_speed_mps"], values["forward_metres_per_beat"], 165)
    segments = (
        _segment(0.0, FORWARD_S, "forward", values["forward_speed_mps"]),
        _segment(FORWARD_S, back_s, "backward", values["backward_speed_mps"]),
    )
    factor = values["cost_factor"]
    measures = Measures(
        segments,
        {"backward": back, "forward": ahead},
        Estimate(factor, factor * 0.95, factor * 1.05, "by hand"),
    )
    return Session(
        id=f"s{index}",
        index=0,
        source=Source(f"{index}.fit", f"{index}"),
        start_time_s=START_S + week * WEEK_S,
        zone=TimeZone(None, 0.0, "file"),
        sport="running",
        name=None,
        device=None,
        duration_s=FORWARD_S + back_s,
        moving_s=100.0 * back_s / max(values["backward_share_pct"], 1.0),
        distance_m=None,
        channels={},
        heading=HeadingVerdict(None, "none", None, None, ""),
        measures=measures,
    )


def _totals(seconds: float, speed: float, metres_per_beat: float, cadence: float) -> Totals:
    return Totals(
        seconds=seconds,
        moving_s=seconds,
        distance_m=speed * seconds,
        beats=speed * seconds / metres_per_beat,
        beats_s=seconds,
        steps=cadence * seconds / 60.0,
        steps_s=seconds,
    )


def _segment(start_s: float, seconds: float, direction: str, speed: float) -> MeasuredSegment:
    unknown = dict.fromkeys(Metrics.__dataclass_fields__)
    known = {
        "seconds": seconds,
        "moving_s": seconds,
        "speed_mps": speed,
        "distance_m": speed * seconds,
        "beats_s": 0.0,
        "steps_s": 0.0,
        "energies": (),
        "ground": (),
    }
    segment = Segment(start_s, start_s + seconds, direction, "run", "labelled", 1.0, {})  # type: ignore[arg-type]  # one of the directions
    return MeasuredSegment(segment, Metrics(**(unknown | known)))  # type: ignore[arg-type]  # by name
