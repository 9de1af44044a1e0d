from retrorun.detect import explain
from retrorun.detect.explain import would_change
from retrorun.model import Detection, Direction, HeadingVerdict, Segment, Verdict

NONE = HeadingVerdict(None, "none", None, None, "the recording holds no heading")
COURSE = HeadingVerdict("gpx:bearing", "course", None, None, "it follows the course within 4°")
COMPASS = HeadingVerdict("osmand:heading", "compass", 10.0, 0.9, "independent", "gait")


def part(direction: Direction, verdict: Verdict, heading: float, reason: str = "") -> Segment:
    evidence = {"heading": heading, "gait": 4.0, "label": 0.0}
    return Segment(0.0, 60.0, direction, "run", verdict, 0.9, evidence, reason)


def test_a_refused_heading_is_told_with_its_reason() -> None:
    told = explain(Detection((part("backward", "candidate", 0.0),), COURSE, {}))[0]
    assert told.heading == "gpx:bearing was not believed: it follows the course within 4°"
    assert "believed" in told.would_change


def test_a_believed_heading_is_not_refused() -> None:
    told = explain(Detection((part("backward", "confirmed", 40.0),), COMPASS, {}))[0]
    assert told.heading is None
    assert told.because.startswith("heading speaks for backward (+40.0); gait speaks for backward")
    assert told.would_change == "only a label"


def test_a_candidate_by_steps_asks_for_a_compass() -> None:
    assert "compass" in would_change(part("backward", "candidate", 0.0), NONE)


def test_an_unsure_sign_asks_for_one_label_or_the_mount() -> None:
    words = "two directions, A and B, and nothing tells which is forward"
    doubtful = part("backward", "candidate", 30.0, words)
    assert "mount_offset_deg" in would_change(doubtful, COMPASS)
    assert "one label" in would_change(doubtful, COMPASS)


def test_stops_need_no_change() -> None:
    still = Segment(0.0, 9.0, "still", "still", "candidate", 1.0, {})
    assert would_change(still, NONE) == ""
