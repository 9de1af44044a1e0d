"""Tables of labels as people, spreadsheets and annotation programs write them."""

from contextlib import suppress

import pytest

from processor_time import is_cheap
from retrorun.errors import ReadError
from retrorun.readers.label_file import label_table

HEAD = "start,end,direction"
ROWS = "100,200,backward\n260,320.5,forward\n"
LABELS = [(100.0, 200.0, "backward"), (260.0, 320.5, "forward")]
DAY_S = 1714694400.0  # 2024-05-03T00:00:00Z
MOMENT_S = DAY_S + 8 * 3600 + 31 * 60 + 40


def _labels(text: str | bytes) -> list[tuple[float, float, str]]:
    data = text if isinstance(text, bytes) else text.encode()
    found = label_table("run.labels.csv", data)
    return [(one.start_s, one.end_s, one.direction) for row in found.values() for one in row]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig"])
def test_encodings_of_spreadsheets(encoding: str) -> None:
    assert _labels(f"{HEAD}\n{ROWS}".encode(encoding)) == LABELS


def test_letters_of_windows_in_a_language_whose_heads_are_not_known() -> None:
    text = "začetek;zaključek;smer\n100;200;nazaj\n260;320,5;naprej\n"
    assert _labels(text.encode("cp1250")) == LABELS


@pytest.mark.parametrize(
    "head",
    [
        *("start_s,end_s,direction", "start [s],end [s],direction", "start/s,end/s,direction"),
        *("start in s,end in s,direction", "Start time [sec],End time [sec],Label"),
        *("onset,offset,label", "tmin,tmax,text", "In,Out,Label", "t0,t1,label"),
        *("start,end,movement", "start,end,value", "Begin Time - ss.msec,End Time - ss.msec,Label"),
        *("Startzeit (s),Endzeit (s),Laufrichtung", "de,à,sens", "início,término,sentido"),
        *("od,do,kierunek", "начало,конец,направление", "开始,结束,方向", "시작,끝,방향"),
    ],
)
def test_heads_that_are_known_or_plain_from_what_stands_below(head: str) -> None:
    assert _labels(f"{head}\n{ROWS}") == LABELS


def test_columns_that_could_be_either_are_not_guessed() -> None:
    for text in ("a,b,c,d\n100,200,100,backward\n", "start,end,x,y\n1,2,back,forward\n"):
        with pytest.raises(ReadError, match="its first line must name"):
            _labels(text)


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("start_ms,end_ms,direction", "100000,200000,backward\n260000,320500,forward\n"),
        ("start (ms),duration (ms),label", "100000,100000,b\n260000,60500,f\n"),
        ("von [min];bis [min];Richtung", "1,5;3;b\n4;5;f\n"),
        ("start_min,end_min,direction", "1:30,3:00,b\n4,5,f\n"),
    ],
)
def test_a_unit_in_a_head_counts(head: str, rows: str) -> None:
    expected = LABELS if "ms" in head else [(90.0, 180.0, "backward"), (240.0, 300.0, "forward")]
    assert _labels(f"{head}\n{rows}") == expected


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("start (h);end (h);direction", "0,05;0,0625;b\n"),
        ("Begin Time - msec;End Time - msec;gait", "180000;225000;b\n"),
        ("Begin Time - hh:mm:ss.ms;End Time - hh:mm:ss.ms;Annotation", "00:03:00.0;00:03:45.0;b\n"),
        ("start (hh:mm);end (hh:mm:ss);direction", "00:03;00:03:45;b\n"),
        ("start (m);end (m);start (s);end (s);direction", "500;560;180;225;b\n"),
        ("start_frame;end_frame;in;out;direction", "4500;5625;180;225;b\n"),
    ],
)
def test_hours_milliseconds_and_clocks_in_heads(head: str, rows: str) -> None:
    assert _labels(f"{head}\n{rows}") == [(180.0, 225.0, "backward")]


@pytest.mark.parametrize(
    "head",
    [
        *("start (m),end (m),direction", "from_m,to_m,direction", "start km,end km,direction"),
        *("inicio (metros),fin (metros),sentido", "Start [Frames],Ende [Frames],Richtung"),
        *("start_frame,end_frame,direction", "start_sample,end_sample,label"),
        *("Distance from,Distance to,Direction", "Lap,Time,Direction", "Runde Nr,Zeit,Richtung"),
        *("km,Pace,Direction", "avg HR,max HR,direction", "Lane,Time,Direction"),
        *("start (%),end (%),direction", "Start (km),Dauer (s),Richtung"),
    ],
)
def test_a_column_that_holds_no_times_is_never_read_as_seconds(head: str) -> None:
    with pytest.raises(ReadError, match=r"line 1: the column '.+' holds no times"):
        _labels(f"{head}\n500,600,backward\n700,900,forward\n")


def test_a_column_that_counts_rows_is_no_start() -> None:
    with pytest.raises(ReadError, match="its first line must name"):
        _labels("Durchgang,Sekunden,Richtung\n1,30,rw\n2,32,vw\n")
    assert _labels("Durchgang,Von,Bis,Was\n1,100,200,rw\n2,260,320.5,vw\n") == LABELS


@pytest.mark.parametrize(
    "rows",
    [
        *("1 min 40 sec;3 min 20 sec;b", "100 seconds;200 secs;b", "100 Sek.;200 Sek.;b"),
        *("1 minute 40 seconds;3 minutes 20 seconds;b", "1'40\";3'20\";b", "1′40″;3′20″;b"),
        *("1'40;3'20;b", "１００;２００;b", "'100';'200';'b'", "0.01.40;0.03.20;b"),
    ],
)
def test_moments_in_words_and_other_digits(rows: str) -> None:
    assert _labels(f"start;end;direction\n{rows}\n") == LABELS[:1]


@pytest.mark.parametrize(
    "text",
    [
        f"SEP=,\n{HEAD}\n{ROWS}",
        f'"sep=,"\n{HEAD}\n{ROWS}',
        f"Labels of my run\n\n{HEAD}\n{ROWS}",
        f"// mine\n{HEAD}\n{ROWS}",
        f"{HEAD}\n100,200,backward\n# a pause\n260,320.5,forward\n",
        "#,start,end,direction\n1,100,200,backward\n2,260,320.5,forward\n",
        f"#,{HEAD}\n#1,100,200,backward\n#2,260,320.5,forward\n",
        "start  end    direction\n100    200    backward\n260    320.5  forward\n",
        "100\t200\tbackward\n\\\t-1.0\t-1.0\n260\t320.5\tforward\n",
    ],
)
def test_what_programs_and_people_put_around_a_table(text: str) -> None:
    assert _labels(text) == LABELS


@pytest.mark.parametrize(
    "text",
    [
        "1:40-3:20 rw\n4:20-5:20.5 vw\n",
        "1:40 – 3:20 run backward\n4:20 – 5:20,5 run forward\n",
        "from 1:40 to 3:20: backward\nfrom 4:20 to 5:20.5: forward\n",
        "- 100-200s backward\n- 260-320.5s forward\n",
        "1. 1:40 -> 3:20 backward\n2. 4:20 -> 5:20.5 forward\n",
        "Retro session 3 May\n\n1:40-3:20 backward\n4:20-5:20.5 forward\n",
        "backward 1:40-3:20\nforward 4:20-5:20.5\n",
        "1:40-3:20, backward\n4:20-5:20.5, forward\n",
        "1:40 - 3:20; rückwärts\n4:20 - 5:20,5; vorwärts\n",
        "100 200 running backward\n260 320.5 running forward\n",
        "start end direction\n100 200 run backward\n260 320.5 run forward\n",
        "| time | direction |\n|---|---|\n| 1:40-3:20 | rw |\n| 4:20-5:20.5 | vw |\n",
        "backward,100,200\nforward,260,320.5\n",
    ],
)
def test_lines_of_notes_and_tables_without_heads_lose_no_label(text: str) -> None:
    assert _labels(text) == LABELS


@pytest.mark.parametrize(
    "text",
    [
        "I ran backward from 3:10 to 3:40 and then forward.\n",
        "1 100 200 backward\n2 260 320.5 forward\n",
        "1:40-3:20 backward 4:20-5:20 forward\n",
        "1:40-3:20 backward 4:20-5:20\n",
        "start duration direction\n100 30 slow\n",
    ],
)
def test_notes_that_are_not_understood_are_refused(text: str) -> None:
    with pytest.raises(ReadError, match="line "):
        _labels(text)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1899-12-30 00:01:40", "1899-12-30 00:03:20"),
        ("30.12.1899 00:01:40", "30.12.1899 00:03:20"),
        ("1900-01-00 00:01:40", "1900-01-00 00:03:20"),
        ("0,001157407", "0,002314815"),
    ],
)
def test_a_spreadsheets_day_nought_is_no_day(start: str, end: str) -> None:
    assert _labels(f"start;end;direction\n{start};{end};b\n") == LABELS[:1]


# 45415 days after 1899-12-30 is 2024-05-03; 8:31:40 is 0.355324074 of a day
@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("start;end;direction", "45415.355324074;45415.356481481;b"),
        ("start;end;direction", "45415,355324074;45415,356481481;b"),
        ("start;duration;direction", "2024-05-03 08:31:40;1:40;b"),
        ("start;duration (min);direction", "03.05.2024 08:31:40;1,6666666667;b"),
    ],
)
def test_dates_in_days_and_with_a_duration_are_on_the_athletes_clock(head: str, row: str) -> None:
    (found,) = label_table("run.labels.csv", f"{head}\n{row}\n".encode())[0]
    assert (found.start_s, found.end_s) == pytest.approx((MOMENT_S, MOMENT_S + 100), abs=0.002)
    assert found.origin == "local sidecar"


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("start (UTC);end (UTC);direction", "2024-05-03 08:31:40;2024-05-03 08:33:20;b"),
        ("start_utc;end_utc;direction", "2024-05-03T08:31:40;2024-05-03T08:33:20Z;b"),
        ("Start GMT;Duration;direction", "2024-05-03 08:31:40;100;b"),
        ("start_ms;duration_ms;direction", "1714725100000;100000;b"),
        ("start;duration;direction", "1714725100;100;b"),
    ],
)
def test_a_head_tells_that_dates_are_in_utc(head: str, row: str) -> None:
    (found,) = label_table("run.labels.csv", f"{head}\n{row}\n".encode())[0]
    assert (found.start_s, found.end_s) == (MOMENT_S, MOMENT_S + 100)
    assert found.origin == "utc sidecar"


@pytest.mark.parametrize(
    "text",
    [
        "start (UTC),end (UTC),direction\n08:31:40,08:33:20,b\n",
        "start,end,direction\n500m,600m,b\n",
        "start,duration,direction\n9999-12-31 23:59:59,100,b\n",
    ],
)
def test_a_time_of_day_in_utc_metres_and_the_end_of_time_are_refused(text: str) -> None:
    with pytest.raises(ReadError, match="line 2: "):
        _labels(text)


def test_a_bare_number_behind_an_hour_is_minutes() -> None:
    assert _labels(f"{HEAD}\n0h03,1 h 05,b\n5m,59m,f\n") == [
        (180.0, 3900.0, "backward"),
        (300.0, 3540.0, "forward"),
    ]


@pytest.mark.parametrize("head", ["file", "Session", "Subject", "Athlet", "date", "Media file"])
def test_rows_of_several_sessions_are_refused(head: str) -> None:
    rows = f"{head},start,end,direction\nA,100,200,b\n%s,260,320.5,f\n"
    assert _labels(rows % "A") == LABELS
    with pytest.raises(ReadError, match=f"line 3: the column '{head}' .*: 'A', 'B'"):
        _labels(rows % "B")
    counted = f"{head},activity,start,end,direction\nA,1,100,200,b\nB,2,260,320.5,f\n"
    assert _labels(counted) == LABELS


def test_rows_of_several_days_whose_times_have_dates_are_one_table() -> None:
    rows = "{0},{0} 23:50:00,{0} 23:51:00,b\n{1},{1} 00:05:00,00:06:00,f\n"
    table = "date,start,end,direction\n" + rows.format("2024-05-03", "2024-05-04")
    assert len(_labels(table)) == 2


@pytest.mark.parametrize("flags", ["x,x", ",", "yes,true", "no,0"])
def test_two_columns_of_yes_and_no_must_differ(flags: str) -> None:
    head = "start,end,backward,forward\n"
    assert _labels(f"{head}100,200,x,\n260,320.5,,x\n") == LABELS
    with pytest.raises(ReadError, match=r"line 2: .* is none of backward, forward and clear"):
        _labels(f"{head}100,200,{flags}\n")


@pytest.mark.parametrize(("start", "end", "said"), [("a", "2", "start 'a'"), ("1", "", "end ''")])
def test_a_refusal_names_line_column_and_cell(start: str, end: str, said: str) -> None:
    with pytest.raises(ReadError, match=f"line 2: {said} is no time: "):
        _labels(f"{HEAD}\n{start},{end},backward\n")


def test_rows_of_which_none_is_a_label_are_refused() -> None:
    with pytest.raises(ReadError, match="line 2: "):
        _labels("start,end,direction\nrubbish\n")


def test_a_head_of_words_is_no_title() -> None:
    assert _labels("start duration direction\n100 100 run backward\n") == LABELS[:1]


BACKWARD = """\
bw|rev|reversed|run backward|backward running|backward_run|Retro-Running|walking backwards
backpedaling|rückwärts|Rückwärtslaufen|rückwärts gehen|en arrière|marche arrière|course à reculons
hacia atrás|correr de espaldas|corsa all’indietro|para trás|de costas
achteruit|baklänges|baglæns|baklengs
tyłem|bieg tyłem|pozadu|nazaj|vzvratni tek|tek nazaj|natrag|назад|спиной вперёд|后退|倒着跑|後ろ向き
뒤로|taaksepäin|geri|hátrafelé|înapoi"""
FORWARD = """\
fw|run forward|forward running|vorwaerts|Vorwärtslaufen|marche avant|hacia adelante|de frente
in avanti|para a frente|vooruit|framåt|forlæns|forlengs|przodem|popředu|naprej|вперёд|向前|前向き
앞으로|eteenpäin|ileri|előre|înainte"""


@pytest.mark.parametrize("word", BACKWARD.replace("\n", "|").split("|"))
def test_words_for_backward(word: str) -> None:
    assert {_labels(f"{HEAD}\n1,2,{one}\n")[0][2] for one in (word, word.upper())} == {"backward"}


@pytest.mark.parametrize("word", FORWARD.replace("\n", "|").split("|"))
def test_words_for_forward(word: str) -> None:
    assert {_labels(f"{HEAD}\n1,2,{one}\n")[0][2] for one in (word, word.upper())} == {"forward"}


@pytest.mark.parametrize("word", ["run", "rest", "-1", "not backward", "back and forth", "", "?"])
def test_what_is_no_direction_is_refused(word: str) -> None:
    with pytest.raises(ReadError, match="none of backward, forward and clear"):
        _labels(f"{HEAD}\n1,2,{word}\n")


@pytest.mark.parametrize(
    "moment",
    [
        *("2024-05-03T08:31:40Z", "20240503T083140Z", "03.05.24 08:31:40", "3. 5. 2024 8:31:40"),
        *("2024年5月3日 8:31:40", "2024. 05. 03. 08:31:40", "2024. 5. 3. 오전 8:31:40"),
        *("May 3, 2024 8:31:40 AM", "3 May 2024 08:31:40", "2024-05-03 08.31.40"),
        "2024-05-03 8:31:40 a. m.",
    ],
)
def test_dates_as_languages_write_them(moment: str) -> None:
    front, _, behind = moment.rpartition("40")
    later = f"{front}50{behind}"
    ((start_s, end_s, _),) = _labels(f"start;end;direction\n{moment};{later};b\n")
    assert (start_s, end_s) == (MOMENT_S, MOMENT_S + 10)


def test_a_date_with_slashes_counts_where_it_can_be_read_in_one_way_only() -> None:
    rows = "start;end;direction\n{0}/05/2024 08:31:40;{0}/05/2024 08:31:50;b\n"
    assert _labels(rows.format(23))[0][0] == MOMENT_S + 20 * 86400
    hyphens = rows.format(23).replace("/", "-")
    assert _labels(hyphens)[0][0] == MOMENT_S + 20 * 86400
    with pytest.raises(ReadError, match="is no time"):
        _labels(rows.format("03"))


def test_a_table_of_endless_rows_or_heads_costs_no_time() -> None:
    rows = "a" + ",b" * 99 + "\n" + "1\n" * 1_000_000
    heads = f"start{'_ ' * 60_000},end,direction\n{ROWS}"
    assert is_cheap(lambda: _refused_or_read(rows.encode()), 3.0)
    assert is_cheap(lambda: _refused_or_read(heads.encode()), 3.0)


def _refused_or_read(data: bytes) -> None:
    with suppress(ReadError):
        label_table("run.labels.csv", data)


@pytest.mark.parametrize(
    "text",
    [
        "Start;Ende;Richtung\ns;s;\n100;200;b\n260;320,5;f\nSumme;;\n",  # units and a sum
        "My labels;;\nstart;end;direction\n100;200;b\n260;320,5;f\n",
        "; by me\nstart,end,direction\n100,200,b\n260,320.5,f\n",
        "| start | end | direction |\n|---|---|---|\n| 100 | 200 | b |\n| 260 | 320.5 | f |\n",
        'start,end,direction\n="100",="200",b\n="260",="320.5",f\n',
        "start,end,direction\n100,200,b\n260,320.5,f\n\x1a",
        "Start time,Stop time,Activity\n100,200,b\n260,320.5,f\n",
        "start,end,is_backward\n100,200,1\n260,320.5,0\n",
        "start,end,backward?\n100,200,yes\n260,320.5,\n",
        "Zeit;Richtung\n1:40–3:20;b\n4:20 bis 5:20,5;f\n",
        "range,direction\n100-200,b\n260-320.5,f\n",
        "start,end,direction\n0.00115740741,0.00231481481,b\n0.00300925926,0.00370949074,f\n",
        "start,end,direction\nPT1M40S,PT3M20S,b\n+4:20,T+320.5,f\n",
        "start;end;direction\n1:40 min;3:20 min;b\n4:20 min;5:20,5 min;f\n",
        "start,end,direction\n100,200,slow backward (uphill)\n260,320.5,forward # easy\n",
    ],
)
def test_tables_as_spreadsheets_and_people_write_them(text: str) -> None:
    assert _labels(text) == LABELS


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("1'000", "1'200,5"),
        ("1.000", "1.200,5"),
        ("1,000.0", "1,200.5"),
        ("1\u202f000", "1\u202f200,5"),
    ],
)
def test_separators_of_thousands(start: str, end: str) -> None:
    ((label,),) = label_table("a", f"start;end;direction\n{start};{end};b\n".encode()).values()
    expected = 1.0 if start == "1.000" else 1000.0  # a number of one full stop is a decimal
    assert (label.start_s, label.end_s) == (expected, 1200.5)


@pytest.mark.parametrize(
    "word", ["not backward", "back to start", "backward to forward", "abc", "no retro"]
)
def test_words_that_name_no_one_direction_are_no_label(word: str) -> None:
    with pytest.raises(ReadError):
        label_table("a", f"start,end,direction\n100,200,{word}\n".encode())


def test_an_offset_of_a_zone_parts_no_range() -> None:
    moment = "2024-05-03T08:31:40-02:00"
    later = "2024-05-03T08:33:20-02:00"
    for head in ("start,end,direction", "a,b,direction"):
        ((start_s, end_s, _),) = _labels(f"{head}\n{moment},{later},b\n")
        assert (start_s, end_s) == (MOMENT_S + 7200, MOMENT_S + 7300)


@pytest.mark.parametrize(
    ("head", "rows", "end_s"),
    [
        ("start (h);end (h);direction", "0.100;0.250;b\n", 900.0),
        ("start (min);end (min);direction", "0.500;0.750;b\n", 45.0),
        ("start_s;end_s;direction", "30000.125;45000.250;b\n", 45000.25),
    ],
)
def test_a_unit_in_a_head_counts_before_the_days_of_a_spreadsheet(
    head: str, rows: str, end_s: float
) -> None:
    ((_, found_s, _),) = _labels(f"{head}\n{rows}")
    assert found_s == pytest.approx(end_s)


def test_an_apostrophe_behind_a_number_is_minutes_and_one_in_front_marks_text() -> None:
    rows = "3';5';b\n30'';45'';f\n'100;'200;b\n'300';'400';f\n"
    assert [each[:2] for each in _labels(f"start;end;direction\n{rows}")] == [
        (180.0, 300.0),
        (30.0, 45.0),
        (100.0, 200.0),
        (300.0, 400.0),
    ]


@pytest.mark.parametrize("note", ["don't go backward", "never backward", "ohne rückwärts"])
def test_a_note_that_denies_a_direction_is_none(note: str) -> None:
    with pytest.raises(ReadError, match="none of backward, forward and clear"):
        _labels(f"start;end;direction\n100;200;{note}\n")
