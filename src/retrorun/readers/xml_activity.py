"""From gathered track points to a recording: what GPX and TCX have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from retrorun.model import FileTotal, HeadingSeries, Lap, Note, Pause, Recording
from retrorun.readers.cadence import tidied
from retrorun.readers.sports import is_on_foot
from retrorun.readers.xml_points import PointTable
from retrorun.readers.xml_times import utc_offset_s
from retrorun.units import FloatArray

_JOIN_S = 3600.0  # a track that begins within an hour of the one before it belongs to it


@dataclass(frozen=True, slots=True, eq=False)
class XmlRead:
    """What a GPX or TCX file held: ``damage`` if it breaks off, ``warnings`` if it was mended."""

    recordings: tuple[Recording, ...]
    passed_over: tuple[Note, ...]
    device: str | None
    damage: Note | None
    warnings: tuple[Note, ...] = ()


@dataclass(slots=True)
class Gathered:
    """An activity while it is being read; ``breaks`` are the first points of new pieces."""

    points: PointTable
    breaks: list[int] = field(default_factory=list)
    laps: list[Lap] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    sport: str | None = None
    name: str | None = None
    device: str | None = None
    energy_kcal: float | None = None
    distance_m: float | None = None
    timer_s: float | None = None
    notes: list[Note] = field(default_factory=list)


def recording(
    found: Gathered,
    time_s: FloatArray,
    columns: dict[str, FloatArray],
    headings: tuple[HeadingSeries, ...] = (),
) -> Recording | None:
    """Leave out the points without a time; None if fewer than two are left.

    Args:
        found: what was gathered.
        time_s: (n,) Unix seconds of its points.
        columns: channel → (n,).
        headings: heading candidates.
    """
    held = np.isfinite(time_s)
    if held.sum() < 2:
        return None
    notes = list(found.notes)
    if not held.all():
        lost = int((~held).sum())
        notes.append(Note("points-without-time", f"{lost} points without a time left out"))
    if found.points.has_decimal_commas:
        notes.append(Note("decimal-commas", "numbers with a decimal comma were read as such"))
    kept = {name: values[held] for name, values in columns.items()}
    tidy, said = tidied(time_s[held], kept, found.sport)
    if is_on_foot(found.sport) == "maybe":
        words = f"the file's sport is {found.sport or 'not said'}; taken for a run"
        said = (*said, Note("sport-unknown", words))
    return Recording(
        time_s=time_s[held],
        columns=tidy,
        headings=headings,
        laps=tuple(found.laps),
        pauses=tuple(found.pauses),
        breaks_s=_break_times(found.breaks, time_s),
        sport=found.sport,
        name=found.name,
        device=found.device,
        utc_offset_s=_zone(found.points),
        energy_kcal=found.energy_kcal,
        distance_m=found.distance_m,
        totals=(FileTotal("laps", found.distance_m, found.timer_s),) if found.laps else (),
        notes=(*notes, *said),
    )


def _break_times(breaks: list[int], time_s: FloatArray) -> tuple[float, ...]:
    """When each new piece begins: the first known time at or after its first point."""
    known = np.flatnonzero(np.isfinite(time_s))
    first = np.searchsorted(known, [index for index in breaks if index > 0])
    return tuple(time_s[known[first[first < len(known)]]].tolist())


def _zone(points: PointTable) -> float | None:
    """Local minus UTC where the first time carries an offset."""
    texts = points.texts("time").texts
    return utc_offset_s(texts[0]) if texts and texts[0] else None


def noted(one: Recording, note: Note) -> Recording:
    """The recording with one more note."""
    return replace(one, notes=(*one.notes, note))


def joined(found: Sequence[Recording]) -> list[Recording]:
    """Join tracks that follow each other closely: some writers begin one a kilometre."""
    done: list[Recording] = []
    for one in found:
        before = done[-1] if done else None
        gap_s = one.time_s[0] - before.time_s[-1] if before is not None else -1.0
        if before is not None and 0 <= gap_s <= _JOIN_S and before.sport == one.sport:
            done[-1] = _appended(before, one)
        else:
            done.append(one)
    return done


def _appended(first: Recording, second: Recording) -> Recording:
    names = dict.fromkeys((*first.columns, *second.columns))
    return replace(
        first,
        time_s=np.concatenate([first.time_s, second.time_s]),
        columns={
            name: np.concatenate([_column(first, name), _column(second, name)]) for name in names
        },
        headings=(*first.headings, *second.headings),
        breaks_s=(*first.breaks_s, float(second.time_s[0]), *second.breaks_s),
        notes=tuple(dict.fromkeys((*first.notes, *second.notes))),
    )


def _column(one: Recording, name: str) -> FloatArray:
    return one.columns.get(name, np.full(len(one.time_s), np.nan))
