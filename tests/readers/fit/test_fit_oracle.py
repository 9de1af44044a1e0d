"""FIT records against other decoders, on every clean real file, whatever its sport.

The oracle is Garmin's own decoder; where that cannot read a clean file, fitdecode.
"""

import warnings
from pathlib import Path
from typing import Any

import fitdecode
import numpy as np
import pytest
from garmin_fit_sdk import Decoder, Stream

from retrorun.readers.fit.reader import heart_series
from retrorun.readers.fit.records import FIT_EPOCH_S, NUMBERS, channels, decode, times_s
from retrorun.readers.fit.structure import RECORD, parts
from retrorun.units import FloatArray

SEMICIRCLE_DEG = 180 / 2**31
# channel → the SDK's fields for it, the first that is there, and what one unit of it is
ORACLE: dict[str, tuple[tuple[str, ...], float]] = {
    "latitude_deg": (("position_lat",), SEMICIRCLE_DEG),
    "longitude_deg": (("position_long",), SEMICIRCLE_DEG),
    "altitude_m": (("enhanced_altitude", "altitude"), 1.0),
    "heart_rate_bpm": (("heart_rate",), 1.0),
    "distance_m": (("distance",), 1.0),
    "speed_mps": (("enhanced_speed", "speed"), 1.0),
    "power_w": (("power",), 1.0),
    "temperature_c": (("temperature",), 1.0),
    "contact_time_s": (("stance_time",), 0.001),
    "vertical_oscillation_m": (("vertical_oscillation",), 0.001),
    "step_length_m": (("step_length",), 0.001),
    "vertical_ratio_pct": (("vertical_ratio",), 1.0),
    "balance_pct": (("stance_time_balance",), 1.0),
}
Records = list[dict[str, Any]]
CLEAN = 45  # files of the corpus that one of the two reads without an error
BY_FITDECODE = {"antfs-dump.63.fit", "compressed-speed-distance.fit"}
# what both refuse, and the records before the damage by the SDK
DAMAGED = {
    "activity-activity-filecrc.fit": 28,
    "activity-filecrc.fit": 14,
    "activity-settings-corruptheader.fit": 14,
    "activity-settings-nodata.fit": 14,
    "activity-unexpected-eof.fit": 14,
    "nick.fit": 14391,
    "strava-android-app-201.10-b1218918.fit": 473,
}


def _by_sdk(data: bytes) -> tuple[Records, bool]:
    """The records by the SDK, and whether it found no fault (it reads chained files whole)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is not our code that is tested
        stream = Stream.from_byte_array(bytearray(data))
        found, errors = Decoder(stream).read(
            convert_datetimes_to_dates=False,
            merge_heart_rates=False,
            expand_components=True,
        )
    return [dict(one) for one in found.get("record_mesgs", [])], not errors


def _by_fitdecode(data: bytes) -> Records | None:
    """The records by fitdecode, or None where it finds a fault, checksums included."""
    try:
        with fitdecode.FitReader(data, check_crc=fitdecode.CrcCheck.RAISE) as reader:
            messages = [one for one in reader if isinstance(one, fitdecode.FitDataMessage)]
    except fitdecode.FitError:
        return None
    records = [one for one in messages if one.name == "record"]
    return [{field.name: field.value for field in one.fields} for one in records]


def _expected(records: Records, names: tuple[str, ...], unit: float) -> FloatArray:
    values = np.full(len(records), np.nan)
    for index, record in enumerate(records):
        value = next((record[name] for name in names if record.get(name) is not None), None)
        if isinstance(value, int | float):
            values[index] = value * unit
    return values


def _ours(data: bytes) -> tuple[FloatArray, dict[str, FloatArray], int]:
    """Times and channels of all parts of a file, one behind the other."""
    found, _ = parts(data, 10**7)
    messages = [one for part in found if len((one := decode(part, RECORD, NUMBERS)).order)]
    if not messages:
        return np.zeros(0), {}, 0
    columns = [channels(one) for one in messages]
    counts = [len(one.order) for one in messages]
    missing = [np.full(count, np.nan) for count in counts]
    joined = {
        name: np.concatenate(
            [own.get(name, none) for own, none in zip(columns, missing, strict=True)]
        )
        for name in dict.fromkeys(name for own in columns for name in own)
    }
    return np.concatenate([times_s(one) for one in messages]), joined, sum(counts)


@pytest.mark.slow
def test_records_equal_those_of_other_decoders(corpus: Path) -> None:
    values, clean = 0, set[str]()
    second, damaged = set[str](), dict[str, int]()
    for path in sorted(corpus.glob("fit/*")):
        data = path.read_bytes()
        records, faultless = _by_sdk(data)
        if not faultless:
            other = _by_fitdecode(data)
            if other is None:
                damaged[path.name] = len(records)
                continue
            records = other
            second.add(path.name)
        clean.add(path.name)
        values += _equal(path.name, records, data)
    assert len(clean) == CLEAN
    assert second == BY_FITDECODE
    assert damaged == DAMAGED
    assert values > 500_000


def _equal(name: str, records: Records, data: bytes) -> int:
    """Hold our reading of a file against another; how many values were compared."""
    time_s, columns, count = _ours(data)
    assert count == len(records), name
    if not records:
        return 0
    times = _expected(records, ("timestamp",), 1.0) + FIT_EPOCH_S
    np.testing.assert_array_equal(time_s, times, err_msg=name)
    return _compare(name, records, columns)


def test_of_damaged_files_every_record_before_the_damage_is_kept(corpus: Path) -> None:
    """Garmin's decoder hands out what it read before it stopped."""
    for name, expected in DAMAGED.items():
        data = (corpus / "fit" / name).read_bytes()
        found, trailing = parts(data, 10**7)
        broken = [part.damage for part in found if part.damage] + ([trailing] if trailing else [])
        assert len(broken) == 1, name
        assert 0 < broken[0].offset <= len(data)
        records, _ = _by_sdk(data)
        assert len(records) == expected
        assert _equal(name, records, data) > 0, name


def _compare(name: str, records: Records, columns: dict[str, FloatArray]) -> int:
    count = 0
    for channel, (names, unit) in ORACLE.items():
        expected = _expected(records, names, unit)
        ours = columns.get(channel, np.full(len(records), np.nan))
        message = f"{name}: {channel}"
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9, err_msg=message)
        count += int(np.isfinite(expected).sum())
    cadence = _expected(records, ("cadence",), 1.0)
    part = np.nan_to_num(_expected(records, ("fractional_cadence",), 1.0))
    ours = columns.get("cadence_spm", np.full(len(records), np.nan))
    np.testing.assert_allclose(ours, cadence + part, rtol=1e-9, err_msg=f"{name}: cadence")
    return count + int(np.isfinite(cadence).sum())


def test_strap_beats_equal_those_of_the_sdk(corpus: Path) -> None:
    data = (corpus / "fit" / "activity_poolswim_with_hr.fit").read_bytes()
    stream = Stream.from_byte_array(bytearray(data))
    found, _ = Decoder(stream).read(convert_datetimes_to_dates=False, merge_heart_rates=False)
    expected: list[tuple[float, float]] = []
    anchor = 0.0
    straps: list[dict[str, Any]] = [dict(one) for one in found["hr_mesgs"]]
    for message in straps:
        ticks, rates = message["event_timestamp"], message["filtered_bpm"]
        ticks = ticks if isinstance(ticks, list) else [ticks]
        rates = rates if isinstance(rates, list) else [rates]
        if "timestamp" in message:
            anchor = message["timestamp"] + message["fractional_timestamp"] - ticks[0]
        expected += [
            (anchor + at + FIT_EPOCH_S, rate) for at, rate in zip(ticks, rates, strict=False)
        ]
    time_s, heart = heart_series(parts(data, 10**7)[0])
    assert list(zip(time_s.tolist(), heart.tolist(), strict=True)) == sorted(expected)
    assert len(expected) > 7000
