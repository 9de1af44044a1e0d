"""Pages, batches and the index of what is known: pure, bounded and told by the files alone."""

from itertools import pairwise

import cohort_made as made
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrorun.cohort import batches
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import PlannedFile, ResultKey
from retrorun.cohort.manifest import FileIndex, list_files
from retrorun.errors import ReadError
from retrorun.storage import open_store

KEY = ResultKey(1, "1.0", "abc", tracks=False)


def planned(number: int, size_bytes: int = 100_000, tag: str = "t") -> PlannedFile:
    name = f"a{number % 3}/{number:06}.fit"
    return PlannedFile(f"s3://bucket/{name}", name, size_bytes, tag, f"a{number % 3}", "p")


def test_batches_hold_every_file_once_in_order_and_about_a_minute() -> None:
    files = [planned(number) for number in range(20_000)]
    page = batches.plan_page(files, KEY)
    assert [each for batch in page for each in batch.files] == files
    costs = [sum(map(batches.cost_s, batch.files)) for batch in page]
    assert max(costs) <= batches.BATCH_S
    assert min(costs[:-1]) > 20
    assert max(len(batch.files) for batch in page) <= batches.BATCH_FILES


def test_little_work_is_cut_for_several_workers_but_not_to_crumbs() -> None:
    assert len(batches.plan_page([planned(n) for n in range(5000)], KEY)) >= 16
    assert len(batches.plan_page([planned(n) for n in range(20)], KEY)) == 1


def test_a_file_larger_than_a_batch_is_a_batch() -> None:
    files = [planned(1), planned(2, size_bytes=10**11), planned(3)]
    assert [len(each.files) for each in batches.plan_page(files, KEY)] == [1, 1, 1]


def test_a_name_changes_with_everything_that_decides_the_results() -> None:
    file = planned(1)
    names = {
        batches.make_batch(files, config).name
        for files, config in (
            ([file], KEY),
            ([planned(2)], KEY),
            ([planned(1, size_bytes=7)], KEY),
            ([planned(1, tag="u")], KEY),
            ([PlannedFile(file.address, file.name, file.size_bytes, "t", "b", "p")], KEY),
            ([PlannedFile(file.address, file.name, file.size_bytes, "t", "a1", "q")], KEY),
            ([file, planned(2)], KEY),
            ([planned(2), file], KEY),
            ([file], ResultKey(2, "1.0", "abc", tracks=False)),
            ([file], ResultKey(1, "1.1", "abc", tracks=False)),
            ([file], ResultKey(1, "1.0", "abd", tracks=False)),
            ([file], ResultKey(1, "1.0", "abc", tracks=True)),
        )
    }
    assert len(names) == 12
    assert all(len(each) == 32 for each in names)


TEXT = st.text(alphabet=st.characters(), max_size=12)  # lone surrogates, too


@given(
    st.lists(
        st.builds(PlannedFile, TEXT, TEXT, st.integers(0, 2**60), TEXT, TEXT, TEXT), unique=True
    )
)
@settings(max_examples=60, deadline=None)
def test_a_page_comes_back_as_it_was_written(files: list[PlannedFile]) -> None:
    page = batches.plan_page(files, KEY)
    name, data = batches.encode_page(page)
    assert batches.decode_page(name, data) == page
    assert batches.encode_page(page) == (name, data)


def test_a_damaged_page_is_reported() -> None:
    name, data = batches.encode_page(batches.plan_page([planned(1)], KEY))
    for damaged in (b"", data[:40], data[:-1], b"PAR1" * 9):
        with pytest.raises(ReadError) as caught:
            batches.decode_page(name, damaged)
        assert caught.value.slug == "manifest-damaged"


def test_the_index_tells_new_known_and_changed_apart() -> None:
    index = FileIndex()
    index.add([planned(number) for number in range(100)], 7)
    index.seal()
    index.add([planned(number) for number in range(100, 200)], 8)
    index.seal()
    listing = [planned(5), planned(150), planned(6, tag="u"), planned(151, size_bytes=1)]
    diff = index.compare([*listing, planned(300)])
    assert diff.known == 2
    assert diff.changed == {7, 8}
    assert diff.new == [planned(300)]
    index.remove({7})
    diff = index.compare(listing)
    assert (diff.known, diff.changed) == (1, {8})
    assert diff.new == [planned(5), planned(6, tag="u")]


def test_the_index_takes_28_bytes_a_file() -> None:
    index = FileIndex()
    index.add([planned(number) for number in range(1000)], 1)
    index.seal()
    assert sum(each.nbytes for each in (index.address, index.key, index.batch)) == 28_000
    assert np.all(index.address[:-1] <= index.address[1:])


def test_the_listing_knows_exports_and_whose_they_are(tmp_path: object) -> None:
    address = str(tmp_path)
    made.put(address, {"a/1.fit": "x", "a/.hidden.fit": "x", "b/2.GPX.gz": "x", "3.tcx": "x"})
    made.put(address, {"a/notes.txt": "x", "b/all.zip": "x"})
    found = [(each.name, each.athlete) for each in list_files(open_store(address), Athletes())]
    assert found == [
        ("3.tcx", "unknown"),
        ("a/1.fit", "a"),
        ("b/2.GPX.gz", "b"),
        ("b/all.zip", "b"),
    ]
    assert all(one < two for one, two in pairwise(found))
