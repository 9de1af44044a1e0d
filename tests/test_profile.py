import datetime as dt
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from retrorun import profile
from retrorun.errors import SettingsError
from retrorun.model import Athlete, DatedMass, Estimate


def written(folder: Path, text: str) -> Path:
    path = folder / "profile.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_is_read_from_toml(tmp_path: Path) -> None:
    text = """
    birth_year = 1980
    sex = "female"
    masses = [{since = 2026-01-01, mass_kg = 70}, {since = 2026-03-01, mass_kg = 66.5}]
    [[privacy_zones]]
    latitude_deg = 46.0
    longitude_deg = 14.5
    radius_m = 200
    """
    athlete = profile.load(written(tmp_path, text))
    assert athlete.sex == "female"
    assert athlete.masses[1] == DatedMass(dt.date(2026, 3, 1), 66.5)
    assert athlete.privacy_zones[0].radius_m == 200


def test_the_words_of_a_profile_are_those_of_its_types() -> None:
    class Pet(msgspec.Struct):
        kind: Literal["dog", "cat"]
        leash: Literal["long"] | None = None
        name: str | None = None

    assert profile.choices(Pet) == {"kind": ("dog", "cat"), "leash": ("long",)}


@pytest.mark.parametrize(
    ("day", "mass_kg"), [("2025-12-31", 80), ("2026-01-01", 70), ("2026-06-01", 66)]
)
def test_the_mass_of_a_day_is_the_latest_not_after_it(day: str, mass_kg: float) -> None:
    masses = (DatedMass(dt.date(2026, 1, 1), 70), DatedMass(dt.date(2026, 3, 1), 66))
    assert Athlete(mass_kg=80, masses=masses).on(dt.date.fromisoformat(day)).mass_kg == mass_kg


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mass_kg": "70,5"}, "mass_kg = '70,5' cannot be: expected a number such as 70.5"),
        ({"mass_kg": True}, "mass_kg = True cannot be: expected a number such as 70.5"),
        ({"birth_year": 1980.5}, "birth_year = 1980.5 cannot be: expected a whole number"),
        ({"trust_gait": "yes"}, "trust_gait = 'yes' cannot be: expected true or false"),
        ({"hr_zones_bpm": "1,2"}, "hr_zones_bpm = '1,2' cannot be: expected a list in brackets"),
        ({"units": 3}, "units = 3 cannot be: expected text"),
        (
            {"masses": [{"since": "3.5.2026", "mass_kg": 70}]},
            "masses[0].since cannot be what it is: expected a day such as 2026-05-03",
        ),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_what_is_expected(
    values: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        profile.stated(values)
    assert refused.value.message == words


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("mass_kg = 0", "profile-impossible"),
        ("mass_kg = nan", "profile-impossible"),
        ("mass_kg = 'heavy'", "profile-wrong-type"),
        ("wieght = 70", "profile-unknown-name"),
        ("cost_factor = 2", "profile-unknown-name"),
        ("hr_rest_bpm = 100\nhr_max_bpm = 95", "profile-impossible"),
        ("hr_zones_bpm = [120, 110]", "profile-impossible"),
        ("hr_zones_bpm = [nan]", "profile-impossible"),
        ("hr_zones_bpm = [-50, 1e300]", "profile-impossible"),
        ("mass_kg = = 2", "profile-unreadable"),
        (
            "masses = [{since=2026-02-01, mass_kg=70}, {since=2026-01-01, mass_kg=70}]",
            "profile-impossible",
        ),
        (
            "[[privacy_zones]]\nlatitude_deg=99\nlongitude_deg=0\nradius_m=100",
            "profile-impossible",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, text: str, slug: str) -> None:
    with pytest.raises(SettingsError) as refused:
        profile.load(written(tmp_path, text))
    assert refused.value.slug == slug
    assert refused.value.file is not None


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("sex", ["female", "male"]),
        ("units", ["metric", "imperial"]),
        ("laps", ["alternate"]),
    ],
)
def test_a_word_that_is_none_of_those_known_is_refused_with_them(
    name: str, known: list[str]
) -> None:
    for each in known:
        assert getattr(profile.stated({name: each}), name) == each
    with pytest.raises(SettingsError) as refused:
        profile.stated({name: "x"})
    told = refused.value.message
    assert told == f"{name} = 'x' cannot be: expected one of {', '.join(known)}"


def test_a_missing_profile_is_an_error_of_the_family(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        profile.load(tmp_path / "none.toml")


def test_a_change_keeps_what_was_learnt() -> None:
    learnt = Estimate(1.3, 1.2, 1.4, "kinetics")
    athlete = profile.change(Athlete(mass_kg=70, cost_factor=learnt), {"mass_kg": 71})
    assert (athlete.mass_kg, athlete.cost_factor) == (71, learnt)


def test_a_change_takes_back_what_is_none_and_keeps_dated_masses() -> None:
    masses = (DatedMass(dt.date(2026, 1, 1), 70),)
    athlete = profile.change(Athlete(sex="male", masses=masses), {"sex": None, "units": None})
    assert (athlete.sex, athlete.units, athlete.masses) == (None, "metric", masses)


def test_plain_values_make_the_same_athlete_again() -> None:
    athlete = Athlete(mass_kg=70, masses=(DatedMass(dt.date(2026, 1, 1), 70),), birth_year=1980)
    values = {name: value for name, value in profile.plain(athlete).items() if value is not None}
    assert profile.stated(values) == athlete
