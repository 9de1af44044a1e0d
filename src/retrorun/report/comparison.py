"""Backward against forward over many sessions, on one page."""

from collections.abc import Sequence

from markupsafe import Markup

from retrorun.compare import claims
from retrorun.model import Athlete, Comparison, Difference, Session
from retrorun.report.claims import cards
from retrorun.report.display import Display, number
from retrorun.report.log import log
from retrorun.report.minutes import Table
from retrorun.report.page import Place, render
from retrorun.report.words import say


def comparison_page(comparison: Comparison, sessions: Sequence[Session], athlete: Athlete) -> str:
    """The comparison page, whole.

    Args:
        comparison: what was found over the sessions.
        sessions: those that are listed and linked.
        athlete: whose units are used.
    """
    display = Display(athlete.units)
    return render(
        "comparison",
        say("title_comparison"),
        Place(),
        headline=_headline(comparison),
        lead=_lead(comparison),
        differences=_differences(comparison.differences),
        claims=cards(claims(comparison)),
        notes=[note.message for note in comparison.notes],
        log=log(sessions, display),
        charts=False,
    )


def _headline(comparison: Comparison) -> Markup:
    if comparison.cost_factor.value is not None:
        value = number(comparison.cost_factor.value, 2)
        return Markup(say("compare_headline")).format(value=value)  # noqa: S704  # our own words
    which = "early" if comparison.backward_sessions else "none"
    return Markup(say(f"compare_headline_{which}"))  # noqa: S704  # our own words


def _lead(comparison: Comparison) -> str:
    factor = comparison.cost_factor
    if factor.value is None:
        return factor.reason or ""
    return say("compare_lead", low=number(factor.low, 2), high=number(factor.high, 2))


def _differences(found: Sequence[Difference]) -> Table:
    head = ("measure", "kind_backward", "kind_forward", "difference", "pairs")
    rows = tuple(
        (
            f"{each.label} ({each.unit})",
            number(each.backward, 2),
            number(each.forward, 2),
            each.note if each.difference.value is None else _interval(each),
            str(each.pairs),
        )
        for each in found
    )
    return Table(tuple(say(each) for each in head), rows)


def _interval(each: Difference) -> str:
    low, high = number(each.difference.low, 2), number(each.difference.high, 2)
    return f"{number(each.difference.value, 2)} ({say('between', low=low, high=high)})"
