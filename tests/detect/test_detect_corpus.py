"""Real recordings, none of them known to hold backward running: every finding is a false alarm."""

from collections.abc import Iterator
from pathlib import Path

from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.errors import RetrorunError
from retrorun.model import Athlete, Recording
from retrorun.prepare import prepare
from retrorun.readers import read
from retrorun.settings import Settings

SETTINGS = Settings()


def recordings(corpus: Path) -> Iterator[tuple[Path, Recording]]:
    for path in sorted(corpus.glob("*/*")):
        try:
            export = read(path.name, path.read_bytes(), SETTINGS.read)
        except RetrorunError:
            continue
        for recording in export.recordings:
            yield path, recording


def test_no_real_second_is_confirmed_backward_and_hardly_one_a_candidate(corpus: Path) -> None:
    moving_s = candidate_s = 0.0
    for path, recording in recordings(corpus):
        track = prepare(recording, SETTINGS.prepare)
        found = detect(track, labels_of_file(recording, path.name), Athlete(), SETTINGS.detect)
        edges = [part.start_s for part in found.segments] + [float(track.seconds)]
        assert edges[0] == 0.0, path.name
        assert edges[1:] == [part.end_s for part in found.segments], path.name
        for part in found.segments:
            length = part.end_s - part.start_s
            moving_s += length * (part.direction != "still")
            if part.direction == "backward":
                assert part.verdict == "candidate", path.name
                candidate_s += length
    assert moving_s > 20 * 3600
    assert candidate_s / 60 <= moving_s / 36_000
