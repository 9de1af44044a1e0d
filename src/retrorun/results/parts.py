"""One batch's parts of a result set, built file by file and given as bytes.

The same files in the same order give the same names and bytes, wherever and whenever: nothing of a
clock, a host or an order of completion goes in.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from retrorun.model import Analysis, Failed, Outcome, Session, Track
from retrorun.results import arrow, names, rows
from retrorun.results.rows import Filed
from retrorun.results.sheet import Sheet


def _fileable(outcome: Outcome) -> Outcome:
    """The outcome, unless a session of it has a clock that no table can hold."""
    sessions = outcome.sessions if isinstance(outcome, Analysis) else ()
    words = next(filter(None, map(rows.refusal, sessions)), None)
    return outcome if words is None else Failed(outcome.source, "clock-impossible", words)


class Part:
    """The parts that one batch adds to a result set.

    Args:
        batch: its name: a hash of what it consists of.
        tracks: whether the 1 Hz tracks are wanted.
    """

    def __init__(self, batch: str, *, tracks: bool) -> None:
        self.batch = batch
        self.tracks = tracks
        self._data: dict[str, Sheet] = {}
        self._ledger = Sheet("files", arrow.schema("files"))
        self._problems: Sheet | None = None
        self._seen: set[tuple[str, str]] = set()

    def add(self, filed: Filed) -> None:
        """Take over what became of one file; the analyses themselves are not kept.

        The same bytes twice for the same athlete count once: the second is a duplicate.
        """
        for each in filed.by_athlete():
            self._add(replace(each, outcomes=tuple(map(_fileable, each.outcomes))))

    def _add(self, filed: Filed) -> None:
        key = names.athlete_key(filed.athlete)
        analyses = (each for each in filed.outcomes if isinstance(each, Analysis))
        counted = tuple(each for each in analyses if self._is_new(key, each))
        for analysis in counted:
            for session, track in zip(analysis.sessions, analysis.tracks, strict=True):
                self._add_session(key, session, track)
        problems = list(rows.problem_rows(filed))
        if problems:
            self._problems = self._problems or Sheet("problems", arrow.schema("problems"))
            self._problems.add(problems)
        self._ledger.add([rows.file_row(filed, counted, self.batch)])

    def _is_new(self, key: str, analysis: Analysis) -> bool:
        known = (key, analysis.source.sha256)
        if known in self._seen:
            return False
        self._seen.add(known)
        return True

    def _add_session(self, key: str, session: Session, track: Track) -> None:
        year = rows.year_of(session)
        self._sheet("sessions", key, year).add([rows.session_row(session)])
        self._sheet("segments", key, year).add(rows.segment_rows(session))
        if self.tracks:
            found = rows.track_columns(session, track)
            self._sheet("tracks", key, year).add_group(found, track.seconds)

    def _sheet(self, table: str, key: str, year: int) -> Sheet:
        name = f"{names.partition(table, key, year)}{self.batch}.parquet"
        if name not in self._data:
            self._data[name] = Sheet(table, arrow.schema(table))
        return self._data[name]

    def close(self) -> Iterator[tuple[str, bytes]]:
        """Object names and bytes, one after the other: data, problems, sums, and last the ledger.

        A result set has the batch once its ledger is there; so the ledger is to be put last.
        """
        sums: dict[str, str] = {}
        for name, sheet in self._sheets():
            data = sheet.close()
            sums[name] = hashlib.sha256(data).hexdigest()
            yield name, data
        ledger = self._ledger.close()
        sums[names.ledger_name(self.batch)] = hashlib.sha256(ledger).hexdigest()
        yield names.sums_name(self.batch), names.sums(sums)
        yield names.ledger_name(self.batch), ledger

    def _sheets(self) -> Iterator[tuple[str, Sheet]]:
        for name in sorted(self._data):
            yield name, self._data.pop(name)
        if self._problems is not None:
            yield names.problems_name(self.batch), self._problems
