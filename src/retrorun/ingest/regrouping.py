"""Recordings of one time that came one after another, put together as if they had come at once.

What belongs together is decided pair by pair, and each decision changes what the next one sees: a
watch that was given a heading has one. So where a recording comes to others that were put together
before, all of them are taken apart, analysed each for itself, and judged and joined afresh. The
result is the same in whatever order they came.

1. tangled: an untried pair of which one was matched before, or two exports of one recording
2. take apart everything that hangs together with it, by time, by matches and as copies
3. set aside the poorer of two exports of one recording, the richest first
Joining (``joining``) goes on from there. Each step is found to be due by what the archive holds, so
that a run that is killed leaves it to the next.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from retrorun.archive import Archive, Change
from retrorun.archive.rows import Brief
from retrorun.archive.second_devices import KEPT_APART
from retrorun.ingest.analysis import Engine
from retrorun.ingest.device_pairs import Pair, overlapping
from retrorun.ingest.duplicates import Known, Places
from retrorun.ingest.reprocess import again

_LINKING = ("same-activity", "second-device")


def regroup(found: Sequence[Pair], archive: Archive, engine: Engine) -> None:
    """Take apart what new recordings came to, and set copies aside; joining is left to do.

    Args:
        found: the pairs that were never tried.
        archive: its lock is held by the caller.
        engine: how files are analysed.
    """
    tangled = _tangled(found, archive)
    seeds = {_head(each.id) for pair in tangled for each in (pair.watch, pair.phone)}
    files = together(seeds, archive) if seeds else []
    if not files or not all(archive.originals.path(each).is_file() for each in files):
        return  # without all originals it cannot be judged afresh: what was found before stays
    archive.second_devices.separate_files(files)
    again(archive.pending.exports(), archive, engine)
    _set_aside([each for each in archive.briefs() if each.sha256 in set(files)], archive)


def together(seeds: Iterable[str], archive: Archive) -> list[str]:
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


def _tangled(found: Sequence[Pair], archive: Archive) -> Iterator[Pair]:
    matched = {
        each
        for match in archive.second_devices.matches()
        if match.reason != KEPT_APART
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
    pairs += [(match.phone, match.session) for match in archive.second_devices.matches()]
    pairs += [
        (row.sha256[:12], row.duplicate_of)
        for row in archive.files()
        if row.rule in _LINKING and row.duplicate_of
    ]
    for one, other in pairs:
        links[_head(one)].add(_head(other))
        links[_head(other)].add(_head(one))
    reached, waiting = set(seeds), list(seeds)
    while waiting:
        further = links[waiting.pop()] - reached
        reached |= further
        waiting += further
    return reached


def _head(session_id: str) -> str:
    """As much of its file's hash as a session's id holds."""
    return session_id.split("-", maxsplit=1)[0]


def _set_aside(briefs: Iterable[Brief], archive: Archive) -> None:
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
