"""What a de-identified copy keeps, and that it keeps nothing else."""

import dataclasses
import datetime as dt
import io
import re
import types
import typing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from made_results import analysed, filed, written
from msgspec import structs

from retrorun import compare, pipeline, results
from retrorun.archive.serialization import summary_decoder
from retrorun.cli import main
from retrorun.errors import SettingsError
from retrorun.measure.pace import name_of
from retrorun.model import (
    Analysis,
    Athlete,
    Best,
    Blob,
    Lap,
    Note,
    Pause,
    SecondDevice,
    Session,
    TimeZone,
)
from retrorun.results import deidentification, deidentification_rules
from retrorun.results.columns import TABLES
from retrorun.results.deidentification import WEEK_S
from retrorun.settings import CompareSettings, Settings
from retrorun.storage import Folder

SALT = b"a salt of the tests, long enough"
KEY = results.pseudonym_key(SALT)
MARK = "MARKER"


def copied(store: Folder, folder: Path, key: results.PseudonymKey = KEY) -> Folder:
    copy = Folder(folder)
    about = results.deidentified_about(results.read_about(store), key, tracks=True)
    copy.put(results.ABOUT, results.encode_about(about))
    for name, data in results.deidentify(store, key, tracks=True):
        assert copy.put(name, data), name
    return copy


# --- everything is decided


def kinds_of(kind: object, found: set[Any]) -> set[Any]:
    """Every kind with fields that a value of this type can hold, except below those left out."""
    if hasattr(kind, "__match_args__") and isinstance(kind, type):
        if kind in found:
            return found
        found.add(kind)
        hints = typing.get_type_hints(kind)
        left_out = {"null", "nothing", "blank"}
        for name, rule in deidentification_rules.FIELDS[kind].items():
            if rule not in left_out:
                kinds_of(hints[name], found)
    for each in typing.get_args(kind):
        kinds_of(each, found)
    return found


def test_every_field_of_a_session_is_decided() -> None:
    reached = kinds_of(Session, set())
    assert reached == set(deidentification_rules.FIELDS)
    for kind in reached:
        decided = deidentification_rules.FIELDS[kind]
        assert set(decided) == set(kind.__match_args__), kind
        assert set(decided.values()) <= set(deidentification_rules.RULES), kind


def test_text_passes_only_by_a_rule_for_text() -> None:
    for kind, rules in deidentification_rules.FIELDS.items():
        hints = typing.get_type_hints(kind)
        for name, rule in rules.items():
            if rule == "keep":
                parts = {hints[name], *typing.get_args(hints[name])} - {type(None), Ellipsis}
                plain = {each for each in parts if not isinstance(each, types.UnionType)}
                assert plain <= {int, float, bool, tuple[float, ...]}, (kind, name)


def test_every_column_is_decided_and_these_are_what_is_left() -> None:
    for columns in TABLES.values():
        kept = {each.kind for each in columns if each.treatment == "keep"}
        assert kept <= {"truth", "whole", "long", "number", "single"}
    text = {
        each.name
        for table in ("sessions", "segments", "tracks")
        for each in deidentification.kept_columns(table)
        if each.kind in {"text", "bytes"}
    }
    assert text == {
        *("session", "sport", "heading_kind", "analysis", "direction", "gait", "verdict"),
        *("ground", "energy_method"),
    }
    left = {each.name for each in deidentification.kept_columns("tracks")}
    assert left == {
        *("session", "time", "elapsed_s", "altitude_m", "smooth_altitude_m", "distance_m"),
        *("speed_mps", "ground_speed_mps", "heart_rate_bpm", "cadence_spm", "step_length_m"),
        *("contact_time_s", "vertical_oscillation_m", "balance_pct", "respiration_brpm"),
        *(
            "vertical_ratio_pct",
            "power_w",
            "grade",
            "heading_minus_course_deg",
            "backward_probability",
        ),
        *("evidence_heading", "evidence_gait", "evidence_label", "flag_paused", "flag_gap"),
        *("flag_break", "flag_position_suspect", "flag_heart_rate_suspect"),
    }


def test_every_usual_distance_keeps_its_name() -> None:
    """Two bests without a name would be one record, of which the shorter one is the faster."""
    facts = deidentification_rules.Facts("s", 0.0)
    distances_m = Settings().measure.best_distances_m
    names = [*map(name_of, distances_m), "longest_s", "longest_m"]
    bests = tuple(Best(name, 60.0, 100.0, 0.0) for name in names)
    kept = deidentification_rules.deidentify_value(bests, facts)
    assert [each.key for each in kept] == names
    odd = deidentification_rules.deidentify_value((Best(MARK, 60.0, 100.0, 0.0),), facts)
    assert odd[0].key == ""


@dataclasses.dataclass(frozen=True)
class _Grown:
    seconds: float
    words: str = "default"


@dataclasses.dataclass(frozen=True)
class _GrownBadly:
    seconds: float
    words: str


def test_what_nobody_decided_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (_Grown, _GrownBadly):
        monkeypatch.setitem(deidentification_rules.FIELDS, kind, {"seconds": "keep"})
    facts = deidentification_rules.Facts("id", 0.0)
    assert deidentification_rules.deidentify_value(_Grown(1.0, "Ann"), facts) == _Grown(1.0)
    with pytest.raises(SettingsError, match=r"_GrownBadly\.words"):
        deidentification_rules.deidentify_value(_GrownBadly(1.0, "Ann"), facts)


# --- nothing comes through


def planted(value: Any, hint: object, count: Iterator[int]) -> Any:  # noqa: ANN401 - any field's value
    """The value with a marker in every text that is not one of a few fixed words."""
    if hasattr(type(value), "__match_args__") and not isinstance(value, type):
        hints = typing.get_type_hints(type(value))
        changed = {
            name: planted(getattr(value, name), hints[name], count)
            for name in type(value).__match_args__
        }
        return type(value)(**changed)
    if typing.get_origin(hint) is typing.Literal:
        return value
    if isinstance(value, dict):
        inner = typing.get_args(hint)[1]
        marked = {f"{MARK}{next(count)}": each for each in value.values()}
        return {key: planted(each, inner, count) for key, each in {**value, **marked}.items()}
    if isinstance(value, tuple):
        inner = typing.get_args(hint)[0]
        if inner is str:
            return (*value, f"{MARK}{next(count)}")
        return tuple(planted(each, inner, count) for each in value)
    return f"{MARK}{next(count)}" if _is_text(hint) else value


def _is_text(hint: object) -> bool:
    return hint is str or str in typing.get_args(hint)


@pytest.fixture(scope="module")
def marked(samples: Path) -> Analysis:
    found = analysed(samples / "2026-05-03-connect-iq.fit")
    session = replace(
        found.sessions[0],
        zone=TimeZone("Europe/Ljubljana", 7200.0, "position"),
        laps=(Lap(1.0, 2.0, "name", "step", "trigger"),),
        pauses=(Pause(1.0, 2.0),),
        notes=(Note("slug", "message"),),
        second_devices=(SecondDevice("f" * 64, 0, "device", 0.0, "reason"),),
        source=structs.replace(found.sessions[0].source, warnings=(Note("slug", "words"),)),
    )
    count = iter(range(10_000))
    changed = planted(session, Session, count)
    assert next(count) > 100  # so many markers lie in wait
    track = found.tracks[0]
    columns = dict(track.columns)
    columns["altitude_m"] = np.asarray(1234.0 + np.arange(track.seconds) * 0.01, np.float64)
    track = structs.replace(track, columns=columns)
    source = structs.replace(changed.source, name=f"{MARK}.fit", device=MARK)
    return Analysis(source, (changed,), (track,), (Note(MARK, MARK),))


def everything(folder: Path) -> Iterator[tuple[str, Any]]:
    """Every name, byte string, text and number in a result set, also within Parquet and JSON."""
    for path in sorted(folder.rglob("*")):
        yield "name", str(path.relative_to(folder))
        if path.is_file():
            data = path.read_bytes()
            yield "bytes", data
            if path.suffix == ".parquet":
                file = pq.ParquetFile(io.BytesIO(data))
                yield "bytes", repr(file.metadata.metadata).encode()
                yield "bytes", repr(file.schema_arrow.metadata).encode()
                yield "bytes", str(file.schema_arrow.to_string(show_field_metadata=True)).encode()
                for group in range(file.num_row_groups):
                    for column in range(file.metadata.num_columns):
                        statistics = file.metadata.row_group(group).column(column).statistics
                        yield "bytes", repr(statistics).encode()
                for column in file.read().columns:
                    for each in column.unique().to_pylist():
                        yield ("bytes", each) if isinstance(each, bytes) else ("value", each)


def test_no_marker_and_no_place_comes_through(marked: Analysis, tmp_path: Path) -> None:
    store = written(tmp_path / "whole", [filed(f"{MARK} athlete", marked)])
    assert any(
        MARK.encode() in found for kind, found in everything(tmp_path / "whole") if kind == "bytes"
    )
    copied(store, tmp_path / "copy")
    session, track = marked.sessions[0], marked.tracks[0]
    places = {
        round(float(each), 6)
        for name in ("latitude_deg", "longitude_deg")
        for each in track.column(name)
        if np.isfinite(each)
    }
    texts = (MARK, "Ljubljana", session.source.sha256, "utc_offset", SALT.decode(), *BATCH_NAMES)
    for kind, found in everything(tmp_path / "copy"):
        if kind == "value" and isinstance(found, float):
            assert round(found, 6) not in places
        if kind == "value" and isinstance(found, dt.datetime):
            assert abs(found.timestamp() - session.start_time_s) > 6 * 86_400
        held = bytes_of(found)
        for text in texts:
            assert text.encode() not in held, (kind, held[:200])


BATCH_NAMES = ("a" * 32, "b" * 32)


def test_what_a_file_says_of_itself_does_not_come_through(samples: Path, tmp_path: Path) -> None:
    text = (samples / "2026-05-17-osmtracker.gpx").read_text(encoding="utf-8")
    said = "".join(
        f"<{tag}>{MARK} backwards {tag}</{tag}>" for tag in ("name", "cmt", "desc", "src")
    )
    text = re.sub(r'creator="[^"]*"', f'creator="{MARK} watch"', text)
    text = re.sub(r"<trk>(\s*<name>[^<]*</name>)?", f"<trk>{said}", text, count=1)
    text = re.sub(r"<trkpt[^>]*>", lambda each: f"{each[0]}<name>{MARK}</name>", text)
    outcome = pipeline.process(
        Blob(f"{MARK}.gpx", text.encode()), Settings(), Athlete(mass_kg=60.0)
    )
    assert isinstance(outcome, Analysis)
    store = written(tmp_path / "whole", [filed(MARK, outcome)])
    assert MARK in (outcome.sessions[0].name or "")
    copied(store, tmp_path / "copy")
    assert not any(MARK.encode() in bytes_of(found) for _, found in everything(tmp_path / "copy"))


def bytes_of(found: object) -> bytes:
    return found if isinstance(found, bytes) else str(found).encode()


def test_heights_count_from_the_start(marked: Analysis, tmp_path: Path) -> None:
    copied(written(tmp_path / "whole", [filed("ann", marked)]), tmp_path / "copy")
    (path,) = (tmp_path / "copy" / "tracks").rglob("*.parquet")
    heights = pq.read_table(path)["altitude_m"].to_numpy()
    assert heights[0] == 0.0
    np.testing.assert_allclose(heights, np.arange(len(heights)) * 0.01, atol=2e-4)


# --- what stays the same


@pytest.fixture(scope="module")
def runs(samples: Path) -> list[Analysis]:
    paths = sorted(path for path in samples.iterdir() if path.suffix in {".fit", ".gpx", ".tcx"})
    return [analysed(path) for path in paths[:12]]


@pytest.fixture(scope="module")
def whole(runs: list[Analysis], tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return written(tmp_path_factory.mktemp("whole"), [filed("ann", each) for each in runs])


@pytest.fixture(scope="module")
def copy(whole: Folder, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return copied(whole, tmp_path_factory.mktemp("copy"))


MOVED = {
    *("session", "backward_session", "forward_session", "name"),
    *("date", "mondays", "first_date", "last_date", "monday", "start_time_s"),
    "reason",
}


def unmoved(value: object) -> object:
    """A comparison without ids and dates, as plain values."""
    if isinstance(value, dict):
        return {key: unmoved(each) for key, each in value.items() if key not in MOVED}
    return [unmoved(each) for each in value] if isinstance(value, list | tuple) else value


def same(one: object, other: object) -> bool:
    """Equal but for the last digits, which moved dates change."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    both = isinstance(one, float) and isinstance(other, float)
    return bool(one == pytest.approx(other, rel=1e-9)) if both else one == other


def test_the_comparison_is_the_same_but_for_ids_and_dates(whole: Folder, copy: Folder) -> None:
    (athlete,) = results.athletes(copy)
    assert athlete == KEY.athlete("ann")
    one, other = (
        compare.compare(results.sessions(store, who), Athlete(mass_kg=64.0), CompareSettings())
        for store, who in ((whole, "ann"), (copy, athlete))
    )
    assert one.backward_sessions > 5
    assert any(each.difference.value is not None for each in one.differences)
    assert msgspec.to_builtins(other) != msgspec.to_builtins(one)
    plain, moved = (unmoved(msgspec.to_builtins(each)) for each in (one, other))
    assert isinstance(plain, dict)
    assert isinstance(moved, dict)
    for name in plain:
        assert same(plain[name], moved[name]), name


def test_dates_move_by_whole_weeks_on_the_athletes_own_clock(
    runs: list[Analysis], copy: Folder
) -> None:
    (athlete,) = results.athletes(copy)
    there = {each.id: each for each in results.sessions(copy, athlete)}
    assert len(there) == len(runs)
    shifts = set()
    for run in runs:
        session = run.sessions[0]
        new = there[KEY.session(session.id)]
        assert new.zone is None
        assert session.zone is not None
        shifts.add(new.start_time_s - session.start_time_s - session.zone.utc_offset_s)
    (shift_s,) = shifts
    assert shift_s % WEEK_S == 0
    assert 0 < abs(shift_s) <= 52 * WEEK_S


def test_two_recordings_of_an_activity_stay_one_where_only_one_has_a_time_zone(
    runs: list[Analysis], tmp_path: Path
) -> None:
    # such as a treadmill session as FIT, which has the local time, and as TCX, which has not
    watch, plain = runs[0].sessions[0], runs[0].sessions[0]
    assert watch.zone is not None
    assert watch.zone.utc_offset_s
    plain = replace(plain, id="f" * 12, zone=None, start_time_s=plain.start_time_s + 5.0)
    lone = replace(
        plain, id="e" * 12, start_time_s=plain.start_time_s + 7200.0
    )  # another activity: its clock is taken for UTC
    source = structs.replace(runs[0].source, sha256="f" * 64)
    both = Analysis(source, (watch, plain, lone), (runs[0].tracks[0],) * 3)
    store = written(tmp_path / "whole", [filed("ann", both)])
    copy = copied(store, tmp_path / "copy")
    (athlete,) = results.athletes(copy)
    there = {each.id: each.start_time_s for each in results.sessions(copy, athlete)}
    moved = {each.id: there[KEY.session(each.id)] - each.start_time_s for each in both.sessions}
    assert moved[plain.id] == moved[watch.id]
    assert moved[watch.id] - moved[lone.id] == watch.zone.utc_offset_s
    kept = [
        compare.compare(results.sessions(where, who), Athlete(), CompareSettings()).sessions
        for where, who in ((store, "ann"), (copy, athlete))
    ]
    assert kept == [2, 2]


def test_shifts_spread_over_a_year_on_either_side() -> None:
    weeks = [KEY.shift_s(f"athlete {number}") / WEEK_S for number in range(4000)]
    assert set(weeks) == set(range(-52, 53)) - {0}


def test_parts_lie_in_the_year_of_the_new_date(copy: Folder) -> None:
    for name in copy.entries(under="sessions"):
        year = int(name.name.split("/")[2].removeprefix("year="))
        starts = pq.read_table(io.BytesIO(copy.read(name.name, 1 << 30)))["start_time"].to_pylist()
        assert {each.year for each in starts} == {year}
        assert starts == sorted(starts)


def test_segments_and_tracks_belong_to_their_sessions(copy: Folder) -> None:
    read = {
        table: pa.concat_tables(
            pq.read_table(io.BytesIO(copy.read(each.name, 1 << 30)))
            for each in copy.entries(under=table)
        )
        for table in ("sessions", "segments", "tracks")
    }
    sessions = dict(
        zip(
            *(read["sessions"][name].to_pylist() for name in ("session", "start_time")), strict=True
        )
    )
    for row in read["segments"].select(["session", "start_time", "start_s"]).to_pylist():
        expected = sessions[row["session"]] + dt.timedelta(seconds=row["start_s"])
        assert row["start_time"] == expected
    first = read["tracks"].filter(pa.compute.field("elapsed_s") == 0)
    pairs = zip(first["session"].to_pylist(), first["time"].to_pylist(), strict=True)
    assert dict(pairs) == sessions


def test_a_copys_analysis_is_read_like_any_other(copy: Folder) -> None:
    for entry in copy.entries(under="sessions"):
        table = pq.read_table(io.BytesIO(copy.read(entry.name, 1 << 30)))
        for document in table["analysis"].to_pylist():
            session = msgspec.json.decode(document, type=Session)
            assert session.measures.segments
            assert summary_decoder().decode(document).id == session.id


def test_the_same_salt_gives_the_same_bytes_and_another_no_id_in_common(
    whole: Folder, copy: Folder
) -> None:
    again = dict(results.deidentify(whole, KEY, tracks=True))
    assert again == {
        each.name: copy.read(each.name, 1 << 30)
        for each in copy.entries()
        if each.name != results.ABOUT
    }
    other = results.deidentify(whole, results.pseudonym_key(SALT + b"!"), tracks=False)
    ids = {each.id for each in results.sessions(copy, KEY.athlete("ann"))}
    for name, data in other:
        assert KEY.athlete("ann") not in name
        assert KEY.athlete("ann").encode() not in data
        if name.endswith(".parquet"):
            assert not ids & set(pq.read_table(io.BytesIO(data))["session"].to_pylist())


def test_without_tracks_there_are_none(whole: Folder) -> None:
    assert not any(
        name.startswith("tracks") for name, _ in results.deidentify(whole, KEY, tracks=False)
    )


def test_a_salt_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(SettingsError, match="guessed"):
        results.pseudonym_key(b"short")
    assert "tests" not in repr(KEY)


# --- the command


def run(*arguments: str, salt: str | None = None) -> Result:
    return CliRunner().invoke(main, ["cohort", "export", *arguments], env={"RETRORUN_SALT": salt})


def test_the_command_copies_and_says_so(whole: Folder, tmp_path: Path) -> None:
    salt = SALT.decode()
    source, out = str(whole.root), str(tmp_path / "copy")
    done = run(source, "--out", out, "--deidentify", salt=salt)
    assert done.exit_code == 0, done.output
    assert done.stdout.strip() == out
    assert salt not in done.output
    copy = Folder(tmp_path / "copy")
    assert results.athletes(copy) == [KEY.athlete("ann")]
    assert results.read_about(copy).deidentified
    assert not (tmp_path / "copy" / "files").exists()
    assert not (tmp_path / "copy" / "tracks").exists()
    assert "parts written: 0" in run(source, "--out", out, "--deidentify", salt=salt).stderr
    other = run(source, "--out", out, "--deidentify", salt=salt + "!")
    assert other.exit_code != 0
    assert "another salt" in other.output
    assert (
        "de-identified already"
        in run(out, "--out", str(tmp_path / "x"), "--deidentify", salt=salt).output
    )


def test_a_salt_of_a_file_or_a_drawn_one(whole: Folder, tmp_path: Path) -> None:
    file = tmp_path / "salt"
    file.write_bytes(SALT + b"\n")
    source = str(whole.root)
    named = ("--salt-file", str(file), "--tracks")
    run(source, "--out", str(tmp_path / "a"), "--deidentify", *named)
    assert results.athletes(Folder(tmp_path / "a")) == [KEY.athlete("ann")]
    assert (tmp_path / "a" / "tracks").exists()
    drawn = run(source, "--out", str(tmp_path / "b"), "--deidentify")
    assert "not kept" in drawn.stderr
    assert results.athletes(Folder(tmp_path / "b")) != [KEY.athlete("ann")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["x", "--out", "y"],
        ["--out", "y", "--deidentify"],
        ["x", "--deidentify"],
        ["x", "--out", "y", "--deidentify", "--format", "csv"],
        ["x", "--out", "y", "--deidentify", "abc"],
    ],
)
def test_half_a_command_is_refused(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_what_is_no_result_set_is_refused(tmp_path: Path) -> None:
    done = run(str(tmp_path), "--out", str(tmp_path / "o"), "--deidentify", salt="s" * 20)
    assert done.exit_code == 2
    assert f"{tmp_path}: there is no result set" in done.output
