"""Pages on disk: whole or not at all, and not written again when nothing changed."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from retrorun.errors import PageError
from retrorun.report.page import asset_names, asset_text

ASSETS = "assets"


@dataclass(frozen=True, slots=True)
class Site:
    """A folder of pages that share one folder of version-named assets."""

    folder: Path

    def ensure_assets(self) -> int:
        """Put the pages' scripts and style in place; how many were written.

        An asset's name changes with its content, so what stands already is right, and pages of an
        older version keep theirs.
        """
        missing = [
            name for name in asset_names().values() if not (self.folder / ASSETS / name).is_file()
        ]
        for name in missing:
            self.write(f"{ASSETS}/{name}", asset_text(name))
        return len(missing)

    def sweep(self) -> None:
        """Remove what killed processes left half written; drafts of living ones stay."""
        for draft in (*self.folder.glob(".*.tmp"), *self.folder.glob("*/.*.tmp")):
            if not _alive(draft.name.split(".")[-2]):
                with suppress(OSError):
                    draft.unlink()

    def remove(self, names: Iterable[str]) -> None:
        """Remove pages, under their relative names; one that is not there is passed over.

        Raises:
            PageError: the folder cannot be written.
        """
        try:
            for name in names:
                (self.folder / name).unlink(missing_ok=True)
        except OSError as problem:
            raise _told(self.folder, problem) from problem

    def write(self, name: str, html: str) -> bool:
        """Write one page under its relative name; parents are made.

        Args:
            name: such as ``sessions/0123456789ab.html``.
            html: the whole page.

        Returns:
            False where the page stands already with the same content.

        Raises:
            PageError: the folder cannot be written: no such place, read-only, or the disk is full.
        """
        target = self.folder / name
        content = html.encode()
        try:
            if _holds(target, content):
                return False
            _replace(target, content)
        except OSError as problem:
            raise _told(self.folder, problem) from problem
        return True


def _alive(process: str) -> bool:
    """Whether a process of this number runs; where that cannot be asked, it may."""
    if os.name != "posix" or not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _replace(target: Path, content: bytes) -> None:
    """Put the content in the target's place; a reader sees the old page or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # beside its target, so that the renaming stays within one file system
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _told(folder: Path, problem: OSError) -> PageError:
    words = f"pages cannot be written: {problem.strerror or problem}"
    remedy = "What was imported is kept; choose another folder with --reports DIR, or make room."
    return PageError("reports-unwritable", words, file=str(folder), remedy=remedy)


def _holds(target: Path, content: bytes) -> bool:
    """Whether the file has just this content; its size is asked first, which costs nothing."""
    try:
        return target.stat().st_size == len(content) and target.read_bytes() == content
    except FileNotFoundError:
        return False
