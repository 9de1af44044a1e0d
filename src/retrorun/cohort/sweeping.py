"""Which data parts of a result set are a batch's.

The listing is asked, not the ledger: an unfinished batch has none, a damaged one says nothing, and
one that two attempts worked on may name other years than the parts that are there.
"""

from collections.abc import Iterable
from pathlib import PurePosixPath

from retrorun.cohort.planning import Batch
from retrorun.results import names
from retrorun.results.reading import parts
from retrorun.storage import Store
from retrorun.storage.exports import is_archive


def data_parts(out: Store, batches: Iterable[Batch], *, tracks: bool) -> list[str]:
    """Names of the sessions', segments' and tracks' parts that bear a batch's name.

    An archive may hold files of athletes that the plan does not know, and of a batch whose plan is
    lost no athlete is known; then all athletes are looked through.

    Args:
        out: the result set.
        batches: as they were planned.
        tracks: whether it keeps tracks.

    Raises:
        StoreError: the store does not answer.
    """
    kinds = ("sessions", "segments", "tracks") if tracks else ("sessions", "segments")
    wanted: set[str] = set()
    athletes: set[str] = set()
    packed = False
    for batch in batches:
        wanted.add(batch.name)
        athletes.update(each.athlete for each in batch.files)
        archives = any(is_archive(each.name) for each in batch.files)
        packed = packed or archives or not batch.files
    if not wanted:
        return []
    folders = kinds if packed else [names.partition(k, a) for k in kinds for a in sorted(athletes)]
    found = (name for folder in folders for name in parts(out, folder))
    return [name for name in found if PurePosixPath(name).stem in wanted]
