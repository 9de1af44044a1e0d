"""Bytes → Recording: FIT, GPX and TCX, plain or gzipped, whole or damaged.

A reader repairs nothing: it gives the file's own times and values in SI units, says in notes what
it left out, and ends in a recording, a ReadError or a NotARunError whatever the bytes are.
"""

import hashlib
from dataclasses import replace

from retrorun.errors import ReadError
from retrorun.model import Export, Note, Recording, Source
from retrorun.readers.clock import settled
from retrorun.readers.containers import sensor_logger
from retrorun.readers.containers import sensor_logger as phone_tables
from retrorun.readers.containers.archives import MemberError, is_archive, members, unwrapped
from retrorun.readers.file_kind import sniff
from retrorun.readers.sports import is_on_foot
from retrorun.settings import ReadLimits

__all__ = ["MemberError", "is_archive", "is_on_foot", "members", "read"]

_REMEDY = "Export it as FIT, GPX or TCX."


def read(name: str, data: bytes, limits: ReadLimits) -> Export:
    """Read one file.

    Args:
        name: the file's name, for messages only; its kind is found by its content.
        data: all its bytes.
        limits: bounds on what it may cost.

    Raises:
        ReadError: the bytes are no recording.
        NotARunError: there is no run or walk in it.
    """
    if len(data) > limits.file_bytes:
        raise ReadError("too-large", f"over {limits.file_bytes} bytes", file=name)
    source = Source(name=name, sha256=hashlib.sha256(data).hexdigest())
    plain, cut = unwrapped(name, data, limits)
    export = _read(source, plain, limits)
    if not cut:
        return export
    note = Note("gzip-truncated", "the gzip file is cut short; what came before it was kept")
    warnings = (*export.source.warnings, note)
    return replace(export, source=replace(export.source, salvaged=True, warnings=warnings))


def _read(source: Source, data: bytes, limits: ReadLimits) -> Export:
    kind = sniff(data)
    if kind == "empty":
        raise ReadError("empty", "the file is empty", file=source.name)
    if kind == "fit":
        return _fit(source, data, limits)
    if kind in ("gpx", "tcx"):
        return _xml(source, data, limits, kind)
    if kind == "unknown" and (
        role := phone_tables.role(source.name, data[: phone_tables.HEAD_BYTES])
    ):
        log = sensor_logger.sensor_log(source.name, {role: data}, limits)
        return _xml(source, log, limits, "gpx")
    words = {
        "xml": ("xml-unknown", "XML, but neither GPX nor TCX"),
        "zip": ("archive", "an archive, not a single recording"),
    }
    slug, message = words.get(kind, ("unknown-format", "neither FIT nor GPX nor TCX"))
    raise ReadError(slug, message, file=source.name, offset=0, remedy=_REMEDY)


def _fit(source: Source, data: bytes, limits: ReadLimits) -> Export:
    from retrorun.readers.fit.reader import read_fit

    found = read_fit(source.name, data, limits)
    damage = found.damage
    warning = (Note(damage.slug, f"{damage.message} (byte {damage.offset})"),) if damage else ()
    source = replace(source, format="fit", device=found.device, salvaged=damage is not None)
    return _export(source, found.recordings, found.passed_over, warning)


def _xml(source: Source, data: bytes, limits: ReadLimits, kind: str) -> Export:
    from retrorun.readers.xml.gpx import read_gpx
    from retrorun.readers.xml.tcx import read_tcx

    _refuse_endless(source.name, data, b"trkpt" if kind == "gpx" else b"Trackpoint", limits)
    reader = read_gpx if kind == "gpx" else read_tcx
    found = reader(source.name, data, limits)
    warning = (*((found.damage,) if found.damage else ()), *found.warnings)
    salvaged = found.damage is not None
    source = replace(source, format=kind, device=found.device, salvaged=salvaged)
    runs = tuple(
        replace(
            one,
            headings=tuple(
                sensor_logger.relabelled(found.device, heading) for heading in one.headings
            ),
        )
        for one in found.recordings
    )
    return _export(source, runs, found.passed_over, warning)


def _refuse_endless(name: str, data: bytes, point: bytes, limits: ReadLimits) -> None:
    """Count what a document holds before it is read: that takes a hundredth of the time."""
    points = data.count(b"<" + point) + data.count(b":" + point) // 2
    if points > limits.samples:
        raise ReadError("too-many-samples", f"more than {limits.samples} points", file=name)
    if data.count(b"<") > 2 * limits.xml_elements:
        message = f"more than {limits.xml_elements} elements"
        raise ReadError("too-many-elements", message, file=name)


def _export(
    source: Source,
    recordings: tuple[Recording, ...],
    passed_over: tuple[Note, ...],
    warnings: tuple[Note, ...],
) -> Export:
    kind = source.format or ""
    runs = tuple(run for one in recordings for run in settled(one, kind, source.name))
    return Export(replace(source, warnings=warnings), runs, passed_over)
