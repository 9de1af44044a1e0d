"""Regular track points are read as columns, before the XML parser sees the document.

Devices write point after point alike, and a regular expression reads those several times faster
than any parser builds elements. So runs of points of the learnt shape are cut out, and an empty
element is put in the place of each run. What is left, a small document, goes through the parser
as ever. That proves the rest: the points from which the shape was learnt stay in it, so their
names, prefixes and nesting are checked; and every place holder must turn up among the points, so
no run stood in a comment, a CDATA section, a route or a course. If any of that fails, or the
document is damaged, the parser reads the whole document instead.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from retrorun.readers.xml_numbers import count_lost, floats_with_commas
from retrorun.readers.xml_shapes import TIME, IrregularError, PointNames, Shape, learnt, outline
from retrorun.readers.xml_stream import chunks
from retrorun.readers.xml_times import unix_s
from retrorun.units import FloatArray

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


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Consecutive points: column, which of them have it, and their numbers or words.

    Times are numbers, Unix seconds; of their words only the first is kept, for its zone.
    A column that can stand in several places of a point comes as often, in their order.
    """

    count: int
    numbers: list[tuple[str, Indices, FloatArray]] = field(default_factory=list)
    words: list[tuple[str, Indices, list[str]]] = field(default_factory=list)
    has_decimal_commas: bool = False
    lost: Counter[str] = field(default_factory=Counter)  # column → texts that are no values


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
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


def cut(data: bytes, names: PointNames, most: int) -> Cut | None:
    """Take the regular points out of a document; None where there are none.

    Args:
        data: the document.
        names: what its format calls points, and what they hold.
        most: as many points are enough; somewhat more may be cut out.
    """
    encoding = _ENCODING.match(data, 3 if data.startswith(b"\xef\xbb\xbf") else 0)
    if encoding and encoding[1].lower() not in _PLAIN:
        return None
    if PLACE.encode() in data or b"<!DOCTYPE" in data:
        return None
    scissors = _Scissors(data, names)
    while scissors.points <= most and scissors.worth_it() and scissors.advance():
        pass
    if not scissors.runs:
        return None
    return Cut(b"".join(scissors.pieces), data, scissors.position, tuple(scissors.runs))


class _Scissors:
    """Goes through a document from point to point."""

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

    def worth_it(self) -> bool:
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
            self.shape = learnt(sample, self.names, self.declared, self.shape)


def _run(rows: list[tuple[bytes, ...]], columns: tuple[str, ...], words: frozenset[str]) -> Run:
    run, everyone, commas = Run(len(rows)), np.arange(len(rows)), False
    for name, texts in zip(columns, zip(*rows, strict=True), strict=False):
        points, held = everyone, texts
        if b"" in texts:
            points = np.flatnonzero([bool(text) for text in texts])
            held = tuple(filter(None, texts))
        if name in words:
            run.words.append((name, points, _decoded(held)))
        elif name == TIME:
            run.numbers.append((name, points, unix_s(held)))
            run.words.append((name, points[:1], _decoded(held[:1])))
            run.lost[name] += count_lost(held, run.numbers[-1][2])
        else:
            values, has_commas = floats_with_commas(held)
            run.numbers.append((name, points, values))
            run.lost[name] += count_lost(held, values)
            commas = commas or has_commas
    return replace(run, has_decimal_commas=commas)


def _decoded(texts: tuple[bytes, ...]) -> list[str]:
    return [text.decode("ascii") for text in texts]
