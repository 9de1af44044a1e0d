"""The popular claims, each beside the literature and the athlete's own data.

An answer is a sentence, a status, and the number that stands beside the popular one, if any.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from retrorun.compare.sessions import counted
from retrorun.compare.statistics import published
from retrorun.literature import BY_KEY
from retrorun.model import KINDS, Estimate, Totals
from retrorun.model.comparison import Claim, Comparison, Difference, Trend

Status = Literal["answered", "too early", "not recorded", "not measurable"]
Answer = tuple[str, Status, Estimate | None]


def signed(value: float | None, digits: int) -> str:
    """The number with its sign; what is shown as zero, and what is not known, has none."""
    text = f"{value or 0.0:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
    return text if set(text) & set("123456789") else text[1:]


def _difference(comparison: Comparison, key: str) -> Difference | None:
    return next((each for each in comparison.differences if each.key == key), None)


def _trend(comparison: Comparison, key: str) -> Trend | None:
    return next((each for each in comparison.trends if each.key == key), None)


def calories(comparison: Comparison) -> Answer:
    """The own cost factor beside the popular two to three."""
    factor = comparison.cost_factor
    if factor.value is None or factor.low is None or factor.high is None:
        return f"No own factor yet: {factor.reason}.", "too early", None
    words = (
        f"Your own factor is {factor.value:.2f} ({factor.low:.2f} to {factor.high:.2f}) times "
        f"forward at the same speed and grade, from {factor.method}."
    )
    net = comparison.net_factor
    if net is not None and net.value is not None:
        words += (
            f" That is of all that is spent (gross); of what is spent above rest {net.value:.2f}."
        )
    return words, "answered", factor


def heart(comparison: Comparison) -> Answer:
    """Heart rate at equal speed, and TRIMP a minute."""
    words, status, ratio = _percent_words(comparison, "heart_rate_bpm", "Heart rate")
    rates = comparison.practice.trimp_per_min
    if rates.get("backward") and rates.get("forward"):
        load = rates["backward"] / rates["forward"]
        words += (
            f" TRIMP a minute over everything, at whatever speed: {rates['backward']:.2f} backward,"
            f" {rates['forward']:.2f} forward ({load:.2f} times)."
        )
    return words, status, ratio


def _percent_words(comparison: Comparison, key: str, name: str) -> Answer:
    """One matched difference in words, and as a ratio to forward."""
    found = _difference(comparison, key)
    if found is None or found.percent.value is None:
        return f"{name}: {found.note if found else 'not compared'}.", "too early", None
    percent = found.percent
    low, high = percent.low, percent.high
    band = (
        f" ({signed(low, 1)} to {signed(high, 1)} %)"
        if low is not None and high is not None
        else ""
    )
    words = (
        f"{name} {signed(percent.value, 1)} %{band} against forward, "
        f"{counted(found.pairs, 'matched pair')} in {counted(found.sessions, 'session')}."
    )
    return words, "answered", percent.mapped(lambda each: 1.0 + each / 100.0)  # times forward


def steps(comparison: Comparison) -> Answer:
    """Step rate, length and contact at equal speed."""
    rate, status, ratio = _percent_words(comparison, "cadence_spm", "Step rate")
    length, other, _ = _percent_words(comparison, "step_length_m", "Step length")
    contact = _difference(comparison, "contact_time_s")
    words = f"{rate} {length}"
    if contact is not None and contact.percent.value is not None:
        words += f" Ground contact {signed(contact.percent.value, 1)} %."
    return words, status if status == "answered" else other, ratio


def economy(comparison: Comparison) -> Answer:
    """Trend of forward metres per heartbeat, and backward volume beside it."""
    trend = _trend(comparison, "forward_metres_per_beat")
    if trend is None or trend.slope_per_week.value is None or not trend.intercept:
        return f"{trend.note if trend else 'too early to say'}.", "too early", None
    scale = 100.0 / trend.intercept
    slope = trend.slope_per_week.mapped(lambda each: each * scale)
    words = (
        f"Forward metres per heartbeat {_going(trend)}: {signed(slope.value, 2)} % a week "
        f"({signed(slope.low, 2)} to {signed(slope.high, 2)}), {trend.note}. "
        f"With backward volume: {comparison.association.note}. Training, heat and sleep change it "
        "too."
    )
    return words, "answered", slope


def _going(trend: Trend) -> str:
    """The verdict in words: without certainty only what happened over this period."""
    if trend.verdict in {"rising", "falling"}:
        return f"({trend.verdict})"
    return "over this period"


def slowly(comparison: Comparison) -> Answer:
    """How much was walked backward, and how often first."""
    done = comparison.practice
    words = (
        f"{done.walk_s / 60:.0f} min of backward walking and {done.run_s / 60:.0f} min of backward "
        f"running; {done.walked_first} of {counted(comparison.backward_sessions, 'session')} began "
        "with backward walking."
    )
    return words, "answered", None


def gradually(comparison: Comparison) -> Answer:
    """How often a session was much longer than those before it."""
    done = comparison.practice
    if not done.comparable:
        return "No session has an earlier one within 30 days.", "too early", None
    if done.comparable == 1:
        words = (
            "The session had over a tenth more backward metres than the longest of the 30 days "
            "before."
            if done.longer
            else "The session did not have over a tenth more backward metres than the longest of "
            "the 30 days before."
        )
        return words, "answered", None
    words = (
        f"{done.longer} of {counted(done.comparable, 'session')} had over a tenth more "
        "backward metres than the longest of the 30 days before."
    )
    return words, "answered", None


def ground(comparison: Comparison) -> Answer:
    """How many backward segments were steep or twisty."""
    done = comparison.practice
    words = f"Of {done.segments} backward stretches {done.steep} were steep, {done.twisty} twisty."
    return words, "answered", None


def warm_up(comparison: Comparison) -> Answer:
    """Forward movement before the first backward stretch."""
    warm_s = comparison.practice.warm_up_s
    if warm_s is None:
        return "Nothing to tell from.", "too early", None
    minutes = warm_s / 60
    words = f"Median {minutes:.1f} min of forward movement before the first backward stretch."
    if comparison.backward_sessions == 1:
        words = f"{minutes:.1f} min of forward movement before the first backward stretch."
    return words, "answered", Estimate(minutes, None, None, "median over sessions")


def weeks(comparison: Comparison) -> Answer:
    """Weeks behind it, and the trend of backward speed."""
    trend = _trend(comparison, "backward_speed_mps")
    behind = (
        f"{counted(max(1, round(comparison.weeks_spanned)), 'week')} with "
        f"{counted(comparison.backward_sessions, 'backward session')} so far."
    )
    if trend is None or trend.slope_per_week.value is None:
        return f"{behind} Backward speed: {trend.note if trend else ''}.", "too early", None
    slope = trend.slope_per_week
    words = (
        f"{behind} Backward speed {_going(trend)}: {signed(slope.value, 3)} m/s a week "
        f"({signed(slope.low, 3)} to {signed(slope.high, 3)})."
    )
    return words, "answered", slope


def weight(comparison: Comparison) -> Answer:
    """Energy a calendar week, empty ones counted; of sessions whose day is known."""
    spent = Totals.of(comparison.totals.get(kind, Totals()) for kind in KINDS)
    back = comparison.totals.get("backward", Totals())
    if spent.active_kcal is None or spent.energy_kcal is None:
        return "No energy without body mass: `retrorun profile mass_kg=70`.", "too early", None
    weeks = comparison.calendar_weeks
    if not all(day.day_known for day in comparison.days):
        gross_kcal = sum(day.total_kcal or 0.0 for day in comparison.days if day.day_known)
        words = (
            f"{gross_kcal / weeks:,.0f} kcal gross a week, without the sessions whose day is not "
            "known. Weight follows what is eaten as well, which no watch sees."
        )
        return words, "answered", None
    words = (
        f"{spent.energy_kcal / weeks:,.0f} kcal gross and {spent.active_kcal / weeks:,.0f} kcal "
        f"active a week, {(back.active_kcal or 0.0) / weeks:,.0f} of the active ones backward. "
        "Weight follows what is eaten as well, which no watch sees."
    )
    return words, "answered", None


def breathing(comparison: Comparison) -> Answer:
    """Breathing rate in both directions, where recorded."""
    rates = comparison.practice.respiration_brpm
    if not {"backward", "forward"} <= set(rates):
        return "Breathing rate was not recorded in both directions.", "not recorded", None
    words = (
        f"{rates['backward']:.0f} breaths a minute backward, {rates['forward']:.0f} forward, at "
        "whatever speed. Its efficiency is not recorded."
    )
    return words, "answered", None


CUSTOM = "Custom of coaches; not tested."
NO_WATCH = "A watch cannot measure this, so retrorun gives no number."


def claims(comparison: Comparison) -> tuple[Claim, ...]:
    """Every claim of the table, in its order, answered from the comparison or with the reason."""
    return (
        *(_answerable_claim(row, comparison) for row in ANSWERABLE),
        *(_unmeasurable_claim(row) for row in UNMEASURABLE),
    )


def _cited(words: str, *keys: str) -> str:
    return f"{words} ({'; '.join(BY_KEY[key].citation for key in keys)})."


class _Row(msgspec.Struct, frozen=True):
    """A claim that data can say something about."""

    key: str
    claim: str
    literature: str
    answer: Callable[[Comparison], Answer]
    unit: str = ""
    popular: Estimate | None = None
    published: Estimate | None = None


POPULAR = published("popular_factor")
ANSWERABLE = (
    _Row(
        "calories",
        "Burns 2 to 3 times the calories",
        _cited(
            "At equal speed about 1.3 to 1.35 times forward was measured",
            "backward_run_3mps",
            "backward_run_uphill",
            "backward_run_level",
        ),
        calories,
        "times forward",
        POPULAR,
        published("backward_run"),
    ),
    _Row(
        "heart",
        "Works the heart 2 to 3 times harder",
        _cited("At equal speed about a third more oxygen was measured", "backward_run_3mps"),
        heart,
        "times forward",
        POPULAR,
    ),
    _Row(
        "steps",
        "Shorter, quicker steps",
        _cited("Step rate about 8 % higher at equal speed", "backward_step_ratio"),
        steps,
        "times forward",
        None,
        published("backward_step_ratio"),
    ),
    _Row(
        "economy",
        "Improves running economy and speed",
        _cited("Forward running took 2.5 % less oxygen afterwards", "economy_gain"),
        economy,
        "% a week",
    ),
    _Row("slowly", "Start slowly, walk backwards first", CUSTOM, slowly),
    _Row(
        "gradually",
        "Increase gradually",
        _cited(
            "Forward sessions more than a tenth longer than the longest of 30 days went with more "
            "overuse injuries",
            "injury_small_spike",
        ),
        gradually,
    ),
    _Row("ground", "Open, level ground", CUSTOM, ground),
    _Row("warm_up", "Warm up first", CUSTOM, warm_up, "min"),
    _Row(
        "weeks",
        "Results after several weeks",
        _cited("Five weeks of training after five of getting used to it", "economy_gain"),
        weeks,
        "m/s a week",
    ),
    _Row(
        "weight",
        "Helps with weight loss",
        "Energy spent is one side of the balance only.",
        weight,
    ),
    _Row(
        "breathing",
        "Breathing efficiency",
        "No measurement that a watch could repeat.",
        breathing,
    ),
)
UNMEASURABLE = (
    ("muscle", "Builds muscle, back and core", "Needs strength or muscle measurements."),
    ("posture", "Improves posture", "Needs observation or motion capture."),
    ("knees", "Is kinder to the knees", "Needs joint forces, measured in a laboratory."),
    ("careful", "Who should be careful", "See the safety note; a watch cannot judge this."),
)


def _answerable_claim(row: _Row, comparison: Comparison) -> Claim:
    nothing: Answer = ("No backward running is certain yet.", "too early", None)
    idle = comparison.backward_sessions == 0 and row.key != "weight"
    words, status, measured = nothing if idle else row.answer(comparison)
    return Claim(
        key=row.key,
        claim=row.claim,
        literature=row.literature,
        data=words,
        popular=row.popular,
        published=row.published,
        measured=measured,
        unit=row.unit,
        status=status,
    )


def _unmeasurable_claim(row: tuple[str, str, str]) -> Claim:
    key, claim, literature = row
    return Claim(key, claim, literature, NO_WATCH, None, None, None, "", "not measurable")
