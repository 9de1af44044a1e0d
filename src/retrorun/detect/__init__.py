"""Track → segments: which segments were run backward, how sure that is, and why.

Evidence adds: each kind is a log-likelihood ratio per second, 0 where it has nothing to say
(docs/detection.md). Steps: modes → labels → heading with its mount → gait, taught by both →
decoding of the sum → judgement of each segment.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import structs

from retrorun import arithmetic
from retrorun.detect import file_labels, gait, heading, joint, labels, modes, segments, verdicts
from retrorun.detect.credibility import Grounds
from retrorun.detect.heading import Facing
from retrorun.detect.modes import Modes, Steps
from retrorun.detect.mount import Mount, mount
from retrorun.detect.segments import agreement
from retrorun.detect.series import backward_probability
from retrorun.model import Athlete, Detection, HeadingVerdict, Label, Note, Segment, Track
from retrorun.model.athlete import ANSWERED_GAIT, TRUSTED_KIND
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, wrap_deg

__all__ = ["agreement", "detect", "detect_twice"]


def detect(
    track: Track,
    stated_labels: Sequence[Label],
    athlete: Athlete,
    settings: DetectSettings,
    presses_s: Sequence[float] = (),
) -> Detection:
    """Find the backward segments of a track.

    Args:
        track: n seconds, with the columns of ``prepare``.
        stated_labels: of the file and the user; they win, later ones over earlier ones.
        athlete: stated mount and personal gait lines, if any.
        settings: of this stage.
        presses_s: moments of manual lap presses, seconds since the track's start.

    Returns:
        Segments that partition [0, n), the verdict on the heading, columns of length n, and the
        gait lines that confirmed seconds taught.
    """
    if track.seconds == 0:
        return _empty()
    found, _ = _detect(_observed(track, settings), stated_labels, athlete, settings, presses_s)
    return found


def detect_twice(
    track: Track,
    stated_labels: Sequence[Label],
    athlete: Athlete,
    settings: DetectSettings,
    presses_s: Sequence[float] = (),
) -> tuple[Detection, Detection]:
    """What ``detect`` finds without any learnt value, and with those of the athlete.

    The second costs nothing where it would read none of them, and little where it does.
    """
    if track.seconds == 0:
        return _empty(), _empty()
    observed, stated = _observed(track, settings), athlete.without_learnt()
    plain, grounds = _detect(observed, stated_labels, stated, settings, presses_s)
    if not any(athlete.learnt_fingerprints(plain.reads).values()):
        return plain, plain
    if athlete.backward_contrast() is None:  # the two lines were sought by people's gait, as then
        observed = structs.replace(
            observed, steps=structs.replace(observed.steps, upper=grounds.steps.upper)
        )
    return plain, _detect(observed, stated_labels, athlete, settings, presses_s)[0]


def _empty() -> Detection:
    return Detection((), HeadingVerdict(None, "none", None, None, "the recording is empty"), {})


class _Observed(msgspec.Struct, frozen=True, eq=False):
    """What a track holds, whoever ran it: the same for every athlete."""

    track: Track
    modes: Modes
    facing: Facing
    reversed_at: BoolArray
    switch: tuple[FloatArray, FloatArray]
    steps: Steps


def _observed(track: Track, settings: DetectSettings) -> _Observed:
    gait_modes = modes.modes(track, settings)
    facing = heading.without_hard_iron(heading.facing(track, gait_modes, settings), settings)
    return _Observed(
        track,
        gait_modes,
        facing,
        joint.course_reversed(track, facing, settings),
        joint.switching(facing, gait_modes, settings),
        modes.steps(track, gait_modes, settings),
    )


def _detect(
    observed: _Observed,
    stated_labels: Sequence[Label],
    athlete: Athlete,
    settings: DetectSettings,
    presses_s: Sequence[float],
) -> tuple[Detection, Grounds]:
    stated_labels, notes, reads = _credible_labels(
        observed, tuple(stated_labels), athlete, settings
    )
    label_llr = labels.evidence(stated_labels, observed.track.seconds, settings)
    grounds = _grounds(observed, label_llr, athlete, settings)
    decision = verdicts.decide(grounds, stated_labels, settings)
    decision = file_labels.at_presses(decision, grounds.heading, presses_s, settings)
    notes += file_labels.every_second_lap(decision, grounds.gait, presses_s, settings)
    by_gait = segments.gait_candidates(decision, grounds, settings)
    decision = verdicts.count_by_habit(decision, by_gait, athlete.trusted_kind)
    decision = verdicts.without_rejected(decision, by_gait, athlete.answered_gait, settings)
    verdict = _heading_verdict(grounds.facing, grounds.mount)
    found = segments.segments(decision, grounds, verdict, settings)
    detection = Detection(
        segments=found,
        heading=verdict,
        columns={
            "backward_probability": decision.probability,
            "heading_minus_course_deg": _facing_minus_course(grounds.facing, grounds.mount),
            "evidence_heading": grounds.heading,
            "evidence_gait": grounds.gait,
            "evidence_label": grounds.label,
        },
        forward_line=grounds.steps.forward if _teaches(grounds) else None,
        backward_line=grounds.steps.backward if _teaches(grounds) else None,
        notes=(*notes, *_question(found)),
        reads=grounds.reads | reads | ({TRUSTED_KIND, ANSWERED_GAIT} if by_gait else frozenset()),
        gait_candidates=by_gait,
    )
    return detection, grounds


def _question(found: Sequence[Segment]) -> tuple[Note, ...]:
    """What the athlete is asked where nothing tells which of two directions is forward."""
    asked = [each for each in found if each.is_asked]
    sides = [[each for each in asked if each.direction == way] for way in ("forward", "backward")]
    if not all(sides):
        return ()
    lasting = [round(sum(each.end_s - each.start_s for each in side) / 60.0) for side in sides]
    words = f"two directions, A for {lasting[0]} min and B for {lasting[1]} min: which is forward?"
    return (Note("two-directions", f"{words} One label of either tells"),)


def _credible_labels(
    observed: _Observed,
    stated_labels: tuple[Label, ...],
    athlete: Athlete,
    settings: DetectSettings,
) -> tuple[tuple[Label, ...], tuple[Note, ...], frozenset[str]]:
    """The labels that are believed, what to ask, and the learnt values that were read for it.

    Those of the file are first held against the sensors.
    """
    if not any(file_labels.is_of_file(label) for label in stated_labels):
        return stated_labels, (), frozenset()
    own = tuple(label for label in stated_labels if not file_labels.is_of_file(label))
    label_llr = labels.evidence(own, observed.track.seconds, settings)
    grounds = _grounds(observed, label_llr, athlete, settings)
    found = verdicts.decide(grounds, own, settings)
    backward, sure = found.direction == 1, found.verdict > 0
    forward = (grounds.heading < -settings.heading_heard) | (grounds.gait < -settings.gait_heard)
    weight = np.where(backward | (forward & backward.any()), settings.unsure_weight, 0.0)
    weight = np.where(sure, 1.0, weight)
    weight = np.where(found.direction < 2, weight, 0.0)
    either = grounds.mount is not None and not grounds.mount.sure
    if either and not (grounds.mount is not None and grounds.mount.both):
        weight[:] = 0.0  # one direction, and nothing tells which
    unaided = file_labels.Unaided(backward, weight, sure, either)
    return *file_labels.credible(stated_labels, unaided, settings), grounds.reads


def _teaches(grounds: Grounds) -> bool:
    """Whether this session's lines may teach others: never from a mount whose sign is a guess."""
    return grounds.mount is None or grounds.mount.sure


def _grounds(
    observed: _Observed, label_llr: FloatArray, athlete: Athlete, settings: DetectSettings
) -> Grounds:
    """Gather the evidence of every kind and decode its sum."""
    track, gait_modes, facing = observed.track, observed.modes, observed.facing
    reversed_at, switch, steps = observed.reversed_at, observed.switch, observed.steps
    marks = (label_llr, reversed_at)
    mounted = mount(facing, gait_modes, marks, athlete, settings) if facing.usable.any() else None
    heading_llr_raw = np.zeros(track.seconds)
    if mounted is not None:
        heading_llr_raw = heading.evidence(facing, mounted.offset_deg, settings)
        heading_llr_raw[mounted.called_forward.inside] = 0.0
    heading_llr = heading_llr_raw
    gait_evidence = gait.GaitEvidence.silent(track.seconds, settings)
    reads = mounted.reads if mounted is not None else frozenset[str]()
    p_backward, disturbed = np.zeros(track.seconds), np.ones(track.seconds, dtype=bool)
    taught = np.zeros(0, dtype=bool)
    # Once to find where the heading was disturbed, once more without those seconds.
    for _ in range(2 if mounted is not None else 1):
        sensed = heading_llr + label_llr
        if sensed.any() and disturbed.any():
            p_backward = backward_probability(sensed, *switch, settings.prior)
        firm = joint.teachers(p_backward > 0.5, gait_evidence.ratio, reversed_at, settings) | (
            label_llr != 0
        )
        before, taught = taught, (sensed != 0) & firm
        if not disturbed.any() and np.array_equal(before, taught):
            break  # the gait would be taught, and say, the same again
        known = gait.Known(p_backward, taught, has_heading=mounted is not None)
        gait_evidence = gait.evidence(steps, known, athlete, settings, gait_evidence)
        steps = structs.replace(steps, upper=gait_evidence.upper)
        reads |= gait_evidence.reads
        disturbed = joint.disturbed(
            facing, (heading_llr, gait_evidence.ratio), reversed_at, settings
        )
        if mounted is not None:  # the athlete turned there, however few steps that made
            disturbed &= (mounted.witness < 0) & ~mounted.repeated
            disturbed &= not mounted.asks_other_side
        heading_llr = np.where(disturbed, 0.0, heading_llr)
    probability = backward_probability(
        heading_llr + label_llr + gait_evidence.ratio, *switch, settings.prior
    )
    if mounted is not None:
        probability = _mix_by_sign(probability, mounted, settings)
    off_deg = facing.delta_deg - (0.0 if mounted is None else mounted.offset_deg)
    parts_at, mounts_at = heading.parts(facing, track.flags["gap"])
    return Grounds(
        probability,
        heading=heading_llr,
        heading_raw=heading_llr_raw,
        gait=gait_evidence.ratio,
        label=label_llr,
        modes=gait_modes,
        facing=facing,
        mount=mounted,
        steps=gait_evidence,
        paces=steps,
        reversed_at=reversed_at,
        parts_at=parts_at,
        mounts_at=mounts_at,
        off_course=arithmetic.sine_cosine(np.radians(off_deg)),
        reads=reads,
    )


def _mix_by_sign(probability: FloatArray, mounted: Mount, settings: DetectSettings) -> FloatArray:
    """With the wrong sign every second would be its opposite: mix both by the sign's odds.

    The likelier sign stands, however little likelier: two directions are told apart even where
    nothing says which is forward.
    """
    right = 1.0 / (1.0 + arithmetic.exp(-np.minimum(mounted.axis_odds, arithmetic.MOST_LOG_ODDS)))
    right = np.maximum(right, settings.even_odds[1] + settings.sign_margin)
    return np.asarray(right * probability + (1.0 - right) * (1.0 - probability), dtype=np.float64)


def _heading_verdict(facing: Facing, mounted: Mount | None) -> HeadingVerdict:
    if mounted is None:
        return facing.verdict
    return structs.replace(
        facing.verdict,
        mount_offset_deg=round(float(wrap_deg(arithmetic.median(mounted.offset_deg))), 1),
        concentration=round(mounted.concentration, 3),
        sign_from=mounted.sign_from,
    )


def _facing_minus_course(facing: Facing, mounted: Mount | None) -> FloatArray:
    """Heading minus course with the mount taken off, degrees in [-180, 180); NaN where unknown."""
    if mounted is None:
        return facing.delta_deg
    return wrap_deg(facing.delta_deg - mounted.offset_deg)
