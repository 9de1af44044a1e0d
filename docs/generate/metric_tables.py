"""Print what is declared in ``retrorun.metrics`` to where it is documented.

    python docs/generate/metric_tables.py

Writes ``docs/metrics.md``, the metrics of a segment in ``contract.schema.json`` and the names of
the compared metrics in ``docs/cohort.md``. A test holds all three to the declarations.
"""

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from retrorun.metric_types import TABLE_ORDER, Metric
from retrorun.metrics import (
    CONTRASTED,
    DERIVED,
    DIFFERENCES,
    HEART_RATE,
    LISTED,
    METRICS,
    SUMS,
    TRENDED,
)

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "metrics.md"
COHORT = ROOT / "docs" / "cohort.md"
SCHEMA = ROOT / "src" / "retrorun" / "contract.schema.json"
NUMBER = {"type": ["number", "null"]}
HEAD = """\
# Metrics

Printed by `python docs/generate/metric_tables.py` from `src/retrorun/metrics.py`, where each metric
is declared once; a test holds the two together. Columns are described in [results.md](results.md).
"""


def page() -> str:
    """``docs/metrics.md``."""
    parts = [HEAD, "## Of a segment\n", *_table(_segment_rows())]
    parts += ["\n## Compared over matched pairs\n", *_table(_compared_rows())]
    parts += ["\n## Sums over a session\n", *_table(_sum_rows())]
    parts += ["\n## Of a session, over time\n", *_table(_trend_rows())]
    return "\n".join(parts) + "\n"


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    head, *rest = rows
    return ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rest)]


def _segment_rows() -> Iterator[tuple[str, ...]]:
    yield (
        "metric",
        "column",
        "unit",
        "meaning",
        "de-identified",
        "JSON decimals",
        "on the session's page",
    )
    for each in (*METRICS, *HEART_RATE):
        yield (
            f"`{each.key}`",
            f"`{each.column}`",
            each.unit,
            each.meaning,
            "stays" if each.kept else "",
            _digits(each.contract_digits),
            ", ".join(_places(each)),
        )


def _places(metric: Metric) -> Iterator[str]:
    if metric in LISTED:
        yield "stretches"
    if metric.key in {row.key for row in CONTRASTED}:
        yield "backward against forward"


def _digits(digits: int | None) -> str:
    return "" if digits is None else str(digits)


def _compared_rows() -> Iterator[tuple[str, ...]]:
    yield "metric", "unit", "words", "made of", "at equal", "columns of a cohort", "how to read it"
    formulas = {each.key: each.formula for each in DERIVED}
    for each in DIFFERENCES:
        formula, (stem, unit) = formulas.get(each.key), each.columns
        made = f"`{each.source}`"
        if formula:
            made = f"{formula.times:g} · `{formula.above}` / `{formula.below}`"
        columns = f"`{stem}_…_{unit}`"
        yield f"`{each.key}`", each.unit, each.label, made, each.level, columns, each.reading


def _sum_rows() -> Iterator[tuple[str, ...]]:
    yield "sum", "column", "unit", "meaning", "of", "in JSON", "JSON decimals"
    for each in SUMS:
        json_name = f"`{each.contract}`" if each.contract else ""
        digits = _digits(each.contract_digits) if each.contract else ""
        about = (f"`<kind>_{each.column}`", each.unit, each.meaning, f"`{each.of}`")
        yield f"`{each.key}`", *about, json_name, digits


def _trend_rows() -> Iterator[tuple[str, ...]]:
    yield "metric", "unit", "words"
    yield from ((f"`{each.key}`", each.unit, each.label) for each in TRENDED)


def schema(text: str) -> str:
    """The contract's schema with the metrics of a segment as they are declared."""
    document = json.loads(text)
    segment = _within(document, "segments")["items"]
    parts = {key: segment["properties"][key] for key in ("heart_rate_bpm", "energy_kcal")}
    old = {key for key in segment["properties"] if _is_metric(key, segment["properties"][key])}
    found = {key: value for key, value in segment["properties"].items() if key not in old}
    required = [key for key in segment["required"] if key not in old]
    for key, part, is_required in _contract(parts):
        found[key] = part
        required += [key] if is_required else []
    segment["properties"], segment["required"] = found, required
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _is_metric(key: str, part: object) -> bool:
    """Whether a property of a segment is a metric: nullable numbers are, and the two of parts."""
    return part == NUMBER or key in {"heart_rate_bpm", "energy_kcal"}


def _contract(parts: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    for subject in TABLE_ORDER:
        if subject == "heart":
            yield "heart_rate_bpm", parts["heart_rate_bpm"], True
        if subject == "energy":
            yield "energy_kcal", parts["energy_kcal"], True
        for each in METRICS:
            if each.subject == subject and each.contract_digits is not None:
                yield each.key, NUMBER, not each.added


def _within(part: Any, name: str) -> Any:  # noqa: ANN401 - any part of a JSON schema
    """The property of that name, wherever in the schema it is; None if nowhere."""
    if isinstance(part, dict):
        if name in part.get("properties", {}):
            return part["properties"][name]
        part = list(part.values())
    if isinstance(part, list):
        return next((found for each in part if (found := _within(each, name))), None)
    return None


def cohort(text: str) -> str:
    """The page on cohorts with the compared metrics as they are declared."""
    names = ", ".join(f"`{stem}` ({unit})" for stem, unit in (each.columns for each in DIFFERENCES))
    words = textwrap.fill(f"The metrics: {names}.", 140, break_on_hyphens=False)
    mark = r"(<!-- compared metrics, printed -->\n).*?(\n<!-- end -->)"
    return re.sub(mark, lambda found: f"{found[1]}{words}{found[2]}", text, flags=re.DOTALL)


def main() -> None:
    """Write all three."""
    PAGE.write_text(page(), encoding="utf-8")
    for path, printed in ((SCHEMA, schema), (COHORT, cohort)):
        path.write_text(printed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
