"""What can be tuned, one frozen value a stage. Their fingerprint goes into every result.

Each stage's defaults live in this package and nowhere else, those of the page server in this
module; ``load`` reads overrides from TOML.
"""

import hashlib
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from retrorun.errors import SettingsError
from retrorun.settings.detect import DetectSettings
from retrorun.settings.measure import CompareSettings, MeasureSettings
from retrorun.settings.read import PrepareSettings, ReadLimits, SportSettings

__all__ = [
    "CompareSettings",
    "DetectSettings",
    "MeasureSettings",
    "PrepareSettings",
    "ReadLimits",
    "ServerSettings",
    "Settings",
    "SportSettings",
    "load",
    "toml_table",
]


class ServerSettings(msgspec.Struct, frozen=True):
    """The page server of `retrorun open`: what requests may cost, and when it does what.

    No result depends on them: they have no part in the fingerprint.
    """

    body_bytes: int = 256 * 2**10  # Largest body of a request that is no upload.
    upload_bytes: int = 4 * 2**30  # Largest upload, all its files together.
    upload_files: int = 2000  # Files of one upload.
    name_bytes: int = 180  # An uploaded file's name is shortened to this.
    header_bytes: int = 16 * 2**10  # Largest head of a request, and of a file in an upload.
    header_s: float = 10.0  # The head of a request must be there after this long.
    part_s: float = 10.0  # Longest pause within the body of a request.
    body_s: float = 900.0  # Longest time for the whole body of a request.
    reads_per_s: float = 200.0  # Requests for pages and numbers, each second.
    reads_at_once: int = 2000  # Requests for pages and numbers that may come at once.
    answers_per_s: float = 20.0  # Answers, notes and uploads, each second.
    answers_at_once: int = 100  # Answers, notes and uploads that may come at once.
    connections: int = 1500  # Connections at one time; what is beyond is refused.
    streams: int = 32  # Pages that are kept up to date at one time.
    ports_tried: int = 50  # Ports that are tried one after another where the first is in use.
    follow_s: float = 1.5  # So long after the last answer, other sessions and comparison follow.
    release_s: float = 30.0  # So long after the last page is closed, worker processes end.


class Settings(msgspec.Struct, frozen=True):
    """All of them."""

    read: ReadLimits = msgspec.field(default_factory=ReadLimits)
    prepare: PrepareSettings = msgspec.field(default_factory=PrepareSettings)
    sport: SportSettings = msgspec.field(default_factory=SportSettings)
    detect: DetectSettings = msgspec.field(default_factory=DetectSettings)
    measure: MeasureSettings = msgspec.field(default_factory=MeasureSettings)
    compare: CompareSettings = msgspec.field(default_factory=CompareSettings)
    server: ServerSettings = msgspec.field(default_factory=ServerSettings)

    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of every value that results depend on, in order."""
        values = msgspec.to_builtins(self)
        del values["server"]
        return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:12]


MOST_BYTES = 256 << 10  # a profile with a weighing a day for ten years
_MOST_DOTS = 1000  # in a line: the parser's time grows with the square of a key's parts
_WORDS = 300  # characters of what a library says


def toml_table(path: Path, slug: str) -> dict[str, Any]:
    """The tables and values of a TOML file that people write, read without trusting it.

    Args:
        path: the file.
        slug: of the error.

    Raises:
        SettingsError: it cannot be read, is too large, nested too deeply, or no TOML.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise SettingsError(slug, f"over {MOST_BYTES} bytes", file=str(path))
        if any(line.count(b".") > _MOST_DOTS for line in data.split(b"\n")):
            raise SettingsError(slug, f"a line has over {_MOST_DOTS} dots", file=str(path))
        found: dict[str, Any] = msgspec.toml.decode(data)
    except RecursionError as problem:
        raise SettingsError(slug, "it is nested too deeply", file=str(path)) from problem
    except (OSError, ValueError, LookupError, msgspec.MsgspecError) as problem:
        raise SettingsError(slug, str(problem)[:_WORDS], file=str(path)) from problem
    return found


def load(path: Path) -> Settings:
    """Read settings from a TOML file whose tables are the stages.

    Raises:
        SettingsError: the file cannot be read, names a setting that does not exist, or gives one
            a value that no number of its kind can have.
    """
    tables = toml_table(path, "settings-unreadable")
    _refuse_unknown(tables, path)
    _refuse_out_of_range(tables, path)
    try:
        read = msgspec.convert(tables, Settings)
    except (msgspec.MsgspecError, ArithmeticError) as problem:
        raise SettingsError("settings-unreadable", str(problem), file=str(path)) from problem
    _refuse_other_lengths(tables, path)
    return read


def _refuse_unknown(tables: Mapping[str, object], path: Path) -> None:
    """A misspelt setting must not be ignored in silence."""
    known = msgspec.to_builtins(Settings())
    for table, values in tables.items():
        if table not in known:
            raise SettingsError("settings-unknown", f"there is no table {table}", file=str(path))
        if not isinstance(values, dict):
            message = f"{table} is a table of settings, written [{table}]"
            raise SettingsError("settings-unreadable", message, file=str(path))
        for name in values:
            if name not in known[table]:
                message = f"there is no setting {table}.{name}"
                raise SettingsError("settings-unknown", message, file=str(path))


# moments may lie before 1970, bounds at any place; others only where their default does
MAY_BE_NEGATIVE = ("since_s", "until_s", "kinetics_lowest")
ANY_LENGTH = (
    *("best_distances_m", "trend_memories_weeks", "trend_wander_shares"),
    *("two_lines_starts", "zone_shares"),
)  # of these there may be more or fewer than usual
_MOST = 1e15  # beyond it no setting means anything, and arithmetic with it fails
# a slope and its spread need three points, as does the prediction for one more athlete
ABOVE = {
    **dict.fromkeys(("least_trend_sessions", "least_association_weeks", "trend_points"), 2),
    "least_athletes": 2,
    "partners": 1,
}
SHARES = ("trend_even", "trend_wander_shares", "kinetics_highest_effort")  # at most 1


def _refuse_out_of_range(tables: dict[str, dict[str, object]], path: Path) -> None:
    """Windows, tolerances and counts are above nothing, and no number is endless."""
    for name, value, usual in _given_and_default(tables):
        setting = name.partition(".")[2]
        highest = 1.0 if setting in SHARES else _MOST
        for number, default in zip_longest(value, usual):
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            signed = isinstance(default, int | float) and default <= 0
            negative = signed or setting in MAY_BE_NEGATIVE
            lowest = -_MOST if negative else ABOVE.get(setting, 0)
            if not lowest < number <= highest:
                shown = f"{name} = {str(number)[:40]}"
                message = (
                    f"{shown} makes no sense: it must be above {lowest:g} and at most {highest:g}"
                )
                raise SettingsError("settings-senseless", message, file=str(path))


def _refuse_other_lengths(tables: dict[str, dict[str, object]], path: Path) -> None:
    """Of numbers that stand for one thing each, none may lack and none be too many."""
    for name, value, usual in _given_and_default(tables):
        if len(value) != len(usual) and name.partition(".")[2] not in ANY_LENGTH:
            message = f"{name} has {len(value)} numbers: it must have {len(usual)}"
            raise SettingsError("settings-senseless", message, file=str(path))


def _given_and_default(
    tables: dict[str, dict[str, object]],
) -> Iterator[tuple[str, list[object], list[object]]]:
    """Each setting as ``table.name``, with what is given and what is usual, as lists."""
    known = msgspec.to_builtins(Settings())
    for table, values in tables.items():
        for name, value in values.items():
            given, usual = (
                list(each) if isinstance(each, list | tuple) else [each]
                for each in (value, known[table][name])
            )
            yield f"{table}.{name}", given, usual
