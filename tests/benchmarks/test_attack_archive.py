"""A few random bits of every part of an archive: found, or nothing that is printed changes."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import attack_archive
from retrorun.archive import database

FLIPS = 3


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return attack_archive.made(tmp_path_factory.mktemp("attacked"))


@pytest.mark.parametrize("target", attack_archive.TARGETS)
def test_every_flip_is_found_or_changes_nothing_that_is_printed(
    pristine: Path, target: str
) -> None:
    dice = random.Random(f"test {target}")  # noqa: S311 - to be repeated
    tally = attack_archive.attack(pristine, attack_archive.TARGETS[target], dice, FLIPS, FLIPS)
    assert tally.breaches == []
    assert sum(tally.outcomes.values()) == FLIPS


def test_the_attack_sees_what_no_check_finds(
    pristine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a check that finds nothing, an altered number is missed, and said to be."""
    archive = shutil.copytree(pristine, tmp_path / "archive")
    shutil.copytree(pristine.parent / "exports", tmp_path / "exports")
    before, broken = attack_archive.printed(archive)
    assert broken == []
    monkeypatch.setattr("retrorun.archive.maintenance.check", lambda *_: [])
    with closing(sqlite3.connect(archive / database.FILE)) as direct, direct:
        direct.execute("UPDATE notes SET text = text || '!'")
    assert attack_archive.judged(archive, before, mend=False)[0] == "missed"
