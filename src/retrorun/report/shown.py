"""How each compared measure is shown: its words, its unit, its scale and its digits."""

from dataclasses import dataclass

from retrorun.report.display import UNKNOWN, Display, number, signed
from retrorun.report.words import say
from retrorun.units import METRE_PER_MILE

# key of the measure → what happens to it on the way to the reader, digits after the point
KINDS: dict[str, tuple[str, int]] = {
    "cost_factor": ("plain", 2),
    "heart_rate_bpm": ("plain", 0),
    "cadence_spm": ("plain", 0),
    "backward_cadence_spm": ("plain", 0),
    "respiration_brpm": ("plain", 1),
    "metres_per_beat": ("length", 2),
    "backward_metres_per_beat": ("length", 2),
    "forward_metres_per_beat": ("length", 2),
    "step_length_m": ("length", 2),
    "contact_time_s": ("milli", 0),
    "vertical_oscillation_m": ("centi", 1),
    "balance_pct": ("plain", 1),
    "energy_kcal_per_km": ("per_long", 0),
    "energy_kcal_per_min": ("plain", 1),
    "speed_mps": ("speed", 1),
    "backward_speed_mps": ("speed", 1),
    "forward_speed_mps": ("speed", 1),
    "backward_share_pct": ("plain", 0),
    "backward_longest_s": ("minutes", 1),
}
SMALL = {"milli": ("ms", 1000.0), "centi": ("cm", 100.0), "minutes": ("min", 1 / 60)}


@dataclass(frozen=True, slots=True)
class Shown:
    """A measure as it is shown: value × ``scale`` in ``unit``, with so many digits."""

    label: str
    unit: str
    scale: float
    digits: int

    def value(self, value: float | None) -> str:
        """The number without its unit."""
        return number(None if value is None else value * self.scale, self.digits)

    def change(self, value: float | None, more: int = 0) -> str:
        """The same with its sign, ``more`` digits finer."""
        return signed(None if value is None else value * self.scale, self.digits + more)

    def interval(self, low: float | None, high: float | None, more: int = 0) -> str:
        """Both ends of an interval of changes; an en dash where there is none."""
        if low is None or high is None:
            return UNKNOWN
        return say("between", low=self.change(low, more), high=self.change(high, more))


def shown(key: str, label: str, unit: str, display: Display) -> Shown:
    """How the measure is shown; one that is new here goes by the model's own label and unit."""
    kind, digits = KINDS.get(key, ("plain", 2))
    words = say(f"shown_{key}", fallback=None) or f"{label[:1].upper()}{label[1:]}"
    return Shown(words, *_scaled(kind, unit, display), digits)


def sentence(words: str) -> str:
    """The model's words with a capital and a full stop, to stand alone."""
    return f"{words[:1].upper()}{words[1:]}." if words else ""


def _scaled(kind: str, unit: str, display: Display) -> tuple[str, float]:
    if kind == "speed":
        return f"{display.long_unit}/h", display.long_value(3600.0)
    if kind == "length":
        return display.height_unit, display.height_value(1.0)
    if kind == "per_long":
        return f"kcal/{display.long_unit}", METRE_PER_MILE / 1000 if display.imperial else 1.0
    if kind in SMALL:
        return SMALL[kind]

    return {"1/min": say("bpm"), "times forward": ""}.get(unit, unit), 1.0
