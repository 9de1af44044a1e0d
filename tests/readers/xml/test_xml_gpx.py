"""GPX as it is found: flavours, headings, odd clocks, breaks, broken files."""

from pathlib import Path

import gpxpy
import numpy as np
import pytest

from processor_time import is_cheap
from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, HeadingSeries
from retrorun.readers import read
from retrorun.settings import ReadLimits

START_S = 1_777_793_400.0  # 2026-05-03T07:30:00Z
NAMESPACES = (
    'xmlns="http://www.topografix.com/GPX/1/1" xmlns:a="urn:whatever" '
    'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2"'
)


def _point(second: float, inside: str = "") -> str:
    stamp = f"2026-05-03T07:30:{second:06.3f}Z"
    return f'<trkpt lat="46.0{int(second):02d}" lon="14.5"><time>{stamp}</time>{inside}</trkpt>'


def _gpx(*points: str, kind: str = "running") -> bytes:
    body = "".join(points)
    return (
        f'<?xml version="1.0"?><gpx {NAMESPACES} creator="x"><trk><type>{kind}</type>'
        f"<trkseg>{body}</trkseg></trk></gpx>"
    ).encode()


def _read(data: bytes) -> Export:
    return read("a.gpx", data, ReadLimits())


def _headings(*inside: str) -> dict[str, HeadingSeries]:
    points = (_point(index, text) for index, text in enumerate(inside))
    (run,) = _read(_gpx(*points)).recordings
    return {one.source: one for one in run.headings}


def _extension(**values: object) -> str:
    inner = "".join(f"<a:{name}>{value}</a:{name}>" for name, value in values.items())
    return f"<extensions><a:TrackPointExtension>{inner}</a:TrackPointExtension></extensions>"


@pytest.mark.parametrize(
    ("name", "channel", "given", "expected"),
    [
        ("hr", "heart_rate_bpm", 151, 151),
        ("heartrate", "heart_rate_bpm", 151, 151),
        ("cad", "cadence_spm", 86, 172),
        ("cadence", "cadence_spm", 172, 172),
        ("RunCadence", "cadence_spm", 86, 172),
        ("StepRate", "cadence_spm", 172, 172),
        ("step_rate", "cadence_spm", 172, 172),
        ("stepCadence", "cadence_spm", 172, 172),
        ("runningCadence", "cadence_spm", 86, 172),
        ("CADENCE", "cadence_spm", 86, 172),
        ("cadence_spm", "cadence_spm", 172, 172),
        ("spm", "cadence_spm", 172, 172),
        ("stepsPerMinute", "cadence_spm", 172, 172),
        ("speed", "speed_mps", 2.5, 2.5),
        ("atemp", "temperature_c", -3, -3),
        ("power", "power_w", 250, 250),
        ("hAcc", "gps_accuracy_m", 4.5, 4.5),
        ("distance", "distance_m", 12.5, 12.5),
    ],
)
def test_values_are_known_by_local_name(
    name: str, channel: str, given: float, expected: float
) -> None:
    points = [_point(index, _extension(**{name: given})) for index in range(3)]
    (run,) = _read(_gpx(*points)).recordings
    assert run.columns[channel].tolist() == [expected] * 3


@pytest.mark.parametrize(
    "inside",
    [
        "<StepRate>172</StepRate>",  # right in the extensions, without a holder of its own
        "<gpxdata:cadence>86</gpxdata:cadence>",  # a prefix that nobody declares
        '<ns3:TPX xmlns:ns3="u"><ns3:RunCadence>86</ns3:RunCadence></ns3:TPX>',
        '<g:TPX xmlns:g="u"><g:Extensions><g:StepRate> 172 </g:StepRate></g:Extensions></g:TPX>',
    ],
)
def test_cadence_is_read_wherever_an_extension_holds_it(inside: str) -> None:
    points = [_point(index, f"<extensions>{inside}</extensions>") for index in range(3)]
    (run,) = _read(_gpx(*points)).recordings
    assert run.columns["cadence_spm"].tolist() == [172] * 3
    assert "channel-not-read" not in {note.slug for note in run.notes}


@pytest.mark.parametrize("name", ["CadencePod", "cad_sensor", "spm_foot", "steps_per_min"])
def test_steps_by_a_name_that_is_not_known_are_named(name: str) -> None:
    points = [_point(index, _extension(**{name: 172})) for index in range(3)]
    (run,) = _read(_gpx(*points)).recordings
    (note,) = [note for note in run.notes if note.slug == "channel-not-read"]
    assert name.lower() in note.message


def test_walking_cadence_of_both_feet_is_not_doubled() -> None:
    points = [_point(index, _extension(cad=104)) for index in range(3)]
    (run,) = _read(_gpx(*points, kind="walking")).recordings
    assert run.columns["cadence_spm"].tolist() == [104] * 3


def test_osmand_heading_is_a_compass_and_its_bearing_a_course() -> None:
    found = _headings(_extension(heading=10, bearing=190), _extension(heading=350, bearing=190))
    assert found["osmand:heading"].claim == "compass"
    assert found["osmand:heading"].heading_deg.tolist() == [10, 350]
    assert found["gpx:bearing"].claim == "course"


def test_bearing_beside_a_different_course_is_the_facing() -> None:
    found = _headings(_extension(course=10, bearing=190), _extension(course=11, bearing=191))
    assert found["gpx:bearing"].claim == "compass"
    assert found["gpx:course"].claim == "course"


def test_bearing_alone_or_beside_the_same_course_is_a_course() -> None:
    assert _headings(_extension(bearing=10), _extension(bearing=20))["gpx:bearing"].claim == (
        "course"
    )
    same = _headings(_extension(course=10, bearing=10), _extension(course=20, bearing=20))
    assert same["gpx:bearing"].claim == "course"


def test_osmtracker_compass_in_extensions_or_in_a_comment() -> None:
    tag = _headings(_extension(compass=77.5, compass_accuracy=3), _extension(compass=78))
    assert tag["osmtracker:compass"].heading_deg.tolist() == [77.5, 78]
    assert tag["osmtracker:compass"].north == "magnetic"
    words = _headings("<cmt>compass: 123.4\ncompass_accuracy: 3</cmt>", "<cmt>none</cmt>")
    assert words["osmtracker:compass"].heading_deg.tolist() == [123.4]


def test_negative_course_is_missing_and_negative_compass_is_west() -> None:
    course = _headings("<course>-1</course>", "<course>90</course>")["gpx:course"]
    assert course.heading_deg.tolist() == [90]
    west = _headings(_extension(heading=-90), _extension(heading=45))["osmand:heading"]
    assert west.heading_deg.tolist() == [270, 45]
    unset = _headings(_extension(heading=-1), _extension(heading=45))["osmand:heading"]
    assert unset.heading_deg.tolist() == [45]


def test_fractional_repeated_and_backward_clocks_stay_as_they_are() -> None:
    points = [_point(second) for second in (0.25, 3, 3, 2.5)]
    (run,) = _read(_gpx(*points)).recordings
    assert (run.time_s - START_S).tolist() == [0.25, 3, 3, 2.5]


def test_clock_with_a_zone_gives_the_offset() -> None:
    points = [
        f'<trkpt lat="1" lon="2"><time>2026-05-03T09:30:0{index}+02:00</time></trkpt>'
        for index in range(2)
    ]
    (run,) = _read(_gpx(*points)).recordings
    assert (run.time_s - START_S).tolist() == [0, 1]
    assert run.utc_offset_s == 7200


def test_points_without_a_time_are_left_out_with_a_note() -> None:
    data = _gpx(_point(0), '<trkpt lat="1" lon="2"/>', _point(2))
    (run,) = _read(data).recordings
    assert (run.time_s - START_S).tolist() == [0, 2]
    assert "points-without-time" in {note.slug for note in run.notes}


def test_segments_are_breaks_and_close_tracks_are_one_run() -> None:
    first = "".join(_point(second) for second in (0, 1))
    second = "".join(_point(second) for second in (10, 11))
    third = "".join(_point(second) for second in (20, 21))
    far = third.replace("07:30", "12:30")
    data = (
        f"<gpx><trk><trkseg>{first}</trkseg><trkseg>{second}</trkseg></trk>"
        f"<trk><trkseg>{third}</trkseg></trk><trk><trkseg>{far}</trkseg></trk></gpx>"
    ).encode()
    joined, apart = _read(data).recordings
    assert (joined.time_s - START_S).tolist() == [0, 1, 10, 11, 20, 21]
    assert [second - START_S for second in joined.breaks_s] == [10, 20]
    assert len(apart.time_s) == 2


def _tracks(*groups: range) -> list[str]:
    """A track of each range of seconds, whose points face 10° more from second to second."""
    return [
        "<trk><trkseg>"
        + "".join(_point(at, _extension(heading=10 * at, cad=85)) for at in group)
        + "</trkseg></trk>"
        for group in groups
    ]


def test_the_heading_of_joined_tracks_is_one_series() -> None:
    """Some writers begin a track each kilometre: the heading of one alone would be a part."""
    tracks = "".join(_tracks(range(10), range(10, 20), range(20, 30)))
    (run,) = _read(f"<gpx>{tracks}</gpx>".encode()).recordings
    (heading,) = run.headings
    assert (heading.time_s - START_S).tolist() == list(range(30))
    assert heading.heading_deg.tolist() == [10.0 * at for at in range(30)]


def test_mounts_of_joined_tracks_count_on() -> None:
    head = '<gpx creator="Sensor Logger">'
    tracks = [
        "<trk><trkseg>"
        + "".join(
            _point(at, f"<extensions><compass>90</compass><mount>{at % 2}</mount></extensions>")
            for at in group
        )
        + "</trkseg></trk>"
        for group in ((0, 1), (2, 3))
    ]
    (run,) = _read(f"{head}{''.join(tracks)}</gpx>".encode()).recordings
    (heading,) = run.headings
    assert heading.mount is not None
    assert heading.mount.tolist() == [0, 1, 2, 3]


def test_tracks_with_the_newest_first_are_one_run() -> None:
    late = _tracks(range(40, 43))[0].replace("07:30", "12:30")
    tracks = [*_tracks(range(20, 30), range(10, 20)), late, *_tracks(range(10))]
    one, other = _read(f"<gpx>{''.join(tracks)}</gpx>".encode()).recordings
    assert (one.time_s - START_S).tolist() == list(range(30))
    assert [at - START_S for at in one.breaks_s] == [10, 20]
    assert len(other.time_s) == 3


def test_every_cut_keeps_the_whole_points_before_it() -> None:
    points = [_point(index, f"<ele>{300 + index}</ele>\n") + "\n" for index in range(20)]
    whole = _gpx(*points)
    starts = [whole.index(point.encode()) for point in points]
    for cut in range(starts[3], starts[18], 7):
        complete = sum(cut >= start + len(points[0]) for start in starts)
        (run,) = _read(whole[:cut]).recordings
        assert complete <= len(run.time_s) <= complete + 1
        assert run.columns["altitude_m"].tolist() == [300 + i for i in range(len(run.time_s))]
        assert "xml-broken" in {note.slug for note in run.notes}


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"<gpx><rte><rtept lat='1' lon='2'/></rte></gpx>", "gpx-route"),
        (b"<gpx><wpt lat='1' lon='2'/></gpx>", "gpx-no-track"),
        (_gpx(_point(0), _point(1), kind="cycling"), "not-a-run"),
    ],
)
def test_no_run(data: bytes, slug: str) -> None:
    with pytest.raises(NotARunError) as caught:
        _read(data)
    assert caught.value.slug == slug


@pytest.mark.parametrize("data", [b"<gpx><trk><trkseg>", b"<gpx><a><a>", _gpx(_point(0))[:-30]])
def test_what_breaks_off_at_once_claims_to_have_kept_nothing(data: bytes) -> None:
    with pytest.raises(ReadError) as caught:
        _read(data)
    assert caught.value.slug == "xml-broken"
    assert caught.value.message.startswith("it breaks off before its second track point: ")
    assert "kept" not in caught.value.message
    assert "<string>" not in caught.value.message
    assert caught.value.remedy


def test_no_time_and_too_many_points_are_read_errors() -> None:
    with pytest.raises(ReadError) as caught:
        _read(_gpx('<trkpt lat="1" lon="2"/>', '<trkpt lat="1" lon="3"/>'))
    assert caught.value.slug == "no-time"
    with pytest.raises(ReadError) as caught:
        read("a.gpx", _gpx(*map(_point, range(9))), ReadLimits(samples=8))
    assert caught.value.slug == "too-many-samples"


def test_entities_are_neither_expanded_nor_fetched() -> None:
    bomb = '<!DOCTYPE gpx [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    bomb += '<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    body = f"<name>&b;&f;</name><trkseg>{_point(0)}{_point(1)}</trkseg>"
    (run,) = _read(f"{bomb}<gpx><trk>{body}</trk></gpx>".encode()).recordings
    assert run.name is None


def test_depth_is_bounded() -> None:
    deep = b"<a>" * 100_000
    with pytest.raises((ReadError, NotARunError)):
        _read(b"<gpx><trk><trkseg>" + deep)


def test_times_and_places_equal_those_of_gpxpy(corpus: Path) -> None:
    compared = 0
    for path in sorted(corpus.glob(f"gpx/{'?' * 36}.gpx")):
        data = path.read_bytes()
        points = [
            point
            for track in gpxpy.parse(data).tracks
            for segment in track.segments
            for point in segment.points
        ]
        (run,) = _read(data).recordings
        times = [point.time.timestamp() for point in points if point.time]
        np.testing.assert_allclose(run.time_s, times, atol=1e-6)
        latitudes = [point.latitude for point in points]
        assert run.columns["latitude_deg"].tolist() == latitudes
        compared += len(points)
    assert compared > 10_000


def test_a_time_that_no_clock_can_show_drops_its_point() -> None:
    times = ("2026-05-03T07:30:00+99:99", "2026-05-03T07:30:01Z", "2026-05-03T07:30:02Z")
    points = "".join(
        f'<trkpt lat="46" lon="14.{i}"><time>{t}</time></trkpt>' for i, t in enumerate(times)
    )
    text = f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>"
    (found,) = read("offset.gpx", text.encode(), ReadLimits()).recordings
    assert len(found.time_s) == 2


def test_a_document_full_of_tracks_is_refused_before_it_costs_time() -> None:
    data = b"<gpx>" + b"<trk><trkseg/></trk>" * 200_000 + b"</gpx>"

    def work() -> None:
        with pytest.raises(ReadError) as caught:
            _read(data)
        assert caught.value.slug == "too-many-tracks"

    assert is_cheap(work, 5)
