"""From probabilities to verdicts: what holds, what is doubted, and on what grounds."""

from dataclasses import dataclass

import numpy as np

from retrorun.detect.gait import GaitEvidence
from retrorun.detect.heading import Facing
from retrorun.detect.labels import COARSE, spans
from retrorun.detect.modes import Modes
from retrorun.detect.mount import Mount
from retrorun.detect.runs import runs
from retrorun.model import Direction, Label, Verdict
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray

DIRECTIONS: tuple[Direction, ...] = ("forward", "backward", "unknown", "still")
VERDICTS: tuple[Verdict, ...] = ("candidate", "confirmed", "labelled")


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """Everything a stretch is judged by; arrays (n,).

    ``heading``, ``gait`` and ``label`` are log-likelihood ratios per second, ``reversed_at`` tells
    where the course turned about under a steady heading.
    """

    probability: FloatArray
    heading: FloatArray
    gait: FloatArray
    label: FloatArray
    modes: Modes
    seen: Facing
    mount: Mount | None
    steps: GaitEvidence
    reversed_at: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What was decided.

    Attributes:
        direction: (n,) index into ``DIRECTIONS``; ``verdict``: (n,) index into ``VERDICTS``.
        probability: (n,) of backward.
        reasons: ``(first, last, words)`` of the stretches that looked backward.
    """

    direction: IntArray
    verdict: IntArray
    probability: FloatArray
    reasons: tuple[tuple[int, int, str], ...]


def decide(grounds: Grounds, labels: tuple[Label, ...], settings: DetectSettings) -> Decision:
    """Judge every stretch.

    1. Each backward stretch is confirmed, kept as a candidate, or dropped.
    2. Long stretches of doubt become unknown; stops are still.
    3. Labels win, to the second.
    """
    probability = grounds.probability.copy()
    back = probability > 0.5
    verdict = np.zeros(back.size, dtype=np.int64)
    reasons: list[tuple[int, int, str]] = []
    # What a label says is decided already, and what leaks out of it stands for itself.
    starts, ends = runs(back * 2 + (grounds.label != 0))
    precedent = _beyond_doubt(grounds, back, settings)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = slice(first, last)
        if back[first]:
            holds, reason = _backward(grounds, back, (first, last), precedent, settings)
            if holds is None:
                back[inside] = False
                probability[inside] = np.minimum(probability[inside], 0.2)
            elif holds == "candidate":
                probability[inside] = np.minimum(probability[inside], 0.9)
            verdict[inside] = VERDICTS.index(holds or "candidate")
            reasons.append((first, last, reason))
        else:
            verdict[inside] = int(_forward(grounds, inside, settings))
    direction = back.astype(np.int64)
    _doubt(direction, verdict, probability, grounds, settings)
    direction[~grounds.modes.moving] = DIRECTIONS.index("still")
    _obey(direction, verdict, probability, grounds.modes, labels)
    return Decision(direction, verdict, probability, tuple(reasons))


def _could_be_disturbed(grounds: Grounds, first: int, last: int, settings: DetectSettings) -> bool:
    """Whether a magnetic disturbance could have made this stretch: short, and only heading turned.

    Without two directions of the course nobody can tell a disturbance from an offset, however
    long it lasts.
    """
    if grounds.seen.diverse and last - first > settings.disturbed_s:
        return False
    near = 4
    at_start = bool(grounds.reversed_at[max(first - near, 0) : first + near].any())
    at_end = bool(grounds.reversed_at[max(last - near, 0) : last + near].any())
    # One reversal may be a U-turn under a disturbance by chance; then the gait must not deny it.
    denied = float(grounds.gait[first:last].sum()) < 0
    return not (at_start and at_end) and (denied or not (at_start or at_end))


def _gait_agrees(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> bool:
    """Whether steps and speed changed with the heading, by more than they do elsewhere."""
    if float(grounds.gait[first:last].sum()) < settings.gait_helps:
        return False
    slower = _speed_ratio(grounds, back, first, last)
    if slower is not None and slower > settings.slower_helps:
        return False
    here = grounds.steps.excess[first:last]
    if not np.isfinite(here).any():
        return True
    return float(np.nanmean(here)) > settings.gait_wander * _wander(grounds, back)


def _wander(grounds: Grounds, back: BoolArray) -> float:
    """Deviation of half-minute means of the step rate's excess on the other seconds."""
    rest = grounds.steps.excess[~back & np.isfinite(grounds.steps.excess)]
    blocks = rest[: rest.size // 30 * 30].reshape(-1, 30).mean(axis=1)
    return float(blocks.std()) if blocks.size > 3 else 0.0


def _speed_ratio(grounds: Grounds, back: BoolArray, first: int, last: int) -> float | None:
    """Speed of a stretch over that of the minute around it in the other direction."""
    around = slice(max(first - 60, 0), last + 60)
    moving = grounds.modes.moving[around] & (back[around] != back[first])
    inside = grounds.modes.moving[first:last]
    if moving.sum() < 10 or inside.sum() < 4:
        return None
    speed = grounds.modes.speed_mps
    return float(np.median(speed[first:last][inside]) / np.median(speed[around][moving]))


def _beyond_doubt(grounds: Grounds, back: BoolArray, settings: DetectSettings) -> bool:
    """Whether the session holds a minute of backward running that no disturbance can explain.

    Where steps were not counted, two stretches or more count that oppose the course exactly and
    are slower than what is around them: disturbances do neither, let alone twice.
    """
    firm, alike = 0, []
    starts, ends = runs(back)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        inside = slice(first, last)
        if not back[first] or float(grounds.heading[inside].sum()) < settings.heading_enough:
            continue
        helped = _gait_agrees(grounds, back, first, last, settings)
        if helped or not _could_be_disturbed(grounds, first, last, settings):
            firm += last - first
        elif not np.isfinite(grounds.steps.excess[inside]).any():
            slower = _speed_ratio(grounds, back, first, last)
            exact = _askew(grounds, inside) <= settings.exact_deg
            if exact and slower is not None and slower <= settings.backward_slower:
                alike.append(last - first)
    return firm >= settings.disturbed_s or (len(alike) > 1 and sum(alike) >= settings.disturbed_s)


def _backward(
    grounds: Grounds,
    back: BoolArray,
    span: tuple[int, int],
    precedent: bool,  # noqa: FBT001 - a fact of the session
    settings: DetectSettings,
) -> tuple[Verdict | None, str]:
    """Verdict on a backward stretch and its reason; None drops it."""
    first, last = span
    inside = slice(first, last)
    heading = float(grounds.heading[inside].sum())
    if heading < settings.heading_enough or grounds.mount is None:
        return _by_gait(grounds, back, first, last, settings)
    if last - first < settings.heading_alone_s:
        return None, "too short to be backward running"
    agrees = precedent or _gait_agrees(grounds, back, first, last, settings)
    doubt = _doubtful_sign(grounds.mount) or _doubtful_heading(grounds, span, agrees, settings)
    return ("candidate", doubt) if doubt else ("confirmed", "heading opposes the course")


def _doubtful_sign(mount: Mount) -> str:
    """Why the mount's sign is not to be trusted; empty if it is."""
    if not mount.both and mount.sign_from.startswith("prior"):
        return "nothing but habit tells which way the device is worn"
    return "" if mount.sure else f"the mount's sign is not sure (from {mount.sign_from})"


def _doubtful_heading(
    grounds: Grounds,
    span: tuple[int, int],
    agrees: bool,  # noqa: FBT001 - whether the session or the gait makes it credible
    settings: DetectSettings,
) -> str:
    """Why the heading of a backward stretch is not to be trusted; empty if it is."""
    first, last = span
    inside = slice(first, last)
    if grounds.probability[inside].mean() < settings.confirmed_probability:
        return "heading speaks for backward, not clearly"
    stepped = float(grounds.gait[inside].sum())
    if last - first <= settings.disturbed_s and stepped < -settings.disturbed_gait:
        return "heading opposes the course, but the gait went on as before"
    if not _could_be_disturbed(grounds, first, last, settings):
        return ""
    exact = _askew(grounds, inside) <= settings.exact_deg
    if agrees and (stepped >= settings.gait_helps or (exact and stepped >= -settings.gait_helps)):
        return ""
    return "a magnetic disturbance could look like this; the gait does not help"


def _askew(grounds: Grounds, inside: slice) -> float:
    """By how many degrees a stretch's heading misses the exact opposite of the course."""
    if grounds.mount is None:
        return 180.0
    offset = (grounds.seen.delta_deg - grounds.mount.offset_deg)[inside]
    turn = np.radians(offset[np.isfinite(offset)])
    middle = np.degrees(np.arctan2(np.sin(turn).sum(), np.cos(turn).sum()))
    return float(180.0 - abs(middle))


def _by_gait(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> tuple[Verdict | None, str]:
    """A stretch that stands on step rate alone: long enough, clear, slower, and abrupt."""
    excess = grounds.steps.excess
    here = excess[first:last]
    if np.isfinite(here).sum() < settings.gait_alone_s:
        return None, "step rate alone needs a longer stretch"
    step = float(np.nanmean(here))
    if step < 0.5 * grounds.steps.share:
        return None, "the step rate is hardly above the forward line"
    if step < settings.gait_wander * _wander(grounds, back):
        return None, "the step rate wanders as much elsewhere"
    slower = _speed_ratio(grounds, back, first, last)
    if slower is not None and slower > settings.backward_slower + 0.03:
        return None, "the speed did not drop with it"
    return "candidate", f"step rate {100 * step:.0f} % above the forward line, without a heading"


def _forward(grounds: Grounds, inside: slice, settings: DetectSettings) -> bool:
    """Whether a forward stretch is confirmed."""
    heading = float(grounds.heading[inside].sum())
    sure = grounds.mount is not None and grounds.mount.sure
    return sure and heading <= -settings.heading_enough


def _doubt(
    direction: IntArray,
    verdict: IntArray,
    probability: FloatArray,
    grounds: Grounds,
    settings: DetectSettings,
) -> None:
    """Turn long stretches of even odds into unknown, in place."""
    low, high = settings.even_odds
    even = (probability > low) & (probability < high) & grounds.modes.moving
    starts, ends = runs(even)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if even[first] and last - first >= settings.gait_alone_s:
            direction[first:last] = DIRECTIONS.index("unknown")
            verdict[first:last] = 0


def _obey(
    direction: IntArray,
    verdict: IntArray,
    probability: FloatArray,
    modes: Modes,
    labels: tuple[Label, ...],
) -> None:
    """Write the labels over everything else, in place; later ones win.

    What was said of a whole lap, step or file leaves its stops still; what was said with a
    start and an end is taken at its word.
    """
    for first, last, label in spans(labels, direction.size):
        chosen = np.zeros(direction.size, dtype=bool)
        chosen[first:last] = True
        if label.origin in COARSE:
            chosen &= modes.moving
        direction[chosen] = DIRECTIONS.index(label.direction)
        verdict[chosen] = VERDICTS.index("labelled")
        probability[chosen] = {"backward": 0.999, "forward": 0.001}.get(label.direction, 0.5)
