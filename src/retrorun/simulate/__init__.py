"""Simulated backward runs with known truth: bodies, watches that record them, and writers."""

from retrorun.simulate.body import Body, Ground, Step
from retrorun.simulate.samples import SAMPLE_SEED, write_samples
from retrorun.simulate.scenarios import (
    REPORTING_SEEDS,
    TUNING_SEEDS,
    Interval,
    Scenario,
    Simulated,
    Truth,
    scenarios,
    simulate,
)
from retrorun.simulate.watch import Compass, Place, Watch
from retrorun.simulate.write import fit_bytes, gpx_bytes, tcx_bytes

__all__ = [
    "REPORTING_SEEDS",
    "SAMPLE_SEED",
    "TUNING_SEEDS",
    "Body",
    "Compass",
    "Ground",
    "Interval",
    "Place",
    "Scenario",
    "Simulated",
    "Step",
    "Truth",
    "Watch",
    "fit_bytes",
    "gpx_bytes",
    "scenarios",
    "simulate",
    "tcx_bytes",
    "write_samples",
]
