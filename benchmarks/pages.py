"""How quickly session pages are rendered, and how soon the first lane stands in a browser.

The browser's figure is a ratio to a plain plotly page with the same lines, the two opened in turn.
Run from the project's root: python benchmarks/pages.py
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "report"))
import hand_made_sessions

from retrorun.report import SessionContext, session_page
from retrorun.report.page import Site, asset_names

ROUNDS = 40
VISITS = 9
FIRST_LINE = """() => new Promise(done => {
  const look = () => document.querySelector('#part-lanes .line, #lanes .scatterlayer .js-line')
    ? done(performance.now()) : requestAnimationFrame(look);
  look();
})"""
PLAIN = """<!doctype html><meta charset="utf-8"><title>plain</title><div id="lanes"></div>
<script src="../assets/{plotly}"></script><script type="application/json" id="d">{figure}</script>
<script>const lines = JSON.parse(document.getElementById('d').textContent).lines;
Plotly.newPlot('lanes', lines.map((line, i) => ({{
  type: 'scatter', mode: 'lines', x0: 0, dx: line.dx, y: line.y, yaxis: `y${{i + 1}}` }})),
  {{ grid: {{ rows: lines.length, columns: 1 }} }});</script>"""


def rendering() -> tuple[float, int]:
    """Milliseconds of processor time a page, and its bytes."""
    session, track = hand_made_sessions.session(), hand_made_sessions.track(hand_made_sessions.HOUR)
    html = session_page(session, track, SessionContext())
    begin = time.process_time()
    for _ in range(ROUNDS):
        session_page(session, track, SessionContext())
    return 1000 * (time.process_time() - begin) / ROUNDS, len(html.encode())


def first_lane_ms(browser: Browser, url: str) -> float:
    """From navigation to the first drawn line."""
    page = browser.new_page()
    page.goto(url, wait_until="commit")
    took = float(page.evaluate(FIRST_LINE))
    page.close()
    return took


def opening(folder: Path, chromium: str) -> tuple[float, float]:
    """Median milliseconds to the first lane: our page, and the plain one."""
    html = session_page(
        hand_made_sessions.session(),
        hand_made_sessions.track(hand_made_sessions.HOUR),
        SessionContext(),
    )
    figure = html.split('id="session-data">')[1].split("</script>")[0]
    site = Site(folder)
    site.ensure_assets()
    site.write("sessions/ours.html", html)
    plain = PLAIN.format(plotly=asset_names()["plotly"], figure=figure)
    site.write("sessions/plain.html", plain)
    urls = [(folder / "sessions" / f"{name}.html").as_uri() for name in ("ours", "plain")]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        times = [[first_lane_ms(browser, url) for url in urls] for _ in range(VISITS)]
        browser.close()
    ours, others = zip(*times, strict=True)
    return statistics.median(ours), statistics.median(others)


def main() -> None:
    """Print the figures."""
    took_ms, size = rendering()
    print(f"rendering: {took_ms:.1f} ms of one core a one-hour page, {size / 1000:.0f} kB")
    chromium = shutil.which("chromium")
    if chromium is None:
        print("first lane: not measured, Chromium is missing")
        return
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = opening(Path(folder), chromium)
    print(f"first lane: {ours:.0f} ms, plain plotly page {plain:.0f} ms, ratio {ours / plain:.2f}")


if __name__ == "__main__":
    main()
