"""What could be wrong with a stretch that looks backward, and what speaks for it all the same."""

from dataclasses import dataclass

import numpy as np

from retrorun import arithmetic
from retrorun.detect.gait import GaitEvidence
from retrorun.detect.heading import Facing
from retrorun.detect.modes import Modes
from retrorun.detect.mount import Mount
from retrorun.detect.series import runs
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """Everything a stretch is judged by; arrays (n,).

    ``heading``, ``gait`` and ``label`` are log-likelihood ratios per second, ``reversed_at`` tells
    where the course turned about under a steady heading. ``faced`` is the heading's before the
    gait struck out what it held for disturbed. ``asks_line``: see ``Detection``.
    """

    probability: FloatArray
    heading: FloatArray
    faced: FloatArray
    gait: FloatArray
    label: FloatArray
    modes: Modes
    seen: Facing
    mount: Mount | None
    steps: GaitEvidence
    reversed_at: BoolArray
    asks_line: bool = False


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


def gait_agrees(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> bool:
    """Whether steps and speed changed with the heading, by more than they do elsewhere."""
    if float(grounds.gait[first:last].sum()) < settings.gait_helps:
        return False
    slower = speed_ratio(grounds, back, first, last)
    if slower is not None and slower > settings.slower_helps:
        return False
    here = grounds.steps.excess[first:last]
    if not np.isfinite(here).any():
        return True
    return float(np.nanmean(here)) > settings.gait_wander * wander(grounds, back)


def wander(grounds: Grounds, back: BoolArray) -> float:
    """Deviation of half-minute means of the step rate's excess on the other seconds."""
    rest = grounds.steps.excess[~back & np.isfinite(grounds.steps.excess)]
    blocks = rest[: rest.size // 30 * 30].reshape(-1, 30).mean(axis=1)
    return float(blocks.std()) if blocks.size > 3 else 0.0


def speed_ratio(grounds: Grounds, back: BoolArray, first: int, last: int) -> float | None:
    """Speed of a stretch over that of the minute around it in the other direction."""
    around = slice(max(first - 60, 0), last + 60)
    speed = grounds.modes.speed_mps
    timed = grounds.modes.moving & np.isfinite(speed)
    moving, inside = timed[around] & (back[around] != back[first]), timed[first:last]
    if moving.sum() < 10 or inside.sum() < 4:
        return None
    return float(np.median(speed[first:last][inside]) / np.median(speed[around][moving]))


def beyond_doubt(grounds: Grounds, back: BoolArray, settings: DetectSettings) -> bool:
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
        helped = gait_agrees(grounds, back, first, last, settings)
        if helped or not _could_be_disturbed(grounds, first, last, settings):
            firm += last - first
        elif not np.isfinite(grounds.steps.excess[inside]).any():
            slower = speed_ratio(grounds, back, first, last)
            exact = _askew(grounds, inside) <= settings.exact_deg
            if exact and slower is not None and slower <= settings.backward_slower:
                alike.append(last - first)
    return firm >= settings.disturbed_s or (len(alike) > 1 and sum(alike) >= settings.disturbed_s)


def doubtful_sign(mount: Mount) -> str:
    """Why the mount's sign is not to be trusted; empty if it is."""
    if not mount.both and not mount.stated:
        if mount.sign_from.startswith("gait"):
            return "nothing but the step rate tells the sign, which way the device is worn"
        return "nothing but habit tells which way the device is worn"
    return "" if mount.sure else f"the mount's sign is not sure (from {mount.sign_from})"


def doubtful_heading(
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
    faced = grounds.faced[inside]
    if faced.sum() < settings.heading_agrees * np.abs(faced).sum():
        return "the heading speaks for both directions"
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
    middle = np.degrees(arithmetic.arctan2(arithmetic.sin(turn).sum(), arithmetic.cos(turn).sum()))
    return float(180.0 - abs(middle))
