"""How quick the live pages are, in a real browser: an answer, a dropped file, and memory at rest.

    python benchmarks/speed_review.py --sessions 1000 --folder .bench

The server is the command ``retrorun open`` over an archive of that many imported hours. Half of
them have no compass: their backward stretches are candidates by gait, and those are answered.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

import headless_browser
import speed_archives
import speed_material
from speed_clock import RETRORUN, environment, program
from speed_rows import Row, at_most

ANSWERS = 50
NOTE = [
    "`retrorun open` over an archive of imported hours, in Chromium, headless. An answer is timed",
    "in the page: from the click on “Yes, backward” until the page shows the session's new",
    "numbers; the answer is on the disk by then. At rest: no page open, after the worker",
    "processes have ended; the memory of all processes of the server together (PSS, Linux).",
    "",
]
# clicks the first candidate's "Yes", and resolves when the tiles have changed
_CLICK = """() => new Promise((done) => {
  const tiles = document.getElementById("part-tiles"), before = tiles.textContent;
  const began = performance.now();
  const watching = new MutationObserver(() => {
    if (tiles.textContent !== before) { watching.disconnect(); done(performance.now() - began); }
  });
  watching.observe(tiles, { childList: true, subtree: true, characterData: true });
  document.querySelector("#part-stretches [data-answer=accept]").click();
})"""
_QUEUE = "() => fetch('/api/inbox').then((answer) => answer.json()).then((found) => found.queue)"
_IS_FRESH = "() => fetch('/api/inbox').then((a) => a.json()).then((found) => found.fresh)"
_HAS_PAGE = "(id) => fetch(`/sessions/${id}`).then((answer) => answer.ok)"
# resolves with the id of the session that the next file becomes
_NEXT_FILE = """() => { window.nextFile = new Promise((done) => {
  window.retrorun.on("file", (found) => done(found.session));
}); }"""


@contextmanager
def opened(archive: Path, reports: Path, folder: Path) -> Iterator[tuple[int, str]]:
    """The server as a program: its process, and its address."""
    places = ["--archive", str(archive), "--reports", str(reports), "--folder", str(folder)]
    command = [RETRORUN, "open", "--no-browser", "--port", "0", *places]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment(),
    ) as running:
        try:
            if running.stdout is None:
                raise RuntimeError("it has no output")
            yield running.pid, running.stdout.readline().strip()
        finally:
            running.terminate()


def memory_mb(process: int) -> float:
    """The memory of a process and all that it has started, what they share counted once."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    own = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    threads = Path(f"/proc/{process}/task").iterdir()
    children = " ".join((each / "children").read_text(encoding="ascii") for each in threads)
    return own / 1024 + sum(memory_mb(int(each)) for each in children.split())


def reviewing(folder: Path, count: int, exports: Path | None = None) -> Iterator[Row]:
    """An answer, a dropped file and the memory at rest, with so many sessions.

    Args:
        folder: to work in.
        count: sessions.
        exports: their files, if they are there already.
    """
    exports = exports or folder / "review"
    speed_material.write(exports, count)
    archive, reports = folder / "archive-review", folder / "reports-review"
    places = ["--archive", str(archive), "--reports", str(reports)]
    profile = speed_archives.profile(folder / "profile.toml")
    program([RETRORUN, "process", str(exports), *places, "--profile", str(profile)])
    dropped = folder / "dropped"
    shutil.rmtree(dropped, ignore_errors=True)  # a file that is there already is no new one
    dropped.mkdir()
    with opened(archive, reports, dropped) as (process, address), sync_playwright() as playwright:
        time.sleep(5)
        yield at_most(
            f"memory at rest, {count} sessions, no page opened", memory_mb(process), 150, "MB"
        )
        browser = headless_browser.launch(playwright)
        page = browser.new_page()
        page.goto(address)
        yield from _answers(page, address.partition("/?")[0], count)
        yield from _drop(page, address.partition("/?")[0], folder, count)
        yield Row("memory with a page open and workers ready", f"{memory_mb(process):.0f} MB")
        browser.close()
        time.sleep(40)
        yield at_most("memory at rest, after all of this", memory_mb(process), 150, "MB")


def _answers(page: Page, site: str, count: int) -> Iterator[Row]:
    queue = page.evaluate(_QUEUE)
    sessions = list(dict.fromkeys(each["session"] for each in queue))
    taken_ms: list[float] = []
    for session in sessions:
        page.goto(f"{site}/sessions/{session}")
        page.wait_for_timeout(1500)  # whoever answers has looked at it first
        # The material holds several bodies: what one teaches can leave nothing to ask of another,
        # until more was learnt.
        while len(taken_ms) < ANSWERS and page.locator("[data-answer=accept]").count():
            taken_ms.append(page.evaluate(_CLICK))
        if len(taken_ms) >= ANSWERS:
            break
    text = f"answer → new numbers, {count} sessions, median of {len(taken_ms)}"
    yield at_most(text, statistics.median(taken_ms) / 1000, 0.5, "s")
    yield Row("… nine in ten within", f"{sorted(taken_ms)[int(0.9 * len(taken_ms))] / 1000:.2f} s")
    began_s = time.monotonic()
    while not page.evaluate(_IS_FRESH):
        time.sleep(0.1)
    text = "… until what was learnt, other sessions and the comparison have followed"
    yield Row(text, f"{time.monotonic() - began_s:.1f} s")


def _drop(page: Page, site: str, folder: Path, count: int) -> Iterator[Row]:
    late = speed_material.late(folder / "late.fit", count + 50)
    page.goto(f"{site}/")
    page.wait_for_timeout(2000)
    page.evaluate(_NEXT_FILE)
    began_s = time.monotonic()
    page.set_input_files("#exports", str(late))
    session = page.evaluate("() => window.nextFile")
    page.evaluate(_HAS_PAGE, session)
    took_s = time.monotonic() - began_s
    yield at_most("a dropped file of an hour → its page", took_s, 2, "s")


def main() -> int:
    """Measure and print; 1 if an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--folder", type=Path, default=Path(".bench"))
    chosen = parser.parse_args()
    chosen.folder.mkdir(exist_ok=True, parents=True)
    missed = 0
    for row in reviewing(chosen.folder, chosen.sessions):
        print(f"{row.what}: {row.value} {row.aim} {row.met}", flush=True)
        missed += row.met is False
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
