"""What the readers of GPX and TCX share: parsing a document, and recordings of its points.

A document is parsed quickly where its points are regular, else element by element. TCX is written
where parts of an archive become a recording only together.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from html import escape
from typing import Generic, Protocol, TypeVar

import msgspec
import numpy as np
from lxml import etree
from msgspec.structs import replace

from retrorun.errors import ReadError
from retrorun.model import Export, FileTotal, HeadingSeries, Lap, Note, Pause, Recording, Source
from retrorun.readers.cadence import normalize_cadence
from retrorun.readers.sports import is_on_foot
from retrorun.readers.xml import utc_offset_s
from retrorun.readers.xml.document import XmlBrokenError, chunks, decode, elements, repair
from retrorun.readers.xml.fast_path import PointNames, Run, cut_points
from retrorun.readers.xml.points import PointTable, differences, leftover_counts
from retrorun.settings import ReadLimits
from retrorun.units import FloatArray

_MOST_BREAKS = 0.6  # for each point: more pieces are a habit of the writer, not interruptions
_JOIN_S = 3600.0  # a track that begins within an hour of the one before it belongs to it


class ActivityData(msgspec.Struct):
    """An activity while it is being read; ``breaks`` are the first points of new pieces."""

    points: PointTable
    breaks: list[int] = msgspec.field(default_factory=list)
    laps: list[Lap] = msgspec.field(default_factory=list)
    pauses: list[Pause] = msgspec.field(default_factory=list)
    sport: str | None = None
    name: str | None = None
    device: str | None = None
    energy_kcal: float | None = None
    distance_m: float | None = None
    timer_s: float | None = None
    notes: list[Note] = msgspec.field(default_factory=list)


def refuse_endless(name: str, data: bytes, point: bytes, limits: ReadLimits) -> None:
    """Count what a document holds before it is read: that takes a hundredth of the time.

    Args:
        name: the file's, for messages.
        data: the document.
        point: local name of its points.
        limits: how many points and elements it may have.

    Raises:
        ReadError: there are more.
    """
    if len(data) <= min(len(point) * limits.samples, 2 * limits.xml_elements):
        return  # it has no room for so many
    points = data.count(b"<" + point) + data.count(b":" + point) // 2
    if points > limits.samples:
        raise ReadError("too-many-samples", f"more than {limits.samples} points", file=name)
    if data.count(b"<") > 2 * limits.xml_elements:
        message = f"more than {limits.xml_elements} elements"
        raise ReadError("too-many-elements", message, file=name)


def refusal(name: str, damage: Note) -> ReadError:
    """The error of a document that breaks off too early for anything to be kept."""
    words = damage.message.rsplit("; ", 1)[0]  # without what would have been kept
    message = f"it breaks off before its second track point: {words}"
    return ReadError(damage.slug, message, file=name, remedy="Export it again.")


def export(
    source: Source, found: Sequence[Recording], damage: Note | None, warnings: tuple[Note, ...]
) -> Export:
    """The recordings on foot of a document, with the notes on it; the others are named.

    Args:
        source: the file, with format and device.
        found: every recording in it.
        damage: where it breaks off, if it does.
        warnings: what was mended in it or not read.
    """
    notes = (*((damage,) if damage else ()), *warnings)
    kept = (one for one in found if is_on_foot(one.sport) != "no")
    recordings = tuple(replace(one, notes=(*one.notes, *notes)) for one in kept)
    others = (one for one in found if is_on_foot(one.sport) == "no")
    passed_over = tuple(Note("other-sport", f"{one.sport}: not on foot") for one in others)
    source = replace(source, salvaged=damage is not None, warnings=notes)
    return Export(source, recordings, passed_over)


def recording(
    found: ActivityData,
    time_s: FloatArray,
    columns: dict[str, FloatArray],
    headings: tuple[HeadingSeries, ...],
    limits: ReadLimits,
) -> Recording | None:
    """Leave out the points without a time; None if fewer than two are left.

    Args:
        found: what was gathered.
        time_s: (n,) Unix seconds of its points.
        columns: channel → (n,).
        headings: heading candidates.
        limits: how its step counts are put right.
    """
    held = np.isfinite(time_s)
    if held.sum() < 2:
        return None
    notes = list(found.notes)
    if not held.all():
        lost = int((~held).sum())
        notes.append(Note("points-without-time", f"{lost} points without a time left out"))
    if found.points.has_decimal_commas:
        notes.append(Note("decimal-commas", "numbers with a decimal comma were read as such"))
    if len(found.breaks) > _MOST_BREAKS * len(time_s):
        words = f"{len(time_s)} points lie in {len(found.breaks)} pieces, which were joined"
        notes.append(Note("pieces-joined", words))
        found.breaks, found.pauses = [], []
    kept = {name: values[held] for name, values in columns.items()}
    total = FileTotal("laps", found.distance_m, found.timer_s) if found.laps else None
    tidy, cadence_notes = normalize_cadence(time_s[held], kept, found.sport, limits, total)
    if is_on_foot(found.sport) == "maybe":
        words = f"the file's sport is {found.sport or 'not said'}; taken for a run"
        cadence_notes = (*cadence_notes, Note("sport-unknown", words))
    return Recording(
        time_s=time_s[held],
        columns=tidy,
        headings=headings,
        laps=tuple(found.laps),
        pauses=tuple(found.pauses),
        breaks_s=_break_times(found.breaks, time_s),
        sport=found.sport,
        name=found.name,
        device=found.device,
        utc_offset_s=_zone(found.points),
        energy_kcal=found.energy_kcal,
        distance_m=found.distance_m,
        totals=(total,) if total else (),
        notes=(*notes, *cadence_notes),
    )


def with_laps_behind(one: Recording, empty_s: AbstractSet[float], limits: ReadLimits) -> Recording:
    """The recording with the ends of laps behind its last point: they have totals and no points.

    Their metres go on where the odometer ended; without one there is nothing to add them to. Of a
    lap in which the points end only the share behind them counts: the odometer has the rest.

    Args:
        one: as read.
        empty_s: when laps began that have no point behind their start, Unix seconds.
        limits: how far a clock may jump.
    """
    distance = one.columns.get("distance_m", np.empty(0))
    counted = distance[np.isfinite(distance)]
    last_s = float(one.time_s.max())
    until_s = last_s + limits.clock_jump_s
    behind = [lap for lap in one.laps if lap.start_time_s in empty_s and lap.distance_m]
    behind = [lap for lap in behind if last_s + 1 < lap.end_time_s and lap.start_time_s <= until_s]
    if not counted.size or not behind:
        return one
    ends = [(max(lap.start_time_s, last_s), *_share_behind(lap, last_s)) for lap in behind]
    times_s = np.array([at for start_s, end_s, _ in ends for at in (start_s, end_s)])
    along_m = np.cumsum([each for _, _, metres in ends for each in (0.0, metres)])
    fresh = np.flatnonzero(times_s > last_s)
    more = {"distance_m": counted[-1] + along_m[fresh]}
    nothing = np.full(fresh.size, np.nan)
    columns = {
        name: np.concatenate((values, more.get(name, nothing)))
        for name, values in one.columns.items()
    }
    words = f"{len(behind)} laps at the end have totals and no points; their metres were added"
    note = Note("laps-without-points", words)
    time_s = np.concatenate((one.time_s, times_s[fresh]))
    return replace(one, time_s=time_s, columns=columns, notes=(*one.notes, note))


def _share_behind(lap: Lap, last_s: float) -> tuple[float, float]:
    """The end of a lap that ends behind the last point, and its metres behind that, evenly."""
    behind_s = lap.end_time_s - max(lap.start_time_s, last_s)
    return lap.end_time_s, (lap.distance_m or 0.0) * behind_s / (lap.end_time_s - lap.start_time_s)


def _break_times(breaks: list[int], time_s: FloatArray) -> tuple[float, ...]:
    """When each new piece begins: the first known time at or after its first point."""
    known = np.flatnonzero(np.isfinite(time_s))
    first = np.searchsorted(known, [index for index in breaks if index > 0])
    return tuple(time_s[known[first[first < len(known)]]].tolist())


def _zone(points: PointTable) -> float | None:
    """Local minus UTC where the first time carries an offset."""
    texts = points.texts("time").texts
    return utc_offset_s(texts[0]) if texts and texts[0] else None


def join_tracks(found: Sequence[Recording]) -> list[Recording]:
    """Join tracks that follow each other closely: some writers begin one a kilometre.

    Some write the newest first. What is joined stands where the first of its tracks stood.
    """
    order = sorted(range(len(found)), key=lambda at: float(found[at].time_s[0]))
    done: list[tuple[int, Recording]] = []
    for at in order:
        one = found[at]
        place, before = done[-1] if done else (at, None)
        gap_s = one.time_s[0] - before.time_s[-1] if before is not None else -1.0
        if before is not None and 0 <= gap_s <= _JOIN_S and before.sport == one.sport:
            done[-1] = (min(place, at), _appended(before, one))
        else:
            done.append((at, one))
    return [one for _, one in sorted(done, key=lambda pair: pair[0])]


def _appended(first: Recording, second: Recording) -> Recording:
    names = dict.fromkeys((*first.columns, *second.columns))
    return replace(
        first,
        time_s=np.concatenate([first.time_s, second.time_s]),
        columns={
            name: np.concatenate([_column(first, name), _column(second, name)]) for name in names
        },
        headings=_headings_of_both(first.headings, second.headings),
        breaks_s=(*first.breaks_s, float(second.time_s[0]), *second.breaks_s),
        notes=tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def _headings_of_both(
    first: Sequence[HeadingSeries], second: Sequence[HeadingSeries]
) -> tuple[HeadingSeries, ...]:
    """The series of both tracks; those of one source, claim and north are joined."""
    joined = {(one.source, one.claim, one.north): one for one in first}
    for one in second:
        place = (one.source, one.claim, one.north)
        before = joined.get(place)
        joined[place] = one if before is None else _heading_of_both(before, one)
    return tuple(joined.values())


def _heading_of_both(first: HeadingSeries, second: HeadingSeries) -> HeadingSeries:
    """Two series as one; mounts of the second are numbered after those of the first."""
    mount = None
    if first.mount is not None or second.mount is not None:
        counts = [
            np.zeros(one.time_s.size, dtype=np.int64) if one.mount is None else one.mount
            for one in (first, second)
        ]
        mount = np.concatenate([counts[0], counts[0].max(initial=0) + 1 + counts[1]])
    return replace(
        first,
        time_s=np.concatenate([first.time_s, second.time_s]),
        heading_deg=np.concatenate([first.heading_deg, second.heading_deg]),
        mount=mount,
    )


def _column(one: Recording, name: str) -> FloatArray:
    return one.columns.get(name, np.full(len(one.time_s), np.nan))


class ParseSpec(msgspec.Struct, frozen=True):
    """Which parts of a document a format's reader handles.

    Attributes:
        points: what the format calls points, and what they hold.
        tags: local names of the elements that are handled.
        holder: local name of the element that holds the points.
        depth: deepest nesting that is followed.
        samples: how many points a document may have.
    """

    points: PointNames
    tags: tuple[str, ...]
    holder: str
    depth: int
    samples: int


class Handler(Protocol):
    """Collects what a format's reader needs of the elements while the document is streamed."""

    points: int

    @property
    def tables(self) -> Sequence[PointTable]:
        """The points that were gathered, a table an activity."""

    def handle(self, event: str, element: etree._Element) -> None:
        """Handle an element that begins or ends."""


T = TypeVar("T", bound=Handler)


class Parsed(msgspec.Struct, Generic[T], frozen=True, eq=False):
    """A parsed document.

    Attributes:
        handler: holds what was collected from it.
        damage: what was wrong with it, so that something may be missing.
        repairs: what was mended in it.
        left: the bytes that went through the parser, without the points cut out before.
    """

    handler: T
    damage: Note | None
    repairs: tuple[Note, ...] = ()
    left: tuple[bytes, ...] = ()

    def coverage(self, names: PointNames) -> tuple[Note, ...]:
        """Where the text holds more values of a channel than were read.

        Only once the columns were made of the points. A document that breaks off has its own note.
        """
        if self.damage is not None:
            return ()
        return differences(leftover_counts(self.left, names), self.handler.tables)


def parse(data: bytes, spec: ParseSpec, handler: Callable[[Iterator[Run]], T]) -> Parsed[T]:
    """Stream the whole document through a new handler, broken ones up to the break.

    A document that breaks off is tried again without the characters that XML forbids and with
    every prefix declared, and then, if all its points are whole, with lxml's recovery.

    Args:
        data: the document, as it was found.
        spec: which parts the handler needs.
        handler: makes one, given the points that were cut out of the document.
    """
    text, repairs = decode(data)
    found = _parse_once(text, spec, handler)
    if found.damage is None:
        return replace(found, repairs=repairs)
    better, more = repair(text)
    if more:
        second = _parse_once(better, spec, handler)
        if second.damage is None or second.handler.points > found.handler.points:
            found, repairs, text = second, (*repairs, *more), better
    if found.damage is not None and _is_whole(text, spec.points):
        third = handler(iter(()))
        trouble = _stream(chunks(text), spec, third, recover=True)
        if trouble is None and third.points == _count(text, spec.points):
            words = "it is not well-formed; every point was read all the same"
            damage = replace(found.damage, slug="xml-recovered", message=words)
            return Parsed(third, None, (*repairs, damage), (text,))
    if found.damage is not None and found.handler.points < _count(text, spec.points, b"</"):
        whole, lost = _without_broken_points(text, spec)
        last = _parse_once(whole, spec, handler)
        if last.handler.points > found.handler.points:
            words = f"{lost} points that are no XML were left out"
            note = replace(found.damage, slug="xml-recovered", message=words)
            return replace(last, repairs=(*repairs, note))
    return replace(found, repairs=repairs)


def _without_broken_points(text: bytes, spec: ParseSpec) -> tuple[bytes, int]:
    """The document without the points that are no XML, and how many these are.

    A point without an end goes up to the next element that the reader handles.
    """
    point = re.escape(spec.points.point.encode())
    start = re.compile(rb"<(?:[A-Za-z_][\w.-]{0,60}:)?%b[\s>]" % point)
    end = re.compile(rb"</(?:[A-Za-z_][\w.-]{0,60}:)?%b\s*>" % point)
    tags = b"|".join(re.escape(tag.encode()) for tag in spec.tags)
    handled = re.compile(rb"</?(?:[A-Za-z_][\w.-]{0,60}:)?(?:%b)[\s>]" % tags)
    places = [one.start() for one in start.finditer(text)]
    if not places:
        return text, 0
    pieces, lost = [text[: places[0]]], 0
    for first, last in zip(places, [*places[1:], len(text)], strict=True):
        piece = text[first:last]
        closed = end.search(piece)
        if closed is not None and _is_xml(piece[: closed.end()]):
            pieces.append(piece)
            continue
        lost += 1
        behind = handled.search(piece, closed.end() if closed is not None else 1)
        pieces.append(piece[behind.start() :] if behind is not None else b"")
    return b"".join(pieces), lost


_PREFIXES = re.compile(rb"(</?|\s)[A-Za-z_][\w.-]{0,60}:(?=[A-Za-z_])")


def _is_xml(element: bytes) -> bool:
    """Whether an element is well-formed, whatever prefixes it has."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        etree.fromstring(_PREFIXES.sub(rb"\1", element), parser)
    except etree.XMLSyntaxError:
        return False
    return True


def _parse_once(data: bytes, spec: ParseSpec, handler: Callable[[Iterator[Run]], T]) -> Parsed[T]:
    quick = cut_points(data, spec.points, spec.samples)
    if quick is not None:
        runs = iter(quick.runs)
        found = handler(runs)
        damage = _stream(quick.pieces(), spec, found)
        if damage is None and next(runs, None) is None:
            behind = data[max(quick.position - 1, 0) :]  # a tag may have been cut behind its "<"
            return Parsed(found, None, left=(quick.front, behind))
    found = handler(iter(()))
    return Parsed(found, _stream(chunks(data), spec, found), left=(data,))


def _stream(
    pieces: Iterator[bytes], spec: ParseSpec, handler: Handler, *, recover: bool = False
) -> Note | None:
    tags, holder = spec.tags, spec.holder
    try:
        stream = elements(pieces, tags, holder, depth=spec.depth, recover=recover)
        for event, element in stream:
            handler.handle(event, element)
    except XmlBrokenError as broken:
        message = str(broken)
        return Note("xml-broken", f"{message}; what came before it was kept")
    return None


def _count(text: bytes, names: PointNames, start: bytes = b"<") -> int:
    """How many start tags (``<``) or end tags (``</``) of points there are."""
    tag = rb"%b(?:[A-Za-z_][\w.-]{0,60}:)?%b[\s>]" % (start, re.escape(names.point.encode()))
    return sum(1 for _ in re.finditer(tag, text))


def _is_whole(text: bytes, names: PointNames) -> bool:
    """Whether the root is closed and every point too: then no value can be half of one."""
    closed = re.search(rb"</(?:[\w.-]{1,60}:)?(?:gpx|TrainingCenterDatabase)\s*>\s*\Z", text[-200:])
    return closed is not None and _count(text, names) == _count(text, names, b"</")


def tcx_of(
    sport: str,
    time_s: FloatArray,
    columns: Mapping[str, FloatArray | None],
    totals: Mapping[str, float | None],
    pauses: Sequence[tuple[float, float]],
) -> bytes:
    """One activity of one lap as TCX; the same input gives the same bytes.

    Args:
        sport: its sport.
        time_s: (n,) Unix seconds, rising; n ≥ 1.
        columns: of ``DistanceMeters``, ``HeartRateBpm`` and ``RunCadence`` (of one leg).
        totals: of the lap, by the names of their elements.
        pauses: begin and end; points within them are left out.
    """
    known = {name: values for name, values in columns.items() if values is not None}
    start, length_s = _moment(time_s[0]), time_s[-1] - time_s[0]
    running_s = length_s - sum(end - begin for begin, end in pauses)
    lap = {"TotalTimeSeconds": running_s, **totals}
    stated = "".join(f"<{name}>{each:.10g}</{name}>" for name, each in lap.items() if each)
    tracks = ["<Track>"]
    edges = [end for _, end in pauses]
    for index, at in enumerate(time_s.tolist()):
        if any(begin < at < end for begin, end in pauses):
            continue
        while edges and at >= edges[0]:
            edges.pop(0)
            tracks.append("</Track><Track>")
        tracks.append(_trackpoint(at, {name: each[index] for name, each in known.items()}))
    kind = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
    parts = [
        f'<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase xmlns="{kind}">',
        f'<Activities><Activity Sport="{escape(sport)}"><Id>{start}</Id>',
        f'<Lap StartTime="{start}">{stated}{"".join(tracks)}</Track></Lap>',
        "</Activity></Activities></TrainingCenterDatabase>\n",
    ]
    return "\n".join(parts).encode()


def _moment(time_s: float) -> str:
    return datetime.fromtimestamp(float(time_s), UTC).isoformat()


def _trackpoint(time_s: float, values: Mapping[str, float]) -> str:
    known = {name: f"{value:.10g}" for name, value in values.items() if np.isfinite(value)}
    if "HeartRateBpm" in known:
        known["HeartRateBpm"] = f"<Value>{known['HeartRateBpm']}</Value>"
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in known.items())
    return f"<Trackpoint><Time>{_moment(time_s)}</Time>{inside}</Trackpoint>\n"
