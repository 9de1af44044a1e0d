"""Raw logs of phones: the adversary's bodies with sensors in a pocket, from tables to a session.

The attitude is a product of rotation matrices; gyroscope, acceleration and magnetic field are what
a phone of that attitude feels. They are written as the tables of Sensor Logger and read back as
those of a user are. Nothing here is shared with the tests' phones or with the reader.
"""

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from adversary import Case, Plan
from adversary_body import RATE, Motion, Piece, move, person, wandering
from retrorun.model import Recording
from retrorun.readers import members, read
from retrorun.settings import Settings
from retrorun.units import EARTH_RADIUS_M, FloatArray

HZ = 50
START_NS = 1_790_000_000 * 1_000_000_000
GRAVITY_MPS2 = 9.81
FIELD_UT = (0.0, 21.0, -43.0)  # east, north, up, in central Europe
EVERYTHING = ("Gyroscope", "TotalAcceleration", "Magnetometer")
Vectors = FloatArray  # (n, 3)
Rotations = FloatArray  # (n, 3, 3)


@dataclass(frozen=True, slots=True)
class RawCondition:
    """What is drawn: ``tables`` are written; ``handled`` phones are taken out and put back.

    They are so now and then on the way, or, where that is said, ``at_stops`` only, unseen by steps
    and speed.
    """

    plan: Plan
    tables: tuple[str, ...] = EVERYTHING
    handled: bool = False
    at_stops: bool = False


def _forward(rng: np.random.Generator) -> list[Piece]:
    """A quarter of an hour forward, with stops."""
    pieces: list[Piece] = []
    while sum(each.seconds for each in pieces) < 900.0:
        pieces.append(Piece(rng.uniform(100.0, 300.0), pace=rng.uniform(0.9, 1.1)))
        if rng.random() < 0.5:
            pieces.append(Piece(rng.uniform(8.0, 45.0), "still"))
    return pieces


def _mixed(rng: np.random.Generator) -> list[Piece]:
    pieces = [Piece(rng.uniform(120.0, 250.0))]
    for _ in range(5):
        pieces.append(Piece(rng.uniform(40.0, 120.0), "backward"))
        pieces.append(Piece(rng.uniform(50.0, 150.0)))
        if rng.random() < 0.2:
            pieces.append(Piece(rng.uniform(8.0, 30.0), "still"))
    return pieces


def _both(name: str, tables: Sequence[str], *, handled: bool = False) -> dict[str, RawCondition]:
    plans: dict[str, Callable[[np.random.Generator], list[Piece]]]
    plans = {"forward": _forward, "backward stretches": _mixed}
    return {
        f"raw log, {way}, {name}": RawCondition(plan, tuple(tables), handled)
        for way, plan in plans.items()
    }


GYROSCOPE = ("Gyroscope", "TotalAcceleration")
MAGNETOMETER = ("Magnetometer", "TotalAcceleration")
RAW_CONDITIONS: dict[str, RawCondition] = {
    **_both("all sensors", EVERYTHING),
    **_both("magnetometer", MAGNETOMETER),
    **_both("gyroscope", GYROSCOPE),
    **_both("all sensors, handled", EVERYTHING, handled=True),
    **_both("magnetometer, handled", MAGNETOMETER, handled=True),
    **_both("gyroscope, handled", GYROSCOPE, handled=True),
    "raw log, forward, gyroscope, put back at stops": RawCondition(
        _forward, GYROSCOPE, handled=True, at_stops=True
    ),
    "raw log, forward, all sensors, put back at stops": RawCondition(
        _forward, EVERYTHING, handled=True, at_stops=True
    ),
}


def raw_session(name: str, seed: int) -> Case:
    """The session of a condition at a seed."""
    rng = np.random.default_rng([crc32(name.encode()), seed])
    asked = RAW_CONDITIONS[name]
    route = ("loop", "out and back", "square")[int(rng.integers(3))]
    motion = move(person(rng), asked.plan(rng), route, rng)
    recording = _read(_tables(motion, asked, rng))
    size = motion.time_s.size // RATE
    middle = slice(RATE // 2, None, RATE)
    backward, still = motion.backward[middle][:size], motion.still[middle][:size]
    ways = [each.way for each in motion.pieces]
    edges = zip(motion.edges_s[1:].tolist(), ways, ways[1:], strict=False)
    changes = tuple(
        (at, after == "backward")
        for at, before, after in edges
        if {before, after} == {"forward", "backward"}
    )
    return Case(recording, backward, ~still, changes, motion=motion)


def _read(tables: dict[str, str]) -> Recording:
    packed, limits = io.BytesIO(), Settings().read
    with zipfile.ZipFile(packed, "w") as made:
        for name, text in tables.items():
            made.writestr(f"{name}.csv", text)
    ((name, content),) = members("log.zip", packed.getvalue(), limits)
    if not isinstance(content, bytes):
        raise content
    return read(name, content, limits).recordings[0]


def _tables(motion: Motion, asked: RawCondition, rng: np.random.Generator) -> dict[str, str]:
    at_s = np.arange(0.0, motion.time_s[-1], 1.0 / HZ)
    worn = _worn(motion, asked, at_s, rng)
    attitude = _body(motion, at_s, rng) @ worn
    felt = {
        "Gyroscope": _turn_rate(attitude, rng),
        "TotalAcceleration": _acceleration(motion, attitude, at_s, rng),
        "Magnetometer": _field(attitude, rng),
    }
    tables = {name: _sensor_table(at_s, felt[name]) for name in asked.tables}
    tables["Metadata"] = "version,platform,standardisation\n3,android,false\n"
    tables["Location"] = _places(motion, rng)
    return tables


def _rotations(turn: Vectors) -> Rotations:
    """Rotations by vectors of an angle in radians about their own direction (Rodrigues)."""
    angle = np.linalg.norm(turn, axis=1)
    axis = turn / np.where(angle > 0.0, angle, 1.0)[:, None]
    x, y, z = axis.T
    zero = np.zeros(angle.size)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    sine, rest = np.sin(angle)[:, None, None], (1.0 - np.cos(angle))[:, None, None]
    found: Rotations = np.eye(3) + sine * cross + rest * (cross @ cross)
    return found


def _turn_of(rotation: Rotations) -> Vectors:
    """The vectors of rotations by less than half a turn."""
    pairs = ((2, 1), (0, 2), (1, 0))
    twice = np.stack([rotation[:, a, b] - rotation[:, b, a] for a, b in pairs], axis=1)
    cosine = (np.trace(rotation, axis1=1, axis2=2) - 1.0) / 2.0
    angle = np.arccos(np.clip(cosine, -1.0, 1.0))
    sine = np.sin(angle)
    small = sine < 1e-9
    share = np.where(small, 0.5, angle / np.where(small, 1.0, 2.0 * sine))
    found: Vectors = twice * share[:, None]
    return found


def _about(axis: int, angle: FloatArray) -> Rotations:
    turn = np.zeros((angle.size, 3))
    turn[:, axis] = angle
    return _rotations(turn)


def _body(motion: Motion, at_s: FloatArray, rng: np.random.Generator) -> Rotations:
    """From a hip that faces north and stands upright to the hip as it is, east, north and up."""
    facing = np.interp(at_s, motion.time_s, motion.facing_deg)
    facing += np.interp(at_s, motion.time_s, wandering(rng, motion.time_s.size, 4.0, 12.0))
    steps = np.interp(at_s, motion.time_s, np.maximum(motion.cadence_spm, 0.0))
    going = 1.0 - np.interp(at_s, motion.time_s, motion.still.astype(np.float64))
    phase = 2.0 * np.pi * np.cumsum(steps / 120.0) / HZ
    sway, nod, roll = (np.radians(rng.uniform(*each)) for each in ((4, 12), (2, 10), (2, 7)))
    yaw = np.radians(facing) + going * sway * np.sin(phase)
    lean = going * nod * np.sin(2.0 * phase + rng.uniform(0, 6.28))
    return _about(2, -yaw) @ _about(0, lean) @ _about(1, going * roll * np.sin(phase + 1.0))


def _worn(
    motion: Motion, asked: RawCondition, at_s: FloatArray, rng: np.random.Generator
) -> Rotations:
    """From the phone's axes to the hip's: in a pocket, and in the hand while it is taken out."""
    pose = _pocket(rng)
    found = np.broadcast_to(pose, (at_s.size, 3, 3)).copy()
    if not asked.handled:
        return found
    for out_s, back_s in _handlings(motion, asked, rng):
        hand, pose = _hand(rng), _pocket(rng)
        for begin_s, lasts_s, before, after in (
            (out_s, rng.uniform(0.6, 2.0), found[-1].copy(), hand),
            (back_s, rng.uniform(0.6, 2.0), hand, pose),
        ):
            share = np.clip((at_s - begin_s) / lasts_s, 0.0, 1.0)
            moved = share > 0.0
            turn = _turn_of((before.T @ after)[None])
            found[moved] = before @ _rotations(share[moved, None] * turn)
    return found


def _handlings(
    motion: Motion, asked: RawCondition, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """When it is taken out and put back, in seconds: on the way, or within a stop."""
    found: list[tuple[float, float]] = []
    if asked.at_stops:
        for piece, begin, end in zip(
            motion.pieces, motion.edges_s, motion.edges_s[1:], strict=False
        ):
            if piece.way == "still" and end - begin > 7.0:
                found.append((begin + 1.0, end - 3.0))
        return found
    at, last = rng.uniform(60.0, 300.0), motion.time_s[-1] - 90.0
    while at < last:
        until = at + rng.uniform(6.0, 60.0)
        found.append((at, until))
        at = until + rng.uniform(120.0, 500.0)
    return found


def _pocket(rng: np.random.Generator) -> FloatArray:
    """A phone that stands in a pocket, either end up, its screen to any side."""
    upright = _about(0, np.array([np.pi / 2.0]))[0]
    end = _about(2, np.array([np.pi * rng.integers(2)]))[0]
    side = _about(2, np.array([rng.uniform(0.0, 2.0 * np.pi)]))[0]
    loose = _rotations(rng.normal(0.0, 0.25, (1, 3)))[0]
    found: FloatArray = side @ upright @ end @ loose
    return found


def _hand(rng: np.random.Generator) -> FloatArray:
    """A phone that is looked at: its upper edge ahead, its screen raised to the face."""
    raised = _about(0, np.array([rng.uniform(0.2, 1.1)]))[0]
    aside = _about(2, np.array([rng.normal(0.0, 0.3)]))[0]
    found: FloatArray = aside @ raised
    return found


def _turn_rate(attitude: Rotations, rng: np.random.Generator) -> Vectors:
    """Gyroscope in rad/s: with a zero that is off and drifts, a scale, and noise."""
    step = np.swapaxes(attitude[:-1], 1, 2) @ attitude[1:]
    rate = _turn_of(step) * HZ
    rate = np.vstack([rate, rate[-1:]])
    zero = np.radians(rng.normal(0.0, 0.3, 3))
    drift = np.radians(rng.normal(0.0, 0.15, 3)) * np.linspace(0.0, 1.0, len(rate))[:, None]
    scale = 1.0 + rng.normal(0.0, 0.01, 3)
    found: Vectors = rate * scale + zero + drift + np.radians(rng.normal(0.0, 0.4, rate.shape))
    return found


def _acceleration(
    motion: Motion, attitude: Rotations, at_s: FloatArray, rng: np.random.Generator
) -> Vectors:
    """What an accelerometer feels, m/s²: gravity, the bounce of steps, the changes of speed."""
    steps = np.interp(at_s, motion.time_s, motion.cadence_spm)
    going = 1.0 - np.interp(at_s, motion.time_s, motion.still.astype(np.float64))
    phase = 2.0 * np.pi * np.cumsum(steps / 60.0) / HZ
    strength = going * rng.uniform(4.0, 9.0)
    world = np.zeros((at_s.size, 3))
    world[:, 2] = GRAVITY_MPS2 + strength * np.sin(phase) + 0.3 * strength * np.sin(2.0 * phase)
    for axis, place in ((0, motion.x_m), (1, motion.y_m)):
        speed = np.gradient(place, motion.time_s)
        smooth = np.convolve(np.gradient(speed, motion.time_s), np.ones(9) / 9.0, "same")
        world[:, axis] = np.interp(at_s, motion.time_s, smooth)
        world[:, axis] += 0.3 * strength * np.sin(phase + rng.uniform(0, 6.28))
    felt = np.einsum("nji,nj->ni", attitude, world)
    found: Vectors = felt + rng.normal(0.0, 0.25, felt.shape) + rng.normal(0.0, 0.08, 3)
    return found


def _field(attitude: Rotations, rng: np.random.Generator) -> Vectors:
    """Magnetic field in the phone's axes, microtesla, with some iron on the phone."""
    felt = np.einsum("nji,j->ni", attitude, np.array(FIELD_UT))
    iron = rng.normal(0.0, 3.0, 3)
    found: Vectors = felt + iron + rng.normal(0.0, 0.8, felt.shape)
    return found


def _sensor_table(at_s: FloatArray, values: Vectors) -> str:
    late_s = at_s.tolist()
    rows = [
        f"{START_NS + round(at * 1e9)},{at:.3f},{z:.5f},{y:.5f},{x:.5f}"
        for at, (x, y, z) in zip(late_s, values.tolist(), strict=True)
    ]
    return "\n".join(["time,seconds_elapsed,z,y,x", *rows, ""])


def _places(motion: Motion, rng: np.random.Generator) -> str:
    whole = slice(0, motion.time_s.size, RATE)
    east_m, north_m = (
        (true_m + wandering(rng, true_m.size, 2.0, 40.0))[whole]
        + rng.normal(0.0, 0.15, true_m[whole].size)
        for true_m in (motion.x_m, motion.y_m)
    )
    latitude = 46.0 + np.degrees(north_m / EARTH_RADIUS_M)
    longitude = 14.5 + np.degrees(east_m / EARTH_RADIUS_M / np.cos(np.radians(46.0)))
    rows = [
        f"{START_NS + round(at * 1e9)},{at:.3f},{north:.8f},{east:.8f},4"
        for at, north, east in zip(
            motion.time_s[whole].tolist(), latitude.tolist(), longitude.tolist(), strict=True
        )
    ]
    head = "time,seconds_elapsed,latitude,longitude,horizontalAccuracy"
    return "\n".join([head, *rows, ""])
