"""A small run of the fuzz harness, and what larger runs found."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from retrorun.errors import ReadError
from retrorun.readers import read
from retrorun.settings import ReadLimits
from retrorun.simulate.write import Encoder, Field, number, text

HARNESS = Path(__file__).resolve().parents[2] / "benchmarks" / "fuzz.py"


@pytest.fixture(scope="module")
def fuzz() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fuzz", HARNESS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module
    spec.loader.exec_module(module)
    return module


def test_mutated_files_end_in_a_recording_or_a_named_reason(fuzz: ModuleType) -> None:
    base = [data[:8000] for data in fuzz.seeds()]
    found, _ = fuzz.lot(10_000_000, 400, base)
    assert [one.trouble for one in found if "MB" not in one.trouble] == []


def test_the_harness_sees_an_error_outside_the_family(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(fuzz, "read", broken)
    found, _ = fuzz.lot(0, 5, [b"<gpx></gpx>"])
    assert any("KeyError" in one.trouble for one in found)


def test_an_impossible_developer_type_is_no_panic() -> None:
    """Fuzz input 483: a decoder in Rust divided by the size of a type that does not exist."""
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    described = [number(0, "uint8", 0), number(1, "uint8", 0), number(2, "uint8", 0x5F)]
    encoder.add(3, 206, [*described, text(3, "odd")])
    for second in range(5):
        stamp = number(253, "uint32", 1_146_000_000 + second)
        encoder.add(1, 20, [stamp, number(3, "uint8", 120)])
    stamps = [number(253, "uint32", 1_146_000_005), number(2, "uint32", 1_146_000_000)]
    encoder.add(2, 18, [*stamps, number(5, "enum", 1)], [number(0, "uint8", 1)])
    export = read("a.fit", encoder.file(), ReadLimits())
    assert len(export.recordings[0].time_s) == 5
    assert "fit-messages-lost" not in {note.slug for note in export.recordings[0].notes}
    assert export.recordings[0].sport == "running"


def test_a_zone_before_the_z_is_no_warning() -> None:
    """Found by the harness: numpy reads ``…-05Z`` without its Z, and warns of the zone."""
    points = "".join(
        f'<trkpt lat="1" lon="2"><time>2026-05-03T07:30:0{second}{zone}Z</time></trkpt>'
        for second, zone in ((0, "-05"), (1, "---"), (2, "00."), (3, "-05"))
    )
    with pytest.raises(ReadError) as caught:
        read("a.gpx", f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode(), ReadLimits())
    assert caught.value.slug == "no-time"


def test_texts_in_front_of_the_first_point_belong_to_none() -> None:
    """Fuzz inputs 15025 and 26496."""
    point = '<trkpt lat="1" lon="2"><time>2026-05-03T07:30:0{}Z</time></trkpt>'
    body = "<ele>7</ele><time>x</time>" + point.format(0) + point.format(1)
    data = f"<gpx><trk><trkseg>{body}</trkseg></trk></gpx>".encode()
    (run,) = read("a.gpx", data, ReadLimits()).recordings
    assert set(run.columns) == {"latitude_deg", "longitude_deg"}


def test_arrays_where_single_numbers_belong_are_left_out() -> None:
    """Fuzz inputs 12894, 25473, 26080 and 26413: time or cadence with a field size of 8 or 68."""
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    for second in range(5):
        stamp = number(253, "uint32", 1_146_000_000 + second)
        eight = Field(53, 0x02, b"\1" * 8)
        encoder.add(1, 20, [stamp, number(4, "uint8", 80), eight, Field(3, 0x02, b"\x70" * 3)])
    (run,) = read("a.fit", encoder.file(), ReadLimits()).recordings
    assert run.columns["cadence_spm"].tolist() == [160] * 5
    assert "heart_rate_bpm" not in run.columns
    encoder = Encoder()
    encoder.add(0, 0, [number(0, "enum", 4)])
    encoder.add(1, 20, [Field(253, 0x86, b"\x40" * 8), number(3, "uint8", 99)])
    with pytest.raises(ReadError) as caught:
        read("a.fit", encoder.file(), ReadLimits())
    assert caught.value.slug == "no-time"
