"""Large or hostile XML, element by element, in bounded memory."""

from collections.abc import Iterator, Sequence

from lxml import etree

from retrorun.readers.xml_names import local_name

_CHUNK = 1 << 18  # bytes fed at a time; nothing that is done with is kept longer than this


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


def elements(
    data: bytes,
    tags: Sequence[str],
    leaf: str,
    *,
    depth: int,
) -> Iterator[tuple[str, etree._Element]]:
    """Yield ``(event, element)`` for the start and end of elements with these local names.

    At an element's start its attributes are known, and all that stands before it. An element
    named ``leaf`` is whole at its end; any other may have lost the children that it had.
    No entity is resolved, nothing is fetched, libxml2's limits on depth and text stay on.

    Args:
        data: the file.
        tags: local names wanted, whatever their namespace.
        leaf: local name of the element that repeats (a track point).
        depth: deepest nesting that is followed.

    Raises:
        XmlBrokenError: the document is not well-formed from some place on.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{tag}" for tag in tags],
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    pruning = _Pruning(leaf, depth)
    for start in range(0, len(data), _CHUNK):
        trouble = _fed(parser, data[start : start + _CHUNK])
        for event, element in _events(parser):
            if pruning.root is None:
                pruning.root = element.getroottree().getroot()
            yield event, element
        if trouble:
            raise XmlBrokenError(trouble, start)
        pruning.prune(start)
    trouble = _closed(parser)
    yield from _events(parser)
    if trouble:
        raise XmlBrokenError(trouble, len(data))


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

    def __init__(self, leaf: str, depth: int) -> None:
        self.leaf, self.depth = leaf, depth
        self.root: etree._Element | None = None

    def prune(self, offset: int) -> None:
        """Walk down the last children, dropping their elder siblings.

        A leaf is left whole, for it may still be open; one with a thousand elements is no track
        point but an attack, and so is a document that has nothing to read for a million bytes.
        """
        element = self.root
        if element is None and offset > 4 * _CHUNK:
            raise XmlBrokenError("nothing to read at the beginning", offset)
        for _ in range(self.depth):
            if element is None or not len(element):
                return
            del element[:-1]
            element = element[-1]
            if local_name(element.tag) == self.leaf:
                break
        if element is not None and len(element) > 1000:
            raise XmlBrokenError(f"one {self.leaf} holds {len(element)} elements", offset)
