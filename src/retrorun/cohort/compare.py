"""Compare the athletes of a result set, one task an athlete, and write the tables of it.

A worker reads one athlete's sessions, compares them, and returns a summary of a few hundred
numbers. So a worker's memory is that of its largest athlete, and collecting the summaries takes
some kilobytes an athlete, however many sessions there are.

```
comparison/athletes.parquet           one row an athlete, every measure with its unit in its name
comparison/cohort.parquet             one row a measure and scale: quantiles and mean over athletes
comparison/athletes/<athlete>.jsonl   an athlete's whole comparison, one line of JSON
```
The same athletes give the same bytes, whatever the engine and the workers.
"""

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import attrgetter
from sys import intern
from typing import Any

import msgspec
from msgspec import structs

from retrorun import compare, results
from retrorun.compare.cohort import cohort, summary
from retrorun.engines import Lost
from retrorun.errors import RetrorunError
from retrorun.metrics import DIFFERENCES
from retrorun.model import Athlete, Note
from retrorun.model.cohort import AthleteSummary, Cohort, CohortMetric, Interval, Uncompared
from retrorun.model.comparison import Comparison
from retrorun.results.layout import UNKNOWN, quoted
from retrorun.results.writer import put_or_replace
from retrorun.settings import CompareSettings
from retrorun.storage import Store, open_store

TABLE_VERSION = results.SCHEMA_VERSION  # all result tables have one version
FOLDER = "comparison"
AT_ONCE = 10_000  # rows of a row group, and in memory as such
# key of the measure → what its columns are called, and their unit
COLUMNS: Mapping[str, tuple[str, str]] = {each.key: each.columns for each in DIFFERENCES}
Row = dict[str, Any]


def athlete_name(athlete: str) -> str:
    """Where an athlete's whole comparison lies."""
    return f"{FOLDER}/athletes/{quoted(athlete)}.jsonl"


def write_tables(store: Store, found: Cohort) -> tuple[str, ...]:
    """Put both tables; return their names.

    Raises:
        StoreError: the store does not answer, is full, or lets nobody in.
    """
    tables = {
        f"{FOLDER}/athletes.parquet": athletes_parquet(found),
        f"{FOLDER}/cohort.parquet": cohort_parquet(found),
    }
    for name, data in tables.items():
        put_or_replace(store, name, data)
    return tuple(tables)


def athletes_parquet(found: Cohort) -> bytes:
    """One row an athlete; who could not be compared has a slug and a message, and no numbers."""
    everyone: list[AthleteSummary | Uncompared] = [*found.athletes, *found.uncompared]
    everyone.sort(key=lambda each: each.athlete)
    return _parquet("athletes", dict(_athlete_columns()), map(_row, everyone))


ATHLETE_COLUMNS = {
    "athlete": "text",
    "sessions": "whole",
    "backward_sessions": "whole",
    "first_date": "text",
    "last_date": "text",
    "backward_s": "number",
    "backward_m": "number",
    "forward_s": "number",
    "forward_m": "number",
}


def _athlete_columns() -> Iterator[tuple[str, str]]:
    """Name and kind of every column of the athletes' table."""
    yield from ATHLETE_COLUMNS.items()
    for end in ("", "_low", "_high"):
        yield f"cost_factor{end}", "number"
    yield "cost_factor_sessions", "whole"
    for stem, unit in COLUMNS.values():
        for kind, suffix in (("change", unit), ("relative", "pct")):
            for end in ("", "_low", "_high"):
                yield f"{stem}_{kind}{end}_{suffix}", "number"
        yield f"{stem}_pairs", "whole"
        yield f"{stem}_sessions", "whole"
    yield from (("slug", "text"), ("message", "text"))


def _row(each: AthleteSummary | Uncompared) -> Row:
    return structs.asdict(each) if isinstance(each, Uncompared) else _athlete_row(each)


def _athlete_row(each: AthleteSummary) -> Row:
    row: Row = {name: getattr(each, name) for name in ATHLETE_COLUMNS}
    row["cost_factor_sessions"] = each.cost_sessions
    row |= _ends(each.cost_factor, "cost_factor", "")
    for key, measure in each.measures.items():
        stem, unit = COLUMNS[key]
        row |= _ends(measure.difference, f"{stem}_change", f"_{unit}")
        row |= _ends(measure.percent, f"{stem}_relative", "_pct")
        row |= {f"{stem}_pairs": measure.pairs, f"{stem}_sessions": measure.sessions}
    return row


def _ends(interval: Interval | None, stem: str, unit: str) -> Row:
    if interval is None:
        return {}
    return {
        f"{stem}{unit}": interval.value,
        f"{stem}_low{unit}": interval.low,
        f"{stem}_high{unit}": interval.high,
    }


# column → its kind, and where its value stands in a `CohortMetric`
COHORT_COLUMNS = {
    "measure": ("text", "key"),
    "label": ("text", "label"),
    "scale": ("text", "scale"),
    "unit": ("text", "unit"),
    "athletes": ("whole", "athletes"),
    "sessions": ("whole", "mixed.observations"),
    "missing_athletes": ("whole", "missing"),
    **{
        name: ("number", f"quantiles.{name}")
        for name in ("smallest", "p05", "p25", "p50", "p75", "p95", "largest")
    },
    "mean": ("number", "mixed.mean.value"),
    "mean_low": ("number", "mixed.mean.low"),
    "mean_high": ("number", "mixed.mean.high"),
    "between_sd": ("number", "mixed.between_sd"),
    "between_share": ("number", "mixed.between_share"),
    "prediction_low": ("number", "mixed.prediction.low"),
    "prediction_high": ("number", "mixed.prediction.high"),
    "heaviest_share": ("number", "mixed.heaviest_share"),
    "heterogeneity": ("text", "mixed.heterogeneity"),
    "method": ("text", "mixed.mean.method"),
    "note": ("text", "note"),
}


def cohort_parquet(found: Cohort) -> bytes:
    """One row a measure and scale; numbers are in the row's ``unit``.

    ``between_sd`` of a factor is of its logarithm.
    """
    kinds = {name: kind for name, (kind, _) in COHORT_COLUMNS.items()}
    return _parquet("cohort", kinds, map(_cohort_row, found.measures))


def _cohort_row(each: CohortMetric) -> Row:
    row: Row = {name: attrgetter(place)(each) for name, (_, place) in COHORT_COLUMNS.items()}
    return row | {"note": "; ".join(filter(None, (each.note, each.quantiles.note)))}


def _parquet(table: str, kinds: Mapping[str, str], rows: Iterable[Row]) -> bytes:
    """Rows as Parquet of fixed columns, in their order, whatever the rows hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from retrorun.results.columns import KEY, types

    known = types()
    about = json.dumps({"schema_version": TABLE_VERSION, "table": f"{FOLDER}/{table}"})
    schema = pa.schema(
        [pa.field(name, known[kind]) for name, kind in kinds.items()],
        metadata={KEY: about.encode()},
    )
    sink, waiting = io.BytesIO(), iter(rows)
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        while part := list(islice(waiting, AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
    return sink.getvalue()


UNKNOWN_ATHLETE = Note("athlete-unknown", "sessions whose athlete is not known are left out")
ATHLETE_LINE_VERSION = 1  # of an athlete's line of JSON
Result = AthleteSummary | Uncompared
# carries a function to every task and gives back task and result in the order of the tasks
Engine = Callable[[Iterable[str], Callable[[str], Result]], Iterable[tuple[str, Any]]]


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """How athletes are compared.

    Attributes:
        address: of the result set.
        settings: the same for all athletes.
        out: where each athlete's whole comparison is put as a line of JSON; None: it is not put.
    """

    address: str
    settings: CompareSettings
    out: str | None = None


def identified_athletes(athletes: Iterable[str]) -> tuple[list[str], tuple[Note, ...]]:
    """The athletes whose name is known, and a note if sessions of an unknown athlete are left out.

    Exports without an athlete may be of many people; comparing them with each other would describe
    none of them.
    """
    everyone = list(athletes)
    known = [each for each in everyone if each != UNKNOWN]
    return known, () if len(known) == len(everyone) else (UNKNOWN_ATHLETE,)


def damaged_athletes(store: Store) -> tuple[tuple[Uncompared, ...], tuple[Note, ...]]:
    """Athletes with a missing or damaged part of sessions, and notes on other and misplaced parts.

    An athlete is never compared from a part of their sessions as if it were all of them.

    Args:
        store: the result set.

    Raises:
        StoreError: the store does not answer.
    """
    athletes: dict[str, Uncompared] = {}
    notes: list[Note] = []
    for problem in results.missing_parts(store):
        name = problem.file or ""
        if name.startswith("sessions/"):
            athlete = results.athlete_of(name)
            athletes.setdefault(athlete, Uncompared(athlete, problem.slug, str(problem)))
        else:
            notes.append(Note(problem.slug, str(problem)))
    notes += [Note(each.slug, str(each)) for each in results.misplaced_parts(store)]
    return tuple(athletes.values()), tuple(notes)


def compare_athletes(
    athletes: Iterable[str], options: CompareOptions, engine: Engine
) -> Iterator[Result]:
    """Compare athletes, with any engine; yield in the order of the athletes.

    Args:
        athletes: their names in the result set.
        options: settings and places.
        engine: such as ``engines.ordered`` with its number of jobs.

    Yields:
        The summary, or why there is none; an athlete who cannot be compared costs no other one.
    """
    for athlete, done in engine(athletes, partial(compare_athlete, options=options)):
        if isinstance(done, Lost):
            yield Uncompared(athlete, done.slug, done.message)
        else:
            yield done


def compare_athlete(athlete: str, options: CompareOptions) -> Result:
    """Compare one athlete, on a worker.

    Raises:
        MemoryError: it takes more than the worker may use; the engine reports it.
    """
    try:
        return _compare_athlete(athlete, options)
    except RetrorunError as problem:
        return Uncompared(athlete, problem.slug, str(problem))
    except MemoryError:
        raise
    except Exception as fault:  # noqa: BLE001 - the one trap: a defect costs one athlete, named
        return Uncompared(athlete, "internal-error", f"{type(fault).__name__}: {fault}"[:200])


def _compare_athlete(athlete: str, options: CompareOptions) -> AthleteSummary:
    sessions = results.sessions(open_store(options.address), athlete)
    # listing pairs takes half of the time, and is only for the athlete's own lines
    settings = options.settings
    if options.out is None:
        settings = msgspec.structs.replace(settings, pairs_shown=0)
    found = _without_mass_note(compare.compare(sessions, Athlete(), settings))
    if options.out is not None:
        put_or_replace(open_store(options.out), athlete_name(athlete), athlete_line(athlete, found))
    return summary(athlete, found)


def _without_mass_note(found: Comparison) -> Comparison:
    """Without the note on a missing mass where there are kilocalories.

    The profile was used when the exports were processed; it is not needed here.
    """
    if all(each.energy_kcal is None for each in found.totals.values()):
        return found
    return msgspec.structs.replace(
        found, notes=tuple(each for each in found.notes if each.slug != "no-mass")
    )


def summarize(done: Iterable[Result], settings: CompareSettings) -> Cohort:
    """The cohort's comparison, from the athletes' summaries as they arrive."""
    known: list[AthleteSummary] = []
    missing: list[Uncompared] = []
    for each in done:
        if isinstance(each, Uncompared):
            missing.append(each)
        else:
            known.append(_with_shared_text(each))
    return cohort(known, missing, settings)


def _with_shared_text(each: AthleteSummary) -> AthleteSummary:
    """The summary with one copy of texts that all athletes share, to save memory."""
    return structs.replace(
        each,
        measures={intern(key): value for key, value in each.measures.items()},
        reasons={intern(key): intern(words) for key, words in each.reasons.items()},
    )


def athlete_line(athlete: str, found: Comparison) -> bytes:
    """An athlete's whole comparison as one line of JSON."""
    document = {"schema_version": ATHLETE_LINE_VERSION, "athlete": athlete, "comparison": found}
    return msgspec.json.encode(document) + b"\n"
