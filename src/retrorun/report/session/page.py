"""The page of one session: its headline, its tiles, and the view that the template draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

import numpy as np
from markupsafe import Markup

from retrorun.detect.labels import RECORDED
from retrorun.language import translated
from retrorun.model import (
    Athlete,
    Estimate,
    Label,
    MeasuredSegment,
    Remark,
    Session,
    Totals,
    Track,
)
from retrorun.model.comparison import Claim, Guidance
from retrorun.report.claims import ClaimCards, claim_cards
from retrorun.report.figures import Table, grid
from retrorun.report.inbox import Habit, habit_seconds, session_habit
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    Tile,
    clock,
    number,
    percent,
    session_moment,
    signed,
    spoken_time,
)
from retrorun.report.page import LIVE, Place, render
from retrorun.report.session import contrast, segments
from retrorun.report.session.contrast import technique_figure
from retrorun.report.session.lanes import Lane, lanes, lanes_figure, minute_table
from retrorun.report.session.map import Map, draw_map, draw_strip
from retrorun.report.session.question import presses_s, turns_s
from retrorun.report.words import say, say_count, words_for

LONGEST_NAME = 160
_ANSWER_WORDS = (  # that the script puts together
    *("answers_unsaved_one", "answers_unsaved_many", "save_how", "save_not", "row_unsaved"),
    *("row_yes", "row_no", "row_clear", "laps_preview", "laps_preview_none", "laps_one"),
    *("laps_many", "laps_title", "laps_yes", "laps_backward", "laps_forward", "at_lap", "at_turn"),
    *("near_lap", "near_turn", "selected_name", "selected_none", "kept", "kept_yes", "kept_no"),
    *("kept_clear", "kept_all", "taken_back_page", "between", "snapped_lap", "snapped_turn"),
    *("note_kept",),
)


@dataclass(frozen=True, slots=True)
class SessionContext:
    """What a session page needs beside the session and its track.

    Attributes:
        guidance: what the session says about warm-up, progression and ground.
        claims: the popular claims beside the session's own data.
        athlete: whose units are used.
        asset_prefix: where the assets folder lies, seen from the page.
        home: where index.html and comparison.html lie, seen from the page.
        standalone: everything in one file.
        redacted: place, device, names and exact dates were taken out (see ``redacted``).
        outdated: another version or other settings made the session.
        live: the page comes from the server of `retrorun open`.
        undo: how many answers about the session can be taken back.
        fresh: whether other sessions and the comparison have followed the last answer.
        note: what the athlete noted about the session.
        archive_option: what commands need to find the archive; on no page that is handed on.
    """

    guidance: Guidance | None = None
    claims: tuple[Claim, ...] = ()
    athlete: Athlete = field(default_factory=Athlete)
    asset_prefix: str = "../assets/"
    home: str = "../"
    standalone: bool = False
    redacted: bool = False
    outdated: bool = False
    live: bool = False
    undo: int = 0
    fresh: bool = True
    note: Remark = field(default_factory=Remark)
    archive_option: str = ""

    @property
    def place(self) -> Place:
        """Where the page lies."""
        return LIVE if self.live else Place(self.asset_prefix, self.home, self.standalone)


@dataclass(frozen=True, slots=True, eq=False)
class SessionView:
    """The page in reading order."""

    id: str
    title: str
    moment: str
    source: str
    headline: Markup
    subline: str
    undecided: bool
    outdated: bool
    asked: tuple[tuple[str, str], ...]
    habit: Habit | None
    tiles: tuple[Tile, ...]
    strip: Markup
    map: Map | None
    lanes: Mapping[str, Any] | None
    minutes: Table | None
    rows: segments.Rows
    contrast: contrast.Contrast | None
    technique: Mapping[str, Any] | None
    claims: ClaimCards
    guidance: Guidance | None
    quality: segments.Quality
    answering: segments.Answering | None
    note: Remark
    data: Mapping[str, Any]


def session_view(session: Session, track: Track, context: SessionContext) -> SessionView:
    """Decide everything that the page says.

    Args:
        session: the analysed session.
        track: its 1 Hz track, with the detection's columns.
        context: everything else.
    """
    display = Display(context.athlete.units)
    measured = session.measures.segments
    on = grid(track.seconds)
    found = _lanes(session, track, display)
    picture = None if context.redacted else draw_map(track, measured, on, display)
    rows = segments.rows(measured, display)
    leaves = context.redacted or context.standalone
    asked = segments.answering(session, context.undo, fresh=context.fresh)
    return SessionView(
        id=session.id,
        title=_title(session),
        moment=session_moment(session, month_only=context.redacted),
        source=session.source.name,
        headline=session_headline(session),
        subline=session_subline(session, display),
        undecided=is_undecided(session),
        outdated=context.outdated,
        asked=_asked(session),
        habit=session_habit(context.athlete, measured),
        tiles=session_tiles(session, display),
        strip=draw_strip(measured, session.duration_s),
        map=picture,
        lanes=lanes_figure(found, measured, on),
        minutes=minute_table(found, track.seconds),
        rows=rows,
        contrast=contrast.contrast(measured, display),
        technique=technique_figure(session, display),
        claims=claim_cards(each for each in context.claims if each.status != "not measurable"),
        guidance=context.guidance,
        quality=segments.quality(session),
        answering=None if context.redacted else asked,
        note=context.note,
        data=_data(session, picture, on.step_s)
        | ({} if context.redacted else {"answers": _answer_data(session, track)})
        | {"archive": "" if leaves else context.archive_option},
    )


def _lanes(session: Session, track: Track, display: Display) -> tuple[Lane, ...]:
    """All lanes, but facing only by a compass: a course in disguise always points ahead."""
    compass = session.heading.kind == "compass"
    return tuple(each for each in lanes(track, display) if compass or each.key != "facing")


def _title(session: Session) -> str:
    """The activity's own name, no longer than a line or two, or the sport."""
    name = session.name or say(f"sport_{session.sport}", fallback="sport_other")
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _data(session: Session, picture: Map | None, step_s: float) -> dict[str, Any]:
    """What the script follows: segments, and the map's points."""
    spans = [
        [round(each.segment.start_s), round(each.segment.end_s)]
        for each in session.measures.segments
    ]
    data: dict[str, Any] = {
        "id": session.id,
        "duration_s": round(session.duration_s),
        "spans": spans,
    }
    if picture:
        data |= {"map_step_s": step_s, "map_x": picture.x, "map_y": picture.y}
    return data


def _answer_data(session: Session, track: Track) -> dict[str, Any]:
    """What answers on the page need: moments to snap to, and the table that keeps earlier labels.

    A table beside the export counts on the recording's own clock, which is not the page's where a
    privacy zone hides seconds; then there is none.
    """
    earlier = [
        [each.start_s, each.end_s, each.direction]
        for each in session.labels
        if each.origin not in RECORDED
    ]
    return {
        "file": f"{PurePath(session.source.name).name}.labels.csv",
        "activity": session.index + 1,
        "rows": earlier,
        "savable": not track.hidden,
        "laps": presses_s(session),
        "turns": turns_s(track),
        "words": {name: say(name) for name in _ANSWER_WORDS},
    }


def session_page(session: Session, track: Track, context: SessionContext) -> str:
    """The page of one session, whole.

    Args:
        session: the analysed session.
        track: its 1 Hz track with the detection's columns; privacy zones already taken out.
        context: units, guidance, claims, and where the page lies.
    """
    shown = redacted(session) if context.redacted else session
    view = session_view(shown, track, context)
    title = f"{view.title} · {view.moment}"
    charts = bool(view.lanes or view.technique)
    return render("session", title, context.place, view=view, charts=charts)


def session_headline(session: Session) -> Markup:
    """One sentence that tells the session's story; the telling part is emphasised."""
    backward = session.total("backward")
    stretches = _of_kind(session, "backward")
    if stretches:
        share = backward.moving_s / session.moving_s if session.moving_s else None
        template = words_for("headline", len(stretches))
        return Markup(template).format(  # noqa: S704  # our own words
            verb=_verb(stretches),
            time=spoken_time(backward.seconds),
            count=len(stretches),
            share=percent(share) if share is not None else UNKNOWN,
        )
    sides = segments.asked_sides(session.measures.segments)
    if sides:
        lasting = {way: spoken_time(metrics_s) for way, (metrics_s, _) in sides.items()}
        return Markup(say("headline_asked")).format(**lasting)  # noqa: S704  # our own words
    maybe = session.total("candidate")
    found = _of_kind(session, "candidate")
    if found:
        template = words_for("headline_candidate", len(found))
        return Markup(template).format(  # noqa: S704  # our own words
            count=len(found), time=spoken_time(maybe.seconds), grounds=_maybe_grounds(found)
        )
    return Markup(say("headline_undecided" if is_undecided(session) else "headline_none"))  # noqa: S704  # our own words


def _asked(session: Session) -> tuple[tuple[str, str], ...]:
    """A question and the command that answers it, for either way; empty where nothing is asked."""
    sides = segments.asked_sides(session.measures.segments)
    if not sides:
        return ()
    first, last = (round(each) for each in sides["forward"][1])
    command = f"retrorun label {session.id} {first} {last}"
    return (say("asked"), f"{command} forward"), (say("asked_other"), f"{command} backward")


def is_undecided(session: Session) -> bool:
    """Whether the session moves and nothing in it speaks for or against backward."""
    moving = [each.segment for each in session.measures.segments if each.segment.gait != "still"]
    return bool(moving) and not any(
        each.is_decided or any(each.evidence.values()) for each in moving
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


def session_subline(session: Session, display: Display) -> str:
    """Distance, moving time and whole duration in one line."""
    parts = [display.distance(session.distance_m)] if session.distance_m is not None else []
    parts.append(say("moving", time=spoken_time(session.moving_s)))
    parts.append(say("whole", time=spoken_time(session.duration_s)))
    return " · ".join(parts)


def session_tiles(session: Session, display: Display) -> tuple[Tile, ...]:
    """The headline tiles of a session."""
    first = _undecided_tiles() if is_undecided(session) else _backward(session, display)
    return (
        *first,
        _energy(session.total("backward"), session),
        _cost(session.measures.cost_factor, session.measures.net_factor),
        _heart(session),
        _confidence(session),
        _quality(session),
    )


def _undecided_tiles() -> tuple[Tile, ...]:
    """Backward time, distance and share where nothing tells directions apart: not zero."""
    names = ("tile_time", "tile_distance", "tile_share")
    return tuple(Tile(say(name), UNKNOWN, say("tile_undecided")) for name in names)


def _backward(session: Session, display: Display) -> tuple[Tile, ...]:
    backward = session.total("backward")
    share = backward.moving_s / session.moving_s if session.moving_s else None
    return (
        Tile(
            say("tile_time"),
            clock(backward.seconds),
            _time_note(session),
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


def _time_note(session: Session) -> str:
    """How much of it counts by habit, and how much more there may be."""
    seconds = {
        "habit": habit_seconds(session.measures.segments),
        "candidate": session.total("candidate").seconds,
    }
    parts = [
        say(f"tile_time_{each}", time=clock(time_s)) for each, time_s in seconds.items() if time_s
    ]
    return ", ".join(parts) or say("tile_time_note")


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


def _cost(factor: Estimate, net: Estimate | None) -> Tile:
    if factor.value is None:
        return Tile(say("tile_cost"), UNKNOWN, translated(factor.reason or ""))
    note = (
        ""
        if factor.low is None or factor.high is None
        else say("interval", low=number(factor.low, 2), high=number(factor.high, 2))
    )
    if net is not None and net.value is not None:
        note = f"{note}, {say('tile_cost_net', value=number(net.value, 2))}"
    return Tile(say("tile_cost"), f"{number(factor.value, 2)} ×", note)


def _heart(session: Session) -> Tile:
    """Mean heart rate backward minus forward: a difference of beats over seconds, unmatched."""
    backward, forward = session.total("backward"), session.total("forward")
    if not backward.beats_s or not forward.beats_s:
        return Tile(say("tile_heart"), UNKNOWN, say("tile_heart_none"))
    gained = 60 * (backward.beats / backward.beats_s - forward.beats / forward.beats_s)
    return Tile(say("tile_heart"), signed(gained, 0, say("bpm")), say("tile_heart_note"))


def _confidence(session: Session) -> Tile:
    """Mean probability of the backward segments, by their length."""
    found = _of_kind(session, "backward") or _of_kind(session, "candidate")
    seconds = sum(each.metrics.seconds for each in found)
    if not seconds:
        return Tile(say("tile_sure"), UNKNOWN, _grounds(session))
    sure = sum(each.segment.probability * each.metrics.seconds for each in found) / seconds
    return Tile(say("tile_sure"), percent(min(sure, 0.99)), _grounds(session))


def _grounds(session: Session) -> str:
    if is_undecided(session):
        return say("tile_undecided")
    if any(each.segment.verdict == "labelled" for each in session.measures.segments):
        return say("grounds_label")
    if habit_seconds(session.measures.segments):
        return say("grounds_habit")
    return say("grounds_compass" if session.heading.kind == "compass" else "grounds_gait")


def _quality(session: Session) -> Tile:
    """The poorest of the channels that matter, and how many remarks there are."""
    wanted = ("position", "heart_rate", "cadence", "heading")
    have = [name for name in wanted if session.channels.get(name, 0) >= 0.5]
    doubts = len(session.notes) + len(session.source.warnings) + len(session.measures.notes)
    note = say_count("tile_quality", doubts) if doubts else say("tile_quality_none")
    return Tile(say("tile_quality"), say("of", count=len(have), whole=len(wanted)), note)


def redacted(session: Session) -> Session:
    """The session without names, device, place and exact date: for showing to strangers.

    What was computed stays. The start moves to noon on the first of its month, UTC, so that no page
    can tell the day; remarks keep only their slug, because their words may quote the file. The id
    goes too: whoever has the recording could compare its hash. What lies in a privacy zone was cut
    out before: see ``privacy_zones``.
    """
    month = np.datetime64(int(session.start_time_s), "s").astype("datetime64[M]")
    first_s = float(month.astype("datetime64[s]").astype(np.int64)) + 43_200.0
    source = replace(
        session.source,
        sha256="",
        name=f"recording.{session.source.format or 'file'}",
        device=None,
        warnings=tuple(each.without_message for each in session.source.warnings),
    )
    return replace(
        session,
        id="redacted",
        source=source,
        start_time_s=first_s,
        zone=None,
        name=None,
        device=None,
        heading=replace(session.heading, source=None),
        measures=replace(
            session.measures, notes=tuple(each.without_message for each in session.measures.notes)
        ),
        labels=tuple(_anonymous(each) for each in session.labels),
        laps=(),
        pauses=(),
        notes=tuple(each.without_message for each in session.notes),
    )


def _anonymous(label: Label) -> Label:
    return replace(label, origin="label")
