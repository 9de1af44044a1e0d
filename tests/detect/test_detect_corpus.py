"""Real recordings, none of them known to hold backward running: every finding is a false alarm."""

import pytest

from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.errors import RetrorunError
from retrorun.model import Athlete, Export
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()


@pytest.mark.xdist_group("real files")  # they are read once, by one worker
def test_no_real_second_is_confirmed_backward_and_hardly_one_a_candidate(
    read_corpus: dict[str, Export | RetrorunError],
) -> None:
    moving_s = candidate_s = 0.0
    for name, recording in (
        (name, recording)
        for name, export in read_corpus.items()
        if isinstance(export, Export)
        for recording in export.recordings
    ):
        track = prepare(recording, SETTINGS.prepare)
        found = detect(track, labels_of_file(recording, name), Athlete(), SETTINGS.detect)
        edges = [part.start_s for part in found.segments] + [float(track.seconds)]
        assert edges[0] == 0.0, name
        assert edges[1:] == [part.end_s for part in found.segments], name
        for part in found.segments:
            length = part.end_s - part.start_s
            moving_s += length * (part.direction != "still")
            if part.direction == "backward":
                assert part.verdict == "candidate", name
                candidate_s += length
    assert moving_s > 20 * 3600
    assert candidate_s / 60 <= moving_s / 36_000
