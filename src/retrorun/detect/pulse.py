"""What the heart says of a slower stretch: jogging lets it fall, running backward does not.

Backward movement costs about a third more than forward movement at the same speed
(``literature.py``: backward_run), so a heart that falls as far as the speed does speaks for a jog.
"""

import numpy as np

from retrorun import arithmetic, literature
from retrorun.detect.series import runs
from retrorun.detect.step_rate import Steps
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray


def pulse_evidence(seen: Steps, back: BoolArray, settings: DetectSettings) -> float:
    """Log-odds that the stretches ``back`` (n,) were backward rather than slow, by heart rate.

    The rate before a stretch and at its end are held against the steady rate of both, approached
    with a time constant; each stretch says little, and short ones nothing.
    """
    if not np.isfinite(seen.heart_bpm).any():
        return 0.0
    total = 0.0
    starts, ends = runs(back)
    for first, last in zip(starts.tolist(), ends.tolist(), strict=True):
        if back[first] and last - first >= settings.pulse_least_s and first >= 60:
            total += _of_stretch(seen, back, (first, last), settings)
    return float(np.clip(total, -settings.pulse_most, settings.pulse_most))


def _of_stretch(
    seen: Steps, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> float:
    """Log-odds by one stretch, within the setting's bounds; 0 where nothing can be compared."""
    first, last = span
    heart = seen.heart_bpm
    before, late = heart[first - 10 : first + 8], heart[last - 7 : last + 8]
    ahead = slice(first - 60, first)
    paces = (seen.speed_mps[ahead][~back[ahead]], seen.speed_mps[first:last])
    hills = (seen.grade[ahead][~back[ahead]], seen.grade[first:last])
    known = (before, late, *paces)
    if any(np.isfinite(each).sum() < 5 for each in known):
        return 0.0
    at, then, fast, slow = (float(np.nanmean(each)) for each in known)
    near, least = settings.pulse_ceiling_bpm
    if at > max(float(np.nanmax(heart)) - near, least):
        return 0.0  # at its ceiling a heart tells no demand from a higher one
    idle, unsure = settings.pulse_idle_bpm
    reached = 1.0 - arithmetic.exp(-(last - first - 8) / settings.pulse_memory_s)
    # Uphill costs more at the same speed (ACSM: 0.9 against 0.2 for each unit of grade).
    steep = literature.value("acsm_run_grade") / literature.value("acsm_run_speed")
    slow, fast = (
        speed * max(1.0 + steep * float(np.mean(grade)), 0.3)
        for speed, grade in zip((slow, fast), hills[::-1], strict=True)
    )
    share = min(slow / max(fast, 0.5), 1.2)
    demand = max(at - idle, 10.0) * share
    cost = literature.value("backward_run")
    jog, turned = ((demand * k + idle - at) * reached for k in (1.0, cost))
    if turned - jog < settings.pulse_contrast_bpm:
        return 0.0
    spread = arithmetic.hypot(settings.pulse_spread_bpm, unsure * abs(1.0 - share) * reached)
    wide = arithmetic.hypot(spread, settings.pulse_cost_spread * demand * reached)
    seen_bpm = then - at
    gain = _log_normal(seen_bpm - turned, wide) - _log_normal(seen_bpm - jog, spread)
    return float(np.clip(gain, -settings.pulse_vote, settings.pulse_vote))


def _log_normal(residual: float, spread: float) -> float:
    away = residual / spread
    return arithmetic.log(arithmetic.exp(-0.5 * away * away) / spread + 0.0005)
