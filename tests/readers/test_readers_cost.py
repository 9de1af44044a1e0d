"""What hostile files cost: linear in their size, and bounded. Each is made here."""

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from processor_time import costs_at_most, is_cheap
from retrorun.errors import NotARunError, ReadError
from retrorun.readers import members, read
from retrorun.readers.label_file import label_table
from retrorun.settings import ReadLimits

POINT = '<trkpt lat="1" lon="2"><time>2026-01-01T00:00:00Z</time></trkpt>'
START_S = 1_767_225_600  # 2026-01-01
LIMITS = ReadLimits()


def slug_of(data: bytes, limits: ReadLimits = LIMITS) -> str:
    with pytest.raises((ReadError, NotARunError)) as caught:
        read("a", data, limits)
    return caught.value.slug


def points(count: int, inside: str = "") -> list[str]:
    """Track points a second apart, with some more text inside of each."""
    times = (datetime.fromtimestamp(START_S + index, UTC) for index in range(count))
    marks = (time.strftime("<time>%Y-%m-%dT%H:%M:%SZ</time>") for time in times)
    return [f'<trkpt lat="1" lon="2">{inside}{mark}</trkpt>' for mark in marks]


def gpx(body: str) -> bytes:
    return f"<gpx><trk>{body}</trk></gpx>".encode()


def tcx(body: str) -> bytes:
    head = '<TrainingCenterDatabase><Activities><Activity Sport="Running">'
    return f"{head}{body}</Activity></Activities></TrainingCenterDatabase>".encode()


def zipped(*held: tuple[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, data in held:
            archive.writestr(name, data)
    return stream.getvalue()


def slugs(data: bytes) -> list[str]:
    found = [content for _, content in members("a.zip", data, LIMITS)]
    return [each.slug for each in found if not isinstance(each, bytes)]


def test_empty_gzip_members() -> None:
    empty = gzip.compress(b"", mtime=0)
    many, few, found = empty * 40_000, empty * 5000, []
    assert costs_at_most(lambda: found.append(slug_of(many)), 16, lambda: slug_of(few))
    assert set(found) == {"empty"}
    assert slug_of(empty * 250_001) == "gzip-too-many"


def test_members_that_follow_each_other_are_joined_and_cut_ones_kept() -> None:
    segment = "<trkseg>" + "".join(POINT.replace("00Z", f"{n:02}Z") for n in range(9)) + "</trkseg>"
    whole = gpx(segment)
    parts = [gzip.compress(whole[at : at + 50], mtime=0) for at in range(0, len(whole), 50)]
    assert len(read("a.gz", b"".join(parts), LIMITS).recordings[0].time_s) == 9
    assert read("a.gz", b"".join(parts)[:-5], LIMITS).source.salvaged


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (gpx("<trkseg>" + POINT * 1001), "too-many-samples"),
        (gpx("<trkseg>" + "<trkpt/>" * 1001), "too-many-samples"),
        (gpx("<trkseg>" + POINT.replace("trkpt", "g:trkpt") * 1001), "too-many-samples"),
        (gpx("<trkseg>" + "<a/>" * 4001), "too-many-elements"),
        (gpx(f"<trkseg>{POINT}</trkseg>" * 101), "too-many-segments"),
        (b"<gpx>" + b"<trk></trk>" * 11, "too-many-tracks"),
        (tcx("<Lap><Track></Track></Lap>" * 101), "too-many-laps"),
        (tcx('</Activity><Activity Sport="Running">' * 11), "too-many-activities"),
    ],
)
def test_what_is_too_much_is_refused_by_name(data: bytes, slug: str) -> None:
    limits = ReadLimits(samples=1000, xml_elements=2000, pieces=100, activities=10)
    assert slug_of(data, limits) == slug


def test_ten_million_points_are_refused_before_they_are_read() -> None:
    data = gpx("<trkseg>" + "<trkpt/>" * 10_000_000)
    assert is_cheap(lambda: slug_of(data), 2)


def test_many_segments_cost_no_more_than_their_points() -> None:
    few, many = (
        gpx("".join(f"<trkseg>{point}</trkseg>" for point in points(count)))
        for count in (1000, 8000)
    )
    assert costs_at_most(lambda: read("a", many, LIMITS), 16, lambda: read("a", few, LIMITS))


def test_long_comments_are_not_searched_to_their_end() -> None:
    data = gpx("<trkseg>" + "".join(points(500, "<cmt>" + "compass " * 2000 + "</cmt>")))
    assert is_cheap(lambda: read("a", data, LIMITS), 2)


def test_a_member_that_claims_too_much_is_not_unpacked() -> None:
    data = zipped(("a.gpx", bytes(64 << 20)))
    assert len(data) < 100_000
    found: list[list[str]] = []
    assert is_cheap(lambda: found.append(slugs(data)), 0.1)
    assert found[-1] == ["member-too-large"]


def test_many_small_bombs_share_one_allowance() -> None:
    data = zipped(*((f"{n}.gpx", bytes(1 << 20)) for n in range(200)))
    found = [each for _, each in members("a.zip", data, LIMITS)]
    refused = [each.slug for each in found if not isinstance(each, bytes)]
    assert refused.count("member-too-large") > 100
    assert len(found) - len(refused) < 100


def test_a_bomb_within_a_zip_is_refused() -> None:
    inner = zipped(*((f"{n}.gpx", bytes(1 << 20)) for n in range(8)), kind=zipfile.ZIP_STORED)
    assert slugs(zipped(("inner.zip", inner))) == ["member-too-large"]


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_slow_ways_of_packing_are_read_and_count_for_more(kind: int) -> None:
    small = gpx(f"<trkseg>{POINT}{POINT}</trkseg>")
    held = [each for _, each in members("a", zipped(("a.gpx", small), kind=kind), LIMITS)]
    assert held == [small]
    assert slugs(zipped(("a.gpx", bytes(8 << 20)), kind=kind)) == ["member-too-large"]


def test_a_table_of_contents_without_end_is_not_read() -> None:
    entry = b"PK\x01\x02" + bytes(42)
    size = (16 << 20) // len(entry) * len(entry) + len(entry)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, size, 4, 0)
    with pytest.raises(ReadError) as caught:
        list(members("a.zip", b"PK\x03\x04" + entry * (size // len(entry)) + end, LIMITS))
    assert caught.value.slug == "archive-too-many"


def test_a_table_of_labels_has_an_end() -> None:
    with pytest.raises(ReadError) as caught:
        label_table("a.csv", b"start,end,direction\n" + b"\n" * (4 << 20))
    assert caught.value.slug == "labels-broken"


def _unquoted(count: int) -> bytes:
    return b"<gpx><trk a=1" + b" a=1" * count + b"><trkseg>" + POINT.encode() + b"</trkseg>"


def _equals_signs(count: int) -> bytes:
    return b"<gpx><trk a" + b"=" * count + b"<"


def _points_in_a_comment(count: int) -> bytes:
    return tcx("<Lap><!-- " + "<Trackpoint>" * count + " --></Lap>")


def _long_times(count: int) -> bytes:
    odd = "1/1/2000 " * (count // 9)
    return gpx(f'<trkseg><trkpt lat="1" lon="2"><time>{odd}</time></trkpt></trkseg>')


@pytest.mark.parametrize("made", [_unquoted, _equals_signs, _points_in_a_comment, _long_times])
def test_odd_xml_is_mended_in_time_with_its_length(made: Callable[[int], bytes]) -> None:
    def work(data: bytes) -> Callable[[], object]:
        return lambda: slug_of(data)

    short, long = made(50_000), made(400_000)  # eight times: 64 where each looks at all others
    assert costs_at_most(work(long), 24, work(short), 0.005)


@pytest.mark.parametrize(
    "table", ["#\n" * 200_000, "start,end,direction\n1h" + " " * 100_000 + "x,9,b"]
)
def test_odd_tables_of_labels_are_refused_in_time(table: str) -> None:
    def work() -> None:
        with pytest.raises(ReadError):
            label_table("a.labels.csv", table.encode())

    assert is_cheap(work, 2)
