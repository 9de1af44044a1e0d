"""What work costs in processor time, beside other work that is measured at the same moment.

A slow or busy machine is slow for both. One try that is good is enough: what truly costs too much
does so each time.
"""

import json
import time
from collections.abc import Callable

Work = Callable[[], object]
TRIES = 5
REFERENCE_S = 0.028  # what ``reference`` took on the machine on which limits in seconds were set
_NUMBERS = [number / 7 for number in range(40_000)]


def reference() -> object:
    """Some work that is the same everywhere: 40,000 numbers as JSON."""
    return json.dumps(_NUMBERS)


def cost_s(work: Work) -> float:
    """Seconds of processor time."""
    start_s = time.process_time()
    work()
    return time.process_time() - start_s


def costs_at_most(work: Work, times: float, other: Work, least_s: float = 0.0) -> bool:
    """Whether work costs at most so many times what the other one does, or ``least_s`` if more."""
    return any(cost_s(work) <= times * max(cost_s(other), least_s) for _ in range(TRIES))


def is_cheap(work: Work, limit_s: float) -> bool:
    """Whether work costs at most so much on a machine on which the reference takes its time."""
    return costs_at_most(work, limit_s / REFERENCE_S, reference, REFERENCE_S)
