"""docs/numbers.md: what was compared, the aims, the shares and the worst cases."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from numbers_files import FORMATS, GPXPY, SPACINGS_S, Compared
from numbers_quantities import NAMES, Pair, share_within
from numbers_reasons import Reason, reason

TOOLS = ("garmin-fit-sdk", "fitdecode", "gpxpy", "tcxreader")
WORST = 12  # rows a quantity
WORDS = {
    "distance_m": "distance, m",
    "moving_s": "moving time, s",
    "duration_s": "duration, s",
    "heart_rate_bpm": "heart rate, 1/min",
    "cadence_spm": "cadence, steps/min",
    "ascent_m": "ascent, m",
    "sessions": "sessions",
}
INTRODUCTION = """\
# Do the numbers agree with others?

Written by `make numbers` (`benchmarks/compare_numbers.py`): no figure here is typed by hand. What
retrorun says of a file stands beside what the file says of itself and beside sums by other tools:
{tools}.

{tested}

**The file** is its session messages, else its laps (FIT), or its laps (TCX). The moving time that
a file states is its timer, where it states no moving time. **garmin-fit-sdk**, **fitdecode** and
**tcxreader** decode the records, and plain sums are taken over them: metres of the odometer, else
chords; stretches of 10 s faster than 0.5 m/s; means over time. **gpxpy** gives its own length,
moving time and climb; "{spaced}" are chords between its
points that lie so far apart, because chords of one second add up the noise of the position.
**The truth** is the simulator's.
Differences of 1 m, 1 s, 1 beat or 2 steps are the digits of the value and count as none. A file
that retrorun refuses is compared by its number of sessions alone.
"""
LIMITS = """
## What this does not show

Most of these files are short, of few devices, and from collections that tools are tested with.
The odometer of a device is believed where nothing speaks against it: agreement with the file is
no proof of the metres that were run. No tool's ascent is a reference for another's: devices use a
barometer and thresholds of their own, gpxpy smooths, plain sums add up noise.
"""


@dataclass(frozen=True, slots=True)
class Aim:
    """A share that has to be reached; ``found`` is None where there is nothing to count."""

    words: str
    least: float
    found: float | None
    count: int

    @property
    def met(self) -> bool:
        """Whether it is reached; an aim that nothing was counted for is not."""
        return self.found is not None and self.found >= self.least


def page(
    cases: Sequence[Compared],
    aims: Sequence[Aim],
    folders: Sequence[tuple[str, int]],
    left_out: Sequence[str],
) -> str:
    """The whole page.

    Args:
        cases: everything that was compared.
        aims: what has to be reached.
        folders: a word for each folder, and how many recordings it holds.
        left_out: names of the runs that no independent sum is right for.
    """
    tools = ", ".join(f"{each} {version(each)}" for each in TOOLS)
    spaced = " and ".join(f"{GPXPY}, {each:.0f} s apart" for each in SPACINGS_S)
    intro = INTRODUCTION.format(tools=tools, tested=_tested(cases, folders), spaced=spaced)
    return intro + _aims(aims, left_out) + _shares(cases) + _worst(cases) + _silent(cases) + LIMITS


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _tested(cases: Sequence[Compared], folders: Sequence[tuple[str, int]]) -> str:
    where = ", ".join(f"{count} of {words}" for words, count in folders)
    runs = [each for each in cases if each.refusal is None]
    kinds = ", ".join(
        f"{sum(each.format == kind for each in runs)} {kind.upper()}" for kind in FORMATS
    )
    return (
        f"Tested on {len(cases)} recordings: {where}. {len(runs)} of them are or may be runs or "
        f"walks ({kinds}); the others are rides, swims, courses, settings and the like."
    )


def _aims(aims: Sequence[Aim], left_out: Sequence[str]) -> str:
    rows = [
        (
            each.words,
            f"≥ {each.least * 100:g} %",
            _share(each.found),
            each.count,
            "met" if each.met else "**not met**",
        )
        for each in aims
    ]
    names = ", ".join(f"`{each}`" for each in left_out) or "none"
    words = (
        "\nBeside several sums of one file (every point, or points some seconds apart) the nearest "
        "counts. Left out, because every other sum is wrong in itself for the reason below, or "
        f"there is none: {names}. The command also fails where a difference of over 2 % has no "
        "reason, or a written reason is no longer needed.\n"
    )
    return "\n## Aims\n\n" + table(("", "aim", "found", "of", ""), rows) + words


def _shares(cases: Sequence[Compared]) -> str:
    pairs = [pair for case in cases for pair in case.pairs]
    groups: dict[tuple[str, str, str], list[Pair]] = {}
    for each in pairs:
        groups.setdefault((each.quantity, each.format, each.source), []).append(each)
    sources = list(dict.fromkeys(each.source for each in pairs))
    order = sorted(
        groups,
        key=lambda key: (NAMES.index(key[0]), FORMATS.index(key[1]), sources.index(key[2])),
    )
    rows = [
        (
            WORDS[quantity],
            kind.upper(),
            source,
            len(group := groups[quantity, kind, source]),
            _share(share_within(group, 0.005)),
            _share(share_within(group, 0.02)),
        )
        for quantity, kind, source in order
    ]
    head = ("quantity", "format", "beside", "files", "within 0.5 %", "within 2 %")
    return "\n## Shares of files that agree\n\n" + table(head, rows)


def _worst(cases: Sequence[Compared]) -> str:
    text = "\n## Where they differ by over 2 %\n"
    for name in NAMES:
        found = [
            (pair, why)
            for case in cases
            for pair in case.pairs
            if pair.quantity == name and (why := reason(pair, case))
        ]
        if name == "sessions":
            text += f"\n### Number of sessions\n\n{_by_reason(found)}"
        elif found:
            text += f"\n### {WORDS[name].partition(',')[0].capitalize()}\n\n{_by_file(found)}"
    return text


def _by_reason(found: Sequence[tuple[Pair, Reason]]) -> str:
    """Files of each reason."""
    files: dict[tuple[str, str], list[str]] = {}
    for pair, why in found:
        files.setdefault((why.words, pair.source), []).append(f"`{pair.file}`")
    rows = [
        (source, len(names), words, ", ".join(names)) for (words, source), names in files.items()
    ]
    return table(("beside", "files", "reason", "which"), rows)


def _by_file(found: Sequence[tuple[Pair, Reason]]) -> str:
    """The worst files, one a row, with all the sources that one reason explains."""
    groups: dict[tuple[str, Reason], list[Pair]] = {}
    for pair, why in found:
        groups.setdefault((pair.file, why), []).append(pair)
    ordered = sorted(groups.items(), key=lambda item: -max(abs(p.difference) for p in item[1]))
    ours = [item for item in ordered if item[0][1].whose in ("ours", "unknown")]
    others = [item for item in ordered if item not in ours]
    shown = ours + others[: max(WORST - len(ours), 0)]
    rows = [
        (
            f"`{file}`",
            _number(pairs[0].found),
            "; ".join(f"{each.source} {_number(each.given)} ({_signed(each)})" for each in pairs),
            {"ours": "retrorun", "theirs": "the other", "neither": "neither"}.get(why.whose, "?"),
            why.words,
        )
        for (file, why), pairs in shown
    ]
    left = len(groups) - len(shown)
    more = f"\n{left} more differ by less.\n" if left else ""
    return table(("file", "retrorun", "beside", "wrong is", "reason"), rows) + more


def _silent(cases: Sequence[Compared]) -> str:
    """Runs of which another tool gives nothing."""
    names: dict[str, list[str]] = {}
    for case in cases:
        for tool in case.silent if case.refusal is None else ():
            names.setdefault(tool, []).append(f"`{case.name}`")
    rows = [(tool, len(files), ", ".join(files)) for tool, files in sorted(names.items())]
    if not rows:
        return ""
    words = "Runs and walks that retrorun reads and another tool, or the file itself, does not tell"
    return f"\n## Read by retrorun alone\n\n{words}:\n\n" + table(("", "files", "which"), rows)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{math.floor(value * 1000) / 10:g} %"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:,.0f}"


def _signed(pair: Pair) -> str:
    if not math.isfinite(pair.difference):
        return "no share"
    return f"{pair.difference:+.1%}".replace("%", " %").replace("-", "−")
