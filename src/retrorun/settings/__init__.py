"""What can be tuned, one frozen dataclass a stage. Their fingerprint goes into every result.

Each stage's defaults live in a module of this package and nowhere else; ``load`` reads overrides
from TOML.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from retrorun import toml_file
from retrorun.errors import SettingsError
from retrorun.settings.detect import DetectSettings
from retrorun.settings.measure import CompareSettings, MeasureSettings
from retrorun.settings.read import PrepareSettings, ReadLimits, SportSettings
from retrorun.settings.server import ServerSettings

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
]


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    read: ReadLimits = field(default_factory=ReadLimits)
    prepare: PrepareSettings = field(default_factory=PrepareSettings)
    sport: SportSettings = field(default_factory=SportSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    compare: CompareSettings = field(default_factory=CompareSettings)
    server: ServerSettings = field(default_factory=ServerSettings)

    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of every value that results depend on, in order."""
        values = msgspec.to_builtins(self)
        del values["server"]
        return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:12]


def load(path: Path) -> Settings:
    """Read settings from a TOML file whose tables are the stages.

    Raises:
        SettingsError: the file cannot be read, names a setting that does not exist, or gives one
            a value that no number of its kind can have.
    """
    tables = toml_file.table(path, "settings-unreadable")
    _refuse_unknown(tables, path)
    _refuse_senseless(tables, path)
    try:
        return msgspec.convert(tables, Settings)
    except (msgspec.MsgspecError, ArithmeticError) as problem:
        raise SettingsError("settings-unreadable", str(problem), file=str(path)) from problem


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


MAY_BE_NEGATIVE = ("since_s", "until_s", "kinetics_lowest")  # moments may lie before 1970
_MOST = 1e15  # beyond it no setting means anything, and arithmetic with it fails


def _refuse_senseless(tables: dict[str, dict[str, object]], path: Path) -> None:
    """Windows, tolerances and counts are above nothing, and no number is endless."""
    given = ((table, name, value) for table in tables for name, value in tables[table].items())
    for table, name, value in given:
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            if not abs(number) <= _MOST or (number <= 0 and name not in MAY_BE_NEGATIVE):
                shown = f"{table}.{name} = {str(number)[:40]}"
                message = f"{shown} makes no sense: it must be above 0 and at most {_MOST:g}"
                raise SettingsError("settings-senseless", message, file=str(path))
