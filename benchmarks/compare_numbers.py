"""Compare retrorun's numbers with the files' own and with other tools'; write docs/numbers.md.

``python benchmarks/compare_numbers.py [--check]``: with ``--check`` nothing is written. Exit 1
below an aim, where a difference has no reason, or where the recordings are not at hand.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from numbers_files import OWN, TRUTH, Compared, compared, paths
from numbers_page import Aim, page
from numbers_quantities import Pair, share_within
from numbers_reasons import NOTABLE, UNEXPLAINED, reason, stale

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
PAGE = ROOT / "docs" / "numbers.md"
FOLDERS = (
    (SHARED / "corpus", "real files of public projects"),
    (SHARED / "cases", "made or changed files, each with a fault of some device"),
    (ROOT / "sample_data", "this project's simulated samples"),
)
OWN_SHARE, LEAST = 0.005, 0.98


def main() -> int:
    """Compare, print the aims and write the page; 0 if all is well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    absent = [folder for folder, _ in FOLDERS if not folder.is_dir()]
    if absent:
        names = ", ".join(f"{each.parent.name}/{each.name}" for each in absent)
        print(f"Nothing was compared: {names} is not beside the project.", file=sys.stderr)
        return 1
    found = [[each for path in paths(folder) for each in compared(path)] for folder, _ in FOLDERS]
    cases = [each for group in found for each in group]
    counts = [(words, len(group)) for (_, words), group in zip(FOLDERS, found, strict=True)]
    aims = aims_of(cases)
    faults = unexplained(cases) + [f"no longer needed: {each}" for each in stale(cases)]
    if not check:
        PAGE.write_text(page(cases, aims, counts, left_out(cases)), encoding="utf-8")
        print("written:", PAGE.relative_to(ROOT))
    for aim in aims:
        share = "nothing to count" if aim.found is None else f"{aim.found:.1%} of {aim.count}"
        print(f"{'met  ' if aim.met else 'below'} {aim.words}: {share}, at least {aim.least:.0%}")
    print(*faults, sep="\n", end="\n" if faults else "", file=sys.stderr)
    return int(bool(faults) or not all(aim.met for aim in aims))


def aims_of(cases: Sequence[Compared]) -> list[Aim]:
    """The aims, each with what was found."""
    own = [pair for case in cases for pair in clean_fit(case)]
    aims = [
        Aim(
            "clean FIT: distance within 0.5 % of the file's own",
            LEAST,
            share_within(own, OWN_SHARE),
            len(own),
        )
    ]
    for kind in ("gpx", "tcx"):
        near = [found for case in cases if (found := nearest(case)) and case.format == kind]
        words = f"{kind.upper()}: distance within 2 % of an independent sum"
        aims.append(Aim(words, LEAST, share_within(near, NOTABLE), len(near)))
    return aims


def clean_fit(case: Compared) -> list[Pair]:
    """The file's own distance beside retrorun's, of a whole FIT file that states one."""
    return [
        each
        for each in case.pairs
        if case.format == "fit"
        and case.clean
        and (each.source, each.quantity) == (OWN, "distance_m")
        and each.given > 0
    ]


def nearest(case: Compared) -> Pair | None:
    """The independent sum of the distance that is nearest to retrorun's.

    None where there is no sum, or where all of them are wrong in themselves, which the page says.
    """
    sums = [
        each
        for each in case.pairs
        if each.quantity == "distance_m" and each.source not in (OWN, TRUTH)
    ]
    right = [each for each in sums if (why := reason(each, case)) is None or why.whose != "theirs"]
    return min(right, key=lambda each: abs(each.difference), default=None)


def left_out(cases: Sequence[Compared]) -> list[str]:
    """Names of the GPX and TCX runs that no independent sum is right for."""
    return [
        case.name
        for case in cases
        if case.format != "fit"
        and not nearest(case)
        and any(each.quantity == "distance_m" for each in case.pairs)
    ]


def unexplained(cases: Sequence[Compared]) -> list[str]:
    """A line for each difference of over 2 % that has no reason."""
    return [
        f"{UNEXPLAINED}: {pair.file} {pair.quantity} {pair.found}, {pair.source} {pair.given}"
        for case in cases
        for pair in case.pairs
        if (why := reason(pair, case)) and why.words == UNEXPLAINED
    ]


if __name__ == "__main__":
    sys.exit(main())
