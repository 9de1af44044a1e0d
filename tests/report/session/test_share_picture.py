"""The share picture: what is on it, what never is, its size, and PNG with and without its extra."""

import builtins
import dataclasses as dc
import struct
from collections.abc import Callable
from typing import Any

import hand_made_sessions
import lxml.etree
import msgspec
import numpy as np
import pytest
from msgspec import structs

from retrorun.errors import PageError
from retrorun.model import Session, Track
from retrorun.report.figures import png_of
from retrorun.report.numbers import Display
from retrorun.report.session.picture import (
    BACKWARD_TEXT,
    FORMATS,
    FORWARD,
    INK,
    Format,
    PictureOptions,
    share_picture,
)

PLAN: hand_made_sessions.Plan = [
    (600, "forward", "run", "confirmed", 2.5),
    (100, "backward", "run", "confirmed", 2.0),
    (300, "forward", "run", "confirmed", 2.5),
    (80, "backward", "run", "labelled", 2.0),
    (120, "forward", "run", "confirmed", 2.5),
]
MAYBE: hand_made_sessions.Plan = [
    (900, "forward", "run", "confirmed", 2.9),
    (300, "backward", "run", "candidate", 2.0),
]
METRIC = PictureOptions(Display("metric"))


def drawn(session: Session, options: PictureOptions = METRIC) -> Any:  # noqa: ANN401  # lxml has no types
    """The picture as XML: it must be well formed."""
    return lxml.etree.fromstring(share_picture(session, options).encode())


def words(found: Any) -> str:  # noqa: ANN401
    return " ".join(" ".join(found.itertext()).split())


def boxes(found: Any, fill: str) -> list[tuple[float, float]]:  # noqa: ANN401
    """Left end and width of the rectangles with a fill."""
    rects = [each for each in found.iter("{*}rect") if each.get("fill") == fill]
    return [(float(each.get("x", "0")), float(each.get("width"))) for each in rects]


SIZES = {"landscape": (1200, 630), "square": (1080, 1080), "portrait": (1080, 1920)}


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_has_the_size_that_it_is_shown_in(form: Format) -> None:
    options = msgspec.structs.replace(METRIC, form=form)
    found = drawn(hand_made_sessions.session(PLAN), options)
    wide, high = SIZES[form]
    assert (found.get("width"), found.get("height")) == (str(wide), str(high))
    pytest.importorskip("resvg_py")
    png = png_of(share_picture(hand_made_sessions.session(PLAN), options))
    assert struct.unpack(">II", png[16:24]) == (wide, high)


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_says_the_same(form: Format) -> None:
    options = msgspec.structs.replace(METRIC, form=form, title="Backward club")
    text = words(drawn(hand_made_sessions.session(PLAN), options)).replace("\u00a0", " ")
    for each in ("3:00 min backward", "2 stretches, 360 m of 2.91 km, 15 % of the time"):
        assert each in text
    for each in ("3 May 2026", "Backward club", "8:20 /km", "forward 6:40", "1:40", "1:20"):
        assert each in text


@pytest.mark.parametrize("form", FORMATS)
def test_in_each_format_the_strip_is_the_session_from_start_to_finish(form: Format) -> None:
    found = drawn(hand_made_sessions.session(PLAN), msgspec.structs.replace(METRIC, form=form))
    ((left, wide),) = boxes(found, FORWARD)
    assert left == SIZES[form][0] - left - wide  # as far from one side as from the other
    assert boxes(found, "url(#sure)") == [
        pytest.approx((left + wide * 600 / 1200, wide * 100 / 1200), abs=0.1),
        pytest.approx((left + wide * 1000 / 1200, wide * 80 / 1200), abs=0.1),
    ]


def test_size_headline_and_line() -> None:
    found = drawn(hand_made_sessions.session(PLAN))
    assert (found.get("width"), found.get("height")) == ("1200", "630")
    text = words(found)
    assert "3:00 min backward" in text
    assert "2 stretches, 360 m of 2.91 km, 15 % of the time" in text
    assert "3 May 2026" in text


def test_the_strip_is_the_session_from_start_to_finish() -> None:
    found = drawn(hand_made_sessions.session(PLAN))
    # 1060 units for 1200 s from 70 on
    assert boxes(found, "url(#sure)") == [
        pytest.approx((70 + 600 * 1060 / 1200, 100 * 1060 / 1200), abs=0.1),
        pytest.approx((70 + 1000 * 1060 / 1200, 80 * 1060 / 1200), abs=0.1),
    ]
    assert boxes(found, "url(#maybe)") == []


def test_a_maybe_is_called_one_and_hatched() -> None:
    found = drawn(hand_made_sessions.session(MAYBE))
    assert "5:00 min maybe backward" in words(found)
    assert boxes(found, "url(#sure)") == []
    assert len(boxes(found, "url(#maybe)")) == 1


def test_nothing_backward_is_said_plainly() -> None:
    found = drawn(hand_made_sessions.session([(600, "forward", "run", "confirmed", 2.5)]))
    assert "10:00 min in motion" in words(found)
    assert "nothing backward" in words(found)


def test_what_nothing_tells_is_not_called_forward() -> None:
    session = hand_made_sessions.session([(600, "forward", "run", "assumed", 2.5)])
    silent = [
        dc.replace(each, segment=dc.replace(each.segment, evidence={}))
        for each in session.measures.segments
    ]
    measures = dc.replace(session.measures, segments=tuple(silent))
    found = drawn(dc.replace(session, measures=measures))
    assert "nothing in it tells backward from forward" in words(found)
    assert "nothing backward" not in words(found)
    assert "forward pace" not in words(found)
    assert boxes(found, FORWARD) == []


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("track", [None, hand_made_sessions.track(PLAN)])
def test_no_name_place_or_time_of_day_and_no_day_if_it_is_to_be_left_out(
    form: Format, track: Track | None
) -> None:
    session = dc.replace(hand_made_sessions.session(PLAN), name="Along the Ljubljanica")
    options = msgspec.structs.replace(METRIC, form=form, track=track)
    svg = share_picture(session, options)
    assert "Ljubljan" not in svg
    assert session.id not in svg
    text = words(drawn(session, options))
    assert all(each not in text for each in ("7:30", "9:30", "46.05", "14.5"))
    assert "2026" in svg
    assert "2026" not in share_picture(session, msgspec.structs.replace(options, dated=False))


def test_a_title_is_data_and_shrinks_to_its_room() -> None:
    options = msgspec.structs.replace(METRIC, title='"><script>alert(1)</script>' + "x" * 200)
    svg = share_picture(hand_made_sessions.session(PLAN), options)
    assert "<script" not in svg
    lxml.etree.fromstring(svg.encode())


@pytest.mark.parametrize("title", ["a\x01b", "a\x1b[31mb", "a\udcffb", "a\ufffeb"])
def test_a_title_that_xml_cannot_hold_is_escaped(title: str) -> None:
    options = msgspec.structs.replace(METRIC, title=title)
    svg = share_picture(hand_made_sessions.session(PLAN), options)
    text = "".join(map(str, lxml.etree.fromstring(svg.encode()).itertext()))
    assert "a\\" in text
    runners = "\U0001f3c3\u200d\u2640\ufe0f"  # an emoji of several characters stays whole
    assert runners in share_picture(
        hand_made_sessions.session(PLAN), msgspec.structs.replace(METRIC, title=runners)
    )


def test_units_are_the_athlete_s() -> None:
    svg = share_picture(hand_made_sessions.session(PLAN), PictureOptions(Display("imperial")))
    assert " /mi" in svg
    assert "km" not in svg


@pytest.mark.parametrize("form", FORMATS)
def test_the_way_only_where_it_is_asked_for(form: Format) -> None:
    session, track = hand_made_sessions.session(PLAN), hand_made_sessions.track(PLAN)
    options = msgspec.structs.replace(METRIC, form=form)
    without = drawn(session, options)
    with_way = drawn(session, msgspec.structs.replace(options, track=track))
    assert without.findall("{*}g") == []
    (group,) = with_way.findall("{*}g")
    assert len(group) >= 2
    nowhere = structs.replace(
        track,
        columns={
            name: np.full(track.seconds, np.nan) if name in {"x_m", "y_m"} else values
            for name, values in track.columns.items()
        },
    )
    with pytest.raises(PageError, match="no positions"):
        share_picture(session, msgspec.structs.replace(METRIC, track=nowhere))


def test_png_has_the_size_and_another_picture_other_bytes() -> None:
    pytest.importorskip("resvg_py")
    first = png_of(share_picture(hand_made_sessions.session(PLAN), METRIC))
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", first[16:24]) == (1200, 630)
    assert first == png_of(share_picture(hand_made_sessions.session(PLAN), METRIC))
    assert first != png_of(share_picture(hand_made_sessions.session(MAYBE), METRIC))


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[..., Any] = builtins.__import__

    def without(name: str, *more: object) -> Any:  # noqa: ANN401
        if name == "resvg_py":
            raise ImportError(name)
        return whole(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PageError) as problem:
        png_of(share_picture(hand_made_sessions.session(PLAN), METRIC))
    assert 'pip install "retrorun[picture]"' in str(problem.value)
    assert problem.value.slug == "picture-extra-missing"


def test_without_fonts_no_picture_without_words(monkeypatch: pytest.MonkeyPatch) -> None:
    resvg = pytest.importorskip("resvg_py")
    draw = resvg.svg_to_bytes
    monkeypatch.setattr(resvg, "svg_to_bytes", lambda svg: draw(svg, skip_system_fonts=True))
    with pytest.raises(PageError) as problem:
        png_of(share_picture(hand_made_sessions.session(PLAN), METRIC))
    assert problem.value.slug == "picture-without-fonts"


@pytest.mark.parametrize(
    ("session", "colour"),
    [
        (hand_made_sessions.session(), BACKWARD_TEXT),
        (hand_made_sessions.session(hand_made_sessions.TWO_CANDIDATES), BACKWARD_TEXT),
        (hand_made_sessions.session([(600, "forward", "run", "confirmed", 2.5)]), INK),
        (hand_made_sessions.undecided(), INK),
    ],
)
def test_the_great_number_has_the_colour_of_backward_only_where_something_may_be(
    session: Session, colour: str
) -> None:
    found = drawn(session)
    great = max(found.iter("{*}text"), key=lambda each: float(each.get("font-size")))
    assert great.get("fill") == colour


def test_forward_pace_is_that_of_the_gait_that_went_backward() -> None:
    walked: hand_made_sessions.Plan = [(900, "forward", "walk", "confirmed", 1.2)]
    alone, warmed_up = (
        words(drawn(hand_made_sessions.session([*plan, *PLAN]))) for plan in ([], walked)
    )
    # 1020 s at 2.5 m/s: a walk before it changes nothing
    assert "backward pace, forward 6:40" in alone
    assert "backward pace, forward 6:40" in warmed_up


@pytest.mark.parametrize(("count", "timed"), [(5, 5), (30, 0)])
def test_all_stretches_have_their_time_where_there_is_room_for_all(count: int, timed: int) -> None:
    pair: hand_made_sessions.Plan = [
        (30, "backward", "run", "confirmed", 2.0),
        (65, "forward", "run", "confirmed", 2.5),
    ]
    first: hand_made_sessions.Plan = [(480, "forward", "run", "confirmed", 2.5)]
    found = drawn(hand_made_sessions.session([*first, *pair * count]))
    assert len(boxes(found, "url(#sure)")) == count
    # 30 s are at most 33 of 1060 units wide, and a time is 60
    times = [each for each in found.iter("{*}text") if each.get("fill") == BACKWARD_TEXT]
    assert len([each for each in times if each.text == "0:30"]) == timed
