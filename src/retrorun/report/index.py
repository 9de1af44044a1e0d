"""The index: every session, newest first."""

from collections.abc import Sequence

from markupsafe import Markup

from retrorun.model import Athlete, Session, Totals
from retrorun.report.display import Display, local_date, short_date, spoken_time
from retrorun.report.fault import Fault
from retrorun.report.headline import counted
from retrorun.report.kinds import kind
from retrorun.report.log import Log, how_many, log
from retrorun.report.page import Place, render
from retrorun.report.words import say


def index_page(
    sessions: Sequence[Session],
    athlete: Athlete,
    listed: Log | None = None,
    faults: Sequence[Fault] = (),
) -> str:
    """The page that lists all sessions and leads to their pages.

    Args:
        sessions: any number, also none, in any order.
        athlete: whose units are used.
        listed: their list, where it stands on another page, too; made if it is not given.
        faults: further sessions, which cannot be shown.
    """
    display = Display(athlete.units)
    return render(
        "index",
        say("title_index"),
        Place(),
        headline=headline(sessions),
        subline=_subline(sessions, display),
        log=listed or log(sessions, display),
        faults=faults,
        charts=False,
    )


def headline(sessions: Sequence[Session]) -> Markup:
    """How much was run backward in all of them, in one sentence."""
    backward = [counted(each, "backward").moving_s for each in sessions]
    count = sum(seconds > 0 for seconds in backward)
    if not count:
        which = {0: "empty", 1: "single"}.get(len(sessions), "none")
        return Markup(say(f"index_headline_{which}")).format(whole=len(sessions))  # noqa: S704  # our own words
    template = say("index_headline_one" if count == 1 else "index_headline")
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
        if kind(each.segment) == "backward"
    }
    if gaits == {"walk"}:
        return say("verb_walk")
    return say("verb_both") if "walk" in gaits else say("verb_run")


def _subline(sessions: Sequence[Session], display: Display) -> str:
    if not sessions:
        return say("index_empty")
    days = [local_date(each) for each in sessions]
    first, last = short_date(min(days)), short_date(max(days))
    backward = Totals.of(counted(each, "backward") for each in sessions)
    whole = sum(each.distance_m or 0.0 for each in sessions)
    span = first if first == last else say("span", first=first, last=last)
    parts = [span, how_many(len(sessions))]
    if backward.distance_m:
        there = display.distance(backward.distance_m)
        parts.append(say("index_distance", backward=there, whole=display.distance(whole)))
    return " · ".join(parts)
