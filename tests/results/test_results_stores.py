"""Result sets in a store that is no folder."""

import random
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from made_results import analysed, filed, written

from retrorun import results
from retrorun.errors import RetrorunError
from retrorun.storage import Folder, Store, open_store

NAMES = ("ann", "Anna", "a/b c%", "日本", "..")


@pytest.fixture
def store() -> Iterator[Store]:
    address = "memory://results-of-tests/set"
    yield open_store(address)
    fsspec.filesystem("memory").rm("/results-of-tests", recursive=True)


def test_each_athlete_is_found_alone_in_an_object_store(store: Store, samples: Path) -> None:
    assert results.athletes(store) == []
    assert list(results.ledger(store)) == []
    analysis = analysed(samples / "2026-05-31-easy.fit")
    for place, name in enumerate(NAMES):
        part = results.BatchWriter(f"{place:032x}", tracks=False)
        part.add(filed(name, analysis))
        for path, data in part.close():
            assert store.put(path, data)
    assert results.athletes(store) == sorted(NAMES)
    for name in NAMES:
        assert [each.id for each in results.sessions(store, name)] == [analysis.sessions[0].id]
    assert sum(batch.num_rows for batch in results.ledger(store)) == len(NAMES)


@pytest.mark.parametrize("folder", ["100%", "50%zz", "%", "%C"])
def test_a_folder_that_somebody_renamed_is_no_crash(store: Store, folder: str) -> None:
    place = f"sessions/athlete={folder}/year=2026"
    store.put(f"{place}/x.parquet", b"")
    # nobody's sessions are read from there, so that it is no athlete, and is named
    assert results.sessions(store, folder) == []
    assert results.athletes(store) == []
    (problem,) = results.misplaced_parts(store)
    assert (problem.slug, problem.file) == ("results-part-misplaced", place)


def test_the_same_session_of_two_batches_counts_once(store: Store, samples: Path) -> None:
    analysis = analysed(samples / "2026-05-31-easy.fit")
    for batch in ("a" * 32, "b" * 32):
        part = results.BatchWriter(batch, tracks=False)
        part.add(filed("ann", analysis))
        for path, data in part.close():
            store.put(path, data)
    assert len(results.sessions(store, "ann")) == 1


def test_a_broken_part_ends_in_words(tmp_path: Path, samples: Path) -> None:
    whole = written(tmp_path / "whole", [filed("ann", analysed(samples / "2026-05-31-easy.fit"))])
    rng = random.Random(8)  # noqa: S311 - to break bytes with
    slugs = []
    for number in range(60):
        store = Folder(tmp_path / str(number))
        for entry in whole.entries():
            data = bytearray(whole.read(entry.name, 1 << 30))
            for _ in range(3):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            store.put(entry.name, bytes(data))
        for read in (_ledger, _about, _sessions, _copy):
            try:
                read(store)
            except RetrorunError as problem:
                slugs.append(problem.slug)
    assert len(slugs) > 60
    assert all(each.startswith("results-") for each in slugs)


def _ledger(store: Store) -> None:
    assert all(batch.num_rows for batch in results.ledger(store))


def _about(store: Store) -> None:
    results.read_about(store)


def _sessions(store: Store) -> None:
    results.sessions(store, "ann")


def _copy(store: Store) -> None:
    assert all(
        data for _, data in results.deidentify(store, results.pseudonym_key(b"s" * 16), tracks=True)
    )
