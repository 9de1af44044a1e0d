"""A document is taken in: quickly where its points are regular, else element by element."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from lxml import etree

from retrorun.model import Note
from retrorun.readers.xml_coverage import differences, leftover_counts
from retrorun.readers.xml_document import mended, prepared
from retrorun.readers.xml_points import PointTable
from retrorun.readers.xml_regular import Run, cut
from retrorun.readers.xml_shapes import PointNames
from retrorun.readers.xml_stream import XmlBrokenError, chunks, elements


@dataclass(frozen=True, slots=True)
class Listening:
    """What a format's reader listens to.

    Attributes:
        points: what the format calls points, and what they hold.
        tags: local names of the elements it wants to hear of.
        holder: local name of the element that holds the points.
        depth: deepest nesting that is followed.
        samples: how many points a document may have.
    """

    points: PointNames
    tags: tuple[str, ...]
    holder: str
    depth: int
    samples: int


class Taker(Protocol):
    """What gathers a document's elements while they pass by."""

    points: int

    @property
    def tables(self) -> Sequence[PointTable]:
        """The points that were gathered, a table an activity."""

    def take(self, event: str, element: etree._Element) -> None:
        """Look at an element that begins or ends."""


T = TypeVar("T", bound=Taker)


@dataclass(frozen=True, slots=True, eq=False)
class Taken(Generic[T]):
    """A document that was taken in.

    Attributes:
        taker: what gathered it.
        damage: what was wrong with it, so that something may be missing.
        repairs: what was mended in it.
        left: the bytes that went through the parser, without the points cut out before.
    """

    taker: T
    damage: Note | None
    repairs: tuple[Note, ...] = ()
    left: tuple[bytes, ...] = ()

    def coverage(self, names: PointNames) -> tuple[Note, ...]:
        """Where the text holds more values of a channel than were read.

        Only once the columns were made of the points. A document that breaks off has its own note.
        """
        if self.damage is not None:
            return ()
        return differences(leftover_counts(self.left, names), self.taker.tables)


def taken(data: bytes, listening: Listening, taker: Callable[[Iterator[Run]], T]) -> Taken[T]:
    """Let a new taker take the whole document, broken ones up to the break.

    A document that breaks off is tried again without the characters that XML forbids and with
    every prefix declared, and then, if all its points are whole, with lxml's recovery.

    Args:
        data: the document, as it was found.
        listening: what the taker wants to hear of.
        taker: makes one, given the points that were cut out of the document.
    """
    text, repairs = prepared(data)
    found = _once(text, listening, taker)
    if found.damage is None:
        return replace(found, repairs=repairs)
    better, more = mended(text)
    if more:
        second = _once(better, listening, taker)
        if second.damage is None or second.taker.points > found.taker.points:
            found, repairs, text = second, (*repairs, *more), better
    if found.damage is not None and _is_whole(text, listening.points):
        third = taker(iter(()))
        trouble = _streamed(chunks(text), listening, third, recover=True)
        if trouble is None and third.points == _count(text, listening.points):
            words = "it is not well-formed; every point was read all the same"
            damage = replace(found.damage, slug="xml-recovered", message=words)
            return Taken(third, None, (*repairs, damage), (text,))
    return replace(found, repairs=repairs)


def _once(data: bytes, listening: Listening, taker: Callable[[Iterator[Run]], T]) -> Taken[T]:
    quick = cut(data, listening.points, listening.samples)
    if quick is not None:
        runs = iter(quick.runs)
        found = taker(runs)
        damage = _streamed(quick.pieces(), listening, found)
        if damage is None and next(runs, None) is None:
            behind = data[max(quick.position - 1, 0) :]  # a tag may have been cut behind its "<"
            return Taken(found, None, left=(quick.front, behind))
    found = taker(iter(()))
    return Taken(found, _streamed(chunks(data), listening, found), left=(data,))


def _streamed(
    pieces: Iterator[bytes], listening: Listening, taker: Taker, *, recover: bool = False
) -> Note | None:
    tags, holder = listening.tags, listening.holder
    try:
        stream = elements(pieces, tags, holder, depth=listening.depth, recover=recover)
        for event, element in stream:
            taker.take(event, element)
    except XmlBrokenError as broken:
        return Note("xml-broken", f"{broken.message}; what came before it was kept")
    return None


def _count(text: bytes, names: PointNames, start: bytes = b"<") -> int:
    """How many start tags (``<``) or end tags (``</``) of points there are."""
    tag = rb"%b(?:[A-Za-z_][\w.-]{0,60}:)?%b[\s>]" % (start, re.escape(names.point.encode()))
    return sum(1 for _ in re.finditer(tag, text))


def _is_whole(text: bytes, names: PointNames) -> bool:
    """Whether the root is closed and every point too: then no value can be half of one."""
    closed = re.search(rb"</(?:[\w.-]{1,60}:)?(?:gpx|TrainingCenterDatabase)\s*>\s*\Z", text[-200:])
    return closed is not None and _count(text, names) == _count(text, names, b"</")
