"""Measure how well backward running is found, and write docs/accuracy.md.

``python benchmarks/accuracy.py [--legs simulated,real,forward,cost,null] [--check] [--update]
[--jobs 2] [--keep FOLDER]``

Without ``--check``, and with all legs and the real recordings at hand, the page and the published
figures are written. ``--update`` writes the sections and figures of some legs into those that are
published. Exit 1 when a figure misses its aim or, with ``--check``, what is published.
"""

import argparse
import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import accuracy_figures as figures
import accuracy_page as page
import accuracy_statistics as statistics
import adversary_page
from accuracy_aims import missed, worse
from accuracy_cost import cost_trial
from accuracy_judging import total
from accuracy_null import Matched, matched_trial
from accuracy_null_trends import NOISES, page_trial
from accuracy_trials import (
    deceived_trial,
    detection_seconds,
    forward_trials,
    runs_in,
    simulated_trial,
    stepping_trial,
    turned_trials,
)
from adversary import CONDITIONS
from adversary_cost import COST_CONDITIONS, attacked_cost_trial
from adversary_raw import RAW_CONDITIONS
from adversary_real import KINDS
from adversary_trials import Attacked, attacked_trial, learnt_trial, raw_trial, real_trial
from retrorun.model import Recording, Track
from retrorun.simulate import REPORTING_SEEDS, scenarios

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
PUBLISHED = ROOT / "benchmarks" / "accuracy.json"
PAGE = ROOT / "docs" / "accuracy.md"
BEFORE = ROOT / "benchmarks" / "adversary_before.json"
LEGS = ("adversary", "simulated", "real", "forward", "cost", "null")
ADVERSARY_SEEDS = range(90_000, 90_040)  # looked at by this command only
RAW_SEEDS = ADVERSARY_SEEDS
ADVERSARY_REAL_SEEDS = range(90_000, 90_002)
ATTACKED_COST_SEEDS = range(91_000, 91_100)
MATCHED_SEEDS, RAISED_SEEDS, RAISED_FACTOR = range(91_000, 91_400), range(91_000, 91_040), 1.2
PAGE_SEEDS, POWER_SEEDS = range(90_000, 90_400), range(90_000, 90_040)
POWER = ((20, 12.0), (60, 40.0))  # sessions, weeks
RISES = (2.0, 3.0, 4.0)
MATCHED_AT_ONCE = 50
COST_ATHLETES, COST_SESSIONS, TURNED_SEEDS, QUICK_SEEDS = 60, 10, 3, 2
STEP_RATIOS = (0.97, 1.0, 1.03, 1.05, 1.07, 1.1, 1.13)
QUICKER = (1.0, 1.04, 1.06, 1.08, 1.12)

Given = TypeVar("Given")
Found = TypeVar("Found")
Part = tuple[dict[str, float], str]


def main() -> int:
    """Run the legs that are asked for; 0 if all is well, 1 below an aim or what is published."""
    asked = _arguments()
    legs = asked.legs.split(",")
    published = json.loads(PUBLISHED.read_text()) if PUBLISHED.exists() else {}
    found, text = measured(legs, asked.jobs, asked.keep)
    print(text)
    lines = missed(found) + (worse(found, published.get("figures", {})) if asked.check else [])
    for line in lines:
        print("below:", line, file=sys.stderr)
    if asked.update:
        _update(found, text, published)
    elif not asked.check and set(legs) == set(LEGS) and CORPUS.is_dir():
        PAGE.write_text(text, encoding="utf-8")
        told = {"figures": found, "quick": quick()}
        PUBLISHED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        print("written:", PAGE.relative_to(ROOT), PUBLISHED.relative_to(ROOT))
    return 1 if lines else 0


def _update(found: dict[str, float], text: str, published: dict[str, dict[str, float]]) -> None:
    """Put the sections and figures of some legs into what is published."""
    figures_ = published.get("figures", {}) | found
    sections = text.partition("\n## Aims\n")[2].partition("\n## ")[2]
    page_text = statistics.updated(PAGE.read_text(encoding="utf-8"), "## " + sections, figures_)
    PAGE.write_text(page_text, encoding="utf-8")
    PUBLISHED.write_text(json.dumps(published | {"figures": figures_}, indent=1) + "\n")
    print("updated:", PAGE.relative_to(ROOT), PUBLISHED.relative_to(ROOT))


def measured(
    legs: Sequence[str], jobs: int, keep: Path | None = None
) -> tuple[dict[str, float], str]:
    """Figures and page of these legs; real recordings are passed over where there are none."""
    parts = {"simulated": _simulated, "real": _real, "forward": _forward}
    parts |= {"cost": _cost, "null": partial(_null, keep=keep)}
    found: dict[str, float] = {}
    text, weak = "", ""
    sessions: dict[str, list[Attacked]] = {}
    if "adversary" in legs:
        sessions = attack(jobs, keep)
        before = json.loads(BEFORE.read_text()) if BEFORE.exists() else {}
        found |= adversary_page.adversary_figures(sessions)
        text += "\n" + adversary_page.adversary_section(sessions, before)
    for leg in LEGS[1:]:
        if leg in legs and (leg in {"simulated", "cost", "null"} or CORPUS.is_dir()):
            numbers, section = _kept(leg, keep, partial(parts[leg], jobs))
            found |= numbers
            text += section
    found = figures.rounded(found)
    if sessions:
        weak = adversary_page.weak_section(found, sessions) + "\n"
    seeds = {"first": REPORTING_SEEDS[0], "last": REPORTING_SEEDS[-1]}
    return found, _first(seeds) + weak + page.aims_section(found) + text


def _first(seeds: dict[str, int]) -> str:
    return page.INTRODUCTION.format(**seeds) + "\n"


def attack(jobs: int, keep: Path | None = None) -> dict[str, list[Attacked]]:
    """Every adversarial condition: simulated, after labelled sessions, and on real tracks."""
    return {name: _kept(name, keep, partial(attacked, name, jobs)) for name in attacks()}


def attacks() -> list[str]:
    """The names of all conditions, in the order of the page."""
    names = [*CONDITIONS, *RAW_CONDITIONS, adversary_page.LEARNT, adversary_page.LEARNT_ANYBODY]
    return names + [adversary_page.REAL + kind for kind in KINDS if CORPUS.is_dir()]


def attacked(name: str, jobs: int) -> list[Attacked]:
    """The sessions of one adversarial condition, judged."""
    if name in CONDITIONS:
        return _mapped(attacked_trial, [(name, seed) for seed in ADVERSARY_SEEDS], jobs)
    if name in RAW_CONDITIONS:
        return _mapped(raw_trial, [(name, seed) for seed in RAW_SEEDS], jobs)
    if not name.startswith(adversary_page.REAL):
        anybody = name == adversary_page.LEARNT_ANYBODY
        return _mapped(learnt_trial, [(seed, anybody) for seed in ADVERSARY_SEEDS], jobs)
    kind = name.removeprefix(adversary_page.REAL)
    trials = [(*both, kind, seed) for both in _tracks() for seed in ADVERSARY_REAL_SEEDS]
    return _mapped(real_trial, trials, jobs)


@cache
def _tracks() -> list[tuple[Recording, Track]]:
    return [both for path in sorted(CORPUS.glob("*/*")) for both in runs_in(path)]


def _kept(name: str, keep: Path | None, work: Callable[[], Found]) -> Found:
    """The result of some work, from the folder where an interrupted run left it."""
    if keep is None:
        return work()
    kept = keep / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.pickle"
    if not kept.exists():
        keep.mkdir(parents=True, exist_ok=True)
        written = kept.with_suffix(f".{os.getpid()}")
        written.write_bytes(pickle.dumps(work()))
        written.replace(kept)
    found: Found = pickle.loads(kept.read_bytes())  # noqa: S301 - written here
    return found


def quick() -> dict[str, float]:
    """F1 of each scenario with backward movement on the first seeds: what the tests hold to."""
    found = {}
    for name in scenarios():
        sessions = [simulated_trial((name, seed)) for seed in REPORTING_SEEDS[:QUICK_SEEDS]]
        if any(each.backward_s for each in sessions):
            found[name] = total(sessions).f1
    return figures.rounded(found)


def _simulated(jobs: int) -> Part:
    trials = [(name, seed) for name in scenarios() for seed in REPORTING_SEEDS]
    sessions = _mapped(simulated_trial, trials, jobs)
    stepping = [
        (name, ratio, seed)
        for ratio in STEP_RATIOS
        for name in ("gait intervals", "intervals")
        for seed in REPORTING_SEEDS
    ]
    steps = _mapped(stepping_trial, stepping, jobs)
    deceiving = [
        (name, quicker, seed)
        for quicker in QUICKER
        for name in ("all forward", "disturbed forward")
        for seed in REPORTING_SEEDS
    ]
    deceived = _mapped(deceived_trial, deceiving, jobs)
    seconds, _ = detection_seconds()
    numbers = figures.simulated_figures(sessions) | figures.deceived_figures(deceived)
    text = "\n" + page.simulated_section(sessions) + page.steps_section(steps)
    return numbers | {"hour_ms": seconds * 1000.0}, text + page.deceived_section(deceived)


def _real(jobs: int) -> Part:
    files = sorted(CORPUS.glob("*/*"))
    trials = [(path, seed) for path in files for seed in REPORTING_SEEDS[:TURNED_SEEDS]]
    sessions = [one for found in _mapped(turned_trials, trials, jobs) for one in found]
    return figures.turned_figures(sessions), page.turned_section(sessions)


def _forward(jobs: int) -> Part:
    found = _mapped(forward_trials, sorted(CORPUS.glob("*/*")), jobs)
    sessions = [one for each in found for one in each]
    return figures.forward_figures(sessions), page.forward_section(sessions)


def _cost(jobs: int) -> Part:
    first = REPORTING_SEEDS[0]
    trials = [
        (first + athlete, session)
        for athlete in range(COST_ATHLETES)
        for session in range(COST_SESSIONS)
    ]
    costed = _mapped(cost_trial, trials, jobs)
    attacked = {
        name: _mapped(attacked_cost_trial, [(name, seed) for seed in ATTACKED_COST_SEEDS], jobs)
        for name in COST_CONDITIONS
    }
    numbers = figures.cost_figures(costed) | statistics.attacked_cost_figures(attacked)
    return numbers, page.cost_section(costed) + statistics.attacked_cost_section(attacked)


def _null(jobs: int, keep: Path | None = None) -> Part:
    pages = [(seed, name, 0.0, 0, 0.0) for name in NOISES for seed in PAGE_SEEDS]
    rising = [
        (seed, name, rise, count, weeks)
        for name in NOISES
        for count, weeks in POWER
        for rise in RISES
        for seed in POWER_SEEDS
    ]
    judged = _kept("pages", keep, lambda: _mapped(page_trial, pages, jobs))
    risen = _kept("rising pages", keep, lambda: _mapped(page_trial, rising, jobs))
    raised = _matched(RAISED_SEEDS, RAISED_FACTOR, jobs, keep)
    found = statistics.Nothing(_matched(MATCHED_SEEDS, 1.0, jobs, keep), raised, judged, risen)
    return statistics.null_figures(found), statistics.null_section(found)


def _matched(seeds: range, factor: float, jobs: int, keep: Path | None) -> list[Matched]:
    """Athletes of these seeds at a factor, fifty at a time."""
    found: list[Matched] = []
    for first in range(seeds.start, seeds.stop, MATCHED_AT_ONCE):
        trials = [(seed, factor) for seed in seeds if first <= seed < first + MATCHED_AT_ONCE]
        work = partial(_mapped, matched_trial, trials, jobs)
        found += _kept(f"matched {factor} {trials[0][0]} {len(trials)}", keep, work)
    return found


def _mapped(work: Callable[[Given], Found], trials: Sequence[Given], jobs: int) -> list[Found]:
    """The work on every trial, in order, by so many processes."""
    if jobs == 1:
        return [work(trial) for trial in trials]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(work, trials, chunksize=4))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--legs", default=",".join(LEGS), help="which, separated by commas")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if worse")
    words = "write these legs' sections and figures into the published ones"
    parser.add_argument("--update", action="store_true", help=words)
    parser.add_argument("--keep", type=Path, help="folder in which an interrupted run goes on")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
