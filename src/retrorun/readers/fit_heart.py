"""FIT ``hr`` messages: beats of a strap that were fetched after the activity."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrorun.model import Note, Recording
from retrorun.readers.fit_columns import FIT_EPOCH_S, Messages, decode
from retrorun.readers.fit_structure import HR, TIMESTAMP, Part
from retrorun.units import FloatArray

_FRACTION, _FILTERED_BPM, _EVENT, _EVENT_12 = 0, 6, 9, 10
_TICKS_PER_S = 1024
_NEAR_S = 3.0  # a record takes the mean of the beats this close to it


def heart_series(parts: Sequence[Part]) -> tuple[FloatArray, FloatArray]:
    """(m,) Unix seconds and (m,) heart rates of all parts, in order of time."""
    pieces = [_of_part(part) for part in parts if HR in part.counts]
    if not pieces:
        return np.zeros(0), np.zeros(0)
    time_s = np.concatenate([piece[0] for piece in pieces])
    heart = np.concatenate([piece[1] for piece in pieces])
    rank = np.argsort(time_s, kind="stable")
    return time_s[rank], heart[rank]


def _of_part(part: Part) -> tuple[FloatArray, FloatArray]:
    wanted = {TIMESTAMP, _FRACTION, _FILTERED_BPM, _EVENT, _EVENT_12}
    messages = decode(part, HR, wanted)
    anchor_s, tick = np.nan, 0
    times: list[float] = []
    beats: list[float] = []
    for index in range(len(messages.order)):
        rates = _row(messages, _FILTERED_BPM, index)
        stamp, event = _row(messages, TIMESTAMP, index), _row(messages, _EVENT, index)
        if stamp and event:
            fraction = (_row(messages, _FRACTION, index) or [0.0])[0] / 32768
            tick = int(event[0])
            anchor_s = stamp[0] + FIT_EPOCH_S + fraction - tick / _TICKS_PER_S
            ticks = [int(value) for value in event]
        else:
            ticks = _unpacked(_row(messages, _EVENT_12, index), tick)
            tick = ticks[-1] if ticks else tick
        times.extend(anchor_s + value / _TICKS_PER_S for value in ticks[: len(rates)])
        beats.extend(rates[: len(ticks)])
    time_s, heart = np.asarray(times, np.float64), np.asarray(beats, np.float64)
    held = np.isfinite(time_s) & (heart > 0)
    return time_s[held], heart[held]


def _row(messages: Messages, field: int, index: int) -> list[float]:
    values = messages.native.get(field)
    if values is None:
        return []
    row = np.atleast_1d(values[index])
    return [float(value) for value in row[np.isfinite(row)]]


def _unpacked(packed: Sequence[float], tick: int) -> list[int]:
    """Two 12-bit clock ends in three bytes, low bits first; each lies after the one before."""
    found = []
    for at in range(0, len(packed) - 2, 3):
        low, middle, high = (int(byte) for byte in packed[at : at + 3])
        for short in (low | (middle & 0x0F) << 8, middle >> 4 | high << 4):
            tick += (short - tick) % 4096
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
