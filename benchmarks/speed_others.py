"""What other libraries need only to decode the same files."""

from pathlib import Path

from retrorun import readers
from retrorun.settings import ReadLimits


def retrorun_read(path: Path) -> object:
    """Into a Recording: units, laps, pauses, headings and all."""
    return readers.read(path.name, path.read_bytes(), ReadLimits())


def fitparse_decode(path: Path) -> object:
    """Every record message as a dictionary."""
    from fitparse import FitFile

    with FitFile(str(path)) as fit:
        return [message.get_values() for message in fit.get_messages("record")]


def fitdecode_decode(path: Path) -> object:
    """Every frame, with its fields' values."""
    import fitdecode

    with fitdecode.FitReader(str(path)) as fit:
        return [
            {field.name: field.value for field in frame.fields}
            for frame in fit
            if isinstance(frame, fitdecode.FitDataMessage) and frame.name == "record"
        ]


def garmin_decode(path: Path) -> object:
    """Everything, by Garmin's own software development kit."""
    from garmin_fit_sdk import Decoder, Stream

    return Decoder(Stream.from_byte_array(bytearray(path.read_bytes()))).read()


def gpxpy_decode(path: Path) -> object:
    """Into gpxpy's objects."""
    import gpxpy

    return gpxpy.parse(path.read_text(encoding="utf-8"))


FIT = {
    "fitparse": fitparse_decode,
    "fitdecode": fitdecode_decode,
    "garmin-fit-sdk": garmin_decode,
}
