"""Evidence, decoding and segments."""

from dataclasses import dataclass


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
