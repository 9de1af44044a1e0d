"""The folder of pages: whole or not at all, and not written twice."""

import os
from pathlib import Path

import pytest

from retrorun.errors import PageError
from retrorun.report import page
from retrorun.report.page import Site, asset_names, asset_text


def test_an_unchanged_page_is_left_alone(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert site.write("sessions/a.html", "<p>é</p>")
    os.utime(tmp_path / "sessions" / "a.html", (1, 1))
    assert not site.write("sessions/a.html", "<p>é</p>")
    assert (tmp_path / "sessions" / "a.html").stat().st_mtime == 1
    assert site.write("sessions/a.html", "<p>e</p>")
    assert (tmp_path / "sessions" / "a.html").read_bytes() == b"<p>e</p>"


def test_the_same_length_is_not_the_same_page(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.write("index.html", "one")
    assert site.write("index.html", "two")
    assert (tmp_path / "index.html").read_text() == "two"


def test_nothing_half_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path)
    site.write("index.html", "old")

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as half:
            half.write(content[: len(content) // 2])
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PageError, match="no space"):
        site.write("index.html", "a new page")
    assert (tmp_path / "index.html").read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["index.html"]


def test_assets_stand_once_under_names_of_their_content(tmp_path: Path) -> None:
    site = Site(tmp_path)
    assert site.ensure_assets() == len(asset_names())
    assert site.ensure_assets() == 0
    for name in asset_names().values():
        assert (tmp_path / "assets" / name).read_bytes() == asset_text(name).encode()


def test_assets_of_an_older_version_stay(tmp_path: Path) -> None:
    old = tmp_path / "assets" / "style-00000000.css"
    old.parent.mkdir()
    old.write_text("p {}")
    Site(tmp_path).ensure_assets()
    assert old.read_text() == "p {}"


def _hello(folder: Path) -> str:
    """A page by an environment of its own, with compiled templates in a folder."""
    environment = page._environment.__wrapped__(folder)
    template = environment.get_template("fault.html.j2")
    return "".join(map(str, template.root_render_func.__code__.co_consts))


def test_templates_are_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    folder = tmp_path / "compiled"
    first = _hello(folder)
    assert list(folder.glob("*.jinja"))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("jinja2.Environment.compile", refuse)
    assert _hello(folder) == first
    with pytest.raises(AssertionError):
        _hello(tmp_path)


def test_compiled_templates_are_read_by_all_who_may_read_the_package_and_older_ones_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    older, module = tmp_path / "0.0.9-1-2-abc.jinja", tmp_path / "page.cpython-311.pyc"
    for each in (older, module):
        each.touch()
    _hello(tmp_path)
    assert not older.exists()
    assert module.exists()
    ours = list(tmp_path.glob("*.jinja"))
    assert ours
    wanted = Path(page.__file__).stat().st_mode & 0o666
    assert {each.stat().st_mode & 0o777 for each in ours} == {wanted}


@pytest.mark.parametrize("kept", [0, 1, 20, 60, 200, 500])
def test_a_compiled_template_that_is_cut_off_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    first = _hello(tmp_path)
    whole = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path, data in whole.items():
        path.write_bytes(data[:kept])
    assert _hello(tmp_path) == first
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == whole


def test_where_nothing_may_be_written_templates_are_compiled_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    (tmp_path / "no folder").touch()
    expected = _hello(tmp_path / "folder")
    assert _hello(tmp_path / "no folder") == expected
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert _hello(tmp_path / "new") == expected
    assert not (tmp_path / "new").exists()


def test_commands_within_sentences_are_code_and_nothing_else_is_markup() -> None:
    text = "set it with `retrorun profile mass_kg=70`, not <b>`a<b`</b>"
    assert page.with_code(text) == (
        "set it with <code>retrorun profile mass_kg=70</code>, "
        "not &lt;b&gt;<code>a&lt;b</code>&lt;/b&gt;"
    )
