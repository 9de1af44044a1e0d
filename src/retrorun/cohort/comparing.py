"""From a result set to the comparison of each athlete, one task an athlete.

A worker reads one athlete's sessions, compares them, and hands back a summary of a few hundred
numbers. So the memory of a worker is that of its largest athlete, and what gathers the summaries
needs some kilobytes an athlete, however many sessions there are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from sys import intern
from typing import Any

import msgspec

from retrorun import compare, results
from retrorun.cohort.comparison_tables import athlete_name, replaced
from retrorun.engines import Lost
from retrorun.errors import RetrorunError
from retrorun.model import Athlete, Comparison, Note
from retrorun.model.cohort import AthleteSummary, Cohort, Uncompared
from retrorun.results.names import UNKNOWN
from retrorun.settings import CompareSettings
from retrorun.storage import Store, open_store

NOBODY = Note("athlete-unknown", "sessions whose athlete is not known are left out")
SCHEMA_VERSION = 1  # of an athlete's line of JSON
Result = AthleteSummary | Uncompared
# carries a function to every task and gives back task and result in the order of the tasks
Engine = Callable[[Iterable[str], Callable[[str], Result]], Iterable[tuple[str, Any]]]


@dataclass(frozen=True, slots=True)
class Manner:
    """How athletes are compared.

    Attributes:
        address: of the result set.
        settings: the same for all athletes.
        out: where each athlete's whole comparison is put as a line of JSON; None for nowhere.
    """

    address: str
    settings: CompareSettings
    out: str | None = None


def comparable(athletes: Iterable[str]) -> tuple[list[str], tuple[Note, ...]]:
    """The athletes who are somebody, and a note if sessions of nobody known are left out.

    Exports without an athlete may be of many people: compared with each other, they would say
    something of none of them.
    """
    everyone = list(athletes)
    known = [each for each in everyone if each != UNKNOWN]
    return known, () if len(known) == len(everyone) else (NOBODY,)


def missing(store: Store) -> tuple[tuple[Uncompared, ...], tuple[Note, ...]]:
    """Athletes of whom a part with sessions is gone, and notes on what else is gone or damaged.

    Nobody is compared by a part of their sessions as if it were all of them.

    Args:
        store: the result set.

    Raises:
        StoreError: the store does not answer.
    """
    athletes: dict[str, Uncompared] = {}
    notes: list[Note] = []
    for problem in results.lost(store):
        name = problem.file or ""
        if name.startswith("sessions/"):
            athlete = results.athlete_of(name)
            athletes.setdefault(athlete, Uncompared(athlete, problem.slug, str(problem)))
        else:
            notes.append(Note(problem.slug, str(problem)))
    return tuple(athletes.values()), tuple(notes)


def compared(athletes: Iterable[str], manner: Manner, engine: Engine) -> Iterator[Result]:
    """Compare athletes, by any engine; yield in the order of the athletes.

    Args:
        athletes: their names in the result set.
        manner: settings and places.
        engine: such as ``engines.ordered`` with its number of jobs.

    Yields:
        The summary, or why there is none: whoever cannot be compared is named, and nobody else
        pays for it.
    """
    for athlete, done in engine(athletes, partial(one, manner=manner)):
        if isinstance(done, Lost):
            yield Uncompared(athlete, done.slug, done.message)
        else:
            yield done


def one(athlete: str, manner: Manner) -> Result:
    """Compare one athlete: what a worker does.

    Raises:
        MemoryError: it takes more than the worker may use; its engine tells.
    """
    try:
        return _one(athlete, manner)
    except RetrorunError as problem:
        return Uncompared(athlete, problem.slug, str(problem))
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - the one trap: a defect costs one athlete, named
        return Uncompared(athlete, "internal-error", f"{type(fault).__name__}: {fault}"[:200])


def _one(athlete: str, manner: Manner) -> AthleteSummary:
    sessions = results.sessions(open_store(manner.address), athlete)
    # pairs are listed for readers alone: half of the time, where nobody will read them
    shown = manner.settings if manner.out is not None else replace(manner.settings, pairs_shown=0)
    found = _fitting(compare.compare(sessions, Athlete(), shown))
    if manner.out is not None:
        replaced(open_store(manner.out), athlete_name(athlete), line(athlete, found))
    return compare.summary(athlete, found)


def _fitting(found: Comparison) -> Comparison:
    """Without the note on a missing mass where there are kilocalories.

    The profile has done its work when the exports were processed, and is not asked again.
    """
    if all(each.energy_kcal is None for each in found.totals.values()):
        return found
    return replace(found, notes=tuple(each for each in found.notes if each.slug != "no-mass"))


def gathered(done: Iterable[Result], settings: CompareSettings) -> Cohort:
    """What is known over all athletes, from their summaries as they come."""
    known: list[AthleteSummary] = []
    missing: list[Uncompared] = []
    for each in done:
        if isinstance(each, Uncompared):
            missing.append(each)
        else:
            known.append(_thrifty(each))
    return compare.cohort(known, missing, settings)


def _thrifty(each: AthleteSummary) -> AthleteSummary:
    """The same with words that all athletes share: each worker's answer brings its own copies."""
    return replace(
        each,
        measures={intern(key): value for key, value in each.measures.items()},
        reasons={intern(key): intern(words) for key, words in each.reasons.items()},
    )


def line(athlete: str, found: Comparison) -> bytes:
    """An athlete's whole comparison as one line of JSON."""
    document = {"schema_version": SCHEMA_VERSION, "athlete": athlete, "comparison": found}
    return msgspec.json.encode(document) + b"\n"
