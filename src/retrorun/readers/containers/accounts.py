"""Exports of accounts: Strava's table of activities, and Apple Health's routes with its huge XML.

Strava's ``activities.csv`` tells names, types and dates of the files beside it; Runkeeper's and
others' have other names, and are known by a column of files. Their heads and types are in the
language of the account, and the order of columns is not fixed. The column of files is known by what
stands in it; those of titles, types and dates by their heads, in the languages that are known, else
by the order that all exports seen had.

Apple's export has routes as GPX, and one XML with everything else. The XML is read as a stream: of
its records only the heart rates and step counts within a route's time are kept. Each route is
handed on as GPX that holds them too. Neither the routes nor the XML are held as a whole: a thousand
routes cost no more than what was found for them. Runs and walks without a route are handed on as
TCX, if there are records of their time: the export is read a second time for them.
"""

import csv
import io
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, islice

import msgspec
import numpy as np
from lxml import etree

from retrorun.arithmetic import interpolate
from retrorun.errors import SUMMARY_REMEDY, NotARunError, ReadError
from retrorun.model import Recording, Source
from retrorun.readers.label_file import cell_of
from retrorun.readers.registry import suffixes
from retrorun.readers.sports import (
    DATE_HEADS,
    TITLE_HEADS,
    TYPE_HEADS,
    is_on_foot,
    plain_head,
)
from retrorun.readers.xml import apple_time_s, number
from retrorun.readers.xml.activity import tcx_of
from retrorun.readers.xml.document import (
    XmlBrokenError,
    elements,
    head_of,
    local_name,
    without_doctype,
)
from retrorun.readers.xml.gpx import gpx_of, read_gpx
from retrorun.readers.xml.points import (
    HEART_HOLDS_S,
    last_heart_rates,
    odometer_of,
    rates_of_counts,
)
from retrorun.settings import ReadLimits
from retrorun.text import file_key, name_key, text_of

_MOST_ROWS = 200_000
_MOST_BYTES = 32 << 20  # of the table: 20,000 activities have 10 MB
_LOOKED_AT = 200  # rows by which the column of files is found
_MOST_COLUMNS = 1000  # that are looked at: Strava's table has a hundred
_MOST_TYPES, _LONGEST_TYPE = 60, 60  # of activities, and characters of one: Strava has some fifty
TABLE = "activities.csv"
TABLE_HEAD_BYTES = 1 << 16
_DATE_TITLE_TYPE = 4  # the export begins with number, date, title and type


class ActivityRow(msgspec.Struct, frozen=True):
    """What the table says of one file."""

    title: str | None
    sport: str | None
    date: str | None = None  # in the account's own language

    @property
    def title_and_date(self) -> str:
        """Title and date, as far as they are known, without slashes: part of a member's name."""
        known = (each for each in (self.title, self.date) if each)
        return "; ".join(known).replace("/", "-")


def activities(folder: str, data: bytes) -> dict[str, ActivityRow]:
    """File name within the archive → what the table tells of it; empty if it cannot be read.

    Args:
        folder: where the table lies in the archive, with its slash.
        data: the table.
    """
    text = text_of(data[:_MOST_BYTES]).replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    lines: list[list[str]] = []
    with suppress(csv.Error):  # what came before it stands
        lines.extend(row for row, _ in zip(rows, range(_MOST_ROWS + 1), strict=False))
    file = _file_column(lines[1 : _LOOKED_AT + 1])
    if file is None:
        return {}
    columns = _title_type_date(lines, file)
    return {
        file_key(folder + cell_of(row, file)): ActivityRow(
            *(_cell_or_none(row, at) for at in columns)
        )
        for row in lines[1:]
        if _is_recording(cell_of(row, file))
    }


def may_be_table(name: str) -> bool:
    """Whether a member of an archive may be a table of activities: all have their own names."""
    return name.lower().endswith(".csv") and not name.lower().endswith(".labels.csv")


def is_table(head: bytes) -> bool:
    """Whether it names a recording, by its first bytes."""
    text = text_of(head).lower()
    return any(suffix in text for suffix in suffixes())


def rows_of(names: Iterable[str], rows: Mapping[str, ActivityRow]) -> dict[str, ActivityRow]:
    """The rows of some files; a table may leave out the folder of a file.

    Args:
        names: of the files, as ``file_key`` gives them.
        rows: as ``activities`` gives them.
    """
    bare = Counter(key.rpartition("/")[2] for key in rows)
    by_own = {key.rpartition("/")[2]: row for key, row in rows.items()}
    known = [*names]
    alike = Counter(name.rpartition("/")[2] for name in known)
    found: dict[str, ActivityRow] = {}
    for name in known:
        own = name.rpartition("/")[2]
        row = rows.get(name) or (by_own.get(own) if bare[own] == alike[own] == 1 else None)
        if row is not None:
            found[name] = row
    return found


def _file_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column in which the name of a recording stands."""
    counts = Counter(
        at
        for row in rows
        for at, cell in enumerate(row[:_MOST_COLUMNS])
        if _is_recording(cell.strip())
    )
    return max(counts, key=lambda at: (counts[at], -at)) if counts else None


def _is_recording(cell: str) -> bool:
    return cell.lower().removesuffix(".gz").endswith(suffixes())


def _title_type_date(lines: Sequence[Sequence[str]], file: int) -> tuple[int | None, ...]:
    """The columns of titles, types and dates: by their heads, else by what stands in them."""
    plain = [plain_head(head) for head in lines[0]]
    title, kind, date = (
        next((at for at, head in enumerate(plain) if head in known), None)
        for known in (TITLE_HEADS, TYPE_HEADS, DATE_HEADS)
    )
    is_unknown = (title, kind, date) == (None,) * 3
    if kind is None:
        kind = _type_column(lines[1 : _LOOKED_AT + 1], {file, title, date})
    if is_unknown and file >= _DATE_TITLE_TYPE:
        title, kind, date = 2, 3 if kind is None else kind, 1
    return title, kind, date


def _type_column(rows: Sequence[Sequence[str]], others: Container[int | None]) -> int | None:
    """The column whose cells are words for sports; titles are too, but they are more varied."""
    found: list[tuple[int, int]] = []
    for at in range(min(max(map(len, rows), default=0), _MOST_COLUMNS)):
        cells = Counter(cell for row in rows if (cell := cell_of(row, at)))
        if at in others or len(cells) > _MOST_TYPES:
            continue
        words = [one for one in cells if len(one) <= _LONGEST_TYPE and not one.isdigit()]
        known = sum(cells[one] for one in words if is_on_foot(one) != "maybe")
        if known and 2 * known >= cells.total():
            found.append((len(cells), at))
    return min(found)[1] if found else None


def _cell_or_none(row: Sequence[str], at: int | None) -> str | None:
    return " ".join(cell_of(row, at).split())[:200] or None


APPLE_HEAD_BYTES = 4096
_ROUTE_CREATOR = b"Apple Health Export"
_QUANTITY = "HKQuantityTypeIdentifier"
_HEART, _STEPS = f"{_QUANTITY}HeartRate", f"{_QUANTITY}StepCount"
_WAY, _ENERGY = f"{_QUANTITY}DistanceWalkingRunning", f"{_QUANTITY}ActiveEnergyBurned"
_METRES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "ft": 0.3048, "yd": 0.9144}
_KCAL = {"kcal": 1.0, "cal": 1.0, "kj": 1 / 4.184}  # Apple's Cal is a kilocalorie
_ACTIVITY = "HKWorkoutActivityType"
_TAGS = ("HealthData",)
_ROOT = b"<HealthData"
_STEPS_LAST_S = 120.0  # counts over longer stretches say nothing of cadence
_MOST_NUMBERS = 4_000_000
_LONGEST_S = 172_800.0  # of a workout
_MOST_ALONE = 20_000  # runs and walks without a route
_MOST_AT_ONCE = 8  # routes that one record is given to


def is_apple_route(name: str, head: bytes) -> bool:
    """Whether a member is one of Apple's workout routes, by its folder or its first bytes."""
    own = name.lower()
    return own.endswith(".gpx") and ("workout-routes/" in own or _ROUTE_CREATOR in head)


def may_be_apple_export(name: str) -> bool:
    """Whether a member may be the export: its name is in the phone's language."""
    return name.lower().endswith(".xml") and not name.lower().endswith("_cda.xml")


def is_apple_export(head: bytes) -> bool:
    """Whether it is, by its first bytes."""
    head = head_of(head, APPLE_HEAD_BYTES)
    return b"<HealthData" in head or b"<!DOCTYPE HealthData" in head


class _Route(msgspec.Struct):
    """When a route was, and what the export says of that time.

    Attributes:
        sport: of the workout that names the route, else of one of its time.
        is_referred: whether a workout names it.
        heart: time and rate, by turns.
        steps: begin, end and steps a minute, by turns.
    """

    start_s: float
    end_s: float
    sport: str | None = None
    is_referred: bool = False
    heart: "array[float]" = msgspec.field(default_factory=lambda: array("d"))
    steps: "array[float]" = msgspec.field(default_factory=lambda: array("d"))


class _Indoors(_Route):
    """A run or a walk without a route.

    Attributes:
        name: its sport and when it began, as the export writes it.
        source: the name of the device or app that recorded it.
        distance_m, energy_kcal: as the workout states them.
        pauses: begin and end.
        ways: name of a source → begin, end and metres, by turns.
    """

    name: str = ""
    source: str = ""
    distance_m: float | None = None
    energy_kcal: float | None = None
    pauses: list[tuple[float, float]] = msgspec.field(default_factory=list)
    ways: "dict[str, array[float]]" = msgspec.field(default_factory=dict)


class AppleHealth:
    """Routes and what the export says of their times; it holds neither's bytes.

    Args:
        limits: bounds for reading.
    """

    def __init__(self, limits: ReadLimits) -> None:
        self.limits = limits
        self._routes: dict[str, _Route] = {}
        self._indoors: list[_Indoors] = []
        self._unread = 0

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
        by_file = {_own_name(name): one for name, one in self._routes.items()}
        for child in self._records(export, [self._routes[name] for name in self.routes()]):
            if _workout(child, by_file):
                self._indoors.append(_indoors(child))

    def collect_indoors(self, export: Iterable[bytes]) -> None:
        """Take from ``export.xml`` what lies within runs and walks without a route, if any."""
        lasting = (one for one in self._indoors if 0 < one.end_s - one.start_s < _LONGEST_S)
        found = sorted(islice(lasting, _MOST_ALONE), key=lambda one: one.start_s)
        for _ in self._records(export, found) if found else ():
            pass

    def _records(
        self, export: Iterable[bytes], found: Sequence[_Route]
    ) -> Iterator[etree._Element]:
        """Give its records to the routes, which rise by their start, and yield its workouts."""
        starts = [one.start_s for one in found]
        ends = list(accumulate((one.end_s for one in found), max))
        with suppress(XmlBrokenError):
            pieces, depth = without_doctype(export, _ROOT), self.limits.xml_depth
            for event, root in elements(pieces, _TAGS, "HealthData", depth=depth, recover=True):
                if event == "start":
                    continue
                for child in islice(root, len(root) - (event == "lot")):
                    kind = local_name(child.tag)
                    if kind == "Record":
                        _record(child, found, (starts, ends))
                    elif kind == "Correlation":
                        for record in child.iter("{*}Record"):
                            _record(record, found, (starts, ends))
                    elif kind == "Workout":
                        yield child

    def indoors(self) -> Iterator[tuple[str, bytes]]:
        """Name and TCX of each run or walk without a route that has records."""
        for workout in self._indoors:
            if workout.heart or workout.steps or workout.ways:
                yield workout.name, _tcx(workout)
            else:
                self._unread += 1

    def without_route(self) -> NotARunError | None:
        """What to say of the runs and walks that have neither route nor records."""
        if not self._unread:
            return None
        words = f"runs or walks with neither a route nor records were not read: {self._unread}"
        return NotARunError("not-a-run-no-route", words, remedy=SUMMARY_REMEDY)

    def with_samples(self, name: str, data: bytes) -> bytes:
        """A route as GPX with what was gathered; as it is where nothing was."""
        route = self._routes[name]
        if not (route.heart or route.steps or route.sport):
            return data
        return _gpx(route, read_gpx(Source(name, ""), data, self.limits).recordings[0])


def _record(
    element: etree._Element, routes: Sequence[_Route], times_s: tuple[list[float], list[float]]
) -> None:
    """Give a record to the routes of its time: two devices may have recorded the same run.

    ``times_s`` are the starts of the routes, which rise, and the latest end of all up to each.
    """
    kind = element.get("type")
    if kind not in (_HEART, _STEPS, _WAY):
        return
    starts, ends = times_s
    begin, end = _times_s(element)
    index = bisect_right(starts, begin + HEART_HOLDS_S) - 1
    if index < 0 or begin > ends[index]:
        return
    value = number(element.get("value") or "")
    if not np.isfinite(value):
        return
    is_of_hertz = kind == _HEART and (element.get("unit") or "").endswith("/s")
    for at in range(index, max(index - _MOST_AT_ONCE, -1), -1):
        if begin > ends[at]:
            return
        route = routes[at]
        if begin > route.end_s or len(route.heart) + len(route.steps) >= _MOST_NUMBERS:
            continue
        if kind == _HEART:
            route.heart.extend((begin, 60.0 * value if is_of_hertz else value))
        elif kind == _WAY:
            _add_way(route, element, (begin, end, value))
        elif 0 < end - begin <= _STEPS_LAST_S:
            route.steps.extend((begin, end, value * 60 / (end - begin)))


def _add_way(route: _Route, element: etree._Element, way: tuple[float, float, float]) -> None:
    """Give metres to a workout without a route, if all of their time is the workout's."""
    begin, end, value = way
    metres = value * _METRES.get((element.get("unit") or "").lower(), np.nan)
    source = (element.get("sourceName") or "")[:200]
    within = route.start_s - HEART_HOLDS_S <= begin < end <= route.end_s + HEART_HOLDS_S
    if not isinstance(route, _Indoors) or not (within and metres >= 0):
        return
    if source in route.ways or len(route.ways) < _MOST_AT_ONCE:
        route.ways.setdefault(source, array("d")).extend((begin, end, metres))


def _sport(element: etree._Element) -> str:
    return (element.get("workoutActivityType") or "").removeprefix(_ACTIVITY).lower()[:60]


def _times_s(element: etree._Element) -> tuple[float, float]:
    return apple_time_s(element.get("startDate")), apple_time_s(element.get("endDate"))


def _own_name(path: str) -> str:
    return name_key(path.replace("\\", "/").rsplit("/", 1)[-1])


def _workout(element: etree._Element, by_file: dict[str, _Route]) -> bool:
    """Give its sport to the routes that a workout names, else to those that no workout names.

    Exports of iOS 12 and before name none: then most of a route's time is the workout's.

    Returns:
        Whether it is a run or a walk without any route.
    """
    sport = _sport(element)
    named = [_own_name(each.get("path") or "") for each in element.iter("{*}FileReference")]
    if not sport:
        return False
    for name in named:
        if route := by_file.get(name):
            route.sport, route.is_referred = sport, True
    begin, end = _times_s(element)
    is_alone = not named
    for route in () if named else by_file.values():
        shared_s = min(end, route.end_s) - max(begin, route.start_s)
        is_alone &= shared_s <= 0
        if not route.is_referred and 2 * shared_s > route.end_s - route.start_s:
            route.sport = sport
    return is_alone and is_on_foot(sport) == "yes"


def _indoors(element: etree._Element) -> _Indoors:
    """What a workout states of itself."""
    sport, (begin, end) = _sport(element), _times_s(element)
    totals = {
        kind: (element.get(name), element.get(f"{name}Unit"))
        for kind, name in ((_WAY, "totalDistance"), (_ENERGY, "totalEnergyBurned"))
    }
    for each in element.iter("{*}WorkoutStatistics"):
        totals[each.get("type") or ""] = (each.get("sum"), each.get("unit"))
    distance, energy = (
        number(totals[kind][0] or "") * units.get((totals[kind][1] or "").lower(), np.nan)
        for kind, units in ((_WAY, _METRES), (_ENERGY, _KCAL))
    )
    return _Indoors(
        *(begin, end, sport),
        name=f"{sport}; {(element.get('startDate') or '')[:40].replace('/', '-')}",
        source=(element.get("sourceName") or "")[:200],
        distance_m=distance if distance > 0 else None,
        energy_kcal=energy if energy > 0 else None,
        pauses=_pauses(element, begin, end),
    )


def _pauses(element: etree._Element, begin_s: float, end_s: float) -> list[tuple[float, float]]:
    """From each event of a pause within the workout to the next that goes on, or to the end."""
    pauses, since = list[tuple[float, float]](), np.inf
    for each in islice(element.iter("{*}WorkoutEvent"), _MOST_ALONE):
        kind, at = (each.get("type") or "").lower(), apple_time_s(each.get("date"))
        if kind.endswith(("pause", "motionpaused")) and begin_s <= at <= end_s:
            since = min(since, at)
        elif kind.endswith(("resume", "motionresumed")) and at > since:
            pauses.append((since, min(at, end_s)))
            since = np.inf
    return [*pauses, (since, end_s)] if since < end_s else pauses


def _tcx(workout: _Indoors) -> bytes:
    """A run or walk without a route: a point at each time that any of its records states."""
    way_s, way_m = odometer_of(workout.ways, workout.source, workout.distance_m)
    edges_s = np.array(workout.steps).reshape(-1, 3)[:, :2].ravel()
    ends_s = (workout.start_s, workout.end_s)
    time_s = np.unique(np.concatenate((ends_s, workout.heart[::2], way_s, edges_s)))
    time_s = time_s[(time_s >= workout.start_s) & (time_s <= workout.end_s)]
    steps_spm = rates_of_counts(workout.steps, time_s)
    columns = {
        "DistanceMeters": interpolate(time_s, way_s, way_m) if way_s.size else None,
        "HeartRateBpm": last_heart_rates(workout.heart, time_s),
        "RunCadence": None if steps_spm is None else steps_spm / 2,  # TCX counts one leg
    }
    totals = {"DistanceMeters": workout.distance_m, "Calories": workout.energy_kcal}
    return tcx_of(workout.sport or "", time_s, columns, totals, workout.pauses)


def _gpx(route: _Route, run: Recording) -> bytes:
    columns = {
        "lat": run.columns.get("latitude_deg"),
        "lon": run.columns.get("longitude_deg"),
        "ele": run.columns.get("altitude_m"),
        "speed": run.columns.get("speed_mps"),
        "hAcc": run.columns.get("gps_accuracy_m"),
        "hr": last_heart_rates(route.heart, run.time_s),
        "cad": rates_of_counts(route.steps, run.time_s),
    }
    known = {name: values for name, values in columns.items() if values is not None}
    return gpx_of("Apple Health", route.sport, run.time_s, known)
