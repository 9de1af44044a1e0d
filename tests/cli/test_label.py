"""Answers typed in a terminal, about a watch without a compass whose laps were pressed by hand."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

from retrorun import answers
from retrorun.archive import Archive
from retrorun.cli import label, main
from retrorun.errors import ArchiveError
from retrorun.report.numbers import Display
from retrorun.report.session.segments import rows
from retrorun.simulate import Scenario, Simulated, Watch, fit_bytes, simulate
from retrorun.simulate.body import Step
from retrorun.simulate.scenarios import ahead, back

pytestmark = pytest.mark.usefixtures("analysed_here")
# backward from 5:00, 8:00, 11:00, 14:00, 17:00 and 20:00 on, a minute each
TRUTH_S = [(at, at + 60) for at in range(300, 1201, 180)]


def plan(rng: np.random.Generator) -> tuple[Step, ...]:
    del rng
    pairs = [(back(60, 2.0), ahead(120, 2.8)) for _ in TRUTH_S]
    return (ahead(300, 2.8), *(step for pair in pairs for step in pair))


def made() -> Simulated:
    return simulate(Scenario("laps", plan, "gait", Watch(laps="button", dynamics=True)), 5)


def without_a_press() -> Simulated:
    """The same, and the press at 11:00 was forgotten: there laps 5 and 6 are one."""
    simulated = made()
    laps = list(simulated.recording.laps)
    laps[4:6] = [structs.replace(laps[4], end_time_s=laps[5].end_time_s)]
    return replace(simulated, recording=structs.replace(simulated.recording, laps=tuple(laps)))


def run(place: Path, *words: str) -> Result:
    places = ["--archive", str(place / "archive"), "--reports", str(place / "pages")]
    result = CliRunner().invoke(main, [*words, *places])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def imported(folder: Path, simulated: Simulated) -> Path:
    (folder / "exports").mkdir()
    (folder / "exports" / "laps.fit").write_bytes(fit_bytes(simulated))
    done = run(folder, "process", str(folder / "exports"), "--jobs", "1")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return imported(tmp_path_factory.mktemp("made"), made())


@pytest.fixture
def place(pristine: Path, tmp_path: Path) -> Path:
    for name in ("archive", "pages"):
        shutil.copytree(pristine / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("step", ["writing", "conclude"])
def test_a_label_is_kept_where_another_program_writes_when_its_session_is_analysed(
    place: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """At whatever step the other one comes between: what follows is left to it."""

    def busy(*_: object) -> NoReturn:
        raise ArchiveError("archive-busy", "another retrorun is using it")

    with monkeypatch.context() as patch:
        patch.setattr(label, step, busy)
        done = run(place, "label", session_id(place), "300", "360", "backward")
    assert done.exit_code == 0, done.output
    assert "your label is stored" in " ".join(done.stderr.split())
    listed = run(place, "label", session_id(place))
    assert "5:00" in listed.stdout


def session_id(place: Path) -> str:
    with Archive.open(place / "archive", create=False) as archive:
        (only,) = archive.known()
        return only


def backward(place: Path) -> list[tuple[float, float]]:
    """What counts as backward by label."""
    with Archive.open(place / "archive", create=False) as archive:
        segments = [each.segment for each in archive.session(session_id(place)).measures.segments]
    return [
        (each.start_s, each.end_s)
        for each in segments
        if (each.direction, each.verdict) == ("backward", "labelled")
    ]


def says(place: Path, *words: str) -> Result:
    done = run(place, "label", session_id(place), *words)
    assert done.exit_code == 0, done.output
    return done


def test_candidates_are_accepted_by_the_numbers_of_table_and_page(place: Path) -> None:
    listed = run(place, "label", session_id(place)).stdout
    numbers = [
        int(each) for each in re.findall(r"^ +(\d+) +\d+:00 +\d+:00 *$", listed, re.MULTILINE)
    ]
    assert numbers == [2, 4, 6, 8, 10, 12]
    with Archive.open(place / "archive", create=False) as archive:
        measured = archive.session(session_id(place)).measures.segments
    page = rows(measured, Display("metric")).rows
    assert [row.number for row in page if row.kind == "candidate"] == numbers
    shown = says(place, "accept", "2,4").stdout
    assert "2:00 backward" in shown
    assert re.search(r"^4 +8:00 +9:00 +backward run +labelled", shown, re.MULTILINE)
    assert backward(place) == TRUTH_S[:2]


def test_all_candidates_at_once_are_one_step(place: Path) -> None:
    assert says(place, "accept").stderr.startswith("labelled: 5:00–6:00 backward, 8:00–9:00")
    assert backward(place) == TRUTH_S
    undone = says(place, "undo")
    assert undone.stderr.startswith("taken back: 5:00–6:00 backward")
    assert backward(place) == []
    assert run(place, "label", session_id(place), "undo").exit_code == 2


def test_a_rejected_candidate_is_a_forward_label(place: Path) -> None:
    says(place, "reject", "6")
    with Archive.open(place / "archive", create=False) as archive:
        (sha256,) = archive.known().values()
        (kept,) = archive.annotations.labels(sha256)[0]
    assert (kept.start_s, kept.end_s, kept.direction) == (660, 720, "forward")


def test_laps_by_number_and_every_second_lap(place: Path) -> None:
    says(place, "laps", "2,4", "backwards")
    assert backward(place) == TRUTH_S[:2]
    says(place, "laps", "alternate")
    assert backward(place) == TRUTH_S


def test_a_boundary_is_moved_by_a_smaller_label(place: Path) -> None:
    says(place, "5:00", "6:00", "backward")
    says(place, "5:03", "6:00", "Backwards")
    assert backward(place) == [(303, 360)]
    says(place, "5:30", "end", "clear")
    assert backward(place) == [(303, 330)]
    for before in ([(303, 360)], [(300, 360)], []):
        says(place, "undo")
        assert backward(place) == before


def test_a_forgotten_press_is_asked_about_and_not_believed(tmp_path: Path) -> None:
    place = imported(tmp_path, without_a_press())
    done = says(place, "laps", "alternate")
    assert "as if a press was forgotten" in done.stderr
    assert "laps-doubtful" in done.stderr
    assert backward(place) == TRUTH_S[:2]  # what came before stands; nothing is turned over


def test_an_answer_that_is_so_already_changes_nothing(place: Path) -> None:
    says(place, "accept", "2")
    done = says(place, "5:00", "6:00", "backward")
    assert "that is so already" in done.stderr
    assert "1 answer can be taken back" in says(place).stderr


@pytest.mark.parametrize(
    "words",
    [
        ("accept", "two"),
        ("accept", "3"),  # it is forward
        ("reject", "99"),
        ("laps", "backward"),
        ("laps", "2,99", "backward"),
        ("laps", "2", "sideways"),
        ("5:00", "6:00"),
        ("5:00", "6:00", "sideways"),
        ("6:00", "5:00", "backward"),
        ("accept", "9" * 4000),
    ],
)
def test_wrong_words_are_refused_in_a_sentence(place: Path, words: tuple[str, ...]) -> None:
    done = run(place, "label", session_id(place), *words)
    assert done.exit_code == 2
    assert "Traceback" not in done.output
    assert len(done.stderr) < 5000
    assert backward(place) == []


def test_in_a_large_archive_the_own_page_comes_at_once_and_the_rest_later(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label, "MANY", 0)
    pages = place / "pages"
    own = pages / "sessions" / f"{session_id(place)}.html"
    before = {path: path.read_bytes() for path in (own, pages / "comparison.html")}
    assert "follow with the next" in says(place, "accept", "2").stderr
    assert own.read_bytes() != before[own]
    assert (pages / "comparison.html").read_bytes() == before[pages / "comparison.html"]
    exports = place / "exports"
    exports.mkdir()
    run(place, "process", str(exports), "--jobs", "1")
    assert (pages / "comparison.html").read_bytes() != before[pages / "comparison.html"]
    with Archive.open(place / "archive", create=False) as archive:
        assert archive.pending.is_empty()


def test_a_table_takes_backwards_for_backward(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine / "exports", tmp_path / "exports")
    table = tmp_path / "exports" / "laps.labels.csv"
    table.write_text("start,end,direction\n5:00,6:00,Backwards\n")
    assert run(tmp_path, "process", str(tmp_path / "exports"), "--jobs", "1").exit_code == 0
    assert backward(tmp_path) == TRUTH_S[:1]


def test_the_convention_of_laps_holds_for_all_sessions(place: Path) -> None:
    words = ["profile", "laps=alternate", "--archive", str(place / "archive")]
    assert "pressed by hand: 1;" in CliRunner().invoke(main, words).stderr
    exports = place / "exports"
    exports.mkdir()
    assert run(place, "process", str(exports), "--jobs", "1").exit_code == 0
    assert backward(place) == TRUTH_S
    says(place, "5:00", "6:00", "forward")  # an answer wins
    assert backward(place) == TRUTH_S[1:]
    words[1] = "laps=odd"
    assert CliRunner().invoke(main, words).exit_code == 2


def test_the_convention_of_laps_is_held_against_the_gait(tmp_path: Path) -> None:
    (tmp_path / "profile.toml").write_text('laps = "alternate"\n')
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "laps.fit").write_bytes(fit_bytes(without_a_press()))
    places = ["--archive", str(tmp_path / "archive"), "--reports", str(tmp_path / "pages")]
    words = ["process", str(tmp_path / "exports"), "--jobs", "1", "--profile"]
    done = CliRunner().invoke(main, [*words, str(tmp_path / "profile.toml"), *places])
    assert done.exit_code == 0, done.output
    assert backward(tmp_path) == TRUTH_S[:2]
    with Archive.open(tmp_path / "archive", create=False) as archive:
        notes = [each.slug for each in archive.session(session_id(tmp_path)).notes]
    assert "laps-doubtful" in notes


def test_numbers_older_than_the_last_answer_are_marked_until_they_are_computed(
    place: Path,
) -> None:
    archive = str(place / "archive")

    def listed(*words: str) -> str:
        return CliRunner().invoke(main, ["sessions", "--archive", archive, *words]).stdout

    assert "older than" not in listed()
    with Archive.open(place / "archive") as store:  # as while another process writes
        answers.answer(store, session_id(place), answers.Accept((2,)))
    assert "older than your last answer" in listed()
    document = json.loads(listed("--json"))
    assert document["outdated"] is True
    assert document["totals"]["backward"]["seconds"] == 0
    (place / "exports").mkdir()
    assert run(place, "process", str(place / "exports"), "--jobs", "1").exit_code == 0
    assert "older than" not in listed()
    document = json.loads(listed("--json"))
    assert (document["outdated"], document["totals"]["backward"]["seconds"]) == (False, 60)
