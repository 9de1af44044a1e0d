"""What each dependency weighs: its files on disk, and the processor time of its import.

``python benchmarks/dependency_weights.py`` prints the table of docs/architecture.md. Megabytes are
those of the files that the distribution's own record names; what it brings along is a row of its
own. Time is the least of seven fresh interpreters, without what an empty one takes, and includes
everything that the module imports, such as numpy within pandas.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

ROUNDS = 7
# distribution: the module that retrorun imports of it
MODULES = {
    "click": "click",
    "gpxpy": "gpxpy.gpx",
    "jinja2": "jinja2",
    "lxml": "lxml.etree",
    "msgspec": "msgspec",
    "numpy": "numpy",
    "pandas": "pandas",
    "platformdirs": "platformdirs",
    "plotly": "plotly.offline",
    "pyarrow": "pyarrow.parquet",
    "pygeomag": "pygeomag",
    "python-fitparse": "fitparse.base",
    "python-multipart": "python_multipart",
    "rich": "rich.table",
    "starlette": "starlette.applications",
    "tzfpy": "tzfpy",
    "uvicorn": "uvicorn",
    "watchfiles": "watchfiles",
    "markupsafe": "markupsafe",
    "dask": "dask",
    "distributed": "distributed",
    "fsspec": "fsspec",
    "s3fs": "s3fs",
    "resvg-py": "resvg_py",
    "vqf": "vqf",
}
EXTRA = ("dask", "distributed", "fsspec", "s3fs", "resvg-py", "vqf")  # [cluster], [picture], [raw]


def base() -> list[str]:
    """The distributions that retrorun needs everywhere, without what they bring along."""
    return sorted(name for name, marker in requirements() if not marker)


def requirements() -> Iterator[tuple[str, str]]:
    """Name and marker of each requirement of retrorun."""
    for each in metadata.requires("retrorun") or ():
        text, _, marker = each.partition(";")
        found = re.match(r"[\w-]+", text)
        if found:
            yield found[0].lower(), marker.strip()


def brought_along(names: list[str]) -> list[str]:
    """What these need in turn, on this machine, without themselves."""
    found, left = set(names), list(names)
    while left:
        for each in metadata.requires(left.pop()) or ():
            name = re.split(r"[^\w-]", each)[0].lower()
            if "extra ==" in each or name in found or not is_installed(name):
                continue
            found.add(name)
            left.append(name)
    return sorted(found - set(names))


def is_installed(name: str) -> bool:
    """Whether a distribution is here."""
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def megabytes(name: str) -> float:
    """The files of a distribution on disk, compiled Python left out."""
    files = metadata.files(name) or []
    paths = [Path(str(each.locate())) for each in files if not str(each).endswith(".pyc")]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def cpu_s(code: str) -> float:
    """Processor time of a fresh interpreter that runs this."""
    timed = f"import time\n{code}\nprint(time.process_time())"
    command = [sys.executable, "-c", timed]
    return min(
        float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)  # noqa: S603 - our own
        for _ in range(ROUNDS)
    )


def rows(names: list[str]) -> Iterator[str]:
    """One row of the table a distribution."""
    empty_s = cpu_s("")
    for name in names:
        module = MODULES[name]
        took_ms = max(0.0, cpu_s(f"import {module}") - empty_s) * 1000
        yield f"| `{name}` | {megabytes(name):.1f} | {took_ms:.0f} |"


def main() -> None:
    """Print the table."""
    print("| distribution | MB on disk | ms of import |\n|---|---|---|")
    for row in rows(base()):
        print(row)
    others = brought_along(base())
    print(f"| what these bring along | {sum(map(megabytes, others)):.1f} | |")
    for row in rows(list(EXTRA)):
        print(row.replace("` |", "` (extra) |", 1))
    along = [each for each in brought_along([*base(), *EXTRA]) if each not in others]
    print(f"| what the extra brings along | {sum(map(megabytes, along)):.1f} | |")


if __name__ == "__main__":
    main()
