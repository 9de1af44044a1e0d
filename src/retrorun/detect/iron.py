"""Iron carried with a compass bends its heading by one sine of the heading: fitted, taken out."""

from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.arithmetic import product
from retrorun.detect.heading import Facing
from retrorun.settings import DetectSettings
from retrorun.units import FloatArray, wrap_deg


def without_hard_iron(seen: Facing, settings: DetectSettings) -> Facing:
    """The heading against the course without the error of a magnet on the device.

    A field b of the device added to the earth's H turns the heading by asin(b/H · sin(ψ - φ)),
    where ψ is the heading that is shown (law of sines). Offset and sine are fitted together, in
    doubled angles, so that backward seconds count as forward ones. Only where the heading points
    all round; else a sine could explain anything.

    Args:
        seen: heading against the course, (n,).
        settings: of this stage.
    """
    use = np.flatnonzero(seen.usable)
    if use.size < settings.iron_least_s:
        return seen
    use = use[:: max(1, use.size // settings.iron_samples)]
    turn = np.radians(seen.heading_deg[use])
    quadrants = np.bincount(((seen.heading_deg[use] % 360.0) // 90.0).astype(np.int64), None, 4)
    if (quadrants >= settings.iron_quadrant * use.size).sum() < 3:
        return seen
    design = np.column_stack(arithmetic.sine_cosine(turn))
    fit = np.zeros(2)
    for _ in range(settings.iron_rounds):
        rest = seen.delta_deg[use] - product(design, fit)
        middle = _axis_deg(rest)
        folded = wrap_deg(2.0 * (rest - middle)) / 2.0
        near = np.abs(folded) < 60.0
        fit += _least_squares(design[near], folded[near] - folded[near].mean())
    size = arithmetic.hypot(float(fit[0]), float(fit[1]))
    if not settings.iron_deg[0] <= size <= settings.iron_deg[1]:
        return seen
    whole = np.radians(np.nan_to_num(seen.heading_deg))
    bent = fit[0] * arithmetic.sin(whole) + fit[1] * arithmetic.cos(whole)
    before, after = (_length(each[use]) for each in (seen.delta_deg, seen.delta_deg - bent))
    if after < before + settings.iron_gain:
        return seen
    reason = f"{seen.verdict.reason}; iron on the device bent it by up to {size:.0f}°, taken out"
    return replace(
        seen,
        delta_deg=wrap_deg(seen.delta_deg - bent),
        verdict=replace(seen.verdict, reason=reason),
    )


def _least_squares(design: FloatArray, values: FloatArray) -> FloatArray:
    """Weights (2,) of the columns of a design (m, 2) for values (m,); 0 where nothing tells."""
    ridge = 1e-9 * np.eye(2)
    return arithmetic.solve(product(design.T, design) + ridge, product(design.T, values))


def _axis_deg(angle_deg: FloatArray) -> float:
    doubled = np.radians(2.0 * angle_deg)
    sine, cosine = (float(each.sum()) for each in arithmetic.sine_cosine(doubled))
    return float(np.degrees(arithmetic.arctan2(sine, cosine))) / 2.0


def _length(angle_deg: FloatArray) -> float:
    doubled = np.radians(2.0 * angle_deg)
    sine, cosine = (float(each.mean()) for each in arithmetic.sine_cosine(doubled))
    return arithmetic.hypot(sine, cosine)
