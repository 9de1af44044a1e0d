"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of real recordings; they are other people's tracks and lie outside the project."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real recordings is not beside this checkout")
    return CORPUS


@pytest.fixture(scope="session")
def samples() -> Path:
    """The simulator's own recordings, with their truth."""
    return ROOT / "sample_data"


def in_ci() -> bool:
    """Whether nothing may be skipped for want of a tool."""
    return os.environ.get("CI") == "true"
