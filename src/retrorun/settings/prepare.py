"""From native samples to the 1 Hz track."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """From native samples to the 1 Hz track."""

    gap_s: float = 10.0  # longer gaps stay missing
    sparse_share: float = 0.2  # of the time within such gaps, for a note
    duration_s: int = 7 * 86_400  # a session never lasts longer
    apart_s: float = 600.0  # a recording has two samples that lie no further apart
    chord_s: float = 4.0  # course and speed are taken over this long
    speed_limit_mps: float = 12.0  # a fix that needs more is suspect
    gap_limit_mps: float = 7.5  # nobody runs faster than that through a hole
    speed_gap_s: float = 60.0  # a device's speed, or its steps, say nothing of longer holes
    stop_mps: float = 0.9  # a hole crossed more slowly holds a stop,
    stop_share: float = 0.5  # if that is also less than this share of the usual speed
    totals_share: float = 0.02  # a larger difference from the file's own total is noted
    excursion_s: float = 20.0  # a shorter piece between two impossible steps is dropped
    grade_window_m: float = 40.0  # grade is taken over this way
    moving_mps: float = 0.5  # slower has no course
    # a position that hung and leaps
    leap_around_s: float = 10.0  # a leap is compared with the way so long before and after it
    leap_way_mps: float = 7.0  # a faster way around a leap is none that it catches up with
    leap_along: float = 0.6  # least cosine between the leap and the way around it
    leap_off_share: float = 0.7  # farthest that both ends lie off that way, in lengths of the leap
    # which source of distance is right
    stepping_spm: float = 60.0  # who takes more steps a minute does not stand
    stands_s: int = 20  # an odometer has failed that stands for so long
    stands_moving_mps: float = 1.5  # while the positions move at this speed or more
    totals_agree: float = 1.25  # two totals of a session agree within this factor
    totals_differ: float = 1.6  # beyond this factor one of them is wrong
    unit_factor: float = 1.08  # a total tells a wrong unit if it fits another within this factor
    source_least_m: float = 20.0  # a source that knows less of the way is not compared
    source_least_s: float = 60.0  # nor one that knows less of the time
    source_chord_s: float = 10.0  # the positions' own way is taken over chords of this length
    sustained_mps: float = 6.6  # nobody keeps up more for minutes (5 km world record)
