"""The popular claims, each beside the literature and the runner's own data."""

from collections.abc import Callable
from dataclasses import dataclass

from retrorun.compare import answers
from retrorun.compare.answers import Answer
from retrorun.literature import BY_KEY, Finding
from retrorun.model import Claim, Comparison, Estimate

CUSTOM = "Custom of coaches; not tested."
NO_WATCH = "A watch cannot measure this, so retrorun gives no number."


def claims(comparison: Comparison) -> tuple[Claim, ...]:
    """Every claim of the table, in its order, answered from the comparison or with the reason."""
    return (*(_answered(row, comparison) for row in ROWS), *(_silent(row) for row in SILENT))


def _estimate(finding: Finding) -> Estimate:
    return Estimate(finding.value, finding.low, finding.high, finding.citation)


def _cited(words: str, *keys: str) -> str:
    return f"{words} ({'; '.join(BY_KEY[key].citation for key in keys)})."


@dataclass(frozen=True, slots=True)
class _Row:
    """A claim that data can say something about."""

    key: str
    claim: str
    literature: str
    answer: Callable[[Comparison], Answer]
    unit: str = ""
    popular: Finding | None = None
    published: Finding | None = None


RUN, POPULAR, STEPS = (
    BY_KEY["backward_run"],
    BY_KEY["popular_factor"],
    BY_KEY["backward_step_ratio"],
)
ROWS = (
    _Row(
        "calories",
        "Burns 2 to 3 times the calories",
        _cited(
            "At equal speed about 1.3 to 1.35 times forward was measured",
            "backward_run_3mps",
            "backward_run_uphill",
            "backward_run_level",
        ),
        answers.calories,
        "times forward",
        POPULAR,
        RUN,
    ),
    _Row(
        "heart",
        "Works the heart 2 to 3 times harder",
        _cited("At equal speed about a third more oxygen was measured", "backward_run_3mps"),
        answers.heart,
        "times forward",
        POPULAR,
    ),
    _Row(
        "steps",
        "Shorter, quicker steps",
        _cited("Step rate about 8 % higher at equal speed", "backward_step_ratio"),
        answers.steps,
        "times forward",
        None,
        STEPS,
    ),
    _Row(
        "economy",
        "Improves running economy and speed",
        _cited("Forward running took 2.5 % less oxygen afterwards", "economy_gain"),
        answers.economy,
        "% a week",
    ),
    _Row("slowly", "Start slowly, walk backwards first", CUSTOM, answers.slowly),
    _Row(
        "gradually",
        "Increase gradually",
        _cited(
            "Forward sessions more than a tenth longer than the longest of 30 days went with more "
            "overuse injuries",
            "injury_small_spike",
        ),
        answers.gradually,
    ),
    _Row("ground", "Open, level ground", CUSTOM, answers.ground),
    _Row("warm_up", "Warm up first", CUSTOM, answers.warm_up, "min"),
    _Row(
        "weeks",
        "Results after several weeks",
        _cited("Five weeks of training after five of getting used to it", "economy_gain"),
        answers.weeks,
        "m/s a week",
    ),
    _Row(
        "weight",
        "Helps with weight loss",
        "Energy spent is one side of the balance only.",
        answers.weight,
    ),
    _Row(
        "breathing",
        "Breathing efficiency",
        "No measurement that a watch could repeat.",
        answers.breathing,
    ),
)
SILENT = (
    ("muscle", "Builds muscle, back and core", "Needs strength or muscle measurements."),
    ("posture", "Improves posture", "Needs observation or motion capture."),
    ("knees", "Is kinder to the knees", "Needs joint forces, measured in a laboratory."),
    ("careful", "Who should be careful", "See the safety note; a watch cannot judge this."),
)


def _answered(row: _Row, comparison: Comparison) -> Claim:
    nothing: Answer = ("No backward running was found yet.", "too early", None)
    idle = comparison.backward_sessions == 0 and row.key != "weight"
    words, status, measured = nothing if idle else row.answer(comparison)
    return Claim(
        key=row.key,
        claim=row.claim,
        literature=row.literature,
        data=words,
        popular=_estimate(row.popular) if row.popular else None,
        published=_estimate(row.published) if row.published else None,
        measured=measured,
        unit=row.unit,
        status=status,
    )


def _silent(row: tuple[str, str, str]) -> Claim:
    key, claim, literature = row
    return Claim(key, claim, literature, NO_WATCH, None, None, None, "", "not measurable")
