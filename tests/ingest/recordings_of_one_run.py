"""One simulated run, and what other devices and another day would have recorded of it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from msgspec import structs

import remembered_pipeline
from retrorun.archive import Archive
from retrorun.archive.rows import Brief
from retrorun.ingest import Engine, Report, plan_import, run_import
from retrorun.model import Athlete, Recording
from retrorun.model.recording import POSITION
from retrorun.settings import Settings
from retrorun.simulate import Simulated, gpx_bytes, scenarios, simulate
from retrorun.units import FloatArray

ENGINE = Engine(Settings(), Athlete(mass_kg=70), 1, remembered_pipeline.process)
SKEW_S = 7.0
SEED = 9000


@cache
def one_run() -> Simulated:
    """Six backward intervals with a compass, as simulated."""
    return simulate(scenarios()["intervals"], SEED)


def moved(columns: dict[str, FloatArray], seed: int) -> dict[str, FloatArray]:
    """Another receiver's positions: correlated errors of a metre or two."""
    rng = np.random.default_rng(seed)
    count = len(columns["latitude_deg"])
    weight = np.exp(-np.arange(60) / 20.0)
    errors = [np.convolve(rng.normal(0, 0.4, count + 59), weight, "valid") for _ in range(2)]
    return columns | {
        "latitude_deg": columns["latitude_deg"] + errors[0] / 111_195,
        "longitude_deg": columns["longitude_deg"] + errors[1] / 77_000,
    }


def phone_of(run: Simulated, first: int = 120, last: int = -60, skew_s: float = SKEW_S) -> bytes:
    """The phone was started later, stopped earlier, and its clock is off; it knows no heart."""
    whole = run.recording
    kept = slice(first, last)
    columns = {name: values[kept] for name, values in moved(dict(whole.columns), 3).items()}
    for name in ("heart_rate_bpm", "cadence_spm"):
        columns[name] = np.full(len(columns["latitude_deg"]), np.nan)
    headings = tuple(
        structs.replace(each, time_s=each.time_s[kept] + skew_s, heading_deg=each.heading_deg[kept])
        for each in whole.headings
    )
    recording: Recording = structs.replace(
        whole,
        time_s=whole.time_s[kept] + skew_s,
        columns=columns,
        headings=headings,
        laps=(),
        pauses=(),
        device="OsmAnd",
    )
    return gpx_bytes(replace(run, recording=recording), "osmand")


def run_again(run: Simulated) -> Simulated:
    """Another run: as long, as far, on the same way, but up to 8 s before or behind on it."""
    time_s = run.recording.time_s
    share = (time_s - time_s[0]) / (time_s[-1] - time_s[0])
    asked_s = time_s + 8.0 * np.sin(2 * np.pi * share)
    columns = {
        name: np.interp(asked_s, time_s, values) if name in POSITION else values
        for name, values in run.recording.columns.items()
    }
    return replace(run, recording=structs.replace(run.recording, columns=columns))


def imported(folder: Path, archive: Archive, *, retry: bool = False) -> Report:
    return run_import(plan_import(folder, archive, retry=retry, settle_s=0), archive, ENGINE)


def brief(name: str, start_s: float, seconds: float, heading: str) -> Brief:
    return Brief(name, name * 64, start_s, seconds, None, heading)
