"""The comparison over a cohort as Parquet: a row an athlete, and a row a measure.

```
comparison/athletes.parquet           one row an athlete, every measure with its unit in its name
comparison/cohort.parquet             one row a measure and scale: quantiles and mean over athletes
comparison/athletes/<athlete>.jsonl   an athlete's whole comparison, one line of JSON
```
The same athletes give the same bytes, whoever compared them.
"""

import dataclasses
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from retrorun.model.cohort import AthleteSummary, Cohort, CohortMeasure, Interval, Uncompared
from retrorun.results.names import quoted
from retrorun.storage import Store

SCHEMA_VERSION = 1
FOLDER = "comparison"
AT_ONCE = 10_000  # rows of a row group, and in memory as such
# key of the measure → what its columns are called, and their unit
COLUMNS: Mapping[str, tuple[str, str]] = {
    "heart_rate_bpm": ("heart_rate", "bpm"),
    "metres_per_beat": ("distance_per_beat", "m"),
    "cadence_spm": ("cadence", "spm"),
    "step_length_m": ("step_length", "m"),
    "contact_time_s": ("contact_time", "s"),
    "vertical_oscillation_m": ("vertical_oscillation", "m"),
    "balance_pct": ("balance", "points"),
    "respiration_brpm": ("respiration", "brpm"),
    "energy_kcal_per_km": ("energy_over_distance", "kcal_per_km"),
    "energy_kcal_per_min": ("energy_over_time", "kcal_per_min"),
    "speed_mps": ("speed_at_equal_heart_rate", "mps"),
}
Row = dict[str, Any]


def replaced(store: Store, name: str, data: bytes) -> None:
    """Put bytes under a name in place of what is there.

    A reader may for a moment find nothing there, never half of it.

    Raises:
        StoreError: the store does not answer, is full, or lets nobody in.
    """
    if not store.put(name, data):
        store.delete(name)
        store.put(name, data)


def athlete_name(athlete: str) -> str:
    """Where an athlete's whole comparison lies."""
    return f"{FOLDER}/athletes/{quoted(athlete)}.jsonl"


def written(store: Store, found: Cohort) -> tuple[str, ...]:
    """Put both tables; their names.

    Raises:
        StoreError: the store does not answer, is full, or lets nobody in.
    """
    tables = {
        f"{FOLDER}/athletes.parquet": athletes_parquet(found),
        f"{FOLDER}/cohort.parquet": cohort_parquet(found),
    }
    for name, data in tables.items():
        replaced(store, name, data)
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
    return dataclasses.asdict(each) if isinstance(each, Uncompared) else _athlete_row(each)


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


COHORT_COLUMNS = {
    "measure": "text",
    "label": "text",
    "scale": "text",
    "unit": "text",
    "athletes": "whole",
    "sessions": "whole",
    "missing_athletes": "whole",
    "smallest": "number",
    "p05": "number",
    "p25": "number",
    "p50": "number",
    "p75": "number",
    "p95": "number",
    "largest": "number",
    "mean": "number",
    "mean_low": "number",
    "mean_high": "number",
    "between_sd": "number",
    "between_share": "number",
    "prediction_low": "number",
    "prediction_high": "number",
    "heaviest_share": "number",
    "heterogeneity": "text",
    "method": "text",
    "note": "text",
}


def cohort_parquet(found: Cohort) -> bytes:
    """One row a measure and scale; numbers are in the row's ``unit``.

    ``between_sd`` of a factor is of its logarithm.
    """
    return _parquet("cohort", COHORT_COLUMNS, map(_cohort_row, found.measures))


def _cohort_row(each: CohortMeasure) -> Row:
    row: Row = dataclasses.asdict(each.quantiles) | {
        name: getattr(each.mixed, name)
        for name in ("between_sd", "between_share", "heaviest_share", "heterogeneity")
    }
    return row | {
        "measure": each.key,
        "label": each.label,
        "scale": each.scale,
        "unit": each.unit,
        "athletes": each.athletes,
        "sessions": each.mixed.observations,
        "missing_athletes": each.missing,
        "mean": each.mixed.mean.value,
        "mean_low": each.mixed.mean.low,
        "mean_high": each.mixed.mean.high,
        "prediction_low": each.mixed.prediction.low,
        "prediction_high": each.mixed.prediction.high,
        "method": each.mixed.mean.method,
        "note": "; ".join(filter(None, (each.note, each.quantiles.note))),
    }


def _parquet(table: str, kinds: Mapping[str, str], rows: Iterable[Row]) -> bytes:
    """Rows as Parquet of fixed columns, in their order, whatever the rows hold."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from retrorun.results.arrow import KEY, types

    known = types()
    about = json.dumps({"schema_version": SCHEMA_VERSION, "table": f"{FOLDER}/{table}"})
    schema = pa.schema(
        [pa.field(name, known[kind]) for name, kind in kinds.items()],
        metadata={KEY: about.encode()},
    )
    sink, waiting = io.BytesIO(), iter(rows)
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        while part := list(islice(waiting, AT_ONCE)):
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
    return sink.getvalue()
