"""Privacy zones: which seconds of a track are hidden, and the track that is left.

A zone is hidden as a larger, displaced disc that covers it, with smaller discs on its rim, so that
neither the middle of what is hidden nor the points where tracks are cut say where the zone's centre
lies. Displacements and sizes come from the zone and a secret that the archive keeps, so that they
are the same for every session. `make attack` measures what an attacker is left with.

The cut is made before speed, course and grade are computed: nothing behind it, no sum, segment or
page, can hold what a hidden second would tell. The clock stands still while it is hidden, because
time multiplied by speed is a distance, and a distance leads back to the door.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import msgspec
import numpy as np
from msgspec import structs

from retrorun.arithmetic import arcsin, arctan2, cos, sin, sine_cosine
from retrorun.errors import ArchiveError
from retrorun.model import (
    Athlete,
    HeadingTrack,
    Label,
    Lap,
    Note,
    Pause,
    Recording,
    SecondDevice,
    Session,
    Source,
    Track,
    Zone,
)
from retrorun.model.recording import POSITION
from retrorun.text import without_clock
from retrorun.units import EARTH_RADIUS_M, BoolArray, FloatArray, true_runs

# How much is hidden is measured, not derived: `make attack` leaves less where any of it is smaller.
DISPLACED_BY = (1.9, 3.1)  # of the zone's radius: smallest and largest displacement
WIDER_BY = (1.9, 3.1)  # of the zone's radius, beyond the displacement; 1 just covers the zone
RIM_DISCS = 6  # a plain disc that hides as many metres leaves an attacker with less
RIM_RADIUS = (3.4, 5.0)  # of the zone's radius
REACH_MPS = 8.0  # faster than anybody runs for minutes
REACH_M = 2000.0  # from farther away no one is taken to have come unseen
LEAST_SHOWN_S = 60  # a track with fewer seconds left shows no position at all
LEAST_PIECE_S = 30  # a shorter piece between hidden ones only outlines the disc
# so far on an odometer, or so long before the first sample or behind the last, nothing was missed
UNSEEN_M, UNSEEN_S = 20.0, 30.0

# Changed wherever a cut leaves other seconds than before: stored sessions are then cut again.
CUT_RULES = "with-second-devices"

# What may stay of a second whose position is hidden: what the body did, not how far or where to.
# Any other column is removed, also one that is added one day.
KEPT = frozenset(
    {
        *("heart_rate_bpm", "cadence_spm", "contact_time_s", "vertical_oscillation_m"),
        *("balance_pct", "respiration_brpm"),
        *("backward_probability", "evidence_heading", "evidence_gait", "evidence_label"),
        "heading_minus_course_deg",
    }
)
KEPT_FLAGS = frozenset({"paused", "gap", "heart_rate_suspect"})
SLUG = "privacy-zone"
_CUT = "seconds in a privacy zone are left out: times, distances and sums begin at its edge"
_BLANK = "nearly all of it lies in a privacy zone: places, distances and speeds are left out"


Span = tuple[float, float]  # from when to when, in Unix seconds


class Disc(msgspec.Struct, frozen=True):
    """What is hidden of the ground: samples within ``radius_m`` of the point."""

    latitude_deg: float
    longitude_deg: float
    radius_m: float


def discs(athlete: Athlete) -> tuple[Disc, ...]:
    """The hidden discs of all of an athlete's zones."""
    zones = athlete.privacy_zones
    return tuple(each for zone in zones for each in _discs(zone, athlete.zone_secret))


def mark(athlete: Athlete) -> str:
    """What tells one set of zones from another, and nothing else; empty where nothing is hidden.

    It lies beside pages, so it is a hash that needs the secret: without it, zones could be guessed
    until one fits.
    """
    if not (athlete.privacy_zones and athlete.zone_secret):
        return ""
    text = " ".join([*sorted(map(str, discs(athlete))), CUT_RULES])
    key = athlete.zone_secret.encode()[:64]
    return hashlib.blake2b(text.encode(), key=key, digest_size=12, person=b"mark").hexdigest()


def _discs(zone: Zone, secret: str) -> tuple[Disc, ...]:
    """A disc that covers the zone, and those on its rim: all from the zone and the secret."""
    drawn, radius_m = _drawn(zone, secret), zone.radius_m
    away_m = radius_m * _between(DISPLACED_BY, next(drawn))
    middle = _moved(zone, 2 * np.pi * next(drawn), away_m)
    size_m = away_m + radius_m * _between(WIDER_BY, next(drawn))
    main = Disc(*middle, size_m)
    rim = (
        Disc(*_moved(main, 2 * np.pi * next(drawn), size_m), radius_m * _between(RIM_RADIUS, share))
        for share in islice(drawn, RIM_DISCS)
    )
    return (main, *rim)


def _drawn(zone: Zone, secret: str) -> Iterator[float]:
    """Numbers from 0 to 1 that only the holder of the secret can tell, the same for one zone.

    Other ones where other sizes are in force: discs that differ in size alone are images of each
    other about the door, and whoever has seen both would find it.
    """
    sizes = (DISPLACED_BY, WIDER_BY, RIM_DISCS, RIM_RADIUS)
    text = f"{zone.latitude_deg:.7f} {zone.longitude_deg:.7f} {zone.radius_m:.2f} {sizes}"
    digest = hashlib.blake2b(text.encode(), key=secret.encode()[:64]).digest()
    for at in range(0, len(digest), 4):
        yield int.from_bytes(digest[at : at + 4], "big") / 2**32


def _between(bounds: tuple[float, float], share: float) -> float:
    return bounds[0] + share * (bounds[1] - bounds[0])


def _moved(zone: Zone | Disc, bearing: float, away_m: float) -> tuple[float, float]:
    """The point at a distance and bearing (radians) along a great circle, in degrees."""
    angles = np.array([np.radians(zone.latitude_deg), away_m / EARTH_RADIUS_M, bearing])
    (sin_north, sin_away, sin_bearing), (cos_north, cos_away, cos_bearing) = sine_cosine(angles)
    sine = sin_north * cos_away + cos_north * sin_away * cos_bearing
    east = arctan2(sin_bearing * sin_away * cos_north, cos_away - sin_north * sine)
    longitude_deg = (zone.longitude_deg + np.degrees(east) + 180.0) % 360.0 - 180.0
    return float(np.degrees(arcsin(np.clip(sine, -1.0, 1.0)))), float(longitude_deg)


def distance_m(latitude_deg: FloatArray, longitude_deg: FloatArray, disc: Disc) -> FloatArray:
    """Great-circle distance to the disc's centre, haversine on the mean sphere, (n,) metres."""
    north, east = np.radians(latitude_deg), np.radians(longitude_deg)
    home_north, home_east = np.radians(disc.latitude_deg), np.radians(disc.longitude_deg)
    north_sine, east_sine = sin((north - home_north) / 2), sin((east - home_east) / 2)
    half = north_sine * north_sine + cos(north) * cos(home_north) * (east_sine * east_sine)
    distance: FloatArray = 2 * EARTH_RADIUS_M * arcsin(np.sqrt(np.minimum(half, 1.0)))
    return distance


def inside_discs(track: Track, hidden_discs: Iterable[Disc]) -> BoolArray:
    """Which seconds have a position in any of the discs, (n,)."""
    inside = np.zeros(track.seconds, dtype=bool)
    for disc in hidden_discs:  # a NaN compares as not inside
        inside |= distance_m(*_places(track), disc) <= disc.radius_m
    return inside


def hidden_seconds(
    track: Track, hidden_discs: Sequence[Disc], meanwhile: Sequence[Span] = ()
) -> BoolArray:
    """Which seconds are to be hidden, (n,): those within a disc, and those that would betray it.

    These are seconds without a position, from which the disc can be reached and left again in the
    time they last, or that another device's session hides (``meanwhile``, as ``hidden_spans``
    gives them), and pieces between hidden seconds that are too short to be of use.
    """
    gone = inside_discs(track, hidden_discs) | unplaced_within(track, meanwhile)
    for disc in hidden_discs:
        gone |= _may_have_entered(track, disc)
    if gone.any():
        for start, end in true_runs(~gone):
            if end - start < LEAST_PIECE_S and start > 0 and end < gone.size:
                gone[start:end] = True
    return gone


def _may_have_entered(track: Track, disc: Disc) -> BoolArray:
    """Seconds without a position in which the disc may have been entered, (n,)."""
    outside_m = np.maximum(distance_m(*_places(track), disc) - disc.radius_m, 0.0)
    gone = np.zeros(track.seconds, dtype=bool)
    for start, end in true_runs(np.isnan(outside_m)):
        ends = [outside_m[at] for at in (start - 1, end) if 0 <= at < outside_m.size]
        reach_m = min(REACH_MPS * (end - start + 1), REACH_M)
        gone[start:end] = bool(ends) and sum(ends) <= reach_m
    return gone


def hidden_spans(track: Track) -> tuple[Span, ...]:
    """From when to when seconds of a track were hidden, in Unix seconds."""
    first_s = recorded_start_s(track)
    return tuple((first_s + start, first_s + end) for start, end in track.hidden)


def unplaced_within(track: Track, spans: Iterable[Span]) -> BoolArray:
    """Which seconds of a track have no position and lie within spans of Unix seconds, (n,).

    What another device recorded meanwhile would tell how long and how far a hidden way was.
    """
    gone = np.zeros(track.seconds + sum(end - start for start, end in track.hidden), dtype=bool)
    for start, end in track.hidden:
        gone[start:end] = True
    time_s = recorded_start_s(track) + np.flatnonzero(~gone)
    within = np.zeros(track.seconds, dtype=bool)
    for begin_s, end_s in spans:
        within |= (time_s > begin_s - 1) & (time_s < end_s)
    latitude, longitude = _places(track)
    return within & np.isnan(latitude + longitude)


def _places(track: Track) -> tuple[FloatArray, FloatArray]:
    return track.column("latitude_deg"), track.column("longitude_deg")


def cut_if_enough(
    track: Track,
    widen: Callable[[BoolArray], BoolArray],
    judge: Callable[[BoolArray], Track],
    discs: Sequence[Disc],
    meanwhile: Sequence[Span] = (),
) -> Track:
    """The track without its hidden seconds; the same if too few would be left to show.

    Its odometer begins at 0 also where the way before its first sample may lie in a disc.

    Args:
        track: resampled, without derived columns; not changed.
        widen: adds to hidden seconds, (n,), those that were drawn from a hidden sample.
        judge: gives the track with odometer and speed as they are judged without seconds, (n,).
        discs: what is hidden.
        meanwhile: when other devices' sessions hide seconds.
    """
    hidden = hidden_seconds(track, discs, meanwhile)
    gone = widen(hidden)
    odometer_m = track.column("distance_m")
    if not gone.any() and tells_of_unseen(track, (), odometer_m, discs):
        columns = {**track.columns, "distance_m": _joined(odometer_m, ~gone)}
        return structs.replace(track, columns=columns)
    if not gone.any() or int((~gone).sum()) < LEAST_SHOWN_S:
        return track
    return cut(judge(hidden), gone)


def tells_of_unseen(
    track: Track, laps: Iterable[Lap], odometer_m: FloatArray, discs: Sequence[Disc]
) -> bool:
    """Whether a file counts way or time before its first sample or behind its last, near a disc.

    So do files from which another program took the samples about the door, and left the sums.

    Args:
        track: resampled, without derived columns, or as it is stored.
        laps: of the file.
        odometer_m: as the file counts, in the order of time; any number.
        discs: what is hidden.
    """
    known_m = odometer_m[np.isfinite(odometer_m)]
    first_s, last_s = track.start_time_s, track.start_time_s + track.seconds
    spans = [(each.start_time_s, each.end_time_s) for each in laps]
    is_before = any(start < first_s - UNSEEN_S for start, _ in spans)
    is_before |= bool(known_m.size and known_m[0] > UNSEEN_M)
    is_behind = any(end > last_s + UNSEEN_S for _, end in spans)
    return (is_before and _ends_near(track, 0, discs)) or (
        is_behind and _ends_near(track, -1, discs)
    )


def _ends_near(track: Track, end: int, discs: Sequence[Disc]) -> bool:
    """Whether the first (0) or last (-1) known position is within reach of a disc."""
    latitude, longitude = _places(track)
    known = np.flatnonzero(np.isfinite(latitude + longitude))
    if not known.size:
        return False
    at = known[[end]]
    return any(
        bool(distance_m(latitude[at], longitude[at], each)[0] <= each.radius_m + REACH_M)
        for each in discs
    )


def cut(track: Track, gone: BoolArray) -> Track:
    """The track without its hidden seconds, as if the clock had stood still meanwhile.

    Args:
        track: resampled, without derived columns; not changed.
        gone: which seconds are hidden, (n,); none gives the track itself.
    """
    if not gone.any():
        return track
    shown = ~gone
    columns = {name: values[shown] for name, values in track.columns.items()}
    if "distance_m" in columns:
        columns["distance_m"] = _joined(track.columns["distance_m"], shown)
    flags = {name: values[shown] for name, values in track.flags.items()}
    begins = np.diff(np.flatnonzero(shown), prepend=-1) > 1
    flags["break"] = flags["break"] | begins
    headings = tuple(_shown_heading(each, shown) for each in track.headings)
    return structs.replace(
        track,
        start_time_s=track.start_time_s + int(np.argmax(shown)),
        columns=columns,
        flags=flags,
        headings=headings,
        hidden=tuple(true_runs(gone)),
    )


def _shown_heading(heading: HeadingTrack, shown: BoolArray) -> HeadingTrack:
    mount = None if heading.mount is None else heading.mount[shown]
    return structs.replace(heading, heading_deg=heading.heading_deg[shown], mount=mount)


def _joined(distance: FloatArray, shown: BoolArray) -> FloatArray:
    """Metres along the way without those of hidden seconds; the first known one is 0."""
    joined, before_m = np.full(distance.size, np.nan), 0.0
    for start, end in true_runs(shown):
        known = np.flatnonzero(np.isfinite(distance[start:end]))
        if known.size:
            piece = distance[start:end] - distance[start + known[0]] + before_m
            joined[start:end], before_m = piece, float(piece[known[-1]])
    result: FloatArray = joined[shown]
    return result


def without_hidden_samples(
    recording: Recording, track: Track, hidden_discs: Iterable[Disc]
) -> Recording:
    """The recording as read, but its samples in discs and in hidden seconds have no time.

    Args:
        recording: samples in native time, (n,); not changed.
        track: made of it, with hidden seconds.
        hidden_discs: by which they were hidden; of a clock that was set they are the surer sign.
    """
    since_s = recording.time_s - recorded_start_s(track)
    nothing = np.full(since_s.size, np.nan)
    north, east = (recording.columns.get(name, nothing) for name in POSITION)
    gone = np.zeros(since_s.size, dtype=bool)
    for disc in hidden_discs:
        gone |= distance_m(north, east, disc) <= disc.radius_m
    for start, end in track.hidden:  # a second of the track may hold samples from its neighbours
        gone |= (since_s > start - 1) & (since_s < end)
    return structs.replace(recording, time_s=np.where(gone, np.nan, recording.time_s))


def blanked(track: Track) -> Track:
    """A track with nothing but what may stay of a hidden second; whatever else it held is left.

    Flags and notes that positions decide go too. Segments are to be detected on what is left.
    """
    columns = {name: track.columns[name] for name in track.columns if name in KEPT}
    none = np.zeros(track.seconds, dtype=bool)
    flags = {name: v if name in KEPT_FLAGS else none for name, v in track.flags.items()}
    return Track(track.start_time_s, columns, flags, hidden=track.hidden)


def check(track: Track, athlete: Athlete, session_id: str) -> Track:
    """The track itself, if none of its positions lies in one of the athlete's hidden discs.

    Raises:
        ArchiveError: one does: it was stored before the zone was known.
    """
    if inside_discs(track, discs(athlete)).any():
        raise exposed_error(session_id)
    return track


def exposed_error(session_id: str) -> ArchiveError:
    """The error of a session that still holds seconds in a privacy zone, and is not let out."""
    words = f"session {session_id} holds seconds in a privacy zone"
    remedy = "`retrorun reprocess`, or `process --retry FOLDER` if the original is lost."
    return ArchiveError("privacy-zone-open", words, remedy=remedy)


def recorded_s(track: Track, shown_s: float) -> float:
    """Seconds on the track's clock as seconds since the recording's start.

    The track's clock stands still while seconds are hidden; the recording's does not.
    """
    for start, end in track.hidden:
        if start <= shown_s:
            shown_s += end - start
    return shown_s


def recorded_start_s(track: Track) -> float:
    """Unix time of the recording's first second, hidden or not."""
    first = track.hidden[0] if track.hidden else (1, 1)
    return track.start_time_s - (first[1] if first[0] == 0 else 0)


def shown_s(track: Track, recorded: float) -> float:
    """Seconds since the recording's start on the track's clock, the reverse of ``recorded_s``.

    Every moment of a hidden piece is the moment at which the piece begins.
    """
    gone = sum(min(recorded, end) - start for start, end in track.hidden if start < recorded)
    return recorded - gone


def shown_labels(track: Track, labels: Iterable[Label]) -> tuple[Label, ...]:
    """Labels on the track's clock, without those of hidden seconds only."""
    moved = (
        structs.replace(
            each, start_s=shown_s(track, each.start_s), end_s=shown_s(track, each.end_s)
        )
        for each in labels
    )
    return tuple(each for each in moved if each.start_s < each.end_s)


def shown_pauses(track: Track, pauses: Iterable[Pause]) -> tuple[Pause, ...]:
    """Pauses on the track's clock, without hidden ones."""
    first_s = recorded_start_s(track)
    moved = (
        Pause(*(track.start_time_s + shown_s(track, at - first_s) for at in ends))
        for ends in ((each.start_time_s, each.end_time_s) for each in pauses)
    )
    return tuple(each for each in moved if each.start_time_s < each.end_time_s)


def source_without_clock(source: Source) -> Source:
    """The source without a time of day in its name; of its warnings only their slugs."""
    name = without_clock(source.name) or source.name
    return structs.replace(source, name=name, warnings=notes_without_words(source.warnings))


def notes_without_words(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes without their words, which may count hidden seconds."""
    return tuple(each.without_message for each in notes)


def note(track: Track) -> Note:
    """The note of a session of which something is hidden."""
    return Note(SLUG, _CUT if track.hidden or track.has(POSITION[0]) else _BLANK)


def is_blanked(session: Session) -> bool:
    """Whether nothing is left of a session but what the body did, and when."""
    return Note(SLUG, _BLANK) in session.notes


def without_hidden(session: Session, track: Track) -> Session:
    """The session without what its file says of hidden seconds: totals, laps, names with a time.

    Args:
        session: of the track.
        track: with hidden seconds, blanked, or of a file that tells of what it does not show.
    """
    return replace(
        names_without_clock(session),
        laps=(),  # a lap of a round distance ends that far from the door
        pauses=shown_pauses(track, session.pauses),
        device_energy_kcal=None,
        notes=(note(track), *notes_without_words(session.notes)),
        measures=replace(session.measures, notes=notes_without_words(session.measures.notes)),
    )


def names_without_clock(session: Session) -> Session:
    """The session without a time of day in the names of its file, itself and second devices."""
    return replace(
        session,
        source=source_without_clock(session.source),
        name=without_clock(session.name),
        second_devices=tuple(map(_without_clock_in_name, session.second_devices)),
    )


def tells_when(session: Session, track: Track, discs: Sequence[Disc]) -> bool:
    """Whether a name holds a time of day, of a session that begins or ends within reach of a disc.

    Another program may have taken the samples about the door out: the time in the name then tells
    how long the way was that is not in the file.
    """
    if names_without_clock(session) == session:
        return False
    return _ends_near(track, 0, discs) or _ends_near(track, -1, discs)


def tells(session: Session, track: Track, discs: Sequence[Disc]) -> bool:
    """Whether a stored session holds a second that is hidden now, or tells of one."""
    return (
        bool(hidden_seconds(track, discs).any())
        or tells_of_unseen(track, session.laps, track.column("distance_m"), discs)
        or tells_when(session, track, discs)
    )


def _without_clock_in_name(second: SecondDevice) -> SecondDevice:
    """A second device without a time of day, should its name be that of its file."""
    return structs.replace(second, device=without_clock(second.device) or "")
