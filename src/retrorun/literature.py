"""Every number taken from a paper: value, range, unit and citation.

Nothing else in the package holds a published number.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One published number.

    Attributes:
        key: name it is referred to by.
        value: the number itself.
        low: lower end of its band, same unit; equal to ``value`` where none is published.
        high: upper end of its band.
        unit: unit of all three.
        citation: author, year, journal, and what was measured on whom.
        checked: ``source`` if read in the paper itself, ``secondary`` if quoted from another work.
    """

    key: str
    value: float
    low: float
    high: float
    unit: str
    citation: str
    checked: str
