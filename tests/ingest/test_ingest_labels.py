"""Tables of labels beside exports: the user's words, kept with the session they are about."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

import fake_pipeline
from retrorun import answers, storage
from retrorun.answers import LabelRange
from retrorun.archive import Archive, Change, maintenance
from retrorun.detect.labels import in_force, placed
from retrorun.errors import ReadError
from retrorun.ingest import Engine, Report, plan_import, run_import, separate, undo
from retrorun.ingest import plan as planning
from retrorun.model import Athlete, Label
from retrorun.readers.label_file import label_table
from retrorun.settings import Settings
from retrorun.storage import Entry

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1, fake_pipeline.process)
HEAD = "start,end,direction\n"
FIRST = Label(10, 20, "backward", "sidecar")


def run(folder: Path, archive: Archive, *, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, ENGINE)


def put(folder: Path, **texts: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        suffix = ".labels.csv" if text.startswith("start") else ".fit"
        (folder / f"{name}{suffix}").write_text(text)
    return folder


def labels(archive: Archive) -> list[tuple[Label, ...]]:
    return [session.labels for session in archive.sessions()]


def test_a_table_is_read_in_seconds_and_minutes() -> None:
    text = "\ufeffDirection;Start;End;why\nbackward;90;2:00.5;x\n\nForward; 1:02:03 ;3800;\n"
    assert label_table("a.labels.csv", text.encode()) == {
        0: (Label(90, 120.5, "backward", "sidecar"), Label(3723, 3800, "forward", "sidecar"))
    }
    assert label_table("a.labels.csv", HEAD.encode()) == {}


@pytest.mark.parametrize(
    "text",
    [
        "start;end;direction\n10,5;20,5;backward\n",
        "start\tend\tdirection\n10.5\t20.5\tbackward\n",
        "sep=;\nStart (s);Ende (s);Richtung\n10,5;20,5;rückwärts\n",
        "# written by hand\n\nfrom,to,label\n0:10.5,0:20.5,back\n",
        "début;fin;sens\n10,5;20,5;en arrière\n",
        "start_s,end_s,direction,type\n10.5,20.5,Backwards,easy\n",
        "start,duration,direction\n10.5,10,backward\n",
        '"10.5","20.5","backward"\n',
        "start,end,direction\n10.5 s,0m20.5s,B\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_people_and_spreadsheets_write_them(text: str, encoding: str) -> None:
    found = label_table("a.labels.csv", text.encode(encoding))
    assert found == {0: (Label(10.5, 20.5, "backward", "sidecar"),)}


@pytest.mark.parametrize("word", ["Rückwärts", "en arrière", "atrás"])
def test_a_table_in_the_letters_of_windows_is_read(word: str) -> None:
    """A spreadsheet saves "CSV" in Windows-1252 where its language is German, French or Spanish."""
    found = label_table("a.labels.csv", f"start;end;direction\r\n10;20;{word}\r\n".encode("cp1252"))
    assert found == {0: (FIRST,)}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("23:58:00,0:04:00,backward", (86_280, 86_640, "day sidecar")),
        (
            "23:58,00:04,backward",
            (86_280, 86_640, "day sidecar"),
        ),  # hours: none ends before it starts
        ("11:58 PM,12:04 AM,backward", (86_280, 86_640, "day sidecar")),
        ("22:58 – ,1:04,backward", None),
        ("2026-05-03 23:58:00,0:04:00,backward", (1_777_852_680, 1_777_853_040, "local sidecar")),
        ("2026-05-03 23:58:00,2026-05-03 0:04:00,backward", None),
        ("13:58:00,0:04:00,backward", None),  # ten hours of running backward: a slip
        ("23:58:00,12:04:00,backward", None),
        ("12:00,10:00,backward", None),
        ("0:10:00,0:05:00,backward", None),
        ("2026-05-03 12:00:00,11:00:00,backward", None),
    ],
)
def test_a_row_may_go_over_midnight(row: str, expected: tuple[float, float, str] | None) -> None:
    if expected is None:
        with pytest.raises(ReadError):
            label_table("a.labels.csv", (HEAD + row).encode())
        return
    start_s, end_s, origin = expected
    found = label_table("a.labels.csv", (HEAD + row).encode())
    assert found == {0: (Label(start_s, end_s, "backward", origin),)}


def test_a_row_over_midnight_lies_where_the_session_s_clock_says() -> None:
    """A run from 23:45 to 0:15, in a zone two hours before UTC: 13 and 19 min after its start."""
    start_s = 1_777_844_700.0  # 2026-05-03 21:45:00 UTC
    (label,) = label_table("a.labels.csv", (HEAD + "23:58,0:04,backward").encode())[0]
    found, notes = placed([label], start_s, 1800, 7200.0)
    assert [(each.start_s, each.end_s) for each in found] == [(780, 1140)]
    assert [each.origin for each in found] == ["sidecar"]
    assert notes == ()


@pytest.mark.parametrize("hours", [18, 23, 24, 30])
def test_a_row_over_midnight_is_of_the_day_in_a_session_of_a_day_too(hours: int) -> None:
    """From 14:00 to the next day, in a zone two hours before UTC: 23:58 is 9 h 58 min later."""
    start_s = 1_777_809_600.0  # 2026-05-03 12:00:00 UTC
    for row in ("23:58,0:04,backward", "23:58:00,0:04:00,backward"):
        (label,) = label_table("a.labels.csv", (HEAD + row).encode())[0]
        found, _ = placed([label], start_s, hours * 3600, 7200.0)
        assert [(each.start_s, each.end_s) for each in found] == [(35_880, 36_240)]


def test_a_row_over_midnight_outside_of_a_long_session_is_named() -> None:
    """From 2:00 to 21:00: the run of the evening after it is another one."""
    start_s = 1_777_773_600.0  # 2026-05-03 02:00:00 UTC
    (label,) = label_table("a.labels.csv", (HEAD + "23:00,1:00,backward").encode())[0]
    found, notes = placed([label], start_s, 19 * 3600, 0.0)
    assert found == ()
    assert [note.slug for note in notes] == ["label-outside"]


def test_a_column_says_of_which_activity_a_row_speaks() -> None:
    text = "activity,start,end,direction\n2,1,2,backward\n,3,4,forward\n1,5,6,backward\n"
    assert label_table("a.labels.csv", text.encode()) == {
        1: (Label(1, 2, "backward", "sidecar"),),
        0: (Label(3, 4, "forward", "sidecar"), Label(5, 6, "backward", "sidecar")),
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("lap,pace,direction\n", 1),
        ("# mine\n\nlap,pace,direction\n", 3),
        (HEAD + "1,2,backward\n3,2,backward\n", 3),
        (HEAD + "1,2,sideways\n", 2),
        (HEAD + "-1,2,backward\n", 2),
        (HEAD + "nan,inf,backward\n", 2),
        (HEAD + "1\n", 2),
        (HEAD + "1:75,1:90,backward\n", 2),
        ("activity,start,end,direction\n0,1,2,backward\n", 2),
        ("activity,start,end,direction\nfirst,1,2,backward\n", 2),
        ("\0\xff", 1),
    ],
)
def test_a_bad_table_names_the_line(text: str, line: int) -> None:
    with pytest.raises(ReadError) as caught:
        label_table("a.labels.csv", text.encode("latin-1"))
    assert caught.value.slug == "labels-broken"
    assert f"line {line}:" in caught.value.message


def test_an_export_is_analysed_once_with_the_labels_beside_it(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60", b="run 9000 60")
    put(exports, a=HEAD + "10,20,backward\n")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert labels(archive) == [(FIRST,), ()]
        assert (report.imported, report.passed_over, report.problems) == (2, 0, ())
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []


def test_a_table_that_comes_later_or_changes_is_heard(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        own = Label(30, 40, "forward", "command")
        archive.annotations.add_label(archive.sessions()[0].id, own)
        (exports / "a.fit.labels.csv").write_text(HEAD + "10,20,backward\n")
        report = run(exports, archive)
        assert labels(archive) == [(FIRST, own)]  # what is typed wins, whenever the table came
        assert report.sessions == (archive.sessions()[0].id,)
        (exports / "a.fit.labels.csv").write_text(HEAD)
        run(exports, archive)
        assert labels(archive) == [(own,)]


def test_a_bad_table_costs_its_export_nothing(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    put(exports, a=HEAD + "rubbish\n", alone=HEAD + "1,2,backward\n")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert report.imported == 1
        assert [(Path(row.path).name, row.slug) for row in report.failed] == [
            ("a.labels.csv", "labels-broken"),
            ("alone.labels.csv", "labels-alone"),
        ]
        assert plan_import(exports, archive, settle_s=0).idle
        put(exports, alone="run 9000 60")  # its export comes at last
        run(exports, archive)
        assert labels(archive) == [(), (Label(1, 2, "backward", "sidecar"),)]


def test_a_table_waits_for_an_export_that_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    put(exports, a=HEAD + "10,20,backward\n")

    def growing(entries: list[Entry], _: float, **_more: object) -> tuple[list[Entry], list[Entry]]:
        return [e for e in entries if e.name != "a.fit"], [e for e in entries if e.name == "a.fit"]

    with Archive.open(tmp_path / "archive") as archive:
        with monkeypatch.context() as patched:
            patched.setattr(planning, "settled", growing)
            assert plan_import(exports, archive, settle_s=2).idle
        run(exports, archive)
        assert labels(archive) == [(FIRST,)]


@pytest.mark.parametrize(
    ("row", "span"),
    [
        ("10,20", (10, 20)),
        ("1970-01-02T00:00:10Z,1970-01-02T00:00:20Z", (86_410, 86_420)),
        ("1970-01-02 00:00:10,1970-01-02 00:00:20", (86_410, 86_420)),
    ],
)
@pytest.mark.parametrize("first", ["copy", "table", "standing"])
def test_labels_of_a_second_copy_hold_for_the_copy_that_stands(
    tmp_path: Path, first: str, row: str, span: tuple[float, float]
) -> None:
    exports, kept = tmp_path / "e", {"standing": "a.fit", "copy": "b.fit", "table": "b.labels.csv"}
    texts = {
        "standing": "run 1000 600",
        "copy": "run 1004 603",
        "table": f"{HEAD}{row},backward\n",
    }
    exports.mkdir()
    with Archive.open(tmp_path / "archive") as archive:
        for what in [first, *(each for each in texts if each != first)]:
            (exports / kept[what]).write_text(texts[what])
            run(exports, archive)
        (labelled,) = labels(archive)
        assert [(each.start_s, each.end_s, each.direction) for each in labelled] == [
            (*span, "backward")
        ]
        rows = {Path(each.path).name: each for each in archive.files()}
        assert (rows["b.labels.csv"].outcome, rows["b.labels.csv"].slug) == ("imported", None)
        assert plan_import(exports, archive, settle_s=0).idle
        separate(str(exports / "b.fit"), archive, ENGINE)
        assert [len(each) for each in labels(archive)] == [0, 1]  # it goes with its own file


def test_a_table_can_be_undone_by_itself(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        put(exports, a=HEAD + "10,20,backward\n")
        run(exports, archive)
        undo(2, archive, ENGINE)
        assert labels(archive) == [()]
        assert plan_import(exports, archive, settle_s=0).idle
        run(exports, archive, retry=True)
        assert labels(archive) == [(FIRST,)]


def test_a_table_of_two_activities_is_undone_for_both(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a=TWO)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        put(exports, a=OF_BOTH)
        run(exports, archive)
        assert all(labels(archive))
        undo(2, archive, ENGINE)
        assert labels(archive) == [(), ()]


def test_killed_before_the_table_was_heard_it_is_heard_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    exports = put(tmp_path / "e", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        put(exports, a=HEAD + "10,20,backward\n")
        with monkeypatch.context() as patched:
            patched.setattr("retrorun.ingest.label_files.reprocess_locked", killed)
            with pytest.raises(KeyboardInterrupt):
                run(exports, archive)
        assert labels(archive) == [()]
        run(exports, archive)
        assert labels(archive) == [(FIRST,)]


def test_a_table_beside_a_file_on_a_bad_drive_is_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run wrote the same row of it, and was listed as an import."""
    exports = put(tmp_path / "e", a="run 1000 60")
    put(exports, a=HEAD + "10,20,backward\n")
    with Archive.open(tmp_path / "archive") as archive:
        for _ in range(3):
            planned = plan_import(exports, archive, settle_s=0)
            with monkeypatch.context() as patched:
                patched.setattr(storage.folder, "open", _refused, raising=False)
                run_import(planned, archive, ENGINE)
        assert len(archive.writes.imports()) == 1
        run(exports, archive)
        assert labels(archive) == [(FIRST,)]


def _refused(path: str, mode: str) -> IO[Any]:
    if path.endswith(".fit"):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    return open(path, mode)  # noqa: PTH123 - as it is called


def test_labels_carried_over_are_seen_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment is there a session in the archive without its labels."""
    exports = put(tmp_path / "e", a="run 1000 60")
    label = Label(5, 9, "backward", "command")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        archive.annotations.add_label(archive.sessions()[0].id, label)
        put(exports, a="run 1000 600")
        write = archive.writes.apply
        seen: list[tuple[float, tuple[Label, ...]]] = []

        def watched(number: int, change: Change, *follow: Callable[[], object]) -> None:
            write(number, change, *follow)
            seen.extend((each.duration_s, each.labels) for each in archive.sessions())

        monkeypatch.setattr(archive.writes, "apply", watched)
        run(exports, archive)
        assert seen == [(600, (label,))]  # the old one was never analysed again
        assert [each.duration_s for each in archive.sessions()] == [600]


TWO = "run 1000 60\nrun 90000 60\n"
OF_BOTH = "start,end,direction,activity\n1,2,backward,1\n30,40,forward,2\n"


def test_a_table_speaks_of_any_activity_of_its_file(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a=TWO)
    put(exports, a=OF_BOTH)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        second = Label(30, 40, "forward", "sidecar")
        assert labels(archive) == [(Label(1, 2, "backward", "sidecar"),), (second,)]
        put(exports, a="start,end,direction,activity\n30,40,forward,2\n")
        run(exports, archive)
        assert labels(archive) == [(), (second,)]
        put(exports, a=HEAD)
        run(exports, archive)
        assert labels(archive) == [(), ()]
        assert maintenance.check(archive) == []


def test_an_activity_that_is_not_there_is_named(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    put(exports, a=OF_BOTH)
    with Archive.open(tmp_path / "archive") as archive:
        (problem,) = run(exports, archive).problems
        assert problem.slug == "labels-alone"
        assert "no activity 2" in (problem.message or "")
        assert labels(archive) == [(Label(1, 2, "backward", "sidecar"),)]


def test_a_table_beside_a_session_that_cannot_be_read_blocks_no_other_file(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        (first,) = archive.sessions()
        archive.writes.apply(0, Change(documents={first.id: b"{"}))
        archive.originals.path(first.source.sha256).unlink()  # so that it is not made again
        put(exports, b="run 9000 60")
        (exports / "a.labels.csv").write_text(HEAD + "10,20,backward\n")
        report = run(exports, archive)
        damaged: list[str] = []
        (other,) = archive.sessions(lambda session_id, _: damaged.append(session_id))
        assert (damaged, other.start_time_s, report.imported) == ([first.id], 9000, 1)
        assert archive.annotations.labels(first.source.sha256) == {0: (FIRST,)}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-05-03T07:31:00Z", "2026-05-03 07:32:00+00:00", (1_777_793_460, "utc sidecar")),
        ("2026-05-03T09:31:00+02:00", "2026-05-03T07:32:00Z", (1_777_793_460, "utc sidecar")),
        ("2026-05-03 07:31:00", "2026-5-3 7:32", (1_777_793_460, "local sidecar")),
        ("2026-05-03 07:31:00", "07:32:00", (1_777_793_460, "local sidecar")),
        ("03.05.2026 07:31:00", "03.05.2026 07:32:00", (1_777_793_460, "local sidecar")),
        ("5/3/2026 7:31:00 AM", "5/3/2026 7:32:00 AM", (1_777_793_460, "local sidecar")),
        ("1777793460", "1777793520", (1_777_793_460, "utc sidecar")),
        ("9:01:40", "9:02:40", (32_500, "sidecar")),
        ("9:01:40 am", "9:02:40 a.m.", (32_500, "sidecar")),
        ("12:01:40 AM", "12:02:40 AM", (100, "sidecar")),
        ("9:01 PM", "9:02 PM", (75_660, "sidecar")),
    ],
)
def test_moments_in_a_table(start: str, end: str, expected: tuple[float, str]) -> None:
    found = label_table("a.labels.csv", f"{HEAD}{start},{end},backward\n".encode())
    start_s, origin = expected
    assert found == {0: (Label(start_s, start_s + 60, "backward", origin),)}


@pytest.mark.parametrize(
    "row", ["2026-05-03 07:31:00,62,backward", "2026-13-03 07:31,2026-13-03 07:32,backward"]
)
def test_moments_that_make_no_sense_are_refused(row: str) -> None:
    with pytest.raises(ReadError):
        label_table("a.labels.csv", f"{HEAD}{row}\n".encode())


PAGE_HEAD = "start,end,direction,by\n"


def standing(archive: Archive) -> list[tuple[float, float, str]]:
    (session,) = archive.sessions()
    labels = in_force(archive.annotations.labels(session.source.sha256).get(0, ()))
    return sorted((each.start_s, each.end_s, each.direction) for each in labels)


def test_answers_saved_by_a_page_overrule_what_was_labelled_before(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 600")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        session_id = archive.sessions()[0].id
        for answer in (LabelRange(300, 366, "backward"), LabelRange(400, 460, "backward")):
            answers.answer(archive, session_id, answer)
        # the page showed both; the first was moved there, the second was cleared
        rows = "303,366,backward,page\n400,460,clear,page\n"
        table = exports / "a.fit.labels.csv"
        table.write_text(PAGE_HEAD + rows)
        run(exports, archive)
        assert standing(archive) == [(303, 366, "backward")]
        assert archive.pending.exports() == []
        answers.undo(archive, session_id)  # all of the table is one step
        assert standing(archive) == [(300, 366, "backward"), (400, 460, "backward")]


def test_what_a_page_only_showed_does_not_undo_a_newer_answer(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 600")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        session_id = archive.sessions()[0].id
        answers.answer(archive, session_id, LabelRange(300, 366, "backward"))
        rows = "100,160,forward,page\n300,366,backward,earlier\n"
        answers.answer(archive, session_id, LabelRange(303, 366, "backward"))  # meanwhile
        (exports / "a.fit.labels.csv").write_text(PAGE_HEAD + rows)
        run(exports, archive)
        assert standing(archive) == [(100, 160, "forward"), (303, 366, "backward")]
        steps = archive.annotations.answers(session_id)
        (exports / "a.fit.labels (1).csv").write_text(PAGE_HEAD + rows)  # saved once more
        run(exports, archive)
        assert archive.annotations.answers(session_id) == steps


def test_a_page_s_table_beside_a_new_export_is_taken_whole(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 600")
    rows = "100,160,forward,page\n300,366,backward,earlier\n"
    (exports / "a.fit.labels.csv").write_text(PAGE_HEAD + rows)
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        assert standing(archive) == [(100, 160, "forward"), (300, 366, "backward")]


@pytest.mark.parametrize(
    "name", ["a.fit.labels.csv", "a.fit.labels (2).csv", "A.FIT.labels(3).csv"]
)
def test_a_table_may_lie_loose_in_the_folder(tmp_path: Path, name: str) -> None:
    exports = put(tmp_path / "e", b="run 9000 60")
    put(exports / "2026", a="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        (exports / name).write_text(HEAD + "10,20,backward\n")
        report = run(exports, archive)
        assert (labels(archive), report.problems) == ([(FIRST,), ()], ())
        assert plan_import(exports, archive, settle_s=0).idle


def test_a_loose_table_that_may_speak_of_two_exports_is_refused(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", b="run 9000 60")
    for folder, start in (("x", 1000), ("y", 5000)):
        put(exports / folder, a=f"run {start} 60")
    with Archive.open(tmp_path / "archive") as archive:
        (exports / "a.fit.labels.csv").write_text(HEAD + "10,20,backward\n")
        report = run(exports, archive)
        assert [row.slug for row in report.failed] == ["labels-alone"]
        assert labels(archive) == [(), (), ()]


def test_the_table_that_was_saved_last_wins(tmp_path: Path) -> None:
    exports = put(tmp_path / "e", a="run 1000 60")
    for number, end in enumerate(("", " (1)", " (10)")):
        table = exports / f"a.fit.labels{end}.csv"
        table.write_text(f"{HEAD}{number},20,backward\n")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        assert labels(archive) == [(Label(2, 20, "backward", "sidecar"),)]


@pytest.mark.parametrize("given", ["", "the file"])
@pytest.mark.parametrize("table", ["Z\u00fcrich.labels.csv", "Zu\u0308rich.FIT.Labels (2).CSV"])
@pytest.mark.parametrize("export", ["Zu\u0308rich.fit", "Z\u00dcRICH.FIT"])
def test_names_in_another_normal_form_or_case_belong_together(
    tmp_path: Path, export: str, table: str, given: str
) -> None:
    """macOS writes ``u`` and a mark where others write one letter."""
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / export).write_text("run 1000 60")
    (tmp_path / "e" / table).write_text(HEAD + "10,20,backward\n")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(tmp_path / "e" / (export if given else ""), archive)
        assert (report.imported, labels(archive)) == (1, [(FIRST,)])


def test_a_table_with_the_line_ends_of_old_spreadsheets_is_read() -> None:
    found = label_table("a", b"start,end,direction\r10,20,backward\r30,40,forward\r")
    assert [(one.start_s, one.end_s, one.direction) for one in found[0]] == [
        (10.0, 20.0, "backward"),
        (30.0, 40.0, "forward"),
    ]
