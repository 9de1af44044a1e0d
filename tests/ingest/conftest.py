"""What tests of imports share: an empty archive, and one simulated run a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from recordings_of_one_run import SEED

from retrorun.archive import Archive
from retrorun.simulate import Simulated, scenarios, simulate


@pytest.fixture(scope="module")
def run() -> Simulated:
    """Six backward intervals with a compass, as simulated."""
    return simulate(scenarios()["intervals"], SEED)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "archive") as opened:
        yield opened
