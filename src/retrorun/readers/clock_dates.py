"""The day of a recording, the pace of its clock, and moments as tables of labels write them.

Clocks may never have been set, week numbers roll over, and a clock may run at twice its pace.
"""

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from msgspec.structs import replace

from retrorun.model import Lap, Note, Pause, Recording
from retrorun.readers.sports import by_word
from retrorun.readers.xml import LONGEST_TIME, hour_of_day, plain_time
from retrorun.settings import ReadLimits
from retrorun.units import DAY_S, HOUR_S, WEEK_S, FloatArray

ROLLOVER_S = 2**10 * WEEK_S  # the week number of GPS has ten bits


def _utc_s(year: int, month: int = 1, day: int = 1) -> float:
    """Unix seconds of the first moment of a day."""
    return datetime(year, month, day, tzinfo=UTC).timestamp()


GPS_EPOCH_S = _utc_s(1980, 1, 6)
FUTURE_S = float(2**31)  # 2038-01-19: beyond it lie clocks that overflowed
FIT_UPTIME_S = 2**28  # below it a FIT time counts from the start of the device
# The first day of a clock that was not set, and how long after it a day is still no date.
UNSET_S = (
    (0.0, GPS_EPOCH_S),
    (_utc_s(1989, 12, 31), FIT_UPTIME_S),
    (_utc_s(2000), _utc_s(2000, 1, 4) - _utc_s(2000)),
)
# Nobody recorded runs in these formats before then: the formats did not exist.
BORN_S = {"fit": _utc_s(2008), "tcx": _utc_s(2006), "gpx": _utc_s(2003)}
GPX_EXTENDED_S = _utc_s(2007)  # GPX has had heart rate and cadence since then
LIKELY_S = _utc_s(2009)  # before then few runners had a GPS receiver

Timed = TypeVar("Timed", Lap, Pause)


def with_likely_date(one: Recording, kind: str) -> Recording:
    """The recording on the day that it can have, with a note where that was or is in doubt."""
    start_s = float(one.time_s[one.time_s.size // 2])
    born_s = BORN_S.get(kind, 0.0)
    if kind == "gpx" and {"heart_rate_bpm", "cadence_spm"} & one.columns.keys():
        born_s = GPX_EXTENDED_S
    weeks_s = _rollover_s(one, start_s, born_s)
    if weeks_s:
        words = f"dated {_day(start_s)}: the receiver's week number had rolled over"
        note = Note("clock-week-rollover", f"{words}; {_day(start_s + weeks_s)} was taken")
        return _shift_all(one, weeks_s, note)
    doubt, words = None, f"dated {_day(start_s)}"
    if any(each.slug.startswith("clock-not-set") for each in one.notes):
        return one
    if start_s < born_s:
        doubt = Note("clock-not-set", f"{words}: the clock was not set, and the day is not known")
    elif kind != "fit" and start_s < LIKELY_S:
        later = _day(start_s + ROLLOVER_S)
        words = f"{words}; if the receiver's week number had rolled over, it is {later}"
        doubt = Note("clock-doubtful", words)
    elif start_s >= FUTURE_S:
        doubt = Note("clock-future", f"{words}: the clock was wrong, and the day is not known")
    return replace(one, notes=(*one.notes, doubt)) if doubt else one


def _rollover_s(one: Recording, start_s: float, born_s: float) -> float:
    """How many seconds, whole multiples of 1024 weeks, the dates are behind; 0 if they are not.

    Dates are behind where the laps' are ahead of them by so much, or where the format did not
    exist on them; but a clock that counts from its own zero has no date at all.
    """
    for lap in one.laps[:1]:
        ahead_s = lap.start_time_s - start_s
        turns = round(ahead_s / ROLLOVER_S)
        if turns > 0 and abs(ahead_s - turns * ROLLOVER_S) < DAY_S:
            return turns * ROLLOVER_S
    unset = any(zero <= start_s < zero + lasts for zero, lasts in UNSET_S)
    if start_s >= born_s or start_s < GPS_EPOCH_S or unset:
        return 0.0
    return ROLLOVER_S * float(np.ceil((born_s - start_s) / ROLLOVER_S))


def lost_carry(before_s: float, after_s: float, limits: ReadLimits) -> bool:
    """Whether a clock fell back on a quarter of an hour: it did not count on a day or half of it.

    It was right before: some devices keep the date of the start, or count hours up to 12 only.
    """
    back_s, slack_s = before_s - after_s, limits.clock_undone_s
    off_s = min(abs(back_s - DAY_S / 2), abs(back_s - DAY_S))
    return max(off_s, after_s % (HOUR_S / 2 / 2)) <= slack_s


def _shift_all(one: Recording, by_s: float, note: Note) -> Recording:
    """All times of a recording moved alike; laps that are right already stay."""
    start_s = float(one.time_s.min())

    def shifted(at_s: float) -> float:
        return at_s + by_s if abs(at_s - start_s) < by_s / 2 else at_s

    return _with_times(one, lambda time_s: time_s + by_s, shifted, note)


def _with_times(
    one: Recording,
    moved: Callable[[FloatArray], FloatArray],
    shifted: Callable[[float], float],
    note: Note,
) -> Recording:
    """The recording with other times and a note on them.

    Args:
        one: as read.
        moved: the new times of samples and headings, (n,) of (n,).
        shifted: the new time of an end of a lap, of a pause or of a piece.
        note: why.
    """
    return replace(
        one,
        time_s=moved(one.time_s),
        headings=tuple(replace(each, time_s=moved(each.time_s)) for each in one.headings),
        laps=tuple(shift_span(lap, shifted) for lap in one.laps),
        pauses=tuple(shift_span(pause, shifted) for pause in one.pauses),
        breaks_s=tuple(shifted(each) for each in one.breaks_s),
        notes=(*one.notes, note),
    )


def with_timer_pace(one: Recording, limits: ReadLimits) -> Recording:
    """Times that run at another pace than the file's own timer, brought to that of the timer.

    Only where no timer that the file states agrees with the clock, and where the odometer counts
    all the way from the first sample to the last and ends at the file's total: so nothing is
    missing, and nobody paused. A timer at whose pace nobody runs or walks is in another unit.
    """
    slowest_mps, fastest_mps = limits.cadence_standing_mps, limits.clock_fastest_mps
    timers = [
        each.timer_s
        for each in one.totals
        if each.timer_s and slowest_mps <= (one.distance_m or 0.0) / each.timer_s <= fastest_mps
    ]
    span_s = float(one.time_s[-1] - one.time_s[0])
    if not timers or span_s <= 0 or one.time_s.size < limits.clock_few:
        return one
    pace = max(timers) / span_s
    most = limits.clock_pace_differs
    if any(1 / most <= timer_s / span_s <= most for timer_s in timers) or not _counts_throughout(
        one, limits
    ):
        return one
    start_s, end_s = float(one.time_s[0]), float(one.time_s[0]) + span_s * pace

    def scaled(at_s: float) -> float:
        return min(start_s + (at_s - start_s) * pace, end_s)

    words = f"the clock counted {span_s:,.0f} s, the timer {span_s * pace:,.0f} s, which was taken"
    note = Note("clock-speed", words)
    return _with_times(one, lambda time_s: start_s + (time_s - start_s) * pace, scaled, note)


def _counts_throughout(one: Recording, limits: ReadLimits) -> bool:
    """Whether an odometer moves all the time, sampled evenly, and ends at the file's total."""
    distance = one.columns.get("distance_m")
    if distance is None or not one.distance_m or one.pauses:
        return False
    known = np.flatnonzero(np.isfinite(distance))
    apart_s = np.diff(one.time_s)
    usual_s = max(float(np.mean(np.abs(apart_s))), 1.0)
    if (
        known.size < max(2.0, one.time_s.size / 2)
        or np.abs(apart_s).max() > limits.clock_evenly * usual_s
    ):
        return False
    counted_m = float(distance[known[-1]] - distance[known[0]])
    counts = float((np.diff(distance[known]) > 0).mean())
    is_total = abs(counted_m - one.distance_m) <= limits.clock_total_share * one.distance_m
    return is_total and counts >= limits.clock_counts_share


def shift_span(each: Timed, shifted: Callable[[float], float]) -> Timed:
    """A lap or a pause with its two times moved; it never ends before it begins."""
    start_s, end_s = shifted(each.start_time_s), shifted(each.end_time_s)
    return replace(each, start_time_s=start_s, end_time_s=max(start_s, end_s))


def _day(time_s: float) -> str:
    try:
        return datetime.fromtimestamp(time_s, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{time_s:.0f} s after 1970"


CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)\s*(?:([AaPp])\.?[Mm]\.?)?")
_IN_WORDS = re.compile(  # 1h 2m 3s, 2 min, 100 s, 2 minutes 5 seconds, 3 Std., 1'40"
    r"(?:(\d+)\s*(?:h(?:ours?|rs?)?|std)\.?)?\s*"
    r"(?:(\d+(?:\.\d+)?)\s*(?:m(?:in(?:ute[sn]?|uto?s|s)?)?\.?|['′’](?!['′])))?\s*"
    r"(?:(\d+(?:\.\d+)?)\s*(?:s(?:e[ck](?:onds?|unden?)?s?)?\.?|(?:[\"″”]|′′|''))?)?",
    re.IGNORECASE,
)
_CLOCK_WITH_STOPS = re.compile(r"(\d{1,2})\.(\d\d)\.(\d\d)(?=\s*(?:[AaPp][Mm])?\Z)", re.ASCII)
_SPELLINGS = tuple(  # as spreadsheets, ISO 8601 and people write what has a plain form
    (re.compile(pattern, re.IGNORECASE | re.ASCII), plain)
    for pattern, plain in (
        (r"""\A="?([^"]{1,64})"?\Z""", r"\1"),
        (r"\A(?:PT|T?\+)(?=\d)", ""),
        (r"\A(?:1899-12-30|1900-01-00|30\.12\.1899|0?0\.0?1\.1900)[T ]\s*(?=\d+:)", ""),  # day 0
        (r"(?<=\d)['’\u202f\u00a0 ](?=\d{3}(?:\D|\Z))", ""),  # thousands
        (r"\A(\d{1,3})\.(\d{3}),(\d+)\Z", r"\1\2.\3"),
        (r"\A(\d{1,3}),(\d{3})\.(\d+)\Z", r"\1\2.\3"),
        (r"\A(\d+:\d\d(?:[.,]\d+)?)\s*min\.?\Z", r"\1"),
    )
)
_SPREADSHEETS_BEGIN_S = _utc_s(1899, 12, 30)
_LEAST_METRES = 60  # 500m is no number of minutes
UNTIMED = by_word(  # heads and units of what is no time, in a few languages
    {
        "quantity": (
            "distance distances distanz strecke distancia distanza distans afstand m km mi mile"
            " miles meter meters metre metres metros metri ft feet yd yards frame frames bild"
            " bilder images fotogramas sample samples pace allure ritmo speed geschwindigkeit"
            " vitesse velocidad hr bpm heart puls cadence steps schritte power watt kcal elevation"
            " altitude rpe %"
        ),
        "counter": (
            "lap laps split splits round rounds runde runden tour vuelta vueltas giro volta ronde"
            " set sets rep reps repetition serie series satz lane bahn no nr num number nummer"
            " index id #"
        ),
        "recording": (
            "session sitzung file filename mediafile datei fichier observationid subject"
            " participant proband athlete athlet runner laufer player date datum fecha dato"
        ),
    }
)


def elapsed_s(text: str) -> float | None:
    """Seconds of ``h:mm:ss``, ``m:ss``, words as in ``2 min 5 s``, or a number; else None."""
    if len(text) > LONGEST_TIME:
        return None
    text = text.replace(",", ".") if text.count(",") == 1 else text
    clock = CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds, half = clock.groups()
        if half and hours is None:  # 10:02 PM has no seconds
            hours, minutes, seconds = minutes, seconds, "0"
        hour = hour_of_day(int(hours or 0), half)
        return hour * 3600 + int(minutes) * 60 + float(seconds)
    words = _IN_WORDS.fullmatch(text) if text else None
    if words:
        hours, minutes, seconds = words.groups()
        if hours and seconds and not minutes and text[-1].isdigit():  # 8h03
            minutes, seconds = seconds, None
        if text[-1] in "mM" and not hours and float(minutes) >= _LEAST_METRES:
            return None
        return int(hours or 0) * 3600 + float(minutes or 0) * 60 + float(seconds or 0)
    try:
        seconds_s = float(text)
    except ValueError:
        return None
    return seconds_s if math.isfinite(seconds_s) and seconds_s >= 0 else None


def plain_moment(cell: str) -> str:
    """A table's moment in plain form: a number has one full stop, so 8.31.40 is a clock time."""
    text = plain_time(cell.strip("'") if cell.startswith("'") else cell)  # 5' is five minutes
    for pattern, plain in _SPELLINGS:
        text = pattern.sub(plain, text)
    return _CLOCK_WITH_STOPS.sub(r"\1:\2:\3", text) if text.count(".") == 2 else text


def spreadsheet_moment(days: float) -> str:
    """Date and time of a spreadsheet's number of days since 1899-12-30, to a millisecond."""
    return moment_on_clock(round(_SPREADSHEETS_BEGIN_S + days * DAY_S, 3))


def moment_on_clock(time_s: float) -> str:
    """Date and time without a zone, empty where no calendar has it.

    Args:
        time_s: seconds since 1970 on the same clock.
    """
    with suppress(OverflowError):
        return str(datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(seconds=time_s))
    return ""
