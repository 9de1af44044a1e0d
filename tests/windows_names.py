"""Names that Windows does not let a file have, as Python knows them."""

import ntpath
import re
import sys
from pathlib import PureWindowsPath

_FORBIDDEN = re.compile(r'[\x00-\x1f"*/:<>?|\\]|[. ]$')


def is_reserved(name: str) -> bool:
    """Whether Windows reserves the name of a file or folder, or changes it."""
    if sys.version_info >= (3, 13):
        return bool(ntpath.isreserved(name))
    return PureWindowsPath(name).is_reserved() or _FORBIDDEN.search(name) is not None
