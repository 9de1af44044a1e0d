"""A body that runs, walks, turns about and skips sideways: the adversarial generator's first half.

Written without sight of ``retrorun.simulate`` and sharing no code with it. The sizes are those
measured on motion capture, phones and in papers (docs/detection.md names them): turning about in
0.8 s, a step rate backward of 1.22 ± 0.15 times forward between people, facing that is oblique
while backward, and looks over the shoulder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from retrorun.units import BoolArray, FloatArray, IntArray

RATE = 4  # inner samples a second
TURN_S = (0.6, 1.6)  # median 0.8 s, p90 1.65 s
LOOK_EVERY_S = 14.0  # looking over the shoulder while backward


@dataclass(frozen=True, slots=True)
class Stride:
    """How long one athlete touches the ground, and how far they rise and fall.

    Each value is (contact time, vertical excursion). ``level`` at 3 m/s, in s and m; ``by_speed``
    and ``by_steps`` are the powers of speed and of quicker steps at equal speed; ``backward`` is
    times the forward value at equal speed; ``wander`` the deviation of the logarithm.
    """

    level: tuple[float, float]
    by_speed: tuple[float, float]
    by_steps: tuple[float, float]
    backward: tuple[float, float]
    wander: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Person:
    """One athlete: ``ratio`` and ``share`` are backward over forward of step rate and speed."""

    level_spm: float
    slope_spm: float
    walk_level_spm: float
    walk_slope_spm: float
    speed_mps: float
    walk_mps: float
    ratio: float
    share: float
    turn_s: float
    oblique_deg: float
    wander_spm: float
    rest_bpm: float
    beats_per_mps: float
    factor: float
    ceiling_bpm: float


def person(rng: np.random.Generator) -> Person:
    """Draw an athlete."""
    return Person(
        level_spm=rng.normal(139.0, 8.0),
        slope_spm=rng.normal(9.5, 2.5),
        walk_level_spm=rng.normal(58.0, 5.0),
        walk_slope_spm=rng.normal(40.0, 4.0),
        speed_mps=rng.uniform(2.4, 3.6),
        walk_mps=rng.uniform(1.1, 1.5),
        ratio=float(np.clip(rng.normal(1.22, 0.15), 0.97, 1.55)),
        share=float(np.clip(rng.normal(0.72, 0.11), 0.4, 1.0)),
        turn_s=rng.uniform(*TURN_S),
        oblique_deg=rng.normal(0.0, 10.0),
        wander_spm=rng.uniform(1.2, 3.5),
        rest_bpm=rng.uniform(50.0, 75.0),
        beats_per_mps=rng.uniform(26.0, 36.0),
        factor=rng.uniform(1.0, 2.2),
        ceiling_bpm=rng.uniform(172.0, 200.0),
    )


def stride(rng: np.random.Generator, who: Person) -> Stride:
    """Draw an athlete's stride: contact x 0.85 backward (Wright & Weyand 2001: 0.82).

    Excursion as of the four actors of LAFAN1: x 0.66, 0.81, 0.53 and 0.93 at step rates x 1.16,
    1.11, 1.54 and 1.19; in logarithms -0.055 - 1.3 times that of the step rate, +- 0.19.
    """
    rise = -0.055 - 1.3 * np.log(who.ratio) + rng.normal(0.0, 0.19)
    return Stride(
        level=(rng.uniform(0.22, 0.28), rng.uniform(0.065, 0.11)),
        by_speed=(rng.normal(-0.4, 0.12), rng.normal(0.0, 0.2)),
        by_steps=(rng.uniform(-0.9, -0.1), rng.uniform(-2.5, -1.0)),
        backward=(
            float(np.clip(rng.normal(0.85, 0.06), 0.7, 1.0)),
            float(np.clip(np.exp(rise), 0.5, 1.05)),
        ),
        wander=(rng.uniform(0.015, 0.035), rng.uniform(0.02, 0.05)),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """So many seconds of one way of moving.

    Attributes:
        seconds: how long.
        way: ``forward``, ``backward``, ``sideways`` or ``still``.
        gait: ``run`` or ``walk``.
        pace: times the athlete's own speed of that gait (backward: times their share too).
        steps: times the step rate that belongs to it.
        shuttle: the body keeps its facing and the course turns about at the piece's start.
        name: what a lap or step over it is called.
        climb: grade of the ground.
    """

    seconds: float
    way: str = "forward"
    gait: str = "run"
    pace: float = 1.0
    steps: float = 1.0
    shuttle: bool = False
    name: str | None = None
    climb: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The body at ``RATE`` a second, (m,) each, and the pieces' edges in seconds."""

    person: Person
    time_s: FloatArray
    speed_mps: FloatArray
    x_m: FloatArray
    y_m: FloatArray
    altitude_m: FloatArray
    course_deg: FloatArray
    facing_deg: FloatArray
    backward: BoolArray
    still: BoolArray
    walking: BoolArray
    cadence_spm: FloatArray
    pieces: tuple[Piece, ...] = field(default=())
    edges_s: FloatArray = field(default_factory=lambda: np.zeros(1))


def wandering(rng: np.random.Generator, count: int, spread: float, memory_s: float) -> FloatArray:
    """A slow random wander with this deviation and memory, (count,) at ``RATE`` a second."""
    keep = float(np.exp(-1.0 / (RATE * memory_s)))
    shocks = rng.normal(0.0, spread * np.sqrt(1.0 - keep * keep), count).tolist()
    value, found = float(rng.normal(0.0, spread)), []
    for shock in shocks:
        value = keep * value + shock
        found.append(value)
    return np.array(found)


def _eased(values: FloatArray, memory_s: float) -> FloatArray:
    """First-order lag of a series at ``RATE`` a second."""
    share = 1.0 - float(np.exp(-1.0 / (RATE * memory_s)))
    value, found = float(values[0]), []
    for given in values.tolist():
        value += share * (given - value)
        found.append(value)
    return np.array(found)


def route_deg(kind: str, along_m: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Direction of the way at each distance along it, (m,)."""
    start = rng.uniform(0.0, 360.0)
    if kind == "straight":
        return start + 8.0 * np.sin(along_m / 90.0)
    if kind == "out and back":
        half = along_m[-1] / 2.0
        bends = 35.0 * np.sin(np.minimum(along_m, 2.0 * half - along_m) / 140.0)
        return np.asarray(start + np.where(along_m < half, bends, bends + 180.0))
    if kind == "oval":
        lap = along_m % 400.0
        turned = np.clip(lap - 84.4, 0.0, 115.6) + np.clip(lap - 284.4, 0.0, 115.6)
        return np.asarray(start + 360.0 * (along_m // 400.0) + turned / 231.2 * 360.0)
    if kind == "hairpins":
        leg = rng.uniform(70.0, 130.0)
        number, within = np.divmod(along_m, leg)
        return start + 180.0 * (number + np.clip((within - leg + 6.0) / 6.0, 0.0, 1.0))
    if kind == "square":
        return start + 90.0 * np.floor(along_m / rng.uniform(120.0, 260.0))
    bends = sum(
        rng.uniform(25.0, 80.0) * np.sin(along_m / rng.uniform(60.0, 400.0) + rng.uniform(0, 6.3))
        for _ in range(4)
    )
    return np.asarray(start + bends + 360.0 * along_m / max(along_m[-1], 1.0))


def move(
    who: Person, pieces: Sequence[Piece], route: str, rng: np.random.Generator, hills: float = 0.0
) -> Motion:
    """Carry out the pieces along a way; ``hills`` is the deviation of its grade."""
    lengths = np.array([max(1, round(piece.seconds * RATE)) for piece in pieces])
    owner = np.repeat(np.arange(len(pieces)), lengths)
    count = owner.size
    edges_s = np.concatenate(([0.0], np.cumsum(lengths))) / RATE
    way = np.array([piece.way for piece in pieces])[owner]
    backward, still = way == "backward", way == "still"
    walking = np.array([piece.gait == "walk" for piece in pieces])[owner]
    target = np.array([_target_mps(who, piece) for piece in pieces])[owner]
    speed = _eased(target * (1.0 + wandering(rng, count, 0.04, 20.0)), 1.2)
    speed *= _dips(pieces, edges_s, count, rng)
    speed = np.where(still & (speed < 0.15), 0.0, np.maximum(speed, 0.0))
    shuttle = np.array([piece.shuttle for piece in pieces])
    along = np.cumsum(np.where(shuttle[owner], 0.0, speed)) / RATE
    way_deg = route_deg(route, along, rng)
    if route == "out and back":  # bends are mirrored on the way home
        way_deg = _eased(np.unwrap(way_deg, period=360.0), 0.8)
    elif route in {"square", "hairpins"}:
        way_deg = _eased(way_deg, 1.0)
    reversed_ = (np.cumsum(shuttle) % 2 == 1)[owner]
    turned = _eased((backward ^ reversed_).astype(np.float64), who.turn_s / 3.0)
    sideways = np.array([66.0 if p.way == "sideways" else 0.0 for p in pieces])
    sides = np.where(np.arange(len(pieces)) % 2 == 0, 1.0, -1.0)
    facing = way_deg + 180.0 * turned + _eased((sideways * sides)[owner], 0.6)
    facing += np.where(backward, _oblique(who, count, rng), 0.0)
    course = way_deg + 180.0 * reversed_
    angle = np.radians(course)
    grade = np.array([piece.climb for piece in pieces])[owner] + hills * np.sin(along / 110.0)
    return Motion(
        person=who,
        time_s=np.arange(count) / RATE,
        speed_mps=speed,
        x_m=np.cumsum(speed * np.sin(angle)) / RATE,
        y_m=np.cumsum(speed * np.cos(angle)) / RATE,
        altitude_m=300.0 + np.cumsum(grade * speed) / RATE,
        course_deg=course,
        facing_deg=facing,
        backward=backward,
        still=still,
        walking=walking,
        cadence_spm=_cadence(who, pieces, owner, (speed, grade), rng),
        pieces=tuple(pieces),
        edges_s=edges_s,
    )


def _target_mps(who: Person, piece: Piece) -> float:
    if piece.way == "still":
        return 0.0
    own = who.walk_mps if piece.gait == "walk" else who.speed_mps
    share = {"backward": who.share, "sideways": 0.75}.get(piece.way, 1.0)
    return own * share * piece.pace * (1.0 - 1.5 * max(piece.climb, 0.0))


def _dips(
    pieces: Sequence[Piece], edges_s: FloatArray, count: int, rng: np.random.Generator
) -> FloatArray:
    """How far speed drops where the direction changes: nearly to nothing, as a rule."""
    dips, time_s = np.ones(count), np.arange(count) / RATE
    for edge, before, after in zip(edges_s[1:], pieces, pieces[1:], strict=False):
        if before.way != after.way and "still" not in (before.way, after.way):
            depth = rng.uniform(0.6, 0.97)
            dips *= 1.0 - depth * np.exp(-(((time_s - edge) / 0.7) ** 2))
    return dips


def _oblique(who: Person, count: int, rng: np.random.Generator) -> FloatArray:
    """Facing off the exact opposite: a habit, a wander, and looks over the shoulder."""
    off = who.oblique_deg + wandering(rng, count, 14.0, 12.0)
    at, side = 0.0, rng.choice((-1.0, 1.0))
    time_s = np.arange(count) / RATE
    while at < count / RATE:
        at += rng.exponential(LOOK_EVERY_S)
        off += side * rng.uniform(20.0, 55.0) * np.exp(-(((time_s - at) / 0.9) ** 2))
    return off


def _cadence(
    who: Person,
    pieces: Sequence[Piece],
    owner: IntArray,
    going: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
) -> FloatArray:
    """Steps a minute: own lines of running and walking, more of them backward.

    ``going`` is speed and grade.
    """
    speed, grade = going
    walking = np.array([piece.gait == "walk" for piece in pieces])[owner]
    times = np.array(
        [piece.steps * (who.ratio if piece.way == "backward" else 1.0) for piece in pieces]
    )
    run = who.level_spm + who.slope_spm * speed + 22.0 * grade
    walk = who.walk_level_spm + who.walk_slope_spm * speed
    steps = np.where(walking, walk, run) * _eased(times[owner], 0.8)
    steps += wandering(rng, speed.size, who.wander_spm, 70.0) + rng.normal(0.0, 1.0, speed.size)
    return np.where(speed < 0.3, 0.0, steps)


def strides(motion: Motion, own: Stride, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Contact time (s) and vertical excursion (m) at 1 Hz, (n,) each; NaN while standing."""
    count = motion.time_s.size // RATE
    speed = motion.speed_mps[::RATE][:count]
    owner = np.searchsorted(motion.edges_s, np.arange(count), side="right") - 1
    owner = np.minimum(owner, len(motion.pieces) - 1)
    quicker = np.array([piece.steps for piece in motion.pieces])[owner]
    back, walking = (each[::RATE][:count] for each in (motion.backward, motion.walking))
    found = []
    for kind, step, walked in ((0, 0.001, 2.2), (1, 0.0001, 0.7)):
        value = own.level[kind] * (np.maximum(speed, 0.5) / 3.0) ** own.by_speed[kind]
        value *= quicker ** own.by_steps[kind] * np.where(back, own.backward[kind], 1.0)
        value *= np.where(walking, walked, 1.0)
        slow = wandering(rng, count * RATE, own.wander[kind], 60.0)[::RATE][:count]
        value *= np.exp(slow + rng.normal(0.0, 0.015, count))
        found.append(np.where(speed < 0.5, np.nan, np.rint(value / step) * step))
    return found[0], found[1]


def heart_bpm(motion: Motion, rng: np.random.Generator) -> FloatArray:
    """Heart rate at 1 Hz, (n,): delayed, drifting, capped, excited, slower down than up."""
    who = motion.person
    count = motion.time_s.size // RATE
    speed = motion.speed_mps[::RATE][:count]
    back = motion.backward[::RATE][:count]
    demand = who.beats_per_mps * speed * np.where(back, who.factor, 1.0)
    time_s = np.arange(count)
    drift = rng.uniform(0.0, 14.0) * (1.0 - np.exp(-time_s / 1200.0))
    goal = np.minimum(who.rest_bpm + 20.0 + demand + drift, who.ceiling_bpm)
    late = int(rng.integers(10, 21))
    goal = np.concatenate((np.full(late, goal[0]), goal))[:count]
    up, down = 1.0 / rng.uniform(25.0, 40.0), 1.0 / rng.uniform(40.0, 70.0)
    excited, value, found = 0.0, who.rest_bpm + 25.0, []
    turns = np.diff(back, prepend=False)
    for aim, turn in zip(goal.tolist(), turns.tolist(), strict=True):
        excited = 0.95 * excited + (rng.uniform(1.0, 6.0) if turn else 0.0)
        value += (aim - value) * (up if aim > value else down)
        found.append(value + excited)
    return np.rint(np.array(found) + rng.normal(0.0, 0.7, count))
