"""The page about pandas and plotly: its code runs, prints what stands there, and is right."""

import json
from pathlib import Path
from typing import Any

import pytest

import python_page

ROOT = Path(__file__).resolve().parents[1]
UNFOUND = {
    *("2026-05-17-osmtracker.gpx", "2026-05-21-watch.tcx"),
    *("2026-05-26-laps.fit", "2026-06-04-gpslogger.gpx"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any], Path]:
    """The page as it prints itself, the names of its code, and the folder in which it ran."""
    folder = tmp_path_factory.mktemp("page")
    names: dict[str, Any] = {}
    page = python_page.PAGE.read_text(encoding="utf-8")
    with python_page.beside_a_demo(folder):
        return python_page.printed(page, names), names, folder


def test_the_page_prints_what_stands_there(run: tuple[str, dict[str, Any], Path]) -> None:
    printed, _, _ = run
    assert printed == python_page.PAGE.read_text(encoding="utf-8")


def test_what_it_adds_up_is_what_truly_happened(run: tuple[str, dict[str, Any], Path]) -> None:
    _, names, _ = run
    backward = names["backward"].groupby("session")["duration_s"].sum()
    found = names["sessions"].set_index("session")["source"].map(str).to_dict()
    for session, name in found.items():
        truth = json.loads((ROOT / "sample_data" / f"{name}.truth.json").read_bytes())
        # a phone that counts no steps, a watch alone, laps without words, and a course that is
        # no heading: candidates at most
        expected_s = 0.0 if name in UNFOUND else truth["backward_s"]
        assert backward.get(session, 0.0) == pytest.approx(expected_s, abs=20), name


def test_the_weeks_add_up_to_the_whole(run: tuple[str, dict[str, Any], Path]) -> None:
    _, names, _ = run
    assert names["weekly"].sum() == pytest.approx(names["backward"]["moving_s"].sum() / 60)


def test_the_chart_needs_no_network(run: tuple[str, dict[str, Any], Path]) -> None:
    _, names, folder = run
    html = (folder / "speed-and-steps.html").read_text(encoding="utf-8")
    assert (folder / "plotly.min.js").stat().st_size > 1e6
    assert 'src="plotly.min.js"' in html
    assert '<script src="http' not in html
    shown = sum(len(trace.x) for trace in names["chart"].data)
    assert shown == len(names["running"]) > 50


def test_the_track_has_a_row_a_second(run: tuple[str, dict[str, Any], Path]) -> None:
    _, names, _ = run
    assert len(names["track"]) == names["sessions"]["duration_s"].iloc[0]


def test_a_page_whose_code_prints_something_else_is_seen() -> None:
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    assert python_page.printed(page) == page.replace("3", "2")
