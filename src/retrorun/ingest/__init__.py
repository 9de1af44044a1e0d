"""New files into the archive: plan (pure), act (reads, analyses, writes), render (pages).

Planning imports neither numpy nor pyarrow; acting loads the pipeline when there is work.
"""

from retrorun.ingest.acting import act
from retrorun.ingest.anew import reprocess, separate, undo
from retrorun.ingest.learning import bring_up_to_date
from retrorun.ingest.planning import Plan, plan
from retrorun.ingest.working import Engine, Report, prepare

__all__ = [
    "Engine",
    "Plan",
    "Report",
    "act",
    "bring_up_to_date",
    "plan",
    "prepare",
    "reprocess",
    "separate",
    "undo",
]
