"""Engines carry the pipeline to many files: local processes here, a cluster beside them.

Every engine yields results in the order of its tasks, and the same results.
"""

from retrorun.engines.child import Limits, Lost, start_fork_server
from retrorun.engines.pool import cores, ordered
from retrorun.engines.tasks import Process, Task, outcome, outcomes, parcel, run, work_of

__all__ = [
    "Limits",
    "Lost",
    "Process",
    "Task",
    "cores",
    "ordered",
    "outcome",
    "outcomes",
    "parcel",
    "run",
    "start_fork_server",
    "work_of",
]
