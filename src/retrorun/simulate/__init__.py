"""Synthetic backward runs with known truth: bodies, watches that record them, and writers."""

from retrorun.simulate.body import Ground, Step
from retrorun.simulate.compass import Compass
from retrorun.simulate.runner import Runner
from retrorun.simulate.scenarios import Scenario, scenarios
from retrorun.simulate.simulated import Simulated, simulate
from retrorun.simulate.truth import Interval, Truth
from retrorun.simulate.watch import Place, Watch

__all__ = [
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
    "scenarios",
    "simulate",
]
