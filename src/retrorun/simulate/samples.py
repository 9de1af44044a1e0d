"""The files of ``sample_data``: one simulated athlete's ten weeks, in every format, with the truth.

From the first session to the last her backward speed grows from 1.75 to 2.2 m/s, her own cost
factor falls from 1.42 to 1.30, her backward segments grow longer and her forward running becomes
2.5 % cheaper; ``progress`` runs from 0 to 1 meanwhile. `SAMPLE_KINDS` lists what is done in a
session, what records it and how it is written.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from msgspec import structs

from retrorun.errors import SettingsError, StoreError
from retrorun.simulate import scenarios
from retrorun.simulate.body import Body, Ground, Step
from retrorun.simulate.scenarios import (
    Scenario,
    Simulated,
    Tier,
    ahead,
    back,
    simulate,
    stand,
    walk,
)
from retrorun.simulate.watch import Compass, Place, Watch
from retrorun.simulate.write import Flavour, fit_bytes, gpx_bytes, tcx_bytes

Outline = Callable[[float, np.random.Generator], tuple[Step, ...]]
Writer = Callable[[Simulated], bytes]


@dataclass(frozen=True, slots=True)
class SampleKind:
    """One kind of session: its file's name, what is done, what records it, how it is written.

    ``damaged_at`` is the share of its records after which the file is cut off.
    """

    name: str
    outline: Outline
    tier: Tier
    watch: Watch
    write: Writer
    about: str
    damaged_at: float | None = None


def _back_mps(progress: float, rng: np.random.Generator) -> float:
    return 1.75 + 0.45 * progress + float(rng.normal(0.0, 0.04))


def _repeats(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    """Warm-up, then backward segments of half a minute to two minutes with running between."""
    length = round(35 + 85 * progress)
    steps = [walk(60, 1.5), ahead(240, 2.6)]
    for repeat in range(5):
        steps.append(back(float(length + rng.integers(-5, 6)), _back_mps(progress, rng)))
        steps.append(ahead(float(rng.integers(60, 100)), 2.5 + 0.15 * (repeat % 3), "pivot"))
    return (*steps, ahead(60, 2.4), walk(45, 1.4))


def _first_steps(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    """Backward walking first, then a little backward running."""
    steps = [walk(90, 1.5), ahead(180, 2.6), walk(40, 1.4)]
    for _ in range(2):
        backward = replace(back(60, 1.0), gait="walk")
        steps += [backward, walk(40, 1.4, "pivot")]
    for _ in range(3):
        steps += [back(30, _back_mps(progress, rng)), ahead(80, 2.6, "pivot")]
    return (*steps, ahead(90, 2.9))


def _shuttle_sets(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    return (walk(30, 1.5), *scenarios.shuttles(15.0 + 5.0 * progress, 3)(rng))


def _all_forward(_: float, rng: np.random.Generator) -> tuple[Step, ...]:
    return (walk(60, 1.5), *scenarios.steady(rng)[:3], stand(30), ahead(200, 2.8))


def _with_stops(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    steps = [ahead(240, 2.7)]
    for _ in range(4):
        steps += [back(60 + round(50 * progress), _back_mps(progress, rng)), stand(20)]
        steps += [ahead(80, 2.6, "pivot")]
    return (*steps, walk(60))


def _long_repeats(progress: float, rng: np.random.Generator) -> tuple[Step, ...]:
    steps = [walk(75, 1.5), ahead(240, 2.6)]
    for speed in (2.4, 3.0, 2.7):
        steps += [back(180, _back_mps(progress, rng)), ahead(150, speed, "pivot")]
    return tuple(steps)


def _gpx(flavour: Flavour) -> Writer:
    return lambda simulated: gpx_bytes(simulated, flavour)


def _degrees(simulated: Simulated) -> bytes:
    return fit_bytes(simulated, "deg")


def _packed(write: Writer) -> Writer:
    return lambda simulated: gzip.compress(write(simulated), mtime=0)


BELT = Watch(compass=Compass(swing_deg=6.0), device="Simulated watch with compass field")
PLAIN = Watch(device="Simulated watch")
OSMTRACKER = Watch(
    heart=False,
    steps=False,
    compass=Compass(source="compass", north="magnetic", declination_deg=10.6),
)
SAMPLE_KINDS: tuple[SampleKind, ...] = (
    SampleKind(
        "connect-iq.fit", _first_steps, "heading", BELT, fit_bytes, "compass field, radians"
    ),
    SampleKind(
        "osmand.gpx", _shuttle_sets, "heading", BELT, _gpx("osmand"), "shuttles, OsmAnd compass"
    ),
    SampleKind(
        "workout.fit",
        _repeats,
        "labelled",
        replace(PLAIN, laps="workout"),
        fit_bytes,
        "watch only, workout steps with names",
    ),
    SampleKind(
        "osmtracker.gpx", _repeats, "heading", OSMTRACKER, _gpx("osmtracker"), "compass, no heart"
    ),
    SampleKind("watch.tcx", _repeats, "gait", PLAIN, tcx_bytes, "watch only: candidates by gait"),
    SampleKind(
        "laps.fit",
        _repeats,
        "gait",
        replace(PLAIN, laps="button", dynamics=True),
        fit_bytes,
        "watch only with contact time, laps without words",
    ),
    SampleKind("easy.fit", _all_forward, "gait", PLAIN, fit_bytes, "watch only, all forward"),
    SampleKind(
        "gpslogger.gpx", _repeats, "gait", PLAIN, _gpx("gpslogger"), "bearing is course: the trap"
    ),
    SampleKind(
        "connect-iq-degrees.fit", _repeats, "heading", BELT, _degrees, "compass field, degrees"
    ),
    SampleKind(
        "packed.fit.gz", _with_stops, "heading", BELT, _packed(fit_bytes), "gzip, with stops"
    ),
    SampleKind(
        "cut-off.fit", _repeats, "heading", BELT, fit_bytes, "damaged: cut in the middle", 0.6
    ),
    SampleKind("garmin.gpx", _repeats, "heading", BELT, _gpx("garmin"), "bearing beside course"),
    SampleKind(
        "workout-pauses.fit",
        _with_stops,
        "labelled",
        replace(PLAIN, laps="workout", auto_pause=True, smart=True),
        fit_bytes,
        "workout steps, smart recording, auto-pause",
    ),
    SampleKind(
        "osmand.gpx.gz", _long_repeats, "heading", BELT, _packed(_gpx("osmand")), "long stretches"
    ),
    SampleKind(
        "notes.tcx",
        _repeats,
        "labelled",
        replace(PLAIN, laps="named"),
        tcx_bytes,
        "watch only, notes on the laps",
    ),
    SampleKind(
        "connect-iq-dynamics.fit",
        _long_repeats,
        "heading",
        replace(BELT, dynamics=True),
        fit_bytes,
        "compass field, contact time",
    ),
)


FIRST_DAY_S = 1_777_766_400.0  # 2026-05-03T00:00:00Z, a Sunday
DAY_S = 86_400.0
LOCAL_MORNING_S = 13.2 * 3600.0  # 07:12 local time
WEEKS = 10
MOST_SESSIONS = 1000  # beyond, two of a kind would fall on one day and share a name
SAMPLE_SEED = 20_260_503
ATHLETES_BODY = Body(
    mass_kg=64.0, birth_year=1987, sex="female", hr_rest_bpm=52.0, hr_max_bpm=187.0, hr_slope=2.6
)
PROFILE = """\
# The simulated athlete of this folder.
mass_kg = 64.0
birth_year = 1987
sex = "female"
hr_rest_bpm = 52
hr_max_bpm = 187
"""


README = f"""\
# Sample data

Made by `retrorun simulate` (seed {SAMPLE_SEED}); nobody ever ran this. One athlete's ten weeks on a
salt flat, getting better at going backward: backward speed grows from 1.75 to 2.2 m/s, her own
cost factor (oxygen demand backward over forward at equal speed) falls from 1.42 to 1.30, the
backward stretches grow longer, and forward running becomes 2.5 % cheaper.

Beside each file, `FILE.truth.json` says what truly happened, in elapsed seconds since the first
record. `profile.toml` is the athlete. The tests write these files once more and compare them.

| file | backward | what it shows |
|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of the folder, and its truth."""

    name: str
    data: bytes
    simulated: Simulated
    about: str


def write_samples(folder: Path, seed: int = SAMPLE_SEED, sessions: int = 16) -> tuple[Path, ...]:
    """Write sessions, the truth beside each, a profile and a README into ``folder``.

    Args:
        folder: made if need be; files of the same names are replaced.
        seed: equal seeds give equal files.
        sessions: how many, spread over ten weeks; the kinds come round again after sixteen.

    Returns:
        The recordings' paths, in order of time.

    Raises:
        SettingsError: a negative seed, or too few or too many sessions.
        StoreError: the folder cannot be written.
    """
    if seed < 0 or not 1 <= sessions <= MOST_SESSIONS:
        message = f"it takes a seed from 0 and 1 to {MOST_SESSIONS} sessions"
        raise SettingsError("simulate-arguments", message)
    try:
        return _write_folder(folder, seed, sessions)
    except OSError as problem:
        words = f"it cannot be written: {problem.strerror or problem}"
        raise StoreError("folder-unwritable", words, file=str(folder)) from problem


def _write_folder(folder: Path, seed: int, sessions: int) -> tuple[Path, ...]:
    folder.mkdir(parents=True, exist_ok=True)
    lines, paths = [], []
    for sample in samples(seed, sessions):
        path = folder / sample.name
        _write_whole(path, sample.data)
        truth = sample.simulated.truth
        _write_whole(folder / f"{sample.name}.truth.json", truth.json())
        paths.append(path)
        lines.append(f"| `{sample.name}` | {truth.backward_s:.0f} s | {sample.about} |\n")
    (folder / "profile.toml").write_text(PROFILE, encoding="utf-8", newline="\n")
    (folder / "README.md").write_text(README + "".join(lines), encoding="utf-8", newline="\n")
    return tuple(paths)


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: the half of a recording would be read as one."""
    draft = path.with_name(f".{path.name}.part")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def samples(seed: int = SAMPLE_SEED, sessions: int = 16) -> Iterator[Sample]:
    """Simulate the sessions one after the other."""
    rng = np.random.default_rng(seed)
    for index in range(sessions):
        progress = index / max(sessions - 1, 1)
        jitter_s = float(rng.integers(0, 5400))
        start_s = FIRST_DAY_S + round(progress * (7 * WEEKS - 1)) * DAY_S + LOCAL_MORNING_S
        place = replace(
            Place(),
            latitude_deg=40.78 + float(rng.uniform(-0.004, 0.004)),
            longitude_deg=-113.85 + float(rng.uniform(-0.004, 0.004)),
            start_time_s=start_s + jitter_s,
        )
        yield _sample(SAMPLE_KINDS[index % len(SAMPLE_KINDS)], progress, place, (seed, index))


def _sample(kind: SampleKind, progress: float, place: Place, number: tuple[int, int]) -> Sample:
    seed, index = number
    body = replace(
        ATHLETES_BODY,
        cost_factor=round(1.42 - 0.12 * progress, 4),
        hr_slope=round(ATHLETES_BODY.hr_slope * (1.0 - 0.025 * progress), 4),
    )
    scenario = Scenario(
        name=f"{index} {kind.name}",
        plan=lambda rng: kind.outline(progress, rng),
        tier=kind.tier,
        watch=kind.watch,
        ground=Ground(bend_dps=0.7, hill_m=2.0),
        mount_deg=(-35.0, 35.0),
        body=body,
        note=kind.about,
    )
    simulated = simulate(scenario, seed, place)
    day = datetime.fromtimestamp(place.start_time_s, UTC).date().isoformat()
    name = f"{day}-{kind.name}"
    if kind.damaged_at is None:
        return Sample(name, kind.write(simulated), simulated, kind.about)
    kept = int(len(simulated.recording.time_s) * kind.damaged_at)
    part = first_records(simulated, kept)
    return Sample(name, cut_off(kind.write(simulated), kind.write(part)), part, kind.about)


def first_records(simulated: Simulated, kept: int) -> Simulated:
    """The recording and its truth, as if it had ended after so many records."""
    recording = simulated.recording
    end_s = float(recording.time_s[kept - 1] - recording.time_s[0]) + 1.0
    cut = structs.replace(
        recording,
        time_s=recording.time_s[:kept],
        columns={name: series[:kept] for name, series in recording.columns.items()},
        headings=tuple(
            structs.replace(one, time_s=one.time_s[:kept], heading_deg=one.heading_deg[:kept])
            for one in recording.headings
        ),
    )
    return Simulated(cut, simulated.truth.until(end_s))


def cut_off(whole: bytes, part: bytes) -> bytes:
    """The whole file up to a few bytes past the last record that it shares with the part.

    The 14 bytes of the header differ by the length that it announces.
    """
    pairs = enumerate(zip(whole[14:], part[14:], strict=False))
    return whole[: 14 + next(index for index, (one, other) in pairs if one != other) + 7]
