"""What the runner sets out to do: sequences of steps, drawn by a generator."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from retrorun.simulate.body import Entry, Step

Plan = Callable[[np.random.Generator], tuple[Step, ...]]
BACK, AHEAD, WALK, REST = "Backward", "Forward", "Walk", "Rest"


def ahead(seconds: float, speed_mps: float, entry: Entry = "on") -> Step:
    """Run forward."""
    return Step(seconds, "forward", "run", speed_mps, entry, AHEAD)


def back(seconds: float, speed_mps: float, entry: Entry = "pivot") -> Step:
    """Run backward."""
    return Step(seconds, "backward", "run", speed_mps, entry, BACK)


def walk(seconds: float, speed_mps: float = 1.4, entry: Entry = "on") -> Step:
    """Walk forward."""
    return Step(seconds, "forward", "walk", speed_mps, entry, WALK)


def stand(seconds: float) -> Step:
    """Stand still, facing as before."""
    return Step(seconds, "still", "still", 0.0, "on", REST)


def intervals(low_s: float, high_s: float, count: int) -> Plan:
    """Backward stretches between forward ones, ``low_s`` to ``high_s`` long; some by a flip."""

    def plan(rng: np.random.Generator) -> tuple[Step, ...]:
        speed = rng.uniform(2.6, 3.4)
        steps = [ahead(_whole(rng, 150, 260), speed)]
        for _ in range(count):
            turn: Entry = "flip" if rng.random() < 0.25 else "pivot"
            steps.append(back(_whole(rng, low_s, high_s), speed * rng.uniform(0.62, 0.8), turn))
            steps.append(ahead(_whole(rng, max(low_s, 40), max(high_s, 90)), speed, turn))
        return tuple(steps)

    return plan


def shuttles(length_m: float, sets: int) -> Plan:
    """Sets of shuttles: forward out, backward home without turning; forward running between."""

    def plan(rng: np.random.Generator) -> tuple[Step, ...]:
        steps = [ahead(_whole(rng, 180, 240), 2.9)]
        for _ in range(sets):
            for _ in range(int(rng.integers(5, 9))):
                out, home = rng.uniform(2.0, 2.6), rng.uniform(1.7, 2.1)
                first = len(steps) == 1 or steps[-1].seconds >= 60.0  # a set begins as the way goes
                steps.append(ahead(length_m / out + 0.9, out, "on" if first else "flip"))
                steps.append(back(length_m / home + 0.9, home, "flip"))
            steps.append(ahead(_whole(rng, 60, 90), 2.7, "flip"))
        return tuple(steps)

    return plan


def all_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """Nothing but backward running."""
    return (replace(back(900, rng.uniform(1.9, 2.4)), entry="on"),)


def mostly_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """A short warm-up, then backward with short forward rests."""
    steps = [ahead(120, 2.8)]
    for _ in range(4):
        steps += [back(_whole(rng, 180, 300), rng.uniform(1.9, 2.4)), ahead(50, 2.5, "pivot")]
    return tuple(steps)


def backward_walk(rng: np.random.Generator) -> tuple[Step, ...]:
    """Walking, forward and backward."""
    steps = [walk(180, 1.5)]
    for _ in range(4):
        steps.append(replace(back(_whole(rng, 60, 150), rng.uniform(0.95, 1.25)), gait="walk"))
        steps.append(walk(_whole(rng, 60, 120), rng.uniform(1.3, 1.6), "pivot"))
    return tuple(steps)


def steady(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward, evenly, with a few changes of pace."""
    return tuple(ahead(_whole(rng, 180, 400), rng.uniform(2.5, 3.5)) for _ in range(5))


def out_and_back(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward out, about turn, forward home, three times."""
    speed = rng.uniform(2.5, 3.3)
    return (ahead(240, speed), *(ahead(_whole(rng, 120, 240), speed, "uturn") for _ in range(5)))


def strides(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward with fast strides and walking breaks."""
    steps = [ahead(300, 2.8)]
    for _ in range(6):
        steps += [ahead(_whole(rng, 15, 30), rng.uniform(4.2, 5.2)), walk(_whole(rng, 30, 75))]
        steps.append(ahead(_whole(rng, 60, 120), rng.uniform(2.4, 3.0)))
    return tuple(steps)


def drills(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward, with slow stretches of quick short steps: all that gait knows of going backward."""
    steps = [ahead(300, 2.9)]
    for _ in range(4):
        quick = ahead(_whole(rng, 60, 150), rng.uniform(1.9, 2.4))
        steps += [
            replace(quick, quickness=rng.uniform(1.06, 1.10)),
            ahead(_whole(rng, 60, 180), 2.9),
        ]
    return tuple(steps)


def traffic(rng: np.random.Generator) -> tuple[Step, ...]:
    """Forward with stops at lights."""
    steps: list[Step] = []
    for _ in range(7):
        steps += [ahead(_whole(rng, 90, 220), rng.uniform(2.6, 3.3)), stand(_whole(rng, 8, 60))]
    return (*steps, ahead(90, 2.8))


def stops_and_backward(rng: np.random.Generator) -> tuple[Step, ...]:
    """Backward stretches, stops at lights, walking."""
    steps = [ahead(200, 2.9)]
    for _ in range(4):
        steps += [back(_whole(rng, 40, 120), rng.uniform(1.9, 2.4)), stand(_whole(rng, 10, 40))]
        steps += [ahead(_whole(rng, 60, 150), 2.9, "pivot"), stand(_whole(rng, 10, 30))]
        steps.append(ahead(60, 2.7))
    return (*steps, walk(60))


def _whole(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.integers(round(low), round(high) + 1))
