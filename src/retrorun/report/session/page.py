"""What a session page shows, as plain values: every word and number decided, nothing drawn yet.

The session report.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from retrorun.model import Athlete, Session, Track
from retrorun.model.comparison import Claim, Guidance
from retrorun.report.claims import ClaimCard, cards
from retrorun.report.figures import grid
from retrorun.report.numbers import Display, session_moment
from retrorun.report.page import Place, render
from retrorun.report.session import contrast, segments
from retrorun.report.session import headline as top
from retrorun.report.session import segments as evidence
from retrorun.report.session.contrast import technique_figure
from retrorun.report.session.lanes import Lane, Table, figure, lanes, minute_table
from retrorun.report.session.map import Map, draw_map, draw_strip
from retrorun.report.session.redaction import redacted
from retrorun.report.words import say

LONGEST_NAME = 160


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
        redacted: place, device, names and exact dates were taken out (see ``redaction``).
    """

    guidance: Guidance | None = None
    claims: tuple[Claim, ...] = ()
    athlete: Athlete = field(default_factory=Athlete)
    asset_prefix: str = "../assets/"
    home: str = "../"
    standalone: bool = False
    redacted: bool = False


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
    tiles: tuple[top.Tile, ...]
    strip: Markup
    map: Map | None
    lanes: Mapping[str, Any] | None
    minutes: Table | None
    rows: segments.Rows
    contrast: contrast.Contrast | None
    technique: Mapping[str, Any] | None
    claims: tuple[ClaimCard, ...]
    guidance: Guidance | None
    quality: evidence.Quality
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
    return SessionView(
        id=session.id,
        title=_title(session),
        moment=session_moment(session, month_only=context.redacted),
        source=session.source.name,
        headline=top.headline(session),
        subline=top.subline(session, display),
        undecided=top.undecided(session),
        tiles=top.tiles(session, display),
        strip=draw_strip(measured, session.duration_s),
        map=picture,
        lanes=figure(found, measured, on),
        minutes=minute_table(found, track.seconds),
        rows=rows,
        contrast=contrast.contrast(measured, display),
        technique=technique_figure(session, display),
        claims=cards(context.claims),
        guidance=context.guidance,
        quality=evidence.quality(session),
        data=_data(session, picture, on.step_s),
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
    """What the script follows: stretches, and the map's points."""
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


def session_page(session: Session, track: Track, context: SessionContext) -> str:
    """The page of one session, whole.

    Args:
        session: the analysed session.
        track: its 1 Hz track with the detection's columns; privacy zones already taken out.
        context: units, guidance, claims, and where the page lies.
    """
    shown = redacted(session) if context.redacted else session
    view = session_view(shown, track, context)
    place = Place(context.asset_prefix, context.home, context.standalone)
    title = f"{view.title} · {view.moment}"
    return render("session", title, place, view=view, charts=bool(view.lanes or view.technique))
