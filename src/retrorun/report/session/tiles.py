"""The headline tiles of a session, and the words of its share picture.

They tell what is backward, or else what is known of all of it.
"""

from dataclasses import replace

from retrorun.language import translated
from retrorun.model import Estimate, MeasuredSegment, Session, Totals
from retrorun.model.segment import Kind
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    MainNumbers,
    Tile,
    clock,
    counted,
    duration_in_words,
    factor,
    factor_ends,
    main_numbers,
    mean_tiles,
    number,
    percent,
    signed,
)
from retrorun.report.session import contrast
from retrorun.report.session.segments import remarks
from retrorun.report.words import say, say_count


def of_kind(session: Session, name: str) -> list[MeasuredSegment]:
    """The segments of a kind."""
    return [each for each in session.measures.segments if each.segment.kind == name]


def may_be_backward(session: Session) -> bool:
    """Whether anything is or may be backward."""
    return bool(of_kind(session, "backward") or of_kind(session, "candidate"))


def as_shown(session: Session) -> Session:
    """The session as its page shows it: what nothing decides has no direction, though it counts.

    Sums count such movement as forward, because most movement is.
    """
    if not session.is_undecided:
        return session
    measured = tuple(
        replace(each, segment=replace(each.segment, direction="unknown"))
        if each.segment.direction == "forward"
        else each
        for each in session.measures.segments
    )
    return replace(session, measures=replace(session.measures, segments=measured))


def session_tiles(session: Session, display: Display) -> tuple[Tile, ...]:
    """The headline tiles of a session; where nothing is backward, useful numbers of all of it.

    Where all that is backward waits for an answer, they begin with what the answer would count.
    """
    if not may_be_backward(session):
        return _whole_tiles(session, display)
    if not of_kind(session, "backward"):
        way: Kind = "forward" if session.total("forward").moving_s else "candidate"
        asked = (*_asked(session, display), _confidence(session))
        found = [*asked, *_mean_tiles(session, way, display)]
        useful = [each for each in found if each.value != UNKNOWN]
        return _whole_rows([*useful[:7], _quality(session)])
    return (
        *_backward(session, display),
        _energy(session.total("backward"), session),
        _cost(session.measures.cost_factor, session.measures.net_factor),
        _heart(session),
        _confidence(session),
        _quality(session),
    )


TILES_A_ROW = 4


def _whole_tiles(session: Session, display: Display) -> tuple[Tile, ...]:
    """Distance, time and forward numbers, as far as they are known; whole rows of tiles.

    That nothing was backward is a number only where something could have told.
    """
    none = Tile(say("tile_time"), clock(0), _grounds(session))
    decided = () if session.is_undecided else (none,)
    found = (
        *decided,
        Tile(say("tile_whole_distance"), display.distance(session.distance_m)),
        Tile(say("tile_moving"), clock(session.moving_s)),
        *_mean_tiles(session, "forward", display),
        _quality(session),
    )
    return _whole_rows([each for each in found if each.value != UNKNOWN])


def _whole_rows(tiles: list[Tile]) -> tuple[Tile, ...]:
    """As many as fill whole rows; all of them where they fill none."""
    return tuple(tiles[: max(len(tiles) // TILES_A_ROW, 1) * TILES_A_ROW])


def _mean_tiles(session: Session, way: Kind, display: Display) -> tuple[Tile, ...]:
    """Means over what is forward, or taken for it; or over what may be backward."""
    return mean_tiles(session.total(way), "" if session.is_undecided else way, display)


def _backward(session: Session, display: Display) -> tuple[Tile, ...]:
    found = main_numbers(session, display)
    return (
        Tile(
            say("tile_time"),
            found.backward_time,
            _time_note(found),
            "backward",
        ),
        Tile(
            say("tile_distance"),
            found.backward_distance,
            say("tile_distance_note", distance=found.distance),
            "backward",
        ),
        Tile(
            say("tile_share"),
            percent(session.backward_share),
            say("tile_share_note", time=clock(session.moving_s)),
            "backward",
        ),
    )


def _asked(session: Session, display: Display) -> tuple[Tile, ...]:
    """What a yes to all that is asked would count; nothing is backward for certain so far."""
    found, asked = main_numbers(session, display), session.total("candidate")
    share = asked.moving_s / session.moving_s if session.moving_s else None
    moving = clock(session.moving_s)
    return (
        Tile(say("tile_maybe_time"), found.candidate_time, say("tile_maybe_time_note"), "maybe"),
        Tile(
            say("tile_maybe_distance"),
            display.distance(asked.distance_m),
            say("tile_distance_note", distance=found.distance),
            "maybe",
        ),
        Tile(say("tile_maybe_share"), percent(share), say("tile_share_note", time=moving), "maybe"),
    )


def _time_note(found: MainNumbers) -> str:
    """How much of it counts by habit, and how much more there may be."""
    times = {"habit": found.habit_time, "candidate": found.candidate_time}
    parts = [say(f"tile_time_{each}", time=time) for each, time in times.items() if time]
    return ", ".join(parts) or say("tile_time_note")


def _energy(backward: Totals, session: Session) -> Tile:
    label = say("tile_energy")
    if backward.energy_kcal is None:
        totals = session.measures.totals.values()
        known = any(total.energy_kcal is not None for total in totals)
        return Tile(label, UNKNOWN, "" if known else say("tile_energy_mass"))
    low, high = backward.low_kcal, backward.high_kcal
    is_known = low is not None and high is not None
    between = say("between", low=number(low), high=number(high)) if is_known else ""
    return Tile(label, number(backward.energy_kcal, 0, "kcal"), between)


def _cost(gross: Estimate, net: Estimate | None) -> Tile:
    if gross.value is None:
        return Tile(say("tile_cost"), UNKNOWN, translated(gross.reason or ""))
    low, high = factor_ends(gross)
    note = "" if gross.low is None or gross.high is None else say("interval", low=low, high=high)
    if net is not None and net.value is not None:
        note = f"{note}, {say('tile_cost_net', value=factor(net))}"
    return Tile(say("tile_cost"), f"{factor(gross)} ×", note)


def _heart(session: Session) -> Tile:
    """Mean heart rate backward minus forward, unmatched."""
    backward, forward = session.total("backward"), session.total("forward")
    if backward.beats_s and not forward.beats_s:
        alone = number(60 * backward.beats / backward.beats_s, 0, say("bpm"))
        return Tile(say("tile_heart"), alone, say("tile_heart_alone"))
    means_bpm = contrast.means_of("heart_rate.mean", session.measures.segments)
    if means_bpm is None:
        return Tile(say("tile_heart"), UNKNOWN, say("tile_heart_none"))
    gained = signed(means_bpm[0] - means_bpm[1], 0, say("bpm"))
    return Tile(say("tile_heart"), gained, say("tile_heart_note"))


def _confidence(session: Session) -> Tile:
    """Mean probability of the backward segments, by their length; likely, not sure, if maybe."""
    sure_ones = of_kind(session, "backward")
    found = sure_ones or of_kind(session, "candidate")
    seconds = sum(each.metrics.seconds for each in found)
    if not seconds:
        return Tile(say("tile_sure"), UNKNOWN, _grounds(session))
    sure = sum(each.segment.probability * each.metrics.seconds for each in found) / seconds
    label = say("tile_sure" if sure_ones else "tile_likely")
    return Tile(label, percent(min(sure, 0.99)), _grounds(session))


def _grounds(session: Session) -> str:
    if session.is_undecided:
        return say("tile_undecided")
    if any(each.segment.verdict == "labelled" for each in session.measures.segments):
        return say("grounds_label")
    if session.habit_s:
        return say("grounds_habit")
    return say("grounds_compass" if session.heading.kind == "compass" else "grounds_gait")


def _quality(session: Session) -> Tile:
    """How many of the channels that matter cover half of the session; the number of remarks."""
    wanted = ("position", "heart_rate", "cadence", "heading")
    have = [name for name in wanted if session.channels.get(name, 0) >= 0.5]
    doubts = len(remarks(session))
    note = say_count("tile_quality", doubts) if doubts else say("tile_quality_none")
    return Tile(say("tile_quality"), say("of", count=len(have), whole=len(wanted)), note)


def picture_head(session: Session, display: Display) -> tuple[str, str, str]:
    """Of a share picture: the great number, the words beside it, and the line below."""
    backward, maybe = session.total("backward"), session.total("candidate")
    whole = display.distance(session.distance_m)
    for kind, total in (("backward", backward), ("candidate", maybe)):
        if total.moving_s:
            time, _, unit = duration_in_words(total.moving_s).partition(" ")
            line = _picture_line(session, total, kind, display)
            return time, f"{unit} {say(f'picture_{kind}')}", line
    time, _, unit = duration_in_words(session.moving_s).partition(" ")
    key = "picture_line_undecided" if session.is_undecided else "picture_line_forward"
    return time, f"{unit} {say('picture_forward')}", say(key, whole=whole)


def _picture_line(session: Session, total: Totals, kind: str, display: Display) -> str:
    share = percent(total.moving_s / session.moving_s) if session.moving_s else ""
    return say(
        "picture_line" if total.distance_m else "picture_line_timed",
        stretches=counted(len(of_kind(session, kind)), "stretches"),
        distance=display.distance(total.distance_m),
        whole=display.distance(session.distance_m),
        share=share,
    )


def picture_facts(session: Session, display: Display) -> list[tuple[str, str]]:
    """Pace, what it cost and the longest stretch, as far as they are known: value and words."""
    pace, longest = _pace_fact(session, display), _longest_fact(session, display)
    return [*pace, *_cost_fact(session), *longest]


def _pace_fact(session: Session, display: Display) -> list[tuple[str, str]]:
    """Beside the forward pace of the same gait, as the session's page compares them."""
    unit = display.pace_unit.removeprefix("min")
    means = contrast.means_of("pace_s_per_km", session.measures.segments)
    if means and not session.is_undecided:
        beside = say("picture_pace_beside", pace=display.pace(means[1]))
        return [(f"{display.pace(means[0])} {unit}", say("picture_pace_backward") + beside)]
    for kind in ("backward", "candidate", "forward"):
        total = session.total(kind)
        if total.distance_m and total.moving_s:
            pace = display.pace(total.moving_s / total.distance_m * 1000.0)
            words = "undecided" if session.is_undecided else kind
            return [(f"{pace} {unit}", say(f"picture_pace_{words}"))]
    return []


def _cost_fact(session: Session) -> list[tuple[str, str]]:
    factor = session.measures.cost_factor
    if factor.value is None:
        return []
    low, high = number(factor.low, 2), number(factor.high, 2)
    return [(f"{number(factor.value, 2)} ×", say("picture_cost", low=low, high=high))]


def _longest_fact(session: Session, display: Display) -> list[tuple[str, str]]:
    longest = next((each for each in session.measures.bests if each.key == "longest_s"), None)
    if longest is None:
        return []
    words = say("picture_longest")
    if longest.distance_m:
        words = f"{words}, {display.distance(longest.distance_m)}"
    return [(clock(longest.seconds), words)]
