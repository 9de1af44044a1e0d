import ast
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from retrorun.errors import SettingsError
from retrorun.settings import Settings, load

SOURCE = Path(__file__).resolve().parents[1] / "src" / "retrorun"
WITHOUT_NUMBERS = sorted(
    path.relative_to(SOURCE)
    for places in (
        "detect/*.py",
        "prepare/*.py",
        "measure/*.py",
        "readers/clock*.py",
        "readers/cadence.py",
    )
    for path in SOURCE.glob(places)
)
# What formulas may hold: halves and doubles, angles, time and percent, and guards of quotients.
MATHEMATICAL = {0, 0.5, 1, 2, 60, 90, 100, 180, 360, 1000, 3600, 1e-6, 1e-9}
Z95 = 1.96  # 97.5 % quantile of the normal distribution


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_overrides_what_it_names_and_changes_the_fingerprint(tmp_path: Path) -> None:
    changed = load(written(tmp_path, "[prepare]\ngap_s = 20\n[compare]\nsince_s = -5.0"))
    assert changed.prepare.gap_s == 20
    assert changed.compare.since_s == -5.0
    assert changed.prepare.chord_s == Settings().prepare.chord_s
    assert changed.fingerprint() != Settings().fingerprint()


def test_nothing_overridden_is_the_default(tmp_path: Path) -> None:
    assert load(written(tmp_path, "")).fingerprint() == Settings().fingerprint()


def test_defaults_that_are_written_out_are_taken(tmp_path: Path) -> None:
    tables = []
    for table, values in msgspec.to_builtins(Settings()).items():
        given = [
            f"{name} = {json.dumps(each)}" for name, each in values.items() if each is not None
        ]
        tables.append("\n".join([f"[{table}]", *given]))
    assert load(written(tmp_path, "\n".join(tables))) == Settings()


def test_of_some_numbers_there_may_be_fewer(tmp_path: Path) -> None:
    read = load(written(tmp_path, "[measure]\nbest_distances_m = [400.0, 5000.0]"))
    assert read.measure.best_distances_m == (400.0, 5000.0)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("[prepare]\ngap = 20", "settings-unknown"),
        ("[preparation]\ngap_s = 20", "settings-unknown"),
        ("gap_s = 20", "settings-unknown"),
        ("[prepare]\ngap_s = 'long'", "settings-unreadable"),
        ("[prepare", "settings-unreadable"),
        ("[compare]\nleast_pairs = 0", "settings-senseless"),
        ("[compare]\nspeed_tolerance_mps = 0", "settings-senseless"),
        ("[measure]\nkinetics_step_s = 0", "settings-senseless"),
        ("[prepare]\nchord_s = nan", "settings-senseless"),
        ("[prepare]\ngap_s = -5", "settings-senseless"),
        ("[detect]\nheading_mps = [0.3, inf]", "settings-senseless"),
        ("[detect]\nheading_mps = [0.3]", "settings-unreadable"),
        ("[detect]\nraw_log_chances = [0.1]", "settings-senseless"),
        ("[detect]\ntwo_lines_spreads_spm = [4.0]", "settings-senseless"),
        ("[measure]\nkinetics_lowest = [1.0]", "settings-senseless"),
        ("[detect]\nexcursion_speed = [0.0, 0.0]", "settings-senseless"),
        ("[compare]\nleast_trend_sessions = 2", "settings-senseless"),
        ("[compare]\nleast_association_weeks = 2", "settings-senseless"),
        ("[compare]\ntrend_points = 2", "settings-senseless"),
        ("[compare]\nleast_athletes = 2", "settings-senseless"),
        ("[compare]\npartners = 1", "settings-senseless"),
        ("[compare]\ntrend_even = 1.5", "settings-senseless"),
        ("[compare]\ntrend_wander_shares = [0.5, 1.1]", "settings-senseless"),
        ("[measure]\nkinetics_highest_effort = 2", "settings-senseless"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tmp_path: Path, text: str, slug: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(written(tmp_path, text))
    assert refused.value.slug == slug


def test_the_message_says_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"above 2 and at most 1e\+15"):
        load(written(tmp_path, "[compare]\nleast_athletes = 2"))
    with pytest.raises(SettingsError, match=r"above 0 and at most 1$"):
        load(written(tmp_path, "[compare]\ntrend_even = 2"))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError):
        load(path)


def numbers(node: ast.AST) -> Iterator[ast.Constant]:
    """Numbers of a formula that are neither mathematical, nor places in an array, nor digits."""
    if isinstance(node, ast.Constant):
        counts = isinstance(node.value, int | float) and not isinstance(node.value, bool)
        if counts and node.value not in MATHEMATICAL | {Z95}:
            yield node
        return
    if isinstance(node, ast.Subscript):  # places
        yield from numbers(node.value)
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id == "_utc_s":  # a date
            return
        if node.func.id == "round":  # digits
            yield from numbers(node.args[0])
            return
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):  # a width in bits
        return
    for child in ast.iter_child_nodes(node):
        yield from numbers(child)


@pytest.mark.parametrize(
    "path", WITHOUT_NUMBERS, ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_no_tuned_number_stands_in_a_formula(path: Path) -> None:
    source = (SOURCE / path).read_text(encoding="utf-8")
    found = [
        f"{path}:{each.lineno}: {ast.unparse(each)} in {line.strip()}"
        for each in numbers(ast.parse(source))
        for line in source.splitlines()[each.lineno - 1 : each.lineno]
    ]
    assert not found, "\n".join(["belongs into settings or literature.py:", *found])


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ("gain = 0.08 * step", [0.08]),
        ("LEAST_S = 45", [45]),
        ("near = abs(x[3:] - x[:-3]) < 7", [7]),
        ("y = round(3.7 * x, 4)", [3.7]),
        ("def f(seconds: int = 4) -> None: ...", [4]),
        ("y = 2.0 * np.pi * x / 360.0", []),
    ],
)
def test_a_number_in_a_formula_is_found(formula: str, found: list[float]) -> None:
    assert [each.value for each in numbers(ast.parse(formula))] == found


def test_the_least_values_of_the_fit_may_lie_below_nothing(tmp_path: Path) -> None:
    lowest = list(Settings().measure.kinetics_lowest)
    given = load(written(tmp_path, f"[measure]\nkinetics_lowest = {lowest}"))
    assert given.fingerprint() == Settings().fingerprint()
