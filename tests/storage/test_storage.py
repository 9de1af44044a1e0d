"""Folders and object stores say the same things in the same way."""

import errno
import os
import socket
import sys
import unicodedata
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from retrorun import storage
from retrorun.errors import ReadError, RetrorunError, SettingsError, StoreError
from retrorun.storage import objects
from retrorun.storage.entries import words_of
from retrorun.text import printable


def names(store: storage.Store) -> list[str]:
    return [entry.name for entry in store.entries()]


def test_a_folder_lists_all_files_below_in_order(tmp_path: Path) -> None:
    for name in ("b.fit", "a/z.fit", "a/b/c.fit", "c.fit"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"123")
    found = list(storage.open_store(tmp_path).entries())
    assert [entry.name for entry in found] == ["a/b/c.fit", "a/z.fit", "b.fit", "c.fit"]
    assert {entry.size for entry in found} == {3}
    assert found[0].address == str(tmp_path / "a/b/c.fit")


def test_loops_of_links_end_and_files_behind_links_count_once(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "a.fit").write_bytes(b"1")
    (tmp_path / "runs" / "up").symlink_to(tmp_path)
    (tmp_path / "runs" / "self").symlink_to("self")
    (tmp_path / "dangling.fit").symlink_to("nowhere")
    (tmp_path / "again").symlink_to(tmp_path / "runs")
    store = storage.Folder(tmp_path)
    assert names(store) == ["again/a.fit"]
    assert store.unlisted == []  # nothing that anybody could mend


def test_a_link_to_a_folder_elsewhere_is_followed_and_no_link_from_there_further_out(
    tmp_path: Path,
) -> None:
    for folder in ("exports", "drive/inner", "drive/side", "elsewhere"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.fit").write_bytes(b"1")
    (tmp_path / "exports" / "drive").symlink_to(tmp_path / "drive")
    (tmp_path / "drive" / "inner" / "side").symlink_to(tmp_path / "drive" / "side")
    (tmp_path / "drive" / "out").symlink_to(tmp_path / "elsewhere")
    store = storage.Folder(tmp_path / "exports")
    found = ["a.fit", "drive/inner/a.fit", "drive/inner/side/a.fit"]
    assert names(store) == found
    out = str(tmp_path / "exports" / "drive" / "out")
    assert store.unlisted == [
        (out, "it leads out of a folder that a link led to; link to it from the exports themselves")
    ]


def test_a_link_to_a_folder_around_a_linked_folder_is_named(tmp_path: Path) -> None:
    for folder in ("exports", "nas/cards", "nas/other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "nas/other/run.fit").write_bytes(b"1")
    (tmp_path / "exports/cards").symlink_to(tmp_path / "nas/cards")
    (tmp_path / "nas/cards/more").symlink_to(tmp_path / "nas")
    (tmp_path / "nas/cards/loop").symlink_to(tmp_path / "nas/cards")
    store = storage.Folder(tmp_path / "exports")
    assert names(store) == []
    assert [place for place, _ in store.unlisted] == [str(tmp_path / "exports/cards/more")]


def test_a_link_whose_target_another_link_led_to_is_not_named(tmp_path: Path) -> None:
    for folder in ("exports", "a", "b"):
        (tmp_path / folder).mkdir()
    (tmp_path / "b/run.fit").write_bytes(b"1")
    (tmp_path / "exports/a").symlink_to(tmp_path / "a")
    (tmp_path / "a/x").symlink_to(tmp_path / "b")
    (tmp_path / "exports/b").symlink_to(tmp_path / "b")
    store = storage.Folder(tmp_path / "exports")
    assert names(store) == ["b/run.fit"]
    assert store.unlisted == []


def test_a_link_to_a_folder_around_the_folder_is_a_loop(tmp_path: Path) -> None:
    for folder in ("exports/sub", "beside"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.fit").write_bytes(b"1")
    (tmp_path / "exports" / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "exports" / "disk").symlink_to("/")
    store = storage.Folder(tmp_path / "exports")
    assert names(store) == ["sub/a.fit"]
    assert store.unlisted == []


@pytest.mark.skipif(not Path("/proc/self/cwd").is_dir(), reason="there is no such system folder")
def test_the_systems_own_folders_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(b"1")
    for system in ("proc", "sys"):
        (tmp_path / system).symlink_to(f"/{system}")
    (tmp_path / "own").symlink_to("/proc/self/task")
    store = storage.Folder(tmp_path)
    assert names(store) == ["a.fit"]
    assert store.unlisted == []


def test_a_link_to_a_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a.fit").write_bytes(b"12")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "b.fit").symlink_to(tmp_path / "there" / "a.fit")
    assert [(e.name, e.size) for e in storage.Folder(tmp_path / "exports").entries()] == [
        ("b.fit", 2)
    ]


def test_pipes_and_sockets_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "a.fit")
    monkeypatch.chdir(tmp_path)  # a socket's name must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("b.fit")
        assert names(storage.Folder(tmp_path)) == []


def test_odd_names_are_listed_and_read(tmp_path: Path) -> None:
    odd = [b"new\nline.fit", b"\xff\xfe.fit", b"\xe2\x80\xae.fit", b"a" * 251 + b".fit"]
    for raw in odd:
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), raw))).write_bytes(b"1")  # noqa: PTH118
    store = storage.Folder(tmp_path)
    found = names(store)
    assert sorted(os.fsencode(name) for name in found) == sorted(odd)
    assert all(store.read(name, 10) == b"1" for name in found)
    for name in found:
        shown = printable(name)
        assert shown.isprintable()
        shown.encode("utf-8")


def test_too_large_and_missing_files_are_refused_with_words(tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(b"12345")
    store = storage.Folder(tmp_path)
    assert store.read("a.fit", 5) == b"12345"
    for name, limit, slug in (("a.fit", 4, "file-too-large"), ("b.fit", 9, "file-unreadable")):
        with pytest.raises(ReadError) as caught:
            store.read(name, limit)
        assert caught.value.slug == slug


def test_a_file_replaced_during_reading_is_noticed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "a.fit"
    path.write_bytes(b"before")
    fstat, calls = os.fstat, list[int]()

    def grows(number: int) -> os.stat_result:
        calls.append(number)
        if len(calls) == 2:
            with path.open("ab") as stream:
                stream.write(b" and after")
        return fstat(number)

    monkeypatch.setattr(os, "fstat", grows)
    with pytest.raises(ReadError) as caught:
        storage.read_file(str(path), 100)
    assert caught.value.slug == "file-changing"


@pytest.mark.parametrize("read", ["read", "opened"])
def test_a_drive_that_is_away_is_no_fault_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    def stale(*_: object, **__: object) -> None:
        raise OSError(errno.ESTALE, "Stale file handle")

    store = storage.Folder(tmp_path)
    monkeypatch.setattr("builtins.open", stale)
    monkeypatch.setattr("pathlib.Path.open", stale)
    with pytest.raises(StoreError) as caught:
        store.read("run.zip", 9) if read == "read" else store.opened("run.zip")
    assert caught.value.slug == "store-failing"


def test_put_never_replaces_and_leaves_nothing_half(tmp_path: Path) -> None:
    store = storage.Folder(tmp_path)
    assert store.put("x/y.bin", b"first")
    assert not store.put("x/y.bin", b"second")
    assert store.read("x/y.bin", 9) == b"first"
    assert names(store) == ["x/y.bin"]


def without_case(monkeypatch: pytest.MonkeyPatch, folder: Path, *spellings: str) -> None:
    """A disk that knows no case: other spellings lead to a folder, and no listing shows them."""
    for each in spellings:
        folder.with_name(each).symlink_to(folder)
    listed = os.listdir
    monkeypatch.setattr(os, "listdir", lambda of: [o for o in listed(of) if o not in spellings])


def test_athletes_whose_names_differ_in_case_share_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = storage.Folder(tmp_path)
    assert store.put("sessions/athlete=Ann/1.parquet", b"hers")
    assert store.put("sessions/athlete=ANN/1.parquet", b"another's")  # this disk tells them apart
    mine = tmp_path / "sessions" / "athlete=Bo"
    assert store.put("sessions/athlete=Bo/1.parquet", b"his")
    without_case(monkeypatch, mine, "athlete=bo", "ATHLETE=BO", "ATHLETE=bO")
    with pytest.raises(StoreError) as refused:
        store.put("sessions/athlete=bo/2.parquet", b"another's")
    assert refused.value.slug == "store-case"
    assert "athlete=bo from athlete=Bo" in refused.value.message
    assert store.put("sessions/athlete=Bo/2.parquet", b"his")
    assert sorted(each.name for each in mine.iterdir()) == ["1.parquet", "2.parquet"]


def test_a_name_that_the_disk_lists_in_another_normal_form_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As older disks of macOS list them; they know no case either."""
    store = storage.Folder(tmp_path)
    folder = tmp_path / "sessions" / "athlete=Jörg"
    assert store.put("sessions/athlete=Jörg/1.parquet", b"his")
    folder.with_name(folder.name.swapcase()).symlink_to(folder)
    monkeypatch.setattr(os, "listdir", lambda _: [unicodedata.normalize("NFD", folder.name)])
    assert store.put("sessions/athlete=Jörg/2.parquet", b"his")


def test_folders_deeper_than_the_stack_are_walked(tmp_path: Path) -> None:
    parts, here = 600, os.open(tmp_path, os.O_RDONLY)
    try:
        for _ in range(parts):
            os.mkdir("a", dir_fd=here)
            inner = os.open("a", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
        os.close(os.open("run.fit", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    finally:
        os.close(here)
    store = storage.Folder(tmp_path)
    assert names(store) == ["a/" * parts + "run.fit"]
    assert store.unlisted == []


def test_what_is_put_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def link(partial: Path, _: Path) -> None:
        assert synced == [partial.stat().st_ino]

    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    monkeypatch.setattr(os, "link", link)
    assert storage.Folder(tmp_path).put("x.bin", b"1")
    assert len(synced) == 1


def test_a_disk_without_links_is_a_store_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")  # as exFAT does

    monkeypatch.setattr(os, "link", refuse)
    store = storage.Folder(tmp_path)
    assert store.put("x/y.bin", b"first")
    assert not store.put("x/y.bin", b"second")
    assert store.read("x/y.bin", 9) == b"first"
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["y.bin"]


def test_two_machines_with_one_process_number_write_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside: list[Path] = []
    monkeypatch.setattr(os, "getpid", lambda: 7)
    monkeypatch.setattr(os, "link", lambda partial, _: beside.append(partial))
    for _ in range(2):
        storage.Folder(tmp_path).put("x.bin", b"1")
    assert len(set(beside)) == 2


def test_an_object_store_says_the_same(tmp_path: Path) -> None:
    address = f"memory://{tmp_path.name}/exports"
    store = storage.open_store(address)
    assert isinstance(store, storage.ObjectStore)
    for name in ("b.fit", "a/z.fit"):
        assert store.put(name, b"123")
    assert not store.put("b.fit", b"other")
    found = list(store.entries())
    assert [(entry.name, entry.size) for entry in found] == [("b.fit", 3), ("a/z.fit", 3)]
    assert found[0].address == f"{address}/b.fit"
    assert store.read("a/z.fit", 3, found[1].tag) == b"123"
    for name, limit, slug in (("b.fit", 2, "file-too-large"), ("c.fit", 9, "file-unreadable")):
        with pytest.raises(ReadError) as caught:
            store.read(name, limit)
        assert caught.value.slug == slug


def test_a_folder_by_url_is_a_store_too(tmp_path: Path) -> None:
    (tmp_path / "a.fit").write_bytes(b"12")
    store = storage.open_store(tmp_path.as_uri())
    assert [(entry.name, entry.size) for entry in store.entries()] == [("a.fit", 2)]


@pytest.mark.parametrize(
    "address",
    ["nonsense://bucket/x", "s3://", "github://no-repository", "file://", "file://results"],
)
def test_an_address_of_no_store_is_a_wrong_word(address: str) -> None:
    """Exit 2; ``file://results`` would be the folder that the command was typed in."""
    with pytest.raises(SettingsError) as caught:
        storage.open_store(address)
    assert caught.value.slug == "store-unknown"


def test_a_store_without_the_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)  # as if it were not installed
    with pytest.raises(RetrorunError) as caught:
        storage.open_store("s3://name:secret@bucket/x")
    assert 'pip install "retrorun[cluster]"' in str(caught.value)
    assert "fsspec, which is not installed" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_generous_limit_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"abc")
    assert storage.read_file(str(path), 1 << 60) == b"abc"  # a buffer of that size there is none


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("ftp://me:word@host/x", "ftp://host/x"),
        ("ftp://me@host/x@y", "ftp://host/x@y"),
        ("sftp://u:SEC@RET@host/x", "sftp://host/x"),
        ("sftp://u:SEC/RET@host/x", "sftp://host/x"),
        ("sftp://u:SEC@RE/T@host/x", "sftp://host/x"),
        ("sftp://u:SEC RET@host/x", "sftp://host/x"),
        ("sftp://u:SEC?RET@host/x", "sftp://…"),
        ("https://host:443/x?sig=SEC@RET", "https://…"),
        ("https://host?sig=SEC@RET", "https://…"),
        ("https://host/x/y?sig=SECRET", "https://host/x/y"),
        ("simplecache::sftp://u:SECRET@host/x", "simplecache::sftp://host/x"),
        ("filecache://host/x::sftp://u:SECRET@host/y", "filecache://host/x::sftp://host/y"),
        ("s3://bucket/a@b", "s3://bucket/a@b"),
        ("s3://bucket/2024:05/a@b", "s3://bucket/2024:05/a@b"),
        ("http://host:80/a", "http://host:80/a"),
        ("/home/a@b?c", "/home/a@b?c"),
    ],
)
def test_names_passwords_and_signatures_in_an_address_are_not_shown(
    address: str, plain: str
) -> None:
    assert storage.without_user(address) == plain


def test_what_a_library_says_is_short_and_without_credentials() -> None:
    said = OSError(
        'no route to "sftp://u:SEC@RET@host/x",\n nor to https://host/y?sig=SECRET: away'
    )
    assert words_of(said) == 'no route to "sftp://host/x", nor to https://host/y away'
    assert words_of(OSError()) == "OSError"
    assert len(words_of(OSError("x" * 10_000))) == 200


class Flaky(MemoryFileSystem):  # type: ignore[misc]  # fsspec has no types
    """A store whose listing of one folder fails a few times."""

    protocol = "flaky"
    failures = 0

    def ls(self, path: str, detail: bool = True, **more: object) -> object:  # noqa: FBT001, FBT002 - its name there
        if Flaky.failures and path.endswith("/b"):
            Flaky.failures -= 1
            raise OSError(5, "503 slow down")
        return super().ls(path, detail=detail, **more)


def test_a_listing_that_fails_is_asked_again_and_never_shortened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "PAUSES_S", (0.0, 0.0))
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    store = storage.open_store(f"flaky://{tmp_path.name}")
    wanted = ["a/1.fit", "b/2.fit", "b/c/3.fit", "d/4.fit"]
    for name in wanted:
        store.put(name, b"1")
    monkeypatch.setattr(Flaky, "failures", 2)
    assert names(store) == wanted
    monkeypatch.setattr(Flaky, "failures", 3)
    with pytest.raises(StoreError) as caught:
        names(store)
    assert caught.value.slug == "store-failing"


def test_a_folder_that_is_not_there_is_reported_but_below_it_nothing_is_listed(
    tmp_path: Path,
) -> None:
    for address in (f"memory://{tmp_path.name}/nowhere", tmp_path / "nowhere"):
        store = storage.open_store(address)
        with pytest.raises(ReadError) as caught:
            store.entries()
        assert caught.value.slug == "folder-missing"
        assert not isinstance(caught.value, StoreError)
        assert list(store.entries("files")) == []
