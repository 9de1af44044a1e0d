"""What the track points of one file look like, learnt from a few of them.

Devices write every point alike, but for values that are missing now and then. The shape is kept as
a tree of elements and becomes a regular expression in which every element may be missing. It knows
plain points only: ASCII, double quotes, no entities, comments, empty elements or stray text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, reduce

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


@dataclass(frozen=True, slots=True)
class PointNames:
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


@dataclass(frozen=True, slots=True)
class Element:
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


@dataclass(frozen=True)
class Shape:
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


def learnt(
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
        if len(set(starts)) < len(starts):  # which of them is missing could not be told
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
