"""The adversarial generator: named conditions, and a session of each with its truth.

It decides about the aims of docs/accuracy.md; nothing is tuned on it. It was written without sight
of ``retrorun.simulate``, whose sessions the settings are tuned on, and shares no code with it.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from adversary_body import RATE, Motion, Person, Piece, heart_bpm, move, person
from adversary_devices import (
    Anomaly,
    Compass,
    Turned,
    Watch,
    cadences,
    dynamics,
    heading_deg,
    positions,
    recorded_at,
)
from retrorun.model import HeadingSeries, Label, Lap, Recording
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray

START_S = 1_790_000_000.0
DYNAMICS = ", with running dynamics"
Plan = Callable[[np.random.Generator], list[Piece]]
Worn = Callable[[np.random.Generator, Motion], Compass | None]
Drawn = Callable[[np.random.Generator, Person], Person]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One session: what the files say, and what happened.

    Attributes:
        recording: as read from a file.
        backward: (n,) whether second [i, i + 1) is backward; ``moving`` whether it is on the way.
        changes_s: moments at which backward movement begins (True) or ends.
        labels: what the athlete said of it.
        mount_deg: what the profile states of the mount; None for nothing.
        kind: of device: ``belt``, ``watch``, ``pocket`` or ``relative``.
    """

    recording: Recording
    backward: BoolArray
    moving: BoolArray
    changes_s: tuple[tuple[float, bool], ...]
    labels: tuple[Label, ...] = ()
    mount_deg: float | None = None
    motion: Motion | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What is drawn for one condition.

    ``group`` is ``forward``, ``mixed``, ``gait`` or ``labels``; ``allowed_s`` how many falsely
    confirmed seconds an hour its aim allows; ``f1`` and ``confirmed_f1`` are least values aimed at.
    """

    group: str
    plan: Plan
    worn: Worn | None = None
    routes: tuple[str, ...] = ("loop", "out and back", "square")
    watch: Watch = field(default_factory=Watch)
    drawn: Drawn = lambda _, who: who
    hills: float = 0.01
    source: str = "osmand:heading"
    stated: bool = False
    one_label: bool = False
    laps: str = ""
    allowed_s: float = 0.0
    f1: float | None = None
    confirmed_f1: float | None = None


def session(name: str, seed: int, who: Person | None = None) -> Case:
    """The session of a condition at a seed; ``who`` fixes the athlete."""
    # The body is the same with and without running dynamics, so that the two can be compared.
    rng = np.random.default_rng([crc32(name.partition(DYNAMICS)[0].encode()), seed])
    asked = CONDITIONS[name]
    drawn = asked.drawn(rng, person(rng)) if who is None else who
    return drawn_case(asked, drawn, rng)


def drawn_case(asked: Condition, drawn: Person, rng: np.random.Generator) -> Case:
    """A session of this athlete under a condition."""
    pieces = asked.plan(rng)
    route = asked.routes[int(rng.integers(len(asked.routes)))]
    motion = move(drawn, pieces, route, rng, asked.hills)
    compass = asked.worn(rng, motion) if asked.worn else None
    return _case(motion, compass, asked, rng)


def _case(
    motion: Motion, compass: Compass | None, asked: Condition, rng: np.random.Generator
) -> Case:
    size = motion.time_s.size // RATE
    whole = slice(0, size * RATE, RATE)
    time_s = START_S + motion.time_s[whole]
    columns: dict[str, FloatArray] = {}
    watch = asked.watch
    if watch.position:
        x_m, y_m = (each[:size] for each in positions(motion, watch, rng))
        columns["latitude_deg"] = 46.0 + np.degrees(y_m / EARTH_RADIUS_M)
        columns["longitude_deg"] = 14.5 + np.degrees(
            x_m / EARTH_RADIUS_M / np.cos(np.radians(46.0))
        )
        columns["altitude_m"] = np.rint(motion.altitude_m[whole] * 5.0) / 5.0
    else:
        columns["speed_mps"] = motion.speed_mps[whole] + rng.normal(0.0, 0.05, size)
    if watch.cadence:
        columns["cadence_spm"] = cadences(motion, watch, rng)[:size]
    if watch.heart:
        columns["heart_rate_bpm"] = heart_bpm(motion, rng)[:size]
    if watch.dynamics:
        own = np.random.default_rng([int(motion.x_m.size), int(abs(motion.x_m[-1]) * 1000.0)])
        shown = dynamics(motion, watch, columns["cadence_spm"], own)
        columns |= {name: column[:size] for name, column in shown.items()}
    kept = recorded_at(size, watch, rng)
    headings: tuple[HeadingSeries, ...] = ()
    if compass is not None:
        at, values = heading_deg(motion, compass, rng)
        near = np.isin(at, motion.time_s[whole][kept]) if watch.smart else np.ones(at.size, bool)
        headings = (
            HeadingSeries(asked.source, "compass", "magnetic", START_S + at[near], values[near]),
        )
    middle = RATE // 2
    backward = motion.backward[middle::RATE][:size]
    moving = ~motion.still[middle::RATE][:size]
    recording = Recording(
        time_s[kept],
        {name: column[kept] for name, column in columns.items()},
        headings=headings,
        laps=_laps(motion, asked.laps, rng),
        sport="running",
    )
    labels = _one_label(motion, rng) if asked.one_label else ()
    mount = compass.mount_deg if compass is not None and asked.stated else None
    return Case(recording, backward, moving, _changes(motion), labels, mount, motion)


def _changes(motion: Motion) -> tuple[tuple[float, bool], ...]:
    found = []
    pieces = motion.pieces
    for edge, before, after in zip(motion.edges_s[1:], pieces, pieces[1:], strict=False):
        if {before.way, after.way} == {"forward", "backward"}:
            found.append((float(edge), after.way == "backward"))
    return tuple(found)


def _one_label(motion: Motion, rng: np.random.Generator) -> tuple[Label, ...]:
    """One stretch, labelled rightly: a backward one where there is any."""
    ways = [piece.way for piece in motion.pieces]
    wanted = "backward" if "backward" in ways else "forward"
    fitting = [index for index, way in enumerate(ways) if way == wanted]
    index = int(rng.choice(fitting))
    start_s, end_s = float(motion.edges_s[index]), float(motion.edges_s[index + 1])
    return (Label(start_s, end_s, "backward" if wanted == "backward" else "forward", "command"),)


def _laps(motion: Motion, fault: str, rng: np.random.Generator) -> tuple[Lap, ...]:
    """A lap a piece, named by its way; ``late``, ``forgotten``, ``doubled`` spoil the presses."""
    if not fault:
        return ()
    edges = [float(edge) for edge in motion.edges_s]
    names = [{"backward": "Backward", "forward": "Forward"}.get(p.way, "") for p in motion.pieces]
    presses = edges[1:-1]
    if fault == "late":
        presses = [press + rng.uniform(1.0, 9.0) for press in presses]
    if fault == "forgotten" and len(presses) > 3:
        presses.pop(int(rng.integers(1, len(presses) - 1)))
    if fault == "doubled" and len(presses) > 3:
        at = int(rng.integers(1, len(presses) - 1))
        presses.insert(at + 1, presses[at] + 1.0)
    bounds = [edges[0], *presses, edges[-1]]
    named = fault != "unnamed"
    return tuple(
        Lap(
            START_S + begin,
            START_S + end,
            name=names[min(index, len(names) - 1)] if named else None,
            trigger="manual",
        )
        for index, (begin, end) in enumerate(itertools.pairwise(bounds))
    )


# Plans


def _forward(rng: np.random.Generator) -> list[Piece]:
    """Half an hour forward, with stops and changes of pace."""
    pieces, left = [], 1800.0
    while left > 0:
        length = rng.uniform(200.0, 500.0)
        pieces.append(Piece(length, pace=rng.uniform(0.88, 1.1)))
        if rng.random() < 0.4:
            pieces.append(Piece(rng.uniform(8.0, 50.0), "still"))
        left -= length
    return pieces


def _run_walk(rng: np.random.Generator) -> list[Piece]:
    pieces: list[Piece] = []
    for _ in range(8):
        pieces.append(Piece(rng.uniform(90.0, 240.0)))
        pieces.append(Piece(rng.uniform(40.0, 120.0), gait="walk"))
    return pieces


def _walks(rng: np.random.Generator) -> list[Piece]:
    """A walk with stops."""
    pieces: list[Piece] = []
    for _ in range(8):
        pieces.append(Piece(rng.uniform(90.0, 260.0), gait="walk", pace=rng.uniform(0.85, 1.1)))
        pieces.append(Piece(rng.uniform(10.0, 40.0), "still"))
    return pieces


def _mixed(
    low_s: float, high_s: float, rest: tuple[float, float] = (60.0, 200.0), times: int = 9
) -> Plan:
    def plan(rng: np.random.Generator) -> list[Piece]:
        pieces = [Piece(rng.uniform(180.0, 400.0))]
        for _ in range(times):
            pieces.append(
                Piece(rng.uniform(low_s, high_s), "backward", pace=rng.uniform(0.93, 1.07))
            )
            pieces.append(Piece(rng.uniform(*rest), pace=rng.uniform(0.92, 1.05)))
            if rng.random() < 0.15:
                pieces.append(Piece(rng.uniform(8.0, 30.0), "still"))
        pieces.append(Piece(rng.uniform(100.0, 250.0)))
        return pieces

    return plan


def _rehabilitation(rng: np.random.Generator) -> list[Piece]:
    """Slow walks both ways with stops between them, on a short way."""
    pieces = []
    for _ in range(9):
        pieces.append(Piece(rng.uniform(30.0, 90.0), gait="walk", pace=rng.uniform(0.7, 1.0)))
        if rng.random() < 0.7:
            pieces.append(Piece(rng.uniform(6.0, 40.0), "still"))
        pieces.append(
            Piece(rng.uniform(25.0, 80.0), "backward", gait="walk", pace=rng.uniform(0.8, 1.0))
        )
        if rng.random() < 0.7:
            pieces.append(Piece(rng.uniform(6.0, 40.0), "still"))
    return pieces


def _shuttles(rng: np.random.Generator) -> list[Piece]:
    """There forward and back backward without turning round, 8 to 25 s a leg, in three sets."""
    pieces = [Piece(rng.uniform(200.0, 300.0))]
    for _ in range(3):
        leg = rng.uniform(8.0, 25.0)
        for _ in range(6):
            pieces.append(Piece(leg * rng.uniform(0.9, 1.1), "backward", shuttle=True))
            pieces.append(Piece(leg * rng.uniform(0.9, 1.1), shuttle=True))
        pieces.append(Piece(rng.uniform(90.0, 180.0)))
    return pieces


def _race(rng: np.random.Generator) -> list[Piece]:
    """Backward from end to end."""
    return [
        Piece(rng.uniform(300.0, 420.0), "backward", pace=rng.uniform(0.95, 1.1)) for _ in "race"
    ]


def _sideways(rng: np.random.Generator) -> list[Piece]:
    pieces = [Piece(300.0)]
    for _ in range(6):
        pieces += [Piece(rng.uniform(15.0, 40.0), "sideways") for _ in range(2)]
        pieces.append(Piece(rng.uniform(60.0, 150.0)))
    return pieces


def _all_sideways(rng: np.random.Generator) -> list[Piece]:
    return [Piece(rng.uniform(20.0, 50.0), "sideways", pace=0.9) for _ in range(20)]


def _drills(rng: np.random.Generator) -> list[Piece]:
    """Slow forward running with quick short steps: high knees, skips, butt kicks."""
    pieces = [Piece(500.0)]
    for _ in range(9):
        pieces.append(
            Piece(
                rng.uniform(15.0, 45.0), pace=rng.uniform(0.5, 0.75), steps=rng.uniform(1.1, 1.35)
            )
        )
        pieces.append(Piece(rng.uniform(40.0, 90.0), gait="walk"))
        pieces.append(Piece(rng.uniform(30.0, 90.0)))
    pieces.append(Piece(500.0))
    return pieces


def _jogs(rng: np.random.Generator) -> list[Piece]:
    """Intervals with jog recoveries at the step rate of the fast parts."""
    pieces = [Piece(400.0)]
    for _ in range(7):
        pieces.append(Piece(rng.uniform(90.0, 240.0), pace=rng.uniform(1.12, 1.28)))
        slow = rng.uniform(0.68, 0.85)
        pieces.append(Piece(rng.uniform(60.0, 150.0), pace=slow, steps=rng.uniform(1.02, 1.1)))
    pieces.append(Piece(300.0, pace=0.9))
    return pieces


def _uphill_steps(rng: np.random.Generator) -> list[Piece]:
    """Short quick steps up steep ground, and down again."""
    pieces = [Piece(400.0)]
    for _ in range(6):
        climb, length = rng.uniform(0.06, 0.15), rng.uniform(60.0, 150.0)
        pieces.append(Piece(length, pace=0.85, steps=rng.uniform(1.04, 1.12), climb=climb))
        pieces.append(Piece(length * 0.7, pace=1.0, climb=-climb))
        pieces.append(Piece(rng.uniform(60.0, 120.0)))
    return pieces


def _strides(rng: np.random.Generator) -> list[Piece]:
    pieces = [Piece(600.0)]
    for _ in range(8):
        pieces.append(Piece(rng.uniform(15.0, 25.0), pace=rng.uniform(1.35, 1.6)))
        pieces.append(Piece(rng.uniform(50.0, 100.0), pace=rng.uniform(0.75, 0.95)))
    return pieces


def _carioca(rng: np.random.Generator) -> list[Piece]:
    """Carioca and skipping: the facing swings while the way goes on; slow and quick-stepped."""
    pieces = [Piece(400.0)]
    for _ in range(8):
        pieces.append(Piece(rng.uniform(12.0, 30.0), "sideways", steps=rng.uniform(1.0, 1.3)))
        pieces.append(Piece(rng.uniform(50.0, 120.0)))
    return pieces


# Devices


def _belt(**given: object) -> Worn:
    """A phone at a belt, or a watch face: flat, near to straight ahead."""

    def worn(rng: np.random.Generator, _: Motion) -> Compass:
        plain = Compass(mount_deg=rng.uniform(-40.0, 40.0), noise_deg=rng.uniform(3.0, 7.0))
        return replace(plain, **given)  # type: ignore[arg-type]

    return worn


def _any_mount(**given: object) -> Worn:
    def worn(rng: np.random.Generator, _: Motion) -> Compass:
        plain = Compass(mount_deg=rng.uniform(-180.0, 180.0), noise_deg=rng.uniform(5.0, 12.0))
        return replace(plain, **given)  # type: ignore[arg-type]

    return worn


def _wrist(rng: np.random.Generator, _: Motion) -> Compass:
    swing = (rng.uniform(25.0, 36.0), rng.uniform(18.0, 22.0))
    return Compass(mount_deg=rng.uniform(-60.0, 60.0), swing_deg=swing)


def _iron(rng: np.random.Generator, low: float, high: float) -> tuple[float, float]:
    size, angle = rng.uniform(low, high), rng.uniform(0.0, 2.0 * np.pi)
    return float(size * np.cos(angle)), float(size * np.sin(angle))


def _with_iron(low: float, high: float, soft: tuple[float, float] = (1.0, 1.0)) -> Worn:
    def worn(rng: np.random.Generator, motion: Motion) -> Compass:
        return replace(
            _belt()(rng, motion) or Compass(),
            hard=_iron(rng, low, high),
            soft=rng.uniform(*soft),
        )

    return worn


def _ordinary(base: Worn) -> Worn:
    """Ordinary faults of one device together: iron, lag, a swinging arm, seconds lost."""

    def worn(rng: np.random.Generator, motion: Motion) -> Compass:
        return replace(
            base(rng, motion) or Compass(),
            hard=_iron(rng, 0.05, 0.25),
            soft=rng.uniform(0.9, 1.15),
            lag_s=rng.uniform(0.3, 1.5),
            swing_deg=(rng.uniform(12.0, 32.0), rng.uniform(10.0, 21.0)),
            step_deg=float(rng.choice((0.0, 1.0, 5.0))),
            lost=rng.uniform(0.0, 0.08),
        )

    return worn


def _turned_once(at_stop: bool) -> Worn:  # noqa: FBT001 - a value
    def worn(rng: np.random.Generator, motion: Motion) -> Compass:
        end = float(motion.time_s[-1])
        when = rng.uniform(0.1, 0.9) * end
        if at_stop:
            stops = [
                float(motion.edges_s[index]) + 2.0
                for index, piece in enumerate(motion.pieces)
                if piece.way == "still"
            ]
            when = stops[int(rng.integers(len(stops)))] if stops else when
        turn = 180.0 + rng.uniform(-30.0, 30.0)
        return Compass(
            mount_deg=rng.uniform(-180.0, 180.0),
            turned=(Turned(when, end + 10.0, turn),),
            noise_deg=rng.uniform(4.0, 9.0),
        )

    return worn


def _flipping(rng: np.random.Generator, motion: Motion) -> Compass:
    """A pocket in which the phone turns over for 1 s to 3 min, several times."""
    at, flips, end = 60.0, [], float(motion.time_s[-1])
    while at < end - 60:
        at += rng.exponential(240.0)
        lasts = float(np.exp(rng.uniform(np.log(1.0), np.log(180.0))))
        flips.append(Turned(at, at + lasts, 180.0 + rng.uniform(-35.0, 35.0)))
        at += lasts
    return Compass(
        mount_deg=rng.uniform(-180.0, 180.0), turned=tuple(flips), noise_deg=rng.uniform(7.0, 14.0)
    )


def _handled(rng: np.random.Generator, motion: Motion) -> Compass:
    """A phone in the hand: slow wandering, iron of 24°, turned lastingly twice an hour or so."""
    at, turns, end = 0.0, [], float(motion.time_s[-1])
    while at < end:
        at += rng.exponential(1500.0)
        turns.append(Turned(at, end + 10.0, rng.uniform(60.0, 200.0) * rng.choice((-1.0, 1.0))))
    return Compass(
        mount_deg=rng.uniform(-60.0, 60.0),
        hard=_iron(rng, 0.2, 0.42),
        noise_deg=rng.uniform(8.0, 16.0),
        turned=tuple(turns),
    )


def _replay(place: str) -> Worn:
    def worn(rng: np.random.Generator, _: Motion) -> Compass:
        return Compass(mount_deg=rng.uniform(-180.0, 180.0), errors=place, noise_deg=1.0)

    return worn


def _by_gait(rng: np.random.Generator, _: Motion) -> Compass:
    turn = 180.0 + rng.uniform(-30.0, 30.0)
    return Compass(mount_deg=rng.uniform(-180.0, 180.0), walked_deg=turn)


def _tram(rng: np.random.Generator, motion: Motion) -> Compass:
    """A tram line beside the way for minutes: the field is turned round along it."""
    places = []
    for _ in range(int(rng.integers(1, 4))):
        first = int(rng.uniform(0.1, 0.8) * motion.time_s.size)
        toward = rng.uniform(120.0, 240.0)
        strength = rng.uniform(1.2, 2.0)
        for step in range(0, int(rng.uniform(60.0, 240.0)), 6):
            at = min(first + step * RATE, motion.time_s.size - 1)
            x_m, y_m = float(motion.x_m[at]), float(motion.y_m[at])
            places.append(Anomaly(x_m, y_m, 9.0, strength, toward))
    return Compass(mount_deg=rng.uniform(-40.0, 40.0), anomalies=tuple(places))


def _wide(rng: np.random.Generator, motion: Motion) -> Compass:
    """Wide anomalies: tens of metres about some places of the way."""
    places = []
    for _ in range(int(rng.integers(2, 7))):
        at = int(rng.integers(motion.time_s.size))
        places.append(
            Anomaly(
                float(motion.x_m[at]),
                float(motion.y_m[at]),
                rng.uniform(15.0, 70.0),
                rng.uniform(0.6, 2.2),
                rng.uniform(0.0, 360.0),
            )
        )
    return Compass(mount_deg=rng.uniform(-40.0, 40.0), anomalies=tuple(places))


def _relative(rng: np.random.Generator, motion: Motion) -> Compass:
    """Relative yaw that drifts, and starts from elsewhere after each stop."""
    stops = tuple(
        Turned(float(edge), float(motion.time_s[-1]) + 10.0, rng.uniform(-180.0, 180.0))
        for edge, piece in zip(motion.edges_s, motion.pieces, strict=False)
        if piece.way == "still"
    )
    drift = rng.uniform(-33.0, 37.0)
    return Compass(drift_deg_per_min=drift if abs(drift) > 1 else 5.0, turned=stops)


def _turned_and_back(rng: np.random.Generator, motion: Motion) -> Compass:
    """Turned once on the body in a session that has backward stretches too."""
    return replace(_turned_once(at_stop=False)(rng, motion) or Compass(), noise_deg=5.0)


def _with_ratio(ratio: float, share: float = 0.8) -> Drawn:
    def drawn(rng: np.random.Generator, who: Person) -> Person:
        return replace(who, ratio=ratio + rng.normal(0.0, 0.005), share=share)

    return drawn


FAULTY_WATCH = Watch(gps_m=3.0, gps_memory_s=30.0, half_locked=3, held=1)
GAIT_RATIOS = (0.97, 1.0, 1.05, 1.1, 1.22, 1.4, 1.55)
GAIT_SHARES = (0.4, 0.6, 0.8, 0.9, 1.0, 1.1)

CONDITIONS: dict[str, Condition] = {
    # All forward
    "belt, forward": Condition("forward", _forward, _belt()),
    "wrist swing, forward": Condition("forward", _forward, _wrist),
    "turned once on the body": Condition("forward", _forward, _turned_once(at_stop=False)),
    "turned once at a stop": Condition("forward", _forward, _turned_once(at_stop=True)),
    "turned once, run-walk": Condition("forward", _run_walk, _turned_once(at_stop=False)),
    "turned once, no steps": Condition(
        "forward", _forward, _turned_once(at_stop=False), watch=Watch(cadence=False)
    ),
    "worn another way walking": Condition("forward", _run_walk, _by_gait),
    "pocket flips": Condition("forward", _forward, _flipping),
    "pocket flips, run-walk": Condition("forward", _run_walk, _flipping),
    "pocket flips, no steps": Condition("forward", _forward, _flipping, watch=Watch(cadence=False)),
    "pocket at any angle": Condition("forward", _forward, _any_mount(swing_deg=(12.0, 12.0))),
    "recorded pocket errors": Condition("forward", _forward, _replay("pocket")),
    "recorded pocket errors, walk": Condition("forward", _walks, _replay("pocket")),
    "recorded hand errors, walk": Condition("forward", _walks, _replay("hand")),
    "hand, walk": Condition("forward", _walks, _handled),
    "hand, run-walk": Condition("forward", _run_walk, _handled),
    "hard iron": Condition("forward", _forward, _with_iron(0.2, 0.5)),
    "hard iron near the field's strength": Condition("forward", _forward, _with_iron(0.8, 1.3)),
    "hard and soft iron": Condition("forward", _forward, _with_iron(0.2, 0.6, (0.6, 1.6))),
    "tram line": Condition("forward", _forward, _tram),
    "tram line, oval": Condition("forward", _forward, _tram, routes=("oval",)),
    "wide anomalies": Condition("forward", _forward, _wide, allowed_s=60.0),
    "wide anomalies, oval": Condition("forward", _forward, _wide, routes=("oval",), allowed_s=60.0),
    "gimbal": Condition("forward", _forward, _belt(gimbal_every_s=60.0), allowed_s=60.0),
    "gimbal, seldom": Condition("forward", _forward, _belt(gimbal_every_s=300.0), allowed_s=60.0),
    "hairpins, held heading": Condition(
        "forward", _forward, _belt(every_s=10.0), routes=("hairpins",)
    ),
    "hairpins, held at any angle": Condition(
        "forward", _forward, _any_mount(every_s=11.0), routes=("hairpins",)
    ),
    "hairpins, lagging": Condition("forward", _forward, _belt(lag_s=4.0), routes=("hairpins",)),
    "quantised to 45°": Condition("forward", _forward, _belt(step_deg=45.0)),
    "relative yaw": Condition("forward", _forward, _relative, source="yaw"),
    "sideways skips": Condition("forward", _sideways, _any_mount()),
    "sideways, belt": Condition("forward", _sideways, _belt()),
    "sideways throughout": Condition("forward", _all_sideways, _any_mount()),
    "carioca": Condition("forward", _carioca, _belt()),
    "drills with a compass": Condition("forward", _drills, _belt()),
    "drills, pocket flips": Condition("forward", _drills, _flipping),
    "canyon": Condition("forward", _forward, _belt(), watch=Watch(gps_m=8.0, gps_memory_s=30.0)),
    "Kalman lag on hairpins": Condition(
        "forward", _forward, _belt(), routes=("hairpins",), watch=Watch(kalman_s=3.0)
    ),
    "smart recording, turned once": Condition(
        "forward", _forward, _turned_once(at_stop=False), watch=Watch(smart=True)
    ),
    "ordinary faults, forward": Condition(
        "forward", _forward, _ordinary(_any_mount()), watch=FAULTY_WATCH
    ),
    "straight, any mount": Condition("forward", _forward, _any_mount(), routes=("straight",)),
    # Mixed, with a compass
    "base": Condition("mixed", _mixed(45.0, 180.0), _belt(), f1=0.99, confirmed_f1=0.985),
    "wrist": Condition("mixed", _mixed(45.0, 180.0), _wrist),
    "joint ordinary faults": Condition(
        "mixed", _mixed(45.0, 180.0), _ordinary(_belt()), watch=FAULTY_WATCH, f1=0.95
    ),
    "any mount": Condition("mixed", _mixed(45.0, 180.0), _any_mount(), f1=0.93),
    "any mount, ordinary faults": Condition(
        "mixed", _mixed(45.0, 180.0), _ordinary(_any_mount()), watch=FAULTY_WATCH, f1=0.93
    ),
    "any mount, steps -3 %": Condition(
        "mixed", _mixed(45.0, 180.0), _any_mount(), drawn=_with_ratio(0.97, 0.72), f1=0.95
    ),
    "belt, steps -3 %": Condition(
        "mixed", _mixed(45.0, 180.0), _belt(), drawn=_with_ratio(0.97, 0.72)
    ),
    "no steps counted": Condition(
        "mixed", _mixed(45.0, 180.0), _belt(), watch=Watch(cadence=False)
    ),
    "intervals of 12 to 30 s": Condition(
        "mixed", _mixed(12.0, 30.0, (20.0, 60.0), 16), _belt(), confirmed_f1=0.95
    ),
    "intervals of 12 to 30 s, wrist": Condition(
        "mixed", _mixed(12.0, 30.0, (20.0, 60.0), 16), _wrist
    ),
    "shuttles": Condition("mixed", _shuttles, _belt(), routes=("straight",)),
    "oval": Condition("mixed", _mixed(45.0, 180.0), _belt(), routes=("oval",)),
    "turned once, and backward": Condition("mixed", _mixed(45.0, 180.0), _turned_and_back),
    "hand, and backward": Condition("mixed", _mixed(45.0, 180.0), _handled),
    "recorded pocket errors, and backward": Condition(
        "mixed", _mixed(45.0, 180.0), _replay("pocket")
    ),
    "hard iron, and backward": Condition("mixed", _mixed(45.0, 180.0), _with_iron(0.2, 0.5)),
    "rehabilitation": Condition("mixed", _rehabilitation, _belt()),
    "rehabilitation, any mount": Condition("mixed", _rehabilitation, _any_mount()),
    "rehabilitation, any mount, one label": Condition(
        "mixed", _rehabilitation, _any_mount(), one_label=True, f1=0.9
    ),
    "any mount, one label": Condition(
        "mixed", _mixed(45.0, 180.0), _any_mount(), one_label=True, f1=0.95
    ),
    "race": Condition("mixed", _race, _belt()),
    "race, mount stated": Condition("mixed", _race, _belt(), stated=True, f1=0.98),
    "race, one label": Condition("mixed", _race, _any_mount(), one_label=True, f1=0.98),
    "smart recording": Condition("mixed", _mixed(45.0, 180.0), _belt(), watch=Watch(smart=True)),
    "canyon, and backward": Condition(
        "mixed", _mixed(45.0, 180.0), _belt(), watch=Watch(gps_m=8.0, gps_memory_s=30.0)
    ),
    # Steps and speed alone
    "gait, drawn people": Condition("gait", _mixed(60.0, 180.0)),
    "gait, treadmill": Condition("gait", _mixed(60.0, 180.0), watch=Watch(position=False)),
    "gait, drills": Condition("gait", _drills, allowed_s=200.0),
    "gait, jog recoveries": Condition("gait", _jogs),
    "gait, short steps uphill": Condition("gait", _uphill_steps),
    "gait, strides": Condition("gait", _strides),
    "gait, run-walk": Condition("gait", _run_walk),
    "gait, forward": Condition("gait", _forward),
    "gait, hills forward": Condition("gait", _forward, hills=0.06),
    "gait, half-locked": Condition("gait", _forward, watch=Watch(half_locked=4, held=2)),
    "gait, drifting steps": Condition("gait", _forward, watch=Watch(drift=0.07)),
    # Laps of the file
    "laps": Condition("labels", _mixed(60.0, 150.0), _belt(), laps="right"),
    "laps late": Condition("labels", _mixed(60.0, 150.0), _belt(), laps="late"),
    "lap forgotten": Condition("labels", _mixed(60.0, 150.0), _belt(), laps="forgotten"),
    "lap doubled": Condition("labels", _mixed(60.0, 150.0), _belt(), laps="doubled"),
    "lap forgotten, no compass": Condition("labels", _mixed(60.0, 150.0), laps="forgotten"),
    "unnamed laps, no compass": Condition("labels", _mixed(60.0, 150.0), laps="unnamed"),
}
for _ratio in GAIT_RATIOS:
    CONDITIONS[f"gait, steps {_ratio:.2f}, speed 0.80"] = Condition(
        "gait", _mixed(60.0, 180.0), drawn=_with_ratio(_ratio), f1=0.85 if _ratio >= 1.05 else None
    )
for _share in GAIT_SHARES:
    CONDITIONS[f"gait, steps 1.15, speed {_share:.2f}"] = Condition(
        "gait",
        _mixed(60.0, 180.0),
        drawn=_with_ratio(1.15, _share),
        f1=0.85 if _share <= 0.9 else None,
    )
for _name in (
    "gait, drawn people",
    "gait, drills",
    "gait, jog recoveries",
    "gait, short steps uphill",
    "gait, strides",
    "gait, run-walk",
    "gait, forward",
    "gait, hills forward",
    *(f"gait, steps {_ratio:.2f}, speed 0.80" for _ratio in (1.0, 1.05, 1.1, 1.22)),
    *(f"gait, steps 1.15, speed {_share:.2f}" for _share in (0.9, 1.0)),
    "turned once on the body",
    "pocket flips, run-walk",
    "base",
):
    _plain = CONDITIONS[_name]
    CONDITIONS[_name + DYNAMICS] = replace(_plain, watch=replace(_plain.watch, dynamics="right"))
for _name, _fault in itertools.product(
    ("gait, drawn people", "gait, jog recoveries"), ("constant", "half", "derived")
):
    _plain = CONDITIONS[_name]
    CONDITIONS[f"{_name}{DYNAMICS} ({_fault})"] = replace(
        _plain, watch=replace(_plain.watch, dynamics=_fault)
    )
