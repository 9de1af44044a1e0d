"""The user's own word: laps, workout steps and names that say forward or backward."""

import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path, PurePath

import numpy as np
from msgspec.structs import replace

from retrorun.model import (
    DAY_CLOCK,
    LOCAL_CLOCK,
    UTC_CLOCK,
    Athlete,
    Direction,
    GaitAnswer,
    GaitCandidate,
    Label,
    Note,
    Recording,
)
from retrorun.settings import DetectSettings
from retrorun.units import DAY_S, FloatArray

COMMAND = "command"  # origin of an answer about seconds
LAPS = "laps"  # origin of an answer about laps by their numbers
ALTERNATE = "alternate"  # origin of an answer about every second lap: held against the sensors
PRESSES = "presses"  # origin of labels that the athlete's convention of laps gives
TABLE = "sidecar"  # origin of a row of a table of labels
# origins of labels of a whole, whose stops stay stops
COARSE = ("lap", "step", "name", "file", LAPS, ALTERNATE, PRESSES)

WORDS = Path(__file__).with_name("direction_words.txt")  # patterns in sections
# numbers, their units, and signs around them
UNIT = r"(?:x|h|k?m|k|mi|min[a-z]*|s|se[ck][a-z]*|yds?)"
QUANTITY = rf"(?:[\d ,:;'’\"″+×*()/]|(?<![^\W\d]){UNIT}(?![^\W\d]))*"


def _without_accents(words: str) -> str:
    """Lower case, without accents."""
    split = unicodedata.normalize("NFKD", words.casefold())
    return unicodedata.normalize("NFC", "".join(s for s in split if not unicodedata.combining(s)))


# read and made when they are first wanted: making them takes as long as reading a file


@cache
def _words() -> Mapping[str, str]:
    """Section of the words → any of its patterns."""
    found: dict[str, list[str]] = {}
    for line in WORDS.read_text(encoding="utf-8").splitlines():
        if re.fullmatch(r"\[[a-z_]+\]", line):
            section = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            section.append(_without_accents(line))
    return {name: f"(?:{'|'.join(patterns)})" for name, patterns in found.items()}


def _sure_words() -> str:
    """The pattern of what surely says backward."""
    words = _words()
    alone = rf"^(?:\d+ )?{words['alone']}(?: \d+)?$"
    measured = "|".join(
        rf"^(?=.*\d{unit}){QUANTITY}(?<![^\W\d]){words[short]}(?![^\W\d]){QUANTITY}$"
        for short, unit in (("measured", ""), ("measured_in_metres", r" ?k?m\b"))
    )
    return rf"(?<!\w){words['surely_backward']}(?!\w)|{alone}|{measured}|{words['unspaced']}"


@cache
def _surely_backward() -> re.Pattern[str]:
    return re.compile(_sure_words())


@cache
def _backward() -> re.Pattern[str]:
    others = rf"{_words()['backward_or_round']}|{_words()['backward_or_return']}"
    return re.compile(rf"{_sure_words()}|(?<!\w)(?:{others})(?!\w)")


@cache
def _short_backward() -> re.Pattern[str]:
    """What may mean backward: beside a word for forward enough to say both."""
    words = _words()
    any_of = "|".join(words[each] for each in ("alone", "measured", "measured_in_metres"))
    return re.compile(rf"(?<![^\W\d])(?:{any_of})(?![^\W\d])")


@cache
def _forward() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){_words()['forward']}(?!\w)")


@cache
def _says_otherwise() -> re.Pattern[str]:
    """What says, wherever it stands, that no direction of this lap or activity is meant."""
    any_of = "|".join(_words()[each] for each in ("not_running", "not_done", "another_time"))
    return re.compile(rf"\b(?:{any_of})\b")


@cache
def _question() -> re.Pattern[str]:
    return re.compile(rf"\b{_words()['question']}\b|[?¿؟]")


@cache
def _denied_in_front() -> re.Pattern[str]:
    """What stands in front of a direction and says that it was not then, or of something else."""
    words = _words()
    near = "|".join(words[each] for each in ("right_in_front", "beside", "worn_or_moved"))
    near = rf"(?:{near})(?: {words['between']})*"
    return re.compile(rf"\b(?:{words['in_front']}\b[^,;]*|{near} (?:(?:all|dell|d|l)['’])?)$")


@cache
def _denied_behind() -> re.Pattern[str]:
    """What stands right behind a direction and says so."""
    words = _words()
    near = rf"(?:{words['right_behind']}|{words['beside']})\b"
    near = rf"[ ,:;()/!>]*(?:{words['behind_between']} )*{near}"
    return re.compile(rf"(?:{near}| {words['worn_or_moved']}\b)")


@cache
def _forward_in_front() -> re.Pattern[str]:
    return re.compile(rf"\b{_words()['half_in_front']} ?$")


def meaning(words: str) -> Direction | None:
    """Which way a name says the athlete went; None where it says nothing, both, or perhaps."""
    found = _reading(words)
    return None if found == "unknown" else found


def _reading(words: str) -> Direction | None:
    """The same, and ``unknown`` where a word for backward may mean that or something else."""
    plain = _plain(words)
    backward = _backward().search(plain)
    forward = _forward().search(_backward().sub(" ", plain))  # "спиной вперёд" is backward all over
    first = backward or forward
    both = forward and (backward or _short_backward().search(plain))
    if first is None or both or _says_otherwise().search(plain):
        return None
    before = plain[: first.start()]
    if _denied_behind().match(plain, first.end()):
        return None
    if _denied_in_front().search(before) or (backward and _forward_in_front().search(before)):
        return None
    if _question().search(plain) or (backward and not _is_of_training(plain, backward)):
        return "unknown" if backward else None
    return "backward" if backward else "forward"


def _plain(words: str) -> str:
    """Lower case, without accents, lines, dots and hyphens; the beginning of a long text."""
    return re.sub(r"[\s_.\-]+", " ", _without_accents(words[:500]))


def _is_of_training(plain: str, backward: re.Match[str]) -> bool:
    """Whether a word for backward means a movement, by what stands beside it."""
    if _surely_backward().search(plain):
        return True
    beside = re.sub(r"^[^\W\d]+ ?#?\d+", " ", plain[: backward.start()])  # "Step 3: backward"
    if re.fullmatch(_words()["backward_or_return"], backward.group()):
        beside += plain[backward.end() :]
    known = re.compile(f"{_words()['running']}|{_words()['training']}")
    return all(known.fullmatch(word) for word in re.findall(r"[^\W\d]+", beside))


def meaning_of_whole(words: str) -> Direction | None:
    """The same for the name of a whole activity or file, where doubtful words must stand alone.

    "Nazaj", "назад" or "backwards" may be the way home or the lake the other way round.
    """
    found = meaning(words)
    plain = _plain(words)
    if found != "backward" or _surely_backward().search(plain):
        return found
    rest = re.findall(r"[^\W\d]+", _backward().sub(" ", plain))
    return found if all(re.fullmatch(_words()["running"], word) for word in rest) else None


def labels_of_file(recording: Recording, file_name: str) -> tuple[Label, ...]:
    """Labels that the file itself carries, in elapsed seconds since its first record.

    Workout steps and lap names speak for their lap; the activity's name and the file's name speak
    for the whole, and only where no lap or step says anything. Later labels win.
    """
    times = recording.time_s[np.isfinite(recording.time_s)]
    if times.size == 0:
        return ()
    start_s, last_s = float(times.min()), float(times.max())
    labels: list[Label] = []
    for lap in recording.laps:
        meanings = [
            (meaning(text), origin)
            for text, origin in ((lap.name, "lap"), (lap.step, "step"))
            if text
        ]
        for direction, origin in meanings:
            begin = max(lap.start_time_s - start_s, 0.0)
            end = min(lap.end_time_s - start_s, last_s - start_s + 1.0)
            if direction is not None and end > begin:
                labels.append(Label(begin, end, direction, origin))
    if labels:
        return tuple(labels)
    stem = PurePath(file_name.replace("\\", "/")).name.split(".")[0]
    for text, origin in ((recording.name, "name"), (stem, "file")):
        direction = meaning_of_whole(text) if text else None
        if direction == "backward":
            return (Label(0.0, last_s - start_s + 1.0, direction, origin),)
    return ()


def questions(recording: Recording) -> tuple[Note, ...]:
    """What to ask about laps and workout steps of which the words may mean backward."""
    texts = [[text for text in (lap.name, lap.step) if text] for lap in recording.laps]
    count = sum("unknown" in map(_reading, lap) for lap in texts)
    if count == 0:
        return ()
    words = f"laps whose words may mean backward, or something else: {count}; label what is right"
    return (Note("laps-doubtful", words),)


def presses(recording: Recording) -> tuple[float, ...]:
    """Moments of manual lap presses, seconds since the first record; automatic ones are none."""
    times = recording.time_s[np.isfinite(recording.time_s)]
    if times.size == 0:
        return ()
    pressed = [lap.end_time_s for lap in recording.laps[:-1] if lap.trigger == "manual"]
    return tuple(end_s - float(times.min()) for end_s in pressed)


def by_convention(
    recording: Recording, spoken_labels: Iterable[Label], athlete: Athlete
) -> tuple[Label, ...]:
    """Labels that the athlete's convention gives to laps; none where laps or steps say their own.

    Args:
        recording: with its laps.
        spoken_labels: what the file says in words.
        athlete: states the convention, if there is one.
    """
    if athlete.laps != "alternate" or any(each.origin in ("lap", "step") for each in spoken_labels):
        return ()
    times = recording.time_s[np.isfinite(recording.time_s)]
    duration_s = float(np.ptp(times)) + 1.0 if times.size else 0.0
    return turned_about(presses(recording), duration_s, PRESSES)


# origins of labels in a file itself
RECORDED = frozenset({"lap", "step", "name", "file", PRESSES})


def turned_about(presses_s: Iterable[float], duration_s: float, origin: str) -> tuple[Label, ...]:
    """Labels of laps where every press turns about and the first lap is forward; none: no press.

    Args:
        presses_s: moments of manual lap presses, seconds since the start.
        duration_s: of the session.
        origin: of the labels.
    """
    inside = sorted({each for each in presses_s if 0 < each < duration_s})
    edges_s = [0.0, *inside, duration_s]
    ways: tuple[Direction, Direction] = ("forward", "backward")
    laps = enumerate(itertools.pairwise(edges_s)) if inside else ()
    return tuple(Label(a, b, ways[index % 2], origin) for index, (a, b) in laps)


def in_force(labels: Iterable[Label]) -> tuple[Label, ...]:
    """The labels that hold: each answer of the athlete overrules all that came before it.

    It takes the place of labels of the same direction that it overlaps and cuts those of the other
    one; direction ``unknown`` clears. A row of a table does so to what the file itself holds.

    Args:
        labels: all on one clock, those of the file first, answers last.
    """
    found: tuple[list[Label], list[Label], list[Label]] = ([], [], [])
    for new in labels:
        rank = _rank(new)
        for lower in found[: rank + (rank == _ANSWER)]:
            lower[:] = [rest for each in lower for rest in _overruled(each, new)]
        if new.direction != "unknown":
            found[rank].append(new)
    return tuple(itertools.chain(*found))


_ANSWER = 2  # the rank of an answer


def _rank(label: Label) -> int:
    if label.origin in (COMMAND, LAPS):
        return _ANSWER
    return 1 if label.origin == TABLE else 0


def _overruled(label: Label, new: Label) -> tuple[Label, ...]:
    """What is left of a label."""
    if label.end_s <= new.start_s or new.end_s <= label.start_s:
        return (label,)
    if label.direction == new.direction:
        return ()
    rests = ((label.start_s, new.start_s), (new.end_s, label.end_s))
    return tuple(replace(label, start_s=a, end_s=b) for a, b in rests if a < b)


def placed(
    labels: Iterable[Label],
    start_time_s: float,
    seconds: int,
    utc_offset_s: float,
    clock_change: tuple[float, float] | None = None,
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """Labels in seconds since the session's start, and a note for each that lies outside of it.

    A time beyond the session's end is taken for the time of day on the athlete's clock.

    Args:
        labels: what the user said, on any clock (``Label``).
        start_time_s: Unix seconds of the session's start.
        seconds: how long it lasts.
        utc_offset_s: local minus UTC at the start.
        clock_change: seconds since the start at which the athlete's clock was changed, and by how
            many seconds it was put forward, as in spring; None where it was not.
    """
    found: list[Label] = []
    notes: list[Note] = []
    for label in labels:
        one = _elapsed(label, start_time_s, seconds, utc_offset_s, clock_change)
        if one.end_s > 0 and one.start_s < min(one.end_s, seconds):
            found.append(replace(one, start_s=max(one.start_s, 0.0)))
        else:
            span = " to ".join(_as_written(label, at) for at in (label.start_s, label.end_s))
            length = timedelta(seconds=seconds)
            words = f"a label from {span} lies outside the recording of {length}: not used"
            notes.append(Note("label-outside", words))
    return tuple(found), tuple(notes)


def _elapsed(
    label: Label,
    start_time_s: float,
    seconds: int,
    utc_offset_s: float,
    clock_change: tuple[float, float] | None,
) -> Label:
    """A label in seconds since the session's start."""
    change = (math.inf, 0.0) if clock_change is None else clock_change
    for clock, offset_s in ((UTC_CLOCK, 0.0), (LOCAL_CLOCK, utc_offset_s)):
        if label.origin.startswith(clock):
            low_s, high_s = (at - offset_s - start_time_s for at in (label.start_s, label.end_s))
            if clock == LOCAL_CLOCK:
                low_s, high_s = _without_change(low_s, high_s, *change)
            return replace(
                label, start_s=low_s, end_s=high_s, origin=label.origin.removeprefix(clock)
            )
    is_time_of_day = label.origin.startswith(DAY_CLOCK)
    label = replace(label, origin=label.origin.removeprefix(DAY_CLOCK))
    if not (is_time_of_day or seconds <= label.start_s < DAY_S):
        return label
    since_midnight_s = (start_time_s + utc_offset_s) % DAY_S
    low_s, length_s = (label.start_s - since_midnight_s) % DAY_S, label.end_s - label.start_s
    if low_s >= seconds + max(0.0, change[1]):
        low_s -= DAY_S  # it began before the session
    if not is_time_of_day and low_s + length_s <= 0:
        return label
    low_s, high_s = _without_change(low_s, low_s + length_s, *change)
    return replace(label, start_s=low_s, end_s=high_s)


def _without_change(
    low_s: float, high_s: float, changed_s: float, forward_s: float
) -> tuple[float, float]:
    """Seconds since the start, of a span that was counted as if no clock had been changed.

    Of times that the clock showed twice, those are meant that give the span its written length;
    where both do, the first.

    Args:
        low_s: what the clock showed at its begin, minus what it showed at the start.
        high_s: the same at its end.
        changed_s: seconds since the start at which it was changed.
        forward_s: by how much it was put forward; negative: back.
    """
    lows, highs = (_readings(each, changed_s, forward_s) for each in (low_s, high_s))
    spans = itertools.product(lows, highs)
    return min(spans, key=lambda span: abs(span[1] - span[0] - (high_s - low_s)))


def _readings(at_s: float, changed_s: float, forward_s: float) -> tuple[float, ...]:
    """When the clock showed this; a time that it left out is the moment of the change."""
    later_s = max(changed_s, at_s - forward_s)
    if at_s >= changed_s:
        return (later_s,)
    if at_s < changed_s + forward_s:
        return (at_s,)
    return (later_s,) if at_s < 0 else (at_s, later_s)


def _as_written(label: Label, at_s: float) -> str:
    """A moment as it was written, or nearly so."""
    if label.origin.startswith((UTC_CLOCK, LOCAL_CLOCK)):
        return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%d %H:%M:%S}"
    return str(timedelta(seconds=round(at_s)))


def spans(labels: Iterable[Label], seconds: int) -> tuple[tuple[int, int, Label], ...]:
    """Each label's whole seconds within the session, ``[first, last)``, in the order given."""
    found = []
    for label in labels:
        first = int(np.clip(np.rint(label.start_s), 0, seconds))
        last = int(np.clip(np.rint(label.end_s), 0, seconds))
        if last > first:
            found.append((first, last, label))
    return tuple(found)


def evidence(labels: Sequence[Label], seconds: int, settings: DetectSettings) -> FloatArray:
    """Log-likelihood ratio per second of what the user said, (n,); later labels win."""
    ratio = np.zeros(seconds)
    value = {"backward": settings.label_strength, "forward": -settings.label_strength}
    for first, last, label in spans(labels, seconds):
        ratio[first:last] = value.get(label.direction, 0.0)
    return ratio


def gait_answers(
    found: Sequence[GaitCandidate], labels: Iterable[Label], seconds: int, settings: DetectSettings
) -> tuple[GaitAnswer, ...]:
    """What the athlete answered about each candidate, where labels cover enough of it.

    One of which too little was called backward was not right: its place was wrong. Where some of it
    was, it is mixed.

    Args:
        found: candidates of an analysis without these labels.
        labels: the athlete's own, later ones win.
        seconds: of the track.
        settings: of this stage.
    """
    answered = np.zeros(seconds)
    for first, last, label in spans(labels, seconds):
        answered[first:last] = {"backward": 1.0, "forward": -1.0}.get(label.direction, 0.0)
    return tuple(
        _gait_answer(each, here, settings)
        for each in found
        for here in (answered[int(each.start_s) : int(each.end_s)],)
        if (here != 0).sum() >= settings.habit_answered_share * here.size
    )


def _gait_answer(
    found: GaitCandidate, answered: FloatArray, settings: DetectSettings
) -> GaitAnswer:
    """The answer about a candidate by its seconds, (n,): 1 backward, -1 forward, 0 without one."""
    enough = settings.habit_backward_share * (answered != 0).sum()
    backward = bool((answered > 0).sum() >= enough)
    return GaitAnswer(
        found.end_s - found.start_s,
        found.step_gain,
        found.speed_share,
        backward=backward,
        contact_ratio=found.contact_ratio,
        excursion_ratio=found.excursion_ratio,
        mixed=not backward and bool((answered < 0).sum() < enough),
    )
