"""TCX → recordings: several activities and laps, treadmill runs without a position."""

import re
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from lxml import etree
from msgspec.structs import replace

from retrorun.errors import SUMMARY_REMEDY, NotARunError, ReadError
from retrorun.model import Export, Lap, Note, Pause, Recording, Source
from retrorun.readers.sports import is_on_foot, sport_of_code
from retrorun.readers.xml import number, unix_s
from retrorun.readers.xml.activity import (
    ActivityData,
    ParseSpec,
    export,
    parse,
    recording,
    refusal,
    refuse_endless,
    with_laps_behind,
)
from retrorun.readers.xml.document import SAMPLE_BYTES, local_name
from retrorun.readers.xml.fast_path import PointNames, Run
from retrorun.readers.xml.points import CADENCE_NAMES, PointTable, unread_names
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

# local name in lower case → channel
NAMES: dict[str, str] = {
    "latitudedegrees": "latitude_deg",
    "longitudedegrees": "longitude_deg",
    "altitudemeters": "altitude_m",
    "distancemeters": "distance_m",
    "value": "heart_rate_bpm",
    **dict.fromkeys(CADENCE_NAMES, "cadence_spm"),
    "speed": "speed_mps",
    "watts": "power_w",
}
_BARE_HEART_RATE = re.compile(
    rb"(<HeartRateBpm(?:\s[^<>]*)?>)\s*(\d{1,3}(?:[.,]\d{1,9})?)\s*(</HeartRateBpm>)"
)
_TAGS = (
    *("TrainingCenterDatabase", "Activity", "Lap", "Track"),
    *("Creator", "Notes", "Course"),
)
_POINTS = PointNames("Trackpoint", NAMES | {"time": "time"}, {}, frozenset(), frozenset(_TAGS))


def read_tcx(source: Source, data: bytes, limits: ReadLimits) -> Export:
    """Read a TCX file, broken ones up to the break.

    Args:
        source: the file's name and hash.
        data: all its bytes.
        limits: bounds on what it may cost.

    Raises:
        ReadError: no track point has a time, or there are too many.
        NotARunError: there is no activity on foot.
    """
    refuse_endless(source.name, data, b"Trackpoint", limits)
    spec = ParseSpec(_POINTS, _TAGS, "Track", limits.xml_depth, limits.samples)
    data = _with_heart_rate_values(data)
    whole = parse(data, spec, lambda runs: _Activities(limits, source.name, runs))
    if not whole.handler.points and whole.damage is None:
        mended = _with_tracks(data)
        if mended != data:
            whole = parse(mended, spec, lambda runs: _Activities(limits, source.name, runs))
    found, damage = whole.handler, whole.damage
    made = (_recording(each, limits) for each in found.found)
    runs = [one for one in made if one is not None]
    first = next((one for one in runs if is_on_foot(one.sport) != "no"), None)
    if first is None:
        raise _reason_for_none(source.name, found, runs, damage)
    source = replace(source, format="tcx", device=first.device)
    coverage = whole.coverage(_POINTS) if not found.courses else ()  # a course has points too
    warnings = (*whole.repairs, *coverage, *unread_names(data, _POINTS))
    return export(source, runs, damage, warnings)


def _with_heart_rate_values(data: bytes) -> bytes:
    """With heart rates in an element of their own, where the first ones stand in none."""
    if not _BARE_HEART_RATE.search(data[: 4 * SAMPLE_BYTES]):
        return data
    return _BARE_HEART_RATE.sub(rb"\1<Value>\2</Value>\3", data)


def _with_tracks(data: bytes) -> bytes:
    """With a track around the points of each lap, where they stand in none."""
    if re.search(rb"<Track[\s>]", data):
        return data
    return b"</Lap>".join(_with_track(lap) for lap in data.split(b"</Lap>"))


def _with_track(lap: bytes) -> bytes:
    point, end = b"<Trackpoint>", b"</Trackpoint>"
    first, last = lap.find(point), lap.rfind(end) + len(end)
    if not 0 <= first < last - len(end):
        return lap
    return b"%b<Track>%b</Track>%b" % (lap[:first], lap[first:last], lap[last:])


class _LapRead:
    """A lap while it is being read: first point, start, and the totals that stand in front."""

    def __init__(self, element: etree._Element, first_point: int) -> None:
        self.first_point = first_point
        self.start_s = float(unix_s([(element.get("StartTime") or "").encode()])[0])
        self.tracks: list[int] = []
        self.totals: dict[str, str] = {}
        self.note: str | None = None

    def front(self, element: etree._Element) -> None:
        """Take over the totals before they are pruned."""
        for child in element:
            if len(self.totals) < 50 and child.text:
                self.totals.setdefault(local_name(child.tag), child.text.strip())

    def total(self, name: str) -> float:
        value = number(self.totals.get(name, "nan"))
        return value if 0 <= value < 1e9 else float("nan")


class _Activity(msgspec.Struct):
    """An activity while it is being read."""

    gathered: ActivityData
    laps: list[_LapRead] = msgspec.field(default_factory=list)


class _Activities:
    """What is gathered while the elements pass by."""

    def __init__(self, limits: ReadLimits, name: str, runs: Iterator[Run]) -> None:
        self.limits, self.name, self.runs = limits, name, runs
        self.found: list[_Activity] = []
        self.points = self.pieces = self.courses = 0
        self.inside = False

    @property
    def tables(self) -> list[PointTable]:
        return [one.gathered.points for one in self.found]

    def handle(self, event: str, element: etree._Element) -> None:
        tag = local_name(element.tag)
        if event == "start":
            self._start(tag, element)
        elif tag == "Activity":
            self.inside = False
        elif self.inside and tag == "Track":
            self._points(element, all_but_last=event == "lot")
        elif self.inside:
            self._end(tag, element)

    def _start(self, tag: str, element: etree._Element) -> None:
        if tag == "Activity":
            self.inside = True
            self._activity(element)
        elif tag == "Course":
            self.courses += 1
        elif self.inside and tag == "Lap":
            self._piece()
            here = self.found[-1]
            here.laps.append(_LapRead(element, here.gathered.points.count))
        elif self.inside and tag == "Track" and self.found[-1].laps:
            self._piece()
            lap = self.found[-1].laps[-1]
            lap.tracks.append(self.found[-1].gathered.points.count)
            parent = element.getparent()
            if parent is not None:
                lap.front(parent)

    def _piece(self) -> None:
        self.pieces += 1
        most = self.limits.pieces
        if self.pieces > 2 * most:  # a lap, and the track within it
            raise ReadError("too-many-laps", f"more than {most} laps", file=self.name)

    def _activity(self, element: etree._Element) -> None:
        most = self.limits.activities
        if len(self.found) >= most:
            message = f"more than {most} activities"
            raise ReadError("too-many-activities", message, file=self.name)
        sport = sport_of_code((element.get("Sport") or "").strip()[:60]).lower() or None
        self.found.append(_Activity(ActivityData(PointTable(_POINTS, self.runs), sport=sport)))

    def _points(self, holder: etree._Element, *, all_but_last: bool) -> None:
        points = self.found[-1].gathered.points
        before = points.count
        points.add(holder, all_but_last=all_but_last)
        self.points += points.count - before
        most = self.limits.samples
        if self.points > most:
            message = f"more than {most} points"
            raise ReadError("too-many-samples", message, file=self.name)

    def _end(self, tag: str, element: etree._Element) -> None:
        here = self.found[-1]
        if tag == "Lap" and here.laps:
            here.laps[-1].front(element)
        elif tag == "Creator":
            names = [child.text for child in element if local_name(child.tag) == "Name"]
            here.gathered.device = (names[0] or "").strip()[:200] or None if names else None
        elif tag == "Notes":
            self._note(here, element)

    def _note(self, here: _Activity, element: etree._Element) -> None:
        """Notes stand in laps and in the activity: there they are the only name it has."""
        text = (element.text or "").strip()[:200] or None
        parent = element.getparent()
        if parent is not None and local_name(parent.tag) == "Lap" and here.laps:
            here.laps[-1].note = text
        else:
            here.gathered.name = here.gathered.name or text


def _recording(found: _Activity, limits: ReadLimits) -> Recording | None:
    gathered = found.gathered
    time_s = gathered.points.times_s()
    gathered.laps = _laps(found.laps, time_s)
    known = np.flatnonzero(np.isfinite(time_s))
    for lap in found.laps:
        for first in lap.tracks[1:]:  # a second track within a lap: the timer stood still
            gathered.breaks.append(first)
            _pause(gathered, time_s[known], int(np.searchsorted(known, first)))
    gathered.energy_kcal = _sum([lap.total("Calories") for lap in found.laps])
    gathered.distance_m = _sum([lap.total("DistanceMeters") for lap in found.laps])
    gathered.timer_s = _sum([lap.total("TotalTimeSeconds") for lap in found.laps])
    one = recording(gathered, time_s, gathered.points.numbers(), (), limits)
    empty_s = {each.start_s for each in found.laps if each.first_point == gathered.points.count}
    return one and with_laps_behind(one, empty_s, limits)


def _pause(gathered: ActivityData, time_s: FloatArray, first: int) -> None:
    """From the last time that is known before a point to the first from it on."""
    if 0 < first < len(time_s) and time_s[first] > time_s[first - 1]:
        gathered.pauses.append(Pause(float(time_s[first - 1]), float(time_s[first])))


def _laps(laps: Sequence[_LapRead], time_s: FloatArray) -> list[Lap]:
    """Each from its start to the next one's, the last to its last point or its own length."""
    found = []
    for index, lap in enumerate(laps):
        behind = laps[index + 1] if index + 1 < len(laps) else None
        own = time_s[lap.first_point : behind.first_point if behind else None]
        ends = [lap.start_s + lap.total("TotalTimeSeconds"), *own[np.isfinite(own)][-1:]]
        known = [float(end) for end in ends if np.isfinite(end)]
        end = behind.start_s if behind and np.isfinite(behind.start_s) else max(known, default=0.0)
        if end > lap.start_s:
            trigger = lap.totals.get("TriggerMethod", "").lower() or None
            totals = [lap.total(name) for name in ("DistanceMeters", "TotalTimeSeconds")]
            stated = (total if np.isfinite(total) else None for total in totals)
            found.append(Lap(lap.start_s, end, lap.note, None, trigger, *stated))
    return found


def _sum(values: Sequence[float]) -> float | None:
    known = [value for value in values if np.isfinite(value)]
    return sum(known) or None


def _reason_for_none(
    name: str,
    found: _Activities,
    others: Sequence[Recording],
    damage: Note | None,
) -> ReadError | NotARunError:
    is_empty = not found.points and damage is None
    summaries = [one.gathered.sport for one in found.found if one.laps and is_empty]
    sports = [one.sport for one in others] or summaries
    on_foot = [one for one in sports if is_on_foot(one) != "no"]
    if sports and not on_foot:
        words = ", ".join(dict.fromkeys(map(str, sports)))
        return NotARunError("not-a-run", f"the activity is {words}, not on foot", file=name)
    if found.points > 1:
        return ReadError("no-time", "fewer than two track points have a time", file=name)
    if damage:
        return refusal(name, damage)
    if found.courses:
        return NotARunError("tcx-course", "a course to follow, no recorded activity", file=name)
    if summaries:  # nothing in laps alone tells a direction
        laps = [lap for one in found.found if one.gathered.sport in on_foot for lap in one.laps]
        way_m = _sum([lap.total("DistanceMeters") for lap in laps]) or 0.0
        minutes = (_sum([lap.total("TotalTimeSeconds") for lap in laps]) or 0.0) / 60
        words = f"laps without track points: {way_m:.0f} m in {minutes:.0f} min, and no recording"
        return NotARunError("tcx-no-track", words, file=name, remedy=SUMMARY_REMEDY)
    return NotARunError("tcx-no-track", "a TCX file without a track of two points", file=name)
