"""Times of a recording whose clock was set in mid-run, ran astray or was never set.

Samples are stored in the order in which they were written; their times need not rise. Times are
brought in line with that order, the positions and the odometer: the parts of a run whose clock was
set are joined, two runs in one recording are split, and impossible times are refused. Each of these
leaves a note whose slug begins with ``clock``.
"""

from dataclasses import replace

import numpy as np

from retrorun.errors import ReadError
from retrorun.model import Note, Recording
from retrorun.readers.clock_dates import dated
from retrorun.readers.clock_jumps import split_at_jumps, usual_apart_s, way_m
from retrorun.settings import ReadLimits
from retrorun.units import DAY_S, HOUR_S, FloatArray


def repair_clock(one: Recording, kind: str, file: str, limits: ReadLimits) -> tuple[Recording, ...]:
    """The recording with times that one clock could have given; two where it holds two runs.

    Args:
        one: as read; all times finite, in the order of the file.
        kind: format, for what its times can be at all.
        file: name, for messages.
        limits: what a clock does, and how sure a fault must be.

    Raises:
        ReadError: ten or more samples have all one time, or lie hours apart (slug ``clock-…``).
            Fewer than ten tell nothing of the clock: their times stay as they are.
    """
    if one.time_s.size < 2:
        return (one,)
    apart_s = np.diff(one.time_s)
    rises = apart_s.min() > 0 and apart_s.max() <= limits.clock_jump_s
    if rises or one.time_s.size < limits.clock_few:
        return (dated(one, kind),)
    _refuse_impossible(one, file, limits)
    for repair in (_spread_coarse_times, _unscramble):
        one = repair(one, limits)
        if _steady(one.time_s, limits):
            return (dated(one, kind),)
    return tuple(dated(each, kind) for each in split_at_jumps(one, limits))


def _steady(time_s: FloatArray, limits: ReadLimits) -> bool:
    """Whether times only rise, but for a jitter that the next stage puts in order."""
    apart_s = np.diff(time_s)
    if (apart_s > limits.clock_jump_s).any() or (apart_s < -limits.clock_jitter_s).any():
        return False
    return int((apart_s < 0).sum()) < limits.clock_scrambled


def _refuse_impossible(one: Recording, file: str, limits: ReadLimits) -> None:
    """A clock that stood, or that ran by hours from sample to sample."""
    apart_s = np.diff(one.time_s)
    usual_s = float(np.median(np.abs(apart_s)))
    if usual_s > limits.clock_sampled_s:
        unit, unit_s = ("hours", HOUR_S) if usual_s < 2 * DAY_S else ("days", DAY_S)
        words = f"the samples lie {usual_s / unit_s:.0f} {unit} apart: the clock was wrong"
        raise ReadError("clock-impossible", words, file=file)
    if usual_s > 0:
        return
    span_s = float(np.ptp(one.time_s))
    most_m = limits.clock_fastest_mps * (span_s + 1)
    if span_s == 0 or way_m(one, np.arange(one.time_s.size)) > most_m:
        words = f"{one.time_s.size} samples within {span_s:.0f} s: the clock stood"
        raise ReadError("clock-stopped", words, file=file)


def _unscramble(one: Recording, limits: ReadLimits) -> Recording:
    """Times that run a little back and forth are put in order, or the samples by them.

    Where the places are in the order of the file, that holds, and the same times are dealt out
    again; where they follow the times, the samples were shuffled and are put in order of time.
    """
    apart_s = np.diff(one.time_s)
    back = int((apart_s < 0).sum())
    if not back or (apart_s < -limits.clock_scrambled_s).any():
        return one
    order = np.argsort(one.time_s, kind="stable")
    as_written_m, by_time_m = way_m(one, np.arange(order.size)), way_m(one, order)
    words = f"times run back {back} times"
    if by_time_m < limits.clock_shorter * as_written_m:
        note = Note("clock-backward", f"{words}; samples were put in order")
        columns = {name: values[order] for name, values in one.columns.items()}
        time_s = one.time_s[order]
        return replace(one, time_s=time_s, columns=columns, notes=(*one.notes, note))
    if back < limits.clock_scrambled or as_written_m >= limits.clock_shorter * by_time_m:
        return one
    words += " while the places are in order; they were dealt out in the order of the file"
    note = Note("clock-scrambled", words)
    off = min(
        float(-apart_s.min()) / usual_apart_s(one.time_s, limits)[0], limits.clock_most_smoothed
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
    """Times that are whole minutes only: the samples of each are spread evenly over it."""
    distinct_s, first, count = np.unique(one.time_s, return_index=True, return_counts=True)
    if distinct_s.size <= 2 or one.time_s.size < 2 * distinct_s.size:
        return one
    step_s = np.diff(distinct_s)
    if np.median(step_s) < limits.clock_coarse_s or (np.diff(one.time_s) < 0).any():
        return one
    lasts_s = np.minimum(np.append(step_s, step_s[-1]), 2 * np.median(step_s))
    place = np.arange(one.time_s.size) - np.repeat(first, count)
    time_s = one.time_s + place * np.repeat(lasts_s / count, count)
    words = f"{one.time_s.size} samples have {distinct_s.size} times; they were spread evenly"
    return _with_times(one, time_s, Note("clock-coarse", words))


def _with_times(one: Recording, time_s: FloatArray, note: Note) -> Recording:
    """The recording with other times for its samples, and for headings that were read with them."""
    headings = tuple(
        replace(each, time_s=time_s) if np.array_equal(each.time_s, one.time_s) else each
        for each in one.headings
    )
    return replace(one, time_s=time_s, headings=headings, notes=(*one.notes, note))
