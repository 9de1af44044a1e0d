"""Popular claims and the cost factor beside the literature and the athlete's own numbers.

Each is drawn as ranges on one axis, `claim_cards` for the claims and `ranges` for cost factors.
"""

from collections.abc import Iterable, Sequence

import msgspec
from markupsafe import Markup

from retrorun.language import translated
from retrorun.model import Estimate
from retrorun.model.comparison import Claim
from retrorun.report.numbers import number, short
from retrorun.report.words import say

OPEN_CARDS = 3
WIDTH = 420
ROW = 26
LEFT = 96


class ClaimCard(msgspec.Struct, frozen=True):
    """One claim in words, and a picture of the three ranges where it has numbers."""

    key: str
    claim: str
    literature: str
    data: str
    status: str
    status_words: str
    picture: Markup | None


class ClaimCards(msgspec.Struct, frozen=True):
    """The claims that a page shows open, and those that it folds to one line each."""

    open: tuple[ClaimCard, ...] = ()
    folded: tuple[ClaimCard, ...] = ()

    @property
    def shared(self) -> str:
        """The one answer that all claims have, where there are several; else empty."""
        words = {each.data for each in (*self.open, *self.folded)}
        return words.pop() if len(words) == 1 and len(self.folded) > 1 and not self.open else ""


def claim_cards(claims: Iterable[Claim]) -> ClaimCards:
    """At most three answered claims open, those with a number first; all others folded.

    Those that a watch cannot measure come last.
    """
    order = ("answered", "too early", "not recorded", "not measurable")
    made = sorted(claims, key=lambda each: (order.index(each.status), each.measured is None))
    first = sum(each.status == "answered" for each in made[:OPEN_CARDS])
    cards = tuple(_card(each) for each in made)
    return ClaimCards(cards[:first], cards[first:])


def _card(claim: Claim) -> ClaimCard:
    return ClaimCard(
        claim.key,
        translated(claim.claim),
        translated(claim.literature),
        translated(claim.data),
        claim.status.replace(" ", "-"),
        say(f"status_{claim.status.replace(' ', '_')}"),
        _picture(claim),
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
    spread = "" if low == high else f"{number(low, digits)}–{number(high, digits)}"
    label = spread if name == "popular" and spread else number(value, digits)
    return (
        f'<g class="{name}"><text class="name" x="0" y="{y + 4}">{say(name)}</text>'
        f'<path d="M{x_low} {y}H{max(x_high, x_low + 1)}"/><circle cx="{x_value}" cy="{y}" r="5"/>'
        f'<text x="{max(x_high, x_value + 5) + 8}" y="{y + 4}">{label}</text></g>'
    )


AXIS_LEFT, AXIS_RIGHT = 19.0, 95.0  # per cent of the picture's width between the ends of the axis
AXIS_ROW = 44  # pixels
TICKS = (1.0, 1.5, 2.0, 2.5, 3.0)


def ranges(rows: Sequence[tuple[str, str, Estimate]], label: str) -> Markup:
    """Tone, words and estimate of each row on one axis; those without a value are left out."""
    known = [(tone, words, each) for tone, words, each in rows if each.value is not None]
    ends = [end for *_, each in known for end in (each.low, each.high) if end is not None]
    low, high = min([0.94, *ends]), max([3.06, *ends])
    axis = (low, (AXIS_RIGHT - AXIS_LEFT) / (high - low))
    bars = [
        _axis_row(tone, words, each, (AXIS_ROW * place + 24, axis))
        for place, (tone, words, each) in enumerate(known)
    ]
    foot = AXIS_ROW * len(known) + 8
    svg = (
        f'<svg class="factor" width="100%" height="{foot + 26}" role="img" '
        f'aria-label="{label}">{_axis(axis, foot)}{"".join(bars)}</svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers and our own words


def _x(value: float, axis: tuple[float, float]) -> float:
    return round(AXIS_LEFT + (value - axis[0]) * axis[1], 2)


def _axis(axis: tuple[float, float], foot: int) -> str:
    lines = [
        f'<line class="{"one" if tick == 1 else "tick"}" x1="{_x(tick, axis)}%" '
        f'x2="{_x(tick, axis)}%" y1="0" y2="{foot}"/>'
        f'<text class="tick" x="{_x(tick, axis)}%" y="{foot + 19}">'
        f"{say('scale_forward') if tick == 1 else short(tick, '×')}</text>"
        for tick in TICKS
    ]
    return "".join(lines)


def _axis_row(tone: str, words: str, each: Estimate, at: tuple[int, tuple[float, float]]) -> str:
    y, axis = at
    value = each.value or 0.0
    low = value if each.low is None else each.low
    high = value if each.high is None else each.high
    x_low, x_value, x_high = (_x(end, axis) for end in (low, value, high))
    digits = 0 if tone == "popular" else 2
    spread = f"{number(low, digits)}–{number(high, digits)}"
    label = spread if tone == "popular" else number(value, 2)
    mark = (
        ""
        if tone == "popular"
        else f'<circle cx="{x_value}%" cy="{y}" r="{8 if tone == "measured" else 5}"/>'
    )
    beside = (
        f'<text class="value" x="{x_low}%" dx="-12" y="{y + 6}" text-anchor="end">{label}</text>'
        if tone == "popular"
        else f'<text class="value" x="{x_high}%" dx="14" y="{y + 6}">{label}</text>'
    )
    return (
        f'<g class="{tone}"><text class="name" x="0" y="{y + 5}">{words}</text>'
        f'<line class="range" x1="{x_low}%" x2="{x_high}%" y1="{y}" y2="{y}"/>{mark}{beside}</g>'
    )
