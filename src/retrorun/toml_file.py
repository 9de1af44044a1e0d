"""TOML that people write, read without trusting its size or depth."""

from pathlib import Path
from typing import Any

import msgspec

from retrorun.errors import SettingsError

MOST_BYTES = 256 << 10  # a profile with a weighing a day for ten years
_MOST_DOTS = 1000  # in a line: the parser's time grows with the square of a key's parts
_WORDS = 300  # characters of what a library says


def table(path: Path, slug: str) -> dict[str, Any]:
    """The tables and values of a TOML file.

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
