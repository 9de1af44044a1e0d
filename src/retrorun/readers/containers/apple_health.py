"""Apple Health's export: routes as GPX, and one huge XML with everything else.

The XML is read as a stream: of its records only the heart rates and step counts within a route's
time are kept. Each route is handed on as GPX that holds them too. Neither the routes nor the
XML are held as a whole: a thousand routes cost no more than what was found for them.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import numpy as np
from lxml import etree

from retrorun.errors import NotARunError, ReadError
from retrorun.model import Recording, Source
from retrorun.readers.xml import unix_s
from retrorun.readers.xml.document import CONTROLS_TO_BLANKS, XmlBrokenError, elements, local_name
from retrorun.readers.xml.gpx import gpx_of, read_gpx
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

HEAD_BYTES = 4096
_EXPORT = re.compile(
    r"(^|/)(apple_health_export/[^/]+|[^/]*(?:export|esport|eksport|导出|書き出|내보내)[^/]*)\.xml$",
    re.IGNORECASE,
)
_HEART, _STEPS = "HKQuantityTypeIdentifierHeartRate", "HKQuantityTypeIdentifierStepCount"
_ACTIVITY = "HKWorkoutActivityType"
_TAGS = ("HealthData",)
_ROOT = b"<HealthData"
_MOST_FRONT = 4 << 20  # bytes in which the root is looked for
_HEART_HOLDS_S = 15.0  # a heart rate stands for this long
_STEPS_LAST_S = 120.0  # counts over longer stretches say nothing of cadence
_MOST_NUMBERS = 4_000_000


def is_route(name: str) -> bool:
    """Whether a member is one of Apple's workout routes."""
    return "workout-routes/" in name.lower() and name.lower().endswith(".gpx")


def may_be_export(name: str) -> bool:
    """Whether a member may be the export, by its name: that is in the phone's language."""
    return bool(_EXPORT.search(name)) and not name.lower().endswith("_cda.xml")


def is_export(head: bytes) -> bool:
    """Whether it is, by its first bytes."""
    return b"<HealthData" in head or b"<!DOCTYPE HealthData" in head


@dataclass(slots=True)
class _Route:
    """When a route was, and what the export says of that time.

    Attributes:
        heart: time and rate, by turns.
        steps: begin, end and steps a minute, by turns.
    """

    start_s: float
    end_s: float
    sport: str | None = None
    heart: "array[float]" = field(default_factory=lambda: array("d"))
    steps: "array[float]" = field(default_factory=lambda: array("d"))


class Health:
    """Routes and what the export says of their times; it holds neither's bytes.

    Args:
        limits: bounds for reading.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self.limits = limits
        self._routes: dict[str, _Route] = {}

    def add_route(self, name: str, data: bytes) -> ReadError | NotARunError | None:
        """Learn of a route's time; the reason if it is none."""
        try:
            run = read_gpx(Source(name, ""), data, self.limits).recordings[0]
        except (ReadError, NotARunError) as reason:
            return reason
        self._routes[name] = _Route(float(run.time_s.min()), float(run.time_s.max()))
        return None

    def routes(self) -> list[str]:
        """Their names, in the order of their times."""
        return sorted(self._routes, key=lambda one: (self._routes[one].start_s, one))

    def collect(self, export: Iterable[bytes]) -> None:
        """Take from ``export.xml`` what lies within a route's time.

        A broken record costs itself; where the export ends too early, what came before counts.

        Args:
            export: piece by piece.
        """
        found = [self._routes[name] for name in self.routes()]
        starts = [one.start_s for one in found]
        by_file = {name.rsplit("/", 1)[-1]: one for name, one in self._routes.items()}
        try:
            pieces, depth = _without_doctype(export), self.limits.xml_depth
            for event, root in elements(pieces, _TAGS, "HealthData", depth=depth, recover=True):
                if event == "start":
                    continue
                for child in islice(root, len(root) - (event == "lot")):
                    kind = local_name(child.tag)
                    if kind == "Record":
                        _record(child, found, starts)
                    elif kind == "Workout":
                        _workout(child, by_file)
        except XmlBrokenError:
            return

    def with_samples(self, name: str, data: bytes) -> bytes:
        """A route as GPX with what was gathered; as it is where nothing was."""
        route = self._routes[name]
        if not (route.heart or route.steps or route.sport):
            return data
        return _gpx(route, read_gpx(Source(name, ""), data, self.limits).recordings[0])


def _without_doctype(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The export from its root on, with blanks for control characters.

    iOS 16 writes a document type that is no XML, and control characters into names.
    """
    front = b""
    stream = iter(pieces)
    for piece in stream:
        front += piece
        root = front.find(_ROOT)
        if root >= 0 or len(front) > _MOST_FRONT:
            yield front[max(root, 0) :].translate(CONTROLS_TO_BLANKS)
            break
    for piece in stream:
        yield piece.translate(CONTROLS_TO_BLANKS)


def _record(element: etree._Element, routes: Sequence[_Route], starts: Sequence[float]) -> None:
    kind = element.get("type")
    if kind not in (_HEART, _STEPS):
        return
    begin, end = _time_s(element.get("startDate")), _time_s(element.get("endDate"))
    index = bisect_right(starts, begin + _HEART_HOLDS_S) - 1
    if index < 0 or begin > routes[index].end_s:
        return
    try:
        value = float(element.get("value") or "")
    except ValueError:
        return
    route = routes[index]
    if len(route.heart) + len(route.steps) >= _MOST_NUMBERS:
        return
    if kind == _HEART:
        beats_s = (element.get("unit") or "").endswith("/s")
        route.heart.extend((begin, 60.0 * value if beats_s else value))
    elif 0 < end - begin <= _STEPS_LAST_S:
        route.steps.extend((begin, end, value * 60 / (end - begin)))


def _workout(element: etree._Element, by_file: dict[str, _Route]) -> None:
    sport = (element.get("workoutActivityType") or "").removeprefix(_ACTIVITY).lower()
    for reference in element.iter("{*}FileReference"):
        route = by_file.get((reference.get("path") or "").rsplit("/", 1)[-1])
        if route is not None and sport:
            route.sport = sport[:60]


def _time_s(text: str | None) -> float:
    """Apple writes ``2024-05-03 07:30:00 +0200``; some phones ``7:30:00 am`` in it."""
    written = text or ""
    try:
        return datetime.fromisoformat(f"{written[:19]}{written[20:]}").timestamp()
    except (ValueError, OverflowError):
        loose_s = float(unix_s([written.replace("\u202f", " ").encode()])[0])
        return loose_s if np.isfinite(loose_s) else float("-inf")


def _gpx(route: _Route, run: Recording) -> bytes:
    columns = {
        "lat": run.columns.get("latitude_deg"),
        "lon": run.columns.get("longitude_deg"),
        "ele": run.columns.get("altitude_m"),
        "speed": run.columns.get("speed_mps"),
        "hr": _heart(route, run.time_s),
        "cad": _cadence(route, run.time_s),
    }
    known = {name: values for name, values in columns.items() if values is not None}
    return gpx_of("Apple Health", route.sport, run.time_s, known)


def _heart(route: _Route, at_s: FloatArray) -> FloatArray | None:
    """The last heart rate at or before each point, while it is fresh."""
    if not route.heart:
        return None
    table = np.array(route.heart).reshape(-1, 2)
    time_s, rates = table[np.argsort(table[:, 0], kind="stable")].T
    index = np.searchsorted(time_s, at_s, side="right") - 1
    known = (index >= 0) & (at_s - time_s[index] <= _HEART_HOLDS_S)
    return np.where(known, rates[index], np.nan)


def _cadence(route: _Route, at_s: FloatArray) -> FloatArray | None:
    """Steps a minute of the shortest count that covers each point."""
    if not route.steps:
        return None
    cadence = np.full(len(at_s), np.nan)
    counts = np.array(route.steps).reshape(-1, 3).tolist()
    for begin, end, rate in sorted(counts, key=lambda one: one[0] - one[1]):
        cadence[(at_s >= begin) & (at_s < end)] = rate
    return cadence
