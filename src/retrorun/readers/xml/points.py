"""Points and lists of an XML file as columns, and whether every value of the text was read."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from lxml import etree

from retrorun.model import Note
from retrorun.readers.xml import MISSING, floats, unix_s
from retrorun.readers.xml.document import local_name
from retrorun.readers.xml.fast_path import PLACE, TIME, Indices, PointNames, Run
from retrorun.units import FloatArray

# local names in lower case by which points give steps or cycles a minute
CADENCE_NAMES = (
    *("cad", "cadence", "runcadence", "run_cadence", "runningcadence", "running_cadence"),
    *("steprate", "step_rate", "stepcadence", "step_cadence", "cadence_spm", "cadencespm"),
    *("spm", "stepsperminute", "steps_per_minute"),
)
_MOST_NAMES = 500  # no real file has so many different elements in its points
_POINT, _PLACE = object(), object()  # what a tag can stand for besides a column


class Texts(msgspec.Struct):
    """The texts of one element name: which points had one, and what it was."""

    points: list[int] = msgspec.field(default_factory=list)
    texts: list[str | None] = msgspec.field(default_factory=list)


class PointTable:
    """Gathers track points, then hands out columns.

    Args:
        names: what the format calls points, and what they hold.
        runs: the points that were cut out of the document, in its order.
    """

    def __init__(self, names: PointNames, runs: Iterator[Run]) -> None:
        self.names = names
        self.count = 0
        self._runs = runs
        self._by_tag: dict[object, object] = {}
        self._by_column: dict[str, Texts] = {}
        self._from_runs: dict[str, list[tuple[int, Indices, FloatArray]]] = {}
        self.given: Counter[str] = Counter()  # column → points that were cut out with a value of it
        self.read: dict[str, int] = {}  # column → numbers among all values
        self.has_decimal_commas = False

    def add(self, holder: etree._Element, *, all_but_last: bool) -> None:
        """Take over the points below an element: their attributes, and all below them.

        Args:
            holder: the element whose children are points (and perhaps others).
            all_but_last: the last child is not whole yet.
        """
        known, unknown, index = self._by_tag.get, self, self.count - 1
        before = index  # what stands in front of the first point belongs to none
        attributes = [
            (name, self._column(column).points.append, self._column(column).texts.append)
            for name, column in self.names.attributes.items()
        ]
        last = holder[-1] if all_but_last and len(holder) else None
        for element in holder.iterdescendants():
            tag = element.tag
            found = known(tag, unknown)
            if found is unknown:
                found = self._resolve(tag)
            if isinstance(found, tuple):
                if index > before:
                    found[0](index)
                    found[1](element.text)
            elif element is last:
                break
            elif found is None:
                continue
            elif found is _PLACE:
                index += self._take(next(self._runs, None), index + 1)
            else:
                index += 1
                for name, points, texts in attributes:
                    value = element.get(name)
                    if value is not None:
                        points(index)
                        texts(value)
        self.count = index + 1

    def _take(self, run: Run | None, first: int) -> int:
        """Put the points of a run in the place where they stood; how many they are."""
        if run is None:  # the document itself has an element of this name
            return 0
        self.has_decimal_commas |= run.has_decimal_commas
        self.given.update(run.given)
        for name, points, values in run.numbers:
            self._from_runs.setdefault(name, []).append((first, points, values))
        for name, points, words in run.words:
            column = self._column(name)
            column.points.extend((points + first).tolist())
            column.texts.extend(words)
        return run.count

    def _resolve(self, tag: object) -> object:
        """Where the texts of a tag go: two ``append``; or that it is the point; or nowhere."""
        local = local_name(tag)
        name = self.names.columns.get(local.lower())
        found: object = {self.names.point: _POINT, PLACE: _PLACE}.get(local)
        if name:
            texts = self._column(name)
            found = (texts.points.append, texts.texts.append)
        if len(self._by_tag) < _MOST_NAMES:
            self._by_tag[tag] = found
        return found

    def _column(self, name: str) -> Texts:
        return self._by_column.setdefault(name, Texts())

    def texts(self, column: str) -> Texts:
        """What the file says for a column of words, and for that of times the first of a run."""
        return self._by_column.get(column, Texts())

    def numbers(self) -> dict[str, FloatArray]:
        """Column → (n,) numbers, NaN where missing or no number; only columns that have one."""
        found = {}
        named = (*self.names.attributes.values(), *self.names.columns.values())
        wordy = self.names.words | {TIME}
        for name in dict.fromkeys(name for name in named if name not in wordy):
            if name not in self._from_runs and not self.texts(name).texts:
                continue  # a file may have thousands of short tracks
            values = self._filled(name, floats)
            if np.isfinite(values).any():
                found[name] = values
        return found

    def times_s(self) -> FloatArray:
        """(n,) Unix seconds, NaN where a point has no time."""
        return self._filled(TIME, unix_s)

    def _filled(self, name: str, read: Callable[[Sequence[bytes]], FloatArray]) -> FloatArray:
        """The runs' values and those that stood alone, which may be stray ones behind a run."""
        values = np.full(self.count, np.nan)
        for first, points, held in self._from_runs.get(name, ()):
            values[first + points] = held
        texts = self.texts(name)
        filled = [(at, text) for at, text in zip(texts.points, texts.texts, strict=True) if text]
        words = [text.encode() for _, text in filled]
        values[[at for at, _ in filled]] = read(words)
        self.read[name] = int(np.isfinite(values).sum())
        self.has_decimal_commas |= read is floats and b"," in b"".join(words)
        return values


_NO_VALUE = rb"(?!%b\s*<)" % MISSING
_SAMPLE_BYTES = 1 << 12
_LEAF = re.compile(rb"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})>\s*-?\d[\d.,]{0,20}\s*</")
_CHANNEL_LIKE = re.compile(
    r"heart|puls|^hr$|^hrm$|bpm|cadenc|^cad|steps?_?(?:rate|per)|spm"
    r"|heading|compass|azimuth|facing"
)
_NOT_A_CHANNEL = re.compile(r"max|avg|average|^min|minimum|zone|variab|hrv|percent|accuracy")


def leftover_counts(pieces: Iterable[bytes], names: PointNames) -> Mapping[str, int]:
    """How many values of each column the points in a text hold, by its tags alone.

    Args:
        pieces: text, cut between points.
        names: what the format calls points and what they hold.
    """
    numeric = [name for name, column in names.columns.items() if column not in names.words]
    tags = b"|".join(re.escape(name.encode()) for name in numeric)
    value = re.compile(
        rb"<(?:[\w.-]{1,60}:)?(%b)(?:\s[^<>]*)?>\s*%b[^\s<]" % (tags, _NO_VALUE), re.IGNORECASE
    )
    counts: Counter[str] = Counter()
    for piece in pieces:
        for point in _points(piece, names):
            found = {names.columns[tag.decode().lower()] for tag in value.findall(point)}
            counts.update(found)
    return counts


def _points(text: bytes, names: PointNames) -> Iterator[bytes]:
    """What stands within each point, one after another."""
    point = re.escape(names.point.encode())
    start = re.compile(rb"<(?:[\w.-]{1,60}:)?%b[\s>]" % point)
    place = 0
    for end in re.finditer(rb"</(?:[\w.-]{1,60}:)?%b\s*>" % point, text):
        last = None
        for last in start.finditer(text, place, end.start()):  # noqa: B007 - the last one
            pass
        if last is not None:
            yield text[last.end() : end.start()]
        place = end.end()


def differences(left: Mapping[str, int], tables: Sequence[PointTable]) -> tuple[Note, ...]:
    """A note for each column of which fewer values were read than the text holds.

    Args:
        left: values in the text that went through the parser.
        tables: the points, after their columns were made.
    """
    notes = []
    for column, count in sorted(left.items()):  # they were counted in no order
        held = count + sum(table.given.get(column, 0) for table in tables)
        read = sum(table.read.get(column, 0) for table in tables)
        if read < held:
            words = f"the text holds {held} values of {column}, of which {read} could be read"
            notes.append(Note("values-not-read", words))
    return tuple(notes)


def unread_names(data: bytes, names: PointNames) -> tuple[Note, ...]:
    """A note where the first points hold a heart rate, cadence or heading by an unknown name."""
    head = b"".join(_points(data[:_SAMPLE_BYTES], names))
    found = {name.decode("ascii", "replace").lower() for name in _LEAF.findall(head)}
    strange = sorted(
        name
        for name in found - set(names.columns)
        if _CHANNEL_LIKE.search(name) and not _NOT_A_CHANNEL.search(name)
    )
    if not strange:
        return ()
    return (Note("channel-not-read", f"the points hold values that are not read: {strange[0]}"),)


HEART_HOLDS_S = 15.0  # a heart rate of a list stands for this long


def last_heart_rates(heart: Sequence[float], at_s: FloatArray) -> FloatArray | None:
    """The last heart rate at or before each time, (n,), while it is fresh; None if there is none.

    ``heart`` are times and rates, by turns.
    """
    if not heart:
        return None
    table = np.array(heart).reshape(-1, 2)
    time_s, rates = table[np.argsort(table[:, 0], kind="stable")].T
    index = np.searchsorted(time_s, at_s, side="right") - 1
    known = (index >= 0) & (at_s - time_s[index] <= HEART_HOLDS_S)
    return np.where(known, rates[index], np.nan)


def rates_of_counts(steps: Sequence[float], at_s: FloatArray) -> FloatArray | None:
    """Steps a minute of the shortest count that covers each time, (n,); None if there is none.

    ``steps`` are begin, end and steps a minute of each count, by turns.
    """
    if not steps:
        return None
    cadence = np.full(len(at_s), np.nan)
    counts = np.array(steps).reshape(-1, 3).tolist()
    for begin, end, rate in sorted(counts, key=lambda one: one[0] - one[1]):
        cadence[(at_s >= begin) & (at_s < end)] = rate
    return cadence


_SUMS_AGREE = 0.05  # metres of a device are the workout's where their sums differ by no more


def odometer_of(
    metres: Mapping[str, Sequence[float]], own: str, stated_m: float | None
) -> tuple[FloatArray, FloatArray]:
    """Times and metres since the start, (k,) each, by the one device whose sum is the stated one.

    Where none is stated, it is the workout's own device. Metres of two are never added up.

    Args:
        metres: name of a device → begin, end and metres, by turns.
        own: name of the device that recorded the workout.
        stated_m: the workout's own distance.
    """
    tables = dict[float, FloatArray]()
    for name, held in metres.items():
        table = np.array(held).reshape(-1, 3)
        sum_m = float(table[:, 2].sum())
        apart = abs(sum_m - stated_m) / stated_m if stated_m else float(name != own)
        tables.setdefault(apart, table[np.argsort(table[:, 0], kind="stable")])
    if not tables or min(tables) > _SUMS_AGREE:
        return np.zeros(0), np.zeros(0)
    begin, end, way_m = tables[min(tables)].T
    total_m = np.cumsum(way_m)
    time_s = np.maximum.accumulate(np.stack((begin, end), axis=1).ravel())
    return time_s, np.stack((total_m - way_m, total_m), axis=1).ravel()
