"""Tables of labels within an archive: kept as loose ones are."""

import zipfile
from pathlib import Path

import pytest

import fake_pipeline
from retrorun.archive import Archive, maintenance
from retrorun.ingest import Engine, Report, plan_import, run_import, undo
from retrorun.model import Athlete, Blob, Label, Outcome
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1, fake_pipeline.process)
HEAD = "start,end,direction\n"
SAID = HEAD + "10,20,backward\n"
FIRST = Label(10, 20, "backward", "sidecar")
TWO = "run 1000 60\nrun 90000 60\n"
OF_BOTH = "start,end,direction,activity\n1,2,backward,1\n30,40,forward,2\n"


def run(folder: Path, archive: Archive, engine: Engine = ENGINE) -> Report:
    return run_import(plan_import(folder, archive, settle_s=0), archive, engine)


def labels(archive: Archive) -> list[tuple[Label, ...]]:
    return [session.labels for session in archive.sessions()]


def outcomes(archive: Archive) -> dict[str, tuple[str, str | None]]:
    """What became of tables, by their names."""
    rows = [row for row in archive.files() if row.path.endswith(".labels.csv")]
    return {Path(row.path).name: (row.outcome, row.message) for row in rows}


def packed(folder: Path, **content: str) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "all.zip", "w") as made:
        for name, text in content.items():
            made.writestr(f"in/{name.replace('_', '.')}", text)


def test_tables_within_an_archive_are_heard(tmp_path: Path) -> None:
    """They may stand behind their exports, and change with the next archive."""
    exports = tmp_path / "e"
    packed(
        exports,
        a_fit=TWO,
        b_fit="run 500000 60",
        a_labels_csv=OF_BOTH,
        b_fit_labels_csv=HEAD + "10,20,backward\n",
        c_labels_csv=HEAD,
        d_labels_csv="words",
    )
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert labels(archive) == [
            (Label(1, 2, "backward", "sidecar"),),
            (Label(30, 40, "forward", "sidecar"),),
            (FIRST,),
        ]
        reasons = {Path(row.path).name: row.slug for row in report.problems}
        assert reasons == {"c.labels.csv": "labels-alone", "d.labels.csv": "labels-broken"}
        assert plan_import(exports, archive, settle_s=0).idle
        packed(exports, a_fit=TWO, b_fit="run 500000 60", b_labels_csv=HEAD + "1,2,forward\n")
        report = run(exports, archive)
        assert labels(archive)[2] == (Label(1, 2, "forward", "sidecar"),)
        assert (len(report.sessions), len(archive.sessions())) == (1, 3)
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []
        undo(2, archive, ENGINE)
        assert maintenance.check(archive) == []


class Cut(BaseException):
    """Ends a run wherever it is."""


def test_names_in_another_normal_form_belong_together(tmp_path: Path) -> None:
    names = {"Zu\u0308rich_fit": "run 1000 60", "Z\u00fcrich_labels_csv": HEAD + "10,20,backward\n"}
    packed(tmp_path / "e", **names)
    with Archive.open(tmp_path / "archive") as archive:
        run(tmp_path / "e", archive)
        assert labels(archive) == [(FIRST,)]


def test_cut_off_while_it_is_heard_a_table_is_heard_by_the_next_run(tmp_path: Path) -> None:
    def cut(*_: object) -> Outcome:
        raise Cut

    exports = tmp_path / "e"
    packed(exports, a_fit="run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        run(exports, archive)
        packed(exports, a_labels_csv=SAID, a_fit="run 1000 60")
        with pytest.raises(Cut):
            run(exports, archive, Engine(Settings(), Athlete(), 1, cut))
        assert labels(archive) == [()]
        assert len(archive.pending.exports()) == 1
        run(exports, archive)
        assert labels(archive) == [(FIRST,)]
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []


def test_a_known_export_is_analysed_once_for_a_new_table(tmp_path: Path) -> None:
    exports, seen = tmp_path / "e", []

    def process(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
        seen.append(blob.labels)
        return fake_pipeline.process(blob, settings, athlete)

    engine = Engine(Settings(), Athlete(), 1, process)
    packed(exports, a_fit="run 1000 60", b_fit="run 9000 60", b_labels_csv=SAID)
    with Archive.open(tmp_path / "archive") as archive:
        assert run(exports, archive, engine).imported == 2  # a table is no export
        packed(exports, a_labels_csv=SAID, a_fit="run 1000 60", b_fit="run 9000 60")
        report = run(exports, archive, engine)
        assert (report.imported, report.unchanged) == (0, 2)
        assert seen == [{}, {0: (FIRST,)}, {0: (FIRST,)}]
        packed(exports, a_labels_csv=SAID, a_fit="run 1000 60")
        run(exports, archive, engine)
        assert len(seen) == 3  # nothing changed
        undo(2, archive, engine)
        assert labels(archive) == [(), (FIRST,)]
        packed(exports, a_labels_csv=SAID, a_fit="run 1000 60", c_fit="run 30000 60")
        assert run(exports, archive, engine).problems == ()
        assert labels(archive) == [(), (FIRST,), ()]  # taken back is taken back


def test_a_table_beside_a_copy_holds_for_the_export_that_stands(tmp_path: Path) -> None:
    exports = tmp_path / "e"
    packed(exports, b_fit="run 1001 60", b_labels_csv=SAID)
    (exports / "a.fit").write_text("run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        assert run(exports, archive).problems == ()
        ((label,),) = labels(archive)
        assert (label.start_s, label.end_s, label.direction) == (10, 20, "backward")
        assert plan_import(exports, archive, settle_s=0).idle


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"b_fit": "rubbish"}, "b.fit has no session of its own (failed)"),
        ({"b_fit": "none"}, "b.fit has no session of its own (not-a-run)"),
        ({"c_fit": "run 9000 60"}, "there is no export of this name beside it"),
    ],
)
def test_a_table_whose_export_has_no_session_is_named(
    tmp_path: Path, content: dict[str, str], words: str
) -> None:
    exports = tmp_path / "e"
    packed(exports, **content, b_labels_csv=SAID)
    (exports / "a.fit").write_text("run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        report = run(exports, archive)
        assert [row.slug for row in report.problems][-1] == "labels-alone"
        assert outcomes(archive) == {"b.labels.csv": ("failed", words)}
        assert not any(labels(archive))
        assert plan_import(exports, archive, settle_s=0).idle


def test_an_activity_that_is_not_there_is_named(tmp_path: Path) -> None:
    exports = tmp_path / "e"
    packed(exports, a_fit="run 1000 60", a_labels_csv=OF_BOTH)
    with Archive.open(tmp_path / "archive") as archive:
        (problem,) = run(exports, archive).problems
        assert problem.slug == "labels-alone"
        assert problem.message == "there is no activity 2 on foot in a.fit"
        assert labels(archive) == [(Label(1, 2, "backward", "sidecar"),)]


def test_of_two_tables_beside_one_export_one_is_used_and_named(tmp_path: Path) -> None:
    exports = tmp_path / "e"
    loose = tmp_path / "loose"
    content = {"a_fit": "run 1000 60", "a_fit_labels_csv": HEAD + "1,2,forward\n"}
    packed(exports, **content, a_labels_csv=SAID)
    loose.mkdir()
    for name, text in (content | {"a_labels_csv": SAID}).items():
        (loose / name.replace("_", ".")).write_text(text)
    with Archive.open(tmp_path / "other") as archive:
        run(loose, archive)
        assert labels(archive) == [(FIRST,)]  # of loose ones the same is used
    with Archive.open(tmp_path / "archive") as archive:
        assert run(exports, archive).problems == ()
        assert labels(archive) == [(FIRST,)]
        assert outcomes(archive) == {
            "a.fit.labels.csv": ("imported", "a.labels.csv is used instead"),
            "a.labels.csv": ("imported", None),
        }


def test_a_table_beside_a_copy_speaks_of_the_same_bytes(tmp_path: Path) -> None:
    """As a loose one does: the next bulk export may bring the table along."""
    exports = tmp_path / "e"
    packed(exports, a_fit="run 1000 60", a_labels_csv=SAID)
    (exports / "a.fit").write_text("run 1000 60")
    with Archive.open(tmp_path / "archive") as archive:
        assert run(exports, archive).problems == ()
        assert labels(archive) == [(FIRST,)]
        assert plan_import(exports, archive, settle_s=0).idle
        assert maintenance.check(archive) == []
