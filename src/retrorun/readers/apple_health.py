"""Apple Health's export: routes as GPX, and one huge XML with everything else.

The XML is read as a stream: of its records only the heart rates and step counts within a route's
time are kept. Each route is handed on as GPX that holds them too.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import numpy as np
from lxml import etree

from retrorun.errors import NotARunError, ReadError
from retrorun.model import Recording
from retrorun.readers.gpx import read_gpx
from retrorun.readers.gpx_text import gpx_of
from retrorun.readers.xml_names import local_name
from retrorun.readers.xml_stream import XmlBrokenError, elements
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

EXPORT = re.compile(r"(^|/)(apple_health_export/)?export\.xml$", re.IGNORECASE)
_HEART, _STEPS = "HKQuantityTypeIdentifierHeartRate", "HKQuantityTypeIdentifierStepCount"
_ACTIVITY = "HKWorkoutActivityType"
_TAGS = ("HealthData",)
_HEART_HOLDS_S = 15.0  # a heart rate stands for this long
_STEPS_LAST_S = 120.0  # counts over longer stretches say nothing of cadence
_MOST_RECORDS = 2_000_000


def is_route(name: str) -> bool:
    """Whether a member is one of Apple's workout routes."""
    return "workout-routes/" in name.lower() and name.lower().endswith(".gpx")


@dataclass(slots=True)
class _Route:
    """A route and what the export says of its time."""

    name: str
    data: bytes
    run: Recording
    sport: str | None = None
    heart: list[tuple[float, float]] = field(default_factory=list)
    steps: list[tuple[float, float, float]] = field(default_factory=list)


def routes_with_health(
    routes: Sequence[tuple[str, bytes]],
    export: Iterable[bytes],
    limits: ReadLimits,
) -> Iterator[tuple[str, bytes | ReadError | NotARunError]]:
    """Yield each route as GPX with heart rate and cadence where the export has them.

    Args:
        routes: names and bytes of the GPX members.
        export: ``export.xml``, piece by piece.
        limits: bounds for reading.
    """
    found: list[_Route] = []
    for name, data in routes:
        try:
            run = read_gpx(name, data, limits).recordings[0]
        except (ReadError, NotARunError) as reason:
            yield name, reason
            continue
        found.append(_Route(name, data, run))
    found.sort(key=lambda route: float(route.run.time_s[0]))
    _gather(found, export, limits)
    for route in found:
        yield route.name, _gpx(route) if route.heart or route.steps or route.sport else route.data


def _gather(routes: Sequence[_Route], export: Iterable[bytes], limits: ReadLimits) -> None:
    """Take what lies within a route's time; a broken export gives what came before the break."""
    starts = [float(route.run.time_s[0]) for route in routes]
    by_file = {route.name.rsplit("/", 1)[-1]: route for route in routes}
    try:
        for event, root in elements(export, _TAGS, "HealthData", depth=limits.xml_depth):
            if event == "start":
                continue
            for child in islice(root, len(root) - (event == "lot")):
                kind = local_name(child.tag)
                if kind == "Record":
                    _record(child, routes, starts)
                elif kind == "Workout":
                    _workout(child, by_file)
    except XmlBrokenError:
        return


def _record(element: etree._Element, routes: Sequence[_Route], starts: Sequence[float]) -> None:
    kind = element.get("type")
    if kind not in (_HEART, _STEPS):
        return
    begin, end = _time_s(element.get("startDate")), _time_s(element.get("endDate"))
    index = bisect_right(starts, begin + _HEART_HOLDS_S) - 1
    if index < 0 or begin > routes[index].run.time_s[-1]:
        return
    try:
        value = float(element.get("value") or "")
    except ValueError:
        return
    route = routes[index]
    if len(route.heart) + len(route.steps) >= _MOST_RECORDS:
        return
    if kind == _HEART:
        route.heart.append((begin, value))
    elif 0 < end - begin <= _STEPS_LAST_S:
        route.steps.append((begin, end, value * 60 / (end - begin)))


def _workout(element: etree._Element, by_file: dict[str, _Route]) -> None:
    sport = (element.get("workoutActivityType") or "").removeprefix(_ACTIVITY).lower()
    for reference in element.iter("{*}FileReference"):
        route = by_file.get((reference.get("path") or "").rsplit("/", 1)[-1])
        if route is not None and sport:
            route.sport = sport[:60]


def _time_s(text: str | None) -> float:
    """Apple writes ``2024-05-03 07:30:00 +0200``."""
    said = text or ""
    try:
        return datetime.fromisoformat(f"{said[:19]}{said[20:]}").timestamp()
    except (ValueError, OverflowError):
        return float("-inf")


def _gpx(route: _Route) -> bytes:
    run = route.run
    columns = {
        "lat": run.columns.get("latitude_deg"),
        "lon": run.columns.get("longitude_deg"),
        "ele": run.columns.get("altitude_m"),
        "speed": run.columns.get("speed_mps"),
        "hr": _heart(route),
        "cad": _cadence(route),
    }
    known = {name: values for name, values in columns.items() if values is not None}
    return gpx_of("Apple Health", route.sport, run.time_s, known)


def _heart(route: _Route) -> FloatArray | None:
    """The last heart rate at or before each point, while it is fresh."""
    if not route.heart:
        return None
    time_s, rates = np.array(sorted(route.heart)).T
    index = np.searchsorted(time_s, route.run.time_s, side="right") - 1
    known = (index >= 0) & (route.run.time_s - time_s[index] <= _HEART_HOLDS_S)
    return np.where(known, rates[index], np.nan)


def _cadence(route: _Route) -> FloatArray | None:
    """Steps a minute of the shortest count that covers each point."""
    if not route.steps:
        return None
    cadence = np.full(len(route.run.time_s), np.nan)
    for begin, end, rate in sorted(route.steps, key=lambda one: one[0] - one[1]):
        cadence[(route.run.time_s >= begin) & (route.run.time_s < end)] = rate
    return cadence
