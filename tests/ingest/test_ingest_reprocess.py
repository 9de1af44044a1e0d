"""The same activity twice, files that grow, re-processing, undo: totals stay true."""

from pathlib import Path

import msgspec
import pytest

import fake_pipeline
from retrorun.archive import Archive, SessionRow, maintenance, serialization
from retrorun.archive.rows import Brief
from retrorun.errors import ArchiveError
from retrorun.ingest import (
    Engine,
    Report,
    duplicates,
    plan_import,
    reprocess,
    run_import,
    separate,
    undo,
)
from retrorun.model import Athlete, Label, Remark
from retrorun.settings import PrepareSettings, Settings

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1, fake_pipeline.process)


def put(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.fit").write_text(text)
    return folder


def run(folder: Path, archive: Archive, *, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, ENGINE)


def spans(archive: Archive) -> list[tuple[float, float]]:
    return [(session.start_time_s, session.duration_s) for session in archive.sessions()]


def test_the_same_activity_in_another_file_counts_once(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 600", b="run 1004 603", c="run 1001 900")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert (report.imported, report.duplicates) == (2, 1)
        assert spans(archive) == [(1000, 600), (1001, 900)]
        copy = next(row for row in archive.files() if row.outcome == "duplicate")
        assert copy.rule == "same-activity"
        assert copy.duplicate_of == archive.sessions()[0].id
        assert maintenance.check(archive) == []


def test_a_file_taken_for_a_copy_can_stand_for_itself(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 600", b="run 1004 603")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        separate(str(exports / "b.fit"), archive, ENGINE)
        assert spans(archive) == [(1000, 600), (1004, 603)]
        assert plan_import(exports, archive, settle_s=0).idle
        with pytest.raises(ArchiveError):
            separate(str(exports / "b.fit"), archive, ENGINE)


def test_a_file_that_grew_replaces_itself_and_keeps_its_labels(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    label = Label(5, 9, "backward", "command")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        archive.annotations.add_label(archive.sessions()[0].id, label)
        archive.annotations.set_remark(archive.sessions()[0].id, Remark(text="windy"))
        put(exports, a="run 1000 600")
        run(exports, archive)
        assert spans(archive) == [(1000, 600)]
        only = archive.sessions()[0]
        assert only.labels == (label,)
        assert archive.annotations.remarks() == {only.id: Remark(text="windy")}
        assert len(list(archive.tracks.hashes())) == 1


def test_another_activity_under_an_old_name_loses_nothing(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", activity="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        put(exports, activity="run 90000 60")
        run(exports, archive)
        assert spans(archive) == [(1000, 60), (90000, 60)]
        assert maintenance.check(archive) == []


def test_reprocessing_needs_no_folder_and_keeps_what_was_said(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60\nrun 5000 60", b="run 9000 60")
    label = Label(5, 9, "backward", "command")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        ids = [session.id for session in archive.sessions()]
        archive.annotations.add_label(ids[1], label)
        for path in exports.iterdir():
            path.unlink()
        heavier = msgspec.structs.replace(ENGINE, athlete=Athlete(mass_kg=80))
        made_with = (Settings().fingerprint(), serialization.fingerprint(heavier.athlete), "0.1.0")
        assert archive.stale(*made_with) == ids
        report = reprocess(archive.hashes(ids), archive, heavier)
        assert report.sessions == tuple(ids)
        assert archive.stale(*made_with) == []
        values = [session.measures.cost_factor.value for session in archive.sessions()]
        assert values == [80, 80, 80]
        assert [session.labels for session in archive.sessions()] == [(), (label,), ()]
        assert [session.source.name for session in archive.sessions()] == ["a.fit"] * 2 + ["b.fit"]
        assert [each.sessions for each in archive.writes.imports()] == [3]


def test_a_file_that_fails_anew_keeps_its_sessions(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        sha256 = archive.briefs()[0].sha256
        archive.originals.path(sha256).write_bytes(b"damaged")
        report = reprocess([sha256], archive, ENGINE)
        assert [row.slug for row in report.problems] == ["archive-original-damaged"]
        assert spans(archive) == [(1000, 60)]


def test_an_import_can_be_undone_and_brought_back(tmp_path: Path) -> None:
    first, second = put(tmp_path / "e", a="run 1000 60"), put(tmp_path / "f", b="run 5000 60")
    label = Label(5, 9, "backward", "command")
    with Archive.open(tmp_path / "archive") as archive:
        run(first, archive)
        run(second, archive)
        archive.annotations.add_label(archive.sessions()[1].id, label)
        undo(2, archive, ENGINE)
        assert spans(archive) == [(1000, 60)]
        assert maintenance.check(archive) == []
        assert plan_import(second, archive, settle_s=0).idle
        with pytest.raises(ArchiveError, match="undone already"):
            undo(2, archive, ENGINE)
        run(second, archive, retry=True)
        assert spans(archive) == [(1000, 60), (5000, 60)]
        assert archive.sessions()[1].labels == (label,)


def test_undoing_what_was_replaced_brings_the_old_back(tmp_path: Path) -> None:
    first, second = put(tmp_path / "e", a="run 1000 600"), put(tmp_path / "f", b="run 1004 600")
    with Archive.open(tmp_path / "archive") as archive:
        run(first, archive)
        run(second, archive)
        assert spans(archive) == [(1000, 600)]
        undo(1, archive, ENGINE)
        assert spans(archive) == [(1004, 600)]
        assert maintenance.check(archive) == []


WATCH = Brief("w", "ww", 1000.0, 1800.0, 5000.0, "none")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (msgspec.structs.replace(WATCH, start_time_s=1009, duration_s=1790, distance_m=5090), True),
        (msgspec.structs.replace(WATCH, duration_s=1830, distance_m=None), True),
        (msgspec.structs.replace(WATCH, start_time_s=1011), False),
        (msgspec.structs.replace(WATCH, duration_s=1740), False),
        (msgspec.structs.replace(WATCH, distance_m=5200), False),
    ],
)
def test_what_counts_as_the_same_activity(other: Brief, *, is_same: bool) -> None:
    assert duplicates.same(WATCH, other) is is_same
    assert duplicates.same(other, WATCH) is is_same


def test_a_newcomer_with_a_compass_takes_the_place_of_one_without() -> None:
    row = fake_row("p", "compass")
    assert known_of(WATCH).judge([row]) == duplicates.Verdict(replaces={"w": "p"})
    compass = msgspec.structs.replace(WATCH, heading="compass")
    assert known_of(compass).judge([row]) == duplicates.Verdict(duplicate_of="w")
    assert known_of(compass).judge([fake_row("p", "none")]).duplicate_of == "w"


def test_a_file_with_more_activities_than_are_known_is_no_copy_and_takes_in_what_it_holds() -> None:
    known = known_of(WATCH)
    further = msgspec.structs.replace(fake_row("p-2", "none"), start_time_s=9000.0)
    verdict = known.judge([fake_row("p", "none"), further])
    assert verdict == duplicates.Verdict(replaces={"w": "p"})


def test_a_newcomer_with_a_compass_but_without_the_body_is_no_copy() -> None:
    """A phone beside a watch: both stay, to be joined."""
    known = duplicates.Known([WATCH], {"w": ("heart_rate", "position")}.__getitem__)
    assert known.judge([fake_row("p", "compass")]) == duplicates.Verdict()


def known_of(brief: Brief) -> duplicates.Known:
    return duplicates.Known([brief], {brief.id: ("position",)}.__getitem__)


def fake_row(session_id: str, heading: str) -> SessionRow:
    return SessionRow(
        session_id, "pp", 0, 1003.0, 1800.0, 5010.0, "running", 0.0, heading, "", "", "", "", b"{}"
    )


def test_an_import_whose_file_moved_later_stays_undone(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "a.fit").write_text("run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        (exports / "a.fit").rename(exports / "b.fit")
        assert run(exports, archive).moved == 1
        undo(1, archive, ENGINE)
        assert [row.outcome for row in archive.files()] == ["undone"]
        assert maintenance.check(archive) == []
        assert plan_import(exports, archive, settle_s=0).idle
        assert archive.sessions() == []


def test_a_session_without_a_usable_second_goes_when_it_is_analysed_again(tmp_path: Path) -> None:
    """An older version took such files in; their two points lie 40 minutes apart."""
    mark = '<trkpt lat="46.05" lon="14.5"><time>2026-05-01T14:{}:00Z</time></trkpt>'
    space = 'xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="a"'
    two = f"<gpx {space}><trk><trkseg>{mark.format('00')}{mark.format('40')}</trkseg></trk></gpx>"
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "two.gpx").write_text(two)
    lenient = Settings(prepare=PrepareSettings(apart_s=1e9))
    with Archive.open(tmp_path / "archive") as archive:
        lenient_engine = Engine(lenient, Athlete(), 1)
        assert (
            run_import(
                plan_import(tmp_path / "exports", archive, settle_s=0), archive, lenient_engine
            ).imported
            == 1
        )
        (session,) = archive.sessions()
        report = reprocess([session.source.sha256], archive, Engine(Settings(), Athlete(), 1))
        assert [each.slug for each in report.problems] == ["no-usable-second"]
        assert archive.sessions() == []
        assert [each.slug for each in archive.problems()] == ["no-usable-second"]
        assert archive.original(session.source.sha256) == two.encode()
        assert plan_import(tmp_path / "exports", archive, settle_s=0).idle
        assert maintenance.check(archive) == []
