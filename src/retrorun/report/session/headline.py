"""The page's first five seconds: one sentence, one line, eight tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retrorun.model import Estimate, MeasuredSegment, Session, Totals
from retrorun.report.numbers import UNKNOWN, Display, clock, number, percent, signed, spoken_time
from retrorun.report.words import say


@dataclass(frozen=True, slots=True)
class Tile:
    """One number with its name; ``note`` says how to read it, ``tone`` colours it."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


def counted(session: Session, name: str) -> Totals:
    """The session's totals of a kind; zeros where there are none."""
    return session.measures.totals.get(name, Totals())


def headline(session: Session) -> Markup:
    """One sentence that tells the session's story; the telling part is emphasised."""
    backward = counted(session, "backward")
    stretches = _of_kind(session, "backward")
    if stretches:
        share = backward.moving_s / session.moving_s if session.moving_s else None
        template = say("headline_one" if len(stretches) == 1 else "headline_many")
        return Markup(template).format(  # noqa: S704  # our own words
            verb=_verb(stretches),
            time=spoken_time(backward.seconds),
            count=len(stretches),
            share=percent(share) if share is not None else UNKNOWN,
        )
    maybe = counted(session, "candidate")
    found = _of_kind(session, "candidate")
    if found:
        template = say("headline_candidate_one" if len(found) == 1 else "headline_candidate_many")
        return Markup(template).format(  # noqa: S704  # our own words
            count=len(found), time=spoken_time(maybe.seconds), grounds=_maybe_grounds(found)
        )
    return Markup(say("headline_undecided" if undecided(session) else "headline_none"))  # noqa: S704  # our own words


def undecided(session: Session) -> bool:
    """Whether the session moves and nothing in it speaks for or against backward."""
    moving = [each.segment for each in session.measures.segments if each.segment.gait != "still"]
    return bool(moving) and not any(
        each.verdict != "candidate" or any(each.evidence.values()) for each in moving
    )


def _maybe_grounds(found: Sequence[MeasuredSegment]) -> str:
    """What the candidates rest on: a compass whose front is not known, or the steps."""
    compass = any(each.segment.evidence.get("heading") for each in found)
    return say("maybe_by_compass" if compass else "maybe_by_steps")


def _of_kind(session: Session, name: str) -> list[MeasuredSegment]:
    return [each for each in session.measures.segments if each.segment.kind == name]


def _verb(stretches: Sequence[MeasuredSegment]) -> str:
    gaits = {each.segment.gait for each in stretches}
    if gaits == {"walk"}:
        return say("verb_walk")
    return say("verb_both") if "walk" in gaits else say("verb_run")


def subline(session: Session, display: Display) -> str:
    """Distance, moving time and whole duration in one line."""
    parts = [display.distance(session.distance_m)] if session.distance_m is not None else []
    parts.append(say("moving", time=spoken_time(session.moving_s)))
    parts.append(say("whole", time=spoken_time(session.duration_s)))
    return " · ".join(parts)


def tiles(session: Session, display: Display) -> tuple[Tile, ...]:
    """The headline tiles of a session."""
    first = _nothing_told() if undecided(session) else _backward(session, display)
    return (
        *first,
        _energy(counted(session, "backward"), session),
        _cost(session.measures.cost_factor),
        _heart(session),
        _confidence(session),
        _quality(session),
    )


def _nothing_told() -> tuple[Tile, ...]:
    """Backward time, distance and share where nothing tells directions apart: not zero."""
    names = ("tile_time", "tile_distance", "tile_share")
    return tuple(Tile(say(name), UNKNOWN, say("tile_undecided")) for name in names)


def _backward(session: Session, display: Display) -> tuple[Tile, ...]:
    backward = counted(session, "backward")
    share = backward.moving_s / session.moving_s if session.moving_s else None
    return (
        Tile(
            say("tile_time"),
            clock(backward.seconds),
            _maybe(counted(session, "candidate")),
            "backward",
        ),
        Tile(
            say("tile_distance"),
            display.distance(backward.distance_m),
            say("tile_distance_note", distance=display.distance(session.distance_m)),
            "backward",
        ),
        Tile(
            say("tile_share"),
            percent(share),
            say("tile_share_note", time=clock(session.moving_s)),
            "backward",
        ),
    )


def _maybe(candidate: Totals) -> str:
    if not candidate.seconds:
        return say("tile_time_note")
    return say("tile_time_candidate", time=clock(candidate.seconds))


def _energy(backward: Totals, session: Session) -> Tile:
    label = say("tile_energy")
    if backward.energy_kcal is None:
        totals = session.measures.totals.values()
        known = any(total.energy_kcal is not None for total in totals)
        return Tile(label, UNKNOWN, "" if known else say("tile_energy_mass"))
    low, high = backward.low_kcal, backward.high_kcal
    between = (
        "" if low is None or high is None else say("between", low=f"{low:.0f}", high=f"{high:.0f}")
    )
    return Tile(label, number(backward.energy_kcal, 0, "kcal"), between)


def _cost(factor: Estimate) -> Tile:
    if factor.value is None:
        return Tile(say("tile_cost"), UNKNOWN, factor.reason or "")
    note = (
        ""
        if factor.low is None or factor.high is None
        else say("interval", low=f"{factor.low:.2f}", high=f"{factor.high:.2f}")
    )
    return Tile(say("tile_cost"), f"{factor.value:.2f} ×", note)


def _heart(session: Session) -> Tile:
    """Mean heart rate backward minus forward: a difference of beats over seconds, unmatched."""
    backward, forward = counted(session, "backward"), counted(session, "forward")
    if not backward.beats_s or not forward.beats_s:
        return Tile(say("tile_heart"), UNKNOWN, say("tile_heart_none"))
    gained = 60 * (backward.beats / backward.beats_s - forward.beats / forward.beats_s)
    return Tile(say("tile_heart"), signed(gained, 0, say("bpm")), say("tile_heart_note"))


def _confidence(session: Session) -> Tile:
    """Mean probability of the backward stretches, by their length."""
    found = _of_kind(session, "backward") or _of_kind(session, "candidate")
    seconds = sum(each.metrics.seconds for each in found)
    if not seconds:
        return Tile(say("tile_sure"), UNKNOWN, _grounds(session))
    sure = sum(each.segment.probability * each.metrics.seconds for each in found) / seconds
    return Tile(say("tile_sure"), percent(min(sure, 0.99)), _grounds(session))


def _grounds(session: Session) -> str:
    if undecided(session):
        return say("tile_undecided")
    if any(each.segment.verdict == "labelled" for each in session.measures.segments):
        return say("grounds_label")
    return say("grounds_compass" if session.heading.kind == "compass" else "grounds_gait")


def _quality(session: Session) -> Tile:
    """The poorest of the channels that matter, and how many remarks there are."""
    wanted = ("position", "heart_rate", "cadence", "heading")
    have = [name for name in wanted if session.channels.get(name, 0) >= 0.5]
    doubts = len(session.notes) + len(session.source.warnings) + len(session.measures.notes)
    which = {0: "none", 1: "one"}.get(doubts, "note")
    note = say(f"tile_quality_{which}", count=doubts)
    return Tile(say("tile_quality"), say("of", count=len(have), whole=len(wanted)), note)
