"""Popular claims beside the literature and the runner's own data."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from retrorun.model import Estimate
from retrorun.model.comparison import Claim
from retrorun.report.words import say

WIDTH = 420
ROW = 26
LEFT = 96


@dataclass(frozen=True, slots=True)
class ClaimCard:
    """One claim in words, and a picture of the three ranges where it has numbers."""

    key: str
    claim: str
    literature: str
    data: str
    status: str
    status_words: str
    picture: Markup | None


def cards(claims: Sequence[Claim]) -> tuple[ClaimCard, ...]:
    """Those that can be answered first, what a watch cannot measure last."""
    order = ("answered", "too early", "not recorded", "not measurable")
    made = sorted(claims, key=lambda each: order.index(each.status))
    return tuple(
        ClaimCard(
            each.key,
            each.claim,
            each.literature,
            each.data,
            each.status.replace(" ", "-"),
            say(f"status_{each.status.replace(' ', '_')}"),
            _picture(each),
        )
        for each in made
    )


def _picture(claim: Claim) -> Markup | None:
    """The popular, published and measured range on one axis; None with fewer than two."""
    named = (
        ("popular", claim.popular),
        ("published", claim.published),
        ("measured", claim.measured),
    )
    known = [(name, each) for name, each in named if each is not None and each.value is not None]
    if len(known) < 2:
        return None
    ends = [end for _, each in known for end in _ends(each)]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.08 or 1.0
    scale = (WIDTH - LEFT - 60) / (high - low + 2 * room)
    rows = [
        _range(name, each, index, (low - room, scale)) for index, (name, each) in enumerate(known)
    ]
    svg = (
        f'<svg class="ranges" viewBox="0 0 {WIDTH} {ROW * len(known) + 4}" role="img" '
        f'aria-label="{say("ranges_label")}">{"".join(rows)}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words


def _ends(each: Estimate) -> tuple[float, float, float]:
    value = each.value or 0.0
    low = value if each.low is None else each.low
    return low, value, value if each.high is None else each.high


def _range(name: str, each: Estimate, index: int, axis: tuple[float, float]) -> str:
    start, scale = axis
    low, value, high = _ends(each)
    x_low, x_value, x_high = (round(LEFT + (end - start) * scale) for end in (low, value, high))
    y = ROW * index + 15
    digits = 0 if abs(value) >= 20 else 2 if abs(value) < 10 else 1
    spread = "" if low == high else f"{low:.{digits}f}–{high:.{digits}f}"
    label = spread if name == "popular" and spread else f"{value:.{digits}f}"
    return (
        f'<g class="{name}"><text class="name" x="0" y="{y + 4}">{say(name)}</text>'
        f'<path d="M{x_low} {y}H{max(x_high, x_low + 1)}"/><circle cx="{x_value}" cy="{y}" r="5"/>'
        f'<text x="{max(x_high, x_value + 5) + 8}" y="{y + 4}">{label}</text></g>'
    )
