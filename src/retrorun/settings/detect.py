"""Evidence of backward running, decoding and segments."""

import msgspec

Pair = tuple[float, float]
Numbers = tuple[float, ...]


class DetectSettings(msgspec.Struct, frozen=True):
    """Evidence, decoding and segments. Chosen on tuning seeds only (docs/detection.md)."""

    # standing, walking and running
    still_mps: float = 0.5  # Seconds slower than this are standing.
    still_spm: float = 60.0  # Without a speed, no more steps a minute than this mean standing.
    still_s: int = 5  # A stop shorter than this does not divide what lies around it.
    flicker_s: int = 3  # A state that lasts less than this is taken for an error of measurement.
    walk_mps: float = 1.75  # Speed at the change from walking to running.
    walk_spm: float = 140.0  # Step rate at the change from walking to running.
    walk_mps_scale: float = 0.3  # This much above the speed of the change counts one for running.
    walk_spm_scale: float = 8.0  # So many steps a minute above that rate count one for running.
    walk_spm_most: Pair = (3.0, 4.0)  # Most that the step rate counts for walking, and for running.
    walk_half_s: int = 4  # Walking and running are told apart over this long on both sides.
    fast_walk_mps: float = 2.2  # Slow steps at a faster speed than this were miscounted.
    half_locked_spm: float = 110.0  # Fewer steps a minute at a run count every second step.
    half_locked_mps: float = 1.8  # Speed above which such a low step rate is doubled.
    half_locked_doubt: Pair = (0.85, 0.7)  # Below these shares of that step rate, and above that of
    # the speed, steps are not used.
    held_steps_s: int = 25  # A step rate that stays exactly the same for this long is not used.
    pod_lost_spm: float = 30.0  # Fewer steps a minute than this on the move: the sensor is gone.
    pod_lost_mps: float = 1.0  # Speed above which so few steps mean that.
    gait_s: int = 10  # A change between walking and running that lasts less than this is ignored.
    uncounted_gait: int = 3  # Without steps, a change of gait must last so many times longer.
    hole_mps: float = 12.0  # The speed across a gap of the positions is taken to be at most this.

    # heading: what it is
    heading_mps: Pair = (0.3, 0.9)  # Slower than the first, a course says nothing; faster than the
    # second, it counts in full.
    heading_half_s: int = 2  # Headings are averaged over this long on both sides: arms swing.
    heading_firm: float = 0.3  # Least length of the mean vector of the averaged headings.
    heading_chord_s: int = 3  # The course beside a heading is taken over this long.
    heading_least_s: int = 20  # A heading is checked only where it has this many usable seconds.
    frozen_s: int = 20  # A heading that stays exactly the same for this long is not used.
    replayed_s: int = 10  # Positions that repeat those of before exactly for this long are a copy.
    constant_least_s: int = 30  # A heading is called constant only with more values than this.
    constant_spread: float = 1e-5  # Circular spread below which a heading is called constant.
    axial_concentration: float = 0.35  # Least mean length of doubled angles to the course.
    mirror_spread: float = 0.1  # The mirror image is tried where courses spread by more than this.
    mirror_concentration: float = 0.5  # Least axial concentration of a heading that is mirrored.
    mirror_gain: float = 0.2  # The mirror image must be better concentrated by more than this.
    mirror_breaks: int = 2  # Of a heading that drifts, the image that breaks off so many times more
    # often than the other is the mirrored one.
    turns_back_s: tuple[int, ...] = (4, 8, 12)  # An ordinary U-turn is looked for over so long.
    turns_back_deg: float = 120.0  # Course and heading must both turn by more than this.
    turns_back_alike_deg: float = 45.0  # Their turns must differ by less than this.
    turns_back_away_deg: float = 60.0  # In between their difference must change by more than this.
    held_share: float = 0.5  # Of a heading held for more seconds than this share no turn is read.
    held_least_s: int = 4  # Fewer headings than this are treated as if none were new.

    # heading: a course in disguise
    follows_turn_deg: float = 110.0  # A heading further than this from the course is none itself.
    follows_turn_s: int = 4  # It must stay that far away for this long.
    follows_stands_s: int = 4  # A value that stays exactly the same for this long shows nothing.
    follows_turn_dps: float = 15.0  # Faster turning than this, in degrees a second, shows nothing.
    follows_lag_s: int = 3  # A course in disguise may lag behind the course by up to this.
    follows_near_deg: float = 30.0  # A heading is near to the course within this angle.
    follows_share: float = 0.95  # A course in disguise is near it in more of the seconds than this.
    follows_offset_deg: float = 8.0  # Its median difference from the course is less than this.
    follows_width_deg: float = 10.0  # Its deviation from that median is less than this.

    # heading: its evidence
    heading_width_deg: Pair = (9.0, 40.0)  # Bounds of the deviation of heading minus course.
    outliers: float = 0.05  # Share of the seconds whose heading means nothing.
    heading_temper_s: float = 3.0  # This many seconds carry one independent heading.
    heading_heard: float = 0.3  # Log-odds of one second's heading that contradict a file's label.
    gait_heard: float = 0.03  # Log-odds from which a second's gait contradicts a label of the file.
    unsure_weight: float = 0.5  # Weight against such labels of a second that is not confirmed.
    drift_half_s: int = 240  # A device's angle is averaged over this long on both sides.
    axis_home: float = 0.1  # Weight of the whole session in that average.
    both_share: float = 0.08  # Least share of the seconds on the rarer side of the axis for two
    # directions.
    both_least_s: int = 30  # Least time on the rarer side of the axis for two directions.
    side_least_s: int = 10  # A side of the axis with fewer seconds than this has no mean direction.
    joint_half_s: int = 3  # Turns of heading and course are taken over this long on both sides.
    flip_cosine: Pair = (0.6, 0.5)  # Heading minus course has flipped where the cosine of its turn
    # is below minus the first, and is unchanged where it is above the second.
    kept_switch: float = 0.3  # Where it is unchanged, the chances of a change of direction are
    # multiplied by this.

    handled_most: int = 200  # A device that was handled more often than this tells nothing.

    # heading: the drifting zero of a gyroscope
    drift_window_s: int = 180  # Offset and drift of a gyroscope's zero are fitted over this long.
    drift_hop_s: int = 15  # From one fit of offset and drift to the next it is this long.
    drift_least_s: int = 45  # Each fit needs this many seconds of heading beside a course.
    drift_most_dps: float = 0.8  # A gyroscope's zero drifts by no more than this, in degrees a
    # second: real phones' by 33 to the left to 37 to the right in a minute.
    drift_step_dps: float = 0.05  # Drifts are tried in steps of this, in degrees a second.
    drift_apart_deg: float = 40.0  # Where two fits differ by more than this in between, the zero
    # may have turned about.
    drift_unsure_s: int = 60  # Nearer than this to such a moment, nothing is known of the heading.
    drift_silent_s: int = 60  # Behind so long a time without a heading beside a course it may have
    # turned about, too.

    # a course that turns about under a steady heading
    reversal_mps: float = 1.0  # Who goes back the way they came is slower than this in between.
    reversal_course_deg: float = 120.0  # The course must turn by more than this.
    reversal_heading_deg: float = 60.0  # The heading must turn by less than this.
    reversal_lag_deg: float = 90.0  # A heading that turns by more than this only later has lagged.
    steady_s: int = 8  # A later turn of the heading is looked for over this long on both sides.
    reversal_s: int = 5  # The way must go on for this long before and after.
    reversal_m: float = 4.0  # It must cover this much in that time.
    reversal_spm: float = 90.0  # It needs at least this many steps a minute, if they are counted.
    near_turn_s: int = 4  # A reversal this near to a boundary belongs to it.

    # a magnetic disturbance
    disturbed_s: int = 60  # A magnetic disturbance lasts no longer than this.
    disturbed_least_s: int = 4  # A disturbance shorter than this is not looked for.
    disturbed_gait: float = 2.0  # Log-odds of gait that overrule a heading between two jumps.
    repeated_runs: int = 3  # What opposes the course so many times is no magnetic disturbance.
    repeated_least_s: int = 30  # Segments that last less are not counted among those.
    repeated_cosine: float = (
        0.94  # Least cosine of the angle by which they miss the exact opposite.
    )
    disturbed_margin_s: int = 5  # A reversal of the course this near to a jump explains the jump.
    jump_half_s: int = 2  # Jumps of heading minus course are taken over this long on both sides.
    jump_deg: float = 60.0  # Heading minus course jumps where it changes by more than this.

    # iron on the device
    iron_least_s: int = 180  # Iron on the device is looked for where this many seconds are usable.
    iron_samples: int = 600  # The error of iron is fitted to about this many seconds of a session.
    iron_quadrant: float = 0.05  # A quarter of the compass is visited by this share of seconds.
    iron_quarters: int = 3  # The error of iron is fitted where this many quarters were visited.
    iron_rounds: int = 3  # Offset and sine of the error are fitted this many times in turn.
    iron_near_deg: float = 60.0  # Headings further than this from the axis are left out of the fit.
    iron_deg: Pair = (6.0, 60.0)  # An error smaller than the first is left alone; one larger than
    # the second is not iron.
    iron_gain: float = 0.01  # The axis must gain this much concentration, or the error is kept.

    # how the device is worn
    sign_sure: float = 3.0  # Log-odds from which the direction in which a device is worn is sure.
    stated_odds: float = 12.0  # Log-odds of a direction that the athlete stated or labelled.
    stated_cosine: float = 0.3  # Least cosine between a stated angle and the axis to decide by it.
    stated_doubt: float = 6.0  # Log-odds by gait against a stated angle above which it is unsure.
    stated_line_doubt: float = 1.0  # Log-odds by earlier lines that put a stated angle in doubt.
    labelled_odds: float = 20.0  # Summed log-odds of labels above which they decide the side.
    label_strength: float = 20.0  # Log-odds of each labelled second.
    longer_side: float = 2.0  # Most log-odds by which the longer side of the axis is forward.
    own_sign: float = 3.0  # Log-odds by the athlete's earlier lines above which they decide alone.
    own_sign_most: float = 6.0  # Most log-odds by the athlete's earlier lines.
    own_gain: float = 0.08  # Step gain expected against the athlete's earlier lines.
    day_spread_spm: float = 4.0  # Deviation of an athlete's line of step rate from day to day.
    slow_sign: Numbers = (2.0, 2.5, 1.5)  # A side of the axis counts for forward by the first, in
    # log-odds for each m/s above the second, and at most by the third.
    level_spm: Pair = (140.0, 8.0)  # Step rate at rest by the usual slope, over all athletes: mean
    # and deviation.
    level_gain_spm: float = 13.0  # So many steps a minute are added to that level backward.
    level_most: float = 2.5  # Most log-odds by that level.
    forward_habit: float = 1.5  # Log-odds that a session is forward for no other reason.
    forward_prior: float = 3.5  # The same for the second decoder, which considers both directions
    # of wearing.
    stated_mount: float = 9.5  # Log-odds by a stated angle in the second decoder, in all.
    flat_prior: float = 3.0  # Log-odds that a watch points ahead rather than behind.
    phone_prior: float = 1.0  # Log-odds that a phone points ahead rather than behind.
    device_turned: float = 2.2  # Log-odds from which a device counts as turned on the body.
    mount_lasts_s: int = 300  # A device that was turned on the body stays so at least so long.
    label_least_s: float = 8.0  # A label over this many seconds decides its whole segment in the
    # second decoder.
    label_enters_s: int = 30  # A label of forward over so much of a segment speaks for all of it.
    label_enters_share: float = 0.4  # A label of forward over this share of one does so, too.
    deceived_times: float = 2.0  # Gait confirms nothing up to so many times what it was where the
    # second witness confirmed and the athlete said forward.

    # turns: the second witness
    turn_window_s: int = 30  # The gait before a turn and after it is compared over this long.
    turn_skip_s: int = 3  # This long at the turn itself is left out of the comparison.
    turn_skip_parts: int = 3  # Between close turns at most one in this many seconds is left out.
    turn_least_s: int = 3  # A comparison needs this many seconds on both sides.
    other_gait: float = 0.7  # Shares of walking that differ by this are compared with nothing.
    turn_full_s: float = 12.0  # Turns next to a segment shorter than this count for less.
    turn_vote: float = 3.0  # Most log-odds that the speed, or the step rate, of one turn may give.
    boundary_vote: float = 3.5  # Most log-odds that one turn may give by everything together.
    sign_vote: float = 6.0  # Most log-odds that the speed, or the step rate, of all turns may give
    # of which side is forward.
    turn_odds: float = 2.0  # Most log-odds by all turns that a change of the heading is a turn.
    reversal_vote: float = 4.0  # Log-odds of a turn where the course turns about, not the heading.
    proven_odds: float = 3.0  # Log-odds of a turn where the turns of a session are consistent.
    consistent_turns: int = 6  # Turns are consistent only where there are this many.
    consistent_share: float = 0.85  # Least share of the turns that change the gait the same way.
    consistent_score: float = 5.0  # Consistent turns differ from chance by this many deviations.
    consistent_speed: float = 0.15  # Least median change of log speed of consistent turns.
    consistent_steps: float = 0.06  # Least median change of log step rate of consistent turns.
    slower_log: Pair = (0.33, 0.18)  # Mean and deviation of the log of forward over backward speed.
    ratio_log: Pair = (0.19, 0.12)  # Mean and deviation of the log of backward over forward steps.
    own_contrast: float = 0.05  # Deviation of an athlete's contrast from turn to turn of a session.
    speed_wander: float = 0.07  # Least deviation of log speed between half-minutes without a turn.
    steps_wander: float = 0.018  # Least deviation of log step rate between such half-minutes.
    wander_most: Pair = (3.5, 2.5)  # Those deviations, of speed and of step rate, are at most this
    # many times the least.
    wander_least: int = 6  # Fewer comparisons than this give the least deviation.
    speed_noise: float = 0.3  # Deviation of log speed that one second of measurement gives.
    steps_noise: float = 0.06  # Deviation of log step rate that one second of measurement gives.
    speed_astray: float = 0.5  # Deviation of log speed where something other than a turn happens.
    steps_astray: float = 0.25  # Deviation of log step rate where something else happens.
    astray_share: float = 0.05  # Share of the turns at which something else happens.
    run_slope: Pair = (9.5, 3.0)  # Steps a minute for each m/s while running: mean and deviation.
    walk_slope: Pair = (36.0, 7.0)  # Steps a minute for each m/s while walking: mean and deviation.
    grade_slows: Pair = (2.7, 1.2)  # Fall of log speed for a grade of 1, whichever way one faces:
    # mean and deviation.
    witness_enough: float = 4.5  # Log-odds of the second witness that confirm a segment.
    witness_forward: float = 3.0  # Log-odds against backward, by the second witness, that confirm
    # forward in a session of two directions.
    few_turns: float = 1.5  # Most log-odds asked in addition where most changes of the heading are
    # no turns.
    speed_alone: float = 1.5  # Log-odds asked in addition where no step rate is known.
    clear_turn: float = 2.0  # Log-odds from which a change of heading clearly is a turn, or is not.
    unsteady_flips: int = 2  # Least clear flips of an unsteady device, no fewer than clear turns.
    told_apart: Pair = (0.9, 0.8)  # Speed or step rate must tell the two sides of the heading apart
    # in this share of pairs of seconds; in the second where the whole session is a walk.
    only_walks: float = 0.9  # A session is a walk where this share of its movement is walked.
    told_mostly: float = 0.6  # Of the seconds in the gait of one side, this share must lie there.
    told_apart_s: int = 6  # Either side needs this many seconds for that.
    hand_gain: Pair = (0.05, 0.08)  # Where steps quicken backward by less than the first share, at
    # equal speed, a hand may have turned the device; the second of a phone where turns are few.
    hand_few: int = 8  # Fewer turns than this are few.
    hand_pulse: float = 10.0  # Summed log-odds of the heart that show that the athlete turned.
    hand_pulse_least: float = -5.0  # The heart speaks against that by no more log-odds than this.
    hand_pulse_slower: float = 0.85  # A slow segment has at most this share of the speed before it.
    hand_pulse_level: float = 0.02  # The heart is asked only where no ground is steeper than this.
    hand_pulse_range_bpm: float = 8.0  # A heart rate that moves by less all session long hangs.
    hand_pulse_locked_spm: float = 3.0  # A heart rate this near to the step rate is counted steps.
    turn_moment_s: int = 4  # Slowing at a turn is looked for over this long on both sides of it.
    turn_beside_s: int = 10  # It is compared with the speed of this long before and after that.
    slowing_share: float = 0.65  # Least share of pairs (turn, other moment) with the turn slower.
    slowing_chance: float = 0.58  # With m turns that share exceeds half by this over the root of m.
    slowing_least: float = 0.02  # Share of the speed by which it must fall more at the turns.
    slowing_told: float = 0.5  # So large a share of the turns must lie at no stop.
    slowing_turns: int = 16  # With so many turns fewer pairs are enough where speed falls much.
    slowing_more_often: float = 0.55  # In this share of pairs speed must fall at so many turns.
    slowing_much: float = 0.06  # By this share of the speed it must fall more at so many turns.
    stop_speed: Pair = (0.5, 0.65)  # Who falls below the first share of the speed beside a turn
    # stands there; below the second where no steps are counted.
    stop_least_s: int = 2  # Who is so slow for this long does, not who is for a moment.
    stop_steps: float = 0.85  # So does whose step rate falls below this share of that beside it.
    reversals_prove: int = 2  # Turns of the course under a steady heading that no hand explains.
    late_least_s: int = 3  # A heading's clock that is off by less than this is taken as right.
    late_most_s: int = 18  # An error of a heading's clock is looked for up to this.
    late_turns: int = 4  # An error of a heading's clock is looked for with this many turns.
    late_clearly: float = 1.25  # Speed must change so many times more beside the turns than there.
    late_by_chance: float = 4.0  # Those changes must be so many times as large as by chance.
    calm_s: int = 5  # Seconds nearer to a stop than this are left out of it.
    firm_axis: float = 0.65  # Least concentration of an axis that confirms.
    other_side_s: int = 15  # Between two holes a relative heading must go the other way for this
    # long, or it confirms nothing there.
    sides_apart_deg: float = 150.0  # Least angle between the two sides of an axis that confirms.
    compared_s: int = 60  # A segment is compared with the speed of this long before and after it.
    compared_around_s: int = 10  # That comparison needs this many seconds around the segment.
    compared_inside_s: int = 4  # It needs this many seconds inside the segment.
    deck_walk_ratio_m_per_spm: float = 0.0107  # Least step length over step rate beside a segment
    # on a ship's deck.
    deck_share: Pair = (0.6, 0.08)  # A segment on a ship's deck has at most the first share of the
    # speed beside it, and a step rate that differs by at most the second.
    deck_unstepped: Pair = (4.5, 0.4)  # Where no steps are counted, a ship is as likely if speed
    # beside a segment is the first or more, in m/s, and at most the second share of it inside.

    # step rate: the line
    gait_least_s: int = 60  # Fewer seconds with a step rate than this say nothing of the gait.
    gait_half_s: int = 3  # Step rate is averaged over this long on both sides of a second.
    steep_grade: float = 0.18  # On steeper grades step rate says nothing of direction.
    line_least_weight: float = 0.01  # Seconds of a smaller weight than this are left out of a line.
    line_slope_spread: float = 4.0  # Deviation of the slope between athletes in the fit of one
    # line, steps a minute for each m/s.
    grade_slope: Pair = (25.0, 40.0)  # Steps a minute for a grade of 1: mean and deviation.
    line_temper_s: float = 30.0  # So many seconds carry one independent step rate in a line's fit.
    line_spread_spm: float = 3.0  # These priors are as strong as with this deviation of step rate.
    line_rounds: int = 4  # A line is fitted this many times, with new weights each time.
    line_least_spread_spm: float = 0.8  # Least deviation from a line in these weights.
    line_outlier: float = 1.5  # Residuals beyond this many deviations lose weight.
    line_ends: Pair = (0.02, 0.98)  # A line is known between these quantiles of its fit's speeds.

    # step rate: its evidence
    taught_bounds: Pair = (0.1, 0.9)  # A second teaches forward below the first probability of
    # backward, and backward above the second.
    teach_least_s: int = 20  # Fewer seconds of a direction than this do not teach its gait.
    gait_spread_spm: float = 2.5  # Least deviation of step rate from a line.
    gait_temper_s: float = 20.0  # This many seconds carry one independent step rate.
    gait_most: float = 8.0  # Most log-odds of one second before that division.
    steps_outliers: Pair = (0.02, 60.0)  # Share of the seconds whose step rate means nothing, and
    # the range that they spread over.
    gait_speed_bound: float = 3.0  # Most log-odds that the speed of one second may give before that
    # division.
    speed_floor: float = 0.02  # Density of any speed at all, for each m/s.
    speed_spread_share: float = 0.08  # Part of the deviation of an athlete's speed in one
    # direction, as a share of its median.
    faster_costs: Numbers = (2.0, 0.1, 4.0)  # The first is lost, in log-odds, for each further
    # share of the second above the usual forward speed; the third is the most such shares.
    fastest_backward_mps: float = 4.3  # Hardly anybody runs backward faster than this.
    fastest_costs: Numbers = (3.0, 0.2, 3.0)  # The first is lost, in log-odds, for each further m/s
    # of the second above that; the third is the most such steps.
    own_weights: Pair = (0.9, 0.1)  # Weights of the step gain seen in a session, and of the one
    # expected.
    own_steps: float = 0.04  # Deviation of an athlete's own log step-rate ratio between sessions.
    own_within: float = 0.015  # Deviation of an athlete's log step-rate ratio within one session.
    own_speed: float = 0.12  # Deviation of the log of an athlete's speed share between sessions.
    own_ratio: Pair = (0.01, 0.8)  # Bounds of a step gain learnt within a session.
    own_line_tells: float = 3.0  # Log-odds by the athlete's earlier lines from which they count.
    own_slowest: Pair = (1.05, 2.0)  # Backward speed is at most the first share of the forward one,
    # and at most the second in deviations above the expected share.

    # step rate: two lines in one session
    two_lines_least_s: int = 120  # Two lines are looked for with this many seconds of step rate.
    two_lines_every_s: int = 3  # One in this many seconds is used.
    two_lines_starts: Numbers = (0.5, 0.75, 0.9)  # The search begins with the seconds above each of
    # these quantiles of the level.
    two_lines_speeds: Pair = (0.1, 0.9)  # It also begins with the seconds slower than the middle
    # between these quantiles of speed.
    two_lines_spreads_spm: Numbers = (4.0, 1.2, 8.0)  # Deviation from the lines: at the start,
    # least and most.
    two_lines_slope_spread: float = 3.5  # Deviation of the slope between athletes in the fit of two
    # lines, steps a minute for each m/s.
    two_lines_rounds: tuple[int, int] = (3, 8)  # Most rounds of the fit with one line and two.
    two_lines_half: int = 3  # Membership is decided over this many used seconds on both sides.
    two_lines_speed_mps: float = 0.15  # Least deviation of the speeds on one line.
    two_lines_speed_floor: float = 0.001  # Density of any speed at all, for each m/s.
    two_lines_least: int = 7  # The upper line needs this many used seconds.
    two_lines_gain: Numbers = (0.0, 4.0, 8.0)  # Log-likelihood that a second line must gain: where
    # the heart speaks clearly and steps do not fall, where they do, and without a clear heart.
    two_lines_hardly: Pair = (0.025, 0.012)  # Least step gain by the fitted lines; the second where
    # the heart speaks clearly.
    two_lines_switch: float = 2.0  # Log-likelihood that each change between the lines costs.
    two_lines_second: float = 2.0  # Log-odds of one second by which of two close lines it is on.
    two_lines_fade_s: int = 4  # Within so many seconds of where the line changes, those fade.
    two_lines_steps: float = 0.058  # Least step gain between the lines.
    jog_power: float = 0.11  # Steps that fall with this power of the speed are a jog's.
    two_lines_slowest_mps: float = 0.1  # The mean speed of the lower line is at least this.
    jog_pace: float = 0.33  # A jog is at most this part of the way from the slower line's speed to
    # that of the faster one.
    jog_s: int = 20  # A shorter jog than this is the way into or out of a segment.
    jog_least_s: int = 120  # Jogs beside the slower line count from this much on.
    jog_share: float = 0.2  # Jogs that keep more of the slower line's step gain than this are
    # paces, not directions.
    own_share: float = 0.4  # Share of an athlete's own step gain that suffices where it is known.
    own_speed_alike: float = 2.5  # Most deviations of the speed share where steps do not change.
    backward_slower: float = 0.92  # Most backward speed, as a share of the forward speed.
    hardly_slower: float = 0.97  # The same share where the steps are clearly quicker.
    clearly_quicker: float = 0.08  # Step gain from which the steps are clearly quicker.
    hardly_quicker: float = 0.025  # A segment with a smaller step gain than this is no candidate.
    slower_slack: float = 0.03  # A single segment may exceed these speed shares by this.
    uphill_grade: float = 0.03  # Quick steps on ground steeper by this are only short steps.
    untaught_s: int = 45  # Least counted time of a segment that no heading or label taught.

    # contact time and vertical excursion
    contact_log: Pair = (-0.17, 0.08)  # Log of backward over forward contact time at equal speed,
    # over all athletes: mean and deviation.
    contact_speed: Pair = (-0.35, 0.15)  # Power of speed of contact time: mean and deviation.
    contact_steps: Pair = (-0.5, 0.3)  # Power of quicker steps at equal speed that contact time
    # follows in forward running: mean and deviation.
    excursion_log: Pair = (-0.06, 0.19)  # Log of backward over forward vertical excursion, beside
    # what the steps explain: mean and deviation.
    excursion_backward: float = -1.3  # Power of the step-rate ratio that the excursion of backward
    # running follows.
    excursion_speed: Pair = (0.0, 0.25)  # Power of speed of vertical excursion: mean and deviation.
    excursion_steps: Pair = (-2.0, 0.7)  # Power of quicker steps at equal speed that vertical
    # excursion follows in forward running: mean and deviation.
    stride_spread: float = 0.03  # Deviation of the log of a contact time or an excursion from what
    # speed explains.
    stride_range: float = 0.68  # A contact time or an excursion further than this from the median
    # of the session, in logarithms, is not believed.
    stride_derived: float = 0.008  # A column that follows from speed and step rate to within this,
    # in logarithms, is derived from them and says nothing.
    stride_known: float = 0.5  # Least share of running seconds with a contact time or an excursion.
    stride_floor: float = 0.1  # Density of any contact time or excursion at all, for each unit of
    # its logarithm.
    stride_vote: float = 3.0  # Most log-odds by contact time, and most by vertical excursion.
    stride_backs: float = 3.0  # Summed log-odds of contact times and excursions that back the steps
    # of one segment.
    stride_second: float = 1.5  # Most log-odds by the contact time of one second, and by its
    # excursion, before they are divided among seconds.

    # heart rate
    pulse_least_s: int = 40  # Shorter segments say nothing by their heart rate.
    pulse_hole_s: int = 10  # Shorter interruptions of a segment are bridged.
    pulse_ahead_s: int = 60  # Speed and grade before a segment are taken over this long.
    pulse_steady_s: int = 45  # With less forward running than this in the minute before a segment,
    # a heart may still rise.
    pulse_before_s: tuple[int, int] = (10, 8)  # Heart rate at its start is a mean from so long
    # before it to so long after it.
    pulse_late_s: tuple[int, int] = (7, 8)  # Heart rate at its end is a mean from so long before it
    # to so long after it.
    pulse_least_values: int = 5  # Each of these means needs this many values.
    pulse_idle_bpm: Pair = (82.0, 14.0)  # Heart rate at which the line on speed meets no speed:
    # mean and deviation.
    pulse_least_bpm: float = 10.0  # Heart rate before a segment is taken to lie at least this much
    # above that.
    pulse_least_cost: float = 0.3  # A downhill is taken to cost at least this share of the level.
    pulse_slowest_mps: float = 0.5  # The speed before a segment is taken to be at least this.
    pulse_most_share: float = 1.2  # The effort of a segment is taken to be at most this share of
    # the effort before it.
    pulse_memory_s: float = 45.0  # Time constant of the heart.
    pulse_contrast_bpm: float = 4.0  # Least difference that is expected between jogging and running
    # backward.
    pulse_ceiling_bpm: Pair = (4.0, 165.0)  # A heart rate this near to its highest, and above the
    # second, cannot rise further.
    pulse_spread_bpm: float = 6.0  # Deviation of a heart rate from what is expected.
    pulse_cost_spread: float = 0.25  # Deviation of the cost of backward movement between people.
    pulse_floor: float = 0.0005  # Density of any heart rate at all, for each beat a minute.
    pulse_vote: float = 2.5  # Most log-odds by the heart rate of one segment.
    pulse_most: float = 10.0  # Most log-odds by the heart rate of all segments.
    pulse_beside: float = 2.5  # Most log-odds by the heart rate against backward where contact
    # times or excursions speak, too.
    pulse_share: float = 0.4  # In fewer of the segments than this share, a heart that speaks is no
    # sign of backward.
    pulse_clear: float = 7.0  # Log-odds from which the heart speaks clearly.
    pulse_steps: float = 0.02  # Log step rate that one log-odds of the heart makes up for.
    pulse_agrees: float = 4.0  # Log-odds of the heart needed where the steps do not change.
    pulse_uphill: float = 3.0  # Log-odds of the heart needed where the quick steps are uphill.
    pulse_doubts: float = 2.0  # Log-odds of the heart against backward that refuse a step gain that
    # barely suffices.
    pulse_yields: float = 60.0  # Log-odds more that each unit of log step rate beyond needs.

    # labels of the file
    contradicted_s: float = 20.0  # A label of the file that sensors contradict so long is doubted.
    contradicted_share: float = 0.2  # They must contradict it in more than this share of the time
    # that they judge.
    lap_least_s: float = 15.0  # A shorter lap is a press by mistake.
    merged_laps: int = 4  # The lengths of laps show a forgotten press only among more laps than
    # this, without the first and the last.
    merged_share: float = 0.1  # A lap is as long as two within this share, and longer by this share
    # than any other.
    pattern_laps: int = 5  # Every second lap makes a pattern only among this many laps.
    pattern_share: float = 0.75  # Least share of the laps that agree with the pattern.
    late_press_s: float = 10.0  # A lap is pressed at most this much late or early.
    exact_press_s: float = 2.0  # A press this near to a turn is left where it is.

    # decoding
    onset_every_s: float = 3000.0  # An athlete turns backward once in this time, unprompted.
    backward_lasts_s: float = 90.0  # An athlete goes backward for this long on average.
    onset_stopped: float = 0.005  # Chance of turning backward in each second of a stop.
    ending_stopped: float = 0.02  # Chance of turning forward in each second of a stop.
    joint_switch: float = 0.15  # Chance that a flip of heading against course is a turn.
    prior: float = 0.03  # Chance of starting backward.
    sign_margin: float = 0.01  # The likelier direction of wearing is taken to be likelier by this
    # than what is undecided.

    # segments and verdicts
    heading_alone_s: int = 4  # Shortest segment that a heading may divide off.
    line_from_s: int = 240  # Forward seconds by heading or labels make a line from this many on, or
    # from half of all.
    gait_alone_s: int = 20  # Shortest segment that a taught gait, or even odds, may divide off.
    heading_enough: float = 5.0  # Summed log-odds of the heading that confirm a segment.
    heading_agrees: float = 0.5  # Least net share of a segment's heading evidence that confirms.
    confirmed_probability: float = 0.8  # Least mean probability that confirms.
    unheard_s: int = 30  # The end of a segment is not confirmed with no heading for this long.
    bridged_s: int = 60  # Nor is the middle of one without a heading for this long.
    unheard_probability: float = 0.9  # Such seconds are backward with at most this probability.
    gait_wander: float = 2.0  # A step gain must exceed this many deviations of half-minute means
    # elsewhere.
    wander_block_s: int = 30  # Those means are taken over this long.
    wander_blocks: int = 4  # Fewer means than this give no deviation.
    slower_helps: float = 0.95  # Most share of the speed around a segment that gait confirms.
    exact_deg: float = 15.0  # A heading that opposes the course may be off by this much more.
    gait_teaches: float = 1.5  # Summed log-odds of the gait that let a short segment teach.
    proven_s: int = 45  # So much backward movement beyond doubt vouches for more of the same gait.
    gait_confirms: float = 4.0  # Summed log-odds of the gait that make a segment one of those.
    gait_denies: float = 8.0  # As much against backward leaves a part of a segment unconfirmed.
    even_odds: Pair = (0.4, 0.6)  # A long segment with a probability between these is unknown.
    gait_chance: float = 0.96  # Share of the candidates by step rate that are backward.
    unwitnessed_odds: Numbers = (1.0, 3.0, 6.0)  # Bounds between groups of unconfirmed segments,
    # in log-odds of the second witness.
    unwitnessed_chances: Numbers = (0.1, 0.92, 0.95, 0.95)  # Their share that is backward.
    witnessed_least: Numbers = (0.0, 0.0, 0.9, 0.9)  # Least that is stated of these candidates.
    raw_log_gaits: Numbers = (-0.5, 0.25, 0.5)  # Bounds between groups of a raw log's candidates,
    # in summed log-odds of the gait.
    raw_log_chances: Numbers = (0.05, 0.33, 0.92, 0.97)  # Their share that is backward.
    handled_chance: float = 0.62  # Most of the second group's where no direction is known.
    handled_edge_s: int = 5  # An end of a segment that lies this near to a handling is doubted.
    handled_gait: float = 1.0  # A rise of the gait's summed log-odds from there on ends the doubt.
    handled_part_s: int = 8  # A shorter part in such doubt stays confirmed.
    dropped_probability: float = 0.2  # A dropped segment is backward with at most this probability.
    certain: Pair = (0.001, 0.999)  # A label makes a second backward with one of these
    # probabilities, and no segment is surer.
    mentioned: float = 1.0  # Smaller summed log-odds than this are not mentioned among the reasons.
    quick_steps: Pair = (0.06, 0.04)  # Log of the step rate over the line in forward segments that
    # are proposed all the same, over all athletes: mean and deviation.
    quick_speed: Pair = (-0.25, 0.15)  # Log of the speed of such segments over that around them:
    # mean and deviation.
    quick_contact: Pair = (-0.03, 0.06)  # Log of the contact time of such segments over that of
    # forward running at equal speed: mean and deviation.
    quick_excursion: Pair = (-0.12, 0.12)  # Log of the vertical excursion of such segments over
    # that of forward running at equal speed: mean and deviation.
    turned_excursion: Pair = (-0.33, 0.24)  # Log of backward over forward vertical excursion at
    # equal speed, whatever the steps, over all athletes: mean and deviation.
    answered_within: float = 0.5  # Deviation of an athlete's own segments, as a share of that
    # between people.
    answered_vote: float = 3.0  # Most log-odds that one quantity of a candidate gives by the
    # athlete's answers to others.
    answered_drops: int = 2  # Rejections in so many sessions keep what is alike from being asked.
    habit_answered_share: float = 0.5  # Labels that cover less than this share of a gait candidate
    # are no answer to it.
    habit_backward_share: float = 0.8  # A gait candidate of which a smaller share was called
    # backward was wrong.
