"""The list of sessions, newest first by month, with the data of its filters; and the index page."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from markupsafe import Markup

from retrorun.model import Athlete, MeasuredSegment, Session, Totals
from retrorun.report.inbox import Inbox, habit, habit_seconds
from retrorun.report.numbers import (
    Display,
    clock,
    local_date,
    month_and_year,
    percent,
    short_date,
    spoken_time,
)
from retrorun.report.page import LIVE, Fault, Place, render
from retrorun.report.words import say, say_count, words_for
from retrorun.time_zone import local_time

STRIP = 96  # units from start to finish of a session's strip
GAITS = ("run", "walk")
VERDICTS = ("confirmed", "labelled", "candidate", "habit")
MOST_NAMED = 20  # outdated sessions that are named one by one


@dataclass(frozen=True, slots=True)
class Row:
    """One session; ``sure`` and ``maybe`` are the paths of its strip."""

    id: str
    day: str
    name: str
    sure: str
    maybe: str
    time: str
    distance: str
    backward: str
    share: str
    tone: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month's sessions, newest first."""

    key: str
    title: str
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class SessionList:
    """The list by month, and columns in its order for the script."""

    months: tuple[Month, ...]
    places: tuple[str, ...]
    data: Mapping[str, Any]

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
    dated = sorted(newest, key=lambda each: local_date(each).isoformat()[:7], reverse=True)
    months = tuple(
        _month(key, list(found), display)
        for key, found in groupby(dated, key=lambda each: local_date(each).isoformat()[:7])
    )
    places = tuple(sorted({_place(each) for each in dated}))
    return SessionList(months, places, _data(dated, places))


def _month(key: str, sessions: Sequence[Session], display: Display) -> Month:
    day = local_date(sessions[0])
    backward = Totals.of(each.total("backward") for each in sessions).moving_s
    words = say("month_backward", time=spoken_time(backward)) if backward else say("month_none")
    return Month(
        key,
        month_and_year(day),
        f"{how_many(len(sessions))} · {words}",
        tuple(session_row(each, display) for each in sessions),
    )


def how_many(count: int) -> str:
    """So many sessions, in words."""
    return say_count("sessions", count)


def session_row(session: Session, display: Display) -> Row:
    """One session as the lists show it."""
    moment = local_time(session.start_time_s, session.zone)
    backward = session.total("backward").moving_s
    maybe = session.total("candidate").moving_s
    segments, whole_s = session.measures.segments, session.duration_s
    share = backward / session.moving_s if backward and session.moving_s else None
    return Row(
        id=session.id,
        day=_day(moment),
        name=session_name(session),
        sure=strip_path(segments, "backward", whole_s),
        maybe=strip_path(segments, "candidate", whole_s),
        time=clock(session.duration_s),
        distance=display.distance(session.distance_m),
        backward=_backward(backward, maybe, habit_seconds(segments)),
        share="" if share is None else percent(share),
        tone="b" if backward else "c" if maybe else "",
    )


def _day(moment: dt.date) -> str:
    """Such as ``Sun 3``: a month's table needs no more."""
    weekday = say("weekdays_short").split()[moment.weekday()]
    return say("day_of_month", weekday=weekday, day=moment.day)


def _backward(backward_s: float, maybe_s: float, habit_s: float) -> str:
    if not backward_s:
        return say("row_maybe", time=clock(maybe_s)) if maybe_s else ""
    also = f" ({say('row_habit', time=clock(habit_s))})" if habit_s else ""
    return f"{clock(backward_s)}{also}"


def session_name(session: Session) -> str:
    """The session's own name, or what kind it is; never so long that it hides the rest."""
    words = session.name or say(f"sport_{session.sport}", fallback="sport_other")
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
    """Columns by session: local date, seconds forward by gait, place, and backward parts."""
    index = {place: number for number, place in enumerate(places)}
    return {
        "date": [local_date(each).isoformat() for each in sessions],
        "forward_s": [_forward(each) for each in sessions],
        "place": [index[_place(each)] for each in sessions],
        "parts": [backward_parts(each) for each in sessions],
    }


def _forward(session: Session) -> list[int]:
    """Seconds forward by gait, in the order of `GAITS`."""
    measured = session.measures.segments
    return [
        round(
            sum(
                each.metrics.moving_s
                for each in measured
                if each.segment.direction == "forward" and each.segment.gait == gait
            )
        )
        for gait in GAITS
    ]


def backward_parts(session: Session) -> list[list[int]]:
    """Backward movement as [gait, verdict, seconds, metres], by their places in the lists above."""
    sums: dict[tuple[int, int], list[float]] = {}
    for each in session.measures.segments:
        segment, metrics = each.segment, each.metrics
        if segment.direction == "backward" and segment.gait in GAITS:
            place = (GAITS.index(segment.gait), VERDICTS.index(segment.verdict))
            old = sums.get(place, [0.0, 0.0])
            sums[place] = [old[0] + metrics.moving_s, old[1] + (metrics.distance_m or 0.0)]
    return [[*place, round(found[0]), round(found[1])] for place, found in sorted(sums.items())]


def index_page(  # noqa: PLR0913 - one for each thing that the page holds
    sessions: Sequence[Session],
    athlete: Athlete,
    listed: SessionList | None = None,
    faults: Sequence[Fault] = (),
    outdated: Collection[str] = (),
    *,
    inbox: Inbox | None = None,
) -> str:
    """The page that lists all sessions and leads to their pages.

    Args:
        sessions: any number, also none, in any order.
        athlete: whose units are used, and what their answers taught.
        listed: their list, where it stands on another page, too; made if it is not given.
        faults: further sessions, which cannot be shown.
        outdated: ids of sessions that are to be analysed again.
        inbox: makes it the home page of `retrorun open`, with what waits on top.
    """
    display = Display(athlete.units)
    return render(
        "index",
        say("title_index"),
        Place() if inbox is None else LIVE,
        inbox={} if inbox is None else inbox.document(),
        headline=sessions_headline(sessions),
        subline=_subline(sessions, display),
        log=listed or session_list(sessions, display),
        faults=faults,
        outdated=outdated_rows(sessions, outdated),
        more_outdated=max(len(outdated) - MOST_NAMED, 0),
        habit=habit(athlete),
        charts=False,
    )


def outdated_rows(
    sessions: Sequence[Session], outdated: Collection[str]
) -> tuple[tuple[str, str], ...]:
    """Id and words of the sessions that are to be analysed again, newest first, the first few."""
    chosen = set(outdated)
    found = sorted(
        (each for each in sessions if each.id in chosen), key=lambda each: -each.start_time_s
    )
    return tuple(
        (each.id, f"{short_date(local_date(each))}, {session_name(each)}")
        for each in found[:MOST_NAMED]
    )


def sessions_headline(sessions: Sequence[Session]) -> Markup:
    """How much of all sessions was backward, in one sentence."""
    backward = [each.total("backward").moving_s for each in sessions]
    count = sum(seconds > 0 for seconds in backward)
    if not count:
        which = {0: "empty", 1: "single"}.get(len(sessions), "none")
        return Markup(say(f"index_headline_{which}")).format(whole=len(sessions))  # noqa: S704  # our own words
    template = words_for("index_headline", count)
    time = spoken_time(sum(backward))
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
    days = [local_date(each) for each in sessions]
    first, last = short_date(min(days)), short_date(max(days))
    backward = Totals.of(each.total("backward") for each in sessions)
    whole = sum(each.distance_m or 0.0 for each in sessions)
    span = first if first == last else say("span", first=first, last=last)
    parts = [span, how_many(len(sessions))]
    if backward.distance_m:
        there = display.distance(backward.distance_m)
        parts.append(say("index_distance", backward=there, whole=display.distance(whole)))
    return " · ".join(parts)
