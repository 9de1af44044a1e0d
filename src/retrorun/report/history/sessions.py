"""The list of sessions, newest first by month, with the data of its filters; and the index page."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from markupsafe import Markup

from retrorun.compare import is_dated
from retrorun.model import Athlete, MeasuredSegment, Session, Totals
from retrorun.report.inbox import Inbox, answer_call, habit
from retrorun.report.numbers import (
    Display,
    MainNumbers,
    clock,
    counted,
    dated,
    dated_span,
    duration_in_words,
    local_date,
    main_numbers,
    month_and_year,
    session_name,
    time_element,
)
from retrorun.report.page import LIVE, Fault, Place, render
from retrorun.report.words import say, words_for
from retrorun.time_zone import local_time

STRIP = 96  # units from start to finish of a session's strip
GAITS = ("run", "walk")
VERDICTS = ("confirmed", "labelled", "candidate", "habit")
MOST_NAMED = 20  # outdated sessions that are named one by one


class Row(msgspec.Struct, frozen=True):
    """One session; ``sure`` and ``maybe`` are the paths of its strip.

    ``tone``: ``b`` backward, ``c`` maybe, ``u`` where nothing tells the directions apart.
    """

    id: str
    day: str
    date: str
    name: str
    sure: str
    maybe: str
    time: str
    distance: str
    backward: str
    share: str
    tone: str


class Month(msgspec.Struct, frozen=True):
    """A month's sessions, newest first."""

    key: str
    title: str
    note: str
    rows: tuple[Row, ...]


class SessionList(msgspec.Struct, frozen=True):
    """The list by month, and columns in its order for the script."""

    months: tuple[Month, ...]
    places: tuple[str, ...]
    data: Mapping[str, Any]

    def data_for(self, charts: bool) -> Mapping[str, Any]:  # noqa: FBT001 - for a template
        """The columns that a page needs: seconds forward are for the chart of weeks only."""
        return {key: each for key, each in self.data.items() if charts or key != "forward_s"}

    @property
    def count(self) -> int:
        """How many sessions."""
        return sum(len(each.rows) for each in self.months)


def list_sessions(sessions: Sequence[Session], athlete: Athlete) -> SessionList:
    """The list of sessions, built once for the index and the comparison."""
    return session_list(sessions, Display(athlete.units))


def session_list(sessions: Sequence[Session], display: Display) -> SessionList:
    """The list of any number of sessions in any order."""
    newest = sorted(sessions, key=lambda each: (-each.start_time_s, each.id))
    # by the athlete's own clock: a flight may turn two neighbours round at a month's end
    ordered = sorted(newest, key=_month_of, reverse=True)
    months = tuple(
        _month(key, list(found), display) for key, found in groupby(ordered, key=_month_of)
    )
    places = tuple(sorted({_place(each) for each in ordered}))
    return SessionList(months, places, _data(ordered, places))


def _month_of(session: Session) -> str:
    """Year and month, ``YYYY-MM``; empty, and so last, where the day is not known."""
    return local_date(session).isoformat()[:7] if is_dated(session) else ""


def _month(key: str, sessions: Sequence[Session], display: Display) -> Month:
    day = local_date(sessions[0])
    backward = sum(each.time_s("backward") for each in sessions)
    words = (
        say("month_backward", time=duration_in_words(backward)) if backward else say("month_none")
    )
    return Month(
        key,
        time_element(key, month_and_year(day)) if key else say("day_unknown"),
        f"{counted(len(sessions), 'sessions')} · {words}",
        tuple(session_row(each, display) for each in sessions),
    )


def session_row(session: Session, display: Display) -> Row:
    """One session as the lists show it."""
    moment = local_time(session.start_time_s, session.zone)
    found = main_numbers(session, display)
    backward, maybe = session.time_s("backward"), session.time_s("candidate")
    segments, whole_s = session.measures.segments, session.duration_s
    undecided = session.is_undecided
    return Row(
        id=session.id,
        day=_day(moment) if is_dated(session) else str(moment.date()),
        date=moment.date().isoformat(),
        name=listed_name(session, display),
        sure=strip_path(segments, "backward", whole_s),
        maybe=strip_path(segments, "candidate", whole_s),
        time=clock(session.duration_s),
        distance=found.distance,
        backward=say("row_unknown") if undecided else _backward(found, certain=backward > 0),
        share=found.share,
        tone="u" if undecided else "b" if backward else "c" if maybe else "",
    )


def _day(moment: dt.date) -> str:
    """Such as ``Sun 3``: a month's table needs no more."""
    weekday = say("weekdays_short").split()[moment.weekday()]
    return say("day_of_month", weekday=weekday, day=moment.day)


def _backward(found: MainNumbers, *, certain: bool) -> str:
    if not certain:
        return say("row_maybe", time=found.candidate_time) if found.candidate_time else ""
    also = f" ({say('row_habit', time=found.habit_time)})" if found.habit_time else ""
    return f"{found.backward_time}{also}"


def listed_name(session: Session, display: Display) -> str:
    """The session's name, never so long that it hides the rest."""
    words = session_name(session, display)
    return words if len(words) <= 60 else f"{words[:59]}…"


def strip_path(segments: Sequence[MeasuredSegment], wanted: str, duration_s: float) -> str:
    """Segments of one kind as strokes on a line of `STRIP` units; neighbours become one."""
    scale = STRIP / max(duration_s, 1.0)
    path, pen = "", -1
    for each in segments:
        if each.segment.kind != wanted:
            continue
        start = max(round(each.segment.start_s * scale), pen)
        end = min(max(round(each.segment.end_s * scale), start + 1), STRIP)
        if end > start:
            path += f"h{end - start}" if start == pen else f"M{start} 4h{end - start}"
            pen = end
    return path


def _place(session: Session) -> str:
    """The time zone's name: all the place that a session keeps; empty where it is not known."""
    return (session.zone.name or "") if session.zone else ""


def _data(sessions: Sequence[Session], places: Sequence[str]) -> Mapping[str, Any]:
    """Columns by session: seconds forward by gait, place, backward parts; and who is undecided."""
    index = {place: number for number, place in enumerate(places)}
    return {
        "date": [local_date(each).isoformat() if is_dated(each) else "" for each in sessions],
        "forward_s": [_forward(each) for each in sessions],
        "place": [index[_place(each)] for each in sessions],
        "parts": [backward_parts(each) for each in sessions],
        "undecided": [place for place, each in enumerate(sessions) if each.is_undecided],
    }


def _forward(session: Session) -> list[float]:
    """Seconds forward by gait, in the order of `GAITS`."""
    measured = session.measures.segments
    return [
        _exact(
            sum(
                each.metrics.moving_s
                for each in measured
                if each.segment.direction == "forward" and each.segment.gait == gait
            )
        )
        for gait in GAITS
    ]


def _exact(value: float) -> float:
    """A part of a sum, so that what is made of the parts is rounded once: where it is shown."""
    return int(value) if value == int(value) else round(value, 3)


def backward_parts(session: Session) -> list[list[float]]:
    """Backward movement as [gait, verdict, seconds], by their places in the lists above."""
    sums: dict[tuple[int, int], float] = {}
    for each in session.measures.segments:
        segment, metrics = each.segment, each.metrics
        if segment.direction == "backward" and segment.gait in GAITS:
            place = (GAITS.index(segment.gait), VERDICTS.index(segment.verdict))
            sums[place] = sums.get(place, 0.0) + metrics.moving_s
    return [[*place, _exact(found)] for place, found in sorted(sums.items())]


def index_page(  # noqa: PLR0913 - one for each thing that the page holds
    sessions: Sequence[Session],
    athlete: Athlete,
    listed: SessionList | None = None,
    faults: Sequence[Fault] = (),
    outdated: Collection[str] = (),
    *,
    inbox: Inbox | None = None,
    archive_option: str = "",
) -> str:
    """The page that lists all sessions and leads to their pages.

    Args:
        sessions: any number, also none, in any order.
        athlete: whose units are used, and what their answers taught.
        listed: their list, where it stands on another page, too; made if it is not given.
        faults: further sessions, which cannot be shown.
        outdated: ids of sessions that are to be analysed again.
        inbox: makes it the home page of `retrorun open`, with what waits on top.
        archive_option: what a command needs to find the archive.
    """
    display = Display(athlete.units)
    return render(
        "index",
        say("title_index"),
        Place() if inbox is None else LIVE,
        inbox={} if inbox is None else inbox.document(),
        call=answer_call(sessions, archive_option) if inbox is None else None,
        headline=sessions_headline(sessions),
        nothing=not any(each.time_s("backward") for each in sessions),
        subline=_subline(sessions, display),
        log=listed or session_list(sessions, display),
        faults=faults,
        outdated=outdated_rows(sessions, outdated, display),
        more_outdated=max(len(outdated) - MOST_NAMED, 0),
        habit=habit(athlete, archive_option),
        charts=False,
    )


def outdated_rows(
    sessions: Sequence[Session], outdated: Collection[str], display: Display
) -> tuple[tuple[str, str], ...]:
    """Id and words of the sessions that are to be analysed again, newest first, the first few."""
    chosen = set(outdated)
    found = sorted(
        (each for each in sessions if each.id in chosen), key=lambda each: -each.start_time_s
    )
    return tuple(
        (each.id, Markup("{}, {}").format(dated(local_date(each)), listed_name(each, display)))
        for each in found[:MOST_NAMED]
    )


def sessions_headline(sessions: Sequence[Session]) -> Markup:
    """How much of all sessions was backward, in one sentence."""
    backward = [each.time_s("backward") for each in sessions]
    count = sum(seconds > 0 for seconds in backward)
    if not count:
        which = {0: "empty", 1: "single"}.get(len(sessions), "none")
        return Markup(say(f"index_headline_{which}")).format(whole=len(sessions))  # noqa: S704  # our own words
    only = len(sessions) == 1
    template = say("index_headline_only") if only else words_for("index_headline", count)
    time = duration_in_words(sum(backward))
    return Markup(template).format(  # noqa: S704  # our own words
        verb=_verb(sessions), time=time, count=count, whole=len(sessions)
    )


def _verb(sessions: Sequence[Session]) -> str:
    """How it was done: run, walked or both, in what is certain."""
    gaits = {
        each.segment.gait
        for session in sessions
        for each in session.measures.segments
        if each.segment.kind == "backward"
    }
    if gaits == {"walk"}:
        return say("verb_walk")
    return say("verb_both") if "walk" in gaits else say("verb_run")


def _subline(sessions: Sequence[Session], display: Display) -> str:
    if not sessions:
        return say("index_empty")
    days = [local_date(each) for each in sessions if is_dated(each)]
    backward = Totals.of(each.total("backward") for each in sessions)
    whole = sum(each.distance_m or 0.0 for each in sessions)
    parts = [counted(len(sessions), "sessions")]
    if days:
        parts.insert(0, dated_span("span", min(days), max(days)))
    if backward.distance_m:
        there = display.distance(backward.distance_m)
        parts.append(say("index_distance", backward=there, whole=display.distance(whole)))
    return Markup(" · ").join(parts)
