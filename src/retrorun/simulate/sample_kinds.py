"""The kinds of session in the sample data: what is done, what records it, how it is written.

``progress`` runs from 0 to 1 over the ten weeks; backward speed and stretches grow with it.
"""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from retrorun.simulate import plans
from retrorun.simulate.body import Step
from retrorun.simulate.compass import Compass
from retrorun.simulate.plans import ahead, back, stand, walk
from retrorun.simulate.scenarios import Tier
from retrorun.simulate.simulated import Simulated
from retrorun.simulate.watch import Watch
from retrorun.simulate.write_fit import fit_bytes
from retrorun.simulate.write_gpx import Flavour, gpx_bytes
from retrorun.simulate.write_tcx import tcx_bytes

Outline = Callable[[float, np.random.Generator], tuple[Step, ...]]
Writer = Callable[[Simulated], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of session: its file's name, what is done, what records it, how it is written.

    ``damaged_at`` is the share of its records after which the file is cut off.
    """

    name: str
    outline: Outline
    tier: Tier
    watch: Watch
    write: Writer
    about: str
    damaged_at: float | None = None


def _back_mps(progress: float, rng: np.random.Generator) -> float:
    return 1.75 + 0.45 * progress + float(rng.normal(0.0, 0.04))


def _repeats(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    """Warm-up, then backward stretches of half a minute to two minutes with running between."""
    length = round(35 + 85 * progress)
    steps = [walk(60, 1.5), ahead(240, 2.6)]
    for repeat in range(5):
        steps.append(back(float(length + rng.integers(-5, 6)), _back_mps(progress, rng)))
        steps.append(ahead(float(rng.integers(60, 100)), 2.5 + 0.15 * (repeat % 3), "pivot"))
    return (*steps, ahead(60, 2.4), walk(45, 1.4))


def _first_steps(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    """Backward walking first, then a little backward running."""
    steps = [walk(90, 1.5), ahead(180, 2.6), walk(40, 1.4)]
    for _ in range(2):
        backward = replace(back(60, 1.0), gait="walk")
        steps += [backward, walk(40, 1.4, "pivot")]
    for _ in range(3):
        steps += [back(30, _back_mps(progress, rng)), ahead(80, 2.6, "pivot")]
    return (*steps, ahead(90, 2.9))


def _shuttle_sets(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    return (walk(30, 1.5), *plans.shuttles(15.0 + 5.0 * progress, 3)(rng))


def _all_forward(_: float, rng: np.random.Generator) -> tuple[Step, ...]:
    return (walk(60, 1.5), *plans.steady(rng)[:3], stand(30), ahead(200, 2.8))


def _with_stops(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    steps = [ahead(240, 2.7)]
    for _ in range(4):
        steps += [back(60 + round(50 * progress), _back_mps(progress, rng)), stand(20)]
        steps += [ahead(80, 2.6, "pivot")]
    return (*steps, walk(60))


def _long_repeats(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    steps = [walk(75, 1.5), ahead(240, 2.6)]
    for speed in (2.4, 3.0, 2.7):
        steps += [back(180, _back_mps(progress, rng)), ahead(150, speed, "pivot")]
    return tuple(steps)


def _gpx(flavour: Flavour) -> Writer:
    return lambda simulated: gpx_bytes(simulated, flavour)


def _degrees(simulated: Simulated) -> bytes:
    return fit_bytes(simulated, "deg")


def _packed(write: Writer) -> Writer:
    return lambda simulated: gzip.compress(write(simulated), mtime=0)


BELT = Watch(compass=Compass(swing_deg=6.0), device="Simulated watch with compass field")
PLAIN = Watch(device="Simulated watch")
OSMTRACKER = Watch(
    heart=False,
    steps=False,
    compass=Compass(source="compass", north="magnetic", declination_deg=10.6),
)
KINDS: tuple[Kind, ...] = (
    Kind("connect-iq.fit", _first_steps, "heading", BELT, fit_bytes, "compass field, radians"),
    Kind("osmand.gpx", _shuttle_sets, "heading", BELT, _gpx("osmand"), "shuttles, OsmAnd compass"),
    Kind(
        "workout.fit",
        _repeats,
        "labelled",
        replace(PLAIN, laps="workout"),
        fit_bytes,
        "watch only, workout steps with names",
    ),
    Kind(
        "osmtracker.gpx", _repeats, "heading", OSMTRACKER, _gpx("osmtracker"), "compass, no heart"
    ),
    Kind("watch.tcx", _repeats, "gait", PLAIN, tcx_bytes, "watch only: candidates by gait"),
    Kind(
        "laps.fit",
        _repeats,
        "gait",
        replace(PLAIN, laps="button", dynamics=True),
        fit_bytes,
        "watch only with contact time, laps without words",
    ),
    Kind("easy.fit", _all_forward, "gait", PLAIN, fit_bytes, "watch only, all forward"),
    Kind(
        "gpslogger.gpx", _repeats, "gait", PLAIN, _gpx("gpslogger"), "bearing is course: the trap"
    ),
    Kind("connect-iq-degrees.fit", _repeats, "heading", BELT, _degrees, "compass field, degrees"),
    Kind("packed.fit.gz", _with_stops, "heading", BELT, _packed(fit_bytes), "gzip, with stops"),
    Kind("cut-off.fit", _repeats, "heading", BELT, fit_bytes, "damaged: cut in the middle", 0.6),
    Kind("garmin.gpx", _repeats, "heading", BELT, _gpx("garmin"), "bearing beside course"),
    Kind(
        "workout-pauses.fit",
        _with_stops,
        "labelled",
        replace(PLAIN, laps="workout", auto_pause=True, smart=True),
        fit_bytes,
        "workout steps, smart recording, auto-pause",
    ),
    Kind(
        "osmand.gpx.gz", _long_repeats, "heading", BELT, _packed(_gpx("osmand")), "long stretches"
    ),
    Kind(
        "notes.tcx",
        _repeats,
        "labelled",
        replace(PLAIN, laps="named"),
        tcx_bytes,
        "watch only, notes on the laps",
    ),
    Kind(
        "connect-iq-dynamics.fit",
        _long_repeats,
        "heading",
        replace(BELT, dynamics=True),
        fit_bytes,
        "compass field, contact time",
    ),
)
