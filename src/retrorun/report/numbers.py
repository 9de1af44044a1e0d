"""Numbers as text: metric or imperial, local dates, durations, and how each metric is displayed.

A value that is not known is an en dash, never a zero.
"""

import datetime as dt
from typing import Literal

import msgspec
from markupsafe import Markup

from retrorun import units
from retrorun.language import SOURCE, current_language, localized, translated
from retrorun.metric_types import Estimate, Scale, Style
from retrorun.metrics import STYLES, Totals
from retrorun.model import Session
from retrorun.model.segment import Kind, SetNaming
from retrorun.report.words import WORDS, say, say_count
from retrorun.time_zone import local_time
from retrorun.units import FOOT_PER_METRE, METRE_PER_MILE

UNKNOWN = "–"
SLOWEST_S_PER_KM = 3600.0  # slower is standing, not a pace
NAMING_SHARE = 0.5  # of the backward time: sets that hold less do not name a session


class Display(msgspec.Struct, frozen=True):
    """Formats in one system of units."""

    units: Literal["metric", "imperial"] = "metric"

    @property
    def imperial(self) -> bool:
        """Whether miles and feet are wanted."""
        return self.units == "imperial"

    @property
    def pace_unit(self) -> str:
        """Unit of `pace`."""
        return "min/mi" if self.imperial else "min/km"

    @property
    def height_unit(self) -> str:
        """Unit of `height`."""
        return "ft" if self.imperial else "m"

    @property
    def long_unit(self) -> str:
        """Unit of long distances."""
        return "mi" if self.imperial else "km"

    def pace_s(self, s_per_km: float) -> float:
        """Seconds per kilometre as seconds per displayed long unit."""
        return s_per_km * METRE_PER_MILE / 1000 if self.imperial else s_per_km

    def height_value(self, height_m: float) -> float:
        """Metres as displayed heights and lengths."""
        return height_m * FOOT_PER_METRE if self.imperial else height_m

    def long_value(self, distance_m: float) -> float:
        """Metres as kilometres or miles."""
        return distance_m / (METRE_PER_MILE if self.imperial else 1000)

    def pace(self, s_per_km: float | None) -> str:
        """Such as ``6:20``; without unit."""
        if s_per_km is None or not 0 < s_per_km < SLOWEST_S_PER_KM:
            return UNKNOWN
        return clock(self.pace_s(s_per_km))

    def distance(self, distance_m: float | None) -> str:
        """Such as ``5.03 km`` or ``252 m``."""
        if distance_m is None:
            return UNKNOWN
        if self.imperial:
            miles = distance_m / METRE_PER_MILE
            feet = distance_m * FOOT_PER_METRE
            return number(feet, 0, "ft") if miles < 0.25 else number(miles, 2, "mi")
        is_short = units.whole(distance_m) < 1000
        return number(distance_m, 0, "m") if is_short else number(distance_m / 1000, 2, "km")

    def height(self, height_m: float | None) -> str:
        """Such as ``35 m`` or ``115 ft``."""
        if height_m is None:
            return UNKNOWN
        return number(self.height_value(height_m), 0, self.height_unit)

    def step(self, length_m: float | None) -> str:
        """A step length, such as ``0.73 m`` or ``2.40 ft``."""
        if length_m is None:
            return UNKNOWN
        return number(self.height_value(length_m), 2, self.height_unit)


class Tile(msgspec.Struct, frozen=True):
    """One number with its name; ``note`` says how to read it, ``tone`` colours it."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


def clock(seconds: float | None) -> str:
    """Such as ``6:20`` or ``1:02:03``; rounded to whole seconds."""
    return UNKNOWN if seconds is None else units.clock(seconds)


def duration_in_words(seconds: float) -> str:
    """A length of time for a sentence: ``45 s``, ``6:20 min``, ``1:02 h``."""
    if units.whole(seconds) < 60:
        return say("seconds", value=units.whole(seconds))
    if units.whole(seconds) < 3600:
        return say("minutes", value=clock(seconds))
    hours, minutes = divmod(units.whole(seconds / 60), 60)
    return say("hours", value=f"{hours}:{minutes:02d}")


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """The number with so many digits, a true minus, and its unit."""
    if value is None:
        return UNKNOWN
    text = localized(f"{value:.{digits}f}").replace("-", "\N{MINUS SIGN}")
    if not any(sign in text for sign in "123456789"):
        text = text.lstrip("\N{MINUS SIGN}")
    return f"{text} {unit}" if unit else text


def short(value: float, unit: str = "") -> str:
    """The number with as many digits as it needs, such as ``2.5`` or ``−3``, and what follows."""
    return localized(f"{value:g}{unit}").replace("-", "\N{MINUS SIGN}")


def grouped(value: float) -> str:
    """The whole number with a sign between thousands, such as ``12,345``."""
    return localized(f"{value:,.0f}")


def signed(value: float | None, digits: int = 0, unit: str = "") -> str:
    """The same with a plus where it is positive as it is shown: zero has no sign."""
    text = number(value, digits, unit)
    is_zero = not set(number(value, digits)) & set("123456789")
    return f"+{text}" if value is not None and value > 0 and not is_zero else text


def counted(count: int, what: str) -> str:
    """So many of something in words: those of ``what``_one or of ``what``_many."""
    return say_count(what, count)


def percent(share: float | None, digits: int = 0) -> str:
    """A share of one in per cent."""
    return UNKNOWN if share is None else f"{number(100 * share, digits)} %"


def factor(estimate: Estimate | None) -> str:
    """A cost factor, such as ``1.32``; without a unit."""
    return number(estimate.value if estimate else None, 2)


def factor_ends(estimate: Estimate | None) -> tuple[str, str]:
    """Both ends of a cost factor's one interval; en dashes where there is none."""
    low, high = (estimate.low, estimate.high) if estimate else (None, None)
    return number(low, 2), number(high, 2)


class MainNumbers(msgspec.Struct, frozen=True):
    """The main numbers of a session as text: one source for pages, lists and the terminal.

    Attributes:
        backward_time: in motion; an en dash where nothing tells the directions apart.
            ``candidate_time`` and ``habit_time`` are empty where there is no such time.
        share: of the time in motion; empty without backward time.
        distance: of the whole session.
        factor: the cost factor; ``factor_ends`` are those of its interval.
    """

    backward_time: str
    candidate_time: str
    habit_time: str
    share: str
    distance: str
    backward_distance: str
    factor: str
    factor_ends: tuple[str, str]


def main_numbers(session: Session, display: Display, *, undecided: bool = False) -> MainNumbers:
    """The main numbers of a session, each rounded once.

    Args:
        session: its sums.
        display: the system of units.
        undecided: nothing tells the directions apart (``Session.is_undecided``).
    """
    backward_s, candidate_s = session.time_s("backward"), session.time_s("candidate")
    backward_m = session.total("backward").distance_m
    return MainNumbers(
        backward_time=UNKNOWN if undecided else clock(backward_s),
        candidate_time=clock(candidate_s) if candidate_s else "",
        habit_time=clock(session.habit_s) if session.habit_s else "",
        share=percent(session.backward_share) if backward_s else "",
        distance=display.distance(session.distance_m),
        backward_distance=UNKNOWN if undecided else display.distance(backward_m),
        factor=factor(session.measures.cost_factor),
        factor_ends=factor_ends(session.measures.cost_factor),
    )


def mean_tiles(total: Totals, kind: Kind | Literal[""], display: Display) -> tuple[Tile, ...]:
    """Means over all of one kind, named by it; by no kind where nothing told the kinds apart."""
    pace = 1000 * total.moving_s / total.distance_m if total.distance_m else None
    heart = 60 * total.beats / total.beats_s if total.beats_s else None
    steps = 60 * total.steps / total.steps_s if total.steps_s else None
    length = 60_000 / pace / steps if pace and steps else None
    which = say(f"kind_{kind}").lower() if kind else ""

    def label(name: str) -> str:
        return say(f"tile_{name}" if kind else f"tile_{name}_undecided", which=which)

    return (
        Tile(label("pace"), display.pace(pace), display.pace_unit),
        Tile(label("mean_heart"), number(heart, 0, say("bpm")), say("tile_mean")),
        Tile(label("steps"), number(steps), say("spm")),
        Tile(label("step_length"), display.step(length), say("tile_mean")),
        Tile(label("mean_energy"), number(total.energy_kcal, 0, "kcal")),
    )


def calendar_date(day: dt.date) -> str:
    """Such as ``Sunday, 3 May 2026``."""
    weekday = say("weekdays").split()[day.weekday()]
    return say("date", weekday=weekday, day=day.day, month=month(day), year=day.year)


def short_date(day: dt.date) -> str:
    """Such as ``3 May 2026``."""
    return say("date_short", day=day.day, month=short_months()[day.month - 1], year=day.year)


def month(day: dt.date) -> str:
    """The month's name."""
    return say("months").split()[day.month - 1]


def short_months() -> list[str]:
    """The months' names as short as they are written."""
    return say("months_short").split()


def month_and_year(day: dt.date) -> str:
    """Such as ``May 2026``."""
    return say("month_year", month=month(day), year=day.year)


def session_name(session: Session, display: Display) -> str:
    """The session's own name; where it has none, what it repeats, or what kind it is.

    Sets that hold less than half of the backward time are no name for the session.
    """
    kind = say(f"sport_{session.sport}", fallback="sport_other")
    kinds = {kind, session.sport or "", WORDS.get(f"sport_{session.sport}", "")}
    own = session.name or ""
    if own and own.strip().casefold() not in {each.casefold() for each in kinds}:
        return own
    repeated = session.measures.structure.name(set_naming(display))
    if not repeated or _share_in_sets(session) < NAMING_SHARE:
        return kind if current_language() != SOURCE else own or kind
    return say("structure_name", name=capital(repeated))


def _share_in_sets(session: Session) -> float:
    """Share of the time that is or may be backward which lies in sets."""
    places = session.measures.structure.places()
    lasting_s = {
        place: each.segment.end_s - each.segment.start_s
        for place, each in enumerate(session.measures.segments)
        if each.segment.kind in {"backward", "candidate"}
    }
    in_sets_s = sum(length_s for place, length_s in lasting_s.items() if place in places)
    return in_sets_s / (sum(lasting_s.values()) or 1.0)


def set_naming(display: Display) -> SetNaming:
    """How sets are put into the words of the language in force."""
    return SetNaming(
        display.distance,
        lambda key, **values: say(f"sets_{key}", **values),
        lambda key, count, **values: say_count(f"sets_{key}", count, **values),
    )


def session_moment(session: Session, *, month_only: bool = False) -> str:
    """When a session began on the athlete's own clock; or only the month and year."""
    moment = local_time(session.start_time_s, session.zone)
    if month_only:
        return month_and_year(moment)
    clock_words = f"{moment.hour}:{moment.minute:02d}"
    zone = "" if session.zone else say("utc")
    return say("moment", date=calendar_date(moment), time=clock_words, zone=zone)


def time_element(when: dt.date | str, text: str) -> Markup:
    """A text within an element that tells machines the same date, month or moment.

    Args:
        when: a day, a moment with its offset, or the text of either; months are such as 2026-06.
        text: what is read.
    """
    if isinstance(when, dt.datetime):
        offset = when.utcoffset()
        if offset is not None and offset % dt.timedelta(minutes=1):  # HTML has none
            when = when.replace(tzinfo=None)
        when = when.isoformat(timespec="minutes")
    stamp = when if isinstance(when, str) else when.isoformat()
    return Markup('<time datetime="{}">{}</time>').format(stamp, text)


def dated(day: dt.date) -> Markup:
    """A day in words, for machines, too."""
    return time_element(day, short_date(day))


def iso_dated(day: str) -> Markup:
    """A day as ``YYYY-MM-DD``, for machines, too."""
    return time_element(day, day)


def dated_span(key: str, first: dt.date, last: dt.date) -> Markup:
    """The first and the last day in the words under ``key``; one day where they are the same."""
    if first == last:
        return dated(first)
    return Markup(say(key)).format(first=dated(first), last=dated(last))  # noqa: S704  # our own words


def compared_span(first_date: str | None, last_date: str | None) -> str:
    """The first and the last day of what is compared; empty where no day is known."""
    if first_date is None or last_date is None:
        return ""
    return dated_span("compare_when", *map(dt.date.fromisoformat, (first_date, last_date)))


def session_time(session: Session, *, month_only: bool = False) -> Markup:
    """``session_moment`` for machines, too: with the zone's offset where it is known."""
    moment = local_time(session.start_time_s, session.zone)
    words = session_moment(session, month_only=month_only)
    return time_element(moment.date().isoformat()[:7] if month_only else moment, words)


def local_date(session: Session) -> dt.date:
    """The session's date on the athlete's own clock."""
    return local_time(session.start_time_s, session.zone).date()


SMALL = {
    "milli": ("ms", 1000.0),
    "centi": ("cm", 100.0),
    "minutes": ("min", 1 / 60),
    "percent": ("%", 100.0),
}


class MetricFormat(msgspec.Struct, frozen=True):
    """A metric as it is shown: value × ``scale`` in ``unit``, with so many digits."""

    label: str
    unit: str
    scale: float
    digits: int

    def value(self, value: float | None) -> str:
        """The number without its unit."""
        return number(None if value is None else value * self.scale, self.digits)

    def change(self, value: float | None, more: int = 0) -> str:
        """The same with its sign, ``more`` digits finer."""
        return signed(None if value is None else value * self.scale, self.digits + more)

    def interval(self, low: float | None, high: float | None, more: int = 0) -> str:
        """Both ends of an interval of changes; an en dash where there is none."""
        if low is None or high is None:
            return UNKNOWN
        return say("between", low=self.change(low, more), high=self.change(high, more))


def metric_format(key: str, label: str, unit: str, display: Display) -> MetricFormat:
    """How the metric is shown; one that is new here goes by the model's own label and unit."""
    style = STYLES.get(key, Style(digits=2))
    words = say(f"shown_{key}", fallback=None) or capital(translated(label))
    return format_in_style(words, unit, style, display)


def format_in_style(label: str, unit: str, style: Style, display: Display) -> MetricFormat:
    """How a number of a unit is shown in a style."""
    return MetricFormat(label, *_scaled(style.scale, unit, display), style.digits)


def cell(value: float | None, unit: str, style: Style, display: Display) -> str:
    """A number in a style, with its unit; one without a label in the style has none."""
    if style.scale == "distance":
        return display.distance(value)
    if style.scale == "pace":
        return f"{display.pace(value)} {display.pace_unit}" if style.label else display.pace(value)
    how = format_in_style(style.label, unit, style, display)
    text = how.value(value)
    return f"{text} {how.unit}" if style.label and how.unit and value is not None else text


def sentence(words: str) -> str:
    """The model's words with a capital and a full stop, to stand alone."""
    return f"{capital(words)}." if words else ""


def capital(words: str) -> str:
    """The words with a capital."""
    return f"{words[:1].upper()}{words[1:]}"


def _scaled(kind: Scale, unit: str, display: Display) -> tuple[str, float]:
    if kind == "pace":
        return display.pace_unit, display.pace_s(1.0)
    if kind == "speed":
        return f"{display.long_unit}/h", display.long_value(3600.0)
    if kind == "length":
        return display.height_unit, display.height_value(1.0)
    if kind == "per_long":
        return f"kcal/{display.long_unit}", METRE_PER_MILE / 1000 if display.imperial else 1.0
    if kind in SMALL:
        return SMALL[kind]
    named = {"1/min": "bpm", "steps/min": "spm", "breaths/min": "brpm"}
    return "" if unit == "times forward" else say(named.get(unit, ""), fallback=None) or unit, 1.0
