"""Recording → Track: put in order, reject what cannot be, resample to 1 Hz, derive the motion.

Steps:
    1. ``clean``: order of time, plausible ranges, jumps of the position, faults of the heart rate.
    2. ``resample``: native times to one sample a second; long gaps and breaks stay missing.
    3. ``motion``: local plane, speed, course, turn rate, smooth altitude and grade.
"""

from retrorun.model import Recording, Track
from retrorun.prepare.clean import cleaned
from retrorun.prepare.motion import motion
from retrorun.prepare.plausibility import doubt
from retrorun.prepare.resample import resampled
from retrorun.settings import PrepareSettings

__all__ = ["doubt", "prepare"]


def prepare(recording: Recording, settings: PrepareSettings) -> Track:
    """Bring a recording to one sample a second, with what can be derived from its position.

    Args:
        recording: native times, SI units; its clock may repeat or run backward.
        settings: limits of this stage.

    Returns:
        Track of n = last - first time + 1 samples. A recording without one usable time gives an
        empty track (n = 0) with a note.
    """
    clean = cleaned(recording, settings)
    track = resampled(clean, settings)
    return motion(track, settings) if track.seconds else track
