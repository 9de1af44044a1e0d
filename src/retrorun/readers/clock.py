"""Times of a recording whose clock was set in mid-run, ran astray or was never set.

Samples are stored in the order in which they were written; their times need not rise. Times are
brought in line with that order, the positions and the odometer: the parts of a run whose clock was
set are joined, two runs in one recording are split, and impossible times are refused. Each of these
leaves a note whose slug begins with ``clock``.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.arithmetic import ways_m
from retrorun.errors import ReadError
from retrorun.model import HeadingSeries, Lap, Note, Pause, Recording
from retrorun.model.recording import POSITION
from retrorun.readers.clock_dates import (
    BORN_S,
    FUTURE_S,
    lost_carry,
    shift_span,
    with_likely_date,
    with_timer_pace,
)
from retrorun.settings import ReadLimits
from retrorun.units import DAY_S, HOUR_S, BoolArray, FloatArray, IntArray

Transition = Literal["runs on", "pauses", "parts"]


def repair_clock(one: Recording, kind: str, file: str, limits: ReadLimits) -> tuple[Recording, ...]:
    """The recording with times that one clock could have given; two where it holds two runs.

    Args:
        one: as read; all times finite, in the order of the file.
        kind: format, for what its times can be at all.
        file: name, for messages.
        limits: what a clock does, and how sure a fault must be.

    Raises:
        ReadError: ten or more samples have all one time, or lie hours apart (slug ``clock-…``).
            Of fewer than ten samples the times stay as they are.
    """
    if one.time_s.size < 2:
        return (one,)
    one = with_timer_pace(one, limits)
    apart_s = np.diff(one.time_s)
    rises = apart_s.min() > 0 and apart_s.max() <= limits.clock_jump_s
    if rises or one.time_s.size < limits.clock_few:
        return (with_likely_date(one, kind),)
    _refuse_impossible(one, file, limits)
    for repair in (_spread_coarse_times, _unscramble_times):
        one = repair(one, limits)
        if _is_steady(one.time_s, limits):
            return (with_likely_date(one, kind),)
    return tuple(with_likely_date(each, kind) for each in _split_at_jumps(one, limits))


def _is_steady(time_s: FloatArray, limits: ReadLimits) -> bool:
    """Whether times only rise, but for a jitter that the next stage puts in order."""
    apart_s = np.diff(time_s)
    if (apart_s > limits.clock_jump_s).any() or (apart_s < -limits.clock_jitter_s).any():
        return False
    return int((apart_s < 0).sum()) < limits.clock_scrambled


def _refuse_impossible(one: Recording, file: str, limits: ReadLimits) -> None:
    """A clock that stood, or that ran by hours from sample to sample."""
    apart_s = np.diff(one.time_s)
    usual_s = arithmetic.median(np.abs(apart_s))
    if usual_s > limits.clock_sampled_s:
        unit, unit_s = ("hours", HOUR_S) if usual_s < 2 * DAY_S else ("days", DAY_S)
        words = f"the samples lie {usual_s / unit_s:.0f} {unit} apart: the clock was wrong"
        raise ReadError("clock-impossible", words, file=file)
    if usual_s > 0:
        return
    span_s = float(np.ptp(one.time_s))
    most_m = limits.clock_fastest_mps * (span_s + 1)
    distinct = np.unique(one.time_s, return_index=True)[1]
    shared = one.time_s.size < limits.clock_few * distinct.size  # by some devices: one of each time
    order = distinct if shared else np.arange(one.time_s.size)
    if span_s == 0 or _way_m(one, order) > most_m:
        words = f"{one.time_s.size} samples within {span_s:.0f} s: the clock stood"
        raise ReadError("clock-stopped", words, file=file)


def _unscramble_times(one: Recording, limits: ReadLimits) -> Recording:
    """Times that run a little back and forth are put in order, or the samples by them.

    Where the places are in the order of the file, that holds, and the same times are dealt out
    again; where they follow the times, the samples were shuffled and are put in order of time.
    """
    apart_s = np.diff(one.time_s)
    back = int((apart_s < 0).sum())
    if not back or (apart_s < -limits.clock_scrambled_s).any():
        return one
    order = np.argsort(one.time_s, kind="stable")
    as_written_m, by_time_m = _way_m(one, np.arange(order.size)), _way_m(one, order)
    words = f"times run back {back} times"
    if by_time_m < limits.clock_shorter * as_written_m:
        note = Note("clock-backward", f"{words}; samples were put in order")
        columns = {name: values[order] for name, values in one.columns.items()}
        time_s = one.time_s[order]
        return structs.replace(one, time_s=time_s, columns=columns, notes=(*one.notes, note))
    if back < limits.clock_scrambled or as_written_m >= limits.clock_shorter * by_time_m:
        return one
    words += " while the places are in order; they were dealt out in the order of the file"
    note = Note("clock-scrambled", words)
    off = min(
        float(-apart_s.min()) / _usual_apart_s(one.time_s, limits)[0], limits.clock_most_smoothed
    )
    return _with_times(one, _smoothed(one.time_s[order], int(np.ceil(off))), note)


def _smoothed(time_s: FloatArray, half: int) -> FloatArray:
    """Means over so many samples on both sides, fewer at the ends: times that never fall, (n,)."""
    place = np.arange(time_s.size)
    reach = np.minimum(np.minimum(place, place[::-1]), half)
    total = np.concatenate(([0.0], np.cumsum(time_s - time_s[0])))
    means = (total[place + reach + 1] - total[place - reach]) / (2 * reach + 1)
    return np.asarray(np.maximum.accumulate(means) + time_s[0])


def _spread_coarse_times(one: Recording, limits: ReadLimits) -> Recording:
    """Times that are whole minutes only: the samples of each are spread evenly over it.

    Where all minutes between have as many, the first and the last were not full, and get the pace
    of the others: the recording began late in the one and ended early in the other.
    """
    apart_s = np.diff(one.time_s)
    if one.time_s.size < 2 * (1 + np.count_nonzero(apart_s)) or (apart_s < 0).any():
        return one
    distinct_s, first, count = np.unique(one.time_s, return_index=True, return_counts=True)
    step_s = np.diff(distinct_s)
    if distinct_s.size <= 2 or arithmetic.median(step_s) < limits.clock_coarse_s:
        return one
    lasts_s = np.minimum(np.append(step_s, step_s[-1]), 2 * arithmetic.median(step_s))
    full, late = count.copy(), np.zeros_like(count)
    if np.ptp(count[1:-1]) <= 1:
        full[[0, -1]] = np.maximum(count[[0, -1]], count[1:-1].max())
        late[0] = full[0] - count[0]
    place = np.arange(one.time_s.size) - np.repeat(first - late, count)
    time_s = one.time_s + place * np.repeat(lasts_s / full, count)
    words = f"{one.time_s.size} samples have {distinct_s.size} times; they were spread evenly"
    return _with_times(one, time_s, Note("clock-coarse", words))


def _with_times(one: Recording, time_s: FloatArray, note: Note) -> Recording:
    """The recording with other times for its samples, and for headings that were read with them."""
    headings = tuple(
        structs.replace(each, time_s=_times_of_samples(each.time_s, one.time_s, time_s))
        for each in one.headings
    )
    return structs.replace(one, time_s=time_s, headings=headings, notes=(*one.notes, note))


def _times_of_samples(at_s: FloatArray, before_s: FloatArray, after_s: FloatArray) -> FloatArray:
    """The new times (k,) of values that were read with some of the samples, by their old ones.

    Where several samples share an old time, the values of that time are spread evenly over them.

    Args:
        at_s: (k,) old times of the values; given back where any of them is no sample's.
        before_s: (n,) old times of the samples, in the order of the file.
        after_s: (n,) their new times.
    """
    order, own_order = (np.argsort(each, kind="stable") for each in (before_s, at_s))
    first, end = (np.searchsorted(before_s[order], at_s, side) for side in ("left", "right"))
    own_first, own_end = (
        np.searchsorted(at_s[own_order], at_s, side) for side in ("left", "right")
    )
    if (first == end).any():
        return at_s
    rank = np.empty(at_s.size, dtype=np.int64)
    rank[own_order] = np.arange(at_s.size)
    place = (rank - own_first) * (end - first) // (own_end - own_first)
    return np.asarray(after_s[order[first + place]], dtype=np.float64)


class _Piece(msgspec.Struct, frozen=True):
    """Samples ``[first, last)`` between two jumps of the clock.

    ``runs_on``: the athlete ran on while the clock jumped before it. ``shift_s`` is what its times
    are moved by.
    """

    first: int
    last: int
    runs_on: bool = False
    shift_s: float = 0.0

    @property
    def size(self) -> int:
        return self.last - self.first


def _split_at_jumps(one: Recording, limits: ReadLimits) -> Iterator[Recording]:
    """Pieces of one run are joined, those of several yielded one by one, in order of time."""
    apart_s = np.diff(one.time_s)
    jumps = (apart_s < 0) | (apart_s > limits.clock_jump_s)
    jumps |= _undone_by_step_back(apart_s, _set_back_s(apart_s, limits), limits)
    edges = np.flatnonzero(jumps) + 1
    if edges.size > limits.clock_most_jumps:
        yield one
        return
    bounds = [0, *edges.tolist(), one.time_s.size]
    pieces = [_Piece(a, b) for a, b in itertools.pairwise(bounds)]
    groups = _grouped_by_run(one, pieces, limits)
    runs = _by_time(one, [_on_one_clock(one, group, limits) for group in groups], limits)
    moved = any(piece.shift_s for run in runs for piece in run)
    notes = [_clock_set(one, pieces)] if moved else []
    if len(runs) > 1:
        words = f"{len(runs)} runs lie hours apart in one recording; each is a session"
        notes.append(Note("clock-two-runs", words))
    for run in runs:
        cut = _samples_of_run(one, run, limits, whole=len(runs) == 1)
        yield structs.replace(cut, notes=(*cut.notes, *notes))


def _set_back_s(apart_s: FloatArray, limits: ReadLimits) -> FloatArray:
    """By how much the clock was set back, (k,), smallest first; none where it was too often."""
    back_s = np.sort(-apart_s[apart_s < -limits.clock_jitter_s])
    return back_s if back_s.size <= limits.clock_most_jumps else back_s[:0]


def _undone_by_step_back(holes_s: FloatArray, back_s: FloatArray, limits: ReadLimits) -> BoolArray:
    """Which holes, (m,), a later or earlier step back of the clock undoes: they are its own."""
    if not back_s.size:
        return np.zeros(holes_s.size, dtype=bool)
    near = np.searchsorted(back_s, holes_s - limits.clock_undone_s)
    near_s = back_s[np.minimum(near, back_s.size - 1)]
    alike = np.abs(holes_s - near_s) <= limits.clock_undone_s
    return np.asarray(alike & (holes_s > limits.clock_undone_least_s), dtype=bool)


def _clock_set(one: Recording, pieces: Sequence[_Piece]) -> Note:
    jumps = [one.time_s[piece.first] - one.time_s[piece.first - 1] for piece in pieces[1:]]
    largest = max(jumps, key=abs)
    way = "forward" if largest > 0 else "back"
    words = f"the clock was set {way} by {_amount(abs(float(largest)))} while the run went on"
    return Note("clock-set", f"{words}; both parts were joined again")


def _amount(seconds: float) -> str:
    for unit, length in (("days", DAY_S), ("hours", HOUR_S), ("minutes", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:.0f} s"


def _grouped_by_run(
    one: Recording, pieces: Sequence[_Piece], limits: ReadLimits
) -> list[list[_Piece]]:
    """Pieces in groups, each of one run."""
    groups = [[pieces[0]]]
    for piece in pieces[1:]:
        transition = _transition(one, groups[-1][-1], piece, limits)
        if transition == "parts":
            groups.append([piece])
        else:
            groups[-1].append(structs.replace(piece, runs_on=transition == "runs on"))
    return groups


def _transition(one: Recording, before: _Piece, after: _Piece, limits: ReadLimits) -> Transition:
    """Whether the run went on while the clock jumped, was interrupted, or ended.

    Forward, an athlete may have paused: then the device has noted it, or there is no pace before
    and after it, while neither a step of whole hours nor the odometer speaks for the clock. Back,
    nothing but the clock can be the cause, unless the place is another one.
    """
    jump_s = float(one.time_s[after.first] - one.time_s[before.last - 1])
    if jump_s > 0 and _is_paused(one, after.first, jump_s, limits):
        return "pauses"
    _, longest_s = _usual_apart_s(one.time_s, limits)
    hours_s = abs(jump_s) % HOUR_S  # a zone or a day that was set makes whole hours
    whole_hours = min(hours_s, HOUR_S - hours_s) <= longest_s + limits.clock_jitter_s
    reached_m = _distance_across_m(one, before, after, limits)
    paces_mps = _paces_mps(one, before, after, limits)
    if reached_m is None:
        return "runs on" if jump_s < 0 or whole_hours else "parts"
    near_m = limits.clock_near_factor * longest_s * max(*paces_mps, limits.clock_pace_mps)
    near = reached_m <= near_m + limits.clock_near_m
    counts_on = jump_s > limits.clock_apart_s and _odometer_goes_on(one, before, after, limits)
    hole_s, back_s = np.array([jump_s]), _set_back_s(np.diff(one.time_s), limits)
    undone = bool(_undone_by_step_back(hole_s, back_s, limits)[0])
    is_clock_likely = jump_s < 0 or whole_hours or counts_on or undone
    if near and (is_clock_likely or min(paces_mps) > limits.clock_pace_mps):
        return "runs on"
    return "parts"


def _odometer_goes_on(one: Recording, before: _Piece, after: _Piece, limits: ReadLimits) -> bool:
    """Whether an odometer went on where it was: for another run it would have begun at 0."""
    distance = one.columns.get("distance_m", np.full(one.time_s.size, np.nan))
    ends = _ends(np.isfinite(distance), before, after, limits)
    return ends is not None and float(distance[ends[1]]) > limits.clock_counted_m


def _is_paused(one: Recording, index: int, jump_s: float, limits: ReadLimits) -> bool:
    """Whether the file says that the recording was interrupted before a sample."""
    end_s = float(one.time_s[index])
    if jump_s > DAY_S:
        return False
    covered = (
        min(pause.end_time_s, end_s) - max(pause.start_time_s, end_s - jump_s)
        for pause in one.pauses
    )
    return max(covered, default=0.0) > limits.clock_paused_share * jump_s


def _distance_across_m(
    one: Recording, before: _Piece, after: _Piece, limits: ReadLimits
) -> float | None:
    """Metres from the end of a piece to the start of the next; None where nothing tells."""
    latitude, longitude = (one.columns.get(name) for name in POSITION)
    found = []
    if latitude is not None and longitude is not None:
        held = np.isfinite(latitude) & np.isfinite(longitude)
        ends = _ends(held, before, after, limits)
        if ends is not None:
            found.append(float(ways_m(latitude[ends], longitude[ends])[0]))
    distance = one.columns.get("distance_m")
    if distance is not None:
        ends = _ends(np.isfinite(distance), before, after, limits)
        if ends is not None:
            found.append(abs(float(distance[ends[1]] - distance[ends[0]])))
    return max(found, default=None)


def _ends(held: np.ndarray, before: _Piece, after: _Piece, limits: ReadLimits) -> IntArray | None:
    """The last known sample of a piece and the first of the next, if both lie at their edges."""
    last = np.flatnonzero(held[before.first : before.last][-limits.clock_around :])
    first = np.flatnonzero(held[after.first : after.last][: limits.clock_around])
    if not last.size or not first.size:
        return None
    start = max(before.last - limits.clock_around, before.first)
    return np.array([start + last[-1], after.first + first[0]])


def _paces_mps(
    one: Recording, before: _Piece, after: _Piece, limits: ReadLimits
) -> tuple[float, float]:
    """The speeds just before and just after a jump; 0 where one is not known."""
    spans = (
        np.arange(max(before.first, before.last - limits.clock_around), before.last),
        np.arange(after.first, min(after.last, after.first + limits.clock_around)),
    )
    found = []
    for span in spans:
        lasted_s = float(one.time_s[span[-1]] - one.time_s[span[0]])
        found.append(_way_m(one, span) / lasted_s if lasted_s > 0 else 0.0)
    return found[0], found[1]


def _way_m(one: Recording, order: IntArray) -> float:
    """Metres from sample to sample in an order; 0 without positions or an odometer."""
    latitude, longitude = (one.columns.get(name) for name in POSITION)
    if latitude is not None and longitude is not None:
        held = order[np.isfinite(latitude[order]) & np.isfinite(longitude[order])]
        return float(ways_m(latitude[held], longitude[held]).sum())
    distance = one.columns.get("distance_m")
    if distance is None:
        return 0.0
    ordered = distance[order]
    return float(np.abs(np.diff(ordered[np.isfinite(ordered)])).sum())


def _usual_apart_s(time_s: FloatArray, limits: ReadLimits) -> tuple[float, float]:
    """The usual time from sample to sample, and the longest but for a few."""
    apart_s = np.diff(time_s)
    known = apart_s[(apart_s > 0) & (apart_s <= limits.clock_jump_s)]
    if not known.size:
        return 1.0, 1.0
    return arithmetic.median(known), arithmetic.quantile(known, limits.clock_longest_share)


def _time_between_s(one: Recording, before: _Piece, after: _Piece, limits: ReadLimits) -> float:
    """How long it took from the end of a piece to the start of the next, as the pace tells."""
    usual_s, longest_s = _usual_apart_s(one.time_s, limits)
    pace_mps, reached_m = (
        max(_paces_mps(one, before, after, limits)),
        _distance_across_m(one, before, after, limits),
    )
    if reached_m is None or pace_mps < limits.clock_pace_mps:
        return usual_s
    return float(np.clip(round(reached_m / pace_mps), min(usual_s, 1.0), longest_s))


def _on_one_clock(one: Recording, group: Sequence[_Piece], limits: ReadLimits) -> list[_Piece]:
    """The pieces of one run, moved to the clock of the longest whose date and hour can be."""
    shifts = [0.0]
    for before, after in itertools.pairwise(group):
        jump_s = float(one.time_s[after.first] - one.time_s[before.last - 1])
        moved_s = _time_between_s(one, before, after, limits) - jump_s if after.runs_on else 0.0
        shifts.append(shifts[-1] + moved_s)
    dates = [BORN_S["gpx"] <= one.time_s[piece.first] < FUTURE_S for piece in group]
    sizes = [piece.size if good else 0 for piece, good in zip(group, dates, strict=True)]
    for at, (before, after) in enumerate(itertools.pairwise(group), start=1):
        if lost_carry(float(one.time_s[before.last - 1]), float(one.time_s[after.first]), limits):
            sizes[at:] = [0] * (len(sizes) - at)
    own = shifts[int(np.argmax(sizes))]
    return [
        structs.replace(piece, shift_s=shift - own)
        for piece, shift in zip(group, shifts, strict=True)
    ]


def _by_time(
    one: Recording, groups: Sequence[list[_Piece]], limits: ReadLimits
) -> list[list[_Piece]]:
    """Groups in order of time; those that are not hours apart are one run.

    A few samples far away from all others are left to the next stage, which leaves them out.
    """
    ordered = sorted(groups, key=lambda group: _start_s(one, group))
    runs: list[list[_Piece]] = []
    end_s = -np.inf
    for group in ordered:
        small = sum(piece.size for piece in group) < limits.clock_few
        if runs and (_start_s(one, group) - end_s <= limits.clock_apart_s or small):
            runs[-1].extend(group)
        elif len(runs) == 1 and sum(piece.size for piece in runs[0]) < limits.clock_few:
            runs[0].extend(group)
        else:
            runs.append(list(group))
        if not small:
            end_s = max(end_s, *(one.time_s[p.first : p.last].max() + p.shift_s for p in group))
    return runs


def _start_s(one: Recording, group: Sequence[_Piece]) -> float:
    return min(float(one.time_s[p.first : p.last].min()) + p.shift_s for p in group)


def _samples_of_run(
    one: Recording, run: Sequence[_Piece], limits: ReadLimits, *, whole: bool
) -> Recording:
    """The samples of a run, with all else that lies in its time, moved with them."""
    ordered = sorted(run, key=lambda piece: piece.first)
    index = np.concatenate([np.arange(piece.first, piece.last) for piece in ordered])
    moved = np.concatenate([np.full(piece.size, piece.shift_s) for piece in ordered])
    times = [one.time_s[piece.first : piece.last] for piece in ordered]
    spans = [(float(t.min()), float(t.max()), p) for t, p in zip(times, ordered, strict=True)]

    def shifted(at_s: float) -> float:
        _, piece = min(
            ((max(low - at_s, at_s - high, 0.0), piece) for low, high, piece in spans),
            key=lambda each: each[0],
        )
        return at_s + piece.shift_s

    def inside(low_s: float, high_s: float) -> bool:
        return whole or any(low_s <= high and high_s >= low for low, high, _ in spans)

    def has(each: Lap | Pause) -> bool:
        return inside(each.start_time_s, each.end_time_s)

    return structs.replace(
        one,
        time_s=one.time_s[index] + moved,
        columns={name: values[index] for name, values in one.columns.items()},
        headings=tuple(_shift_heading(each, spans, limits, whole=whole) for each in one.headings),
        laps=tuple(shift_span(each, shifted) for each in one.laps if has(each)),
        pauses=tuple(shift_span(each, shifted) for each in one.pauses if has(each)),
        breaks_s=tuple(shifted(each) for each in one.breaks_s if inside(each, each)),
        distance_m=one.distance_m if whole else None,
        energy_kcal=one.energy_kcal if whole else None,
        totals=one.totals if whole else (),
    )


def _shift_heading(
    series: HeadingSeries,
    spans: Sequence[tuple[float, float, _Piece]],
    limits: ReadLimits,
    *,
    whole: bool,
) -> HeadingSeries:
    """The headings of a run's time, moved with its samples; the series keeps its order."""
    known = np.flatnonzero(np.isfinite(series.time_s))
    away_s, shift_s = np.full(known.size, np.inf), np.zeros(known.size)
    for low, high, piece in spans:
        off_s = np.maximum(low - series.time_s[known], series.time_s[known] - high)
        nearer = off_s < away_s
        away_s[nearer], shift_s[nearer] = off_s[nearer], piece.shift_s
    kept = np.ones(known.size, dtype=bool) if whole else away_s <= limits.clock_slack_s
    return structs.replace(
        series,
        time_s=(series.time_s[known] + shift_s)[kept],
        heading_deg=series.heading_deg[known][kept],
        mount=None if series.mount is None else series.mount[known][kept],
    )
