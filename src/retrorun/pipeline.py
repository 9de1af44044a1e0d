"""The way of one file, from bytes to sessions. Pure: no I/O, no clock, no randomness, no globals.

1. identify the bytes by their SHA-256
2. read them into recordings
3. for each recording: prepare a 1 Hz track, without what lies in a privacy zone, detect
   segments, measure them
4. gather what pages, archive and comparison need, rounded to the digits that mean something

A file that cannot be analysed is a value, ``Failed``, never an exception: one bad file stops
neither a folder nor a cluster.
"""

import dataclasses
import hashlib
import traceback
from collections.abc import Sequence
from functools import partial

import numpy as np

from retrorun import __version__, detect, measure, prepare, privacy_zones, readers, zone
from retrorun.channels import CHANNELS
from retrorun.detect import labels as detect_labels
from retrorun.errors import NotARunError, ReadError, RetrorunError
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Detection,
    Estimate,
    Export,
    Failed,
    Label,
    Lesson,
    Measures,
    Note,
    Outcome,
    Recording,
    SecondDevice,
    Session,
    Source,
    Track,
    Zoned,
)
from retrorun.model.digits import rounded, rounded_track
from retrorun.prepare.second_device import joined_with_phone
from retrorun.settings import PrepareSettings, ReadLimits, Settings
from retrorun.units import FloatArray

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
    source = Source(blob.name, hashlib.sha256(blob.data).hexdigest())
    try:
        return analyse(readers.read(blob.name, blob.data, settings.read), blob, settings, athlete)
    except RetrorunError as problem:
        place = (problem.offset, problem.remedy, isinstance(problem, NotARunError))
        return Failed(source, problem.slug, problem.message, *place)
    except MemoryError:
        return Failed(source, "memory-exceeded", "it needs more memory than a worker may use")
    except Exception as fault:  # noqa: BLE001 - the one trap: a defect here costs one file, named
        return Failed(source, "internal-error", _where(fault), remedy="Please report this file.")


def analyse(export: Export, blob: Blob, settings: Settings, athlete: Athlete) -> Analysis:
    """Analyse every recording of an export; one that cannot be is named among what was passed over.

    Raises:
        RetrorunError: none of the recordings could be analysed; the first reason.
    """
    phones = _phones(blob, settings.read)
    results: list[tuple[Session, Track]] = []
    problems: list[RetrorunError] = []
    for index in range(len(export.recordings)):
        try:
            with_phones, second = _joined(export.recordings[index], phones)
            known = _Known(with_phones, blob.labels.get(index, ()), second)
            session, track = _session(export.source, index, known, settings, athlete)
            notes = session.notes + blob.notes.get(index, ())
            results.append((dataclasses.replace(session, notes=notes), track))
        except RetrorunError as problem:
            problems.append(problem)
    if problems and not results:
        raise problems[0]
    sessions = tuple(session for session, _ in results)
    tracks = tuple(track for _, track in results)
    lost = export.passed_over + tuple(Note(each.slug, each.message) for each in problems)
    if any(note.slug == privacy_zones.SLUG for each in sessions for note in each.notes):
        quiet = privacy_zones.quiet_source(export.source)
        return Analysis(quiet, sessions, tracks, privacy_zones.quiet_notes(lost))
    return Analysis(export.source, sessions, tracks, lost)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """One recording with the headings of second devices, and what the user said of it."""

    recording: Recording
    labels: tuple[Label, ...]
    second_devices: tuple[SecondDevice, ...]


def _phones(blob: Blob, limits: ReadLimits) -> list[tuple[SecondDevice, Recording]]:
    """The recordings of second devices; one that cannot be read has nothing to give."""
    found: list[tuple[SecondDevice, Recording]] = []
    for name, data in blob.companions:
        try:
            export = readers.read(name, data, limits)
        except RetrorunError:
            continue
        for index, each in enumerate(export.recordings):
            device = each.device or name
            about = SecondDevice(export.source.sha256, index, device, None, "")
            found.append((about, dataclasses.replace(each, device=device)))
    return found


def _joined(
    recording: Recording, phones: list[tuple[SecondDevice, Recording]]
) -> tuple[Recording, tuple[SecondDevice, ...]]:
    """The recording with the headings of those that fit, and what was found of each."""
    found: list[SecondDevice] = []
    for about, phone in phones:
        result = joined_with_phone(recording, phone)
        recording = result.recording
        found.append(dataclasses.replace(about, skew_s=result.skew_s, reason=result.reason))
    return recording, tuple(found)


def _session(
    source: Source,
    index: int,
    known: _Known,
    settings: Settings,
    athlete: Athlete,
) -> tuple[Session, Track]:
    recording = known.recording
    spoken = detect_labels.spoken(recording, source.name)
    if not (spoken or known.labels or settings.sport.count_doubtful):
        _refuse_implausible(recording, settings)
    discs = privacy_zones.discs(athlete)
    leave_out = partial(privacy_zones.cut_if_enough, discs=discs)
    track = prepare.prepare(recording, settings.prepare, leave_out if discs else None)
    blank = bool(privacy_zones.hidden(track, discs).any())  # too little would have been left
    if not _has_usable_seconds(track, settings.prepare):
        words = "no two of its samples lie within the same few minutes: there is no time to analyse"
        raise NotARunError("no-usable-second", words)
    if not _CLOCK_S[0] <= track.start_time_s <= _CLOCK_S[1]:
        raise ReadError("impossible-clock", "its clock shows a year outside 1 to 9999")
    athlete = athlete.at(track.start_time_s)
    place = _zone(recording, track)
    labels, outside = _labels(spoken, known.labels, track, place)
    plain, detection = _detections(recording, track, labels, athlete, settings)
    bare = privacy_zones.blanked(track) if blank else track
    track = dataclasses.replace(bare, columns={**bare.columns, **detection.columns})
    measures = measure.measure(track, detection, athlete, settings.measure)
    factor = measures.cost_factor
    if detection.segments != plain.segments:
        factor = measure.own_cost_factor(bare, plain, settings.measure)
    moving_s = sum(each.metrics.moving_s for each in measures.segments)
    stated = () if blank or track.hidden else recording.totals
    timer = measure.timer_notes(moving_s, stated, settings.measure)
    session = dataclasses.replace(
        _gather(source, index, recording, track, (detection, measures)),
        zone=place,
        second_devices=known.second_devices,
        labels=labels,
        notes=recording.notes + track.notes + detection.notes + measures.notes + outside + timer,
        settings=settings.fingerprint(),
        version=__version__,
        lesson=_lesson(plain, factor),
        learnt=athlete.learnt_fingerprints(_asked(plain, detection)),
    )
    session = _without_hidden(session, track) if blank or track.hidden else session
    return _summed(rounded(session)), rounded_track(track)


def _labels(
    spoken: Sequence[Label], kept: Sequence[Label], track: Track, place: Zoned | None
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """Labels of the file and of the athlete, in seconds of the track, and what lies outside."""
    first_s = privacy_zones.recorded_start_s(track)
    seconds = track.seconds + sum(end - start for start, end in track.hidden)
    offset_s = place.utc_offset_s if place else 0.0
    placed, outside = detect_labels.placed(kept, first_s, seconds, offset_s)
    return privacy_zones.shown_labels(track, (*spoken, *placed)), outside


def _detections(
    recording: Recording,
    track: Track,
    labels: Sequence[Label],
    athlete: Athlete,
    settings: Settings,
) -> tuple[Detection, Detection]:
    """The detection without learnt values, and the one with them; mostly they are the same."""
    presses_s = tuple(
        privacy_zones.shown_s(track, each) for each in detect_labels.presses(recording)
    )
    plain = detect.detect(track, labels, athlete.without_learnt(), settings.detect, presses_s)
    if plain.asks_line and (athlete.forward_line or athlete.backward_line):
        return plain, detect.detect(track, labels, athlete, settings.detect, presses_s)
    return plain, plain


def _without_hidden(session: Session, track: Track) -> Session:
    """The session without what the file says of hidden seconds: totals, laps, names with a time."""
    return dataclasses.replace(
        session,
        source=privacy_zones.quiet_source(session.source),
        name=privacy_zones.without_clock(session.name),
        laps=(),  # a lap of a round distance ends that far from the door
        pauses=privacy_zones.shown_pauses(track, session.pauses),
        second_devices=tuple(map(_without_times, session.second_devices)),
        device_energy_kcal=None,
        notes=(privacy_zones.note(track), *privacy_zones.quiet_notes(session.notes)),
        measures=dataclasses.replace(
            session.measures, notes=privacy_zones.quiet_notes(session.measures.notes)
        ),
    )


def _without_times(second: SecondDevice) -> SecondDevice:
    """A second device without a time of day, should its name be that of its file."""
    return dataclasses.replace(second, device=privacy_zones.without_clock(second.device) or "")


def _summed(session: Session) -> Session:
    """The session with sums of what is kept of its segments, so that they add exactly."""
    segments = session.measures.segments
    distances = [
        each.metrics.distance_m for each in segments if each.metrics.distance_m is not None
    ]
    return dataclasses.replace(
        session,
        moving_s=rounded(sum(each.metrics.moving_s for each in segments), "moving_s"),
        distance_m=rounded(sum(distances), "distance_m") if distances else None,
        measures=dataclasses.replace(session.measures, totals=rounded(measure.totals(segments))),
    )


def _has_usable_seconds(track: Track, settings: PrepareSettings) -> bool:
    """Whether two seconds are known that lie near enough to tell of the time between them."""
    known = np.flatnonzero(~track.flags["gap"])
    return bool(known.size > 1 and np.diff(known).min() <= settings.apart_s)


def _lesson(plain: Detection, factor: Estimate) -> Lesson:
    """What a session teaches; where gait had to guess, its lines are guesses and teach nobody."""
    if any(each.verdict != "candidate" and each.direction != "still" for each in plain.segments):
        return Lesson(plain.forward_line, plain.backward_line, factor)
    return Lesson(None, None, factor)


def _asked(plain: Detection, detection: Detection) -> list[str]:
    """Names of the learnt values that this analysis depends on."""
    names = ["forward_line", "backward_line"] if plain.asks_line else []
    backward = any(each.direction == "backward" for each in detection.segments)
    return [*names, "cost_factor"] if backward else names


def _refuse_implausible(recording: Recording, settings: Settings) -> None:
    """A recording that names no sport must be a run or a walk by its speed.

    Raises:
        NotARunError: it is too fast for one, or may be a ride.
    """
    if readers.is_on_foot(recording.sport) == "maybe":
        reason = prepare.doubt(recording, settings.sport)
        if reason is not None:
            raise reason


def _gather(
    source: Source,
    index: int,
    recording: Recording,
    track: Track,
    found: tuple[Detection, Measures],
) -> Session:
    detection, measures = found
    return Session(
        id=session_id(source.sha256, index),
        index=index,
        source=source,
        start_time_s=track.start_time_s,
        zone=None,
        sport=recording.sport,
        name=recording.name,
        device=recording.device,
        duration_s=float(track.seconds),
        moving_s=0.0,  # summed when the segments are rounded
        distance_m=None,
        channels=coverage(track),
        heading=detection.heading,
        measures=measures,
        laps=recording.laps,
        pauses=recording.pauses,
        device_energy_kcal=recording.energy_kcal,
        forward_line=detection.forward_line,
        backward_line=detection.backward_line,
        notes=recording.notes + track.notes + detection.notes + measures.notes,
        distance_sources=track.distance_sources,
    )


def session_id(sha256: str, index: int) -> str:
    """First 12 hex digits of the file's hash; a second activity adds ``-2``, and so on."""
    return sha256[:12] if index == 0 else f"{sha256[:12]}-{index + 1}"


def coverage(track: Track) -> dict[str, float]:
    """Contract label → share of the seconds that have it, for channels that exist at all."""
    shares = {
        channel.label: _share(track.column(channel.name))
        for channel in CHANNELS
        if track.has(channel.name)
    }
    headings = [_share(each.heading_deg) for each in track.headings]
    return {**shares, "heading": max(headings)} if headings and max(headings) > 0 else shares


def _share(column: FloatArray) -> float:
    return round(float(np.isfinite(column).mean()), 4)


def _zone(recording: Recording, track: Track) -> Zoned | None:
    latitude, longitude = track.column("latitude_deg"), track.column("longitude_deg")
    fixed = np.flatnonzero(np.isfinite(latitude) & np.isfinite(longitude))
    place = (float(latitude[fixed[0]]), float(longitude[fixed[0]])) if fixed.size else (None, None)
    return zone.find(track.start_time_s, recording.utc_offset_s, *place)


def _where(fault: Exception) -> str:
    """What happened and in which of our lines, for a report that helps; no traceback."""
    frames = traceback.extract_tb(fault.__traceback__)
    place = f"{frames[-1].name}, line {frames[-1].lineno}" if frames else "unknown place"
    return f"an unexpected {type(fault).__name__} in {place}: {str(fault)[:200]}"
