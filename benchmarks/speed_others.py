"""Readers side by side: bytes → columns or points, each by its cheapest public way.

All of them get bytes that are in memory, and those of FIT check the checksum. What each gives is
the first line of its docstring.
"""

import importlib.util
import io
from collections.abc import Callable

Reader = Callable[[bytes], object]


def retrorun(data: bytes) -> object:
    """A Recording: columns in SI units, laps, pauses, headings."""
    from retrorun.readers import read
    from retrorun.settings import ReadLimits

    return read("bench", data, ReadLimits())


def fitparse(data: bytes) -> object:
    """A dictionary a record."""
    from fitparse import FitFile

    return [message.get_values() for message in FitFile(data).get_messages("record")]


def fitdecode(data: bytes) -> object:
    """A dictionary a record."""
    import fitdecode

    with fitdecode.FitReader(io.BytesIO(data)) as fit:
        return [
            {field.name: field.value for field in frame.fields}
            for frame in fit
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
        ]


def garmin_fit_sdk(data: bytes) -> object:
    """A dictionary a message."""
    from garmin_fit_sdk import Decoder, Stream

    decoder = Decoder(Stream.from_byte_array(bytearray(data)))
    return decoder.read(convert_types_to_strings=False, convert_datetimes_to_dates=False)


def gpxpy(data: bytes) -> object:
    """An object a point."""
    import gpxpy

    return gpxpy.parse(data.decode())


def tcxreader(data: bytes) -> object:
    """An object a point."""
    from tcxreader.tcxreader import TCXReader

    return TCXReader().read(io.BytesIO(data))


def activity_parser_fit(data: bytes) -> object:
    """Pandas tables of records and laps."""
    import activity_parser

    return activity_parser.parse_fit(io.BytesIO(data))


def activity_parser_gpx(data: bytes) -> object:
    """Pandas tables of records and laps."""
    import activity_parser

    return activity_parser.parse_gpx(io.BytesIO(data))


def activity_parser_tcx(data: bytes) -> object:
    """Pandas tables of records and laps."""
    import activity_parser

    return activity_parser.parse_tcx(io.BytesIO(data))


READERS: dict[str, dict[str, Reader]] = {
    "fit": {
        "retrorun": retrorun,
        "fitparse": fitparse,
        "fitdecode": fitdecode,
        "garmin-fit-sdk": garmin_fit_sdk,
        "activity-parser": activity_parser_fit,
    },
    "gpx": {"retrorun": retrorun, "gpxpy": gpxpy, "activity-parser": activity_parser_gpx},
    "tcx": {"retrorun": retrorun, "tcxreader": tcxreader, "activity-parser": activity_parser_tcx},
}


def readers(kind: str) -> dict[str, Reader]:
    """Who is compared on a format, by name, ours first; who is not installed is left out."""
    return {
        name: reader
        for name, reader in READERS[kind].items()
        if importlib.util.find_spec(name.replace("-", "_"))
    }
