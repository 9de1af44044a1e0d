"""Synthetic backward runs with known truth: bodies, watches that record them, and writers."""

from retrorun.simulate.body import Ground, Step
from retrorun.simulate.compass import Compass
from retrorun.simulate.runner import Runner
from retrorun.simulate.samples import SAMPLE_SEED, write_samples
from retrorun.simulate.scenarios import Scenario, scenarios
from retrorun.simulate.seeds import REPORTING_SEEDS, TUNING_SEEDS
from retrorun.simulate.simulated import Simulated, simulate
from retrorun.simulate.truth import Interval, Truth
from retrorun.simulate.watch import Place, Watch
from retrorun.simulate.write_fit import fit_bytes
from retrorun.simulate.write_gpx import gpx_bytes
from retrorun.simulate.write_tcx import tcx_bytes

__all__ = [
    "REPORTING_SEEDS",
    "SAMPLE_SEED",
    "TUNING_SEEDS",
    "Compass",
    "Ground",
    "Interval",
    "Place",
    "Runner",
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
