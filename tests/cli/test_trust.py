"""From answers to trust and back: label, process and profile as the athlete uses them.

How much makes a proof is lowered by settings, so that three short sessions are enough.
"""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from retrorun import ingest
from retrorun.archive import Archive
from retrorun.cli import main
from retrorun.model import Session
from retrorun.settings import load

pytestmark = pytest.mark.usefixtures("analysed_here")
WATCH = Path(__file__).parents[2] / "sample_data" / "2026-05-21-watch.tcx"
DAYS = ("2026-05-21", "2026-05-22", "2026-05-23")
SPANS = [
    (each["start_s"], each["end_s"])
    for each in json.loads(WATCH.with_name(f"{WATCH.name}.truth.json").read_text())["intervals"]
    if each["direction"] == "backward"
]
LOWERED = """[compare]
habit_accepted = 2
habit_sessions = 2
habit_low = 0.3
habit_least_gain = 0.05
"""


def run(place: Path, *words: str) -> Result:
    places = ["--archive", str(place / "kept")]
    if words[0] != "profile":
        places += ["--reports", str(place / "pages"), "--settings", str(place / "lowered.toml")]
    return CliRunner().invoke(main, [*words, *places])


def process(place: Path) -> Result:
    done = run(place, "process", str(place / "runs"), "--jobs", "1")
    assert done.exit_code == 0, done.stderr
    return done


def last(place: Path) -> Session:
    with Archive.open(place / "kept") as archive:
        return archive.sessions()[-1]


def backward(place: Path) -> list[str]:
    """Verdicts of the last session's backward segments."""
    segments = [each.segment for each in last(place).measures.segments]
    return [each.verdict for each in segments if each.direction == "backward"]


def index(place: Path) -> str:
    return (place / "pages" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def answered(tmp_path: Path) -> Path:
    """The same run on three days; the candidates of the first two are accepted by tables."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "lowered.toml").write_text(LOWERED)
    table = "start,end,direction\n" + "".join(f"{a},{b},backward\n" for a, b in SPANS)
    for day in DAYS:
        text = WATCH.read_text(encoding="utf-8").replace(DAYS[0], day)
        (tmp_path / "runs" / f"{day}.tcx").write_text(text, encoding="utf-8")
    for day in DAYS[:2]:
        (tmp_path / "runs" / f"{day}.labels.csv").write_text(table)
    process(tmp_path)
    return tmp_path


def test_answers_prove_trust_counts_and_a_rejection_takes_it_back(answered: Path) -> None:
    offered = run(answered, "profile")
    assert f"You answered {2 * len(SPANS)} stretches" in offered.stderr
    assert "retrorun profile trust_gait=true" in offered.stderr
    assert "retrorun profile trust_gait=true" in index(answered)
    assert set(backward(answered)) == {"candidate"}

    trusted = run(answered, "profile", "trust_gait=true")
    assert "are marked as by habit" in trusted.stderr
    process(answered)
    assert backward(answered) == ["habit"] * len(SPANS)
    assert last(answered).total("backward").seconds > 200
    assert "by habit)" in index(answered)
    page = (answered / "pages" / "sessions" / f"{last(answered).id}.html").read_text()
    assert "Backward run (by habit)" in page
    assert "nothing new" in process(answered).stderr

    first = [round(each) for each in SPANS[0]]
    told = run(
        answered, "label", last(answered).id, str(first[0] - 9), str(first[1] + 9), "forward"
    )
    assert told.exit_code == 0
    assert set(backward(answered)) == {"candidate"}
    lost = run(answered, "profile")
    assert "nothing counts by habit" in lost.stderr
    assert "nothing counts by habit" in index(answered)

    run(answered, "label", last(answered).id, "0", "end", "clear")
    assert set(backward(answered)) == {"habit"}
    run(answered, "profile", "trust_gait=false")
    process(answered)
    assert set(backward(answered)) == {"candidate"}


def test_trust_before_any_answer_counts_nothing_and_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "lowered.toml").write_text(LOWERED)
    (tmp_path / "runs" / WATCH.name).write_bytes(WATCH.read_bytes())
    process(tmp_path)
    assert run(tmp_path, "profile").stderr == ""
    assert "nothing counts by habit" in run(tmp_path, "profile", "trust_gait=true").stderr
    process(tmp_path)
    assert set(backward(tmp_path)) == {"candidate"}
    assert "nothing counts by habit" in index(tmp_path)


def test_trust_is_not_lost_while_another_process_writes(
    answered: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "note_dependent", partial(ingest.note_dependent, wait_s=0.1))
    with Archive.open(answered / "kept") as archive, archive.writing():
        assert run(answered, "profile", "trust_gait=true").exit_code == 0
    process(answered)
    assert backward(answered) == ["habit"] * len(SPANS)


def test_trust_of_one_command_analyses_a_session_again_once(answered: Path) -> None:
    """A profile file holds for its command; what it was analysed with is not outdated by it."""
    settings = load(answered / "lowered.toml")
    found: list[list[str]] = []
    with Archive.open(answered / "kept") as archive:
        (sha256,) = archive.hashes(list(archive.known())[:1])
        for trusts in (True, True, False, False):
            athlete = replace(archive.annotations.profile(), trust_gait=trusts)
            with archive.database.transaction():
                archive.pending.add([sha256])
            engine = ingest.Engine(settings, athlete, 1)
            report = ingest.bring_up_to_date(archive, engine)
            assert archive.pending.exports() == []
            found.append([str(len(report.sessions)), *backward(answered)])
    assert found == [
        ["2", *["habit"] * len(SPANS)],
        ["1", *["habit"] * len(SPANS)],
        ["2", *["candidate"] * len(SPANS)],
        ["1", *["candidate"] * len(SPANS)],
    ]
