"""Recording → Track: put in order, reject what cannot be, resample to 1 Hz, derive the motion.

Steps:
    1. ``clean``: order of time, plausible ranges, jumps of the position, faults of the heart rate.
    2. ``resample``: native times to one sample a second; long gaps and breaks stay missing.
    3. ``motion``: local plane, speed, course, turn rate.
    4. ``distance``: metres of each second by the source to believe, and speed where positions lack.
    5. ``graded``: smooth altitude and grade.
"""

from collections.abc import Callable
from dataclasses import replace

from retrorun.model import Recording, Track
from retrorun.prepare.clean import cleaned
from retrorun.prepare.distance import with_distance
from retrorun.prepare.plausibility import doubt
from retrorun.prepare.sources import totals_note
from retrorun.prepare.track import (
    as_cleaned,
    coverage,
    graded,
    has_usable_seconds,
    motion,
    resampled,
)
from retrorun.settings import PrepareSettings

__all__ = ["coverage", "doubt", "has_usable_seconds", "prepare"]


def prepare(
    recording: Recording,
    settings: PrepareSettings,
    leave_out: Callable[[Track], Track] | None = None,
) -> Track:
    """Bring a recording to one sample a second, with what can be derived from its position.

    Args:
        recording: native times, SI units; its clock may repeat or run backward.
        settings: limits of this stage.
        leave_out: takes the track after step 2 and gives what may be kept of it: another track, or
            the same one. Nothing that is derived knows of what was left out.

    Returns:
        Track of n = last - first time + 1 samples. A recording without one usable time gives an
        empty track (n = 0) with a note.
    """
    clean = cleaned(recording, settings)
    track = resampled(clean, settings)
    shown = track if leave_out is None else leave_out(track)
    if shown is not track:  # nothing behind this line knows more than what is left
        track, clean = shown, as_cleaned(shown)
        recording = replace(recording, distance_m=None, totals=())
    if not track.seconds:
        return track
    track = with_distance(motion(track, settings), clean, recording, settings)
    notes = (*track.notes, *totals_note(track, recording, settings))
    return graded(replace(track, notes=notes), settings)
