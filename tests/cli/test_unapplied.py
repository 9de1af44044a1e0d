"""What fails while sessions are analysed again is named, ends with 1, and is kept to be done."""

import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import attack_routes
from retrorun import watch
from retrorun.archive import Archive
from retrorun.cli import main
from retrorun.model import Label

SAMPLES = sorted((Path(__file__).parents[2] / "sample_data").glob("*.gpx"))
LABEL = "0:00–1:00  backward  (command)"


def run(place: Path, *words: str) -> Result:
    places = ["--archive", str(place / "archive")]
    if words[0] in ("process", "reprocess", "undo", "watch") or len(words) == 5:
        places += ["--reports", str(place / "pages")]
    result = CliRunner().invoke(main, [*words, *places])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, imported."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "exports").mkdir()
    for path in SAMPLES[:2]:
        shutil.copy2(path, folder / "exports")
    assert run(folder, "process", str(folder / "exports"), "--jobs", "1").exit_code == 0
    return folder


@pytest.fixture
def place(pristine: Path, tmp_path: Path, analysed_here: None) -> Path:
    """The same folder at a place of its own; the exports stay where they were imported."""
    del analysed_here
    for name in ("archive", "pages"):
        shutil.copytree(pristine / name, tmp_path / name)
    return tmp_path


def first(place: Path) -> tuple[str, Path]:
    """A session and its original."""
    with Archive.open(place / "archive") as archive:
        session_id, sha256 = next(iter(archive.known().items()))
        return session_id, archive.originals.path(sha256)


def applied(place: Path, session_id: str) -> list[Label]:
    """Labels that the session was analysed with."""
    with Archive.open(place / "archive") as archive:
        labels = archive.session(session_id).labels
    return [each for each in labels if each.origin == "command"]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("spoil", [Path.unlink, cut_short], ids=["missing", "damaged"])
@pytest.mark.parametrize("way", ["repair", "by hand"])
def test_a_label_waits_for_an_original_that_cannot_be_read(
    place: Path, pristine: Path, spoil: Callable[[Path], None], way: str
) -> None:
    session_id, original = first(place)
    kept = original.read_bytes()
    spoil(original)
    labelled = run(place, "label", session_id, "0", "60", "backward")
    assert labelled.exit_code == 1
    assert labelled.stdout == ""  # not the segments without the label
    assert "[file-" in labelled.stderr or "[archive-" in labelled.stderr
    assert "archive check --repair" in labelled.stderr
    listed = run(place, "label", session_id)
    assert (listed.exit_code, LABEL in listed.stdout) == (1, True)
    assert "not all labels are applied" in listed.stderr
    assert session_id in run(place, "label").stdout
    assert applied(place, session_id) == []
    folder = str(pristine / "exports")
    assert "nothing new" in run(place, "process", folder, "--jobs", "1").stderr  # no endless work
    if way == "repair":
        assert run(place, "archive", "check", "--repair").exit_code == 0
    else:
        original.write_bytes(kept)
    assert run(place, "process", folder, "--jobs", "1").exit_code == 0
    assert len(applied(place, session_id)) == 1
    listed = run(place, "label", session_id)
    assert (listed.exit_code, LABEL in listed.stdout) == (0, True)


def test_the_list_shows_the_labels_that_are_stored(place: Path) -> None:
    """Also before the session was analysed with them: here the command was killed."""
    session_id, _ = first(place)
    with Archive.open(place / "archive") as archive:
        archive.annotations.add_label(session_id, Label(0, 60, "backward", "command"))
    assert LABEL in run(place, "label", session_id).stdout


def test_the_list_takes_new_zones_out_first_and_is_on_the_clock_of_the_pages(
    tmp_path: Path,
) -> None:
    door = attack_routes.door(7)
    (tmp_path / "in").mkdir()
    data = attack_routes.run(door, 0, "streets", 7)
    (tmp_path / "in" / "2026-05-08-142420.gpx").write_bytes(data)
    assert run(tmp_path, "process", str(tmp_path / "in"), "--jobs", "1").exit_code == 0
    session_id, _ = first(tmp_path)
    labelled_s = range(30, 1290, 60)
    for start_s in labelled_s:  # which of them are hidden depends on the archive's secret
        with Archive.open(tmp_path / "archive") as archive:
            label = Label(start_s, start_s + 30, "backward", "command")
            archive.annotations.add_label(session_id, label)
    assert "10:30–11:00  backward" in run(tmp_path, "label", session_id).stdout
    at = f"latitude_deg = {door.zone.latitude_deg}, longitude_deg = {door.zone.longitude_deg}"
    assert run(tmp_path, "profile", f"privacy_zones=[{{{at}, radius_m = 100}}]").exit_code == 0
    listed = run(tmp_path, "label", session_id)
    assert "taking privacy zones out" in listed.stderr
    with Archive.open(tmp_path / "archive") as archive:
        hidden = archive.track(session_id).hidden
    shown_s = [at_s for at_s in labelled_s if all(b <= at_s or at_s + 30 <= a for a, b in hidden)]
    assert shown_s
    for start_s in shown_s:
        at_s = start_s - sum(end - start for start, end in hidden if end <= start_s)
        ends = " – ".join(f"{each // 60}:{each % 60:02d}" for each in (at_s, at_s + 30))
        assert f"{ends.replace(' – ', '–')}  backward" in listed.stdout


def test_an_answer_is_told_on_the_clock_of_the_pages(tmp_path: Path) -> None:
    """On the recording's own clock it would tell how long the way to the zone's edge took."""
    door = attack_routes.door(7)
    (tmp_path / "in").mkdir()
    data = attack_routes.run(door, 0, "streets", 7)
    (tmp_path / "in" / "run.gpx").write_bytes(data)
    at = f"latitude_deg = {door.zone.latitude_deg}, longitude_deg = {door.zone.longitude_deg}"
    assert run(tmp_path, "profile", f"privacy_zones=[{{{at}, radius_m = 20}}]").exit_code == 0
    assert run(tmp_path, "process", str(tmp_path / "in"), "--jobs", "1").exit_code == 0
    session_id, _ = first(tmp_path)
    with Archive.open(tmp_path / "archive") as archive:
        assert archive.track(session_id).hidden[0][0] == 0
    labelled = run(tmp_path, "label", session_id, "0:30", "1:00", "backward")
    assert "labelled: 0:30–1:00 backward" in labelled.stderr
    undone = run(tmp_path, "label", session_id, "undo")
    assert "taken back: 0:30–1:00 backward" in undone.stderr


def test_watch_once_ends_with_1_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "bad.fit").write_bytes(b"no FIT")
    done = run(tmp_path, "watch", str(tmp_path / "exports"), "--once", "--jobs", "1")
    assert "bad.fit" in done.stderr
    assert done.exit_code == 1


def test_undo_ends_with_1_where_the_other_copy_cannot_be_analysed(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    data = SAMPLES[0].read_bytes()
    for name, content in (("a.gpx", data), ("b.gpx", data + b"\n")):
        (tmp_path / "exports" / name).write_bytes(content)
        run(tmp_path, "process", str(tmp_path / "exports"), "--jobs", "1")
    with Archive.open(tmp_path / "archive") as archive:
        (copy,) = [row for row in archive.files() if row.outcome == "duplicate"]
        archive.originals.path(copy.sha256).unlink()
        ((number,),) = archive.database.rows("SELECT import_id FROM sessions")
    done = run(tmp_path, "undo", str(number))
    assert "could not be read" in done.stderr
    assert done.exit_code == 1


def test_what_is_analysed_again_at_the_end_counts_for_the_exit_status(place: Path) -> None:
    session_id, original = first(place)
    with Archive.open(place / "archive") as archive:
        archive.annotations.add_label(session_id, Label(0, 60, "backward", "command"))
        (other,) = set(archive.known()) - {session_id}
    original.unlink()
    assert run(place, "reprocess", other).exit_code == 1


def test_a_session_that_waits_for_another_reason_has_its_labels(place: Path) -> None:
    session_id, original = first(place)
    assert run(place, "label", session_id, "0", "60", "backward").exit_code == 0
    original.unlink()
    assert run(place, "reprocess", session_id).exit_code == 1
    listed = run(place, "label", session_id)
    assert (listed.exit_code, LABEL in listed.stdout) == (0, True)
    assert "not all labels are applied" not in listed.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watch_once_ends_with_128_and_the_number_of_the_signal_that_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (tmp_path / "exports").mkdir()
    for path in SAMPLES[:2]:
        shutil.copy2(path, tmp_path / "exports")
    between_files = watch.between_files

    def after_first_file(stop: threading.Event) -> Callable[[int, int, str], None]:
        stop_if_asked = between_files(stop)

        def step(done: int, total: int, name: str) -> None:
            if done == 1:
                os.kill(os.getpid(), number)
            stop_if_asked(done, total, name)

        return step

    monkeypatch.setattr(watch, "between_files", after_first_file)
    done = run(tmp_path, "watch", str(tmp_path / "exports"), "--once", "--jobs", "1")
    assert done.exit_code == 128 + number
    assert done.output == ""
    monkeypatch.undo()
    assert run(tmp_path, "watch", str(tmp_path / "exports"), "--once").exit_code == 0
