"""What a file may cost, how clocks and step counts are put right, and what people can run."""

from dataclasses import dataclass

Pair = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What a hostile file may cost, and how its clock and its step counts are put right."""

    # what a file may cost
    file_bytes: int = 512 * 2**20  # A larger file is refused.
    unpacked_bytes: int = 2**30  # A packed file may not unpack to more than this.
    compression_ratio: float = 200.0  # A file that unpacks to more than this many times its size is
    # refused.
    xml_depth: int = 64  # Elements may not be nested deeper than this.
    activities: int = 1000  # One file may not hold more recordings: tracks, activities or chained
    # FIT files.
    samples: int = 1_000_000  # One recording may not hold more samples, nor one document more
    # points.
    pieces: int = 10_000  # One document may not hold more laps or track segments.
    xml_elements: int = 6_000_000  # One document may not hold more elements.
    archive_members: int = 50_000  # An archive may not hold more files.
    archive_depth: int = 3  # Archives may not be nested deeper than this.
    archive_bytes: int = 32 * 2**30  # All files of an archive together may not unpack to more than
    # this.

    # clocks
    clock_jump_s: float = 3000.0  # A shorter hole between samples is never due to the clock.
    clock_apart_s: float = 14_400.0  # Parts of a recording further apart than this are two
    # sessions.
    clock_sampled_s: float = 21_600.0  # A recording whose samples usually lie further apart has a
    # broken clock.
    clock_around: int = 10  # The speed before and after a jump is taken over this many samples.
    clock_counted_m: float = 100.0  # An odometer above this has not begun again.
    clock_few: int = 10  # Fewer samples than this say nothing of the clock and are no session.
    clock_most_jumps: int = 200  # A recording with more jumps than this is put in order of time
    # instead.
    clock_scrambled_s: float = 1800.0  # Times that run back by more than this come from a clock
    # that was set.
    clock_scrambled: int = 3  # Times that run back this often do not come from a clock that was
    # set.
    clock_most_smoothed: float = 10.0  # Scrambled times are averaged over at most this many samples
    # on both sides.
    clock_jitter_s: float = 2.0  # A clock that is set is set by more than this.
    clock_coarse_s: float = 10.0  # Times are coarse where they step by at least this and each has
    # several samples.
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
    clock_paused_share: float = 0.5  # A jump is a pause where the file's pauses cover more than
    # this share of it.

    # step counts
    cadence_standing_mps: float = 0.5  # Samples slower than this say nothing of how steps were
    # counted.
    cadence_change_mps: Pair = (1.9, 0.15)  # Speed at the change from walking to running, and the
    # width of the change.
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
    cadence_fastest_mps: float = 8.0  # Higher speeds than this are not used to judge steps.
    cadence_span: int = 5  # Speed is taken over this many samples on both sides.
    cadence_span_s: float = 120.0  # Speed is not taken over a longer time than this.


@dataclass(frozen=True, slots=True)
class SportSettings:
    """What people can run: for recordings whose file names no sport."""

    too_fast_mps: tuple[float, ...] = (9.0, 7.5, 6.5)  # Nobody runs faster than these speeds for as
    # long as `too_fast_s` says.
    too_fast_s: tuple[float, ...] = (60.0, 300.0, 1200.0)  # A recording that is faster for as long
    # as this, in all, is no run.
    doubtful_mps: float = 5.5  # A recording faster than this, without the step rate of running, may
    # be a ride.
    doubtful_s: float = 300.0  # A recording that is so for this long, in all, is asked about and
    # not counted.
    step_s: float = 10.0  # Speed is taken over this long.
    gap_s: float = 180.0  # Speed is not taken across a longer gap than this.
    lasting_s: float = 30.0  # A fast part shorter than this is a jump of the position.
    running_spm: float = 140.0  # Least median step rate of a fast run.
    longest_step_m: float = 2.2  # Nobody runs with longer steps than this for minutes.
    count_doubtful: bool = False  # Count a recording that names no sport, however fast it is.
