"""New files into the archive: plan (pure), act (reads, analyses, writes), render (pages).

Planning imports neither numpy nor pyarrow; acting loads the pipeline when there is work.
"""

from retrorun.ingest.analysis import Engine, Progress, Report, prepare
from retrorun.ingest.plan import Plan, plan_import
from retrorun.ingest.reprocess import (
    MOST_OUTDATED,
    analysed_original,
    bring_up_to_date,
    has_learnt,
    has_redrawn_zones,
    note_dependent,
    note_redrawn_zones,
    original_task,
    outdated_sessions,
    reprocess,
    reprocess_alone,
    reprocess_answered,
    reprocess_exposed,
    reprocess_outdated,
    separate,
    store_zones,
    undo,
    with_pressed_laps,
    write_reprocessed,
)
from retrorun.ingest.run import Due, due, run_import, without_waiting

__all__ = [
    "MOST_OUTDATED",
    "Due",
    "Engine",
    "Plan",
    "Progress",
    "Report",
    "analysed_original",
    "bring_up_to_date",
    "due",
    "has_learnt",
    "has_redrawn_zones",
    "note_dependent",
    "note_redrawn_zones",
    "original_task",
    "outdated_sessions",
    "plan_import",
    "prepare",
    "reprocess",
    "reprocess_alone",
    "reprocess_answered",
    "reprocess_exposed",
    "reprocess_outdated",
    "run_import",
    "separate",
    "store_zones",
    "undo",
    "with_pressed_laps",
    "without_waiting",
    "write_reprocessed",
]
