"""Metrics of segments, and many sessions over time."""

import msgspec

Normal = tuple[float, float]  # mean and standard deviation (sd)
Numbers = tuple[float, ...]


class MeasureSettings(msgspec.Struct, frozen=True):
    """Metrics of segments: speed, heart rate, energy and the athlete's own backward cost factor."""

    moving_mps: float = 0.5  # An athlete at least this fast is moving.
    stop_edge_s: int = 2  # Speed is taken over chords that reach so far: a stop begins so long
    # before it is slow, and ends so long after.
    stop_least_s: int = 3  # Who is slow for less than this has not stopped.
    stop_edge_share: float = (
        0.5  # At its edges, nobody comes on at this share of the speed near it.
    )
    moving_cadence_spm: float = 60.0  # Where speed is missing, more steps than this are movement.
    timer_share: float = 0.02  # More movement than timed, by this share, is noted.
    timer_s: float = 5.0  # A smaller excess of movement over the timer is not noted.
    spike_bpm: float = 25.0  # Heart rate that differs by more from both neighbours is a spike.
    spike_s: int = 8  # Those neighbours lie this many seconds before and after it.
    lock_bpm: float = 2.0  # Heart rate this near to the step rate may be counted steps.
    lock_s: int = 90  # Heart rate that equals the step rate for this long is left out.
    steep_grade: float = 0.03  # A backward segment of a greater mean grade is called steep.
    twisty_dps: float = 12.0  # A greater mean turn rate, degrees a second, is called twisty.
    steady_after_s: float = 60.0  # Steady heart rate leaves out this first part of a segment.
    steady_for_s: float = 20.0  # Least time that steady heart rate is a mean of.
    trend_s: float = 60.0  # Fewer seconds with a value give no trend within a segment.
    coverage: float = 0.5  # Least share of the seconds with heart rate, or speed, for a number.
    warm_s: float = 180.0  # Energy by heart rate begins after this much movement.
    keytel_coverage: float = 0.5  # Least share of a segment within the tested range of heart rate.
    zone_shares: Numbers = (0.6, 0.7, 0.8, 0.9)  # Default zones, shares of the maximum.
    personal_width: float = 1.35  # Greatest high/low of an own cost factor that energy uses.
    kinetics_step_s: int = 5  # Heart rate is fitted on a grid of this many seconds.
    kinetics_ease_s: int = 30  # Effort is averaged over this long, within its segment.
    kinetics_stretch_s: float = 20.0  # Shorter backward segments are left out of the fit.
    kinetics_memory_s: int = 120  # Heart rate is left out this long after a doubtful segment.
    kinetics_usable_s: float = 180.0  # Least time with heart rate that the fit can use.
    kinetics_effort_spread: float = 2.5  # Least deviation of forward demand, ml/kg/min.
    kinetics_backward_s: float = 90.0  # Least backward movement in segments that count.
    kinetics_forward_s: float = 180.0  # Least forward movement with heart rate.
    kinetics_base_bpm: Normal = (65.0, 20.0)  # Prior of heart rate without demand: mean, sd.
    kinetics_slope: Normal = (2.8, 0.35)  # Prior beats per ml/kg: mean, sd of its log.
    kinetics_drift: Normal = (0.03, 0.05)  # Prior rise in an hour, a share: mean, sd.
    kinetics_up_s: Normal = (32.0, 0.5)  # Prior time constant of rising: mean, sd of log.
    kinetics_down_s: Normal = (42.0, 0.5)  # Prior time constant of falling: mean, sd of log.
    kinetics_start_bpm: float = 8.0  # Prior sd about the first known heart rate.
    kinetics_hills: Normal = (1.0, 0.3)  # Prior share of hills' demand shown: mean, sd.
    kinetics_delay_s: Normal = (10.0, 8.0)  # Prior delay before the heart answers: mean, sd.
    kinetics_excited_bpm: Normal = (2.0, 3.0)  # Prior rise at a turn, soon gone: mean, sd.
    kinetics_settled_bpm: Normal = (4.0, 6.0)  # Prior rise in the first half hour: mean, sd.
    kinetics_ceiling_bpm: Normal = (190.0, 12.0)  # Prior maximum heart rate: mean, sd.
    kinetics_settling_s: float = 900.0  # In this time most of that early rise is done.
    kinetics_fading_s: float = 20.0  # In this time most of the rise at a turn is gone.
    kinetics_ceiling_width_bpm: float = 3.0  # So far below the ceiling heart rate bends.
    kinetics_capped_share: float = 0.25  # More backward time at the ceiling gives no factor.
    kinetics_walk_error: float = 0.15  # Prior sd of log of walking's cost beside running's.
    kinetics_outlier: float = 2.5  # Residuals beyond this many deviations lose weight.
    kinetics_lags: int = 12  # Steps over which correlated residuals widen the interval.
    kinetics_correlation: float = 0.98  # Greatest correlation from step to step that is removed.
    kinetics_model_error: float = 0.003  # Error of log k in every session, whatever the fit says.
    kinetics_hill_error: float = 0.07  # Error of log k where all of the effort is due to grade.
    kinetics_beyond_error: float = 0.08  # Error of log k where no forward effort is as high.
    kinetics_noise_grown: float = 0.7  # Share of its early rate at which noise grows over 30 s.
    kinetics_noise_within: float = 3.0  # Noise within a segment counts so many times.
    kinetics_position_error: float = 0.5  # Times the chance error of backward speed, of log k.
    kinetics_noise_error: float = 0.35  # Share of the correction for noise that may be wrong.
    kinetics_onset_error: float = 0.02  # Error of log k where segments last ``kinetics_onset_s``.
    kinetics_onset_s: float = 30.0  # Length of backward segments at which that error holds.
    kinetics_chord_s: float = 4.0  # Speed was taken from positions over this long.
    kinetics_highest_effort: float = 0.9  # The highest forward effort is this quantile of efforts.
    kinetics_least_slope: float = 1.4  # A sensor that shows fewer beats per ml/kg has failed.
    kinetics_start_log_factor: float = 0.3  # The search for log k begins here.
    kinetics_rounds: tuple[int, int] = (8, 8)  # Most iterations without weights, and with them.
    kinetics_settled: Numbers = (0.001, 0.01, 0.0001)  # Iterations end when log k and log rising
    # time change by less than the first two; those with weights when log k does by the third.
    kinetics_least_spread_bpm: float = 0.1  # Residuals deviate by at least this: beats are whole.
    kinetics_steps: Numbers = (
        *(30.0, 0.4, 0.3, 0.05, 0.4, 0.4, 60.0, 0.3, 0.3),
        *(5.0, 5.0, 8.0, 8.0, 0.3),
    )  # Longest step of an iteration in base, log slope, log k, drift, log rising and falling time,
    # start, both hills, delay, rise at a turn, early rise, ceiling and log cost of walking.
    kinetics_lowest: Numbers = (
        *(-50.0, 0.1, -1.0, -1.0, 5.0, 5.0, 20.0, -3.0, -3.0),
        *(0.0, -15.0, -40.0, 120.0, -1.0),
    )  # Least values of base, slope, log k, drift, rising and falling time, and the rest as above.
    kinetics_highest: Numbers = (
        *(200.0, 20.0, 1.5, 1.0, 300.0, 300.0, 250.0, 5.0, 5.0),
        *(45.0, 25.0, 60.0, 260.0, 1.0),
    )  # Greatest values of the same.
    kinetics_range: tuple[float, float] = (0.6, 4.0)  # Cost factors that a body can have.
    kinetics_width: float = 1.6  # Greatest high/low of a cost factor that is given.
    slowest_pace_mps: float = 0.05  # A slower segment has no pace.
    structure_least: int = 3  # Fewer repetitions that are alike make no structure.
    structure_alike: float = 0.15  # Greatest share by which repetitions differ from their median.
    structure_alike_s: float = 2.0  # Repetitions may differ in time by this much more.
    structure_alike_m: float = 4.0  # Repetitions may differ in way by this much more.
    structure_odd: float = 0.2  # Greatest number of unlike repetitions in a row, a share of others.
    structure_break: float = 2.5  # Recoveries longer than so many typical ones part two sets.
    structure_break_s: float = 20.0  # Such a recovery is also longer by this than typical ones.
    structure_shuttle_m: float = 50.0  # Repetitions this short, there and back, are shuttles.
    structure_shuttle_back: tuple[float, float] = (0.5, 2.0)  # Way back of a shuttle, over way out.
    structure_by_way: float = 0.8  # Way that varies by less than this share of time is the name.
    structure_named_s: tuple[float, float] = (30.0, 2.0)  # Times this near, by the second, to a
    # multiple of the first are called by it.
    best_distances_m: Numbers = (
        *(100.0, 200.0, 400.0, 800.0, 1000.0, 1500.0, 1609.344, 3000.0, 5000.0),
        *(10000.0, 21097.5, 42195.0),
    )  # Distances with a best: those of championships and of road records, and the mile.


class CompareSettings(msgspec.Struct, frozen=True):
    """Backward against forward segments over many sessions, and how metrics change over time."""

    include_candidates: bool = False  # Count candidates (backward by gait alone) as backward.
    since_s: float | None = None  # Sessions that begin before this moment on the athlete's own
    # clock are left out; the Unix time of the moment at which a clock in UTC shows the same.
    until_s: float | None = None  # Sessions that begin at this moment on the athlete's own clock or
    # later are left out; the Unix time of the moment at which a clock in UTC shows the same.
    same_start_s: float = 30.0  # One session recorded twice begins within this time.
    same_duration_share: float = (
        0.05  # Two recordings of one session differ this little in duration.
    )
    segment_s: float = 20.0  # Segments with less movement are not matched.
    speed_tolerance_mps: float = 0.3  # Greatest difference in speed of a matched pair.
    grade_tolerance: float = 0.02  # Greatest difference in grade of a matched pair.
    time_tolerance_s: float = 1200.0  # Greatest difference in time since the session's start.
    days_tolerance: float = 42.0  # A partner from another session is at most this many days away.
    partners: int = 200  # Forward segments of other sessions that are looked at, nearest in time.
    line_stretches: int = 8  # Least forward segments behind a line of a metric by speed.
    line_s: float = 60.0  # Least movement of each forward segment behind a line by speed.
    line_spread_mps: float = 0.1  # Least deviation of the speeds behind a line by speed.
    line_spread_s: float = 120.0  # Least deviation of the times behind a line by time.
    line_shared: float = 0.9  # Speed and time that share more of their spread give no line by time.
    line_sessions: int = 500  # Latest sessions that a line by speed is fitted to.
    least_pairs: int = 5  # Fewer matched pairs give no difference.
    least_trend_sessions: int = 5  # Fewer sessions give no trend.
    least_trend_weeks: float = 3.0  # Sessions within a shorter time give no trend.
    trend_memories_weeks: Numbers = (1.5, 3.0, 6.0, 12.0)  # Over such times a metric may wander.
    trend_wander_shares: Numbers = (0.2, 0.4, 0.6, 0.8, 0.95)  # Shares of its variance that may.
    trend_even: float = 0.8  # Belief beforehand that a metric does not wander.
    trend_false: float = 0.05  # Share of the trends of a page called rising or falling falsely.
    least_association_weeks: int = 8  # Fewer weeks give no association of volume and economy.
    least_athletes: int = 5  # Fewer athletes give no number over athletes.
    dominant_share: float = 0.5  # One athlete with more of the weight than this is pointed out.
    heart_rate_tolerance_bpm: float = 4.0  # Greatest difference of pairs at equal heart rate.
    heart_rate_error_bpm: float = 0.2  # Error of matched heart rate that no session averages away.
    economy_s: float = 300.0  # Least forward movement of a session for its forward trends.
    economy_coverage: float = 0.8  # Least share of time with heart rate for metres per beat.
    volume_weeks: int = 4  # Weeks of backward volume that a week's economy is set against.
    trend_points: int = 300  # Longer series are thinned to medians of this many parts.
    factor_model_error: float = 0.013  # Error of log k that more sessions do not average away.
    repeats_alike: float = 0.05  # Repetitions of two sessions differ by at most this share.
    pairs_shown: int = 500  # Latest matched pairs that are listed.
    warm_up_s: float = 300.0  # Forward movement that counts as a warm-up.
    dose_step: float = 0.3  # A week with more backward movement by this share is a large step.
    dose_step_s: float = 60.0  # A week with less more than this is no large step.
    ladder_s: float = 60.0  # Backward runs this long are the last step of the ladder.
    learnt_speed_mps: float = 3.0  # Learnt gait lines are rounded by their step rate at this speed.
    learnt_level_step_spm: float = 1.0  # Step rate of a learnt gait line is rounded to this.
    learnt_slope_step: float = 1.0  # Slope of a learnt gait line is rounded to this.
    learnt_grade_step_spm: float = 10.0  # Step rate's change by a grade of 1 is rounded to this.
    learnt_speed_step_mps: float = 0.1  # Speeds of a learnt line are rounded to this.
    learnt_backward_s: float = 60.0  # Backward movement from which a backward gait line is learnt.
    learnt_factor_step: float = 0.02  # A learnt cost factor and its bounds are rounded to this.
    habit_step: float = 0.01  # Bounds of a learnt kind of gait candidate are rounded to this.
    habit_least_gain: float = 0.14  # A gait candidate whose step rate is less than this share above
    # the forward line never counts by habit: forward running in sand, uphill on a treadmill or in
    # race walking takes as many steps at such speeds, whatever was answered of other days.
    habit_accepted: int = 20  # Fewer accepted gait candidates teach no kind that can count.
    habit_sessions: int = 8  # Answers from fewer sessions prove no habit.
    habit_right: float = 0.99  # Least share of gait candidates that were right, for a habit.
    answered_sessions: int = 4  # Answers to gait candidates count as those of at most so many
    # sessions.
    answered_prior: tuple[float, float] = (9.5, 0.5)  # Answers "backward", and any others, that an
    # athlete's own are added to.
    answered_step: float = 0.02  # Learnt logarithms of a gait are rounded to this.
    answered_odds_step: float = 0.5  # Learnt log-odds of gait candidates are rounded to this.
    habit_low: float = 0.95  # Least lower end of that share's 95 % interval, for a habit.
