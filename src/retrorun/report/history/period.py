"""The report of a period: one printable page for a coach or a physiotherapist."""

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
from markupsafe import Markup

from retrorun.compare import is_dated
from retrorun.language import translated
from retrorun.model import Athlete, Remark, Session
from retrorun.model.comparison import Comparison, Practice, Week
from retrorun.report.history import differences, trends
from retrorun.report.history.sessions import (
    GAITS,
    Row,
    backward_parts,
    session_row,
    sessions_headline,
)
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    clock,
    counted,
    dated_span,
    duration_in_words,
    iso_dated,
    local_date,
    short,
)
from retrorun.report.page import Place, render
from retrorun.report.words import say

CANDIDATE = 2  # its place in `sessions.VERDICTS`


class PeriodContext(msgspec.Struct, frozen=True):
    """What the page needs beside sessions and comparison.

    Attributes:
        title: of the page; empty for one made from the dates.
        note: free text that stands on top.
        since: first day of the period, ``until`` its last; None where open.
        athlete: whose units are used.
        remarks: session id → what the athlete noted about it.
        place: where the page lies; a standalone one links no other.
    """

    title: str = ""
    note: str = ""
    since: dt.date | None = None
    until: dt.date | None = None
    athlete: Athlete = msgspec.field(default_factory=Athlete)
    remarks: Mapping[str, Remark] = msgspec.field(default_factory=dict)
    place: Place = msgspec.field(default_factory=Place)


class WeekRow(msgspec.Struct, frozen=True):
    """A week's minutes in motion; ``bar`` is drawn to one scale over all weeks."""

    monday: str
    sessions: int
    run: str
    walk: str
    maybe: str
    forward: str
    distance: str
    bar: Markup


class SessionRow(msgspec.Struct, frozen=True):
    """One session as in the index, and what was noted about it."""

    date: str
    row: Row
    remark: Remark


def period_page(sessions: Sequence[Session], comparison: Comparison, context: PeriodContext) -> str:
    """The report of a period, whole; needs no script.

    Args:
        sessions: those of the period, in any order.
        comparison: over these sessions only.
        context: title, note, dates, scores, units and place.
    """
    display = Display(context.athlete.units)
    ordered = sorted(sessions, key=lambda each: (each.start_time_s, each.id))
    span = _span(ordered, context)
    title = context.title.strip() or Markup(say("title_period")).format(span=span)  # noqa: S704  # our own words
    return render(
        "period",
        title.striptags() if isinstance(title, Markup) else title,
        context.place,
        name=title,
        span=span,
        headline=sessions_headline(ordered),
        note=[each.strip() for each in context.note.splitlines() if each.strip()],
        tiles=differences.cost_tiles(comparison, display),
        scale=differences.cost_scale(comparison),
        factor=differences.cost_headline(comparison),
        lead=differences.cost_lead(comparison),
        scores=_scores(ordered, context.remarks),
        weeks=_weeks(ordered, comparison, display),
        matched=differences.matched_rows(comparison.differences, display),
        trends=trends.trend_cards(comparison.trends, {}, display),
        practice=_practice(comparison.practice, comparison.backward_sessions),
        rows=[_session(each, context, display) for each in ordered],
        notes=tuple(dict.fromkeys(translated(note.message) for note in comparison.notes)),
        charts=False,
    )


def _span(sessions: Sequence[Session], context: PeriodContext) -> str:
    days = [local_date(each) for each in sessions if is_dated(each)]
    first = context.since or min(days, default=None)
    last = context.until or max(days, default=None)
    if first is None or last is None:
        return UNKNOWN
    return dated_span("span", first, last)


def _scores(sessions: Sequence[Session], remarks: Mapping[str, Remark]) -> str:
    """Both scores in one sentence; empty where nothing was noted."""
    found = [remarks[each.id] for each in sessions if each.id in remarks]
    pains = [each.pain for each in found if each.pain is not None]
    efforts = [each.effort for each in found if each.effort is not None]
    if not pains and not efforts:
        return ""
    return say(
        "period_scores",
        pain=_score(pains),
        effort=_score(efforts),
        count=counted(len(found), "sessions"),
    )


def _score(values: Sequence[int]) -> str:
    if not values:
        return say("score_none")
    return say("score_span", middle=short(median(values)), most=max(values))


def _weeks(
    sessions: Sequence[Session], comparison: Comparison, display: Display
) -> tuple[WeekRow, ...]:
    """Every week, also those without a session: backward by gait, maybe, forward.

    Of the sessions that the comparison counts, and candidates as it counts them.
    """
    compared = {day.session for day in comparison.days}
    kept = [each for each in sessions if each.id in compared]
    by_gait = _by_gait(kept, comparison.include_candidates)
    whole = (each.backward.moving_s + each.forward.moving_s for each in comparison.weeks)
    most_s = max(whole, default=0.0)
    return tuple(
        _week(each, by_gait.get(each.monday, [0.0] * len(GAITS)), most_s, display)
        for each in comparison.weeks
    )


def _by_gait(
    sessions: Sequence[Session],
    include_candidates: bool,  # noqa: FBT001 - a value of the comparison
) -> Mapping[str, list[float]]:
    """Monday → backward seconds that count by gait, in the order of `GAITS`."""
    found: dict[str, list[float]] = {}
    for each in sessions:
        day = local_date(each)
        monday = (day - dt.timedelta(days=day.weekday())).isoformat()
        sums = found.setdefault(monday, [0.0] * len(GAITS))
        for gait, verdict, seconds in backward_parts(each):
            sums[int(gait)] += seconds if include_candidates or verdict != CANDIDATE else 0
    return found


def _week(week: Week, by_gait: Sequence[float], most_s: float, display: Display) -> WeekRow:
    run_s, walk_s = by_gait
    back, maybe, ahead = week.backward, week.candidate, week.forward
    return WeekRow(
        iso_dated(week.monday),
        week.sessions,
        _minutes(run_s),
        _minutes(walk_s),
        _minutes(maybe.moving_s),
        _minutes(ahead.moving_s),
        display.distance(back.distance_m) if back.distance_m else "",
        _bar((back.moving_s, maybe.moving_s, ahead.moving_s), most_s),
    )


def _minutes(seconds: float) -> str:
    return clock(seconds) if seconds else ""


def _bar(seconds: tuple[float, float, float], most_s: float) -> Markup:
    """Backward, maybe and forward one after the other."""
    scale = 100 / max(most_s + seconds[1], 1.0)
    rects, x = "", 0.0
    for name, part in zip(("backward", "candidate", "forward"), seconds, strict=True):
        width = part * scale
        if width:
            rects += f'<rect class="stretch {name}" x="{x:.1f}%" width="{width:.1f}%" height="14"/>'
        x += width
    return Markup(f'<svg class="week" width="100%" height="14" aria-hidden="true">{rects}</svg>')  # noqa: S704  # numbers and our own words


def _practice(done: Practice, backward_sessions: int) -> tuple[tuple[str, str], ...]:
    """How backward movement was done, as far as there is any."""
    if not done.segments:
        return ()
    warm_up = UNKNOWN
    if done.warm_up_s is not None:
        warm_up = say("practice_warm_up_value", time=duration_in_words(done.warm_up_s))
    ground = say("practice_ground_value", steep=done.steep, twisty=done.twisty, whole=done.segments)
    return (
        (say("period_run"), duration_in_words(done.run_s)),
        (say("period_walk"), duration_in_words(done.walk_s)),
        (say("practice_walked"), _of(done.walked_first, backward_sessions)),
        (say("practice_warm_up"), warm_up),
        (say("practice_longer"), _of(done.longer, done.comparable) if done.comparable else UNKNOWN),
        (say("practice_ground"), ground),
    )


def _of(count: int, whole: int) -> str:
    return say("practice_of", count=count, sessions=counted(whole, "sessions"))


def _session(session: Session, context: PeriodContext, display: Display) -> SessionRow:
    remark = context.remarks.get(session.id, Remark())
    day = iso_dated(local_date(session).isoformat())
    return SessionRow(day, session_row(session, display), remark)
