"""Sessions without what only their own pages show: a third of the time, a quarter of the memory.

An outline is a session some of whose fields are not there at all: who asks for one gets an
AttributeError, never a value that is not true. Ten thousand sessions are read like this for the
comparison, the index, and what they teach. All that later sessions ask of them, their sums, stands
in a table of its own and needs no document at all.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, make_dataclass
from types import GenericAlias
from typing import Any, ClassVar

import msgspec

from retrorun.model import Energy, MeasuredSegment, Measures, Metrics, Segment, Session, Totals


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
_ABOUT = "labels laps pauses notes"
OUTLINES: msgspec.json.Decoder[Session] = msgspec.json.Decoder(
    _outline(Session, _ABOUT, measures=_MEASURES)
)

_NOT_SUMMED = {each.name for each in fields(Session)} - {"id", "start_time_s", "measures"}
_SUMMED = _outline(Session, " ".join(sorted(_NOT_SUMMED)))  # takes these three, in their order
_SUMS = _outline(Measures, "segments cost_factor notes bests heart")


def summed(
    starts: Iterable[tuple[str, float]],
    sums: Iterable[tuple[str, str, float, float, float | None]],
) -> list[Session]:
    """Sessions with nothing but their id, their start and their totals.

    Args:
        starts: id and Unix time of every session.
        sums: id, kind of movement, and of that the seconds, the moving seconds and the metres.
    """
    totals: dict[str, dict[str, Totals]] = defaultdict(dict)
    for session_id, kind, seconds, moving_s, distance_m in sums:
        totals[session_id][kind] = Totals(seconds, moving_s, distance_m)
    return [
        _SUMMED(session_id, start_time_s, _SUMS(totals[session_id]))
        for session_id, start_time_s in starts
    ]
