"""Segments of one kind over all sessions as columns: hundreds of thousands are compared at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

import numpy as np
import numpy.typing as npt

from retrorun.compare.select import of_kind
from retrorun.model import Energy, Session
from retrorun.settings import CompareSettings
from retrorun.units import BoolArray, FloatArray, IntArray

# of the metrics; None becomes NaN
READ = (
    "seconds",
    "moving_s",
    "distance_m",
    "speed_mps",
    "grade",
    "steady_heart_rate_bpm",
    "cadence_spm",
    "step_length_m",
    "contact_time_s",
    "vertical_oscillation_m",
    "balance_pct",
    "respiration_brpm",
)
_row = attrgetter(*READ)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """Segments, (n,) each, by session and then as they follow in it; NaN where not known.

    Attributes:
        session: place of the session in the sequence; ``rank`` is that of its id in the alphabet.
        time_s: Unix time at which the session began; ``start_s`` elapsed seconds to the segment.
        gait: ``run``, ``walk``, ``still``.
        columns: what is named in ``READ``.
        measures: what is compared, by the keys of `Difference`.
    """

    session: IntArray
    rank: IntArray
    time_s: FloatArray
    start_s: FloatArray
    gait: npt.NDArray[np.str_]
    columns: Mapping[str, FloatArray]
    measures: Mapping[str, FloatArray]

    def taken(self, which: IntArray | BoolArray) -> "Stretches":
        """Some of them."""
        return Stretches(
            self.session[which],
            self.rank[which],
            self.time_s[which],
            self.start_s[which],
            self.gait[which],
            {name: column[which] for name, column in self.columns.items()},
            {name: column[which] for name, column in self.measures.items()},
        )

    def measured(self, measures: Mapping[str, FloatArray]) -> "Stretches":
        """The same stretches with other measures."""
        return replace(self, measures=measures)


def stretches(sessions: Sequence[Session], kind: str, settings: CompareSettings) -> Stretches:
    """All segments of a kind."""
    segments = [of_kind(session, kind, settings) for session in sessions]
    session = np.repeat(np.arange(len(sessions)), [len(part) for part in segments])
    found = [measured for part in segments for measured in part]
    rows = np.array([_row(each.metrics) for each in found], dtype=np.float64)
    columns = dict(zip(READ, rows.reshape(-1, len(READ)).T.copy(), strict=True))
    gross = np.array([_gross(each.metrics.energy_shown) for each in found], dtype=np.float64)
    _, rank = np.unique(np.array([each.id for each in sessions], dtype=str), return_inverse=True)
    return Stretches(
        session,
        rank[session],
        np.array([each.start_time_s for each in sessions], dtype=np.float64)[session],
        np.array([each.segment.start_s for each in found], dtype=np.float64),
        np.array([each.segment.gait for each in found], dtype=str),
        columns,
        _measures(columns, gross),
    )


def _gross(shown: Energy | None) -> float | None:
    """Kilocalories; None where there are none, as without a body mass."""
    return shown.gross if shown is not None and not shown.per_kg else None


def _measures(columns: Mapping[str, FloatArray], gross: FloatArray) -> dict[str, FloatArray]:
    """The compared measures.

    Heart rate is the steady one only: the mean of a short stretch belongs to what came before.
    """
    steady, speed = columns["steady_heart_rate_bpm"], columns["speed_mps"]
    way_m = speed * columns["moving_s"]  # energy is of all seconds; the known metres may not be
    return {
        "speed_mps": speed,
        "heart_rate_bpm": steady,
        "metres_per_beat": _over(speed, steady, 60.0),
        "cadence_spm": columns["cadence_spm"],
        "step_length_m": columns["step_length_m"],
        "contact_time_s": columns["contact_time_s"],
        "vertical_oscillation_m": columns["vertical_oscillation_m"],
        "balance_pct": columns["balance_pct"],
        "respiration_brpm": columns["respiration_brpm"],
        "energy_kcal_per_km": _over(gross, way_m, 1000.0),
        "energy_kcal_per_min": _over(gross, columns["seconds"], 60.0),
    }


def _over(upper: FloatArray, lower: FloatArray, scale: float) -> FloatArray:
    """Quotient (n,), NaN where there is nothing to divide by."""
    found = np.full(len(upper), np.nan)
    np.divide(upper, lower, out=found, where=lower != 0)
    return found * scale
