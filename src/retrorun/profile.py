"""The athlete's profile: read from TOML, checked, and changed by name.

What an athlete says of themselves is checked once, here, so that no later stage meets a mass of
nothing or a heart that rests faster than it races.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import structs

from retrorun import language
from retrorun.errors import SettingsError
from retrorun.model import Athlete
from retrorun.settings import toml_table

# name → (lowest, highest) that a living adult or child can have; wide on purpose
PLAUSIBLE: dict[str, tuple[float, float]] = {
    "mass_kg": (15, 350),
    "birth_year": (1900, 2030),
    "hr_rest_bpm": (25, 120),
    "hr_max_bpm": (90, 240),
    "vo2max_ml_kg_min": (10, 100),
    "mount_offset_deg": (-360, 360),
    "hr_zones_bpm": (25, 240),
}
# what stands in for a name that is not stated
DERIVED: dict[str, str] = {
    "mass_kg": "no kilocalories, only kilocalories per kilogram",
    "birth_year": "no energy from heart rate",
    "sex": "no energy from heart rate",
    "hr_rest_bpm": "no heart-rate reserve, no TRIMP",
    "hr_max_bpm": "208 − 0.7 · age, marked as derived; without a birth year no zones",
    "hr_zones_bpm": "shares of the maximum heart rate",
    "mount_offset_deg": "found from the recording",
    "laps": "a lap press says nothing of a direction",
    "language": "English; pages of `retrorun open` in the browser's language",
    "trust_gait": "what may be backward by steps alone does not count",
}


def choices(kind: type[msgspec.Struct]) -> dict[str, tuple[str, ...]]:
    """Field of a Struct → the words that it can be, in order; only fields that name theirs."""
    found: dict[str, tuple[str, ...]] = {}
    for each in structs.fields(kind):
        parts = (each.type, *get_args(each.type))
        words = [word for part in parts if get_origin(part) is Literal for word in get_args(part)]
        if words:
            found[each.name] = tuple(words)
    return found


CHOICES = choices(Athlete)
# what is learnt from runs or drawn by the archive is no one's to state
LEARNT = {
    *("forward_line", "backward_line", "cost_factor", "gait_habit", "answered_gait"),
    "zone_secret",
}
STATED = tuple(each.name for each in structs.fields(Athlete) if each.name not in LEARNT)


def load(path: Path) -> Athlete:
    """Read a profile from a TOML file.

    Raises:
        SettingsError: unreadable, unknown names, or values that cannot be.
    """
    values = toml_table(path, "profile-unreadable")
    try:
        return stated(values)
    except SettingsError as problem:
        raise SettingsError(
            problem.slug, problem.message, file=str(path), remedy=problem.remedy
        ) from problem


def stated(values: dict[str, Any]) -> Athlete:
    """An athlete from plain values, checked.

    Raises:
        SettingsError: unknown names, wrong types, or values that cannot be.
    """
    unknown = sorted(set(values) - set(STATED))
    if unknown:
        raise SettingsError(
            "profile-unknown-name",
            f"there is no {', '.join(unknown)} in a profile",
            remedy=f"It knows {', '.join(STATED)}.",
        )
    for name, known in CHOICES.items():
        value = values.get(name)
        if isinstance(value, str) and value not in known:
            words = f"{name} = {value!r} cannot be: expected one of {', '.join(known)}"
            raise SettingsError("profile-wrong-type", words)
    try:
        athlete = msgspec.convert(values, Athlete)
    except (msgspec.ValidationError, ArithmeticError) as problem:
        raise SettingsError("profile-wrong-type", _wrong_type(str(problem), values)) from problem
    _check(athlete)
    return athlete


_WRONG_TYPE = re.compile(
    r"(?:Expected `(?P<kind>\w+)|Invalid RFC3339 encoded (?P<day>date)).* - at "
    r"`\$\.(?P<name>\w+)(?P<within>[^`]*)`"
)
_EXPECTED = {
    "float": "a number such as 70.5",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list in brackets",
    "str": "text",
    "date": "a day such as 2026-05-03",
}


def _wrong_type(message: str, values: dict[str, Any]) -> str:
    """Which value is of the wrong type, and what is expected; else the decoder's own message."""
    found = _WRONG_TYPE.match(message)
    expected = found and _EXPECTED.get(found["kind"] or found["day"])
    if found is None or expected is None:
        return message
    if found["within"]:
        place = found["name"] + found["within"]
        return f"{place} cannot be what it is: expected {expected}"
    return f"{found['name']} = {values[found['name']]!r} cannot be: expected {expected}"


def change(athlete: Athlete, values: dict[str, Any]) -> Athlete:
    """The athlete with some stated values changed, checked; None takes a value back.

    What was learnt, and the secret of the privacy zones, is kept.

    Raises:
        SettingsError: as ``stated``.
    """
    merged = {**plain(athlete), **values}
    new = stated({name: value for name, value in merged.items() if value is not None})
    return structs.replace(new, **{name: getattr(athlete, name) for name in LEARNT})


def plain(athlete: Athlete) -> dict[str, Any]:
    """What the athlete stated, as plain JSON values; null for what was not stated."""
    values = msgspec.to_builtins(athlete)
    return {name: values[name] for name in STATED}


def _check(athlete: Athlete) -> None:
    for problem in (*_impossible_numbers(athlete), *_contradictions(athlete)):
        raise SettingsError("profile-impossible", problem)
    if athlete.language not in {None, *language.available_languages()}:
        words = f"there is no language {athlete.language!r}"
        remedy = f"It knows {', '.join(language.available_languages())}."
        raise SettingsError("profile-unknown-language", words, remedy=remedy)


def _impossible_numbers(athlete: Athlete) -> Iterator[str]:
    numbers = [(name, getattr(athlete, name)) for name in PLAUSIBLE if name != "hr_zones_bpm"]
    numbers += [("mass_kg", dated.mass_kg) for dated in athlete.masses]
    numbers += [("hr_zones_bpm", bound) for bound in athlete.hr_zones_bpm]
    for name, value in numbers:
        low, high = PLAUSIBLE[name]
        if value is not None and not low <= value <= high:
            yield f"{name} = {value:g} cannot be: expected {low:g} to {high:g}"
    for zone in athlete.privacy_zones:
        if not (abs(zone.latitude_deg) <= 90 and abs(zone.longitude_deg) <= 180):
            yield "a privacy zone lies outside the globe"
        if not 0 < zone.radius_m <= 50_000:
            yield "a privacy zone's radius_m must be above 0 and at most 50000"


def _contradictions(athlete: Athlete) -> Iterator[str]:
    rest, highest = athlete.hr_rest_bpm, athlete.hr_max_bpm
    if rest is not None and highest is not None and rest >= highest:
        yield "hr_rest_bpm must be below hr_max_bpm"
    if list(athlete.hr_zones_bpm) != sorted(set(athlete.hr_zones_bpm)):
        yield "hr_zones_bpm must rise"
    days = [dated.since for dated in athlete.masses]
    if days != sorted(days):
        yield "masses must be in the order of their days"
