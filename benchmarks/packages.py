"""Build the wheel and the source distribution, look whether they are whole, and try them.

``python benchmarks/packages.py build`` writes both into ``dist``, the wheel made from the source
distribution, and checks what is in them. ``python benchmarks/packages.py try`` does the same, then
installs the wheel into an empty environment, runs the commands of a newcomer there, and does
``make demo`` and some of the tests from the unpacked source distribution.
"""

import argparse
import http.cookiejar
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from email.message import Message
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
SOURCES = "src/retrorun/"
MADE = {"PKG-INFO"}  # by the build, in the source distribution
LINK = re.compile(r"\]\((?![a-z]+://)[^)]*\)")
ASKED_FOR = ("fitparse", "gpxpy", "pandas", "plotly", "click")
# not in a bare environment
EXTRAS = ("dask", "distributed", "fsspec", "s3fs", "resvg_py", "mkdocs", "pytest")
FROM_SOURCE = ("test_docs.py", "test_layers.py", "test_layout.py", "test_contract.py")
TIMEOUT_S = 600.0


def build(folder: Path) -> tuple[Path, Path]:
    """Build both from the checkout; return the wheel and the source distribution."""
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder], ROOT)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def faults(wheel: Path, sdist: Path, kept: Iterable[str] | None) -> list[str]:
    """What is missing in the packages, or should not be there.

    Args:
        wheel: a built wheel.
        sdist: the source distribution.
        kept: the files that git keeps; None where that is not known.
    """
    in_wheel, in_sdist = wheel_files(wheel), sdist_files(sdist)
    wanted = {each for each in in_sdist if each.startswith(SOURCES)}
    modules = {f"src/{each}" for each in in_wheel if each.startswith("retrorun/")}
    found = differences("wheel", modules, wanted)
    if kept is not None:
        found += differences("source distribution", in_sdist - MADE, set(kept))
    return found + metadata_faults(metadata(wheel))


def differences(what: str, have: set[str], want: set[str]) -> list[str]:
    """A sentence for each file that is missing, or is too many."""
    missing = [f"the {what} lacks {each}" for each in sorted(want - have)]
    return missing + [f"the {what} holds {each}" for each in sorted(have - want)]


def wheel_files(wheel: Path) -> set[str]:
    """Names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def sdist_files(sdist: Path) -> set[str]:
    """Names of the files in a source distribution, below its only folder."""
    with tarfile.open(sdist) as archive:
        names = [PurePosixPath(each.name) for each in archive if each.isfile()]
    return {"/".join(each.parts[1:]) for each in names}


def metadata(wheel: Path) -> Message:
    """The wheel's metadata; its body is the description."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name))


def metadata_faults(given: Message) -> list[str]:
    """What a package index would refuse or show badly."""
    text = given.get_payload(decode=True)
    description = text.decode() if isinstance(text, bytes) else ""
    found = [f"the description links to {each}" for each in LINK.findall(description)]
    fields = ("Name", "Version", "Summary", "Requires-Python", "License-Expression", "License-File")
    found += [f"the metadata lacks {each}" for each in fields if not given.get(each)]
    if not description.startswith("# retrorun"):
        found.append("the description is not the README")
    if given.get("Description-Content-Type") != "text/markdown":
        found.append("the description is not called Markdown")
    addresses = [each.partition(",")[2].strip() for each in given.get_all("Project-URL") or ()]
    return found + [f"no address: {each}" for each in addresses if "://" not in each]


def kept_by_git() -> list[str] | None:
    """The files that git keeps; None where this is no git checkout."""
    if not (ROOT / ".git").exists():
        return None
    found = run(["git", "ls-files"], ROOT).splitlines()
    return [each for each in found if (ROOT / each).exists()]


def try_wheel(wheel: Path, place: Path) -> Path:
    """Install the wheel into an empty environment and use it; return the environment."""
    home = place / "environment"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"]
    run([*pip, wheel], place)
    installed = {each["name"].lower() for each in pip_list(python, place)}
    demand(not installed & set(EXTRAS), f"installed: {sorted(installed & set(EXTRAS))}")
    run([python, "-c", "import retrorun, " + ", ".join(ASKED_FOR)], place)
    try_commands(home / "bin" / "retrorun", place)
    return home


def pip_list(python: Path, place: Path) -> list[dict[str, str]]:
    """What is installed in an environment."""
    found: list[dict[str, str]] = json.loads(
        run([python, "-m", "pip", "list", "--format", "json"], place)
    )
    return found


def try_commands(retrorun: Path, place: Path) -> None:
    """What a newcomer types, far from any checkout, and what an extra is asked for."""
    run([retrorun, "--version"], place)
    shown = run([retrorun, "demo", "demo", "--no-browser"], place)
    demand("connect-iq.fit" in shown, shown)
    exports, kept = place / "demo" / "exports", place / "demo" / "archive"
    one = exports / "2026-05-12-workout.fit"
    document = json.loads(run([retrorun, "analyze", "--json", one], place))
    demand(document["sessions"][0]["totals"]["backward"]["seconds"] > 0, str(document))
    mine = ["--archive", place / "mine", "--reports", place / "pages"]
    run([retrorun, "process", one, *mine], place)
    demand((place / "pages" / "index.html").exists(), "no page was written")
    try_open(retrorun, kept, place)
    out = ["--out", place / "results"]
    for words, extra in (
        (["cohort", "process", exports, *out, "--engine", "dask"], "retrorun[cluster]"),
        (["cohort", "process", "s3://bucket/exports", *out], "retrorun[cluster]"),
    ):
        found = run([retrorun, *words], place, status=1)
        demand(extra in found and "Traceback" not in found, found)


def try_open(retrorun: Path, archive: Path, place: Path) -> None:
    """Serve the pages, fetch the first one, and stop."""
    words = [retrorun, "open", "--no-browser", "--port", "0", "--archive", archive]
    with subprocess.Popen(  # noqa: S603 - our own
        [str(each) for each in words],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    ) as server:
        address = server.stdout.readline().strip() if server.stdout else ""
        try:
            jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)
            with direct.open(address, timeout=60) as page:
                demand(b"<title" in page.read(), f"{address} is no page")
        finally:
            server.terminate()
        demand(server.wait(60) == 0, f"open ended with {server.returncode}")


def try_sdist(sdist: Path, place: Path, home: Path) -> None:
    """``make demo`` and some of the tests, from the unpacked source distribution.

    Args:
        sdist: the source distribution.
        place: an empty folder.
        home: an environment with what retrorun needs; afterwards it has the unpacked one.
    """
    with tarfile.open(sdist) as archive:
        archive.extractall(place, filter="data")
    (unpacked,) = place.iterdir()
    run(["make", "demo", f"VENV={home}"], unpacked)
    demand((unpacked / "reports" / "index.html").exists(), "no page was written")
    quick = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    ours = {"PYTHONPATH": str(unpacked / "src")}
    run([*quick, "--collect-only"], unpacked, more=ours)
    run([*quick, *(f"tests/{each}" for each in FROM_SOURCE)], unpacked, more=ours)


def demand(holds: bool, words: str) -> None:  # noqa: FBT001 - a condition
    """End with these words unless it holds."""
    if not holds:
        raise SystemExit(words[-4000:])


def run(
    words: Sequence[object], place: Path, *, status: int = 0, more: dict[str, str] | None = None
) -> str:
    """Run a command and return what it prints.

    Raises:
        SystemExit: it ended with another status; its last lines are printed.
    """
    command = [str(each) for each in words]
    began_s = time.monotonic()
    done = subprocess.run(  # noqa: S603 - our own
        command,
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        env=environment() | (more or {}),
        check=False,
    )
    print(f"{time.monotonic() - began_s:6.1f} s  {' '.join(brief(command))[:150]}", flush=True)
    if done.returncode != status:
        raise SystemExit(f"exit {done.returncode}, not {status}\n{done.stdout[-4000:]}")
    return done.stdout


def brief(command: Sequence[str]) -> Iterator[str]:
    """The words of a command, paths by their last part."""
    yield from (each.rsplit("/", 1)[-1] if each.startswith("/") else each for each in command)


def environment() -> dict[str, str]:
    """The environment without what points at a checkout or at somebody's archive."""
    left_out = {"PYTHONPATH", "VIRTUAL_ENV", "RETRORUN_ARCHIVE", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def main() -> None:
    """Build; try as well if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["build", "try"])
    parser.add_argument("--folder", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    wheel, sdist = build(options.folder)
    found = faults(wheel, sdist, kept_by_git())
    if found:
        raise SystemExit("\n".join(found))
    for package in (wheel, sdist):
        print(f"{package.name}: {package.stat().st_size / 1e6:.2f} MB")
    if options.what == "try":
        with tempfile.TemporaryDirectory() as folder:
            places = [Path(folder, name) for name in ("wheel", "sdist")]
            for place in places:
                place.mkdir()
            home = try_wheel(wheel, places[0])
            try_sdist(sdist, places[1], home)
        print("the wheel and the source distribution work")


if __name__ == "__main__":
    main()
