"""What a release is made of: the section of the changes, and packages that are whole."""

import datetime as dt
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

import packages
import release

DAY = dt.date(2026, 5, 3)
CHANGES = """# Changes

Newest first.

## Unreleased

- **A thing** is new.

## 0.1.0 (2026-01-02)

- The first.
"""
METADATA = """Metadata-Version: 2.4
Name: retrorun
Version: 0.1.0
Summary: finds
License-Expression: MIT
License-File: LICENSE
Requires-Python: >=3.11
Description-Content-Type: text/markdown

# retrorun

See [elsewhere](https://example.org/a).
"""
SOURCE = {"README.md": "", "src/retrorun/__init__.py": "", "src/retrorun/page.j2": "x"}


def test_what_was_unreleased_stands_under_the_version() -> None:
    assert release.with_section(CHANGES, "0.2.0", DAY) == CHANGES.replace(
        "## Unreleased\n", "## Unreleased\n\n## 0.2.0 (2026-05-03)\n"
    )


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        (CHANGES, "0.1.0"),  # has its section
        (CHANGES.replace("- **A thing** is new.\n", ""), "0.2.0"),  # nothing is new
        ("# Changes\n", "0.2.0"),
    ],
)
def test_a_release_without_changes_or_made_twice_is_refused(changes: str, version: str) -> None:
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md has"):
        release.with_section(changes, version, DAY)


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3.4", "1.02.3", "", "1.2.x", "../1.2.3"])
def test_a_version_is_three_numbers(version: str) -> None:
    with pytest.raises(SystemExit, match="three numbers"):
        release.numbers(version)


def test_versions_only_rise() -> None:
    source = 'a = 1\n__version__ = "0.9.0"\nb = 2\n'
    assert release.with_version(source, "0.10.0") == 'a = 1\n__version__ = "0.10.0"\nb = 2\n'
    with pytest.raises(SystemExit, match=r"0\.8\.9 is before 0\.9\.0"):
        release.with_version(source, "0.8.9")


def made(folder: Path, sources: dict[str, str], about: str = METADATA) -> tuple[Path, Path]:
    """A wheel of the package's sources, and a source distribution of all."""
    wheel, sdist = folder / "a.whl", folder / "a.tar.gz"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (each for each in SOURCE if each.startswith("src/")):
            archive.writestr(name.removeprefix("src/"), SOURCE[name])
        archive.writestr("retrorun-0.1.0.dist-info/METADATA", about)
    with tarfile.open(sdist, "w:gz") as archive:
        for name in (*sources, "PKG-INFO"):
            archive.addfile(tarfile.TarInfo(f"retrorun-0.1.0/{name}"), io.BytesIO())
    return wheel, sdist


def test_whole_packages_have_no_fault(tmp_path: Path) -> None:
    assert packages.faults(*made(tmp_path, SOURCE), SOURCE) == []


def test_what_is_missing_or_too_much_is_named(tmp_path: Path) -> None:
    wheel, sdist = made(tmp_path, SOURCE | {"src/retrorun/new.py": "", "notes.txt": ""})
    kept = [*SOURCE, "src/retrorun/new.py", "constraints.txt"]
    assert packages.faults(wheel, sdist, kept) == [
        "the wheel lacks src/retrorun/new.py",
        "the source distribution lacks constraints.txt",
        "the source distribution holds notes.txt",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("https://example.org/a", "docs/a.md", "the description links to ](docs/a.md)"),
        ("# retrorun\n", "", "the description is not the README"),
        ("License-File: LICENSE\n", "", "the metadata lacks License-File"),
        ("text/markdown", "text/plain", "the description is not called Markdown"),
        ("Summary: finds", "Summary: finds\nProject-URL: Docs, docs/", "no address: docs/"),
    ],
)
def test_metadata_that_an_index_would_show_badly_is_named(
    tmp_path: Path, old: str, new: str, fault: str
) -> None:
    wheel, _ = made(tmp_path, SOURCE, METADATA.replace(old, new))
    assert packages.metadata_faults(packages.metadata(wheel)) == [fault]
