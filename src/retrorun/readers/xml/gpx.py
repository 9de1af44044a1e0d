"""GPX 1.0 and 1.1 → recordings, and track points → GPX.

Elements are known by local name, because namespaces vary. A document in which no track is found is
read with gpxpy. GPX is written where parts of an archive become a recording only together.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

import gpxpy.gpx
import numpy as np
from lxml import etree
from msgspec.structs import replace

from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, HeadingSeries, Note, Recording, Source
from retrorun.readers.heading_sources import (
    BY_CREATOR,
    GPX,
    GPX_NAMES,
    MOUNT_NAME,
    UNREAD_GYROSCOPE,
    HeadingSource,
    series,
)
from retrorun.readers.sports import is_on_foot, sport_of_code
from retrorun.readers.xml.activity import (
    ActivityData,
    ParseSpec,
    export,
    join_tracks,
    parse,
    recording,
    refusal,
    refuse_endless,
)
from retrorun.readers.xml.document import SAMPLE_BYTES, local_name
from retrorun.readers.xml.fast_path import PointNames, Run
from retrorun.readers.xml.points import CADENCE_NAMES, PointTable, unread_names
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray, wrap_deg

# local name in lower case → channel
NAMES: dict[str, str] = {
    "ele": "altitude_m",
    "hr": "heart_rate_bpm",
    "heartrate": "heart_rate_bpm",
    "heart_rate": "heart_rate_bpm",
    "bpm": "heart_rate_bpm",
    "heart_rate_bpm": "heart_rate_bpm",
    "heartratebpm": "heart_rate_bpm",
    "pulse": "heart_rate_bpm",
    **dict.fromkeys(CADENCE_NAMES, "cadence_spm"),
    "speed": "speed_mps",
    "atemp": "temperature_c",
    "temp": "temperature_c",
    "temperature": "temperature_c",
    "power": "power_w",
    "watts": "power_w",
    "powerinwatts": "power_w",
    "distance": "distance_m",
    "hacc": "gps_accuracy_m",
    "accuracy": "gps_accuracy_m",
}
PLACES = {"lat": "latitude_deg", "lon": "longitude_deg"}
_LEAST_POINTS = 2  # of a track
_OTHERS = {name: name for name in ("time", "cmt", MOUNT_NAME, *sorted(GPX_NAMES))}
# elements whose text says what sport it is, in lower case; lxml needs them as they are written
_SPORTS = frozenset({"type", "sport", "activity", "activitytype", "activity_type", "exercisetype"})
_SPORT_TAGS = (
    *("type", "sport", "Sport", "activity", "Activity", "activityType", "activitytype"),
    *("ActivityType", "activity_type", "exerciseType", "exercisetype", "ExerciseType"),
)
_HEART_RATE_OF_TCX = re.compile(
    rb"(<(?:[\w.-]{1,60}:)?HeartRateBpm(?:\s[^<>]*)?>)\s*<(?:[\w.-]{1,60}:)?Value>\s*(\d{1,3})"
    rb"\s*</(?:[\w.-]{1,60}:)?Value>\s*(</(?:[\w.-]{1,60}:)?HeartRateBpm\s*>)"
)
_TAGS = ("gpx", "trk", "trkseg", "rte", "name", *_SPORT_TAGS)
_POINTS = PointNames("trkpt", NAMES | _OTHERS, PLACES, frozenset({"cmt"}), frozenset(_TAGS))
_OTHER_HOLDERS = frozenset({"link", "wpt", "rte", "rtept", "trkpt"})  # their types are no sports
_HOLDERS = frozenset({"trk", "trkseg", "metadata", "gpx"}) | _OTHER_HOLDERS
_COMPASS_WORDS = re.compile(r"compass\D{0,20}(-?\d+(?:\.\d+)?)", re.IGNORECASE)
_COMMENT = 200  # characters of a comment that are looked at
_SAME_DEG = 0.5
_UNREAD = Note(
    "heading-unread",
    "gyroscope and acceleration alone tell a heading here, and the library for that is not there. "
    'Install it: `pip install "retrorun[raw]"`',
)


def read_gpx(source: Source, data: bytes, limits: ReadLimits) -> Export:
    """Read a GPX file, broken ones up to the break.

    Args:
        source: the file's name and hash.
        data: all its bytes.
        limits: bounds on what it may cost.

    Raises:
        ReadError: no track point has a time, or there are too many.
        NotARunError: there is no track, or only one of another sport.
    """
    refuse_endless(source.name, data, b"trkpt", limits)
    spec = ParseSpec(_POINTS, _TAGS, "trkseg", limits.xml_depth, limits.samples)
    if _HEART_RATE_OF_TCX.search(data[: 4 * SAMPLE_BYTES]):
        data = _HEART_RATE_OF_TCX.sub(rb"\1\2\3", data)
    whole = parse(data, spec, lambda runs: _Tracks(limits, source.name, runs))
    if not whole.handler.points and whole.damage is None:
        mended = _with_holders(data)
        if mended != data:
            whole = parse(mended, spec, lambda runs: _Tracks(limits, source.name, runs))
    tracks, damage = whole.handler, whole.damage
    made = (_recording(track, tracks.sport, limits) for track in tracks.found)
    found = [one for one in made if one is not None]
    if not found and damage is None:
        found = read_with_gpxpy(data, limits)
    runs = join_tracks(found)
    if all(is_on_foot(one.sport) == "no" for one in runs):
        raise _reason_for_none(source.name, tracks, runs, damage)
    source = replace(source, format="gpx", device=tracks.creator)
    warnings = (*whole.repairs, *whole.coverage(_POINTS), *unread_names(data, _POINTS))
    return export(source, runs, damage, warnings)


def _with_holders(data: bytes) -> bytes:
    """With a segment around points that stand in none, and a track around such segments."""
    for tag, inner in ((b"trkseg", b"trkpt"), (b"trk", b"trkseg")):
        first, last = data.find(b"<" + inner), data.rfind(b"</%b>" % inner)
        if first >= 0 and last > first and not re.search(rb"<%b[\s>]" % tag, data):
            last += len(inner) + 3
            start, end = b"<%b>" % tag, b"</%b>" % tag
            data = data[:first] + start + data[first:last] + end + data[last:]
    return data


class _Tracks:
    """What is gathered while the elements pass by."""

    def __init__(self, limits: ReadLimits, name: str, runs: Iterator[Run]) -> None:
        self.limits, self.name, self.runs = limits, name, runs
        self.found: list[ActivityData] = []
        self.creator: str | None = None
        self.sport: str | None = None  # of the document, for tracks that do not say theirs
        self.points = self.pieces = self.routes = 0

    @property
    def tables(self) -> list[PointTable]:
        return [one.points for one in self.found]

    def handle(self, event: str, element: etree._Element) -> None:
        tag = local_name(element.tag)
        if tag == "trkseg" and event != "start":
            self._points(element, all_but_last=event == "lot")
        elif event == "end":
            if tag == "name":
                self._name(element)
            elif tag.lower() in _SPORTS:
                self._sport(element)
        elif tag == "gpx":
            self.creator = (element.get("creator") or "").strip()[:200] or None
        elif tag == "trk":
            self._track()
        elif tag == "trkseg" and self.found:
            self._piece()
            self.found[-1].breaks.append(self.found[-1].points.count)
        elif tag == "rte":
            self.routes += 1

    def _piece(self) -> None:
        self.pieces += 1
        most = self.limits.pieces
        if self.pieces > most:
            raise ReadError("too-many-segments", f"more than {most} segments", file=self.name)

    def _track(self) -> None:
        most = self.limits.activities
        if len(self.found) >= most:
            raise ReadError("too-many-tracks", f"more than {most} tracks", file=self.name)
        self.found.append(ActivityData(PointTable(_POINTS, self.runs), device=self.creator))

    def _points(self, holder: etree._Element, *, all_but_last: bool) -> None:
        if not self.found:
            return
        before = self.found[-1].points.count
        self.found[-1].points.add(holder, all_but_last=all_but_last)
        self.points += self.found[-1].points.count - before
        most = self.limits.samples
        if self.points > most:
            raise ReadError("too-many-samples", f"more than {most} points", file=self.name)

    def _name(self, element: etree._Element) -> None:
        parent = element.getparent()
        text = (element.text or "").strip()[:200]
        if parent is not None and local_name(parent.tag) == "trk" and text and self.found:
            self.found[-1].name = text

    def _sport(self, element: etree._Element) -> None:
        """A track's type stands in it or in its extensions; elsewhere it is the document's."""
        text = (element.text or "").strip()[:200]
        holder = next((tag for tag in map(_tag, element.iterancestors()) if tag in _HOLDERS), "")
        if not text or holder in _OTHER_HOLDERS:
            return
        parent = element.getparent()
        word = sport_of_code(text).lower()
        if holder not in ("trk", "trkseg"):
            self.sport = self.sport or word
        elif self.found and (_tag(parent) == "trk" or self.found[-1].sport is None):
            self.found[-1].sport = word


def _tag(element: etree._Element | None) -> str:
    return local_name(element.tag) if element is not None else ""


def _reason_for_none(
    name: str,
    tracks: _Tracks,
    others: Sequence[Recording],
    damage: Note | None,
) -> ReadError | NotARunError:
    if others:
        sports = ", ".join(dict.fromkeys(str(one.sport) for one in others))
        return NotARunError("not-a-run", f"the activity is {sports}, not on foot", file=name)
    if tracks.points > 1:
        return ReadError("no-time", "fewer than two track points have a time", file=name)
    if damage:
        return refusal(name, damage)
    if tracks.routes:
        return NotARunError("gpx-route", "a route to follow, no recorded track", file=name)
    return NotARunError("gpx-no-track", "a GPX file without a track of two points", file=name)


def _recording(found: ActivityData, sport: str | None, limits: ReadLimits) -> Recording | None:
    if is_on_foot(found.sport) == "maybe":
        found.sport = sport or found.sport
    numbers = found.points.numbers()
    time_s = found.points.times_s()
    if found.points.count < _LEAST_POINTS:
        return None
    columns = {name: values for name, values in numbers.items() if name not in _OTHERS}
    candidates = tuple(_headings(found, numbers, time_s))
    if (found.device or "").endswith(UNREAD_GYROSCOPE):
        found.notes.append(_UNREAD)
    return recording(found, time_s, columns, candidates, limits)


def _headings(
    found: ActivityData,
    numbers: dict[str, FloatArray],
    time_s: FloatArray,
) -> Iterator[HeadingSeries]:
    """Candidates by the table; ``bearing`` is the facing only beside a different ``course``.

    The compass of a document that the readers composed is named after what it was composed of.
    """
    if "compass" not in numbers:
        numbers = numbers | _compass_in_comments(found.points)
    for row in GPX:
        (name,) = row.names
        values = numbers.get(name)
        if values is None:
            continue
        claim = row.claim
        if name == "bearing" and _differ(values, numbers.get("course")):
            claim = "compass"
        origin = BY_CREATOR.get(found.device or "", row) if name == "compass" else row
        mount = numbers.get(MOUNT_NAME) if origin is not row else None
        one = series(origin, time_s, _angles(values, row), claim, mount)
        if one is not None:
            yield one


def _differ(bearing: FloatArray, course: FloatArray | None) -> bool:
    if course is None:
        return False
    both = np.isfinite(bearing) & np.isfinite(course)
    return bool(both.any() and np.median(np.abs(wrap_deg(bearing - course)[both])) > _SAME_DEG)


def _angles(values: FloatArray, row: HeadingSource) -> FloatArray:
    """Degrees [0, 360); a negative course is missing, a negative compass angle is west of north.

    A compass that is never below -1 writes -1 for missing.
    """
    held = values[np.isfinite(values)]
    if row.claim == "course" or (len(held) and held.min() >= -1):
        values = np.where(values < 0, np.nan, values)
    return np.asarray(np.where(np.abs(values) <= 720, values % 360.0, np.nan), dtype=np.float64)


def _compass_in_comments(points: PointTable) -> dict[str, FloatArray]:
    texts = points.texts("cmt")
    values = np.full(points.count, np.nan)
    for index, text in zip(texts.points, texts.texts, strict=True):
        match = _COMPASS_WORDS.search((text or "")[:_COMMENT])
        if match:
            values[index] = float(match[1])
    return {"compass": values} if np.isfinite(values).any() else {}


_MOST_BYTES = 20 * 2**20  # gpxpy builds a tree and is slow
_NOTE = Note("gpx-second-opinion", "no track was found by streaming; read with gpxpy instead")


def read_with_gpxpy(data: bytes, limits: ReadLimits) -> list[Recording]:
    """The tracks that gpxpy finds, with position, height and time; none if it finds none.

    It is not asked about documents that are large, declare entities, or do not name two points of
    a track: it builds a tree of every route and waypoint, and finds no track there.
    """
    if data.replace(b"\0", b"").count(b"trkpt") < _LEAST_POINTS:  # UTF-16 and 32 have zeros between
        return []
    if len(data) > _MOST_BYTES or b"<!" in data.replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        return []
    try:
        tracks = gpxpy.parse(data).tracks
    except (
        gpxpy.gpx.GPXException,
        ValueError,
        AttributeError,
        TypeError,
        LookupError,
        ArithmeticError,
    ):
        return []
    found = (_recording_by_gpxpy(track) for track in tracks)
    return [one for one in found if one is not None and len(one.time_s) <= limits.samples]


def _recording_by_gpxpy(track: gpxpy.gpx.GPXTrack) -> Recording | None:
    timed = [
        (point, time_s)
        for segment in track.segments
        for point in segment.points
        if (time_s := _time_s(point)) is not None
    ]
    if len(timed) < 2:
        return None
    points = [point for point, _ in timed]
    columns = {
        "latitude_deg": [point.latitude for point in points],
        "longitude_deg": [point.longitude for point in points],
        "altitude_m": [point.elevation for point in points],
    }
    return Recording(
        time_s=np.array([time_s for _, time_s in timed]),
        columns={name: np.array(values, dtype=np.float64) for name, values in columns.items()},
        sport=(track.type or "").lower() or None,
        name=track.name,
        notes=(_NOTE,),
    )


def _time_s(point: gpxpy.gpx.GPXTrackPoint) -> float | None:
    """Unix seconds, without a zone in UTC; None where there is no time that a clock can show."""
    moment = point.time
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def gpx_of(
    creator: str,
    sport: str | None,
    time_s: FloatArray,
    columns: Mapping[str, FloatArray],
) -> bytes:
    """One track as GPX 1.1; the same input gives the same bytes, for they are its identity.

    Args:
        creator: what is named as the maker.
        sport: the track's type.
        time_s: (n,) Unix seconds.
        columns: ``lat`` and ``lon``, perhaps ``ele``; any other is an extension of that name.
    """
    maker = f'version="1.1" creator="{escape(creator)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<gpx xmlns="http://www.topografix.com/GPX/1/1" {maker}>',
        f"<trk><type>{escape(sport or 'unknown')}</type><trkseg>",
    ]
    lines.extend(_point(float(at), columns, index) for index, at in enumerate(time_s))
    return "\n".join([*lines, "</trkseg></trk></gpx>", ""]).encode()


def _point(time_s: float, columns: Mapping[str, FloatArray], index: int) -> str:
    known = {name: values[index] for name, values in columns.items() if np.isfinite(values[index])}
    places = "".join(f' {name}="{known.pop(name):.9f}"' for name in ("lat", "lon") if name in known)
    ele = f"<ele>{known.pop('ele'):.3f}</ele>" if "ele" in known else ""
    more = "".join(f"<{name}>{value:.10g}</{name}>" for name, value in known.items())
    moment = datetime.fromtimestamp(time_s, UTC).isoformat()
    return f"<trkpt{places}>{ele}<time>{moment}</time><extensions>{more}</extensions></trkpt>"
