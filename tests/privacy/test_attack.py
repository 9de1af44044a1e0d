"""The attack of ``make attack`` on fewer doors."""

from pathlib import Path

import numpy as np
import pytest

import attack_privacy
import attack_strategies
from attack_artefacts import PLACED, leave, seen
from attack_cuts import CUTS, turned_inward
from attack_routes import door, run
from attack_strategies import STRATEGIES, Seen, evidence

DOORS = 5


# of few doors the best of many strategies is luck: these look for what has leaked
LEAKS = ("times", "totals", "dead reckoning", "heights", "bounding box", "circle", "ends of ways")


def test_no_strategy_comes_nearer_than_half_the_radius() -> None:
    learnt = attack_privacy.learn("streets", sessions=30, doors=40)
    found = attack_privacy.medians(
        [attack_privacy.outlined(seed, "streets", 30, learnt) for seed in range(60)]
    )
    assert {count for _, count in found} == {1, 30}
    for (_, count), named in found.items():
        assert named.keys() == STRATEGIES.keys() | {"blend", "street"}
        assert min(named.values()) >= attack_privacy.LEAST, (count, named)


def test_nothing_that_leaves_leads_nearer() -> None:
    found = attack_privacy.medians(
        [attack_privacy.attacked(seed, "streets", sessions=5) for seed in range(DOORS)]
    )
    assert {kind for kind, _ in found} == set(PLACED)
    assert {count for kind, count in found if kind == "csv"} == {1, 5}
    for (kind, count), named in found.items():
        for name in LEAKS:
            assert named[name] >= attack_privacy.LEAST, (kind, count, name)


def test_all_that_leaves_shows_the_same_places(tmp_path: Path) -> None:
    home = door(1)
    left = leave(home, [run(home, 0, "streets", 1)], "secret", tmp_path, whole=1)[0]
    csv = seen(left, "csv", home).place
    for kind in ("parquet", "json", "result set"):
        np.testing.assert_allclose(seen(left, kind, home).place, csv, atol=0.05)
    gpx = seen(left, "gpx", home).place
    np.testing.assert_allclose(gpx, csv[np.isfinite(csv[:, 0])], atol=0.05)
    page = seen(left, "page", home).place
    known = np.isfinite(page[:, 0])
    np.testing.assert_allclose(page[known], csv[known], atol=15.0)
    for kind in ("redacted page", "de-identified"):
        assert np.isnan(seen(left, kind, home).place).all()


@pytest.mark.parametrize("cut", sorted(CUTS))
def test_every_other_cut_hides_the_zone(cut: str) -> None:
    """So what they leave the attacker with may be compared."""
    for number in range(6):
        shown = attack_privacy._places(door(number), number, "streets", 6, cut)
        apart_m = np.concatenate([np.hypot(*each.place.T) for each in shown])
        assert apart_m.min() > 100.0
    assert attack_privacy.hidden_m("streets", cut, [1]) > 1000.0


def test_behind_a_cut_at_corners_ways_begin_at_a_corner_and_the_attacker_looks_aside() -> None:
    """Out 300 m to the north, then 300 m to the east; the disc ends 200 m from the door."""
    north = np.column_stack([np.zeros(100), np.arange(0.0, 300.0, 3.0)])
    east = np.column_stack([np.arange(0.0, 300.0, 3.0), np.full(100, 300.0)])
    place = np.vstack([north, east])
    gone = CUTS["corner"](place, np.zeros((1, 2)), np.array([200.0]), 1)
    np.testing.assert_allclose(place[np.flatnonzero(~gone)[0]], (0.0, 300.0), atol=3.1)
    assert gone[:99].all()
    south = Seen(place[~gone] * (-1.0, -1.0))
    given = evidence([Seen(place[~gone]), south], 100.0, lambda each: np.zeros(len(each)))
    assert given is not None
    first, _, second, _ = turned_inward(given).ends
    np.testing.assert_allclose(first.inward, (0.0, -1.0), atol=1e-9)
    np.testing.assert_allclose(second.inward, (0.0, 1.0), atol=1e-9)


@pytest.mark.parametrize("name", ["circle", "likelihood"])
def test_the_attacker_finds_a_door_in_the_middle_of_a_plain_circle(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The strategies are worth something: cut at a circle about the door, the door is found."""
    monkeypatch.setattr(attack_strategies, "DISPLACED_BY", (0.0, 0.01))
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    out = np.linspace(100.0, 400.0, 60)[:, None]
    ways = [Seen(out * (np.cos(turn), np.sin(turn))) for turn in turns]
    given = evidence(ways, 100.0, lambda place: np.zeros(len(place)))
    assert given is not None
    given = attack_strategies.Evidence(given.sessions, given.ends[::2], 100.0, given.height_m)
    assert np.hypot(*STRATEGIES[name](given)) < 10.0


def test_time_and_way_that_are_not_seen_lead_back() -> None:
    """A way of 3 m/s whose first 100 s are told and not shown."""
    north = np.arange(0.0, 900.0, 3.0)
    place = np.column_stack([np.zeros(300), north])
    shown = np.where(np.arange(300)[:, None] < 100, np.nan, place)
    told = Seen(shown, {"distance_m": north, "ground_speed_mps": np.full(300, 3.0)})
    given = evidence([told], 100.0, lambda place: np.zeros(len(place)))
    assert given is not None
    only = attack_strategies.Evidence(given.sessions, given.ends[:1], 100.0, given.height_m)
    for name in ("times", "totals", "dead reckoning"):
        assert np.hypot(*STRATEGIES[name](only)) < 4.0, name


def test_straight_ways_meet_at_the_door_and_lie_in_its_street() -> None:
    """What no zone can hide is found: roads that go straight on from the door."""
    out = np.arange(300.0, 900.0, 3.0)[:, None]
    ways = [Seen(out * each) for each in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0))]
    ways += [Seen((0.0, 200.0) + out * (0.94, 0.34)), Seen((0.0, 250.0) + out * (-0.94, 0.34))]
    given = evidence(ways, 100.0, lambda place: np.zeros(len(place)))
    assert given is not None
    only = attack_strategies.Evidence(given.sessions, given.ends[::2], 100.0, given.height_m)
    assert np.hypot(*STRATEGIES["meeting of ways"](only)) < 8.0
    on_street = attack_strategies.street(only, np.array([50.0, 30.0]))
    np.testing.assert_allclose(on_street, (50.0, 0.0), atol=1.0)
