"""Other ways to hide a door than that of retrorun: do they leave the attacker with more?

``python benchmarks/attack_privacy.py --places --cut NAME`` attacks one of them; SECURITY.md says
what came out. ``grid`` hides whole cells of a secret grid, so that tracks end at fixed gates;
``corner`` hides on to the next corner of the way, so that no shown street leads in; ``wider`` and
``widest`` hide discs of other sizes; ``far`` hides all within 1500 m of a point askew.
"""

from collections.abc import Callable, Mapping

import numpy as np

from attack_strategies import End, Evidence
from retrorun.units import BoolArray, FloatArray, true_runs

CELL_M = 400.0
CORNER_RAD = 0.5  # a sharper bend from one second to the next is a corner
FAR_M, ASKEW_M = 1500.0, (190.0, 310.0)
RADIUS_M = 100.0
# places (n, 2), middles of the discs (k, 2) and their radii (k,) in metres from the door, seed
Cut = Callable[[FloatArray, FloatArray, FloatArray, int], BoolArray]


def discs(place: FloatArray, middles: FloatArray, sizes_m: FloatArray, _: int) -> BoolArray:
    """Which places lie in a disc, (n,): what retrorun hides."""
    apart_m = np.hypot(*(place[:, None] - middles[None]).transpose(2, 0, 1))
    found: BoolArray = (apart_m <= sizes_m).any(axis=1)
    return found


def larger(factor: float) -> Cut:
    """Discs that are so many times as large, and as far away."""

    def hide(place: FloatArray, middles: FloatArray, sizes_m: FloatArray, seed: int) -> BoolArray:
        return discs(place, factor * middles, factor * sizes_m, seed)

    return hide


def grid(place: FloatArray, middles: FloatArray, sizes_m: FloatArray, seed: int) -> BoolArray:
    """Whole cells of a turned and shifted grid, of which the middles lie in a disc."""
    rng = np.random.default_rng([seed, 77])
    shift_m, turn = rng.uniform(0, CELL_M, 2), rng.uniform(0, np.pi / 2)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.floor((place @ turned - shift_m) / CELL_M) + 0.5
    cells = discs((middle * CELL_M + shift_m) @ turned.T, middles, sizes_m, seed)
    return np.asarray(cells | (np.hypot(*place.T) <= RADIUS_M), dtype=bool)


def corner(place: FloatArray, middles: FloatArray, sizes_m: FloatArray, seed: int) -> BoolArray:
    """The discs, and from them on to the next corner of the way."""
    gone = discs(place, middles, sizes_m, seed)
    course = np.arctan2(*np.diff(place, axis=0).T[::-1])
    bends = np.flatnonzero(np.abs(np.angle(np.exp(1j * np.diff(course)))) > CORNER_RAD) + 1
    for start, end in list(true_runs(~gone)):
        inside = bends[(bends >= start) & (bends < end)]
        if start > 0:
            gone[start : inside[0] + 1 if inside.size else end] = True
        if end < gone.size:
            gone[inside[-1] if inside.size else start : end] = True
    return gone


def far(place: FloatArray, _: FloatArray, __: FloatArray, seed: int) -> BoolArray:
    """All within 1500 m of a point that lies askew about the door."""
    rng = np.random.default_rng([seed, 78])
    turn, away_m = rng.uniform(0, 2 * np.pi), rng.uniform(*ASKEW_M)
    middle = away_m * np.array([np.cos(turn), np.sin(turn)])
    found: BoolArray = np.hypot(*(place - middle).T) <= FAR_M
    return found


CUTS: Mapping[str, Cut] = {
    "discs": discs,
    "grid": grid,
    "corner": corner,
    "wider": larger(1.25),
    "widest": larger(1.5),
    "far": far,
}


def turned_inward(given: Evidence) -> Evidence:
    """What an attacker makes of ways that end at corners: the hidden street begins there.

    It leaves the shown one at a right angle, to the side on which the other ends lie.
    """
    middle = np.mean([end.place for end in given.ends], axis=0)
    ends = []
    for end in given.ends:
        aside = np.array([-end.inward[1], end.inward[0]])
        ends.append(End(end.place, aside if aside @ (middle - end.place) > 0 else -aside))
    return Evidence(given.sessions, ends, given.radius_m, given.height_m)
