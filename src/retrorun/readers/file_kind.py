"""What kind of file some bytes are, by what they hold and not by their name."""

import re
from typing import Literal

from retrorun.readers.xml.document import head_of

Kind = Literal["fit", "gpx", "tcx", "gzip", "zip", "xml", "csv", "empty", "unknown"]

_HEAD = 4096
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(gpx|TrainingCenterDatabase|Activities)[\s>/]")
_ANY_ROOT = re.compile(rb"^\s*<[\w!?]")


def sniff(data: bytes) -> Kind:
    """The kind of a file by its first bytes."""
    if not data.strip():
        return "empty"
    if data[:2] == b"\x1f\x8b":
        return "gzip"
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if data[8:12] == b".FIT":
        return "fit"
    return _text_kind(head_of(data, _HEAD))


def _text_kind(head: bytes) -> Kind:
    found = _ROOT.search(head)
    if found:
        return "gpx" if found[1] == b"gpx" else "tcx"
    if _ANY_ROOT.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "xml"
    return "unknown"
