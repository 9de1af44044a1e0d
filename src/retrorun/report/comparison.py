"""Backward against forward over many sessions, on one page."""

import datetime as dt
from collections.abc import Sequence

from retrorun.compare import claims
from retrorun.model import Athlete, Comparison, Session
from retrorun.report import bests, factor, forest, trends
from retrorun.report.claims import cards
from retrorun.report.display import Display, short_date
from retrorun.report.log import Log, log
from retrorun.report.page import Place, render
from retrorun.report.together import together
from retrorun.report.volume import volume_figure, week_table
from retrorun.report.words import say
from retrorun.report.years import years


def comparison_page(
    comparison: Comparison,
    sessions: Sequence[Session],
    athlete: Athlete,
    listed: Log | None = None,
) -> str:
    """The comparison page, whole.

    Args:
        comparison: what was found over the sessions.
        sessions: those that are listed and linked; any that the comparison left out are too.
        athlete: whose units are used.
        listed: their list, where it stands on another page, too; made if it is not given.
    """
    display = Display(athlete.units)
    days = {each.session: each for each in comparison.days}
    return render(
        "comparison",
        say("title_comparison"),
        Place(),
        when=_when(comparison),
        headline=factor.headline(comparison),
        lead=factor.lead(comparison),
        scale=factor.scale(comparison),
        tiles=factor.tiles(comparison, display),
        matched=forest.matched(comparison.differences, display),
        pairs=forest.pair_rows(comparison.pairs, days, display),
        trends=trends.cards(comparison.trends, days, display),
        values=trends.values(comparison.trends, comparison.days, display),
        volume=volume_figure(comparison.weeks),
        weeks=week_table(comparison.weeks, display),
        mondays={"mondays": [each.monday for each in comparison.weeks]},
        years=years(comparison.days),
        bests=bests.bests(comparison.records, display),
        together=together(comparison.association, display),
        claims=cards(claims(comparison)),
        notes=tuple(dict.fromkeys(note.message for note in comparison.notes)),
        log=listed or log(sessions, display),
        charts=bool(comparison.weeks),
    )


def _when(comparison: Comparison) -> str:
    if comparison.first_date is None or comparison.last_date is None:
        return ""
    first, last = (
        short_date(dt.date.fromisoformat(each))
        for each in (comparison.first_date, comparison.last_date)
    )
    return first if first == last else say("compare_when", first=first, last=last)
