"""Where each message of a FIT file lies, and where the file is broken.

One pass over definitions and message sizes, without decoding a single value. Messages that come by
the thousand are found as runs of equal size, to be decoded as columns; what is read of the few
others is copied into a small valid FIT file; the place of any damage is known to the byte, so that
everything before it is kept.
"""

import struct
from collections.abc import Mapping
from functools import cache, lru_cache

import msgspec
import numpy as np
import numpy.typing as npt

_POLYNOMIAL = 0xA001  # 0x8005 reflected; Flexible and Interoperable Data Transfer protocol, CRC
_Words = npt.NDArray[np.uint16]


@cache
def _crc_after_zeros(level: int) -> _Words:
    """Where each of the 65,536 states goes when ``2**level`` words of zero follow."""
    if level:
        half = _crc_after_zeros(level - 1)
        return half[half]
    state = np.arange(65_536, dtype=np.uint16)
    for _ in range(16):
        state = np.where(state & 1, (state >> 1) ^ _POLYNOMIAL, state >> 1).astype(np.uint16)
    return state


def fit_crc(data: bytes) -> int:
    """Checksum of some bytes; 0 for a whole FIT file with its own checksum at the end.

    CRC-16/ARC. With a start value of 0 the checksum is linear: that of a message is the exclusive
    or of the checksums of its words, each carried past the words behind it. So words are folded two
    by two, with numpy, and the checksum is that of the one word that is left.
    """
    padded = b"\0" + data if len(data) % 2 else data  # leading zeros change nothing
    if not padded:
        return 0
    state, level = np.frombuffer(padded, dtype="<u2"), 0
    while len(state) > 1:
        if len(state) % 2:
            state = np.concatenate([np.zeros(1, np.uint16), state])
        state = _crc_after_zeros(level)[state[0::2]] ^ state[1::2]
        level += 1
    return int(_crc_after_zeros(0)[state[0]])


RECORD, HR, MAGNETOMETER, ACCELEROMETER, GPS_METADATA, ATTITUDE = 20, 132, 208, 165, 160, 178
COLUMNAR = frozenset({RECORD, HR, MAGNETOMETER, ACCELEROMETER, GPS_METADATA, ATTITUDE})
TIMESTAMP, MESSAGE_INDEX = 253, 254
# message → the fields of it that are read, by the numbers of the public FIT profile
KEPT: Mapping[int, frozenset[int]] = {
    0: frozenset({0, 1, 2, 8}),  # file_id: type, manufacturer, product, product_name
    12: frozenset({0, 1}),  # sport: sport, sub_sport
    # session: start, sport, sub_sport, elapsed, timer, distance, calories
    18: frozenset({2, 5, 6, 7, 8, 9, 11, TIMESTAMP}),
    # lap: start, elapsed, timer, distance, trigger, sport, step
    19: frozenset({2, 7, 8, 9, 24, 25, 71, TIMESTAMP}),
    21: frozenset({0, 1, TIMESTAMP}),  # event: event, event_type
    23: frozenset({0, 27}),  # device_info: device_index, product_name
    26: frozenset({8}),  # workout: wkt_name
    27: frozenset({0, 8, MESSAGE_INDEX}),  # workout_step: wkt_step_name, notes
    34: frozenset({0, 5, TIMESTAMP}),  # activity: timer, local_timestamp
    167: frozenset({0, 1, 2, 3, 4, 5}),  # three_d_sensor_calibration: all but its time
    206: frozenset({0, 1, 2, 3, 6, 7, 8, 14, 15}),  # field_description: all that describes a number
}
MOST_FIELDS = 100_000  # of the messages in the rest; a day with a lap a minute has 10,000
_FEW_MESSAGES = 16  # messages of a run that are looked at one by one
_MESSAGES_PER_FIELD = 20  # in messages: a new layout is decoded by itself
_BYTES = 0x0D  # the base type "byte"
# base type → bytes of one value
_WIDTHS = {
    **dict.fromkeys((0x00, 0x01, 0x02, 0x07, 0x0A, _BYTES), 1),
    **dict.fromkeys((0x83, 0x84, 0x8B), 2),
    **dict.fromkeys((0x85, 0x86, 0x88, 0x8C), 4),
    **dict.fromkeys((0x89, 0x8E, 0x8F, 0x90), 8),
}


class FieldPlace(msgspec.Struct, frozen=True):
    """A field within a message: number, byte offset, size, base type (or developer index)."""

    number: int
    offset: int
    size: int
    kind: int


class Definition(msgspec.Struct, frozen=True, eq=False):
    """How a data message is laid out; compared by identity, because its hash costs nothing then.

    ``size`` includes its one header byte; ``stamp`` is the offset of its time, if it has one.
    """

    message: int
    size: int
    big_endian: bool
    fields: tuple[FieldPlace, ...]
    developer: tuple[FieldPlace, ...]
    stamp: int | None = None


class Runs(msgspec.Struct):
    """Where the messages of one definition lie: a run is ``counts[i]`` of them from ``starts[i]``.

    ``orders`` holds the place of each run's first message among all messages, ``clocks_s`` the
    FIT time that a message's compressed header stands for (those are runs of one).
    """

    definition: Definition
    starts: list[int] = msgspec.field(default_factory=list)
    counts: list[int] = msgspec.field(default_factory=list)
    orders: list[int] = msgspec.field(default_factory=list)
    clocks_s: dict[int, int] = msgspec.field(default_factory=dict)


class Damage(msgspec.Struct, frozen=True):
    """Where and how a FIT file is broken."""

    slug: str
    message: str
    offset: int


class Part(msgspec.Struct, frozen=True):
    """One FIT file (several may be chained): its runs, and the rest as a small valid FIT file."""

    data: bytes
    runs: tuple[Runs, ...]
    rest: bytes
    counts: Mapping[int, int]
    damage: Damage | None
    left_out: int = 0  # messages that the rest had no room for


class _BrokenError(Exception):
    def __init__(self, slug: str, message: str, offset: int) -> None:
        super().__init__(message)
        self.damage = Damage(slug, message, offset)


def parts(
    data: bytes, most_messages: int, most_parts: int = 1000
) -> tuple[tuple[Part, ...], Damage | None]:
    """Split chained FIT files; also tells what follows the last part, if it is no FIT file.

    Args:
        data: the file.
        most_messages: beyond this many messages, of all parts together, the rest counts as damage.
        most_parts: beyond this many parts, too.
    """
    found: list[Part] = []
    start, budget = 0, _Budget(most_messages)
    while start < len(data):
        if not _is_header(data, start):
            return tuple(found), Damage("fit-trailing-bytes", "bytes that are no FIT file", start)
        if len(found) >= most_parts:
            message = f"more than {most_parts} FIT files in one"
            return tuple(found), Damage("fit-too-many-parts", message, start)
        head, end, trouble = _extent(data, start)
        found.append(_Scan(data, start + head, end, budget).run(trouble))
        start = end + 2
    return tuple(found), None


class _Budget(msgspec.Struct):
    """What the parts of a file may still cost: messages, and fields that are decoded singly."""

    most_messages: int
    messages: int = 0
    fields: int = MOST_FIELDS


def _is_header(data: bytes, start: int) -> bool:
    return len(data) >= start + 12 and data[start + 8 : start + 12] == b".FIT"


def _extent(data: bytes, start: int) -> tuple[int, int, Damage | None]:
    """Header size, end of the messages, and what is wrong with the frame."""
    head = data[start] if 12 <= data[start] <= 64 else 14
    size = struct.unpack_from("<I", data, start + 4)[0]
    end = start + head + size
    if size == 0:
        unfinished = Damage("fit-unfinished", "the file was never closed by its device", start + 4)
        return head, max(start + head, len(data) - 2), unfinished
    if end + 2 > len(data):
        message = f"the file ends {end + 2 - len(data)} bytes early"
        return head, len(data), Damage("fit-truncated", message, len(data))
    if fit_crc(data[start : end + 2]) == 0:
        return head, end, None
    if end + 2 < len(data) and not _is_header(data, end + 2):
        end = len(data) - 2  # the length is wrong too: read on
    return head, end, Damage("fit-checksum", "the checksum does not fit the content", end)


class _Scan:
    """One pass over the messages between two places."""

    def __init__(self, data: bytes, start: int, end: int, budget: _Budget) -> None:
        self.data, self.position, self.end = data, start, end
        self.budget = budget
        self.left_out = 0
        self.local: dict[int, Runs] = {}
        self.found: dict[bytes, Runs] = {}  # by the definition's own bytes
        self.rest: list[bytes] = []
        self.counts: dict[int, int] = {}
        self.order = 0
        self.stamp: tuple[int, Definition] | None = None  # the last message that had a full time
        self.clock_s = 0

    def run(self, trouble: Damage | None) -> Part:
        try:
            while self.position < self.end:
                self._step_over_messages()
                if self.position < self.end:
                    self._read_special(self.data[self.position])
        except _BrokenError as broken:
            trouble = broken.damage
        runs = tuple(runs for runs in self.found.values() if runs.starts)
        return Part(
            self.data, runs, _as_fit_file(b"".join(self.rest)), self.counts, trouble, self.left_out
        )

    def _step_over_messages(self) -> None:
        """Step over ordinary data messages: the loop that all time is spent in."""
        data, local, counts, position = self.data, self.local, self.counts, self.position
        end = self.end
        while position < end and (head := data[position]) < 0x10 and head in local:
            runs = local[head]
            definition = runs.definition
            start, size = position, definition.size
            last = end - size
            soon = min(last, start + _FEW_MESSAGES * size)
            while position <= soon and data[position] == head:
                position += size
            if position > soon:
                position = _end_of_run(data, position, last, size)
            count = (position - start) // size
            if not count:
                self.position = start
                raise _BrokenError("fit-truncated", "the file ends within a message", start)
            number = definition.message
            if definition.stamp is not None:
                self.stamp = (position - size, definition)
            if number in COLUMNAR:
                runs.starts.append(start)
                runs.counts.append(count)
                runs.orders.append(self.order)
            elif number in KEPT:
                self._keep_messages(definition, start, count)
            counts[number] = counts.get(number, 0) + count
            self.order += count
            self._count(count, start)
        self.position = position

    def _count(self, messages: int, start: int) -> None:
        budget = self.budget
        budget.messages += messages
        if budget.messages > budget.most_messages:
            words = f"more than {budget.most_messages} messages"
            raise _BrokenError("fit-too-many", words, start)

    def _keep_messages(self, definition: Definition, start: int, count: int) -> None:
        """Copy the fields of messages that are read to the rest, as many as there is room for."""
        triples, spans = _fields_to_read(definition)
        fields = 1 + len(triples)
        held = min(count, max(0, self.budget.fields) // fields)
        self.budget.fields -= held * fields
        self.left_out += count - held
        for place in range(start, start + held * definition.size, definition.size):
            self.rest += [self.data[place + first : place + last] for first, last in spans]

    def _read_special(self, head: int) -> None:
        if head & 0x80:
            self._compressed(head)
        elif head & 0x40:
            self._define(head)
        elif head & 0x30:
            raise _BrokenError("fit-broken", "a message header is impossible", self.position)
        else:
            raise _BrokenError("fit-broken", "a message was never defined", self.position)

    def _define(self, head: int) -> None:
        start, data = self.position, self.data
        stop = start + 6 + 3 * self._byte(start + 5)
        natives = data[start + 6 : stop]
        developer_end = stop
        if head & 0x20:
            developer_end = stop + 1 + 3 * self._byte(stop)
        if developer_end > self.end:
            raise _BrokenError("fit-truncated", "the file ends within a definition", start)
        layout = data[start + 1 : developer_end]
        runs = self.found.get(layout)
        if runs is None:
            definition = _definition(layout[:5], natives, data[stop:developer_end])
            if definition is None:
                raise _BrokenError("fit-broken", "a definition is impossible", start)
            runs = self.found[layout] = Runs(definition)
            fields = len(definition.fields) + len(definition.developer)
            self._count(_MESSAGES_PER_FIELD * fields, start)
        self.local[head & 0x0F] = runs
        if runs.definition.message in KEPT:
            self._keep_definition(head, runs.definition, layout[:4])
        self._count(1, start)
        self.position = developer_end

    def _keep_definition(self, head: int, definition: Definition, layout: bytes) -> None:
        """Define a message in the rest: only the fields that are read."""
        held, _ = _fields_to_read(definition)
        self.budget.fields -= len(held)
        if self.budget.fields < 0:
            return
        triples = bytes(byte for triple in held for byte in triple)
        self.rest.append(bytes((0x40 | head & 0x0F,)) + layout + bytes((len(held),)) + triples)

    def _byte(self, place: int) -> int:
        if place >= self.end:
            raise _BrokenError("fit-truncated", "the file ends within a definition", self.position)
        return self.data[place]

    def _compressed(self, head: int) -> None:
        """A message whose header holds the low five bits of its time."""
        runs = self.local.get(head >> 5 & 0x03)
        if runs is None:
            raise _BrokenError("fit-broken", "a message was never defined", self.position)
        start, definition = self.position, runs.definition
        if start + definition.size > self.end:
            raise _BrokenError("fit-truncated", "the file ends within a message", start)
        self._set_clock()
        self.clock_s += ((head & 0x1F) - self.clock_s) & 0x1F
        if definition.message in COLUMNAR:
            runs.clocks_s[len(runs.starts)] = self.clock_s
            runs.starts.append(start)
            runs.counts.append(1)
            runs.orders.append(self.order)
        self.counts[definition.message] = self.counts.get(definition.message, 0) + 1
        self.order += 1
        self._count(1, start)
        self.position += definition.size

    def _set_clock(self) -> None:
        if self.stamp is not None:
            start, definition = self.stamp
            order = ">I" if definition.big_endian else "<I"
            self.clock_s = struct.unpack_from(order, self.data, start + (definition.stamp or 0))[0]
            self.stamp = None


def _end_of_run(data: bytes, position: int, last: int, size: int) -> int:
    """Where the messages of this size and of the header before this place end.

    Their headers are compared many at once, and ever more of them, so that no short run costs much.
    """
    head, many = data[position - size : position - size + 1], 4 * _FEW_MESSAGES
    while position <= last:
        heads = data[position : min(position + many * size, last + 1) : size]
        alike = len(heads) - len(heads.lstrip(head))
        position += alike * size
        if alike < len(heads):
            break
        many *= 4
    return position


@lru_cache(maxsize=1024)  # hostile files have endless ones
def _definition(head: bytes, natives: bytes, developers: bytes) -> Definition | None:
    """Lay out a message; None if it cannot be (unknown byte order, no content)."""
    if head[1] > 1:
        return None
    big = head[1] == 1
    number = int.from_bytes(head[2:4], "big" if big else "little")
    fields, size = _field_places(natives, 1)
    developer, size = _field_places(developers[1:], size)
    stamps = [place.offset for place in fields if place.number == TIMESTAMP and place.size == 4]
    return Definition(number, size, big, fields, developer, stamps[0] if stamps else None)


def _field_places(triples: bytes, offset: int) -> tuple[tuple[FieldPlace, ...], int]:
    places = []
    for at in range(0, len(triples) - 2, 3):
        number, size, kind = triples[at : at + 3]
        places.append(FieldPlace(number, offset, size, kind))
        offset += size
    return tuple(places), offset


@lru_cache(maxsize=1024)
def _fields_to_read(
    definition: Definition,
) -> tuple[tuple[tuple[int, int, int], ...], tuple[tuple[int, int], ...]]:
    """The fields that are read: number, size and base type of each, and where they lie.

    The places are ``[first, last)`` within a message, whose header is the first of them. A field
    whose size does not fit its type is not read.
    """
    wanted, held, spans = KEPT[definition.message], list[tuple[int, int, int]](), [(0, 1)]
    for each in definition.fields:
        width = _WIDTHS.get(each.kind, 0)
        if each.number in wanted and width and each.size and each.size % width == 0:
            held.append((each.number, each.size, each.kind))
            first, last = spans[-1]
            if last == each.offset:
                spans[-1] = (first, last + each.size)
            else:
                spans.append((each.offset, each.offset + each.size))
    return tuple(held), tuple(spans)


def _as_fit_file(messages: bytes) -> bytes:
    """A FIT file around some messages, without checksums."""
    return struct.pack("<BBHI4s", 12, 0x20, 2100, len(messages), b".FIT") + messages
