"""Two programs with one archive: what one stores while the other works is in the numbers after.

The other program is a second connection, which acts at a fixed moment of what the first one does.
"""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

import fake_pipeline
from retrorun import answers, compare, ingest, profile, publish
from retrorun.archive import Archive, database, maintenance
from retrorun.archive.annotations import Annotations
from retrorun.archive.database import Database
from retrorun.cli import annotate, options, process, reports
from retrorun.cli.terminal import Faults
from retrorun.engines import Process
from retrorun.errors import ArchiveError
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Blob, Failed, Label, Outcome, Remark
from retrorun.settings import Settings

ENGINE = Engine(Settings(), Athlete(), 1, fake_pipeline.process)
LABEL = Label(1, 9, "backward", "command")


def imported(archive: Archive, folder: Path, engine: Engine = ENGINE) -> ingest.Report:
    return run_import(plan_import(folder, archive, settle_s=0), archive, engine)


def exported(root: Path, text: str, name: str = "a.fit") -> Path:
    """A folder with an export that the stand-in for the pipeline reads."""
    folder = root / "exports"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    os.utime(folder / name, (1_700_000_000, 1_700_000_000 + sum(text.encode())))  # it rests
    return folder


class Interrupted:
    """The stand-in for the pipeline; while it analyses a file, something happens, once each."""

    def __init__(self, *happens: Callable[[], object], process: Process | None = None) -> None:
        self.happens = [*happens]
        self.process = process or fake_pipeline.process

    def __call__(self, blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
        if self.happens:
            self.happens.pop(0)()
        return self.process(blob, settings, athlete)


def engine_of(process: Process) -> Engine:
    return Engine(Settings(), Athlete(), 1, process)


def test_a_label_of_a_session_whose_place_a_longer_recording_takes(tmp_path: Path) -> None:
    """One comes while it is read, one while it is analysed again with the first."""
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        (session,) = archive.sessions()
        exported(tmp_path, "run 1000 90")
        says = [
            lambda label=label: other.annotations.add_label(session.id, label)
            for label in (LABEL, Label(20, 29, "backward", "command"))
        ]
        imported(archive, folder, engine_of(Interrupted(*says)))
        (longer,) = archive.sessions()
        assert longer.duration_s == 90
        assert [each.end_s for each in longer.labels] == [9, 29]
        assert archive.pending.exports() == []


def test_a_label_that_comes_while_a_file_fails_is_tried_later(tmp_path: Path) -> None:
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        (session,) = archive.sessions()

        def fails(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
            made = fake_pipeline.process(blob, settings, athlete)
            return Failed(made.source, "worker-memory", "its worker needed too much memory")

        says = Interrupted(lambda: other.annotations.add_label(session.id, LABEL), process=fails)
        ingest.reprocess([session.source.sha256], archive, engine_of(says))
        assert archive.pending.exports() == [session.source.sha256]
        imported(archive, folder)
        assert [each.end_s for each in archive.sessions()[0].labels] == [9]


HOME = '[{"latitude_deg": 46.05, "longitude_deg": 14.5, "radius_m": 200}]'


def test_two_changes_of_a_profile_both_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program states a mass and a privacy zone after this one has read the profile."""
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        says = [lambda: annotate.change_profile(other, ("mass_kg=61", f"privacy_zones={HOME}"))]
        change = profile.change

        def interrupted(athlete: Athlete, values: dict[str, Any]) -> Athlete:
            changed = change(athlete, values)
            while says:
                says.pop()()
            return changed

        monkeypatch.setattr(profile, "change", interrupted)
        annotate.change_profile(archive, ("birth_year=1980",))
        stored = archive.annotations.profile()
    assert (stored.birth_year, stored.mass_kg) == (1980, 61)
    assert [each.radius_m for each in stored.privacy_zones] == [200]


def test_the_first_profile_file_does_not_replace_what_another_program_has_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "profile.toml").write_text("mass_kg = 70\n")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        load = profile.load

        def interrupted(path: Path) -> Athlete:
            other.annotations.set_profile(Athlete(birth_year=1980))
            return load(path)

        monkeypatch.setattr(profile, "load", interrupted)
        assert options.load_athlete(tmp_path / "profile.toml", archive).mass_kg == 70
        assert archive.annotations.profile() == Athlete(birth_year=1980)


def test_a_convention_of_laps_is_stored_with_what_it_makes_due_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another program writes for longer than is waited for."""
    writing = Archive.writing
    monkeypatch.setattr(Archive, "writing", lambda self, _=0.0: writing(self, 0.0))
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        with other.writing(), pytest.raises(ArchiveError) as refused:
            annotate.change_profile(archive, ("laps=alternate",))
        assert refused.value.slug == "archive-busy"
        assert archive.annotations.profile() == Athlete()


def test_two_changes_of_a_note_both_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other program notes something about the session while this one does."""
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive:
        imported(archive, folder)
        (session,) = archive.known()
        remarks, others = Annotations.remarks, list[threading.Thread]()

        def say() -> None:
            with Archive.open(tmp_path / "kept") as other:
                annotate.change_note(other, session, 3, None, None)

        def interrupted(self: Annotations) -> dict[str, Remark]:
            found = remarks(self)
            if not others:
                others.append(threading.Thread(target=say))
                others[0].start()
                others[0].join(1.0)  # it ends in time only where nothing keeps it waiting
            return found

        monkeypatch.setattr(Annotations, "remarks", interrupted)
        annotate.change_note(archive, session, None, None, "windy")
        others[0].join()
        assert archive.annotations.remarks() == {session: Remark(pain=3, text="windy")}


def test_a_note_about_a_session_that_gives_way_meanwhile_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A longer recording takes the session's place between two steps of the note."""
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        (session,) = archive.known()
        find = Database.find_session

        def interrupted(self: Database, columns: str, name: str) -> tuple[Any, ...]:
            found = find(self, columns, name)
            if self is archive.database and not self.connection.in_transaction:
                exported(tmp_path, "run 1000 90")
                imported(other, folder)
            return found

        monkeypatch.setattr(Database, "find_session", interrupted)
        with suppress(ArchiveError):  # it says that there is no such session any more
            archive.annotations.set_remark(session, Remark(text="windy"))
        assert archive.annotations.remarks().keys() <= archive.known().keys()


@pytest.mark.parametrize("from_file", [False, True])
def test_an_import_that_waited_knows_the_zones_that_were_stored_meanwhile(
    tmp_path: Path, *, from_file: bool
) -> None:
    """Another program states them after this one has read the profile, and before it writes."""
    folder, seen = exported(tmp_path, "run 1000 60"), list[Athlete]()

    def sees(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
        seen.append(athlete)
        return fake_pipeline.process(blob, settings, athlete)

    stated = tmp_path / "profile.toml" if from_file else None
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        work = process.Work(archive, Settings(), Athlete(mass_kg=70), 1, stated)
        planned = plan_import(folder, archive, settle_s=0)
        annotate.change_profile(other, ("laps=alternate", f"privacy_zones={HOME}"))
        stored = archive.annotations.profile()
        run_import(
            planned, archive, msgspec.structs.replace(work.engine, process=sees, guarded=False)
        )
        assert work.page_options.athlete.privacy_zones == stored.privacy_zones
    (athlete,) = seen
    assert (athlete.privacy_zones, athlete.zone_secret) == (
        stored.privacy_zones,
        stored.zone_secret,
    )
    assert (athlete.laps, athlete.mass_kg) == ((None, 70) if from_file else ("alternate", None))


def pages_of(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.rglob("*.html")}


@pytest.mark.parametrize("moment", ["overview", "session"])
def test_pages_are_not_left_as_they_were_before_another_program_wrote_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Both write pages; this one has read the sessions before the other changed them."""
    site, how = tmp_path / "reports", publish.PublishOptions(Settings(), Athlete())
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        name = "compare" if moment == "overview" else "session_context"
        owner, made = (compare, publish)[moment != "overview"], list[str]()
        make = getattr(owner, name)

        def interrupted(*values: object) -> object:
            found = make(*values)
            if not made:
                made.append(name)
                imported(other, exported(tmp_path, "run 1000 90"))
                imported(other, exported(tmp_path, "run 5000 60", "b.fit"))
                publish.publish_pending(other, site, how)
            return found

        monkeypatch.setattr(owner, name, interrupted)
        publish.publish_pending(archive, site, how)
        assert archive.pending.pages() == []
        publish.publish(archive, tmp_path / "fresh", how, ())
    assert pages_of(site) == pages_of(tmp_path / "fresh")


def test_what_another_program_writes_after_this_one_has_learnt_is_learnt_from(
    tmp_path: Path,
) -> None:
    """An answer came between the learning and the pages: they were written, and nothing was due."""
    site, how = tmp_path / "reports", publish.PublishOptions(Settings(), Athlete())
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, exported(tmp_path, "run 1000 60"))
        ingest.bring_up_to_date(archive, ENGINE)
        (session,) = archive.known()
        answers.answer(other, session, answers.LabelRange(10.0, 50.0, "backward"))
        ingest.reprocess(other.hashes([session]), other, ENGINE)
        publish.publish_pending(archive, site, how)
        assert archive.pending.pages() == [session]
        ingest.bring_up_to_date(archive, ENGINE)
        publish.publish_pending(archive, site, how)
        assert archive.pending.is_empty()


def test_pages_that_were_made_before_another_program_wrote_stay_due(tmp_path: Path) -> None:
    """The program ends before it has made them again."""
    site, how = tmp_path / "reports", publish.PublishOptions(Settings(), Athlete())
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        (session,) = archive.known()
        state = archive.database.state()
        publish.publish_pending(other, site, how)
        assert not archive.pending.settle_pages([session], state)
        assert archive.pending.pages() == [session]


def test_an_import_that_was_taken_back_meanwhile_is_not_brought_back(tmp_path: Path) -> None:
    """A session was named to be analysed again before another program took its import back."""
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        named = archive.hashes(list(archive.known()))
        ingest.undo(1, other, ENGINE)
        assert ingest.reprocess(named, archive, ENGINE).sessions == ()
        assert archive.known() == {}
        assert maintenance.check(archive) == []


def test_two_exports_of_one_name_are_each_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program writes the file when this one is about to give its own the name."""
    path, said = tmp_path / "sessions.csv", list[str]()
    replace_ = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if not said:
            said.append("once")
            reports._put(path, b"the other's")
        return replace_(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    reports._put(path, b"its own")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"its own"]


def test_a_file_that_can_be_read_only_after_it_was_listed_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drive that was away for a moment: nothing is known of the file's bytes when it is read."""
    folder = exported(tmp_path, "run 1000 60")
    with Archive.open(tmp_path / "kept") as archive:
        with monkeypatch.context() as patch:
            patch.setattr("retrorun.ingest.plan._hash", lambda *_: "")
            planned = plan_import(folder, archive, settle_s=0)
        report = run_import(planned, archive, ENGINE)
        assert (report.waiting, report.problems) == ((str(folder / "a.fit"),), ())
        assert archive.files() == []
        assert imported(archive, folder).imported == 1
        assert [row.outcome for row in archive.files()] == ["imported"]
        assert maintenance.check(archive) == []


def test_a_backup_holds_the_tracks_that_another_program_writes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A longer recording takes a session's place after the database was copied."""
    folder, copy_to = exported(tmp_path, "run 1000 60"), database.copy_to
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)

        def interrupted(connection: sqlite3.Connection, copy: Path) -> None:
            copy_to(connection, copy)
            imported(other, exported(tmp_path, "run 1000 90"))

        monkeypatch.setattr(database, "copy_to", interrupted)
        bundle = maintenance.backup(archive, tmp_path / "kept.zip")
    maintenance.restore(bundle, tmp_path / "again")
    with Archive.open(tmp_path / "again") as again:
        assert [again.track(each).seconds for each in again.known()] == [90]
        assert maintenance.check(again) == []


def test_a_report_that_another_program_wrote_into_leaves_its_pages_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``report`` settles nothing; what it made of older sessions is made again by the next run."""
    folder, make = exported(tmp_path, "run 1000 60"), compare.compare
    with Archive.open(tmp_path / "kept") as archive, Archive.open(tmp_path / "kept") as other:
        imported(archive, folder)
        work = process.Work(archive, Settings(), Athlete(), 1)
        publish.publish_pending(archive, tmp_path / "reports", work.page_options)
        (session,) = archive.known()

        def interrupted(*values: object) -> object:
            monkeypatch.undo()
            imported(other, exported(tmp_path, "run 5000 60", "b.fit"))
            publish.publish_pending(other, tmp_path / "reports", work.page_options)
            return make(*values)  # type: ignore[arg-type]

        monkeypatch.setattr(compare, "compare", interrupted)
        reports.write_pages(work, tmp_path / "reports", (), Faults())
        assert session in archive.pending.pages()


HOLD = """
import sys
from pathlib import Path
from retrorun.archive import Archive
with Archive.open(Path(sys.argv[1])) as archive, archive.writing():
    print("held", flush=True)
    sys.stdin.readline()
"""


def refused_as_busy(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="using it"), archive.writing(0.0):
        pass


def refused_as_damaged(archive: Archive) -> None:
    with (
        pytest.raises(ArchiveError, match="damaged"),
        database.translate_errors(archive.folder),
    ):
        raise sqlite3.DatabaseError("database disk image is malformed")


def checked(archive: Archive) -> None:
    assert list(maintenance.check(archive)) == []


@pytest.mark.parametrize("asked", [refused_as_busy, refused_as_damaged, checked])
def test_what_is_written_after_the_system_was_asked_is_seen_by_the_next_program(
    tmp_path: Path, asked: Callable[[Archive], None]
) -> None:
    """It was asked about the database's file, and to close that dropped SQLite's locks.

    The other program then took itself for the last one, and removed the log.
    """
    command = [sys.executable, "-c", HOLD, str(tmp_path / "kept")]
    with Archive.open(tmp_path / "kept") as archive:
        with subprocess.Popen(  # noqa: S603 - ourselves
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"held\n"
            asked(archive)
            other.communicate(b"\n")
        with archive.database.transaction():
            archive.pending.add_pages(["written"])
        with Archive.open(tmp_path / "kept") as later:
            assert later.pending.pages() == ["written"]
