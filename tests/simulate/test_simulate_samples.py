"""The sample data: written once more, they are the same."""

import errno
import gzip
import os
from pathlib import Path

import fitparse
import msgspec
import numpy as np
import pytest
import tzfpy

import retrorun.simulate.samples as sample_files
from retrorun.errors import SettingsError, StoreError
from retrorun.readers import read
from retrorun.settings import ReadLimits
from retrorun.simulate import Truth, fit_bytes, scenarios, simulate, write_samples
from retrorun.simulate.samples import SAMPLE_SEED, Sample, cut_off, first_records
from retrorun.simulate.samples import samples as made


@pytest.fixture(scope="module")
def simulated() -> tuple[Sample, ...]:
    """The samples before they are written."""
    return tuple(made(SAMPLE_SEED, 16))


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Sample, ...]) -> Path:
    """What is written by default; it is simulated once for all tests."""
    folder = tmp_path_factory.mktemp("samples")
    known = {(SAMPLE_SEED, 16): simulated}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_files, "samples", lambda *asked: known[asked])
        write_samples(folder)
    return folder


def contents(path: Path) -> bytes:
    """Bytes to compare; packed files unpacked, since zlib's versions pack differently."""
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def truths(folder: Path) -> list[Truth]:
    return [
        msgspec.json.decode(path.read_bytes(), type=Truth)
        for path in sorted(folder.glob("*.truth.json"))
    ]


def test_written_once_more_they_are_the_same(rewritten: Path, samples: Path) -> None:
    names = sorted(path.name for path in rewritten.iterdir())
    assert names == sorted(path.name for path in samples.iterdir())
    for name in names:
        assert contents(rewritten / name) == contents(samples / name), name


def test_another_seed_makes_others(tmp_path: Path, samples: Path) -> None:
    (path,) = write_samples(tmp_path, seed=7, sessions=1)
    assert path.read_bytes() != (samples / path.name).read_bytes()


def test_small_and_short(samples: Path) -> None:
    assert sum(path.stat().st_size for path in samples.iterdir()) < 5_000_000
    durations = [truth.intervals[-1].end_s for truth in truths(samples)]
    assert len(durations) >= 14
    assert max(durations) <= 25 * 60
    assert sorted(durations)[1] >= 10 * 60  # all but the one that was cut off


def test_the_athlete_gets_better(samples: Path) -> None:
    expected = truths(samples)
    factors = [truth.body.cost_factor for truth in expected]
    assert factors == sorted(factors, reverse=True)
    assert (factors[0], factors[-1]) == (1.42, 1.30)
    seconds = [truth.backward_s for truth in expected]
    assert np.mean(seconds[-4:]) > 2 * np.mean(seconds[:4])
    assert sum(truth.backward_s == 0 for truth in expected) == 1


def test_a_cut_file_ends_within_a_record() -> None:
    simulated = simulate(scenarios()["intervals"], 2)
    part = first_records(simulated, 400)
    cut = cut_off(fit_bytes(simulated), fit_bytes(part))
    file = fitparse.FitFile(cut, check_crc=False)
    records: list[dict[str, object]] = []
    with (
        pytest.warns(UserWarning, match="terminated unexpectedly"),
        pytest.raises(fitparse.FitParseError),
    ):
        records.extend(
            message.get_values() for message in file.get_messages() if message.name == "record"
        )
    # the reader gives what is left of the record that is cut; the heading is its last field
    assert len(records) == 401
    assert all(record.get("heading") is not None for record in records[:400])
    assert records[400].get("heading") is None
    assert part.truth.intervals[-1].end_s == 400.0


@pytest.mark.parametrize(("seed", "sessions"), [(-1, 1), (1, 0), (1, 100_000)])
def test_impossible_arguments_are_refused(tmp_path: Path, seed: int, sessions: int) -> None:
    with pytest.raises(SettingsError) as refused:
        write_samples(tmp_path, seed, sessions)
    assert refused.value.slug == "simulate-arguments"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("words")
    with pytest.raises(StoreError) as refused:  # no fault of the words that were typed: exit 1
        write_samples(tmp_path / "taken", sessions=1)
    assert refused.value.slug == "folder-unwritable"


def test_a_full_disk_leaves_no_half_of_a_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut off file could be read, as a shorter run."""

    def full(path: Path, data: bytes) -> None:
        with path.open("wb") as stream:
            stream.write(data[:1024])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError):
        write_samples(tmp_path, sessions=1)
    assert list(tmp_path.iterdir()) == []


def test_many_sessions_have_names_of_their_own(tmp_path: Path) -> None:
    paths = write_samples(tmp_path, sessions=20)
    assert len(set(paths)) == 20


def test_every_sample_is_read_as_it_was_simulated(
    samples: Path, simulated: tuple[Sample, ...]
) -> None:
    """Our own readers and the simulator's memory agree on what the watch saw."""
    for sample in simulated:
        export = read(sample.name, (samples / sample.name).read_bytes(), ReadLimits())
        (found,) = export.recordings
        expected = sample.simulated.recording
        assert np.allclose(found.time_s, expected.time_s), sample.name
        assert export.source.salvaged == ("cut-off" in sample.name)
        for name, column in found.columns.items():
            atol = {"altitude_m": 0.11, "latitude_deg": 1e-6, "longitude_deg": 1e-6}.get(
                name, 0.011
            )
            assert np.allclose(column, expected.columns[name], atol=atol, equal_nan=True), name
        claims = {series.claim for series in found.headings}
        assert ("compass" in claims) == bool(expected.headings), sample.name


def test_the_zone_can_be_found(simulated: tuple[Sample, ...]) -> None:
    """The salt flats keep Mountain Time; nobody lives there."""
    for sample in simulated:
        columns = sample.simulated.recording.columns
        place = float(columns["longitude_deg"][0]), float(columns["latitude_deg"][0])
        assert tzfpy.get_tz(*place) == "America/Denver"
