"""Track points of an XML file, gathered as columns of text and turned into numbers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from retrorun.readers.xml_names import local_name
from retrorun.readers.xml_times import unix_s
from retrorun.units import FloatArray

_MOST_NAMES = 500  # no real file has so many different elements in its points


@dataclass(slots=True)
class Texts:
    """The texts of one element name: which points had one, and what it was."""

    points: list[int] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)


class PointTable:
    """Gathers track points, then hands out columns.

    Args:
        names: local name in lower case → column it fills; others are left out.
        attributes: attributes of the point that are columns too.
    """

    def __init__(self, names: Mapping[str, str], attributes: Sequence[str] = ()) -> None:
        self.names = names
        self.attributes = attributes
        self.count = 0
        self._by_tag: dict[object, Texts | None] = {}
        self._by_column: dict[str, Texts] = {}

    def add(self, point: etree._Element) -> None:
        """Take over a whole point: its attributes, and all below it."""
        index, known = self.count, self._by_tag
        self.count = index + 1
        for name in self.attributes:
            value = point.get(name)
            if value is not None:
                texts = self._column(name)
                texts.points.append(index)
                texts.texts.append(value)
        for element in point.iterdescendants():
            tag = element.tag
            found = known.get(tag, self)
            if found is self:
                found = self._resolve(tag)
            if isinstance(found, Texts):
                found.points.append(index)
                found.texts.append(element.text)

    def _resolve(self, tag: object) -> Texts | None:
        name = self.names.get(local_name(tag).lower())
        found = self._column(name) if name else None
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
        values = np.array(texts, dtype=np.float64)
    except (ValueError, TypeError):
        values = np.array([_float(text) for text in texts], dtype=np.float64)
    return np.where(np.abs(values) < 1e12, values, np.nan)


def _float(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")
