"""Found against true, second by second: what one session contributes, and what many add up to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from retrorun.model import Detection, Track
from retrorun.units import BoolArray, FloatArray

BINS = 10
ANY = ("confirmed", "labelled", "candidate", "habit")
SURE = ("confirmed", "labelled")
MATCH_S = 30.0  # a boundary found farther away than this is another boundary
Z95 = 1.959964


@dataclass(frozen=True, slots=True)
class Counts:
    """Moving seconds: truly backward and found, found only, missed."""

    hit: int = 0
    false: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Counts of both."""
        return Counts(self.hit + other.hit, self.false + other.false, self.missed + other.missed)

    @property
    def f1(self) -> float:
        """2·TP / (2·TP + FP + FN); NaN where there is nothing to find and nothing was found."""
        whole = 2 * self.hit + self.false + self.missed
        return 2 * self.hit / whole if whole else float("nan")


@dataclass(frozen=True, slots=True)
class Judged:
    """One session, judged.

    Attributes:
        group: scenario or file that it belongs to.
        tier: the best evidence in it.
        counts: every backward segment counts as found, whatever its verdict.
        confirmed: only confirmed and labelled ones do.
        oracle: the same for a detector that was told mount and noise; None without a heading.
        moving_s, backward_s: true seconds.
        candidate_s: seconds called candidates.
        boundary_errors_s: distance from each true change to the nearest found one.
        boundaries_missed: true changes without one.
        seconds: (bins, 3) of seconds by probability: count, summed probability, truly backward.
        stretches: for each backward segment its verdict, probability, and whether it is real.
    """

    group: str
    tier: str
    counts: Counts
    confirmed: Counts
    moving_s: int
    backward_s: int
    candidate_s: int
    boundary_errors_s: tuple[float, ...] = ()
    boundaries_missed: int = 0
    seconds: tuple[tuple[float, float, float], ...] = ()
    stretches: tuple[tuple[str, float, bool], ...] = ()
    oracle: Counts | None = None
    heading: str = ""

    @property
    def confirmed_false_s(self) -> int:
        """Forward seconds called backward and confirmed."""
        return self.confirmed.false


@dataclass(frozen=True, slots=True, eq=False)
class Truthful:
    """True direction of each second: (n,) backward, (n,) moving, and the changes' moments."""

    backward: BoolArray
    moving: BoolArray
    changes_s: tuple[tuple[float, bool], ...]  # moment, whether backward begins


def counted(found: BoolArray, truth: Truthful) -> Counts:
    """Hits, false alarms and misses among moving seconds."""
    here = truth.moving
    return Counts(
        int((found & truth.backward & here).sum()),
        int((found & ~truth.backward & here).sum()),
        int((~found & truth.backward & here).sum()),
    )


def marked(detection: Detection, seconds: int, verdicts: Sequence[str]) -> BoolArray:
    """Seconds inside backward segments of these verdicts, (n,)."""
    mask = np.zeros(seconds, dtype=np.bool_)
    for part in detection.segments:
        if part.direction == "backward" and part.verdict in verdicts:
            mask[round(part.start_s) : round(part.end_s)] = True
    return mask


def judge(label: tuple[str, str], track: Track, detection: Detection, truth: Truthful) -> Judged:
    """Judge one session; ``label`` is its group and tier."""
    count = track.seconds
    found = marked(detection, count, ANY)
    confirmed = marked(detection, count, SURE)
    errors, missed = _boundaries(found, truth)
    return Judged(
        group=label[0],
        tier=label[1],
        counts=counted(found, truth),
        confirmed=counted(confirmed, truth),
        moving_s=int(truth.moving.sum()),
        backward_s=int((truth.moving & truth.backward).sum()),
        candidate_s=int(marked(detection, count, ("candidate",)).sum()),
        boundary_errors_s=errors,
        boundaries_missed=missed,
        seconds=_by_probability(detection.columns["backward_probability"], truth),
        stretches=_stretches(detection, truth),
        heading=f"{detection.heading.kind}; sign from {detection.heading.sign_from}",
    )


def _boundaries(found: BoolArray, truth: Truthful) -> tuple[tuple[float, ...], int]:
    step = np.diff(found.astype(np.int8))
    moments = {True: np.flatnonzero(step > 0) + 1.0, False: np.flatnonzero(step < 0) + 1.0}
    errors, missed = [], 0
    for moment, begins in truth.changes_s:
        away = np.abs(moments[begins] - moment)
        if len(away) and away.min() <= MATCH_S:
            errors.append(float(away.min()))
        else:
            missed += 1
    return tuple(errors), missed


def _by_probability(
    probability: FloatArray, truth: Truthful
) -> tuple[tuple[float, float, float], ...]:
    known = truth.moving & np.isfinite(probability)
    chance, real = probability[known], truth.backward[known]
    place = np.minimum((chance * BINS).astype(np.int64), BINS - 1)
    sums = (np.bincount(place, weight, BINS) for weight in (np.ones(len(chance)), chance, real))
    return tuple((float(a), float(b), float(c)) for a, b, c in zip(*sums, strict=True))


def _stretches(detection: Detection, truth: Truthful) -> tuple[tuple[str, float, bool], ...]:
    found = []
    for part in detection.segments:
        inside = slice(round(part.start_s), round(part.end_s))
        moving = truth.moving[inside]
        if part.direction == "backward" and part.verdict != "labelled" and moving.any():
            real = bool(truth.backward[inside][moving].mean() >= 0.5)
            found.append((part.verdict, part.probability, real))
    return tuple(found)


def total(sessions: Iterable[Judged]) -> Counts:
    """Counts of many sessions."""
    return sum((each.counts for each in sessions), Counts())


def bootstrap(
    sessions: Sequence[Judged], figure: Callable[[list[Judged]], float]
) -> tuple[float, float]:
    """95 % interval of a figure by drawing sessions anew, 1,000 times with a fixed seed."""
    rng = np.random.default_rng(20_260_101)
    draws = rng.integers(0, len(sessions), (1000, len(sessions)))
    values = [figure([sessions[index] for index in draw]) for draw in draws.tolist()]
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """95 % score interval of a share (Wilson 1927)."""
    if whole == 0:
        return 0.0, 1.0
    share, z2 = part / whole, Z95 * Z95
    middle = (share + z2 / (2 * whole)) / (1 + z2 / whole)
    reach = Z95 / (1 + z2 / whole)
    reach *= float(np.sqrt(share * (1 - share) / whole + z2 / (4 * whole * whole)))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def calibration_error(rows: Sequence[tuple[float, float, float]]) -> float:
    """Expected calibration error: mean gap of probability and truth, weighted by count."""
    whole = sum(row[0] for row in rows)
    return sum(abs(row[1] - row[2]) for row in rows) / whole if whole else float("nan")


def pooled(sessions: Iterable[Judged]) -> list[tuple[float, float, float]]:
    """Reliability rows of many sessions: count, summed probability, truly backward."""
    whole = np.sum([each.seconds for each in sessions], axis=0)
    return [(float(a), float(b), float(c)) for a, b, c in whole]


def stretch_rows(found: Iterable[tuple[str, float, bool]]) -> list[tuple[float, float, float]]:
    """Reliability rows of segments, by their probability."""
    rows = np.zeros((BINS, 3))
    for _, chance, real in found:
        rows[min(int(chance * BINS), BINS - 1)] += (1.0, chance, float(real))
    return [(float(a), float(b), float(c)) for a, b, c in rows]
