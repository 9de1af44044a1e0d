"""One adversarial session each, judged; every function can run in another process."""

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from accuracy_judging import Counts, Judged, Truthful, judge, marked
from adversary import CONDITIONS, Case, session
from adversary_body import person
from adversary_raw import raw_session
from adversary_real import real_case
from retrorun.detect import detect
from retrorun.detect.labels import labels_of_file
from retrorun.learn import combine
from retrorun.model import Athlete, Detection, GaitLine, Recording, Track
from retrorun.prepare import prepare
from retrorun.settings import Settings

SETTINGS = Settings()
NEAR_S = 5  # a false second counts from this far from any backward one
LEAST_RATIO, MOST_SHARE = 1.05, 0.9  # whom steps alone are aimed to find
RAW = "raw"  # group of the logs of phones
TEACHERS = 3  # labelled sessions that teach an athlete's gait


@dataclass(frozen=True, slots=True)
class Attacked:
    """One session: what it is judged by.

    ``false_s`` are confirmed seconds farther than ``NEAR_S`` from any backward one; ``denied_s``
    backward seconds as far from any forward one that are confirmed forward.
    """

    judged: Judged
    false_s: int
    denied_s: int


def attacked_trial(trial: tuple[str, int]) -> Attacked:
    """Judge one condition at one seed."""
    name, seed = trial
    return _attacked(name, session(name, seed), Athlete())


def raw_trial(trial: tuple[str, int]) -> Attacked:
    """Judge one raw log of a phone at one seed."""
    return _attacked(RAW, raw_session(*trial), Athlete())


def real_trial(trial: tuple[Recording, Track, str, int]) -> Attacked:
    """Judge a real forward track with the compass of a condition."""
    recording, track, kind, seed = trial
    return _attacked(kind, real_case(recording, track, kind, seed), Athlete())


def learnt_trial(trial: tuple[int, bool]) -> Attacked:
    """Judge steps alone of an athlete whose gait three labelled sessions have taught.

    ``trial`` is the seed, and whether anybody is drawn rather than somebody whose step rate rises
    by 5 % or more at no more than 0.9 of the speed.
    """
    seed, anybody = trial
    rng = np.random.default_rng([seed, 77])
    who = person(rng)
    while not (anybody or (who.ratio >= LEAST_RATIO and who.share <= MOST_SHARE)):
        who = person(rng)
    ahead: list[GaitLine | None] = []
    behind: list[GaitLine | None] = []
    for number in range(TEACHERS):
        found = _detected(session("laps", 100_000 + 10 * seed + number, who), Athlete())[1]
        ahead.append(found.forward_line)
        behind.append(found.backward_line)
    athlete = Athlete(forward_line=combine(ahead), backward_line=combine(behind))
    name = "gait, drawn people"
    return _attacked(name, session(name, seed, who), athlete)


def _detected(case: Case, athlete: Athlete) -> tuple[Track, Detection]:
    track = prepare(case.recording, SETTINGS.prepare)
    labels = labels_of_file(case.recording, "run.fit") + case.labels
    return track, detect(track, labels, athlete, SETTINGS.detect)


def _attacked(name: str, case: Case, athlete: Athlete) -> Attacked:
    track, found = _detected(case, replace(athlete, mount_offset_deg=case.mount_deg))
    seconds = min(track.seconds, case.backward.size)
    back, moving = np.zeros((2, track.seconds), dtype=bool)
    back[:seconds], moving[:seconds] = case.backward[:seconds], case.moving[:seconds]
    truth = Truthful(back, moving, case.changes_s)
    group = RAW if name == RAW else CONDITIONS[name].group
    judged = judge((name, group), track, found, truth)
    near = np.convolve(back, np.ones(2 * NEAR_S + 1), "same") > 0
    sure = marked(found, track.seconds, ("confirmed", "labelled"))
    ahead = np.convolve(~back & moving, np.ones(2 * NEAR_S + 1), "same") > 0
    denied = np.zeros(track.seconds, dtype=bool)
    for part in found.segments:
        if part.direction == "forward" and part.is_decided:
            denied[round(part.start_s) : round(part.end_s)] = True
    return Attacked(
        judged, int((sure & ~near & moving).sum()), int((denied & ~ahead & back & moving).sum())
    )


def confirmed_counts(found: list[Attacked]) -> Counts:
    """What is confirmed or labelled in many sessions."""
    return sum((each.judged.confirmed for each in found), Counts())
