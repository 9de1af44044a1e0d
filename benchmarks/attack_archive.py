"""Flip bits in an archive: each flip is found by ``archive check`` or changes nothing printed.

``python benchmarks/attack_archive.py --flips 200`` makes an archive of simulated runs with labels,
notes and a profile. It then flips one random bit at a time, so many times for each target: the
database file, the documents of sessions, other columns, the journal, the originals and the tracks.
After each flip it runs ``archive check``. Where that finds nothing, every command that prints or
writes something of the archive is run and must print and write what it did before. Where it finds
something, the commands must end without a traceback, and every ``--mend``-th archive is repaired
and must then be sound and print what it did before.
"""

import argparse
import hashlib
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from retrorun.cli import main as retrorun

ROOT = Path(__file__).resolve().parents[1]
FILES = ("2026-05-21-watch.tcx", "2026-05-26-laps.fit", "2026-06-04-gpslogger.gpx")
DATABASE, JOURNAL = "archive.sqlite", "journal.jsonl"
Flip = Callable[[random.Random, Path], str]  # changes an archive; says where


@dataclass(slots=True)
class Tally:
    """What became of the flips of one target."""

    outcomes: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)


def run(*words: str) -> tuple[int, str, bool]:
    """Exit status, output, and whether the command ended without a traceback."""
    result = CliRunner().invoke(retrorun, words)
    sound = result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output, sound


def made(folder: Path) -> Path:
    """An archive of simulated runs with all that an athlete may add."""
    exports, archive = folder / "exports", folder / "archive"
    exports.mkdir()
    for name in FILES:
        shutil.copy(ROOT / "sample_data" / name, exports / name)
    (exports / "broken.fit").write_bytes(b"no recording")
    at = ("--archive", str(archive))
    run("profile", "mass_kg=70", "birth_year=1980", "hr_max_bpm=185", *at)
    run("process", str(exports), *at, "--no-pages")
    ids = [line.split('"id": "')[1][:12] for line in run("sessions", "--json", *at)[1].splitlines()]
    run("label", ids[0], "60", "120", "backward", *at, "--reports", str(folder / "pages"))
    run("note", ids[0], "felt good", "--pain", "1", *at)
    run("note", ids[1], "cold", "--rpe", "7", *at)
    for _ in range(2):  # all made with what was learnt of all
        run("reprocess", "--all", *at, "--reports", str(folder / "pages"))
    return archive


def commands(archive: Path, out: Path) -> list[tuple[str, ...]]:
    """Every command that prints or writes something of an archive and changes nothing in it."""
    at, reports = ("--archive", str(archive)), ("--reports", str(out / "pages"))
    return [
        ("sessions", "--json", *at),
        ("sessions", "--problems", *at),
        ("undo", *at),
        ("label", *at),
        ("note", *at),
        ("profile", "--json", *at),
        ("compare", "--json", *at),
        ("export", "--out", str(out / "tables"), *at),
        ("export", "--what", "tracks", "--out", str(out / "tracks"), *at),
        ("report", *at, *reports),
        ("process", str(archive.parent / "exports"), "--dry-run", *at),
    ]


def printed(archive: Path) -> tuple[dict[str, str], list[str]]:
    """What each command prints and writes, as hashes, and which ended in a traceback."""
    found: dict[str, str] = {}
    broken: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for words in commands(archive, out):
            status, text, sound = run(*words)
            said = text.replace(str(out), "").replace(str(archive), "")
            found[" ".join(words[:2])] = f"{status} {hashlib.sha256(said.encode()).hexdigest()}"
            if not sound:
                broken.append(" ".join(words[:2]))
        for path in sorted(out.rglob("*")):
            if path.is_file() and "assets" not in path.parts:
                content = path.read_bytes().replace(str(archive).encode(), b"")  # in commands
                digest = hashlib.sha256(content).hexdigest()
                found[path.relative_to(out).as_posix()] = digest
    return found, broken


def flip_file(dice: random.Random, path: Path) -> str:
    """Turn one bit of a file over."""
    data = bytearray(path.read_bytes())
    place, bit = dice.randrange(len(data)), dice.randrange(8)
    data[place] ^= 1 << bit
    path.write_bytes(data)
    return f"{path.name} byte {place} bit {bit}"


def flip_one_of(pattern: str) -> Flip:
    """Turn one bit of one of several files over."""

    def flip(dice: random.Random, archive: Path) -> str:
        return flip_file(dice, dice.choice(sorted(archive.glob(pattern))))

    return flip


def flip_document(dice: random.Random, archive: Path) -> str:
    """Turn one bit of a session's document over."""
    with closing(sqlite3.connect(archive / DATABASE)) as direct, direct:
        rows = direct.execute("SELECT id, document FROM sessions ORDER BY id").fetchall()
        session, document = dice.choice(rows)
        data = bytearray(document)
        place, bit = dice.randrange(len(data)), dice.randrange(8)
        data[place] ^= 1 << bit
        direct.execute("UPDATE sessions SET document = ? WHERE id = ?", (bytes(data), session))
    return f"document of {session} byte {place} bit {bit}"


# columns that are printed or decide what is printed, and another value of each
COLUMNS = {
    "sessions": ("start_time_s", "duration_s", "distance_m", "backward_s", "sport", "heading"),
    "totals": ("seconds", "moving_s", "distance_m"),
    "files": ("path", "size", "outcome", "slug", "message"),
    "labels": ("session", "start_s", "end_s", "direction"),
    "notes": ("session", "pain", "text"),
    "imports": ("folder", "started_s", "undone_s"),
}
OTHER = {
    "REAL": ("{0} + 1", "-{0}", "1e300", "NULL"),
    "INTEGER": ("{0} + 1", "0"),
    "TEXT": ("{0} || 'x'", "''", "'undone'"),
}


def alter_column(dice: random.Random, archive: Path) -> str:
    """Give one column of one row another value, as another program might."""
    with closing(sqlite3.connect(archive / DATABASE, isolation_level=None)) as direct:
        while True:
            table = dice.choice(sorted(COLUMNS))
            column = dice.choice(COLUMNS[table])
            ((kind,),) = direct.execute(
                "SELECT type FROM pragma_table_info(?) WHERE name = ?", (table, column)
            ).fetchall()
            value = dice.choice(OTHER[kind]).format(column)
            row = f"(SELECT {column} FROM {table} ORDER BY random() LIMIT 1)"  # noqa: S608 - ours
            statement = f"UPDATE {table} SET {column} = {value} WHERE {column} IS {row}"  # noqa: S608
            before = "\n".join(direct.iterdump())
            try:
                direct.execute(statement)
            except sqlite3.IntegrityError:
                continue
            if "\n".join(direct.iterdump()) != before:
                return statement


TARGETS: Mapping[str, Flip] = {
    "database": flip_one_of(DATABASE),
    "documents": flip_document,
    "columns": alter_column,
    "journal": flip_one_of(JOURNAL),
    "originals": flip_one_of("originals/*/*"),
    "tracks": flip_one_of("tracks/*/*"),
}


def attack(pristine: Path, flip: Flip, dice: random.Random, flips: int, mend: int) -> Tally:
    """Flip so many bits, each in a fresh copy, and judge what becomes of each."""
    tally = Tally()
    before, _ = printed(pristine)
    archive = pristine.with_name("flipped")
    for number in range(flips):
        shutil.copytree(pristine, archive)
        where = flip(dice, archive)
        outcome, trouble = judged(archive, before, mend=mend > 0 and number % mend == 0)
        tally.outcomes[outcome] += 1
        if trouble:
            tally.breaches.append(f"{where}: {trouble}")
        shutil.rmtree(archive)
    return tally


def judged(archive: Path, before: Mapping[str, str], *, mend: bool) -> tuple[str, str]:
    """What became of a flip (``found``, ``harmless``, ``missed``), and what is wrong with that."""
    status, _, sound = run("archive", "check", "--archive", str(archive))
    if not sound:
        return "found", "`archive check` ended in a traceback"
    after, broken = printed(archive)
    trouble = f"a traceback of {', '.join(broken)}" if broken else ""
    if status == 0 and (changed := differing(before, after)):
        return "missed", f"unfound, and other: {changed}"
    if status == 0:
        return "harmless", trouble
    return mended(archive, before) if mend and not trouble else ("found", trouble)


def mended(archive: Path, before: Mapping[str, str]) -> tuple[str, str]:
    """Repair an archive: what became of it, and what is wrong with that."""
    status, text, sound = run("archive", "check", "--repair", "--archive", str(archive))
    if status or not sound:
        return "found", f"not mended: {text.strip()[-200:]}"
    if changed := differing(before, printed(archive)[0]):
        return "found", f"mended, and other: {changed}"
    return "found and mended", ""


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """A few of the names under which something else stands, or only on one side."""
    names = before.keys() | after.keys()
    return sorted(name for name in names if before.get(name) != after.get(name))[:3]


def main() -> int:
    """Attack every target; 1 where a flip was missed or ended in a traceback."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--flips", type=int, default=200, help="of each target")
    parser.add_argument("--mend", type=int, default=20, help="repair every so many; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", nargs="*", choices=sorted(TARGETS), default=list(TARGETS))
    chosen = parser.parse_args()
    breaches = 0
    with tempfile.TemporaryDirectory() as folder:
        pristine = made(Path(folder))
        for name in chosen.targets:
            dice = random.Random(f"{chosen.seed} {name}")  # noqa: S311 - to be repeated
            tally = attack(pristine, TARGETS[name], dice, chosen.flips, chosen.mend)
            counts = ", ".join(f"{count} {what}" for what, count in sorted(tally.outcomes.items()))
            print(f"{name}: {chosen.flips} flips, {counts}, {len(tally.breaches)} breaches")
            print("".join(f"  {each}\n" for each in tally.breaches), end="", flush=True)
            breaches += len(tally.breaches)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
