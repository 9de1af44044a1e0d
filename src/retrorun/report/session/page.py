"""The page of one session: its headline, its tiles, and the view that the template draws."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any

import msgspec
import numpy as np
from markupsafe import Markup
from msgspec import structs

from retrorun.detect.labels import RECORDED
from retrorun.model import (
    Athlete,
    HeadingVerdict,
    Label,
    MeasuredSegment,
    Remark,
    Session,
    Track,
)
from retrorun.model.comparison import Claim, Guidance
from retrorun.report.claims import ClaimCards, claim_cards
from retrorun.report.figures import Table, grid
from retrorun.report.inbox import Habit, session_habit
from retrorun.report.numbers import (
    Display,
    Tile,
    duration_in_words,
    percent,
    session_moment,
    session_name,
    session_time,
)
from retrorun.report.page import LIVE, Place, render
from retrorun.report.session import contrast, segments
from retrorun.report.session.contrast import Panel, technique_panels
from retrorun.report.session.lanes import (
    DrawnLanes,
    Lane,
    drawn_lanes,
    lanes,
    line_values,
    minute_table,
)
from retrorun.report.session.map import Map, draw_map, draw_strip, kinds_shown
from retrorun.report.session.question import presses_s, turns_s
from retrorun.report.session.tiles import (
    as_shown,
    may_be_backward,
    of_kind,
    session_tiles,
)
from retrorun.report.words import say, with_unbroken_units, words_for
from retrorun.units import FloatArray

LONGEST_NAME = 160
HEIGHTS = ("altitude_m", "smooth_altitude_m")
_ANSWER_WORDS = (  # that the script puts together
    *("answers_unsaved_one", "answers_unsaved_many", "save_how", "save_not", "row_unsaved"),
    *("row_yes", "row_no", "row_clear", "laps_preview", "laps_preview_none", "laps_one"),
    *("laps_many", "laps_title", "laps_yes", "laps_backward", "laps_forward", "at_lap", "at_turn"),
    *("near_lap", "near_turn", "selected_name", "selected_none", "kept", "kept_yes", "kept_no"),
    *("kept_clear", "kept_all", "taken_back_page", "between", "snapped_lap", "snapped_turn"),
    *("note_kept", "note_kept_both", "note_differs", "note_room", "note_too_long"),
)


class SessionContext(msgspec.Struct, frozen=True):
    """What a session page needs beside the session and its track.

    Attributes:
        guidance: what the session says about warm-up, progression and ground.
        claims: the popular claims beside the session's own data.
        athlete: whose units are used.
        asset_prefix: where the assets folder lies, seen from the page.
        home: where index.html and comparison.html lie, seen from the page.
        standalone: everything in one file.
        redacted: place, device, names and exact dates were taken out (see ``redacted``), and
            heights count from the first one.
        outdated: another version or other settings made the session.
        live: the page comes from the server of `retrorun open`.
        undo: how many answers about the session can be taken back.
        fresh: whether other sessions and the comparison have followed the last answer.
        note: what the athlete noted about the session.
        seen: tells the server which segments the page shows, when all of them are answered.
        archive_option: what commands need to find the archive; on no page that is handed on.
    """

    guidance: Guidance | None = None
    claims: tuple[Claim, ...] = ()
    athlete: Athlete = msgspec.field(default_factory=Athlete)
    asset_prefix: str = "../assets/"
    home: str = "../"
    standalone: bool = False
    redacted: bool = False
    outdated: bool = False
    live: bool = False
    undo: int = 0
    fresh: bool = True
    note: Remark = msgspec.field(default_factory=Remark)
    seen: str = ""
    archive_option: str = ""

    @property
    def place(self) -> Place:
        """Where the page lies."""
        if self.live:
            return LIVE
        return Place(self.asset_prefix, self.home, self.standalone, handed_on=self.redacted)


class SessionView(msgspec.Struct, frozen=True, eq=False):
    """The page in reading order."""

    id: str
    title: str
    moment: Markup
    source: str
    headline: Markup
    subline: str
    undecided: bool
    markable: bool
    outdated: bool
    asked: tuple[tuple[str, str], ...]
    habit: Habit | None
    tiles: tuple[Tile, ...]
    strip: Markup
    kinds: tuple[str, ...]
    map: Map | None
    lanes: DrawnLanes | None
    minutes: Table | None
    rows: segments.Rows
    contrast: contrast.Contrast | None
    technique: tuple[Panel, ...]
    speed_unit: str
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
    display, session = Display(context.athlete.units), as_shown(session)
    measured = session.measures.segments
    on = grid(track.seconds)
    found = _lanes(session, track, display)
    picture = (
        None if context.redacted else draw_map(track, measured, on, display, session.distance_m)
    )
    rows = segments.rows(measured, display, session.measures.structure)
    place = "" if context.redacted or context.standalone else context.archive_option
    asked = segments.answering(session, context.undo, fresh=context.fresh)
    return SessionView(
        id=session.id,
        title=_title(session, display),
        moment=session_time(session, month_only=context.redacted),
        source=session.source.name,
        headline=session_headline(session),
        subline=session_subline(session, display),
        undecided=session.is_undecided,
        markable=bool(found) and not context.redacted and not may_be_backward(session),
        outdated=context.outdated and not context.redacted,
        asked=() if context.redacted else _direction_question(session),
        habit=None if context.redacted else session_habit(context.athlete, measured, place),
        tiles=session_tiles(session, display),
        strip=draw_strip(measured, session.duration_s),
        kinds=kinds_shown(measured),
        map=picture,
        lanes=drawn_lanes(found, measured, _lap_ends_s(session), display),
        minutes=minute_table(found, track.seconds),
        rows=rows,
        contrast=contrast.contrast(measured, display),
        technique=technique_panels(session, display),
        speed_unit=f"{display.long_unit}/h",
        claims=claim_cards(each for each in context.claims if each.status != "not measurable"),
        guidance=context.guidance,
        quality=segments.quality(session),
        answering=None if context.redacted else asked,
        note=context.note,
        data=_data(session, picture, on.step_s)
        | {"lines": line_values(found, on)}
        | ({} if context.redacted else {"answers": _answer_data(session, track, context.seen)})
        | {"archive": place},
    )


def _lanes(session: Session, track: Track, display: Display) -> tuple[Lane, ...]:
    """All lanes, but facing only by a compass: a course in disguise always points ahead."""
    compass = session.heading.kind == "compass"
    return tuple(each for each in lanes(track, display) if compass or each.key != "facing")


def _lap_ends_s(session: Session) -> tuple[int, ...]:
    """Seconds at which a lap ended, the last one aside."""
    ends = (round(each.end_time_s - session.start_time_s) for each in session.laps[:-1])
    return tuple(each for each in ends if 0 < each < session.duration_s)


def _title(session: Session, display: Display) -> str:
    """The activity's name, no longer than a line or two."""
    name = session_name(session, display)
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _data(session: Session, picture: Map | None, step_s: float) -> dict[str, Any]:
    """What the script follows: segments, and the map's points."""
    spans = [
        [round(each.segment.start_s), round(each.segment.end_s), each.segment.kind]
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


def _answer_data(session: Session, track: Track, seen: str) -> dict[str, Any]:
    """What answers on the page need: moments to snap to, and the table that keeps earlier labels.

    A server refuses an answer to all segments where ``seen`` is no longer theirs. A table beside
    the export counts on the recording's own clock, which is not the page's where a privacy zone
    hides seconds; then there is none.
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
        "words": {name: with_unbroken_units(say(name)) for name in _ANSWER_WORDS},
    } | ({"seen": seen} if seen else {})


def session_page(session: Session, track: Track, context: SessionContext) -> str:
    """The page of one session, whole.

    Args:
        session: the analysed session.
        track: its 1 Hz track with the detection's columns; privacy zones already taken out.
        context: units, guidance, claims, and where the page lies.
    """
    shown, seconds = session, track
    if context.redacted:
        shown, seconds = redacted(session), _with_heights_from_start(track)
    view = session_view(shown, seconds, context)
    title = f"{view.title} · {session_moment(shown, month_only=context.redacted)}"
    return render("session", title, context.place, view=view, charts=False)


def _with_heights_from_start(track: Track) -> Track:
    """The track with heights from the first one known: above the sea they narrow the place down."""
    levelled = {name: _from_first(track.column(name)) for name in HEIGHTS if track.has(name)}
    return structs.replace(track, columns={**track.columns, **levelled})


def _from_first(values: FloatArray) -> FloatArray:
    known = values[np.isfinite(values)]
    return values - known[0] if known.size else values


def session_headline(session: Session) -> Markup:
    """How much of the session is, or may be, backward: one sentence, its main number in bold."""
    stretches = of_kind(session, "backward")
    if stretches:
        template = words_for("headline", len(stretches))
        return Markup(template).format(  # noqa: S704  # our own words
            verb=_verb(stretches),
            time=duration_in_words(session.time_s("backward")),
            count=len(stretches),
            share=percent(session.backward_share),
        )
    sides = segments.asked_sides(session.measures.segments)
    if sides:
        lasting = {way: duration_in_words(metrics_s) for way, (metrics_s, _) in sides.items()}
        return Markup(say("headline_asked")).format(**lasting)  # noqa: S704  # our own words
    found = of_kind(session, "candidate")
    if found:
        template = words_for("headline_candidate", len(found))
        return Markup(template).format(  # noqa: S704  # our own words
            count=len(found),
            time=duration_in_words(session.time_s("candidate")),
            grounds=_maybe_grounds(found),
        )
    return Markup(say("headline_undecided" if session.is_undecided else "headline_none"))  # noqa: S704  # our own words


def _direction_question(session: Session) -> tuple[tuple[str, str], ...]:
    """A question and the command that answers it, for either way; empty where nothing is asked."""
    sides = segments.asked_sides(session.measures.segments)
    if not sides:
        return ()
    first, last = (round(each) for each in sides["forward"][1])
    command = f"retrorun label {session.id} {first} {last}"
    return (say("asked"), f"{command} forward"), (say("asked_other"), f"{command} backward")


def _maybe_grounds(found: Sequence[MeasuredSegment]) -> str:
    """What the candidates rest on: a compass whose front is not known, or the steps."""
    compass = any(each.segment.evidence.get("heading") for each in found)
    return say("maybe_by_compass" if compass else "maybe_by_steps")


def _verb(stretches: Sequence[MeasuredSegment]) -> str:
    gaits = {each.segment.gait for each in stretches}
    if gaits == {"walk"}:
        return say("verb_walk")
    return say("verb_both") if "walk" in gaits else say("verb_run")


def session_subline(session: Session, display: Display) -> str:
    """Distance, moving time and whole duration in one line."""
    parts = [display.distance(session.distance_m)] if session.distance_m is not None else []
    parts.append(say("moving", time=duration_in_words(session.moving_s)))
    parts.append(say("whole", time=duration_in_words(session.duration_s)))
    return " · ".join(parts)


def redacted(session: Session) -> Session:
    """The session without names, device, place and exact date: for showing to strangers.

    What was computed stays. The start moves to noon on the first of its month, UTC, so that no page
    can tell the day; remarks keep only their slug, because their words may quote the file. The id
    goes too: whoever has the recording could compare its hash. What lies in a privacy zone was cut
    out before: see ``privacy_zones``.
    """
    month = np.datetime64(int(session.start_time_s), "s").astype("datetime64[M]")
    first_s = float(month.astype("datetime64[s]").astype(np.int64)) + 43_200.0
    source = structs.replace(
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
        heading=_without_devices(session.heading),
        measures=replace(
            session.measures, notes=tuple(each.without_message for each in session.measures.notes)
        ),
        labels=tuple(_anonymous(each) for each in session.labels),
        laps=(),
        pauses=(),
        notes=tuple(each.without_message for each in session.notes),
    )


def _without_devices(verdict: HeadingVerdict) -> HeadingVerdict:
    """The verdict without the sources of headings: that of a second device holds its name."""
    reason = verdict.reason.partition(" (beside it ")[0]  # as ``detect.heading`` lists the others
    return structs.replace(verdict, source=None, reason=reason)


def _anonymous(label: Label) -> Label:
    return structs.replace(label, origin="label")
