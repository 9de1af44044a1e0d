"""How somebody who holds what has left would look for the door; every guess is a place in metres.

The attacker knows how retrorun hides a zone, the zone's radius, the height of the ground and how
fast the athlete runs where that is seen; only the archive's secret is not known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from retrorun.privacy_zones import DISPLACED_BY, WIDER_BY
from retrorun.units import FloatArray

NEAR_M = 60.0  # a street so far from a guess is taken for the door's less readily
MEETING_M = 5.0  # lines that pass so near to each other are taken to meet
Heights = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What an artefact shows of one session by row, and what all artefacts say of it as a whole.

    Attributes:
        place: (n, 2) metres east and north, NaN in rows without a position.
        columns: other columns by name, (n,).
        duration_s: the longest duration that anything says, or NaN.
        distance_m: the longest way that anything says, or NaN.
        lead_s: from the earliest start that anything says to the first row, or NaN.
    """

    place: FloatArray
    columns: Mapping[str, FloatArray] = field(default_factory=dict)
    duration_s: float = np.nan
    distance_m: float = np.nan
    lead_s: float = np.nan

    def column(self, name: str) -> FloatArray:
        """The column, or NaN where there is none."""
        return self.columns.get(name, np.full(len(self.place), np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Where a visible way begins or ends: the place, and the direction that leads back inside."""

    place: FloatArray
    inward: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """All sessions from one door, as far as they show a place."""

    sessions: Sequence[Seen]
    ends: Sequence[End]
    radius_m: float
    height_m: Heights


def evidence(sessions: Sequence[Seen], radius_m: float, height_m: Heights) -> Evidence | None:
    """The evidence of sessions; None where none of them shows a way."""
    shown = [each for each in sessions if np.isfinite(each.place[:, 0]).sum() > 20]
    ends = [end for each in shown for end in _ends(each)]
    return Evidence(shown, ends, radius_m, height_m) if ends else None


def _ends(seen: Seen) -> list[End]:
    known = seen.place[np.isfinite(seen.place[:, 0])]
    found = []
    for way in (known, known[::-1]):
        back = way[0] - way[min(15, len(way) - 1)]
        found.append(End(way[0], back / max(float(np.hypot(*back)), 1e-9)))
    return found


def first_place(given: Evidence) -> FloatArray:
    """The mean of the places at which ways begin and end."""
    mean: FloatArray = _cuts(given).mean(axis=0)
    return mean


def box(given: Evidence) -> FloatArray:
    """The centre of the box about everything that is seen."""
    centres = []
    for seen in given.sessions:
        known = seen.place[np.isfinite(seen.place[:, 0])]
        centres.append((known.min(axis=0) + known.max(axis=0)) / 2)
    middle: FloatArray = np.median(np.array(centres), axis=0)
    return middle


def circle(given: Evidence) -> FloatArray:
    """The centre of the circle through the ends of all ways."""
    return _circle(_cuts(given))[0]


def skewed(given: Evidence) -> FloatArray:
    """As far beyond the ends' mean as that lies from the circle's centre.

    From a point inside a circle straight ways in all directions meet it so that their ends' mean
    lies half-way between the centre and the point.
    """
    cuts = _cuts(given)
    centre, _ = _circle(cuts)
    skew: FloatArray = centre + 2 * (cuts.mean(axis=0) - centre)
    return skew


def tangents(given: Evidence) -> FloatArray:
    """Where the prolongations of all ways come nearest to each other."""
    across = [np.eye(2) - np.outer(end.inward, end.inward) for end in given.ends]
    right = [each @ end.place for each, end in zip(across, given.ends, strict=True)]
    # a little of the identity, should all ways be parallel
    left = np.sum(across, axis=0) + 1e-6 * np.eye(2)
    near: FloatArray = np.linalg.lstsq(left, np.sum(right, axis=0), rcond=None)[0]
    return near


def times(given: Evidence) -> FloatArray:
    """Straight on from where a way is cut, as far as one runs in the time that is not seen."""
    return _prolonged(given, [_hidden_by_time_m(each) for each in given.sessions])


def totals(given: Evidence) -> FloatArray:
    """The same with the metres of the totals that are not seen."""
    return _prolonged(given, [_hidden_by_way_m(each) for each in given.sessions])


def usual(share: float) -> Callable[[Evidence], FloatArray]:
    """Straight on by a share of the radius, which the attacker may choose with hindsight."""

    def guess(given: Evidence) -> FloatArray:
        return _prolonged(given, [share * given.radius_m] * len(given.sessions))

    return guess


def reckoning(given: Evidence) -> FloatArray:
    """Step by step back from the first position: speed and course, or speed and turn rate."""
    return _middle([_reckoned(each) for each in given.sessions])


def heights(given: Evidence) -> FloatArray:
    """The place near the end of a way whose ground is as high as the first height that is told."""
    found = []
    for index, seen in enumerate(given.sessions):
        end = given.ends[2 * index]
        known = seen.column("altitude_m")[np.isfinite(seen.column("altitude_m"))]
        hidden = np.isnan(seen.place[:, 0]) & np.isfinite(seen.column("altitude_m"))
        if not hidden.any() or not known.size:
            found.append(end.place)
            continue
        along = np.linspace(0, 5 * given.radius_m, 200)[:, None]
        places = end.place + along * end.inward
        apart = np.abs(given.height_m(places) - known[0])
        found.append(places[int(np.argmin(apart + 0.002 * along[:, 0]))])
    return _middle(found)


def likelihood(given: Evidence) -> FloatArray:
    """The mean of where the door may be, by the rule of the disc, the ends and their directions.

    Ways are taken to leave the door in all directions alike, straight on but for about a radian.
    """
    cuts, inward = _cuts(given), np.array([end.inward for end in given.ends])
    centre, size_m = _circle(cuts)
    steps = np.linspace(-1.0, 1.0, 41) * (DISPLACED_BY[1] + 0.1) * given.radius_m
    places = centre + np.array([(east, north) for east in steps for north in steps])
    away = np.hypot(*(places - centre).T) / given.radius_m
    allowed = (away >= DISPLACED_BY[0]) & (away <= DISPLACED_BY[1])
    allowed &= size_m >= 0.95 * (away + WIDER_BY[0]) * given.radius_m
    places = places[allowed] if allowed.any() else centre[None]
    away_from = cuts[None] - places[:, None]
    apart = np.maximum(np.hypot(away_from[..., 0], away_from[..., 1]), 1.0)
    steep = (away_from * (cuts - centre)[None]).sum(axis=-1) / apart
    fits = np.log(np.maximum(steep, 1e-6) / apart).sum(axis=1)
    fits = fits - ((away_from * inward[None]).sum(axis=-1) / apart).sum(axis=1)
    weights = np.exp(fits - fits.max())
    mean: FloatArray = weights @ places / weights.sum()
    return mean


def meeting(given: Evidence) -> FloatArray:
    """Where most prolongations meet to within a few metres, as those of straight roads do."""
    ends, inward = _cuts(given), np.array([end.inward for end in given.ends])
    centre, _ = _circle(ends)
    steps = np.arange(-4.0, 4.0, MEETING_M / given.radius_m) * given.radius_m
    places = centre + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    found = np.zeros(len(places))
    for end, along in zip(ends, inward, strict=True):
        apart = places - end
        across = apart[:, 0] * along[1] - apart[:, 1] * along[0]
        found += np.where(apart @ along > 0, np.exp(-0.5 * (across / MEETING_M) ** 2), 0.0)
    most: FloatArray = places[int(np.argmax(found))]
    return most


def lines(along_m: float) -> Callable[[Evidence], FloatArray]:
    """Where prolongations meet whose direction is taken over so many metres; most of them count.

    The farther a way is seen, the less its direction has to do with the last street.
    """

    def guess(given: Evidence) -> FloatArray:
        seen = [(way[0], _on(way, along_m)) for way in _outward(given)]
        ends, far = (np.array(each) for each in zip(*seen, strict=True))
        return _nearest_to_lines(ends, ends - far)

    return guess


def turning_lines(given: Evidence) -> FloatArray:
    """Where the lines from the points at which runs turn back through their cuts meet."""
    ends = _cuts(given)
    return _nearest_to_lines(ends, ends - _turning_points(given))


def turning_points(given: Evidence) -> FloatArray:
    """The middle of the points at which runs turn back."""
    middle: FloatArray = _turning_points(given).mean(axis=0)
    return middle


def ends_once(given: Evidence) -> FloatArray:
    """The mean of the places at which ways are cut, each place counted once: of habits."""
    once: FloatArray = np.unique(np.round(_cuts(given) / 25.0), axis=0).mean(axis=0) * 25.0
    return once


def ring(radius_m: float) -> Callable[[Evidence], FloatArray]:
    """The skewed circle at a distance from the middle of what is hidden, where all is seen."""

    def guess(given: Evidence) -> FloatArray:
        centre, _ = _circle(_cuts(given))
        crossed = []
        for way in _outward(given):
            outside = np.flatnonzero(np.hypot(*(way - centre).T) > radius_m)
            crossed.append(way[outside[0]] if outside.size else way[-1])
        skew: FloatArray = centre + 2 * (np.mean(crossed, axis=0) - centre)
        return skew

    return guess


def _outward(given: Evidence) -> list[FloatArray]:
    """The ways from their cuts outward, (n, 2) each: two a session."""
    known = [seen.place[np.isfinite(seen.place[:, 0])] for seen in given.sessions]
    return [way for each in known for way in (each, each[::-1])]


def _on(way: FloatArray, along_m: float) -> FloatArray:
    """The place so far along a way, or half-way where it is shorter."""
    metres = np.cumsum(np.hypot(*np.diff(way, axis=0).T))
    place: FloatArray = way[min(int(np.searchsorted(metres, along_m)) + 1, len(way) // 2)]
    return place


def _turning_points(given: Evidence) -> FloatArray:
    middle = _cuts(given).mean(axis=0)
    halves = [way[: len(way) // 2 + 1] for way in _outward(given)]
    return np.array([each[int(np.argmax(np.hypot(*(each - middle).T)))] for each in halves])


def _nearest_to_lines(places: FloatArray, along: FloatArray) -> FloatArray:
    """The point from which lines lie least metres away in sum, by least squares weighted anew."""
    ahead = along / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    across = np.eye(2) - ahead[:, :, None] * ahead[:, None, :]
    point: FloatArray = places.mean(axis=0)
    for _ in range(6):
        apart_m = np.hypot(*np.einsum("nij,nj->ni", across, point - places).T)
        weighted = across / np.maximum(apart_m, 40.0)[:, None, None]
        right = np.einsum("nij,nj->i", weighted, places)
        point = np.linalg.solve(weighted.sum(axis=0) + 1e-9 * np.eye(2), right)
    return point


def street(given: Evidence, guess: FloatArray) -> FloatArray:
    """The place nearest to a guess on the street near it on which most ways go straight to and fro.

    Streets are taken to cross at right angles.
    """
    ends, inward = _cuts(given), np.array([end.inward for end in given.ends])
    angles = np.arctan2(inward[:, 1], inward[:, 0])
    turn = np.arctan2(np.sin(4 * angles).sum(), np.cos(4 * angles).sum()) / 4
    most, nearest = -1.0, guess
    for along in (turn, turn + np.pi / 2):
        ahead, right = (
            np.array([np.cos(along), np.sin(along)]),
            np.array([-np.sin(along), np.cos(along)]),
        )
        straight = ends[np.abs(inward @ ahead) > 0.95] @ right
        for at in straight:
            count = np.exp(-0.5 * ((straight - at) / MEETING_M) ** 2).sum()
            count *= np.exp(-0.5 * ((at - guess @ right) / NEAR_M) ** 2)
            if count > most:
                most, nearest = count, right * at + ahead * (guess @ ahead)
    return nearest


STRATEGIES: Mapping[str, Callable[[Evidence], FloatArray]] = {
    "ends of ways": first_place,
    "bounding box": box,
    "circle": circle,
    "skewed circle": skewed,
    "prolonged ways": tangents,
    "times": times,
    "totals": totals,
    "dead reckoning": reckoning,
    "heights": heights,
    "likelihood": likelihood,
    "meeting of ways": meeting,
    **{f"lines over {along_m} m": lines(along_m) for along_m in (120, 240, 450, 800, 1400)},
    "lines from turning points": turning_lines,
    "turning points": turning_points,
    "ends once": ends_once,
    **{f"ring of {radius_m} m": ring(radius_m) for radius_m in (900, 1200)},
    **{f"{share:g} radii on": usual(share) for share in (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6)},
}


Weights = Mapping[str, float]  # strategy → its share of the weighted mean
# places that a weighted mean is made of: those that turn with the whole picture
BLENDED = (
    *("ends of ways", "circle", "skewed circle", "prolonged ways", "likelihood", "bounding box"),
    *("0.5 radii on", "1.5 radii on", "3 radii on"),
    *("lines over 120 m", "lines over 240 m", "lines over 450 m", "lines over 800 m"),
    *("lines over 1400 m", "lines from turning points", "turning points", "ends once"),
    *("ring of 900 m", "ring of 1200 m"),
)


def guesses(given: Evidence, weights: Weights | None = None) -> dict[str, FloatArray]:
    """The place that every strategy names; with weights also a blend, and the street nearest."""
    found = {name: guess(given) for name, guess in STRATEGIES.items()}
    if weights is not None:
        mean = np.sum([share * found[name] for name, share in weights.items()], axis=0)
        found |= {"blend": mean, "street": street(given, mean)}
    return found


def _cuts(given: Evidence) -> FloatArray:
    return np.array([end.place for end in given.ends])


def _circle(cuts: FloatArray) -> tuple[FloatArray, float]:
    """Centre and radius of the circle of least squares; through two points the smallest one."""
    middle = cuts.mean(axis=0)
    spread = cuts - middle
    if len(cuts) < 3:
        return middle, float(np.hypot(*spread[0]))
    rows = np.column_stack([2 * spread, np.ones(len(cuts))])
    found = np.linalg.lstsq(rows, (spread**2).sum(axis=1), rcond=None)[0]
    size_m = float(np.sqrt(max(found[2] + found[0] ** 2 + found[1] ** 2, 0.0)))
    centre: FloatArray = middle + found[:2]
    return centre, size_m


def _prolonged(given: Evidence, hidden_m: Sequence[float]) -> FloatArray:
    return _middle(
        [
            end.place + metres * end.inward
            for index, metres in enumerate(hidden_m)
            for end in given.ends[2 * index : 2 * index + 2]
        ]
    )


def _middle(guesses: Sequence[FloatArray]) -> FloatArray:
    middle: FloatArray = np.median(np.array(guesses), axis=0)
    return middle


def _way_m(place: FloatArray) -> float:
    known = place[np.isfinite(place[:, 0])]
    return float(np.hypot(*np.diff(known, axis=0).T).sum())


def _hidden_by_time_m(seen: Seen) -> float:
    """Metres run unseen on one side, from seconds without a place, and what starts earlier."""
    shown = int(np.isfinite(seen.place[:, 0]).sum())
    speed_mps = _way_m(seen.place) / max(shown, 1)
    longest_s = np.nanmax([seen.duration_s, float(len(seen.place))])
    each_s = max(longest_s - shown, 0.0) / 2
    lead_s = float(np.argmax(np.isfinite(seen.place[:, 0]))) + np.nan_to_num(seen.lead_s)
    return float(speed_mps * (lead_s if lead_s > 0 else each_s))


def _hidden_by_way_m(seen: Seen) -> float:
    along = seen.column("distance_m")
    first = along[np.isfinite(seen.place[:, 0])]
    if first.size and np.isfinite(first[0]) and first[0] > 0:
        return float(first[0])
    whole_m = _way_m(seen.place)
    return max(float(np.nan_to_num(seen.distance_m, nan=whole_m)) - whole_m, 0.0) / 2


def _reckoned(seen: Seen) -> FloatArray:
    """Back from the first place through the rows before it; where they tell nothing, no step."""
    first = int(np.argmax(np.isfinite(seen.place[:, 0])))
    place: FloatArray = seen.place[first].copy()
    ahead = seen.place[min(first + 5, len(seen.place) - 1)]
    course = float(np.degrees(np.arctan2(*(ahead - place))))
    speed, turn = seen.column("ground_speed_mps"), seen.column("turn_rate_dps")
    told = seen.column("course_deg")
    for row in range(first - 1, -1, -1):
        course = told[row] if np.isfinite(told[row]) else course - np.nan_to_num(turn[row])
        step = np.nan_to_num(speed[row])
        place -= step * np.array([np.sin(np.radians(course)), np.cos(np.radians(course))])
    return place
