"""Every word of the pages in one place, so that a translation is one more dictionary.

Headlines may hold ``<b>``: they are the only entries that are taken as markup, and what is put into
their gaps is escaped.
"""

from collections.abc import Mapping

from retrorun.metrics import COMPARED, CONTRASTED, LISTED, STYLES
from retrorun.report.words_comparison import COHORT, HISTORY

_UNSET = "\0"


def say(key: str, /, *, fallback: str | None = _UNSET, **values: object) -> str:
    """The words under ``key`` with its gaps filled.

    Args:
        key: name of the entry.
        fallback: entry to take where there is none; None gives the empty text.
        values: what goes into the gaps; taken as it is, never read as a format.

    Raises:
        KeyError: there is neither ``key`` nor ``fallback``.
    """
    text = WORDS.get(key)
    if text is None:
        if fallback is None:
            return ""
        text = WORDS[key if fallback == _UNSET else fallback]
    return text.format(**values) if values else text


WORDS: Mapping[str, str] = {
    # general
    "brand": "retrorun",
    "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "months": (
        "January February March April May June July August September October November December"
    ),
    "date": "{weekday}, {day} {month} {year}",
    "utc": " UTC",
    "seconds": "{value} s",
    "minutes": "{value} min",
    "hours": "{value} h",
    "between": "{low} to {high}",
    "of": "{count} of {whole}",
    "yes": "yes",
    "start": "Start",
    "finish": "Finish",
    "north": "N",
    "bpm": "bpm",
    "spm": "steps/min",
    "brpm": "breaths/min",
    "per_kg": "/kg",
    "skip": "Skip to the content",
    "noscript": (
        "Scripts are off: the charts that move are left out; pictures and tables hold it all."
    ),
    "footer": "Made on this computer by retrorun {version}. Nothing was sent anywhere.",
    "nav_index": "All sessions",
    "nav_comparison": "Backward against forward",
    "nav_label": "Pages",
    "as_table": "The same as a table",
    # session: the top
    "sport_running": "Run",
    "sport_trail_running": "Trail run",
    "sport_walking": "Walk",
    "sport_hiking": "Hike",
    "sport_other": "Session",
    "verb_run": "ran",
    "verb_walk": "walked",
    "verb_both": "ran and walked",
    "headline_one": (
        "You {verb} <b>{time} backward</b> in one stretch — {share} of your moving time."
    ),
    "headline_many": (
        "You {verb} <b>{time} backward</b> in {count} stretches — {share} of your moving time."
    ),
    "headline_candidate_one": (
        "Nothing is certain, but <b>one stretch of {time}</b> looks backward {grounds}."
    ),
    "headline_candidate_many": (
        "Nothing is certain, but <b>{count} stretches, {time} in all,</b> look backward {grounds}."
    ),
    "maybe_by_steps": "by the steps alone",
    "maybe_by_compass": "by the compass, with doubts that the table names",
    "headline_undecided": "Nothing in this recording tells <b>backward from forward</b>.",
    "undecided": (
        "It has no compass heading that can be used, no label, and no steps that speak for either "
        "way. Stretches are shown as forward only because most running is. If some of it was "
        "backward, say so:"
    ),
    "tile_undecided": "nothing here can tell",
    "headline_none": "<b>No backward running</b> was found in this session.",
    "moving": "{time} moving",
    "whole": "{time} from start to finish",
    "tile_time": "Backward time",
    "tile_time_note": "confirmed by compass or by you",
    "tile_time_candidate": "and {time} that may be",
    "tile_distance": "Backward distance",
    "tile_distance_note": "of {distance} in all",
    "tile_share": "Share of moving time",
    "tile_share_note": "of {time} in motion",
    "tile_energy": "Backward energy",
    "tile_energy_mass": "needs your mass: retrorun profile",
    "tile_cost": "Backward cost",
    "tile_cost_net": "gross; net of rest {value} ×",
    "tile_heart": "Heart rate, backward",
    "tile_heart_note": "against forward, not matched for speed",
    "tile_heart_none": "needs both directions with heart rate",
    "tile_sure": "How sure",
    "tile_quality": "Sensors",
    "tile_quality_one": "1 remark below",
    "tile_quality_note": "{count} remarks below",
    "tile_quality_none": "no doubts about the data",
    "interval": "95 %: {low} to {high}",
    "grounds_label": "by your own labels",
    "grounds_compass": "by compass heading",
    "grounds_gait": "by steps only: no compass heading",
    # session: the parts
    "part_course": "The session",
    "part_segments": "Stretches",
    "part_contrast": "Backward against forward, in this session",
    "part_technique": "Technique",
    "part_claims": "What people say, and what your data say",
    "part_guidance": "Warm-up, progression, ground",
    "part_quality": "Data, and how each stretch was decided",
    "part_safety": "Take care",
    "map_label": "Map of the session in metres, north up; backward stretches in orange",
    "map_none": "The recording has no positions to draw.",
    "map_redacted": "The map was left out.",
    "strip_label": "The session from start to finish; its stretches are in the table below",
    "lanes_label": "Pace, heart rate, steps, elevation and facing over time",
    "lanes_none": "The recording has nothing to draw over time.",
    "cursor_label": "Time in the session",
    "lanes_help": (
        "Move over the lanes to read them; drag to select a stretch. By keyboard: arrow keys "
        "move, Shift and arrow keys select, Escape clears."
    ),
    "lane_pace": "Pace",
    "lane_heart": "Heart rate",
    "lane_cadence": "Step rate",
    "lane_step": "Step length",
    "lane_height": "Elevation",
    "lane_facing": "Facing against course",
    "facing_forward": "ahead",
    "facing_right": "right",
    "facing_backward": "behind",
    "facing_left": "left",
    "lanes_table": "The lanes as a table (medians)",
    "time": "Time",
    "select_title": "Selected",
    "select_words": "If retrorun is wrong about it, run this command; your word wins and stays.",
    "select_backward": "It was backward",
    "select_forward": "It was forward",
    "select_clear": "Forget my label",
    "copy": "Copy",
    "copied": "Copied",
    "zoom": "Zoom in",
    "zoom_out": "Whole session",
    "close": "Close",
    "kind_backward": "Backward",
    "kind_candidate": "Maybe backward",
    "kind_forward": "Forward",
    "kind_unknown": "Unknown",
    "kind_still": "Still",
    "direction_backward_run": "Backward run",
    "direction_backward_walk": "Backward walk",
    "direction_candidate_run": "Maybe backward run",
    "direction_candidate_walk": "Maybe backward walk",
    "direction_forward_run": "Run",
    "direction_forward_walk": "Walk",
    "direction_still_still": "Still",
    "segment_number": "Stretch {number}",
    "segments_caption": "Every stretch in order",
    "segments_left_out": (
        "{count} shorter stretches are not listed here; retrorun export holds all of them."
    ),
    "number": "No.",
    "length": "Length",
    "stretch": "Stretch",
    "sure": "Sure",
    "label_how": "Something wrong? Say so, and it stays said:",
    "contrast_caption": "Means over all {gait} of this session; speed and hills are not matched",
    "contrast_none": (
        "There is nothing to compare: it takes confirmed backward and forward stretches of the "
        "same gait."
    ),
    "contrast_more": "Matched pairs over many sessions are on the page",
    "gait_run": "running",
    "gait_walk": "walking",
    "measure": "Measure",
    "change": "Difference",
    "technique_words": (
        "Each mark is one stretch. Backward running takes quicker, shorter steps: marks above your "
        "own forward line at the same speed."
    ),
    "technique_none": "It takes stretches with both speed and step rate.",
    "technique_label": "Step rate against speed, one mark a stretch",
    "forward_line": "Your forward line",
    "speed": "Speed",
    "claims_none": "No claims were compared for this session.",
    "claim": "People say",
    "literature": "Measured in studies",
    "own_data": "Your data",
    "status_answered": "answered",
    "status_too_early": "too early to say",
    "status_not_recorded": "not recorded",
    "status_not_measurable": "no watch can measure this",
    "ranges_label": "The claim, the studies and your own number on one axis; in words beside it",
    "popular": "People say",
    "published": "Studies",
    "measured": "You",
    "limits": "Limits:",
    "guidance_none": "There is nothing to say about this session.",
    "quality_channels": "What was recorded",
    "quality_coverage": "Share of the time",
    "quality_channel": "Channel",
    "quality_heading": "Heading",
    "quality_remarks": "Remarks",
    "quality_no_remarks": "Nothing was repaired or doubted.",
    "quality_facts": "This file",
    "quality_evidence": "How each stretch was decided",
    "quality_evidence_words": (
        "Evidence is a summed log-likelihood ratio: above 0 speaks for backward, below for "
        "forward. Steps alone never confirm."
    ),
    "evidence_heading": "Heading",
    "evidence_gait": "Gait",
    "evidence_label": "Label",
    "evidence_other": "Other",
    "verdict": "Verdict",
    "reason": "Reason",
    "channel_position": "Position",
    "channel_altitude": "Elevation",
    "channel_distance": "Distance",
    "channel_speed": "Speed",
    "channel_heart_rate": "Heart rate",
    "channel_cadence": "Step rate",
    "channel_step_length": "Step length",
    "channel_contact_time": "Contact time",
    "channel_vertical_oscillation": "Vertical oscillation",
    "channel_vertical_ratio": "Vertical ratio",
    "channel_balance": "Left/right balance",
    "channel_respiration": "Breathing",
    "channel_power": "Power",
    "channel_temperature": "Temperature",
    "channel_device_course": "Course by the device",
    "channel_gps_accuracy": "GPS accuracy",
    "channel_heading": "Heading",
    "heading_kind": "Kind",
    "heading_compass": "compass: where the body faced",
    "heading_course": "a course in disguise: where the body went, no evidence",
    "heading_unknown": "of unknown kind, not used",
    "heading_none": "none in this recording",
    "heading_source": "Found in",
    "heading_mount": "Mount offset",
    "heading_concentration": "Concentration",
    "heading_sign": "Front and back told apart by",
    "heading_reason": "Why",
    "fact_file": "File",
    "fact_format": "Format",
    "fact_device": "Device",
    "fact_zone": "Time zone",
    "fact_device_energy": "Energy by the device",
    "fact_salvaged": "Salvaged from a damaged file",
    "fact_id": "Session",
    "fact_version": "retrorun",
    "fact_settings": "Settings",
    "safety": (
        "Backward running takes your eyes off the way. Choose open, level, empty ground, look over "
        "your shoulder often, begin by walking, and run with a partner where you can. With knee, "
        "ankle, balance or heart trouble, or in pregnancy, ask someone who knows your body first. "
        "This report informs; it is no medical advice."
    ),
    # metrics
    **{f"measure_{each.key}": each.style.label for each in CONTRASTED},
    **{f"listed_{each.key}": each.listed.label for each in LISTED if each.listed},
    **{f"shown_{key}": style.label for key, style in STYLES.items()},
    **{f"pair_{each.key}": each.pair_label for each in COMPARED},
    # pages over many sessions
    **HISTORY,
    # the page over athletes
    **COHORT,
}
