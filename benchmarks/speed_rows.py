"""Lines of the benchmark's tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: what, how much, and the aim if there is one."""

    what: str
    value: str
    aim: str = ""
    met: bool | None = None


def at_least(what: str, value: float, aim: float, unit: str) -> Row:
    """A number that should not be smaller than its aim."""
    return Row(what, f"{value:.1f} {unit}", f"≥ {aim:g} {unit}", value >= aim)


def at_most(what: str, value: float, aim: float, unit: str) -> Row:
    """A number that should not be larger than its aim."""
    return Row(what, f"{value:.2f} {unit}", f"≤ {aim:g} {unit}", value <= aim)
