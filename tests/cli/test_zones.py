"""A privacy zone heard of once holds for every command that lets anything out."""

import functools
import hashlib
import io
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from msgspec import structs

import attack_routes
import retrorun
from retrorun import ingest, privacy_zones
from retrorun.archive import Archive, Change, database
from retrorun.archive.writes import Writes
from retrorun.cli import main, options
from retrorun.errors import ArchiveError
from retrorun.model import Athlete, Zone
from retrorun.units import EARTH_RADIUS_M, FloatArray

pytestmark = pytest.mark.usefixtures("analysed_here")
DOOR = attack_routes.door(7)
HOME = DOOR.zone
PLACE = f"latitude_deg = {HOME.latitude_deg}, longitude_deg = {HOME.longitude_deg}"
DOCUMENTED = f"[{{{PLACE}, radius_m = 100}}]"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def done(*words: str | Path) -> Result:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all tests of this module work, and beside it what was imported before."""
    return tmp_path_factory.mktemp("zones") / "place"


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two runs from one door, and a profile that names its zone; always with the same secret."""
    monkeypatch.setattr(options, "new_zone_secret", lambda: "5e" * 32)
    (folder / "in").mkdir(parents=True)
    for number in range(2):
        (folder / "in" / f"2026-05-08-14242{number}.gpx").write_bytes(run_from_the_door(number))
    (folder / "zone.toml").write_text(f"privacy_zones = {DOCUMENTED}\n", encoding="utf-8")
    yield folder
    shutil.rmtree(folder)


@functools.cache
def run_from_the_door(number: int) -> bytes:
    return attack_routes.run(DOOR, number, "streets", 7)


def imported(place: Path, *more: str | Path) -> None:
    """Import the folder; what the same command made of the same files before is copied.

    It lies at the same path as then, so that nothing tells the copy from what it is a copy of.
    """
    there = sorted(path for path in place.rglob("*") if path.is_file())
    given = (str(place), [(str(path), path.read_bytes()) for path in there], list(map(str, more)))
    kept = place.with_name(hashlib.sha256(repr(given).encode()).hexdigest())
    if kept.exists():
        shutil.rmtree(place)
        shutil.copytree(kept, place)
    else:
        done("process", place / "in", *where(place), "--jobs", "1", *more)
        shutil.copytree(place, kept)


def where(place: Path) -> tuple[str | Path, ...]:
    return "--archive", place / "a", "--reports", place / "r"


def exported(place: Path, form: str = "csv") -> list[bytes]:
    """The tracks as ``export`` writes them."""
    out = place / f"out-{form}"
    done("export", "--archive", place / "a", "--what", "tracks", "--format", form, "--out", out)
    return [each.read_bytes() for each in sorted((out / "tracks").iterdir())]


def nearest_m(data: bytes, form: str = "csv") -> float:
    """How near a track comes to the door."""
    if form == "gpx":
        found = re.findall(rb'lat="([^"]+)" lon="([^"]+)"', data)
        latitude, longitude = np.array(found, dtype=float).T
    else:
        readers: dict[str, Callable[[io.BytesIO], pd.DataFrame]] = {
            "csv": pd.read_csv,
            "parquet": pd.read_parquet,
            "json": pd.read_json,
        }
        rows = readers[form](io.BytesIO(data))
        latitude, longitude = rows["latitude_deg"].to_numpy(), rows["longitude_deg"].to_numpy()
    flat: FloatArray = DOOR.plane(latitude, longitude)
    return float(np.nanmin(np.hypot(*flat.T)))


@pytest.mark.parametrize("form", ["csv", "parquet", "json", "gpx"])
def test_a_zone_given_to_process_holds_for_export(place: Path, form: str) -> None:
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    done("reprocess", "--all", *where(place), "--jobs", "1")
    for data in exported(place, form):
        assert nearest_m(data, form) > HOME.radius_m


def test_without_a_zone_the_door_is_there(place: Path) -> None:
    """What the other tests look for is found where nothing hides it."""
    imported(place, "--no-pages")
    assert max(map(nearest_m, exported(place))) < 30


@pytest.mark.parametrize("words", [1, 8])
def test_the_documented_syntax_is_understood_quoted_or_not(place: Path, words: int) -> None:
    imported(place, "--no-pages")
    whole = f"privacy_zones={DOCUMENTED}"
    done("profile", "--archive", place / "a", *([whole] if words == 1 else whole.split()))
    shown = json.loads(done("profile", "--json", "--archive", place / "a").stdout)
    assert shown["privacy_zones"] == [structs.asdict(HOME)]
    assert "zone_secret" not in shown
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m


def test_other_lists_of_the_profile_are_read_as_documented(tmp_path: Path) -> None:
    done("profile", "--archive", tmp_path, "masses=[{since = 2026-05-03, mass_kg = 69}]")
    shown = json.loads(done("profile", "--json", "--archive", tmp_path).stdout)
    assert shown["masses"] == [{"since": "2026-05-03", "mass_kg": 69.0}]
    assert run("profile", "--archive", tmp_path, "privacy_zones=[{latitude_deg = }]").exit_code == 2


@pytest.mark.parametrize("command", ["report", "compare", "process", "reprocess"])
def test_a_zone_that_any_command_hears_of_is_kept(place: Path, command: str) -> None:
    imported(place)
    folder = [place / "in"] if command == "process" else []
    done(command, *folder, *where(place), "--profile", place / "zone.toml")
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m


def test_pages_and_lists_begin_at_the_first_second_outside(place: Path) -> None:
    imported(place)
    before = [json.loads(line) for line in sessions(place)]
    done("report", *where(place), "--profile", place / "zone.toml")
    after = [json.loads(line) for line in sessions(place)]
    for old, new in zip(before, after, strict=True):
        assert new["duration_s"] < old["duration_s"] - 60
        assert new["distance_m"] < old["distance_m"] - 200
        assert new["start_time"] > old["start_time"]
        html = (place / "r" / "sessions" / f"{new['id']}.html").read_text(encoding="utf-8")
        facts = re.search(r'id="session-data">(.*?)</script>', html)
        assert facts is not None
        assert json.loads(facts[1])["duration_s"] == new["duration_s"]


def test_remarks_that_are_left_out_are_said_in_words(place: Path) -> None:
    (export,) = list((place / "in").iterdir())[:1]
    told = done("analyze", export, *where(place)[:2], "--profile", place / "zone.toml").stderr
    slugs = re.findall(r": a remark whose words are left out: (.*) \[(.*)\]", told)
    assert slugs  # a watch without a body mass alone is remarked
    assert all(kind == slug.replace("-", " ") for kind, slug in slugs)
    assert not re.search(r": ([a-z-]+) \[\1\]", told)


def sessions(place: Path) -> list[str]:
    return done("sessions", "--json", "--archive", place / "a").stdout.splitlines()


def lose_originals(place: Path, count: int) -> list[str]:
    """Delete the originals of the first sessions, then give the archive their zone."""
    with Archive.open(place / "a") as store:
        lost = dict(list(store.known().items())[:count])
        for sha256 in lost.values():
            store.originals.path(sha256).unlink()
    done("profile", "--archive", place / "a", f"privacy_zones={DOCUMENTED}")
    return list(lost)


def commands_of_all(place: Path) -> list[tuple[str | Path, ...]]:
    out = place / "out"
    return [
        ("export", "--archive", place / "a", "--out", out),
        ("export", "--archive", place / "a", "--out", out, "--what", "tracks"),
        ("report", *where(place)),
        ("report", *where(place), "--since", "2020-01-01"),
        ("report", *where(place), "--standalone"),
        ("compare", *where(place)),
        ("compare", "--json", *where(place)),
        ("sessions", "--json", "--archive", place / "a"),
        ("process", place / "in", *where(place)),
    ]


def facts_of(session: dict[str, object]) -> list[str]:
    """What would tell of a session: its distance and its start, as pages and tables print them."""
    return [f"{session['distance_m']}", f"{session['start_time']}", f"{session['duration_s']}"]


def test_what_cannot_be_taken_out_is_not_written(place: Path) -> None:
    imported(place, "--no-pages")
    whole_sessions = [json.loads(line) for line in sessions(place)]
    lose_originals(place, 2)
    for command in commands_of_all(place):
        result = run(*command)
        assert result.exit_code == 1, command
        assert "privacy zone" in result.output + result.stderr
        assert not any(fact in result.stdout for each in whole_sessions for fact in facts_of(each))
    with pytest.raises(ArchiveError, match="privacy zone"):
        retrorun.load(place / "a")
    assert not list((place / "out").rglob("tracks/*"))
    for path in [*(place / "r").rglob("*.html"), *(place / "out").rglob("*.csv")]:
        text = path.read_text(encoding="utf-8")
        assert not any(fact in text for each in whole_sessions for fact in facts_of(each)), path


def test_a_session_that_keeps_its_zone_is_refused_and_the_other_is_there(place: Path) -> None:
    imported(place)  # its page with the door is there
    (lost,) = lose_originals(place, 1)
    first = run("process", place / "in", *where(place))
    assert first.exit_code == 1
    assert lost in first.stderr
    refused, whole = (
        (place / "r" / "sessions" / f"{each}.html").read_text(encoding="utf-8")
        for each in (lost, other_than(place, lost))
    )
    assert "privacy zone" in refused
    assert "session-data" not in refused
    assert "session-data" in whole
    for command in commands_of_all(place)[:-1]:
        result = run(*command)
        assert (result.exit_code, lost in result.stderr) == (1, True), command
    assert [path.stem for path in (place / "out" / "tracks").iterdir()] != []
    for path in (place / "out" / "tracks").iterdir():
        assert lost not in path.name
        assert nearest_m(path.read_bytes()) > HOME.radius_m
    (shown,) = run("sessions", "--json", "--archive", place / "a").stdout.splitlines()
    assert json.loads(shown)["id"] != lost


def other_than(place: Path, session: str) -> str:
    with Archive.open(place / "a") as store:
        (other,) = store.known().keys() - {session}
    return other


def test_a_session_comes_back_when_its_original_does(place: Path) -> None:
    imported(place)
    (lost,) = lose_originals(place, 1)
    assert run("process", place / "in", *where(place)).exit_code == 1
    done("process", place / "in", *where(place), "--retry")
    page = (place / "r" / "sessions" / f"{lost}.html").read_text(encoding="utf-8")
    assert "session-data" in page
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m


def test_an_archive_with_zones_of_an_older_version_is_brought_up_to_date(place: Path) -> None:
    imported(place, "--no-pages")
    with Archive.open(place / "a") as store:
        store.annotations.set_profile(Athlete(privacy_zones=(HOME,)))  # without a secret
    with pytest.raises(ArchiveError, match="privacy zone"):
        retrorun.load(place / "a")
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m
    assert len(retrorun.load(place / "a").sessions) == 2


def test_the_secret_stays_when_zones_and_values_change(place: Path) -> None:
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    secret = profile(place).zone_secret
    assert len(secret) == 64
    done("profile", "--archive", place / "a", "mass_kg=70")
    (place / "other.toml").write_text("mass_kg = 71\n", encoding="utf-8")
    done("reprocess", "--all", *where(place), "--profile", place / "other.toml", "--jobs", "1")
    assert profile(place) == structs.replace(
        profile(place), mass_kg=70, privacy_zones=(HOME,), zone_secret=secret
    )
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m


def profile(place: Path) -> Athlete:
    with Archive.open(place / "a", create=False) as store:
        return store.annotations.profile()


def test_a_zone_that_is_taken_back_comes_back_with_reprocess(place: Path) -> None:
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    done("profile", "--archive", place / "a", "privacy_zones=")
    done("reprocess", *where(place), "--jobs", "1")
    assert max(map(nearest_m, exported(place))) < 30


def test_a_zone_that_is_moved_or_taken_back_is_named_and_one_that_is_added_is_not(
    place: Path,
) -> None:
    """Two hand-outs, each with other discs, hide together only what both hide."""
    change = ("profile", "--archive", place / "a")
    other = DOCUMENTED.replace("radius_m = 100", "radius_m = 120")
    assert "tell more" not in done(*change, f"privacy_zones={DOCUMENTED}").stderr
    both = f"{DOCUMENTED[:-1]}, {other[1:]}"
    assert "tell more" not in done(*change, f"privacy_zones={both}").stderr
    assert "tell more" in done(*change, f"privacy_zones={other}").stderr
    assert "tell more" in done(*change, "privacy_zones=").stderr


@pytest.mark.parametrize("command", [("analyze", "--json"), ("analyze",), ("explain",)])
def test_single_files_know_the_archives_zones(place: Path, command: tuple[str, ...]) -> None:
    file = next((place / "in").iterdir())
    open_ = done(*command, file, "--archive", place / "a").stdout
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    hidden = done(*command, file, "--archive", place / "a").stdout
    assert open_ != hidden
    if "--json" in command:
        before, after = (json.loads(each)["sessions"][0] for each in (open_, hidden))
        assert after["start_time"] > before["start_time"]
        assert after["distance_m"] < before["distance_m"]
        assert "142420" not in hidden


@pytest.mark.parametrize("command", [("analyze", "--json"), ("explain",)])
def test_a_zone_that_only_a_single_file_heard_of_has_the_same_discs_at_every_call(
    place: Path, command: tuple[str, ...]
) -> None:
    file = min((place / "in").iterdir())
    given = (file, "--archive", place / "a", "--profile", place / "zone.toml")
    first = done(*command, *given).stdout
    assert len(profile(place).zone_secret) == 64
    for more in ((), (), ("--no-profile",)):
        assert done(*command, *given, *more).stdout == first
    assert profile(place).privacy_zones == (HOME,)
    with Archive.open(place / "a", create=False) as store:
        assert not store.known()
    imported(place, "--no-pages")  # and the zone holds for what is stored later
    for data in exported(place):
        assert nearest_m(data) > HOME.radius_m


def test_only_the_zones_of_a_profile_are_kept_by_analyze(place: Path) -> None:
    text = (place / "zone.toml").read_text(encoding="utf-8")
    (place / "zone.toml").write_text(f"mass_kg = 61\n{text}", encoding="utf-8")
    imported(place, "--no-pages")
    file = next((place / "in").iterdir())
    done("analyze", file, "--archive", place / "a", "--profile", place / "zone.toml")
    kept = profile(place)
    assert (kept.mass_kg, kept.privacy_zones) == (Athlete().mass_kg, (HOME,))
    with Archive.open(place / "a") as store:
        assert len(store.annotations.exposed()) == 2  # to be analysed again before they are shown


def test_an_archive_without_a_secret_is_given_one_by_analyze(place: Path) -> None:
    with Archive.open(place / "a") as store:
        store.annotations.set_profile(Athlete(privacy_zones=(HOME,)))  # of an older version
    file = next((place / "in").iterdir())
    first, second = (done("analyze", "--json", file, "--archive", place / "a") for _ in range(2))
    assert first.stdout == second.stdout
    assert len(profile(place).zone_secret) == 64


def test_a_zone_that_cannot_be_kept_is_refused(place: Path) -> None:
    (place / "taken").write_text("a file where the folder would be", encoding="utf-8")
    file = next((place / "in").iterdir())
    given = ("--archive", place / "taken" / "a", "--profile", place / "zone.toml")
    result = run("analyze", "--json", file, *given)
    assert result.exit_code == 1
    assert "--archive DIR" in result.stderr
    assert result.stdout == ""


def test_no_page_or_table_shows_the_clock_that_was_hidden_for_another_session(place: Path) -> None:
    """One file of two tracks; the second is far from the zone and is not hidden."""
    far = attack_routes.run(attack_routes.door(8), 1, "streets", 8)
    track = re.search(rb"<trk>.*</trk>", far)
    assert track is not None
    files = sorted((place / "in").iterdir())
    data = files[0].read_bytes().replace(b"</gpx>", track[0] + b"</gpx>")
    for each in files:
        each.unlink()
    (place / "in" / "2026-05-08-142427.gpx").write_bytes(data)
    imported(place, "--profile", place / "zone.toml")
    out = place / "out"
    done("export", "--archive", place / "a", "--what", "sessions", "--out", out)
    pages = list((place / "r" / "sessions").glob("*.html"))
    assert len(pages) == 2
    for path in [*(place / "r").rglob("*.*"), *out.rglob("*.csv")]:
        if path.is_file():
            assert b"142427" not in path.read_bytes(), path


def test_labels_are_said_and_kept_on_the_right_clock(place: Path) -> None:
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    with Archive.open(place / "a") as store:
        session, sha256 = next(iter(store.known().items()))
        track = store.track(session)
    done("label", session, "10", "40", "backward", *where(place))
    with Archive.open(place / "a") as store:
        (kept,) = store.annotations.labels(sha256)[0]
        (shown,) = store.session(session).labels
    assert (shown.start_s, shown.end_s) == (10, 40)
    assert kept.start_s == 10 + track.hidden[0][1]
    done("profile", "--archive", place / "a", "privacy_zones=")
    done("reprocess", *where(place), "--jobs", "1")
    with Archive.open(place / "a") as store:
        (whole,) = store.session(session).labels
    assert whole.start_s == kept.start_s  # the same seconds as before


def test_a_cohorts_results_hold_no_zone_and_the_same_discs_in_every_run(place: Path) -> None:
    out, archive = place / "results", ("--archive", place / "a")
    cohort = ("cohort", "process", place / "in", "--out", out, "--tracks", "--jobs", "1", *archive)
    done(*cohort, "--profile", place / "zone.toml")
    first = starts(out)
    done(*cohort)  # the archive knows the zone
    assert starts(out) == first
    rows = pd.read_parquet(out / "tracks")
    flat = DOOR.plane(rows["latitude_deg"].to_numpy(), rows["longitude_deg"].to_numpy())
    assert np.nanmin(np.hypot(*flat.T)) > HOME.radius_m
    shared = place / "shared"
    done("cohort", "export", out, "--deidentify", "--tracks", "--out", shared)
    assert len(pd.read_parquet(shared / "tracks")) == len(rows)


def test_a_dry_run_of_a_cohort_makes_no_archive(place: Path) -> None:
    cohort = ("cohort", "process", place / "in", "--out", place / "results", "--jobs", "1")
    done(*cohort, "--dry-run", "--archive", place / "a", "--profile", place / "zone.toml")
    assert not (place / "a").exists()


def starts(out: Path) -> list[str]:
    return sorted(map(str, pd.read_parquet(out / "sessions")["start_time"]))


def test_two_zones_are_both_hidden(place: Path) -> None:
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    far = structs.replace(HOME, latitude_deg=HOME.latitude_deg + 1)
    done("profile", "--archive", place / "a", f"privacy_zones={json.dumps([structs.asdict(far)])}")
    done("report", *where(place), "--profile", place / "zone.toml")
    assert set(profile(place).privacy_zones) == {HOME, far}
    discs = privacy_zones.discs(profile(place))
    assert len({each.latitude_deg for each in discs}) == 14
    assert isinstance(HOME, Zone)


@pytest.mark.parametrize("form", ["landscape", "square", "portrait"])
def test_a_picture_s_way_ends_where_the_zone_begins(place: Path, form: str) -> None:
    imported(place, "--no-pages")
    session = retrorun.load(place / "a").sessions["session"].iloc[0]
    chosen = ("--archive", place / "a", "--reports", place / "r", "--format", form)
    picture = ("report", session, *chosen, "--picture")
    done(*picture, place / "open.svg", "--map")
    done("profile", "--archive", place / "a", f"privacy_zones={DOCUMENTED}")
    done("reprocess", "--all", *where(place), "--jobs", "1")
    done(*picture, place / "hidden.svg", "--map")
    done(*picture, place / "plain.svg")
    with Archive.open(place / "a") as archive:
        track = archive.track(session)
    places = track.columns["latitude_deg"], track.columns["longitude_deg"]
    assert shape(place / "hidden.svg") == pytest.approx(wide_by_high(DOOR.plane(*places)), rel=0.05)
    assert shape(place / "open.svg") != pytest.approx(shape(place / "hidden.svg"), rel=0.2)
    assert not ways(place / "plain.svg")


def ways(svg: Path) -> list[str]:
    """The paths of the way that a picture draws."""
    return re.findall(
        r' d="([^"]*)"', svg.read_text("utf-8").partition('<g transform="translate')[2]
    )


def shape(svg: Path) -> float:
    """How many times wider than high the way is that a picture draws."""
    places: list[tuple[float, float]] = []
    for way in ways(svg):
        at = (0.0, 0.0)
        for letter, x, y in re.findall(r"([Ml]?)(-?\d+)[ ,]?(-?\d+)", way):
            at = (float(x), float(y)) if letter == "M" else (at[0] + float(x), at[1] + float(y))
            places.append(at)
    return wide_by_high(np.array(places))


def wide_by_high(places: FloatArray) -> float:
    wide, high = np.nanmax(places, axis=0) - np.nanmin(places, axis=0)
    return float(wide / high)


def test_pages_of_every_folder_follow_a_new_zone(place: Path) -> None:
    """A second folder of pages is not the one whose pages are due, and nothing else is new."""
    imported(place)
    other = place / "other"
    process = ("process", place / "in", "--archive", place / "a", "--jobs", "1")
    done("report", "--archive", place / "a", "--reports", other)
    exposed = written(other / "sessions")
    done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    done(*process, "--reports", place / "r")
    done(*process, "--reports", other)
    assert written(other / "sessions") == written(place / "r" / "sessions")
    assert not set(exposed.values()) & set(written(other / "sessions").values())
    assert "nothing new" in done(*process, "--reports", other).stderr


@pytest.mark.parametrize("again", ["process", "standalone", "period"])
def test_pages_for_others_that_were_written_before_a_zone_are_removed(
    place: Path, again: str
) -> None:
    imported(place)
    done("report", *where(place), "--standalone")
    done("report", *where(place), "--redact")
    done("report", *where(place), "--since", "2000-01-01")
    exposed = written(place / "r" / "shared") | written(place / "r", "period*")
    assert len(exposed) == 5
    own = ("shared/holiday.html", "shared/redacted.html", "period-notes.html", "period.html")
    for each in own:
        (place / "r" / each).write_text("somebody's own", encoding="utf-8")
    done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    if again == "process":
        done("process", place / "in", *where(place), "--jobs", "1")
    elif again == "standalone":
        done("report", *where(place), "--standalone")
    else:
        done("report", *where(place), "--until", "2100-01-01")
    left = written(place / "r" / "shared") | written(place / "r", "period*")
    assert not set(exposed.values()) & set(left.values())
    assert not any("redacted-" in each for each in left)
    assert all((place / "r" / each).is_file() for each in own)
    done("report", *where(place), "--redact")
    kept = written(place / "r" / "shared")
    done("process", place / "in", *where(place), "--jobs", "1")
    done("report", *where(place))
    assert written(place / "r" / "shared") == kept  # they were written with the zone


def test_pages_written_between_two_times_of_one_zone_are_removed(place: Path) -> None:
    """Of a folder that only pages for others go to, written while the zone was taken back."""
    imported(place, "--profile", place / "zone.toml")
    share = ("report", "--archive", place / "a", "--reports", place / "coach")
    done(*share, "--standalone")
    done("profile", "privacy_zones=", "--archive", place / "a")
    done("reprocess", "--all", *where(place), "--jobs", "1")
    done(*share, "--standalone")
    exposed = written(place / "coach" / "shared")
    done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    done(*share, "--redact")
    assert len(exposed) == 2
    assert not set(exposed) & set(written(place / "coach" / "shared"))


def test_tracks_that_were_exported_before_a_zone_are_named(place: Path) -> None:
    """Those of another format stay beside the new ones, and show the door."""
    imported(place, "--no-pages")
    exported(place, "csv")
    export = ("export", "--archive", place / "a", "--format", "gpx", "--out", place / "out-csv")
    assert "do not hand it on" not in done(*export).stderr
    done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    named = done(*export).stderr
    old = sorted((place / "out-csv" / "tracks").glob("*.csv"))
    assert len(old) == 2
    assert [each for each in old if f"{each} is older" in named] == old
    assert ".gpx" not in named


def written(folder: Path, names: str = "*.html") -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.glob(names)}


def test_a_copy_for_others_lets_go_of_what_was_copied_before_a_zone(place: Path) -> None:
    """Beside its successor, an old part tells how long and how far the hidden way was."""
    (place / "co").mkdir()
    (place / "in").rename(place / "co" / "ann")
    (place / "salt").write_text("a salt of the tests, long enough", encoding="utf-8")
    process = ("cohort", "process", place / "co", "--out", place / "rs", "--archive", place / "a")
    export = ("cohort", "export", place / "rs", "--out", place / "copy", "--deidentify", "--tracks")
    done(*process, "--tracks")
    done(*export, "--salt-file", place / "salt")
    before = {each.relative_to(place) for each in (place / "copy").rglob("*.parquet")}
    done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    done(*process, "--tracks")
    again = done(*export, "--salt-file", place / "salt")
    after = {each.relative_to(place) for each in (place / "copy").rglob("*.parquet")}
    assert len(before) == 3
    removed = f"parts removed that the result set has no more: {len(before)}\n"
    assert removed in again.stderr
    assert not before & after
    sessions = pd.read_parquet(place / "copy" / "sessions")
    assert sorted(sessions["duration_s"]) == sorted(
        pd.read_parquet(place / "rs" / "sessions")["duration_s"]
    )
    sums = {each.stem for each in (place / "copy").rglob("*.json") if each.name != "about.json"}
    assert sums == {each.stem for each in after}


def begun_farther_on(lap_s: int) -> bytes:
    """A TCX of 20 minutes northward from 1.5 km north of the door; its lap began earlier."""
    points = []
    for second in range(1200):
        north = HOME.latitude_deg + np.degrees((1500.0 + 3 * second) / EARTH_RADIUS_M)
        points.append(
            f"<Trackpoint><Time>2026-05-08T14:{30 + second // 60}:{second % 60:02d}Z</Time>"
            f"<Position><LatitudeDegrees>{north:.7f}</LatitudeDegrees><LongitudeDegrees>"
            f"{HOME.longitude_deg:.7f}</LongitudeDegrees></Position></Trackpoint>"
        )
    begin = f"2026-05-08T14:{30 - lap_s // 60}:00Z"
    return (
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
        f'<Activities><Activity Sport="Running"><Id>{begin}</Id><Lap StartTime="{begin}">'
        f"<TotalTimeSeconds>{1200 + lap_s}</TotalTimeSeconds><Track>{''.join(points)}</Track>"
        "</Lap></Activity></Activities></TrainingCenterDatabase>"
    ).encode()


@pytest.mark.parametrize(("name", "lap_s"), [("run.tcx", 480), ("2026-05-08-142200.tcx", 0)])
def test_a_session_whose_track_a_new_zone_leaves_as_it_is_is_shown_again(
    tmp_path: Path, name: str, lap_s: int
) -> None:
    """Its lap, or the time in its name, told how long the way from the door was."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / name).write_bytes(begun_farther_on(lap_s))
    imported(tmp_path, "--no-pages")
    at = ("--archive", tmp_path / "a")
    before = json.loads(done("sessions", "--json", *at).stdout)
    done("profile", f"privacy_zones=[{{{PLACE}, radius_m = 20}}]", *at)
    with Archive.open(tmp_path / "a") as archive:
        assert archive.annotations.exposed() == [before["id"]]
    after = json.loads(done("sessions", "--json", *at).stdout)
    assert (after["start_time"], after["distance_m"]) == (
        before["start_time"],
        before["distance_m"],
    )
    with Archive.open(tmp_path / "a") as archive:
        assert archive.annotations.exposed() == []
        session = archive.session(before["id"])
    assert "1422" not in session.source.name
    assert bool(session.laps) == (lap_s == 0)


def test_zones_that_another_version_hid_otherwise_are_taken_out_again(place: Path) -> None:
    """The sizes of what is hidden are those of the version; nobody sets the zone again."""
    imported(place, "--no-pages")
    with Archive.open(place / "a") as archive:  # as by a version that hid next to nothing
        athlete = Athlete(privacy_zones=(HOME,), zone_secret="kept")  # noqa: S106
        archive.annotations.change_profile(
            lambda _: athlete, lambda *_: archive.annotations.note_exposed((), "another version")
        )
    hidden = privacy_zones.discs(athlete)
    tracks = exported(place)
    assert len(tracks) == 2
    assert [seconds_within(each, hidden) for each in tracks] == [0, 0]


def test_a_zone_taken_back_before_its_sessions_were_analysed_again_hides_none(place: Path) -> None:
    imported(place, "--no-pages")
    before = exported(place)
    at = ("--archive", place / "a")
    done("profile", f"privacy_zones={DOCUMENTED}", *at)
    done("profile", "privacy_zones=", *at)
    assert exported(place) == before


def seconds_within(data: bytes, hidden: tuple[privacy_zones.Disc, ...]) -> int:
    """How many rows of a track in CSV lie in one of the discs."""
    rows = pd.read_csv(io.BytesIO(data))
    latitude, longitude = rows["latitude_deg"].to_numpy(), rows["longitude_deg"].to_numpy()
    within = np.zeros(len(rows), dtype=bool)
    for disc in hidden:
        within |= privacy_zones.distance_m(latitude, longitude, disc) <= disc.radius_m
    return int(within.sum())


def test_a_watch_takes_out_what_another_version_let_out(place: Path) -> None:
    imported(place, "--profile", place / "zone.toml")
    with Archive.open(place / "a") as archive:
        archive.annotations.change_profile(
            lambda stored: stored, lambda *_: archive.annotations.note_exposed((), "of another")
        )
        assert archive.pending.is_empty()
    done("watch", place / "in", "--once", *where(place), "--jobs", "1")
    with Archive.open(place / "a") as archive:
        assert not ingest.has_redrawn_zones(archive)
        assert archive.annotations.exposed() == []


def test_no_track_keeps_an_end_at_which_another_version_cut_it(place: Path) -> None:
    """Its discs are those of another secret here; none of these hides what those have left."""
    imported(place, "--profile", place / "zone.toml", "--no-pages")
    with Archive.open(place / "a") as archive:
        tracks = [archive.track(each) for each in archive.known()]
    athletes = (Athlete(privacy_zones=(HOME,), zone_secret=f"{each:064x}") for each in range(1000))
    athlete = next(
        each
        for each in athletes
        if not any(
            privacy_zones.hidden_seconds(track, privacy_zones.discs(each)).any() for track in tracks
        )
    )
    with Archive.open(place / "a") as archive:
        archive.annotations.change_profile(
            lambda _: athlete, lambda *_: archive.annotations.note_exposed((), "of another version")
        )
    now = exported(place)
    shutil.rmtree(place / "a")
    with Archive.open(place / "a") as archive:
        archive.annotations.set_profile(athlete)
    imported(place, "--no-pages")
    assert now == exported(place)


def without_secret(place: Path) -> None:
    with Archive.open(place / "a") as store:
        store.annotations.set_profile(Athlete(privacy_zones=(HOME,)))


def with_other_discs(place: Path) -> None:
    done("profile", "--archive", place / "a", f"privacy_zones={DOCUMENTED}")
    with Archive.open(place / "a") as store, store.database.transaction():
        store.annotations.note_exposed((), "of another version")


def with_open_sessions(place: Path) -> None:
    done("profile", "--archive", place / "a", f"privacy_zones={DOCUMENTED}")


def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database as it is opened on a medium that cannot be written, also for root."""

    def refuse(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(database, "_write_ahead", refuse)


@pytest.mark.parametrize("made", [without_secret, with_other_discs, with_open_sessions])
def test_zones_that_cannot_be_brought_up_to_date_are_the_reason_of_the_refusal(
    place: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], None]
) -> None:
    imported(place, "--no-pages")
    made(place)
    read_only(monkeypatch)
    commands: list[tuple[str | Path, ...]] = [
        ("sessions", "--archive", place / "a"),
        ("export", "--archive", place / "a", "--out", place / "out"),
        ("compare", *where(place)),
        ("report", *where(place)),
        ("label", *where(place)),
    ]
    if made is not with_open_sessions:  # which are hidden by themselves
        commands.append(("open", *where(place), "--no-browser"))
    for command in commands:
        result = run(*command)
        assert (result.exit_code, result.stdout) == (1, ""), command
        assert "privacy zones" in result.stderr, command
        assert "cannot be written" in result.stderr, command
        assert "--archive DIR" in result.stderr, command
    assert not (place / "out").exists()


def test_frames_hold_nothing_that_the_discs_of_this_version_hide(place: Path) -> None:
    imported(place, "--no-pages")
    with_other_discs(place)
    with pytest.raises(ArchiveError, match="privacy zone"):
        retrorun.load(place / "a")
    done("sessions", "--archive", place / "a")
    assert len(retrorun.load(place / "a").sessions) == 2


def without_positions(data: bytes) -> bytes:
    """A run as a phone without positions has it, a minute later: TCX, times and an odometer."""
    times = re.findall(rb"<time>([^<]+)</time>", data)
    places = re.findall(rb'<trkpt lat="([^"]+)" lon="([^"]+)"', data)
    flat = DOOR.plane(*np.array(places, dtype=float).T)
    way_m = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(flat, axis=0).T))])
    points = "".join(
        f"<Trackpoint><Time>{time.decode()}</Time><DistanceMeters>{at_m:.1f}</DistanceMeters>"
        "</Trackpoint>"
        for time, at_m in [*zip(times[-len(places) :], way_m, strict=True)][60:]
    )
    schema = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    text = (
        f'<TrainingCenterDatabase xmlns="{schema}"><Activities><Activity Sport="Running">'
        f"<Lap><Track>{points}</Track></Lap></Activity></Activities></TrainingCenterDatabase>"
    )
    return text.encode()


def listed(place: Path) -> dict[bool, tuple[float, float]]:
    """Whether a session has positions → how long and how far it is told to be."""
    lines = done("sessions", "--archive", place / "a", "--json").stdout.splitlines()
    found = [json.loads(line) for line in lines]
    return {
        "position" in each["channels"]: (each["duration_s"], each["distance_m"]) for each in found
    }


@pytest.mark.parametrize("order", ["both", "phone first", "watch first", "zone last"])
def test_a_second_device_without_positions_tells_no_hidden_time_and_way(
    place: Path, order: str
) -> None:
    """Two sessions of one run: what the watch leaves out, the phone would tell."""
    watch, other = sorted((place / "in").iterdir())
    other.unlink()
    phone = place / "in" / "phone.tcx"
    phone.write_bytes(without_positions(watch.read_bytes()))
    late = {"phone first": watch, "watch first": phone}.get(order)
    zone = () if order == "zone last" else ("--profile", place / "zone.toml")
    if late is not None:
        kept = late.rename(place / late.name)
        imported(place, *zone)
        kept.rename(late)
    imported(place, *zone)
    if order == "zone last":
        before = listed(place)
        assert before[False][0] == pytest.approx(before[True][0] - 60, abs=5)
        done("profile", f"privacy_zones={DOCUMENTED}", "--archive", place / "a")
    told = listed(place)
    assert set(told) == {True, False}
    assert told[False] == pytest.approx(told[True], rel=0.02)
    page = (place / "r" / "index.html").read_text(encoding="utf-8")
    assert order == "zone last" or "privacy-zone-open" not in page


@pytest.mark.parametrize("moment", ["after the batch is written", "before devices are joined"])
def test_an_import_that_is_killed_leaves_no_second_device_that_tells(
    place: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Files that were written before the end are not looked at again by the next command."""
    watch, other = sorted((place / "in").iterdir())
    other.unlink()
    (place / "in" / "phone.tcx").write_bytes(without_positions(watch.read_bytes()))
    apply, written = Writes.apply, list[object]()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    def killed_behind(
        writes: Writes, import_id: int, change: Change, follow: Callable[[], object] | None = None
    ) -> None:
        apply(writes, import_id, change, *([follow] if follow else []))
        written.extend(change.parcels)
        if len(written) == 2:  # in one batch, or in two on a slow machine
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if moment == "before devices are joined":
            patched.setattr("retrorun.ingest.run.join", killed)
        else:
            patched.setattr(Writes, "apply", killed_behind)
        words = ("process", place / "in", *where(place), "--jobs", "1")
        assert run(*words, "--profile", place / "zone.toml").exit_code != 0
    told = listed(place)
    assert set(told) == {True, False}
    assert told[False] == pytest.approx(told[True], rel=0.02)
