"""Regular track points of an XML document, read as columns before the parser sees it.

Devices write point after point alike, and a regular expression reads those several times faster
than any parser builds elements. A shape, a tree of elements of which each may be missing, is
learnt from the first points and becomes the expression. Runs of points of this shape are cut out,
and an empty element is put in the place of each run. The small document that is left goes through
the parser. That proves the rest: the points from which the shape was learnt stay in it, so their
names, prefixes and nesting are checked; and every place holder must turn up among the points, so no
run stood in a comment, a CDATA section, a route or a course. If any of that fails, or the document
is damaged, the parser reads the whole document instead.

A shape has plain points only: ASCII, double quotes, no entities, comments, empty elements or stray
text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property, reduce

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from retrorun.readers.xml import floats_with_commas, hold_values, unix_s
from retrorun.readers.xml.document import chunks
from retrorun.units import BoolArray, FloatArray

TIME = "time"  # the column of times: words that become numbers
_DEEPEST, _MOST_ELEMENTS = 8, 64
_SPACE = rb"[ \t\r\n]*+"
_TEXT = rb"[\t\n -%'-;=?-~]++"  # ASCII but & < > and carriage returns, which XML would change
_QUOTED = rb"[ !#-%'-;=?-~]*+"
_NAME = rb"(?:[A-Za-z_][\w.-]*+:)?[A-Za-z_][\w.-]*+"
_ATTRIBUTE = re.compile(rb'[ \t\r\n]++(%b)="(%b)"' % (_NAME, _QUOTED))
_ATTRIBUTES = rb'(?:[ \t\r\n]++%b="%b")*+' % (_NAME, _QUOTED)
_START = re.compile(rb"<(%b)(%b)>%b" % (_NAME, _ATTRIBUTES, _SPACE))
_LEAF = re.compile(rb"<(%b)(%b)>(%b)</\1>%b" % (_NAME, _ATTRIBUTES, _TEXT, _SPACE))
_TAG = re.compile(rb"<[^>]*+>")
_END = re.compile(rb"</(%b)>%b" % (_NAME, _SPACE))


class PointNames(msgspec.Struct, frozen=True):
    """What a format calls its points and what they hold.

    Attributes:
        point: local name of a point.
        columns: local name in lower case → column that its text fills; others are left out.
        attributes: attribute of the point → column.
        words: columns that hold words.
        apart: local names that mean something outside of points, so that none may hold them.
    """

    point: str
    columns: Mapping[str, str]
    attributes: Mapping[str, str]
    words: frozenset[str]
    apart: frozenset[str]

    def column(self, name: bytes) -> str | None:
        """The column that an element of this name fills."""
        return self.columns.get(_local(name).lower())


class IrregularError(Exception):
    """These bytes are no plain point, or one that does not go with those before it."""


class Element(msgspec.Struct, frozen=True):
    """An element as it is written; without children it holds text."""

    name: bytes
    attributes: bytes = b""
    children: tuple["Element", ...] | None = None

    def merged(self, other: "Element") -> "Element":
        """One that may hold what either holds, in an order that suits both.

        Raises:
            IrregularError: there is none.
        """
        if self.children is None and other.children is None:
            return self
        if self.children is None or other.children is None:
            raise IrregularError
        done = list(self.children)
        place = 0
        for child in other.children:
            starts = [one.start for one in done]
            if child.start in starts[:place]:
                raise IrregularError
            if child.start in starts:
                place = starts.index(child.start)
                done[place] = done[place].merged(child)
            else:
                done.insert(place, child)
            place += 1
        return replace(self, children=tuple(done))

    @property
    def start(self) -> bytes:
        """What stands in its start tag."""
        return self.name + self.attributes

    @property
    def size(self) -> int:
        """How many elements it is."""
        return sum(1 for _ in self.walk())

    def walk(self) -> Iterator["Element"]:
        """All elements, in the order of the file."""
        yield self
        for child in self.children or ():
            yield from child.walk()


def _attributes(element: Element) -> list[bytes]:
    """The names of its attributes."""
    return [name for name, _ in _ATTRIBUTE.findall(element.attributes)]


def _local(name: bytes) -> str:
    return name.rpartition(b":")[2].decode("ascii")


class Shape(msgspec.Struct, frozen=True, dict=True):
    """A point's tree, and how to read a point with it.

    Attributes:
        names: what the format calls things.
        points: trees of points, all different.
    """

    names: PointNames
    points: tuple[Element, ...]

    @cached_property
    def point(self) -> Element:
        """The tree of a point that may hold whatever they hold.

        The largest lead: they know best what comes before what.

        Raises:
            IrregularError: they disagree, or it would be enormous.
        """
        first, *others = sorted(self.points, key=lambda one: -one.size)
        both = reduce(Element.merged, others, first)
        if both.size > _MOST_ELEMENTS:
            raise IrregularError
        return both

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The column of each group of the pattern; a column can stand in several."""
        attributes = [name.decode("ascii") for name in _attributes(self.point)]
        texts = [self.names.column(one.name) for one in self.point.walk() if one.children is None]
        return (
            *(self.names.attributes[name] for name in attributes if name in self.names.attributes),
            *(name for name in texts if name),
        )

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Matches a point and the white space behind it, or else, as its last group, the rest."""
        attributes = b"".join(
            rb'[ \t\r\n]++%b="%b"' % (re.escape(name), self._value(name, value))
            for name, value in _ATTRIBUTE.findall(self.point.attributes)
        )
        name, inside = re.escape(self.point.name), self._inside(self.point)
        start = rb"<%b%b>%b" % (name, attributes, _SPACE)
        return re.compile(rb"%b%b</%b>%b|((?s:.)++)" % (start, inside, name, _SPACE))

    def _value(self, name: bytes, value: bytes) -> bytes:
        taken = name.decode("ascii") in self.names.attributes
        return b"(%b)" % _QUOTED if taken else re.escape(value)

    def _inside(self, element: Element) -> bytes:
        if element.children is None:
            return b"(%b)" % _TEXT if self.names.column(element.name) else _TEXT
        return _SPACE + b"".join(map(self._optional, element.children))

    def _optional(self, element: Element) -> bytes:
        start, end = re.escape(element.start), re.escape(element.name)
        return rb"(?:<%b>%b</%b>%b|)" % (start, self._inside(element), end, _SPACE)


def outline(sample: bytes, names: PointNames) -> bytes:
    """The tags of a point without its texts: two points of one outline have one shape."""
    body = sample.partition(b">")[2].partition(b"</%b>" % names.point.encode())[0]
    return b"".join(_TAG.findall(body))


def learn_shape(
    sample: bytes, names: PointNames, declared: frozenset[bytes], before: Shape | None
) -> Shape:
    """The shape of a point, and of those that were seen before it.

    Args:
        sample: from the start of its start tag on.
        names: what the format calls things.
        declared: prefixes of the namespaces that the document's root declares.
        before: the shape up to now.

    Raises:
        IrregularError: it is no plain point, or does not go with those before it.
    """
    point, _ = _element(sample, 0, 0)
    if _local(point.name) != names.point or point.children is None:
        raise IrregularError
    _check(point, names, declared)
    if not any(names.column(one.name) for one in point.walk() if one.children is None):
        raise IrregularError
    points = before.points if before else ()
    if points and _attributes(points[0]) != _attributes(point):
        raise IrregularError
    shape = Shape(names, (*points, point))
    _ = shape.point  # or they disagree
    return shape


def _check(point: Element, names: PointNames, declared: frozenset[bytes]) -> None:
    """No element may mean more than itself, or stand under a prefix that is not declared."""
    for element in point.walk():
        attributes = _attributes(element)
        own = {name[6:] for name in attributes if name.startswith(b"xmlns:")}
        prefixed = [name for name in (element.name, *attributes) if b":" in name]
        prefixes = {name.partition(b":")[0] for name in prefixed} - {b"xmlns"}
        if not prefixes <= declared | own:
            raise IrregularError
        local = _local(element.name)
        if local in names.apart or (local == names.point and element is not point):
            raise IrregularError
        if element.children is not None and names.column(element.name):
            raise IrregularError
        starts = [child.start for child in element.children or ()]
        if len(set(starts)) < len(starts):  # which of them is missing is not known
            raise IrregularError


def _element(sample: bytes, at: int, depth: int) -> tuple[Element, int]:
    """The element that begins here, and where the next thing begins."""
    leaf = _LEAF.match(sample, at)
    if leaf:
        empty = not leaf[3].strip()  # what is empty here may hold children elsewhere
        return Element(leaf[1], leaf[2], () if empty else None), leaf.end()
    start = _START.match(sample, at)
    if not start or depth > _DEEPEST:
        raise IrregularError
    at, children = start.end(), []
    while not (end := _END.match(sample, at)):
        child, at = _element(sample, at, depth + 1)
        children.append(child)
    if end[1] != start[1]:
        raise IrregularError
    return Element(start[1], start[2], tuple(children)), end.end()


PLACE = "retrorun.points"  # stands where a run stood
_LEAST_BYTES, _MOST_BYTES = 1 << 16, 1 << 20  # looked at at a time, then the texts are let go
_FEW_RUNS, _LEAST_POINTS = 64, 8  # more runs than these must have so many points on average
_FIRST_SAMPLES, _MOST_SAMPLES = 8, 64  # points that the shape is learnt from
_SAMPLE_BYTES = 4096
_HEAD_BYTES = 1 << 16
_ROOT = re.compile(rb"<[A-Za-z_][^<>]*>")
_PREFIX = re.compile(rb"\sxmlns:([\w.-]+)\s*=")
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.-]*)")
_PLAIN = frozenset({b"utf-8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"})

Indices = NDArray[np.intp]


class Run(msgspec.Struct, frozen=True, eq=False):
    """Consecutive points: column, which of them have it, and their numbers or words.

    Times are numbers, Unix seconds; of their words only the first is kept, for its zone.
    A column that can stand in several places of a point comes as often, in their order.
    """

    count: int
    numbers: list[tuple[str, Indices, FloatArray]] = msgspec.field(default_factory=list)
    words: list[tuple[str, Indices, list[str]]] = msgspec.field(default_factory=list)
    has_decimal_commas: bool = False
    given: Counter[str] = msgspec.field(
        default_factory=Counter
    )  # column → points with a value of it


class Cut(msgspec.Struct, frozen=True, eq=False):
    """A document without its regular points, and these in their order.

    Attributes:
        front: the document up to where points were looked for, with place holders for the runs.
        data: the whole document.
        position: where the part begins in which nothing was cut.
        runs: the points that were cut out.
    """

    front: bytes
    data: bytes
    position: int
    runs: tuple[Run, ...]

    def pieces(self) -> Iterator[bytes]:
        """The document that is left, in pieces."""
        yield from chunks(self.front)
        yield from chunks(self.data, self.position)


def cut_points(data: bytes, names: PointNames, most: int) -> Cut | None:
    """Take the regular points out of a document; None where there are none.

    Args:
        data: the document.
        names: what its format calls points, and what they hold.
        most: as many points are enough; somewhat more may be cut out.
    """
    encoding = _ENCODING.match(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0)
    if encoding and encoding[1].lower() not in _PLAIN:
        return None
    # one byte that is rare is sought much faster than a word
    if PLACE.encode() in data or (b"!" in data and b"<!DOCTYPE" in data):
        return None
    cutter = _PointCutter(data, names)
    while cutter.points <= most and cutter.is_regular() and cutter.advance():
        pass
    if not cutter.runs:
        return None
    return Cut(b"".join(cutter.pieces), data, cutter.position, tuple(cutter.runs))


class _PointCutter:
    """Goes through a document from point to point and cuts out the regular ones."""

    def __init__(self, data: bytes, names: PointNames) -> None:
        self.data, self.names = data, names
        root = _ROOT.search(data, 0, _HEAD_BYTES)
        self.declared = frozenset(_PREFIX.findall(root[0])) if root else frozenset()
        self.point = b"<" + names.point.encode()
        self.shape: Shape | None = None
        self.outlines: set[bytes] = set()
        self.position = self.samples = self.points = 0
        self.window = _LEAST_BYTES
        self.pieces: list[bytes] = []
        self.runs: list[Run] = []

    def is_regular(self) -> bool:
        """Whether the points are alike, and stand together."""
        short = len(self.runs) > _FEW_RUNS + self.points // _LEAST_POINTS
        return self.samples < _MOST_SAMPLES and not short

    def advance(self) -> bool:
        """Cut out the next run, or learn from a point that does not fit; False at the end."""
        start = self.data.find(self.point, self.position)
        if start < 0:
            return False
        self._keep(start)
        rows = self._rows() if self.samples >= _FIRST_SAMPLES else []
        if self.shape is None or not rows:
            self._learn()
            self._keep(start + 1)
        else:
            self.runs.append(_run(rows, self.shape.columns, self.names.words))
            self.pieces.append(f"<{PLACE}/>".encode())
        return True

    def _keep(self, end: int) -> None:
        self.pieces.append(self.data[self.position : end])
        self.position = end

    def _rows(self) -> list[tuple[bytes, ...]]:
        """The texts of the points that stand here, and behind them."""
        if self.shape is None:
            return []
        end = min(self.position + self.window, len(self.data))
        rows = self.shape.pattern.findall(self.data, self.position, end)
        behind = rows.pop()[-1] if rows and rows[-1][-1] else b""
        self.position = end - len(behind)
        self.points += len(rows)
        goes_on = len(behind) < _SAMPLE_BYTES
        self.window = min(4 * self.window, _MOST_BYTES) if goes_on else _LEAST_BYTES
        return rows

    def _learn(self) -> None:
        self.samples += 1
        sample = self.data[self.position : self.position + _SAMPLE_BYTES]
        seen = outline(sample, self.names)
        if seen in self.outlines:
            return
        self.outlines.add(seen)
        with suppress(IrregularError):
            self.shape = learn_shape(sample, self.names, self.declared, self.shape)


def _run(rows: list[tuple[bytes, ...]], columns: tuple[str, ...], words: frozenset[str]) -> Run:
    run, everyone, commas = Run(len(rows)), np.arange(len(rows)), False
    given: defaultdict[str, BoolArray] = defaultdict(lambda: np.zeros(len(rows), dtype=bool))
    for name, texts in zip(columns, zip(*rows, strict=True), strict=False):
        points, held = everyone, texts
        if b"" in texts:
            points = np.flatnonzero([bool(text) for text in texts])
            held = tuple(filter(None, texts))
        if name in words:
            run.words.append((name, points, _decoded(held)))
            continue
        if name == TIME:
            values = unix_s(held)
            run.words.append((name, points[:1], _decoded(held[:1])))
        else:
            values, has_commas = floats_with_commas(held)
            commas = commas or has_commas
        run.numbers.append((name, points, values))
        given[name][points[hold_values(held, values)]] = True
    run.given.update({name: int(which.sum()) for name, which in given.items()})
    return replace(run, has_decimal_commas=commas)


def _decoded(texts: tuple[bytes, ...]) -> list[str]:
    return [text.decode("ascii") for text in texts]
