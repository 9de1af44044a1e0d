"""What ``compare`` does: choose sessions, compare, print."""

import dataclasses
import datetime as dt

import msgspec
from rich.table import Table

from retrorun import compare
from retrorun.archive import Archive
from retrorun.cli import show
from retrorun.cli.faults import Faults
from retrorun.model import Athlete, Comparison, Difference, Estimate, Session
from retrorun.publish import of_sound
from retrorun.settings import Settings

SCHEMA_VERSION = 1


def chosen(
    settings: Settings,
    since: dt.datetime | None,
    until: dt.datetime | None,
    *,
    include_candidates: bool,
) -> Settings:
    """Settings that keep sessions from ``since`` to the end of ``until``, days in UTC."""
    last = until + dt.timedelta(days=1) if until else None
    return dataclasses.replace(
        settings,
        compare=dataclasses.replace(
            settings.compare,
            since_s=since.replace(tzinfo=dt.UTC).timestamp() if since else None,
            until_s=last.replace(tzinfo=dt.UTC).timestamp() if last else None,
            include_candidates=include_candidates or settings.compare.include_candidates,
        ),
    )


def compared(
    store: Archive, settings: Settings, athlete: Athlete, faults: Faults
) -> tuple[Comparison, list[Session]]:
    """The comparison over the archive's sessions, and those that can be read."""
    sessions = store.summaries(faults.damaged)
    found, odd = of_sound(sessions, lambda sound: compare.compare(sound, athlete, settings.compare))
    faults.add(odd)
    return found, [each for each in sessions if each.id not in faults.found]


def as_json(found: Comparison) -> str:
    """The comparison, and the popular claims beside it, as one JSON document."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "comparison": found,
        "claims": compare.claims(found),
    }
    return msgspec.json.encode(document).decode()


def table(found: Comparison) -> Table:
    """Measures, backward beside forward at equal speed, grade and gait."""
    days = f"{found.first_date} to {found.last_date}" if found.first_date else "no sessions"
    title = f"{found.sessions} sessions, {found.backward_sessions} with backward running, {days}"
    numbers = ("backward", "forward", "difference (95 %)", "pairs")
    grid = show.grid(("matched stretches",), numbers, title)
    factor = "backward cost factor, own heart rate"
    grid.add_row(factor, interval(found.cost_factor, 2), "1", "", "")
    for each in found.differences:
        grid.add_row(*_row(each))
    return grid


def _row(each: Difference) -> tuple[str, ...]:
    digits = 2 if (abs(each.forward or 0) < 10) else 0
    return (
        f"{each.label} ({each.unit})" if each.unit else each.label,
        show.number(each.backward, digits),
        show.number(each.forward, digits),
        interval(each.difference, digits, each.note),
        str(each.pairs),
    )


def interval(estimate: Estimate, digits: int, otherwise: str = "") -> str:
    """A number with its interval, or why there is none."""
    if estimate.value is None:
        return otherwise or estimate.reason or show.UNKNOWN
    low, high = show.number(estimate.low, digits), show.number(estimate.high, digits)
    return f"{estimate.value:.{digits}f} ({low} to {high})"
