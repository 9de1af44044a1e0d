"""Which of two files stands, decided on hand-made sessions."""

import pytest

from retrorun.archive import SessionRow
from retrorun.ingest.duplicates import Known, Verdict, brief


def row(
    session: str,
    sha256: str,
    start_s: float,
    heading: str = "none",
    channels: str = '["position"]',
) -> SessionRow:
    return SessionRow(
        id=session,
        sha256=sha256,
        position=0,
        start_time_s=start_s,
        duration_s=1800.0,
        distance_m=5000.0,
        sport="running",
        backward_s=0.0,
        heading=heading,
        track="",
        settings="",
        athlete="",
        version="",
        document=f'{{"channels": {channels}}}'.encode(),
    )


MONTH = [row("m", "month", 0.0), row("m-2", "month", 90_000.0), row("m-3", "month", 180_000.0)]


def known(rows: list[SessionRow]) -> Known:
    return Known(brief(each) for each in rows)


def test_a_phone_with_a_compass_takes_the_place_of_a_file_with_this_activity_alone() -> None:
    phone = row("p", "phone", 5.0, "compass")
    assert known(MONTH[:1]).judge([phone]) == Verdict(replaces={"m": "p"})


def test_a_file_that_holds_other_activities_too_is_never_replaced() -> None:
    phone = row("p", "phone", 5.0, "compass")
    assert known(MONTH).judge([phone]) == Verdict(duplicate_of="m")


@pytest.mark.parametrize("heading", ["none", "compass"])
def test_a_file_with_other_activities_takes_the_place_of_one_with_this_activity_alone(
    heading: str,
) -> None:
    """As if it had come first."""
    alone = row("p", "phone", 5.0, heading)
    assert known([alone]).judge(MONTH) == Verdict(replaces={"p": "m"})
    two = [row("t", "two", 90_000.0), row("t-2", "two", 500_000.0)]  # holds another one, too
    assert known([alone, *two]).judge(MONTH) == Verdict(replaces={"p": "m"})


def test_what_stands_for_itself_is_no_copy() -> None:
    one, other = row("a", "one", 0.0), row("b", "other", 1.0)
    rich = row("c", "rich", 2.0, "compass")
    briefs = [brief(one), brief(other)]
    assert Known(briefs).judge([rich]) == Verdict(replaces={"a": "c", "b": "c"})
    kept = Known(briefs, alone=lambda each: each.sha256 == "other")
    assert kept.judge([rich]) == Verdict(replaces={"a": "c"})
    assert kept.judge([row("d", "grown", 1.0)], "other") == Verdict(replaces={"b": "d"})


def test_a_month_is_replaced_by_a_month() -> None:
    start_s = (each.start_time_s for each in MONTH)
    newer = [row(f"n{place}", "newer", each, "compass") for place, each in enumerate(start_s)]
    replaced = {"m": "n0", "m-2": "n1", "m-3": "n2"}
    assert known(MONTH).judge(newer) == Verdict(replaces=replaced)


def test_a_changed_file_that_lost_activities_is_added_and_nothing_goes() -> None:
    assert known(MONTH).judge([row("g", "grown", 3.0)], "month") == Verdict()


def test_a_grown_file_replaces_what_it_was() -> None:
    assert known(MONTH[:1]).judge([row("g", "grown", 0.0)], "month") == Verdict(replaces={"m": "g"})


def test_of_two_exports_of_one_run_the_richer_stands_whichever_came_first() -> None:
    dynamics = '["position", "heart_rate", "cadence", "power", "contact_time"]'
    poor = row("g", "gpx", 0.0, channels='["position", "heart_rate"]')
    rich = row("f", "fit", 2.0, channels=dynamics)
    first_poor = Known([brief(poor)], lambda _: ("position", "heart_rate"))
    assert first_poor.judge([rich]) == Verdict(replaces={"g": "f"})
    first_rich = Known([brief(rich)], lambda _: ("position", "heart_rate", "cadence", "power"))
    assert first_rich.judge([poor]) == Verdict(duplicate_of="f")


@pytest.mark.parametrize("of_watch", ["heart_rate", "power"])
def test_a_phone_that_counts_steps_is_no_copy_of_a_watch_that_knows_the_heart(
    of_watch: str,
) -> None:
    """Either of them would take away what the other alone knows."""
    watch = row("w", "watch", 0.0, channels=f'["position", "{of_watch}"]')
    phone = row("p", "phone", 2.0, "compass", channels='["position", "heading", "cadence"]')
    first_watch = Known([brief(watch)], lambda _: ("position", of_watch))
    assert first_watch.judge([phone]) == Verdict()
    first_phone = Known([brief(phone)], lambda _: ("position", "heading", "cadence"))
    assert first_phone.judge([watch]) == Verdict()


def test_an_export_with_a_compass_and_more_of_the_body_takes_the_place_of_a_poorer_one() -> None:
    poor = row("g", "gpx", 0.0, channels='["position", "heart_rate"]')
    rich = row("f", "fit", 2.0, "compass", channels='["heart_rate", "cadence", "contact_time"]')
    known = Known([brief(poor)], lambda _: ("position", "heart_rate"))
    assert known.judge([rich]) == Verdict(replaces={"g": "f"})


def test_of_two_equals_the_one_that_began_first_stands_whichever_came_first() -> None:
    one, other = row("a", "one", 0.0), row("b", "other", 1.0)
    assert Known([brief(one)], lambda _: ("position",)).judge([other]) == Verdict(duplicate_of="a")
    assert Known([brief(other)], lambda _: ("position",)).judge([one]) == Verdict(
        replaces={"b": "a"}
    )


def test_of_several_the_newcomer_takes_the_place_of_all_or_of_none() -> None:
    """Two that are too far apart to be one activity, and one between them."""
    early, late = row("a", "early", 0.0), row("c", "late", 12.0)
    poor, rich = row("b", "middle", 6.0, channels="[]"), row("b", "middle", 6.0, "compass")
    assert known([early, late]).judge([rich]) == Verdict(replaces={"a": "b", "c": "b"})
    told = Known(map(brief, (early, late)), lambda _: ("position",))
    assert told.judge([poor]) == Verdict(duplicate_of="a")
