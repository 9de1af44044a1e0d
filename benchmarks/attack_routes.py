"""Doors and the runs that begin and end at them: what the attack on privacy zones is tried on.

Every run is a GPX file of one fix a second from the door out and back to it. The ways are streets
(a grid turned at random, crossings every 60 to 120 m, the same in all runs, the door in the middle
of a block), curves (a heading that wanders), or two on which no privacy zone can keep a secret for
long, because their prolongations meet at the door: straight radii, and crossings (the door at the
only crossing that all runs share, so that many go straight on from it in four directions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrorun.model import Zone
from retrorun.units import EARTH_RADIUS_M, FloatArray

Way = Literal["streets", "curves", "radii", "crossings"]
RADIUS_M = 100.0
STREETS = 40  # on each side of the door
OUT_M = 900.0  # how far from the door a run turns back
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
    """The places of a run alone, one a second, (n, 2): quick, and without a receiver's wander."""
    rng = np.random.default_rng([seed, 2, number])
    return _walked(_corners(home, way, rng), SPEED_MPS)


def _corners(home: Door, way: Way, rng: np.random.Generator) -> FloatArray:
    out, back = (_leg(home, way, rng) for _ in range(2))
    return np.vstack([out, back[::-1]])


def _leg(home: Door, way: Way, rng: np.random.Generator) -> FloatArray:
    """Corners of a way from the door to where it turns back, (n, 2)."""
    toward = rng.uniform(0, 2 * np.pi)
    if way == "radii":
        return np.array([[0.0, 0.0], [OUT_M * np.cos(toward), OUT_M * np.sin(toward)]])
    if way == "streets":
        return _streets(home, toward, rng)
    places = [np.zeros(2)]
    heading = toward
    while np.hypot(*places[-1]) < OUT_M and len(places) < 400:
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


def _streets(home: Door, toward: float, rng: np.random.Generator) -> FloatArray:
    """Corners of a way along the streets about the door, which lies on the first of one kind."""
    turn = np.radians(home.grid_deg)
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    quarters = np.pi / 2 * np.arange(4)
    at = [0, 0]  # of the streets that cross, and of those along which the door lies
    backward = bool(rng.random() > _likely(np.array([0.0, np.pi]) + turn - toward)[0])
    at[0] = 0 if backward else 1  # the ends of the door's block
    places = [np.zeros(2), np.array([home.crossing[at[0]], 0.0])]
    while np.hypot(*places[-1]) < OUT_M and len(places) < 400:
        quarter = int(rng.choice(4, p=_likely(quarters + turn - toward)))
        at[quarter % 2] += 1 if quarter < 2 else -1
        places.append(np.array([home.crossing[at[0]], home.along[at[1]]]))
    corners: FloatArray = np.array(places) @ turned
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
