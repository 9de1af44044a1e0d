"""Large or hostile XML, element by element, in bounded memory.

Names of XML elements, whatever their namespace.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from lxml import etree


def local_name(tag: object) -> str:
    """The name without its namespace or prefix; empty for what is no element (a comment).

    A prefix stands in the name where the document does not declare it.
    """
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


_CHUNK = 1 << 15  # bytes fed at a time: what they make stays in the cache, and is then let go
_MOST = 20_000  # elements in a track point


class XmlBrokenError(Exception):
    """The XML ends or breaks here; what came before was handed on.

    Args:
        message: the parser's words.
        offset: byte offset, as near as the parser knows.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


def chunks(data: bytes, first: int = 0) -> Iterator[bytes]:
    """A document, or what follows from a place on, in pieces."""
    for start in range(first, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


def elements(
    pieces: Iterable[bytes],
    tags: Sequence[str],
    holder: str,
    *,
    depth: int,
    recover: bool = False,
) -> Iterator[tuple[str, etree._Element]]:
    """Yield ``(event, element)`` for the start and end of elements with these local names.

    At an element's start its attributes are known, and all that stands before it. The
    ``holder`` is the element whose children are the track points. They come in lots, which is
    three times as quick as one by one: ``("lot", holder)`` means that all its children but the
    last are whole, ``("end", holder)`` that all are; after either they are thrown away. Other
    elements may have lost the children that they had.
    No entity is resolved, nothing is fetched, libxml2's limits on depth and text stay on.

    Args:
        pieces: the document, piece by piece.
        tags: local names wanted, whatever their namespace; the holder and the root among them.
        holder: local name of the element that holds the track points.
        depth: deepest nesting that is followed.
        recover: go on behind what is not well-formed, as lxml does.

    Raises:
        XmlBrokenError: the document is not well-formed from some place on.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )
    pruning = _Pruning(holder, depth)
    start, last = 0, b""
    for piece in pieces:
        trouble = _fed(parser, piece)
        yield from pruning.watched(parser)
        if trouble:
            yield from pruning.salvaged()
            raise XmlBrokenError(trouble, start)
        if recover and pruning.is_over:
            return  # the parser would keep all that follows and read none of it
        if pruning.open is not None:
            yield "lot", pruning.open
        pruning.prune(start)
        start, last = start + len(piece), last[-_CHUNK:] + piece
    trouble = _closed(parser)
    if trouble:  # the events at hand now may be of elements cut off within their names
        yield from pruning.salvaged(last)
        raise XmlBrokenError(trouble, start)
    yield from pruning.watched(parser)


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    for event, element in parser.read_events():
        if isinstance(element, etree._Element):  # noqa: SLF001  lxml's only name for the type
            yield str(event), element


def _fed(parser: etree.XMLPullParser, chunk: bytes) -> str | None:
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as problem:
        return str(problem)
    return None


def _closed(parser: etree.XMLPullParser) -> str | None:
    try:
        parser.close()
    except etree.XMLSyntaxError as problem:
        return str(problem)
    return None


class _Pruning:
    """Throws away what lies before the element that is still open."""

    def __init__(self, holder: str, depth: int) -> None:
        self.holder, self.depth = holder, depth
        self.root: etree._Element | None = None
        self.open: etree._Element | None = None
        self.is_over = False  # the root has ended

    def watched(self, parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
        """Hand on the parser's events, and keep the root and the open holder in mind."""
        for event, element in _events(parser):
            if self.root is None:
                self.root = element.getroottree().getroot()
            yield event, element
            self.is_over |= event == "end" and element is self.root
            if local_name(element.tag) == self.holder:
                self.open = element if event == "start" else None
                if event == "end":
                    del element[:]

    def salvaged(self, behind: bytes = b"") -> Iterator[tuple[str, etree._Element]]:
        """What there is of an open holder: its last child too, if that is whole.

        Text behind it shows that it is; and where the document merely ends too early, so do
        its last bytes.
        """
        if self.open is None or not len(self.open):
            return
        last = self.open[-1]
        whole = last.tail is not None or _ended(behind, local_name(last.tag))
        yield ("end" if whole else "lot"), self.open

    def prune(self, offset: int) -> None:
        """Walk down the last children, dropping their elder siblings.

        The last point is left whole, for it may still be open; one with thousands of elements
        is no track point but an attack, and so is a long document with nothing to read.
        """
        element = self.root
        if element is None and offset > 1 << 20:
            raise XmlBrokenError("nothing to read at the beginning", offset)
        for _ in range(self.depth):
            if element is None or not len(element):
                return
            del element[:-1]
            if element is self.open:
                size = sum(1 for _ in zip(element[-1].iter(), range(_MOST), strict=False))
                if size == _MOST:
                    raise XmlBrokenError(f"one track point holds over {_MOST} elements", offset)
                return
            element = element[-1]


def _ended(text: bytes, name: str) -> bool:
    """Whether the last tag of this name closes its element."""
    tags = re.findall(rb"<(/?)(?:[\w.-]+:)?" + re.escape(name.encode()) + rb"\b[^<>]*?(/?)>", text)
    return bool(tags) and any(tags[-1])
