"""Regular points taken out as columns: the recording is the parser's, whatever the document is."""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from retrorun.errors import NotARunError, ReadError
from retrorun.readers import read
from retrorun.readers.xml import activity, floats, gpx, tcx, unix_s
from retrorun.readers.xml.fast_path import PLACE, cut_points
from retrorun.settings import ReadLimits

POINTS = {".gpx": gpx._POINTS, ".tcx": tcx._POINTS}
ROOT = '<gpx xmlns="http://www.topografix.com/GPX/1/1" xmlns:x="urn:x" creator="c">'


def _outcome(data: bytes) -> object:
    try:
        return read("a", data, ReadLimits(samples=5000))
    except (ReadError, NotARunError) as problem:
        return type(problem), problem.slug, problem.message


def _by_the_parser(data: bytes) -> object:
    """The same, though nothing is taken out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(activity, "cut_points", lambda *_: None)
        return _outcome(data)


def _same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.tobytes() == other.tobytes() or np.array_equal(one, other, equal_nan=True)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        return all(_same(getattr(one, f), getattr(other, f)) for f in one.__struct_fields__)
    return one == other


def _taken_out(data: bytes, kind: str = ".gpx") -> int:
    """How many points were taken out."""
    quick = cut_points(data, POINTS[kind], 1_000_000)
    return sum(run.count for run in quick.runs) if quick else 0


def _point(second: int, inside: str = "", attributes: str = "") -> str:
    stamp = f"2026-05-03T07:{second // 60:02d}:{second % 60:02d}Z"
    place = f'lat="46.{second:04d}" lon="14.5"{attributes}'
    return f"<trkpt {place}><time>{stamp}</time>{inside}</trkpt>\n"


def _gpx(points: str, head: str = "", root: str = ROOT) -> bytes:
    return f"{root}{head}<trk><trkseg>{points}</trkseg></trk></gpx>".encode()


def _plain(count: int, inside: str = "<ele>7</ele>", first: int = 0) -> str:
    return "".join(_point(first + second, inside) for second in range(count))


def _tcx() -> bytes:
    """Two laps of two tracks, now and then without a heart rate; a run, as Garmin writes it."""
    laps = "".join(
        f'<Lap StartTime="2026-05-03T07:{lap}0:00Z"><DistanceMeters>50</DistanceMeters>'
        f"<Track>{_trackpoints(lap * 600)}</Track><Track>{_trackpoints(lap * 600 + 60)}</Track>"
        f"<Notes>{lap}</Notes></Lap>\n"
        for lap in (1, 2)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><TrainingCenterDatabase xmlns="urn:t"><Activities>'
        f'<Activity Sport="Running">{laps}<Creator><Name>A watch</Name></Creator></Activity>'
        "</Activities></TrainingCenterDatabase>"
    ).encode()


def _trackpoints(first: int) -> str:
    heart = "<HeartRateBpm><Value>140</Value></HeartRateBpm>"
    return "".join(
        f"<Trackpoint>\n<Time>2026-05-03T07:{second // 60:02d}:{second % 60:02d}.000Z</Time>"
        f"<Position><LatitudeDegrees>46.{second:04d}</LatitudeDegrees>"
        f"<LongitudeDegrees>14.5</LongitudeDegrees></Position>{heart if second % 3 else ''}"
        '<Extensions><TPX xmlns="urn:e"><Speed>2.5</Speed></TPX></Extensions></Trackpoint>\n'
        for second in range(first, first + 12)
    )


# --- both ways give one recording ---


def test_a_tcx_file_with_laps_and_pauses_gives_the_same_both_ways() -> None:
    assert _taken_out(_tcx(), ".tcx") == 40
    assert _same(_outcome(_tcx()), _by_the_parser(_tcx()))
    (run,) = read("a", _tcx(), ReadLimits()).recordings
    assert np.diff(run.time_s).tolist() == [
        *[1.0] * 11,
        49.0,
        *[1.0] * 11,
        529.0,
        *[1.0] * 11,
        49.0,
        *[1.0] * 11,
    ]
    assert (len(run.laps), len(run.pauses)) == (2, 2)
    assert np.isnan(run.columns["heart_rate_bpm"]).sum() == 16
    assert run.columns["speed_mps"].tolist() == [2.5] * 48


def test_real_files_give_the_same_both_ways(corpus: Path) -> None:
    taken = present = 0
    for path in sorted((*corpus.glob("gpx/*.gpx"), *corpus.glob("tcx/*.tcx"))):
        data = path.read_bytes()
        assert _same(_outcome(data), _by_the_parser(data)), path.name
        point = POINTS[path.suffix].point.encode()
        present += data.count(b"<" + point)
        taken += _taken_out(data, path.suffix)
    assert taken > 0.95 * present


def test_decimal_commas_that_only_columns_hold_are_named() -> None:
    data = _gpx(_plain(20, "<ele>1.5</ele>") + _plain(20, "<ele>2,5</ele>", first=20))
    assert _taken_out(data) > 30
    assert _same(_outcome(data), _by_the_parser(data))


def test_simulated_files_give_the_same_both_ways(samples: Path) -> None:
    paths = sorted((*samples.glob("*.gpx"), *samples.glob("*.tcx")))
    assert len(paths) >= 6
    for path in paths:
        data = path.read_bytes()
        assert _same(_outcome(data), _by_the_parser(data)), path.name
        assert _taken_out(data, path.suffix) > 0.95 * data.count(
            b"</Time>" if path.suffix == ".tcx" else b"</time>"
        )


TEXTS = st.sampled_from(
    [
        "7",
        "71.5",
        " 7 ",
        "-0",
        "+1",
        ".5",
        "007",
        "1_0",
        "nan",
        "1e999",
        "",
        " ",
        "x",
        "1,5",
        "é",
        "7&#48;",
        "&amp;",
        "<![CDATA[7]]>",
        "7<!-- -->1",
        "\r\n7",
        "\t7",
        "]]>",
        "compass: 12",
    ]
)
TIMES = st.sampled_from(
    [
        "2026-05-03T07:30:00Z",
        "2026-05-03T07:30:01.25Z",
        "2026-05-03T09:30:02+02:00",
        "",
        "NaT",
        "2026-05Z",
        "2026-05-03T07:30:03",
        "2026-02-30T07:30:00Z",
        "today",
        "2026-05-03 07:30:05Z",
        "0000-01-01",
    ]
)
NAMES = st.sampled_from(["hr", "x:hr", "cad", "ele", "x:speed", "speed", "course", "cmt", "name"])
ATTRIBUTES = st.sampled_from(["", ' u="1"', ' xmlns="urn:y"', " u='1'", ' u="1" u="1"', ' y:u="1"'])
SPACES = st.sampled_from(["", "\n  ", "\r\n", " ", "<!-- -->", "stray", "<?pi?>"])


@st.composite
def _leaf(draw: st.DrawFn) -> str:
    name, attributes = draw(NAMES), draw(st.one_of(st.just(""), ATTRIBUTES))
    if draw(st.integers(0, 9)) == 0:
        return f"<{name}{attributes}/>"
    return f"<{name}{attributes}>{draw(TEXTS)}</{name}>"


@st.composite
def _kind(draw: st.DrawFn) -> str:
    """A point of a kind: the number of its second stands as #."""
    leaves = draw(st.lists(_leaf(), max_size=4))
    wrapped = "".join(draw(st.lists(_leaf(), max_size=2)))
    inside = [*leaves, f"<extensions><x:e>{wrapped}</x:e></extensions>"]
    if draw(st.booleans()):
        inside.append(f"<time>{draw(TIMES)}</time>")
    else:
        inside.append("<time>2026-05-03T07:3#:00Z</time>")
    between = draw(SPACES)
    places = draw(st.sampled_from(['lat="46.#" lon="14"', "lat='46.#' lon='14'", 'lat="" lon="x"']))
    body = between.join(draw(st.permutations(inside)))
    return f"<trkpt {places}{draw(ATTRIBUTES)}>{body}</trkpt>{between}"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Many plain points, among them odd ones, and odd things between."""
    inside = ["", "<ele>7</ele>", "<x:hr>140</x:hr>", "<ele>-1.5</ele><x:hr>0</x:hr><cmt>a</cmt>"]
    pieces = [
        _point(n, draw(st.sampled_from(inside))).replace("46.00", "46.#")
        for n in range(draw(st.integers(20, 30)))
    ]
    plain = pieces[0]
    for one in draw(st.lists(_kind(), max_size=3)):
        pieces.insert(draw(st.integers(0, len(pieces))), one)
    odd = ["</trkseg><trkseg>", "</trkseg></trk><trk><trkseg>", f"<!-- {plain} -->", "<hr>9</hr>"]
    odd += [f"<![CDATA[{plain}]]>", f"<{PLACE}/>", f"<trkpt>{plain}</trkpt>", f"<a>{plain}</a>"]
    odd += [f"<?pi {plain}?>", f"</trkseg>{plain}<trkseg>", "</trkseg><x><trkseg>"]
    for one in draw(st.lists(st.sampled_from(odd), max_size=1)):
        pieces.insert(draw(st.integers(0, len(pieces))), one)
    points = "".join(piece.replace("#", str(n % 10)) for n, piece in enumerate(pieces))
    heads = ["", "", "<!-- by hand --><metadata/>", f"<name><![CDATA[{plain}]]></name>"]
    doctypes = [*[""] * 9, '<!DOCTYPE gpx [<!ATTLIST trkpt lat CDATA "5">]>']
    return draw(st.sampled_from(doctypes)).encode() + _gpx(points, draw(st.sampled_from(heads)))


@pytest.mark.parametrize("second", ["141", "x", "0", "1,5"])
@pytest.mark.parametrize("wrapped", ["<x:hr>{}</x:hr>", "<extensions><x:hr>{}</x:hr></extensions>"])
def test_a_value_that_a_point_holds_twice_is_one_value(second: str, wrapped: str) -> None:
    data = _gpx(_plain(30, f"<hr>140</hr>{wrapped.format(second)}"))
    assert _same(_outcome(data), _by_the_parser(data))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents())
def test_any_document_gives_the_same_both_ways(data: bytes) -> None:
    assert _same(_outcome(data), _by_the_parser(data))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.booleans(),
    st.integers(0, 9000),
    st.integers(0, 60),
    st.sampled_from([b"", b"<", b">", b"&", b'"', b"</trkpt>", b"\x00", b"\xff", b"<trkpt>", b"-"]),
)
def test_damage_gives_the_same_both_ways(
    is_tcx: bool,  # noqa: FBT001  drawn, not passed
    place: int,
    lost: int,
    instead: bytes,
) -> None:
    whole = _tcx() if is_tcx else _gpx(_plain(40, "<ele>7.5</ele><x:hr>140</x:hr>"))
    place %= len(whole)
    data = whole[:place] + instead + whole[place + lost :]
    assert _same(_outcome(data), _by_the_parser(data))


# --- what must not be taken for a track ---


@pytest.mark.parametrize(
    ("before", "behind"),
    [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?pi ", "?>"), ("</trkseg>", "<trkseg>")],
)
def test_points_that_are_no_points_of_the_track_are_not_read(before: str, behind: str) -> None:
    data = _gpx(f"{_plain(20)}{before}{_plain(9, first=30)}{behind}{_plain(2, first=50)}")
    assert _taken_out(data) > 20
    found = read("a", data, ReadLimits())
    assert len(found.recordings[0].time_s) == 22


def test_a_prefix_that_nobody_declares_is_taken_as_it_stands() -> None:
    data = _gpx(_plain(20) + _plain(20, "<y:hr>7</y:hr>", first=20))
    assert _taken_out(data) == 12
    export = read("a", data, ReadLimits())
    assert [note.slug for note in export.source.warnings] == ["xml-repaired"]
    assert np.isfinite(export.recordings[0].columns["heart_rate_bpm"]).sum() == 20
    assert not export.source.salvaged
    assert _same(_outcome(data), _by_the_parser(data))


def test_a_place_holder_in_the_document_itself_is_nothing() -> None:
    found = read("a", _gpx(f"{_plain(20)}<{PLACE}/>{_plain(3, first=20)}"), ReadLimits())
    assert len(found.recordings[0].time_s) == 23


def test_the_limit_on_points_holds() -> None:
    data = _gpx(_plain(60))
    assert _taken_out(data) > 50
    with pytest.raises(ReadError) as caught:
        read("a", data, ReadLimits(samples=59))
    assert caught.value.slug == "too-many-samples"
    assert len(read("a", data, ReadLimits(samples=60)).recordings[0].time_s) == 60


# --- what is worth it, and what it may cost ---


def test_values_that_are_missing_now_and_then_cost_nothing() -> None:
    kinds = ["<ele>1</ele>", "<x:hr>100</x:hr>", "<ele>1</ele><x:hr>100</x:hr>", ""]
    data = _gpx("".join(_point(n, kinds[n % 4]) for n in range(400)))
    assert _taken_out(data) == 392
    (run,) = read("a", data, ReadLimits()).recordings
    assert np.flatnonzero(np.isfinite(run.columns["altitude_m"])).tolist() == [
        n for n in range(400) if n % 4 in (0, 2)
    ]


def test_the_last_of_two_values_counts() -> None:
    twice = "<speed>1</speed><extensions><x:speed>2</x:speed></extensions>"
    data = _gpx(_plain(20, twice) + _plain(20, "<speed>1</speed>", first=20))
    assert _taken_out(data) > 30
    (run,) = read("a", data, ReadLimits()).recordings
    assert run.columns["speed_mps"].tolist() == [2] * 20 + [1] * 20


def test_other_encodings_are_left_to_the_parser() -> None:
    text = '<?xml version="1.0" encoding="UTF-7"?>' + _gpx(_plain(20)).decode()
    assert _taken_out(text.encode()) == 0
    assert _taken_out(text.replace("UTF-7", "UTF-8").encode()) == 12


def test_points_that_never_stand_together_are_left_to_the_parser() -> None:
    """Each run costs more than a point: a document of nothing but breaks must not be cut."""
    data = _gpx("".join(_point(n % 3600) + "<b/>" for n in range(3000)))
    assert _taken_out(data) < 200


def test_repeated_elements_do_not_multiply_the_ways_to_read_a_point() -> None:
    """With 40 optional alikes, a point of 20 and an odd one could be read in 10^11 ways."""
    points = [_point(n, "<a>1</a>" * 40) for n in range(9)]
    points += [_point(9 + n, "<a>1</a>" * 20 + "<b/>") for n in range(9)]
    export = read("a", _gpx("".join(points)), ReadLimits())
    assert len(export.recordings[0].time_s) == 18


def test_shapes_do_not_grow_without_bound() -> None:
    names = [a + b for a in string.ascii_lowercase for b in string.ascii_lowercase]
    points = [
        _point(n, "".join(f"<{name}>1</{name}>" for name in names[9 * n : 9 * n + 9]))
        for n in range(60)
    ]
    export = read("a", _gpx("".join(points)), ReadLimits())
    assert len(export.recordings[0].time_s) == 60


# --- numbers and times ---


@given(st.lists(st.one_of(TEXTS, st.floats().map(str), st.integers().map(str)), max_size=9))
@example(["1,5", "2"])
@example(["1", "]", "["])
def test_numbers_together_are_what_they_are_one_by_one(texts: list[str]) -> None:
    given_bytes = [text.encode() for text in texts]
    expected = [_number(text) for text in given_bytes]
    np.testing.assert_array_equal(floats(given_bytes), expected)


def _number(text: bytes) -> float:
    whole, comma, rest = text.partition(b",")
    is_decimal = comma and b"," not in rest and b"." not in text
    try:
        value = float(b"%b.%b" % (whole, rest) if is_decimal else text)
    except ValueError:
        return float("nan")
    return value if abs(value) < 1e12 else float("nan")


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=9), st.sampled_from(["Z", "+00:00"]))
def test_times_together_are_those_of_the_calendar(moments: list[datetime], zone: str) -> None:
    texts = [moment.isoformat().replace("+00:00", zone).encode() for moment in moments]
    np.testing.assert_array_equal(unix_s(texts), [moment.timestamp() for moment in moments])


@given(st.lists(TIMES, min_size=1, max_size=5))
def test_a_time_does_not_depend_on_those_beside_it(texts: list[str]) -> None:
    together = unix_s([text.encode() for text in texts])
    alone = [unix_s([text.encode()])[0] for text in texts]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize(
    "text", ["today", "now", "NaT", "todayZ", "2026-05Z", "0000-01-01T00:00:00Z"]
)
def test_no_time_is_made_up(text: str) -> None:
    assert np.isnan(unix_s([text.encode(), b"2026-05-03T07:30:00Z"])[0])


def test_a_zone_is_taken_off() -> None:
    texts = [b"2026-05-03T09:30:00.5+02:00", b"2026-05-03T09:30:01+02:00"]
    assert unix_s(texts).tolist() == [1_777_793_400.5, 1_777_793_401.0]


def test_points_in_a_comment_do_not_count_though_others_stand_in_an_unknown_element() -> None:
    first, hidden, second, strange = (
        "".join(map(_point, range(start, end)))
        for start, end in ((0, 20), (1800, 1830), (40, 60), (70, 90))
    )
    inside = f"{first}<!-- {hidden} -->{second}<other>{strange}</other>"
    data = f"<gpx><trk><trkseg>{inside}</trkseg></trk></gpx>".encode()
    assert _same(_outcome(data), _by_the_parser(data))
    assert len(read("a.gpx", data, ReadLimits()).recordings[0].time_s) == 60


@pytest.mark.parametrize(
    ("odd", "is_s"),
    [
        ("2016-12-31T23:59:60Z", 1_483_228_800.0),
        ("2016-12-31T24:00:00Z", 1_483_228_800.0),
        ("2016-12-31T25:00:00Z", np.nan),
        ("2016-12-31T23:60:00Z", np.nan),
        ("2016-02-30T00:00:00Z", np.nan),
        ("2015-02-29T00:00:00Z", np.nan),
        ("2016-13-01T00:00:00Z", np.nan),
        ("2016-04-31T00:00:00Z", np.nan),
        ("2016-12-00T00:00:00Z", np.nan),
        ("2016-02-29T00:00:00Z", 1_456_704_000.0),
        ("2000-02-29T00:00:00Z", 951_782_400.0),
    ],
)
def test_an_impossible_time_among_many_ends_no_process(odd: str, is_s: float) -> None:
    """numpy 2.4 crashes on such a one among more than 500."""
    usual = [
        f"2016-12-31T{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d}Z" for at in range(2000)
    ]
    found = unix_s([each.encode() for each in (*usual[:1000], odd, *usual[1000:])])
    np.testing.assert_equal(found[1000], is_s)
    np.testing.assert_array_equal(np.delete(found, 1000), 1_483_142_400.0 + np.arange(2000))
