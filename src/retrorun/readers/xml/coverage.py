"""Whether everything was read that the text of a document holds, channel by channel."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from retrorun.model import Note
from retrorun.readers.xml.fast_path import PointNames
from retrorun.readers.xml.points import PointTable
from retrorun.readers.xml.values import MISSING

_NO_VALUE = rb"(?!%b\s*<)" % MISSING
_SAMPLE_BYTES = 1 << 12
_LEAF = re.compile(rb"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})>\s*-?\d[\d.,]{0,20}\s*</")
_CHANNEL_LIKE = re.compile(
    r"heart|puls|^hr$|^hrm$|bpm|cadenc|steprate|heading|compass|azimuth|facing"
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
    for column, count in left.items():
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
