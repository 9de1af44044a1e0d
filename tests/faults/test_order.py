"""The final state does not depend on the order of events.

Every table, stored file and page is compared with what one undisturbed run gives; only import
numbers and times may differ.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from dying import dies_at_first
from msgspec import structs
from states import ATHLETE, State, differences, drop, dropped, prepared, processed, state, work_of

from retrorun import ingest, pipeline
from retrorun.archive import Archive
from retrorun.ingest import Engine
from retrorun.model import Analysis, Athlete, Blob, Label, Outcome
from retrorun.settings import Settings
from retrorun.simulate import Simulated, fit_bytes, gpx_bytes, scenarios, simulate, tcx_bytes

SAMPLES = Path(__file__).parents[2] / "sample_data"
LIMIT_S = 1200.0  # what is waited for at most, on a busy machine
ORDERS = int(os.environ.get("RETRORUN_ORDERS", "3"))  # tried of each set; all of them by hand
TABLE = b"start,end,direction\n10,40,backward\n"
Files = Sequence[tuple[str, bytes]]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def watch_of(run: Simulated) -> Simulated:
    return replace(run, recording=structs.replace(run.recording, headings=()))


def phone_of(run: Simulated, first: int, skew_s: float) -> bytes:
    """A phone in a belt: places and compass of a part of the run, on a clock of its own."""
    whole, kept = run.recording, slice(first, -60)
    columns = {name: values[kept] for name, values in whole.columns.items()}
    for name in ("heart_rate_bpm", "cadence_spm"):
        columns[name] = columns[name] * float("nan")
    headings = tuple(
        structs.replace(each, time_s=each.time_s[kept] + skew_s, heading_deg=each.heading_deg[kept])
        for each in whole.headings
    )
    recording = structs.replace(
        whole,
        time_s=whole.time_s[kept] + skew_s,
        columns=columns,
        headings=headings,
        laps=(),
        pauses=(),
        device="OsmAnd",
    )
    return gpx_bytes(replace(run, recording=recording), "osmand")


@cache
def sets() -> dict[str, Files]:
    run, other = (simulate(scenarios()["intervals"], seed) for seed in (9000, 9001))
    workout, watch = sample("2026-05-12-workout.fit"), watch_of(run)
    phone = phone_of(run, 120, 7.0)
    return {
        "teachers and pupils": [
            ("watch.tcx", sample("2026-05-21-watch.tcx")),  # gait alone: it depends on the others
            ("workout.fit", workout),
            ("compass.fit", sample("2026-05-03-connect-iq.fit")),
            ("easy.fit", sample("2026-05-31-easy.fit")),
        ],
        "the same bytes": [
            ("b.fit", workout),
            ("a.fit", workout),
            ("c backward.fit", workout),
            ("z.fit", b"rubbish"),
        ],
        "exports of one recording": [
            ("p.fit", fit_bytes(other)),
            ("a.gpx", gpx_bytes(other, "osmand")),
            ("t.tcx", tcx_bytes(other)),
            ("a.labels.csv", TABLE),
        ],
        "a watch and two phones": [
            ("watch.fit", fit_bytes(watch)),
            ("phone.gpx", phone),
            ("second.gpx", phone_of(run, 200, 3.0)),
            ("phone.labels.csv", TABLE),
        ],
        "copies of two devices": [
            ("watch.fit", fit_bytes(watch)),
            ("watch.tcx", tcx_bytes(watch)),
            ("phone.gpx", phone),
            ("zwhole.gpx", gpx_bytes(run, "osmand")),
        ],
        "tables of labels": [
            ("easy.fit", sample("2026-05-31-easy.fit")),
            ("easy.labels.csv", b"start,end,direction\n100,400,backward\n"),
            ("watch.tcx", sample("2026-05-21-watch.tcx")),
        ],
    }


NAMES = (
    "teachers and pupils",
    "the same bytes",
    "exports of one recording",
    "a watch and two phones",
    "copies of two devices",
    "tables of labels",
)


def test_every_set_is_tried() -> None:
    assert tuple(sets()) == NAMES


def undisturbed(root: Path, files: Files) -> State:
    """What one run gives, whose pipeline is asked anew."""
    for name, content in files:
        drop(root / "exports", name, content)
    processed(root, own=pipeline.process)
    return state(root)


@pytest.fixture(scope="module")
def wanted_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], State]:
    """What one run of all files of a set gives; each set is run once for all tests."""
    return cache(lambda name: undisturbed(tmp_path_factory.mktemp("once"), sets()[name]))


@pytest.mark.parametrize("name", NAMES)
def test_any_order_of_imports_gives_the_same(
    name: str, tmp_path: Path, wanted_of: Callable[[str], State]
) -> None:
    files, wanted = sets()[name], wanted_of(name)
    orders = list(itertools.permutations(files))
    random.Random(name).shuffle(orders)  # noqa: S311 - no secret
    for number, order in enumerate(orders[:ORDERS]):
        root = tmp_path / str(number)
        dropped(root, order)
        assert differences(wanted, state(root)) == [], [each for each, _ in order]


def test_what_is_learnt_later_reaches_older_sessions_and_their_pages(tmp_path: Path) -> None:
    """Or the first of these tests would hold where nothing is ever learnt."""
    dropped(tmp_path, [("watch.tcx", sample("2026-05-21-watch.tcx"))])
    before = state(tmp_path)
    dropped(tmp_path, [("compass.fit", sample("2026-05-03-connect-iq.fit"))])
    after = state(tmp_path)
    with Archive.open(tmp_path / "archive") as archive:
        learnt = archive.annotations.profile()
        old = min(archive.sessions(), key=lambda each: each.source.name != "watch.tcx")
    assert learnt.forward_line is not None
    assert "forward_slopes" in old.learnt  # two lines in it, fitted with the slopes of the learnt
    assert old.learnt == learnt.learnt_fingerprints(old.learnt)
    assert old.learnt["forward_slopes"]
    assert before[f"sessions: {old.id}"] != after[f"sessions: {old.id}"]
    lesson, plain = old.lesson, Blob(old.source.name, sample("2026-05-21-watch.tcx"))
    found = pipeline.process(plain, Settings(), ATHLETE)
    assert isinstance(found, Analysis)
    assert found.sessions[0].lesson == lesson  # what it teaches is as without anything learnt


def test_the_page_of_a_later_session_says_what_came_before_it(tmp_path: Path) -> None:
    """The older run comes last and teaches nothing; the newer one's guidance looks back at it."""
    newer, older = sample("2026-05-31-easy.fit"), sample("2026-05-17-osmtracker.gpx")
    dropped(tmp_path, [("newer.fit", newer)])
    before = state(tmp_path)
    dropped(tmp_path, [("older.gpx", older)])
    after = state(tmp_path)
    (page,) = (name for name in before if name.startswith("pages/sessions/"))
    session = f"sessions: {Path(page).stem}"
    assert after[session] == before[session]
    assert after[page] != before[page]


def test_taken_back_and_brought_back_it_is_the_same(tmp_path: Path) -> None:
    files = [each for each in sets()["a watch and two phones"] if each[0] != "phone.labels.csv"]
    wanted = undisturbed(tmp_path / "once", files)
    root = tmp_path / "back"
    dropped(root, files)
    for number in (2, 1, 3):
        with Archive.open(root / "archive") as archive:
            ingest.undo(number, archive, Engine(Settings(), work_of(archive).athlete, 1))
    processed(root, retry=True)
    assert differences(wanted, state(root)) == []


def test_a_file_that_was_renamed_is_as_if_it_had_always_been_called_so(tmp_path: Path) -> None:
    easy = sample("2026-05-31-easy.fit")
    wanted = undisturbed(tmp_path / "once", [("backward.fit", easy)])
    root = tmp_path / "renamed"
    dropped(root, [("easy.fit", easy)])
    (root / "exports" / "easy.fit").rename(root / "exports" / "backward.fit")
    processed(root)
    assert differences(wanted, state(root)) == []


def test_a_worker_killed_and_the_file_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted_of: Callable[[str], State]
) -> None:
    files, mark = sets()["teachers and pupils"], tmp_path / "mark"
    wanted = wanted_of("teachers and pupils")
    monkeypatch.setenv("RETRORUN_TEST_MARK", str(mark))
    root = tmp_path / "killed"
    for name, content in files:
        drop(root / "exports", name, content)
    processed(root, process=dies_at_first)
    with Archive.open(root / "archive") as archive:
        assert [Path(row.path).name for row in archive.problems()] == ["compass.fit"]
    mark.touch()
    processed(root, process=dies_at_first, retry=True)
    assert differences(wanted, state(root)) == []


def command(root: Path, *words: str) -> subprocess.Popen[str]:
    program = "import sys; from retrorun.cli import main; main()"
    places = ["--archive", str(root / "archive"), "--reports", str(root / "pages")]
    return subprocess.Popen(  # noqa: S603 - our own
        [sys.executable, "-c", program, *words, *places],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_at_once_do_nothing_twice_and_lose_nothing(
    tmp_path: Path, wanted_of: Callable[[str], State]
) -> None:
    files, wanted = sets()["teachers and pupils"], wanted_of("teachers and pupils")
    root = prepared(tmp_path / "twice")
    for name, content in files:
        drop(root / "exports", name, content)
    arguments = ("process", str(root / "exports"), "--jobs", "1")
    both = [command(root, *arguments), command(root, *arguments)]
    outputs = [each.communicate(timeout=LIMIT_S) for each in both]
    for each, (_, err) in zip(both, outputs, strict=True):
        assert each.returncode == 0 or "another retrorun is using it" in err, err
    with Archive.open(root / "archive") as archive:
        assert [each.sessions for each in archive.writes.imports()] == [len(files)]
    processed(root)
    assert differences(wanted, state(root)) == []


def test_a_label_given_while_the_folder_is_watched(tmp_path: Path) -> None:
    files = sets()["teachers and pupils"]
    once = tmp_path / "once"
    undisturbed(once, files)
    with Archive.open(once / "archive") as archive:
        named = {each.source.name: each.id for each in archive.sessions()}
        archive.annotations.add_label(named["watch.tcx"], Label(100, 160, "backward", "command"))
    processed(once)
    wanted = state(once)
    root = prepared(tmp_path / "watched")
    drop(root / "exports", *files[0])
    watching = command(root, "watch", str(root / "exports"), "--every", "1", "--jobs", "1")
    try:
        wait_for(root, 1, watching)
        for name, content in files[1:]:
            drop(root / "exports", name, content)
        label = command(root, "label", named["watch.tcx"], "100", "160", "backward")
        _, err = label.communicate(timeout=LIMIT_S)
        assert label.returncode == 0, err
        wait_for(root, len(files), watching)
    finally:
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=LIMIT_S)
    assert "Traceback" not in err
    processed(root)
    assert differences(wanted, state(root)) == []


def wait_for(root: Path, sessions: int, watching: subprocess.Popen[str]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while time.monotonic() < end_s:
        assert watching.poll() is None, watching.communicate()
        with Archive.open(root / "archive") as archive:
            if len(archive.known()) >= sessions:
                return
        time.sleep(0.1)
    raise AssertionError(f"no {sessions} sessions in time")


def test_a_label_that_comes_while_its_file_is_analysed_is_heard(tmp_path: Path) -> None:
    """It is given after the analysis has read the labels, and before that is written."""
    root = prepared(tmp_path)
    dropped(root, [("easy.fit", sample("2026-05-31-easy.fit"))])
    with Archive.open(root / "archive") as archive, Archive.open(root / "archive") as other:
        (session,) = archive.sessions()

        def interrupted(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
            if not other.pending.exports():
                other.annotations.add_label(session.id, Label(100, 160, "backward", "command"))
            return pipeline.process(blob, settings, athlete)

        ingest.reprocess(
            [session.source.sha256], archive, Engine(Settings(), ATHLETE, 1, interrupted)
        )
        assert archive.pending.exports() == [session.source.sha256]
    processed(root)
    with Archive.open(root / "archive") as archive:
        assert [each.end_s for each in archive.sessions()[0].labels] == [160]
    state(root)
