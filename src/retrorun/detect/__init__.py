"""Track → segments: which stretches were run backward, how sure that is, and why.

Evidence adds: each kind is a log-likelihood ratio per second, 0 where it has nothing to say
(docs/detection.md). Steps: modes → labels → heading with its mount → gait, taught by both →
decoding of the sum → judgement of each stretch.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrorun import arithmetic
from retrorun.detect import (
    file_labels,
    gait,
    habit,
    heading,
    joint,
    labels,
    laps,
    modes,
    segments,
    step_rate,
    verdicts,
)
from retrorun.detect.credibility import Grounds
from retrorun.detect.explain import agreement, explain, would_change
from retrorun.detect.heading import Facing
from retrorun.detect.iron import without_hard_iron
from retrorun.detect.mount import Mount, mount
from retrorun.detect.series import backward_probability
from retrorun.model import Athlete, Detection, HeadingVerdict, Label, Note, Segment, Track
from retrorun.settings import DetectSettings
from retrorun.units import FloatArray, wrap_deg

LEAST_LLR = 0.3  # log-likelihood ratio of a second from which it says something

__all__ = ["agreement", "detect", "explain"]


def detect(
    track: Track,
    spoken: Sequence[Label],
    athlete: Athlete,
    settings: DetectSettings,
    presses_s: Sequence[float] = (),
) -> Detection:
    """Find the backward stretches of a track.

    Args:
        track: n seconds, with the columns of ``prepare``.
        spoken: the user's labels; they win, later ones over earlier ones.
        athlete: stated mount and personal gait lines, if any.
        settings: of this stage.
        presses_s: moments of manual lap presses, seconds since the track's start.

    Returns:
        Segments that partition [0, n), the verdict on the heading, columns of length n, and the
        gait lines that confirmed seconds taught.
    """
    if track.seconds == 0:
        verdict = HeadingVerdict(None, "none", None, None, "the recording is empty")
        return Detection((), verdict, {})
    spoken, notes = _believed(track, tuple(spoken), athlete, settings)
    grounds = _grounds(track, labels.evidence(spoken, track.seconds), athlete, settings)
    decision = verdicts.decide(grounds, spoken, settings)
    decision = laps.snapped(decision, grounds.heading, presses_s, settings)
    notes += laps.pattern(decision, grounds.gait, presses_s, settings)
    by_gait = habit.candidates(decision, grounds, settings)
    decision = habit.counted(decision, by_gait, athlete.trusted_kind)
    verdict = _verdict(grounds.facing, grounds.mount)
    found = segments.segments(decision, grounds, settings)
    return Detection(
        segments=tuple(replace(part, would_change=would_change(part, verdict)) for part in found),
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
        asks_line=grounds.asks_line,
        gait_candidates=by_gait,
    )


def _question(found: Sequence[Segment]) -> tuple[Note, ...]:
    """What the athlete is asked where nothing tells which of two directions is forward."""
    asked = [each for each in found if each.is_asked]
    sides = [[each for each in asked if each.direction == way] for way in ("forward", "backward")]
    if not all(sides):
        return ()
    lasting = [round(sum(each.end_s - each.start_s for each in side) / 60.0) for side in sides]
    words = f"two directions, A for {lasting[0]} min and B for {lasting[1]} min: which is forward?"
    return (Note("two-directions", f"{words} One label of either decides the whole session"),)


def _believed(
    track: Track, spoken: tuple[Label, ...], athlete: Athlete, settings: DetectSettings
) -> tuple[tuple[Label, ...], tuple[Note, ...]]:
    """The labels that are believed: those of the file are first held against the sensors."""
    if not any(file_labels.of_file(label) for label in spoken):
        return spoken, ()
    own = tuple(label for label in spoken if not file_labels.of_file(label))
    grounds = _grounds(track, labels.evidence(own, track.seconds), athlete, settings)
    found = verdicts.decide(grounds, own, settings)
    backward, sure = found.direction == 1, found.verdict > 0
    told = (grounds.heading < -LEAST_LLR) | (grounds.gait < -LEAST_LLR / 10.0)
    weight = np.where(sure, 1.0, np.where(backward | (told & backward.any()), 0.5, 0.0))
    weight = np.where(found.direction < 2, weight, 0.0)
    either = grounds.mount is not None and not grounds.mount.sure
    if either and not (grounds.mount is not None and grounds.mount.both):
        weight[:] = 0.0  # one direction, and nothing tells which
    seen = file_labels.Unaided(backward, weight, sure, either)
    return file_labels.believed(spoken, seen, settings)


def _teaches(grounds: Grounds) -> bool:
    """Whether this session's lines may teach others: never from a mount whose sign is a guess."""
    return grounds.mount is None or grounds.mount.sure


def _grounds(
    track: Track, label_llr: FloatArray, athlete: Athlete, settings: DetectSettings
) -> Grounds:
    """Gather the evidence of every kind and decode its sum."""
    gait_modes = modes.modes(track, settings)
    facing = without_hard_iron(heading.facing(track, gait_modes, settings), settings)
    reversed_at = joint.course_reversed(track, facing, settings)
    marks = (label_llr, reversed_at)
    mounted = mount(facing, gait_modes, marks, athlete, settings) if facing.usable.any() else None
    heading_llr_raw = np.zeros(track.seconds)
    if mounted is not None:
        heading_llr_raw = heading.evidence(facing, mounted.offset_deg, settings)
    heading_llr = heading_llr_raw
    switch = joint.switching(facing, gait_modes, settings)
    steps = step_rate.steps(track, gait_modes, settings)
    gait_evidence = gait.GaitEvidence.silent(track.seconds, settings)
    p_backward, disturbed = np.zeros(track.seconds), np.ones(track.seconds, dtype=bool)
    # Once to find where the heading was disturbed, once more without those seconds.
    for _ in range(2 if mounted is not None else 1):
        sensed = heading_llr + label_llr
        if sensed.any() and disturbed.any():
            p_backward = backward_probability(sensed, *switch, settings.prior)
        firm = joint.teachers(p_backward > 0.5, gait_evidence.ratio, reversed_at, settings) | (
            label_llr != 0
        )
        gait_evidence = gait.evidence(steps, p_backward, (sensed != 0) & firm, athlete, settings)
        disturbed = joint.disturbed(
            facing, (heading_llr, gait_evidence.ratio), reversed_at, settings
        )
        if mounted is not None:  # the athlete turned there, however few steps that made
            disturbed &= mounted.witness < 0
        heading_llr = np.where(disturbed, 0.0, heading_llr)
    probability = backward_probability(
        heading_llr + label_llr + gait_evidence.ratio, *switch, settings.prior
    )
    if mounted is not None:
        probability = _doubting_sign(probability, mounted, settings)
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
        reversed_at=reversed_at,
        gap=track.flags["gap"],
        asks_line=mounted is not None or bool(steps.counted.sum() >= gait.LEAST_S),
    )


def _doubting_sign(probability: FloatArray, worn: Mount, settings: DetectSettings) -> FloatArray:
    """With the wrong sign every second would be its opposite: mix both by the sign's odds.

    The likelier sign stands, however little likelier: two directions are told apart even where
    nothing says which is forward.
    """
    right = 1.0 / (1.0 + arithmetic.exp(-min(worn.log_odds, 30.0)))
    right = max(float(right), settings.even_odds[1] + 0.01)
    return np.asarray(right * probability + (1.0 - right) * (1.0 - probability), dtype=np.float64)


def _verdict(seen: Facing, worn: Mount | None) -> HeadingVerdict:
    if worn is None:
        return seen.verdict
    return replace(
        seen.verdict,
        mount_offset_deg=round(float(wrap_deg(float(np.median(worn.offset_deg)))), 1),
        concentration=round(worn.concentration, 3),
        sign_from=worn.sign_from,
    )


def _facing_minus_course(seen: Facing, worn: Mount | None) -> FloatArray:
    """Heading minus course with the mount taken off, degrees in [-180, 180); NaN where unknown."""
    if worn is None:
        return seen.delta_deg
    return wrap_deg(seen.delta_deg - worn.offset_deg)
