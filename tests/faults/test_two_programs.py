"""Two programs with one archive: what one stores while the other works is in the numbers after.

The other program is a second connection, which acts at a fixed moment of what the first one does.
"""

from collections.abc import Callable
from pathlib import Path

import fake_pipeline
from retrorun import ingest
from retrorun.archive import Archive
from retrorun.engines import Process
from retrorun.ingest import Engine, plan_import, run_import
from retrorun.model import Athlete, Blob, Failed, Label, Outcome
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
