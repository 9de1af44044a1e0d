"""Figures and tables of the adversarial generator: every condition, before and after."""

import math
from collections.abc import Mapping, Sequence

from accuracy_aims import missed
from accuracy_figures import f1_of
from accuracy_judging import stretch_rows
from accuracy_page import table
from adversary import CONDITIONS, GAIT_RATIOS, GAIT_SHARES, Condition
from adversary_raw import RAW_CONDITIONS
from adversary_trials import RAW, Attacked, confirmed_counts

Found = Mapping[str, Sequence[Attacked]]
HOUR_S = 3600.0
LEARNT = "gait, after three labelled sessions"
LEARNT_ANYBODY = f"{LEARNT}, anybody"
REAL = "real tracks: "
WEAK_F1 = 0.9
WEAK_CANDIDATE_S = 300.0
FEWEST = 100  # segments of a bin that says something
CALIBRATED = 0.05

TITLES = {
    "forward": "Forward throughout: every confirmed second is false",
    "real": "Real forward tracks with such a compass: every confirmed second is false",
    "mixed": "Backward stretches, with a compass",
    RAW: "Raw logs of phones in a pocket, without steps: written as tables, read back",
    "gait": "Steps and speed alone: never more than candidates",
    "labels": "Named laps, rightly and wrongly pressed",
}


def summary(found: Sequence[Attacked]) -> dict[str, float]:
    """The numbers of one condition."""
    judged = [each.judged for each in found]
    hours = sum(each.moving_s for each in judged) / HOUR_S
    backward = any(each.backward_s for each in judged)
    numbers = {
        "sessions": float(len(found)),
        "hours": hours,
        "f1": f1_of(judged) if backward else math.nan,
        "confirmed_f1": confirmed_counts(list(found)).f1 if backward else math.nan,
        "false_s": float(sum(each.false_s for each in found)),
        "false_sessions": float(sum(each.false_s > 0 for each in found)),
        "denied_s": float(sum(each.denied_s for each in found)),
        "candidate_s_per_h": sum(each.candidate_s for each in judged) / max(hours, 1e-9),
    }
    return {name: round(value, 4) for name, value in numbers.items()}


def adversary_figures(found: Found) -> dict[str, float]:
    """What is aimed at."""
    numbers = {name: summary(each) for name, each in found.items()}
    strict = [name for name, one in CONDITIONS.items() if one.group == "forward"]
    bounded = [name for name in strict if CONDITIONS[name].allowed_s > 0]
    ratios = [f"gait, steps {ratio:.2f}, speed 0.80" for ratio in GAIT_RATIOS if ratio >= 1.05]
    shares = [f"gait, steps 1.15, speed {share:.2f}" for share in GAIT_SHARES if share <= 0.9]
    others = [
        name
        for name, one in CONDITIONS.items()
        if one.group == "gait" and not any(each.judged.backward_s for each in found[name])
    ]

    raw = {name: each for name, each in found.items() if name in RAW_CONDITIONS}
    others_than_raw = {name: each for name, each in found.items() if name not in raw}

    def together(names: Sequence[str]) -> float:
        return f1_of(each.judged for name in names for each in found[name])

    return {
        "attacked_false_s": sum(numbers[name]["false_s"] for name in strict if name not in bounded),
        "attacked_bounded_s": max(
            numbers[name]["false_s"] / numbers[name]["hours"] for name in bounded
        ),
        "attacked_real_s": sum(
            one["false_s"] for name, one in numbers.items() if name.startswith(REAL)
        ),
        "attacked_raw_false_s": sum(
            numbers[name]["false_s"] for name in RAW_CONDITIONS if "forward" in name
        ),
        "attacked_raw_f1": together([name for name in RAW_CONDITIONS if "backward" in name]),
        "attacked_base_f1": numbers["base"]["f1"],
        "attacked_base_confirmed_f1": numbers["base"]["confirmed_f1"],
        "attacked_joint_f1": numbers["joint ordinary faults"]["f1"],
        "attacked_any_mount_f1": numbers["any mount"]["f1"],
        "attacked_any_joint_f1": numbers["any mount, ordinary faults"]["f1"],
        "attacked_fewer_steps_f1": numbers["any mount, steps -3 %"]["f1"],
        "attacked_rehabilitation_f1": numbers["rehabilitation, any mount, one label"]["f1"],
        "attacked_short_confirmed_f1": numbers["intervals of 12 to 30 s"]["confirmed_f1"],
        "attacked_ratios_f1": together(ratios),
        "attacked_ratios_worst_f1": min(numbers[name]["f1"] for name in ratios),
        "attacked_shares_f1": together(shares),
        "attacked_shares_worst_f1": min(numbers[name]["f1"] for name in shares),
        "attacked_learnt_f1": numbers[LEARNT]["f1"],
        "attacked_drills_s_per_h": numbers["gait, drills"]["candidate_s_per_h"],
        "attacked_others_s_per_h": max(
            numbers[name]["candidate_s_per_h"]
            for name in others
            if not name.startswith("gait, drills")
        ),
        "attacked_candidates_gap": _worst_gap(others_than_raw, "candidate"),
        "attacked_raw_candidates_gap": _worst_gap(raw, "candidate"),
        "attacked_all_candidates_gap": _worst_gap(found, "candidate"),
        "attacked_confirmed_gap": _worst_gap(found, "confirmed"),
    }


def _worst_gap(found: Found, verdict: str) -> float:
    """Largest gap of stated and true share in bins with enough segments; confirmed: overstated."""
    rows = _rows(found, verdict)
    gaps = [(chance - real) / count for count, chance, real in rows if count >= FEWEST]
    if not gaps:
        return 0.0
    return max(abs(gap) for gap in gaps) if verdict == "candidate" else max(gaps)


def _rows(found: Found, verdict: str) -> list[tuple[float, float, float]]:
    return stretch_rows(
        stretch
        for each in found.values()
        for one in each
        for stretch in one.judged.stretches
        if stretch[0] == verdict
    )


def weak_section(figures: Mapping[str, float], found: Found) -> str:
    """What is still weak, said first."""
    lines = [f"- aim missed: {line}" for line in missed(figures)]
    for name, one in found.items():
        numbers = summary(one)
        if numbers["f1"] < WEAK_F1:
            lines.append(f"- {name}: F1 {numbers['f1']:.3f}")
        elif numbers["confirmed_f1"] < WEAK_F1 and _group(name) in {"mixed", RAW}:
            lines.append(f"- {name}: confirmed F1 only {numbers['confirmed_f1']:.3f}")
        elif math.isnan(numbers["f1"]) and numbers["candidate_s_per_h"] > WEAK_CANDIDATE_S:
            seconds = numbers["candidate_s_per_h"]
            lines.append(f"- {name}: {seconds:.0f} s an hour wrongly *perhaps* backward")
    return "## What is still weak\n\n" + "\n".join(lines) + "\n"


def adversary_section(found: Found, before: Mapping[str, Mapping[str, float]]) -> str:
    """A table a group of conditions, with the figures of the detector before this one."""
    text = (
        "## The adversarial generator\n\n"
        "Written apart from the simulator and sharing no code with it "
        "(`benchmarks/adversary.py`): bodies, pockets, phones and laps that err as real ones were "
        "seen to. Numbers were tuned on the simulator and on real tracks; faults of the rules "
        "were looked for with this generator's seeds below 1,000, which are not reported. "
        "*False s* are confirmed seconds farther than 5 s from any backward one; *denied s* "
        "backward seconds that are confirmed forward. Before → after; *before* is the detector "
        "of the commit before, on other seeds of the same conditions.\n"
    )
    for group, title in TITLES.items():
        names = [name for name in found if _group(name) == group]
        head = ("condition", "sessions", "hours", "F1", "confirmed F1", "false s", "denied s")
        rows = [_row(name, summary(found[name]), before.get(name, {})) for name in names]
        text += f"\n### {title}\n\n" + table((*head, "candidate s an hour"), rows)
    return text + _calibration(found)


def _group(name: str) -> str:
    if name.startswith(REAL):
        return "real"
    if name in RAW_CONDITIONS:
        return RAW
    known: Condition | None = CONDITIONS.get(name)
    return known.group if known else "gait"


def _row(name: str, now: Mapping[str, float], was: Mapping[str, float]) -> tuple[object, ...]:
    def both(key: str, digits: int) -> str:
        new = now[key]
        if math.isnan(new):
            return ""
        old = was.get(key, math.nan)
        return f"{new:.{digits}f}" if math.isnan(old) else f"{old:.{digits}f} → {new:.{digits}f}"

    return (
        name,
        int(now["sessions"]),
        f"{now['hours']:.1f}",
        both("f1", 3),
        both("confirmed_f1", 3),
        both("false_s", 0),
        both("denied_s", 0),
        both("candidate_s_per_h", 0),
    )


def _calibration(found: Found) -> str:
    text = "\n### Calibration on the adversarial generator\n"
    for verdict in ("confirmed", "candidate"):
        rows = [
            (f"{index / 10:.1f}-{(index + 1) / 10:.1f}", int(count), chance / count, real / count)
            for index, (count, chance, real) in enumerate(_rows(found, verdict))
            if count
        ]
        text += f"\nBackward segments, {verdict}, all conditions:\n\n"
        text += table(
            ("probability", "count", "mean", "real"),
            [(place, count, f"{mean:.3f}", f"{real:.3f}") for place, count, mean, real in rows],
        )
    return text
