"""Whose file is it: by folder, by a table, by the archive's own; and profiles from profiles."""

import contextlib
import datetime as dt
import errno
import io
import os
import pickle
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Literal

import pandas as pd
import pytest

from retrorun.cohort import profiles
from retrorun.cohort.assignment import AssignmentOptions, AthleteIndex, Athletes, load
from retrorun.errors import ReadError, SettingsError, StoreError
from retrorun.model import Athlete, DatedMass
from retrorun.settings import ReadLimits


def table(text: str) -> profiles.Table:
    return profiles.parse_table("t.csv", text.encode())


@pytest.mark.parametrize(
    ("name", "athlete"),
    [
        ("ann/run.fit", "ann"),
        ("ann/2025/run.fit", "ann"),
        ("run.fit", "unknown"),
        ("Zoë Ö/run.fit", "Zoë Ö"),
        ("/run.fit", "unknown"),
    ],
)
def test_by_folder(name: str, athlete: str) -> None:
    assert Athletes().of(name) == athlete


def by_table(tmp_path: Path, text: str, **choice: str) -> Athletes:
    path = tmp_path / "map.csv"
    path.write_text(text, encoding="utf-8")
    return load(AssignmentOptions(str(path), **choice))  # type: ignore[arg-type]


def test_by_a_table_of_relative_and_base_names(tmp_path: Path) -> None:
    found = by_table(tmp_path, "file,athlete\na/run.fit,ann\nb/run.fit,bob\nlone.gpx,cy\n,dee\n")
    assert found.of("a/run.fit") == "ann"
    assert found.of("b/run.fit") == "bob"
    assert found.of("deep/down/lone.gpx") == "cy"
    assert found.of("c/run.fit") == "unknown"
    assert found.of("nothing.fit") == "unknown"


def test_a_table_s_names_may_be_in_another_normal_form(tmp_path: Path) -> None:
    found = by_table(tmp_path, "file,athlete\nZo\u00eb/run.fit,zoe\n")
    assert found.of("Zoe\u0308/run.fit") == "zoe"


def test_a_base_name_that_fits_two_files_is_refused(tmp_path: Path) -> None:
    found = by_table(tmp_path, "file,athlete\nrun.fit,ann\n")
    assert found.of("a/run.fit") == "ann"
    assert found.of("a/run.fit") == "ann"
    with pytest.raises(SettingsError, match=r"b/run\.fit") as caught:
        found.of("b/run.fit")
    assert caught.value.slug == "athlete-ambiguous"
    assert "folders" in (caught.value.remedy or "")


def test_one_name_with_two_athletes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'ann' and 'bob'"):
        by_table(tmp_path, "file,athlete\nrun.fit,ann\nrun.fit,bob\n")
    assert by_table(tmp_path, "file,athlete\nrun.fit,ann\nrun.fit,ann\n").of("run.fit") == "ann"


def test_columns_are_named_whatever_their_case(tmp_path: Path) -> None:
    text = "When,Filename, Athlete ID \nx,a/1.fit,17\n"
    found = by_table(tmp_path, text, file_column="filename", athlete_column="athlete id")
    assert found.of("a/1.fit") == "17"
    with pytest.raises(SettingsError, match="no column 'runner'") as caught:
        by_table(tmp_path, text, athlete_column="runner")
    assert "'Athlete ID'" in (caught.value.remedy or "")


def test_a_platforms_index_among_the_exports_counts_from_its_own_folder(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    (exports / "club").mkdir(parents=True)
    index = exports / "club" / "activities.csv"
    index.write_text("Activity ID,Filename,Athlete\n1,activities/1.fit.gz,ann\n", encoding="utf-8")
    found = load(AssignmentOptions(str(index), athlete_column="Athlete", exports=str(exports)))
    assert found.of("club/activities/1.fit.gz") == "ann"
    assert found.of("other/activities/1.fit.gz") == "unknown"


def test_a_parquet_table_with_numbers_for_names(tmp_path: Path) -> None:
    path = tmp_path / "map.parquet"
    frame = pd.DataFrame({"file": ["a.fit", "b.fit", "c.fit"], "athlete": [7, None, 9]})
    frame.to_parquet(path)
    found = load(AssignmentOptions(str(path)))
    assert [found.of(name) for name in ("a.fit", "b.fit", "c.fit")] == ["7", "unknown", "9"]


def test_every_row_of_a_long_table_is_found(tmp_path: Path) -> None:
    rows = [f"d{number % 7}/{number}.fit,a{number % 11}" for number in range(5000)]
    found = by_table(tmp_path, "\n".join(["file,athlete", *rows]))
    wrong = [each for each in range(5000) if found.of(f"d{each % 7}/{each}.fit") != f"a{each % 11}"]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "table-empty"),
        ('file,athlete\n"a,b\n', "table-broken"),
        ("file,athlete\na,b,c,d\n", "table-broken"),
        ("file,who\na,b\n", "table-column"),
    ],
)
def test_tables_that_make_no_sense_are_refused(tmp_path: Path, text: str, slug: str) -> None:
    with pytest.raises(SettingsError) as caught:
        by_table(tmp_path, text)
    assert caught.value.slug == slug
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("data", [b"PAR1 nothing of the kind", b"\xff\xfe\x00f"])
def test_bytes_that_are_no_table_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "t"
    path.write_bytes(data)
    with pytest.raises(SettingsError):
        load(AssignmentOptions(str(path)))
    with pytest.raises(SettingsError) as caught:
        load(AssignmentOptions(str(tmp_path / "missing.csv")))
    assert caught.value.slug == "table-unreadable"


def test_a_batch_takes_only_its_own_along(tmp_path: Path) -> None:
    rows = "".join(f"d/{number}.fit,a{number}\n" for number in range(2000))
    whole = by_table(tmp_path, "file,athlete\n" + rows)
    known = {f"a{number}": Athlete(mass_kg=50.0 + number / 100) for number in range(2000)}
    whole = Athletes(whole.index, profiles=known, default=Athlete(mass_kg=70))
    part = pickle.loads(pickle.dumps(whole.of_batch(["d/3.fit", "d/5.fit", "x.fit"])))  # noqa: S301 - our own
    assert [part.of(name) for name in ("d/3.fit", "d/5.fit", "x.fit")] == ["a3", "a5", "unknown"]
    assert part.profile("a5").mass_kg == 50.05
    assert part.profile("unknown").mass_kg == 70
    assert part.fingerprint("a5") == whole.fingerprint("a5") != whole.fingerprint("a3")
    assert len(pickle.dumps(part)) < 3000 < len(pickle.dumps(whole)) / 10


# --- the table in the archive itself


def test_a_table_whose_name_only_ends_so_assigns_nobody() -> None:
    chosen = load(AssignmentOptions("export", athlete_column="Athlete ID"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("virtual_activities.csv", "Filename,Athlete ID\na.fit,wrong\n")
        archive.writestr("activities.csv", "Filename,Athlete ID\na.fit,ann\n")
    assert chosen.inside("export.zip", stream, ReadLimits()) == {"a.fit": "ann"}


def bulk(index: str, name: str = "activities.csv") -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, index)
        archive.writestr("activities/1.fit", b"x")
    stream.seek(5)
    return stream


def test_the_archives_own_table_tells_whose_its_members_are() -> None:
    chosen = load(AssignmentOptions("export", athlete_column="Athlete ID"))
    stream = bulk("Activity ID,Filename,Athlete ID\n1,activities/1.fit,ann\n2,activities/2.fit,\n")
    inside = chosen.inside("club/x.zip", stream, ReadLimits())
    assert stream.tell() == 5
    assert inside == {"activities/1.fit": "ann"}
    name = "club/x.zip"
    assert chosen.of_member(name, "x.zip/activities/1.fit (Morning (easy) run)", inside) == "ann"
    assert chosen.of_member(name, "club/x.zip/activities/1.fit", inside) == "ann"
    assert chosen.of_member(name, "x.zip/activities/2.fit", inside) == "club"


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_s_own_table_tells_whose_its_members_are(mode: Literal["w", "w:gz"]) -> None:
    chosen = load(AssignmentOptions("export", athlete_column="Athlete ID"))
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        table = b"Filename,Athlete ID\nactivities/1.fit,ann\n"
        for name, data in (("./activities/1.fit", b"x" * 9999), ("./activities.csv", table)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    stream.seek(5)
    inside = chosen.inside("club/x.tgz", stream, ReadLimits())
    assert stream.tell() == 5
    assert inside == {"activities/1.fit": "ann"}
    assert chosen.of_member("club/x.tgz", "x.tgz/activities/1.fit (Run)", inside) == "ann"


def test_an_archive_without_the_column_is_a_problem_of_its_own() -> None:
    chosen = load(AssignmentOptions("export", athlete_column="Athlete ID"))
    with pytest.raises(ReadError, match="Athlete ID"):
        chosen.inside("x.zip", bulk("Filename,Who\na,b\n"), ReadLimits())
    assert chosen.inside("x.zip", bulk("Filename,Who\na,b\n", "other.csv"), ReadLimits()) == {}
    assert chosen.inside("x.zip", io.BytesIO(b"no zip"), ReadLimits()) == {}
    assert Athletes().inside("x.zip", io.BytesIO(b"no zip"), ReadLimits()) == {}


class FailingDrive(io.BytesIO):
    """A file on a drive that fails."""

    def read(self, _: int | None = -1, /) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_drive_that_fails_does_not_give_an_archives_files_to_somebody_else() -> None:
    """Without the table they were the files of the folder's athlete."""
    chosen = load(AssignmentOptions("export", "Filename", "Athlete", None, "."))
    with pytest.raises(StoreError) as caught:
        chosen.inside("x.zip", FailingDrive(bulk("Filename,Athlete\n").read()), ReadLimits())
    assert caught.value.slug == "store-failing"


def test_with_the_archives_table_every_profile_decides(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    prints = set()
    for mass_kg in (60, 61):
        path.write_text(f"athlete,mass_kg\nann,{mass_kg}\n", encoding="utf-8")
        chosen = load(AssignmentOptions("export", profiles=str(path)))
        prints |= {chosen.fingerprint("unknown"), chosen.fingerprint("ann")}
        assert chosen.of_batch(["x.zip"]).fingerprint("ann") == chosen.fingerprint("ann")
    assert len(prints) == 4
    plain = load(AssignmentOptions(profiles=str(path)))
    assert plain.fingerprint("unknown") == Athletes().fingerprint("ann")


# --- hostile bytes


def mutated(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        place = rng.randrange(len(changed))
        kind = rng.randrange(3)
        if kind == 0:
            changed[place] = rng.randrange(256)
        elif kind == 1 and len(changed) > 40:
            del changed[place : place + rng.randint(1, 20)]
        else:
            changed[place:place] = rng.randbytes(5)
    return bytes(changed)


def test_whatever_the_bytes_the_outcome_is_a_table_or_words(tmp_path: Path) -> None:
    rng = random.Random(20_260_503)  # noqa: S311 - to break bytes with
    frame = pd.DataFrame({"athlete": ["x", "y"] * 9, "file": ["a/b", "c"] * 9, "mass_kg": 60.0})
    frame.to_parquet(tmp_path / "t.parquet")
    whole = (tmp_path / "t.parquet").read_bytes()
    text = b"athlete,file,mass_kg\nx,a/b.fit,60\ny,c.fit,\n" * 3
    zipped = bulk("athlete,file\nann,a\n" * 9).getvalue()
    asked = Athletes(columns=("file", "athlete"))
    for _ in range(600):
        for data in (whole, text):
            broken = mutated(rng, data)
            with contextlib.suppress(SettingsError):
                profiles.profiles_from_table(profiles.parse_table("t", broken))
            with contextlib.suppress(SettingsError):
                AthleteIndex.from_table(profiles.parse_table("t", broken), "file", "athlete", "")
        with contextlib.suppress(ReadError):
            asked.inside("x.zip", io.BytesIO(mutated(rng, zipped)), ReadLimits())


# --- profiles


def test_profiles_from_csv() -> None:
    text = (
        "athlete,mass_kg,birth_year,sex,hr_zones_bpm,since\n"
        "ann,60.5,1987,Female,120 140;160,\n"
        "bob,,1990.0,,,\n"
        "ann,61,,,,2025-03-01\n"
        "ann,59,,,,2024-12-31\n"
    )
    found = profiles.profiles_from_table(table(text))
    assert found["ann"] == Athlete(
        mass_kg=60.5,
        birth_year=1987,
        sex="female",
        hr_zones_bpm=(120.0, 140.0, 160.0),
        masses=(DatedMass(dt.date(2024, 12, 31), 59.0), DatedMass(dt.date(2025, 3, 1), 61.0)),
    )
    assert found["bob"] == Athlete(birth_year=1990)


def test_profiles_from_parquet(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    frame = pd.DataFrame(
        {
            "athlete": [1, 2],
            "mass_kg": [60.0, None],
            "birth_year": [None, 1990],
            "since": pd.Series([pd.Timestamp("2025-03-01"), pd.NaT]),
        }
    )
    frame.to_parquet(path)
    found = load(AssignmentOptions(profiles=str(path))).profiles
    assert found == {
        "1": Athlete(masses=(DatedMass(dt.date(2025, 3, 1), 60.0),)),
        "2": Athlete(birth_year=1990),
    }


@pytest.mark.parametrize(
    ("text", "slug", "words"),
    [
        ("athlete,weight\nann,60\n", "profile-unknown-name", "weight"),
        ("mass_kg\n60\n", "profile-unknown-name", "no column athlete"),
        ("athlete,masses\nann,60\n", "profile-unknown-name", "masses"),
        ("athlete,mass_kg\nann,60\nbob,6000\n", "profile-impossible", "row 2, column mass_kg"),
        ("athlete,mass_kg\nann,inf\n", "profile-impossible", "row 1, column mass_kg"),
        ("athlete,mass_kg\nann,nan\n", "profile-impossible", "row 1, column mass_kg"),
        ("athlete,mass_kg\nann,sixty\n", "profile-wrong-type", "row 1, column mass_kg"),
        ("athlete,birth_year\nann,1987.5\n", "profile-wrong-type", "row 1, column birth_year"),
        ("athlete,sex\nann,yes\n", "profile-wrong-type", "row 1, column sex"),
        ("athlete,hr_zones_bpm\nann,160 140\n", "profile-impossible", "row 1, column hr_zones_bpm"),
        ("athlete,mass_kg,since\nann,60,May\n", "profile-wrong-type", "row 1, column since"),
        ("athlete,mass_kg,since\nann,,2025-01-01\n", "profile-impossible", "row 1, column since"),
        ("athlete,mass_kg\nann,60\nann,61\n", "profile-impossible", "row 2, column mass_kg"),
        (
            "athlete,mass_kg,since\nann,60,2025-01-01\nann,61,2025-01-01\n",
            "profile-impossible",
            "row 2, column mass_kg",
        ),
        ("athlete,hr_rest_bpm,hr_max_bpm\nann,110,100\n", "profile-impossible", "row 1"),
        ("athlete,mass_kg\n,60\n", "table-empty-value", "row 1, column athlete"),
    ],
)
def test_senseless_profiles_name_row_and_column(text: str, slug: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words) as caught:
        profiles.profiles_from_table(table(text))
    assert caught.value.slug == slug
    assert caught.value.file == "t.csv"


def test_a_mass_of_a_day_decides_the_fingerprint() -> None:
    text = "athlete,mass_kg,since\nann,60,2025-01-01\n"
    one = profiles.profiles_from_table(table(text))
    other = profiles.profiles_from_table(table(text.replace("2025", "2024")))
    assert Athletes(profiles=one).fingerprint("ann") != Athletes(profiles=other).fingerprint("ann")


# --- the page


def test_the_page_names_all_that_a_table_may_say() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "athletes.md").read_text("utf-8")
    for name in (*profiles.NAMES, "athlete", "since"):
        assert f"`{name}`" in page
    for choice in (
        AssignmentOptions().where,
        "export",
        AssignmentOptions().file_column,
        AssignmentOptions().athlete_column,
    ):
        assert f"`{choice}`" in page


def test_the_pages_example_is_a_table_of_profiles() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "athletes.md").read_text("utf-8")
    found = profiles.profiles_from_table(table(page.split("```")[1].strip()))
    assert [each.mass_kg for each in found["ann"].masses] == [64.0, 61.5]
    assert found["ann"].birth_year == 1987
    assert found["bob"].mass_kg == 80
