"""From an analysed file to the rows of each table."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from retrorun import export
from retrorun.model import Analysis, Failed, Outcome, Session, Track
from retrorun.results.columns import TRACKS
from retrorun.results.names import athlete_key
from retrorun.text import escaped
from retrorun.units import FloatArray
from retrorun.zone import local_time

Row = dict[str, Any]
FIRST_S, LAST_S = -9_151_488_000.0, 9_151_488_000.0  # 1680-01-01, 2260-01-01
LOST = "other-sport"  # what a file holds besides and is no run: nothing is wrong with it


@dataclass(frozen=True, slots=True, eq=False)
class Filed:
    """One file of the store, and what became of it.

    Attributes:
        athlete: whose it is.
        address: full path or URL, without credentials.
        name: its address relative to the store.
        size_bytes: as listed.
        tag: as listed.
        profile: fingerprint of the athlete's profile.
        outcomes: one, or for a container one a member.
        sha256: of its bytes; None where they were not read whole.
        whose: athlete of each outcome, where a container's own table tells; empty: all of them
            are the athlete's.
    """

    athlete: str
    address: str
    name: str
    size_bytes: int
    tag: str
    profile: str
    outcomes: tuple[Outcome, ...]
    sha256: str | None
    whose: tuple[str, ...] = ()

    def by_athlete(self) -> Iterator["Filed"]:
        """The file once for its own athlete, and once for every other whose outcomes it holds."""
        if not self.whose:
            yield self
            return
        pairs = list(zip(self.outcomes, map(athlete_key, self.whose), strict=True))
        own = athlete_key(self.athlete)
        for key in dict.fromkeys((own, *(each for _, each in pairs))):
            outcomes = tuple(outcome for outcome, whose in pairs if whose == key)
            whose = self.whose if key == own else ()
            yield replace(self, athlete=key, outcomes=outcomes, whose=whose)


def text(value: str | None) -> str | None:
    """Text that can be stored as UTF-8 and printed: what cannot be is escaped."""
    if value is None:
        return None
    return escaped(value.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace"))


def year_of(session: Session) -> int:
    """The year in which it began, on the runner's own clock; in UTC where the zone is not known."""
    return local_time(session.start_time_s, session.zone).year


def refusal(session: Session) -> str | None:
    """Why a session cannot be filed; None where it can.

    Its clock must lie in what the readers of Parquet can hold: pandas counts nanoseconds from
    1677 to 2262, and de-identified dates move by up to a year.
    """
    first, last = session.start_time_s, session.start_time_s + session.duration_s
    if first >= FIRST_S and last < LAST_S:
        return None
    return f"its clock says {first:.0f} s since 1970: no date from 1680 to 2259"


def session_row(session: Session) -> Row:
    """The row of a session, with its whole analysis."""
    row = export.session_row(session) | {"file_sha256": session.source.sha256}
    return {name: _stored(each) for name, each in row.items()} | {"analysis": document(session)}


def _stored(value: Any) -> Any:  # noqa: ANN401 - a cell
    """A cell as it can be stored: text as UTF-8, and no number that is none."""
    if isinstance(value, str):
        return text(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def document(session: Session) -> bytes:
    """A session as JSON; text that is no UTF-8, such as a file's odd name, is escaped."""
    try:
        return msgspec.json.encode(session)
    except UnicodeEncodeError:
        return msgspec.json.encode(_clean(msgspec.to_builtins(session)))


def _clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, dict):
        return {text(key): _clean(each) for key, each in value.items()}
    return [_clean(each) for each in value] if isinstance(value, list | tuple) else value


def segment_rows(session: Session) -> list[Row]:
    """One row a segment."""
    rows = (export.segment_row(session, each) for each in session.measures.segments)
    return [{name: _stored(each) for name, each in row.items()} for row in rows]


def track_columns(session: Session, track: Track) -> dict[str, Any]:
    """The columns of a track: numpy arrays (n,), and one value for all where there is only one."""
    seconds = track.seconds
    known: dict[str, Any] = {
        "session": session.id,
        "time": track.start_time_s + np.arange(seconds),
        "elapsed_s": np.arange(seconds, dtype=np.int32),
        "heading_deg": _heading(session, track),
    }
    known |= track.columns
    known |= {f"flag_{name}": values for name, values in track.flags.items()}
    return {each.name: known.get(each.name) for each in TRACKS}


def _heading(session: Session, track: Track) -> FloatArray | None:
    found = (each for each in track.headings if each.source == session.heading.source)
    first = next(found, None)
    return None if first is None else first.heading_deg


def problem_rows(filed: Filed) -> Iterator[Row]:
    """What is wrong with a file, with its members, and with single activities in them."""
    for outcome in filed.outcomes:
        about = {
            "athlete": athlete_key(filed.athlete),
            "file": text(outcome.source.name),
            "sha256": outcome.source.sha256 or None,
        }
        if isinstance(outcome, Failed):
            yield about | {
                "slug": outcome.slug,
                "message": text(outcome.message),
                "offset": outcome.offset,
                "remedy": text(outcome.remedy),
                "not_a_run": outcome.not_a_run,
            }
            continue
        for note in outcome.passed_over:
            yield about | {
                "slug": note.slug,
                "message": text(note.message),
                "not_a_run": note.slug == LOST,
            }


def file_row(filed: Filed, analyses: tuple[Analysis, ...], batch: str) -> Row:
    """The ledger's row of a file; ``analyses`` are those that counted, no duplicates."""
    sessions = [session for each in analyses for session in each.sessions]
    row = {
        "athlete": athlete_key(filed.athlete),
        "address": text(filed.address),
        "name": text(filed.name),
        "size_bytes": filed.size_bytes,
        "tag": text(filed.tag),
        "profile": filed.profile,
        "sha256": filed.sha256,
        "sessions": len(sessions),
        "years": sorted({year_of(session) for session in sessions}),
        "batch": batch,
    }
    return row | _became(filed, counted=bool(analyses))


def _became(filed: Filed, *, counted: bool) -> Row:
    """The outcome in one word, and where it is no import, why."""
    if counted or (filed.whose and not filed.outcomes):  # others' members were in it
        return {"outcome": "imported"}
    failures = [each for each in filed.outcomes if isinstance(each, Failed)]
    if len(failures) < len(filed.outcomes):
        return {"outcome": "duplicate", "slug": "same-bytes", "message": SAME}
    wrong = next((each for each in failures if not each.not_a_run), None)
    first = wrong or next(iter(failures), None)
    if first is None:
        return {"outcome": "not-a-run", "slug": "nothing-in-it", "message": NOTHING}
    outcome = "failed" if wrong else "not-a-run"
    return {"outcome": outcome, "slug": first.slug, "message": text(first.message)}


SAME = "the same bytes came before in this batch"
NOTHING = "it holds no recordings"
