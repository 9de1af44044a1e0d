"""An object store behind a real server: the same answers as a folder, in pages, and patient."""

import socket
import threading
from collections import Counter
from pathlib import Path

import fsspec
import pytest

import object_stores
from object_stores import ObjectServer
from retrorun import storage
from retrorun.errors import ReadError, StoreError
from retrorun.storage import objects


@pytest.fixture
def bucket(s3: ObjectServer) -> str:
    return s3.bucket()


def test_objects_are_listed_put_read_and_deleted(bucket: str) -> None:
    store = storage.open_store(f"{bucket}/exports")
    for name in ("b.fit", "a/z.fit", "a.fit"):
        assert store.put(name, b"123")
    storage.open_store(f"{bucket}/exports-of-others").put("x.fit", b"1")
    assert [(each.name, each.size) for each in store.entries()] == [
        ("a.fit", 3),
        ("a/z.fit", 3),
        ("b.fit", 3),
    ]
    assert [each.name for each in store.entries("a")] == ["a/z.fit"]
    assert list(store.entries("nothing")) == []
    entry = next(store.entries())
    assert entry.address == f"{bucket}/exports/a.fit"
    assert store.read("a.fit", 3, entry.tag) == b"123"
    store.delete("a.fit")
    store.delete("a.fit")
    assert [each.name for each in store.entries()] == ["a/z.fit", "b.fit"]


def test_a_listing_goes_on_beyond_the_first_page(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = fsspec.filesystem("s3")
    wanted = [f"{number:04}.fit" for number in range(7)]
    for name in wanted:
        system.pipe_file(f"{bucket}/{name}", b"1")
    store = storage.open_store(bucket)
    assert isinstance(store, storage.ObjectStore)
    asked: list[str | None] = []

    def few(_: object, method: str, **what: str) -> object:
        asked.append(what.get("ContinuationToken"))
        return call(system, method, MaxKeys=3, **what)

    call = type(system).call_s3
    monkeypatch.setattr(type(system), "call_s3", few)
    assert [each.name for each in store.entries()] == wanted
    assert len(asked) == 3
    assert len(set(asked)) == 3


def test_of_many_who_put_at_once_one_stores(bucket: str) -> None:
    store = storage.open_store(bucket)
    start, stored = threading.Barrier(8), list[int]()

    def put(number: int) -> None:
        start.wait()
        if store.put("x", str(number).encode()):
            stored.append(number)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored) == 1
    assert store.read("x", 9) == str(stored[0]).encode()


def test_what_changed_is_too_large_or_gone_is_the_objects_own_fault(bucket: str) -> None:
    store = storage.open_store(bucket)
    store.put("a.fit", b"12345")
    for name, limit, tag, slug in (
        ("a.fit", 4, None, "file-too-large"),
        ("a.fit", 9, "another", "file-changing"),
        ("b.fit", 9, None, "file-unreadable"),
    ):
        with pytest.raises(ReadError) as caught:
            store.read(name, limit, tag)
        assert caught.value.slug == slug
        assert not isinstance(caught.value, StoreError)


def test_a_stream_is_read_at_any_place(bucket: str) -> None:
    store = storage.open_store(bucket)
    store.put("a.zip", bytes(range(200)))
    with store.opened("a.zip") as stream:
        stream.seek(100)
        assert stream.read(3) == bytes([100, 101, 102])
        stream.seek(-2, 2)
        assert stream.read() == bytes([198, 199])
        assert stream.tell() == 200


def other_store(endpoint: str, bucket: str) -> storage.ObjectStore:
    """The same bucket by way of another endpoint."""
    store = storage.ObjectStore(bucket)
    store._system = fsspec.filesystem(
        "s3",
        endpoint_url=endpoint,
        skip_instance_cache=True,
        config_kwargs={"retries": {"max_attempts": 0}},  # ours are under test, not the library's
    )
    store._system.retries = 1
    return store


def test_a_store_that_fails_now_and_then_is_asked_again(
    s3: ObjectServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PAUSES_S", (0.0, 0.0, 0.0, 0.0, 0.0))
    storage.open_store(bucket).put("a.fit", b"12345")
    asked: Counter[str] = Counter()

    def twice(_: int, method: str, path: str) -> int | None:
        """Every request fails twice before it is answered."""
        asked[f"{method} {path}"] += 1
        return 503 if asked[f"{method} {path}"] < 3 else None

    with object_stores.proxy(s3.endpoint, twice) as (endpoint, _):
        store = other_store(endpoint, bucket)
        assert store.read("a.fit", 9) == b"12345"
        assert store.put("b.fit", b"1")
        assert [each.name for each in store.entries()] == ["a.fit", "b.fit"]
    assert min(asked.values()) == 3


def test_a_store_that_always_fails_is_a_fault_of_its_own(
    s3: ObjectServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PAUSES_S", (0.0,))
    with object_stores.proxy(s3.endpoint, lambda *_: 503) as (endpoint, _):
        store = other_store(endpoint, bucket)
        for ask in (
            lambda: store.read("a.fit", 9),
            lambda: store.put("a.fit", b""),
            lambda: list(store.entries()),
        ):
            with pytest.raises(StoreError) as caught:
                ask()
            assert caught.value.slug == "store-failing"
            assert bucket in caught.value.message


def test_a_store_that_never_answers_is_given_up(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "TIMEOUT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # it takes calls, and says nothing
        store = other_store(f"http://127.0.0.1:{silent.getsockname()[1]}", bucket)
        for ask in (
            lambda: store.read("a.fit", 9),
            lambda: store.put("a.fit", b""),
            lambda: store.opened("a.zip"),
            store.entries,
        ):
            with pytest.raises(StoreError) as caught:
                ask()
            assert caught.value.slug == "store-failing"
            # our words: the library would say it in its own, after 15 s, again and again
            assert "no answer in time" in caught.value.message


def test_a_bucket_that_is_not_there_is_reported_and_an_empty_prefix_is_empty(bucket: str) -> None:
    assert list(storage.open_store(f"{bucket}/nothing").entries()) == []
    for under in ("", "files"):
        with pytest.raises(ReadError) as caught:
            storage.open_store(f"{bucket}-of-nobody/x").entries(under)
        assert caught.value.slug == "folder-missing"


def test_who_may_not_is_refused_at_once(s3: ObjectServer, bucket: str) -> None:
    with object_stores.proxy(s3.endpoint, lambda *_: 403) as (endpoint, seen):
        with pytest.raises(StoreError) as caught:
            other_store(endpoint, bucket).read("a.fit", 9)
        assert caught.value.slug == "store-refuses"
        assert len(seen) == 1
    assert object_stores.SECRET not in str(caught.value)


def test_a_folder_by_url_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    store = storage.open_store(tmp_path.as_uri())
    assert isinstance(store, storage.Folder)
    assert store.put("a b/c", b"1")
    assert (tmp_path / "a b" / "c").read_bytes() == b"1"
