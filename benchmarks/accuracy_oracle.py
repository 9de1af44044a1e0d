"""A yardstick: a detector that is told mount, drift, noise, gait lines and how often it turns."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from accuracy_judging import Counts, Truthful, counted
from retrorun.model import Track
from retrorun.simulate import Body
from retrorun.units import BoolArray, FloatArray, wrap_deg

TEMPERS = (1.0, 0.5, 0.25, 0.1)  # how independent neighbouring seconds are; the best is taken
OUTLIERS = 0.03
WINDOW_S = 121
GAIT_SPREAD_SPM = 3.0
GAIT_TEMPER = 0.05


@dataclass(frozen=True, slots=True)
class Told:
    """What it is told beside the truth's own seconds; ``body`` None where nobody knows."""

    clockwise: bool = True
    body: Body | None = None


def oracle(track: Track, truth: Truthful, told: Told) -> Counts:
    """The best of several plain decoders that know what a detector has to find out.

    Told from the truth: where forward lies (the mean over two minutes around each second, so
    drift and declination too), the residual's deviation, the rate of changes, the athlete's lines
    of step rate; and, after the fact, which tempering and which chord suit best.
    """
    gait = _gait(track, told.body) if told.body else np.zeros(track.seconds)
    rate = max(len(truth.changes_s), 1) / max(track.seconds, 1)
    headings = [
        _heading(track, course, truth, told.clockwise)
        for course in (track.column("course_deg"), _short_course(track))
    ]
    tries = [
        counted(_viterbi(np.clip(heading * temper, -20.0, 20.0) + gait, rate), truth)
        for heading, temper in product(headings, TEMPERS)
    ]
    return max(tries, key=lambda counts: counts.hit - counts.false - counts.missed)


def _short_course(track: Track) -> FloatArray:
    """Course from one second before to one second after."""
    east, north = np.gradient(track.column("x_m")), np.gradient(track.column("y_m"))
    moving = np.hypot(east, north) > 0.5
    return np.where(moving, np.degrees(np.arctan2(east, north)) % 360.0, np.nan)


def _heading(
    track: Track,
    course_deg: FloatArray,
    truth: Truthful,
    clockwise: bool,  # noqa: FBT001  one of few
) -> FloatArray:
    """Log-likelihood ratio of each second (n,): von Mises about both facings, with outliers."""
    heading = track.headings[0].heading_deg * (1.0 if clockwise else -1.0)
    delta = wrap_deg(heading - course_deg)
    known = np.isfinite(delta) & truth.moving
    forward = np.radians(delta - 180.0 * truth.backward)
    against = np.radians(delta) - _local_mean(forward, known)
    residual = wrap_deg(np.degrees(against) - 180.0 * truth.backward)
    spread = np.radians(max(1.4826 * float(np.median(np.abs(residual[known]))), 5.0))
    kappa = min(1.0 / spread**2, 30.0)
    peak = np.exp(kappa * (np.cos(np.nan_to_num(against)) - 1.0))
    behind = np.exp(kappa * (-np.cos(np.nan_to_num(against)) - 1.0))
    floor = OUTLIERS * np.sqrt(1.0 / (2.0 * np.pi * kappa))
    ratio = np.where(known, np.log(behind + floor) - np.log(peak + floor), 0.0)
    # In the middle of each second, as the truth.
    return np.asarray((ratio + np.append(ratio[1:], 0.0)) / 2.0, dtype=np.float64)


def _gait(track: Track, body: Body) -> FloatArray:
    """The same from step rate, against the body's true lines."""
    speed, steps = track.column("ground_speed_mps"), track.column("cadence_spm")
    run = body.run_intercept_spm + body.run_slope_spm * speed
    walk = body.walk_intercept_spm + body.walk_slope_spm * speed
    line = np.where(np.abs(steps - run) < np.abs(steps - walk * 1.04), run, walk)
    off = (steps - line) ** 2 - (steps - line * body.step_ratio) ** 2
    ratio = np.clip(off / (2.0 * GAIT_SPREAD_SPM**2), -8.0, 8.0) * GAIT_TEMPER
    return np.where(np.isfinite(ratio) & (speed > 1.0), ratio, 0.0)


def _local_mean(angle: FloatArray, known: BoolArray) -> FloatArray:
    turned = np.where(known, np.exp(1j * np.nan_to_num(angle)), 0.0)
    summed = np.convolve(turned, np.ones(WINDOW_S), "same")
    whole = np.full(len(angle), np.angle(turned.sum()), dtype=np.float64)
    return np.where(np.abs(summed) > 5.0, np.angle(summed), whole)


def _viterbi(evidence: FloatArray, rate: float) -> BoolArray:
    """Likeliest sequence of two states that change with this rate."""
    stay, change = float(np.log1p(-rate)), float(np.log(rate))
    forward, backward, came = 0.0, 0.0, []
    for ratio in evidence.tolist():
        into = backward + stay >= forward + change  # backward came from backward
        out = backward + change > forward + stay  # forward came from backward
        before = forward, backward
        backward = (before[1] + stay if into else before[0] + change) + ratio
        forward = before[1] + change if out else before[0] + stay
        came.append((out, into))
    state, states = backward > forward, []
    for out, into in reversed(came):
        states.append(state)
        state = into if state else out
    return np.array(states[::-1], dtype=np.bool_)
