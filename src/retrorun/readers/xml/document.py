"""XML as it is found → the elements that a reader handles.

``decode`` mends what stands in front of the elements and is cheap: byte-order marks, encodings,
declarations, prefixes. ``repair`` mends characters that XML forbids, and prefixes; it is used only
where the parser found damage, so that a good document is never changed. Each repair leaves a note.
``elements`` streams the document through lxml, without entities, network or huge trees.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain

from lxml import etree

from retrorun.model import Note

SAMPLE_BYTES = 1 << 12  # looked at at the beginning, in the middle and at the end
_PIECE = 1 << 20  # bytes decoded at a time
_MOST_PREFIXES = 20  # of a document that has any without a declaration
_MANY_PREFIXES = 1000
_BOM = b"\xef\xbb\xbf"
_MARKS = (  # the longer first: the shorter is its beginning
    *((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")),
    *((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")),
    *((b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be")),
    *((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")),
)
_DECLARATION = re.compile(rb"<\?xml\s[^<>]{0,500}\?>\s*")
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']\s*([\w.:-]{1,40})")
_UTF8 = re.compile(rb"utf-?8", re.IGNORECASE)
_ASCII = re.compile(rb"(?:us-)?ascii", re.IGNORECASE)
_LATIN = re.compile(rb"iso-8859-1|windows-1252", re.IGNORECASE)
# encodings of a byte or a few a letter; others that Python knows are no encodings of texts
_NARROW = re.compile(
    rb"(?:iso[-_]?8859[-_]?\d{1,2}|latin[-_]?\d{1,2}|(?:windows[-_]?|cp)\d{3,4}|koi8[-_][ru]"
    rb"|shift[-_]?jis|euc[-_](?:jp|kr)|big5|gb\d{4,5}|gbk|mac[-_]?roman)",
    re.IGNORECASE,
)
_ROOT = re.compile(rb"<[A-Za-z_][^<>]*>")
_PREFIX = re.compile(rb"<([A-Za-z_][\w.-]{0,60}):")
_ANY_PREFIX = re.compile(rb"[<\s]([A-Za-z_][\w.-]{0,60}):[A-Za-z_][\w.-]{0,60}[\s=/>]")
_ESCAPED = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}
_ILLEGAL = bytes([*range(9), 11, 12, *range(14, 32)])
CONTROLS_TO_BLANKS = bytes.maketrans(_ILLEGAL, b" " * len(_ILLEGAL))
_MARKUP = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});)|<(?![A-Za-z_/!?])"
)
# tags whose attributes lack quotes, or blanks between them, and such attributes
_TAG_OF_ATTRIBUTES = re.compile(rb"<[A-Za-z_][^\s<>/\"'=]{0,80}\s[^<>=]*+=[^<>]*+>")
_CURLY = re.compile(rb"\xe2\x80[\x9c-\x9f]")
_ATTRIBUTE = re.compile(
    rb"([A-Za-z_][\w.:-]{0,80})\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]*[^\s\"'<>/]))"
)
# names as the formats write them; GPX and TCX have no others that differ only in case
_WRITTEN = {
    name.lower().encode(): name.encode()
    for name in (
        *("gpx", "trk", "trkseg", "trkpt", "rte", "rtept", "wpt", "metadata", "extensions"),
        *("TrainingCenterDatabase", "Activities", "Activity", "Courses", "Course", "Lap", "Track"),
        *("Trackpoint", "Creator", "Notes", "StartTime", "Sport", "lat", "lon", "creator"),
    )
}
_WRITTEN_OF_GPX = {b"name": b"name", b"type": b"type", b"time": b"time", b"ele": b"ele"}
_ANY_CASE_ROOT = re.compile(
    rb"<(?:[\w.-]{1,60}:)?(gpx|TrainingCenterDatabase|Activities)(?=[\s>])", re.IGNORECASE
)
_ANY_CASE_POINT = re.compile(rb"<(?:[\w.-]{1,60}:)?(trkpt|Trackpoint)(?=[\s>])", re.IGNORECASE)
_NAME = re.compile(rb"(</?(?:[\w.-]{1,60}:)?|\s)([A-Za-z]{3,30})(?=[\s=>/])")
_MARKUP_PIECE = re.compile(rb"<[^<>!?]*>")
_PLACE_TAG = re.compile(rb"<(?:[\w.-]{1,60}:)?trkpt\s[^<>]*>")
_PLACE_NAMES = re.compile(rb"\s(lat(?:itude)?|lon(?:g|gitude)?|lng)(?=\s*=)", re.IGNORECASE)
_REFERENCE = re.compile(rb"&#(?:(\d{1,7})|x([0-9A-Fa-f]{1,6}));")


def decode(data: bytes) -> tuple[bytes, tuple[Note, ...]]:
    """The document with one byte-order mark at most, in an encoding that is what it declares.

    Args:
        data: the file's bytes; they are given back as they are where nothing is wrong.

    Returns:
        The document, and a note for each repair.
    """
    notes: list[Note] = []
    wide = wide_encoding(data)
    if wide:
        data = data.decode(wide, "replace").lstrip("\ufeff").encode()
    data = _without_surroundings(data, notes)
    data = _in_known_encoding(data, notes, is_wide=bool(wide))
    data = _with_usual_names(data, notes)
    data = _with_declared_prefixes(data, notes)
    return data, tuple(notes)


def head_of(data: bytes, size: int) -> bytes:
    """The first bytes of a document, without what stands in front of it, in UTF-8 or alike."""
    head = data[:size]
    wide = wide_encoding(head)
    return _without_surroundings(head.decode(wide, "replace").encode() if wide else head, [])


def wide_encoding(data: bytes) -> str | None:
    """The encoding of two or four bytes a letter that the first bytes show."""
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _without_surroundings(data: bytes, notes: list[Note]) -> bytes:
    """Without what stands in front of the first tag and without zeros behind the last."""
    first = data.find(b"<", 0, SAMPLE_BYTES)
    front = data[: max(first, 0)]
    if front.removeprefix(_BOM).strip():
        words = "what stood in front of the XML was left out"
        notes.append(_repair_note(words))
    if front not in (b"", _BOM):
        data = data[first:]
    if data.endswith(b"\0"):
        data = data.rstrip(b"\0")
        notes.append(_repair_note("zeros behind the end were left out"))
    return data


def _in_known_encoding(data: bytes, notes: list[Note], *, is_wide: bool) -> bytes:
    """In UTF-8 or Latin-1 as declared; a declaration that is wrong is taken away."""
    head = _DECLARATION.match(data, len(_BOM) if data.startswith(_BOM) else 0)
    found = _ENCODING.search(head[0]) if head else None
    name = found[1] if found else b"utf-8"
    is_as_declared = _LATIN.fullmatch(name) or (_ASCII.fullmatch(name) and data.isascii())
    if is_wide or is_as_declared:
        return _without_declaration(data) if is_wide else data
    if _UTF8.fullmatch(name):
        if _is_utf8(data):
            return data
        notes.append(_repair_note("some letters are not UTF-8; they were read as Windows-1252"))
        return _without_declaration(_from_mixed(data))
    if _NARROW.fullmatch(name):
        with suppress(LookupError):
            return _without_declaration(data.decode(name.decode("ascii"), "replace").encode())
    shown = name.decode("ascii", "replace")
    notes.append(_repair_note(f"the encoding is declared as {shown}, which it is not"))
    return _without_declaration(data if _is_utf8(data) else _from_mixed(data))


def _without_declaration(data: bytes) -> bytes:
    """The document without its declaration: it is UTF-8."""
    return _DECLARATION.sub(b"", data.removeprefix(_BOM), count=1)


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(data[start : start + _PIECE])
    except UnicodeDecodeError:
        return False
    return True  # a letter cut off at the very end is for the parser


def _from_mixed(data: bytes) -> bytes:
    """UTF-8 of what is UTF-8 in part; the other bytes are taken for Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    starts = range(0, len(data), _PIECE)
    pieces = (decoder.decode(data[at : at + _PIECE], at + _PIECE >= len(data)) for at in starts)
    return b"".join(piece.translate(_ESCAPED).encode() for piece in pieces)


def _with_usual_names(data: bytes, notes: list[Note]) -> bytes:
    """With elements and places named as the formats name them, whatever the case they came in."""
    root = _ANY_CASE_ROOT.search(data, 0, SAMPLE_BYTES)
    first = _ANY_CASE_POINT.search(data, 0, 4 * SAMPLE_BYTES)
    if root is not None and any(
        each[1] != _WRITTEN[each[1].lower()] for each in (root, first) if each is not None
    ):
        is_gpx = root[1].lower() == b"gpx"
        written = _WRITTEN | _WRITTEN_OF_GPX if is_gpx else _WRITTEN
        data = _MARKUP_PIECE.sub(
            lambda tag: _NAME.sub(
                lambda name: name[1] + written.get(name[2].lower(), name[2]), tag[0]
            ),
            data,
        )
        notes.append(_repair_note("names in another case were read as the format writes them"))
    point = _PLACE_TAG.search(data, 0, 4 * SAMPLE_BYTES)
    if point is None or (b" lat=" in point[0] and b" lon=" in point[0]):
        return data
    if not _PLACE_NAMES.search(point[0]):
        return data
    return _PLACE_TAG.sub(
        lambda tag: _PLACE_NAMES.sub(lambda name: b" " + name[1][:3].lower(), tag[0]).replace(
            b" lng", b" lon"
        ),
        data,
    )


def _with_declared_prefixes(data: bytes, notes: list[Note]) -> bytes:
    """With no declaration behind the beginning, and with every prefix declared in the root."""
    head = data[:SAMPLE_BYTES]
    late = [one for one in _DECLARATION.finditer(head) if data[: one.start()] not in (b"", _BOM)]
    if late:
        for one in late:
            head = head[: one.start()] + b" " * len(one[0]) + head[one.end() :]
        data = head + data[SAMPLE_BYTES:]
        notes.append(_repair_note("an XML declaration stood behind the beginning"))
    used = {name for piece in samples(data) for name in _PREFIX.findall(piece)}
    return _with_prefixes(data, used, notes)


def _with_prefixes(data: bytes, used: set[bytes], notes: list[Note]) -> bytes:
    """With the prefixes that nothing declares declared in the root."""
    root = _ROOT.search(data, 0, SAMPLE_BYTES)
    missing = sorted(used - {b"xml", b"xmlns"})[:_MOST_PREFIXES]
    missing = [name for name in missing if b"xmlns:" + name not in data]
    if root is None or not missing:
        return data
    own = b"".join(b' xmlns:%b="undeclared:%b"' % (name, name) for name in missing)
    end = root.end() - (2 if root[0].endswith(b"/>") else 1)
    shown = b", ".join(missing).decode("ascii", "replace")
    notes.append(_repair_note(f"prefixes without a declaration were taken as they stand: {shown}"))
    return data[:end] + own + data[end:]


def samples(data: bytes) -> Iterator[bytes]:
    """The beginning, the middle and the end of a document."""
    if len(data) <= 3 * SAMPLE_BYTES:
        yield data
        return
    for start in (0, len(data) // 2, len(data) - SAMPLE_BYTES):
        yield data[start : start + SAMPLE_BYTES]


def repair(data: bytes) -> tuple[bytes, tuple[Note, ...]]:
    """The document without what makes a parser stop though nothing is missing.

    Control characters become blanks, a bare ``&`` or ``<`` a reference, and prefixes are declared
    wherever they stand. No entity but the five of XML itself is left, so none can expand.

    Args:
        data: a document that a parser found damaged; it is given back where nothing is to be done.
    """
    notes: list[Note] = []
    head = _DECLARATION.match(data)
    is_bare = head is not None and not re.search(rb"[\"']", head[0])  # nothing in it is quoted
    legal = (_without_declaration(data) if is_bare else data).translate(CONTROLS_TO_BLANKS)
    legal = legal.replace(b"\xef\xbf\xbe", b" ").replace(b"\xef\xbf\xbf", b" ")
    legal = _REFERENCE.sub(_legal_reference, legal)
    legal = _MARKUP.sub(lambda found: b"&amp;" if found[0] == b"&" else b"&lt;", legal)
    legal = _TAG_OF_ATTRIBUTES.sub(lambda tag: _with_quotes(tag[0]), legal)
    if legal != data:
        words = "characters that XML forbids were taken out or written as XML does"
        notes.append(_repair_note(words))
    return _with_prefixes(legal, _all_prefixes(legal), notes), tuple(notes)


def _with_quotes(tag: bytes) -> bytes:
    """A start tag with its attributes in quotes, apart by blanks, each once: the first counts."""
    plain = _CURLY.sub(b'"', tag)
    found: dict[bytes, bytes] = {}
    pieces, end, is_regular = [], 0, b"'" not in plain
    for one in _ATTRIBUTE.finditer(plain):
        between = plain[end : one.start()]
        is_regular &= one[2] is not None and between[-1:].isspace() and one[1] not in found
        pieces.append(between)
        value = next(part for part in one.groups()[1:] if part is not None)
        found.setdefault(one[1], value.replace(b'"', b"&quot;"))
        end = one.end()
    if not found or (is_regular and plain == tag):
        return tag
    rest = b"".join(pieces)
    name = rest.split(None, 1)[0]
    if rest[len(name) :].strip():  # something else stands between: it cannot be read in one way
        return tag
    own = b"".join(b' %b="%b"' % (key, value) for key, value in found.items())
    closing = b"/>" if plain.endswith(b"/>") else b">"
    return name + own + closing


def _all_prefixes(data: bytes) -> set[bytes]:
    """Every prefix in a document, as long as they are few."""
    found: set[bytes] = set()
    for one in _ANY_PREFIX.finditer(data):
        found.add(one[1])
        if len(found) > _MANY_PREFIXES:
            break
    return found


def _legal_reference(found: re.Match[bytes]) -> bytes:
    number = int(found[1]) if found[1] else int(found[2], 16)
    legal = number in (9, 10, 13) or 32 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
    return found[0] if legal or 0x10000 <= number < 0x110000 else b" "


def _repair_note(words: str) -> Note:
    return Note("xml-repaired", words)


def local_name(tag: object) -> str:
    """The name without its namespace or prefix; empty for what is no element (a comment).

    A prefix stands in the name where the document does not declare it.
    """
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


_FED_BYTES = 1 << 15  # to the parser at a time: their elements fit into the processor's cache
_MOST_IN_POINT = 20_000  # elements in a track point


class XmlBrokenError(Exception):
    """The XML ends or breaks here, in the parser's words; what came before was handed on."""


def chunks(data: bytes, first: int = 0) -> Iterator[bytes]:
    """A document, or what follows from a place on, in pieces."""
    for start in range(first, len(data), _FED_BYTES):
        yield data[start : start + _FED_BYTES]


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
        trouble = _error_of(partial(parser.feed, piece))
        yield from pruning.watched(parser)
        if trouble:
            yield from pruning.salvaged()
            raise XmlBrokenError(trouble)
        if recover and pruning.is_over:
            return  # the parser would keep all that follows and read none of it
        if pruning.open is not None:
            yield "lot", pruning.open
        pruning.prune(start)
        start, last = start + len(piece), last[-_FED_BYTES:] + piece
    trouble = _error_of(parser.close)
    if trouble:  # the events at hand now may be of elements cut off within their names
        yield from pruning.salvaged(last)
        raise XmlBrokenError(trouble)
    yield from pruning.watched(parser)


def _events(parser: etree.XMLPullParser) -> Iterator[tuple[str, etree._Element]]:
    for event, element in parser.read_events():
        if isinstance(element, etree._Element):  # noqa: SLF001  lxml's only name for the type
            yield str(event), element


def _error_of(step: Callable[[], object]) -> str | None:
    """What the parser says against its next step; None where it says nothing."""
    try:
        step()
    except etree.XMLSyntaxError as problem:
        return problem.msg or str(problem)
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
        whole = last.tail is not None or _is_closed(behind, local_name(last.tag))
        yield ("end" if whole else "lot"), self.open

    def prune(self, offset: int) -> None:
        """Walk down the last children, dropping their elder siblings.

        The last point is left whole, for it may still be open; one with thousands of elements
        is no track point but an attack, and so is a long document with nothing to read.
        """
        element = self.root
        if element is None and offset > 1 << 20:
            raise XmlBrokenError("nothing to read at the beginning")
        for _ in range(self.depth):
            if element is None or not len(element):
                return
            del element[:-1]
            if element is self.open:
                size = sum(1 for _ in zip(element[-1].iter(), range(_MOST_IN_POINT), strict=False))
                if size == _MOST_IN_POINT:
                    raise XmlBrokenError(f"one track point holds over {_MOST_IN_POINT} elements")
                return
            element = element[-1]


def _is_closed(text: bytes, name: str) -> bool:
    """Whether the last tag of this name closes its element."""
    tags = re.findall(rb"<(/?)(?:[\w.-]+:)?" + re.escape(name.encode()) + rb"\b[^<>]*?(/?)>", text)
    return bool(tags) and any(tags[-1])


_MOST_FRONT = 4 << 20  # bytes in which the root is looked for


def _in_utf8(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """A document in UTF-8, if it begins as UTF-16 does; else as it is."""
    first = next(pieces, b"")
    wide = wide_encoding(first)
    if not wide:
        yield first
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    for piece in chain([first], pieces):
        yield decoder.decode(piece).encode()


def without_doctype(pieces: Iterable[bytes], root: bytes) -> Iterator[bytes]:
    """A long document from its root on, with blanks for control characters.

    iOS 16 writes a document type that is no XML, and control characters into names.
    """
    front = b""
    stream = _in_utf8(iter(pieces))
    for piece in stream:
        front += piece
        start = front.find(root)
        if start >= 0 or len(front) > _MOST_FRONT:
            yield front[max(start, 0) :].translate(CONTROLS_TO_BLANKS)
            break
    for piece in stream:
        yield piece.translate(CONTROLS_TO_BLANKS)
