"""Backward against forward over many sessions: values only, ready for pages and for JSON.

Times are Unix seconds (UTC), dates ISO ``YYYY-MM-DD`` on the athlete's own clock. Every number that
may be unknown is None; an `Estimate` without a value says why in ``reason``.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from retrorun.metric_types import Estimate
from retrorun.metrics import Totals
from retrorun.model.recording import Note
from retrorun.model.segment import RepetitionSet


class Pair(msgspec.Struct, frozen=True):
    """A backward segment and the forward segment that it is compared with.

    Attributes:
        backward_session: session id; with ``backward_start_s`` it names the segment.
        forward_session: the same of the forward segment; often, not always, the same session.
        gait: the gait of both.
        distance: how unlike the two are, 0 for equal; the unit is the tolerance of the match.
        backward: metric → value, the keys of `Difference.key`; None where not recorded.
        forward: the same of the forward segment.
    """

    backward_session: str
    backward_start_s: float
    forward_session: str
    forward_start_s: float
    start_time_s: float
    gait: str
    distance: float
    backward: Mapping[str, float | None]
    forward: Mapping[str, float | None]


class Difference(msgspec.Struct, frozen=True):
    """One metric, backward minus forward, over matched pairs.

    Attributes:
        key: the metric with its unit, such as ``heart_rate_bpm``.
        label: words for people.
        unit: unit in words for people.
        backward: mean of the backward segments; ``forward``: of their partners.
        difference: backward minus forward with a 95 % interval over pairs clustered by session.
        percent: the same in per cent of forward.
        pairs: pairs with the metric on both sides; ``sessions``: in how many sessions.
        missing: how many more pairs are needed before a number is given; 0 if it is given.
        note: ``too early to say: N more`` or how the number is to be read.
        difference_sd: standard deviation of the sessions' own mean differences; None with fewer
            than two sessions. ``percent_sd``: the same in per cent.
        shared_days: variance of the mean by forward days that several sessions are matched with,
            in units of the variance of one session.
    """

    key: str
    label: str
    unit: str
    backward: float | None
    forward: float | None
    difference: Estimate
    percent: Estimate
    pairs: int
    sessions: int
    missing: int = 0
    note: str = ""
    difference_sd: float | None = None
    percent_sd: float | None = None
    shared_days: float = 0.0


class Point(msgspec.Struct, frozen=True):
    """One session in a trend."""

    session: str
    start_time_s: float
    value: float
    low: float | None = None
    high: float | None = None


TrendVerdict = Literal["rising", "falling", "higher", "lower", "level", "early"]


class Trend(msgspec.Struct, frozen=True):
    """A metric over time: Theil-Sen slope a week with its 95 % interval.

    ``intercept`` is the line's value at the first point; ``weeks`` lie between first and last.
    ``probability`` is that of such a slope where the metric only wanders. ``verdict``: ``rising``
    and ``falling`` are claims about the athlete, made over all trends of a page with few false
    ones; ``higher`` and ``lower`` say how this period went, which wandering may explain; ``level``
    is no clear change; ``early`` too few sessions.
    """

    key: str
    label: str
    unit: str
    points: tuple[Point, ...]
    slope_per_week: Estimate
    intercept: float | None
    weeks: float
    sessions: int
    missing: int = 0
    note: str = ""
    probability: float | None = None
    verdict: TrendVerdict = "early"


class Week(msgspec.Struct, frozen=True):
    """One calendar week (Monday first) and what was run in it, also when nothing was."""

    monday: str
    sessions: int
    backward: Totals
    forward: Totals
    candidate: Totals


class RecordStep(msgspec.Struct, frozen=True):
    """A record as it stood once: ``seconds`` over ``distance_m``, from ``start_s`` of a session."""

    seconds: float
    distance_m: float | None
    session: str
    date: str
    start_s: float


class Record(msgspec.Struct, frozen=True):
    """A personal best backward; ``key`` is such as ``1 km``, ``longest_m`` or ``longest_s``.

    ``seconds`` over ``distance_m``, from ``start_s`` of the session on. ``progression`` is every
    time that it was set or broken, in time order; the last one is the record as it stands.
    """

    key: str
    label: str
    seconds: float
    distance_m: float | None
    session: str
    date: str
    start_s: float
    progression: tuple[RecordStep, ...] = ()


class Dose(msgspec.Struct, frozen=True):
    """Backward movement of one calendar week (Monday first), also of one without any.

    Attributes:
        monday: first day of the week.
        sessions: how many sessions; ``backward_sessions`` of them went backward.
        backward_s: in motion; ``stretches`` backward segments, ``longest_s`` the longest of them.
        step: change from the week before, a share of it; None where that had none, or is not here.
        is_large: a large step, by the settings.
        spike: most backward metres of a session of this week over the most of one in the 30 days
            before it; None where there is nothing to compare with.
    """

    monday: str
    sessions: int
    backward_sessions: int
    backward_s: float
    stretches: int
    longest_s: float
    step: float | None
    is_large: bool
    spike: float | None


class Day(msgspec.Struct, frozen=True):
    """One session in the calendar and the list; ``day_known``: its clock can have been right."""

    session: str
    date: str
    start_time_s: float
    name: str | None
    backward_s: float
    backward_m: float | None
    forward_s: float
    forward_m: float | None
    candidate_s: float
    moving_s: float
    backward_share: float | None
    backward_kcal: float | None
    total_kcal: float | None
    cost_factor: Estimate
    day_known: bool = True


class RepeatedSession(msgspec.Struct, frozen=True):
    """The sets of one kind in one session.

    ``paces_s_per_km``: of every repetition, by set and in order; None where it is not known, or
    where the repetition is unlike the others or not counted.
    """

    session: str
    date: str
    start_time_s: float
    sets: tuple[RepetitionSet, ...]
    paces_s_per_km: tuple[tuple[float | None, ...], ...]


class Repeats(msgspec.Struct, frozen=True):
    """Sessions that repeat the same, in time order, two or more.

    Attributes:
        gait: of the repetitions.
        sessions: the sessions.
        earlier_s_per_km: mean pace of each repetition over the sessions before the last, by set
            and in order as in the last one; None where none of them has it.
        difference_s_per_km: the last session's pace minus that, mean over repetitions that both
            have, with a 95 % interval over them; below 0 is quicker.
        repetitions: how many both have.
    """

    gait: str
    sessions: tuple[RepeatedSession, ...]
    earlier_s_per_km: tuple[tuple[float | None, ...], ...]
    difference_s_per_km: Estimate
    repetitions: int


class Association(msgspec.Struct, frozen=True):
    """Forward economy against backward volume, week by week: together, not because of.

    Each point is one week: ``backward_m`` run in the four weeks before it, and forward metres per
    heartbeat in it. ``slope`` is per 1,000 m of backward running.
    """

    mondays: tuple[str, ...]
    backward_m: tuple[float, ...]
    forward_m_per_beat: tuple[float, ...]
    slope: Estimate
    missing: int = 0
    note: str = ""


class Practice(msgspec.Struct, frozen=True):
    """How backward movement was done: what the claims about training speak of.

    Attributes:
        segments: backward segments; ``steep`` and ``twisty`` of them were on such ground.
        walk_s: backward walking, ``run_s`` backward running.
        walked_first: sessions whose first backward segment was walked.
        warm_up_s: median time of forward movement before the first backward segment.
        longer: sessions with more backward metres than the longest of the 30 days before by more
            than a tenth, out of ``comparable`` that had such a one.
        trimp_per_min: direction → TRIMP a minute over all sessions that have it.
        respiration_brpm: direction → mean breaths a minute, where recorded.
    """

    segments: int
    steep: int
    twisty: int
    walk_s: float
    run_s: float
    walked_first: int
    warm_up_s: float | None
    longer: int
    comparable: int
    trimp_per_min: Mapping[str, float]
    respiration_brpm: Mapping[str, float]


class Claim(msgspec.Struct, frozen=True):
    """One popular claim, the literature and the user's own data side by side.

    Attributes:
        key: stable name.
        claim: what people say.
        literature: what was measured, with its citation.
        data: the answer from the user's own data, in words.
        popular: the claim's range in numbers, where it has one; same unit as ``measured``.
        published: the literature's, the same.
        measured: the user's own number.
        unit: of all three.
        status: ``answered``, ``too early`` (data may come), ``not recorded`` (no such channel) or
            ``not measurable`` (a watch cannot measure this).
    """

    key: str
    claim: str
    literature: str
    data: str
    popular: Estimate | None
    published: Estimate | None
    measured: Estimate | None
    unit: str
    status: Literal["answered", "too early", "not recorded", "not measurable"]


class Advice(msgspec.Struct, frozen=True):
    """One piece of information for the athlete; it judges nothing.

    ``citation`` and ``limits`` say where a number comes from and what it cannot tell.
    """

    key: str
    title: str
    message: str
    citation: str | None = None
    limits: str | None = None


class Guidance(msgspec.Struct, frozen=True):
    """What one session says about warm-up, progression, ground and walking; and the safety note."""

    advice: tuple[Advice, ...]
    safety: str


class Comparison(msgspec.Struct, frozen=True):
    """Everything that the comparison page and ``compare --json`` show.

    Attributes:
        sessions: how many sessions, ``backward_sessions`` of them with counted backward movement.
        weeks_spanned: weeks from the first to the last session.
        first_date: local date of the first session; ``last_date`` of the last.
        include_candidates: whether candidates were counted as backward.
        totals: direction → sums over all sessions.
        cost_factor: the athlete's own backward cost factor, all sessions combined.
        net_factor: the same of demand above rest; None where no session has one.
        literature_factor: the measured literature's; ``popular_factor``: the popular claim's.
        pairs: the matched pairs, in time order, at most as many as the settings allow.
        days: every session, in time order. One whose day is not known is here and in sums, but not
            in dates, weeks, trends and records.
        practice: how the running was done: see `Practice`.
        repeats: sessions that repeat the same, each kind with its latest session first.
    """

    sessions: int
    backward_sessions: int
    weeks_spanned: float
    first_date: str | None
    last_date: str | None
    include_candidates: bool
    totals: Mapping[str, Totals]
    cost_factor: Estimate
    literature_factor: Estimate
    popular_factor: Estimate
    differences: tuple[Difference, ...]
    pairs: tuple[Pair, ...]
    trends: tuple[Trend, ...]
    weeks: tuple[Week, ...]
    records: tuple[Record, ...]
    days: tuple[Day, ...]
    association: Association
    practice: Practice
    notes: tuple[Note, ...] = ()
    net_factor: Estimate | None = None
    repeats: tuple[Repeats, ...] = ()

    @property
    def calendar_weeks(self) -> int:
        """Weeks that means of a week are over, empty ones among them; at least one."""
        return max(1, len(self.weeks))
