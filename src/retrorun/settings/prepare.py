"""From native samples to the 1 Hz track."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrepareSettings:
    """From native samples to the 1 Hz track."""

    gap_s: float = 10.0  # A channel is not interpolated across a longer gap than this.
    sparse_share: float = 0.2  # Where more of the time than this lies within such gaps, a note says
    # so.
    sparse_hole_s: float = 60.0  # Longer gaps than this, and than two usual ones, are not counted
    # for that note.
    duration_s: int = 7 * 86_400  # A session lasts no longer than this.
    apart_s: float = 600.0  # A recording has at least two samples no further apart than this.
    chord_s: float = 4.0  # Course and speed are taken over this long.
    speed_limit_mps: float = 12.0  # A position that needs a higher speed than this is suspect.
    gap_limit_mps: float = 7.5  # Nobody runs faster than this through a gap.
    speed_gap_s: float = 60.0  # The speed or the steps of a device say nothing of longer gaps than
    # this.
    stop_mps: float = 0.9  # A gap that was crossed more slowly than this may hold a stop.
    stop_share: float = 0.5  # It does if it was also crossed more slowly than this share of the
    # usual speed.
    resting_share: float = 0.001  # A second at rest gets this share of the way of one in motion.
    totals_share: float = 0.02  # A larger difference than this from a total of the file is noted.
    totals_least_m: float = 10.0  # A smaller difference than this from a total of the file is never
    # noted.
    digit_m: float = 1.0  # Totals and odometers may be rounded to this.
    excursion_s: float = 20.0  # Positions between two impossible steps are dropped if they last
    # less than this.
    excursion_rounds: int = 3  # Excursions are looked for this many times, because dropping one
    # joins its neighbours.
    grade_window_m: float = 40.0  # Grade is taken over this way.
    steepest_grade: float = 0.6  # A steeper grade than this is an error of the altimeter.
    moving_mps: float = 0.5  # Below this speed there is no course.
    heading_most_deg: float = 720.0  # A heading beyond this is no angle.
    heading_cancels: float = 0.05  # Two headings whose mean vector is shorter than this have no
    # direction between them.
    treadmill_m: float = 50.0  # Positions are judged against an odometer that counted more than
    # this.
    treadmill_share: float = 0.5  # Positions that moved less than this share of the odometer are
    # those of a treadmill.

    # heart rate
    heart_leap_bpm: float = 25.0  # A heart rate further than this from the median around it is an
    # error of the sensor.
    heart_half: int = 4  # That median is taken over this many samples on both sides.
    heart_span_s: float = 60.0  # It is used where these samples span less than this.

    # a position that hung and leaps
    leap_around_s: float = 10.0  # A leap is compared with the way of this long before and after it.
    leap_way_mps: float = 7.0  # A leap does not catch up with a way that is faster than this.
    leap_along: float = 0.6  # Least cosine between the leap and the way around it.
    leap_off_share: float = 0.7  # Both ends lie at most this far off that way, in lengths of the
    # leap.
    leap_samples: int = 4  # The way around a leap needs more positions than this.

    # which source of distance is right
    stepping_spm: float = 60.0  # An athlete who takes more steps a minute than this does not stand.
    stands_s: int = 20  # An odometer that stands for this long while the positions move has failed.
    stands_mps: float = 0.01  # An odometer that counts less than this stands.
    stands_moving_mps: float = 1.5  # Positions that move faster than this show that it failed.
    totals_agree: float = 1.25  # Two totals of a session agree within this factor.
    totals_differ: float = 1.6  # Where two totals differ by more than this factor, one of them is
    # wrong.
    unit_factor: float = 1.08  # A total is in a wrong unit if, converted, it fits another within
    # this factor.
    unit_least_kmh: float = 3.0  # Usual speeds above this number may be in kilometres an hour.
    unit_least_mph: float = 4.0  # Usual speeds above this number may be in miles an hour.
    source_least_m: float = 20.0  # A source that knows less of the way than this is not compared.
    source_least_s: float = 60.0  # A source that knows less of the time than this is not compared.
    source_chord_s: float = 10.0  # The way of the positions is taken over chords of this length.
    source_hole_s: float = 20.0  # Gaps of the speed up to this length are always crossed.
    source_hole_factor: float = 3.0  # Gaps up to this many times the usual one are crossed, too.
    increments_factor: float = 20.0  # An odometer whose readings add up to more than this many
    # times their range gives increments.
    wanders_share: float = 0.2  # An odometer that falls in more than this share of its changes
    # wanders.
    reversed_share: float = 0.8  # An odometer that falls in more than this share of its changes
    # counts backward.
    sustained_mps: float = 6.6  # Nobody keeps up a higher speed than this for minutes (5 km world
    # record).

    # the heading of a second device
    skew_most_s: int = 180  # The clocks of two devices differ by at most this.
    skew_chord_s: int = 4  # Velocities of two devices are compared over chords of this length.
    skew_overlap_s: int = 120  # Two devices must overlap for this long.
    skew_disagreement: float = 0.35  # The best shift of the clocks must leave less than this share
    # of the usual disagreement.
    skew_apart_m: float = 60.0  # Two devices on one athlete lie no further apart than this, by the
    # median.
