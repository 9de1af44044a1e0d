"""Make the checkout a release: the version in the package, and its section in the changes.

``python benchmarks/release.py 1.2.3`` sets ``__version__`` and puts what stands under *Unreleased*
in CHANGELOG.md below a heading with version and day. ``make release VERSION=1.2.3`` then builds and
tries both packages. Nothing is committed and nothing is sent anywhere.
"""

import datetime as dt
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "retrorun" / "__init__.py"
CHANGES = ROOT / "CHANGELOG.md"
NEXT = "## Unreleased\n"
VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)


def numbers(version: str) -> tuple[int, ...]:
    """The three numbers of a version.

    Raises:
        SystemExit: it has others than three numbers.
    """
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version, re.ASCII):
        raise SystemExit(f"{version!r} is no version of three numbers, such as 1.2.3")
    return tuple(int(each) for each in version.split("."))


def with_section(changes: str, version: str, day: dt.date) -> str:
    """The changes, with what was unreleased under the version, and nothing unreleased.

    Raises:
        SystemExit: nothing is unreleased, or the version has a section already.
    """
    before, heading, after = changes.partition(NEXT)
    body, mark, earlier = after.partition("\n## ")
    if not heading or not body.strip():
        raise SystemExit("CHANGELOG.md has nothing under Unreleased")
    if re.search(rf"^## {re.escape(version)} ", changes, re.MULTILINE):
        raise SystemExit(f"CHANGELOG.md has a section of {version} already")
    return f"{before}{NEXT}\n## {version} ({day})\n{body}{mark}{earlier}"


def with_version(source: str, version: str) -> str:
    """The package's first module with another version.

    Raises:
        SystemExit: the version is not later than the one there.
    """
    found = VERSION.search(source)
    if found is None:
        raise SystemExit("the package has no __version__")
    # a first release may be of the version that the checkout has had
    if numbers(version) < numbers(found[1]):
        raise SystemExit(f"{version} is before {found[1]}")
    return source[: found.start(1)] + version + source[found.end(1) :]


def main(version: str) -> None:
    """Write both files, or none."""
    numbers(version)
    source = with_version(PACKAGE.read_text("utf-8"), version)
    changes = with_section(CHANGES.read_text("utf-8"), version, dt.datetime.now(tz=dt.UTC).date())
    PACKAGE.write_text(source, encoding="utf-8", newline="\n")
    CHANGES.write_text(changes, encoding="utf-8", newline="\n")
    print(f"this is {version}: look at CHANGELOG.md, commit and tag it")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
