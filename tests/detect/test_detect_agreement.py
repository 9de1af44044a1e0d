from retrorun.detect.segments import agreement
from retrorun.model import Detection, HeadingVerdict, Label, Segment

NONE = HeadingVerdict(None, "none", None, None, "")
FOUND = Detection(
    (
        Segment(0.0, 10.0, "forward", "run", "candidate", 0.9, {}),
        Segment(10.0, 20.0, "backward", "run", "candidate", 0.9, {}),
    ),
    NONE,
    {},
)


def test_only_labelled_seconds_count_and_later_labels_win() -> None:
    labels = (Label(5.0, 15.0, "backward", "lap"), Label(5.0, 7.0, "forward", "command"))
    assert agreement(FOUND, labels) == {
        ("forward", "forward"): 2,
        ("backward", "forward"): 3,
        ("backward", "backward"): 5,
    }


def test_labels_beyond_the_session_say_nothing() -> None:
    assert agreement(FOUND, (Label(20.0, 90.0, "backward", "command"),)) == {}
