"""New files into the archive: plan (pure), act (reads, analyses, writes), render (pages).

Planning imports neither numpy nor pyarrow; acting loads the pipeline when there is work.
"""

from retrorun.ingest.acting import Engine, Report, act
from retrorun.ingest.planning import Plan, plan

__all__ = ["Engine", "Plan", "Report", "act", "plan"]
