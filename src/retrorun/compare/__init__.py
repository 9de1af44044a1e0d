"""Backward against forward over many sessions: pairs, trends, bests, guidance and claims."""

from collections.abc import Sequence

from msgspec.structs import replace

from retrorun.compare.claims import claims
from retrorun.compare.matching import at_backward_speed, differences, equal_heart_rate, equal_speed
from retrorun.compare.practice import (
    EarlierSessions,
    doses,
    earlier_sessions,
    guidance,
    practice,
    repeats,
    with_earlier,
)
from retrorun.compare.sessions import (
    dated,
    days,
    each_once,
    is_dated,
    local_date,
    records,
    segment_table,
    select_sessions,
    total,
    weeks,
)
from retrorun.compare.statistics import combine_factors, published, wilson_low
from retrorun.compare.trends import association, score_trends, trends
from retrorun.model import KINDS, Athlete, Estimate, Note, Session, Totals
from retrorun.model.comparison import Claim, Comparison
from retrorun.settings import CompareSettings
from retrorun.units import WEEK_S

__all__ = [
    "FACTOR_METHOD",
    "EarlierSessions",
    "claims",
    "common_cost_factor",
    "compare",
    "doses",
    "each_once",
    "earlier_sessions",
    "guidance",
    "is_dated",
    "score_trends",
    "session_claims",
    "wilson_low",
]
FACTOR_METHOD = "heart-rate kinetics"
OF_WEEKS = {"weeks", "weight"}  # claims that one session says nothing about
NO_BACKWARD = Note("no-backward", "no confirmed or labelled backward running in these sessions")


def compare(sessions: Sequence[Session], athlete: Athlete, settings: CompareSettings) -> Comparison:
    """Compare backward with forward over sessions in any order.

    Args:
        sessions: any number, also none; the same session twice counts once.
        athlete: whose they are; what the profile lacks is named in the notes.
        settings: dates, whether candidates count, tolerances, and how much data a number needs.

    Returns:
        Values only, no NaN: where there is too little data the words say how much is missing.
    """
    kept, notes = select_sessions(sessions, settings)
    back, ahead = (segment_table(kept, kind, settings) for kind in ("backward", "forward"))
    by_speed = equal_speed(back, ahead, settings)
    by_heart_rate = equal_heart_rate(back, ahead, settings)
    known, undated = dated(kept)
    calendar = weeks(known, settings)
    active = [each for each in kept if total(each, "backward", settings).moving_s > 0]
    return Comparison(
        sessions=len(kept),
        backward_sessions=len(active),
        weeks_spanned=(known[-1].start_time_s - known[0].start_time_s) / WEEK_S if known else 0.0,
        first_date=local_date(known[0]) if known else None,
        last_date=local_date(known[-1]) if known else None,
        include_candidates=settings.include_candidates,
        totals={kind: Totals.of(total(each, kind, settings) for each in kept) for kind in KINDS},
        cost_factor=common_cost_factor([each.measures.cost_factor for each in kept], settings),
        literature_factor=published("backward_run"),
        popular_factor=published("popular_factor"),
        differences=differences(
            at_backward_speed(by_speed, ahead, len(kept), settings), by_heart_rate, settings
        ),
        pairs=by_speed.pairs(kept, settings.pairs_shown),
        trends=trends(known, settings),
        weeks=calendar,
        records=records(known),
        days=days(kept, settings),
        association=association(known, calendar, settings),
        practice=practice(kept, settings),
        notes=notes + undated + _notes(active, athlete),
        net_factor=_net_factor(kept, settings),
        repeats=repeats(kept, settings),
    )


def session_claims(
    session: Session, before: EarlierSessions, athlete: Athlete, settings: CompareSettings
) -> tuple[Claim, ...]:
    """The popular claims beside one session; those about weeks are left to the comparison.

    Args:
        session: the session.
        before: what the sessions before it hold, as for its guidance.
        athlete: whose it is.
        settings: as in ``compare``.
    """
    alone = compare([session], athlete, settings)
    found = replace(alone, practice=with_earlier(alone.practice, session, before, settings))
    return tuple(each for each in claims(found) if each.key not in OF_WEEKS)


def _net_factor(sessions: Sequence[Session], settings: CompareSettings) -> Estimate | None:
    """The factor of demand above rest over the sessions; None where none of them has one."""
    found = [session.measures.net_factor for session in sessions]
    common = common_cost_factor([each for each in found if each is not None], settings)
    return None if common.value is None else common


def common_cost_factor(factors: Sequence[Estimate], settings: CompareSettings) -> Estimate:
    """The athlete's own backward cost factor from those of several sessions, or why none."""
    return combine_factors(factors, FACTOR_METHOD, settings.factor_model_error)


def _notes(active: Sequence[Session], athlete: Athlete) -> tuple[Note, ...]:
    notes = [] if active else [NO_BACKWARD]
    if athlete.mass_kg is None and not athlete.masses:
        message = "no body mass in the profile, so there are no kilocalories here"
        notes.append(Note("no-mass", message))
    return tuple(notes)
