"""Each format is registered once, and recognised by its content whatever its name."""

from pathlib import Path

import numpy as np
import pytest

from retrorun.readers import read
from retrorun.readers.heading_sources import BY_CREATOR, GPX_NAMES, SOURCES
from retrorun.readers.registry import READERS, reader_of, suffixes, titles
from retrorun.readers.xml import gpx
from retrorun.settings import ReadLimits
from retrorun.storage.entries import is_export


def test_kinds_and_suffixes_are_given_once() -> None:
    kinds = [each.kind for each in READERS]
    endings = [suffix for each in READERS for suffix in each.suffixes]
    assert len(set(kinds)) == len(kinds)
    assert len(set(endings)) == len(endings)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in endings)


def test_names_of_exports_follow_from_the_registry() -> None:
    for suffix in suffixes():
        assert is_export(f"a{suffix}")
        assert is_export(f"A{suffix.upper()}.gz")
    assert not is_export("a.csv")
    assert not is_export("a.json")  # only its content tells


@pytest.mark.parametrize("suffix", [".fit", ".gpx", ".tcx"])
def test_a_file_is_recognised_by_its_content_whatever_its_name(samples: Path, suffix: str) -> None:
    path = next(iter(sorted(samples.glob(f"*{suffix}"))))
    data = path.read_bytes()
    reader = reader_of("misnamed.txt", data[:4096])
    assert reader is not None
    assert reader.kind == suffix[1:]
    assert read("misnamed.txt", data, ReadLimits()).source.format == reader.kind


@pytest.mark.parametrize(
    "data", [b"", b" \n", b"PK\x03\x04" + b"<gpx>", b"<html><body>", b"{}", b"GIF89a", b"a,b\n1,2"]
)
def test_what_is_no_recording_has_no_reader(data: bytes) -> None:
    assert reader_of("a.gpx", data) is None


def test_formats_are_listed_for_people() -> None:
    assert titles().startswith("FIT, GPX")
    assert titles().count(" or ") == 1
    assert titles("nor").startswith("FIT nor GPX")


def test_gpx_looks_for_headings_where_the_table_of_sources_says() -> None:
    rows = [row for row in SOURCES if row.format == "gpx"]
    assert {name for row in rows for name in row.names} == GPX_NAMES
    body = "".join(f"<{name}>{10 * (at + 1)}</{name}>" for at, name in enumerate(sorted(GPX_NAMES)))
    marks = "".join(
        f'<trkpt lat="46" lon="14.{second:02}"><time>2026-05-01T10:00:{second:02}Z</time>'
        f"<extensions>{body}</extensions></trkpt>"
        for second in range(20)
    )
    document = f'<gpx creator="a"><trk><trkseg>{marks}</trkseg></trk></gpx>'
    (run,) = read("a.gpx", document.encode(), ReadLimits()).recordings
    assert {one.source for one in run.headings} == {row.label for row in rows}


@pytest.mark.parametrize("creator", sorted(BY_CREATOR))
def test_a_composed_document_names_the_source_of_its_compass(creator: str) -> None:
    elapsed_s = np.arange(20.0)
    columns = {
        "lat": np.full(20, 46.0),
        "lon": 14 + 1e-5 * elapsed_s,
        "compass": np.full(20, 90.0),
    }
    document = gpx.gpx_of(creator, None, 1_777_000_000.0 + elapsed_s, columns)
    (run,) = read("a.gpx", document, ReadLimits()).recordings
    (heading,) = run.headings
    assert (heading.source, heading.north) == (BY_CREATOR[creator].label, BY_CREATOR[creator].north)
