"""Two recordings of one run: found by their time, joined where their movements agree.

0. regroup: where new recordings came to some that were joined before, all begin afresh
1. pairs: a session with a better heading overlaps another that holds all the rest, or two alike
   overlap nearly whole; of these the richer takes the watch's part
2. try: the watch's file is analysed with the phone's beside it, which sets the clocks
3. settle: a joined phone has no session of its own any more; a refusal is noted on both
A phone's file that grew since it was joined is joined anew, and what it was is forgotten.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from retrorun.archive import Archive, Change, Match, Parcel, SessionRow
from retrorun.archive.matched import carried
from retrorun.archive.rows import Brief
from retrorun.archive.said import position
from retrorun.ingest.anew import kept
from retrorun.ingest.growing import forget_what_grew
from retrorun.ingest.pairing import Pair, pairs
from retrorun.ingest.places import Places
from retrorun.ingest.regrouping import regroup
from retrorun.ingest.sameness import BODY, richness, same
from retrorun.ingest.working import Engine, analysed

if TYPE_CHECKING:
    from retrorun.model import Label, SecondDevice, Session


@dataclass(slots=True)
class Joins:
    """What was joined: session of the phone → session that it went into."""

    into: dict[str, str] = field(default_factory=dict)


def join(archive: Archive, engine: Engine) -> Joins:
    """Try every pair that was never tried; every one is settled afterwards.

    The lock of the one writer is held by the caller.
    """
    done = Joins()
    forget_what_grew(archive, engine)
    regroup(pairs(archive.briefs(), archive.matches(), archive.kept_apart()), archive, engine)
    while found := pairs(archive.briefs(), archive.matches(), archive.kept_apart()):
        groups: dict[str, list[Pair]] = defaultdict(list)
        taken: set[str] = set()
        for pair in found:  # each phone with one watch at a time, that of the longest overlap
            if taken.isdisjoint((pair.phone.id, pair.watch.id) if pair.alike else (pair.phone.id,)):
                one = _oriented(pair, archive) if pair.alike else pair
                taken |= {one.phone.id, one.watch.id} if pair.alike else {one.phone.id}
                groups[one.watch.sha256].append(one)
        _round(groups, archive, engine, done)
    return done


def _round(groups: dict[str, list[Pair]], archive: Archive, engine: Engine, done: Joins) -> None:
    candidates = []
    for sha256, group in groups.items():
        reasons = [(pair, _no_need(pair, archive)) for pair in group]
        apart = [_match(pair, "apart", None, reason) for pair, reason in reasons if reason]
        archive.write(0, Change(matches=apart))
        group[:] = [pair for pair, reason in reasons if not reason]
        if group:
            phones = tuple(dict.fromkeys(pair.phone.sha256 for pair in group))
            candidates.append(replace(kept(sha256, archive), phones=phones))
    for candidate, parcel in analysed(candidates, archive, engine, None):
        group = groups[candidate.sha256]
        matches = [_settled(pair, parcel) for pair in group]
        if parcel.problem is None and _labels_carried(group, matches, archive):
            ((_, heard),) = analysed([candidate], archive, engine, None)
            parcel = parcel if heard.problem else heard  # noqa: PLW2901 - the same, better known
        archive.write(archive.import_of(candidate.sha256), _change(group, matches, parcel, archive))
        done.into |= {each.phone: each.session for each in matches if each.state == "joined"}


_NO_NEED = "the recording with the heading holds more than the other"
_ELSEWHERE = "most of its time lies outside the other"
_LEAST_SHARE = 0.5  # of a phone's time within the watch's, or too much would go with it


def _oriented(pair: Pair, archive: Archive) -> Pair:
    """Of two alike, the richer is the one that stands: see ``richness``."""
    own, other = (
        (*richness(each, archive.channels(each.id)), each.duration_s)
        for each in (pair.watch, pair.phone)
    )
    return pair.turned if other > own else pair


def _no_need(pair: Pair, archive: Archive) -> str | None:
    """Why a phone's session stays: something would be lost with it; None if nothing would."""
    if pair.overlap_s < _LEAST_SHARE * pair.phone.duration_s:
        return _ELSEWHERE
    if pair.alike:
        return None
    watch, phone = (archive.channels(each.id) for each in (pair.watch, pair.phone))
    return None if BODY & set(phone) <= set(watch) else _NO_NEED


def _match(pair: Pair, state: str, skew_s: float | None, reason: str) -> Match:
    ids = (pair.phone.id, pair.phone.sha256, pair.watch.id)
    return Match(*ids, state, skew_s, reason)  # type: ignore[arg-type]


def _settled(pair: Pair, parcel: Parcel) -> Match:
    """What the analysis of the watch's file found of a phone."""
    if parcel.problem is not None:
        return _match(pair, "refused", None, parcel.problem.message)
    for session in _sessions(parcel.sessions):
        for device in session.second_devices:
            if session.id == pair.watch.id and _is_of(device, pair.phone):
                state = "refused" if device.skew_s is None else "joined"
                return _match(pair, state, device.skew_s, device.reason)
    return _match(pair, "refused", None, "the second recording could not be read")


def _labels_carried(group: Sequence[Pair], matches: Sequence[Match], archive: Archive) -> bool:
    """Keep what was said of joined phones on the watch's clock, too; whether there was anything."""
    any_said = False
    for pair, match in zip(group, matches, strict=True):
        said = archive.labels(match.phone_sha256).get(position(match.phone), ())
        if match.skew_s is None or not said:
            continue
        later_s = _begun_s(pair.phone, archive) - match.skew_s - _begun_s(pair.watch, archive)
        ending = carried(match.phone)
        archive.replace_labels(
            match.session, ending, [_carried(each, later_s, ending, pair.phone) for each in said]
        )
        any_said = True
    return any_said


def _begun_s(session: Brief, archive: Archive) -> float:
    """When the recording began: labels count from there, whatever a privacy zone hides of it."""
    from retrorun.privacy_zones import recorded_start_s

    return recorded_start_s(archive.track(session.id))


def _carried(label: "Label", later_s: float, ending: str, phone: Brief) -> "Label":
    """A label on the watch's clock; a moment of the day or with a date is the same on both."""
    from retrorun.model import LOCAL_CLOCK, UTC_CLOCK

    is_moment = label.origin.startswith((LOCAL_CLOCK, UTC_CLOCK))
    if is_moment or label.start_s >= phone.duration_s:
        return replace(label, origin=f"{label.origin}{ending}")
    start_s, end_s = (max(0.0, round(at + later_s, 1)) for at in (label.start_s, label.end_s))
    return replace(label, start_s=start_s, end_s=end_s, origin=f"{label.origin}{ending}")


def _is_of(device: "SecondDevice", phone: Brief) -> bool:
    return (device.sha256, device.index) == (phone.sha256, position(phone.id))


def _sessions(rows: Sequence[SessionRow]) -> "list[Session]":
    from retrorun.archive import packing

    return packing.sessions((row.id, row.document) for row in rows)


def _change(
    group: Sequence[Pair], matches: Sequence[Match], parcel: Parcel, archive: Archive
) -> Change:
    """What is written of a watch's file and its phones, all at once."""
    refused = [each for each in matches if each.state == "refused"]
    alone = len(parcel.sessions) == 1  # a file is only replaced as a whole
    places = Places(archive.track)
    twins = {
        each.watch.id: each.phone.id
        for each in group
        if alone and not each.alike and same(each.watch, each.phone)
        if not places.apart(each.watch, each.phone)
    }
    replaced = {
        each.session: each.phone for each in refused if twins.get(each.session) == each.phone
    }
    if len(refused) == len(matches):
        documents = _noted(refused, archive, parcel=None)
        return Change(matches=matches, documents=documents, replaced=replaced)
    documents = _noted(refused, archive, parcel)
    rows = tuple(_stripped(row, documents.pop(row.id, row.document)) for row in parcel.sessions)
    whole = replace(parcel, sessions=rows)
    return Change(parcels=[whole], matches=matches, documents=documents)


def _stripped(row: SessionRow, document: bytes) -> SessionRow:
    """The row of a session without the second devices that did not fit."""
    from retrorun.archive import packing

    session = packing.session(document)
    joined = tuple(each for each in session.second_devices if each.skew_s is not None)
    return replace(row, document=packing.document(replace(session, second_devices=joined)))


def _noted(refused: Sequence[Match], archive: Archive, parcel: Parcel | None) -> dict[str, bytes]:
    """Documents of both sides with a note that they were not joined."""
    from retrorun.archive import packing
    from retrorun.archive.matched import refusal

    sessions = {each.id: each for each in _sessions(parcel.sessions)} if parcel else {}
    for match in refused:
        for own, other in ((match.session, match.phone), (match.phone, match.session)):
            session = sessions.get(own) or archive.session(own)
            notes = (*session.notes, refusal(other, match.reason))
            sessions[own] = replace(session, notes=notes)
    touched = {each.session for each in refused} | {each.phone for each in refused}
    return {each: packing.document(sessions[each]) for each in sorted(touched)}
