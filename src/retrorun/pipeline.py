"""The way of one file, from bytes to sessions. Pure: no I/O, no clock, no randomness, no globals.

1. identify the bytes by their SHA-256
2. read them into recordings
3. for each recording: prepare a 1 Hz track, detect segments, measure them
4. gather what pages, archive and comparison need

A file that cannot be analysed is a value, ``Failed``, never an exception: one bad file stops
neither a folder nor a cluster.
"""

import dataclasses
import hashlib
import traceback

import numpy as np

from retrorun import __version__, detect, measure, prepare, readers, zone
from retrorun.channels import CHANNELS
from retrorun.detect import labels as detect_labels
from retrorun.errors import NotARunError, RetrorunError
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Detection,
    Export,
    Failed,
    Label,
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
from retrorun.readers.second_device import joined_with_phone
from retrorun.settings import ReadLimits, Settings
from retrorun.units import FloatArray


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
    lost = tuple(Note(problem.slug, problem.message) for problem in problems)
    return Analysis(export.source, sessions, tracks, export.passed_over + lost)


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
    track = prepare.prepare(recording, settings.prepare)
    athlete = athlete.at(track.start_time_s)
    labels = detect_labels.spoken(recording, source.name) + known.labels
    detection = detect.detect(track, labels, athlete, settings.detect)
    track = dataclasses.replace(track, columns={**track.columns, **detection.columns})
    measures = measure.measure(track, detection, athlete, settings.measure)
    session = _gather(source, index, recording, track, (detection, measures))
    timer = measure.timer_notes(session.moving_s, recording.totals, settings.measure)
    session = dataclasses.replace(session, notes=session.notes + timer)
    devices = {"second_devices": known.second_devices}
    marks = devices | {"labels": labels, "settings": settings.fingerprint(), "version": __version__}
    return dataclasses.replace(session, **marks), track  # type: ignore[arg-type]


def _gather(
    source: Source,
    index: int,
    recording: Recording,
    track: Track,
    found: tuple[Detection, Measures],
) -> Session:
    detection, measures = found
    metrics = [measured.metrics for measured in measures.segments]
    distances = [each.distance_m for each in metrics if each.distance_m is not None]
    return Session(
        id=session_id(source.sha256, index),
        index=index,
        source=source,
        start_time_s=track.start_time_s,
        zone=_zone(recording, track),
        sport=recording.sport,
        name=recording.name,
        device=recording.device,
        duration_s=float(track.seconds),
        moving_s=sum(each.moving_s for each in metrics),
        distance_m=sum(distances) if distances else None,
        channels=coverage(track),
        heading=detection.heading,
        measures=measures,
        laps=recording.laps,
        pauses=recording.pauses,
        device_energy_kcal=recording.energy_kcal,
        forward_line=detection.forward_line,
        backward_line=detection.backward_line,
        notes=recording.notes + track.notes + measures.notes,
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
