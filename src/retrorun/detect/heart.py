"""What the heart rate says of slower segments: jogging lets it fall, running backward does not.

Running backward costs about a third more at the same speed (``literature.py``: backward_run).
"""

import numpy as np

from retrorun import arithmetic, literature
from retrorun.detect.modes import Steps
from retrorun.detect.series import known_mean, runs
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, true_runs


def pulse_evidence(steps: Steps, back: BoolArray, settings: DetectSettings) -> float:
    """Log-odds that the segments ``back`` (n,) were backward rather than slow, by heart rate.

    The rate before a segment and at its end are held against the steady rate of both, approached
    with a time constant; each segment says little, and short ones nothing. Where in most of them
    the heart is at its ceiling, or follows a surge and still rises, it is no sign of backward in
    the others, unless it is clear there: it is near its ceiling in them, too, and falls late. But
    nobody jogs as slowly as people walk.
    """
    if not np.isfinite(steps.heart_bpm).any():
        return 0.0
    starts, ends = runs(back)
    long = back[starts] & (ends - starts >= settings.pulse_least_s)
    long &= starts >= settings.pulse_ahead_s
    starts, ends = starts[long], ends[long]
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    found = [pulse_of_span(steps, back, span, settings) for span in spans]
    votes = np.array([0.0 if at_ceiling else vote for vote, at_ceiling in found])
    gone = np.concatenate(([0], np.cumsum(~back)))
    steady = gone[starts] - gone[starts - settings.pulse_ahead_s] >= settings.pulse_steady_s
    total = float(votes.sum())
    telling = (((votes != 0) | (total >= settings.pulse_clear)) & steady).sum()
    if total > 0 and telling < settings.pulse_share * votes.size:
        slow_mps = float(np.nanmean(steps.speed_mps[back & steps.counted]))
        return 0.0 if slow_mps >= settings.walk_mps else float(min(total, settings.pulse_most))
    return float(np.clip(total, -settings.pulse_most, settings.pulse_most))


def pulse_of_span(
    steps: Steps, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> tuple[float, bool]:
    """Log-odds by one segment, 0 if nothing can be compared; and whether at the heart's ceiling."""
    first, last = span
    heart = steps.heart_bpm
    (early_s, delay_s), late_s = settings.pulse_before_s, settings.pulse_late_s
    before = heart[first - early_s : first + delay_s]
    late = heart[last - late_s[0] : last + late_s[1]]
    ahead = slice(first - settings.pulse_ahead_s, first)
    paces = (steps.speed_mps[ahead][~back[ahead]], steps.speed_mps[first:last])
    hills = (steps.grade[ahead][~back[ahead]], steps.grade[first:last])
    known = (before, late, *paces)
    if any(np.isfinite(each).sum() < settings.pulse_least_values for each in known):
        return 0.0, False
    at, then, fast, slow = map(known_mean, known)
    near, least = settings.pulse_ceiling_bpm
    at_ceiling = at > max(float(np.fmax.reduce(heart)) - near, least)
    idle, unsure = settings.pulse_idle_bpm
    reached = 1.0 - arithmetic.exp(-(last - first - delay_s) / settings.pulse_memory_s)
    # Uphill costs more at the same speed (ACSM: 0.9 against 0.2 for each unit of grade).
    steep = literature.value("acsm_run_grade") / literature.value("acsm_run_speed")
    slow, fast = (
        speed * max(1.0 + steep * float(np.mean(grade)), settings.pulse_least_cost)
        for speed, grade in zip((slow, fast), hills[::-1], strict=True)
    )
    share = min(slow / max(fast, settings.pulse_slowest_mps), settings.pulse_most_share)
    demand = max(at - idle, settings.pulse_least_bpm) * share
    cost = literature.value("backward_run")
    jog, turned = ((demand * k + idle - at) * reached for k in (1.0, cost))
    if turned - jog < settings.pulse_contrast_bpm:
        return 0.0, at_ceiling
    spread = arithmetic.hypot(settings.pulse_spread_bpm, unsure * abs(1.0 - share) * reached)
    wide = arithmetic.hypot(spread, settings.pulse_cost_spread * demand * reached)
    change_bpm = max(then - at, jog)  # less than jogging explains says no more than jogging
    gain = _log_normal(change_bpm - turned, wide, settings)
    gain -= _log_normal(change_bpm - jog, spread, settings)
    return float(np.clip(gain, -settings.pulse_vote, settings.pulse_vote)), at_ceiling


def _log_normal(residual: float, spread: float, settings: DetectSettings) -> float:
    """Log density of a normal with a floor, but for a constant."""
    away = residual / spread
    return arithmetic.log(arithmetic.exp(-0.5 * away * away) / spread + settings.pulse_floor)


def pulse_of_slow_segments(
    steps: Steps, moving: BoolArray, back: BoolArray, settings: DetectSettings
) -> float:
    """Summed log-odds that the segments ``back`` (n,) were backward rather than slow, by heart.

    Asked are those of which nothing but the pace could explain it: on level ground, without a stop,
    clearly slower than the forward running before them. There the heart of whoever jogs falls, and
    that of whoever runs backward hardly does. A fall from the heart's ceiling speaks against
    backward; that it stays at its ceiling says nothing.
    """
    if not _beats(steps.heart_bpm, settings):
        return 0.0
    total = 0.0
    for span in _slow_segments(steps, moving, back, settings):
        vote, at_ceiling = pulse_of_span(steps, back, span, settings)
        total += min(vote, 0.0) if at_ceiling else vote
    return total


def _slow_segments(
    steps: Steps, moving: BoolArray, back: BoolArray, settings: DetectSettings
) -> list[tuple[int, int]]:
    """First second of such segments and the one after their last."""
    running, found = np.isfinite(steps.speed_mps), []
    gone = np.concatenate(([0], np.cumsum(running & ~back)))
    for first, last in true_runs(back):
        before = max(first - settings.pulse_ahead_s, 0)
        steady = gone[first] - gone[before] >= settings.hand_pulse_ahead_s
        long = running[first:last].sum() >= settings.pulse_least_s
        if not (steady and long) or (~moving[first:last]).sum() >= settings.pulse_hole_s:
            continue
        sides = ((slice(before, first), ~back[before:first]), (slice(first, last), ...))
        fast, slow = (known_mean(steps.speed_mps[at][way]) for at, way in sides)
        climbs = [abs(float(np.mean(steps.grade[at][way]))) for at, way in sides]
        slower = slow <= settings.hand_pulse_slower * fast
        level = max(climbs) <= settings.hand_pulse_level
        if slower and level and not _counts_steps(steps, slice(before, last), settings):
            found.append((first, last))
    return found


def _beats(heart_bpm: FloatArray, settings: DetectSettings) -> bool:
    """Whether a heart rate (n,) moves at all; one that stands still is a hanging sensor's."""
    known = heart_bpm[np.isfinite(heart_bpm)]
    if not known.size:
        return False
    low, high = (arithmetic.quantile(known, each) for each in settings.line_ends)
    return high - low >= settings.hand_pulse_range_bpm


def _counts_steps(steps: Steps, where: slice, settings: DetectSettings) -> bool:
    """Whether the heart rate there is the step rate: an optical sensor may lock on to the steps."""
    apart = np.abs(steps.heart_bpm[where] - steps.cadence_spm[where])
    apart = apart[np.isfinite(apart)]
    return bool(apart.size) and arithmetic.median(apart) <= settings.hand_pulse_locked_spm
