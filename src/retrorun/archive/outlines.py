"""Sessions without what only their own pages show: a third of the time, a quarter of the memory.

An outline is a session some of whose fields are not there at all: who asks for one gets an
AttributeError, never a value that is not true. Ten thousand sessions are read like this for the
comparison, the index, and what they teach. With nothing but their sums they are read in half of
that again: all that later sessions ask of them.
"""

from dataclasses import make_dataclass
from types import GenericAlias
from typing import Any, ClassVar

import msgspec

from retrorun.model import Energy, MeasuredSegment, Measures, Metrics, Segment, Session


def _outline(kind: type, left_out: str = "", **parts: object) -> Any:  # noqa: ANN401 - a new type
    """A subclass of a dataclass without fields that are left out, its parts outlines, too.

    A class variable without a value is neither read nor there.
    """
    fields = [*dict.fromkeys(left_out.split(), ClassVar[object]).items(), *parts.items()]
    return make_dataclass(kind.__name__, fields, bases=(kind,), frozen=True, slots=True)


_METRICS = _outline(
    Metrics,
    "climb_m beats beats_s steps steps_s pace_s_per_km turn_rate_dps heart_rate energies "
    "adjusted_pace_s_per_km",
    energy_shown=_outline(Energy, "active low high method citation") | None,
)
_SEGMENT = _outline(Segment, "probability evidence reason would_change")
_MEASURED = _outline(MeasuredSegment, segment=_SEGMENT, metrics=_METRICS)
_MEASURES = _outline(Measures, "notes", segments=GenericAlias(tuple, (_MEASURED, ...)))
_SUMS = _outline(Measures, "segments cost_factor notes bests heart")
_ABOUT = "labels laps pauses notes"
OUTLINES: msgspec.json.Decoder[Session] = msgspec.json.Decoder(
    _outline(Session, _ABOUT, measures=_MEASURES)
)
SUMS: msgspec.json.Decoder[Session] = msgspec.json.Decoder(
    _outline(Session, f"{_ABOUT} channels heading forward_line backward_line", measures=_SUMS)
)
