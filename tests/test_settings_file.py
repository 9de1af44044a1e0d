"""TOML of any shape ends in settings, in a profile, or in one error that says why."""

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from processor_time import is_cheap
from retrorun import profile, settings
from retrorun.cli import main
from retrorun.errors import SettingsError
from retrorun.model import Athlete
from retrorun.settings import Settings

SAMPLE = next((Path(__file__).parents[1] / "sample_data").glob("*.gpx"))
ODD = [
    *(0, -1, 1, 2, 10**30, 1.5, float("nan"), float("inf"), True, "", "x", "\x1b[31m\u202e"),
    *([], {}, [[]], [{}], {"a": 1}, [1, 2], [2, 1], [1, 2, 3], [True, "x"], ["1", 2]),
    *(dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.time(12)),
    *([{"since": 1}], [{"since": dt.date(2026, 1, 1), "mass_kg": 70}], [{"latitude_deg": 91}]),
]


def shapes(names: dict[str, object], count: int) -> Iterator[bytes]:
    """Tables with some names right and some wrong, and any values."""
    chance = random.Random(7)  # noqa: S311 - the same shapes every time
    for _ in range(count):
        made: dict[str, object] = {}
        for name in chance.sample([*names, "unknown", ""], chance.randint(0, 2)):
            inner = names.get(name)
            deeper = isinstance(inner, dict) and inner and chance.random() < 0.8
            made[name] = chance.choice(ODD)
            if deeper and isinstance(inner, dict):
                own = chance.sample([*inner, "unknown"], 2)
                made[name] = {key: chance.choice(ODD) for key in own}
        yield "\n".join(f"{_text(name)} = {_text(each)}" for name, each in made.items()).encode()


def _text(value: object) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)} = {_text(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return json.dumps(value) if isinstance(value, str | bool) else repr(value)


def test_settings_of_any_shape(tmp_path: Path) -> None:
    path, refused = tmp_path / "s.toml", 0
    for data in shapes(msgspec.to_builtins(Settings()), 400):
        path.write_bytes(data)
        try:
            assert isinstance(settings.load(path), Settings)
        except SettingsError:
            refused += 1
    assert 0 < refused < 400


def test_a_profile_of_any_shape(tmp_path: Path) -> None:
    path, refused = tmp_path / "p.toml", 0
    for data in shapes(dict.fromkeys(profile.STATED), 400):
        path.write_bytes(data)
        try:
            assert isinstance(profile.load(path), Athlete)
        except SettingsError:
            refused += 1
    assert 0 < refused < 400


@pytest.mark.parametrize("option", ["--settings", "--profile"])
@pytest.mark.parametrize(
    "text",
    [
        b"read = 1",
        b"[[read]]",
        b"a = " + b"[" * 100_000,
        b"a = " + b"{b = " * 20_000,
        b"\xff\xfe",
        b"a = 1" + b"0" * 5000,
        b"[read]\nsamples = 1e999",
        b"[read]\nsamples = 10000000000000000000000",
        b'[read]\n"\x1b" = 1',
        b"a = 1\r",
        b"x" * (settings.MOST_BYTES + 1),
    ],
)
def test_one_error_and_exit_2(tmp_path: Path, option: str, text: bytes) -> None:
    path = tmp_path / "any.toml"
    path.write_bytes(text)
    done = CliRunner().invoke(main, ["analyze", str(SAMPLE), option, str(path)])
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Error: {path}: ")
    assert line.isprintable()


def test_a_large_file_costs_no_more_than_its_bytes(tmp_path: Path) -> None:
    """A path of keys 100,000 long is the worst that the parser knows."""
    path = tmp_path / "long.toml"

    def refused() -> None:
        with pytest.raises(SettingsError):
            settings.load(path)

    one = b"a." * 900 + b"a = 1\n"
    for text in (b"a." * 100_000 + b"a = 1", one * (settings.MOST_BYTES // len(one))):
        path.write_bytes(text)
        assert is_cheap(refused, 5)
