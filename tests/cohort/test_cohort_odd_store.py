"""A store whose implementation fails oddly over one object costs that object, not its batch."""

import time
from pathlib import Path
from typing import Any

import cohort_made as made
import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

import fake_pipeline
from retrorun.cohort import worker
from retrorun.engines import Limits
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import Settings


class Odd(LocalFileSystem):  # type: ignore[misc] # fsspec has no types
    """Of a file that is called odd it raises what no store should."""

    protocol = "oddly"

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(LocalFileSystem._strip_protocol(path.replace("oddly://", "")))

    def cat_file(self, path: str, *args: Any, **more: Any) -> bytes:  # noqa: ANN401 - as there
        if path.endswith("slow.fit"):
            time.sleep(600.0)
        if path.endswith("odd.fit"):
            raise ValueError("weird reply")
        if path.endswith("once.fit") and not Path(f"{path}.asked").exists():
            Path(f"{path}.asked").touch()
            raise ValueError("weird reply")
        return bytes(super().cat_file(path, *args, **more))


fsspec.register_implementation("oddly", Odd, clobber=True)  # in the child, too: it loads `process`


def process(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """The stand-in, from this module."""
    found: Outcome = fake_pipeline.process(blob, settings, athlete)
    return found


def test_the_file_is_a_row_and_all_others_are_done(tmp_path: Path) -> None:
    made.put(tmp_path / "e", made.exports(5) | {"a1/odd.fit": made.run_of(7)})
    made.put(tmp_path / "e", {"a2/once.fit": made.run_of(8)})
    report = made.run(f"oddly://{tmp_path}/e", tmp_path / "out", process=process)
    assert (report.files, report.failed, report.deferred, report.sessions) == (7, 1, 0, 6)
    found = made.outcomes(tmp_path / "out")
    assert found.pop("a1/odd.fit") == ("failed", "worker-died")
    assert set(found.values()) == {("imported", None)}
    assert [row["file"] for row in made.rows(tmp_path / "out", "problems")] == ["a1/odd.fit"]


def test_a_store_that_lets_wait_blames_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "READ_S", 8.0)  # the file before it is read within that
    made.put(tmp_path / "e", {"a/slow.fit": made.run_of(1), "a/1.fit": made.run_of(2)})
    limits = Limits(seconds=8.0, memory_bytes=made.LIMITS.memory_bytes)
    report = made.run(f"oddly://{tmp_path}/e", tmp_path / "out", process=process, limits=limits)
    assert (report.files, report.deferred) == (0, 2)
    assert [(each.name, each.slug) for each in report.unfinished] == [
        ("a/slow.fit", "store-failing")
    ]
    assert not (tmp_path / "out" / "files").exists()
