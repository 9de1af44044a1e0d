"""A watch without a heading and a phone with one record the same run: one session, with both."""

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from msgspec import structs
from recordings_of_one_run import (
    ENGINE,
    SEED,
    SKEW_S,
    brief,
    imported,
    one_run,
    phone_of,
    run_again,
)

import remembered_pipeline
from retrorun.archive import Archive, Change, maintenance
from retrorun.archive.rows import Match
from retrorun.errors import ArchiveError
from retrorun.ingest import (
    duplicates,
    plan_import,
    reprocess,
    run_import,
    separate,
    undo,
)
from retrorun.ingest import run as running
from retrorun.ingest.second_device import Joins
from retrorun.model import Athlete, Blob, Label, Outcome
from retrorun.readers import read
from retrorun.settings import ReadLimits, Settings
from retrorun.simulate import Simulated, fit_bytes, gpx_bytes, scenarios, simulate, tcx_bytes


@pytest.fixture(scope="module")
def run() -> Simulated:
    return one_run()


def watch_of(run: Simulated) -> bytes:
    return fit_bytes(replace(run, recording=structs.replace(run.recording, headings=())))


def sensor_log_of(run: Simulated) -> bytes:
    """The same phone with Sensor Logger: places and compass in tables of their own, in a zip."""
    phone = read("phone.gpx", phone_of(run), ReadLimits()).recordings[0]
    columns = (phone.columns["latitude_deg"], phone.columns["longitude_deg"])
    places = [
        f"{at * 1e9:.0f},{lat:.7f},{lon:.7f}"
        for at, lat, lon in zip(phone.time_s, *columns, strict=True)
    ]
    heading = phone.headings[0]
    turns = [
        f"{at * 1e9:.0f},{deg:.2f}"
        for at, deg in zip(heading.time_s, heading.heading_deg, strict=True)
        if np.isfinite(deg)
    ]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("Location.csv", "\n".join(["time,latitude,longitude", *places]))
        made.writestr("Compass.csv", "\n".join(["time,magneticBearing", *turns]))
        made.writestr("Metadata.csv", "version,device name\n3,phone\n")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def other_run() -> Simulated:
    """Another run of the same plan, at the same time."""
    return simulate(scenarios()["intervals"], SEED + 1)


@pytest.fixture(scope="module")
def recorded(run: Simulated) -> dict[str, bytes]:
    """What the two devices wrote, by file name."""
    return {"watch.fit": watch_of(run), "phone.gpx": phone_of(run)}


@pytest.fixture
def exports(tmp_path: Path, recorded: dict[str, bytes]) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    for name, data in recorded.items():
        (folder / name).write_bytes(data)
    return folder


def test_two_recordings_become_one_session_with_both(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    report = imported(exports, archive)
    (session,) = archive.sessions()
    assert report.sessions == (session.id,)
    assert report.joined == 1
    assert session.source.name == "watch.fit"
    assert {"heart_rate", "cadence", "heading"} <= set(session.channels)
    assert session.heading.kind == "compass"
    assert session.heading.source is not None
    assert session.heading.source.startswith("osmand:heading (")
    (device,) = session.second_devices
    assert device.skew_s == pytest.approx(SKEW_S, abs=1.0)
    (note,) = (each for each in session.notes if each.slug == "second-device")
    assert "everything else from" in note.message
    confirmed = sum(
        each.segment.end_s - each.segment.start_s
        for each in session.measures.segments
        if (each.segment.direction, each.segment.verdict) == ("backward", "confirmed")
    )
    assert confirmed == pytest.approx(run.truth.backward_s, rel=0.1)
    rows = {Path(row.path).name: row for row in archive.files()}
    phone = rows["phone.gpx"]
    assert (phone.outcome, phone.rule, phone.duplicate_of) == (
        *("duplicate", "second-device"),
        session.id,
    )
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []
    assert archive.original(phone.sha256) == (exports / "phone.gpx").read_bytes()


def test_it_stays_joined_when_analysed_anew_and_comes_apart_when_told(
    exports: Path, archive: Archive
) -> None:
    imported(exports, archive)
    before = archive.sessions()
    reprocess([before[0].source.sha256], archive, ENGINE)
    assert archive.sessions() == before
    separate(str(exports / "phone.gpx"), archive, ENGINE)
    watch, phone = archive.sessions()
    assert (watch.source.name, watch.heading.kind, watch.second_devices) == (
        "watch.fit",
        "none",
        (),
    )
    assert (phone.source.name, phone.heading.kind) == ("phone.gpx", "compass")
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []
    with pytest.raises(ArchiveError):
        separate(str(exports / "watch.fit"), archive, ENGINE)


def test_what_was_separated_stays_so_though_the_watch_comes_anew(
    exports: Path, archive: Archive
) -> None:
    watch = (exports / "watch.fit").read_bytes()
    (exports / "watch.fit").unlink()
    imported(exports, archive)
    (exports / "watch.fit").write_bytes(watch)
    imported(exports, archive)
    separate(str(exports / "phone.gpx"), archive, ENGINE)
    undo(2, archive, ENGINE)
    run_import(plan_import(exports, archive, settle_s=0, retry=True), archive, ENGINE)
    assert {each.source.name: each.second_devices for each in archive.sessions()} == {
        "watch.fit": (),
        "phone.gpx": (),
    }


def test_the_phone_may_come_later_and_go_again(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    (exports / "phone.gpx").unlink()
    imported(exports, archive)
    alone = archive.sessions()
    (exports / "phone.gpx").write_bytes(phone_of(run))
    report = imported(exports, archive)
    assert report.sessions == (alone[0].id,)
    assert archive.sessions()[0].heading.kind == "compass"
    undo(2, archive, ENGINE)
    assert archive.sessions() == alone
    assert imported(exports, archive).sessions == ()
    imported(exports, archive, retry=True)
    assert archive.sessions()[0].heading.kind == "compass"


def taken_away(path: Path) -> bytes:
    """What a file held that is gone now."""
    data = path.read_bytes()
    path.unlink()
    return data


def test_what_was_said_of_the_phone_holds_on_the_watch_s_clock(
    exports: Path, archive: Archive
) -> None:
    watch = exports / "watch.fit"
    data = taken_away(watch)
    imported(exports, archive)
    (alone,) = archive.sessions()
    label_of_phone = Label(100, 160, "forward", "command")
    archive.annotations.add_label(alone.id, label_of_phone)
    watch.write_bytes(data)
    imported(exports, archive)
    (session,) = archive.sessions()
    (label,) = session.labels
    later_s = 120  # the phone was started two minutes after the watch
    assert label.start_s == pytest.approx(label_of_phone.start_s + later_s, abs=1.0)
    assert label.end_s - label.start_s == pytest.approx(60)
    assert label.origin == f"command ({alone.id})"
    reprocess([session.source.sha256], archive, ENGINE)
    assert archive.sessions() == [session]
    separate(str(exports / "phone.gpx"), archive, ENGINE)
    assert {each.source.name: each.labels for each in archive.sessions()} == {
        "watch.fit": (),
        "phone.gpx": (label_of_phone,),
    }


def test_what_is_said_of_the_phone_while_it_is_joined_holds_on_the_watch_s_clock(
    exports: Path, archive: Archive
) -> None:
    """Another program stores a second label when the first one is copied already."""
    watch = exports / "watch.fit"
    data = taken_away(watch)
    imported(exports, archive)
    (alone,) = archive.sessions()
    archive.annotations.add_label(alone.id, Label(100, 160, "forward", "command"))
    seen: list[str] = []

    def interrupted(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
        seen.extend(each for each, _ in blob.second_files)
        if len(seen) == 2:  # without the copied label, and with it
            seen.append("")
            with Archive.open(archive.folder) as other:
                other.annotations.add_label(alone.id, Label(200, 260, "forward", "command"))
        return remembered_pipeline.process(blob, settings, athlete)

    watch.write_bytes(data)
    planned = plan_import(exports, archive, settle_s=0)
    run_import(planned, archive, msgspec.structs.replace(ENGINE, process=interrupted))
    (session,) = archive.sessions()
    assert session.heading.kind == "compass"
    assert [each.origin for each in session.labels] == [f"command ({alone.id})"] * 2
    assert archive.pending.exports() == []
    assert maintenance.check(archive) == []


def test_without_the_watch_the_phone_stands_again(exports: Path, archive: Archive) -> None:
    phone = exports / "phone.gpx"
    data = phone.read_bytes()
    phone.unlink()
    imported(exports, archive)
    phone.write_bytes(data)
    imported(exports, archive)
    undo(1, archive, ENGINE)
    (session,) = archive.sessions()
    assert session.source.name == "phone.gpx"
    assert archive.second_devices.matches() == []
    assert maintenance.check(archive) == []


def test_an_import_killed_before_the_joining_joins_later(
    exports: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("retrorun.ingest.run.join", killed)
        with pytest.raises(KeyboardInterrupt):
            imported(exports, archive)
    assert len(archive.sessions()) == 2
    assert not plan_import(exports, archive, settle_s=0).idle
    imported(exports, archive)
    assert len(archive.sessions()) == 1


def test_another_run_at_the_same_time_is_refused_and_both_say_so(
    exports: Path, archive: Archive, other_run: Simulated
) -> None:
    (exports / "phone.gpx").write_bytes(phone_of(other_run))
    report = imported(exports, archive)
    assert report.joined == 0
    assert len(archive.sessions()) == 2
    for session in archive.sessions():
        assert [each.slug for each in session.notes].count("second-device-refused") == 1
    before = archive.sessions()
    reprocess(archive.known().values(), archive, ENGINE)
    assert archive.sessions() == before
    assert plan_import(exports, archive, settle_s=0).idle


@pytest.mark.parametrize("whose", [0, 1])
def test_a_refusal_is_noted_on_the_other_where_one_cannot_be_read(
    exports: Path,
    archive: Archive,
    other_run: Simulated,
    whose: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (exports / "phone.gpx").write_bytes(phone_of(other_run))
    with monkeypatch.context() as patched:
        patched.setattr(running, "join", lambda *_: Joins())  # a run that is killed before
        imported(exports, archive)
    bad, good = (each.id for each in archive.sessions()[:: -1 if whose else 1])
    archive.writes.apply(0, Change(documents={bad: b"{"}))
    (exports / "more.gpx").write_bytes(b"no recording")  # so that there is something to do
    imported(exports, archive)
    damaged: list[str] = []
    (session,) = archive.sessions(lambda session_id, _: damaged.append(session_id))
    assert (damaged, session.id) == ([bad], good)
    assert [each.slug for each in session.notes].count("second-device-refused") == 1
    reprocess(archive.hashes([bad]), archive, ENGINE)
    for each in archive.sessions():
        assert [note.slug for note in each.notes].count("second-device-refused") == 1
    assert maintenance.check(archive) == []


def test_what_cannot_be_analysed_again_before_joining_is_a_problem_of_the_import(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """A second phone comes to a watch that was joined already; the first one's copy is damaged."""
    assert imported(exports, archive).joined == 1
    (match,) = archive.second_devices.matches()
    archive.originals.path(match.phone_sha256).write_bytes(b"damaged")
    (exports / "another.gpx").write_bytes(phone_of(run, skew_s=2.0))
    problems = imported(exports, archive).problems
    assert [each.sha256 for each in problems] == [match.phone_sha256]


def test_a_sensor_logger_zip_is_a_second_device(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    (exports / "phone.gpx").unlink()
    zipped = exports / "log.zip"
    zipped.write_bytes(sensor_log_of(run))
    assert imported(exports, archive).joined == 1
    (session,) = archive.sessions()
    assert session.heading.kind == "compass"
    assert session.second_devices[0].device == "Sensor Logger"
    assert session.second_devices[0].skew_s == pytest.approx(SKEW_S, abs=1.0)
    separate(f"{zipped}/Location.csv", archive, ENGINE)
    assert len(archive.sessions()) == 2


def test_a_phone_of_the_same_length_is_joined_not_taken_for_a_copy(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """Started together and equally long, it would be a copy if it did not know less and more."""
    (exports / "phone.gpx").write_bytes(phone_of(run, 0, -1, skew_s=2.0))
    report = imported(exports, archive)
    assert (report.duplicates, report.joined) == (0, 1)
    (session,) = archive.sessions()
    assert {"heart_rate", "heading"} <= set(session.channels)


def test_pairs_overlap_for_two_minutes_and_one_has_the_better_heading() -> None:
    watch = brief("a", 0, 600, "none")
    assert [
        (pair.watch.id, pair.phone.id, pair.overlap_s)
        for pair in duplicates.pairs(
            [
                watch,
                brief("b", 100, 300, "compass"),
                brief("e", 120, 100, "compass"),
                brief("d", 480, 900, "unknown"),  # 120 s
                brief("c", 481, 900, "compass"),  # 119 s
            ],
            [],
        )
        if pair.watch is watch
    ] == [("a", "b", 300), ("a", "d", 120)]


def test_pairs_are_settled_once() -> None:
    briefs = [brief("a", 0, 600, "none"), brief("b", 100, 300, "compass")]
    assert len(duplicates.pairs(briefs, [])) == 1
    refused = Match("b", "b" * 64, "a", "refused", None, "they do not agree")
    assert duplicates.pairs(briefs, [refused]) == []


@pytest.mark.parametrize("heading", ["none", "compass"])
def test_two_alike_are_a_pair_where_one_lies_nearly_whole_within_the_other(heading: str) -> None:
    """270 of 300 s are 90 %."""
    long = brief("a", 0, 600, heading)
    inside, outside = brief("b", 330, 300, heading), brief("c", 331, 300, heading)
    found = duplicates.pairs([long, inside], [])
    assert [(pair.overlap_s, pair.alike) for pair in found] == [(270, True)]
    assert duplicates.pairs([long, outside], []) == []
    assert duplicates.pairs([long, inside], [], {"b" * 64}) == []
    for phone, session in (("a", "b"), ("b", "a")):  # settled, whichever was the phone
        refused = Match(phone, phone * 64, session, "refused", None, "they do not agree")
        assert duplicates.pairs([long, inside], [refused]) == []


def both_with_a_compass(exports: Path, run: Simulated) -> None:
    """The watch has a compass of its own, and the phone's is another."""
    (exports / "watch.fit").write_bytes(fit_bytes(run))


def test_of_two_with_a_compass_the_richer_stands(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    both_with_a_compass(exports, run)
    report = imported(exports, archive)
    assert report.joined == 1
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert {"heart_rate", "cadence", "heading"} <= set(session.channels)
    (note,) = (each for each in session.notes if each.slug == "second-device")
    assert "clock" in note.message
    (match,) = archive.second_devices.matches()
    assert match.state == "joined"
    assert match.skew_s == pytest.approx(SKEW_S, abs=1.0)
    rows = {Path(row.path).name: row for row in archive.files()}
    assert (rows["phone.gpx"].rule, rows["phone.gpx"].duplicate_of) == (
        "second-device",
        session.id,
    )
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []
    separate(str(exports / "phone.gpx"), archive, ENGINE)
    assert len(archive.sessions()) == 2
    assert plan_import(exports, archive, settle_s=0).idle
    assert imported(exports, archive).joined == 0


def test_two_with_a_compass_that_moved_differently_both_stand(
    exports: Path, archive: Archive, run: Simulated, other_run: Simulated
) -> None:
    both_with_a_compass(exports, run)
    (exports / "phone.gpx").write_bytes(phone_of(other_run))
    assert imported(exports, archive).joined == 0
    assert len(archive.sessions()) == 2
    assert plan_import(exports, archive, settle_s=0).idle


def test_two_without_any_heading_that_were_started_apart_count_once(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """By start and length they are no copies; by their movement they are one run."""
    bare = replace(run, recording=structs.replace(run.recording, headings=()))
    (exports / "phone.gpx").write_bytes(phone_of(bare))
    assert imported(exports, archive).joined == 1
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert session.heading.kind == "none"
    assert session.second_devices[0].skew_s == pytest.approx(SKEW_S, abs=1.0)
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_phone_that_went_on_for_longer_than_the_watch_keeps_its_session(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """A third of the phone's time is not worth the other two."""
    short = structs.replace(run.recording, headings=(), laps=(), pauses=())
    third = len(short.time_s) // 3
    columns = {name: values[:third] for name, values in short.columns.items()}
    cut = structs.replace(short, time_s=short.time_s[:third], columns=columns)
    (exports / "watch.fit").write_bytes(fit_bytes(replace(run, recording=cut)))
    (exports / "phone.gpx").write_bytes(phone_of(run, 0, -1, skew_s=15.0))
    assert imported(exports, archive).joined == 0
    assert len(archive.sessions()) == 2
    assert [each.state for each in archive.second_devices.matches()] == ["apart"]
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_phone_s_file_that_grew_is_read_once(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    (exports / "phone.gpx").write_bytes(phone_of(run, 120, -400))
    imported(exports, archive)
    before = archive.second_devices.matches()[0].phone
    (exports / "phone.gpx").write_bytes(phone_of(run, 120, -60))
    report = imported(exports, archive)
    assert report.joined == 1
    (session,) = archive.sessions()
    (device,) = session.second_devices
    assert device.sha256[:12] != before
    assert [each.slug for each in session.notes].count("second-device") == 1
    assert [each.phone for each in archive.second_devices.matches()] == [device.sha256[:12]]
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []


def test_a_phone_s_file_that_holds_another_run_now_takes_nothing_back(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    imported(exports, archive)
    (joined,) = archive.sessions()
    later = structs.replace(run.recording, time_s=run.recording.time_s + 86_400)
    headings = tuple(structs.replace(each, time_s=each.time_s + 86_400) for each in later.headings)
    tomorrow = replace(run, recording=structs.replace(later, headings=headings))
    (exports / "phone.gpx").write_bytes(phone_of(tomorrow))
    imported(exports, archive)
    first, second = archive.sessions()
    assert first == joined
    assert second.start_time_s > first.start_time_s + 80_000


@pytest.mark.parametrize("stored", [True, False])
def test_two_runs_of_one_time_and_length_that_went_different_ways_both_stand(
    exports: Path, archive: Archive, run: Simulated, *, stored: bool
) -> None:
    """Two people's; whether the first was written before or comes with the second."""
    bare = replace(run, recording=structs.replace(run.recording, headings=()))
    columns = dict(bare.recording.columns)
    columns["latitude_deg"] = columns["latitude_deg"] + 0.002  # 222 m to the north
    other = replace(bare, recording=structs.replace(bare.recording, columns=columns))
    (exports / "phone.gpx").unlink()
    if stored:
        imported(exports, archive)
    (exports / "x.fit").write_bytes(fit_bytes(other))
    assert imported(exports, archive).duplicates == 0
    assert len(archive.sessions()) == 2
    (exports / "y.tcx").write_bytes(tcx_bytes(other))
    assert imported(exports, archive).duplicates == 1
    rows = {Path(row.path).name: row for row in archive.files()}
    assert rows["y.tcx"].duplicate_of == rows["x.fit"].sha256[:12]


def zipped(folder: Path, **content: bytes) -> None:
    with zipfile.ZipFile(folder / "phone.zip", "w") as made:
        for name, data in content.items():
            made.writestr(name.replace("_", "."), data)


def test_a_table_beside_a_joined_phone_in_an_archive_is_heard_on_the_other_clock(
    exports: Path, archive: Archive
) -> None:
    phone = (exports / "phone.gpx").read_bytes()
    (exports / "phone.gpx").unlink()
    zipped(exports, phone_gpx=phone)
    assert imported(exports, archive).joined == 1
    zipped(exports, phone_labels_csv=b"start,end,direction\n100,200,backward\n", phone_gpx=phone)
    assert imported(exports, archive).problems == ()
    (session,) = archive.sessions()
    (label,) = session.labels
    # the phone began 120 s after the watch; its clock's error is part of its own start
    assert label.start_s == pytest.approx(220, abs=1.0)
    assert label.end_s - label.start_s == pytest.approx(100)
    assert maintenance.check(archive) == []
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_table_that_came_with_its_phone_is_still_heard_when_the_archive_changes(
    exports: Path, archive: Archive
) -> None:
    phone, said = (exports / "phone.gpx").read_bytes(), b"start,end,direction\n100,200,backward\n"
    (exports / "phone.gpx").unlink()
    zipped(exports, phone_labels_csv=said, phone_gpx=phone)
    assert imported(exports, archive).joined == 1
    (session,) = archive.sessions()
    assert len(session.labels) == 1
    zipped(exports, phone_labels_csv=said, phone_gpx=phone, readme_txt=b"words")
    assert imported(exports, archive).problems == ()
    assert archive.sessions() == [session]
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_joined_phone_that_counts_as_imported_needs_no_session(
    exports: Path, archive: Archive
) -> None:
    """Archives of earlier versions may hold such a row; nothing is due of it."""
    imported(exports, archive)
    with archive.database.transaction():
        archive.database.connection.execute(
            "UPDATE files SET outcome = 'imported', rule = NULL WHERE rule = 'second-device'"
        )
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []


def test_a_report_names_only_sessions_that_stand_after_the_joining(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """The phone goes into a recording of the first half, and that into the whole one."""
    half = run.recording.time_s.size // 2
    first_half = structs.replace(
        run.recording,
        time_s=run.recording.time_s[:half],
        columns={name: values[:half] for name, values in run.recording.columns.items()},
        headings=(),
        laps=(),
        pauses=(),
    )
    data = gpx_bytes(replace(run, recording=first_half), "garmin")
    whole = hashlib.sha256((exports / "watch.fit").read_bytes()).hexdigest()
    # of two that overlap with it equally the phone goes into the one with the smaller hash first
    data = next(
        made
        for made in (data + b"\n" * count for count in range(1000))
        if hashlib.sha256(made).hexdigest() < whole
    )
    (exports / "half.gpx").write_bytes(data)
    (exports / "phone.gpx").write_bytes(phone_of(run, 10, half - 10, skew_s=2.0))
    report = imported(exports, archive)
    assert report.joined == 2
    assert set(report.sessions) == set(archive.known())


def part_of(run: Simulated, first: int, last: int, shift_s: float = 0.0) -> Simulated:
    """What a platform gives of a watch's recording: no heading, cut, on a clock that is off."""
    whole, kept = run.recording, slice(first, len(run.recording.time_s) - last)
    recording = structs.replace(
        whole,
        time_s=whole.time_s[kept] + shift_s,
        columns={name: values[kept] for name, values in whole.columns.items()},
        headings=(),
        laps=(),
        pauses=(),
    )
    return replace(run, recording=recording)


@pytest.mark.parametrize(("first", "last"), [(90, 90), (0, 700)])
@pytest.mark.parametrize("with_body", [True, False])
def test_a_cut_copy_goes_into_the_whole_run_with_the_compass(
    exports: Path, archive: Archive, run: Simulated, first: int, last: int, *, with_body: bool
) -> None:
    """The compass went into the copy, and the seconds that were cut off were in no number."""
    both_with_a_compass(exports, run)
    if not with_body:
        (exports / "watch.fit").unlink()
        (exports / "watch.gpx").write_bytes(phone_of(run, 0, len(run.recording.time_s), 0.0))
    (exports / "phone.gpx").write_bytes(gpx_bytes(part_of(run, first, last), "apple"))
    assert imported(exports, archive).joined == 1
    (session,) = archive.sessions()
    assert session.source.name.startswith("watch.")
    assert session.duration_s == pytest.approx(len(run.recording.time_s), abs=2)
    assert session.heading.kind == "compass"
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_watch_that_is_kept_apart_stands_beside_a_phone_that_covers_it(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    (exports / "watch.fit").unlink()
    (exports / "phone.gpx").write_bytes(phone_of(run, 0, len(run.recording.time_s), 0.0))
    (exports / "copy.gpx").write_bytes(gpx_bytes(part_of(run, 90, 90), "apple"))
    assert imported(exports, archive).joined == 1
    separate(str(exports / "copy.gpx"), archive, ENGINE)
    assert len(archive.sessions()) == 2
    assert imported(exports, archive).joined == 0
    assert len(archive.sessions()) == 2


def test_a_phone_helps_the_watch_though_it_overlaps_a_copy_of_it_for_longer(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """The phone went into the copy, and its heading was lost where that went into the watch's."""
    seconds = len(run.recording.time_s)
    (exports / "phone.gpx").write_bytes(phone_of(run, 0, seconds))
    (exports / "copy.gpx").write_bytes(gpx_bytes(part_of(run, 0, 0, SKEW_S + 5.0)))
    assert imported(exports, archive).joined == 2
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert session.heading.kind == "compass"
    assert len(session.second_devices) == 2
    assert plan_import(exports, archive, settle_s=0).idle


def test_a_watch_shorter_than_two_phones_stands_with_the_heading_of_both(
    exports: Path, archive: Archive, run: Simulated
) -> None:
    """The phones went into one first, and the watch into that, and its heart rate was lost."""
    (exports / "watch.fit").write_bytes(fit_bytes(part_of(run, 100, 100)))
    (exports / "phone.gpx").write_bytes(phone_of(run, 0, len(run.recording.time_s)))
    (exports / "other.gpx").write_bytes(phone_of(run, 40, len(run.recording.time_s), -20.0))
    assert imported(exports, archive).joined == 2
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert {"heart_rate", "cadence", "heading"} <= set(session.channels)
    assert session.heading.kind == "compass"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_log_of_two_runs_is_the_duplicate_of_the_first_whichever_watch_came_last(
    exports: Path, archive: Archive, run: Simulated, order: tuple[int, ...]
) -> None:
    later_s = 7200.0
    again = run_again(run)
    later = replace(
        again, recording=structs.replace(again.recording, time_s=again.recording.time_s + later_s)
    )
    second_log = phone_of(again, skew_s=later_s + SKEW_S)
    first, second = (log.partition(b"<trk>") for log in (phone_of(run), second_log))
    (exports / "phone.gpx").write_bytes(
        first[0]
        + b"<trk>"
        + first[2].replace(b"</trk>", b"</trk><trk>" + second[2].partition(b"</gpx>")[0], 1)
    )
    (exports / "watch.fit").unlink()
    watches = [watch_of(run), fit_bytes(part_of(later, 0, 0))]
    for number in order:
        (exports / f"watch-{number}.fit").write_bytes(watches[number])
        assert imported(exports, archive).joined == 1
    assert len(archive.sessions()) == 2
    (row,) = (each for each in archive.files() if each.path.endswith("phone.gpx"))
    first_watch = hashlib.sha256(watches[0]).hexdigest()[:12]
    assert (row.rule, row.duplicate_of) == ("second-device", first_watch)


@pytest.mark.parametrize(("cut_s", "joined"), [(40, 1), (800, 0)])
def test_a_watch_s_file_that_was_edited_stands_and_is_joined_afresh(
    exports: Path, archive: Archive, run: Simulated, cut_s: int, joined: int
) -> None:
    """What it held before stood, under its hash as its name, and the edited file counted as a copy.

    Where most of the phone's time lies outside of what is left, the phone stands for itself again.
    """
    imported(exports, archive)
    (before,) = archive.sessions()
    with archive.database.transaction():
        archive.annotations.insert_answer(before.id, [Label(20, 60, "forward", "answer")])
    (exports / "watch.fit").write_bytes(fit_bytes(part_of(run, 0, cut_s)))
    assert imported(exports, archive).joined == joined
    sessions = {each.source.name: each for each in archive.sessions()}
    assert sorted(sessions) == (["watch.fit"] if joined else ["phone.gpx", "watch.fit"])
    watch = sessions["watch.fit"]
    assert watch.duration_s == pytest.approx(len(run.recording.time_s) - cut_s, abs=2)
    assert len(watch.second_devices) == joined
    assert [(each.start_s, each.origin) for each in watch.labels] == [(20, "answer")]
    assert plan_import(exports, archive, settle_s=0).idle
    assert maintenance.check(archive) == []


@pytest.mark.parametrize("parts", [[(0, 700), (720, 0)], [(0, 600)], [(0, 900)]])
def test_parts_of_a_run_go_into_a_whole_copy_that_knows_as_much_of_the_body(
    exports: Path, archive: Archive, run: Simulated, parts: list[tuple[int, int]]
) -> None:
    """A watch was stopped and started, or its battery was empty.

    The seconds of the parts counted twice, or what was only in the copy was in no number.
    """
    (exports / "watch.fit").unlink()
    (exports / "phone.gpx").write_bytes(gpx_bytes(part_of(run, 0, 0)))
    for number, (first, last) in enumerate(parts):
        (exports / f"watch-{number}.fit").write_bytes(fit_bytes(part_of(run, first, last)))
    assert imported(exports, archive).joined == len(parts)
    (session,) = archive.sessions()
    assert session.source.name == "phone.gpx"
    assert session.duration_s == pytest.approx(len(run.recording.time_s), abs=2)
    assert {"heart_rate", "cadence"} <= set(session.channels)
    assert plan_import(exports, archive, settle_s=0).idle
