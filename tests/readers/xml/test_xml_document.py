"""XML as people have it: what can be read in one way only is read, and a note says what was mended.

Every document is one run of 40 points, a second and 3 m apart, with known values; each test spoils
it in one way and expects all of it all the same.
"""

import re
from collections.abc import Callable

import numpy as np
import pytest

from processor_time import costs_at_most
from retrorun.errors import NotARunError, ReadError
from retrorun.model import Export, Recording
from retrorun.readers import read
from retrorun.readers.xml import number
from retrorun.readers.xml.fast_path import PointNames
from retrorun.readers.xml.points import differences, leftover_counts
from retrorun.settings import ReadLimits

START_S = 1_777_793_400.0  # 2026-05-03T07:30:00Z
POINTS = 40
GPX_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="x"'
    ' xmlns="http://www.topografix.com/GPX/1/1"'
    ' xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
    "<metadata><name>Grič</name></metadata><trk><name>Grič</name><type>running</type><trkseg>\n"
)
TCX_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<TrainingCenterDatabase'
    ' xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"'
    ' xmlns:ns3="http://www.garmin.com/xmlschemas/ActivityExtension/v2"><Activities>'
    '<Activity Sport="Running"><Id>2026-05-03T07:30:00Z</Id>'
    '<Lap StartTime="2026-05-03T07:30:00Z"><DistanceMeters>117.0</DistanceMeters>'
    "<Track>\n"
)
TCX_TAIL = "</Track></Lap><Notes>Grič</Notes></Activity></Activities></TrainingCenterDatabase>"


def gpx() -> str:
    points = (
        f'<trkpt lat="{46 + index / 37065:.7f}" lon="14.5000000"><ele>{300 + index}.5</ele>'
        f"<time>2026-05-03T07:30:{index:02d}Z</time><extensions><gpxtpx:TrackPointExtension>"
        f"<gpxtpx:hr>{140 + index % 3}</gpxtpx:hr><gpxtpx:cad>85</gpxtpx:cad>"
        "</gpxtpx:TrackPointExtension></extensions></trkpt>\n"
        for index in range(POINTS)
    )
    return f"{GPX_HEAD}{''.join(points)}</trkseg></trk></gpx>\n"


def tcx() -> str:
    points = (
        f"<Trackpoint><Time>2026-05-03T07:30:{index:02d}Z</Time><Position>"
        f"<LatitudeDegrees>{46 + index / 37065:.7f}</LatitudeDegrees>"
        "<LongitudeDegrees>14.5000000</LongitudeDegrees></Position>"
        f"<AltitudeMeters>{300 + index}.5</AltitudeMeters>"
        f"<DistanceMeters>{3 * index}.0</DistanceMeters>"
        f"<HeartRateBpm><Value>{140 + index % 3}</Value></HeartRateBpm>"
        "<Extensions><ns3:TPX><ns3:RunCadence>85</ns3:RunCadence></ns3:TPX></Extensions>"
        "</Trackpoint>\n"
        for index in range(POINTS)
    )
    return f"{TCX_HEAD}{''.join(points)}{TCX_TAIL}\n"


FORMATS = pytest.mark.parametrize("whole", [gpx(), tcx()], ids=["gpx", "tcx"])


def _read(data: bytes) -> Export:
    return read("a", data, ReadLimits())


def _run(data: bytes) -> Recording:
    (run,) = _read(data).recordings
    return run


def _slugs(data: bytes) -> set[str]:
    return {note.slug for note in _run(data).notes}


def assert_whole(run: Recording) -> None:
    """All that the document says, by its making."""
    index = np.arange(POINTS)
    np.testing.assert_array_equal(run.time_s, START_S + index)
    np.testing.assert_allclose(run.columns["latitude_deg"], 46 + index / 37065, atol=1e-7)
    np.testing.assert_array_equal(run.columns["longitude_deg"], 14.5)
    np.testing.assert_array_equal(run.columns["altitude_m"], 300.5 + index)
    np.testing.assert_array_equal(run.columns["heart_rate_bpm"], 140 + index % 3)
    np.testing.assert_array_equal(run.columns["cadence_spm"], 170)
    assert run.sport == "running"


@FORMATS
def test_a_good_document_is_read_without_a_word(whole: str) -> None:
    run = _run(whole.encode())
    assert_whole(run)
    assert run.name == "Grič"
    assert {note.slug for note in run.notes} == {"cadence-doubled"}
    assert not _read(whole.encode()).source.warnings


@FORMATS
@pytest.mark.parametrize(
    "name",
    [
        *(
            "Hill & Dale",
            "A &B; C",
            "&nbsp;&eacute;",
            "R&D&",
            "a < b",
            "5 <6",
            "x\x0by",
            "\x00\x1f",
        ),
        *("&#11;", "&#x1B;", "&#0;", "&#xFFFE;", "&#55296;", "\ufffe", "<3", "Q&A & more &amp; so"),
    ],
)
def test_characters_that_xml_forbids_cost_nothing(whole: str, name: str) -> None:
    data = whole.replace("Grič", name).encode()
    assert_whole(_run(data))
    assert "xml-repaired" in _slugs(data)
    assert not _read(data).source.salvaged


@FORMATS
def test_no_entity_is_ever_expanded(whole: str) -> None:
    entities = '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "/etc/passwd">'
    bomb = f"<!DOCTYPE x [{entities}]>"
    data = whole.replace("Grič", "&b;&f; & so").replace("?>\n", f"?>\n{bomb}\n", 1).encode()
    run = _run(data)
    assert "aaaa" not in (run.name or "")
    assert "root:" not in (run.name or "")


def _mark_behind_a_line(text: str) -> bytes:
    return b"\xef\xbb\xbf\n   " + text.encode()


def _line_before_the_mark(text: str) -> bytes:
    return b"\r\n\xef\xbb\xbf" + text.encode()


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "mark and line feed": _mark_behind_a_line,
    "line feed and mark": _line_before_the_mark,
    "two marks": lambda text: b"\xef\xbb\xbf" * 2 + text.encode(),
    "blanks in front": lambda text: b" \n\t" + text.encode(),
    "a mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "words in front": lambda text: b"HTTP/1.1 200 OK\r\n\r\n" + text.encode(),
    "zeros behind": lambda text: text.encode() + bytes(4096),
    "declared utf-16": lambda text: text.replace("UTF-8", "utf-16").encode(),
    "declared UTF-16LE": lambda text: text.replace("UTF-8", "UTF-16LE").encode(),
    "declared ucs-2": lambda text: text.replace("UTF-8", "ISO-10646-UCS-2").encode(),
    "declared unicode": lambda text: text.replace("UTF-8", "unicode").encode(),
    "declared nonsense": lambda text: text.replace("UTF-8", "no-such-thing").encode(),
    "declared rot13": lambda text: text.replace("UTF-8", "rot13").encode(),
    "declared ascii": lambda text: text.replace("UTF-8", "us-ascii").encode(),
    "utf-16 with a mark": lambda text: text.replace("UTF-8", "utf-16").encode("utf-16"),
    "utf-16 declared utf-8": lambda text: text.encode("utf-16"),
    "utf-16 without a mark": lambda text: text.encode("utf-16-le"),
    "utf-16 big-endian": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
    "iso-8859-2": lambda text: text.replace("UTF-8", "ISO-8859-2").encode("iso-8859-2"),
    "windows-1250": lambda text: text.replace("UTF-8", "windows-1250").encode("cp1250"),
    "no declaration": lambda text: text.partition("?>")[2].encode(),
    "comment before the declaration": lambda text: b"<!-- x -->\n" + text.encode(),
    "two declarations": lambda text: text.partition("\n")[0].encode() + text.encode(),
}


@FORMATS
@pytest.mark.parametrize("spoilt", ENCODINGS.values(), ids=list(ENCODINGS))
def test_encodings_and_marks(whole: str, spoilt: Callable[[str], bytes]) -> None:
    run = _run(spoilt(whole))
    assert_whole(run)
    assert run.name == "Grič"


@FORMATS
@pytest.mark.parametrize("declared", ["UTF-8", None, "utf8", "us-ascii", "utf-16"])
def test_letters_of_windows_in_a_document_that_is_called_utf_8(
    whole: str, declared: str | None
) -> None:
    text = whole.replace("Grič", "Läufe – Grün")
    text = text.replace("UTF-8", declared) if declared else text.partition("?>")[2]
    data = text.encode("cp1252")
    run = _run(data)
    assert_whole(run)
    assert run.name == "Läufe – Grün"
    assert "xml-repaired" in _slugs(data)


@FORMATS
def test_letters_of_two_encodings_in_one_document(whole: str) -> None:
    data = (
        whole.encode()
        .replace(b"</trk>", b"<!-- \xfc --></trk>")
        .replace(b"</Lap>", b"<!--\xfc--></Lap>")
    )
    run = _run(data)
    assert_whole(run)
    assert run.name == "Grič"


@FORMATS
def test_a_prefix_that_is_not_declared_is_taken_as_it_stands(whole: str) -> None:
    data = re.sub(r' xmlns:\w+="[^"]*"', "", whole).encode()
    assert_whole(_run(data))
    assert "xml-repaired" in _slugs(data)


@FORMATS
def test_no_namespace_at_all(whole: str) -> None:
    assert_whole(_run(re.sub(r' xmlns(:\w+)?="[^"]*"', "", whole).encode()))


@FORMATS
def test_a_prefix_that_is_not_declared_far_behind(whole: str) -> None:
    """Beyond every sample of the document, on an attribute."""
    end = "</trkseg>" if "<gpx" in whole else "</Track>"
    pad = "<!-- " + "x" * 20_000 + " -->"
    odd = f'{pad}<other foo:a="1"/>{pad}'
    run = _run(whole.replace(end, end + odd).encode())
    assert_whole(run)


@FORMATS
def test_prefixes_on_everything_and_none_declared(whole: str) -> None:
    bare = re.sub(r' xmlns(:\w+)?="[^"]*"', "", whole)
    data = re.sub(r"<(/?)(?=[A-Za-z])(?!\w+:)", r"<\1g:", bare).encode()
    assert_whole(_run(data))


@FORMATS
def test_every_number_with_a_decimal_comma(whole: str) -> None:
    head, _, body = whole.partition("?>")
    data = (head + "?>" + re.sub(r'(?<=[>"])(-?\d+)\.(\d+)(?=[<"])', r"\1,\2", body)).encode()
    run = _run(data)
    assert_whole(run)
    assert "decimal-commas" in _slugs(data)
    if "<gpx" not in whole:
        assert run.distance_m == 117.0


@FORMATS
def test_heights_alone_with_a_decimal_comma(whole: str) -> None:
    data = re.sub(r"(?<=[>])(3\d\d)\.5(?=<)", r"\1,5", whole).encode()
    assert_whole(_run(data))
    assert "decimal-commas" in _slugs(data)


@FORMATS
@pytest.mark.parametrize(
    "written",
    [
        *("2026-5-3T07:30:{:02d}Z", "2026-05-03T7:30:{:d}Z", "2026-05-03t07:30:{:02d}z"),
        *("2026-05-03T07:30:{:02d} Z", "2026-05-03 07:30:{:02d}", "2026-05-03 07:30:{:02d} UTC"),
        *("2026/05/03 07:30:{:02d}", "2026-05-03T07:30:{:02d},000Z", "2026-05-03T07:30:{:02d}.0Z"),
        *(
            "2026-05-03T09:30:{:02d}+0200",
            "2026-05-03T09:30:{:02d}+02",
            " 2026-05-03T07:30:{:02d}Z ",
        ),
        *("Sun, 03 May 2026 07:30:{:02d} GMT", "Sun May 03 07:30:{:02d} UTC 2026"),
        *("May 3, 2026 7:30:{:02d} AM", "3 May 2026 07:30:{:02d}", "2026年5月3日 上午7:30:{:02d}"),
        *("2026-05-03T07:30:{:02d}Z[UTC]", "2026-05-03T07:30:{:02d} GMT+00:00"),
        *("2026-05-03T09:30:{:02d}+02:00[Europe/Berlin]", "2026-05-03T07:30:{:02d}Z[Etc/UTC]"),
        *("Sun May 03 09:30:{:02d} GMT+02:00 2026", "2026-05-03T02:30:{:02d}-05:00[America/Lima]"),
        *("03.05.26 07:30:{:02d}", "2026. 5. 3. 오전 7:30:{:02d}", "2026-05-03 07.30.{:02d}"),
        *("2026-5-3 9:30:{:d} +2:00", "2026-05-03T07:30:{:02d}.000000000Z", "20260503T0730{:02d}Z"),
    ],
)
def test_times_as_they_are_written(whole: str, written: str) -> None:
    text = re.sub(r"2026-05-03T07:30:(\d\d)Z", lambda one: written.format(int(one[1])), whole)
    np.testing.assert_array_equal(_run(text.encode()).time_s, START_S + np.arange(POINTS))


def test_a_zone_in_brackets_without_an_offset_is_not_taken_for_utc() -> None:
    text = re.sub(r"(2026-05-03T07:30:\d\d)Z", r"\1[Europe/Berlin]", gpx())
    with pytest.raises(ReadError):
        _run(text.encode())


@pytest.mark.parametrize(
    ("written", "value"),
    [
        *(("N 46.5", 46.5), ("S46.5", -46.5), ("W 14,25°", -14.25), ("14.25 W", -14.25)),
        *(("E -14.25", -14.25), ("N 46.5 N", float("nan")), ("X 46.5", float("nan"))),
    ],
)
def test_a_letter_for_the_side_of_the_earth_stands_before_or_behind(
    written: str, value: float
) -> None:
    np.testing.assert_equal(number(written), value)


def test_a_leap_second_and_midnight_as_24() -> None:
    text = gpx().replace("2026-05-03T07:30:39Z", "2026-05-03T07:30:60Z")
    assert _run(text.encode()).time_s[-1] == START_S + 60
    text = gpx().replace("2026-05-03T07:30:39Z", "2026-05-03T24:00:00Z")
    assert _run(text.encode()).time_s[-1] == START_S + 16.5 * 3600


@pytest.mark.parametrize("holder", ["metadata", "extensions", "foo"])
def test_a_track_within_another_element(holder: str) -> None:
    text = gpx().replace("<metadata><name>Grič</name></metadata><trk>", f"<{holder}><trk>")
    assert_whole(_run(text.replace("</trk>", f"</trk></{holder}>").encode()))


@FORMATS
def test_elements_that_end_in_the_wrong_order_are_recovered_where_every_point_is_whole(
    whole: str,
) -> None:
    data = whole.replace(">Grič<", "><b><i>Grič</b></i><").encode()
    run = _run(data)
    assert_whole(run)
    assert "xml-recovered" in _slugs(data)


@FORMATS
def test_a_document_that_is_cut_off_is_kept_up_to_there_and_no_value_is_half(whole: str) -> None:
    data = whole.encode()
    for place in range(len(data) - 900, len(data) - 30, 13):
        run = _run(data[:place])
        np.testing.assert_array_equal(run.time_s, START_S + np.arange(len(run.time_s)))
        heart = run.columns["heart_rate_bpm"]
        known = np.isfinite(heart)
        np.testing.assert_array_equal(heart[known], (140 + np.arange(len(heart)) % 3)[known])
        assert "xml-broken" in {note.slug for note in run.notes}


# --- coverage: no channel vanishes without a word ---


@FORMATS
def test_values_that_are_no_numbers_are_counted(whole: str) -> None:
    data = whole.replace(">141<", ">1O1<").encode()  # 13 of 40
    notes = [note for note in _run(data).notes if note.slug == "values-not-read"]
    assert [note.message for note in notes] == [
        "the text holds 40 values of heart_rate_bpm, of which 27 could be read"
    ]


@FORMATS
@pytest.mark.parametrize("missing", ["NaN", "", "--", "null", "-"])
def test_values_that_say_that_they_are_missing_are_no_loss(whole: str, missing: str) -> None:
    assert "values-not-read" not in _slugs(whole.replace(">141<", f">{missing}<").encode())


def test_an_empty_element_takes_nothing_back() -> None:
    text = gpx().replace("</gpxtpx:hr>", "</gpxtpx:hr><gpxtpx:hr/>")
    assert_whole(_run(text.encode()))


@pytest.mark.parametrize("name", ["pulserate", "HeartRateInBeatsPerMinute", "azimuthDegrees"])
def test_a_channel_by_an_unknown_name_is_named(name: str) -> None:
    text = (
        gpx()
        .replace("<gpxtpx:hr>", f"<gpxtpx:{name}>")
        .replace("</gpxtpx:hr>", f"</gpxtpx:{name}>")
    )
    found = [note.message for note in _run(text.encode()).notes if note.slug == "channel-not-read"]
    assert len(found) == 1
    assert name.lower() in found[0]


def _spoilt(pattern: str, put: str | Callable[[re.Match[str]], str]) -> Callable[[str], str]:
    return lambda whole: re.sub(pattern, put, whole)


IN_ANOTHER_WAY: dict[str, Callable[[str], str]] = {
    "no quotes": _spoilt(r'(\w+)="([^"\s<>]*)"', r"\1=\2"),
    "no quotes around places": _spoilt(r'(lat|lon)="([^"]*)"', r"\1=\2"),
    "curly quotes": _spoilt(r'(lat|lon)="([^"]*)"', "\\1=\u201d\\2\u201d"),
    "no blank between attributes": _spoilt('" lon=', '"lon='),
    "an attribute twice": _spoilt(r'(lat="[^"]*")', r'\1 lat="0"'),
    "upper case": _spoilt(r"<(/?)([\w:]+)", lambda tag: f"<{tag[1]}{tag[2].upper()}"),
    "lower case": _spoilt(r"<(/?)([\w:]+)", lambda tag: f"<{tag[1]}{tag[2].lower()}"),
    "points in upper case": _spoilt(r"(trkpt|Trackpoint)\b", lambda name: name[1].upper()),
    "points in camel case": lambda whole: whole.replace("trkpt", "trkPt").replace(
        "Trackpoint", "trackPoint"
    ),
    "places in upper case": _spoilt(r" (lat|lon)=", lambda name: f" {name[1].upper()}="),
    "latitude in full": lambda whole: whole.replace(" lat=", " latitude=").replace(
        " lon=", " lng="
    ),
    "degrees": _spoilt(r'(lat|lon)="([^"]*)"', '\\1="\\2\N{DEGREE SIGN}"'),
    "north and east": lambda whole: re.sub(
        r'lon="([^"]*)"', r'lon="\1E"', re.sub(r'lat="([^"]*)"', r'lat="\1 N"', whole)
    ),
    "no segments or tracks": _spoilt(r"</?(?:trkseg|Track)>", ""),
    "a segment for each point": lambda whole: whole.replace(
        "</trkpt>", "</trkpt></trkseg><trkseg>"
    ).replace("</Trackpoint>", "</Trackpoint></Track><Track>"),
    "a heart rate of the other format": lambda whole: re.sub(
        r"<gpxtpx:hr>(\d+)</gpxtpx:hr>",
        r"<HeartRateBpm><Value>\1</Value></HeartRateBpm>",
        re.sub(r"<HeartRateBpm><Value>(\d+)</Value>", r"<HeartRateBpm>\1", whole),
    ),
}


@FORMATS
@pytest.mark.parametrize("way", IN_ANOTHER_WAY)
def test_what_can_be_read_in_one_way_only_is_read(whole: str, way: str) -> None:
    run = _run(IN_ANOTHER_WAY[way](whole).encode())
    assert_whole(run)
    assert not run.breaks_s
    assert not run.pauses


@FORMATS
@pytest.mark.parametrize("damage", [b"\xff\xfe<<", b"</x>", b""], ids=["bytes", "an end", "a hole"])
def test_a_damaged_point_costs_itself(whole: str, damage: bytes) -> None:
    point = "trkpt" if "<trkpt" in whole else "Trackpoint"
    data = whole.encode()
    at = data.index(b"30:20Z") + 3
    data = data[:at] + damage + data[at + 20 :]
    if not damage:  # its end is gone, too
        data = data.replace(f"</{point}>".encode(), b"", 1)
    run = _run(data)
    lost = 2 if not damage else 1
    assert run.time_s.size >= POINTS - lost
    assert run.time_s[-1] == START_S + POINTS - 1
    assert "xml-recovered" in {note.slug for note in run.notes}


TIMES: dict[str, Callable[[str, str], str]] = {
    "seconds since 1970": lambda _, second: str(1_777_793_400 + int(second)),
    "milliseconds since 1970": lambda _, second: str(1000 * (1_777_793_400 + int(second))),
    "a clock with halves": lambda _, second: f"2026-05-03 07:30:{second} AM",
    "the day first": lambda _, second: f"03.05.2026 07:30:{second}",
    "the month first": lambda _, second: f"5/3/2026, 7:30:{second} AM",
}


@FORMATS
@pytest.mark.parametrize("way", TIMES)
def test_times_that_can_be_read_in_one_way_only_are_read(whole: str, way: str) -> None:
    data = re.sub(
        r"<([Tt]ime)>([^<]*:)(\d\d)Z<", lambda it: f"<{it[1]}>{TIMES[way](it[2], it[3])}<", whole
    )
    assert_whole(_run(data.encode()))


# --- what is no GPX or TCX stays none ---


@pytest.mark.parametrize(
    "data", [b"", b"\xef\xbb\xbf\n", b"<", b"<gpx", b"<?xml version='1.0'?><kml/>", b"\x00<\x00g"]
)
def test_other_things_are_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises((ReadError, NotARunError)):
        _read(data)


@pytest.mark.parametrize("piece", [b"<trkpt>", b"&", b"</trkpt>", b"<a:b ", b"<![CDATA[", b"<!--"])
def test_repairs_cost_no_more_than_the_length(piece: bytes) -> None:
    def work(count: int) -> None:
        with pytest.raises((ReadError, NotARunError)):
            _read(b"<gpx><trk><trkseg>" + piece * count)

    assert costs_at_most(lambda: work(80_000), 12, lambda: work(20_000), 0.02)


def test_notes_on_values_come_in_the_same_order_in_every_process() -> None:
    names = PointNames("trkpt", {name: name for name in "abcdefgh"}, {}, frozenset(), frozenset())
    values = b"".join(b"<%c>1</%c>" % (name, name) for name in b"hcafgbed")
    counts = leftover_counts([b"<trkpt>%b</trkpt>" % values], names)
    notes = differences(counts, [])
    assert [note.message.split()[6].rstrip(",") for note in notes] == list("abcdefgh")
