"""The words of the page over athletes: a part of ``words.WORDS``, never used alone."""

from collections.abc import Mapping

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
    "method_certain": "Counted is what the compass or the runner's label tells, not candidates.",
    "method_caution": (
        "These athletes chose to run backward and to record it: they are no random sample of "
        "runners, and nothing here says what backward running causes."
    ),
}
