"""The segment table: every stretch with its measures, all of them text.

What the file held, what was doubted, and on which grounds each stretch was decided; which of its
stretches and laps wait for the athlete's answer. Repetitions stand in sets, which fold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

import msgspec

from retrorun.language import localized, translated
from retrorun.metric_types import Metric, Style
from retrorun.metrics import LISTED, number_of
from retrorun.model import Energy, MeasuredSegment, Segment, Session, Totals, remark_words
from retrorun.model.segment import Kind, RepetitionSet, Structure, sets_in_words
from retrorun.report.numbers import (
    UNKNOWN,
    Display,
    cell,
    clock,
    duration_in_words,
    format_in_style,
    number,
    percent,
    set_naming,
)
from retrorun.report.session.contrast import mean_of
from retrorun.report.words import say, say_count

MOST_OPEN = 8  # sets fold where a session has more repetitions
MOST = 400  # a table longer than this is no reading matter; the exports hold all of it


class Row(msgspec.Struct, frozen=True):
    """One stretch; ``start_s`` and ``end_s`` for the script and for `retrorun label`."""

    number: int
    kind: Kind
    start_s: int
    end_s: int
    direction: str
    start: str
    length: str
    cells: tuple[str, ...]
    sure: str
    evidence: tuple[str, ...]
    reason: str


class SetRow(msgspec.Struct, frozen=True):
    """A set in one row: sums and means of its repetitions; ``folded``: its stretches are hidden."""

    title: str
    note: str
    start: str
    length: str
    cells: tuple[str, ...]
    folded: bool


class Group(msgspec.Struct, frozen=True):
    """Rows that follow each other: those of a set with its own, or what lies between sets."""

    head: SetRow | None
    rows: tuple[Row, ...]


class Rows(msgspec.Struct, frozen=True):
    """The table's head and rows; ``left_out`` counts those that did not fit.

    ``groups`` holds the rows by set. ``repeated``: the session's structure, each kind of repetition
    by name and in a sentence. ``assumes``: whether a row is only assumed.
    """

    head: tuple[str, ...]
    kinds_of_evidence: tuple[str, ...]
    rows: tuple[Row, ...]
    groups: tuple[Group, ...]
    repeated: tuple[tuple[str, str], ...]
    left_out: int
    assumes: bool


def rows(
    measured: Sequence[MeasuredSegment], display: Display, structure: Structure | None = None
) -> Rows:
    """Every stretch, or the backward and then the longest ones where there are too many."""
    numbered = list(enumerate(measured, 1))
    if len(numbered) > MOST:
        numbered = sorted(sorted(numbered, key=_importance)[:MOST])
    names = sorted({name for each in measured for name in each.segment.evidence})
    energies = [each.metrics.energy_shown for each in measured]
    unit = say("kcal_per_kg") if any(each and each.per_kg for each in energies) else "kcal"
    head = (*(_head(each, display) for each in LISTED), unit)
    made = tuple(_row(number, each, display, names) for number, each in numbered)
    words = tuple(say(f"evidence_{name}", fallback="evidence_other") for name in names)
    assumes = any(each.sure == say("sure_assumed") for each in made)
    return Rows(
        head=head,
        kinds_of_evidence=words,
        rows=made,
        groups=_groups(made, structure or Structure(), measured, display),
        repeated=_repeated(structure or Structure(), display),
        left_out=len(measured) - len(made),
        assumes=assumes,
    )


def _groups(
    made: Sequence[Row],
    structure: Structure,
    measured: Sequence[MeasuredSegment],
    display: Display,
) -> tuple[Group, ...]:
    """The rows, those from a set's first to its last repetition together."""
    ends = [(each.repetitions[0].first, each.repetitions[-1].last) for each in structure.sets]

    def place(row: Row) -> int:
        """Number of the row's set, or a number between two of them."""
        before = sum(first < row.number for first, _ in ends)
        inside = before and row.number <= ends[before - 1][1] + 1
        return 2 * before - 1 if inside else 2 * before

    folds = sum(each.size for each in structure.sets) > MOST_OPEN
    with_head = folds or len(structure.sets) > 1

    def head(number: int) -> SetRow | None:
        if number % 2 == 0 or not with_head:
            return None
        return _set_row(number // 2, structure, measured, display, folds=folds)

    return tuple(Group(head(number), tuple(found)) for number, found in groupby(made, key=place))


def _set_row(
    index: int,
    structure: Structure,
    measured: Sequence[MeasuredSegment],
    display: Display,
    *,
    folds: bool,
) -> SetRow:
    """Sums and means of what counts; a set that waits for answers is never folded."""
    found, several = structure.sets[index], len(structure.sets) > 1
    role = "counted" if found.is_certain else "candidate"
    done = [
        measured[place].metrics
        for each in found.repetitions
        if each.role in {role, "odd"}
        for place in range(each.first, each.last + 1)
    ]
    whole = Totals.of(Totals(each.seconds, distance_m=each.distance_m) for each in done)
    cells = [
        cell(
            whole.distance_m if of.key == "distance_m" else mean_of(of, done),
            of.unit,
            of.listed or Style(),
            display,
        )
        for of in LISTED
    ]
    size = sets_in_words([found], set_naming(display))
    return SetRow(
        title=say("set_numbered", number=index + 1, size=size) if several else size,
        note=_recovery((found,)) if several else "",
        start=clock(found.repetitions[0].start_s),
        length=clock(whole.seconds),
        cells=(*cells, _kcal_sum([each.energy_shown for each in done])),
        folded=folds and not found.count("candidate"),
    )


def _repeated(structure: Structure, display: Display) -> tuple[tuple[str, str], ...]:
    """Sets of one kind by name, and what lies between them in words."""
    return tuple(
        (
            say(
                "repeated_name" if sets[0].is_certain else "repeated_maybe",
                name=sets_in_words(sets, set_naming(display)),
                gait=say(f"repeated_{sets[0].gait}"),
            ),
            _recovery(sets) + _between(sets) + _doubtful(sets),
        )
        for sets in structure.kinds()
    )


def _recovery(sets: Sequence[RepetitionSet]) -> str:
    rests = [each.recovery for each in sets]
    gaits = [each.gait for each in rests]
    time = _range([each.duration_s for each in rests])
    ratios = [each.work_to_rest for each in sets if each.work_to_rest]
    words = say(f"recovery_{max(gaits, key=gaits.count)}", time=time)
    return f"{words}, {say('work_to_rest', ratio=_ratio(median(ratios)))}" if ratios else words


def _range(seconds: Sequence[float]) -> str:
    low, high = duration_in_words(min(seconds)), duration_in_words(max(seconds))
    number_of_low, _, unit = low.partition(" ")
    alike = high.endswith(f" {unit}")
    return low if low == high else say("between", low=number_of_low if alike else low, high=high)


def _ratio(work_to_rest: float) -> str:
    """Such as ``1.5 : 1`` or ``1 : 2``: the shorter of both is 1."""
    work, rest = max(work_to_rest, 1.0), max(1 / work_to_rest, 1.0)
    return f"{_short(work)} : {_short(rest)}"


def _short(value: float) -> str:
    """With one decimal, unless that is zero."""
    return localized(f"{value:.1f}".removesuffix(".0"))


def _between(sets: Sequence[RepetitionSet]) -> str:
    pauses_s = [
        after.repetitions[0].start_s - before.repetitions[-1].end_s
        for before, after in pairwise(sets)
    ]
    return say("between_sets", time=_range(pauses_s)) if pauses_s else ""


def _doubtful(sets: Sequence[RepetitionSet]) -> str:
    count = sum(each.count("candidate") for each in sets if each.is_certain)
    return say_count("set_maybe", count) if count else ""


def _head(metric: Metric, display: Display) -> str:
    """The label of a metric's column, or the unit where there is none."""
    style = metric.listed or Style()
    words = say(f"listed_{metric.key}", fallback=None)
    return words or format_in_style("", metric.unit, style, display).unit


def _importance(numbered: tuple[int, MeasuredSegment]) -> tuple[bool, float]:
    """Backward first, then the longest."""
    segment = numbered[1].segment
    return segment.kind not in {"backward", "candidate"}, segment.start_s - segment.end_s


def _row(position: int, each: MeasuredSegment, display: Display, names: Sequence[str]) -> Row:
    segment, metrics = each.segment, each.metrics
    return Row(
        number=position,
        kind=segment.kind,
        start_s=round(segment.start_s),
        end_s=round(segment.end_s),
        direction=_direction(segment),
        start=clock(segment.start_s),
        length=clock(segment.end_s - segment.start_s),
        cells=(
            *(
                cell(number_of(metrics, of.key), of.unit, of.listed, display)
                for of in LISTED
                if of.listed
            ),
            _kcal(metrics.energy_shown),
        ),
        sure=_sure(segment),
        evidence=tuple(_logits(segment.evidence.get(name)) for name in names),
        reason=translated(segment.reason),
    )


def _direction(segment: Segment) -> str:
    words = say(f"direction_{segment.kind}_{segment.gait}", fallback=f"kind_{segment.kind}")
    if segment.is_asked:
        return say("side_a" if segment.direction == "forward" else "side_b", direction=words)
    return say("by_habit", direction=words) if segment.verdict == "habit" else words


def asked_sides(
    measured: Sequence[MeasuredSegment],
) -> Mapping[str, tuple[float, tuple[float, float]]]:
    """Direction → seconds, and ends of the longest segment, where both directions are asked for."""
    sides: dict[str, tuple[float, tuple[float, float]]] = {}
    for way in ("forward", "backward"):
        found = [each.segment for each in measured if each.segment.is_asked]
        found = [each for each in found if each.direction == way]
        if not found:
            return {}
        longest = max(found, key=lambda each: each.end_s - each.start_s)
        seconds = sum(each.end_s - each.start_s for each in found)
        sides[way] = (seconds, (longest.start_s, longest.end_s))
    return sides


def _sure(segment: Segment) -> str:
    """The probability; of what is only assumed to be forward the word, for nothing measured it."""
    if segment.direction == "unknown":
        return UNKNOWN
    if segment.verdict == "assumed" and segment.direction == "forward":
        return say("sure_assumed")
    return percent(min(segment.probability, 0.99))


def _kcal(energy: Energy | None) -> str:
    """Without its unit, which stands in the head: one body mass holds for a session, or none."""
    if energy is None:
        return number(None)
    return number(energy.gross, 2 if energy.per_kg else 0)


def _kcal_sum(energies: Sequence[Energy | None]) -> str:
    """Of several stretches; an en dash where one of them has none or another unit."""
    known = [each for each in energies if each is not None]
    if len(known) < len(energies) or len({each.per_kg for each in known}) != 1:
        return number(None)
    return _kcal(replace(known[0], gross=sum(each.gross for each in known)))


def _logits(value: float | None) -> str:
    return number(value, 1)


class LapChoice(msgspec.Struct, frozen=True):
    """One lap of the question whether every second one was backward; ``backward``: as proposed."""

    number: int
    start_s: int
    end_s: int
    length: str
    backward: bool


class Answering(msgspec.Struct, frozen=True):
    """What the athlete can answer on the session's page.

    Attributes:
        candidates: how many stretches wait.
        laps: all laps, where every second one may be backward; else none.
        odd_laps: sentences about laps that do not fit.
        undo: how many answers can be taken back.
        fresh: whether other sessions and the comparison have followed.
    """

    candidates: int
    laps: tuple[LapChoice, ...] = ()
    odd_laps: tuple[str, ...] = ()
    undo: int = 0
    fresh: bool = True


LEAST_LAPS = 3
CLEARLY, HARDLY = 0.5, 0.3  # shares of a lap that look backward


def answering(session: Session, undo: int, *, fresh: bool) -> Answering:
    """What waits for an answer.

    Args:
        session: the analysed session.
        undo: how many answers about it can be taken back.
        fresh: whether other sessions and the comparison have followed the last answer.
    """
    found = sum(each.segment.kind == "candidate" for each in session.measures.segments)
    laps = _laps(session) if found else ()
    shares = [_backward_share(session, lap) for lap in laps]
    chosen = _every_second(shares)
    if not chosen:
        return Answering(found, undo=undo, fresh=fresh)
    proposed = tuple(
        msgspec.structs.replace(lap, backward=place in chosen) for place, lap in enumerate(laps)
    )
    odd = tuple(
        say("laps_odd", number=lap.number, direction=say(f"laps_{_looks(share)}"))
        for lap, share in zip(proposed, shares, strict=True)
        if share is not None and (share < HARDLY if lap.backward else share > CLEARLY)
    )
    return Answering(found, proposed, odd, undo, fresh)


def _looks(share: float) -> str:
    return "backward" if share > CLEARLY else "forward"


def _laps(session: Session) -> tuple[LapChoice, ...]:
    """All laps, where each was pressed by hand."""
    laps = session.laps
    if len(laps) < LEAST_LAPS or any(each.trigger != "manual" for each in laps[:-1]):
        return ()
    edges = [
        [round(min(max(time_s - session.start_time_s, 0.0), session.duration_s)) for time_s in lap]
        for lap in ((each.start_time_s, each.end_time_s) for each in laps)
    ]
    return tuple(
        LapChoice(number, start, end, clock(end - start), backward=False)
        for number, (start, end) in enumerate(edges, 1)
    )


def _backward_share(session: Session, lap: LapChoice) -> float | None:
    """Share of a lap's moving time that is or may be backward; None where nobody moves."""
    sums = {True: 0.0, False: 0.0}
    for each in session.measures.segments:
        segment = each.segment
        overlap = min(segment.end_s, lap.end_s) - max(segment.start_s, lap.start_s)
        if overlap > 0 and segment.direction in {"forward", "backward"}:
            sums[segment.direction == "backward"] += overlap
    moving = sum(sums.values())
    return sums[True] / moving if moving else None


def _every_second(shares: Sequence[float | None]) -> frozenset[int]:
    """Places of every second lap, from the first to the last that looks backward.

    Empty where what looks backward does not lie in every second lap: most of those between must
    look backward, and most of the others must not.
    """
    looks = [share is not None and share > CLEARLY for share in shares]
    if sum(looks) < 2:
        return frozenset()
    first, last = looks.index(True), len(looks) - 1 - looks[::-1].index(True)
    mine, others = looks[first : last + 1 : 2], looks[first + 1 : last + 1 : 2]
    fits = sum(mine) > 0.5 * len(mine) and sum(others) < 0.5 * max(len(others), 1)
    return frozenset(range(first, last + 1, 2)) if fits else frozenset()


class Quality(msgspec.Struct, frozen=True):
    """Data quality in text.

    Attributes:
        channels: name, share of the time that has it as text, and the same in whole per cent.
        heading: label and words of what was found about the heading.
        remarks: what was repaired or doubted.
        facts: label and value of what is known of the file.
    """

    channels: tuple[tuple[str, str, int], ...]
    heading: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def quality(session: Session) -> Quality:
    """The data quality of a session."""
    channels = tuple(
        (say(f"channel_{name}", fallback=None) or name, percent(share), round(100 * share))
        for name, share in session.channels.items()
    )
    return Quality(channels, _heading(session), remarks(session), _facts(session))


def remarks(session: Session) -> tuple[str, ...]:
    """What was repaired or doubted, in words, each once."""
    notes = (*session.source.warnings, *session.notes, *session.measures.notes)
    return tuple(dict.fromkeys(translated(remark_words(note)) for note in notes))


def _heading(session: Session) -> tuple[tuple[str, str], ...]:
    verdict = session.heading
    lines = [(say("heading_kind"), say(f"heading_{verdict.kind}"))]
    if verdict.source:
        lines.append((say("heading_source"), translated(verdict.source)))
    if verdict.mount_offset_deg is not None:
        lines.append((say("heading_mount"), number(verdict.mount_offset_deg, 0, "°")))
    if verdict.concentration is not None:
        lines.append((say("heading_concentration"), number(verdict.concentration, 2)))
    if verdict.sign_from:
        lines.append((say("heading_sign"), translated(verdict.sign_from)))
    return (*lines, (say("heading_reason"), translated(verdict.reason)))


def _facts(session: Session) -> tuple[tuple[str, str], ...]:
    energy = session.device_energy_kcal
    known = (
        (say("fact_file"), session.source.name),
        (say("fact_format"), session.source.format),
        (say("fact_device"), session.device),
        (say("fact_zone"), session.zone.name if session.zone else None),
        (say("fact_device_energy"), None if energy is None else number(energy, 0, "kcal")),
        (say("fact_salvaged"), say("yes") if session.source.salvaged else None),
        (say("fact_id"), session.id),
        (say("fact_version"), session.version),
        (say("fact_settings"), session.settings),
    )
    return tuple((name, value) for name, value in known if value)
