"""The user's own word: laps, workout steps and names that say forward or backward."""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import PurePath

import numpy as np

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

# Words of many languages, without accents and in lower case, whole words only. Not "back" alone
# ("out and back", "back to back", "back home"), not "reverse" before something that is no running.
SURELY_BACKWARD = (
    r"backwards? ?(?:run(?:ning)?|walk(?:ing)?|jog(?:ging)?)",
    r"(?:running|ran|walking|walked|jogging|jogged) backwards?",
    r"retro ?(?:run|running|walk|walking|lauf|laufen|runner|course|corsa|loop|lopen|lob)",
    r"reverse(?:d)? (?:run|running|walk|walking|jog|jogging)",
    r"run(?:ning)? in reverse",
    r"backpedal(?:l?ing)?",
    r"ruckwa(?:e)?rts ?(?:laufen|lauf|gehen|joggen|rennen)",
    r"(?:laufen|lauf|gehen|joggen) ruckwa(?:e)?rts",
    r"(?:marche|course) (?:en )?arriere(?! ?pays)",
    r"(?:course|marche|courir|marcher|footing) a reculons",
    r"corsa retro",
    r"(?:corsa|correre|camminata) (?:all )?indietro",
    r"(?:correr|corriendo|carrera|caminar|caminando|trote) (?:hacia )?atras",
    r"de espaldas(?! (?:al?|a la|contra) )",
    r"(?:de|para) costas(?! (?:para|ao|a|pro) )",
    r"d[ '’]?esquena(?! (?:al?|a la) )",
    r"achterwaarts ?(?:lopen|rennen|wandelen)?",
    r"achteruit ?(?:lopen|rennen|wandelen)",
    r"baklengs ?(?:loping|lop|gange)?",
    r"takaperin",
    r"selka edella",
    r"ritensko",
    r"vzvratn[ai] (?:tek|hoja)",
    r"pozpatku",
    r"pospiatky",
    r"natraske",
    r"tyłem(?! do )",
    r"hatrafutas",
    r"(?:alergare|alergat|mers) cu spatele",
    r"tagurpidi (?:jooks|kond)",
    r"atbulomis",
    r"atmuguriski",
    r"atzeraka",
    r"geri geri (?:kosu|yuruyus|kosma|yurume)",
    r"lari mundur",
    r"jalan mundur",
    r"chay lui",
    r"đi lui",
    r"kinyumenyume",
    r"спиной вперед",
    r"спиною вперед",
    r"задом наперед",
    r"заднешком",
    r"(?:трчање|трчане) (?:у|на)назад",
    r"(?:τρεξιμο|περπατημα) (?:αναποδα|προς τα πισω)",
    r"(?:ריצה|הליכה) (?:לאחור|אחורה)",
    r"(?:الجري|المشي) (?:للخلف|الى الوراء|إلى الوراء)",
)
# These also mean "back again", "the other way round" or "behind": in a workout they name a
# movement, as the name of a whole activity only alone or among words of running.
BACKWARD_OR_RETURN = (
    r"backwards?",
    r"ruckwa(?:e)?rts",
    r"en arriere(?! ?pays)",
    r"a reculons",
    r"indietro",
    r"(?:hacia|para|cara) atras",
    r"para tras",
    r"(?:cap )?enrere",
    r"achteruit",
    r"baklanges",
    r"baglæns",
    r"aftur a bak",
    r"vzvratno",
    r"nazaj",
    r"natrag",
    r"unatrag",
    r"unazad",
    r"pozadu",
    r"dozadu",
    r"do tyłu",
    r"wstecz",
    r"hatrafele",
    r"hattal",
    r"cu spatele",
    r"tagurpidi",
    r"назад",
    r"уназад",
    r"наназад",
    r"geri geri",
    r"geriye dogru",
    r"anapoda",
    r"αναποδα",
    r"προς τα πισω",
    r"mundur",
    r"ke belakang",
    r"mbrapsht",
    r"לאחור",
    r"אחורה",
    r"للخلف",
)
BACKWARD = (*SURELY_BACKWARD, *BACKWARD_OR_RETURN)
# What may stand beside them. "Tek nazaj domov" (the run back home) says more than these.
RUNNING = (
    r"run|runs|running|ran|walk|walks|walking|jog|jogging|trot|lauf|laufen|gehen|joggen|course"
    r"|courir|marche|marcher|corsa|correre|camminata|correr|carrera|caminar|corrida|correndo"
    r"|andar|lopen|rennen|hardlopen|wandelen|springa|lopning|lob|juoksu|kavely|tek|teci|hoja"
    r"|trcanje|hodanje|beh|behani|chuze|bieg|bieganie|chod|futas|бег|бегом|ходьба|kosu|yuruyus"
    r"|trote|trotar|footing|camminare|caminando|corriendo|caminada|loping|løping|løb|gange|jooks|alergare|mers"
    r"|begimas|skriesana|kosma|lari|berlari|jalan|τρεξιμο|τρεχω|ריצה|הליכה|الجري|المشي|трчање|тичане"
    r"|біг|ход|laufband|treadmill|tapis|track|park|u|v|w|im|in|la|le|il|el|all|po|auf|dem|der|de"
    r"|training|trening|intervals?|intervalle|intervalli|intervali|reps|repeats|sets|session"
    r"|workout|drills?|easy|morning|afternoon|evening|lunch|x|km|k|m|mi|min|s|sec|all"
)
BACKWARD_ALONE = (
    r"^(?:\d+ )?(?:retro|reverse|atras|tras|geri)(?: \d+)?$"  # these mean it only by themselves
)
BACKWARD_UNSPACED = (
    r"後ろ向き|後ろ歩き|後ろ走り|バック走|倒走|倒跑|倒着跑|倒着走|倒退[跑走]|后退[跑走]|後退[跑走]"
    r"|뒤로 ?(?:달리기|걷기|뛰기)|ถอยหลัง|उल्टा ?दौड़"
)
FORWARD = (
    r"forwards?",
    r"vorwarts(?:laufen)?",
    r"vorwaerts",
    r"(?:en|vers l') ?avant(?! premiere)",
    r"avanti",
    r"(?:hacia )?adelante",
    r"(?:para|de|hacia) (?:la |el )?frente",
    r"vooruit",
    r"framlanges",
    r"naprej",
    r"naprijed",
    r"dopredu",
    r"popredu",
    r"вперед",
    r"лицом вперед",
    r"напред",
    r"fwd",
    r"(?:marche|course) avant(?! (?:la|les?|de|d|l|premiere)\b)",
    r"endavant",
    r"hacia delante",
    r"(?:para|pra) a? ?frente",
    r"voorwaarts",
    r"framat",
    r"forlengs",
    r"forlæns",
    r"przodem",
    r"do przodu",
    r"etuperin",
    r"eteenpain",
    r"elore",
    r"ileri",
)
NOT_RUNNING = (
    r"\b(?:lunges?|plank|crunch(?:es)?|fly|flies|curls?|squats?|pyramid|split|splits|order|route"
    r"|loop|direction|no|not|without|ohne|sans|senza|sin|bez|club|team|shoes?|store|shop|party"
    r"|disco|vintage|jersey|series|expo|[5-9]0s|parking|gang|gear|compatible|glance|glancing"
    r"|course backwards?|indietro (?:a|verso) casa|назад дом\w*|nazaj domov|wstecz do domu)\b"
)
# Right in front of such a word, these say that it was at another time, or not at all.
DENIAL_IN_FRONT = (
    r"\b(?:never|nicht|nie|niet|nooit|ikke|inte|nunca|jamais|skip(?:ped|ping)?|cancel(?:l?ed)?"
    r"|kein(?:e[mnrs]?)?|geen|ingen|non|nao|(?:do|did)n ?['’]?t(?: run| walk| jog)?"
    r"|instead of|before|after|between|until|from|vor|zwischen|(?:an)?statt|avant|entre"
    r"|antes(?: de)?|despues(?: de)?|voor|apres|depois(?: de)?|prima di|dopo|tra|tussen"
    r"|mellan|mellem|mellom|invece di|e[nm] (?:vez|lugar)(?: de)?|au lieu de|i stedet for)"
    r"(?: (?:the|this|last|next|each|every|all|my|dem|den|les?|la|el|il|de))? $"
)
# Right in front of such a word, half of "forward and backward": "Vor- und Rückwärtslaufen".
FORWARD_IN_FRONT = r"\b(?:vor|voor|fore?|fram|frem) ?(?:und|u|en|and|och|og|&|\+|/) ?$"


def _without_accents(words: str) -> str:
    """Lower case, without accents."""
    split = unicodedata.normalize("NFKD", words.casefold())
    return unicodedata.normalize("NFC", "".join(s for s in split if not unicodedata.combining(s)))


def _any_of(words: Iterable[str], *whole: str) -> re.Pattern[str]:
    """Any of the words between word boundaries, or one of the patterns as it stands."""
    any_word = "|".join(_without_accents(word) for word in words)
    return re.compile("|".join([rf"(?<!\w)(?:{any_word})(?!\w)", *whole]))


# made when they are first wanted: making them takes as long as reading a file


@cache
def _surely_backward() -> re.Pattern[str]:
    return _any_of(
        SURELY_BACKWARD, _without_accents(BACKWARD_ALONE), _without_accents(BACKWARD_UNSPACED)
    )


@cache
def _backward() -> re.Pattern[str]:
    return _any_of(BACKWARD, BACKWARD_ALONE, _without_accents(BACKWARD_UNSPACED))


@cache
def _forward() -> re.Pattern[str]:
    return _any_of(FORWARD)


def meaning(words: str) -> Direction | None:
    """Which way a name says the athlete went; None where it says nothing, or both."""
    plain = re.sub(r"[\s_.\-]+", " ", _without_accents(words[:500]))
    backward = _backward().search(plain)
    forward = _forward().search(_backward().sub(" ", plain))  # "спиной вперёд" is backward all over
    first = backward or forward
    if first is None or (backward and forward) or re.search(NOT_RUNNING, plain):
        return None
    before = plain[: first.start()]
    if re.search(DENIAL_IN_FRONT, before) or (backward and re.search(FORWARD_IN_FRONT, before)):
        return None
    return "backward" if backward else "forward"


def meaning_of_whole(words: str) -> Direction | None:
    """The same for the name of a whole activity or file, where doubtful words must stand alone.

    "Nazaj", "назад" or "backwards" may be the way home or the lake the other way round.
    """
    found = meaning(words)
    plain = re.sub(r"[\s_.\-]+", " ", _without_accents(words[:500]))
    if found != "backward" or _surely_backward().search(plain):
        return found
    rest = re.findall(r"[^\W\d]+", _backward().sub(" ", plain))
    return found if all(re.fullmatch(RUNNING, word) for word in rest) else None


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
    labels: Iterable[Label], start_time_s: float, seconds: int, utc_offset_s: float
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """Labels in seconds since the session's start, and a note for each that lies outside of it.

    A time beyond the session's end is taken for the time of day on the athlete's clock.

    Args:
        labels: what the user said, on any clock (``Label``).
        start_time_s: Unix seconds of the session's start.
        seconds: how long it lasts.
        utc_offset_s: local minus UTC.
    """
    found: list[Label] = []
    notes: list[Note] = []
    for label in labels:
        one = _elapsed(label, start_time_s, seconds, utc_offset_s)
        if one.end_s > 0 and one.start_s < seconds:
            found.append(replace(one, start_s=max(one.start_s, 0.0)))
        else:
            span = " to ".join(_as_written(label, at) for at in (label.start_s, label.end_s))
            length = timedelta(seconds=seconds)
            words = f"a label from {span} lies outside the recording of {length}: not used"
            notes.append(Note("label-outside", words))
    return tuple(found), tuple(notes)


def _elapsed(label: Label, start_time_s: float, seconds: int, utc_offset_s: float) -> Label:
    """A label in seconds since the session's start."""
    for clock, offset_s in ((UTC_CLOCK, 0.0), (LOCAL_CLOCK, utc_offset_s)):
        if label.origin.startswith(clock):
            low_s, high_s = (at - offset_s - start_time_s for at in (label.start_s, label.end_s))
            return replace(
                label, start_s=low_s, end_s=high_s, origin=label.origin.removeprefix(clock)
            )
    is_time_of_day = label.origin.startswith(DAY_CLOCK)
    label = replace(label, origin=label.origin.removeprefix(DAY_CLOCK))
    if not (is_time_of_day or seconds <= label.start_s < DAY_S):
        return label
    since_midnight_s = (start_time_s + utc_offset_s) % DAY_S
    low_s, length_s = (label.start_s - since_midnight_s) % DAY_S, label.end_s - label.start_s
    if low_s >= seconds:
        low_s -= DAY_S  # it began before the session
    if not is_time_of_day and low_s + length_s <= 0:
        return label
    return replace(label, start_s=low_s, end_s=low_s + length_s)


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
