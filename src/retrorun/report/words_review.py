"""Words of the review: questions, answers, the inbox, and what scripts of live pages join.

`words.WORDS` includes them.
"""

from collections.abc import Mapping

# questions, answers and the inbox; scripts put some of them together
REVIEW: Mapping[str, str] = {
    "title_review": "Review",
    "nav_review": "Review",
    "nav_sessions_live": "Sessions",
    "nav_comparison_live": "Comparison",
    # the question
    "question_run": "Did you run backward here?",
    "question_walk": "Did you walk backward here?",
    "likely": "likely, about {count} in {whole}",
    "likely_even": "as likely as not, about {count} in {whole}",
    "question_stretch": "stretch {number}",
    "question_steps_above": "{percent} % above your line",
    "question_steps_below": "{percent} % below your line",
    "question_steps_on": "on your line",
    "question_step_rate": "step rate",
    "question_lanes": "Pace, heart rate and step rate, with what lies before and after",
    "question_map": (
        "The way around {start} to {end}, turned so that it goes from left to right; the stretch "
        "is marked"
    ),
    "quick_is_up": ", faster is higher",
    "line_name": "your forward line",
    "line_name_more": " at this speed",
    "lap_at": "lap {time}",
    "at_lap": "lap",
    "at_turn": "turn",
    "near_lap": "at a lap press",
    "near_turn": "where you turned",
    "north_word": "north",
    "handle_start": "Start of stretch {number}",
    "handle_end": "End of stretch {number}",
    "end_start": "Start",
    "end_end": "End",
    "start_earlier": "Start 1 second earlier",
    "start_later": "Start 1 second later",
    "end_earlier": "End 1 second earlier",
    "end_later": "End 1 second later",
    "take_laps": "Take laps as ends",
    "snap_at_lap": "{end} is at a lap press ({time}).",
    "snap_from_lap": "{end} is {seconds} s from a lap press ({time}).",
    "snap_at_turn": "{end} is where you turned ({time}).",
    "snap_none": "No lap press and no turn is near.",
    # reasons
    "reasons_title": "Why it is asked",
    "reasons_sides": "◂ forward · backward ▸",
    "weight_strong": "strong",
    "weight_some": "some",
    "weight_weak": "weak",
    "weight_none": "not in this file",
    "weight_unused": "cannot be used",
    "weight_nothing": "says nothing",
    "reason_steps": "Step rate",
    "reason_steps_alone": "Step rate, by speed",
    "reason_steps_above": "Steps {percent} % above your line",
    "reason_steps_below": "Steps {percent} % below your line",
    "reason_steps_on": "Steps on your line",
    "reason_speed_at_once": "{percent} % slower at once",
    "reason_speed_slower": "{percent} % slower",
    "reason_speed_faster": "{percent} % faster",
    "reason_laps_both": "Begins and ends at a lap press",
    "reason_laps_start": "Begins at a lap press",
    "reason_laps_end": "Ends at a lap press",
    "reason_heart": "Heart rate",
    "reason_heart_short": "Heart rate: too short to tell",
    "reason_heart_alike": "Heart rate, at the same speed",
    "reason_heart_up": "Heart rate up, though slower",
    "reason_heart_held": "Heart rate held, though slower",
    "reason_heart_fell": "Heart rate fell with the speed",
    "reason_compass": "Compass",
    "reason_compass_against": "Compass points against the way",
    "reason_compass_along": "Compass points along the way",
    "reason_compass_silent": "Compass tells nothing here",
    # the letter that presses each button of the review
    "key_yes": "Y",
    "key_no": "N",
    "key_all": "A",
    "key_undo": "U",
    "key_next": "J",
    "key_before": "K",
    "key_laps": "L",
    "key_review": "R",
    # answers
    "answer": "Your answer",
    "yes_backward": "Yes, backward",
    "no_backward": "No",
    "undo": "Undo",
    "before": "Before",
    "skip_question": "Skip",
    "skip_to_answer": "Skip to the answer",
    "reviewed": "Reviewed",
    "of_count": "of",
    "letter_keys": "One-letter keys",
    "keys_help": "move a chosen end by 1 s, with Shift by 10 s",
    "after_this": "{count} after this one",
    "after_this_none": "Nothing after this one",
    "more_after": "{count} more",
    "done_title": "Nothing is left to review.",
    "done_words": "Every stretch that may be backward has its answer.",
    "done_link": "See all sessions",
    "done_made": "What your answers made of them",
    "learnt_soon": "What your answers teach follows in a moment.",
    "needs_script": "The review needs scripts: they move the ends and hand in your answers.",
    "kept_yes": "{span} is backward.",
    "kept_no": "{span} is not backward.",
    "kept": "Kept:",
    "kept_clear": "{span} has no label.",
    "kept_all": "your answers.",
    "kept_all_yes": "all {count} of this session are backward.",
    "kept_all_no": "none of the {count} of this session is backward.",
    "keeping": "Keeping: {answer}",
    "keeping_many": "Keeping {count} answers …",
    "decided_one": "It decided 1 more stretch of this session.",
    "decided_many": "It decided {count} more stretches of this session.",
    "not_sent_one": "The answer after it was not handed in: please give it again.",
    "not_sent_many": "The {count} answers after it were not handed in: please give them again.",
    "wait": "Please wait a moment, then press again.",
    "just_shown": "Not taken: this question has only just come up. Look at it, then answer.",
    "all_moved": "You moved an end: answer this stretch first, or press Escape to move it back.",
    "taken_back": "Taken back; asked again.",
    "taken_back_page": "Taken back.",
    "whole_session": "This session",
    "already_answered": "This stretch has changed or has its answer by now; please look again.",
    "not_kept": "Not kept: {reason}",
    "no_server": (
        "retrorun does not answer. Is it still running? Whether the last answer was kept, this "
        "page says when it is opened again."
    ),
    # a session's page
    "yes_to_all": "Yes to all {count}",
    "no_to_all": "No to all",
    "answers_open_one": "1 stretch may be backward. It counts once you say so.",
    "answers_open_many": "{count} stretches may be backward. They count once you say so.",
    "answers_unsaved_one": "1 answer, not saved yet",
    "answers_unsaved_many": "{count} answers, not saved yet",
    "save_answers": "Save my answers",
    "next_session": "Next session",
    "save_how": (
        "Put the file {name} beside the export and process the folder again: the numbers follow."
    ),
    "save_not": (
        "Part of this session is hidden by a privacy zone, so answers cannot be saved as a table. "
        "Use retrorun open, or the command shown at a selected stretch."
    ),
    "row_yes": "backward",
    "row_no": "forward",
    "row_clear": "no label",
    "row_unsaved": "{direction}, not saved yet",
    "undecided_live": "drag over it in the lanes below.",
    "selected_name": "{span} · stretch {number}",
    "selected_none": "{span}",
    "select_words_live": "Move its ends by dragging or with the arrow keys, and say what it was.",
    "snapped_lap": "at a lap press",
    "snapped_turn": "where you turned",
    "inbox_review_one": "Look at each",
    "answer_call_one": "Say whether it was backward",
    "answer_call_many": "Say which of the {count} were backward",
    "choose_row": "Select stretch {number}",
    "laps_title": "Every second lap is backward",
    "laps_question": "Was every second lap backward?",
    "laps_words": "Each manual lap press turns about. Click a lap to change it.",
    "laps_swap": "The other laps",
    "laps_backward": "backward",
    "laps_forward": "forward",
    "lap_number": "Lap {number}",
    "laps_preview": "{laps}, {time} min, become backward.",
    "laps_preview_none": "No lap becomes backward.",
    "laps_one": "1 lap",
    "laps_many": "{count} laps",
    "laps_yes": "Yes, {laps}",
    "laps_odd": "Lap {number} does not fit: by its steps it was {direction}.",
}

# what waits, the home page of `retrorun open`, what answers taught, notes; scripts join some
INBOX: Mapping[str, str] = {
    "inbox_title": "Inbox",
    "inbox_stretches_one": "1 stretch",
    "inbox_stretches_many": "{count} stretches",
    "inbox_may": "may be backward,",
    "inbox_sessions_one": "in 1 session",
    "inbox_sessions_many": "in {count} sessions",
    "inbox_empty": "Nothing waits for an answer.",
    "index_empty_live": (
        "Add your watch's exports with the button above: each run becomes a page, and what may be "
        "backward in it is asked here."
    ),
    "missing_title": "There is no page here.",
    "missing_words": "The address may be mistyped.",
    "inbox_review": "Review them",
    "inbox_call": "{stretches} {sessions} may be backward: say which",
    "inbox_how": "Or one after the other, with one key each:",
    "index_nothing": "Was some of it backward? Open its session and press “{button}”.",
    "add_exports": "Add exports",
    "add_words": "or drop files anywhere on this page: FIT, GPX, TCX, packed or not",
    "drop_here": "Drop to add",
    "importing": "Importing",
    "import_progress": "{done} of {total} files",
    "import_rate": "{rate} a second",
    "import_left": "{time} left",
    "set_aside_one": "1 file was set aside",
    "set_aside_many": "{count} files were set aside",
    "added_one": "1 file added.",
    "added_many": "{count} files added.",
    "added_as": "{name}: added as {stored}.",
    "sending": "Adding {count} …",
    # what answers teach
    "learnt_none": "Nothing is learnt yet: each answer teaches how you run backward.",
    "learnt": "After {answers}: {steps} {right}",
    "answers_one": "1 answer",
    "answers_many": "{count} answers",
    "learnt_quicker": "your steps are {percent} % quicker backward.",
    "learnt_slower": "your steps are {percent} % slower backward.",
    "learnt_line_none": "too little backward running to know your step rate.",
    "learnt_right_one": "{right} of 1 guess was right.",
    "learnt_right_many": "{right} of {count} guesses were right.",
    # whether numbers rest on the last answer
    "fresh": "All numbers are up to date.",
    "not_fresh": "Other sessions and the comparison are being computed with your answers …",
    "stale": "These numbers are older than your last answer; they are being computed.",
    "note_title": "How was it?",
    "note_pain": "Pain, 0 to 10",
    "note_effort": "Effort, 0 to 10",
    "note_text": "Note",
    "note_keep": "Keep",
    "note_kept": "Kept.",
    "note_kept_both": "Kept, with what was noted elsewhere meanwhile.",
    "note_room": "{left} characters left.",
    "note_too_long": "Too long to be kept: shorten it by {over} characters. Nothing is cut off.",
    "note_differs": (
        "Not kept yet: meanwhile pain {pain} and effort {effort} were noted elsewhere. Keep again "
        "to put yours in their place."
    ),
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
    "zone_stated": "The file of --profile states this zone: take it out there.",
    "zone_sure": (
        "Remove this zone? What is shared from now on and what was shared before tell more of the "
        "place together than either."
    ),
}
