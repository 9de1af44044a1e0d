"""Whether two sessions of one time went different ways; looked at only where all else agrees."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from retrorun.archive import Parcel
from retrorun.archive.rows import Brief
from retrorun.errors import ArchiveError

if TYPE_CHECKING:
    from retrorun.model import Track

FARTHEST_M = 100.0  # between two exports of one run; clocks may differ by some seconds
_EVERY_S = 10
_M_PER_DEG = 111_195.0


class Places:
    """Where sessions were: those in the archive, and those on their way into it.

    Args:
        stored: the track of a session by its id.
    """

    def __init__(self, stored: "Callable[[str], Track]") -> None:
        self._stored = stored
        self._coming: dict[str, bytes] = {}

    def expect(self, parcels: Iterable[Parcel]) -> None:
        """Know the tracks that are about to be written, and forget those that were."""
        self._coming = {
            row.id: track
            for each in parcels
            for row, track in zip(each.sessions, each.tracks, strict=True)
        }

    def apart(self, first: Brief, second: Brief) -> bool:
        """Whether they were far from each other most of the time; False where that is unknown."""
        tracks = [self._track(each.id) for each in (first, second)]
        return all(tracks) and _apart_m(*(each for each in tracks if each)) > FARTHEST_M

    def _track(self, session: str) -> "Track | None":
        from retrorun.archive import tracks

        data = self._coming.get(session)
        try:
            return self._stored(session) if data is None else tracks.decode(data)
        except ArchiveError:
            return None


def _apart_m(first: "Track", second: "Track") -> float:
    """Median distance at the same moments; 0 where they have no place at the same time."""
    import numpy as np

    from retrorun import arithmetic

    shift = round(first.start_time_s - second.start_time_s)
    begin, end = max(0, -shift), min(first.seconds, second.seconds - shift)
    if begin >= end:
        return 0.0
    ours, theirs = slice(begin, end, _EVERY_S), slice(begin + shift, end + shift, _EVERY_S)
    names = ("latitude_deg", "longitude_deg")
    north, east = (first.column(name)[ours] - second.column(name)[theirs] for name in names)
    east = east * arithmetic.cos(np.radians(first.column(names[0])[ours]))
    apart_m = arithmetic.hypot(north, east) * _M_PER_DEG
    known = apart_m[np.isfinite(apart_m)]
    return float(np.median(known)) if known.size else 0.0
