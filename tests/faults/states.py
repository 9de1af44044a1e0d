"""Everything that an archive and its pages hold, to be compared with what another order gave."""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import remembered_pipeline
from retrorun.archive import Archive, maintenance
from retrorun.cli import process as process_command
from retrorun.engines import Process
from retrorun.ingest import Engine, bring_up_to_date, plan_import, run_import
from retrorun.model import Athlete
from retrorun.settings import Settings

ATHLETE = Athlete(mass_kg=70.0)
NUMBERS = {
    "files": {"import_id"},
    "sessions": {"import_id"},
    "labels": {"id"},
    "imports": {"id", "folder", "version", "started_s", "undone_s"},
}
# checksums of whole rows, import numbers and times included, and the length of the journal, which
# holds the same rows: ``maintenance.check`` compares both with the rows that are compared here
# answers name rows of labels by their numbers
OF_OTHER_ROWS = {"sums", "journal", "answers"}
State = dict[str, str | bytes]


def drop(folder: Path, name: str, content: bytes, at_s: int = 1_700_000_000) -> Path:
    """Lay a file into a folder, as changed at a fixed time."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (at_s, at_s))
    return path


def work_of(archive: Archive) -> process_command.Work:
    return process_command.Work(
        archive, Settings(), ATHLETE.with_learnt_of(archive.annotations.profile()), 1
    )


def prepared(root: Path) -> Path:
    """A folder with an archive that knows the athlete."""
    with Archive.open(root / "archive") as archive:
        archive.annotations.set_profile(ATHLETE)
    return root


def processed(
    root: Path,
    *,
    retry: bool = False,
    process: Process | None = None,
    own: Process = remembered_pipeline.process,
) -> None:
    """What ``process`` does, in this process: ``root/exports`` into ``archive`` and ``pages``.

    Args:
        root: the folder.
        retry: try files again that failed or were undone.
        process: a stand-in for the pipeline; the work is done by a worker of its own then.
        own: what analyses where there is none; ``undisturbed`` asks the pipeline anew, so that an
            outcome that depends on what was analysed before is not the remembered one of another
            order.
    """
    with Archive.open(prepared(root) / "archive") as archive:
        work = work_of(archive)
        guarded = process is not None
        engine = Engine(Settings(), work.athlete, 1, process or own, guarded=guarded)
        with archive.writing():
            run_import(
                plan_import(root / "exports", archive, retry=retry, settle_s=0), archive, engine
            )
            bring_up_to_date(archive, engine)
        process_command.conclude(work, root / "pages")


def dropped(root: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Files into the folder, one after another, each processed before the next comes."""
    for name, content in files:
        drop(root / "exports", name, content)
        processed(root)


def state(root: Path) -> State:
    """All tables, stored files and pages; import numbers and times left out."""
    with Archive.open(root / "archive", create=False) as archive:
        maintenance.vacuum(archive)
        assert maintenance.check(archive) == []
        assert (archive.pending.pages(), archive.pending.exports()) == ([], [])
        assert plan_import(root / "exports", archive, settle_s=0).idle
    return (
        _tables(root / "archive" / "archive.sqlite", str(root))
        | _stored(root / "archive", ("tracks", "originals"))
        | _stored(root, ("pages",))
    )


def _tables(database: Path, root: str) -> State:
    found: State = {}
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        for (name,) in names:
            if name in {"imports", "sqlite_sequence", *OF_OTHER_ROWS}:
                continue
            for row in connection.execute(f"SELECT * FROM {name}"):  # noqa: S608 - a table's name
                kept = {k: row[k] for k in row.keys() if k not in NUMBERS.get(name, ())}  # noqa: SIM118
                text = repr(kept).replace(root, "ROOT")
                key = f"{name}: {next(iter(kept.values()))!s}".replace(root, "ROOT")
                found[key] = "\n".join(sorted([*str(found.get(key, "")).splitlines(), text]))
    return found


def _stored(root: Path, folders: Iterable[str]) -> State:
    return {
        path.relative_to(root).as_posix(): _content(path, root)
        for folder in folders
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }


def _content(path: Path, root: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix != ".html":
        return content
    return content.replace(str(root).encode(), b"ROOT")  # commands on pages name the archive


def differences(first: State, second: State) -> list[str]:
    """What differs, in words short enough to read."""
    keys = sorted(first.keys() | second.keys())
    return [
        f"{key}\n   {_brief(first.get(key), second.get(key))}"
        for key in keys
        if first.get(key) != second.get(key)
    ]


def _brief(first: str | bytes | None, second: str | bytes | None) -> str:
    if first is None or second is None:
        return "only in the first" if second is None else "only in the second"
    a, b = (each if isinstance(each, str) else repr(each) for each in (first, second))
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), 0)
    return f"…{a[max(0, at - 60) : at + 80]}\n   …{b[max(0, at - 60) : at + 80]}"
