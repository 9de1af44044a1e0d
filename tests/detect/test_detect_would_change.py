from retrorun.detect.segments import refusal, would_change
from retrorun.model import Direction, HeadingVerdict, Segment, Verdict
from retrorun.settings import DetectSettings

NONE = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
COURSE = HeadingVerdict("gpx:bearing", "course", None, None, "it follows the course within 4°")
COMPASS = HeadingVerdict("osmand:heading", "compass", 10.0, 0.9, "independent", "gait")

SETTINGS = DetectSettings()


def part(direction: Direction, verdict: Verdict, heading: float, reason: str = "") -> Segment:
    evidence = {"heading": heading, "gait": 4.0, "label": 0.0}
    return Segment(0.0, 60.0, direction, "run", verdict, 0.9, evidence, reason)


def test_a_refused_heading_is_named_with_its_reason() -> None:
    reason = "gpx:bearing was not believed: it follows the course within 4°"
    assert refusal(COURSE) == reason
    candidate = part("backward", "candidate", 0.0)
    assert reason in would_change(candidate, COURSE, SETTINGS)


def test_a_believed_heading_is_not_refused() -> None:
    assert refusal(COMPASS) is None
    confirmed = part("backward", "confirmed", 40.0)
    assert would_change(confirmed, COMPASS, SETTINGS) == "only a label"


def test_a_candidate_by_steps_asks_for_a_compass() -> None:
    assert "compass" in would_change(part("backward", "candidate", 0.0), NONE, SETTINGS)


def test_an_unsure_sign_asks_for_one_label_or_the_mount() -> None:
    words = "two directions, A and B, and nothing tells which is forward"
    doubtful = part("backward", "candidate", 30.0, words)
    assert "mount_offset_deg" in would_change(doubtful, COMPASS, SETTINGS)
    assert "one label" in would_change(doubtful, COMPASS, SETTINGS)


def test_stops_need_no_change() -> None:
    still = Segment(0.0, 9.0, "still", "still", "candidate", 1.0, {})
    assert would_change(still, NONE, SETTINGS) == ""
