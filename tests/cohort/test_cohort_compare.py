"""From a result set to the comparison of its athletes, by workers, whatever befalls one of them."""

import io
import json
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
import result_sets

from retrorun import compare, engines, results
from retrorun.cohort import compare as cohort_compare
from retrorun.cohort.compare import CompareOptions, Result
from retrorun.compare.cohort import cohort, summary
from retrorun.model import Athlete
from retrorun.model.cohort import (
    AthleteSummary,
    Cohort,
    CohortMetric,
    Mixed,
    Quantiles,
    Uncompared,
)
from retrorun.settings import CompareSettings
from retrorun.storage import Folder

SETTINGS = CompareSettings(line_stretches=10**6)
HERE = partial(engines.ordered, jobs=1)
DOCS = (Path(__file__).resolve().parents[2] / "docs" / "cohort.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("set")
    result_sets.written(folder, result_sets.seven())
    return str(folder)


def found(
    address: str, engine: cohort_compare.Engine = HERE, out: str | None = None
) -> list[Result]:
    athletes = results.athletes(Folder(Path(address)))
    return list(
        cohort_compare.compare_athletes(athletes, CompareOptions(address, SETTINGS, out), engine)
    )


def damaged(tmp_path: Path, athlete: str) -> str:
    """The same result set, one athlete's part being no Parquet."""
    result_sets.written(tmp_path, result_sets.seven())
    part = next(tmp_path.glob(f"sessions/athlete={athlete}/*/*.parquet"))
    part.write_bytes(b"PAR1 but nothing else PAR1")
    return str(tmp_path)


def test_each_athlete_has_what_comparing_their_sessions_gives(address: str) -> None:
    mine = found(address)
    assert [each.athlete for each in mine] == results.athletes(Folder(Path(address)))
    assert len(mine) == 7
    made = result_sets.seven()
    for each in mine:
        assert isinstance(each, AthleteSummary)
        sessions = made[each.athlete]
        expected = compare.compare(sessions, Athlete(mass_kg=70.0), SETTINGS)
        assert each == summary(each.athlete, expected)


def test_workers_give_the_same_as_one_process(address: str, tmp_path: Path) -> None:
    outs = [tmp_path / "one", tmp_path / "two"]
    engines_ = [HERE, partial(engines.ordered, jobs=2)]
    both = [found(address, engine, str(out)) for engine, out in zip(engines_, outs, strict=True)]
    assert both[0] == both[1]
    lines = [
        {path.name: path.read_bytes() for path in out.glob("comparison/athletes/*")} for out in outs
    ]
    assert len(lines[0]) == 7
    assert lines[0] == lines[1]


def test_a_damaged_part_costs_its_athlete_alone(tmp_path: Path) -> None:
    mine = found(damaged(tmp_path, "a1"))
    lost = [each for each in mine if isinstance(each, Uncompared)]
    assert [(each.athlete, each.slug) for each in lost] == [("a1", "results-part-damaged")]
    assert sum(isinstance(each, AthleteSummary) for each in mine) == 6


def test_a_defect_costs_its_athlete_alone(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = results.sessions

    def failing(store: Folder, athlete: str) -> object:
        if athlete == "a2":
            message = "a defect"
            raise ZeroDivisionError(message)
        return real(store, athlete)

    monkeypatch.setattr(results, "sessions", failing)
    lost = [each for each in found(address) if isinstance(each, Uncompared)]
    assert [(each.athlete, each.slug) for each in lost] == [("a2", "internal-error")]
    assert "ZeroDivisionError" in lost[0].message


def test_an_athlete_who_costs_a_worker_is_named(address: str) -> None:
    def engine(athletes: Iterable[str], work: object) -> Iterator[tuple[str, object]]:
        assert callable(work)
        for athlete in athletes:
            lost = engines.Lost("memory-exceeded", "it needs more than 1 MiB of memory")
            yield athlete, lost if athlete == "a3" else work(athlete)

    lost = [each for each in found(address, engine) if isinstance(each, Uncompared)]
    assert lost == [Uncompared("a3", "memory-exceeded", "it needs more than 1 MiB of memory")]


def test_memory_is_left_to_the_engine(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> object:
        raise MemoryError

    monkeypatch.setattr(results, "sessions", greedy)
    with pytest.raises(MemoryError):
        cohort_compare.compare_athlete("a1", CompareOptions(address, SETTINGS))


def test_lines_of_json_hold_the_whole_comparison(address: str, tmp_path: Path) -> None:
    found(address, out=str(tmp_path))
    (line,) = (tmp_path / "comparison/athletes/a1.jsonl").read_text().splitlines()
    document = json.loads(line)
    assert document["schema_version"] == 1
    assert document["athlete"] == "a1"
    heart = document["comparison"]["differences"][0]
    assert (heart["key"], heart["pairs"]) == ("heart_rate_bpm", 18)
    assert heart["difference"]["value"] == pytest.approx(4.0)
    assert {each.parent.name for each in tmp_path.rglob("*.jsonl")} == {"athletes"}


def test_a_line_is_replaced_when_the_result_set_has_grown(tmp_path: Path) -> None:
    result_sets.written(tmp_path / "set", {"a": result_sets.runs("a", [2.0])})
    out = tmp_path / "out"
    found(str(tmp_path / "set"), out=str(out))
    result_sets.written(tmp_path / "more", {"a": result_sets.runs("a", [2.0, 4.0])})
    found(str(tmp_path / "more"), out=str(out))
    document = json.loads((out / "comparison/athletes/a.jsonl").read_text())
    assert document["comparison"]["sessions"] == 2


def test_tables_of_athletes_and_measures(tmp_path: Path) -> None:
    rows = found(damaged(tmp_path, "a1"))
    compared = cohort(
        [each for each in rows if isinstance(each, AthleteSummary)],
        [each for each in rows if isinstance(each, Uncompared)],
        SETTINGS,
    )
    names = cohort_compare.write_tables(Folder(tmp_path / "out"), compared)
    assert names == ("comparison/athletes.parquet", "comparison/cohort.parquet")
    table = pq.read_table(tmp_path / "out" / names[0])
    by_name = {row["athlete"]: row for row in table.to_pylist()}
    assert list(by_name) == sorted(result_sets.seven(), key=results.athlete_key)
    assert by_name["a0"]["heart_rate_change_bpm"] == pytest.approx(2.0)
    assert by_name["a0"]["heart_rate_relative_pct"] == pytest.approx(100 * 2 / 150)
    assert by_name["a0"]["heart_rate_pairs"] == 18
    assert by_name["a0"]["cost_factor"] == pytest.approx(1.1)
    assert by_name["a0"]["cadence_change_spm"] is None
    assert by_name["a1"]["slug"] == "results-part-damaged"
    assert by_name["a1"]["sessions"] is None
    assert by_name["forward"]["backward_s"] == 0.0
    measures = pq.read_table(tmp_path / "out" / names[1]).to_pylist()
    heart = next(r for r in measures if (r["measure"], r["scale"]) == ("heart_rate_bpm", "percent"))
    assert heart["athletes"] == 5  # a1 is lost, "forward" has no pairs
    assert heart["p50"] == pytest.approx(100 * 6 / 150)
    assert heart["p05"] is None


def test_tables_keep_their_columns_when_nobody_is_there() -> None:
    nobody = cohort([], [], SETTINGS)
    empty = pq.read_table(io.BytesIO(cohort_compare.athletes_parquet(nobody)))
    some = cohort([summary("a", compare.compare([], Athlete(), SETTINGS))], [], SETTINGS)
    assert empty.num_rows == 0
    assert empty.schema == pq.read_table(io.BytesIO(cohort_compare.athletes_parquet(some))).schema


def test_every_compared_measure_has_its_columns() -> None:
    everything = compare.compare([], Athlete(), SETTINGS)
    assert {each.key for each in everything.differences} == set(cohort_compare.COLUMNS)


def test_sessions_of_nobody_known_are_left_out_and_it_is_noted() -> None:
    assert cohort_compare.identified_athletes(["a", "unknown", "z"]) == (
        ["a", "z"],
        (cohort_compare.UNKNOWN_ATHLETE,),
    )
    assert cohort_compare.identified_athletes(["a", "z"]) == (["a", "z"], ())


@pytest.mark.parametrize(
    "kind", [Cohort, AthleteSummary, Uncompared, CohortMetric, Quantiles, Mixed]
)
def test_every_field_of_the_json_is_documented(kind: type[msgspec.Struct]) -> None:
    for name in kind.__struct_fields__:
        assert f"`{name}`" in DOCS, f"{kind.__name__}.{name}"


def test_every_measure_of_the_tables_is_documented() -> None:
    for stem, unit in cohort_compare.COLUMNS.values():
        assert f"`{stem}` ({unit})" in DOCS.replace("\n", " ")
