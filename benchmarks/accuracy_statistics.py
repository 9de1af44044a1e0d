"""Tables of the cost factor on the adversarial generator and of comparison where nothing differs.

And how newly measured sections take their place in docs/accuracy.md.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from accuracy_aims import AIMS, missed
from accuracy_cost import Costed
from accuracy_figures import covers, error
from accuracy_judging import wilson
from accuracy_null import Matched, cohort_intervals, covered
from accuracy_null_trends import FOLLOWED, NOISES, Page
from accuracy_page import aims_section, table

NOISY = "several speeds, positions of 7 m"
CLAIMS = ("rising", "falling")
BINS = ((1.0, 1.25), (1.25, 1.5), (1.5, 1.75), (1.75, 2.0), (1.0, 2.0))


@dataclass(frozen=True, slots=True)
class Nothing:
    """What was found where nothing differs, and where something known does."""

    matched: Sequence[Matched]
    raised: Sequence[Matched]
    pages: Sequence[Page]
    rising: Sequence[Page]


def attacked_cost_figures(costed: Mapping[str, Sequence[Costed]]) -> dict[str, float]:
    """Figures of the cost factor on the adversarial generator."""
    known = _known([each for found in costed.values() for each in found])
    inside = float(np.mean([covers(each.estimate, each.true) for each in known]))
    return {
        "attacked_cost": float(
            np.median([error(each.estimate.value, each.true) for each in known])
        ),
        "attacked_cost_coverage": inside,
        "attacked_cost_coverage_high": inside,
        "attacked_cost_noise_bias": abs(_bias(_known(costed[NOISY]))),
    }


def attacked_cost_section(costed: Mapping[str, Sequence[Costed]]) -> str:
    """Tables by condition and by true factor, and why sessions were refused."""
    every = [each for found in costed.values() for each in found]
    text = (
        "\n## The cost factor on the adversarial generator\n\nThe factor of demand above rest "
        "(net), drawn evenly from 1.0 to 2.0, of bodies written apart from the simulator: their "
        "heart beats in proportion to speed, not to ACSM's demand, answers 10 to 20 s late, is "
        "excited at every turn, drifts to a level, rises and falls at different rates, stops at a "
        "ceiling that nothing states, and does not notice hills. Directions are told from the "
        "truth. The form of the model follows the literature; its priors and error terms were "
        "looked at on this generator's seeds below 1,000, and the error terms made smaller once "
        "after the seeds 90,000 to 90,099 had shown intervals that held the truth in 99 %. Other "
        "seeds are reported.\n\n"
    )
    rows = [_cost_row(name, found) for name, found in costed.items()]
    head = ("sessions of", "sessions", "refused", "median error", "mean error")
    text += table((*head, "interval covers (95 %)", "width, high/low"), rows)
    rows = [
        _cost_row(f"{low}-{high}", [each for each in every if low <= each.true <= high])
        for low, high in BINS
    ]
    text += "\n" + table(("true factor, net", *head[1:], "interval covers (95 %)", "width"), rows)
    reasons = Counter(_reason(each.estimate.reason) for each in every if not each.estimate.value)
    refused = [(reason, count) for reason, count in reasons.most_common()]
    return text + "\nWhy sessions were refused:\n\n" + table(("reason", "sessions"), refused)


def _reason(words: str | None) -> str:
    """A reason without the numbers of its session."""
    kinds = (
        "at its ceiling",
        "different efforts",
        "hardly follows",
        "would be too wide",
        "which no body does",
        "no solution",
    )
    return next((kind for kind in kinds if kind in (words or "")), words or "")


def _cost_row(name: str, found: Sequence[Costed]) -> tuple[object, ...]:
    known = _known(found)
    if not known:
        return (name, len(found), len(found), "", "", "", "")
    inside = sum(covers(each.estimate, each.true) for each in known)
    wide = [(each.estimate.high or 0) / (each.estimate.low or 1) for each in known]
    errors = [error(each.estimate.value, each.true) for each in known]
    return (
        *(name, len(found), len(found) - len(known), f"{100 * float(np.median(errors)):.1f} %"),
        *(f"{100 * _bias(known):+.1f} %", _share(inside, len(known)), f"{np.median(wide):.2f}"),
    )


def _known(found: Sequence[Costed]) -> list[Costed]:
    return [each for each in found if each.estimate.value is not None]


def _bias(known: Sequence[Costed]) -> float:
    return float(np.mean([(each.estimate.value or 0.0) / each.true - 1.0 for each in known]))


def null_figures(found: Nothing) -> dict[str, float]:
    """Figures of comparison where nothing differs."""
    known = [each for each in found.matched if each.found.value is not None]
    inside = covered(known)
    return {
        "null_matched_bias": abs(_matched_bias(known)),
        "null_matched_coverage": inside,
        "null_matched_coverage_high": inside,
        **{f"null_pages_{name}": _false_pages(found.pages, name) for name in NOISES},
    }


def null_section(found: Nothing) -> str:
    """Tables of matched heart rate, of the cohort's means, and of trends."""
    text = (
        "\n## Comparison where nothing differs\n\n### Matched heart rate\n\nAthletes of the "
        "adversarial generator, eight sessions each, with four to six backward stretches of 90 s "
        "to 4 min after faster forward running, and a heart that stays below its ceiling. At a "
        "factor of 1 the true difference at equal speed is 0 beats/min. A cohort is ten of these "
        "athletes.\n\n"
    )
    rows = [_matched_row(each) for each in (found.matched, found.raised) if each]
    head = ("true factor, net", "athletes", "true difference", "mean error, beats/min")
    text += table((*head, "SD of the errors", "interval covers (95 %)", "half width"), rows)
    cohorts = cohort_intervals(found.matched)
    inside = sum(low <= 0.0 <= high for low, high in cohorts)
    text += (
        f"\nMeans of {len(cohorts)} such cohorts at a factor of 1: the interval holds 0 in "
        f"{_share(inside, len(cohorts))}.\n"
    )
    return text + _trends_text(found)


def _matched_row(found: Sequence[Matched]) -> tuple[object, ...]:
    known = [each for each in found if each.found.value is not None]
    errors = [(each.found.value or 0.0) - each.true_bpm for each in known]
    half = [((each.found.high or 0.0) - (each.found.low or 0.0)) / 2.0 for each in known]
    return (
        *(found[0].factor, f"{len(known)} of {len(found)}"),
        f"{np.mean([each.true_bpm for each in known]):+.1f}",
        *(f"{np.mean(errors):+.2f}", f"{np.std(errors):.2f}"),
        *(_share(round(covered(known) * len(known)), len(known)), f"{np.median(half):.2f}"),
    )


def _matched_bias(known: Sequence[Matched]) -> float:
    return float(np.mean([(each.found.value or 0.0) - each.true_bpm for each in known]))


def _trends_text(found: Nothing) -> str:
    text = (
        "\n### Trends\n\nA page follows eight metrics over 8 to 80 sessions in 6 to 52 weeks. "
        "Their noise is white, or half of its variance wanders with a memory of 2 to 6 weeks; "
        "half of it is common to all eight. Nothing rises or falls in truth. *Over this period* "
        "are pages that say higher or lower over this period of at least one metric: a "
        "description that wandering may explain, not a claim.\n\n"
    )
    rows = []
    for name in NOISES:
        pages = [each for each in found.pages if each.noise == name]
        false = round(_false_pages(pages, name) * len(pages))
        trends = [word in CLAIMS for each in pages for word in each.verdicts.values()]
        period = sum({"higher", "lower"} & set(each.verdicts.values()) != set() for each in pages)
        rows.append(
            (
                *(name, len(pages), _share(false, len(pages))),
                f"{100 * float(np.mean(trends)):.2f} %",
                _share(period, len(pages)),
            )
        )
    head = ("noise", "pages", "say rising or falling falsely", "of all trends")
    text += table((*head, "over this period"), rows)
    text += (
        "\nHow often a true rise is found: one of the eight metrics rises evenly by so many "
        "deviations of its noise over the page.\n\n"
    )
    return text + table(
        ("noise", "sessions, weeks", "rise", "pages", "rising", "at least higher over this period"),
        [_power_row(key, pages) for key, pages in _by_rise(found.rising).items()],
    )


def _by_rise(pages: Sequence[Page]) -> dict[tuple[str, int, float, float], list[Page]]:
    groups: dict[tuple[str, int, float, float], list[Page]] = {}
    for each in pages:
        key = (each.noise, each.sessions, each.weeks, each.rise_sd)
        groups.setdefault(key, []).append(each)
    return groups


def _power_row(key: tuple[str, int, float, float], pages: Sequence[Page]) -> tuple[object, ...]:
    noise, sessions, weeks, rise = key
    said = [each.verdicts[FOLLOWED] for each in pages]
    rising = sum(word == "rising" for word in said)
    higher = sum(word in {"rising", "higher"} for word in said)
    whole = len(pages)
    return (
        *(noise, f"{sessions}, {weeks:.0f}", f"{rise:g} SD", whole),
        *(f"{100 * rising / whole:.0f} %", f"{100 * higher / whole:.0f} %"),
    )


def _false_pages(pages: Sequence[Page], noise: str) -> float:
    mine = [each for each in pages if each.noise == noise]
    return float(np.mean([any(w in CLAIMS for w in each.verdicts.values()) for each in mine]))


def _share(part: int, whole: int) -> str:
    low, high = wilson(part, whole)
    share = part / max(whole, 1)
    return f"{100 * share:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def updated(page: str, sections: str, figures: Mapping[str, float]) -> str:
    """The page with newly measured sections in place of theirs, and the aims as they now stand.

    A section begins with a heading of the second level; one that is new comes last.
    """
    parts = _sections(page)
    for heading, text in _sections("\n" + sections).items():
        if heading:
            parts[heading] = text
    parts["## Aims"] = aims_section(figures) + "\n"
    weak = parts.get("## What is still weak", "")
    kept = [line for line in weak.splitlines()[2:] if line and not line.startswith("- aim missed:")]
    lines = [f"- aim missed: {line}" for line in missed(figures)] + kept
    parts["## What is still weak"] = "## What is still weak\n\n" + "\n".join(lines) + "\n\n"
    return "".join(parts.values()).rstrip("\n") + "\n"


def _sections(page: str) -> dict[str, str]:
    found, heading = {"": ""}, ""
    for line in page.splitlines(keepends=True):
        if line.startswith("## "):
            heading = line.strip()
            found[heading] = ""
        found[heading] += line
    return {name: text.rstrip("\n") + "\n\n" if name else text for name, text in found.items()}


__all__ = [
    "AIMS",
    "Nothing",
    "attacked_cost_figures",
    "attacked_cost_section",
    "null_figures",
    "null_section",
    "updated",
]
