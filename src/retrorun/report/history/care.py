"""The page of care: backward dose a week, pain and effort, on one printed sheet.

For rehabilitation and coaching. It tells what was done and noted, and judges nothing; all of it
stands without a script.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec
from markupsafe import Markup

from retrorun import compare
from retrorun.language import translated
from retrorun.literature import BY_KEY, value
from retrorun.model import Remark, Session
from retrorun.model.comparison import Dose, Trend
from retrorun.report.numbers import (
    MetricFormat,
    clock,
    counted,
    dated,
    dated_span,
    duration_in_words,
    iso_dated,
    local_date,
    number,
    percent,
    short,
    short_date,
    signed,
)
from retrorun.report.page import LIVE, Place, render
from retrorun.report.words import say
from retrorun.settings import CompareSettings

WEEKS = 12  # as many as fit on one sheet with what else stands there
NOTES = 6
LONGEST_WORDS = 90  # characters of a note: one line of the sheet
RECENT_WEEKS = 4
MOST = 10  # the highest score
SCORES = ("pain", "effort")
ByWeek = Mapping[str, Mapping[str, Sequence[int]]]  # Monday → score → its values


class CareContext(msgspec.Struct, frozen=True):
    """What the page needs beside the sessions.

    Attributes:
        remarks: session id → what the athlete noted about it.
        settings: what counts as backward, and what is a large step.
        archive_option: what a command needs to find the archive; empty in its usual place.
        live: it comes from the server of `retrorun open`.
    """

    remarks: Mapping[str, Remark]
    settings: CompareSettings
    archive_option: str = ""
    live: bool = False


class WeekRow(msgspec.Struct, frozen=True):
    """A week's dose and scores; ``bar`` is drawn to one scale over all weeks of the page."""

    monday: Markup
    sessions: int
    time: str
    stretches: str
    longest: str
    step: str
    spike: str
    pain: str
    effort: str
    bar: Markup


class NoteRow(msgspec.Struct, frozen=True):
    """What was noted about one session."""

    session: str
    date: Markup
    backward: str
    pain: str
    effort: str
    words: str


def care_page(sessions: Sequence[Session], context: CareContext) -> str:
    """The page, whole.

    Args:
        sessions: any number, also none, in any order.
        context: notes and settings.
    """
    ordered = sorted(
        filter(compare.is_dated, sessions), key=lambda each: (each.start_time_s, each.id)
    )
    doses = compare.doses(ordered, context.settings)[-WEEKS:]
    by_week = _scores_by_week(ordered, context.remarks)
    trends = compare.score_trends(ordered, context.remarks, context.settings)
    return render(
        "care",
        say("title_care"),
        LIVE if context.live else Place(),
        page_class="live care" if context.live else "care",
        span=_span(doses),
        headline=_headline(doses),
        lead=_lead(doses),
        weeks=_weeks(doses, by_week),
        method=_method(context.settings),
        scores=[words for each in trends if (words := _score_words(each, doses, by_week))],
        picture=_picture(ordered, context.remarks, doses),
        notes=_notes(ordered, context.remarks),
        command=_command(ordered, context),
        charts=False,
    )


def _span(doses: Sequence[Dose]) -> str | Markup:
    if not doses:
        return ""
    first, last = (dt.date.fromisoformat(each.monday) for each in (doses[0], doses[-1]))
    return dated_span("span", first, last + dt.timedelta(days=6))


def _headline(doses: Sequence[Dose]) -> Markup:
    """How much of the last week with a session was backward."""
    if not doses:
        return Markup(say("care_headline_empty"))  # noqa: S704  # our own words
    week = doses[-1]
    template = say("care_headline" if week.stretches else "care_headline_none")
    return Markup(template).format(  # noqa: S704  # our own words
        date=dated(dt.date.fromisoformat(week.monday)),
        time=duration_in_words(week.backward_s),
        stretches=counted(week.stretches, "stretches"),
    )


def _lead(doses: Sequence[Dose]) -> str:
    """The last week beside the one before it."""
    if not doses:
        return say("index_empty")
    week = doses[-1]
    if week.step is None or len(doses) < 2:
        return say("care_step_none")
    return say(
        "care_step",
        change=signed(100 * week.step, 0, "%"),
        before=duration_in_words(doses[-2].backward_s),
        large=say("care_step_large") if week.is_large else "",
    )


def _scores_by_week(sessions: Sequence[Session], remarks: Mapping[str, Remark]) -> ByWeek:
    found: dict[str, dict[str, list[int]]] = {}
    for each in sessions:
        day = local_date(each)
        monday = (day - dt.timedelta(days=day.weekday())).isoformat()
        for name in SCORES:
            score = getattr(remarks.get(each.id, Remark()), name)
            if score is not None:
                found.setdefault(monday, {key: [] for key in SCORES})[name].append(score)
    return found


def _weeks(doses: Sequence[Dose], scores: ByWeek) -> tuple[WeekRow, ...]:
    """The weeks of the sheet, latest first."""
    most_s = max((each.backward_s for each in doses), default=0.0)
    return tuple(_week(each, scores.get(each.monday, {}), most_s) for each in reversed(doses))


def _week(dose: Dose, scores: Mapping[str, Sequence[int]], most_s: float) -> WeekRow:
    is_longer = dose.spike is not None and dose.spike > value("small_spike")
    return WeekRow(
        monday=iso_dated(dose.monday),
        sessions=dose.sessions,
        time=clock(dose.backward_s) if dose.backward_s else "",
        stretches=str(dose.stretches) if dose.stretches else "",
        longest=clock(dose.longest_s) if dose.longest_s else "",
        step=_marked(dose.step, "care_mark_step" if dose.is_large else ""),
        spike=_marked(
            None if dose.spike is None else dose.spike - 1.0,
            "care_mark_spike" if is_longer else "",
        ),
        pain=_score(scores.get("pain", ())),
        effort=_score(scores.get("effort", ())),
        bar=_bar(dose.backward_s, most_s),
    )


def _marked(change: float | None, mark: str) -> str:
    if change is None:
        return ""
    words = signed(100 * change, 0, "%")
    return f"{words} {say(mark)}" if mark else words


def _score(values: Sequence[int]) -> str:
    """The median, and the highest where it is another."""
    if not values:
        return ""
    middle = short(median(values))
    return middle if max(values) == min(values) else f"{middle} ({max(values)})"


def _bar(seconds: float, most_s: float) -> Markup:
    width = 100 * seconds / most_s if most_s else 0.0
    rect = f'<rect class="stretch backward" width="{width:.1f}%" height="11"/>' if width else ""
    return Markup(f'<svg class="week" width="100%" height="11" aria-hidden="true">{rect}</svg>')  # noqa: S704  # numbers only


def _method(settings: CompareSettings) -> tuple[str, ...]:
    """What the marks mean, where that comes from, and what it cannot tell."""
    ratio = BY_KEY["injury_small_spike"]
    return (
        say("care_large", percent=percent(settings.dose_step)),
        say(
            "care_source",
            days=number(value("spike_window")),
            percent=percent(value("small_spike") - 1.0),
            ratio=number(ratio.value, 2),
            low=number(ratio.low, 2),
            high=number(ratio.high, 2),
            citation=ratio.citation.partition(": ")[0],
        ),
    )


def _score_words(
    trend: Trend, doses: Sequence[Dose], scores: ByWeek
) -> tuple[str, str, str, str] | None:
    """Key, name, the last weeks and the trend of a score; None where it was never noted."""
    if not trend.points:
        return None
    recent = [
        score
        for dose in doses[-RECENT_WEEKS:]
        for score in scores.get(dose.monday, {}).get(trend.key, ())
    ]
    middle = say("care_recent_none")
    if recent:
        span = say("score_span", middle=short(median(recent)), most=max(recent))
        middle = say("care_recent", span=span, weeks=counted(RECENT_WEEKS, "weeks"))
    return trend.key, say(f"shown_{trend.key}"), middle, _trend_words(trend)


def _trend_words(trend: Trend) -> str:
    slope = trend.slope_per_week
    if slope.value is None:
        return translated(trend.note)
    how = MetricFormat("", "", 1.0, 1)
    return say(
        "care_way",
        way=say(f"way_{trend.verdict}"),
        change=how.change(slope.value),
        interval=how.interval(slope.low, slope.high),
        note=translated(trend.note),
    )


def _notes(sessions: Sequence[Session], remarks: Mapping[str, Remark]) -> tuple[NoteRow, ...]:
    """The latest notes, latest first."""
    noted = [each for each in reversed(sessions) if remarks.get(each.id, Remark()) != Remark()]
    return tuple(_note(each, remarks[each.id]) for each in noted[:NOTES])


def _note(session: Session, remark: Remark) -> NoteRow:
    backward_s = session.total("backward").moving_s
    text = " ".join(remark.text.split())
    return NoteRow(
        session.id,
        iso_dated(local_date(session).isoformat()),
        clock(backward_s) if backward_s else "",
        number(remark.pain),
        number(remark.effort),
        text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 1]}…",
    )


def _command(sessions: Sequence[Session], context: CareContext) -> str:
    """What notes pain and effort of the latest backward session; empty where they are noted."""
    backward = [each for each in sessions if each.total("backward").moving_s] or sessions
    if not backward:
        return ""
    remark = context.remarks.get(backward[-1].id, Remark())
    if remark.pain is not None and remark.effort is not None:
        return ""
    return say("care_command", session=backward[-1].id, archive=context.archive_option)


WIDTH, HEIGHT = 600, 132  # of the picture, in its own units
LEFT, RIGHT, TOP, BOTTOM = 32, 8, 10, 22  # free around what is drawn


class _Frame(msgspec.Struct, frozen=True):
    """The picture: days from ``first`` on from left to right, scores from 0 upward."""

    first: dt.date
    days: int

    def x(self, day: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * day / self.days

    def y(self, score: float) -> float:
        return TOP + (HEIGHT - BOTTOM - TOP) * (1 - score / MOST)


def _picture(
    sessions: Sequence[Session], remarks: Mapping[str, Remark], doses: Sequence[Dose]
) -> Markup | None:
    """Each score at its day, over the weeks of the table; None where none of them was noted."""
    if not doses:
        return None
    frame = _Frame(dt.date.fromisoformat(doses[0].monday), 7 * len(doses))
    shown = [each for each in sessions if each.id in remarks and local_date(each) >= frame.first]
    lines = [_line(name, shown, remarks, frame) for name in SCORES]
    if not any(lines):
        return None
    svg = (
        f'<svg class="scores" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{say("care_picture")}">{_grid(frame, len(doses))}{"".join(lines)}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words


def _grid(frame: _Frame, weeks: int) -> str:
    """Scores at 0, 5 and 10, and the weeks' first days, at most six."""
    parts = [
        f'<path class="rule" d="M{LEFT} {frame.y(score):.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{frame.y(score) + 4:.1f}" text-anchor="end">{score}</text>'
        for score in (0, MOST // 2, MOST)
    ]
    for week in range(0, weeks, max(1, -(-weeks // 6))):
        day = frame.first + dt.timedelta(weeks=week)
        words = short_date(day).rsplit(" ", 1)[0]
        parts.append(f'<text x="{frame.x(7 * week):.1f}" y="{HEIGHT - 4}">{words}</text>')
    return "".join(parts)


def _line(
    name: str, sessions: Sequence[Session], remarks: Mapping[str, Remark], frame: _Frame
) -> str:
    """One score's marks, joined: pain as diamonds, effort as circles."""
    points = [
        (frame.x((local_date(each) - frame.first).days + 0.5), frame.y(score))
        for each in sessions
        if (score := getattr(remarks[each.id], name)) is not None
    ]
    if not points:
        return ""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    shape = '<path d="M{0:.1f} {1:.1f}m0 -5.5l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>'
    if name == "effort":
        shape = '<circle cx="{0:.1f}" cy="{1:.1f}" r="4"/>'
    marks = "".join(shape.format(x, y) for x, y in points)
    return f'<g class="{name}"><path class="joined" d="M{path}"/>{marks}</g>'
