"""Backward against forward within one session, and step rate against speed.

Differences are of means over stretches of the same gait; they stand with their intervals around
zero. Technique has axes of its own for walking and for running: each stretch is one mark, beside
the athlete's own forward line.
"""

import math
from collections.abc import Iterator, Sequence

import msgspec
from markupsafe import Markup

from retrorun import arithmetic
from retrorun.compare.statistics import student
from retrorun.metric_types import Metric, Reciprocal, Row
from retrorun.metrics import CONTRASTED, number_of
from retrorun.model import GaitLine, MeasuredSegment, Metrics, Session
from retrorun.model.segment import Kind
from retrorun.report.figures import axis_ends, percent_of_axis, whisker
from retrorun.report.numbers import UNKNOWN, Display, cell, clock, number, short, signed
from retrorun.report.session.lanes import round_ticks
from retrorun.report.words import say


class Compared(msgspec.Struct, frozen=True):
    """One measure on both sides.

    Attributes:
        label: words, with both sides as they are shown.
        change: difference in per cent; ``interval``: its 95 % interval, empty where there is none.
        picture: both around zero; None without a difference.
    """

    label: str
    backward: str
    forward: str
    change: str
    interval: str
    picture: Markup | None


class Contrast(msgspec.Struct, frozen=True):
    """The measures that both sides have; ``gait`` in words; ``reach``: per cent of half an axis."""

    gait: str
    measures: tuple[Compared, ...]
    reach: int


class _Mean(msgspec.Struct, frozen=True):
    """A mean over stretches, its relative standard error, and degrees of freedom."""

    value: float
    error: float | None
    freedom: int


LEAST_REACH, MOST_REACH = 10, 100  # per cent


def contrast(measured: Sequence[MeasuredSegment], display: Display) -> Contrast | None:
    """Compare where the session has confirmed or labelled backward and forward movement."""
    for gait, backward, forward in _sides(measured):
        found = _found(backward, forward)
        if found:
            changes = [_change(*each) for each in found]
            ends = [abs(end) for each in changes if each for end in each if end is not None]
            widest = max([end for end in ends if end <= MOST_REACH], default=LEAST_REACH)
            reach = max(-(-int(widest + 1) // 10) * 10, LEAST_REACH)
            measures = tuple(_compared(*each, reach, display) for each in found)
            return Contrast(say(f"gait_{gait}"), measures, reach)
    return None


def _sides(
    measured: Sequence[MeasuredSegment],
) -> Iterator[tuple[str, Sequence[Metrics], Sequence[Metrics]]]:
    """Each gait that has both directions, running first, with the metrics of either."""
    for gait in ("run", "walk"):
        same = [each for each in measured if each.segment.gait == gait]
        backward = [each.metrics for each in same if each.segment.kind == "backward"]
        forward = [each.metrics for each in same if each.segment.kind == "forward"]
        if backward and forward:
            yield gait, backward, forward


def means_of(key: str, measured: Sequence[MeasuredSegment]) -> tuple[float, float] | None:
    """A metric backward and forward, as compared above: of one gait, not matched for speed."""
    row = next(each for each in CONTRASTED if each.key == key)
    for _, backward, forward in _sides(measured):
        back, ahead = mean_of(row, backward), mean_of(row, forward)
        if back is not None and ahead is not None:
            return back, ahead
    return None


def _found(
    backward: Sequence[Metrics], forward: Sequence[Metrics]
) -> list[tuple[Row, _Mean, _Mean]]:
    means = ((row, _mean(row, backward), _mean(row, forward)) for row in CONTRASTED)
    return [(row, back, ahead) for row, back, ahead in means if back and ahead]


def _compared(row: Row, backward: _Mean, forward: _Mean, reach: int, display: Display) -> Compared:
    back, ahead = (cell(each.value, row.unit, row.style, display) for each in (backward, forward))
    label = say(f"measure_{row.key}")
    change = _change(row, backward, forward)
    if change is None:
        return Compared(label, back, ahead, UNKNOWN, "", None)
    value, low, high = change
    interval = (
        "" if low is None or high is None else say("between", low=number(low), high=number(high))
    )
    picture = whisker(value, low, high, reach)
    return Compared(label, back, ahead, f"{signed(round(value))} %", interval, picture)


def _change(
    row: Row, backward: _Mean, forward: _Mean
) -> tuple[float, float | None, float | None] | None:
    """Difference in per cent of forward, and its 95 % interval where both sides have one.

    The interval is Welch's (1947), of the logarithm of the quotient: means of stretches with
    unequal variances. Of slopes, which lie around zero, there is no quotient.
    """
    if row.style.scale == "percent" or backward.value <= 0 or forward.value <= 0:
        return None
    ratio = backward.value / forward.value
    if backward.error is None or forward.error is None:
        return 100 * (ratio - 1), None, None
    first, second = backward.error * backward.error, forward.error * forward.error
    variance = first + second
    weighted = first * first / backward.freedom + second * second / forward.freedom
    freedom = max(int(variance * variance / weighted), 1) if weighted > 0 else 1
    reach = student(freedom) * math.sqrt(variance)
    low, high = (ratio * arithmetic.exp(sign * reach) for sign in (-1, 1))
    return 100 * (ratio - 1), 100 * (low - 1), 100 * (high - 1)


def mean_of(row: Row | Metric, metrics: Sequence[Metrics]) -> float | None:
    """The mean over segments, formed as is declared; None where none of them has the metric."""
    found = _mean(row, metrics)
    return None if found is None else found.value


def _mean(row: Row | Metric, metrics: Sequence[Metrics]) -> _Mean | None:
    """The mean over segments, formed as is declared, with its relative standard error."""
    if isinstance(row.mean, Reciprocal):
        found = _quotient(_weighted(row.mean.of, metrics), 1.0)
        if found is None or found.value <= 0:
            return None
        return _Mean(row.mean.times / found.value, found.error, found.freedom)
    if row.mean is None:
        return _quotient(_weighted(row.key, metrics), 1.0)
    keys = (row.mean.above, row.mean.below)
    pairs = [tuple(number_of(each, key) for key in keys) for each in metrics]
    known = [(above, below or 0.0) for above, below in pairs if above is not None]
    found = _quotient(known, row.mean.times)
    return found if found and found.value > 0 else None


def _weighted(key: str, metrics: Sequence[Metrics]) -> list[tuple[float, float]]:
    """A metric times its weight, and the weight, time in motion, of the segments that have it."""
    known = [(number_of(each, key), each.moving_s) for each in metrics]
    return [(value * weight, weight) for value, weight in known if value is not None and weight > 0]


def _quotient(parts: Sequence[tuple[float, float]], times: float) -> _Mean | None:
    """``times`` × Σ above / Σ below, and the error of such a quotient (Cochran 1977, 6.4).

    The error is relative, from how far the parts lie off the quotient; None of one part.
    """
    denominator = sum(below for _, below in parts)
    if denominator <= 0:
        return None
    ratio, count = sum(above for above, _ in parts) / denominator, len(parts)
    if count < 2 or ratio == 0:
        return _Mean(times * ratio, None, 0)
    off = [above - ratio * below for above, below in parts]
    squares = sum(each * each for each in off)
    error = math.sqrt(count / (count - 1) * squares) / denominator / abs(ratio)
    return _Mean(times * ratio, error, count - 1)


KINDS_SHOWN: tuple[Kind, ...] = ("unknown", "forward", "candidate", "backward")
SHORTEST_S = 8.0
MOST_MARKS = 150  # of each direction, the longest
LEAST_KMH, LEAST_SPM = 2.0, 16.0  # least spans of the axes


class Panel(msgspec.Struct, frozen=True):
    """Step rate against speed of one gait, in per cent of the picture from its left and top.

    Attributes:
        gait: in words; ``label`` says what the picture shows.
        marks: kind, place, and words of each stretch.
        line: the forward line where it was seen, and its continuation, as SVG paths.
        across, up: places and words of the ticks.
    """

    gait: str
    label: str
    marks: tuple[tuple[Kind, float, float, str], ...]
    line: tuple[str, str]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def technique_panels(session: Session, display: Display) -> tuple[Panel, ...]:
    """Walking and running, each on axes of its own, as far as stretches have speed and steps."""
    panels = (_panel(session, gait, display) for gait in ("walk", "run"))
    return tuple(each for each in panels if each)


def _panel(session: Session, gait: str, display: Display) -> Panel | None:
    numbered = enumerate(session.measures.segments, 1)
    usable = [(n, each) for n, each in numbered if each.segment.gait == gait and _usable(each)]
    longest = sorted(usable, key=lambda pair: -pair[1].metrics.moving_s)
    chosen = [
        pair
        for kind in KINDS_SHOWN
        for pair in [each for each in longest if each[1].segment.kind == kind][:MOST_MARKS]
    ]
    if not chosen:
        return None
    speeds = [_speed(each.metrics.speed_mps or 0.0, display) for _, each in chosen]
    rates = [each.metrics.cadence_spm or 0.0 for _, each in chosen]
    across = axis_ends(speeds, LEAST_KMH)
    up = axis_ends(rates, LEAST_SPM)
    marks = tuple(
        (
            each.segment.kind,
            percent_of_axis(speed, across),
            100 - percent_of_axis(rate, up),
            say(
                "technique_mark",
                number=n,
                length=clock(each.metrics.seconds),
                speed=number(speed, 1, f"{display.long_unit}/h"),
                steps=number(rate, 0, say("spm")),
            ),
        )
        for (n, each), speed, rate in zip(chosen, speeds, rates, strict=True)
    )
    line = session.forward_line if gait == "run" else None
    return Panel(
        say(f"technique_{gait}"),
        say("technique_label", gait=say(f"gait_{gait}")),
        marks,
        _forward_line(line, across, up, display) if line else ("", ""),
        _labelled(across, (0.5, 1, 2, 5)),
        tuple((100 - place, words) for place, words in _labelled(up, (2, 5, 10, 20, 50))),
    )


def _usable(each: MeasuredSegment) -> bool:
    metrics = each.metrics
    long_enough = metrics.moving_s >= SHORTEST_S
    return bool(long_enough and metrics.speed_mps and metrics.cadence_spm)


def _labelled(ends: tuple[float, float], steps: Sequence[float]) -> tuple[tuple[float, str], ...]:
    ticks = round_ticks(*ends, steps, most=4)
    return tuple((percent_of_axis(tick, ends), short(tick)) for tick in ticks)


def _speed(speed_mps: float, display: Display) -> float:
    """Metres a second as displayed long units an hour."""
    return display.long_value(speed_mps * 3600)


def _forward_line(
    line: GaitLine, across: tuple[float, float], up: tuple[float, float], display: Display
) -> tuple[str, str]:
    """The line between the speeds it was seen at, and over the whole picture."""

    def at(speed_mps: float) -> str:
        rate = line.intercept_spm + line.slope_spm_per_mps * speed_mps
        x = percent_of_axis(_speed(speed_mps, display), across)
        return f"{x:g} {100 - percent_of_axis(rate, up):g}"

    per_mps = _speed(1.0, display)
    ends = [each / per_mps for each in across]
    return f"M{at(line.low_mps)}L{at(line.high_mps)}", f"M{at(ends[0])}L{at(ends[1])}"
