"""Everything that leaves for one door, made as the commands make it, read as a stranger would.

The same functions write here that write for the commands: the tables and tracks of ``export`` in
all formats, the pages of ``process`` and ``report``, the JSON of ``analyze``, the result set of a
cohort and its de-identified copy.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from attack_routes import Door
from attack_strategies import Seen
from retrorun import contract, export, pipeline, results
from retrorun.model import KINDS, Analysis, Athlete, Blob, Session
from retrorun.report.session.page import SessionContext, session_page
from retrorun.settings import Settings
from retrorun.storage import Folder
from retrorun.units import FloatArray

PLACED = ("csv", "parquet", "json", "gpx", "page", "shared page", "result set")


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """What left of one session: artefact → bytes or text, and its facts over all artefacts."""

    session: Session
    tracks: Mapping[str, bytes]
    pages: Mapping[str, str]
    facts: Mapping[str, float]


def leave(home: Door, runs: Sequence[bytes], secret: str, folder: Path, whole: int) -> list[Left]:
    """Analyse the runs of one athlete and write everything that the commands let out.

    Args:
        home: their door.
        runs: GPX files.
        secret: of the athlete's archive.
        folder: where a result set may lie.
        whole: of so many runs, the first ones, everything is made; of the others the CSV alone,
            which holds every place and column that anything else holds.
    """
    athlete = Athlete(mass_kg=70, privacy_zones=(home.zone,), zone_secret=secret)
    outcomes = [pipeline.process(Blob("run.gpx", run), Settings(), athlete) for run in runs]
    analyses = [each for each in outcomes if isinstance(each, Analysis)]
    if len(analyses) < len(runs):
        message = "a simulated run could not be analysed"
        raise AssertionError(message)
    sets = _result_sets(analyses[:whole], folder)
    return [_whole(each, sets) for each in analyses[:whole]] + list(map(_csv, analyses[whole:]))


def _csv(analysis: Analysis) -> Left:
    session, track = analysis.sessions[0], analysis.tracks[0]
    tracks = {"csv": export.encoded(export.track_table(track), "csv")}
    return Left(session, tracks, {}, _facts(analysis, {}, tracks))


def _whole(analysis: Analysis, sets: Mapping[str, Mapping[str, bytes]]) -> Left:
    session, track = analysis.sessions[0], analysis.tracks[0]
    frame = export.track_table(track)
    tracks = {form: export.encoded(frame, form) for form in ("csv", "parquet", "json")}
    tracks["gpx"] = export.gpx_bytes(session, track)
    tracks["result set"] = sets["plain"][session.id]
    tracks["de-identified"] = sets["shared"][session.id]
    pages = {
        "page": session_page(session, track, SessionContext()),
        "shared page": session_page(session, track, SessionContext(standalone=True)),
        "redacted page": session_page(
            session, track, SessionContext(standalone=True, redacted=True)
        ),
    }
    return Left(session, tracks, pages, _facts(analysis, pages, tracks))


def _result_sets(analyses: Sequence[Analysis], folder: Path) -> dict[str, dict[str, bytes]]:
    """Tracks of the result set and of its de-identified copy, as CSV by session."""
    store = Folder(folder)
    store.put(results.ABOUT, results.make_about("1", "abc", tracks=True))
    part = results.BatchWriter("a" * 32, tracks=True)
    for each in analyses:
        name, sha256 = each.source.name, each.source.sha256
        place = (f"/in/ann/{sha256}/{name}", f"ann/{sha256}/{name}", 10, "7", "abc")
        part.add(results.FileOutcomes("ann", *place, (each,), sha256))
    for name, data in part.close():
        store.put(name, data)
    key = results.pseudonym_key(b"a salt that nobody knows")
    copies = dict(results.deidentify(store, key, tracks=True))
    frames = {
        "plain": [_frame(store.read(each.name, 1 << 30)) for each in store.entries()
                  if each.name.startswith("tracks/")],
        "shared": [_frame(data) for name, data in copies.items() if name.startswith("tracks/")],
    }  # fmt: skip
    by_session: dict[str, dict[str, bytes]] = {"plain": {}, "shared": {}}
    for kind, found in frames.items():
        for session, rows in pd.concat(found).groupby("session"):
            by_session[kind][str(session)] = rows.to_csv(index=False).encode()
    owners = {key.session(each.sessions[0].id): each.sessions[0].id for each in analyses}
    shared = {owners[name]: data for name, data in by_session["shared"].items()}
    return {"plain": by_session["plain"], "shared": shared}


def _frame(data: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(data))


def _facts(
    analysis: Analysis, pages: Mapping[str, str], tracks: Mapping[str, bytes]
) -> dict[str, float]:
    """The largest durations and ways, and the earliest start, that any artefact tells."""
    session, track = analysis.sessions[0], analysis.tracks[0]
    row, told = export.session_row(session), contract.document(analysis)["sessions"][0]
    segments = export.segment_rows(session)
    spans = [json.loads(found).get("spans") for found in map(_page_data, pages.values())]
    durations = [row["duration_s"], told["duration_s"], track.seconds]
    durations += [sum(each["seconds"] for each in told["totals"].values())]
    durations += [segments[-1]["end_s"], *(each[-1][1] for each in spans if each)]
    if "de-identified" in tracks:
        durations += [float(len(pd.read_csv(io.BytesIO(tracks["de-identified"]))))]
    ways = [row["distance_m"], told["distance_m"]]
    ways += [sum(row[f"{kind}_distance_m"] or 0.0 for kind in KINDS)]
    ways += [sum(each["distance_m"] or 0.0 for each in segments)]
    start_s = min(session.start_time_s, pd.Timestamp(told["start_time"]).timestamp())
    known = [float(each) for each in ways if each is not None]
    return {"duration_s": max(map(float, durations)), "distance_m": max(known, default=np.nan),
            "start_s": float(start_s)}  # fmt: skip


def seen(left: Left, kind: str, home: Door) -> Seen:
    """What one artefact shows of a session, beside the facts of all."""
    if kind in left.pages:
        place, columns = _on_page(left, kind, home)
        return Seen(place, columns, left.facts["duration_s"], left.facts["distance_m"], 0.0)
    rows = _gpx_rows(left.tracks[kind]) if kind == "gpx" else _rows(kind, left.tracks[kind])
    nothing = np.full(len(rows), np.nan)
    names = ("latitude_deg", "longitude_deg")
    place = home.plane(*(rows[name].to_numpy(float) if name in rows else nothing for name in names))
    columns = {
        str(name): rows[name].to_numpy(float)
        for name in rows.columns
        if pd.api.types.is_numeric_dtype(rows[name]) and name not in names
    }
    lead_s = np.nan
    if len(rows) and "time" in rows:
        lead_s = pd.Timestamp(rows["time"].iloc[0]).timestamp() - left.facts["start_s"]
    return Seen(place, columns, left.facts["duration_s"], left.facts["distance_m"], lead_s)


def _rows(kind: str, data: bytes) -> pd.DataFrame:
    stream = io.BytesIO(data)
    if kind == "parquet":
        return pd.read_parquet(stream)
    return pd.read_json(stream) if kind == "json" else pd.read_csv(stream)


_POINT = re.compile(
    rb'<trkpt lat="([^"]+)" lon="([^"]+)">(?:\s*<ele>([^<]+)</ele>)?\s*<time>([^<]+)</time>'
)


def _gpx_rows(data: bytes) -> pd.DataFrame:
    rows = [[each.decode() or "nan" for each in found] for found in _POINT.findall(data)]
    frame = pd.DataFrame(rows, columns=["latitude_deg", "longitude_deg", "altitude_m", "time"])
    numbers = ["latitude_deg", "longitude_deg", "altitude_m"]
    return frame.astype(dict.fromkeys(numbers, float))


def _page_data(html: str) -> str:
    found = re.search(r'id="session-data">(.*?)</script>', html, re.DOTALL)
    return found[1] if found else "{}"


def _on_page(left: Left, kind: str, home: Door) -> tuple[FloatArray, dict[str, FloatArray]]:
    """The map of a page in metres, laid where the roads fit: at the first place of the CSV."""
    html = left.pages[kind]
    data = json.loads(_page_data(html))
    lanes = dict(_lanes(html))
    if "map_x" not in data:
        size = max([len(each) for each in lanes.values()], default=0)
        return np.full((size, 2), np.nan), {}
    flat = np.array([data["map_x"], data["map_y"]], dtype=float).T * (1.0, -1.0)
    place = flat * _metres_per_unit(html)
    truth = _rows("csv", left.tracks["csv"])
    real = home.plane(*(truth[name].to_numpy(float) for name in ("latitude_deg", "longitude_deg")))
    both = np.isfinite(place[:, 0]) & np.isfinite(real[: len(place), 0])
    place = place + np.median((real[: len(place)] - place)[both], axis=0)
    fitting = {name: lane for name, lane in lanes.items() if len(lane) == len(place)}
    return place, fitting


def _metres_per_unit(html: str) -> float:
    found = re.search(
        r'class="ruler" d="M\d+ \d+v12h(\d+)v-12"/><g[^>]*><text[^>]*>(\d+)\s(k?m)', html
    )
    if found is None:
        return np.nan
    return float(found[2]) * (1000.0 if found[3] == "km" else 1.0) / float(found[1])


def _lanes(html: str) -> Iterator[tuple[str, FloatArray]]:
    """The height lane of a page, in metres, at the points of the map."""
    for line in cast(dict[str, Any], json.loads(_page_data(html))).get("lines", []):
        if line["unit"] == "m" and line["scale"] == 10:
            yield "altitude_m", np.array(line["y"], dtype=float) / line["scale"]
