"""What an answer of the athlete does to the labels of a session, and how it is stored.

``answer(archive, session_id, Accept((4, 6)))`` stores an answer in one transaction, and
``undo(archive, session_id)`` takes back the last one; both return ``Answered``. Neither needs the
lock of the one writer, so an answer waits for one transaction of an import at most. The session is
noted to be analysed again; that is the caller's to do.

Numbers of segments are the places in ``Session.measures.segments``, from 1: the numbers in the
table of a page and of the terminal. Numbers of laps are the places in ``Session.laps``, from 1.
Times are seconds since the session's start, as pages show them.

Labels of answers are only ever added, and undo deletes those of the last answer. Which of them
hold is worked out when the session is analysed (`retrorun.detect.labels.in_force`): a label takes
the place of earlier ones of the same direction that it overlaps, and cuts others.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec
import numpy as np
from msgspec.structs import replace

from retrorun import pipeline, privacy_zones
from retrorun.archive import Archive
from retrorun.archive.annotations import position
from retrorun.detect.labels import ALTERNATE, COMMAND, LAPS, RECORDED, TABLE, in_force, turned_about
from retrorun.errors import SettingsError
from retrorun.model import Direction, Label, Segment, Session, Track
from retrorun.model import session_id as session_id_of

Way = Literal["backward", "forward"]


class Accept(msgspec.Struct, frozen=True):
    """Candidates are backward; ``segments``: their numbers, None: all without an answer.

    By its number a segment that counts by habit is answered, too.
    """

    segments: tuple[int, ...] | None = None


class Reject(msgspec.Struct, frozen=True):
    """Candidates are forward; ``segments``: their numbers, None: all without an answer.

    By its number a segment that counts by habit is answered, too.
    """

    segments: tuple[int, ...] | None = None


class LabelLaps(msgspec.Struct, frozen=True):
    """Laps have a direction; ``laps``: their numbers. Stops within them stay stops."""

    laps: tuple[int, ...]
    direction: Way


class AlternateLaps(msgspec.Struct, frozen=True):
    """Every manual lap press turns about, and the first lap is forward.

    Laps that the sensors contradict are asked about when the session is analysed.
    """


class LabelRange(msgspec.Struct, frozen=True):
    """``[start_s, end_s)`` has a direction, or no label from now on (``clear``)."""

    start_s: float
    end_s: float
    direction: Literal["backward", "forward", "clear"]


class AcceptRange(msgspec.Struct, frozen=True):
    """The candidate that lies there is backward within these ends, and forward outside of them.

    It is found by its time, not by its number, which another answer may have changed since the
    athlete saw it.
    """

    start_s: float
    end_s: float


class RejectRange(msgspec.Struct, frozen=True):
    """The candidate that lies there is forward, as far as the wider of its ends and these."""

    start_s: float
    end_s: float


Answer = Accept | Reject | AcceptRange | RejectRange | LabelLaps | AlternateLaps | LabelRange


class Answered(msgspec.Struct, frozen=True):
    """What an answer or an undo did.

    Attributes:
        session: the id in full.
        sha256: of its export, which is to be analysed again.
        labels: what was added or, by undo, taken back; on the recording's own clock. Empty: the
            answer changed nothing, and there is nothing to be taken back of it.
        steps: how many answers can be taken back from now on.
    """

    session: str
    sha256: str
    labels: tuple[Label, ...]
    steps: int


def answer(
    archive: Archive, session_id: str, given: Answer, seen: Session | None = None
) -> Answered:
    """Store an answer: all of it or nothing, and on the disk when this returns.

    Args:
        archive: open for writing.
        session_id: or an unambiguous beginning of it.
        given: the answer.
        seen: the session whose numbers the athlete saw, where it is newer than the stored one.

    Raises:
        SettingsError: it names no candidate, no lap or an empty range; nothing is stored.
        ArchiveError: there is no such session, it cannot be read, or the disk refuses.
    """
    with archive.database.transaction():
        session = seen or archive.session(session_id)
        track = clock_of(archive, session)
        labels = labels_of(given, session, track, _standing(archive, session, track))
        archive.annotations.insert_answer(session.id, labels)
        steps = archive.annotations.answers(session.id)
    return Answered(session.id, session.source.sha256, labels, steps)


def undo(archive: Archive, session_id: str) -> Answered:
    """Take back the last answer about a session, whole; what it covered holds again.

    Raises:
        SettingsError: there is no answer to be taken back.
        ArchiveError: there is no such session, or the disk refuses.
    """
    full_id, sha256 = archive.database.find_session("id, sha256", session_id)
    with archive.database.transaction():
        labels = archive.annotations.delete_last_answer(full_id)
        steps = archive.annotations.answers(full_id)
    if not labels:
        words = f"there is no answer about session {full_id} to take back"
        raise SettingsError("answer-none", words, remedy=f"`retrorun label {full_id}` lists them.")
    return Answered(full_id, sha256, labels, steps)


def adopt(archive: Archive, sha256: str, labels: Mapping[int, Sequence[Label]]) -> None:
    """Store the answers that a page collected about the sessions of an export, each as one step.

    What stands already is left out, so that the same table may come again.

    Args:
        archive: open for writing.
        sha256: of the export.
        labels: position of the activity → labels on the recording's own clock.
    """
    for place in sorted(labels.keys() & archive.positions(sha256)):
        with archive.database.transaction():
            session = archive.session(session_id_of(sha256, place))
            standing = _standing(archive, session, clock_of(archive, session))
            known = set(map(_statement, standing))
            new = [
                replace(each, origin=COMMAND)
                for each in labels[place]
                if _statement(each) not in known
            ]
            archive.annotations.insert_answer(session.id, new)


def clock_of(archive: Archive, session: Session) -> Track:
    """A track with the clock of a session: its start, seconds and hidden seconds.

    Only where a privacy zone hides something is the stored track read, which takes longer.

    Raises:
        ArchiveError: that track is missing or damaged.
    """
    if any(note.slug == privacy_zones.SLUG for note in session.notes):
        return archive.track(session.id)
    return Track(session.start_time_s, {}, {"gap": np.zeros(round(session.duration_s), dtype=bool)})


def _statement(label: Label) -> tuple[float, float, Direction]:
    """What a label says, wherever it comes from."""
    return label.start_s, label.end_s, label.direction


def _standing(archive: Archive, session: Session, track: Track) -> tuple[Label, ...]:
    """The labels that hold now, on the recording's own clock."""
    stated = archive.annotations.labels(session.source.sha256).get(position(session.id), ())
    placed, _ = pipeline.placed_labels(stated, track, session.zone)
    shown = (each for each in session.labels if each.origin in RECORDED)
    return in_force((*_on_recordings_clock(shown, track), *placed))


def _on_recordings_clock(labels: Iterable[Label], track: Track) -> list[Label]:
    """Labels in seconds of the track, in seconds of the recording."""
    return [
        replace(
            each,
            start_s=privacy_zones.recorded_s(track, each.start_s),
            end_s=privacy_zones.recorded_s(track, each.end_s),
        )
        for each in labels
    ]


def labels_of(
    given: Answer, session: Session, track: Track, standing: Sequence[Label]
) -> tuple[Label, ...]:
    """The labels that an answer adds, on the recording's own clock.

    Args:
        given: the answer.
        session: as it was analysed last, with the numbers that the athlete saw.
        track: with the session's clock.
        standing: the labels that hold now, on the recording's own clock.

    Returns:
        Labels of direction ``unknown`` clear what is below them. Empty: nothing would change.

    Raises:
        SettingsError: the answer names nothing that is there.
    """
    placed = _on_recordings_clock(_shown_labels(given, session), track)
    if isinstance(given, (Accept, Reject)) and given.segments is None:
        placed = [each for each in placed if not _is_answered(each, standing)]
    if isinstance(given, (Accept, Reject, AcceptRange, RejectRange)):
        placed = [part for each in placed for part in _uncovered(each, standing)]
    after = in_force((*standing, *placed))
    if set(map(_statement, after)) == set(map(_statement, standing)):
        return ()
    return tuple(placed)


def _shown_labels(given: Answer, session: Session) -> tuple[Label, ...]:
    """The labels of an answer in seconds since the session's start, as pages show them."""
    match given:
        case Accept(segments) | Reject(segments):
            way: Way = "backward" if isinstance(given, Accept) else "forward"
            return _candidate_labels(session, segments, way)
        case AcceptRange(start_s, end_s):
            return _moved_labels(session, start_s, end_s)
        case RejectRange(start_s, end_s):
            low_s, high_s = _nearest_candidate(session, start_s, end_s)
            ends_s = min(low_s, start_s), max(high_s, end_s)
            return (_range_label(session, *ends_s, "forward"),)
        case LabelLaps(laps, direction):
            return _lap_labels(session, laps, direction)
        case AlternateLaps():
            return _alternating_labels(session)
        case LabelRange(start_s, end_s, direction):
            return (_range_label(session, start_s, end_s, direction),)


def candidates(session: Session) -> dict[int, tuple[float, float]]:
    """The number of each candidate → its start and end, seconds since the session's start."""
    return _numbered(session, lambda each: each.kind == "candidate")


def _by_habit(session: Session) -> dict[int, tuple[float, float]]:
    return _numbered(session, lambda each: (each.verdict, each.direction) == ("habit", "backward"))


def _asked_forward(session: Session) -> dict[int, tuple[float, float]]:
    """The likelier direction of two, where both are asked for.

    Who rejects all candidates of the other calls this one forward, too.
    """
    return _numbered(session, lambda each: each.is_asked and each.direction == "forward")


def _numbered(
    session: Session, chosen: Callable[[Segment], bool]
) -> dict[int, tuple[float, float]]:
    """The number of each chosen segment → its start and end."""
    segments = enumerate((each.segment for each in session.measures.segments), 1)
    return {number: (each.start_s, each.end_s) for number, each in segments if chosen(each)}


def _candidate_labels(
    session: Session, numbers: Iterable[int] | None, direction: Way
) -> tuple[Label, ...]:
    found = candidates(session)
    if numbers is None and not found:
        words = f"session {session.id} has no candidate to answer"
        raise SettingsError("answer-no-candidates", words)
    if numbers is None and direction == "forward":
        found = dict(sorted((found | _asked_forward(session)).items()))
    chosen = list(found if numbers is None else dict.fromkeys(numbers))
    known = found | _by_habit(session)
    if unknown := [each for each in chosen if each not in known]:
        words = f"{_listed(unknown)} of session {session.id} is no candidate"
        remedy = f"Its candidates are {_listed(known)}." if known else "It has none."
        raise SettingsError("answer-no-candidate", words, remedy=remedy)
    return tuple(Label(*known[each], direction, COMMAND) for each in chosen)


def _nearest_candidate(session: Session, start_s: float, end_s: float) -> tuple[float, float]:
    """Start and end of the candidate that shares most of a range."""
    _range_label(session, start_s, end_s, "clear")  # it must lie within the session
    shared_s = {
        ends_s: min(ends_s[1], end_s) - max(ends_s[0], start_s)
        for ends_s in candidates(session).values()
    }
    found = max(shared_s, key=lambda each: shared_s[each], default=None)
    if found is None or shared_s[found] <= 0:
        words = f"session {session.id} has no candidate there any more"
        raise SettingsError("answer-candidate-gone", words, remedy="It may be answered already.")
    return found


def _moved_labels(session: Session, start_s: float, end_s: float) -> tuple[Label, ...]:
    """A candidate with ends that the athlete has moved, and what they left outside of it."""
    low_s, high_s = _nearest_candidate(session, start_s, end_s)
    # pages show whole seconds: an end that was not moved is the candidate's own
    start_s = low_s if abs(start_s - low_s) <= _SHOWN_S else start_s
    end_s = high_s if abs(end_s - high_s) <= _SHOWN_S else end_s
    outside = ((low_s, min(start_s, high_s)), (max(end_s, low_s), high_s))
    rests = [_range_label(session, *each, "forward") for each in outside if each[0] < each[1]]
    return (_range_label(session, start_s, end_s, "backward"), *rests)


_SHOWN_S = 0.5  # pages round times by at most this


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(each) for each in numbers)


def lap_ends_s(session: Session) -> list[tuple[float, float]]:
    """Start and end of each lap within the session, seconds since its start, in order."""
    start_s, duration_s = session.start_time_s, session.duration_s
    return [
        (
            min(max(lap.start_time_s - start_s, 0.0), duration_s),
            min(max(lap.end_time_s - start_s, 0.0), duration_s),
        )
        for lap in session.laps
    ]


def _lap_labels(session: Session, numbers: Iterable[int], direction: Way) -> tuple[Label, ...]:
    ends_s = _known_laps(session)
    chosen = list(dict.fromkeys(numbers))
    if unknown := [each for each in chosen if not 1 <= each <= len(ends_s)]:
        words = f"session {session.id} has no lap {_listed(unknown)}"
        raise SettingsError("answer-no-lap", words, remedy=f"Its laps are 1 to {len(ends_s)}.")
    found = [ends_s[each - 1] for each in chosen]
    if not all(low_s < high_s for low_s, high_s in found):
        raise SettingsError("answer-no-lap", "a lap lies outside of what the session shows")
    return tuple(Label(low_s, high_s, direction, LAPS) for low_s, high_s in found)


def _known_laps(session: Session) -> list[tuple[float, float]]:
    if session.laps:
        return lap_ends_s(session)
    hidden = any(note.slug == privacy_zones.SLUG for note in session.notes)
    words = f"session {session.id} has no laps"
    if hidden:
        words = f"the laps of session {session.id} are hidden with its privacy zone"
    raise SettingsError("answer-no-laps", words, remedy="Give START and END instead.")


def _alternating_labels(session: Session) -> tuple[Label, ...]:
    _known_laps(session)
    presses_s = [
        lap.end_time_s - session.start_time_s
        for lap in session.laps[:-1]
        if lap.trigger == "manual"
    ]
    found = turned_about(presses_s, session.duration_s, ALTERNATE)
    if not found:
        words = f"session {session.id} has no lap that was pressed by hand"
        raise SettingsError("answer-no-presses", words, remedy="Name the laps by their numbers.")
    return found


def _range_label(session: Session, start_s: float, end_s: float, direction: str) -> Label:
    if not 0 <= start_s < end_s <= session.duration_s:
        words = f"the range from {start_s:g} to {end_s:g} s is empty or outside of the session"
        remedy = f"START must come before END, and END by {session.duration_s:g} s."
        raise SettingsError("label-empty", words, remedy=remedy)
    ways: dict[str, Direction] = {"backward": "backward", "forward": "forward"}
    return Label(start_s, end_s, ways.get(direction, "unknown"), COMMAND)


def _is_answered(label: Label, standing: Iterable[Label]) -> bool:
    """Whether the athlete's answers cover all of a candidate already, in either direction."""
    own = [each for each in standing if each.origin in (COMMAND, LAPS)]
    return not list(_outside(label, own))


def _uncovered(label: Label, standing: Iterable[Label]) -> list[Label]:
    """The parts of a candidate that no label of the same direction covers: those stay whole."""
    own = [each for each in standing if each.origin in (COMMAND, LAPS, TABLE)]
    return list(_outside(label, [each for each in own if each.direction == label.direction]))


def _outside(label: Label, others: Iterable[Label]) -> Iterator[Label]:
    """What of a label lies under none of the others."""
    ends_s = sorted(
        (max(each.start_s, label.start_s), min(each.end_s, label.end_s))
        for each in others
        if each.start_s < label.end_s and label.start_s < each.end_s
    )
    latest_s = list(itertools.accumulate((high for _, high in ends_s), max, initial=label.start_s))
    bounds = zip(latest_s, [*(low for low, _ in ends_s), label.end_s], strict=True)
    for low_s, high_s in bounds:
        if low_s < high_s:
            yield replace(label, start_s=low_s, end_s=high_s)
