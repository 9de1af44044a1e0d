"""What can be tuned, one frozen dataclass a stage. Their fingerprint goes into every result.

Each stage's defaults live here and nowhere else; ``load`` reads overrides from TOML.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from retrorun import toml_file
from retrorun.errors import SettingsError


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds on what a hostile file may cost."""

    file_bytes: int = 512 * 2**20  # a larger file is refused
    unpacked_bytes: int = 2**30  # what a packed file may unpack to
    compression_ratio: float = 200.0  # unpacked to packed, above which a file is a bomb
    xml_depth: int = 64  # elements within elements
    activities: int = 1000  # recordings in one file: tracks, activities or chained FIT files
    samples: int = 1_000_000  # samples of one recording, or points of one document
    pieces: int = 10_000  # laps or track segments in one document
    xml_elements: int = 6_000_000  # elements of a document
    archive_members: int = 50_000  # files in an archive
    archive_depth: int = 3  # zips within zips
    archive_bytes: int = 32 * 2**30  # unpacked, all members together


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


@dataclass(frozen=True, slots=True)
class SportSettings:
    """What people can run: for recordings whose file names no sport."""

    too_fast_mps: tuple[float, ...] = (9.0, 7.5, 6.5)  # faster than this
    too_fast_s: tuple[float, ...] = (60.0, 300.0, 1200.0)  # for so long in all is no run
    doubtful_mps: float = 5.5  # faster than this without a cadence of running
    doubtful_s: float = 300.0  # for so long in all is asked about, not counted
    step_s: float = 10.0  # speed is taken over this long
    gap_s: float = 180.0  # and not over longer gaps
    lasting_s: float = 30.0  # shorter fast stretches are jumps of the position
    running_spm: float = 140.0  # least cadence of a fast run
    longest_step_m: float = 2.2  # nobody runs with longer steps for minutes
    count_doubtful: bool = False  # count what names no sport, however fast it is


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """Evidence, decoding and segments. Chosen on tuning seeds only (docs/detection.md)."""

    still_mps: float = 0.5  # slower is standing
    still_spm: float = 60.0  # so are fewer steps a minute where there is no speed
    still_s: int = 5  # shorter stops do not cut a stretch
    walk_mps: float = 1.75  # the walk-run change
    walk_spm: float = 140.0  # step rate at the walk-run change
    fast_walk_mps: float = 2.2  # slow steps at a faster speed than this are miscounted, not a walk
    half_locked_spm: float = 110.0  # fewer steps a minute at a run are every second step
    half_locked_mps: float = 1.8  # speed from which they are
    held_steps_s: int = 25  # a step rate that stands still for so long is no count
    gait_s: int = 10  # shorter changes between walk and run are none
    # heading
    heading_mps: tuple[float, float] = (0.3, 0.9)  # the course is noise below, firm above
    heading_half_s: int = 2  # smoothed over 2·half + 1 s against the arm's swing
    heading_least_s: int = 20  # usable seconds, to be checked at all
    frozen_s: int = 20  # a value unchanged for so long is no measurement
    axial_concentration: float = 0.35  # least mean length of the doubled angles
    heading_width_deg: tuple[float, float] = (9.0, 40.0)  # bounds of the noise's deviation
    outliers: float = 0.05  # share of seconds whose heading means nothing
    heading_temper_s: float = 3.0  # seconds that carry one independent heading
    drift_half_s: int = 240  # the mount may drift over such a window
    both_share: float = 0.08  # of the seconds on the rarer side of the axis, to be believed
    joint_half_s: int = 3  # heading before and after a turn
    reversal_mps: float = 1.0  # who goes back the way they came is this slow in between
    # iron on the device
    iron_least_s: int = 180  # usable seconds from which iron on the device is looked for
    iron_samples: int = 600  # so many seconds of a session are enough to find it
    iron_quadrant: float = 0.05  # share of the seconds that three of four quarters must hold
    iron_rounds: int = 3  # fits of offset and sine, one after the other
    iron_deg: tuple[float, float] = (6.0, 60.0)  # a smaller error stays, a larger one is no sine
    iron_gain: float = 0.01  # by which the axis must become clearer
    held_share: float = 0.5  # of seconds without a new heading, above which it is no witness
    steady_s: int = 8  # a heading that stays through a reversal of the course does so this long
    # turns: the second witness
    turn_window_s: int = 30  # seconds before and after a turn whose gait is compared
    turn_skip_s: int = 3  # seconds at the turn itself that are left out
    turn_full_s: float = 12.0  # the gait of a shorter stretch counts for less
    reversal_s: int = 5  # seconds before and after a reversal in which the way must go on
    reversal_m: float = 4.0  # by so much at least
    reversal_spm: float = 90.0  # with so many steps a minute, where they are counted
    turn_vote: float = 3.0  # most log-odds that speed, or steps, of one turn may give
    proven_odds: float = 3.0  # log-odds of a turn where all contrasts of a session are alike
    consistent_turns: int = 6  # turns that must be alike
    consistent_share: float = 0.85  # share of the turns that must go the same way
    consistent_score: float = 5.0  # deviations by which they must differ from chance
    consistent_speed: float = 0.15  # least median change of log speed that makes them alike
    consistent_steps: float = 0.06  # the same of log step rate
    boundary_vote: float = 3.5  # most log-odds that one turn may give by all kinds together
    sign_vote: float = 6.0  # most log-odds that speed, or steps, of a session give of its sign
    turn_odds: float = 2.0  # most log-odds of a turn against a flip, and of the other way round
    reversal_vote: float = 4.0  # log-odds of a course that turns about under a steady heading
    slower_log: tuple[float, float] = (0.33, 0.18)  # log of speed forward over backward, deviation
    ratio_log: tuple[float, float] = (0.19, 0.12)  # log of step rate backward over forward
    own_contrast: float = 0.05  # by how much an athlete's own contrast varies within a session
    speed_wander: float = 0.07  # least deviation of log speed between half-minutes
    steps_wander: float = 0.018  # least deviation of log step rate between half-minutes
    speed_astray: float = 0.5  # deviation of log speed where something else happens
    steps_astray: float = 0.25  # the same of log step rate
    run_slope: tuple[float, float] = (9.5, 3.0)  # steps/min for each m/s while running, deviation
    walk_slope: tuple[float, float] = (36.0, 7.0)  # the same while walking
    forward_habit: float = 1.5  # log-odds that a session is forward for no other reason
    forward_prior: float = 3.5  # the same for the second decoder, which knows both mounts
    stated_mount: float = 9.0  # log-odds of a whole session by a mount that the profile states
    flat_prior: float = 3.0  # log-odds that a watch points ahead rather than behind
    phone_prior: float = 1.0  # the same of a phone, which may be worn anyhow
    device_turned: float = 2.2  # log-odds from which a device counts as turned on the body
    mount_lasts_s: int = 300  # a device that was turned stays so for at least so long
    label_least_s: float = 8.0  # a label over so many seconds speaks for its whole stretch
    witness_enough: float = 4.0  # log-odds of the second witness that confirm
    clear_turn: float = 2.0  # log-odds from which a change of the heading clearly is a turn, or not
    unsteady_flips: int = (
        2  # clear flips of the device that make it unsteady, if no fewer than turns
    )
    few_turns: float = 1.5  # and so much more where most changes of the heading are no turns
    firm_axis: float = 0.65  # least concentration of an axis that confirms
    other_side_s: int = 15  # seconds the other way between holes that a relative heading needs
    sides_apart_deg: float = 150.0  # least angle between an axis's two sides that confirms
    # gait
    gait_half_s: int = 3  # step rate is smoothed over 2·half + 1 s
    steep_grade: float = 0.18  # beyond it step rate says nothing of direction
    own_steps: float = 0.04  # deviation of an athlete's own log step-rate ratio between sessions
    own_within: float = 0.015  # the same within one session
    own_speed: float = 0.12  # the same of the log of the speed share
    own_share: float = 0.4  # share of the own step gain that suffices where it is known
    own_ratio: tuple[float, float] = (0.01, 0.8)  # bounds of a step gain learnt within a session
    backward_slower: float = 0.92  # backward speed, as a share of forward
    hardly_slower: float = 0.97  # the same where the steps are clearly quicker
    hardly_quicker: float = 0.025  # step gain below which a stretch is no candidate
    clearly_quicker: float = 0.08  # step gain from which they are
    # heart rate
    pulse_least_s: int = 40  # shorter stretches say nothing by their heart rate
    pulse_idle_bpm: tuple[float, float] = (82.0, 14.0)  # heart rate on speed meets no speed there
    pulse_memory_s: float = 45.0  # time constant of the heart
    pulse_contrast_bpm: float = 4.0  # least difference of jogging and backward that is looked at
    pulse_ceiling_bpm: tuple[float, float] = (
        4.0,
        165.0,
    )  # so near to its highest, so high: ceiling
    pulse_spread_bpm: float = 6.0  # deviation of a heart rate from what is expected
    pulse_cost_spread: float = 0.25  # deviation of the cost of backward movement between people
    pulse_vote: float = 2.5  # most log-odds by the heart rate of one stretch
    pulse_most: float = 10.0  # most log-odds by all of them
    pulse_steps: float = 0.02  # log step rate that one log-odds of the heart makes up for
    pulse_agrees: float = 4.0  # log-odds of the heart needed where an athlete's steps do not change
    pulse_uphill: float = 6.0  # the same where the quick steps are uphill
    pulse_doubts: float = 2.0  # log-odds against that refuse what barely enough steps say
    pulse_yields: float = 60.0  # and so much more for each unit of log step rate beyond
    uphill_grade: float = 0.03  # grade above the rest on which quick steps are only short ones
    untaught_s: int = 45  # shortest stretch by steps that neither heading nor labels taught
    gait_spread_spm: float = 2.5  # least deviation from a line
    gait_temper_s: float = 20.0  # seconds that carry one independent step rate
    gait_speed_bound: float = 3.0  # as much as speed alone may say in one second, untempered
    two_lines_gain: float = 8.0  # log-likelihood that a second line must gain
    two_lines_every_s: int = 3  # every so many seconds are looked at
    two_lines_switch: float = 2.0  # log-likelihood that a change of line costs
    two_lines_steps: float = 0.05  # least share between the lines
    teach_least_s: int = 20  # seconds that teach a gait line
    own_line_tells: float = 3.0  # evidence by the runner's earlier lines that counts
    # labels of the file
    contradicted_s: float = 20.0  # seconds that sensors must contradict, to doubt a label
    contradicted_share: float = 0.2  # and their share of those that the sensors judge
    lap_least_s: float = 15.0  # shorter laps are presses by mistake
    pattern_laps: int = 5  # laps from which every second one makes a pattern
    pattern_share: float = 0.75  # share of them that must agree with it
    late_press_s: float = 10.0  # a lap is pressed so late or early at most
    # decoding
    onset_every_s: float = 3000.0  # a runner turns backward this rarely, unprompted
    backward_lasts_s: float = 90.0  # and stays so this long
    onset_stopped: float = 0.005  # chance of turning backward at a stop, each second
    ending_stopped: float = 0.02  # and of turning forward
    joint_switch: float = 0.15  # chance that a flip of heading against course is a turn
    prior: float = 0.03  # chance of starting backward
    # segments
    heading_alone_s: int = 4  # shortest stretch by heading
    heading_agrees: float = 0.5  # net share of a stretch's heading evidence that confirms
    unheard_s: int = 30  # so long an end of a stretch without a heading is not confirmed
    bridged_s: int = 60  # nor is so long a hole between two headings
    gait_alone_s: int = 20  # shortest stretch by gait
    line_from_s: int = 240  # forward seconds by heading or labels that make a line, or half of all
    gait_wander: float = 2.0  # deviations of half-minute means that step rate must exceed
    disturbed_s: int = 60  # magnetic disturbances are over by then
    disturbed_gait: float = 2.0  # summed evidence of the gait that overrules a short heading
    slower_helps: float = 0.95  # so must the speed have dropped
    exact_deg: float = 15.0  # a heading this near to the course's opposite opposes it exactly
    gait_teaches: float = 1.5  # and that lets a short stretch teach the gait
    proven_s: int = 45  # seconds of backward running beyond doubt that vouch for others like it
    gait_confirms: float = 4.0  # summed evidence of the gait that makes a stretch like those
    even_odds: tuple[float, float] = (0.4, 0.6)  # in between, a long stretch is unknown
    confirmed_probability: float = 0.8  # least mean probability that confirms
    gait_chance: float = 0.95  # share of the candidates by step rate that are backward
    unwitnessed_odds: tuple[float, ...] = (1.0, 3.0, 6.0)  # of the second witness, between which
    unwitnessed_chances: tuple[float, ...] = (0.1, 0.62, 0.8, 0.95)  # so many are backward
    heading_enough: float = 5.0  # summed evidence that confirms


Normal = tuple[float, float]  # mean and standard deviation (sd)
Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """Metrics of segments: speed, heart rate, energy and the athlete's own backward cost factor."""

    moving_mps: float = 0.5  # An athlete at least this fast is moving.
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
    kinetics_outlier: float = 2.5  # Residuals beyond this many deviations lose weight.
    kinetics_lags: int = 12  # Steps over which correlated residuals widen the interval.
    kinetics_correlation: float = 0.98  # Greatest correlation from step to step that is removed.
    kinetics_model_error: float = 0.008  # Error of log k in every session, whatever the fit says.
    kinetics_hill_error: float = 0.1  # Error of log k where all of the effort is due to grade.
    kinetics_beyond_error: float = 0.15  # Error of log k where no forward effort is as high.
    kinetics_highest_effort: float = 0.9  # The highest forward effort is this quantile of efforts.
    kinetics_least_slope: float = 1.4  # A sensor that shows fewer beats per ml/kg has failed.
    kinetics_range: tuple[float, float] = (0.6, 4.0)  # Cost factors that a body can have.
    kinetics_width: float = 1.6  # Greatest high/low of a cost factor that is given.
    best_distances_m: Numbers = (100.0, 400.0, 1000.0, 1609.344, 5000.0)  # Distances with a best.


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """Backward against forward segments over many sessions, and how metrics change over time."""

    include_candidates: bool = False  # Count candidates (backward by gait alone) as backward.
    since_s: float | None = None  # Sessions that begin before this Unix time are left out.
    until_s: float | None = None  # Sessions that begin at this Unix time or later are left out.
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
    line_sessions: int = 500  # Latest sessions that a line by speed is fitted to.
    least_pairs: int = 5  # Fewer matched pairs give no difference.
    least_trend_sessions: int = 5  # Fewer sessions give no trend.
    least_trend_weeks: float = 3.0  # Sessions within a shorter time give no trend.
    least_association_weeks: int = 8  # Fewer weeks give no association of volume and economy.
    least_athletes: int = 5  # Fewer athletes give no number over athletes.
    dominant_share: float = 0.5  # One athlete with more of the weight than this is pointed out.
    heart_rate_tolerance_bpm: float = 4.0  # Greatest difference of pairs at equal heart rate.
    economy_s: float = 300.0  # Least forward movement of a session for its forward trends.
    economy_coverage: float = 0.8  # Least share of time with heart rate for metres per beat.
    volume_weeks: int = 4  # Weeks of backward volume that a week's economy is set against.
    trend_points: int = 300  # Longer series are thinned to medians of this many parts.
    factor_model_error: float = 0.013  # Error of log k that more sessions do not average away.
    pairs_shown: int = 500  # Latest matched pairs that are listed.
    warm_up_s: float = 300.0  # Forward movement that counts as a warm-up.
    ladder_s: float = 60.0  # Backward runs this long are the last step of the ladder.
    learnt_speed_mps: float = 3.0  # Learnt gait lines are rounded by their step rate at this speed.
    learnt_level_step_spm: float = 1.0  # Step rate of a learnt gait line is rounded to this.
    learnt_slope_step: float = 1.0  # Slope of a learnt gait line is rounded to this.
    learnt_grade_step_spm: float = 10.0  # Step rate's change by a grade of 1 is rounded to this.
    learnt_speed_step_mps: float = 0.1  # Speeds of a learnt line are rounded to this.
    learnt_backward_s: float = 60.0  # Backward movement from which a backward gait line is learnt.
    learnt_factor_step: float = 0.02  # A learnt cost factor and its bounds are rounded to this.
    habit_step: float = 0.01  # Bounds of a learnt kind of gait candidate are rounded to this.
    habit_accepted: int = 20  # Fewer accepted gait candidates teach no kind that can count.
    habit_sessions: int = 8  # Answers from fewer sessions prove no habit.
    habit_right: float = 0.99  # Least share of gait candidates that were right, for a habit.
    habit_low: float = 0.95  # Least lower end of that share's 95 % interval, for a habit.


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The page server of `retrorun open`: what requests may cost, and when it does what.

    No result depends on them: they have no part in the fingerprint.
    """

    body_bytes: int = 64 * 2**10  # Largest body of a request that is no upload.
    upload_bytes: int = 4 * 2**30  # Largest upload, all its files together.
    upload_files: int = 2000  # Files of one upload.
    name_bytes: int = 180  # An uploaded file's name is shortened to this.
    header_bytes: int = 16 * 2**10  # Largest head of a request, and of a file in an upload.
    header_s: float = 10.0  # The head of a request must be there after this long.
    part_s: float = 10.0  # Longest pause within the body of a request.
    body_s: float = 900.0  # Longest time for the whole body of a request.
    reads_per_s: float = 200.0  # Requests for pages and numbers, each second.
    reads_at_once: int = 2000  # Requests for pages and numbers that may come at once.
    answers_per_s: float = 20.0  # Answers, notes and uploads, each second.
    answers_at_once: int = 100  # Answers, notes and uploads that may come at once.
    connections: int = 1500  # Connections at one time; what is beyond is refused.
    streams: int = 32  # Pages that are kept up to date at one time.
    ports_tried: int = 50  # Ports that are tried one after another where the first is in use.
    follow_s: float = 1.5  # So long after the last answer, other sessions and comparison follow.
    release_s: float = 30.0  # So long after the last page is closed, worker processes end.
    sessions_kept: int = 8  # Sessions that are kept in memory to be shown or analysed again.


@dataclass(frozen=True, slots=True)
class Settings:
    """All of them."""

    read: ReadLimits = field(default_factory=ReadLimits)
    prepare: PrepareSettings = field(default_factory=PrepareSettings)
    sport: SportSettings = field(default_factory=SportSettings)
    detect: DetectSettings = field(default_factory=DetectSettings)
    measure: MeasureSettings = field(default_factory=MeasureSettings)
    compare: CompareSettings = field(default_factory=CompareSettings)
    server: ServerSettings = field(default_factory=ServerSettings)

    def fingerprint(self) -> str:
        """First 12 hex digits of the SHA-256 of every value that results depend on, in order."""
        values = msgspec.to_builtins(self)
        del values["server"]
        return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:12]


def load(path: Path) -> Settings:
    """Read settings from a TOML file whose tables are the stages.

    Raises:
        SettingsError: the file cannot be read, names a setting that does not exist, or gives one
            a value that no number of its kind can have.
    """
    tables = toml_file.table(path, "settings-unreadable")
    _refuse_unknown(tables, path)
    _refuse_senseless(tables, path)
    try:
        return msgspec.convert(tables, Settings)
    except (msgspec.MsgspecError, ArithmeticError) as problem:
        raise SettingsError("settings-unreadable", str(problem), file=str(path)) from problem


def _refuse_unknown(tables: Mapping[str, object], path: Path) -> None:
    """A misspelt setting must not be ignored in silence."""
    known = msgspec.to_builtins(Settings())
    for table, values in tables.items():
        if table not in known:
            raise SettingsError("settings-unknown", f"there is no table {table}", file=str(path))
        if not isinstance(values, dict):
            message = f"{table} is a table of settings, written [{table}]"
            raise SettingsError("settings-unreadable", message, file=str(path))
        for name in values:
            if name not in known[table]:
                message = f"there is no setting {table}.{name}"
                raise SettingsError("settings-unknown", message, file=str(path))


ANY_TIME = ("since_s", "until_s")  # moments may lie before 1970
_MOST = 1e15  # beyond it no setting means anything, and arithmetic with it fails


def _refuse_senseless(tables: dict[str, dict[str, object]], path: Path) -> None:
    """Windows, tolerances and counts are above nothing, and no number is endless."""
    given = ((table, name, value) for table in tables for name, value in tables[table].items())
    for table, name, value in given:
        for number in value if isinstance(value, list) else [value]:
            if isinstance(number, bool) or not isinstance(number, int | float):
                continue
            if not abs(number) <= _MOST or (number <= 0 and name not in ANY_TIME):
                shown = f"{table}.{name} = {str(number)[:40]}"
                message = f"{shown} makes no sense: it must be above 0 and at most {_MOST:g}"
                raise SettingsError("settings-senseless", message, file=str(path))
