"""A moment of a session as people write it."""

import datetime as dt
import re

from retrorun import zone
from retrorun.errors import SettingsError
from retrorun.model import Session

DAY_S = 86_400
CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{2}(?:\.\d+)?)")


def elapsed_s(text: str, session: Session) -> float:
    """Seconds since the session's start.

    ``90`` and ``90.5`` are seconds, ``1:30`` minutes and seconds, ``1:02:03`` hours, minutes and
    seconds since the start; what lies beyond the session's end is taken for the time of day on the
    runner's clock, ``7:31`` or ``07:31:30``; ``end`` is the session's end.

    Raises:
        SettingsError: not a moment, or none of this session.
    """
    if text == "end":
        return session.duration_s
    for seconds in (_plain(text), _parts(text), _time_of_day(text, session)):
        if seconds is not None and 0 <= seconds <= session.duration_s:
            return seconds
    length = dt.timedelta(seconds=round(session.duration_s))
    raise SettingsError(
        "moment-unknown",
        f"{text!r} is no moment of a session of {length}",
        remedy="Give seconds, m:ss, h:mm:ss, the time of day, or end.",
    )


def _plain(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _parts(text: str) -> float | None:
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def _time_of_day(text: str, session: Session) -> float | None:
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text)
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    start = zone.local_time(session.start_time_s, session.zone)
    since_midnight_s = start.hour * 3600 + start.minute * 60 + start.second
    start_part_s = start.microsecond / 1e6
    return (hours * 3600 + minutes * 60 + seconds - since_midnight_s) % DAY_S - start_part_s
