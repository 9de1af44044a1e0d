"""A document is taken in: quickly where its points are regular, else element by element."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from lxml import etree

from retrorun.model import Note
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

    def take(self, event: str, element: etree._Element) -> None:
        """Look at an element that begins or ends."""


T = TypeVar("T", bound=Taker)


def taken(
    data: bytes, listening: Listening, taker: Callable[[Iterator[Run]], T]
) -> tuple[T, Note | None]:
    """Let a new taker take the whole document, broken ones up to the break.

    Args:
        data: the document.
        listening: what the taker wants to hear of.
        taker: makes one, given the points that were cut out of the document.

    Returns:
        The taker, and what was wrong with the document.
    """
    quick = cut(data, listening.points, listening.samples)
    if quick is not None:
        runs = iter(quick.runs)
        found = taker(runs)
        damage = _streamed(quick.pieces(), listening, found)
        if damage is None and next(runs, None) is None:
            return found, None
    found = taker(iter(()))
    return found, _streamed(chunks(data), listening, found)


def _streamed(pieces: Iterator[bytes], listening: Listening, taker: Taker) -> Note | None:
    try:
        stream = elements(pieces, listening.tags, listening.holder, depth=listening.depth)
        for event, element in stream:
            taker.take(event, element)
    except XmlBrokenError as broken:
        return Note("xml-broken", f"{broken.message}; what came before it was kept")
    return None
