"""Sessions, segments and tracks as tables with the unit in every column's name, and as files.

Tables are pandas frames; unknown is missing, never 0. Text that came from a file is kept from
being taken for a formula by a spreadsheet: in CSV it is led by an apostrophe.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from retrorun.errors import SettingsError
from retrorun.metrics import ENERGY, HEART_RATE, METRICS, SUMS, number_of
from retrorun.model import KINDS, Energy, Estimate, MeasuredSegment, Session, Totals, Track
from retrorun.model.recording import POSITION

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """One row a session, and one row a segment; ``session`` joins them.

    ``left_out`` has the ids of sessions that could not be read, each with the reason.
    """

    sessions: "pd.DataFrame"
    segments: "pd.DataFrame"
    left_out: Mapping[str, str] = field(default_factory=dict)


def tables(sessions: Iterable[Session]) -> Tables:
    """Sessions and their segments as frames, in the order given."""
    import pandas as pd

    given = list(sessions)
    rows = [session_row(session) for session in given]
    segments = [row for session in given for row in segment_rows(session)]
    return Tables(
        _typed(pd.DataFrame.from_records(rows, columns=[*session_row_names()])),
        _typed(pd.DataFrame.from_records(segments, columns=[*segment_row_names()])),
    )


TEXT = frozenset(
    (
        *("session", "timezone", "source", "sport", "name", "device", "heading_kind"),
        *("cost_factor_reason", "direction", "gait", "verdict", "ground", "energy_method"),
    )
)
WHOLE = frozenset(("set", "repetition"))


def _typed(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The frame with the type of every column, also of one in which nothing is known.

    pandas takes a type from the values, so that files of two athletes would differ in types.
    """
    import pandas as pd

    empty = {name for name in TEXT & {*frame.columns} if frame[name].isna().all()}
    types: dict[str, Any] = {
        **dict.fromkeys(frame.columns.difference([*TEXT]), "float64"),
        **dict.fromkeys(frame.columns.intersection([*WHOLE]), "Int32"),
        **dict.fromkeys(empty, "string"),
        "start_time": pd.DatetimeTZDtype("us", "UTC"),
    }
    return frame.astype(types)


def session_row(session: Session) -> Row:
    """One session: who and when, sums of every direction, and the cost factor."""
    zone = session.zone
    row: Row = {
        "session": session.id,
        "start_time": _utc_moment(session.start_time_s),
        "utc_offset_s": zone.utc_offset_s if zone else None,
        "timezone": zone.name if zone else None,
        "source": session.source.name,
        "sport": session.sport,
        "name": session.name,
        "device": session.device,
        "duration_s": session.duration_s,
        "moving_s": session.moving_s,
        "distance_m": session.distance_m,
        "device_energy_kcal": session.device_energy_kcal,
        "heading_kind": session.heading.kind,
    }
    for kind in KINDS:
        totals = session.measures.totals.get(kind, Totals())
        row |= {f"{kind}_{each.column}": getattr(totals, each.key) for each in SUMS}
    row["backward_share"] = session.backward_share
    return row | _factor(session.measures.cost_factor)


def session_row_names() -> tuple[str, ...]:
    """Columns of the session table, in order, also where there is no session."""
    return (
        *("session", "start_time", "utc_offset_s", "timezone", "source", "sport", "name", "device"),
        *("duration_s", "moving_s", "distance_m", "device_energy_kcal", "heading_kind"),
        *(f"{kind}_{each.column}" for kind in KINDS for each in SUMS),
        "backward_share",
        *("cost_factor", "cost_factor_low", "cost_factor_high", "cost_factor_reason"),
    )


def _factor(factor: Estimate) -> Row:
    return {
        "cost_factor": factor.value,
        "cost_factor_low": factor.low,
        "cost_factor_high": factor.high,
        "cost_factor_reason": factor.reason,
    }


def segment_rows(session: Session) -> list[Row]:
    """Every segment of a session, with its set and its place there if it is a repetition."""
    places = session.measures.structure.places()
    return [
        _segment_row(session, each, places.get(place, (None, None)))
        for place, each in enumerate(session.measures.segments)
    ]


def _segment_row(
    session: Session, measured: MeasuredSegment, place: tuple[int | None, int | None]
) -> Row:
    """One segment of a session: when, what, how sure, and its measures."""
    segment, metrics = measured.segment, measured.metrics
    row: Row = {
        "session": session.id,
        "start_time": _utc_moment(session.start_time_s + segment.start_s),
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "direction": segment.direction,
        "gait": segment.gait,
        "verdict": segment.verdict,
        "probability": segment.probability,
        "set": place[0],
        "repetition": place[1],
    }
    row |= {f"evidence_{kind}": segment.evidence.get(kind, 0.0) for kind in EVIDENCE}
    row |= {each.column: number_of(metrics, each.key) for each in (*METRICS, *HEART_RATE)}
    row["ground"] = " ".join(metrics.ground)
    return row | _energy(metrics.energy_shown)


EVIDENCE = ("heading", "gait", "label")


def _energy(energy: Energy | None) -> Row:
    """The energy shown, in kcal or, without a body mass, in kcal/kg: each in its own columns."""
    row: Row = {}
    for unit, per_kg in (("kcal", False), ("kcal_per_kg", True)):
        fits = energy is not None and energy.per_kg == per_kg
        row |= {
            f"energy_{each.key}_{unit}": getattr(energy, each.key) if fits else None
            for each in ENERGY
        }
    return row | {"energy_method": energy.method if energy else None}


def segment_row_names() -> tuple[str, ...]:
    """Columns of the segment table, in order, also where there is no segment."""
    return (
        *("session", "start_time", "start_s", "end_s", "direction", "gait", "verdict"),
        *("probability", "set", "repetition"),
        *(f"evidence_{kind}" for kind in EVIDENCE),
        *(each.column for each in (*METRICS, *HEART_RATE)),
        "ground",
        *_energy(None),
    )


def track_table(track: Track) -> "pd.DataFrame":
    """A track as a frame: one row a second, ``time`` (UTC), ``elapsed_s``, channels and flags.

    What lies in a privacy zone is in no track of the archive.
    """
    import pandas as pd

    elapsed_s = np.arange(track.seconds)
    time = pd.to_datetime(track.start_time_s + elapsed_s, unit="s", utc=True)
    flags = {f"flag_{name}": values for name, values in track.flags.items()}
    return pd.DataFrame({"time": time, "elapsed_s": elapsed_s, **track.columns, **flags})


def _utc_moment(time_s: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(time_s, tz=dt.UTC)


def encoded(frame: "pd.DataFrame", form: str) -> bytes:
    """A frame as the bytes of a file: ``csv``, ``parquet`` or ``json`` (a list of records).

    Raises:
        SettingsError: there is no such format.
    """
    writers: dict[str, Callable[[pd.DataFrame], bytes]] = {
        "csv": _csv,
        "parquet": lambda each: each.to_parquet(None, index=False),
        "json": lambda each: str(each.to_json(orient="records", date_format="iso")).encode(),
    }
    if form not in writers:
        known = ", ".join([*writers, "gpx"])
        raise SettingsError("export-format", f"there is no format {form}; known: {known}")
    return writers[form](frame)


def _csv(frame: "pd.DataFrame") -> bytes:
    safe = frame.copy()
    for name in safe.columns:
        if safe[name].dtype == object or str(safe[name].dtype) == "str":
            safe[name] = safe[name].map(_without_formula)
    return str(safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")).encode()


def _without_formula(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def gpx_bytes(session: Session, track: Track) -> bytes:
    """A session as GPX 1.1: one track segment a stretch, its direction in the points' comment.

    Seconds without a position are left out. Where the track begins again, so does a track segment:
    no line crosses a privacy zone.
    """
    import gpxpy.gpx

    document = gpxpy.gpx.GPX()
    document.creator = "retrorun"
    line = gpxpy.gpx.GPXTrack(name=session.name or session.id)
    document.tracks.append(line)
    latitude, longitude = (track.column(name) for name in POSITION)
    altitude = track.column("altitude_m")
    begins = track.flags.get("break", np.zeros(track.seconds, dtype=bool))
    for measured in session.measures.segments:
        piece = gpxpy.gpx.GPXTrackSegment()
        last = min(int(measured.segment.end_s), track.seconds)
        for index in range(int(measured.segment.start_s), last):
            if begins[index] and piece.points:
                line.segments.append(piece)
                piece = gpxpy.gpx.GPXTrackSegment()
            if np.isnan(latitude[index] + longitude[index]):
                continue
            height = None if np.isnan(altitude[index]) else round(float(altitude[index]), 1)
            point = gpxpy.gpx.GPXTrackPoint(
                round(float(latitude[index]), 7),
                round(float(longitude[index]), 7),
                elevation=height,
                time=_utc_moment(track.start_time_s + index),
                comment=f"{measured.segment.direction} {measured.segment.verdict}",
            )
            piece.points.append(point)
        if piece.points:
            line.segments.append(piece)
    return str(document.to_xml("1.1")).encode()
