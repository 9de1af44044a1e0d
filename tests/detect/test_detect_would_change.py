from retrorun.detect.credibility import WHICH_IS_FORWARD, Doubt, SettledBy
from retrorun.detect.segments import refusal, would_change
from retrorun.model import Direction, HeadingVerdict, Segment, Verdict
from retrorun.settings import DetectSettings

NONE = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
COURSE = HeadingVerdict("gpx:bearing", "course", None, None, "it follows the course within 4°")
COMPASS = HeadingVerdict("osmand:heading", "compass", 10.0, 0.9, "independent", "gait")

SETTINGS = DetectSettings()


def part(direction: Direction, verdict: Verdict, heading: float) -> Segment:
    evidence = {"heading": heading, "gait": 4.0, "label": 0.0}
    return Segment(0.0, 60.0, direction, "run", verdict, 0.9, evidence)


def test_a_refused_heading_is_named_with_its_reason() -> None:
    reason = "gpx:bearing was not believed: it follows the course within 4°"
    assert refusal(COURSE) == reason
    candidate = part("backward", "candidate", 0.0)
    assert reason in would_change(candidate, "", COURSE, SETTINGS)


def test_a_believed_heading_is_not_refused() -> None:
    assert refusal(COMPASS) is None
    confirmed = part("backward", "confirmed", 40.0)
    assert would_change(confirmed, "", COMPASS, SETTINGS) == "only a label"


def test_a_candidate_by_steps_asks_for_a_compass() -> None:
    assert "compass" in would_change(part("backward", "candidate", 0.0), "", NONE, SETTINGS)


def test_an_unsure_sign_asks_for_one_label_or_the_mount() -> None:
    doubtful = part("backward", "candidate", 30.0)
    words = would_change(doubtful, WHICH_IS_FORWARD, COMPASS, SETTINGS)
    assert "mount_offset_deg" in words
    assert "one label" in words


def test_what_settles_a_doubt_does_not_depend_on_its_words() -> None:
    """Words that are said otherwise, or hold those of another doubt, change nothing."""
    doubtful = part("backward", "candidate", 30.0)
    doubt = Doubt("two directions, sideways, by habit", SettledBy.CHANGE_AT_TURN)
    assert would_change(doubtful, doubt, COMPASS, SETTINGS) == SettledBy.CHANGE_AT_TURN.value
    other = "a step rate that tells two directions apart, handled"
    assert would_change(doubtful, other, COMPASS, SETTINGS) == SettledBy.STEADIER_HEADING.value


def test_stops_need_no_change() -> None:
    still = Segment(0.0, 9.0, "still", "still", "candidate", 1.0, {})
    assert would_change(still, "", NONE, SETTINGS) == ""
