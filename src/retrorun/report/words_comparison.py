"""Words of the pages over many sessions and over many athletes.

`words.WORDS` includes them.
"""

from collections.abc import Mapping

HISTORY: Mapping[str, str] = {
    # sessions that repeat the same
    "part_repeats": "Repeats side by side",
    "repeats_words": (
        "A picture a session, a dot a repetition; higher is quicker. Dashed: the mean of those "
        "before the last. Intervals are over repetitions."
    ),
    "repeats_run": "{length} repeats",
    "repeats_walk": "{length} walked repeats",
    "repeats_quicker": "the last {change} quicker",
    "repeats_slower": "the last {change} slower",
    "repeats_unclear": "no clear change",
    "repeats_picture": "{date}: {paces} {unit}",
    "repeats_table": "Repetitions as tables",
    "repeats_beside": "mean change: {changes}",
    "repeats_table_of": "{title}, repetition by repetition: {measure}",
    "repeats_place": "Repetition",
    "repeats_change": "Change, {unit}",
    # sets and repetitions of one session
    "structure_name": "{name} backward",
    "repeated_name": "{name} {gait}",
    "repeated_maybe": "Maybe {name} {gait}",
    "repeated_run": "backward",
    "repeated_walk": "walked backward",
    "recovery_run": "{time} of jogging between",
    "recovery_walk": "{time} of walking between",
    "recovery_still": "{time} of standing between",
    "work_to_rest": "work to rest {ratio}",
    "between_sets": "; {time} between sets",
    "set_numbered": "Set {number}: {size}",
    "set_maybe_one": "; 1 more may be one of them",
    "set_maybe_many": "; {count} more may be some of them",
    # the list of sessions
    "day_of_month": "{weekday} {day}",
    "title_index": "All sessions",
    "weekdays_short": "Mon Tue Wed Thu Fri Sat Sun",
    "index_headline_many": "You {verb} <b>{time} backward</b> in {count} of {whole} sessions.",
    "index_headline_one": "You {verb} <b>{time} backward</b> in one session of {whole}.",
    "index_headline_only": "You {verb} <b>{time} backward</b> in one session.",
    "index_headline_none": "{whole} sessions, and <b>no confirmed backward running</b> yet.",
    "index_headline_single": "One session, and <b>no confirmed backward running</b> yet.",
    "index_headline_empty": "There are <b>no sessions</b> yet.",
    "index_distance": "{backward} of {whole} backward",
    "index_empty": (
        "Drop your watch's exports (FIT, GPX or TCX) into a folder and run retrorun process FOLDER."
    ),
    # what the athlete's answers taught
    "part_habit": "What your answers taught",
    "habit_few": (
        "You answered {answers} stretches that your steps alone proposed, {sessions}; "
        "{backward} were backward. Too few of those had clearly quicker steps than forward running "
        "in sand or uphill, so none counts without an answer."
    ),
    "habit_taught": (
        "You answered {answers} stretches that your steps alone proposed, {sessions}; "
        "{backward} were backward. So your backward steps are {gain} to {most} quicker than your "
        "forward line, at {slow} to {fast} of your forward speed."
    ),
    "answered_forward": (
        "You rejected {segments} (sessions: {sessions}): forward running with {steps} of the steps "
        "of your forward line, at {speed} of your forward speed. Once you have rejected some in "
        "two sessions, what looks more like these than like backward running is not proposed."
    ),
    "answered_backward": (
        "You accepted {segments} (sessions: {sessions}): with {steps} of the steps of your forward "
        "line, at {speed} of your forward speed."
    ),
    "answered_contact": "Their ground contact was {ratio} of the forward one at equal speed.",
    "answered_excursion": "Their rise and fall was {ratio} of the forward one at equal speed.",
    "habit_proof": (
        "Each session judged by the answers of the others, the steps alone were right in {right} "
        "of {counted} stretches: {rate}, and at least {low} with 95 % confidence."
    ),
    "habit_early": "When 99 of 100 are right, such stretches can count without an answer.",
    "habit_offer": (
        "Your answers prove your steps. If you want such stretches to count, marked as by habit, "
        "run this command:"
    ),
    "habit_trusted": (
        "You trust them (trust_gait): such stretches count, and are marked as by habit."
    ),
    "habit_unproven": (
        "You trust your steps (trust_gait), but your answers do not prove them, or no longer do: "
        "nothing counts by habit."
    ),
    "habit_counted": (
        "Stretches marked as by habit count because your answers prove your steps and you trust "
        "them (trust_gait). If one is wrong, label it: that teaches, too."
    ),
    # sessions of another version
    "part_outdated": "Sessions that are to be analysed again",
    "outdated_words": (
        "They were analysed by another version of retrorun or with other settings. The next runs "
        "of retrorun process, or retrorun watch, analyse them again, newest first."
    ),
    "outdated_more": "and {count} more",
    "outdated_hint_many": (
        "{count} sessions are to be analysed again; the list of sessions names them."
    ),
    "outdated_hint_one": "1 session is to be analysed again; the list of sessions names it.",
    "outdated_session": (
        "This session was analysed by another version of retrorun or with other settings; the next "
        "runs of retrorun process analyse it again."
    ),
    # sessions that cannot be shown
    "fault_title": "This session cannot be shown",
    "fault_id": "Session {session}, {slug}. All other pages are whole.",
    "faults": "Sessions that cannot be shown, and are not counted here",
    "span": "{first} to {last}",
    "sessions_one": "1 session",
    "sessions_many": "{count} sessions",
    "weeks_one": "1 week",
    "weeks_many": "{count} weeks",
    "pairs_one": "1 pair",
    "pairs_many": "{count} pairs",
    "day_unknown": "Day not known: the clock was wrong",
    "month_backward": "{time} backward",
    "month_none": "none certainly backward",
    "row_maybe": "{time} maybe",
    "row_unknown": "unknown",
    "row_habit": "{time} by habit",
    "head_date": "Date",
    "head_session": "Session",
    "head_course": "Where it was backward",
    "head_time": "Time",
    "head_distance": "Distance",
    "head_backward": "Backward",
    "head_share": "Share",
    # filters
    "filters": "Filter",
    "legend_backward": "backward",
    "legend_candidate": "maybe, by steps alone",
    "legend_forward": "the rest, mostly forward",
    "legend_unknown": "nothing tells the direction",
    "filter_text": "Search",
    "filter_from": "From",
    "filter_until": "Until",
    "filter_kind": "Direction",
    "filter_gait": "Gait",
    "filter_place": "Time zone",
    "filter_all": "all",
    "place_unknown": "not known",
    "filter_gait_any": "running and walking",
    "kind_counted": "backward, certain",
    "kind_compass": "backward by compass",
    "kind_labelled": "backward by your label",
    "kind_habit": "backward by habit",
    "kind_maybe": "maybe backward",
    "kind_without": "forward only",
    "kind_undecided": "direction unknown",
    "filter_reset": "Show all",
    "filter_count": "{shown} of {sessions} shown, {backward}",
    "filter_none": "No session fits these filters.",
    # comparison: the first five seconds
    "title_comparison": "Backward against forward",
    "compare_when": "{first} to {last}",
    "compare_headline": "Backward costs you <b>{value} times</b> forward.",
    "compare_headline_early": (
        "<b>{time} backward</b> so far: too early to say what it costs you."
    ),
    "compare_headline_none": "<b>No backward running</b> has been found yet.",
    "compare_lead": "95 %: {low} to {high}, by your own heart rate at the same speed and grade.",
    "compare_net": (
        "That is of all the body spends (gross); of what it spends above rest (net): {value}, "
        "{low} to {high}."
    ),
    "compare_behind": "{backward} of {sessions} went backward, over {weeks}.",
    "compare_no_factor": "No cost factor yet: {reason}.",
    "compare_empty": (
        "Run some of your next outing backward, with the watch's heading recorded or a lap pressed "
        "at each turn, and this page begins."
    ),
    "scale_label": (
        "Your own backward cost factor, the measured one and the popular one on one axis; in words "
        "above and below"
    ),
    "scale_you": "You",
    "scale_studies": "Studies",
    "scale_people": "People say",
    "scale_forward": "forward",
    "tile_forward_beside": "beside {distance} forward",
    "tile_week": "Backward a week",
    "tile_week_note_one": "in one calendar week",
    "tile_week_note_many": "mean over {weeks} calendar weeks",
    "tile_longest": "Longest unbroken",
    "tile_heart_rate_bpm": "Heart rate, equal speed",
    "tile_cadence_spm": "Step rate, equal speed",
    "tile_speed_mps": "Speed, equal heart rate",
    "none_yet": "–",
    # comparison: matched differences
    "part_differences": "At equal speed, grade and gait",
    "differences_words": (
        "Each backward stretch is set beside a forward stretch of yours like it. Right of the "
        "line: more than forward; left: less. Bars are 95 % intervals."
    ),
    "matched_caption": "Backward minus forward over matched stretches",
    "difference": "Difference",
    "interval_95": "95 % interval",
    "in_percent": "In per cent of forward",
    "pairs": "Pairs",
    "pairs_behind": "{pairs}, {sessions}",
    "pairs_head": "Behind it",
    "pairs_table": "The matched pairs, latest first",
    # how metrics go over time
    "part_trends": "Over time",
    "trends_words": (
        "Each mark is a session and leads to its page. The line is a robust slope, the shade what "
        "its 95 % interval allows. Rising and falling are said where more than the ups and downs "
        "of some weeks must be behind it; higher and lower over this period where they may be."
    ),
    "filtered": (
        "A filter is set: it thins marks, weeks, calendar and list; differences, lines and slopes "
        "stay over all sessions."
    ),
    "trends_none": "There is nothing to follow over time yet.",
    "trends_table": "The trends as a table",
    "trends_left_out": "Earlier sessions that only the list below has: {count}.",
    "way_rising": "↗ rising",
    "way_falling": "↘ falling",
    "way_higher": "Higher over this period",
    "way_lower": "Lower over this period",
    "way_level": "→ no clear change",
    "way_early": "Too early to say",
    "a_week": "{number} {unit} a week",
    "a_week_cost_factor": "{number} a week",
    "a_week_backward_share_pct": "{number} points a week",
    "slope_interval": "95 %: {interval}",
    # comparison: weeks, calendar, bests
    "part_volume": "Week by week",
    "volume_label": "Minutes a week, forward upward and backward downward",
    "volume_table": "The weeks as a table",
    "minutes_a_week": "minutes a week",
    "week_of": "Week of",
    "head_sessions": "Sessions",
    "part_calendar": "Day by day",
    "calendar_words": (
        "Each square is a day with a session; it fills with the share that went backward."
    ),
    "calendar_label": "Sessions of {year} by day; the list below holds the same",
    "square_moving": "{time} moving",
    "part_bests": "Best backward",
    "broken_table": "Each time that a record was set or broken",
    "broken_left_out": "Earlier ones that only retrorun compare --json holds: {count}.",
    "broken_over": "Over",
    "broken_best": "Best",
    "broken_better": "Better by",
    "broken_pace": "Pace",
    "bests_none": "No unbroken backward stretch over a counted distance yet.",
    "best_longest_s": "Longest by time",
    "best_longest_m": "Longest by distance",
    # the share picture
    "picture_backward": "backward",
    "picture_candidate": "maybe backward",
    "picture_forward": "in motion",
    "picture_line": "{stretches}, {distance} of {whole}, {share} of the time",
    "picture_line_timed": "{stretches}, {share} of the time",
    "picture_line_forward": "{whole}, nothing backward",
    "picture_line_undecided": "nothing in it tells backward from forward",
    "picture_forward_lane": "forward",
    "picture_pace_backward": "backward pace",
    "picture_pace_candidate": "pace, maybe backward",
    "picture_pace_forward": "forward pace",
    "picture_pace_undecided": "pace",
    "picture_pace_beside": ", forward {pace}",
    "picture_cost": "the cost of forward, {low} to {high}",
    "picture_longest": "longest stretch",
    # the page of care
    "title_care": "Care: dose, pain and effort",
    "nav_care": "Care",
    "stretches_one": "1 stretch",
    "stretches_many": "{count} stretches",
    "care_headline": "Week of {date}: <b>{time} backward</b> in {stretches}.",
    "care_headline_none": "Week of {date}: <b>nothing backward</b>.",
    "care_headline_empty": "There are <b>no sessions</b> yet.",
    "care_step": "{change} on the week before ({before}){large}.",
    "care_step_large": ", a large step",
    "care_step_none": "There is no week right before it to compare with.",
    "part_care_weeks": "Dose, week by week",
    "care_weeks_caption": "Certain backward movement a week; pain and effort as noted afterwards",
    "care_time": "Backward",
    "care_stretches": "Stretches",
    "care_longest": "Longest",
    "care_step_head": "Step",
    "care_spike_head": "Session against 30 days",
    "care_pain": "Pain",
    "care_effort": "Effort",
    "care_mark_step": "large",
    "care_mark_spike": "longer",
    "care_large": (
        "Step: time against the week before. “Large” is {percent} and a minute more: a plain mark, "
        "no measured limit. Scores: median, the highest in brackets."
    ),
    "care_source": (
        "Session against {days} days: backward metres of the longest session against the most in "
        "one session of the {days} days before it; “longer” is more than {percent} above. In "
        "forward runners, sessions 10 to 30 % longer than that went with {ratio} ({low} to {high}) "
        "times the rate of overuse injury; the ratio from week to week was not related to injury: "
        "{citation}. That says nothing certain about one person, or about backward running."
    ),
    "part_care_scores": "Pain and effort",
    "care_picture": "Pain and effort from 0 to 10 by day; the table below holds the latest of them",
    "care_recent": "{span} in the last {weeks}",
    "care_recent_none": "not noted in the last weeks",
    "care_way": "{way}: {change} points a week (95 %: {interval}), {note}",
    "shown_pain": "Pain",
    "shown_effort": "Effort",
    "care_notes_caption": "The latest notes",
    "care_notes_none": "No pain, effort or words are noted yet.",
    "care_how": "After a session, type, with your own numbers from 0 (none) to 10:",
    "care_how_live": (
        "Or fill in pain and effort on the session's page while retrorun open is running."
    ),
    "care_command": 'retrorun note {session} --pain 2 --rpe 5 "how it felt"{archive}',
    "part_together": "Does it make forward running easier?",
    "together": (
        "With every further {unit} backward in the four weeks before, forward distance per "
        "heartbeat went {change} ({interval}). {note}."
    ),
    "together_words": (
        "Forward distance per heartbeat of each week, against the backward volume of the four "
        "weeks before it. What goes together need not cause each other: weather, sleep and forward "
        "training move it too."
    ),
    "together_label": "Weeks: backward volume before, and forward distance per heartbeat",
    "together_table": "The weeks of this figure as a table",
    "economy_axis": "{unit} per heartbeat, forward",
    "backward_before": "Backward in the four weeks before",
    "part_list": "Every session",
    # the report of a period
    "title_period": "Backward running, {span}",
    "period_part_note": "Note",
    "period_part_weeks": "Week by week",
    "period_weeks_caption": "Minutes in motion by week",
    "period_run": "Backward run",
    "period_walk": "Backward walk",
    "period_bars": "Backward beside forward",
    "period_bars_alone": "Minutes",
    "period_part_cost": "What backward costs",
    "period_part_technique": "Backward against forward, matched",
    "period_part_trends": "Over time",
    "period_trends_caption": "Slopes over the period",
    "period_way": "Direction",
    "period_slope": "Slope",
    "period_part_practice": "How it was done",
    "period_part_sessions": "Sessions",
    "period_sessions_caption": "Every session of the period",
    "period_pain": "Pain 0–10",
    "period_effort": "Effort 0–10",
    "period_words": "Said afterwards",
    "period_none": "There are no sessions in this period.",
    "period_scores": "Pain {pain}; effort {effort}; from what was noted after {count}.",
    "score_span": "median {middle}, highest {most}",
    "score_none": "not noted",
    "practice_walked": "Began with backward walking",
    "practice_warm_up": "Forward movement before the first backward stretch",
    "practice_warm_up_value": "{time}, median",
    "practice_longer": "A tenth longer than any of the 30 days before",
    "practice_ground": "Stretches on steep or winding ground",
    "practice_ground_value": "{steep} steep, {twisty} winding, of {whole}",
    "practice_of": "{count} of {sessions}",
    "period_method": (
        "Certain: told by the compass or by the athlete. Maybe: by step rate alone, and never "
        "in the sums. Intervals are 95 %; matched means at equal speed, grade and gait."
    ),
}

COHORT: Mapping[str, str] = {
    "title_cohort": "Backward against forward, over athletes",
    "cohort_footer": "Made by retrorun {version}. This page loads and sends nothing.",
    "cohort_headline": "Backward costs these athletes <b>{value} times</b> forward.",
    "cohort_headline_early": (
        "{athletes}, <b>{time} backward</b>: too early to say what it costs them."
    ),
    "cohort_headline_none": "{athletes}, and <b>no backward running</b> of any of them yet.",
    "cohort_lead": (
        "95 %: {low} to {high}, the mean over {athletes} whose own heart rate tells it. {middle}"
    ),
    "cohort_middle": "Half of them lie between {low} and {high}; {words}.",
    "cohort_lead_early": "Cost factor: {note}.",
    "cohort_nobody": (
        "There are no athletes in this result set yet: retrorun cohort process ADDRESS "
        "--out ADDRESS puts some in."
    ),
    "athletes_one": "1 athlete",
    "athletes_many": "{count} athletes",
    "scale_athletes": "Athletes",
    "scale_cohort_label": (
        "The athletes' backward cost factor, the measured one of studies and the popular one on "
        "one axis; in words above and below"
    ),
    "tile_athletes": "Athletes",
    "tile_athletes_note": "{count} of them went backward",
    "tile_cohort_sessions": "Sessions",
    "tile_cohort_sessions_note": "{count} of them went backward",
    "tile_cohort_time_note": "median of those who did: {time}",
    "tile_factors": "Own cost factors",
    "tile_factors_note": "5 to 95 % of {athletes}",
    "tile_factors_range": "smallest to largest of {athletes}",
    "mean_interval": "mean; 95 %: {low} to {high}",
    "part_spread": "How athletes differ",
    "spread_words": (
        "Backward against forward of the same athlete, matched by speed, grade and gait; each dot "
        "is one athlete, in per cent of their own forward. The box holds the middle half, its "
        "line is the median, the thin line reaches from 5 to 95 %: where fewer than 13 athletes "
        "are, from the smallest to the largest."
    ),
    "spread_sampled": (
        "Of more than {most} athletes so many dots are drawn, evenly over their ranks."
    ),
    "spread_caption": "Spread of athletes' own differences, in per cent of forward",
    "spread_median": "Median",
    "spread_ends": "5 to 95 %, or all",
    "spread_all": "all: {low} to {high}",
    "spread_mean": "Mean",
    "spread_axis": "Athletes, in per cent of forward",
    "spread_beyond": "{count} beyond the picture",
    "behind_athletes": "{athletes}, {sessions}",
    "part_factors": "Athlete by athlete",
    "factors_words": (
        "Each athlete's own backward cost factor with its 95 % interval. The dashed line is the "
        "mean over athletes, the full line is forward."
    ),
    "factors_sampled": (
        "{shown} of {whole} athletes are shown, evenly over their ranks, smallest and largest "
        "among them; {rest} more are in the tables."
    ),
    "factors_none": "No athlete has a cost factor of their own yet.",
    "factors_caption": "Athletes' own backward cost factors",
    "head_athlete": "Athlete",
    "head_factor": "Cost factor",
    "head_factor_sessions": "Sessions with one",
    "factors_axis": "Times forward",
    "part_numbers": "All numbers",
    "numbers_caption": "Every measure over athletes, in its unit and in per cent of forward",
    "numbers_measure": "Measure",
    "numbers_unit": "Unit",
    "numbers_athletes": "Athletes",
    "numbers_sessions": "Sessions",
    "numbers_smallest": "Smallest",
    "numbers_largest": "Largest",
    "numbers_mean": "Mean (95 %)",
    "numbers_between": "SD between",
    "numbers_prediction": "One more athlete, 95 %",
    "numbers_words": "How athletes differ, and how to read it",
    "athletes_table": "The athletes as a table",
    "athletes_left_out": (
        "{count} more athletes are not listed here; --out and --json hold all of them."
    ),
    "head_backward_sessions": "Went backward",
    "head_heart": "Heart rate %",
    "head_cadence": "Step rate %",
    "part_uncompared": "Athletes who are missing here",
    "uncompared_words": (
        "Their sessions could not be read or compared. Everybody else's numbers stand without them."
    ),
    "uncompared_caption": "Athletes who could not be compared, and why",
    "uncompared_why": "Why",
    "uncompared_left_out": "{count} more are not listed here.",
    "part_method": "How this was worked out",
    "method_athlete": (
        "Each athlete was compared with themselves: every backward stretch with the forward "
        "stretch most like it in speed, grade, gait and time into the run. A session counts once, "
        "an athlete has a number of their own from five pairs on, and a cohort from five athletes "
        "on."
    ),
    "method_quantiles": (
        "Percentiles count every athlete once, however many sessions they have (definition 8 of "
        "Hyndman & Fan 1996). One that the sample does not reach is not given."
    ),
    "method_mixed": (
        "The mean takes athletes as a sample of more like them: a model with a random intercept "
        "by athlete over sessions, fitted by restricted maximum likelihood (Patterson & Thompson "
        "1971), so that many sessions make an athlete's own number surer and do not make them "
        "many athletes. Cost factors are combined on the logarithm with their own intervals, as "
        "a random-effects meta-analysis (DerSimonian & Laird 1986; Viechtbauer 2005). Intervals "
        "are Student's by athletes (Hartung & Knapp 2001)."
    ),
    "method_between": (
        "SD between is the standard deviation between athletes, beyond the uncertainty of their "
        "own numbers. The interval for one more athlete (Higgins, Thompson & Spiegelhalter 2009) "
        "is wider than the mean's: it is what one person may expect."
    ),
    "method_candidates": "What step rate alone suggests to be backward was counted as well.",
    "method_certain": (
        "Counted is what the compass or the athlete's label tells, and what counts by the "
        "athlete's own proven gait; not candidates."
    ),
    "method_caution": (
        "These athletes chose to run backward and to record it: they are no random sample of "
        "runners, and nothing here says what backward running causes."
    ),
}
