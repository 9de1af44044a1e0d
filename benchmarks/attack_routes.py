"""Doors and the runs that begin and end at them: what the attack on privacy zones is tried on.

Every run is a GPX file of one fix a second from the door out and back to it. The ways are streets
(a grid turned at random, crossings every 60 to 120 m, the same in all runs, the door in the middle
of a block), curves (a heading that wanders), or two on which no privacy zone can keep a secret for
long, because their prolongations meet at the door: straight radii, and crossings (the door at the
only crossing that all runs share, so that many go straight on from it in four directions).

``ways`` gives places alone, of many runs in little time. There also are corners (the door at a
crossing of the shared streets), dead ends (the door at the end of a lane off a street) and habits
(streets, but an athlete has four directions and not all alike). In streets, habits, corners, dead
ends and curves every third run goes out and back the same way, every third one is a loop, and the
others come back from anywhere or run through the door's zone from elsewhere to elsewhere; each
turns back as far from the door as it likes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun.model import Zone
from retrorun.units import EARTH_RADIUS_M, FloatArray

Way = Literal["streets", "curves", "radii", "crossings", "corners", "dead ends", "habits"]
MIXED = frozenset({"streets", "curves", "corners", "dead ends", "habits"})
RADIUS_M = 100.0
STREETS = 40  # on each side of the door
OUT_M = 1500.0  # how far from the door a run turns back
MIDDLE_OUT_M, OUT_SPREAD, OUT_BETWEEN_M = 1300.0, 0.4, (600.0, 2600.0)  # of ``ways``: log-normal
LANE_M = (60.0, 150.0)  # of a dead end
LOOP_RAD = 0.8  # how far the way back of a loop leads from the way out: standard deviation
DIRECTIONS, SPREAD_RAD = 4, 0.25  # of an athlete with habits
SPEED_MPS = 3.0
GPS_M = 1.5  # wander of the fixes
START_S = 1_778_250_000


@dataclass(frozen=True, slots=True)
class Door:
    """A door, its ground, and the privacy zone about it.

    ``slope`` is the rise of the ground to the east and to the north, ``waves`` its hills: east,
    north, phase and height of each. Everybody can look up heights, so the attacker knows them.
    ``crossing`` and ``along`` are the places of streets by number, in metres along and across the
    door's street: that is ``along[0]``, and the door lies between ``crossing[0]`` and the next.
    """

    zone: Zone
    grid_deg: float
    crossing: Mapping[int, float]
    along: Mapping[int, float]
    slope: tuple[float, float]
    waves: tuple[tuple[float, float, float, float], ...]

    def plane(self, latitude_deg: FloatArray, longitude_deg: FloatArray) -> FloatArray:
        """Metres east and north of the door, (n, 2)."""
        north = np.radians(latitude_deg - self.zone.latitude_deg) * EARTH_RADIUS_M
        east = np.radians(longitude_deg - self.zone.longitude_deg) * EARTH_RADIUS_M
        flat: FloatArray = np.column_stack(
            [east * np.cos(np.radians(self.zone.latitude_deg)), north]
        )
        return flat

    def height_m(self, place: FloatArray) -> FloatArray:
        """Height of the ground at places (n, 2) in metres from the door, (n,)."""
        height = 300.0 + place @ np.array(self.slope)
        for east, north, phase, size in self.waves:
            height = height + size * np.sin(place[:, 0] * east + place[:, 1] * north + phase)
        result: FloatArray = height
        return result


def door(seed: int) -> Door:
    """A door somewhere between the polar circles."""
    rng = np.random.default_rng([seed, 1])
    zone = Zone(float(rng.uniform(-60, 60)), float(rng.uniform(-170, 170)), RADIUS_M)
    steep = rng.normal(0, 2 * np.pi / 400, (3, 2)).tolist()
    waves = tuple((east, north, float(rng.uniform(0, 6)), 6.0) for east, north in steep)
    east, north = rng.normal(0, 0.02, 2).tolist()
    grid_deg = float(rng.uniform(0, 90))
    apart_m = rng.uniform(60, 120, (2, 2 * STREETS + 1))
    places = np.cumsum(apart_m, axis=1) - np.cumsum(apart_m, axis=1)[:, [STREETS]]
    places[0] -= rng.uniform(0.1, 0.9) * apart_m[0, STREETS + 1]
    crossing, along = (dict(zip(range(-STREETS, STREETS + 1), each.tolist(), strict=True))
                       for each in places)  # fmt: skip
    return Door(zone, grid_deg, crossing, along, (east, north), waves)


def run(home: Door, number: int, way: Way, seed: int) -> bytes:
    """One run from the door and back as GPX; the same arguments give the same bytes."""
    rng = np.random.default_rng([seed, 2, number])
    corners = _corners(home, way, rng)
    waits_s = rng.integers(0, 40, 2)
    place = _walked(corners, float(SPEED_MPS * rng.uniform(0.85, 1.15)))
    before, after = (
        np.repeat(place[[at]], wait, axis=0) for at, wait in zip((0, -1), waits_s, strict=True)
    )
    place = np.vstack([before, place, after])
    wander = np.cumsum(rng.normal(0, 0.15, place.shape), axis=0)
    place = place + np.clip(wander - wander.mean(axis=0), -3 * GPS_M, 3 * GPS_M)
    start_s = START_S + 86_400 * number + int(rng.integers(0, 36_000))
    return _gpx(home, place, start_s, blind_s=int(rng.integers(0, 30)) if number % 3 == 0 else 0)


def ways(home: Door, number: int, way: Way, seed: int) -> FloatArray:
    """The places of a run alone, one a second, (n, 2): quick, and without a receiver's wander.

    A run through the zone begins and ends elsewhere.
    """
    rng = np.random.default_rng([seed, 2, number])
    corners = _mixed(home, number, way, seed) if way in MIXED else _corners(home, way, rng)
    return _walked(corners, SPEED_MPS)


def _mixed(home: Door, number: int, way: Way, seed: int) -> FloatArray:
    """Corners of a run out and back, of a loop, or of one that returns from anywhere."""
    rng = np.random.default_rng([seed, 3, number])
    drawn_m = MIDDLE_OUT_M * np.exp(rng.normal(0, OUT_SPREAD))
    out_m = float(np.clip(drawn_m, *OUT_BETWEEN_M))
    toward = _toward(way, seed, rng)
    out = _leg_toward(home, way, toward, out_m, rng)
    if number % 3 == 0:
        return np.vstack([out, out[::-1]])
    is_loop = number % 3 == 1
    toward = toward + rng.normal(0, LOOP_RAD) if is_loop else _toward(way, seed, rng)
    back = _leg_toward(home, way, toward, out_m, rng)
    if not is_loop and rng.random() < 0.5:
        return np.vstack([out[::-1], back[1:]])
    return np.vstack([out, back[::-1]])


def _toward(way: Way, seed: int, rng: np.random.Generator) -> float:
    """Where a run leads, in radians."""
    if way != "habits":
        return float(rng.uniform(0, 2 * np.pi))
    of_athlete = np.random.default_rng([seed, 9])
    directions = of_athlete.uniform(0, 2 * np.pi, DIRECTIONS)
    chosen = rng.choice(directions, p=of_athlete.dirichlet(np.ones(DIRECTIONS)))
    return float(chosen + rng.normal(0, SPREAD_RAD))


def _corners(home: Door, way: Way, rng: np.random.Generator) -> FloatArray:
    out, back = (_leg(home, way, rng) for _ in range(2))
    return np.vstack([out, back[::-1]])


def _leg(home: Door, way: Way, rng: np.random.Generator) -> FloatArray:
    """Corners of a way from the door to where it turns back, (n, 2)."""
    return _leg_toward(home, way, float(rng.uniform(0, 2 * np.pi)), OUT_M, rng)


def _leg_toward(
    home: Door, way: Way, toward: float, out_m: float, rng: np.random.Generator
) -> FloatArray:
    """The same toward a direction in radians, so far out."""
    if way == "radii":
        return np.array([[0.0, 0.0], [out_m * np.cos(toward), out_m * np.sin(toward)]])
    if way not in {"curves", "crossings"}:
        return _streets(home, way, toward, out_m, rng)
    places = [np.zeros(2)]
    heading = toward
    while np.hypot(*places[-1]) < out_m and len(places) < 400:
        if way == "curves":
            heading += rng.normal(0, np.radians(10))
            step = 10.0
        else:
            grid = np.radians(home.grid_deg) + np.pi / 2 * np.arange(4)
            heading, step = rng.choice(grid, p=_likely(grid - toward)), rng.uniform(60, 120)
        places.append(places[-1] + step * np.array([np.cos(heading), np.sin(heading)]))
    return np.array(places)


def _likely(apart: FloatArray) -> FloatArray:
    """How likely each direction is taken, (n,), by the angles to where the run leads."""
    likely = np.exp(2.0 * np.cos(apart))
    result: FloatArray = likely / likely.sum()
    return result


def _streets(
    home: Door, way: Way, toward: float, out_m: float, rng: np.random.Generator
) -> FloatArray:
    """Corners of a way along the streets about the door, which lies on the first of one kind.

    Of a corner it is the crossing at one end of that block, of a dead end a lane that leaves it.
    """
    turn = np.radians(home.grid_deg)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quarters = np.pi / 2 * np.arange(4)
    at = [0, 0]  # of the streets that cross, and of those along which the door lies
    places = [np.array([home.crossing[0], 0.0])]
    if way != "corners":
        backward = bool(rng.random() > _likely(np.array([0.0, np.pi]) + turn - toward)[0])
        at[0] = 0 if backward else 1  # the ends of the door's block
        places = [np.zeros(2), np.array([home.crossing[at[0]], 0.0])]
    if way == "dead ends":
        lane_m = LANE_M[0] + (LANE_M[1] - LANE_M[0]) * home.grid_deg / 90.0
        places.insert(0, np.array([0.0, lane_m]))
    door = places[0]
    likely = np.cumsum(_likely(quarters + turn - toward))
    while np.hypot(*(places[-1] - door)) < out_m and len(places) < 400:
        quarter = min(int(np.searchsorted(likely, rng.random(), side="right")), 3)
        at[quarter % 2] += 1 if quarter < 2 else -1
        if max(map(abs, at)) > STREETS:
            break
        places.append(np.array([home.crossing[at[0]], home.along[at[1]]]))
    corners: FloatArray = (np.array(places) - door) @ turned
    return corners


def _walked(corners: FloatArray, speed_mps: float) -> FloatArray:
    """Places along corners, one a second, (n, 2)."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    at = np.arange(0.0, along[-1], speed_mps)
    return np.column_stack([np.interp(at, along, corners[:, axis]) for axis in (0, 1)])


def _gpx(home: Door, place: FloatArray, start_s: int, blind_s: int) -> bytes:
    """A GPX of the places; the first ``blind_s`` seconds pass before the first fix."""
    zone, height = home.zone, home.height_m(place)
    latitude = zone.latitude_deg + np.degrees(place[:, 1] / EARTH_RADIUS_M)
    narrow = np.cos(np.radians(zone.latitude_deg))
    longitude = zone.longitude_deg + np.degrees(place[:, 0] / EARTH_RADIUS_M / narrow)
    points = []
    for second in range(blind_s, len(place)):
        time = np.datetime64(start_s + second, "s")
        points.append(
            f'<trkpt lat="{latitude[second]:.7f}" lon="{longitude[second]:.7f}">'
            f"<ele>{height[second]:.1f}</ele><time>{time}Z</time><extensions>"
            "<g:TrackPointExtension><g:hr>140</g:hr><g:cad>84</g:cad>"
            "</g:TrackPointExtension></extensions></trkpt>"
        )
    return (
        '<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="retrorun attack" '
        'xmlns:g="http://www.garmin.com/xmlschemas/TrackPointExtension/v1"><trk><type>running'
        f"</type><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    ).encode()
