"""What the archive packs, it gives back bit by bit, and so do common programs; and it is small."""

import errno
import gzip
import io
import lzma
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrorun import pipeline
from retrorun.archive import objects, serialization
from retrorun.archive.objects import GZ, XZ, Objects
from retrorun.errors import ArchiveError
from retrorun.model import Analysis, Athlete, Blob, HeadingTrack, Track
from retrorun.settings import Settings


@pytest.fixture(scope="module")
def fit(samples: Path) -> bytes:
    return (samples / "2026-05-03-connect-iq.fit").read_bytes()


# --- originals


def test_a_fit_file_is_packed_as_xz_that_any_program_unpacks(fit: bytes) -> None:
    packed = objects.pack(fit)
    assert lzma.decompress(packed, format=lzma.FORMAT_XZ) == fit
    assert objects.unpack(packed) == fit
    assert objects.pack(fit) == packed
    assert len(packed) < 0.7 * len(gzip.compress(fit, 9))


def test_text_is_packed_as_gzip(samples: Path) -> None:
    data = (samples / "2026-05-21-watch.tcx").read_bytes()
    assert gzip.decompress(objects.pack(data)) == data == objects.unpack(objects.pack(data))


@given(st.binary(max_size=300), st.integers(1, 60), st.binary(max_size=20))
def test_whatever_calls_itself_fit_comes_back(body: bytes, times: int, tail: bytes) -> None:
    data = b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT" + body * times + tail
    assert objects.unpack(objects.pack(data)) == data


def test_damage_is_told(fit: bytes) -> None:
    packed = bytearray(objects.pack(fit))
    packed[len(packed) // 2] ^= 0xFF
    for damaged in (bytes(packed), bytes(packed[:100]), b"neither"):
        with pytest.raises(ArchiveError) as caught:
            objects.unpack(damaged)
        assert caught.value.slug == "archive-original-damaged"


def test_an_original_of_an_earlier_version_is_found_and_given_back(
    tmp_path: Path, fit: bytes
) -> None:
    store, sha256 = Objects(tmp_path, (GZ, XZ)), objects.digest(fit)
    store.put(sha256, gzip.compress(fit, mtime=0))
    assert store.path(sha256).suffix == GZ
    assert list(store.hashes()) == [sha256]
    assert objects.unpack(store.get(sha256)) == fit
    store.put(sha256, objects.pack(fit))
    assert [each.suffix for each in tmp_path.glob("*/*")] == [XZ]  # one of them, not both
    assert store.path(sha256).suffix == XZ
    assert list(store.hashes()) == [sha256]
    assert objects.unpack(store.get(sha256)) == fit


# --- tracks


def float_bytes(track: Track) -> bytes:
    """A track as earlier versions wrote it: positions as doubles, everything else as singles."""
    import msgspec

    named: dict[str, object] = {}
    for name, values in track.columns.items():
        kind = np.float64 if name in serialization.DOUBLE_PRECISION else np.float32
        named[name] = pa.array(values.astype(kind), from_pandas=True)
    for name, flags in track.flags.items():
        named[f"flag:{name}"] = pa.array(flags)
    for number, each in enumerate(track.headings):
        values = each.heading_deg.astype(np.float32)
        named[f"heading:{number}"] = pa.array(values, from_pandas=True)
    claims = [
        {"source": each.source, "claim": each.claim, "north": each.north} for each in track.headings
    ]
    about = {"version": 1, "start_time_s": track.start_time_s, "headings": claims, "notes": []}
    about["hidden"] = [list(each) for each in track.hidden]
    sink = io.BytesIO()
    metadata = {serialization.TRACK_KEY: msgspec.json.encode(about)}
    pq.write_table(pa.table(named, metadata=metadata), sink, compression="zstd")
    return sink.getvalue()


def bits(track: Track) -> dict[str, bytes]:
    """Every number of a track, to the bit."""
    found = {name: values.tobytes() for name, values in track.columns.items()}
    found |= {f"flag {name}": values.tobytes() for name, values in track.flags.items()}
    return found | {each.source: each.heading_deg.tobytes() for each in track.headings}


@pytest.mark.parametrize("name", ["2026-05-03-connect-iq.fit", "2026-05-21-watch.tcx"])
def test_a_track_is_read_back_as_from_floats_in_two_thirds_of_the_room(
    samples: Path, name: str
) -> None:
    blob = Blob(name, (samples / name).read_bytes())
    outcome = pipeline.process(blob, Settings(), Athlete(mass_kg=70.0))
    assert isinstance(outcome, Analysis)
    (track,) = outcome.tracks
    stored, before = serialization.encode_track(track), float_bytes(track)
    assert bits(serialization.decode_track(stored)) == bits(serialization.decode_track(before))
    assert len(stored) < 0.67 * len(before)


NUMBERS = st.one_of(
    st.floats(width=32),
    st.floats(-3e38, 3e38),
    st.integers(-(10**9), 10**9).map(lambda whole: whole / 10**4),
    st.integers(-300, 300).map(float),
    st.sampled_from([np.nan, np.inf, -np.inf, -0.0, 3e38, 5e-324, 2.0**53, 0.1]),
)
NAMES = ("latitude_deg", "speed_mps", "heart_rate_bpm", "x_m", "grade", "of no known unit")


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.sampled_from(NAMES))
def test_any_number_comes_back_to_the_bit(numbers: list[float], name: str) -> None:
    """Also one that is not rounded, too large for a decimal, or none at all."""
    values: npt.NDArray[np.float64] = np.array(numbers)
    heading = HeadingTrack("compass", "compass", "true", values)
    flags = {"gap": np.zeros(values.size, dtype=np.bool_)}
    track = Track(0.0, {name: values}, flags, (heading,))
    found = serialization.decode_track(serialization.encode_track(track))
    kind = np.float64 if name in serialization.DOUBLE_PRECISION else np.float32
    for mine, kept in (
        (found.columns[name], values.astype(kind).astype(np.float64)),
        (found.headings[0].heading_deg, values.astype(np.float32).astype(np.float64)),
    ):
        known = ~np.isnan(kept)
        assert mine[known].tobytes() == kept[known].tobytes()
        assert np.isnan(mine[~known]).all()


def test_a_full_disk_is_told_by_whoever_puts_an_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    store = Objects(tmp_path / "originals", (GZ, XZ))
    with pytest.raises(ArchiveError) as caught:
        store.put("ab" * 32, b"bytes")
    assert caught.value.slug == "archive-disk-full"
    assert caught.value.file == str(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
