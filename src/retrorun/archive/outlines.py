"""Sessions without what only their own pages show: a third of the time, a quarter of the memory.

An outline is a session some of whose fields are not there at all: who asks for one gets an
AttributeError, never a value that is not true. Ten thousand sessions are read like this for the
comparison, the index, and what they teach.
"""

from dataclasses import make_dataclass
from types import GenericAlias
from typing import Any, ClassVar

import msgspec

from retrorun.model import Energy, MeasuredSegment, Measures, Metrics, Segment, Session

LEFT_OUT = {
    Energy: "active low high method citation",
    Metrics: "climb_m beats beats_s steps steps_s pace_s_per_km turn_rate_dps heart_rate energies "
    "adjusted_pace_s_per_km",
    Segment: "probability evidence reason",
    MeasuredSegment: "",
    Measures: "notes",
    Session: "labels laps pauses notes",
}


def _outline(kind: type, **parts: object) -> Any:  # noqa: ANN401 - types made here have no names
    """A subclass of a dataclass without fields that are left out, its parts outlines, too.

    A class variable without a value is neither read nor there.
    """
    left_out = dict.fromkeys(LEFT_OUT[kind].split(), ClassVar[object])
    fields = [*left_out.items(), *parts.items()]
    return make_dataclass(kind.__name__, fields, bases=(kind,), frozen=True, slots=True)


_METRICS = _outline(Metrics, energy_shown=_outline(Energy) | None)
_MEASURED = _outline(MeasuredSegment, segment=_outline(Segment), metrics=_METRICS)
_MEASURES = _outline(Measures, segments=GenericAlias(tuple, (_MEASURED, ...)))

DECODER: msgspec.json.Decoder[Session] = msgspec.json.Decoder(_outline(Session, measures=_MEASURES))
