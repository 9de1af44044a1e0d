"""Result sets of athletes whose numbers are known beforehand."""

from pathlib import Path
from typing import cast

import measured_sessions as made

from retrorun import results
from retrorun.model import Analysis, Estimate, Session, Source, Track
from retrorun.storage import open_store

PAIRS = 6


def runs(athlete: str, rises_bpm: list[float], factor: float | None = None) -> list[Session]:
    """A session a day with six pairs each, backward so much above forward's 150 bpm."""
    found = []
    for day, rise in enumerate(rises_bpm):
        segments = []
        for turn in range(PAIRS):
            start_s, above = 400.0 * turn, 150.0 + rise
            segments += [
                made.stretch(start_s, 100.0, steady_heart_rate_bpm=150.0),
                made.stretch(start_s + 200.0, 100.0, "backward", steady_heart_rate_bpm=above),
            ]
        own = (
            made.NO_FACTOR
            if factor is None
            else Estimate(factor, factor / 1.1, factor * 1.1, "heart-rate kinetics")
        )
        found.append(made.session(f"{athlete}{day:03d}", float(day), segments, own))
    return found


def written(address: str | Path, athletes: dict[str, list[Session]]) -> None:
    """Put a result set: one batch an athlete."""
    store = open_store(address)
    store.put(results.ABOUT, results.make_about("0", "f" * 12, tracks=False))
    for place, (athlete, sessions) in enumerate(athletes.items()):
        part = results.BatchWriter(f"{place:032x}", tracks=False)
        for each in sessions:
            source = Source(each.source.name, each.id)
            analysis = Analysis(source, (each,), (cast("Track", None),))  # no tracks are kept
            part.add(
                results.FileOutcomes(athlete, each.id, each.id, 1, "t", "p", (analysis,), each.id)
            )
        for name, data in part.close():
            store.put(name, data)


def seven() -> dict[str, list[Session]]:
    """Seven athletes: means 2 4 6 8 10 and factors from 1.1; one forward only; one hostile name."""
    found = {
        f"a{index}": runs(f"a{index}", [mean - 1, mean, mean + 1], 1.1 + index / 10)
        for index, mean in enumerate((2.0, 4.0, 6.0, 8.0))
    }
    found["../<script>alert(1)</script>"] = runs("x", [9.0, 10.0, 11.0], 1.5)
    found["forward"] = [made.session("f000", 0.0, [made.stretch(0.0, 600.0)])]
    found["zoë 東京"] = runs("z", [6.0])
    return found
