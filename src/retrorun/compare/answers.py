"""Answers to the popular claims from the runner's own data, in words and numbers.

An answer is the words, whether they answer, and the number beside the popular one.
"""

from typing import Literal

from retrorun.model import Comparison, Difference, Estimate, Totals, Trend

Status = Literal["answered", "too early", "not recorded", "not measurable"]
Answer = tuple[str, Status, Estimate | None]


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
    band = f" ({low:+.1f} to {high:+.1f} %)" if low is not None and high is not None else ""
    words = (
        f"{name} {percent.value:+.1f} %{band} against forward, "
        f"{found.pairs} matched pairs in {found.sessions} sessions."
    )
    return words, "answered", _times(percent)


def _times(percent: Estimate) -> Estimate:
    """Per cent above forward as times forward."""
    value, low, high = (
        None if each is None else 1.0 + each / 100.0
        for each in (percent.value, percent.low, percent.high)
    )
    return Estimate(value, low, high, percent.method, percent.reason)


def steps(comparison: Comparison) -> Answer:
    """Step rate, length and contact at equal speed."""
    rate, status, ratio = _percent_words(comparison, "cadence_spm", "Step rate")
    length, other, _ = _percent_words(comparison, "step_length_m", "Step length")
    contact = _difference(comparison, "contact_time_s")
    words = f"{rate} {length}"
    if contact is not None and contact.percent.value is not None:
        words += f" Ground contact {contact.percent.value:+.1f} %."
    return words, status if status == "answered" else other, ratio


def economy(comparison: Comparison) -> Answer:
    """Trend of forward metres per heartbeat, and backward volume beside it."""
    trend = _trend(comparison, "forward_metres_per_beat")
    if trend is None or trend.slope_per_week.value is None or not trend.intercept:
        return f"{trend.note if trend else 'too early to say'}.", "too early", None
    slope = trend.slope_per_week
    scale = 100.0 / trend.intercept
    value, low, high = (each and each * scale for each in (slope.value, slope.low, slope.high))
    words = (
        f"Forward metres per heartbeat change by {value or 0.0:+.2f} % a week "
        f"({low or 0.0:+.2f} to {high or 0.0:+.2f}), {trend.note}. "
        f"With backward volume: {comparison.association.note}. Training, heat and sleep change it "
        "too."
    )
    return words, "answered", Estimate(value, low, high, slope.method)


def slowly(comparison: Comparison) -> Answer:
    """How much was walked backward, and how often first."""
    done = comparison.practice
    words = (
        f"{done.walk_s / 60:.0f} min of backward walking and {done.run_s / 60:.0f} min of backward "
        f"running; {done.walked_first} of {comparison.backward_sessions} sessions began with "
        "backward walking."
    )
    return words, "answered", None


def gradually(comparison: Comparison) -> Answer:
    """How often a session was much longer than those before it."""
    done = comparison.practice
    if not done.comparable:
        return "No session has an earlier one within 30 days.", "too early", None
    words = (
        f"{done.longer} of {done.comparable} sessions had over a tenth more backward metres than "
        "the longest of the 30 days before."
    )
    return words, "answered", None


def ground(comparison: Comparison) -> Answer:
    """How many backward segments were steep or twisty."""
    done = comparison.practice
    words = f"Of {done.segments} backward segments {done.steep} were steep, {done.twisty} twisty."
    return words, "answered", None


def warm_up(comparison: Comparison) -> Answer:
    """Forward movement before the first backward segment."""
    warm_s = comparison.practice.warm_up_s
    if warm_s is None:
        return "Nothing to tell from.", "too early", None
    minutes = warm_s / 60
    words = f"Median {minutes:.1f} min of forward movement before the first backward segment."
    return words, "answered", Estimate(minutes, None, None, "median over sessions")


def weeks(comparison: Comparison) -> Answer:
    """Weeks behind it, and the trend of backward speed."""
    trend = _trend(comparison, "backward_speed_mps")
    behind = (
        f"{comparison.weeks_spanned:.0f} weeks with {comparison.backward_sessions} backward "
        f"{'session' if comparison.backward_sessions == 1 else 'sessions'} so far."
    )
    if trend is None or trend.slope_per_week.value is None:
        return f"{behind} Backward speed: {trend.note if trend else ''}.", "too early", None
    slope = trend.slope_per_week
    words = (
        f"{behind} Backward speed changes by {slope.value or 0.0:+.3f} m/s a week "
        f"({slope.low or 0.0:+.3f} to {slope.high or 0.0:+.3f})."
    )
    return words, "answered", slope


def weight(comparison: Comparison) -> Answer:
    """Energy a calendar week, empty ones counted."""
    kinds = ("backward", "forward", "unknown", "candidate", "still")
    spent = Totals.of(comparison.totals.get(kind, Totals()) for kind in kinds)
    back = comparison.totals.get("backward", Totals())
    if spent.active_kcal is None or spent.energy_kcal is None:
        return "No energy without body mass: `retrorun profile mass_kg=70`.", "too early", None
    weeks = max(1, len(comparison.weeks))
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
