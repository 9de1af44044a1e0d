"""The words of the pages over many sessions: a part of ``words.WORDS``, never used alone."""

from collections.abc import Mapping

HISTORY: Mapping[str, str] = {
    # the list of sessions
    "title_index": "All sessions",
    "weekdays_short": "Mon Tue Wed Thu Fri Sat Sun",
    "index_headline": "You ran <b>{time} backward</b> in {count} of {whole} sessions.",
    "index_headline_one": "You ran <b>{time} backward</b> in one session of {whole}.",
    "index_headline_none": "{whole} sessions, and <b>no confirmed backward running</b> yet.",
    "index_headline_single": "One session, and <b>no confirmed backward running</b> yet.",
    "index_headline_empty": "There are <b>no sessions</b> yet.",
    "index_empty": (
        "Drop your watch's exports (FIT, GPX or TCX) into a folder and run retrorun process FOLDER."
    ),
    "span": "{first} to {last}",
    "sessions_one": "1 session",
    "sessions_many": "{count} sessions",
    "month_backward": "{time} backward",
    "month_none": "none backward",
    "row_maybe": "{time} maybe",
    "head_date": "Date",
    "head_session": "Session",
    "head_course": "Where it was backward",
    "head_time": "Time",
    "head_distance": "Distance",
    "head_backward": "Backward",
    "head_share": "Share",
    # filters
    "filters": "Filter",
    "filter_text": "Search",
    "filter_from": "From",
    "filter_until": "Until",
    "filter_kind": "Verdict",
    "filter_gait": "Gait",
    "filter_place": "Time zone",
    "filter_all": "all",
    "filter_gait_any": "running and walking",
    "kind_counted": "backward, certain",
    "kind_compass": "backward by the detector",
    "kind_labelled": "backward by your label",
    "kind_maybe": "maybe backward",
    "kind_without": "forward only",
    "filter_reset": "Show all",
    "filter_count": "{shown} of {whole} sessions shown, {time} of them backward",
    "filter_none": "No session fits these filters.",
    # comparison
    "title_comparison": "Backward against forward",
    "compare_headline": "Backward costs you <b>{value} times</b> forward.",
    "compare_headline_early": "Too early to say what backward costs you.",
    "compare_headline_none": "<b>No backward running</b> has been found yet.",
    "compare_lead": "95 % {low} to {high}, from your own heart rate.",
    "part_differences": "At equal speed, grade and gait",
    "part_list": "Every session",
    "matched_caption": "Backward stretches, each with a forward stretch like it",
    "difference": "Difference",
    "pairs": "Pairs",
}
