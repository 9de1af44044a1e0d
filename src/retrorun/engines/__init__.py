"""Engines: carry out tasks in local processes (``pool``) or on a cluster (``cluster``).

Every engine yields the same results, in the order of its tasks.
"""

from retrorun.engines.child import Limits, Lost, start_fork_server, stop_fork_server
from retrorun.engines.pool import Engine, cores, ordered
from retrorun.engines.tasks import (
    Process,
    Task,
    outcome,
    outcomes,
    parcel,
    run,
    single_work_of,
    work_of,
)

__all__ = [
    "Engine",
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
    "single_work_of",
    "start_fork_server",
    "stop_fork_server",
    "work_of",
]
