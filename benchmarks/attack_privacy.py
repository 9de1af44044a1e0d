"""Attack privacy zones: how near an attacker comes to the door with all that leaves of its runs.

Run it with ``make attack``. It exits 1 where the best of the strategies comes nearer than half the
zone's radius in the median over doors.
"""

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from attack_artefacts import PLACED, leave, seen
from attack_routes import Way, door, run, ways
from attack_strategies import STRATEGIES, Seen, evidence
from retrorun import privacy_zones
from retrorun.model import Athlete

LEAST = 0.5  # of the radius: what the attacker must be left with
Errors = dict[tuple[str, int, str], float]  # artefact, sessions, strategy → error in radii


def attacked(seed: int, way: Way, sessions: int, whole: int = 1) -> Errors:
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
            given = evidence(shown[:count], home.zone.radius_m, home.height_m)
            if given is None:
                continue
            for name, guess in STRATEGIES.items():
                apart_m = float(np.hypot(*guess(given)))  # the door is the plane's origin
                errors[kind, count, name] = apart_m / home.zone.radius_m
    return errors


def outlined(seed: int, way: Way, sessions: int) -> Errors:
    """The same on the places alone, cut by the discs: many doors in little time.

    All that artefacts may tell beside places is not there; ``attacked`` looks for that.
    """
    home = door(seed)
    athlete = Athlete(privacy_zones=(home.zone,), zone_secret=f"secret {way} {seed}")
    discs = privacy_zones.discs(athlete)
    middles = home.plane(*(np.array(each) for each in zip(*map(_middle, discs), strict=True)))
    shown = []
    for number in range(sessions):
        place = ways(home, number, way, seed)
        apart_m = np.hypot(*(place[:, None] - middles[None]).transpose(2, 0, 1))
        gone = (apart_m <= np.array([each.radius_m for each in discs])).any(axis=1)
        shown.append(Seen(place[~gone]))
    errors: Errors = {}
    for count in sorted({1, sessions}):
        given = evidence(shown[:count], home.zone.radius_m, home.height_m)
        if given is None:
            continue
        for name, guess in STRATEGIES.items():
            errors["places", count, name] = float(np.hypot(*guess(given))) / home.zone.radius_m
    return errors


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


def lines(found: dict[tuple[str, int], dict[str, float]]) -> Iterator[str]:
    """A line an artefact and number of sessions: the three best strategies."""
    for (kind, count), named in sorted(found.items(), key=lambda each: (each[0][1], each[0][0])):
        best = sorted(named.items(), key=lambda each: each[1])[:3]
        words = ", ".join(f"{name} {error:.2f}" for name, error in best)
        yield f"{count:3} sessions  {kind:14}{words}"


def main() -> int:
    """Attack, print the medians in radii; 1 where a strategy is too good."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--doors", type=int, default=200)
    parser.add_argument("--sessions", type=int, default=30)
    parser.add_argument("--places", action="store_true", help="places alone: a minute")
    parser.add_argument("--whole", type=int, default=1, help="sessions of which all is attacked")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--ways", nargs="+", default=["streets", "curves"],
                        choices=["streets", "curves", "radii"])  # fmt: skip
    chosen = parser.parse_args()
    nearest = np.inf
    for way in chosen.ways:
        quick = partial(outlined, way=way, sessions=chosen.sessions)
        work = partial(attacked, way=way, sessions=chosen.sessions, whole=chosen.whole)
        with ProcessPoolExecutor(chosen.jobs) as pool:
            found = medians(list(pool.map(quick, range(chosen.doors))))
            if not chosen.places:
                found |= medians(list(pool.map(work, range(chosen.doors))))
        print(f"{way}: median error over {chosen.doors} doors, in radii of the zone; best three")
        print("\n".join(lines(found)), flush=True)
        nearest = min([nearest, *(min(named.values()) for named in found.values())])
    print(f"nearest: {nearest:.2f} radii; at least {LEAST} is wanted")
    return 0 if nearest >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
