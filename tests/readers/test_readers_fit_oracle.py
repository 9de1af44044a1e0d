"""FIT records against Garmin's own decoder, on every clean real file, whatever its sport."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from garmin_fit_sdk import Decoder, Stream

from retrorun.readers.fit_columns import FIT_EPOCH_S, decode
from retrorun.readers.fit_heart import heart_series
from retrorun.readers.fit_records import NUMBERS, channels, times_s
from retrorun.readers.fit_structure import RECORD, parts
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
    "balance_pct": (("stance_time_balance",), 1.0),
}
CLEAN = 43  # files of the corpus that the SDK reads without an error


def _oracle(data: bytes) -> list[dict[str, Any]] | None:
    """The records by the SDK, or None where it finds a fault (it reads chained files whole)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is not our code that is tested
        stream = Stream.from_byte_array(bytearray(data))
        found, errors = Decoder(stream).read(
            convert_datetimes_to_dates=False,
            merge_heart_rates=False,
            expand_components=True,
        )
    return None if errors else [dict(one) for one in found.get("record_mesgs", [])]


def _expected(records: list[dict[str, Any]], names: tuple[str, ...], unit: float) -> FloatArray:
    values = np.full(len(records), np.nan)
    for index, record in enumerate(records):
        value = next((record[name] for name in names if record.get(name) is not None), None)
        if isinstance(value, int | float):
            values[index] = value * unit
    return values


def _ours(data: bytes) -> tuple[FloatArray, dict[str, FloatArray], int]:
    found, _ = parts(data, 10**7)
    messages = [decode(part, RECORD, NUMBERS) for part in found]
    first = max(messages, key=lambda one: len(one.order))
    return times_s(first), channels(first), sum(len(one.order) for one in messages)


def test_records_equal_those_of_the_sdk(corpus: Path) -> None:
    compared, values = 0, 0
    for path in sorted(corpus.glob("fit/*")):
        data = path.read_bytes()
        records = _oracle(data)
        if records is None:
            continue
        compared += 1
        time_s, columns, count = _ours(data)
        assert count == len(records), path.name
        if not records:
            continue
        times = _expected(records, ("timestamp",), 1.0) + FIT_EPOCH_S
        np.testing.assert_array_equal(time_s, times, err_msg=path.name)
        values += _compare(path.name, records, columns)
    assert compared == CLEAN
    assert values > 500_000


def _compare(name: str, records: list[dict[str, Any]], columns: dict[str, FloatArray]) -> int:
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
