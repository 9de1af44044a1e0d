"""Attack privacy zones: how near an attacker comes to the door with all that leaves of its runs.

Run it with ``make attack``. It exits 1 where the best of the strategies comes nearer than half the
zone's radius in the median over doors. The attacker may simulate doors, too: the weights of the
strategies ``blend`` and ``street`` are learnt on other doors than those that are reported.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np

from attack_artefacts import PLACED, leave, seen
from attack_cuts import CUTS, turned_inward
from attack_routes import RADIUS_M, SPEED_MPS, Door, Way, door, run, ways
from attack_strategies import BLENDED, STRATEGIES, Evidence, Seen, Weights, evidence, guesses
from retrorun import privacy_zones
from retrorun.model import Athlete
from retrorun.units import BoolArray, FloatArray

LEAST = 0.5  # of the radius: what the attacker must be left with
SUBSET = 40  # doors: how much the median of fewer doors varies is told, too
LEARNT_ON = 100_000  # the first seed of the doors on which weights are learnt
LEARNT_FROM = 200  # doors
# artefact, sessions, strategy → error in radii
Errors = dict[tuple[str, int, str], float]
Learnt = Mapping[int, Weights]  # number of sessions → weights


def attacked(
    seed: int, way: Way, sessions: int, whole: int = 1, learnt: Learnt | None = None
) -> Errors:
    """How far every strategy ends from one door, with one session and with all of them.

    Of ``whole`` sessions everything that leaves is attacked, of all of them the CSV.
    A door of which an artefact shows no way at all is no entry: nothing can be tried there.
    """
    home = door(seed)
    with tempfile.TemporaryDirectory() as folder:
        runs = [run(home, number, way, seed) for number in range(sessions)]
        left = leave(home, runs, f"secret {way} {seed}", Path(folder), whole)
    errors: Errors = {}
    for kind in PLACED:
        there = [each for each in left if kind in each.tracks or kind in each.pages]
        shown = [seen(each, kind, home) for each in there]
        for count in sorted({1, len(shown)}):
            found = _tried(home, shown[:count], learnt)
            errors |= {(kind, count, name): error for name, error in found.items()}
    return errors


def outlined(
    seed: int, way: Way, sessions: int, learnt: Learnt | None = None, cut: str = "discs"
) -> Errors:
    """The same on the places alone, cut by the discs: many doors in little time.

    All that artefacts may tell beside places is not there; ``attacked`` looks for that. ``cut`` is
    one of ``CUTS``.
    """
    home = door(seed)
    shown = _places(home, seed, way, sessions, cut)
    errors: Errors = {}
    for count in sorted({1, sessions}):
        found = _tried(home, shown[:count], learnt, cut)
        errors |= {("places", count, name): error for name, error in found.items()}
    return errors


def _tried(
    home: Door, shown: Sequence[Seen], learnt: Learnt | None, cut: str = "discs"
) -> dict[str, float]:
    """The error of every strategy in radii; none where nothing shows a way."""
    given = _evidence(home, shown, cut)
    if given is None:
        return {}
    weights = learnt.get(min(len(shown), max(learnt))) if learnt else None
    # the door is the plane's origin
    return {
        name: float(np.hypot(*guess)) / home.zone.radius_m
        for name, guess in guesses(given, weights).items()
    }


def _evidence(home: Door, shown: Sequence[Seen], cut: str) -> Evidence | None:
    """The evidence of sessions, as an attacker reads it who knows how they were cut."""
    given = evidence(shown, home.zone.radius_m, home.height_m)
    return turned_inward(given) if given is not None and cut == "corner" else given


def learn(way: Way, sessions: int, doors: int, cut: str = "discs") -> Learnt:
    """The weights of the strategies of which a weighted mean comes nearest, in least squares."""
    return {count: _weights(way, count, doors, cut) for count in sorted({1, sessions})}


def _weights(way: Way, count: int, doors: int, cut: str) -> Weights:
    found: list[FloatArray] = []
    for seed in range(LEARNT_ON, LEARNT_ON + doors):
        home = door(seed)
        given = _evidence(home, _places(home, seed, way, count, cut), cut)
        if given is not None:
            found.append(np.array([STRATEGIES[name](given) for name in BLENDED]))
    together = np.array(found) / RADIUS_M
    squares = np.einsum("dki,dli->kl", together, together) / len(found)
    weights = np.linalg.solve(squares + 0.1 * np.eye(len(BLENDED)), np.ones(len(BLENDED)))
    return dict(zip(BLENDED, (weights / weights.sum()).tolist(), strict=True))


def _places(home: Door, seed: int, way: Way, sessions: int, cut: str = "discs") -> list[Seen]:
    shown = []
    for place, gone in _hidden(home, seed, way, sessions, cut):
        if np.count_nonzero(~gone) < privacy_zones.LEAST_SHOWN_S:
            shown.append(Seen(np.zeros((0, 2))))  # shows no place at all
            continue
        first = 0 if gone[0] or gone[-1] else int(np.argmax(gone))
        # through the zone: seen from its cuts outward
        shown.append(Seen(np.roll(place, -first, axis=0)[~np.roll(gone, -first)]))
    return shown


def _hidden(
    home: Door, seed: int, way: Way, sessions: int, cut: str
) -> Iterator[tuple[FloatArray, BoolArray]]:
    """Of every run the places (n, 2), and which of them are hidden, (n,)."""
    athlete = Athlete(privacy_zones=(home.zone,), zone_secret=f"secret {way} {seed}")
    discs = privacy_zones.discs(athlete)
    middles = home.plane(*(np.array(each) for each in zip(*map(_middle, discs), strict=True)))
    sizes_m = np.array([each.radius_m for each in discs])
    for number in range(sessions):
        place = ways(home, number, way, seed)
        yield place, CUTS[cut](place, middles, sizes_m, seed)


def hidden_m(way: Way, cut: str, seeds: Sequence[int]) -> float:
    """Metres of a run that are hidden, in the mean over 30 runs from each of these doors."""
    seconds = [
        float(gone.sum()) for seed in seeds for _, gone in _hidden(door(seed), seed, way, 30, cut)
    ]
    return SPEED_MPS * float(np.mean(seconds))


def _middle(disc: privacy_zones.Disc) -> tuple[float, float]:
    return disc.latitude_deg, disc.longitude_deg


def medians(found: list[Errors]) -> dict[tuple[str, int], dict[str, float]]:
    """Artefact and number of sessions → strategy → median error over doors, in radii."""
    gathered: dict[tuple[str, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for errors in found:
        for (kind, count, name), error in errors.items():
            gathered[kind, count][name].append(error)
    return {
        place: {name: float(np.median(each)) for name, each in named.items()}
        for place, named in gathered.items()
    }


def subsets(found: list[Errors]) -> dict[tuple[str, int], float]:
    """Artefact and number of sessions → the least median of ``SUBSET`` doors in a row."""
    parts = [found[at : at + SUBSET] for at in range(0, len(found) - SUBSET + 1, SUBSET)]
    least: dict[tuple[str, int], float] = {}
    for part in parts:
        for place, named in medians(part).items():
            least[place] = min(least.get(place, np.inf), *named.values())
    return least


def lines(
    found: dict[tuple[str, int], dict[str, float]], least: Mapping[tuple[str, int], float]
) -> Iterator[str]:
    """A line an artefact and number of sessions: the three best strategies."""
    for (kind, count), named in sorted(found.items(), key=lambda each: (each[0][1], each[0][0])):
        best = sorted(named.items(), key=lambda each: each[1])[:3]
        words = ", ".join(f"{name} {error:.2f}" for name, error in best)
        few = f"; of {SUBSET} doors {least[kind, count]:.2f}" if (kind, count) in least else ""
        yield f"{count:3} sessions  {kind:14}{words}{few}"


def main() -> int:
    """Attack, print the medians in radii; 1 where a strategy is too good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doors", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--places", action="store_true", help="places alone: a minute")
    parser.add_argument("--cut", default="discs", choices=sorted(CUTS), help="with --places")
    parser.add_argument("--whole", type=int, default=1, help="sessions of which all is attacked")
    parser.add_argument(
        "--learn", type=int, default=LEARNT_FROM, help="doors of the attacker's own"
    )
    parser.add_argument("--first", type=int, default=0, help="seed of the first door")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--ways", nargs="+", default=["streets", "curves"],
                        choices=sorted(get_args(Way)))  # fmt: skip
    chosen = parser.parse_args()
    if chosen.cut != "discs" and not chosen.places:
        parser.error("--cut is for --places")
    nearest = np.inf
    for way in chosen.ways:
        learnt = learn(way, chosen.sessions, chosen.learn, chosen.cut)
        quick = partial(outlined, way=way, sessions=chosen.sessions, learnt=learnt, cut=chosen.cut)
        work = partial(
            attacked, way=way, sessions=chosen.sessions, whole=chosen.whole, learnt=learnt
        )
        seeds = range(chosen.first, chosen.first + chosen.doors)
        with ProcessPoolExecutor(chosen.jobs) as pool:
            errors = [*pool.map(quick, seeds)]
            found, least = medians(errors), subsets(errors)
            if not chosen.places:
                errors = [*pool.map(work, seeds)]
                found, least = found | medians(errors), least | subsets(errors)
        print(f"{way}: {hidden_m(way, chosen.cut, seeds[:20]):.0f} m of a run are hidden")
        print(f"{way}: median error over {chosen.doors} doors, in radii of the zone; best three")
        print("\n".join(lines(found, least)), flush=True)
        nearest = min([nearest, *(min(named.values()) for named in found.values())])
    print(f"nearest: {nearest:.2f} radii; at least {LEAST} is wanted")
    return 0 if nearest >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
