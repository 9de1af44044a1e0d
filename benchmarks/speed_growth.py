"""How time grows with the number of sessions: measured, fitted, and drawn as an SVG of our own."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 640, 400, 64, 24, 40, 56
Axis = Callable[[float], float]  # value → place in the drawing
COLOURS = ("#1f77b4", "#d95f02", "#2a9d5c")
STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f; }
.axis { stroke: #6e7781; } .grid { stroke: #d0d7de; } .one { stroke: #6e7781; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .axis, .one { stroke: #9ea7b3; } .grid { stroke: #3a424d; }
}
</style>"""


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds a command takes over archives of some sizes, and over an empty one.

    Attributes:
        name: of the command.
        seconds: number of sessions → wall time.
        start_s: wall time without any session: what no number of sessions explains.
    """

    name: str
    seconds: Mapping[int, float]
    start_s: float

    @property
    def exponent(self) -> float:
        """The power p of ``start + c · number^p``, by least squares of the logarithms.

        1 is linear; not a number where fewer than two sizes took longer than none.
        """
        above = {number: took - self.start_s for number, took in self.seconds.items()}
        points = [(math.log(n), math.log(s)) for n, s in above.items() if s > 0]
        if len(points) < 2:
            return math.nan
        mean_x, mean_y = (sum(each) / len(points) for each in zip(*points, strict=True))
        upper = sum((x - mean_x) * (y - mean_y) for x, y in points)
        return float(upper / sum((x - mean_x) ** 2 for x, _ in points))

    def words(self) -> str:
        """What the fit says, as a sentence."""
        numbers = sorted(self.seconds)
        return (
            f"{self.name}: from {numbers[0]:,} to {numbers[-1]:,} sessions the time above that of "
            f"an empty archive ({self.start_s:.2f} s) grows with their number to the power of "
            f"{self.exponent:.2f}."
        )


def drawn(found: Sequence[Growth]) -> str:
    """An SVG with logarithmic axes, legible on a light and on a dark page."""
    numbers = sorted(found[0].seconds)
    times = [took for each in found for took in each.seconds.values()]
    low_s, high_s = (
        10 ** math.floor(math.log10(min(times))),
        10 ** math.ceil(math.log10(max(times))),
    )

    def x(number: float) -> float:
        share = math.log(number / numbers[0]) / math.log(numbers[-1] / numbers[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        share = math.log(seconds / low_s) / math.log(high_s / low_s)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Seconds a command takes, by the number of sessions in the archive</title>",
        STYLE,
        *(_vertical(x(number), f"{number:,}") for number in numbers),
        *(_horizontal(y(took), f"{took:g} s") for took in _decades(low_s, high_s)),
        _below((LEFT + WIDTH - RIGHT) / 2, "sessions in the archive"),
    ]
    for place, (each, colour) in enumerate(zip(found, COLOURS, strict=False)):
        dots = [(x(number), y(each.seconds[number])) for number in numbers]
        way = " ".join(f"{a:.1f},{b:.1f}" for a, b in dots)
        lines.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="4" fill="{colour}"/>' for a, b in dots]
        top = TOP + 26 + 20 * place
        lines.append(f'<circle cx="{LEFT + 16}" cy="{top - 4}" r="4" fill="{colour}"/>')
        lines.append(f'<text x="{LEFT + 28}" y="{top}">{each.name}</text>')
    lines.append(_slope(x, y, numbers, low_s))
    return "\n".join([*lines, "</svg>", ""])


def _decades(low_s: float, high_s: float) -> list[float]:
    return [10.0**power for power in range(round(math.log10(low_s)), round(math.log10(high_s)) + 1)]


def _below(x: float, words: str) -> str:
    return f'<text x="{x}" y="{HEIGHT - 12}" text-anchor="middle">{words}</text>'


def _vertical(x: float, words: str) -> str:
    return (
        f'<line class="grid" x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}"/>'
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{words}</text>'
    )


def _horizontal(y: float, words: str) -> str:
    return (
        f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{words}</text>'
    )


def _slope(x: Axis, y: Axis, numbers: Sequence[int], low_s: float) -> str:
    """A dashed line of exponent 1, to compare with."""
    first, last = numbers[-1] / 10, numbers[-1]
    ends = [(x(number), y(2 * low_s * number / first)) for number in (first, last)]
    (a, b), (c, d) = ends
    return (
        f'<line class="one" x1="{a:.1f}" y1="{b:.1f}" x2="{c:.1f}" y2="{d:.1f}" '
        'stroke-dasharray="4 4"/>'
        f'<text x="{c:.1f}" y="{d + 40:.1f}" text-anchor="end">linear</text>'
    )


def note(found: Sequence[Growth]) -> list[str]:
    """What stands below the table: the plot, and the fit in words."""
    picture = "![Seconds by the number of sessions, both axes logarithmic](images/growth.svg)"
    return ["", picture, "", *(f"- {each.words()}" for each in found)]


def write(path: Path, found: Sequence[Growth]) -> None:
    """Write the plot."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(drawn(found), encoding="utf-8")
