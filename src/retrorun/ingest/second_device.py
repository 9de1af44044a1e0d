"""Recordings of one time by two devices: found by their times, joined where their movements agree.

0. regroup: where new recordings came to some that were put together before, all are taken apart,
   analysed each for itself, and judged afresh, so that the result does not depend on the order in
   which they came: each decision changes what the next one sees
1. pairs: a session with a better heading overlaps another that holds all the rest, or two alike
   overlap nearly whole; of these the richer takes the watch's part, and so does the session with
   the heading where the other adds nothing to it
2. try: the watch's file is analysed with the phone's beside it, which sets the clocks
3. settle: a joined phone has no session of its own any more; a refusal is noted on both

The watch's session was made with the bytes that the phone's file held then. Where that file grew
since, the longer recording comes in as a file of its own, and the match with the old one goes.
Each step is due by what the archive holds, so that a run that is killed leaves it to the next.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct, field, structs

from retrorun.archive import Archive, Change, FileRow, Match, Parcel, SessionRow
from retrorun.archive.annotations import position
from retrorun.archive.rows import Brief, document_of
from retrorun.archive.second_devices import KEPT_APART, origin_suffix
from retrorun.errors import RetrorunError
from retrorun.ingest.analysis import Engine, Report, analysed, note_shown_meanwhile
from retrorun.ingest.duplicates import (
    ANOTHER_RUN,
    NEARLY_ALL,
    START_S,
    WORTH_JOINING,
    Known,
    Pair,
    Places,
    overlapping,
    pairs,
    richness,
    same,
)
from retrorun.ingest.reprocess import original_candidate, reprocess_locked
from retrorun.metrics import BODY_LABELS
from retrorun.settings import PrepareSettings

if TYPE_CHECKING:
    from retrorun.model import Label, SecondDevice, Session


_LINKING = ("same-activity", "second-device")


def unmatch_superseded(archive: Archive, engine: Engine) -> Report:
    """Undo matches of recordings whose file now holds a longer one of the same start.

    The labels and notes of the old one go to the new one.
    """
    joined = [each for each in archive.second_devices.matches() if each.state == "joined"]
    held = {row.sha256 for row in archive.files()} if joined else set()
    gone = [each for each in joined if each.phone_sha256 not in held]
    briefs = archive.briefs() if gone else []
    report = Report()
    for match in gone:
        start_s = _start_s(match, archive, engine)
        later = [each for each in briefs if start_s is not None and _is_later(each, match, start_s)]
        if later:
            archive.writes.apply(0, Change(replaced={match.phone: later[0].id}))
            freed = archive.second_devices.unmatch_file(match.phone_sha256)
            report = report.followed_by(reprocess_locked(freed, archive, engine))
    return report


def separate_grown(sessions: Iterable[str], archive: Archive) -> None:
    """Take sessions apart that took the place of what their file held before, to be joined afresh.

    A second device that fitted what the file held may not fit what it holds now.
    """
    wanted = set(sessions)
    joined = [each for each in archive.second_devices.matches() if each.state == "joined"]
    grown = {_file_prefix(each.session) for each in joined if each.session in wanted}
    files = connected_files(grown, archive) if grown else []
    if all(archive.originals.path(each).is_file() for each in files):
        archive.second_devices.separate_files(files)


def _is_later(each: Brief, match: Match, start_s: float) -> bool:
    own = each.id not in (match.session, match.phone)
    return own and abs(each.start_time_s - start_s) <= START_S


def _start_s(match: Match, archive: Archive, engine: Engine) -> float | None:
    """When a recording that has no session any more began, by its original."""
    from retrorun import readers

    try:
        data = archive.original(match.phone_sha256)
        export = readers.read("", data, engine.settings.read)
        return float(export.recordings[position(match.phone)].time_s.min())
    except (RetrorunError, IndexError):
        return None


class Joins(Struct):
    """What was joined: session of the phone → session that it went into.

    ``problems`` are files that could not be analysed again by themselves before they were joined.
    """

    into: dict[str, str] = field(default_factory=dict)
    problems: tuple[FileRow, ...] = ()


def join(archive: Archive, engine: Engine) -> Joins:
    """Try every pair that was never tried; every one is settled afterwards.

    The lock of the one writer is held by the caller.
    """
    done = Joins()
    settings = engine.settings.prepare
    report = unmatch_superseded(archive, engine)
    again = regroup(_untried_pairs(archive, settings), archive, engine)
    done.problems = report.followed_by(again).problems
    while found := _untried_pairs(archive, settings):
        _try_groups(_by_watch(found, archive), archive, engine, done)
    return done


def _untried_pairs(archive: Archive, settings: PrepareSettings) -> list[Pair]:
    """Pairs that were never tried; two runs hours apart are settled as such."""
    devices, places = archive.second_devices, Places(archive.track)
    found = pairs(archive.briefs(), devices.matches(), devices.kept_apart())
    apart = [pair for pair in found if pair.hours_apart]
    others = {each for each in apart if not places.are_copies(each.watch, each.phone, settings)}
    if others:
        settled = [_match(pair, "apart", None, ANOTHER_RUN) for pair in apart if pair in others]
        archive.writes.apply(0, Change(matches=settled))
    return [pair for pair in found if pair not in others]


def _by_watch(found: Sequence[Pair], archive: Archive) -> dict[str, list[Pair]]:
    """Hash of the watch's file → pairs; each phone with one watch, that of the longest overlap.

    Only pairs of the first stage that is due are tried: what is joined in it is not there for the
    next one.
    """
    kept_apart = archive.second_devices.kept_apart()
    turned = [_with_richer_as_watch(pair, archive, kept_apart) for pair in found]
    due = min(_stage(pair) for pair in turned)
    groups: dict[str, list[Pair]] = defaultdict(list)
    matched: set[str] = set()
    for pair in turned:
        ids = {pair.phone.id, pair.watch.id} if pair.alike else {pair.phone.id}
        if _stage(pair) == due and matched.isdisjoint(ids):
            matched |= ids
            groups[pair.watch.sha256].append(pair)
    return groups


def _stage(pair: Pair) -> int:
    """When a pair is tried: copies without a heading first, phones with watches, then the rest.

    A phone that went into a copy would be lost with it where that goes into another session, and
    a watch would lose its body's channels to a phone that another phone went into.
    """
    if not pair.alike:
        return 1
    return 2 if pair.phone.heading in WORTH_JOINING else 0


def _try_groups(
    groups: dict[str, list[Pair]], archive: Archive, engine: Engine, done: Joins
) -> None:
    candidates = []
    for sha256, group in groups.items():
        reasons = [(pair, _reason_to_stay(pair, archive)) for pair in group]
        apart = [_match(pair, "apart", None, reason) for pair, reason in reasons if reason]
        archive.writes.apply(0, Change(matches=apart))
        group[:] = [pair for pair, reason in reasons if not reason]
        if group:
            phones = tuple(dict.fromkeys(pair.phone.sha256 for pair in group))
            candidates.append(structs.replace(original_candidate(sha256, archive), phones=phones))
    for candidate, parcel in analysed(candidates, archive, engine, None):
        group = groups[candidate.sha256]
        matches = [_match_of(pair, parcel) for pair in group]
        stated = _stated(matches, archive)
        if parcel.problem is None and _copy_labels(group, matches, parcel, archive):
            ((_, labelled),) = analysed([candidate], archive, engine, None)
            parcel = parcel if labelled.problem else labelled  # noqa: PLW2901 - the same file
        archive.writes.apply(
            archive.import_of(candidate.sha256),
            _change(group, matches, parcel, archive),
            partial(note_shown_meanwhile, [candidate.sha256], archive),
        )
        done.into |= {each.phone: each.session for each in matches if each.state == "joined"}
        _join_labelled_again(stated, archive, engine, done)


def _join_labelled_again(
    stated: "Mapping[str, Mapping[int, Sequence[Label]]]",
    archive: Archive,
    engine: Engine,
    done: Joins,
) -> None:
    """Take phones apart whose sessions were labelled after the labels were copied.

    They are joined with those labels in the next round.

    Args:
        stated: hash of a phone's file → its labels when they were copied.
        archive: the lock of the one writer is held.
        engine: analyses each for itself.
        done: problems are added.
    """
    now = archive.annotations.labels
    late = [sha256[:12] for sha256, labels in stated.items() if labels != now(sha256)]
    if late:
        files = connected_files(late, archive)
        archive.second_devices.separate_files(files)
        found = reprocess_locked(files, archive, engine).problems
        done.problems = tuple(dict.fromkeys(done.problems + found))


def _stated(
    matches: Iterable[Match], archive: Archive
) -> "dict[str, Mapping[int, Sequence[Label]]]":
    """The labels of the phones' files that are about to go into those of watches, by their hash."""
    joined = [each.phone_sha256 for each in matches if each.state == "joined"]
    return {sha256: archive.annotations.labels(sha256) for sha256 in joined}


_HOLDS_MORE = "the recording with the heading holds more than the other"
_ELSEWHERE = "most of its time lies outside the other"
_LEAST_SHARE = 0.5  # of a phone's time within the watch's, or too much would go with it


def _with_richer_as_watch(pair: Pair, archive: Archive, kept_apart: Container[str]) -> Pair:
    """The pair with the session that is to stand as the watch's.

    Of two alike that is the richer. It is the one with the heading where that holds nearly all of
    the other's time, and all that the other knows of the body.
    """
    if pair.alike:
        return _by_richness(pair, archive)
    whole = pair.overlap_s >= NEARLY_ALL * pair.watch.duration_s
    if not whole or pair.watch.sha256 in kept_apart:
        return pair
    watch, phone = (set(archive.channels(each.id)) for each in (pair.watch, pair.phone))
    return structs.replace(pair.turned, alike=True) if BODY_LABELS & watch <= phone else pair


def _by_richness(pair: Pair, archive: Archive) -> Pair:
    """Of two alike, the richer is the one that stands: see ``richness``.

    It is the longer one where that knows as much of the body, and much of it would be lost.
    """
    watch, phone = (archive.channels(each.id) for each in (pair.watch, pair.phone))
    own = (*richness(pair.watch, watch), pair.watch.duration_s)
    other = (*richness(pair.phone, phone), pair.phone.duration_s)
    richer, poor = (pair.turned, watch) if other > own else (pair, phone)
    rich = phone if other > own else watch
    is_part = pair.overlap_s < NEARLY_ALL * richer.phone.duration_s
    return richer.turned if is_part and BODY_LABELS & set(rich) <= set(poor) else richer


def _reason_to_stay(pair: Pair, archive: Archive) -> str | None:
    """Why a phone's session stays: something would be lost with it; None if nothing would."""
    if pair.overlap_s < _LEAST_SHARE * pair.phone.duration_s:
        return _ELSEWHERE
    if pair.alike:
        return None
    watch, phone = (archive.channels(each.id) for each in (pair.watch, pair.phone))
    return None if BODY_LABELS & set(phone) <= set(watch) else _HOLDS_MORE


def _match(pair: Pair, state: str, skew_s: float | None, reason: str) -> Match:
    ids = (pair.phone.id, pair.phone.sha256, pair.watch.id)
    return Match(*ids, state, skew_s, reason)  # type: ignore[arg-type]


def _match_of(pair: Pair, parcel: Parcel) -> Match:
    """What the analysis of the watch's file found of a phone."""
    if parcel.problem is not None:
        return _match(pair, "refused", None, parcel.problem.message)
    for session in _sessions(parcel.sessions):
        for device in session.second_devices:
            if session.id == pair.watch.id and _is_of(device, pair.phone):
                state = "refused" if device.skew_s is None else "joined"
                return _match(pair, state, device.skew_s, device.reason)
    return _match(pair, "refused", None, "the second recording could not be read")


def _copy_labels(
    group: Sequence[Pair], matches: Sequence[Match], parcel: Parcel, archive: Archive
) -> bool:
    """Copy the labels of joined phones to the watch's clock; whether there were any.

    ``parcel`` is of the watch's file with the phones: its clock may be another one than before.
    """
    any_copied = False
    begins_s = {row.id: row.start_time_s for row in parcel.sessions}
    for pair, match in zip(group, matches, strict=True):
        labels = archive.annotations.labels(match.phone_sha256).get(position(match.phone), ())
        if match.skew_s is None or not labels:
            continue
        later_s = (
            _recorded_start_s(pair.phone, archive)
            - match.skew_s
            - _recorded_start_s(pair.watch, archive)
            - (begins_s.get(pair.watch.id, pair.watch.start_time_s) - pair.watch.start_time_s)
        )
        ending = origin_suffix(match.phone)
        archive.annotations.replace_labels(
            match.session, ending, [_shifted(each, later_s, ending, pair.phone) for each in labels]
        )
        any_copied = True
    return any_copied


def _recorded_start_s(session: Brief, archive: Archive) -> float:
    """When the recording began: labels count from there, whatever a privacy zone hides of it."""
    from retrorun.privacy_zones import recorded_start_s

    return recorded_start_s(archive.track(session.id))


def _shifted(label: "Label", later_s: float, ending: str, phone: Brief) -> "Label":
    """A label on the watch's clock; a moment of the day or with a date is the same on both."""
    from retrorun.model import DAY_CLOCK, LOCAL_CLOCK, UTC_CLOCK

    is_moment = label.origin.startswith((LOCAL_CLOCK, UTC_CLOCK, DAY_CLOCK))
    if is_moment or label.start_s >= phone.duration_s:
        return structs.replace(label, origin=f"{label.origin}{ending}")
    start_s, end_s = (max(0.0, round(at + later_s, 1)) for at in (label.start_s, label.end_s))
    return structs.replace(label, start_s=start_s, end_s=end_s, origin=f"{label.origin}{ending}")


def _is_of(device: "SecondDevice", phone: Brief) -> bool:
    return (device.sha256, device.index) == (phone.sha256, position(phone.id))


def _sessions(rows: Sequence[SessionRow]) -> "list[Session]":
    from retrorun.archive import serialization

    return serialization.sessions((row.id, row.document) for row in rows)


def _change(
    group: Sequence[Pair], matches: Sequence[Match], parcel: Parcel, archive: Archive
) -> Change:
    """What is written of a watch's file and its phones, all at once."""
    refused = [each for each in matches if each.state == "refused"]
    is_only_session = len(parcel.sessions) == 1  # a file is only replaced as a whole
    places = Places(archive.track)
    twins = {
        each.watch.id: each.phone.id
        for each in group
        if is_only_session and not each.alike and same(each.watch, each.phone)
        if not places.apart(each.watch, each.phone)
    }
    replaced = {
        each.session: each.phone for each in refused if twins.get(each.session) == each.phone
    }
    if len(refused) == len(matches):
        documents = _with_refusal_notes(refused, archive, parcel=None)
        return Change(matches=matches, documents=documents, replaced=replaced)
    documents = _with_refusal_notes(refused, archive, parcel)
    rows = tuple(
        _without_refused_devices(row, documents.pop(row.id, row.document))
        for row in parcel.sessions
    )
    whole = structs.replace(parcel, sessions=rows)
    return Change(parcels=[whole], matches=matches, documents=documents)


def _without_refused_devices(row: SessionRow, document: bytes) -> SessionRow:
    """The row of a session without the second devices that did not fit."""
    from retrorun.archive import serialization

    session = serialization.session(document)
    joined = tuple(each for each in session.second_devices if each.skew_s is not None)
    return structs.replace(row, document=document_of(replace(session, second_devices=joined)))


def _with_refusal_notes(
    refused: Sequence[Match], archive: Archive, parcel: Parcel | None
) -> dict[str, bytes]:
    """Documents of both sides with a note that they were not joined.

    A stored session that cannot be read stays as it is: it gets the note when it is made again.
    """
    from retrorun.archive.second_devices import refusal_note

    sessions = {each.id: each for each in _sessions(parcel.sessions)} if parcel else {}
    for match in refused:
        for own, other in ((match.session, match.phone), (match.phone, match.session)):
            session = sessions.get(own) or archive.readable_session(own)
            if session is not None:
                notes = (*session.notes, refusal_note(other, match.reason))
                sessions[own] = replace(session, notes=notes)
    touched = {each.session for each in refused} | {each.phone for each in refused}
    return {each: document_of(sessions[each]) for each in sorted(touched & set(sessions))}


def regroup(found: Sequence[Pair], archive: Archive, engine: Engine) -> Report:
    """Take apart what new recordings came to, and set copies aside; joining is left to do.

    Args:
        found: the pairs that were never tried.
        archive: its lock is held by the caller.
        engine: how files are analysed.

    Returns:
        What the analysis of those that were taken apart gave.
    """
    to_regroup = _pairs_to_regroup(found, archive)
    seeds = {_file_prefix(each.id) for pair in to_regroup for each in (pair.watch, pair.phone)}
    files = connected_files(seeds, archive) if seeds else []
    if not files or not all(archive.originals.path(each).is_file() for each in files):
        return Report()  # without all originals it cannot be judged afresh: all stays as it was
    archive.second_devices.separate_files(files)
    report = reprocess_locked(archive.pending.exports(), archive, engine)
    _set_duplicates_aside([each for each in archive.briefs() if each.sha256 in set(files)], archive)
    return report


def connected_files(seeds: Iterable[str], archive: Archive) -> list[str]:
    """Hashes of all files that hang together with some, whose hashes begin so."""
    heads = _connected(set(seeds), archive)
    return sorted(
        {
            row.sha256
            for row in archive.files()
            if row.sha256[:12] in heads
            and (row.outcome == "imported" or (row.outcome == "duplicate" and row.rule in _LINKING))
        }
    )


def _pairs_to_regroup(found: Sequence[Pair], archive: Archive) -> Iterator[Pair]:
    matched = {
        each
        for match in archive.second_devices.matches()
        if match.reason not in (KEPT_APART, ANOTHER_RUN)
        for each in (match.phone, match.session)
    }
    known = Known((), archive.channels, Places(archive.track).apart)
    for pair in found:
        if {pair.watch.id, pair.phone.id} & matched or known.alike(pair.watch, pair.phone):
            yield pair


def _connected(seeds: set[str], archive: Archive) -> set[str]:
    """Beginnings of the hashes of all files that hang together with some."""
    links: dict[str, set[str]] = defaultdict(set)
    pairs = [(one.id, other.id) for one, other in overlapping(archive.briefs())]
    matches = archive.second_devices.matches()
    pairs += [(each.phone, each.session) for each in matches if each.reason != ANOTHER_RUN]
    pairs += [
        (row.sha256[:12], row.duplicate_of)
        for row in archive.files()
        if row.rule in _LINKING and row.duplicate_of
    ]
    for one, other in pairs:
        links[_file_prefix(one)].add(_file_prefix(other))
        links[_file_prefix(other)].add(_file_prefix(one))
    reached, waiting = set(seeds), list(seeds)
    while waiting:
        further = links[waiting.pop()] - reached
        reached |= further
        waiting += further
    return reached


def _file_prefix(session_id: str) -> str:
    """As much of its file's hash as a session's id holds."""
    return session_id.split("-", maxsplit=1)[0]


def _set_duplicates_aside(briefs: Iterable[Brief], archive: Archive) -> None:
    """Of several exports of one recording let the richest stand."""
    apart = archive.second_devices.kept_apart()
    known = Known((), archive.channels, Places(archive.track).apart)
    files: dict[str, list[Brief]] = defaultdict(list)
    for each in briefs:
        if each.sha256 not in apart:
            files[each.sha256].append(each)
    for own in sorted(files.values(), key=lambda own: max(map(known.rank, own)), reverse=True):
        verdict = known.judge_briefs(own)
        replaced = dict(verdict.replaces)
        if verdict.duplicate_of is not None:
            replaced |= {each.id: verdict.duplicate_of for each in own}
        if replaced:
            archive.writes.apply(0, Change(replaced=replaced))
