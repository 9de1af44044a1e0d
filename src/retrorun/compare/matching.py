"""Backward segments, the forward ones most like them, and the differences between both.

Two kinds of pairs: at equal speed (heart rate, steps, energy), and at equal heart rate (speed).
Partners at equal speed differ within a tolerance, and mostly in one way: backward is the slower
one. So each metric's line by forward speed, fitted to all forward segments of a gait, moves the
partner's value to the exact backward speed; with too few forward segments the value stays.
Differences are backward minus forward, with intervals, or say how much data is missing.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import arithmetic
from retrorun.arithmetic import dot, product
from retrorun.compare.sessions import SegmentTable
from retrorun.compare.statistics import NORMAL, group_means, mean_by_group, student, widened
from retrorun.metric_types import Compared
from retrorun.metrics import DIFFERENCES
from retrorun.model import Estimate, Session
from retrorun.model.comparison import Difference, Pair
from retrorun.settings import CompareSettings
from retrorun.units import DAY_S, BoolArray, FloatArray, IntArray

PAIRS_AT_ONCE = 2**20  # pairs that are looked at together: some ten megabytes


class Matches(msgspec.Struct, frozen=True, eq=False):
    """Matched pairs: p backward segments, the forward partner of each, and their distance (p,).

    ``gaps`` (p, 2) are backward minus forward of speed, m/s, and of time since the session's start,
    s. The forward values were moved across them by ``lines``; None where they were not.
    """

    back: SegmentTable
    ahead: SegmentTable
    distance: FloatArray
    gaps: FloatArray | None = None
    lines: Mapping[tuple[str, str], "Line"] = msgspec.field(default_factory=dict)

    def pairs(self, sessions: Sequence[Session], most: int) -> tuple[Pair, ...]:
        """The last ``most`` of them, one by one."""
        count = len(self.distance)
        return tuple(self._pair(sessions, place) for place in range(max(0, count - most), count))

    def _pair(self, sessions: Sequence[Session], place: int) -> Pair:
        back, ahead = self.back, self.ahead
        return Pair(
            backward_session=sessions[back.session[place]].id,
            backward_start_s=float(back.start_s[place]),
            forward_session=sessions[ahead.session[place]].id,
            forward_start_s=float(ahead.start_s[place]),
            start_time_s=float(back.time_s[place] + back.start_s[place]),
            gait=str(back.gait[place]),
            distance=float(self.distance[place]),
            backward=_values(back.measures, place),
            forward=_values(ahead.measures, place),
        )


def _values(measures: Mapping[str, FloatArray], place: int) -> dict[str, float | None]:
    values = {key: float(column[place]) for key, column in measures.items()}
    return {key: value if np.isfinite(value) else None for key, value in values.items()}


def equal_speed(back: SegmentTable, ahead: SegmentTable, settings: CompareSettings) -> Matches:
    """Pairs at equal speed, grade, gait and time into the run."""
    return _match(back, ahead, ("speed_mps", settings.speed_tolerance_mps), settings)


def equal_heart_rate(back: SegmentTable, ahead: SegmentTable, settings: CompareSettings) -> Matches:
    """Pairs at equal steady heart rate, grade, gait and time into the run."""
    level = ("steady_heart_rate_bpm", settings.heart_rate_tolerance_bpm)
    return _match(back, ahead, level, settings)


def _match(
    back: SegmentTable, ahead: SegmentTable, level: tuple[str, float], settings: CompareSettings
) -> Matches:
    """The nearest forward partner of each backward segment: in its session, else near in days."""
    back, ahead = (
        each.select(_comparable(each, level[0], settings.segment_s)) for each in (back, ahead)
    )
    traits, others = (_traits(each, level, settings) for each in (back, ahead))
    distance, partner = np.full(len(traits), np.inf), np.zeros(len(traits), dtype=np.int64)

    def assign(search: _Search) -> None:
        found, apart = _nearest(search, traits, others, settings.days_tolerance * DAY_S)
        distance[search.backward], partner[search.backward] = apart, found

    if len(traits) and len(others):
        assign(_same_session(back, ahead))
        for search in _near_in_time(np.isinf(distance), (back, traits), (ahead, others), settings):
            assign(search)
    kept = np.isfinite(distance)
    return Matches(back.select(kept), ahead.select(partner[kept]), distance[kept])


def _comparable(found: SegmentTable, level: str, least_s: float) -> BoolArray:
    columns = found.columns
    known = np.isfinite(columns[level]) & np.isfinite(columns["speed_mps"])
    return np.asarray(known & (columns["moving_s"] >= least_s))


def _traits(found: SegmentTable, level: tuple[str, float], settings: CompareSettings) -> FloatArray:
    """Level, grade and time since the session's start, in tolerances; and the session's start, s.

    (n, 4); a missing grade counts as level ground.
    """
    name, tolerance = level
    columns = (
        found.columns[name] / tolerance,
        np.nan_to_num(found.columns["grade"]) / settings.grade_tolerance,
        found.start_s / settings.time_tolerance_s,
        found.time_s,
    )
    return np.stack(columns, axis=1)


class _Search(msgspec.Struct, frozen=True, eq=False):
    """Where to look for partners.

    Attributes:
        backward: (b,) backward segments.
        candidates: forward segments, in the order in which the first of equals is taken.
        first: (b,) part of the candidates to be searched: from ``first`` to before ``last``.
    """

    backward: IntArray
    candidates: IntArray
    first: IntArray
    last: IntArray


def _same_session(back: SegmentTable, ahead: SegmentTable) -> _Search:
    """All forward segments of the same session and gait."""
    gaits = np.unique(np.concatenate([back.gait, ahead.gait]))
    backward_keys, forward_keys = (
        each.session * len(gaits) + np.searchsorted(gaits, each.gait) for each in (back, ahead)
    )
    candidates = np.argsort(forward_keys, kind="stable")
    ends = (
        np.searchsorted(forward_keys[candidates], backward_keys, side) for side in ("left", "right")
    )
    return _Search(np.arange(len(backward_keys)), candidates, *ends)


def _near_in_time(
    unpaired: BoolArray,
    backward: tuple[SegmentTable, FloatArray],
    forward: tuple[SegmentTable, FloatArray],
    settings: CompareSettings,
) -> Iterator[_Search]:
    """Forward segments of other sessions, near in time and at most ``partners`` of them.

    Forward segments are grouped by gait and by whole tolerances of their level: a partner lies in
    the same group or in one beside it.
    """
    (back, traits), (ahead, others) = backward, forward
    backward_keys, forward_keys = np.floor(traits[:, 0]), np.floor(others[:, 0])
    in_time = np.lexsort((ahead.start_s, ahead.rank, ahead.time_s))
    for gait in np.unique(back.gait[unpaired]):
        of_gait = in_time[ahead.gait[in_time] == gait]
        for level in np.unique(backward_keys[unpaired & (back.gait == gait)]):
            candidates = of_gait[np.abs(forward_keys[of_gait] - level) <= 1]
            chosen = np.flatnonzero(unpaired & (back.gait == gait) & (backward_keys == level))
            yield _Search(
                chosen, candidates, *_near(back.time_s[chosen], ahead.time_s[candidates], settings)
            )


def _near(
    time_s: FloatArray, times_s: FloatArray, settings: CompareSettings
) -> tuple[IntArray, IntArray]:
    """From where to where the ordered times lie near in days, and are not too many."""
    reach_s, most = settings.days_tolerance * DAY_S, settings.partners // 2
    middle = np.searchsorted(times_s, time_s)
    first = np.maximum(np.searchsorted(times_s, time_s - reach_s), middle - most)
    last = np.minimum(np.searchsorted(times_s, time_s + reach_s, "right"), middle + most)
    return first, last


def _nearest(
    search: _Search, traits: FloatArray, others: FloatArray, reach_s: float
) -> tuple[IntArray, FloatArray]:
    """The most similar forward segment for each that is backward, (b,), and how unlike it is.

    The distance is infinite where none has every trait within its tolerance.
    """
    counts = np.maximum(search.last - search.first, 0)
    found, distance = np.zeros(len(counts), dtype=np.int64), np.full(len(counts), np.inf)
    searched = np.flatnonzero(counts)
    total = np.cumsum(counts[searched])
    cuts = (
        np.searchsorted(total, np.arange(PAIRS_AT_ONCE, total[-1], PAIRS_AT_ONCE))
        if len(total)
        else ()
    )
    for part in np.split(searched, np.unique(cuts)):
        if not len(part):
            continue
        starts = np.cumsum(counts[part]) - counts[part]
        owner = np.repeat(np.arange(len(part)), counts[part])
        place = np.arange(len(owner)) + (search.first[part] - starts)[owner]
        pair = (traits[search.backward[part]][owner], others[search.candidates[place]])
        apart = _distances(*pair, reach_s)
        least = np.minimum.reduceat(apart, starts)
        hits = np.flatnonzero(apart == least[owner])
        _, earliest = np.unique(owner[hits], return_index=True)
        found[part], distance[part] = search.candidates[place[hits[earliest]]], least
    return found, distance


def _distances(traits: FloatArray, others: FloatArray, reach_s: float) -> FloatArray:
    """Euclidean distance of segments' traits, (n,); infinite where one differs by a tolerance.

    Traits are in tolerances, the start of the session is divided by ``reach_s`` and has no limit.
    """
    apart = np.abs(traits - others)
    apart[:, 3] /= reach_s
    distance = np.sqrt((np.square(apart)).sum(axis=1))
    return np.where(apart[:, :3].max(axis=1) > 1.0, np.inf, distance)


SPEED, HEART_RATE = "speed_mps", "heart_rate_bpm"


class Line(msgspec.Struct, frozen=True, eq=False):
    """How a metric of forward segments changes within a session.

    Attributes:
        slopes: (2,) by speed, a m/s, and by time since the session's start, a second.
        covariance: (2, 2) of both, by sessions.
    """

    slopes: FloatArray
    covariance: FloatArray


Lines = Mapping[tuple[str, str], Line]  # by gait and metric


def at_backward_speed(
    matches: Matches, ahead: SegmentTable, sessions: int, settings: CompareSettings
) -> Matches:
    """The same pairs, the forward values as they would be at the backward speed and time.

    Args:
        matches: pairs at equal speed.
        ahead: all forward segments.
        sessions: of how many sessions they are.
        settings: for the lines.
    """
    lines = _lines(ahead, sessions, settings)
    measures = matches.ahead.measures
    gaps = np.stack(
        [
            matches.back.measures[SPEED] - measures[SPEED],
            matches.back.start_s - matches.ahead.start_s,
        ],
        axis=1,
    )
    moved = {
        key: values + (gaps * _slopes_of_each(key, matches.ahead, lines)).sum(axis=1)
        for key, values in measures.items()
    }
    return replace(matches, ahead=replace(matches.ahead, measures=moved), gaps=gaps, lines=lines)


def _slopes_of_each(key: str, ahead: SegmentTable, lines: Lines) -> FloatArray:
    """The slopes of a metric for each segment (n, 2), 0 where there is no line."""
    found = np.zeros((len(ahead.gait), 2))
    for (gait, name), line in lines.items():
        if name == key:
            found[ahead.gait == gait] = line.slopes
    return found


def _lines(ahead: SegmentTable, sessions: int, settings: CompareSettings) -> Lines:
    """Change of each metric with forward speed and with time, per gait."""
    late = ahead.session >= sessions - settings.line_sessions
    lasting = ahead.select(late & (ahead.columns["moving_s"] >= settings.line_s))
    found: dict[tuple[str, str], Line] = {}
    for gait in np.unique(lasting.gait):
        part = lasting.select(lasting.gait == gait)
        for key, values in part.measures.items():
            rows = np.stack([part.measures[SPEED], part.start_s, values], axis=1)
            known = np.isfinite(rows).all(axis=1)
            line = _line(rows[known], part.session[known], settings)
            if line is not None and key != SPEED:
                found[str(gait), key] = line
    return found


def _line(rows: FloatArray, sessions: IntArray, settings: CompareSettings) -> Line | None:
    """Least squares within sessions, of rows of speed, time and value (n, 3).

    What differs from day to day is no part of it. Time is left out where it hardly differs.
    """
    if len(rows) < max(1, settings.line_stretches):
        return None
    _, owner = np.unique(sessions, return_inverse=True)
    counts = np.bincount(owner)
    sums = np.stack([np.bincount(owner, weights=column) for column in rows.T], axis=1)
    inner = rows - (sums / counts[:, None])[owner]
    spread = np.sqrt(np.square(inner).mean(axis=0))
    if float(spread[0]) < settings.line_spread_mps:
        return None
    timed = float(spread[1]) >= settings.line_spread_s
    if timed:
        shared = dot(inner[:, 0], inner[:, 1]) / (len(rows) * float(spread[0] * spread[1]))
        timed = shared * shared < settings.line_shared
    return _fitted(inner, owner, 2 if timed else 1)


def _fitted(inner: FloatArray, owner: IntArray, columns: int) -> Line:
    """The line of centred rows (n, 3) by their first columns, with its covariance by sessions.

    Source: Liang & Zeger 1986 (Biometrika 73:13), with the correction G / (G - 1) for G sessions.
    """
    design, values = inner[:, :columns], inner[:, 2]
    bread = arithmetic.solve(product(design.T, design), np.eye(design.shape[1]))
    slopes = product(bread, product(design.T, values[:, None]))[:, 0]
    left = values - product(design, slopes[:, None])[:, 0]
    scores = np.stack([np.bincount(owner, weights=column) for column in (design.T * left)], axis=1)
    groups = len(scores)
    meat = product(scores.T, scores) * (groups / (groups - 1.0) if groups > 1 else 1.0)
    whole, covariance = np.zeros(2), np.zeros((2, 2))
    whole[:columns] = slopes
    covariance[:columns, :columns] = product(product(bread, meat), bread)
    return Line(whole, covariance)


METHOD = "mean of paired differences, clustered by session, Student's 95 % interval"


def differences(
    by_speed: Matches, by_heart_rate: Matches, settings: CompareSettings
) -> tuple[Difference, ...]:
    """Every compared metric, in the order of the page."""
    matches = {"speed": by_speed, "heart rate": by_heart_rate}
    return tuple(_difference(each, matches[each.level], settings) for each in DIFFERENCES)


def _difference(metric: Compared, matches: Matches, settings: CompareSettings) -> Difference:
    key, label, unit = metric.key, metric.label, metric.unit
    back, ahead = matches.back.measures[key], matches.ahead.measures[key]
    both = np.isfinite(back) & np.isfinite(ahead) & (ahead != 0)
    back, ahead, sessions = back[both], ahead[both], matches.back.rank[both]
    counts = (len(back), len(np.unique(sessions)))
    missing = max(0, settings.least_pairs - len(back))
    if missing:
        # there are pairs enough, and none has the metric: more of them would not help
        absent = not len(back) and len(both) >= settings.least_pairs
        note = metric.absent if absent else _too_early(missing)
        nothing = Estimate(None, None, None, METHOD, note)
        return Difference(key, label, unit, None, None, nothing, nothing, *counts, missing, note)
    apart, percent = back - ahead, 100.0 * (back - ahead) / ahead
    error = _line_error(key, matches, both)
    if key == HEART_RATE:
        error = arithmetic.hypot(error, settings.heart_rate_error_bpm)
    relative_error = 100.0 * error / abs(float(ahead.mean()))
    shared = _shared_days(matches, both)
    return Difference(
        key=key,
        label=label,
        unit=unit,
        backward=mean_by_group(back, sessions, METHOD).value,
        forward=mean_by_group(ahead, sessions, METHOD).value,
        difference=_estimate(apart, sessions, error, shared),
        percent=_estimate(percent, sessions, relative_error, shared),
        difference_sd=_between_sessions(apart, sessions),
        percent_sd=_between_sessions(percent, sessions),
        shared_days=shared,
        pairs=counts[0],
        sessions=counts[1],
        note=metric.reading,
    )


def _estimate(values: FloatArray, sessions: IntArray, error: float, shared: float) -> Estimate:
    """Mean of values (p,) by session, with ``error`` and that of shared days in its interval.

    Student's, as the rest: how much days differ is told from the same sessions.
    """
    found, spread = mean_by_group(values, sessions, METHOD), _between_sessions(values, sessions)
    if spread is not None:
        limit = student(len(np.unique(sessions)) - 1) / NORMAL
        error = arithmetic.hypot(error, limit * spread * math.sqrt(shared))
    return widened(found, error)


def _shared_days(matches: Matches, both: BoolArray) -> float:
    """Variance of the mean difference by days that pairs have in common, in that of one day.

    The form of a day cancels within a session. A partner of another session brings that of its own
    day, the same to all pairs with it, and the mean over sessions takes it for independent. With w
    the weight of pairs in the mean: the sum over forward sessions of (sum of w)², less that
    over pairs of sessions. The days of forward sessions are taken to differ as the differences do.
    """
    back, ahead = matches.back.session[both], matches.ahead.session[both]
    weight = np.where(back == ahead, 0.0, _weights(back))
    joint = back * (int(ahead.max()) + 1) + ahead
    of_days, of_pairs = (
        float(np.square(np.bincount(np.unique(each, return_inverse=True)[1], weight)).sum())
        for each in (ahead, joint)
    )
    return max(0.0, of_days - of_pairs)


def _weights(sessions: IntArray) -> FloatArray:
    """Weight of each pair (p,) in the mean of the means of its sessions."""
    _, owner = np.unique(sessions, return_inverse=True)
    return np.asarray(1.0 / np.bincount(owner)[owner] / (int(owner.max()) + 1))


def _between_sessions(values: FloatArray, sessions: IntArray) -> float | None:
    """Standard deviation of the sessions' means of values (p,); None with a single session."""
    means = group_means(values, sessions)
    return float(means.std(ddof=1)) if len(means) > 1 else None


def _line_error(key: str, matches: Matches, both: BoolArray) -> float:
    """Standard error of the mean difference by the lines, which all pairs have in common."""
    if matches.gaps is None:
        return 0.0
    variance, rank, gait = 0.0, matches.back.rank[both], matches.back.gait[both]
    share = _weights(rank)
    for (of, name), line in matches.lines.items():
        if name == key:
            weight = np.where(gait == of, share, 0.0)
            mean = (matches.gaps[both] * weight[:, None]).sum(axis=0)
            variance += dot(product(line.covariance, mean[:, None])[:, 0], mean)
    return math.sqrt(max(0.0, variance))


def _too_early(missing: int) -> str:
    return f"too early to say: {missing} more matched {'pair' if missing == 1 else 'pairs'}"
