"""What figures share: Plotly's layout, series thinned to what a screen can show, texts of SVG, PNG.

Thinning keeps the smallest and the largest value of every bucket, so no peak is lost.
"""

import math
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from markupsafe import Markup, escape

from retrorun.errors import PageError
from retrorun.report.words import broken
from retrorun.units import FloatArray

Json = dict[str, Any]
FONTS = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Ubuntu, 'Noto Sans', "
    "'DejaVu Sans', 'Liberation Sans', Helvetica, Arial, sans-serif"
)


def axis(**more: object) -> Json:
    """An axis that does not move, in the page's colours, and what is special about it."""
    quiet: Json = {"gridcolor": "--rule", "zeroline": False, "color": "--muted", "fixedrange": True}
    return quiet | more


def layout(height: int, margin: tuple[int, int, int, int], **more: object) -> Json:
    """A figure of so many pixels; ``margin`` is left, right, top, bottom."""
    plain: Json = {
        "height": height,
        "margin": dict(zip("lrtb", margin, strict=True)),
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "--muted", "size": 12},
        "hovermode": "closest",
        "dragmode": False,
        "showlegend": False,
    }
    return plain | more


class Table(msgspec.Struct, frozen=True):
    """A table of text: ``head`` and ``rows``, the first cell of each row its name."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


POINTS = 4000  # two for every pixel of a wide screen; an hour at 1 Hz stays whole


class Grid(msgspec.Struct, frozen=True, eq=False):
    """A uniform time grid: point i lies ``i * step_s`` seconds after the start."""

    step_s: float
    size: int
    bucket: int


def grid(seconds: int, points: int = POINTS) -> Grid:
    """The grid for a track of so many 1 Hz samples; 1 Hz itself where that is short enough."""
    if seconds <= points:
        return Grid(1.0, seconds, 1)
    bucket = -(-2 * seconds // points)
    buckets = -(-seconds // bucket)
    return Grid(bucket / 2, 2 * buckets, bucket)


def thin(values: FloatArray, on: Grid) -> FloatArray:
    """Smallest and largest value of every bucket in the order in which they occur.

    Args:
        values: (n,) at 1 Hz, NaN where missing.
        on: the grid for n samples.

    Returns:
        (on.size,); a bucket with nothing in it gives two NaN.
    """
    if on.bucket == 1:
        return values
    rows: FloatArray = _rows(values, on)
    gone = np.isnan(rows)
    low = np.argmin(np.where(gone, np.inf, rows), axis=1)
    high = np.argmax(np.where(gone, -np.inf, rows), axis=1)
    every = np.arange(len(rows))
    first, second = np.minimum(low, high), np.maximum(low, high)
    both: FloatArray = np.column_stack([rows[every, first], rows[every, second]]).ravel()
    return both


def pick(values: FloatArray, on: Grid) -> FloatArray:
    """The sample nearest to every grid point: for positions, which have no peaks. (on.size,)."""
    if on.bucket == 1:
        return values
    at = np.minimum((np.arange(on.size) * on.step_s).astype(int), len(values) - 1)
    picked: FloatArray = values[at]
    return picked


def _rows(values: FloatArray, on: Grid) -> FloatArray:
    padded = np.full(on.size // 2 * on.bucket, np.nan)
    padded[: len(values)] = values
    table: FloatArray = padded.reshape(-1, on.bucket)
    return table


def integers(values: FloatArray) -> list[int | None]:
    """Rounded to whole numbers for JSON; NaN becomes None."""
    known = np.isfinite(values)
    whole = np.rint(np.where(known, values, 0)).astype(int)
    rounded: list[int | None] = whole.tolist()
    for index in (~known).nonzero()[0].tolist():
        rounded[index] = None
    return rounded


def smooth(values: FloatArray, window: int) -> FloatArray:
    """Centred mean over ``window`` samples of what is there; NaN stays NaN. (n,) → (n,)."""
    here, second = np.isfinite(values), np.arange(len(values))
    first = np.maximum(second - window // 2, 0)
    last = np.minimum(second + (window + 1) // 2, len(values))
    sums = np.concatenate(([0.0], np.cumsum(np.where(here, values, 0.0))))
    counts = np.concatenate(([0], np.cumsum(here)))
    means = (sums[last] - sums[first]) / np.maximum(counts[last] - counts[first], 1)
    return np.where(here, means, np.nan)


def running_median(values: FloatArray, seconds: int) -> FloatArray:
    """Centred median of what is there within so many seconds; NaN stays NaN. (n,) → (n,)."""
    half = seconds // 2
    padded = np.concatenate([np.full(half, np.nan), values, np.full(half, np.nan)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    here = np.isfinite(values)
    order = np.sort(windows[here], axis=1)  # what is missing goes last
    count, every = (~np.isnan(order)).sum(axis=1), np.arange(len(order))
    medians = np.full(len(values), np.nan)
    medians[here] = (order[every, (count - 1) // 2] + order[every, count // 2]) / 2.0
    return medians


def medians(values: FloatArray, step: int) -> list[float]:
    """Median of what is there in each stretch of so many samples; NaN where nothing is."""
    rows = np.full((-(-len(values) // step), step), np.nan)
    rows.flat[: len(values)] = np.where(np.isfinite(values), values, np.nan)
    rows.sort(axis=1)  # what is missing goes last
    count, every = np.isfinite(rows).sum(axis=1), np.arange(len(rows))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, step - 1)
    middle: list[float] = ((rows[every, low] + rows[every, high]) / 2).tolist()
    return middle


POINTS_AROUND = 600  # of a part of a track, at most


class Window(msgspec.Struct, frozen=True):
    """The part of a track that is drawn: seconds ``[first, last)``, a point every ``step``."""

    first: int
    last: int
    step: int

    @property
    def seconds(self) -> FloatArray:
        """(m,) seconds of the points."""
        return np.arange(self.first, self.last, self.step, dtype=np.float64)

    def points(self, values: FloatArray) -> FloatArray:
        """(n,) at 1 Hz → (m,), the values at the points."""
        return values[self.first : self.last : self.step]


def window(start_s: float, end_s: float, seconds: int) -> Window:
    """A segment with as much around it as it takes to compare: one to five minutes a side."""
    around = min(max(round(0.6 * (end_s - start_s)), 60), 300)
    first, last = max(int(start_s) - around, 0), min(math.ceil(end_s) + around, seconds)
    return Window(first, last, max(1, -(-(last - first) // POINTS_AROUND)))


EDGE = 6.0  # per cent of a whisker's picture left free on both sides


def whisker(value: float, low: float | None, high: float | None, reach: float) -> Markup:
    """A difference in per cent and its interval, zero in the middle of the picture.

    Args:
        value: left of the middle backward is less than forward.
        low: lower end of the interval; None where there is none.
        high: upper end; None the same.
        reach: per cent at the picture's edges; what lies beyond is drawn there.
    """

    def x(end: float) -> str:
        return f"{50 + (50 - EDGE) * min(max(end, -reach), reach) / reach:.1f}%"

    known = "" if low is None or high is None else _interval(x(low), x(high))
    svg = (
        '<svg class="whisker" width="100%" height="22" aria-hidden="true">'
        '<line class="one" x1="50%" x2="50%" y1="0" y2="22"/>'
        f'<line class="stem" x1="50%" x2="{x(value)}" y1="11" y2="11"/>{known}'
        f'<circle cx="{x(value)}" cy="11" r="5.5"/></svg>'
    )
    return Markup(svg)  # noqa: S704  # numbers only


def _interval(low: str, high: str) -> str:
    return f'<line class="range" x1="{low}" x2="{high}" y1="11" y2="11"/>'


def axis_ends(values: Sequence[float], least: float) -> tuple[float, float]:
    """Ends of an axis: what occurs with room around it, and at least so much."""
    low, high = min(values), max(values)
    room = max(0.1 * (high - low), (least - (high - low)) / 2)
    return low - room, high + room


def percent_of_axis(value: float, ends: tuple[float, float]) -> float:
    """Where a value lies between the ends of an axis."""
    return round(100 * (value - ends[0]) / (ends[1] - ends[0]), 1)


def png_of(svg: str) -> bytes:
    """The picture as PNG.

    Raises:
        PageError: ``resvg-py`` is not installed, or the system has none of the fonts.
    """
    try:
        import resvg_py
    except ImportError as problem:
        words = "a picture as PNG needs resvg-py, which is not installed"
        remedy = 'Install it: `pip install "retrorun[picture]"`; SVG needs nothing.'
        raise PageError("picture-extra-missing", words, remedy=remedy) from problem
    letter = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20">{}</svg>'
    written = letter.format(f'<text x="2" y="16" font-family="{FONTS}">A</text>')
    if resvg_py.svg_to_bytes(written) == resvg_py.svg_to_bytes(letter.format("")):
        words = "this system has none of the fonts of the picture: a PNG would have no words"
        raise PageError("picture-without-fonts", words, remedy="Write it as SVG.")
    return bytes(resvg_py.svg_to_bytes(svg))


LETTER, BOLD_LETTER = 0.56, 0.7  # width of a letter in the widest of the fonts, of its size


def svg_text(  # noqa: PLR0913 - a text has as many properties
    at: tuple[float, float],
    size: float,
    colour: str,
    words: str,
    *,
    weight: int = 400,
    anchor: str = "start",
    room: float = 0.0,
) -> str:
    """Words at a place; smaller where they would need more than the room."""
    if room:
        letter = LETTER if weight == 400 else BOLD_LETTER
        size = min(size, room / (letter * max(len(words), 1)))
    return (
        f'<text x="{at[0]:g}" y="{at[1]:g}" font-size="{size:.4g}" font-weight="{weight}" '
        f'fill="{colour}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def svg_lines(  # noqa: PLR0913 - as many properties
    at: tuple[float, float], size: float, colour: str, words: str, *, room: float, most: int
) -> str:
    """Words over at most so many lines; smaller where they would need more than the room."""
    lines = [words] if most == 1 else broken(words, int(room / (LETTER * size)), most)
    return "".join(
        svg_text((at[0], at[1] + place * 1.28 * size), size, colour, each, room=room)
        for place, each in enumerate(lines)
    )
