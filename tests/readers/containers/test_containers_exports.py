"""Exports as sites and phones hand them out: tables in many languages, litter, broken types."""

import io
import struct
import time
import zipfile
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from processor_time import is_cheap
from retrorun.errors import NotARunError, RetrorunError
from retrorun.model import Recording
from retrorun.readers import members, read
from retrorun.readers.containers import names_of
from retrorun.readers.containers.accounts import activities
from retrorun.readers.xml import unix_s
from retrorun.readers.xml.gpx import read_with_gpxpy
from retrorun.settings import ReadLimits

LIMITS = ReadLimits()


def _gpx(first: int = 0, accuracy_m: Sequence[float] = ()) -> bytes:
    more = [
        f"<extensions><speed>0.0</speed><hAcc>{one}</hAcc><vAcc>9</vAcc></extensions>"
        for one in accuracy_m
    ] or [""] * 5
    rows = "".join(
        f'<trkpt lat="46.{index:05d}" lon="14.5"><time>2026-05-03T07:30:{index:02d}Z</time>'
        f"{more[index]}</trkpt>"
        for index in range(first, 5)
    )
    return f"<gpx><trk><trkseg>{rows}</trkseg></trk></gpx>".encode()


def _zip(content: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def _slugs(content: Mapping[str, bytes]) -> list[str]:
    return [
        found.slug if isinstance(found, RetrorunError) else "ok"
        for _, found in members("a.zip", _zip(content), LIMITS)
    ]


# head of the title, of the type, a run, a ride
TABLES = {
    "en": ("Activity Name", "Activity Type", "Run", "Ride"),
    "de": ("Name der Aktivität", "Aktivitätsart", "Lauf", "Radfahrt"),
    "fr": ("Nom de l'activité", "Type d'activité", "Course à pied", "Vélo"),
    "fr with another apostrophe": ("Nom de l’activité", "Type d’activité", "Course à pied", "Vélo"),
    "es": ("Nombre de la actividad", "Tipo de actividad", "Carrera", "Bicicleta"),
    "it": ("Nome attività", "Tipo attività", "Corsa", "Pedalata"),
    "pt": ("Nome da atividade", "Tipo de atividade", "Corrida", "Pedalada"),
    "nl": ("Naam activiteit", "Type activiteit", "Hardloopsessie", "Fietsrit"),
    "sv": ("Aktivitetsnamn", "Aktivitetstyp", "Löpning", "Cykeltur"),
    "da": ("Aktivitetens navn", "Aktivitetstype", "Løb", "Cykeltur"),
    "pl": ("Nazwa aktywności", "Typ aktywności", "Bieg", "Jazda na rowerze"),
    "cs": ("Název aktivity", "Typ aktivity", "Běh", "Jízda na kole"),
    "sl": ("Ime dejavnosti", "Vrsta dejavnosti", "Tek", "Kolesarjenje"),
    "heads that nobody knows": ("Xyz", "Abc", "Run", "Ride"),
}


def _table(language: str, files: tuple[str, str], delimiter: str = ",") -> str:
    title, kind, run, ride = TABLES[language]
    rows = [
        ("Id", title, kind, "Distance", "File"),
        ("1", "Morning", run, "2.7", files[0]),
        ("2", "To work", ride, "9.1", files[1]),
    ]
    return "\r\n".join(delimiter.join(row) for row in rows)


FILES = ("activities/1.gpx", "activities/2.gpx")


@pytest.mark.parametrize("language", TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_of_many_languages(language: str, encoding: str) -> None:
    table = _table(language, FILES).encode(encoding)
    content = {"activities.csv": table, FILES[0]: _gpx(), FILES[1]: _gpx()}
    assert _slugs(content) == ["ok", "not-a-run"]


@pytest.mark.parametrize("language", ["de", "fr", "es", "sv"])
def test_a_table_in_the_letters_of_windows(language: str) -> None:
    table = _table(language, FILES, ";").encode("cp1252")
    content = {"activities.csv": table, FILES[0]: _gpx(), FILES[1]: _gpx()}
    assert _slugs(content) == ["ok", "not-a-run"]


@pytest.mark.parametrize(
    "named",
    [
        ("activities\\1.gpx", "activities\\2.gpx"),
        ("./activities/1.gpx", "./activities/2.gpx"),
        ("Activities/1.GPX", "Activities/2.GPX"),
        ("activities/1.gpx.gz", "activities/2.gpx.gz"),
    ],
)
@pytest.mark.parametrize("folder", ["", "export_1/"])
@pytest.mark.parametrize("within", ["/", "\\"])
def test_names_as_tools_write_them(named: tuple[str, str], folder: str, within: str) -> None:
    content = {f"{folder}activities.csv": _table("en", named).encode()}
    content |= {f"{folder}{name}".replace("/", within): _gpx() for name in FILES}
    assert _slugs(content) == ["ok", "not-a-run"]


@pytest.mark.parametrize(
    "table", ["Aktivitäten.csv", "actividades.csv", "cardioActivities.csv", "export/Activities.CSV"]
)
def test_a_table_is_known_by_the_files_that_it_names(table: str) -> None:
    folder = table.rpartition("/")[0]
    within = f"{folder}/" if folder else ""
    content = {
        "measurements.csv": b"date,weight\n2026-05-03,70\n",
        table: _table("en", FILES).encode(),
        **{f"{within}{name}": _gpx() for name in FILES},
    }
    assert _slugs(content) == ["ok", "not-a-run"]


def test_runkeeper_s_table() -> None:
    head = "Activity Id,Date,Type,Route Name,Distance (km),Duration,Notes,GPX File"
    rows = "a,2026-05-03,Running,,2.7,15:00,,1.gpx\nb,2026-05-04,Cycling,,9.1,30:00,,2.gpx"
    content = {"cardioActivities.csv": f"{head}\n{rows}".encode()}
    assert _slugs(content | {"1.gpx": _gpx(), "2.gpx": _gpx()}) == ["ok", "not-a-run"]


def test_a_table_names_files_in_another_normal_form() -> None:
    names = ("activities/Zu\u0308rich 1.gpx", "activities/Zu\u0308rich 2.gpx")
    table = _table("en", ("activities/Z\u00fcrich 1.gpx", "activities/Z\u00fcrich 2.gpx"))
    content = {"activities.csv": table.encode(), **{name: _gpx() for name in names}}
    assert _slugs(content) == ["ok", "not-a-run"]


class _Named(zipfile.ZipInfo):
    """A member whose name is written as some bytes, without the flag of UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - zipfile's own
        return self.raw, 0


def _zip_named(names: Mapping[str, bytes], table: str = "", *, extra: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if table:
            archive.writestr("activities.csv", table)
        for name, raw in names.items():
            member = _Named(name)
            member.raw = raw
            if extra:  # APPNOTE.TXT 4.6.9
                own = b"\1" + struct.pack("<I", zlib.crc32(raw)) + name.encode()
                member.extra = struct.pack("<HHHHH", 9, 2, 0, 0x7075, len(own)) + own
            archive.writestr(member, _gpx())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        *(("utf-8", "Z\u00fcrich"), ("cp437", "Z\u00fcrich"), ("cp1252", "Z\u00fcrich")),
        *(
            ("cp850", "S\u00e3o Jo\u00e3o"),
            ("cp1252", "S\u00e3o Jo\u00e3o"),
            ("cp1252", "L\u00e4ufe"),
        ),
        *(
            ("cp852", "\u017ealec \u010d"),
            ("cp1250", "te\u010de"),
            ("cp1251", "\u0431\u0435\u0433"),
        ),
    ],
)
@pytest.mark.parametrize("form", ["{}/1.gpx", "{} 1.gpx"])
def test_names_of_members_without_the_flag_of_utf_8(encoding: str, word: str, form: str) -> None:
    names = [f"activities/{form}".format(word), "activities/2.gpx"]
    data = _zip_named(
        {name: name.encode(encoding) for name in names}, _table("en", (names[1], names[0]))
    )
    found = dict(members("a.zip", data, LIMITS))
    assert [name.split(" (Mor")[0].split(" (To ")[0] for name in found] == [
        f"a.zip/{name}" for name in names
    ]
    assert [isinstance(each, bytes) for each in found.values()] == [False, True]


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        *(("cp437", "Fr\u00fchst\u00fcck"), ("cp850", "\u00c1vila"), ("cp850", "S\u00e3o")),
        *(("cp1252", "L\u00e4ufe"), ("cp1252", "\u00c9t\u00e9"), ("cp1252", "S\u00e3o Jo\u00e3o")),
    ],
)
def test_names_without_flag_and_table_are_read_so_that_they_are_letters(
    encoding: str, word: str
) -> None:
    name = f"{word}.gpx"
    found = dict(members("a.zip", _zip_named({name: name.encode(encoding)}), LIMITS))
    assert list(found) == [f"a.zip/{name}"]


@pytest.mark.parametrize("packed", [b"___.gpx\xe1", b"___.gpx"])
def test_a_name_in_the_extra_field_of_unicode_paths_counts(packed: bytes) -> None:
    data = _zip_named({"\u0431\u0435\u0433.gpx": packed}, extra=True)
    assert list(dict(members("a.zip", data, LIMITS))) == ["a.zip/\u0431\u0435\u0433.gpx"]


def test_a_name_in_an_extra_field_counts_where_zipfile_reads_it_itself() -> None:
    """As Python 3.12 and later do: only ``orig_filename`` is what is packed then."""
    data = _zip_named({"\u0431\u0435\u0433.gpx": b"___.gpx\xe1"}, extra=True)
    (member,) = zipfile.ZipFile(io.BytesIO(data)).infolist()
    member.filename = "\u0431\u0435\u0433.gpx"
    assert names_of([member], str) == ["\u0431\u0435\u0433.gpx"]


def test_a_table_may_leave_out_folders_where_names_are_of_one_file_only() -> None:
    table = _table("en", ("1.gpx", "2.gpx")).encode()
    content = {"activities.csv": table, FILES[0]: _gpx(), FILES[1]: _gpx()}
    assert _slugs(content) == ["ok", "not-a-run"]
    twice = {"activities.csv": table, "a/2.gpx": _gpx(), "b/2.gpx": _gpx()}
    assert _slugs(twice) == ["ok", "ok"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_s_lines_may_end_in_any_way(end: str) -> None:
    table = _table("en", FILES).replace("\r\n", end).encode()
    assert _slugs({"activities.csv": table, FILES[0]: _gpx(), FILES[1]: _gpx()}) == [
        "ok",
        "not-a-run",
    ]


def test_a_table_of_endless_columns_costs_no_time() -> None:
    wide = _table("en", FILES) + ",a.fit" * 30_000
    packed = _zip({"activities.csv": wide.encode()})
    assert list(members("a.zip", packed, LIMITS)) == []
    assert is_cheap(lambda: list(members("a.zip", packed, LIMITS)), 5)


def test_what_systems_leave_in_archives_is_passed_over() -> None:
    litter = (
        *("__MACOSX/._1.fit", "__MACOSX/a/2.fit", "a/._1.gpx", "a/~1.gpx", ".hidden.tcx"),
        *("b\\._1.fit", "__MACOSX/._c.zip", "~$.zip", "._run.labels.csv"),
    )
    content = {"1.gpx": _gpx()} | dict.fromkeys(litter, b"\0\5\x16\7")
    found = list(members("a.zip", _zip(content), LIMITS, tables=True))
    assert [name for name, _ in found] == ["a.zip/1.gpx"]


# --- Apple Health ---

GOOD = "<!DOCTYPE HealthData [<!ELEMENT HealthData (ExportDate,Me,(Record|Workout)*)>]>"
BROKEN = (
    "<!DOCTYPE HealthData [<!ELEMENT HealthData (A)><!ELEMENT B\n<!ATTLIST C d CDATA #IMPLIED>]>",
    "<!DOCTYPE HealthData [<!ELEMENT HealthData (A)>\n<!-- HealthKit -- Export Version: 12 -->]>",
    "<!DOCTYPE HealthData [\n<!ATTLIST Record type CDATA #REQUIRED\n  value CDATA\n>",
    "",
)


def _record(kind: str, begin: int, end: int, value: float, source: str = "Watch") -> str:
    stamps = " ".join(
        f'{name}="2026-05-03 09:30:{at:02d} +0200"'
        for name, at in (("startDate", begin), ("endDate", end))
    )
    return (
        f'<Record type="HKQuantityTypeIdentifier{kind}" sourceName="{source}" {stamps}'
        f' value="{value}"/>\n'
    )


def _health(doctype: str, source: str = "Watch", odd: str = "") -> bytes:
    hearts = "".join(_record("HeartRate", at, at, 150 + at, source) for at in range(5))
    steps = _record("StepCount", 0, 5, 14)
    route = '<WorkoutRoute><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute>'
    workout = f'<Workout workoutActivityType="HKWorkoutActivityTypeRunning">{route}</Workout>'
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n{doctype}\n<HealthData locale="sl_SI">\n'
    return f"{head}{odd}{hearts}{steps}{workout}</HealthData>".encode()


def _route(export: bytes, route: bytes = b"") -> Recording:
    content = {
        "apple_health_export/export.xml": export,
        "apple_health_export/workout-routes/r.gpx": route or _gpx(),
    }
    found = [each for each in members("export.zip", _zip(content), LIMITS) if _is_route(*each)]
    ((name, data),) = found
    assert isinstance(data, bytes)
    return read(name, data, LIMITS).recordings[0]


def _is_route(_name: str, found: object) -> bool:
    """Whether it is no word about workouts that have none."""
    return not (isinstance(found, NotARunError) and found.slug == "not-a-run-no-route")


@pytest.mark.parametrize("doctype", [GOOD, *BROKEN])
@pytest.mark.parametrize("source", ["Watch", "W\x0ba\x01tch", "Ana&Bor", "Å‹<"])
def test_a_broken_document_type_and_odd_names_cost_nothing(doctype: str, source: str) -> None:
    run = _route(_health(doctype, source))
    assert run.sport == "running"
    assert run.columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154]
    np.testing.assert_array_equal(run.columns["cadence_spm"], 168)


def test_a_route_that_gets_a_heart_rate_keeps_the_accuracy_of_its_positions() -> None:
    accuracy_m = [4.5, 3.25, 1414.0, 3.0, -1.0]
    run = _route(_health(GOOD), _gpx(accuracy_m=accuracy_m))
    assert run.columns["gps_accuracy_m"].tolist() == accuracy_m
    assert run.columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154]


def test_a_record_that_is_no_xml_costs_itself() -> None:
    odd = '<Record type="a" type="b" value="3"/>\n<Record value="1" value="2"/><Record a=b/>'
    assert _route(_health(GOOD, odd=odd)).columns["heart_rate_bpm"].tolist()[-1] == 154


BEATS = [150, 151, 152, 153, 154]


@pytest.mark.parametrize(
    "name", ["экспорт.xml", "Vie.xml", "ייצוא.xml", "Dışa aktar.xml", "daten.xml", "导出.xml"]
)
@pytest.mark.parametrize("folder", ["", "Gesundheit/"])
@pytest.mark.parametrize("route", ["workout-routes/r.gpx", "Trainingsrouten/r.gpx", "r.gpx"])
def test_an_export_and_its_routes_are_known_by_what_stands_in_them(
    name: str, folder: str, route: str
) -> None:
    creator = b"<gpx version='1.1' creator='Apple Health Export'>"
    content = {
        f"{folder}export_cda.xml": b"<ClinicalDocument/>",
        f"{folder}{name}": _health(GOOD),
        f"{folder}{route}": _gpx().replace(b"<gpx>", creator),
    }
    ((_, found),) = members("export.zip", _zip(content), LIMITS)
    assert isinstance(found, bytes)
    assert read("r.gpx", found, LIMITS).recordings[0].columns["heart_rate_bpm"].tolist() == BEATS


def test_a_gpx_of_another_source_beside_an_export_keeps_its_heart_rate() -> None:
    own = b"<time>2026-05-03T07:30:04Z</time><extensions><hr>99</hr></extensions>"
    data = _gpx().replace(b"<time>2026-05-03T07:30:04Z</time>", own)
    content = {"export.xml": _health(GOOD), "other.gpx": data}
    ((_, found),) = members("export.zip", _zip(content), LIMITS)
    assert found == data


@pytest.mark.parametrize(
    "time",
    [
        *("{} 9:30:0{} a. m. +0200", "{} 9.30.0{} +0200", "{} 上午9:30:0{} +0200"),
        *("{} 午前9:30:0{} +0200", "{} 오전 9:30:0{} +0200", "{} 9:30:0{}\u00a0am +0200"),
        "{} ٠٩:٣٠:٠{} +0200",
    ],
)
def test_times_of_many_languages(time: str) -> None:
    export = _health(GOOD).decode()
    for at in range(6):
        written = f"2026-05-03 09:30:0{at} +0200"
        assert written in export
        export = export.replace(written, time.format("2026-05-03", at))
    assert _route(export.encode()).columns["heart_rate_bpm"].tolist() == BEATS


def test_an_afternoon_s_times_of_many_languages() -> None:
    texts = (
        "2:05:06 p. m.",
        "下午2:05:06",
        "午後2:05:06",
        "오후 2:05:06",
        "14.05.06",
        "2:05:06\u202fPM",
    )
    assert {float(unix_s([f"2026-05-03 {one}".encode()])[0]) for one in texts} == {1777817106.0}


@pytest.mark.parametrize(
    ("kind", "minute", "sport"),
    [("Hiking", 30, "hiking"), ("Hiking", 31, "unknown"), ("Running", 30, "running")],
)
def test_a_workout_that_names_no_route_gives_its_sport_to_the_routes_of_its_time(
    kind: str, minute: int, sport: str
) -> None:
    begin, end = (f"2026-05-03 09:{minute}:0{at} +0200" for at in (0, 5))
    workout = (
        f'<Workout workoutActivityType="HKWorkoutActivityType{kind}" startDate="{begin}"'
        f' endDate="{end}"/>'
    )
    head, _, tail = _health(GOOD).decode().partition("<Workout")
    other = _health(GOOD).decode()[len(head) :].replace("r.gpx", "another.gpx")
    assert tail
    assert _route(f"{head}{workout}{other}".encode()).sport == sport


def test_a_workout_that_names_its_route_counts_before_another_of_the_same_time() -> None:
    other = (
        '<Workout workoutActivityType="HKWorkoutActivityTypeYoga"'
        ' startDate="2026-05-03 09:00:00 +0200" endDate="2026-05-03 10:00:00 +0200"/>'
    )
    first, last = (
        _health(GOOD, odd=other),
        _health(GOOD).replace(b"</HealthD", other.encode() + b"</HealthD"),
    )
    assert [_route(one).sport for one in (first, last)] == ["running", "running"]


def test_heart_rates_within_correlations_count() -> None:
    head, tail = _health(GOOD).split(b"<Record", 1)
    records, workout = tail.split(b"<Workout", 1)
    export = b"%b<Correlation><Record%b</Correlation><Workout%b" % (head, records, workout)
    assert _route(export).columns["heart_rate_bpm"].tolist() == BEATS


def test_an_export_in_utf_16_is_read() -> None:
    export = _health(GOOD).decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert _route(export).columns["heart_rate_bpm"].tolist() == BEATS


def test_heart_rates_with_a_decimal_comma_count() -> None:
    export = _health(GOOD).replace(b'value="154"', b'value="154,5"')
    assert _route(export).columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154.5]


def test_no_entity_of_an_export_is_expanded() -> None:
    doctype = '<!DOCTYPE HealthData [<!ENTITY a "150"><!ENTITY f SYSTEM "/etc/passwd">]>'
    run = _route(_health(doctype, source="&a;&f;"))
    assert run.columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154]


def test_two_routes_of_one_time_both_get_its_heart_rate() -> None:
    """A watch and an app of the phone may both have recorded a run."""
    folder = "apple_health_export"
    content = {
        f"{folder}/export.xml": _health(GOOD),
        f"{folder}/workout-routes/r.gpx": _gpx(),
        f"{folder}/workout-routes/s.gpx": _gpx(1),
    }
    found = dict(members("export.zip", _zip(content), LIMITS))
    for name, first in (("r", 0), ("s", 1)):
        data = found[f"export.zip/{folder}/workout-routes/{name}.gpx"]
        assert isinstance(data, bytes)
        (run,) = read(name, data, LIMITS).recordings
        assert run.columns["heart_rate_bpm"].tolist() == [150.0 + at for at in range(first, 5)]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of the machine cannot be set")
def test_a_time_without_a_zone_is_utc_whatever_the_machine_s_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    export = _health(GOOD).replace(b" +0200", b"").replace(b"09:30", b"07:30")
    without_zone = b"".join(
        b'<trkpt lat="46" lon="14.%d"><time>2026-05-03T07:30:%02d</time></trkpt>' % (at, at)
        for at in range(2)
    )
    odd = b"<gpx version='1.1' creator='x'><trk><trkseg>%b</trkseg></trk></gpx>" % without_zone
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert _route(export).columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154]
        (run,) = read_with_gpxpy(odd, LIMITS)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert run.time_s.tolist() == [1777793400.0, 1777793401.0]


def test_columns_of_long_texts_cost_no_time() -> None:
    letters = np.random.default_rng(1).integers(97, 123, (100, 100, 27, 6), dtype=np.uint8)
    rows = [
        ",".join(" ".join(bytes(word).decode() for word in cell) for cell in row) for row in letters
    ]
    lines = ["file" + ",text" * 100, *(f"{at}.gpx,{row}" for at, row in enumerate(rows))]
    assert is_cheap(lambda: activities("", "\n".join(lines).encode()), 1.0)


def test_backslashes_between_folders_part_an_archive_like_slashes() -> None:
    folder = "apple_health_export\\workout-routes"
    zone = '"event","experiment time","system time"\nSTART,0,{}\n'
    table = '"Time (s)","Latitude (°)","Longitude (°)"\n0,46.0,14.5\n1,46.1,14.5\n'
    content = {
        "apple_health_export\\export.xml": _health(GOOD),
        f"{folder}\\r.gpx": _gpx(),
        "one\\Location.csv": table.encode(),
        "one\\meta\\time.csv": zone.format(1777793400).encode(),
        "two\\Location.csv": table.encode(),
        "two\\meta\\time.csv": zone.format(1777879800).encode(),
    }
    found = dict(members("a.zip", _zip(content), LIMITS))
    starts = []
    for name, data in found.items():
        assert isinstance(data, bytes)
        (run,) = read(name, data, LIMITS).recordings
        starts.append(run.time_s[0])
        if name.endswith(".gpx"):
            assert run.columns["heart_rate_bpm"].tolist() == [150, 151, 152, 153, 154]
    assert starts == [1777793400.0, 1777793400.0, 1777879800.0]


def _workout_of(kind: str, begin: str, end: str, inside: str = "") -> str:
    name = f'workoutActivityType="HKWorkoutActivityType{kind}"'
    return f'<Workout {name} startDate="{begin}" endDate="{end}">{inside}</Workout>'


@pytest.mark.parametrize("routes", [{}, {"apple_health_export/workout-routes/r.gpx": _gpx()}])
def test_runs_without_a_route_are_named_once(routes: dict[str, bytes]) -> None:
    """A treadmill: the export has its records, but no route that could tell a direction."""
    day = ("2026-02-01 07:30:00 +0000", "2026-02-01 08:00:00 +0000")
    own = ("2026-05-03 07:30:00 +0000", "2026-05-03 07:31:00 +0000")
    reference = '<WorkoutRoute><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute>'
    workouts = [_workout_of(kind, *day) for kind in ("Running", "Walking", "Cycling", "Yoga")]
    workouts += [_workout_of("Running", *own, reference)] if routes else []
    export = f"<HealthData>{''.join(workouts)}</HealthData>".encode()
    found = dict(
        members("e.zip", _zip({"apple_health_export/export.xml": export, **routes}), LIMITS)
    )
    said = found.pop("e.zip/apple_health_export/export.xml")
    assert isinstance(said, NotARunError)
    assert (said.slug, said.message[-11:]) == ("not-a-run-no-route", "not read: 2")
    assert len(found) == len(routes)


def _indoor_run(
    sources: Mapping[str, float], stated: str = "", *, pause: tuple[int, int] | None = None
) -> Recording | RetrorunError:
    """What is read of 600 s at 170 steps and 150 beats a minute; metres a second of each source."""
    seconds = [each for each in range(0, 600, 10) if not pause or not pause[0] <= each < pause[1]]
    records = [
        _quantity("DistanceWalkingRunning", (at, at + 10), mps / 100, source, "km")
        for source, mps in sources.items()
        for at in seconds
    ]
    records += [_quantity("HeartRate", (at, at), 150, "Watch", "count/min") for at in seconds]
    records += [_quantity("StepCount", (at, at + 10), 170 / 6, "Watch", "count") for at in seconds]
    events = "".join(
        f'<WorkoutEvent type="HKWorkoutEventType{kind}" date="{_at(at)}"/>'
        for kind, at in zip(("Pause", "Resume"), pause or (), strict=False)
    )
    inside = f'<MetadataEntry key="HKIndoorWorkout" value="1"/>{stated}{events}'
    workout = _workout_of("Running", _at(0), _at(600), inside)
    workout = workout.replace("<Workout ", '<Workout sourceName="Watch" ')
    export = f"<HealthData>{''.join(records)}{workout}</HealthData>".encode()
    ((name, content),) = members("e.zip", _zip({"export.xml": export}), LIMITS)
    assert name.startswith("e.zip/export.xml")
    return read(name, content, LIMITS).recordings[0] if isinstance(content, bytes) else content


def _at(second: int) -> str:
    return f"2026-02-01 07:{30 + second // 60:02d}:{second % 60:02d} +0000"


def _quantity(kind: str, at: tuple[int, int], value: float, source: str, unit: str) -> str:
    begin, end = map(_at, at)
    what = f'type="HKQuantityTypeIdentifier{kind}" sourceName="{source}" unit="{unit}"'
    return f'<Record {what} startDate="{begin}" endDate="{end}" value="{value}"/>'


STATED = '<WorkoutStatistics type="HKQuantityTypeIdentifierDistanceWalkingRunning" {}/>'


@pytest.mark.parametrize(
    ("sources", "stated", "metres"),
    [
        ({"Watch": 3.0}, "", 1800.0),
        ({"Phone": 3.3, "Watch": 3.0}, "", 1800.0),
        ({"Watch": 3.0, "Phone": 3.3}, STATED.format('sum="1.98" unit="km"'), 1980.0),
        ({"Watch": 3.0, "Phone": 3.3}, STATED.format('sum="1.1185" unit="mi"'), 1800.0),
        ({"Phone": 3.3}, "", None),
        ({"Phone": 3.3}, STATED.format('sum="1.8" unit="km"'), None),
    ],
)
def test_a_run_without_a_route_has_the_records_of_one_device(
    sources: Mapping[str, float], stated: str, metres: float | None
) -> None:
    run = _indoor_run(sources, stated)
    assert isinstance(run, Recording)
    assert run.time_s[-1] - run.time_s[0] == 600
    assert run.time_s[0] == 1769931000.0
    assert run.sport == "running"
    assert run.columns["cadence_spm"][:-1] == pytest.approx(170, abs=0.1)
    assert run.columns["heart_rate_bpm"] == pytest.approx(150)
    distance = run.columns.get("distance_m")
    assert (distance is None) == (metres is None)
    assert distance is None or distance[-1] == pytest.approx(metres)
    assert (run.distance_m is None) == (not stated)
    assert run.distance_m is None or run.distance_m == pytest.approx(metres or 1800.0, rel=1e-3)


def test_a_pause_of_a_run_without_a_route_is_one() -> None:
    run = _indoor_run({"Watch": 3.0}, pause=(200, 300))
    assert isinstance(run, Recording)
    (pause,) = run.pauses
    start_s = run.time_s[0]
    assert (pause.start_time_s - start_s, pause.end_time_s - start_s) == (200.0, 300.0)
    assert run.columns["distance_m"][-1] == pytest.approx(1500.0)


@pytest.mark.parametrize(
    ("events", "pauses"),
    [
        ((("MotionPaused", _at(200)), ("MotionResumed", _at(300))), [(200.0, 300.0)]),
        ((("Pause", _at(500)), ("Resume", _at(700))), [(500.0, 600.0)]),
        ((("Pause", _at(-600)), ("Resume", _at(-300))), []),
        ((("Pause", "unknown"), ("Resume", _at(300))), []),
    ],
)
def test_pauses_that_the_watch_makes_count_and_none_lies_outside_the_run(
    events: Sequence[tuple[str, str]], pauses: Sequence[tuple[float, float]]
) -> None:
    """Of the last point before a pause to the next after it; 10 s apart."""
    stated = "".join(
        f'<WorkoutEvent type="HKWorkoutEventType{kind}" date="{date}"/>' for kind, date in events
    )
    run = _indoor_run({"Watch": 3.0}, stated)
    assert isinstance(run, Recording)
    start_s = run.time_s[0]
    found = [(each.start_time_s - start_s, each.end_time_s - start_s) for each in run.pauses]
    assert found == pauses
    assert run.time_s[-1] - start_s == 600.0
