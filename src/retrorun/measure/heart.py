"""Heart rate: samples that are left out, metrics of a segment, time in zones and TRIMP.

TRIMP: Banister 1991 (literature ``trimp_*``); maximum heart rate where none is given: Tanaka 2001.
"""

import datetime as dt

import numpy as np

from retrorun import arithmetic
from retrorun.literature import BY_KEY, value
from retrorun.measure.samples import Columns, Samples, ratio
from retrorun.model import Athlete, HeartLoad, Note, Track
from retrorun.model.recording import is_plausible_clock
from retrorun.settings import MeasureSettings
from retrorun.units import BoolArray, FloatArray, true_runs


def suspect_heart_rate(
    track: Track, settings: MeasureSettings
) -> tuple[BoolArray, tuple[Note, ...]]:
    """Samples of heart rate (n,) to be left out, and notes about them.

    A spike is far from what lies before and after it; a strap or watch locked on to the steps
    shows their rate for a minute and a half and longer.
    """
    heart_rate = track.column("heart_rate_bpm")
    flagged = track.flags.get("heart_rate_suspect", np.zeros(track.seconds, dtype=np.bool_))
    if not track.has("heart_rate_bpm"):
        return flagged, ()
    spikes = _spikes(heart_rate, settings)
    locked = _locked(heart_rate, track.column("cadence_spm"), settings)
    return flagged | spikes | locked, _notes(int((flagged | spikes).sum()), int(locked.sum()))


def _spikes(heart_rate: FloatArray, settings: MeasureSettings) -> BoolArray:
    """Samples that differ from both neighbours ``spike_s`` away by more than ``spike_bpm``."""
    apart = settings.spike_s
    if len(heart_rate) <= 2 * apart:
        return np.zeros(len(heart_rate), dtype=np.bool_)
    before, after = np.roll(heart_rate, apart), np.roll(heart_rate, -apart)
    up = np.minimum(heart_rate - before, heart_rate - after) > settings.spike_bpm
    down = np.maximum(heart_rate - before, heart_rate - after) < -settings.spike_bpm
    found = up | down
    found[:apart] = found[-apart:] = False
    return np.asarray(found)


def _locked(heart_rate: FloatArray, cadence: FloatArray, settings: MeasureSettings) -> BoolArray:
    """Segments of at least ``lock_s`` in which heart rate is the step rate."""
    near = np.abs(heart_rate - cadence) <= settings.lock_bpm
    found = np.zeros(len(near), dtype=np.bool_)
    for first, last in true_runs(near):
        found[first:last] = last - first >= settings.lock_s
    return found


def _notes(spikes: int, locked: int) -> tuple[Note, ...]:
    notes = []
    if spikes:
        notes.append(Note("heart-rate-spikes", f"{spikes} s of heart rate jump and were left out"))
    if locked:
        message = (
            f"for {locked} s heart rate equals the step rate: the sensor may have counted steps"
        )
        notes.append(Note("heart-rate-cadence-lock", message))
    return tuple(notes)


def heart_rate_columns(samples: Samples, lag: FloatArray, settings: MeasureSettings) -> Columns:
    """Beats, mean, maximum, coverage and steady heart rate of each segment (s,).

    The heart lags by half a minute and more, so the steady heart rate leaves out the first minute
    of a segment, and what it still lacks after that is added: ``lag`` (n,). It is NaN where too
    little remains.
    """
    rate = samples.heart_rate_bpm
    total, seconds = samples.sums(rate)
    late = np.zeros(len(rate), dtype=np.bool_)
    for first, last in samples.bounds:
        late[first + int(settings.steady_after_s) : last] = True
    steady, steady_s = samples.sums(rate + lag, late)
    lasting = steady_s >= settings.steady_for_s
    highest = np.array([_highest(rate[first:last]) for first, last in samples.bounds])
    return {
        "beats": np.where(seconds > 0, total / 60.0, np.nan),
        "beats_s": seconds,
        "hr_mean": ratio(total, seconds),
        "hr_max": highest,
        "hr_coverage": ratio(seconds, (samples.last - samples.first).astype(np.float64)),
        "steady_heart_rate_bpm": np.where(lasting, ratio(steady, steady_s), np.nan),
    }


def _highest(rate: FloatArray) -> float:
    known = rate[np.isfinite(rate)]
    return float(known.max()) if known.size else float("nan")


def age_years(athlete: Athlete, time_s: float) -> int | None:
    """Age in the year of the session; None without a birth year, or where the clock is wrong.

    ``time_s``: its start on the athlete's own clock (`Samples.local_start_s`).
    """
    if athlete.birth_year is None or not is_plausible_clock(time_s):
        return None
    return dt.datetime.fromtimestamp(time_s, tz=dt.UTC).year - athlete.birth_year


def maximum_bpm(athlete: Athlete, time_s: float) -> tuple[float | None, str]:
    """Maximum heart rate and its origin in words; None where it is not known."""
    if athlete.hr_max_bpm is not None:
        return athlete.hr_max_bpm, "maximum from the profile"
    age = age_years(athlete, time_s)
    if age is None:
        return None, "no maximum heart rate or birth year in the profile"
    derived = value("hr_max_constant") + value("hr_max_age") * age
    return derived, f"maximum is a default by age: {BY_KEY['hr_max_age'].citation}"


def heart_loads(
    samples: Samples, athlete: Athlete, settings: MeasureSettings
) -> dict[str, HeartLoad]:
    """Time in zones and TRIMP of each direction, candidates apart; empty without bounds."""
    bounds, origin = _zones(athlete, samples.local_start_s, settings)
    if not bounds or not np.isfinite(samples.heart_rate_bpm).any():
        return {}
    kinds = [part.kind for part in samples.segments]
    trimp = _trimp_per_min(samples.heart_rate_bpm, athlete, samples.local_start_s)
    found: dict[str, HeartLoad] = {}
    for kind in dict.fromkeys(kinds):
        inside = samples.mask([each == kind for each in kinds])
        inside &= np.isfinite(samples.heart_rate_bpm)
        seconds = float(inside.sum())
        if not seconds:
            continue
        place = np.searchsorted(bounds, samples.heart_rate_bpm[inside], side="right")
        zones = np.bincount(place, minlength=len(bounds) + 1)
        load = None if trimp is None else float(trimp[inside].sum()) / 60.0
        rate = None if load is None else load / seconds * 60.0
        zones_s = tuple(float(each) for each in zones)
        found[kind] = HeartLoad(zones_s, bounds, origin, seconds, load, rate)
    return found


def _zones(
    athlete: Athlete, time_s: float, settings: MeasureSettings
) -> tuple[tuple[float, ...], str]:
    if athlete.hr_zones_bpm:
        return tuple(sorted(athlete.hr_zones_bpm)), "zones from the profile"
    highest, origin = maximum_bpm(athlete, time_s)
    if highest is None:
        return (), origin
    shares = ", ".join(f"{100 * share:.0f} %" for share in settings.zone_shares)
    return tuple(share * highest for share in settings.zone_shares), f"default {shares}; {origin}"


def trimp_factor(heart_rate: FloatArray, rest_bpm: float, max_bpm: float, sex: str) -> FloatArray:
    """Banister's TRIMP a minute at a heart rate (n,): r · scale · exp(power · r), r of reserve."""
    reserve = np.clip((heart_rate - rest_bpm) / (max_bpm - rest_bpm), 0.0, 1.0)
    scale, power = value(f"trimp_{sex}_scale"), value(f"trimp_{sex}_power")
    return np.asarray(reserve * scale * arithmetic.exp(power * reserve))


def _trimp_per_min(heart_rate: FloatArray, athlete: Athlete, time_s: float) -> FloatArray | None:
    highest, _ = maximum_bpm(athlete, time_s)
    rest = athlete.hr_rest_bpm
    if highest is None or rest is None or athlete.sex is None or highest <= rest:
        return None
    return np.nan_to_num(trimp_factor(heart_rate, rest, highest, athlete.sex))
