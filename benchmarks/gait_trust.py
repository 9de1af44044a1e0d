"""Measure what counts by habit, on athletes of the adversarial generator.

``python benchmarks/gait_trust.py [--people 30] [--sessions 18] [--attacks]``

Each athlete answers, by the truth, every candidate that steps alone propose in so many sessions.
Those whose answers prove their gait trust it from then on. Printed is how much of what counts by
habit in further sessions was backward, and how many forward seconds of each attack count.
Nothing is tuned on that generator. ``--attacks``: every fourth session that is answered is one.
"""

import argparse
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from adversary import CONDITIONS, DYNAMICS, Case, session
from adversary_body import Person, person
from retrorun import learn
from retrorun.detect import detect
from retrorun.detect.labels import gait_answers
from retrorun.model import Athlete, Detection, GaitAnswer, Label
from retrorun.prepare import prepare
from retrorun.settings import Settings
from retrorun.units import BoolArray

SETTINGS = Settings()
MIXED = "gait, drawn people"
ATTACKS = tuple(
    name
    for name, each in CONDITIONS.items()
    if each.group == "gait"
    and not name.startswith(("gait, steps", MIXED, "gait, treadmill"))
    and DYNAMICS not in name
)
FURTHER, OF_EACH_ATTACK = 6, 3  # sessions after the proof
RIGHT_SHARE = 0.8  # of a segment's seconds, for it to be backward


def main() -> None:
    """Print the figures."""
    given = _arguments()
    people = [
        _athlete(number, given.sessions, attacks=given.attacks) for number in range(given.people)
    ]
    trusting = [each for each in people if each[1].trusted_kind is not None]
    print(
        f"{len(trusting)} of {len(people)} athletes proved their gait in {given.sessions} sessions"
    )
    _print_counted(trusting)
    for name in ATTACKS:
        _print_attack(name, trusting)


def _athlete(number: int, sessions: int, *, attacks: bool) -> tuple[Person, Athlete, int]:
    """Somebody who answered so many sessions and trusts the gait; and their number."""
    who = person(np.random.default_rng([number, 991]))
    lessons = []
    for place in range(sessions):
        attacked = attacks and place % 4 == 0
        name = ATTACKS[(place // 4 + number) % len(ATTACKS)] if attacked else MIXED
        lessons.append(_answered(session(name, 300_000 + 1000 * number + place, who)))
    habit = learn.gait_habit(lessons, SETTINGS.compare)
    return who, Athlete(trust_gait=True, gait_habit=habit), number


def _answered(case: Case) -> tuple[GaitAnswer, ...]:
    found, backward = _detected(case, Athlete())
    labels = [Label(0.0, float(backward.size), "forward", "command")]
    labels += [Label(first, last, "backward", "command") for first, last in _spans(backward)]
    return gait_answers(found.gait_candidates, labels, backward.size, SETTINGS.detect)


def _spans(backward: BoolArray) -> Iterator[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], backward.astype(np.int64), [0]])))
    yield from zip(edges[::2].astype(float), edges[1::2].astype(float), strict=True)


def _detected(case: Case, athlete: Athlete) -> tuple[Detection, BoolArray]:
    track = prepare(case.recording, SETTINGS.prepare)
    backward = np.zeros(track.seconds, dtype=np.bool_)
    known = case.backward[: track.seconds]
    backward[: known.size] = known
    stated = replace(athlete, mount_offset_deg=case.mount_deg)
    return detect(track, (), stated, SETTINGS.detect), backward


def _by_habit(found: Detection, backward: BoolArray) -> list[tuple[int, int]]:
    """Backward and all seconds of each segment that counts by habit."""
    spans = [
        slice(int(each.start_s), int(each.end_s))
        for each in found.segments
        if each.verdict == "habit"
    ]
    return [(int(backward[each].sum()), each.stop - each.start) for each in spans]


def _print_counted(trusting: Sequence[tuple[Person, Athlete, int]]) -> None:
    counted: list[tuple[int, int]] = []
    whole_s = 0
    for who, athlete, number in trusting:
        for place in range(FURTHER):
            case = session(MIXED, 400_000 + 1000 * number + place, who)
            found, backward = _detected(case, athlete)
            counted += _by_habit(found, backward)
            whole_s += int(backward.sum())
    right = sum(good >= RIGHT_SHARE * all_s for good, all_s in counted)
    seconds = [sum(each) for each in zip(*counted, strict=True)] or [0, 0]
    print(f"by habit: {right} of {len(counted)} segments backward, {seconds[0]} of {seconds[1]} s")
    print(f"that is {seconds[0] / max(whole_s, 1):.1%} of {whole_s} backward seconds")


def _print_attack(name: str, trusting: Sequence[tuple[Person, Athlete, int]]) -> None:
    wrong_s = all_s = 0
    for who, athlete, number in trusting:
        for place in range(OF_EACH_ATTACK):
            case = session(name, 500_000 + 1000 * number + place, who)
            found, backward = _detected(case, athlete)
            wrong_s += sum(seconds - good for good, seconds in _by_habit(found, backward))
            all_s += backward.size
    print(f"{name}: {wrong_s} s falsely by habit in {all_s / 3600:.1f} h")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--sessions", type=int, default=18)
    parser.add_argument("--attacks", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
