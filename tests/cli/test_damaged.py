"""Commands over a damaged archive: what is sound is printed, the rest is named, exit 1."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrorun.archive import Archive, database
from retrorun.cli import main

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
