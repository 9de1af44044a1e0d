"""The tables of docs/accuracy.md."""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from accuracy_aims import AIMS
from accuracy_cost import Costed
from accuracy_figures import (
    by_group,
    confirmed_f1_of,
    covers,
    error,
    f1_of,
    oracle_of,
    ten_sessions,
    unlabelled,
)
from accuracy_judging import (
    Judged,
    bootstrap,
    calibration_error,
    pooled,
    stretch_rows,
    wilson,
)

INTRODUCTION = """\
# How good is it?

Written by `make accuracy` (`benchmarks/accuracy.py`); nothing here is typed by hand. F1 is per
second while moving; every stretch called backward counts as found, "confirmed F1" counts only
what is confirmed or labelled (candidates stay out of totals). "Told" is a detector that is told
mount, drift, noise, the athlete's lines of step rate and how often direction changes: what there
is to get from the same data. Intervals are 95 %: by drawing sessions anew (bootstrap) for F1,
Wilson's for shares. Seeds {first} to {last} are reported; detection was tuned on others
(`retrorun.simulate.scenarios`).

**Not tested on people.** No public data set holds labelled backward running from a watch. What
stands here rests on simulated bodies and watches, on real forward tracks with a synthetic compass,
and on real forward runs. The simulator was written from published step rates, oxygen costs and
error sizes; if real backward running differs from them, these figures do not show it. Gait alone
is the weakest part for that reason, and is never more than a candidate. Nobody's own recording
has confirmed a cost factor either: the table below shows that the method finds what was put in.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def aims_section(figures: Mapping[str, float]) -> str:
    """Every aim beside what was found."""
    rows = []
    for aim in AIMS:
        value = figures.get(aim.figure)
        sign = "≤" if aim.at_most else "≥"
        word = "not run" if value is None else ("met" if aim.met(value) else "**not met**")
        rows.append((aim.words, f"{sign} {aim.bound:g}", _number(value), word))
    text = "## Aims\n\n" + table(("figure", "aim", "found", ""), rows)
    if "heading_confirmed_f1_mean" in figures:
        text += (
            "\nCounting only what is confirmed, F1 with a heading is "
            f"{figures['heading_confirmed_f1_mean']:.3f} in the mean over scenarios: a recording "
            "that is backward from end to end stays a candidate unless the profile states how "
            "the device is worn.\n"
        )
    return text


def simulated_section(sessions: Sequence[Judged]) -> str:
    """The simulator's scenarios, a table a tier."""
    words = {
        "heading": "a compass for all of the session",
        "part": "a compass for half of it",
        "labelled": "no compass; workout steps or lap names",
        "gait": "no compass, or one that is none: never more than candidates",
    }
    text = "## 1. Simulated sessions\n"
    for tier, meaning in words.items():
        groups = by_group(each for each in sessions if each.tier == tier)
        text += f"\n### {tier.capitalize()}: {meaning}\n\n"
        text += table(
            (
                *("scenario", "sessions", "backward min", "F1", "95 %", "confirmed F1", "told"),
                *("boundary median / p95, s", "missed", "falsely confirmed s", "candidate s"),
            ),
            (_scenario_row(name, found) for name, found in groups.items()),
        )
    return text + "\n" + calibration_section(sessions)


def _scenario_row(name: str, found: list[Judged]) -> tuple[object, ...]:
    backward_s = sum(each.backward_s for each in found)
    errors = [error for each in found for error in each.boundary_errors_s]
    told = oracle_of(found)
    low, high = bootstrap(found, f1_of) if backward_s else (math.nan, math.nan)
    return (
        *(name, len(found), f"{backward_s / 60:.0f}"),
        f"{f1_of(found):.3f}" if backward_s else "none to find",
        f"{low:.3f}-{high:.3f}" if backward_s else "",
        f"{confirmed_f1_of(found):.3f}" if backward_s and found[0].tier != "gait" else "",
        f"{told.f1:.3f}" if told else "",
        f"{np.median(errors):.1f} / {np.percentile(errors, 95):.1f}" if errors else "",
        sum(each.boundaries_missed for each in found),
        sum(each.confirmed_false_s for each in found),
        sum(each.candidate_s for each in found),
    )


def calibration_section(sessions: Sequence[Judged]) -> str:
    """Do probabilities mean what they say?"""
    text = "### Calibration\n\nSeconds, moving, all scenarios but labelled ones:\n\n"
    rows = pooled(unlabelled(sessions))
    text += _reliability(rows, "truly backward")
    for verdict in ("confirmed", "candidate"):
        found = [one for each in sessions for one in each.stretches if one[0] == verdict]
        text += f"\nBackward segments, {verdict}:\n\n"
        text += _reliability(stretch_rows(found), "real")
    return text


def _reliability(rows: Sequence[tuple[float, float, float]], word: str) -> str:
    lines = [
        (
            f"{place / 10:.1f}-{(place + 1) / 10:.1f}",
            f"{count:.0f}",
            f"{chance / count:.3f}",
            f"{real / count:.3f}",
            "{:.3f}-{:.3f}".format(*wilson(round(real), round(count))),
        )
        for place, (count, chance, real) in enumerate(rows)
        if count
    ]
    head = ("probability", "count", "mean", word, "95 % (as if independent)")
    return table(head, lines) + f"\nExpected calibration error {calibration_error(rows):.3f}.\n"


def turned_section(sessions: Sequence[Judged]) -> str:
    """Real forward tracks with a synthetic compass."""
    text = "\n## 2. Real forward runs with a synthetic compass, turned about in known windows\n\n"
    text += (
        "Positions and their noise are real; the windows are stretched in time, to 0.72 ± 0.11 of "
    )
    text += "the speed, with 1.22 ± 0.12 times the step rate at that speed.\n\n"
    groups = by_group(sessions)
    for key in ("gait", "prior"):
        found = [each for each in sessions if f"sign from {key}" in each.heading]
        groups[f"sign from {key}"] = found
    rows = (
        (
            *(name, len(found), f"{sum(each.moving_s for each in found) / 3600:.1f}"),
            f"{f1_of(found):.3f}",
            "{:.3f}-{:.3f}".format(*bootstrap(found, f1_of)),
            f"{confirmed_f1_of(found):.3f}",
            f"{told.f1:.3f}" if (told := oracle_of(found)) else "",
            sum(each.confirmed_false_s for each in found),
            sum(each.candidate_s for each in found),
        )
        for name, found in {**groups, "all": list(sessions)}.items()
        if found
    )
    head = (
        "files",
        "sessions",
        "hours",
        "F1",
        "95 %",
        "confirmed F1",
        "told",
        "falsely confirmed s",
    )
    return text + table((*head, "candidate s"), rows)


def forward_section(sessions: Sequence[Judged]) -> str:
    """Leg 3."""
    tiers = {each.tier: [one for one in sessions if one.tier == each.tier] for each in sessions}
    rows = (
        (
            *(name, len(found), f"{sum(each.moving_s for each in found) / 3600:.1f}"),
            sum(each.confirmed_false_s for each in found),
            f"{sum(each.candidate_s for each in found) / 60:.1f}",
        )
        for name, found in {**tiers, "all": list(sessions)}.items()
    )
    head = ("runs", "sessions", "moving hours", "falsely confirmed s", "candidate min")
    return "\n## 3. Real forward runs as they are\n\n" + table(head, rows)


def cost_section(costed: Sequence[Costed]) -> str:
    """The backward cost factor of simulated athletes."""
    text = "\n## The athlete's own cost factor\n\nTrue factors from 1.1 to 2.0, lags of 20 to "
    text += "60 s, drift of up to 8 % an hour, backward intervals of 1 to 10 min, at least 4 min "
    text += "backward. Directions are told from the truth.\n\n"
    rows = []
    for low, high in ((1.1, 1.4), (1.4, 1.7), (1.7, 2.0), (1.1, 2.0)):
        part = [each for each in costed if low <= each.true < high]
        known = [each for each in part if each.estimate.value is not None]
        inside = sum(covers(each.estimate, each.true) for each in known)
        ten = [each for each in ten_sessions(part) if each[1].value is not None]
        within = sum(covers(found, true) for true, found in ten)
        rows.append(
            (
                *(f"{low}-{high}", len(part), len(part) - len(known)),
                _share(np.median([error(each.estimate.value, each.true) for each in known])),
                _covered(inside, len(known)),
                len(ten),
                _share(np.median([error(found.value, true) for true, found in ten])),
                _covered(within, len(ten)),
            )
        )
    head = ("true factor", "sessions", "refused", "median error", "interval covers (95 %)")
    more = ("athletes", "median error, ten sessions", "interval covers (95 %)")
    return text + table((*head, *more), rows)


def steps_section(sessions: Sequence[Judged]) -> str:
    """What happens if step rate backward is not what the literature says."""
    text = "\n## How much rests on the step rate\n\nThe literature says about +8 % at equal speed. "
    text += "These athletes' step rate backward is set to something else.\n\n"
    groups = by_group(each for each in sessions if each.tier == "gait")
    headed = by_group(each for each in sessions if each.tier == "heading")
    rows = (
        (
            *(name, len(found), f"{f1_of(found):.3f}", sum(each.counts.false for each in found)),
            f"{f1_of(headed[name]):.3f}",
            sum(each.confirmed_false_s for each in headed[name]),
        )
        for name, found in groups.items()
    )
    head = ("step rate backward", "sessions", "F1, gait alone", "false s")
    return text + table((*head, "F1, with a compass", "falsely confirmed s"), rows)


def deceived_section(sessions: Sequence[Judged]) -> str:
    """Forward runs whose steps are quicker than the athlete's earlier line, worn anyhow."""
    text = "\n## Forward runs with an earlier line\n\nThe athlete's line of step rate is known "
    text += "from earlier runs; today they run forward with quicker steps, the compass worn at any "
    text += "angle. To step rate that is a backward run, and the heading keeps to one side of its "
    text += "axis, so nothing else tells. A candidate is all it may become.\n\n"
    rows = (
        (
            *(name, len(found), f"{sum(each.moving_s for each in found) / 60:.0f}"),
            sum(each.confirmed_false_s for each in found),
            sum(each.candidate_s for each in found),
        )
        for name, found in by_group(sessions).items()
    )
    head = ("steps above the line", "sessions", "moving min", "falsely confirmed s", "candidate s")
    return text + table(head, rows)


def _covered(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    return f"{_share(part / max(whole, 1))} ({_share(low)} to {_share(high)})"


def _share(value: float | np.floating[object]) -> str:  # type: ignore[type-var]  # any precision
    return f"{100 * float(value):.1f} %"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


__all__ = [
    "INTRODUCTION",
    "aims_section",
    "cost_section",
    "deceived_section",
    "forward_section",
    "simulated_section",
    "steps_section",
    "turned_section",
]
