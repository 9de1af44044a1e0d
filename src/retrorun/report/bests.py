"""Personal bests backward."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from retrorun.model import Record
from retrorun.report.display import Display, clock, short_date
from retrorun.report.words import say


@dataclass(frozen=True, slots=True)
class BestCard:
    """A personal best and the session that holds it."""

    label: str
    value: str
    note: str
    session: str
    date: str


def bests(records: Sequence[Record], display: Display) -> tuple[BestCard, ...]:
    """Each best as a time, or as a distance where that is what was longest."""
    return tuple(_best(each, display) for each in records)


def _best(each: Record, display: Display) -> BestCard:
    by_distance = each.key == "longest_m"
    pace = each.seconds / each.distance_m * 1000 if each.distance_m else None
    beside = clock(each.seconds) if by_distance else display.distance(each.distance_m)
    words = f"{display.pace(pace)} {display.pace_unit}"
    longest = each.key.startswith("longest")
    return BestCard(
        say(f"best_{each.key}", fallback=None) or each.label,
        display.distance(each.distance_m) if by_distance else clock(each.seconds),
        f"{beside} · {words}" if longest else words,
        each.session,
        short_date(dt.date.fromisoformat(each.date)),
    )
