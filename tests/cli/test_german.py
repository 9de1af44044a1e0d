"""The terminal in German: messages, tables and errors; what programs read stays as it is."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from retrorun.archive.annotations import stated_language
from retrorun.cli import COMMANDS, main
from retrorun.language import current_language

SAMPLE = "2026-05-03-connect-iq.fit"
CANDIDATES = "2026-05-26-laps.fit"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    place = tmp_path_factory.mktemp("german")
    (place / "exports").mkdir()
    (place / "exports" / SAMPLE).write_bytes((samples / SAMPLE).read_bytes())
    ran(place, "profile", "language=de")
    return place


def ran(place: Path, *words: str) -> Result:
    found = CliRunner().invoke(main, [*words, "--archive", str(place / "archive")])
    assert current_language() == "en"  # what a command speaks ends with it
    return found


def test_the_profile_is_said_in_the_language_that_it_names(place: Path) -> None:
    found = ran(place, "profile")
    assert found.stdout.split()[:3] == ["Name", "Wert", "ohne"]
    assert "aus der Aufzeichnung ermittelt" in found.stdout


def test_an_import_and_its_pages(place: Path) -> None:
    pages = place / "pages"
    found = ran(place, "process", str(place / "exports"), "--reports", str(pages), "--jobs", "1")
    assert found.exit_code == 0, found.output
    assert "Dateien: 1 importiert" in found.stderr
    assert "Seiten: 4 geschrieben" in found.stderr
    assert '<html lang="de">' in (pages / "index.html").read_text(encoding="utf-8")
    sessions = ran(place, "sessions").stdout
    assert sessions.split()[:3] == ["Einheit", "wann", "Datei"]
    assert " km" in sessions
    assert "1,89" in sessions
    assert "3,28" not in sessions  # a time has no decimal sign
    assert "bestätigt" in ran(place, "explain", str(place / "exports" / SAMPLE)).stdout


def test_errors_are_said_in_it(place: Path) -> None:
    found = ran(place, "label", "nosuch", "3", "4", "backward")
    assert found.exit_code == 2
    assert found.stderr.startswith("Fehler: es gibt keine Einheit 'nosuch'.")
    refused = ran(place, "profile", "language=klingonisch")
    assert refused.exit_code == 2
    assert refused.stderr == "Fehler: es gibt keine Sprache 'klingonisch'. Bekannt sind en, de.\n"


def test_an_unknown_language_is_refused_with_those_there_are(tmp_path: Path) -> None:
    refused = ran(tmp_path, "profile", "language=xx")
    assert refused.exit_code == 2
    assert refused.stderr == "Error: there is no language 'xx'. It knows en, de.\n"


def test_what_programs_read_is_the_same_in_every_language(place: Path) -> None:
    ran(place, "process", str(place / "exports"), "--reports", str(place / "pages"), "--jobs", "1")
    german = [ran(place, *each).stdout for each in (("sessions", "--json"), ("compare", "--json"))]
    ran(place, "profile", "language=")
    english = [ran(place, *each).stdout for each in (("sessions", "--json"), ("compare", "--json"))]
    ran(place, "profile", "language=de")
    assert german == english
    assert len(german[0]) > 1000


def test_what_somebody_wrote_is_never_translated(place: Path) -> None:
    ran(place, "process", str(place / "exports"), "--reports", str(place / "pages"), "--jobs", "1")
    (session,) = (line.split()[0] for line in ran(place, "sessions").stdout.splitlines()[1:])
    ran(place, "note", session, "steep", "--pain", "1")
    found = ran(place, "note").stdout.split()
    assert found[1:] == ["Schmerz", "1", "Anstrengung", "–", "steep"]


def test_answers_are_said_in_it(tmp_path: Path, samples: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / CANDIDATES).write_bytes((samples / CANDIDATES).read_bytes())
    ran(tmp_path, "profile", "language=de")
    pages = ("--reports", str(tmp_path / "pages"))
    ran(tmp_path, "process", str(tmp_path / "exports"), *pages, "--jobs", "1")
    (line,) = ran(tmp_path, "sessions").stdout.splitlines()[1:]
    session, numbers = line.split()[0], []
    for each in ran(tmp_path, "label", session).stdout.splitlines():
        found = re.fullmatch(r"\s+(\d+)\s+\d+:\d\d\s+\d+:\d\d\s*", each)
        numbers += [found[1]] if found else []
    first = ran(tmp_path, "label", session, "accept", numbers[0], *pages)
    assert re.search(r"angegeben: \d+:\d\d–\d+:\d\d rückwärts\n", first.stderr)
    headline = first.stdout.splitlines()[0]
    assert re.search(r"· \d+:\d\d rückwärts \(\d+ %\), vielleicht \d+:\d\d$", headline)
    one = ran(tmp_path, "label").stdout.splitlines()[0]
    assert one.split()[1:] == ["1", "Angabe", "(command)"]
    listed = ran(tmp_path, "label", session).stdout.splitlines()
    assert listed[0].split()[1:] == ["rückwärts", "(command)"]
    shares = next(each.split()[1:] for each in listed if each.startswith("rückwärts  "))
    assert all(re.fullmatch(r"\d+,\d", each) for each in shares)
    ran(tmp_path, "label", session, "reject", numbers[1], *pages)
    undone = ran(tmp_path, "label", session, "undo", *pages).stderr
    assert re.search(r"zurückgenommen: \S+ vorwärts; 1 weitere zum Zurücknehmen\n", undone)
    title = ran(tmp_path, "compare", *pages).stdout.splitlines()[0].strip()
    assert title == "1 Einheit, 1 mit Rückwärtslaufen, 2026-05-26 bis 2026-05-26"


def test_the_language_is_asked_without_making_or_touching_an_archive(tmp_path: Path) -> None:
    assert stated_language(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "archive.sqlite").write_bytes(b"no database")
    assert stated_language(tmp_path) is None
    assert (tmp_path / "archive.sqlite").read_bytes() == b"no database"


def helped(place: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(place / "archive"))
    found = CliRunner().invoke(main, [*words, "--help"])
    assert found.exit_code == 0
    assert current_language() == "en"
    return found.stdout


@pytest.mark.parametrize(
    "words", [(), *((name,) for name in sorted(COMMANDS)), ("archive", "check")]
)
def test_help_is_said_in_the_language_of_the_usual_archive(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    german = helped(place, monkeypatch, *words)
    assert german.startswith("Aufruf: ")
    assert "\nOptionen:\n" in german
    assert "Diese Hilfe zeigen und enden." in german
    english = helped(tmp_path, monkeypatch, *words)
    assert english.startswith("Usage: ")
    both = {line.strip() for line in german.splitlines() if len(line.split()) > 4}
    assert both.isdisjoint(line.strip() for line in english.splitlines())


def test_help_lists_commands_in_it(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Einen Import zurücknehmen." in helped(place, monkeypatch)
    assert "Personen verarbeiten" in helped(place, monkeypatch)
    assert "entpersonalisiert kopieren" in " ".join(helped(place, monkeypatch, "cohort").split())
