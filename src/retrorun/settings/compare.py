"""Many sessions over time."""

from dataclasses import dataclass


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
