"""From bytes to the 1 Hz track: limits, clocks, step counts, distances and sports."""

import msgspec

Pair = tuple[float, float]


class ReadLimits(msgspec.Struct, frozen=True):
    """What a hostile file may cost, and how its clock and its step counts are put right."""

    # what a file may cost
    file_bytes: int = 512 * 2**20  # A larger file is refused.
    unpacked_bytes: int = 2**30  # A packed file may not unpack to more than this.
    compression_ratio: float = 200.0  # A file may not unpack to more than this many times its size.
    xml_depth: int = 64  # Elements may not be nested deeper than this.
    activities: int = 1000  # One file may not hold more tracks, activities or chained FIT files.
    samples: int = 1_000_000  # A recording may not hold more samples, a document not more points.
    pieces: int = 10_000  # One document may not hold more laps or track segments.
    xml_elements: int = 6_000_000  # One document may not hold more elements.
    archive_members: int = 50_000  # An archive may not hold more files.
    archive_depth: int = 3  # Archives may not be nested deeper than this.
    archive_bytes: int = 32 * 2**30  # All files of an archive may not unpack to more than this.

    # a phone's own sensors
    sensor_hole_s: float = 0.5  # Samples of a gyroscope further apart than this are a hole, behind
    # which its heading starts from elsewhere.
    sensor_least_s: float = 2.0  # Shorter pieces of a gyroscope between two holes give no heading.
    sensor_step_s: float = 0.02  # A gyroscope is integrated in steps no shorter than this.
    sensor_agreement: float = 0.2  # Correlation with the turn of gravity that tells the unit and
    # the sign of a gyroscope.
    handling_deg: float = 35.0  # A device whose tilt changes by more than this is handled.
    handling_lasts_s: float = 10.0  # Handled, it stays tilted otherwise for at least this long.
    handling_half_s: int = 2  # Tilt is averaged over this many seconds before and after each.
    handling_follows: float = 0.03  # Share by which the usual tilt follows the present each second.
    moved_usual_s: int = 30  # A device's passing tilt is held against the mean of this long.
    turned_about_deg: float = 120.0  # Heading or gyroscope has turned about by at least this.
    hardly_turned_deg: float = 60.0  # The other of both has hardly turned below this.
    turned_within_s: float = 5.0  # Both are compared over this long.
    disturbed_s: float = 180.0  # A heading that comes back within this time was disturbed; one that
    # does not starts from elsewhere.

    bounce_step_s: float = 0.04  # The bounce of a phone is averaged over steps of this length.
    bounce_half_s: float = 3.0  # Its step rate is that of this long before and after each moment.
    bounce_lags_s: Pair = (0.25, 0.76)  # A step takes from the first to the second time.
    bounce_lasts_s: float = 1.2  # What the acceleration is on average over this long is no bounce.
    bounce_peaks: Pair = (0.6, 0.5)  # A step is the first peak of the autocorrelation with the
    # first share of its highest; it counts where that of a stride reaches the second value.
    bounce_least_g: float = 0.05  # A bounce that deviates by less is that of a phone at rest.
    bounce_rest_s: Pair = (0.8, 10.0)  # A rest lasts for the first time before and after a moment,
    # and is held against the second.
    bounce_rest_share: float = 0.33  # At rest, the bounce is below this share of the usual one.
    bounce_known: float = 0.8  # The acceleration must be known in this share of the time.

    # clocks
    clock_jump_s: float = 3000.0  # A shorter hole between samples is never due to the clock.
    pause_least_s: float = 30.0  # Shorter holes between samples tell of no pause by themselves.
    clock_apart_s: float = 14_400.0  # Parts of a recording further apart are two sessions.
    clock_sampled_s: float = 21_600.0  # A recording whose samples usually lie further apart has a
    # broken clock.
    clock_around: int = 10  # The speed before and after a jump is taken over this many samples.
    clock_counted_m: float = 100.0  # An odometer above this has not begun again.
    clock_few: int = 10  # Fewer samples than this say nothing of the clock and are no session.
    clock_most_jumps: int = 200  # A recording with more jumps than this is sorted by time instead.
    clock_scrambled_s: float = 1800.0  # Times that run back by more than this: a clock was set.
    clock_scrambled: int = 3  # Times that run back this often come from no clock that was set.
    clock_most_smoothed: float = 10.0  # Scrambled times are averaged over so many samples a side.
    clock_jitter_s: float = 2.0  # A clock that is set is set by more than this.
    clock_coarse_s: float = 10.0  # Times that several samples share, in steps of this, are coarse.
    clock_shorter: float = 0.97  # One order of the samples is right where its way is shorter than
    # this share of the way of the other order.
    clock_fastest_mps: float = 12.0  # A clock stood where its samples would need a higher mean
    # speed than this.
    clock_slack_s: float = 2.0  # A heading this long before or after the samples of a session still
    # belongs to it.
    clock_near_factor: float = 1.5  # Across a jump the athlete ran on if they came no further than
    # this many times the way of the longest usual step.
    clock_near_m: float = 10.0  # That way may be longer by this.
    clock_longest_share: float = 0.95  # The longest usual step from sample to sample is this
    # quantile of all steps.
    clock_pace_mps: float = 1.0  # A pace below this tells nothing of how long a jump lasted.
    clock_undone_s: float = 15.0  # A hole is due to the clock if it was set back by as much, but
    # for this.
    clock_undone_least_s: float = 10.0  # A shorter hole is never due to the clock, even so.
    clock_pace_differs: float = 1.25  # A clock runs at its own pace if it and the timer differ by
    # more than this factor.
    clock_evenly: float = 4.0  # It was sampled evenly if no two samples lie further apart than this
    # many times the usual.
    clock_total_share: float = 0.02  # The odometer ends at the file's total within this share.
    clock_counts_share: float = 0.9  # It counts throughout if it rises in this share of samples.
    clock_paused_share: float = 0.5  # A jump is a pause where the file's pauses cover more than
    # this share of it.

    # step counts
    cadence_standing_mps: float = 0.5  # Slower samples do not tell how steps were counted.
    cadence_change_mps: Pair = (1.9, 0.15)  # Where walking changes to running, and how gradually.
    cadence_run_spm: Pair = (134.0, 8.0)  # Usual step rate of running at no speed, and its rise for
    # each m/s.
    cadence_run_spread_spm: float = 18.0  # Deviation of the step rate of running between people.
    cadence_walk_spm: Pair = (70.0, 30.0)  # Usual step rate of walking at no speed, and its rise
    # for each m/s.
    cadence_walk_spread_spm: float = 12.0  # Deviation of the step rate of walking between people.
    cadence_typical_mps: Pair = (3.0, 1.4)  # Speed of running and of walking that is assumed where
    # none is known.
    cadence_running_shares: tuple[float, float, float] = (0.05, 0.85, 0.6)  # Share of running where
    # no speed is known: in a walk, in a run and in any other sport.
    cadence_floor: float = 1e-6  # Density of any step rate at all, relative to the usual ones.
    cadence_sample_odds: float = 6.0  # Most log-odds that one sample may give.
    cadence_one_leg_odds: float = 0.3  # Log-odds for each sample that a device counts the steps of
    # one leg.
    cadence_samples: int = 500  # About this many samples of a recording decide how steps were
    # counted.
    cadence_half_share: float = 0.62  # A step rate below this share of the usual one may count
    # every second step.
    cadence_near_share: float = 0.15  # It does if twice the rate lies within this share of the
    # usual one.
    cadence_half_mps: float = 0.9  # Slower samples than this are not doubled.
    cadence_double_spm: float = 220.0  # A higher step rate may count every step twice; backward,
    # people take up to 210 steps a minute.
    cadence_double_walk_spm: float = 180.0  # A higher step rate than this may count every step
    # twice in a walk.
    cadence_usual_run_spm: float = 130.0  # The usual step rate of running is a median of rates
    # above this.
    cadence_usual_walk_spm: Pair = (80.0, 150.0)  # The usual step rate of walking is a median of
    # rates between these.
    cadence_usual_walk_mps: float = 0.7  # It is taken over samples faster than this.
    cadence_lasts_s: float = 4.0  # A miscounted part shorter than this is left as it is.
    cadence_walking_mps: float = 0.8  # Who is usually faster than this moves.
    cadence_fastest_mps: float = 8.0  # Higher speeds than this are not used to judge steps.
    cadence_total_factor: float = 1.6  # A speed that is further off the total is brought to it.
    cadence_unit_factor: float = 1.08  # It is not if this factor, or less, explains it by a unit.
    cadence_span: int = 5  # Speed is taken over this many samples on both sides.
    cadence_span_s: float = 120.0  # Speed is not taken over a longer time than this.


class PrepareSettings(msgspec.Struct, frozen=True):
    """From native samples to the 1 Hz track."""

    gap_s: float = 10.0  # A channel is not interpolated across a longer gap than this.
    sparse_share: float = 0.2  # A note says if more of the time than this lies in such gaps.
    sparse_hole_s: float = 60.0  # Longer gaps than this, and than two usual ones, are holes.
    duration_s: int = 7 * 86_400  # A session lasts no longer than this.
    apart_s: float = 600.0  # A recording has at least two samples no further apart than this.
    turn_mps: float = 0.75  # Who comes and goes at this speed or more has turned about.
    turn_cosine: float = 0.35  # The way turns sharply where the cosine between the ways before and
    # after is below this.
    turn_back_cosine: float = -0.5  # Where positions jitter, it has to be below this.
    bend_quantile: float = 0.25  # Positions jitter by this quantile of their second differences.
    even_share: float = 0.8  # Samples are even if more than this share lie as far apart as usual.
    jitter_share: float = 0.28  # Positions jitter where it is above this share of the usual step.
    jitter_factor: float = 2.5  # Then the ways before and after a turn are longer than this many
    # times it.
    chord_s: float = 4.0  # Course and speed are taken over this long.
    vague_m: float = 100.0  # A position that its device calls off by more than this is not used.
    speed_limit_mps: float = 12.0  # A position that needs a higher speed than this is suspect.
    gap_limit_mps: float = 7.5  # Nobody runs faster than this through a gap.
    short_cut_factor: float = 1.25  # A straight line over a hole cuts corners where the device's
    # speed makes a way longer than this many times it.
    sprint_s: float = 180.0  # Below this time a total is refused by `speed_limit_mps` alone.
    speed_gap_s: float = 60.0  # A device's speed and steps say nothing of longer gaps than this.
    stop_mps: float = 0.9  # A gap that was crossed more slowly than this may hold a stop.
    stop_share: float = 0.5  # It does if that is also below this share of the usual speed.
    resting_share: float = 0.001  # A second at rest gets this share of the way of one in motion.
    totals_share: float = 0.02  # A larger difference than this from a total of the file is noted.
    totals_least_m: float = 10.0  # A smaller difference from a total than this is never noted.
    digit_m: float = 1.0  # Totals and odometers may be rounded to this.
    excursion_s: float = 20.0  # Positions between two impossible steps are dropped if they last
    # less than this.
    excursion_rounds: int = 3  # Excursions are looked for this many times, because dropping one
    # joins its neighbours.
    grade_window_m: float = 40.0  # Grade is taken over this way.
    steepest_grade: float = 0.6  # A steeper grade than this is an error of the altimeter.
    moving_mps: float = 0.5  # Below this speed there is no course.
    heading_most_deg: float = 720.0  # A heading beyond this is no angle.
    heading_cancels: float = 0.05  # Headings whose mean vector is shorter than this have no mean.
    treadmill_m: float = 50.0  # An odometer that counted more than this judges the positions.
    treadmill_known: float = 0.9  # Positions that are known for more than this share of the time
    # are held against the file's total, and alone against an odometer.
    treadmill_share: float = 0.5  # Positions that moved less than this share of the odometer stay.
    stays_within_m: float = 60.0  # Positions of a treadmill lie this near to each other.
    stays_quantiles: Pair = (0.05, 0.95)  # Those between these two quantiles do, in each direction.
    shortest_step_m: float = 0.3  # Positions that make shorter steps than this do not tell a way.

    # heart rate
    heart_leap_bpm: float = 25.0  # A heart rate further than this from the median around it is an
    # error of the sensor.
    heart_half: int = 4  # That median is taken over this many samples on both sides.
    heart_span_s: float = 60.0  # It is used where these samples span less than this.

    # a position that was rounded
    grids_per_degree: tuple[int, ...] = (1000, 3600, 6000, 10_000, 36_000, 60_000)  # Positions may
    # be rounded to so many steps a degree: three or four decimals, seconds or minutes of arc.
    grid_off: float = 0.01  # They lie off such a step by at most this share of it.
    grid_changes: int = 20  # Positions that change less often than this tell of no rounding.
    grid_bend: float = 8.0  # A way that would bend by more than this many steps stood still there.
    grid_coarse: Pair = (20.0, 8.0)  # Where a step is longer, in m, a way of fewer stays as it is.
    grid_steps: float = 1.5  # Samples further apart than this many steps are left where they are.

    # a position that hung and leaps
    hang_s: float = 120.0  # A position that hangs for longer than this has stood.
    leap_around_s: float = 10.0  # A leap is compared with the way of this long before and after it.
    leap_way_mps: float = 7.0  # A leap does not catch up with a way that is faster than this.
    leap_along: float = 0.6  # Least cosine between the leap and the way around it.
    leap_off_share: float = 0.7  # Both ends lie at most this far off that way, in leap lengths.
    leap_samples: int = 4  # The way around a leap needs more positions than this.

    # which source of distance is right
    stepping_spm: float = 60.0  # An athlete who takes more steps a minute than this does not stand.
    stands_s: int = 20  # An odometer that stands for this long while the positions move has failed.
    stands_mps: float = 0.01  # An odometer that counts less than this stands.
    stands_moving_mps: float = 1.5  # Positions that move faster than this show that it failed.
    lingers_s: int = 60  # Who gets nowhere for this long stands, however little positions jitter.
    lingers_share: float = 0.15  # Who gets less far than this share of the way gets nowhere.
    stands_within_m: float = 30.0  # Positions of an athlete who stands end no farther away.
    stands_jitter_share: float = 0.7  # Who moves slower than this share of the jitter of positions
    # a second, and gets nowhere, stands.
    totals_agree: float = 1.25  # Two totals of a session agree within this factor.
    totals_differ: float = 1.6  # Of two totals that differ by more than this factor one is wrong.
    unit_factor: float = 1.08  # A total in a wrong unit fits another, converted, by this factor.
    unit_least_kmh: float = 3.0  # Usual speeds above this number may be in kilometres an hour.
    unit_least_mph: float = 4.0  # Usual speeds above this number may be in miles an hour.
    unit_least_cms: float = 50.0  # Usual speeds above this number may be in centimetres a second.
    unit_least_mms: float = 500.0  # Usual speeds above this number may be in millimetres a second.
    source_least_m: float = 20.0  # A source that knows less of the way than this is not compared.
    source_least_s: float = 60.0  # A source that knows less of the time than this is not compared.
    source_chord_s: float = 10.0  # The way of the positions is taken over chords of this length.
    source_hole_s: float = 20.0  # Gaps of the speed up to this length are always crossed.
    source_hole_factor: float = 3.0  # Gaps up to this many times the usual one are crossed, too.
    increments_factor: float = 20.0  # An odometer whose readings add up to more than this many
    # times their range gives increments.
    increments_even: float = 0.75  # Half of all increments exceed this share of the largest.
    votes_agree: float = 1.04  # Two sources that agree within this factor outvote a lone odometer.
    votes_differ: float = 1.06  # An odometer within this factor of another source agrees with it.
    yards_agree: float = 1.015  # An odometer counts yards if, converted, it fits all others within
    # this factor.
    running_step_m: float = 0.75  # A speed that nobody runs is in miles an hour, not in kilometres,
    # if it made shorter steps than this.
    slow_kilometres_mps: float = 0.05  # Who steps and comes on more slowly may skip a rope.
    longest_step_m: float = 2.0  # An odometer that needs longer steps on average is wrong.
    calibrated_share: float = 0.1  # A file's total is that of all samples if its timer ran no more
    # than this share longer than they go on; an odometer that stood for more than it is not used.
    wander_mps: float = 1.0  # Positions that usually move faster than this go somewhere.
    rises_few: int = 10  # Readings that rise more often and never fall are a running total.
    leaps_few: int = 3  # More leaps than this, which nobody runs, may be an odometer's unit.
    wanders_share: float = 0.2  # An odometer that falls in a larger share of its changes wanders.
    reversed_share: float = 0.8  # An odometer that falls in more than this share of its changes
    # counts backward.
    sustained_mps: float = 6.6  # Nobody keeps up a higher speed for minutes (5 km world record).

    # the heading of a second device
    skew_most_s: int = 180  # The clocks of two devices differ by at most this.
    skew_chord_s: int = 4  # Velocities of two devices are compared over chords of this length.
    skew_overlap_s: int = 120  # Two devices must overlap for this long.
    skew_disagreement: float = 0.35  # The best shift of the clocks must leave less than this share
    # of the usual disagreement.
    skew_apart_m: float = 60.0  # Two devices on one athlete lie nearer than this, by the median.
    clock_step_s: int = 900  # Clocks of copies differ by whole multiples of this: time zones do.
    clock_most_s: int = 50_400  # Clocks of copies differ by at most this: time zones do from UTC.
    clock_start_s: float = 10.0  # But for the hours, two copies start within this of each other.
    copy_apart_m: float = 2.0  # Two copies lie no further apart than this at the same moment.
    copy_skew_s: float = 1.0  # Their moments may differ by this: fractions of seconds get lost.
    copy_skew_step_s: float = 0.25  # Such differences are tried at these steps.
    copy_share: float = 0.9  # Two copies lie that close for at least this share of their time.

    def clock_ahead_s(self, later_s: float) -> float:
        """Whole steps, s, in the difference of two starts; 0 where it is none."""
        ahead_s = float(round(later_s / self.clock_step_s) * self.clock_step_s)
        left_s = abs(later_s - ahead_s) + max(0.0, abs(ahead_s) - self.clock_most_s)
        return ahead_s if left_s <= self.clock_start_s else 0.0


class SportSettings(msgspec.Struct, frozen=True):
    """What people can run: for recordings whose file names no sport."""

    too_fast_mps: tuple[float, ...] = (9.0, 7.5, 6.5)  # Nobody runs faster than these speeds for as
    # long as `too_fast_s` says.
    too_fast_s: tuple[float, ...] = (60.0, 300.0, 1200.0)  # A recording that is faster for as long
    # as this, in all, is no run.
    doubtful_mps: float = 5.5  # A recording faster than this, without the step rate of running, may
    # be a ride.
    doubtful_s: float = 300.0  # A recording that is so for this long, in all, is asked about and
    # not counted.
    doubtful_fast_mps: float = 7.0  # A recording faster than this, without the step rate of
    # running, may hold a drive.
    doubtful_fast_s: float = 90.0  # A recording that is so for this long is asked about, too.
    step_s: float = 10.0  # Speed is taken over this long.
    gap_s: float = 180.0  # Speed is not taken across a longer gap than this.
    lasting_s: float = 30.0  # A fast part shorter than this is a jump of the position.
    running_spm: float = 140.0  # Least median step rate of a fast run.
    longest_step_m: float = 2.2  # Nobody runs with longer steps than this for minutes.
    count_doubtful: bool = False  # Count a recording that names no sport, however fast it is.
