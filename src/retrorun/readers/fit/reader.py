"""FIT → recordings: one a session, with its laps, pauses and headings.

``hr`` messages, the beats of a strap that were fetched after the activity, fill in the heart rates
that the records lack.
"""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.errors import SUMMARY_REMEDY, NotARunError, ReadError
from retrorun.model import Export, FileTotal, HeadingSeries, Lap, Note, Pause, Recording, Source
from retrorun.readers.cadence import normalize_cadence
from retrorun.readers.clock_dates import FIT_UPTIME_S
from retrorun.readers.fit import messages as fields
from retrorun.readers.fit.headings import compass, headings
from retrorun.readers.fit.messages import Message, MessageTable
from retrorun.readers.fit.records import (
    FIT_EPOCH_S,
    NUMBERS,
    DeveloperField,
    Messages,
    channels,
    decode,
    times_s,
)
from retrorun.readers.fit.structure import HR, RECORD, TIMESTAMP, Damage, Part, parts
from retrorun.readers.sports import fit_sport, is_fit_on_foot
from retrorun.settings import ReadLimits
from retrorun.units import BoolArray, FloatArray, IntArray

_FRACTION, _FILTERED_BPM, _EVENT, _EVENT_12 = 0, 6, 9, 10  # fields of an ``hr`` message
_TICKS_PER_S = 1024  # of the strap's clock
_NEAR_S = 3.0  # a record takes the mean of the beats this close to it
_MOST_SESSIONS = 200  # of one FIT file; a multisport has five
_IN_STEP_S, _IN_STEP_RECORDS = 86_400.0, 10  # records in step lie nearer, and are as many or more
_STANDING_RECORDS = 50  # so many of one time, in a damaged file, come from no device's clock
_MOST_USUAL_S = 120.0  # and their clock usually moves on by this or less
_SLACK_S = 2.0  # a session's clock and its records' may differ by this much
_PART_S = 60.0  # a session that lasted so much less than its laps is one of a part of them
_TAIL_S = 60.0  # records that end so soon after the timer are part of the session
_OLDEST_S = FIT_EPOCH_S + FIT_UPTIME_S  # times below this count from the device's start


def heart_series(parts: Sequence[Part]) -> tuple[FloatArray, FloatArray]:
    """(m,) Unix seconds and (m,) heart rates of all parts, in order of time."""
    pieces = [_part_heart(part) for part in parts if HR in part.counts]
    if not pieces:
        return np.zeros(0), np.zeros(0)
    time_s = np.concatenate([piece[0] for piece in pieces])
    heart = np.concatenate([piece[1] for piece in pieces])
    rank = np.argsort(time_s, kind="stable")
    return time_s[rank], heart[rank]


def _part_heart(part: Part) -> tuple[FloatArray, FloatArray]:
    wanted = {TIMESTAMP, _FRACTION, _FILTERED_BPM, _EVENT, _EVENT_12}
    messages = decode(part, HR, wanted)
    rows = [_rows(messages, each) for each in (_FILTERED_BPM, TIMESTAMP, _EVENT, _EVENT_12)]
    fractions = _rows(messages, _FRACTION)
    anchor_s, tick = np.nan, 0
    times: list[float] = []
    beats: list[float] = []
    # Plain loops over lists: one step costs less than any call would.
    for index, (rates, stamp, event, packed) in enumerate(zip(*rows, strict=True)):
        if stamp:
            fraction = (fractions[index] or [0.0])[0] / 32768
            # without a reading of the strap's clock the message's own time is that of its beats
            event = event or [0.0] * (0 if packed else len(rates))  # noqa: PLW2901 - the same row
            if event:
                anchor_s = stamp[0] + FIT_EPOCH_S + fraction - int(event[0]) / _TICKS_PER_S
        ticks = [int(value) for value in event] or _clock_ticks(packed, tick)
        tick = ticks[-1] if ticks else tick
        times.extend([anchor_s + value / _TICKS_PER_S for value in ticks[: len(rates)]])
        beats.extend(rates[: len(ticks)])
    time_s, heart = np.asarray(times, np.float64), np.asarray(beats, np.float64)
    held = np.isfinite(time_s) & (heart > 0)
    return time_s[held], heart[held]


def _rows(messages: Messages, field: int) -> list[list[float]]:
    """The values of a field in each message, without those that are missing."""
    values = messages.native.get(field)
    if values is None:
        return [[]] * len(messages.order)
    table = values.reshape(len(values), -1)
    known = np.isfinite(table)
    rows: list[list[float]] = table.tolist()
    for index in np.flatnonzero(~known.all(axis=1)).tolist():
        rows[index] = []
    for index in np.flatnonzero(known.any(axis=1) & ~known.all(axis=1)).tolist():
        rows[index] = table[index][known[index]].tolist()
    return rows


def _clock_ticks(packed: Sequence[float], tick: int) -> list[int]:
    """Two 12-bit clock ends in three bytes, low bits first; each lies after the one before."""
    found = []
    whole = list(map(int, packed))
    for low, middle, high in zip(whole[0::3], whole[1::3], whole[2::3], strict=False):
        tick += ((low | (middle & 0x0F) << 8) - tick) % 4096
        found.append(tick)
        tick += ((middle >> 4 | high << 4) - tick) % 4096
        found.append(tick)
    return found


def with_heart(recording: Recording, heart: tuple[FloatArray, FloatArray]) -> Recording:
    """Fill in the heart rates that the records lack from the strap's own beats."""
    time_s, rates = heart
    known = recording.columns.get("heart_rate_bpm", np.full(len(recording.time_s), np.nan))
    if not len(time_s) or not np.isnan(known).any():
        return recording
    sums = np.concatenate([np.zeros(1), np.cumsum(rates)])
    first = np.searchsorted(time_s, recording.time_s - _NEAR_S)
    last = np.searchsorted(time_s, recording.time_s + _NEAR_S, side="right")
    count = last - first
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(count > 0, (sums[last] - sums[first]) / count, np.nan)
    filled = np.where(np.isnan(known), mean, known)
    if not np.isfinite(filled).any():
        return recording
    note = Note("heart-rate-from-strap", "heart rate filled in from the strap's own log")
    columns = {**recording.columns, "heart_rate_bpm": filled}
    return replace(recording, columns=columns, notes=(*recording.notes, note))


def read_fit(source: Source, data: bytes, limits: ReadLimits) -> Export:
    """Read a FIT file, chained or damaged ones too.

    Args:
        source: the file's name and hash.
        data: all its bytes.
        limits: bounds on what it may cost.

    Raises:
        ReadError: it holds no message, or no record with a time.
        NotARunError: it is no activity, or one of another kind.
    """
    name = source.name
    found, trailing = parts(data, 4 * limits.samples, limits.activities)
    tables = [fields.decode_messages(part) for part in found]
    damage = next((part.damage for part in found if part.damage), trailing)
    pairs = list(zip(found, tables, strict=True))
    sessions = [one for part, table in pairs for one in _sessions(part, table, limits, name)]
    heart = heart_series(found)
    kept = [with_heart(one, heart) for one in sessions if is_fit_on_foot(one.sport) != "no"]
    others = [one for one in sessions if is_fit_on_foot(one.sport) == "no"]
    passed_over = tuple(Note("other-sport", f"{one.sport}: not on foot") for one in others)
    if not kept:
        raise _reason_for_none(name, pairs, others, damage)
    device = next((word for table in tables if (word := fields.device(table))), None)
    warning = (Note(damage.slug, f"{damage.message} (byte {damage.offset})"),) if damage else ()
    salvaged = damage is not None
    source = replace(source, format="fit", device=device, salvaged=salvaged, warnings=warning)
    return Export(source, tuple(kept), passed_over)


def _reason_for_none(
    name: str,
    pairs: Sequence[tuple[Part, MessageTable]],
    others: Sequence[Recording],
    damage: Damage | None,
) -> ReadError | NotARunError:
    """Why there is nothing to analyse: the most specific reason."""
    sports = [one.sport for one in others] or _sports_without_records(pairs)
    if sports:
        words = ", ".join(dict.fromkeys(map(str, sports)))
        return NotARunError("not-a-run", f"the activity is {words}, not on foot", file=name)
    kinds = [table.first("file_id").get("type") for _, table in pairs]
    kind = next((str(kind) for kind in kinds if kind is not None), None)
    records = sum(part.counts.get(RECORD, 0) for part, _ in pairs)
    if kind not in (None, "activity"):
        return NotARunError(f"fit-{_slug(kind)}", f"a FIT {kind} file, no activity", file=name)
    if damage and not records:
        return ReadError(damage.slug, damage.message, file=name, offset=damage.offset)
    if records:
        return ReadError("no-time", f"none of its {records} records has a usable time", file=name)
    words = "a FIT file without a record of a run"
    return NotARunError("fit-no-records", words, file=name, remedy=SUMMARY_REMEDY)


def _sports_without_records(pairs: Sequence[tuple[Part, MessageTable]]) -> list[str | None]:
    """The sports of session messages where none is on foot: a pool swim may have no record."""
    sports = [
        _sport(session, table)
        for _, table in pairs
        if table.first("file_id").get("type") in (None, "activity")
        for session in table.all("session") or table.all("sport")
    ]
    return sports if all(is_fit_on_foot(sport) == "no" for sport in sports) else []


def _slug(kind: str | None) -> str:
    return "".join(c if c.isalnum() else "-" for c in str(kind).lower())[:30]


def _sessions(
    part: Part, table: MessageTable, limits: ReadLimits, name: str
) -> Iterator[Recording]:
    """One recording a session message; the whole as one where there is none."""
    if table.first("file_id").get("type") not in (None, "activity"):
        return
    if part.counts.get(RECORD, 0) > limits.samples:
        raise ReadError("too-many-samples", f"more than {limits.samples} records", file=name)
    developer = fields.developer_fields(table)
    messages = decode(part, RECORD, NUMBERS, developer)
    time_s = times_s(messages)
    torn = _torn(time_s) if part.damage else np.zeros(time_s.size, dtype=bool)
    losses = _losses(part, time_s, torn)
    time_s = np.where(torn, np.nan, time_s)
    if np.isfinite(time_s).sum() < 2:
        return
    whole = _whole_recording(part, table, (messages, time_s), developer)
    whole = replace(whole, notes=(*table.notes, *losses, *whole.notes))
    sessions = _in_order(table.all("session"))
    if len(sessions) > _MOST_SESSIONS:
        raise ReadError("too-many-sessions", f"more than {_MOST_SESSIONS} sessions", file=name)
    if len(sessions) == 1:
        whole = _until_the_end(whole, sessions[0][1], fields.last_stop_s(table))
    for window, session in _windows(whole.time_s, sessions):
        if len(window) >= 2:
            yield _with_session(_records_between(whole, window), session, table, limits)


def _torn(time_s: FloatArray) -> BoolArray:
    """Which records of a damaged file, (n,) by their times, are bytes that were taken for one.

    Where bytes are missing or too many, what follows is read out of step until chance ends it. Such
    records lie years apart, or their clock stands or leaps. Behind a clock that was set there are
    many records in step.
    """
    known = np.flatnonzero(np.isfinite(time_s))
    apart_s = np.diff(time_s[known])
    leaps = np.flatnonzero(np.abs(apart_s) > _IN_STEP_S) + 1
    edges = np.unique(np.concatenate(([0], leaps, _standing_edges(apart_s), [known.size])))
    torn = np.zeros(known.size, dtype=bool)
    for first, end in itertools.pairwise(edges.tolist()):
        few = end - first < _IN_STEP_RECORDS
        torn[first:end] = (
            few or not 0 < arithmetic.median(apart_s[first : end - 1]) <= _MOST_USUAL_S
        )
    if torn.all():
        return np.zeros(time_s.size, dtype=bool)
    return np.isin(np.arange(time_s.size), known[torn])


def _standing_edges(apart_s: FloatArray) -> IntArray:
    """Where many records of one time begin and end, of records ``apart_s``, (n - 1,) seconds."""
    first = np.concatenate(([0], np.flatnonzero(apart_s != 0.0) + 1))
    end = np.append(first[1:], apart_s.size + 1)
    long = end - first >= _STANDING_RECORDS
    return np.concatenate((first[long], end[long]))


def _losses(part: Part, time_s: FloatArray, torn: BoolArray) -> Iterator[Note]:
    """What a file lost: records without a time, (n,), those that are ``torn``, (n,), and damage."""
    lost, bad = int(np.isnan(time_s).sum()), int(torn.sum())
    if lost:
        yield Note("records-without-time", f"{lost} records without a usable time left out")
    if bad:
        words = f"damaged records left out, whose times do not follow the others: {bad}"
        yield Note("records-damaged", words)
    if part.damage:
        words = f"{part.damage.message}; everything before byte {part.damage.offset} was kept"
        if lost or bad:
            words = f"{part.damage.message} (byte {part.damage.offset})"
        yield Note(part.damage.slug, words)


def _whole_recording(
    part: Part,
    table: MessageTable,
    records: tuple[Messages, FloatArray],
    developer: Sequence[DeveloperField],
) -> Recording:
    """Everything in the file as one recording, without a sport.

    ``records`` are its record messages and their times, (n,).
    """
    messages, time_s = records
    held = np.isfinite(time_s)
    is_unset = time_s[held][0] < _OLDEST_S
    clock = Note("clock-not-set", "times count from the device's start, not from 1989")
    columns = {key: values[held] for key, values in channels(messages, developer).items()}
    compass_series = compass(part, table, messages, developer)
    found = headings(part, messages, time_s, developer)
    return Recording(
        time_s=time_s[held],
        columns=columns,
        headings=(*found, compass_series) if compass_series else found,
        laps=fields.laps(table),
        pauses=fields.pauses(table),
        device=fields.device(table),
        utc_offset_s=fields.utc_offset_s(table),
        name=fields.text(table.first("workout"), "wkt_name"),
        notes=(clock,) if is_unset else (),
    )


def _start_s(session: Message) -> float | None:
    """When a session began; without a start time by its end and its length."""
    start, end, elapsed, timer = (
        fields.number(session, name)
        for name in ("start_time", "timestamp", "total_elapsed_time", "total_timer_time")
    )
    if start is not None:
        return start
    length = elapsed or timer
    return end - length if end is not None and length is not None else None


def _in_order(sessions: Sequence[Message]) -> list[tuple[float, Message]]:
    """Sessions with their starts, by time; one whose start is not known follows the one before."""
    found: list[tuple[float, Message]] = []
    begin_s = -np.inf
    for session in sessions:
        start = _start_s(session)
        found.append((begin_s if start is None else start, session))
        begin_s = fields.number(session, "timestamp") or np.inf
    return sorted(found, key=lambda pair: pair[0])


def _windows(
    time_s: FloatArray,
    sessions: Sequence[tuple[float, Message]],
) -> Iterator[tuple[IntArray, Message]]:
    """Which records are each session's: those from its start to the next one's, by their place."""
    if len(sessions) < 2:
        yield np.arange(len(time_s)), sessions[0][1] if sessions else {}
        return
    starts = np.array([start for start, _ in sessions], dtype=np.float64)
    owner = np.maximum(np.searchsorted(starts, time_s, side="right") - 1, 0)
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(len(sessions) + 1))
    for (_, session), first, last in zip(sessions, ends, ends[1:], strict=False):
        yield order[first:last], session


def _until_the_end(whole: Recording, session: Message, stopped_s: float | None) -> Recording:
    """Without what was recorded after the timer was stopped for good, such as the drive home.

    The session must say that it ended when the timer was stopped: a start may be missing. No lap
    may begin later, and the records must be the last ones of the file, in order: a run that was
    resumed has laps, and a clock that was set has times that fall back.
    """
    start_s, elapsed_s = (
        fields.number(session, name) for name in ("start_time", "total_elapsed_time")
    )
    if stopped_s is None or start_s is None or elapsed_s is None:
        return whole
    after = whole.time_s > stopped_s + _SLACK_S
    ended_there = abs(start_s + elapsed_s - stopped_s) <= _SLACK_S
    if not ended_there or after.all() or whole.time_s.max() <= stopped_s + _TAIL_S:
        return whole
    resumed = any(lap.start_time_s > stopped_s + _SLACK_S for lap in whole.laps)
    rest_s = whole.time_s[int(np.argmax(after)) :]
    if resumed or rest_s.size > after.sum() or (np.diff(rest_s) < 0).any():
        return whole
    words = f"{int(after.sum())} records after the timer was stopped for good were left out"
    kept = _records_between(whole, np.flatnonzero(~after))
    return replace(kept, notes=(*kept.notes, Note("records-after-end", words)))


def _records_between(whole: Recording, window: IntArray) -> Recording:
    """The records at some places, (k,), with the headings, laps and pauses of their time."""
    if len(window) == len(whole.time_s):
        return whole
    time_s = whole.time_s[window]
    first, last = float(time_s.min()) - _SLACK_S, float(time_s.max()) + _SLACK_S
    return replace(
        whole,
        time_s=time_s,
        columns={key: values[window] for key, values in whole.columns.items()},
        headings=tuple(_heading_between(one, first, last) for one in whole.headings),
        laps=tuple(lap for lap in whole.laps if _overlaps(lap, first, last)),
        pauses=tuple(pause for pause in whole.pauses if _overlaps(pause, first, last)),
    )


def _overlaps(span: Lap | Pause, first: float, last: float) -> bool:
    middle = (span.start_time_s + span.end_time_s) / 2
    return first <= middle <= last


def _heading_between(one: HeadingSeries, first: float, last: float) -> HeadingSeries:
    held = (one.time_s >= first) & (one.time_s <= last)
    return replace(one, time_s=one.time_s[held], heading_deg=one.heading_deg[held])


def _sport(session: Message, table: MessageTable) -> str | None:
    """The sport of a session message, else of the sport message, else of the first lap."""
    sources = (session, table.first("sport"), table.first("lap"))
    said = [fields.word_or_number(one, "sport") for one in sources]
    named = [one for one in said if one is not None]
    sub = (fields.word_or_number(one, "sub_sport") for one in sources[:2])
    found = fit_sport(
        next(iter(named), None),
        next((one for one in sub if one is not None), None),
    )
    if is_fit_on_foot(found) != "maybe" or len(table.all("session")) > 1:
        return found
    others = (fit_sport(one, None) for one in named)
    return next((one for one in others if is_fit_on_foot(one) != "maybe"), found)


def _holes_as_pauses(time_s: FloatArray, session: Message, limits: ReadLimits) -> tuple[Pause, ...]:
    """The long holes between records, if they last as long as the session says it was stopped.

    Some devices write no events of the timer.
    """
    elapsed_s, timer_s = (
        fields.number(session, name) for name in ("total_elapsed_time", "total_timer_time")
    )
    apart_s = np.diff(time_s)
    holes = np.flatnonzero(apart_s > limits.pause_least_s)
    if elapsed_s is None or timer_s is None or not holes.size:
        return ()
    off_s = abs(float(apart_s[holes].sum()) - (elapsed_s - timer_s))
    if off_s > limits.clock_jitter_s * (holes.size + 1):
        return ()
    return tuple(Pause(float(time_s[at]), float(time_s[at + 1])) for at in holes.tolist())


def _stated(totals: Sequence[FileTotal], recording: Recording) -> FileTotal | None:
    """The total of the session; that of the laps where it is one of a part of them.

    Who saves a session to resume it later gets the session's total of the first part on some
    watches, and laps of all parts. Laps that were counted twice last longer than the samples.
    """
    known = [one for one in totals if one.distance_m]
    session, laps = (
        next((one for one in known if one.source == source), None) for source in ("session", "laps")
    )
    if session and laps and session.timer_s and laps.timer_s:
        span_s = float(np.ptp(recording.time_s)) + _SLACK_S
        if session.timer_s + _PART_S < laps.timer_s <= span_s:
            return max(session, laps, key=lambda one: one.distance_m or 0.0)
    return next(iter(known), None)


def _with_session(
    recording: Recording, session: Message, table: MessageTable, limits: ReadLimits
) -> Recording:
    """Give a recording its sport, totals and tidy columns."""
    sport = _sport(session, table)
    totals = fields.totals(table, session, recording.laps)
    stated = _stated(totals, recording)
    columns, notes = normalize_cadence(recording.time_s, recording.columns, sport, limits, stated)
    if is_fit_on_foot(sport) == "maybe":
        words = f"the file's sport is {sport or 'not said'}; taken for a run"
        notes = (*notes, Note("sport-unknown", words))
    return replace(
        recording,
        pauses=recording.pauses or _holes_as_pauses(recording.time_s, session, limits),
        columns=columns,
        headings=tuple(one for one in recording.headings if len(one.time_s)),
        sport=sport,
        energy_kcal=fields.number(session, "total_calories") or None,
        distance_m=stated.distance_m if stated else None,
        totals=totals,
        notes=(*recording.notes, *notes),
    )
