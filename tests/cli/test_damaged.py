"""Commands over a damaged archive: what is sound is printed, the rest is named, exit 1."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrorun.archive import Archive, database, maintenance
from retrorun.cli import main
from retrorun.errors import ArchiveError

SAMPLES = Path(__file__).parents[2] / "sample_data"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, imported."""
    folder = tmp_path_factory.mktemp("made")
    exports = folder / "exports"
    exports.mkdir()
    for path in sorted(SAMPLES.glob("*.gpx"))[:2]:
        shutil.copy(path, exports)
    run(folder, "process", str(exports), "--no-pages")
    return folder


@pytest.fixture
def place(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / "copy"))


def run(place: Path, *words: str) -> Result:
    places = ["--archive", str(place / "archive")]
    if words[0] in ("process", "report", "compare", "reprocess", "undo"):
        places += ["--reports", str(place / "pages")]
    result = CliRunner().invoke(main, [*words, *places])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def found(place: Path) -> list[list[object]]:
    """What the archive says of each session that nothing learnt in between may move."""
    sessions = [json.loads(line) for line in run(place, "sessions", "--json").stdout.splitlines()]
    names = ("id", "start_time", "duration_s", "distance_m")
    return [[session[name] for name in names] for session in sessions]


def damaged(place: Path) -> str:
    """Let one session's document be cut short by a program that keeps the checksums right."""
    with Archive.open(place / "archive") as archive:
        first = next(iter(archive.known()))
        with archive.database.transaction():
            archive.database.connection.execute(
                "UPDATE sessions SET document = substr(document, 1, 900) WHERE id = ?", (first,)
            )
    return first


@pytest.mark.parametrize(
    "words",
    [
        ("sessions",),
        ("sessions", "--json"),
        ("compare",),
        ("compare", "--json"),
        ("report",),
        ("report", "--since", "2020-01-01"),
        ("report", "--redact"),
        ("label",),
        ("export", "--out", "{}/tables"),
        ("export", "--what", "tracks", "--out", "{}/tables"),
    ],
    ids=" ".join,
)
def test_one_damaged_session_is_named_and_the_other_is_there(
    place: Path, words: tuple[str, ...]
) -> None:
    first = damaged(place)
    result = run(place, *(word.format(place) for word in words))
    assert result.exit_code == 1
    assert first in result.stderr
    assert "archive-session-damaged" in result.stderr
    assert "check --repair" in result.stderr
    if words == ("sessions", "--json"):
        assert len([json.loads(line) for line in result.stdout.splitlines()]) == 1


def test_a_damaged_session_is_found_and_repaired_by_the_command(place: Path) -> None:
    before = found(place)
    first = damaged(place)
    checked = run(place, "archive", "check")
    assert (checked.exit_code, first in checked.stdout) == (1, True)
    mended = run(place, "archive", "check", "--repair")
    assert (mended.exit_code, mended.stdout) == (0, "")
    assert "the archive is sound" in mended.stderr
    assert found(place) == before


def flipped(place: Path) -> str:
    """Let one bit of a session's document flip, so that it is no JSON any more."""
    with closing(sqlite3.connect(place / "archive" / database.FILE)) as direct, direct:
        first, document = direct.execute(
            "SELECT id, document FROM sessions ORDER BY start_time_s LIMIT 1"
        ).fetchone()
        bad = bytes([document[0] ^ 1]) + document[1:]
        direct.execute("UPDATE sessions SET document = ? WHERE id = ?", (bad, first))
    return str(first)


def add_copy(exports: Path, without: str) -> None:
    """Write another file of the earliest run, without some elements of the first."""
    first = min(exports.glob("*.gpx"))
    element = rf"<{without}>.*?</{without}>"
    text = re.sub(element, "", first.read_text(), flags=re.DOTALL)
    assert text != first.read_text()
    (exports / "copy.gpx").write_text(text)


@pytest.mark.parametrize("without", ["extensions", "gpxtpx:hr"])
def test_a_damaged_session_keeps_no_other_file_from_being_imported(
    place: Path, without: str
) -> None:
    """The copy knows less than the damaged session's track, so that it does not replace it."""
    exports = place / "exports"
    add_copy(exports, without)
    stranger = Path(shutil.copy(SAMPLES / "2026-05-31-easy.fit", exports))
    first = flipped(place)
    with Archive.open(place / "archive") as archive:
        before = archive.known()
    result = run(place, "process", str(exports))
    assert result.exit_code == 1
    assert f"session {first}: " in result.stderr
    with Archive.open(place / "archive") as archive:
        known = archive.known()
        rows = {Path(row.path).name: row for row in archive.files()}
        assert maintenance.check(archive, deep=False)
    new = set(known) - set(before)
    assert [known[each] for each in new] == [rows[stranger.name].sha256]
    assert (rows["copy.gpx"].outcome, rows["copy.gpx"].duplicate_of) == ("duplicate", first)
    written = {path.stem for path in (place / "pages" / "sessions").glob("*.html")}
    assert written == set(known)
    assert (place / "pages" / "index.html").is_file()


def test_the_channels_of_a_damaged_session_are_those_of_its_track(place: Path) -> None:
    with Archive.open(place / "archive") as archive:
        before = {each.id: set(each.channels) for each in archive.sessions()}
    first = flipped(place)
    with Archive.open(place / "archive") as archive:
        assert {each: set(archive.channels(each)) for each in archive.known()} == before
        archive.tracks.path(archive.database.find_session("track", first)[0]).unlink()
        assert archive.channels(first) == ()
        with pytest.raises(ArchiveError, match="there is no session"):
            archive.channels("none")
        with pytest.raises(ArchiveError) as caught:
            archive.session(first)
    assert str(caught.value).startswith(f"session {first}: ")


@pytest.mark.parametrize("words", [("reprocess", "{}"), ("label", "{}", "0:10", "1:00", "forward")])
def test_a_damaged_session_is_made_again_by_its_id(place: Path, words: tuple[str, ...]) -> None:
    before = found(place)
    first = flipped(place)
    result = run(place, *(word.format(first) for word in words))
    assert result.exit_code == 0, result.stderr
    assert found(place) == before
    assert run(place, "archive", "check").exit_code == 0


def test_a_damaged_session_takes_a_note(place: Path) -> None:
    first = flipped(place)
    assert run(place, "note", first[:8], "on grass").exit_code == 0
    shown = run(place, "note", first)
    assert (shown.exit_code, "on grass" in shown.stdout) == (0, True)


@pytest.mark.parametrize("order", [1, -1])
def test_of_sessions_that_are_named_the_sound_ones_are_exported(place: Path, order: int) -> None:
    bad = flipped(place)
    with Archive.open(place / "archive") as archive:
        (good,) = set(archive.known()) - {bad}
    names = (bad, good)[::order]
    result = run(place, "export", *names, "--format", "json", "--out", f"{place}/tables")
    assert result.exit_code == 1
    assert f"session {bad}: " in result.stderr
    rows = json.loads((place / "tables" / "sessions.json").read_text())
    assert good in str(rows)
    assert bad not in str(rows)
    shared = run(place, "report", *names, "--standalone")
    assert shared.exit_code == 1
    assert [path.stem for path in (place / "pages" / "shared").glob("*.html")] == [good]


@pytest.mark.parametrize("words", [("sessions",), ("process", "{}/exports"), ("archive", "check")])
def test_an_empty_database_beside_tracks_is_refused_by_every_command(
    place: Path, words: tuple[str, ...]
) -> None:
    path = place / "archive" / database.FILE
    path.write_bytes(b"")
    result = run(place, *(word.format(place) for word in words))
    assert result.exit_code == 1
    assert "check --repair" in result.stderr
    assert path.read_bytes() == b""


def test_values_of_another_kind_end_in_words(place: Path) -> None:
    """Bits of a row's header tell the kind of each value: a number may come back as bytes."""
    with Archive.open(place / "archive") as archive:
        archive.database.connection.execute("PRAGMA writable_schema = ON")
        archive.database.connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '') WHERE name = 'sessions'"
        )
    with Archive.open(place / "archive") as archive:
        first = next(iter(archive.known()))
        archive.database.connection.execute(
            "UPDATE sessions SET start_time_s = x'00' WHERE id = ?", (first,)
        )
    result = run(place, "report")
    assert result.exit_code == 1
    assert "damaged" in result.stderr


@pytest.mark.parametrize("second", ["01T14:40", "21T14:00"])
def test_two_points_far_apart_keep_no_page_from_being_written(place: Path, second: str) -> None:
    mark = '<trkpt lat="46.05" lon="14.5"><time>2026-05-{}:00Z</time></trkpt>'
    space = 'xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="a"'
    marks = mark.format("01T14:00") + mark.format(second)
    two = f"<gpx {space}><trk><trkseg>{marks}</trkseg></trk></gpx>"
    (place / "exports" / "two.gpx").write_text(two)
    result = run(place, "process", str(place / "exports"))
    assert (result.exit_code, "no-usable-second" in result.stderr) == (0, True)
    assert len(list((place / "pages" / "sessions").glob("*.html"))) == 2
    assert (place / "pages" / "index.html").is_file()
