"""Track points of an XML file, gathered as columns of text and turned into numbers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from retrorun.readers.xml_names import local_name
from retrorun.readers.xml_times import unix_s
from retrorun.units import FloatArray

_MOST_NAMES = 500  # no real file has so many different elements in its points
_POINT = object()


@dataclass(slots=True)
class Texts:
    """The texts of one element name: which points had one, and what it was."""

    points: list[int] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)


class PointTable:
    """Gathers track points, then hands out columns.

    Args:
        names: local name in lower case → column it fills; others are left out.
        point: local name of a point.
        attributes: attributes of the point that are columns too.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        point: str,
        attributes: Sequence[str] = (),
    ) -> None:
        self.names = names
        self.point = point
        self.attributes = attributes
        self.words = frozenset({"time", "cmt"})  # columns that hold no numbers
        self.count = 0
        self._by_tag: dict[object, object] = {}
        self._by_column: dict[str, Texts] = {}

    def add(self, holder: etree._Element, *, all_but_last: bool) -> None:
        """Take over the points below an element: their attributes, and all below them.

        Args:
            holder: the element whose children are points (and perhaps others).
            all_but_last: the last child is not whole yet.
        """
        known, unknown, index = self._by_tag.get, self, self.count - 1
        before = index  # what stands in front of the first point belongs to none
        attributes = [
            (name, self._column(name).points.append, self._column(name).texts.append)
            for name in self.attributes
        ]
        last = holder[-1] if all_but_last and len(holder) else None
        for element in holder.iterdescendants():
            tag = element.tag
            found = known(tag, unknown)
            if found is unknown:
                found = self._resolve(tag)
            if isinstance(found, tuple):
                if index > before:
                    found[0](index)
                    found[1](element.text)
            elif found is _POINT:
                if element is last:
                    break
                index += 1
                for name, points, texts in attributes:
                    value = element.get(name)
                    if value is not None:
                        points(index)
                        texts(value)
        self.count = index + 1

    def _resolve(self, tag: object) -> object:
        """Where the texts of a tag go: two ``append``; or that it is the point; or nowhere."""
        local = local_name(tag)
        name = self.names.get(local.lower())
        found: object = _POINT if local == self.point else None
        if name:
            texts = self._column(name)
            found = (texts.points.append, texts.texts.append)
        if len(self._by_tag) < _MOST_NAMES:
            self._by_tag[tag] = found
        return found

    def _column(self, name: str) -> Texts:
        return self._by_column.setdefault(name, Texts())

    def texts(self, column: str) -> Texts:
        """What the file says for a column, as text."""
        return self._by_column.get(column, Texts())

    def numbers(self) -> dict[str, FloatArray]:
        """Column → (n,) numbers, NaN where missing or no number; only columns that have one."""
        found = {}
        for name, texts in self._by_column.items():
            if name in self.words:
                continue
            values = np.full(self.count, np.nan)
            values[texts.points] = _floats(texts.texts)
            if np.isfinite(values).any():
                found[name] = values
        return found

    def times_s(self, column: str) -> FloatArray:
        """(n,) Unix seconds, NaN where a point has no time."""
        texts = self.texts(column)
        values = np.full(self.count, np.nan)
        values[texts.points] = unix_s([text or "" for text in texts.texts])
        return values


def _floats(texts: list[str | None]) -> FloatArray:
    try:
        values = np.array([float(text) for text in texts if text is not None], dtype=np.float64)
    except ValueError:
        values = np.zeros(0)
    if len(values) != len(texts):
        values = np.array([_float(text) for text in texts], dtype=np.float64)
    return np.where(np.abs(values) < 1e12, values, np.nan)


def _float(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
