"""How metrics change over time: robust slopes, with the weeks and sessions behind them."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun.compare.sessions import by_week, counted, segments_of_kind, total
from retrorun.compare.statistics import LEAST_POINTS, SlopeTest, significant, slope_test, theil_sen
from retrorun.metric_types import Trended
from retrorun.metrics import TRENDED
from retrorun.model import Estimate, MeasuredSegment, Remark, Session, Totals
from retrorun.model.comparison import Association, Point, Trend, TrendVerdict, Week
from retrorun.settings import CompareSettings
from retrorun.units import WEEK_S

METHOD = "Theil-Sen slope; 95 % interval of Sen, widened where numbers may wander"
Measure = Callable[[Session, CompareSettings], float | Estimate | None]
CAUTION = "runs together with the volume; that is not a cause"


def mean_speed(measured: Sequence[MeasuredSegment]) -> float | None:
    """Mean over the moving time whose speed is known: a hole in the position is no slow segment."""
    known = [
        (each.metrics.speed_mps, each.metrics.moving_s)
        for each in measured
        if each.metrics.speed_mps is not None
    ]
    moving_s = sum(seconds for _, seconds in known)
    return sum(speed * seconds for speed, seconds in known) / moving_s if moving_s > 0 else None


def _metres_per_beat(
    sessions: Sequence[Session], kind: str, settings: CompareSettings
) -> float | None:
    """Metres per heartbeat of a kind of movement; heart rate must cover most of the time.

    Moving time whose speed is not known counts at the mean speed of the rest: its beats are
    counted, its metres are not.
    """
    totals = Totals.of(total(each, kind, settings) for each in sessions)
    speed_mps = mean_speed(
        [part for each in sessions for part in segments_of_kind(each, kind, settings)]
    )
    if (
        speed_mps is None
        or totals.seconds <= 0
        or totals.beats <= 0
        or totals.beats_s < settings.economy_coverage * totals.seconds
    ):
        return None
    return speed_mps * totals.moving_s / totals.beats * totals.beats_s / totals.seconds


def _lasting(
    kind: str, derived: Callable[[Session, Totals, CompareSettings], float | None]
) -> Measure:
    """A metric of all movement of a kind, where that lasts long enough to have one."""

    def measure(session: Session, settings: CompareSettings) -> float | None:
        totals = total(session, kind, settings)
        least_s = settings.segment_s if kind == "backward" else settings.economy_s
        return derived(session, totals, settings) if totals.moving_s >= least_s else None

    return measure


def _speed_mps(kind: str) -> Measure:
    return _lasting(
        kind, lambda session, _, settings: mean_speed(segments_of_kind(session, kind, settings))
    )


def _economy(kind: str) -> Measure:
    return _lasting(kind, lambda session, _, settings: _metres_per_beat([session], kind, settings))


def _step_rate_spm(_: Session, totals: Totals, __: CompareSettings) -> float | None:
    return 60.0 * totals.steps / totals.steps_s if totals.steps_s > 0 else None


def _factor(session: Session, _: CompareSettings) -> Estimate | None:
    factor = session.measures.cost_factor
    return factor if factor.value is not None else None


def _share(session: Session, settings: CompareSettings) -> float | None:
    backward = total(session, "backward", settings).moving_s
    return 100.0 * backward / session.moving_s if backward and session.moving_s > 0 else None


def _longest(session: Session, settings: CompareSettings) -> float | None:
    return max(
        (m.metrics.seconds for m in segments_of_kind(session, "backward", settings)), default=None
    )


# the functions behind `metrics.TRENDED`
COMPUTED: Mapping[str, Measure] = {
    "cost_factor": _factor,
    "backward_speed_mps": _speed_mps("backward"),
    "backward_share_pct": _share,
    "backward_longest_s": _longest,
    "backward_cadence_spm": _lasting("backward", _step_rate_spm),
    "backward_metres_per_beat": _economy("backward"),
    "forward_metres_per_beat": _economy("forward"),
    "forward_speed_mps": _speed_mps("forward"),
}


def trends(sessions: Sequence[Session], settings: CompareSettings) -> tuple[Trend, ...]:
    """Every metric's trend, in the order of the page; ``sessions`` in time order.

    Which of them rise or fall is decided over all of them together (`statistics.significant`).
    """
    return _with_verdicts([_trend(each, sessions, settings) for each in TRENDED], settings)


def score_trends(
    sessions: Sequence[Session], remarks: Mapping[str, Remark], settings: CompareSettings
) -> tuple[Trend, ...]:
    """Pain and effort over time, as far as they were noted.

    Args:
        sessions: in time order, their days known.
        remarks: session id → what was noted about it.
        settings: how much data a trend needs.
    """
    noted = [(each, remarks[each.id]) for each in sessions if each.id in remarks]
    found = []
    for key in ("pain", "effort"):
        scores = [(session, getattr(remark, key)) for session, remark in noted]
        points = tuple(_point(session, float(at)) for session, at in scores if at is not None)
        found.append(_trend_of_points((key, key, ""), points, settings))
    return _with_verdicts(found, settings)


def _with_verdicts(found: Sequence[Trend], settings: CompareSettings) -> tuple[Trend, ...]:
    known = [each for each in found if each.probability is not None]
    certain = significant([each.probability or 0.0 for each in known], settings.trend_false)
    settled = {each.key for each, certainly in zip(known, certain, strict=True) if certainly}
    return tuple(_with_verdict(each, each.key in settled) for each in found)


def _with_verdict(trend: Trend, certain: bool) -> Trend:  # noqa: FBT001 - a value
    """The trend with its verdict: without certainty a change is one of this period only."""
    slope = trend.slope_per_week
    if not certain or slope.low is None or slope.high is None or slope.low <= 0 <= slope.high:
        return trend
    rises = (slope.value or 0.0) > 0
    return msgspec.structs.replace(trend, verdict="rising" if rises else "falling")


def _trend(metric: Trended, sessions: Sequence[Session], settings: CompareSettings) -> Trend:
    measure = COMPUTED[metric.key]
    found = ((session, measure(session, settings)) for session in sessions)
    points = tuple(_point(session, value) for session, value in found if value is not None)
    return _trend_of_points((metric.key, metric.label, metric.unit), points, settings)


def _trend_of_points(
    name: tuple[str, str, str], points: tuple[Point, ...], settings: CompareSettings
) -> Trend:
    """The trend of key, label and unit through points in time order."""
    key, label, unit = name
    weeks = (points[-1].start_time_s - points[0].start_time_s) / WEEK_S if points else 0.0
    missing = max(0, settings.least_trend_sessions - len(points))
    if missing or weeks < settings.least_trend_weeks:
        note = _too_early(missing, weeks, settings)
        slope = Estimate(None, None, None, METHOD, note)
        return Trend(key, label, unit, points, slope, None, weeks, len(points), missing, note)
    time_weeks, values = _series(points, settings)
    slope, intercept = theil_sen(time_weeks, values, METHOD)
    test = slope_test(time_weeks, time_weeks, values, settings)
    note = f"{len(points)} sessions over {weeks:.0f} weeks"
    return Trend(
        key,
        label,
        unit,
        points,
        _widened_for_wander(slope, test),
        intercept,
        weeks,
        len(points),
        note=note,
        probability=test.probability,
        verdict=_period_verdict(slope),
    )


def _period_verdict(slope: Estimate) -> TrendVerdict:
    """How the period went, by Sen's interval: as if its points had nothing in common."""
    if (slope.low or 0.0) > 0:
        return "higher"
    return "lower" if (slope.high or 0.0) < 0 else "level"


def _widened_for_wander(slope: Estimate, test: SlopeTest) -> Estimate:
    """The slope; its interval holds Sen's and that of `slope_test`, under noise with a memory."""
    if slope.value is None or slope.low is None or slope.high is None:
        return slope
    low, high = min(slope.low, slope.value - test.reach), max(slope.high, slope.value + test.reach)
    return replace(slope, low=low, high=high)


def _too_early(missing: int, weeks: float, settings: CompareSettings) -> str:
    if missing:
        return f"too early to say: {counted(missing, 'more session')}"
    rest = max(1, round(settings.least_trend_weeks - weeks))
    return f"too early to say: {counted(rest, 'more week')}"


def _point(session: Session, value: float | Estimate) -> Point:
    if isinstance(value, Estimate):
        number = value.value or 0.0
        return Point(session.id, session.start_time_s, number, value.low, value.high)
    return Point(session.id, session.start_time_s, value)


def _series(points: Sequence[Point], settings: CompareSettings) -> tuple[np.ndarray, np.ndarray]:
    """Weeks since the first point, and values; long series as medians of equal stretches of time.

    All pairs of ten thousand points would be fifty million slopes. Where nearly all points lie at
    two times, the stretches hold equally many points instead: a slope needs three of them.
    """
    times = np.array([point.start_time_s for point in points])
    values = np.array([point.value for point in points])
    weeks = (times - times[0]) / WEEK_S
    if len(points) <= settings.trend_points:
        return weeks, values
    place = np.minimum(
        (weeks / weeks[-1] * settings.trend_points).astype(int), settings.trend_points - 1
    )
    if len(np.unique(place)) < LEAST_POINTS:
        place = np.arange(len(points)) * settings.trend_points // len(points)
    groups = [np.flatnonzero(place == each) for each in np.unique(place)]
    middle = [(float(np.median(weeks[g])), float(np.median(values[g]))) for g in groups]
    return np.array([week for week, _ in middle]), np.array([value for _, value in middle])


def association(
    sessions: Sequence[Session], weeks: Sequence[Week], settings: CompareSettings
) -> Association:
    """Forward metres per heartbeat of each week against backward metres of the four before it.

    ``weeks`` are those of the sessions.
    """
    rows: list[tuple[str, float, float]] = []
    held = list(by_week(sessions).values())
    for index in range(settings.volume_weeks, len(weeks)):
        before = weeks[index - settings.volume_weeks : index]
        economy = _metres_per_beat(held[index], "forward", settings)
        if economy is not None:
            metres = [week.backward.distance_m for week in before]
            known = [each for each in metres if each is not None]
            if len(known) == len(metres):
                rows.append((weeks[index].monday, sum(known), economy))
    rows = rows[-settings.trend_points :]
    missing = max(0, settings.least_association_weeks - len(rows))
    mondays = tuple(monday for monday, _, _ in rows)
    volumes = tuple(volume for _, volume, _ in rows)
    economies = tuple(economy for _, _, economy in rows)
    if missing:
        note = f"too early to say: {counted(missing, 'more week')}"
        slope = Estimate(None, None, None, METHOD, note)
    else:
        note = f"{len(rows)} weeks; {CAUTION}"
        slope = _association_slope(mondays, volumes, economies, settings)
    return Association(mondays, volumes, economies, slope, missing, note)


def _association_slope(
    mondays: Sequence[str],
    volumes: Sequence[float],
    economies: Sequence[float],
    settings: CompareSettings,
) -> Estimate:
    """Slope of economy by 1,000 m of volume; both may wander over the weeks."""
    days = [dt.date.fromisoformat(each).toordinal() for each in mondays]
    weeks, run, values = np.array(days) / 7.0, np.array(volumes) / 1000.0, np.array(economies)
    slope, _ = theil_sen(run, values, METHOD)
    if slope.value is None:
        return slope
    return _widened_for_wander(slope, slope_test(weeks, run, values, settings))
