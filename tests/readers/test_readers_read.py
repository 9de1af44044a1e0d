"""Every file ends in recordings or in a named reason."""

import gzip

import pytest

from retrorun.errors import NotARunError, ReadError, RetrorunError
from retrorun.model import Export
from retrorun.readers import read
from retrorun.settings import ReadLimits

LIMITS = ReadLimits()
GPX = b"""<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" creator="a phone">
<trk><name>lap of the lake</name><type>running</type><trkseg>
<trkpt lat="46.0" lon="14.0"><ele>300</ele><time>2026-05-03T07:30:00Z</time></trkpt>
<trkpt lat="46.1" lon="14.1"><ele>301</ele><time>2026-05-03T07:30:01Z</time></trkpt>
</trkseg></trk></gpx>"""


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\x00\x01\x02 nothing known", "unknown-format"),
        (b"PK\x03\x04 and so on", "archive"),
        (b"<html><body>no track</body></html>", "xml-unknown"),
        (b"\x1f\x8b garbage", "gzip-broken"),
        (b"\x0e\x20\x34\x08\x00\x00\x00\x00.FIT", "fit-unfinished"),
    ],
)
def test_unreadable_bytes_have_a_named_reason(data: bytes, slug: str) -> None:
    with pytest.raises(ReadError) as caught:
        read("a file", data, LIMITS)
    assert caught.value.slug == slug
    assert caught.value.file == "a file"


def test_kind_is_found_by_content_and_gzip_is_unwrapped() -> None:
    export = read("renamed.fit.gz", gzip.compress(GPX), LIMITS)
    (run,) = export.recordings
    assert export.source.format == "gpx"
    assert export.source.device == "a phone"
    assert run.name == "lap of the lake"
    assert run.time_s.tolist() == [1777793400.0, 1777793401.0]
    assert run.columns["latitude_deg"].tolist() == [46.0, 46.1]
    assert run.columns["altitude_m"].tolist() == [300.0, 301.0]


def _points(first: int, last: int, more: str = "", step: int = 1) -> str:
    return "".join(
        f'<trkpt lat="46.{at:04d}" lon="14.5"><time>2026-05-03T07:30:{at:02d}Z</time>{more}</trkpt>'
        for at in range(first, last, step)
    )


@pytest.mark.parametrize(
    ("second", "sizes"),
    [
        (_points(0, 50), [50]),
        (_points(0, 50, step=10), [50]),
        (_points(20, 40), [50]),
        (_points(40, 60), [50, 20]),
        (_points(0, 50, "<extensions><hr>150</hr></extensions>"), [50]),
    ],
)
def test_a_recording_within_another_counts_once(second: str, sizes: list[int]) -> None:
    tracks = "".join(
        f"<trk><type>running</type><trkseg>{points}</trkseg></trk>"
        for points in (_points(0, 50), second)
    )
    export = read("a.gpx", f"<gpx>{tracks}</gpx>".encode(), LIMITS)
    assert [each.time_s.size for each in export.recordings] == sizes
    assert [note.slug for note in export.passed_over] == ["same-recording"] * (2 - len(sizes))


def _file_of(*tracks: str) -> bytes:
    return f"<gpx>{''.join(f'<trk>{each}</trk>' for each in tracks)}</gpx>".encode()


def _way(first: int, aside_deg: float) -> str:
    """Sixty seconds at 3 m/s or so, aside by 0.0001 degrees of latitude for 11 m."""
    points = "".join(
        f'<trkpt lat="{46 + 0.000027 * at + aside_deg:.6f}" lon="14.5">'
        f"<time>2026-05-03T07:30:{at:02d}Z</time></trkpt>"
        for at in range(first, 60)
    )
    return f"<type>running</type><trkseg>{points}</trkseg>"


def test_a_run_that_two_devices_recorded_counts_once() -> None:
    """A watch, and a phone that was started 4 s later and lies 11 m aside."""
    export = read("a.gpx", _file_of(_way(0, 0.0), _way(4, 0.0001)), LIMITS)
    assert [each.time_s.size for each in export.recordings] == [60]
    assert [note.slug for note in export.passed_over] == ["same-run"]


def _track(start_s: int, end_s: int, apart_s: int, *, heart: bool = False, day: int = 3) -> str:
    """North at 2.5 m/s or so from the first second of an hour on."""
    rate = "<extensions><hr>150</hr></extensions>" if heart else ""
    points = "".join(
        f'<trkpt lat="{46 + 0.0000225 * at:.6f}" lon="14.5000{apart_s}"><time>2026-05-{day:02d}T07:'
        f"{at // 60:02d}:{at % 60:02d}Z</time>{rate}</trkpt>"
        for at in range(start_s, end_s, apart_s)
    )
    return f"<type>running</type><trkseg>{points}</trkseg>"


def _kept(*tracks: str) -> list[tuple[int, bool]]:
    """Sizes of what counts, and whether it has a heart rate."""
    export = read("a.gpx", _file_of(*tracks), LIMITS)
    assert [note.slug for note in export.passed_over] == ["same-run"]
    return [(each.time_s.size, "heart_rate_bpm" in each.columns) for each in export.recordings]


def test_of_two_devices_that_recorded_a_run_the_longer_counts_then_that_which_tells_more() -> None:
    """A watch, a sample each 5 s with the heart rate, and a phone, one a second without."""
    watch = _track(0, 3600, 5, heart=True)
    assert _kept(watch, _track(0, 3590, 1)) == [(720, True)]
    assert _kept(_track(0, 3590, 1), watch) == [(720, True)]
    assert _kept(_track(0, 1200, 1), watch) == [(720, True)]
    assert _kept(_track(0, 3300, 1), _track(0, 3600, 5)) == [(720, False)]
    assert _kept(_track(0, 1200, 5, heart=True), _track(0, 3600, 1)) == [(3600, False)]


def test_each_of_many_runs_that_two_devices_recorded_counts_once() -> None:
    pairs = [_track(0, 300 + day, apart_s, day=day) for apart_s in (1, 2) for day in range(1, 16)]
    assert sorted(_kept(*pairs)) == [(300 + day, False) for day in range(1, 16)]


@pytest.mark.parametrize(
    "second",
    [
        _way(0, 0.001),  # 111 m away
        _way(0, 0.0001).replace("running", "walking"),
    ],
)
def test_who_runs_elsewhere_or_walks_counts_apart(second: str) -> None:
    export = read("a.gpx", _file_of(_way(0, 0.0), second), LIMITS)
    assert [each.time_s.size for each in export.recordings] == [60, 60]


def test_an_activity_that_a_file_holds_twice_counts_once() -> None:
    places = [f"<Time>2026-05-03T07:30:{at:02d}Z</Time><Value>{at}</Value>" for at in range(9)]
    points = "".join(f"<Trackpoint>{each}</Trackpoint>" for each in places)
    one = f'<Activity Sport="Running"><Lap><Track>{points}</Track></Lap></Activity>'
    export = read("a.tcx", f"<Activities>{2 * one}</Activities>".encode(), LIMITS)
    assert len(export.recordings) == 1


def test_of_equal_recordings_the_one_with_more_laps_or_a_name_counts() -> None:
    samples = [f"<Time>2026-05-03T07:30:{at:02d}Z</Time>" for at in range(8)]
    points = [f"<Trackpoint>{each}<Cadence>90</Cadence></Trackpoint>" for each in samples]
    parts = [points] if (whole := len(points)) else []
    laps = [[points[:4], points[4:]], parts]
    activities = "".join(
        f'<Activity Sport="Running">{"".join(map(_lap, each))}</Activity>' for each in laps[::-1]
    )
    (one,) = read("a.tcx", f"<Activities>{activities}</Activities>".encode(), LIMITS).recordings
    assert (one.time_s.size, len(one.laps)) == (whole, 2)
    tracks = "".join(
        f"<trk>{name}<type>running</type><trkseg>{_points(0, 50)}</trkseg></trk>"
        for name in ("", "<name>Backward run</name>")
    )
    (named,) = read("a.gpx", f"<gpx>{tracks}</gpx>".encode(), LIMITS).recordings
    assert named.name == "Backward run"


def _lap(points: list[str]) -> str:
    begin = points[0].split("<Time>")[1].split("<")[0]
    return f'<Lap StartTime="{begin}"><Track>{"".join(points)}</Track></Lap>'


def test_too_large_a_file_is_refused() -> None:
    with pytest.raises(ReadError) as caught:
        read("big", GPX, ReadLimits(file_bytes=10))
    assert caught.value.slug == "too-large"


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 2**26)
    with pytest.raises(ReadError) as caught:
        read("bomb", bomb, LIMITS)
    assert caught.value.slug == "gzip-too-large"


def test_a_truncated_gzip_keeps_what_came_before() -> None:
    body = GPX.replace(b"</trkseg>", b"<!--" + bytes(range(32, 127)) * 40 + b"--></trkseg>")
    whole = gzip.compress(body, 0)
    export = read("cut.gpx.gz", whole[:-3000], LIMITS)
    assert export.source.salvaged
    assert {note.slug for note in export.source.warnings} == {"xml-broken", "gzip-truncated"}
    assert len(export.recordings[0].time_s) == 2


@pytest.mark.xdist_group("real files")  # they are read once, by one worker
def test_every_corpus_file_is_a_recording_or_has_a_reason(
    read_corpus: dict[str, Export | RetrorunError],
) -> None:
    outcomes = {}
    for name, export in read_corpus.items():
        if isinstance(export, RetrorunError):
            assert isinstance(export, ReadError | NotARunError)
            outcomes[name] = export.slug
            continue
        outcomes[name] = "recording"
        assert export.recordings
        for one in export.recordings:
            assert all(len(column) == len(one.time_s) for column in one.columns.values())
    assert len(outcomes) == 107
    assert outcomes["run.fit"] == "recording"
    assert outcomes["testcourse.fit"] == "fit-course"
    assert outcomes["testcourse.gpx"] == "gpx-route"
    assert outcomes["testcourse.tcx"] == "tcx-course"
    assert outcomes["MonitoringFile.fit"] == "fit-monitoring-b"
    assert outcomes["WeightScaleMultiUser.fit"] == "fit-weight"
    assert outcomes["Settings.fit"] == "fit-settings"
    assert outcomes["WorkoutIndividualSteps.fit"] == "fit-workout"
    assert outcomes["garmin.fit"] == "not-a-run"
    assert outcomes["DeveloperData.fit"] == "no-time"


def _activity(day: int, *, stood: bool) -> str:
    rows = "".join(
        f"<Trackpoint><Time>2026-05-{day:02d}T07:30:{0 if stood else second:02d}Z</Time>"
        f"<Position><LatitudeDegrees>{46 + second * 3e-5:.6f}</LatitudeDegrees>"
        "<LongitudeDegrees>14.5</LongitudeDegrees></Position></Trackpoint>"
        for second in range(60)
    )
    lap = f'<Lap StartTime="2026-05-{day:02d}T07:30:00Z"><Track>{rows}</Track></Lap>'
    return f'<Activity Sport="Running">{lap}</Activity>'


def test_an_activity_whose_clock_stood_costs_no_other() -> None:
    both = _activity(3, stood=True) + _activity(4, stood=False)
    around = "<TrainingCenterDatabase><Activities>{}</Activities></TrainingCenterDatabase>"
    export = read("two.tcx", around.format(both).encode(), LIMITS)
    (kept,) = export.recordings
    assert kept.time_s.tolist() == [1777879800.0 + second for second in range(60)]
    assert [note.slug for note in export.passed_over] == ["clock-stopped"]
    with pytest.raises(ReadError) as caught:
        read("one.tcx", around.format(_activity(3, stood=True)).encode(), LIMITS)
    assert caught.value.slug == "clock-stopped"


@pytest.mark.parametrize(
    ("written", "longitude_deg"),
    [
        ((b"346.0", b"346.1"), (-14.0, -13.9)),
        ((b"359.9", b"0.1"), (-0.1, 0.1)),
        ((b"179.9", b"180.1"), (179.9, -179.9)),
        ((b"-180.1", b"-179.9"), (179.9, -179.9)),
        ((b"180", b"-180"), (180.0, -180.0)),
    ],
)
def test_longitudes_counted_round_the_globe_are_those_of_its_halves(
    written: tuple[bytes, bytes], longitude_deg: tuple[float, float]
) -> None:
    data = GPX
    for old, new in zip((b"14.0", b"14.1"), written, strict=True):
        data = data.replace(b'lon="%s"' % old, b'lon="%s"' % new)
    (recording,) = read("a file", data, LIMITS).recordings
    assert recording.columns["longitude_deg"] == pytest.approx(longitude_deg)


def test_a_longitude_beyond_a_whole_turn_is_left_as_it_is() -> None:
    (recording,) = read("a file", GPX.replace(b'lon="14.1"', b'lon="361"'), LIMITS).recordings
    assert recording.columns["longitude_deg"].tolist() == [14.0, 361.0]
