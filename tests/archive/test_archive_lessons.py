"""What is learnt from the records of lessons is what whole documents teach, of random sessions."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import fake_pipeline
from retrorun.archive import Archive, Change, serialization
from retrorun.learn import learn, outdated
from retrorun.metrics import BODY_LABELS, Totals
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Estimate,
    GaitAnswer,
    GaitLine,
    HeadingVerdict,
    Lesson,
    Measures,
    Session,
)
from retrorun.model.athlete import LEARNT
from retrorun.model.recording import HeadingKind
from retrorun.settings import Settings

COMPARED = Settings().compare
COUNT = 120
DAY_S = 86_400.0


def line(rng: np.random.Generator, level_spm: float) -> GaitLine | None:
    """A gait line, or none of every fourth session."""
    if rng.random() < 0.25:
        return None
    low_mps = float(rng.uniform(1.5, 2.5))
    slope, seconds = float(rng.normal(10.0, 2.0)), float(rng.uniform(60.0, 3000.0))
    spread = float(rng.uniform(1.0, 4.0))
    return GaitLine(level_spm, slope, float(rng.normal(0.0, 40.0)), spread, seconds, low_mps, 4.0)


def answer(rng: np.random.Generator) -> GaitAnswer:
    is_backward = bool(rng.random() < 0.7)
    gain = float(rng.uniform(0.05, 0.3) if is_backward else rng.uniform(-0.1, 0.1))
    contact = float(rng.uniform(0.6, 1.4)) if rng.random() < 0.5 else None
    length_s, share = float(rng.uniform(10.0, 90.0)), float(rng.uniform(0.4, 1.0))
    return GaitAnswer(length_s, gain, share, is_backward, contact, mixed=rng.random() < 0.1)


def lesson(rng: np.random.Generator) -> Lesson | None:
    """What a session teaches; None of every tenth, as in documents of old versions."""
    if rng.random() < 0.1:
        return None
    value = float(rng.uniform(1.1, 1.6))
    factor = Estimate(value, value - 0.1, value + 0.1, "pairs")
    if rng.random() < 0.3:
        factor = Estimate(None, None, None, "pairs", "too little of it")
    answers = tuple(answer(rng) for _ in range(rng.integers(0, 4)))
    return Lesson(line(rng, 130.0), line(rng, 145.0), factor, answers)


def random_session(rng: np.random.Generator, session: Session, start_time_s: float) -> Session:
    """The session with all that learning reads drawn at random."""
    labels = rng.choice(sorted(BODY_LABELS), int(rng.integers(0, 3)), replace=False)
    kinds = ("backward", "forward", "candidate", "unknown", "still")
    totals = {
        kind: Totals(seconds=30.0, moving_s=20.0, beats=float(rng.integers(0, 3)), energy_kcal=9.0)
        for kind in kinds[: rng.integers(1, 6)]
    }
    kind: HeadingKind = "compass" if rng.random() < 0.5 else "course"
    return replace(
        session,
        start_time_s=start_time_s,
        duration_s=float(rng.integers(3590, 3600)),
        moving_s=3000.0,
        distance_m=None if rng.random() < 0.2 else float(rng.integers(8000, 8003)),
        channels={"position": 1.0} | {str(each): 0.5 for each in labels},
        heading=HeadingVerdict("fit:developer:heading", kind, 0.0, 0.9, "told so"),
        measures=Measures((), totals, Estimate(None, None, None, "mass")),
        lesson=lesson(rng),
        learnt={name: "" for name in LEARNT if rng.random() < 0.3},
    )


def written(folder: Path, seed: int) -> None:
    """Write random sessions to a new archive; of every third run there are two recordings."""
    rng = np.random.default_rng(seed)
    parcels = []
    for number in range(COUNT):
        data = b"run %d 60" % number
        made = fake_pipeline.process(Blob("a.fit", data), Settings(), Athlete())
        assert isinstance(made, Analysis)
        twin_s = float(rng.integers(0, 20)) - DAY_S if number % 3 == 2 else 0.0
        start_time_s = 1.7e9 + number * DAY_S + twin_s
        session = random_session(rng, made.sessions[0], start_time_s)
        alone = Analysis(made.source, (session,), made.tracks)
        parcels.append(serialization.parcel(data, alone, Athlete()))
    with Archive.open(folder) as opened:
        opened.writes.apply(
            opened.writes.begin_import("/exports", "0.1.0", 0.0), Change(parcels=parcels)
        )


@pytest.mark.parametrize("seed", range(4))
def test_records_teach_what_whole_documents_teach(tmp_path: Path, seed: int) -> None:
    written(tmp_path, seed)
    with Archive.open(tmp_path) as opened:
        whole, lessons = opened.sessions(), opened.lessons()
        assert opened.database.rows("SELECT count(*) FROM lessons") == [(COUNT,)]
    learnt = learn(whole, Athlete(), COMPARED)
    assert learn(lessons, Athlete(), COMPARED) == learnt
    found = (learnt.forward_line, learnt.backward_line, learnt.gait_habit, learnt.answered_gait)
    assert None not in found
    assert learnt.cost_factor is not None
    assert learnt.cost_factor.value is not None
    assert [each.id for each in lessons] == [each.id for each in whole]
    due = [each.source.sha256 for each in outdated(lessons, learnt)]
    assert due == [each.source.sha256 for each in outdated(whole, learnt)]
    assert 0 < len(due) < COUNT


def test_which_recording_of_a_run_teaches_is_read_from_its_record(tmp_path: Path) -> None:
    """Where twins did not matter, the test above could not tell how one of them is chosen."""
    written(tmp_path, 0)
    with Archive.open(tmp_path) as opened:
        whole = opened.sessions()
    first_alone = whole[:1] + [
        each
        for before, each in pairwise(whole)
        if each.start_time_s - before.start_time_s > COMPARED.same_start_s
    ]
    assert len(first_alone) < len(whole)
    assert learn(first_alone, Athlete(), COMPARED) != learn(whole, Athlete(), COMPARED)
