"""One question of the review: was this candidate backward? Its words, reasons and pictures.

A candidate is shown with a minute or more around it: lanes, the turned piece of the map, and the
reasons for which it is asked, each with a word for its weight instead of a likelihood ratio. The
page's script moves the ends; what it needs for that is in ``Question.data``.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from markupsafe import Markup

from retrorun import arithmetic
from retrorun.model import Athlete, Lap, Segment, Session, Track
from retrorun.report.figures import Window, integers, running_median, window
from retrorun.report.inbox import Inbox, candidates, likely
from retrorun.report.numbers import Display, calendar_date, clock, local_date, time_element
from retrorun.report.page import LIVE, render, render_part
from retrorun.report.session.lanes import MEDIAN_S, LanePicture, lane_pictures
from retrorun.report.session.map import draw_strip
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE, FloatArray

NEAR_S = 3.0  # an end this near to a lap press or a turn is said to lie there
DOWN_S = 12  # seconds within which a speed falls "at once"
BESIDE_S = 60  # seconds before and after with which a segment is compared
PULSE_S = 40  # a shorter segment says nothing of the heart, which lags
STRONG, SOME = 8.0, 2.5  # summed log-likelihood ratios from which a reason is called so
WHOLE = 16.0  # summed log-likelihood ratio that fills the bar
LEAST_LINE_S = 60  # seconds of forward running from which this session places the line itself

# units of the turned map: its width, and the bounds of its height
TURNED_WIDE, LOWEST, HIGHEST = 712, 236, 640
TURNED_EDGE = 64
TURNED_FOOT = 56


class TurnedMap(msgspec.Struct, frozen=True, eq=False):
    """A piece of the map, turned so that the way goes from left to right as the lanes do.

    Attributes:
        height: of the picture, which is `TURNED_WIDE` wide.
        way: the whole piece as a path.
        x: of the points in the picture's units, with ``y``; None where the position is unknown.
        scale: path of the scale bar, words, and where they begin.
        north: degrees clockwise by which the north arrow is turned.
    """

    height: int
    way: str
    x: list[int | None]
    y: list[int | None]
    scale: tuple[str, str, int]
    north: float


class Reason(msgspec.Struct, frozen=True):
    """One reason: in words, its weight in a word, and its bar; no bar where it says nothing."""

    text: str
    weight: str
    bar: Markup


class Question(msgspec.Struct, frozen=True, eq=False):
    """What the review asks about one candidate.

    Attributes:
        session: its id; ``number``: of the segment in the session's table.
        day: of the session, ``name``: its name.
        likely: how likely it is backward, in words.
        ask: the question; ``span``, ``distance`` and ``steps`` stand below it.
        lanes: pictures of what was recorded.
        map: the turned piece; ``map_label`` says what it shows.
        reasons: the weightiest first.
        strip: the whole session, with the ``open`` candidates that it still has.
        data: what the script needs to move the ends.
        undo: how many answers about this session can be taken back.
    """

    session: str
    number: int
    start_s: int
    end_s: int
    day: str
    name: str
    likely: str
    ask: str
    lanes: tuple[LanePicture, ...]
    map: TurnedMap | None
    map_label: str
    reasons: tuple[Reason, ...]
    strip: Markup
    open: int
    data: Mapping[str, Any]
    undo: int = 0


class QuestionContext(msgspec.Struct, frozen=True):
    """What a question needs beside session and track.

    Attributes:
        athlete: their units and learnt line.
        undo: how many answers about the session can be taken back.
        seen: names the segments that are shown, for an answer about all of them.
    """

    athlete: Athlete = msgspec.field(default_factory=Athlete)
    undo: int = 0
    seen: str = ""


def question(session: Session, track: Track, number: int, context: QuestionContext) -> Question:
    """Decide everything that is asked about one segment.

    Args:
        session: the analysed session.
        track: its 1 Hz track with the detection's columns; privacy zones already taken out.
        number: of the segment in the session's table, from 1.
        context: everything else.

    Raises:
        IndexError: the session has no such stretch.
    """
    if number < 1:
        raise IndexError(number)
    display, segment = Display(context.athlete.units), session.measures.segments[number - 1].segment
    view = window(segment.start_s, segment.end_s, track.seconds)
    expected = expected_spm(session, track, context.athlete)
    picture = turned_map(track, view, display)
    verb = "walk" if segment.gait == "walk" else "run"
    return Question(
        session=session.id,
        number=number,
        start_s=round(segment.start_s),
        end_s=round(segment.end_s),
        day=time_element(local_date(session), calendar_date(local_date(session))),
        name=session.name or say(f"sport_{session.sport}", fallback="sport_other"),
        likely=likely(segment.probability),
        ask=say(f"question_{verb}"),
        lanes=lane_pictures(track, expected, view, display),
        map=picture,
        map_label=say("question_map", start=clock(segment.start_s), end=clock(segment.end_s)),
        reasons=reasons(session, track, segment, expected),
        strip=draw_strip(session.measures.segments, session.duration_s),
        open=candidates(session),
        data=_data(session, track, number, view, expected, picture, display)
        | {"seen": context.seen, "duration_s": max(session.duration_s, 1.0)},
        undo=context.undo,
    )


def expected_spm(session: Session, track: Track, athlete: Athlete) -> FloatArray:
    """Step rate by the athlete's forward line at each second's speed and grade, (n,).

    The line is the session's own or the learnt one; a line moves from day to day, so where this
    session has a minute of forward running it is laid through that. NaN where nobody runs, and
    everywhere where there is no line.
    """
    line = session.forward_line or athlete.forward_line
    if line is None:
        return np.full(track.seconds, np.nan)
    speed = running_median(track.column("ground_speed_mps"), MEDIAN_S)
    grade = np.nan_to_num(track.column("grade"))
    expected = line.intercept_spm + line.slope_spm_per_mps * speed + line.grade_slope_spm * grade
    ahead = _forward_running(session, track.seconds)
    above = (track.column("cadence_spm") - expected)[ahead]
    above = above[np.isfinite(above)]
    if above.size >= LEAST_LINE_S:
        expected = expected + float(np.median(above))
    return np.where(speed > 1.0, expected, np.nan)


def _forward_running(session: Session, seconds: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) seconds in segments of forward running."""
    ahead = np.zeros(seconds, dtype=bool)
    for each in session.measures.segments:
        if each.segment.direction == "forward" and each.segment.gait == "run":
            ahead[_inside(each.segment)] = True
    return ahead


def _inside(segment: Segment) -> slice:
    return slice(max(round(segment.start_s), 0), max(round(segment.end_s), 0))


def presses_s(session: Session) -> tuple[int, ...]:
    """Moments of manual lap presses, whole seconds since the session's start."""
    moments = (each.end_time_s - session.start_time_s for each in _manual(session.laps))
    return tuple(round(each) for each in moments if 0 < each < session.duration_s)


def _manual(laps: Sequence[Lap]) -> list[Lap]:
    return [each for each in laps[:-1] if each.trigger == "manual"]


def turns_s(track: Track) -> tuple[int, ...]:
    """Moments at which the body turned about, as far as the recording shows them.

    Where the compass changes sides against the course, and where the course itself turns about.
    """
    n = track.seconds
    facing = arithmetic.cos(np.radians(track.column("heading_minus_course_deg")))
    side = np.sign(running_median(facing, 5))
    flips = np.flatnonzero((side[1:] * side[:-1]) < 0) + 1
    course = np.radians(track.column("course_deg"))
    reversals: list[int] = []
    if n > 8:
        apart = arithmetic.cos(course[8:] - course[:-8])
        back = np.concatenate([[False], apart < -0.7, [False]])
        edges = np.flatnonzero(back[1:] != back[:-1])
        reversals = [(a + b) // 2 + 4 for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return tuple(sorted({int(each) for each in (*flips.tolist(), *reversals)}))


def reasons(
    session: Session, track: Track, segment: Segment, expected: FloatArray
) -> tuple[Reason, ...]:
    """Why it is asked, the weightiest first; what the file does not hold comes last."""
    found = [
        _by_steps(track, segment, expected),
        _by_speed(track, segment),
        _by_laps(session, segment),
        _by_heart(track, segment),
        _by_compass(session, segment),
    ]
    known = [each for each in found if each is not None]
    known.sort(key=lambda each: (each[1] is None, -abs(each[1] or 0.0)))
    return tuple(Reason(text, weight, _bar(value)) for text, value, weight in known)


def _bar(value: float | None) -> Markup:
    """A bar either side of its middle: to the right it speaks for backward; none for no value."""
    bar = ""
    if value:
        left, width = (50.0, 50 * value) if value > 0 else (50 + 50 * value, -50 * value)
        look = "for" if value > 0 else "against"
        bar = f'<rect class="{look}" x="{left:.1f}%" width="{width:.1f}%" height="8"/>'
    svg = (
        '<svg class="weighing" width="100%" height="8" aria-hidden="true">'
        f'<rect class="ground" width="100%" height="8" rx="2"/>{bar}'
        '<line class="middle" x1="50%" x2="50%" y1="0" y2="8"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


_Found = tuple[str, float | None, str]  # words, -1 to 1 (backward is positive), weight in a word


def _weighed(text: str, evidence: float) -> _Found:
    weight = "strong" if abs(evidence) >= STRONG else "some" if abs(evidence) >= SOME else "weak"
    return text, max(min(evidence / WHOLE, 1.0), -1.0), say(f"weight_{weight}")


def _by_steps(track: Track, segment: Segment, expected: FloatArray) -> _Found:
    """The step rate against the forward line, by the detector's own evidence."""
    cadence = track.column("cadence_spm")
    if not np.isfinite(cadence).any():
        return say("reason_steps"), None, say("weight_none")
    evidence = segment.evidence.get("gait", 0.0)
    percent = above_line_percent(track, segment, expected)
    if percent is None:
        return _weighed(say("reason_steps_alone"), evidence)
    which = "above" if percent > 0 else "below" if percent < 0 else "on"
    return _weighed(say(f"reason_steps_{which}", percent=abs(percent)), evidence)


def above_line_percent(track: Track, segment: Segment, expected: FloatArray) -> int | None:
    """By how much the steps are quicker than the forward line; None where that is not known.

    Where the verdict rests on a number, that one: the session's table names it, too.
    """
    if segment.step_gain_pct is not None:
        return segment.step_gain_pct
    inside = _inside(segment)
    share = median(track.column("cadence_spm")[inside] / expected[inside] - 1.0)
    return None if share is None else round(100 * share)


def median(values: FloatArray) -> float | None:
    """Median of the finite ones; None without any."""
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else None


def _by_speed(track: Track, segment: Segment) -> _Found | None:
    """Whether the speed drops, as it does when somebody turns; a jog does so, too: never strong."""
    speed = track.column("ground_speed_mps")
    within, around = median(speed[_inside(segment)]), median(_minutes_around(speed, segment))
    if not within or not around:
        return None
    change = within / around - 1.0
    start = max(round(segment.start_s), 0)
    before = median(speed[max(start - DOWN_S, 0) : start])
    after = median(speed[start + 3 : start + 3 + DOWN_S])
    at_once = before and after and (after / before - 1.0) < 0.7 * change < -0.05
    name = "faster" if change > 0 else "at_once" if at_once else "slower"
    size = "some" if abs(change) >= 0.1 else "weak"
    text = say(f"reason_speed_{name}", percent=abs(round(100 * change)))
    return text, max(min(-2.0 * change, 0.5), -0.5), say(f"weight_{size}")


def _minutes_around(values: FloatArray, segment: Segment) -> FloatArray:
    """Values of the minute before and of the minute after the segment."""
    start, end = max(round(segment.start_s), 0), round(segment.end_s)
    return np.concatenate([values[max(start - BESIDE_S, 0) : start], values[end : end + BESIDE_S]])


def _by_heart(track: Track, segment: Segment) -> _Found | None:
    """Whether the heart stays up although the speed drops: backward costs a third more."""
    heart, speed = track.column("heart_rate_bpm"), track.column("ground_speed_mps")
    if not np.isfinite(heart).any():
        return say("reason_heart"), None, say("weight_none")
    start, end = max(round(segment.start_s), 0), round(segment.end_s)
    before, late = median(heart[max(start - 30, 0) : start]), median(heart[end - 20 : end])
    within, around = median(speed[_inside(segment)]), median(_minutes_around(speed, segment))
    if end - start < PULSE_S or before is None or late is None or not within or not around:
        return say("reason_heart_short"), None, say("weight_nothing")
    if within > 0.95 * around:
        return say("reason_heart_alike"), 0.0, say("weight_weak")
    gained = late - before
    name = "up" if gained > 2 else "held" if gained >= -4 else "fell"
    value = {"up": 0.3, "held": 0.12, "fell": -0.3}[name]
    return (
        say(f"reason_heart_{name}"),
        value,
        say("weight_weak" if name == "held" else "weight_some"),
    )


def _by_laps(session: Session, segment: Segment) -> _Found | None:
    """Whether the ends lie at lap presses: whoever presses there means something by it."""
    presses = presses_s(session)
    near = [
        min((abs(each - end) for each in presses), default=math.inf) <= NEAR_S
        for end in (segment.start_s, segment.end_s)
    ]
    if not any(near):
        return None
    which = "both" if all(near) else "start" if near[0] else "end"
    weight = "some" if all(near) else "weak"
    return say(f"reason_laps_{which}"), 0.35 if all(near) else 0.12, say(f"weight_{weight}")


def _by_compass(session: Session, segment: Segment) -> _Found:
    if session.heading.kind != "compass":
        unused = session.heading.kind in {"course", "unknown"}
        return say("reason_compass"), None, say("weight_unused" if unused else "weight_none")
    evidence = segment.evidence.get("heading", 0.0)
    name = "against" if evidence > 0 else "along" if evidence < 0 else "silent"
    return _weighed(say(f"reason_compass_{name}"), evidence)


def _data(  # noqa: PLR0913, PLR0917 - one value for each thing that the script moves
    session: Session,
    track: Track,
    number: int,
    view: Window,
    expected: FloatArray,
    picture: TurnedMap | None,
    display: Display,
) -> dict[str, Any]:
    """What the script moves: the ends, what they snap to, and series at the window's points."""
    segment = session.measures.segments[number - 1].segment
    speed = np.nan_to_num(track.column("ground_speed_mps"))
    way_dm = 10 * np.concatenate([[0.0], np.cumsum(speed)])[:-1]
    near = range(view.first, view.last)
    data: dict[str, Any] = {
        "session": session.id,
        "number": number,
        "start_s": round(segment.start_s),
        "end_s": round(segment.end_s),
        "first_s": view.first,
        "last_s": view.first + (len(view.seconds) - 1) * view.step,
        "step_s": view.step,
        "above_percent": above_line_percent(track, segment, expected),
        "laps": [each for each in presses_s(session) if each in near],
        "turns": [each for each in turns_s(track) if each in near],
        "way_dm": integers(view.points(way_dm) - way_dm[view.first]),
        "steps": integers(10 * view.points(running_median(track.column("cadence_spm"), 7))),
        "expected": integers(10 * view.points(expected)),
        "unit_m": [METRE_PER_MILE, METRE_PER_MILE / 5280] if display.imperial else [1000.0, 1.0],
        "units": [display.long_unit, display.height_unit],
    }
    if picture:
        data |= {"map_x": picture.x, "map_y": picture.y}
    return data


def question_panel(session: Session, track: Track, number: int, context: QuestionContext) -> str:
    """The markup of one question, which the review's page puts into itself.

    Args:
        session: the analysed session.
        track: its 1 Hz track; privacy zones already taken out.
        number: of the segment in the session's table, from 1.
        context: units, learnt line, answers so far.

    Raises:
        IndexError: the session has no such stretch.
    """
    return render_part("question", LIVE, question=question(session, track, number, context))


def review_page(inbox: Inbox, panel: str = "") -> str:
    """The page of the review.

    Args:
        inbox: what waits for an answer.
        panel: markup of the question to begin with; empty where nothing waits.
    """
    return render(
        "review",
        say("title_review"),
        LIVE,
        page_class="live review",
        panel=Markup(panel),  # noqa: S704  # made by `question_panel`
        inbox=inbox.document(),
        charts=False,
    )


def turned_map(track: Track, view: Window, display: Display) -> TurnedMap | None:
    """The way within the window; None where fewer than two positions are known."""
    if not track.has("x_m"):
        return None
    begins = track.flags.get("break", np.zeros(track.seconds, dtype=bool))
    east, north = (
        view.points(np.where(begins, np.nan, track.column(name))) for name in ("x_m", "y_m")
    )
    known = np.isfinite(east) & np.isfinite(north)
    if known.sum() < 2:
        return None
    turn = _turn(east[known], north[known])
    along = east * arithmetic.cos(turn) + north * arithmetic.sin(turn)
    across = north * arithmetic.cos(turn) - east * arithmetic.sin(turn)
    long_m, wide_m = (float(np.nanmax(each) - np.nanmin(each)) for each in (along, across))
    scale = min(
        (TURNED_WIDE - 2 * TURNED_EDGE) / max(long_m, 20.0),
        (HIGHEST - 2 * TURNED_EDGE - TURNED_FOOT) / max(wide_m, 1.0),
    )
    height = max(round(wide_m * scale) + 2 * TURNED_EDGE + TURNED_FOOT, LOWEST)
    x = (along - np.nanmin(along) - long_m / 2) * scale + TURNED_WIDE / 2
    y = (np.nanmin(across) + wide_m / 2 - across) * scale + (height - TURNED_FOOT) / 2
    found_x, found_y = integers(x), integers(y)
    return TurnedMap(
        height,
        _track_path(found_x, found_y),
        found_x,
        found_y,
        _turned_scale(scale, height, display),
        round(math.degrees(turn), 1),
    )


def _turn(east: FloatArray, north: FloatArray) -> float:
    """Radians from east, counterclockwise, of the direction that is laid from left to right.

    From the first point to the last; for a way that comes back, along its longest extent.
    """
    d_east, d_north = float(east[-1] - east[0]), float(north[-1] - north[0])
    extent = arithmetic.hypot(float(np.ptp(east)), float(np.ptp(north)))
    if arithmetic.hypot(d_east, d_north) > 0.5 * extent:
        return arithmetic.arctan2(d_north, d_east)
    x, y = east - east.mean(), north - north.mean()
    axis = 0.5 * arithmetic.arctan2(
        2 * float((x * y).mean()), float((x * x).mean() - (y * y).mean())
    )
    ahead = d_east * arithmetic.cos(axis) + d_north * arithmetic.sin(axis)
    return axis if ahead >= 0 else axis + math.pi


def _track_path(x: Sequence[int | None], y: Sequence[int | None]) -> str:
    words, pen = [], "M"
    for px, py in zip(x, y, strict=True):
        if px is None or py is None:
            pen = "M"
        else:
            words.append(f"{pen}{px} {py}")
            pen = "L"
    return "".join(words)


def _turned_scale(units_per_m: float, height: int, display: Display) -> tuple[str, str, int]:
    """The longest round length that takes at most a third of the width."""
    unit_m = METRE_PER_MILE / 5280 if display.imperial else 1.0
    steps = [digit * 10**power for power in range(5) for digit in (1, 2, 5)]
    length = max(
        (each for each in steps if each * unit_m * units_per_m <= TURNED_WIDE / 3), default=steps[0]
    )
    wide = round(length * unit_m * units_per_m)
    return f"M24 {height - 34}v12h{wide}v-12", f"{length} {display.height_unit}", wide + 36
