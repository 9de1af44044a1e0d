"""The commands as a user types them, on the simulator's own recordings."""

import datetime as dt
import errno
import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import lxml.html
import pytest
from click.testing import CliRunner, Result

import retrorun
from retrorun import engines, ingest, publish, storage
from retrorun import watch as watching
from retrorun.archive import Archive
from retrorun.cli import main, watch
from retrorun.cli.reports import Period
from retrorun.errors import ENDING_SIGNALS, ReadError
from retrorun.model import Label
from retrorun.settings import Settings

pytestmark = pytest.mark.usefixtures("analysed_here")
SCHEMA = json.loads(
    (Path(retrorun.__file__).parent / "contract.schema.json").read_text(encoding="utf-8")
)
WORKOUT = "2026-05-12-workout.fit"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def archived(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with three of the samples."""
    folder = tmp_path_factory.mktemp("exports")
    for name in (WORKOUT, "2026-05-31-easy.fit", "2026-06-09-connect-iq-degrees.fit"):
        shutil.copy(samples / name, folder)
    archive = folder.parent / "archive"
    done = run("process", folder, "--archive", archive, "--no-pages", "--jobs", "1")
    assert done.exit_code == 0, done.output
    return archive


def documents(result: Result) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in result.stdout.splitlines()]
    for document in found:
        jsonschema.validate(document, SCHEMA)
    return found


def test_analyze_prints_one_document_a_file_in_order(samples: Path) -> None:
    names = ["2026-05-31-easy.fit", WORKOUT]
    result = run("analyze", "--json", *(samples / name for name in names))
    assert result.exit_code == 0
    assert [document["source"]["name"] for document in documents(result)] == names


def gross_kcal(result: Result) -> list[float]:
    """Of each segment that has kilocalories; without a body mass there are none."""
    (document,) = documents(result)
    energies = [each["energy_kcal"] for each in document["sessions"][0]["segments"]]
    return [each["gross"] for each in energies if each is not None]


def test_analyze_uses_the_stored_profile_and_names_it(
    archived: Path, samples: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(archived, archive)
    assert run("profile", "mass_kg=70", "--archive", archive).exit_code == 0
    words = ("analyze", "--json", samples / WORKOUT, "--archive", archive)
    stored = run(*words)
    assert "--no-profile" in stored.stderr
    assert str(archive) in stored.stderr
    assert gross_kcal(stored)
    without = run(*words, "--no-profile")
    assert "--no-profile" not in without.stderr
    assert gross_kcal(without) == []
    (tmp_path / "heavy.toml").write_text("mass_kg = 140\n", encoding="utf-8")
    other = run(*words, "--profile", tmp_path / "heavy.toml")
    assert "--no-profile" not in other.stderr
    assert sum(gross_kcal(other)) == pytest.approx(2 * sum(gross_kcal(stored)), rel=0.02)


def test_explain_names_the_stored_profile(archived: Path, samples: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(archived, archive)
    run("profile", "mass_kg=70", "--archive", archive)
    done = run("explain", samples / WORKOUT, "--archive", archive)
    assert done.exit_code == 0
    assert str(archive) in done.stderr


def test_a_bad_file_is_a_document_too_and_the_rest_goes_on(samples: Path, tmp_path: Path) -> None:
    bad = tmp_path / "empty.fit"
    bad.write_bytes(b"")
    result = run("analyze", "--json", bad, samples / WORKOUT)
    assert result.exit_code == 1
    first, second = documents(result)
    assert first["error"]["slug"]
    assert second["sessions"]


def test_analyze_for_people_shows_segments(samples: Path) -> None:
    result = run("analyze", samples / WORKOUT, "--profile", samples / "profile.toml")
    assert "backward run" in result.stdout
    assert "labelled" in result.stdout


def test_explain_says_what_a_heading_was_taken_for(samples: Path) -> None:
    result = run("explain", samples / "2026-06-04-gpslogger.gpx")
    assert result.exit_code == 0
    assert "judged a course" in result.stdout


@pytest.mark.parametrize("number", [999, 0, -1, 2**63, -(2**70)])
def test_a_number_of_no_import_is_told_whatever_its_size(archived: Path, number: int) -> None:
    result = run("undo", "--archive", archived, "--", str(number))
    assert (result.exit_code, result.stderr) == (2, f"Error: there is no import {number}\n")


def test_a_missing_file_is_a_usage_error() -> None:
    assert run("analyze", "nowhere.fit").exit_code == 2


def test_an_impossible_profile_is_a_usage_error(samples: Path, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text("mass_kg = 0", encoding="utf-8")
    result = run("analyze", samples / WORKOUT, "--profile", profile)
    assert result.exit_code == 2
    assert "mass_kg" in result.stderr
    assert "Traceback" not in result.output


def test_what_may_be_backward_is_counted_once_with_the_command_that_asks(
    samples: Path, tmp_path: Path
) -> None:
    """A watch's session of five stretches, of which none is certain: see its truth."""
    folder, archive = tmp_path / "exports", tmp_path / "archive"
    folder.mkdir()
    shutil.copy(samples / "2026-05-21-watch.tcx", folder)
    words = ("process", folder, "--archive", archive, "--no-pages", "--jobs", "1")
    asks = f"maybe backward: 5; `retrorun open --archive {archive}` asks about each"
    assert asks in run(*words).stderr
    assert "maybe backward" not in run(*words).stderr


def test_a_second_run_imports_nothing(samples: Path, tmp_path: Path) -> None:
    folder, archive = tmp_path / "exports", tmp_path / "archive"
    folder.mkdir()
    shutil.copy(samples / WORKOUT, folder)
    words = ("process", folder, "--archive", archive, "--no-pages", "--jobs", "1")
    before = (folder / WORKOUT).stat()
    assert "1 imported" in run(*words).stderr
    assert "1 unchanged" in run(*words).stderr
    after = (folder / WORKOUT).stat()
    assert (before.st_mtime_ns, before.st_size) == (after.st_mtime_ns, after.st_size)


def test_a_dry_run_says_and_does_nothing(samples: Path, tmp_path: Path) -> None:
    shutil.copy(samples / WORKOUT, tmp_path)
    words = ("process", tmp_path, "--archive", tmp_path / "a", "--dry-run")
    assert f"import     {tmp_path / WORKOUT}" in run(*words).stdout
    assert "import     " in run(*words).stdout
    assert [each.name for each in tmp_path.iterdir()] == [WORKOUT]


def test_sessions_are_listed(archived: Path) -> None:
    listed = run("sessions", "--archive", archived, "--json").stdout.splitlines()
    assert len(listed) == 3
    assert WORKOUT in run("sessions", "--archive", archived).stdout


def test_compare_gives_numbers_or_reasons_and_never_nan(archived: Path) -> None:
    result = run("compare", "--archive", archived, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout, parse_constant=pytest.fail)
    assert found["comparison"]["sessions"] == 3
    later = run("compare", "--archive", archived, "--json", "--since", "2026-06-01")
    assert json.loads(later.stdout)["comparison"]["sessions"] == 1


def test_the_profile_is_kept_and_checked(tmp_path: Path) -> None:
    words = ("profile", "--archive", tmp_path)
    assert run(*words, "mass_kg=70", "mass_kg@2026-05-03=69", "sex=female").exit_code == 0
    assert run(*words, "mass_kg=7").exit_code == 2
    assert run(*words, "mass_kg").exit_code == 2
    kept = json.loads(run(*words, "--json").stdout)
    assert (kept["mass_kg"], kept["sex"]) == (70.0, "female")
    assert kept["masses"] == [{"since": "2026-05-03", "mass_kg": 69.0}]
    assert run(*words, "sex=", "mass_kg@2026-05-03=").exit_code == 0
    kept = json.loads(run(*words, "--json").stdout)
    assert (kept["sex"], kept["masses"]) == (None, [])


def test_no_archive_is_said_in_one_line(tmp_path: Path) -> None:
    result = run("sessions", "--archive", tmp_path / "none")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert len(result.stderr.splitlines()) == 1


def test_tables_and_tracks_are_exported_with_units_in_their_columns(
    archived: Path, tmp_path: Path
) -> None:
    words = ("export", "--archive", archived, "--out", tmp_path)
    assert run(*words).exit_code == 0
    header, *rows = (tmp_path / "segments.csv").read_text(encoding="utf-8").splitlines()
    assert {"start_s", "distance_m", "speed_mps", "cadence_spm"} <= set(header.split(","))
    shown = run("sessions", "--archive", archived, "--json").stdout.splitlines()
    assert len(rows) == sum(len(json.loads(line)["segments"]) for line in shown)
    assert run(*words, "--format", "gpx").exit_code == 0
    assert len(list((tmp_path / "tracks").glob("*.gpx"))) == 3
    assert run(*words, "--format", "gpx", "--what", "segments").exit_code == 2


def test_the_same_tables_come_from_python(archived: Path) -> None:
    frames = retrorun.load(archived)
    assert len(frames.sessions) == 3
    assert set(frames.segments["session"]) == set(frames.sessions["session"])


def test_a_label_wins_survives_and_is_taken_back(
    samples: Path, archived: Path, tmp_path: Path
) -> None:
    listed = run("sessions", "--archive", archived, "--json").stdout.splitlines()
    easy = next(
        each["id"]
        for each in map(json.loads, listed)
        if each["start_time"].startswith("2026-05-31")
    )
    places = ("--archive", archived, "--reports", tmp_path)
    profile = ("--profile", samples / "profile.toml")
    said = run("label", easy, "2:00", "3:00", "backward", *places, *profile)
    assert said.exit_code == 0, said.output
    assert "1:00 backward" in said.stdout
    assert "backward run" in said.stdout
    assert (tmp_path / "sessions" / f"{easy}.html").exists()
    assert run("reprocess", easy, *places, *profile).exit_code == 0
    assert "2:00–3:00  backward  (command)" in run("label", easy[:6], "--archive", archived).stdout
    assert easy in run("label", "--archive", archived).stdout
    assert "0:00 backward" in run("label", easy, "0", "end", "clear", *places).stdout
    assert run("label", easy, "3:00", "2:00", "backward", *places).exit_code == 2
    assert run("label", "ffffffffffff", "1", "2", "backward", *places).exit_code == 2


def first_session(archive: Path) -> str:
    listed = run("sessions", "--archive", archive, "--json").stdout.splitlines()
    return str(json.loads(listed[0])["id"])


def test_notes_are_kept_added_to_and_taken_back(archived: Path) -> None:
    session, place = first_session(archived), ("--archive", archived)
    assert run("note", session, "left knee <b>", "--pain", "3", *place).exit_code == 0
    assert run("note", session, "--rpe", "6", *place).exit_code == 0
    assert run("note", *place).stdout.split() == [
        *(session, "pain", "3", "effort", "6", "left", "knee", "<b>"),
    ]
    assert run("note", session, "--pain", "11", *place).exit_code == 2
    assert run("note", session, "--clear", *place).exit_code == 0
    assert run("note", *place).stdout == ""


def test_an_emptied_note_is_no_note(archived: Path) -> None:
    session, place = first_session(archived), ("--archive", archived)
    assert run("note", session, "sore", *place).exit_code == 0
    assert run("note", session, "", *place).exit_code == 0
    listed = run("note", *place)
    assert listed.stdout == ""
    assert "no session has a note" in listed.stderr


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["note", "--clear"], "name the SESSION"),
        (["note", "--pain", "3"], "name the SESSION"),
        (["note", "SESSION", "--clear", "--pain", "3"], "give it alone"),
        (["note", "SESSION", "sore", "--clear"], "give it alone"),
        (["undo", "1", "--separate", "run.fit"], "not both"),
        (["reprocess", "--all", "SESSION"], "name no SESSION"),
        (["report", "SESSION", "--since", "2026-05-01"], "name no SESSION"),
        (["report", "SESSION", "--title", "May"], "name no SESSION"),
        (["report", "--since", "2026-06-01", "--until", "2026-05-31"], "before --since"),
        (["report", "--until", "2026-05-31", "--since", "2026-06-01"], "before --since"),
        (["compare", "--since", "2026-06-01", "--until", "2026-05-31"], "before --since"),
        (["cohort", "compare", "x", "--since", "2026-06-01", "--until", "2026-05-31"], "before"),
        (["watch", "FOLDER", "--every", "0"], "at least 1 second"),
        (["watch", "FOLDER", "--every", "nan"], "at least 1 second"),
        (["watch", "FOLDER", "--service", "systemd", "--every", "-5"], "at least 1 second"),
        (["watch", "FOLDER", "--service", "systemd", "--once"], "--once"),
    ],
)
def test_words_of_which_some_would_be_passed_over_are_refused(
    archived: Path, tmp_path: Path, words: list[str], reason: str
) -> None:
    """What was typed is done or refused, whole; nothing of it is dropped in silence."""
    archive = tmp_path / "archive"
    shutil.copytree(archived, archive)
    places = {"SESSION": first_session(archive), "FOLDER": str(tmp_path)}
    place = () if words[0] == "cohort" else ("--archive", archive)
    done = run(*(places.get(each, each) for each in words), *place)
    assert done.exit_code == 2
    assert reason in done.stderr
    assert run("note", "--archive", archive).stdout == ""
    assert len(run("sessions", "--json", "--archive", archive).stdout.splitlines()) == 3


def test_a_period_of_one_day_is_a_period(archived: Path, tmp_path: Path) -> None:
    day = "2026-05-31"
    words = ("--archive", archived, "--reports", tmp_path)
    assert run("report", "--since", day, "--until", day, *words).exit_code == 0


def test_a_period_is_one_page_with_notes_on_top(archived: Path, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("Week three after <surgery>", encoding="utf-8")
    words = ("--archive", archived, "--reports", tmp_path, "--title", "Knee", "--note", note)
    done = run("report", "--since", "2026-05-01", "--until", "2026-05-31", *words)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "period-2026-05-01-to-2026-05-31.html").read_text(encoding="utf-8")
    assert done.stdout.strip().endswith("period-2026-05-01-to-2026-05-31.html")
    first, last = dt.date(2026, 5, 1), dt.date(2026, 5, 31)
    ends = ((first, None), (None, last), (None, None))
    assert [Period(*each).file() for each in ends] == [
        "period-from-2026-05-01.html",
        "period-to-2026-05-31.html",
        "period.html",
    ]
    assert "Week three after &lt;surgery&gt;" in page
    assert run("report", "--since", "2026-05-01", "--redact", *words).exit_code == 2
    assert "2 of 3" not in page


def test_a_redacted_page_works_alone_and_names_nobody(archived: Path, tmp_path: Path) -> None:
    session = first_session(archived)
    words = ("report", session, "--archive", archived, "--reports", tmp_path, "--redact")
    page = Path(run(*words).stdout.strip())
    text = page.read_text(encoding="utf-8")
    assert session not in text
    assert session not in page.name
    assert "Denver" not in text
    assert "2026-05-12" not in text
    assert WORKOUT not in text
    elements = lxml.html.fromstring(text).iter("script", "link", "img")
    loaded = [str(each.get("src") or each.get("href") or "data:") for each in elements]
    assert [each for each in loaded if not each.startswith("data:")] == []


def test_pages_are_written_anew(archived: Path, tmp_path: Path) -> None:
    done = run("report", "--archive", archived, "--reports", tmp_path)
    assert done.exit_code == 0, done.output
    assert len(list((tmp_path / "sessions").glob("*.html"))) == 3


def test_a_reports_folder_that_cannot_be_written_costs_no_import(
    samples: Path, tmp_path: Path
) -> None:
    folder, blocked = tmp_path / "exports", tmp_path / "file"
    folder.mkdir()
    shutil.copy(samples / WORKOUT, folder)
    blocked.write_bytes(b"in the way")
    archive = ("--archive", tmp_path / "archive")
    failed = run("process", folder, *archive, "--reports", blocked / "reports", "--jobs", "1")
    assert failed.exit_code == 1
    assert "pages cannot be written" in failed.stderr
    assert len(run("sessions", *archive, "--json").stdout.splitlines()) == 1
    again = run("process", folder, *archive, "--reports", tmp_path / "reports", "--jobs", "1")
    assert again.exit_code == 0
    assert len(list((tmp_path / "reports" / "sessions").iterdir())) == 1


@pytest.mark.parametrize("command", ["process", "process --dry-run", "watch --once"])
def test_a_folder_that_cannot_be_listed_is_named_and_exit_1(
    samples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Each time, also when there is nothing new; what can be read is imported."""
    (tmp_path / "exports" / "closed").mkdir(parents=True)
    shutil.copy(samples / "2026-05-31-easy.fit", tmp_path / "exports")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):  # root may read everything, so the system is acted
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    name, *options = command.split()
    places = ("--archive", tmp_path / "archive", "--reports", tmp_path / "reports", "--jobs", "1")
    for _ in range(2):
        done = run(name, tmp_path / "exports", *places, *options)
        assert done.exit_code == 1
        assert "closed" in done.stderr
        assert "is not read: Permission denied" in done.stderr
    imported = (tmp_path / "reports" / "index.html").exists()
    assert imported == (command != "process --dry-run")


def test_a_watch_reports_once_what_it_cannot_list_and_keeps_its_rhythm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three looks, then the folder can be listed; the pauses are those that were asked for."""
    exports = tmp_path / "exports"
    (exports / "closed").mkdir(parents=True)
    scandir = os.scandir
    pauses: list[float] = []

    def refuse(path: str) -> object:
        if str(path).endswith("closed") and len(pauses) < 3:
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    def pause(waiter: watching._Waiter, pause_s: float) -> None:
        pauses.append(pause_s)
        if len(pauses) == 4:
            waiter.stop.set()

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(watching._Waiter, "wait", pause)
    paths = watch.WatchPaths(exports, tmp_path / "archive", tmp_path / "reports", None)
    watch.follow_folder(paths, Settings(), 1, watching.Rhythm(every_s=300.0))
    assert pauses == [300.0] * 4
    printed = capsys.readouterr().err
    assert printed.count("closed: ") == 1
    assert printed.count("Permission denied") == 1
    assert printed.count(watching.RECOVERED) == 1


class Looks:
    """A watch without pauses: a clock that goes on with each look, and what happens before some."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.paths = watch.WatchPaths(
            tmp_path / "exports", tmp_path / "archive", tmp_path / "reports", None
        )
        self.paths.folder.mkdir()
        self.now_s, self.bad, self.tries = 0.0, "bad.fit", 0
        clock = SimpleNamespace(monotonic=lambda: self.now_s)
        monkeypatch.setattr(watch, "time", clock)
        monkeypatch.setattr(storage.folder, "open", self._opened, raising=False)
        run_import = ingest.run_import

        def counted(*words: Any) -> ingest.Report:  # noqa: ANN401 - as there
            self.tries += 1
            return run_import(*words)

        monkeypatch.setattr(ingest, "run_import", counted)
        self._patch = monkeypatch

    def _opened(self, path: str, mode: str = "r") -> object:
        if self.bad and self.bad in str(path):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open(path, mode)  # noqa: PTH123 - as it is called

    def put(self, sample: Path, name: str) -> None:
        target = self.paths.folder / name
        shutil.copy(sample, target)
        os.utime(target, (1.7e9, 1.7e9))  # it grows no more

    def follow(self, *each_s: float, before: Mapping[int, Callable[[], object]] = {}) -> None:
        """One look after each pause of so many seconds; some things happen before some looks."""
        left = list(each_s)

        def wait(waiter: watching._Waiter, _pause_s: float) -> None:
            if not left:
                waiter.stop.set()
                return
            self.now_s += left.pop(0)
            before.get(len(each_s) - len(left), lambda: None)()

        self._patch.setattr(watching._Waiter, "wait", wait)
        watch.follow_folder(self.paths, Settings(), 1, watching.Rhythm())


def test_a_file_that_stays_bad_is_told_once_and_seldom_tried(
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It was tried, told, and counted as an import, once a minute."""
    looks = Looks(tmp_path, monkeypatch)
    looks.put(samples / WORKOUT, "bad.fit")

    def mend() -> None:
        looks.bad = ""

    looks.follow(60, 60, 60, 60, 70, 60, before={6: mend})
    assert looks.tries == 2  # at 0 and 310 s
    told = capsys.readouterr().err
    assert told.count("Input/output error") == 1
    assert told.count("could not be read") == 1
    assert told.count("pages: ") == 1
    assert watching.RECOVERED not in told
    with Archive.open(looks.paths.archive) as archive:
        assert archive.writes.imports() == []


def test_a_file_that_can_be_read_again_is_told_and_what_is_new_does_not_wait(
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = Looks(tmp_path, monkeypatch)
    looks.put(samples / WORKOUT, "bad.fit")

    def drop() -> None:
        looks.put(samples / "2026-05-31-easy.fit", "good.fit")

    def mend() -> None:
        looks.bad = ""

    looks.follow(60, 60, 60, 301, 60, before={2: drop, 4: mend})
    assert looks.tries == 3  # at first, when another came, and when minutes had passed
    told = capsys.readouterr().err
    assert told.count("Input/output error") == 1
    assert told.count(watching.RECOVERED) == 1
    with Archive.open(looks.paths.archive) as archive:
        assert [each.sessions for each in archive.writes.imports()] == [1, 1]


def test_a_bad_file_that_is_removed_is_told_as_over(
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = Looks(tmp_path, monkeypatch)
    looks.put(samples / WORKOUT, "bad.fit")
    looks.follow(60, 60, before={1: (looks.paths.folder / "bad.fit").unlink})
    assert looks.tries == 1
    assert capsys.readouterr().err.count(watching.RECOVERED) == 1


def test_a_page_that_costs_its_worker_is_told_once_and_an_answer_does_not_wait_for_it(
    samples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    looks = Looks(tmp_path, monkeypatch)
    looks.put(samples / WORKOUT, "run.fit")

    def lost(tasks: Iterable[Any], *_: object) -> Iterator[tuple[Any, engines.Lost]]:
        return ((each, engines.Lost("worker-died", "the worker died over it")) for each in tasks)

    def ruin() -> None:
        worker = SimpleNamespace(ordered=lost, Lost=engines.Lost)
        monkeypatch.setattr(publish, "engines", worker)
        with Archive.open(looks.paths.archive) as archive, archive.database.transaction():
            archive.pending.add_pages(archive.known())

    def answer() -> None:
        with Archive.open(looks.paths.archive) as archive, archive.database.transaction():
            (session,) = archive.known()
            archive.annotations.insert_answer(session, [Label(10, 20, "backward", "command")])

    looks.follow(60, 60, 60, 60, 60, before={1: ruin, 4: answer})
    assert capsys.readouterr().err.count("the worker died over it") == 1
    assert looks.tries == 3  # at first, with the page that is lost, and with the answer


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_a_single_look_that_a_signal_ends_exits_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """It was 130 whichever signal it was."""

    def signalled(*_: object) -> watch.Look:
        signal.raise_signal(number)
        raise watching.Stopped

    monkeypatch.setattr(watch, "_process_once", signalled)
    paths = watch.WatchPaths(tmp_path, tmp_path / "archive", tmp_path / "reports", None)
    assert watch.follow_folder(paths, Settings(), 1, None) == 128 + number


def test_files_that_wait_are_looked_at_soon_beside_a_folder_that_cannot_be_listed() -> None:
    messages: list[str] = []
    problem = ReadError("folder-unreadable", "it cannot be listed", file="closed")
    report = watch._TroubleReport(messages.append)
    assert report.after(watch.Look(is_growing=True, status=0, unlisted=problem))
    assert not report.after(watch.Look(is_growing=False, status=0, unlisted=problem))
    assert messages == [str(problem)]


def test_python_names_the_sessions_that_cannot_be_read(archived: Path, tmp_path: Path) -> None:
    copy = tmp_path / "archive"
    shutil.copytree(archived, copy)
    with closing(sqlite3.connect(copy / "archive.sqlite")) as direct, direct:
        (bad,) = direct.execute("SELECT min(id) FROM sessions").fetchone()
        direct.execute("UPDATE sessions SET document = ? WHERE id = ?", (b"{", bad))
    with pytest.warns(UserWarning, match=f"1 session cannot be read .* {bad}"):
        frames = retrorun.load(copy)
    assert list(frames.left_out) == [bad]
    assert len(frames.sessions) == 2
    assert bad not in set(frames.segments["session"])


def test_a_picture_to_share_is_one_file(archived: Path, tmp_path: Path) -> None:
    session = first_session(archived)
    pytest.importorskip("resvg_py")
    for name in ("deep/run.svg", "run.png"):
        done = run("report", session, "--archive", archived, "--picture", tmp_path / name)
        assert done.exit_code == 0, done.output
        assert done.stdout.strip() == str(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 1000
    assert not list(tmp_path.rglob("*.html"))


@pytest.mark.parametrize(("form", "size"), [("square", "1080 1080"), ("portrait", "1080 1920")])
def test_a_picture_has_the_format_that_is_named(
    archived: Path, tmp_path: Path, form: str, size: str
) -> None:
    path = tmp_path / "run.svg"
    session = first_session(archived)
    done = run("report", session, "--archive", archived, "--picture", path, "--format", form)
    assert done.exit_code == 0, done.output
    assert f'viewBox="0 0 {size}"' in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--picture", "run.gif"], ".svg or .png"),
        (["--picture", "run.svg", "--standalone"], "--title, --redact, --format and --map only"),
        (["--picture", "run.svg", "--redact", "--map"], "leaves the map out"),
        (["--map"], "--map is for --picture"),
        (["--format", "square"], "--format is for --picture"),
    ],
)
def test_what_a_picture_cannot_be_told(archived: Path, more: list[str], words: str) -> None:
    done = run("report", first_session(archived), "--archive", archived, *more)
    assert done.exit_code == 2
    assert words in done.output


def test_a_picture_is_of_one_session(archived: Path, tmp_path: Path) -> None:
    done = run("report", "--archive", archived, "--picture", tmp_path / "run.svg")
    assert done.exit_code == 2
    assert "one SESSION" in done.output


def test_a_note_is_on_the_page_of_care_after_the_next_process(
    samples: Path, tmp_path: Path
) -> None:
    where = ("--archive", tmp_path / "a", "--reports", tmp_path / "r")
    sample = samples / "2026-06-23-garmin.gpx"
    assert run("process", sample, *where, "--jobs", "1").exit_code == 0
    care = tmp_path / "r" / "care.html"
    assert "retrorun note" in care.read_text("utf-8")
    session = first_session(tmp_path / "a")
    assert (
        run("note", session, "knee fine", "--pain", "1", "--archive", tmp_path / "a").exit_code == 0
    )
    assert run("process", sample, *where, "--jobs", "1").exit_code == 0
    assert "knee fine" in care.read_text("utf-8")
