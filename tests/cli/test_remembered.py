"""What an archive remembers for later commands: the profile, and where its pages are."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import retrorun
from retrorun.archive import Archive
from retrorun.cli import main

pytestmark = pytest.mark.usefixtures("analysed_here")
SAMPLES = Path(__file__).parents[2] / "sample_data"
FIT = "2026-05-12-workout.fit"


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one export and a profile; commands are typed there, and of its archive."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETRORUN_ARCHIVE", str(tmp_path / "archive"))
    (tmp_path / "exports").mkdir()
    shutil.copy2(SAMPLES / FIT, tmp_path / "exports")
    (tmp_path / "me.toml").write_text("mass_kg = 70\n")
    return tmp_path


def mass_kg(place: Path) -> float | None:
    with Archive.open(place / "archive", create=False) as archive:
        return archive.annotations.profile().mass_kg


def session(place: Path) -> str:
    with Archive.open(place / "archive", create=False) as archive:
        return next(iter(archive.known()))


def test_a_first_profile_is_kept_and_labelling_does_not_lose_the_kilocalories(
    place: Path,
) -> None:
    done = run("process", "exports", "--profile", "me.toml", "--jobs", "1")
    assert "kept with the archive" in done.stderr
    assert mass_kg(place) == 70
    lines = run("label", session(place), "0:10", "0:50", "forward").stdout.splitlines()
    kcal = [line.split()[-2] for line in lines if " forward run" in line]
    assert kcal
    assert all(each.isdigit() for each in kcal)


@pytest.mark.usefixtures("place")
def test_a_profile_that_no_session_has_yet_says_so() -> None:
    """A new mass or mount reaches sessions that are there by ``reprocess`` alone."""
    words = "sessions that are there keep the numbers of the profile before"
    assert words not in run("profile", "mass_kg=80").stderr  # there is none yet
    run("process", "exports", "--jobs", "1")
    assert words in " ".join(run("profile", "mount_offset_deg=90").stderr.split())
    for change in ("mount_offset_deg=90", "units=imperial", "trust_gait=true"):
        assert words not in " ".join(run("profile", change).stderr.split())
    assert words not in " ".join(run("profile").stderr.split())


def test_a_later_profile_holds_for_one_run(place: Path) -> None:
    run("profile", "mass_kg=80")
    (place / "me.toml").write_text("mass_kg = 70\n")
    done = run("process", "exports", "--profile", "me.toml", "--jobs", "1")
    assert "kept with the archive" not in done.stderr
    assert mass_kg(place) == 80


def test_a_file_of_zones_alone_is_not_said_to_be_kept_as_a_profile(place: Path) -> None:
    zone = "{latitude_deg = 1.0, longitude_deg = 2.0, radius_m = 80.0}"
    (place / "zones.toml").write_text(f"privacy_zones = [{zone}]\n")
    for _ in range(2):
        done = run("process", "exports", "--profile", "zones.toml", "--jobs", "1")
        assert "kept with the archive" not in done.stderr


def test_pages_go_where_they_were_before(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("process", "exports", "--reports", "elsewhere", "--jobs", "1")
    (place / "other").mkdir()
    monkeypatch.chdir(place / "other")
    page = place / "elsewhere" / "sessions" / f"{session(place)}.html"
    before = page.read_bytes()
    done = run("label", session(place), "0:10", "0:50", "backward")
    assert page.read_bytes() != before
    assert (place / "elsewhere" / "index.html").as_uri() in done.stderr
    assert not (place / "other" / "reports").exists()
    assert "nothing new" in run("process", place / "exports").stderr


def test_pages_whose_folder_is_gone_go_to_reports_and_that_is_said(place: Path) -> None:
    run("process", "exports", "--reports", "elsewhere", "--jobs", "1")
    shutil.rmtree(place / "elsewhere")
    done = run("label", session(place), "0:10", "0:50", "backward")
    assert f"({place / 'elsewhere'}): they go to ./reports" in done.stderr
    assert (place / "reports" / "index.html").exists()
    assert "is gone" not in run("label", session(place), "undo").stderr  # they are there now


def test_a_single_file_is_imported_with_its_table(place: Path) -> None:
    shutil.copy2(SAMPLES / "2026-05-31-easy.fit", place / "exports")
    table = place / "exports" / f"{FIT}.labels.csv"
    table.write_text("start,end,direction\n10,50,backward\n")
    done = run("process", Path("exports") / FIT, "--jobs", "1")
    assert "1 imported" in done.stderr
    with Archive.open(place / "archive", create=False) as archive:
        (only,) = archive.sessions()
    assert only.source.name == FIT
    assert "sidecar" in {each.origin for each in only.labels}
    assert "nothing new" in run("process", Path("exports") / FIT).stderr
    assert "1 imported" in run("process", "exports", "--jobs", "1").stderr


def test_a_single_file_that_is_no_export_is_refused(place: Path) -> None:
    done = run("process", place / "me.toml")
    assert done.exit_code == 1
    assert "no export" in done.stderr
    assert "FIT, GPX or TCX" in done.stderr


def test_files_that_are_no_runs_are_counted_by_kind(place: Path) -> None:
    head = '<gpx version="1.1" creator="test"><trk><type>{}</type><trkseg>'
    point = '<trkpt lat="46" lon="14.5"><time>2026-05-03T07:30:0{}Z</time></trkpt>'
    for number in range(5):
        text = head.format("cycling" if number < 3 else "swimming") + point.format(number)
        text += point.format(number + 1) + "</trkseg></trk></gpx>"
        (place / "exports" / f"other-{number}.gpx").write_text(text)
    done = run("process", "exports", "--jobs", "1")
    assert "no runs: 3 cycling, 2 swimming" in done.stderr
    assert "other-0.gpx" not in done.stderr
    days_apart = head.format("running") + point.format(1)
    days_apart += point.format(2).replace("05-03", "05-07") + "</trkseg></trk></gpx>"
    (place / "exports" / "apart.gpx").write_text(days_apart)
    for number in range(3):
        (place / "exports" / f"more-{number}.gpx").write_text(
            head.format("cycling")
            + point.format(number)
            + point.format(number + 5)
            + "</trkseg></trk></gpx>"
        )
    again = run("process", "exports", "--jobs", "1")
    assert "1 no two of its samples lie within the same few minutes (`retrorun" in again.stderr
    assert "other-0.gpx" in run("sessions", "--problems").stdout
    assert done.exit_code == 0


def test_a_session_is_explained_by_its_id_with_its_labels(place: Path) -> None:
    run("process", "exports", "--jobs", "1")
    assert run("label", session(place), "0:10", "0:50", "backward").exit_code == 0
    done = run("explain", session(place)[:7])
    assert done.exit_code == 0
    assert "label 0:10–0:50 backward (from command)" in done.stdout
    assert "label 0:10–0:50" not in run("explain", Path("exports") / FIT).stdout
    assert run("explain", "ffffffffffff").exit_code == 2
    assert run("explain", "exports").exit_code == 2


def test_python_finds_the_archive_as_commands_do(place: Path) -> None:
    run("process", "exports", "--jobs", "1")
    assert list(retrorun.load().sessions["session"]) == [session(place)]


def test_what_is_noted_and_undone_is_said(place: Path) -> None:
    run("process", "exports", "--jobs", "1")
    assert run("note", session(place), "on grass", "--pain", "2").stdout == (
        f"{session(place)}  pain 2  effort –  on grass\n"
    )
    assert "import 1 is taken back" in run("undo", "1").stderr
    shown = run("profile", "mass_kg=70", "mount_offset_deg=0").stdout
    assert "mass_kg           70 " in shown
    assert "mount_offset_deg  0 " in shown
    assert "()" not in shown


def test_commands_on_pages_find_an_archive_that_lies_elsewhere(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("process", "exports", "--jobs", "1")
    page = Path("reports") / "sessions" / f"{session(place)}.html"
    assert "--archive" not in page.read_text()  # the environment says where it lies
    monkeypatch.delenv("RETRORUN_ARCHIVE")
    run("process", "exports", "--archive", "my demo", "--jobs", "1")
    html = page.read_text()
    assert "backward|forward|clear --archive &#39;my demo&#39;</code>" in html
    shared = ("report", session(place), "--standalone", "--archive", "my demo")
    run(*shared)
    (alone,) = (place / "reports" / "shared").iterdir()
    assert "my demo" not in alone.read_text()
