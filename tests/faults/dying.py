"""A stand-in for the pipeline that ends its worker; alone, so that workers load little with it."""

import os
import signal
from pathlib import Path

from retrorun import pipeline
from retrorun.model import Athlete, Blob, Outcome
from retrorun.settings import Settings


def dies_at_first(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """The pipeline; but the worker that first meets the compass is killed."""
    mark = Path(os.environ["RETRORUN_TEST_MARK"])
    if blob.name == "compass.fit" and not mark.exists():
        os.kill(os.getpid(), signal.SIGKILL)
    return pipeline.process(blob, settings, athlete)
