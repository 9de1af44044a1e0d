"""What can be tuned, one frozen dataclass a stage. Their fingerprint goes into every result.

Each stage's defaults live here and nowhere else; ``load`` reads overrides from TOML.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from retrorun.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on what a hostile file may cost."""

    file_bytes: int = 512 * 2**20
    unpacked_bytes: int = 2**30
    compression_ratio: float = 200.0
    xml_depth: int = 64
    samples: int = 1_000_000


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """From native samples to the 1 Hz track."""

    gap_s: float = 10.0  # longer gaps stay missing
    duration_s: int = 7 * 86_400  # a session never lasts longer
    chord_s: float = 4.0  # course and speed are taken over this long
    speed_limit_mps: float = 12.0  # a fix that needs more is suspect
    grade_window_m: float = 40.0
    moving_mps: float = 0.5


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """Evidence, decoding and segments."""


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """Measures of segments."""


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """Matching backward with forward stretches, and trends."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    read: ReadLimits = field(default_factory=ReadLimits)
    prepare: PrepareSettings = field(default_factory=PrepareSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    compare: CompareSettings = field(default_factory=CompareSettings)

    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of every value, in a fixed order."""
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()[:12]


def load(path: Path) -> Settings:
    """Read settings from a TOML file whose tables are the stages.

    Raises:
        SettingsError: the file cannot be read, or names a setting that does not exist.
    """
    try:
        tables = msgspec.toml.decode(path.read_bytes())
        _refuse_unknown(tables, path)
        return msgspec.convert(tables, Settings)
    except (OSError, msgspec.MsgspecError) as problem:
        raise SettingsError("settings-unreadable", str(problem), file=str(path)) from problem


def _refuse_unknown(tables: dict[str, dict[str, object]], path: Path) -> None:
    """A misspelt setting must not be ignored in silence."""
    known = msgspec.to_builtins(Settings())
    for table, values in tables.items():
        for name in values if isinstance(values, dict) else ():
            if name not in known.get(table, {}):
                message = f"there is no setting {table}.{name}"
                raise SettingsError("settings-unknown", message, file=str(path))
        if table not in known:
            raise SettingsError("settings-unknown", f"there is no table {table}", file=str(path))
