"""Why a value differs by over 2 %: by a rule that looks at the evidence, else as written down here.

A reason says whose fault it is: of the other source (``theirs``), of retrorun (``ours``) or of
nobody, where the two mean different things (``neither``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from numbers_files import GPXPY, OWN, TRUTH, Compared
from numbers_quantities import Pair

NOTABLE = 0.02
UNEXPLAINED = "not explained"


@dataclass(frozen=True, slots=True)
class Reason:
    """Whose fault a difference is, and why."""

    whose: Literal["theirs", "ours", "neither", "unknown"]
    words: str


Rule = Callable[[Pair, Compared], Reason | None]

REFUSED = {
    "not-a-run": "no run by the sport that the file or its table names; gpxpy counts tracks",
    "not-a-run-too-fast": "no sport named, and faster than people run; gpxpy counts tracks",
    "not-a-run-doubtful": "no sport named, fast, no steps: asked about, not counted",
    "clock-stopped": "all points have one time",
    "no-usable-second": "two points, no second between them that could be analysed",
    "clock-impossible": "its years are impossible; refused by name",
}
_STANDS = Reason(
    "neither",
    "holes crossed slower than 0.9 m/s are taken to hold a stop; chords walk through them",
)
_TWICE = Reason("theirs", "the same activity twice in one file: it counts once")
_OVERLAP = Reason("theirs", "the clock was set back: by time, records fall out of their session")
_WITH_ZEROS = Reason("theirs", "the device's mean counts the seconds without steps as zeros")
_SHORT_WALK = Reason("neither", "a walk of 3 min with stops at 0.5 m/s; samples 2 to 20 s apart")
_NO_SPEED = Reason("neither", "no metre and no step in it: nothing tells when the athlete moved")
_LAPS_ZERO = Reason("theirs", "its odometer and its laps say 0; 450 s at 3 m/s are 1,350 m")
_HELD_SPEED = Reason("theirs", "made so that the speed hangs while the athlete stands for a minute")
_MULTISPORT, _WALK = "activity-large-fenxi2-multisport.fit", "garmin-fenix-5-walk.fit"
_SHUTTLES, _TWO = "2026-05-08-osmand.gpx", "activity-activity-filecrc.fit"
_LOST_TURNS = Reason("theirs", "shuttles: chords of ten seconds lose each turn; the truth is 818 s")
_OURS_HOLES = Reason(
    "ours", "steps in holes of over 10 s are not counted, and this athlete walked in them"
)
# What no rule can see: file, quantity, start of the source's name (all if empty) → reason.
WRITTEN: dict[tuple[str, str, str], Reason] = {
    ("221871b9-78b8-41b5-8bf5-9aceb58b79b9.gpx", "moving_s", ""): _STANDS,
    ("3472f2dc-150a-4dfd-8a76-7bc8f40e766e.gpx", "moving_s", ""): _STANDS,
    ("b5607854-5fea-4f2a-ad26-79287696bee2.gpx", "heart_rate_bpm", ""): Reason(
        "neither", "no beats are counted in holes of minutes at rest; the sum carries each for 30 s"
    ),
    ("track-with-empty-segment.gpx", "moving_s", ""): Reason(
        "neither", "a track of 77 s with samples 6 s apart and one stop"
    ),
    (_TWO, "distance_m", ""): _TWICE,
    (_TWO, "duration_s", ""): _TWICE,
    (_TWO, "sessions", ""): _TWICE,
    (_MULTISPORT, "duration_s", ""): _OVERLAP,
    (_MULTISPORT, "distance_m", ""): _OVERLAP,
    ("activity-settings.fit", "moving_s", ""): Reason(
        "neither", "14 s, half of them stood through by the records"
    ),
    ("antfs-dump.63.fit", "moving_s", ""): _NO_SPEED,
    ("B47I2852.FIT", "moving_s", ""): _NO_SPEED,
    (_WALK, "duration_s", ""): Reason(
        "theirs", "its records go on for a second after the session; the last second counts too"
    ),
    (_WALK, "moving_s", ""): Reason(
        "theirs", "its records go on for a second after the session; the last second counts too"
    ),
    ("run.fit", "cadence_spm", ""): _WITH_ZEROS,
    ("testdata.fit", "cadence_spm", ""): _WITH_ZEROS,
    ("testdata.tcx", "cadence_spm", ""): _WITH_ZEROS,
    ("testdata.fit", "heart_rate_bpm", ""): _SHORT_WALK,
    ("testdata.tcx", "heart_rate_bpm", ""): _SHORT_WALK,
    ("testdata.fit", "moving_s", ""): _SHORT_WALK,
    ("testdata.tcx", "moving_s", ""): _SHORT_WALK,
    ("garmin-fenix-5-run.fit", "cadence_spm", ""): _WITH_ZEROS,
    ("d-hike-4.gpx", "cadence_spm", ""): Reason(
        "theirs", "110 on a hike are the steps of both feet; the plain sum takes them for one leg"
    ),
    ("d-odometer-sparse-field.fit", "moving_s", ""): _HELD_SPEED,
    ("d-odometer-zero-gps.tcx", "distance_m", ""): _LAPS_ZERO,
    ("d-odometer-zero.tcx", "distance_m", ""): _LAPS_ZERO,
    ("real-smart-recording.fit", "cadence_spm", ""): _OURS_HOLES,
    ("cerknicko-without-times.gpx", "distance_m", ""): Reason(
        "theirs", "5 of its 296 points have a time; gpxpy adds up all of them"
    ),
    ("korita-zbevnica.gpx", "distance_m", GPXPY): Reason(
        "theirs", "gpxpy adds up a track without any time; over the timed points they agree"
    ),
    ("2026-05-03-connect-iq.fit", "distance_m", TRUTH): Reason(
        "theirs", "the simulated watch's odometer is that wrong, as real ones are; it is believed"
    ),
    (_SHUTTLES, "moving_s", ""): _LOST_TURNS,
}


def reason(pair: Pair, case: Compared) -> Reason | None:
    """Why a pair differs; None where it differs by no more than 2 %."""
    if pair.within(NOTABLE):
        return None
    for (file, quantity, source), written in WRITTEN.items():
        if pair.file == file and pair.quantity == quantity and pair.source.startswith(source):
            return written
    for rule in RULES:
        found = rule(pair, case)
        if found:
            return found
    return Reason("unknown", UNEXPLAINED)


def _refused(pair: Pair, case: Compared) -> Reason | None:
    if pair.quantity == "sessions" and case.refusal in REFUSED:
        return Reason("neither", REFUSED[case.refusal])
    return None


def _ascent(pair: Pair, _: Compared) -> Reason | None:
    if pair.quantity != "ascent_m":
        return None
    if pair.source == OWN:
        return Reason("neither", "the device's barometer and threshold are its own")
    return Reason("neither", "retrorun smooths the altitude over 50 m; raw rises add up noise")


def _damaged(pair: Pair, case: Compared) -> Reason | None:
    if pair.source == OWN and not case.clean and pair.quantity in ("distance_m", "duration_s"):
        return Reason("theirs", "damaged: its total is of the whole, its records are of a part")
    return None


def _clock(pair: Pair, case: Compared) -> Reason | None:
    set_anew = {"clock-set", "clock-two-runs", "clock-astray", "clock-scrambled"} & {*case.notes}
    timed = pair.quantity in ("duration_s", "moving_s", "sessions", "distance_m")
    if set_anew and timed and pair.source != TRUTH:
        return Reason("theirs", "the clock was set or runs to and fro; the other takes it as it is")
    return None


def _timer(pair: Pair, case: Compared) -> Reason | None:
    """The timer ran on while the athlete stood, as the records show."""
    if pair.quantity != "moving_s" or pair.source != OWN or pair.difference > 0:
        return None
    others = [each.given for each in _of(case, "moving_s") if each.source != OWN]
    if pair.found and others and min(others) < pair.given * (1 - NOTABLE):
        return Reason("neither", "the timer ran on while the athlete stood, by the records as well")
    return None


def _between(pair: Pair, case: Compared) -> Reason | None:
    """Thresholds of standing differ, and retrorun's moving time lies among the others'."""
    if pair.quantity != "moving_s" or pair.source == TRUTH:
        return None
    values = [each.given for each in _of(case, pair.quantity)]
    if pair.found is not None and min(values) <= pair.found <= max(values):
        words = f"the others differ as well ({min(values):,.0f} to {max(values):,.0f})"
        return Reason("neither", words)
    return None


def _noise(pair: Pair, case: Compared) -> Reason | None:
    """Chords of another length agree."""
    if pair.quantity != "distance_m" or not pair.source.startswith(GPXPY):
        return None
    near = [each.source for each in _of(case, "distance_m") if each.within(NOTABLE)]
    if not near:
        return None
    if pair.source == GPXPY:
        return Reason("theirs", f"chords of a second add up noise or jumps; {near[0]} agrees")
    return Reason("neither", f"long chords cut corners, short ones add up noise; {near[0]} agrees")


def _threshold(pair: Pair, case: Compared) -> Reason | None:
    """A mean or a moving time with another rule agrees."""
    if pair.quantity != "moving_s":
        return None
    near = [each.source for each in _of(case, "moving_s") if each.within(NOTABLE)]
    if near:
        return Reason("neither", f"another threshold of standing; {near[0]} agrees")
    return None


RULES: Sequence[Rule] = (_refused, _ascent, _damaged, _clock, _timer, _noise, _threshold, _between)


def _of(case: Compared, quantity: str) -> list[Pair]:
    return [each for each in case.pairs if each.quantity == quantity]


def stale(cases: Sequence[Compared]) -> list[str]:
    """Written reasons that no difference needs any more."""
    apart = [each for case in cases for each in case.pairs if not each.within(NOTABLE)]
    return [
        f"{file} {quantity} {source}"
        for file, quantity, source in WRITTEN
        if not any(
            (each.file, each.quantity) == (file, quantity) and each.source.startswith(source)
            for each in apart
        )
    ]
