"""Every English word of the pages in one place; `retrorun.language` has the others by their keys.

Headlines may hold ``<b>``: they are the only entries that are taken as markup, and what is put into
their gaps is escaped.
"""

import re
import textwrap
from collections.abc import Mapping

from retrorun.language import counted, word
from retrorun.metrics import COMPARED, CONTRASTED, LISTED, STYLES
from retrorun.model.segment import SET_WORDS
from retrorun.report.words_comparison import COHORT, HISTORY
from retrorun.report.words_review import INBOX, REVIEW

_UNSET = "\0"


def say(key: str, /, *, fallback: str | None = _UNSET, **values: object) -> str:
    """The words under ``key`` in the language in force, with its gaps filled.

    Args:
        key: name of the entry.
        fallback: entry to take where there is none; None gives the empty text.
        values: what goes into the gaps; taken as it is, never read as a format.

    Raises:
        KeyError: there is neither ``key`` nor ``fallback``.
    """
    if key not in WORDS:
        if fallback is None:
            return ""
        key = key if fallback == _UNSET else fallback
    text = _words(key)
    return text.format(**values) if values else text


def say_count(stem: str, number: int, /, **values: object) -> str:
    """The words for so many things: of ``stem_one`` and ``stem_many``, as the language counts.

    Args:
        stem: the beginning of both keys.
        number: of things; fills the gap ``count``, unless ``values`` has a text for it.
        values: what goes into the gaps.
    """
    return words_for(stem, number).format(**{"count": number, **values})


def words_for(stem: str, number: int) -> str:
    """The words for so many things with their gaps unfilled, for ``Markup.format`` to fill."""
    return counted(stem, (WORDS[f"{stem}_one"], WORDS[f"{stem}_many"]), number)


def _words(key: str) -> str:
    """The words under a key; under that of one or many things, those for 1 or 2 of them."""
    stem, _, form = key.rpartition("_")
    if form in {"one", "many"} and is_counted(stem):
        return words_for(stem, 1 if form == "one" else 2)
    return word(key, WORDS[key])


def is_counted(stem: str) -> bool:
    """Whether there are words for one and for many under this beginning of keys."""
    return f"{stem}_one" in WORDS and f"{stem}_many" in WORDS


# the blank between a number, or the gap for one, and its unit
UNIT_BLANK = re.compile(
    r"(?<=[\d}]) (?=(?:%|°|×|ms|s|min|h|cm|m|km|ft|mi|bpm|brpm|kcal|[^\W\d_]+/min)(?:/\w+)?(?!\w))"
)


def with_unbroken_units(text: str) -> str:
    """The text with no-break spaces between numbers and their units, so that no line parts them."""
    return UNIT_BLANK.sub("\N{NO-BREAK SPACE}", text)


def broken(text: str, letters: int, most: int) -> list[str]:
    """The text in lines of so many letters, of more where they would be too many; about even."""

    def wrapped(wide: int) -> list[str]:
        return textwrap.wrap(with_unbroken_units(text), wide, break_long_words=False)

    wide = max(letters, 1)
    while len(wrapped(wide)) > most:
        wide += 1
    count = len(wrapped(wide))
    while wide > 1 and len(wrapped(wide - 1)) == count:
        wide -= 1
    return wrapped(wide)


# lanes, map, technique and tiles of a session's page
PICTURES: Mapping[str, str] = {
    "noscript_session": (
        "Scripts are off: pictures and tables hold everything; answers need a script."
    ),
    "start_finish": "Start and finish",
    "map_badge": "Stretch {number}, {kind}",
    "lanes_label": "Pace, heart rate, steps, elevation and facing over time",
    "lanes_help": (
        "Move over the lanes to read them; drag to select a stretch. By keyboard: arrow keys "
        "move, Shift and arrow keys select, Escape clears."
    ),
    "lanes_help_touch": (
        "Touch the lanes to read them. Tap a stretch to select it, then drag its two ends."
    ),
    "lanes_how": "Line: median of 13 s or more. Pale: nine seconds in ten.",
    "lanes_laps": "Marks at the foot: laps.",
    "lap_end": "Lap at {time}",
    "technique_words": (
        "Each mark is one stretch. Backward running takes quicker, shorter steps: marks above your "
        "own forward line at the same speed."
    ),
    "technique_none": "It takes stretches with both speed and step rate.",
    "technique_label": "Step rate against speed, {gait}: one mark a stretch",
    "technique_axis": "step rate, {unit}",
    "technique_line": "your forward line",
    "technique_walk": "Walking",
    "technique_run": "Running",
    "technique_mark": "Stretch {number}, {length}: {speed}, {steps}",
    "contrast_caption": (
        "Means over all {gait}; speed and hills are not matched. Bar: 95 % interval, from how "
        "much stretches differ"
    ),
    "tile_whole_distance": "Distance",
    "tile_moving": "Moving time",
    "tile_pace": "Pace, {which}",
    "tile_mean_heart": "Heart rate, {which}",
    "tile_steps": "Step rate, {which}",
    "tile_step_length": "Step length, {which}",
    "tile_mean_energy": "Energy, {which}",
    "tile_pace_undecided": "Pace",
    "tile_mean_heart_undecided": "Heart rate",
    "tile_steps_undecided": "Step rate",
    "tile_step_length_undecided": "Step length",
    "tile_mean_energy_undecided": "Energy",
    "tile_mean": "mean",
    "compare_no_forward": (
        "A cost factor compares backward with forward, and nothing here is forward yet: run some "
        "of your next outing forward, too."
    ),
    "tile_undecided": "nothing here can tell",
    "tile_heart_alone": "mean; no forward part to compare with",
    "yes_short": "Yes",
    "mark_part": "Mark the backward part",
    "mark_part_how": "It selects a part of the lanes; move its two ends, then say what it was.",
}

# the page of the privacy zones
ZONES: Mapping[str, str] = {
    "zones_title": "Privacy zones",
    "zones_lead": (
        "A zone is a circle about a door. What lies in it and around it is cut out of every page, "
        "table and export, before anything is measured."
    ),
    "zones_none": "There is no zone yet.",
    "zones_advice": (
        "A radius of 50 to 100 m is enough for most doors. Set a zone once: one that is moved or "
        "made larger tells more together with the first. If the first was too small, add a second "
        "one and keep both."
    ),
    "zone_latitude": "Latitude in degrees",
    "zone_longitude": "Longitude in degrees",
    "zone_radius": "Radius in metres",
    "zone_remove": "Remove",
    "zone_remove_at": "Remove the zone at {place}",
    "zone_by_track": "By a place on one of your tracks",
    "zone_by_degrees": "By latitude and longitude",
    "zone_session": "Session",
    "zone_where": "Where on its track",
    "zone_start": "at its start",
    "zone_finish": "at its finish",
    "zone_moment": "at a moment",
    "zone_time": "Time since its start, such as 12:30",
    "zone_keep": "Keep this zone",
    "zone_kept_none": "Kept. No session that is here touches it.",
    "zone_kept_one": (
        "Kept. 1 session touches a zone: it is analysed again without what is hidden, and is not "
        "shown until then. Then its page is written again."
    ),
    "zone_kept_many": (
        "Kept. {count} sessions touch a zone: they are analysed again without what is hidden, and "
        "are not shown until then. Then their pages are written again."
    ),
    "zone_removed": (
        "Removed. What it hid stays out of the sessions until “retrorun reprocess” has analysed "
        "them again."
    ),
    "zone_gone": "There is no such zone any more.",
    "zone_stated": (
        "The file of --profile states this zone, so it stays. Take it out of that file, then "
        "remove it here."
    ),
    "zone_working": "One moment …",
    "zone_sure": (
        "Remove this zone? What is shared from now on and what was shared before tell more of the "
        "place together than either."
    ),
}

WORDS: Mapping[str, str] = {
    # general
    "brand": "retrorun",
    "weekdays": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "months": (
        "January February March April May June July August September October November December"
    ),
    "months_short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "date": "{weekday}, {day} {month} {year}",
    "date_short": "{day} {month} {year}",
    "month_year": "{month} {year}",
    "moment": "{date}, {time}{zone}",
    "decimal_sign": ".",
    "thousands_sign": ",",
    "percent_sign": "%",
    # how the library of charts writes dates (d3's signs)
    "chart_date": "%e %b %Y",
    "chart_month": "%b %Y",
    "chart_day": "%b %-d",
    "chart_day_year": "%b %-d, %Y",
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
    "kcal_per_kg": "kcal/kg",
    "skip": "Skip to the content",
    "noscript": (
        "Scripts are off: the charts that move are left out; pictures and tables hold it all."
    ),
    "footer_handed_on": "Made by retrorun {version}. This page loads and sends nothing.",
    "footer": "Made on this computer by retrorun {version}. Nothing was sent anywhere.",
    "nav_index": "All sessions",
    "nav_comparison": "Backward against forward",
    "nav_label": "Pages",
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
    "headline_asked": (
        "Two directions, <b>A for {forward} and B for {backward}</b>: which is forward?"
    ),
    "asked": (
        "The compass tells them apart, and nothing tells which is which. One label does. "
        "If A was forward:"
    ),
    "asked_other": "If B was forward:",
    "side_forward_forward": "A was forward",
    "side_forward_backward": "B was forward",
    "side_a": "{direction}: A",
    "side_b": "{direction}: B",
    "maybe_by_steps": "by the steps alone",
    "maybe_by_compass": "by the compass, with doubts that the table names",
    "headline_undecided": "Nothing in this recording tells <b>backward from forward</b>.",
    "undecided": (
        "It has no compass heading that can be used, no label, and no steps that speak for either "
        "way. It counts as forward only because most running is. If some of it was backward, say "
        "so:"
    ),
    "headline_none": "<b>No backward running</b> was found in this session.",
    "moving": "{time} moving",
    "whole": "{time} from start to finish",
    "tile_time": "Backward time",
    "tile_time_note": "confirmed by compass or by you",
    "tile_time_candidate": "and {time} that may be",
    "tile_time_habit": "{time} of it by habit",
    "tile_maybe_time": "Maybe backward",
    "tile_maybe_time_note": "counts once you say so",
    "tile_maybe_distance": "Maybe backward distance",
    "tile_maybe_share": "Share, if all of it was",
    "tile_distance": "Backward distance",
    "tile_distance_note": "of {distance} in all",
    "tile_share": "Share of moving time",
    "tile_share_note": "of {time} in motion",
    "tile_energy": "Backward energy",
    "tile_energy_mass": "needs the body mass in the profile",
    "tile_cost": "Backward cost",
    "tile_cost_net": "gross; net of rest {value} ×",
    "tile_heart": "Heart rate, backward",
    "tile_heart_note": "against forward in the same gait, not matched for speed",
    "tile_heart_none": "needs both directions with heart rate",
    "tile_sure": "How sure",
    "tile_likely": "How likely",
    "tile_quality": "Sensors",
    "tile_quality_one": "1 remark below",
    "tile_quality_many": "{count} remarks below",
    "tile_quality_none": "no doubts about the data",
    "interval": "95 %: {low} to {high}",
    "grounds_label": "by your own labels",
    "grounds_habit": "by habit: steps that your answers proved",
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
    "strip_label": "The session from start to finish; its stretches are in the table below",
    "lanes_none": "The recording has nothing to draw over time.",
    "cursor_label": "Time in the session",
    "lane_pace": "Pace",
    "lane_heart": "Heart rate",
    "lane_cadence": "Step rate",
    "lane_step": "Step length",
    "lane_height": "Elevation",
    "lane_facing": "Facing against course",
    "facing_forward": "ahead",
    "facing_backward": "behind",
    "lanes_table": "The lanes as a table (medians)",
    "time": "Time",
    "select_title": "Selected",
    "select_words": (
        "Say what it was and save your answers, or run this command. Your word wins and stays."
    ),
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
    "kind_unknown": "Direction unknown",
    "kind_still": "Still",
    "direction_backward_run": "Backward run",
    "direction_backward_walk": "Backward walk",
    "direction_candidate_run": "Maybe backward run",
    "direction_candidate_walk": "Maybe backward walk",
    "direction_forward_run": "Run",
    "direction_forward_walk": "Walk",
    "direction_unknown_run": "Run, direction unknown",
    "direction_unknown_walk": "Walk, direction unknown",
    "direction_still_still": "Still",
    "segments_caption": "Every stretch in order",
    "segments_left_out": (
        "{count} shorter stretches are not listed here; exported tables hold all of them."
    ),
    "number": "No.",
    "length": "Length",
    "stretch": "Stretch",
    "sure": "Sure",
    "sure_assumed": "assumed",
    "assumed_words": "Assumed: nothing confirms it; most movement is forward.",
    "by_habit": "{direction} (by habit)",
    "label_how": "Something wrong? Say so, and it stays said:",
    "contrast_none": (
        "There is nothing to compare: it takes confirmed backward and forward stretches of the "
        "same gait."
    ),
    "contrast_more": "Matched pairs over many sessions are on the page",
    "gait_run": "running",
    "gait_walk": "walking",
    "measure": "Measure",
    "change": "Difference",
    "forward_line": "Your forward line",
    "speed": "Speed",
    "claims_waiting": "{count} claims, and what studies measured",
    "claims_none": "No claims were compared for this session.",
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
    # the name of a session that has sets
    **{f"sets_{key}": text for key, text in SET_WORDS.items()},
    # metrics
    **{f"measure_{each.key}": each.style.label for each in CONTRASTED},
    **{f"listed_{each.key}": each.listed.label for each in LISTED if each.listed},
    **{f"shown_{key}": style.label for key, style in STYLES.items()},
    **{f"pair_{each.key}": each.pair_label for each in COMPARED},
    # questions and answers
    **REVIEW,
    **INBOX,
    **ZONES,
    **PICTURES,
    # pages over many sessions
    **HISTORY,
    # the page over athletes
    **COHORT,
}
