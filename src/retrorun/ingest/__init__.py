"""New files into the archive: plan (pure), act (reads, analyses, writes), render (pages).

Planning imports neither numpy nor pyarrow; acting loads the pipeline when there is work.
"""

from retrorun.ingest.analysis import Engine, Report, prepare
from retrorun.ingest.plan import Plan, plan_import
from retrorun.ingest.reprocess import (
    bring_up_to_date,
    has_learnt,
    original_task,
    reprocess,
    reprocess_exposed,
    separate,
    undo,
)
from retrorun.ingest.run import run_import

__all__ = [
    "Engine",
    "Plan",
    "Report",
    "bring_up_to_date",
    "has_learnt",
    "original_task",
    "plan_import",
    "prepare",
    "reprocess",
    "reprocess_exposed",
    "run_import",
    "separate",
    "undo",
]
