"""The files that are compared, out of folders, zips and gzips; and who says what of each."""

import gzip
import io
import json
import logging
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from numbers_fit import by_fitdecode, by_sdk, stated, summed
from numbers_quantities import Pair, Quantities, added, pairs
from numbers_xml import gpx_spaced, gpx_totals, tcx_stated, tcx_summed
from retrorun import readers
from retrorun.model import Analysis, Athlete, Blob, Session
from retrorun.pipeline import process
from retrorun.settings import Settings

FORMATS = ("fit", "gpx", "tcx")
OWN, TRUTH, GPXPY = "the file", "the truth", "gpxpy"
SPACINGS_S = (5.0, 10.0)
Said = tuple[str, Quantities]
Heard = tuple[tuple[Said, ...], tuple[str, ...], bool]  # who says what, who is silent, clean


@dataclass(frozen=True, slots=True)
class Compared:
    """One recording by retrorun and by the others.

    Attributes:
        name: base name of the file, and of the member of a zip; ``format``: fit, gpx or tcx.
        clean: whole, by the checksum and a reference decoder; XML that every tool parses.
        found: retrorun's; ``notes``: the slugs of what it noted.
        refusal: the slug with which retrorun refused it; None if it did not.
        others: who says what.
        silent: who could not read it.
    """

    name: str
    format: str
    clean: bool
    found: Quantities
    notes: tuple[str, ...]
    refusal: str | None
    others: tuple[Said, ...]
    silent: tuple[str, ...]

    @property
    def pairs(self) -> list[Pair]:
        """What is compared: the number of sessions alone where retrorun refused the file."""
        found = pairs((self.name, self.format, self.clean), self.found, self.others)
        return [each for each in found if not self.refusal or each.quantity == "sessions"]


def paths(folder: Path) -> list[Path]:
    """Every file of a recording or an archive of them below a folder."""
    ends = tuple(f".{each}" for each in FORMATS)
    found = (each for each in folder.rglob("*") if each.is_file())
    kept = (
        each for each in found if each.name.lower().removesuffix(".gz").endswith((*ends, ".zip"))
    )
    return sorted(kept, key=lambda each: (each.name.lower(), str(each)))


def compared(path: Path) -> list[Compared]:
    """Who says what of each recording in a file."""
    data = path.read_bytes()
    if not path.name.lower().endswith(".zip"):
        kind = path.name.lower().removesuffix(".gz")[-3:]
        plain = gzip.decompress(data) if path.name.lower().endswith(".gz") else data
        return [_compared(path.name, kind, plain, data, _truth(path))]
    read = list(readers.members(path.name, data, Settings().read))
    found = []
    for member, kind, plain in _members(data):
        place = f"{path.name}/{member}"  # the title of an activity may follow
        content = next((one for name, one in read if name.startswith(place)), None)
        found.append(_compared(f"{path.name}: {_base(member)}", kind, plain, content, None))
    return found


def _compared(
    name: str, kind: str, plain: bytes, content: object, truth: Quantities | None
) -> Compared:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        said, silent, clean = _others(kind, plain)
    if truth:
        said = (*said, (TRUTH, truth))
    return Compared(name, kind, clean, *retrorun_of(name, content), said, silent)


def retrorun_of(name: str, content: object) -> tuple[Quantities, tuple[str, ...], str | None]:
    """What retrorun says with the settings as they come: quantities, notes and a refusal's slug.

    Args:
        name: of the file.
        content: its bytes; or the error with which it was passed over, or None if in silence.
    """
    nothing = Quantities(sessions=0)
    if not isinstance(content, bytes):
        return nothing, (), getattr(content, "slug", "no-recording")
    outcome = process(Blob(name, content), Settings(), Athlete())
    if not isinstance(outcome, Analysis):
        return nothing, (), outcome.slug
    notes = [*outcome.source.warnings, *(one for each in outcome.sessions for one in each.notes)]
    total = added([_of_session(each) for each in outcome.sessions])
    return total, tuple(dict.fromkeys(each.slug for each in notes)), None


def _of_session(session: Session) -> Quantities:
    totals = session.measures.totals.values()
    beats_s, steps_s = sum(each.beats_s for each in totals), sum(each.steps_s for each in totals)
    climbs = [
        each.metrics.climb_m
        for each in session.measures.segments
        if each.metrics.climb_m is not None
    ]
    return Quantities(
        distance_m=session.distance_m,
        moving_s=session.moving_s,
        duration_s=session.duration_s,
        heart_rate_bpm=sum(each.beats for each in totals) / beats_s * 60 if beats_s else None,
        cadence_spm=sum(each.steps for each in totals) / steps_s * 60 if steps_s else None,
        ascent_m=sum(climbs) if climbs else None,
        sessions=1,
    )


def _others(kind: str, data: bytes) -> Heard:
    if kind == "fit":
        return _fit(data)
    asked: dict[str, Callable[[], Quantities]] = {}
    if kind == "tcx":
        asked = {OWN: lambda: tcx_stated(data), "tcxreader": lambda: tcx_summed(data)}
    else:
        asked = {GPXPY: lambda: gpx_totals(data)}
        asked |= {f"{GPXPY}, {space:.0f} s apart": _spaced(data, space) for space in SPACINGS_S}
    said, silent = _answers(asked)
    return said, silent, not silent


def _spaced(data: bytes, spacing_s: float) -> Callable[[], Quantities]:
    return lambda: gpx_spaced(data, spacing_s)


def _fit(data: bytes) -> Heard:
    decoded = {"garmin-fit-sdk": by_sdk(data), "fitdecode": by_fitdecode(data)}
    own = next((each for each in decoded.values() if each.whole), decoded["garmin-fit-sdk"])
    sums = tuple((name, summed(each)) for name, each in decoded.items() if each.of("record"))
    silent = tuple(name for name, each in decoded.items() if not each.of("record"))
    return ((OWN, stated(own)), *sums), silent, own.whole


def _answers(
    asked: dict[str, Callable[[], Quantities]],
) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    said: list[Said] = []
    silent: list[str] = []
    for name, ask in asked.items():
        try:
            said.append((name, ask()))
        except Exception:  # noqa: BLE001 - other tools raise whatever they raise
            silent.append(name)
    return tuple(said), tuple(silent)


def _truth(path: Path) -> Quantities | None:
    """What the simulator says of a file of its own, beside which it lies."""
    beside = path.with_name(f"{path.name}.truth.json")
    if not beside.exists():
        return None
    truth = json.loads(beside.read_text(encoding="utf-8"))
    ways = [truth["forward_distance_m"], truth["backward_distance_m"]]
    return Quantities(
        distance_m=None if None in ways else sum(ways),
        moving_s=truth["forward_s"] + truth["backward_s"],
        sessions=1,
    )


def _members(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Path, format and plain bytes of each recording in a zip, by its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for each in archive.namelist():
            plain = each.lower().removesuffix(".gz")
            if plain.endswith(FORMATS) and not _base(each).startswith("."):
                content = archive.read(each)
                packed = each.lower().endswith(".gz")
                yield each, plain[-3:], gzip.decompress(content) if packed else content


def _base(member: str) -> str:
    return member.replace("\\", "/").rpartition("/")[2]


def everything(folders: Sequence[Path]) -> list[Compared]:
    """Every recording of the folders, by folder and name."""
    return [each for folder in folders for path in paths(folder) for each in compared(path)]
