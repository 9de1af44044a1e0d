import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from msgspec import structs

from retrorun import export, pipeline, results
from retrorun.errors import SettingsError
from retrorun.model import Analysis, Athlete, Blob, Failed, Outcome, Session, Source
from retrorun.results import columns, layout
from retrorun.results.columns import TABLES
from retrorun.settings import Settings
from retrorun.storage import Folder

BATCH = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def outcomes(samples: Path) -> list[tuple[str, Outcome]]:
    wanted = ("2026-05-03-connect-iq.fit", "2026-05-17-osmtracker.gpx", "2026-05-21-watch.tcx")
    return [
        (name, pipeline.process(Blob(name, (samples / name).read_bytes()), Settings(), Athlete()))
        for name in wanted
    ]


def filed(athlete: str, name: str, *outcomes: Outcome) -> results.FileOutcomes:
    sha256 = outcomes[0].source.sha256 if outcomes else None
    return results.FileOutcomes(athlete, f"/x/{name}", name, 10, "7", "abc", outcomes, sha256)


def read(data: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(data))


@pytest.fixture(scope="module")
def written(outcomes: list[tuple[str, Outcome]]) -> dict[str, bytes]:
    part = results.BatchWriter(BATCH, tracks=True)
    for name, outcome in outcomes:
        part.add(filed("ann", name, outcome))
    part.add(filed("ann", "again.fit", outcomes[0][1]))
    broken = Failed(Source("bad.fit", "f" * 64), "fit-broken", "it is broken", 12, "Look.")
    part.add(filed("bob", "bad.fit", broken))
    return dict(part.close())


def test_names_and_the_ledger_last(written: dict[str, bytes]) -> None:
    assert list(written) == [
        f"segments/athlete=ann/year=2026/{BATCH}.parquet",
        f"sessions/athlete=ann/year=2026/{BATCH}.parquet",
        f"tracks/athlete=ann/year=2026/{BATCH}.parquet",
        f"problems/{BATCH}.parquet",
        f"sums/{BATCH}.json",
        f"files/{BATCH}.parquet",
    ]


def test_the_ledger_tells_what_became_of_each_file(written: dict[str, bytes]) -> None:
    found = read(written[f"files/{BATCH}.parquet"]).to_pylist()
    assert [row["outcome"] for row in found] == ["imported"] * 3 + ["duplicate", "failed"]
    assert [row["sessions"] for row in found] == [1, 1, 1, 0, 0]
    assert found[0]["years"] == [2026]
    assert found[4]["slug"] == "fit-broken"


def test_tracks_are_the_pipelines(
    written: dict[str, bytes], outcomes: list[tuple[str, Outcome]]
) -> None:
    table = read(written[f"tracks/athlete=ann/year=2026/{BATCH}.parquet"])
    first = outcomes[0][1]
    assert isinstance(first, Analysis)
    session, track = first.sessions[0], first.tracks[0]
    mine = table.filter(pa.compute.field("session") == session.id)
    assert mine.num_rows == track.seconds
    expected = track.column("latitude_deg")
    assert mine["latitude_deg"].to_numpy() == pytest.approx(expected, nan_ok=True)
    assert mine["time"][0].as_py().timestamp() == track.start_time_s


@pytest.mark.parametrize("table", TABLES)
def test_no_two_columns_share_a_name(table: str) -> None:
    found = [each.name for each in TABLES[table]]
    assert len(set(found)) == len(found)


def test_every_column_of_a_session_and_segment_is_declared(
    outcomes: list[tuple[str, Outcome]],
) -> None:
    first = outcomes[0][1]
    assert isinstance(first, Analysis)
    session: Session = first.sessions[0]
    row = {*export.session_row(session), "file_sha256", "analysis"}
    assert row == set(columns.schema("sessions").names)
    assert list(export.segment_row_names()) == columns.schema("segments").names


def test_every_column_of_a_track_is_declared(outcomes: list[tuple[str, Outcome]]) -> None:
    declared = set(columns.schema("tracks").names)
    for _, outcome in outcomes:
        assert isinstance(outcome, Analysis)
        for track in outcome.tracks:
            assert set(track.columns) <= declared
            assert {f"flag_{name}" for name in track.flags} <= declared


def test_the_same_files_give_the_same_bytes(
    written: dict[str, bytes], outcomes: list[tuple[str, Outcome]]
) -> None:
    parts = []
    for _ in range(2):
        part = results.BatchWriter(BATCH, tracks=True)
        for name, outcome in outcomes:
            part.add(filed("ann", name, outcome))
        parts.append(dict(part.close()))
    assert parts[0] == parts[1]
    name = f"tracks/athlete=ann/year=2026/{BATCH}.parquet"
    assert parts[0][name] == written[name]


def test_what_is_put_is_read_back(
    tmp_path: Path, written: dict[str, bytes], outcomes: list[tuple[str, Outcome]]
) -> None:
    store = Folder(tmp_path)
    assert results.athletes(store) == []
    for name, data in written.items():
        store.put(name, data)
    assert results.athletes(store) == ["ann"]
    found = results.sessions(store, "ann")
    assert [each.id for each in found] == [
        outcome.sessions[0].id for _, outcome in outcomes if isinstance(outcome, Analysis)
    ]
    assert results.sessions(store, "bob") == []
    (batch,) = results.ledger(store)
    assert batch.num_rows == 5


def test_a_result_set_made_otherwise_is_refused(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    store.put(results.ABOUT, results.make_about("1.0", "abc", tracks=False))
    results.check_about(store, results.make_about("1.0", "abc", tracks=False))
    for other, slug in (
        (results.make_about("1.1", "abc", tracks=False), "results-other-version"),
        (results.make_about("1.0", "abd", tracks=False), "results-other-settings"),
        (results.make_about("1.0", "abc", tracks=True), "results-other-tracks"),
    ):
        with pytest.raises(SettingsError) as caught:
            results.check_about(store, other)
        assert caught.value.slug == slug
        assert caught.value.remedy


def test_an_archive_may_hold_many_athletes(outcomes: list[tuple[str, Outcome]]) -> None:
    part = results.BatchWriter(BATCH, tracks=False)
    found = tuple(outcome for _, outcome in outcomes)
    whose = ("bob", "ann", "bob")
    part.add(results.FileOutcomes("club", "/x.zip", "x.zip", 10, "7", "abc", found, None, whose))
    written = dict(part.close())
    ledger = read(written[f"files/{BATCH}.parquet"]).to_pylist()
    told = [(row["athlete"], row["outcome"], row["sessions"]) for row in ledger]
    assert told == [("club", "imported", 0), ("bob", "imported", 2), ("ann", "imported", 1)]
    bobs = read(written[f"sessions/athlete=bob/year=2026/{BATCH}.parquet"])
    assert bobs["session"].to_pylist() == [
        found[place].sessions[0].id  # type: ignore[union-attr]
        for place in (0, 2)
    ]


# --- what strangers may bring


HOSTILE = (
    "../../etc/passwd",
    "..",
    "a/b",
    "two\nlines",
    "tab\there",
    "bytes \udcff\udcfe",
    "x" * 1000,
    "日本" * 300,
    "__HIVE_DEFAULT_PARTITION__",
    "null",
    "NULL",
    " space ",
    "right\u202eleft",
    "%41",
    "a=b&c?d#e",
    "quote\"'",
    "back\\slash",
    "e\u0301",  # é, decomposed
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_become_bounded_keys_and_partitions(name: str) -> None:
    key = results.athlete_key(name)
    assert results.athlete_key(key) == key
    assert key.isprintable()
    key.encode("utf-8")
    folder = layout.partition("sessions", name, 2025)
    assert folder.count("/") == 3
    component = folder.split("/")[1]
    assert len(component.encode()) < 200
    assert layout.unquoted(component.removeprefix("athlete=")) == key


def test_no_two_names_become_one_key() -> None:
    many = [*HOSTILE, *("x" * length for length in range(150, 400)), "two\\nlines", "a%2Fb", "A/b"]
    assert len({results.athlete_key(each) for each in many}) == len(set(many))
    assert results.athlete_key("e\u0301") == results.athlete_key("\u00e9")


def test_names_that_need_nothing_stay() -> None:
    for name in ("ann", "Zoë Ö", "日本", "007", "ann@example.org", "O'Neil, P."):
        assert results.athlete_key(name) == name
    assert results.athlete_key("") == "unknown"


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_filed_and_found(
    name: str, tmp_path: Path, outcomes: list[tuple[str, Outcome]]
) -> None:
    _, outcome = outcomes[0]
    assert isinstance(outcome, Analysis)
    source = structs.replace(outcome.source, name=name)
    session = replace(outcome.sessions[0], source=source, name=name, device=name)
    part = results.BatchWriter(BATCH, tracks=False)
    broken = Failed(Source(name, "f" * 64), "broken", name, remedy=name)
    part.add(
        filed(name, name, structs.replace(outcome, source=source, sessions=(session,)), broken)
    )
    store = Folder(tmp_path)
    for path, data in part.close():
        store.put(path, data)
    assert results.athletes(store) == [results.athlete_key(name)]
    (found,) = results.sessions(store, name)
    assert found.id == session.id
    (row,) = pa.Table.from_batches(results.ledger(store)).to_pylist()
    assert row["athlete"] == results.athlete_key(name)


@pytest.mark.parametrize("start_s", [-62_135_596_800.0, 253_402_300_740.0, 1e30, float("nan")])
def test_a_clock_that_no_table_can_hold_costs_its_file_only(
    start_s: float, outcomes: list[tuple[str, Outcome]]
) -> None:
    _, outcome = outcomes[0]
    assert isinstance(outcome, Analysis)
    astray = structs.replace(
        outcome, sessions=(replace(outcome.sessions[0], start_time_s=start_s),)
    )
    part = results.BatchWriter(BATCH, tracks=False)
    part.add(filed("ann", "astray.fit", astray))
    part.add(filed("ann", "good.fit", outcome))
    written = dict(part.close())
    rows = read(written[f"files/{BATCH}.parquet"]).to_pylist()
    assert [(row["outcome"], row["slug"]) for row in rows] == [
        ("failed", "clock-impossible"),
        ("imported", None),
    ]


def test_many_sessions_are_packed_as_they_come(outcomes: list[tuple[str, Outcome]]) -> None:
    _, outcome = outcomes[0]
    assert isinstance(outcome, Analysis)
    part = results.BatchWriter(BATCH, tracks=False)
    for number in range(600):
        source = structs.replace(outcome.source, sha256=f"{number:064x}")
        session = replace(outcome.sessions[0], id=f"{number:012x}", source=source)
        part.add(
            filed(
                "ann", f"{number}.fit", structs.replace(outcome, source=source, sessions=(session,))
            )
        )
    written = dict(part.close())
    found = pq.ParquetFile(io.BytesIO(written[f"sessions/athlete=ann/year=2026/{BATCH}.parquet"]))
    assert found.metadata.num_row_groups > 1
    assert found.read(columns=["session"])["session"].to_pylist() == [
        f"{number:012x}" for number in range(600)
    ]


def test_a_number_that_is_none_is_null(outcomes: list[tuple[str, Outcome]]) -> None:
    _, outcome = outcomes[0]
    assert isinstance(outcome, Analysis)
    session = replace(outcome.sessions[0], distance_m=float("nan"), moving_s=float("inf"))
    part = results.BatchWriter(BATCH, tracks=False)
    part.add(filed("ann", "run.fit", structs.replace(outcome, sessions=(session,))))
    written = dict(part.close())
    (row,) = read(written[f"sessions/athlete=ann/year=2026/{BATCH}.parquet"]).to_pylist()
    assert row["distance_m"] is None
    assert row["moving_s"] is None
    assert row["duration_s"] == session.duration_s
