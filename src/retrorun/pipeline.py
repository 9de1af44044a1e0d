"""One file, from bytes to sessions. Pure: no I/O, no clock, no randomness, no globals.

1. identify the bytes by their SHA-256
2. read them into recordings
3. for each recording: prepare a 1 Hz track, without what lies in a privacy zone, detect
   segments, measure them
4. gather what pages, archive and comparison need, rounded to the digits that mean something

A file that cannot be analysed is a value, ``Failed``, never an exception: one bad file stops
neither a folder nor a cluster.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import msgspec
import numpy as np
from msgspec import structs

from retrorun import __version__, detect, measure, prepare, privacy_zones, readers, time_zone
from retrorun.detect import labels as detect_labels
from retrorun.errors import NotARunError, ReadError, RetrorunError, error_location
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Detection,
    Estimate,
    Export,
    Failed,
    GaitAnswer,
    Label,
    Lesson,
    Note,
    Outcome,
    Recording,
    SecondDevice,
    Session,
    Source,
    TimeZone,
    Track,
    session_id,
)
from retrorun.model.athlete import COST_FACTOR
from retrorun.model.digits import rounded, rounded_track
from retrorun.model.recording import POSITION
from retrorun.prepare.clean import cleaned
from retrorun.prepare.second_device import copy_ahead_s, join_second_devices
from retrorun.readers.sports import is_on_foot
from retrorun.settings import DetectSettings, PrepareSettings, ReadLimits, Settings
from retrorun.text import without_clock

_CLOCK_S = (-62_134_000_000.0, 253_400_000_000.0)  # what dates can show in any zone


def process(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """Analyse one file.

    Args:
        blob: name, bytes and the user's labels.
        settings: one set for every stage.
        athlete: the profile, and what was learnt before this batch.

    Returns:
        ``Analysis`` with at least one session, or ``Failed`` with slug, message and remedy.
    """
    try:
        return analyse(readers.read(blob.name, blob.data, settings.read), blob, settings, athlete)
    except RetrorunError as problem:
        return Failed.of(_source(blob), problem)
    except MemoryError:
        words = "it needs more memory than a worker may use"
        return Failed(_source(blob), "memory-exceeded", words)
    except Exception as fault:  # noqa: BLE001 - the one trap: a defect here costs one file, named
        words, remedy = error_location(fault), "Please report this file."
        return Failed(_source(blob), "internal-error", words, remedy=remedy)


def _source(blob: Blob) -> Source:
    """The source of a file that failed; the readers have made that of any other."""
    return Source(blob.name, hashlib.sha256(blob.data).hexdigest())


def analyse(export: Export, blob: Blob, settings: Settings, athlete: Athlete) -> Analysis:
    """Analyse every recording of an export; one that cannot be is named among what was passed over.

    Raises:
        RetrorunError: none of the recordings could be analysed; the first reason.
    """
    others = _second_recordings(blob, settings.read, athlete)
    results: list[tuple[Session, Track]] = []
    problems: list[RetrorunError] = []
    for index in range(len(export.recordings)):
        try:
            first = export.recordings[index]
            right, devices = _on_believed_clock(first, others, settings.prepare)
            joined, second = join_second_devices(right, devices, settings.prepare)
            given = _Input(joined, blob.labels.get(index, ()), second, blob.hidden_meanwhile)
            session, track = _session(export.source, index, given, settings, athlete)
            notes = session.notes + blob.notes.get(index, ())
            results.append((replace(session, notes=notes), track))
        except RetrorunError as problem:
            problems.append(problem)
    if problems and not results:
        raise problems[0]
    sessions = tuple(session for session, _ in results)
    tracks = tuple(track for _, track in results)
    lost = export.passed_over + tuple(Note(each.slug, each.message) for each in problems)
    discs = privacy_zones.discs(athlete)
    is_quiet = any(note.slug == privacy_zones.SLUG for each in sessions for note in each.notes)
    if is_quiet or any(privacy_zones.tells_when(*each, discs) for each in results):
        # the file's name often holds the first session's first second: no session may show it
        quiet = privacy_zones.source_without_clock(export.source)
        sessions = tuple(map(privacy_zones.names_without_clock, sessions))
        return Analysis(quiet, sessions, tracks, privacy_zones.notes_without_words(lost))
    return Analysis(export.source, sessions, tracks, lost)


class _Input(msgspec.Struct, frozen=True, eq=False):
    """One recording with the headings of second devices, and what the archive knows of it."""

    recording: Recording
    labels: tuple[Label, ...]
    second_devices: tuple[SecondDevice, ...]
    hidden_meanwhile: tuple[privacy_zones.Span, ...]


def _second_recordings(
    blob: Blob, limits: ReadLimits, athlete: Athlete
) -> list[tuple[SecondDevice, Recording]]:
    """The recordings of second devices; one that cannot be read has nothing to give.

    A device without a name is called by its file: without a time of day where there are zones,
    because headings and the words about them are called by the device.
    """
    found: list[tuple[SecondDevice, Recording]] = []
    for name, data in blob.second_files:
        try:
            export = readers.read(name, data, limits)
        except RetrorunError:
            continue
        for index, each in enumerate(export.recordings):
            quiet = without_clock(name) if athlete.privacy_zones else None
            device = each.device or quiet or name
            about = SecondDevice(export.source.sha256, index, device, None, "")
            found.append((about, structs.replace(each, device=device)))
    # whatever order they came in: of two alike the first one's heading is used
    return sorted(found, key=lambda each: (-each[1].time_s.size, each[0].sha256, each[0].index))


def _on_believed_clock(
    recording: Recording,
    others: list[tuple[SecondDevice, Recording]],
    settings: PrepareSettings,
) -> tuple[Recording, list[tuple[SecondDevice, Recording]]]:
    """The recording on the clock that is right among its copies, and by how much theirs run ahead.

    With another clock it has the offset from UTC that goes with that one, or none. Whatever else
    was recorded at that time has its ``skew_s`` as before: None.
    """
    found = [(about, copy_ahead_s(recording, one, settings), one) for about, one in others]
    copies = [each for each in found if each[1]]
    if not copies:
        return recording, others
    start_s = float(np.nanmin(recording.time_s))
    stated = [(0.0, recording.utc_offset_s), *((by_s, one.utc_offset_s) for _, by_s, one in copies)]
    clocks = [time_zone.Clock(by_s, start_s + by_s, offset_s) for by_s, offset_s in stated]
    right, why = time_zone.believed_clock(clocks, *_first_position(recording, settings))
    notes = (*recording.notes, _clock_note(right.ahead_s, copies, why))
    offset_s = right.utc_offset_s if right.ahead_s else recording.utc_offset_s
    noted = structs.replace(recording, notes=notes, utc_offset_s=offset_s)
    moved = prepare.with_clock(noted, right.ahead_s)
    devices = [
        (structs.replace(about, skew_s=by_s - right.ahead_s) if by_s else about, one)
        for about, by_s, one in found
    ]
    return moved, devices


def _first_position(recording: Recording, settings: PrepareSettings) -> tuple[float, float]:
    """The first place that is believed: before a fix, receivers say 0, 0."""
    columns = cleaned(recording, settings).columns
    places = np.stack([columns[name] for name in POSITION], axis=1)
    latitude_deg, longitude_deg = places[np.isfinite(places).all(axis=1)][0].tolist()
    return latitude_deg, longitude_deg


def _clock_note(
    right_s: float, copies: Sequence[tuple[SecondDevice, float, Recording]], why: str
) -> Note:
    """Which clock was believed, and why; ``right_s`` is by how much it runs ahead of the own."""
    if right_s:
        device = next(about.device for about, by_s, _ in copies if by_s == right_s)
        hours = -right_s / 3600
        return Note(
            "clock-of-copy",
            f"the clock of this recording is {hours:+g} h off; the clock of a copy of it, "
            f"from {device}, was taken: {why}",
        )
    about, by_s, _ = copies[0]
    hours = by_s / 3600
    return Note(
        "clock-of-copy",
        f"a copy of this recording, from {about.device}, has a clock that is {hours:+g} h off; "
        f"the clock of this one was kept: {why}",
    )


def _session(
    source: Source,
    index: int,
    given: _Input,
    settings: Settings,
    athlete: Athlete,
) -> tuple[Session, Track]:
    recording = given.recording
    recorded = detect_labels.labels_of_file(recording, source.name)
    discs = privacy_zones.discs(athlete)
    asks_sport = not (recorded or given.labels or settings.sport.count_doubtful)
    if asks_sport and not discs:
        _refuse_implausible(recording, settings)
    track, is_blank = _prepared(recording, settings, discs, given.hidden_meanwhile)
    if asks_sport and discs and not is_blank:  # a blanked track's speed decides nothing
        _refuse_implausible(privacy_zones.without_hidden_samples(recording, track, discs), settings)
    place = time_zone.of_track(track, recording.utc_offset_s)
    athlete = athlete.on(time_zone.local_time(track.start_time_s, place).date())
    pressed = detect_labels.by_convention(recording, recorded, athlete)
    labels, asked = _labels((*recorded, *pressed), given.labels, track, place)
    if not (given.labels or is_blank):
        asked += detect_labels.questions(recording)
    shown = privacy_zones.blanked(track) if is_blank else track
    presses_s = [privacy_zones.shown_s(shown, each) for each in detect_labels.presses(recording)]
    # without learnt values, and with them; mostly they are the same
    plain, detection = detect.detect_twice(shown, labels, athlete, settings.detect, presses_s)
    answers = _answers(shown, (labels, plain), presses_s, settings.detect)
    track = structs.replace(shown, columns={**shown.columns, **detection.columns})
    measures = measure.measure(track, detection, athlete, settings.measure, place)
    factor = measures.cost_factor
    if detection.segments != plain.segments:
        factor = measure.own_cost_factor(shown, plain, settings.measure)
    moving_s = sum(each.metrics.moving_s for each in measures.segments)
    odometer_m = recording.columns.get("distance_m", track.column("distance_m"))
    is_cut = is_blank or bool(track.hidden)
    is_cut |= privacy_zones.tells_of_unseen(track, recording.laps, odometer_m, discs)
    stated = () if is_cut else recording.totals
    timer = measure.timer_notes(moving_s, stated, settings.measure)
    session = Session(
        id=session_id(source.sha256, index),
        index=index,
        source=source,
        start_time_s=track.start_time_s,
        zone=place,
        sport=recording.sport,
        name=recording.name,
        device=recording.device,
        duration_s=float(track.seconds),
        moving_s=0.0,  # summed when the segments are rounded
        distance_m=None,
        channels=prepare.coverage(track),
        heading=detection.heading,
        measures=measures,
        labels=labels,
        laps=recording.laps,
        pauses=recording.pauses,
        device_energy_kcal=recording.energy_kcal,
        forward_line=detection.forward_line,
        backward_line=detection.backward_line,
        notes=recording.notes + track.notes + detection.notes + measures.notes + asked + timer,
        second_devices=given.second_devices,
        distance_sources=track.distance_sources,
        settings=settings.fingerprint(),
        version=__version__,
        lesson=_lesson(plain, factor, answers),
        learnt=athlete.learnt_fingerprints(_learnt_names(detection)),
    )
    session = privacy_zones.without_hidden(session, track) if is_cut else session
    return _with_sums(rounded(session)), rounded_track(track)


def _prepared(
    recording: Recording,
    settings: Settings,
    discs: Sequence[privacy_zones.Disc],
    meanwhile: Sequence[privacy_zones.Span],
) -> tuple[Track, bool]:
    """The track without its hidden seconds, and whether it must be blanked: too few were left.

    Raises:
        NotARunError: there is no time to analyse.
        ReadError: its clock shows no date.
    """
    leave_out = partial(privacy_zones.cut_if_enough, discs=discs, meanwhile=meanwhile)
    track = prepare.prepare(recording, settings.prepare, leave_out if discs else None)
    if not prepare.has_usable_seconds(track, settings.prepare):
        words = "no two of its samples lie within the same few minutes: there is no time to analyse"
        raise NotARunError("no-usable-second", words)
    if not _CLOCK_S[0] <= track.start_time_s <= _CLOCK_S[1]:
        raise ReadError("impossible-clock", "its clock shows a year outside 1 to 9999")
    left = () if track.hidden or not discs else meanwhile  # a cut track's clock is another one
    return track, bool(privacy_zones.hidden_seconds(track, discs, left).any())


def _labels(
    recorded: Sequence[Label], stated: Sequence[Label], track: Track, place: TimeZone | None
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """Labels of recording and athlete in seconds of the track, and notes of those outside."""
    placed, outside = placed_labels(stated, track, place)
    labels = detect_labels.in_force((*recorded, *placed))
    return privacy_zones.shown_labels(track, labels), outside


def placed_labels(
    stated: Sequence[Label], track: Track, place: TimeZone | None
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """The athlete's labels in seconds of the recording, hidden or not, and notes of those outside.

    Args:
        stated: as the archive keeps them, on any clock (``Label``).
        track: of the session, with or without hidden seconds.
        place: the time zone of its start.
    """
    first_s = privacy_zones.recorded_start_s(track)
    seconds = track.seconds + sum(end - start for start, end in track.hidden)
    offset_s = time_zone.offset_at(place, first_s)  # a change of clocks may be hidden
    change = time_zone.clock_change(place, first_s, seconds)
    return detect_labels.placed(stated, first_s, seconds, offset_s, change)


def _answers(
    track: Track,
    labelled: tuple[Sequence[Label], Detection],
    presses_s: Sequence[float],
    settings: DetectSettings,
) -> tuple[GaitAnswer, ...]:
    """What the athlete's own labels say of what step rate alone proposes without them.

    ``labelled`` are all labels, and the detection with them; ``presses_s`` the presses of laps.
    """
    labels, with_them = labelled
    recorded = detect_labels.RECORDED
    own = [
        part
        for each in labels
        if each.origin not in recorded
        for part in _parts_in_force(each, with_them)
    ]
    if not own:
        return ()
    others = [each for each in labels if each.origin in recorded]
    unaided = detect.detect(track, others, Athlete(), settings, presses_s)
    return detect_labels.gait_answers(unaided.gait_candidates, own, track.seconds, settings)


def _parts_in_force(label: Label, found: Detection) -> list[Label]:
    """The parts of a label that the detection kept.

    All of it, but for laps that alternate by the athlete's convention: the sensors may overrule
    those, and only parts within labelled segments of their direction are left.
    """
    if label.origin != detect_labels.ALTERNATE:
        return [label]
    spans = (
        (max(each.start_s, label.start_s), min(each.end_s, label.end_s))
        for each in found.segments
        if each.verdict == "labelled" and each.direction == label.direction
    )
    return [
        structs.replace(label, start_s=low_s, end_s=high_s)
        for low_s, high_s in spans
        if low_s < high_s
    ]


def _with_sums(session: Session) -> Session:
    """The session with sums of what is kept of its segments, so that they add exactly."""
    segments = session.measures.segments
    distances = [
        each.metrics.distance_m for each in segments if each.metrics.distance_m is not None
    ]
    return replace(
        session,
        moving_s=rounded(sum(each.metrics.moving_s for each in segments), "moving_s"),
        distance_m=rounded(sum(distances), "distance_m") if distances else None,
        measures=replace(session.measures, totals=rounded(measure.totals(segments))),
    )


def _lesson(plain: Detection, factor: Estimate, answers: tuple[GaitAnswer, ...]) -> Lesson:
    """What a session teaches; where gait had to guess, its lines are guesses and teach nobody."""
    if any(each.is_decided and each.direction != "still" for each in plain.segments):
        return Lesson(plain.forward_line, plain.backward_line, factor, answers)
    return Lesson(None, None, factor, answers)


def _learnt_names(detection: Detection) -> list[str]:
    """Names of the learnt values that this analysis depends on."""
    backward = any(each.direction == "backward" for each in detection.segments)
    return sorted(detection.reads | ({COST_FACTOR} if backward else set()))


def _refuse_implausible(recording: Recording, settings: Settings) -> None:
    """A recording that names no sport must be a run or a walk by its speed.

    Raises:
        NotARunError: it is too fast for one, or may be a ride.
    """
    if is_on_foot(recording.sport) == "maybe":
        reason = prepare.doubt(recording, settings.sport)
        if reason is not None:
            raise reason
