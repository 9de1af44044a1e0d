"""Rules that live on the values they are about: kinds of segments, session ids, failures."""

import pytest
from rich.pretty import pretty_repr

from retrorun.errors import NotARunError, ReadError
from retrorun.model import KINDS, Athlete, Direction, Failed, Segment, Source, Verdict, session_id


def test_the_secret_of_the_zones_is_in_no_log() -> None:
    athlete = Athlete(mass_kg=70.0, zone_secret="never shown")  # noqa: S106 - of nobody
    for shown in (repr(athlete), str(athlete), pretty_repr(athlete)):
        assert "never shown" not in shown
        assert "mass_kg=70.0" in shown


@pytest.mark.parametrize(
    ("direction", "verdict", "kind"),
    [
        ("backward", "confirmed", "backward"),
        ("backward", "labelled", "backward"),
        ("backward", "candidate", "candidate"),
        ("forward", "confirmed", "forward"),
        ("forward", "candidate", "forward"),
        ("forward", "assumed", "forward"),
        ("backward", "habit", "backward"),
        ("unknown", "candidate", "unknown"),
        ("still", "confirmed", "still"),
    ],
)
def test_only_an_uncertain_backward_segment_is_a_candidate(
    direction: Direction, verdict: Verdict, kind: str
) -> None:
    segment = Segment(0.0, 60.0, direction, "run", verdict, 0.9, {})
    assert segment.kind == kind
    assert segment.kind in KINDS


def test_further_activities_of_a_file_are_numbered_from_two() -> None:
    sha256 = "0123456789abcdef" * 4
    assert [session_id(sha256, index) for index in (0, 1, 9)] == [
        "0123456789ab",
        "0123456789ab-2",
        "0123456789ab-10",
    ]


def test_a_failure_keeps_what_the_error_says() -> None:
    source = Source("run.fit", "f" * 64)
    error = ReadError("fit-broken", "it is broken", offset=12, remedy="Export it once more.")
    failed = Failed.of(source, error)
    assert (failed.source, failed.slug, failed.message) == (source, "fit-broken", "it is broken")
    assert (failed.offset, failed.remedy, failed.not_a_run) == (12, "Export it once more.", False)
    assert Failed.of(source, NotARunError("not-a-run", "it is a ride")).not_a_run
