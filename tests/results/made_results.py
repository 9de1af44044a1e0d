"""A result set of simulated runs, made once for the tests that read it."""

from collections.abc import Sequence
from pathlib import Path

from retrorun import pipeline, results
from retrorun.model import Analysis, Athlete, Blob
from retrorun.settings import Settings
from retrorun.storage import Folder

BATCHES = ("a" * 32, "b" * 32)


def analysed(path: Path, athlete: Athlete | None = None) -> Analysis:
    blob = Blob(path.name, path.read_bytes())
    outcome = pipeline.process(blob, Settings(), athlete or Athlete(mass_kg=64.0, birth_year=1987))
    assert isinstance(outcome, Analysis)
    return outcome


def written(folder: Path, filed: Sequence[results.FileOutcomes], *, tracks: bool = True) -> Folder:
    """A result set of two batches: every other file in the second."""
    store = Folder(folder)
    store.put(results.ABOUT, results.make_about("1.0", "abc", tracks=tracks))
    for place, batch in enumerate(BATCHES):
        part = results.BatchWriter(batch, tracks=tracks)
        for each in filed[place::2]:
            part.add(each)
        for name, data in part.close():
            store.put(name, data)
    return store


def filed(athlete: str, analysis: Analysis) -> results.FileOutcomes:
    source = analysis.source
    place = (f"/exports/{athlete}/{source.name}", f"{athlete}/{source.name}", 10, "7", "abc")
    return results.FileOutcomes(athlete, *place, (analysis,), source.sha256)
