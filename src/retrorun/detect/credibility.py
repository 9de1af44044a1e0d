"""What could be wrong with a segment that looks backward, and what speaks for it all the same."""

from enum import Enum
from itertools import pairwise

import msgspec
import numpy as np

from retrorun import arithmetic
from retrorun.detect import joint
from retrorun.detect.gait import GaitEvidence, pulse_of_slow_segments
from retrorun.detect.heading import Facing, is_relative
from retrorun.detect.modes import Modes, Steps
from retrorun.detect.mount import Mount, is_of_watch
from retrorun.detect.series import each_run, mean_around, runs
from retrorun.model import NOT_THE_STATED_MOUNT, TWO_DIRECTIONS
from retrorun.settings import DetectSettings
from retrorun.units import BoolArray, FloatArray, IntArray


class SettledBy(Enum):
    """What would settle a doubt about a heading, in words."""

    LABEL_OR_MOUNT = "one label of a backward stretch, or mount_offset_deg in the profile"
    MOUNT = "saying in the profile how the device is worn (mount_offset_deg), or a label"
    CHANGE_AT_TURN = "a clear change of speed and step rate at the turn, or a label"
    BACKWARD_LABEL = "a label of backward on a stretch"
    LABEL = "a label"
    STEADIER_HEADING = "a steadier heading, or a label"


class Doubt(msgspec.Struct, frozen=True):
    """Why a heading is not believed of a segment, in words, and what would settle it."""

    words: str
    settled_by: SettledBy = SettledBy.STEADIER_HEADING

    def __str__(self) -> str:
        """The words."""
        return self.words


WHICH_IS_FORWARD = Doubt(TWO_DIRECTIONS, SettledBy.LABEL_OR_MOUNT)
_NEITHER_AS_STATED = Doubt(NOT_THE_STATED_MOUNT, SettledBy.LABEL)
_BY_STEP_RATE = Doubt(
    "nothing but the step rate tells the sign, which way the device is worn", SettledBy.MOUNT
)
_BY_HABIT = Doubt("nothing but habit tells which way the device is worn", SettledBy.MOUNT)
_NOT_AS_STATED = Doubt(
    "by the profile's mount_offset_deg it is backward throughout, but with the steps of earlier "
    "forward runs",
    SettledBy.LABEL,
)
_ANOTHER_ZERO = Doubt(
    "a relative heading has another zero after each hole, and since the last goes one way",
    SettledBy.LABEL,
)
_HANDLED = Doubt("the device was handled, and since then the heading goes one way", SettledBy.LABEL)
_EITHER_WAY = Doubt(
    "the device was handled or its zero jumped, and nothing tells which way it points since then",
    SettledBy.LABEL,
)
SINCE_HANDLED = Doubt(
    "the device was handled there, and neither speed nor steps say backward yet", SettledBy.LABEL
)
SIDEWAYS = Doubt(
    "the heading does not oppose the course: sideways, rather than backward", SettledBy.LABEL
)
NOT_CONNECTED = Doubt(
    "the gait changes as much where the heading stays: the two are not connected",
    SettledBy.CHANGE_AT_TURN,
)
WITH_PACE = Doubt(
    "the device may have turned at each change of pace: "
    "steps, heart and turns do not say otherwise",
    SettledBy.MOUNT,
)
ONLY_THE_HEADING = Doubt(
    "only the heading turned: speed and steps do not say that the athlete did",
    SettledBy.CHANGE_AT_TURN,
)
ON_A_DECK = Doubt(
    "the ground may move, as a ship does: steps beside this are too long for their step rate",
    SettledBy.LABEL,
)
ON_A_DECK_UNSTEPPED = Doubt(
    "the ground may move, as a ship does: the speed beside this is far higher, and no steps tell",
    SettledBy.LABEL,
)
_OTHER_WAY_FORWARD = Doubt(
    "you called the other direction forward: speed and steps do not say that this one is backward",
    SettledBy.BACKWARD_LABEL,
)
_DECEIVED = Doubt(
    "speed and steps spoke as clearly for backward where you said forward",
    SettledBy.BACKWARD_LABEL,
)
BOTH_FORWARD = Doubt("you called both directions of the heading forward")


class Grounds(msgspec.Struct, frozen=True, eq=False):
    """Everything a segment is judged by; arrays (n,).

    ``heading``, ``gait`` and ``label`` are log-likelihood ratios per second. ``heading_raw`` is
    the heading before the disturbed seconds were struck out; ``reversed_at`` is where the course
    turned about under a steady heading. ``parts_at``, (k,), are the seconds from which the
    heading's zero may be another, ``mounts_at`` those of them at which another mount begins.
    ``paces`` are the steps, speed and heart rate that ``steps`` was judged by. ``off_course``, sine
    and cosine, is the heading less course and mount. ``reads``: see ``Detection``.
    """

    probability: FloatArray
    heading: FloatArray
    heading_raw: FloatArray
    gait: FloatArray
    label: FloatArray
    modes: Modes
    facing: Facing
    mount: Mount | None
    steps: GaitEvidence
    paces: Steps
    reversed_at: BoolArray
    parts_at: IntArray
    mounts_at: IntArray
    off_course: tuple[FloatArray, FloatArray]
    reads: frozenset[str] = frozenset()


def gait_agrees(
    grounds: Grounds, back: BoolArray, first: int, last: int, settings: DetectSettings
) -> bool:
    """Whether steps and speed changed with the heading, by more than they do elsewhere."""
    if float(grounds.gait[first:last].sum()) < settings.gait_confirms:
        return False
    slower = speed_ratio(grounds, back, (first, last), settings)
    if slower is not None and slower > settings.slower_helps:
        return False
    here = grounds.steps.excess[first:last]
    if not np.isfinite(here).any():
        return True
    return float(np.nanmean(here)) > settings.gait_wander * wander(grounds, back, settings)


def wander(grounds: Grounds, back: BoolArray, settings: DetectSettings) -> float:
    """Deviation of half-minute means of the step rate's excess on the other seconds."""
    rest = grounds.steps.excess[~back & np.isfinite(grounds.steps.excess)]
    seconds = settings.wander_block_s
    blocks = rest[: rest.size // seconds * seconds].reshape(-1, seconds).mean(axis=1)
    return float(blocks.std()) if blocks.size >= settings.wander_blocks else 0.0


def speed_ratio(
    grounds: Grounds, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> float | None:
    """Speed of a segment over that of the minute around it in the other direction."""
    sides = _compared(grounds, back, span, settings)
    if sides is None:
        return None
    inside, around = (arithmetic.median(grounds.modes.speed_mps[side]) for side in sides)
    return inside / around


def _compared(
    grounds: Grounds, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> tuple[IntArray, IntArray] | None:
    """Seconds in motion of a segment, (k,), and of the minute around it in the other direction.

    None where either are too few.
    """
    first, last = span
    around = slice(max(first - settings.compared_s, 0), last + settings.compared_s)
    timed = grounds.modes.moving & np.isfinite(grounds.modes.speed_mps)
    beside = around.start + np.flatnonzero(timed[around] & (back[around] != back[first]))
    inside = first + np.flatnonzero(timed[first:last])
    if beside.size < settings.compared_around_s or inside.size < settings.compared_inside_s:
        return None
    return inside, beside


class SessionWide(msgspec.Struct, frozen=True):
    """What a whole session says of each of its stretches.

    Attributes:
        proven: whether the second witness speaks for a minute of backward running in it.
        doubt: why no heading of it confirms backward running; None if it may.
    """

    proven: bool
    doubt: Doubt | None

    @classmethod
    def of(cls, grounds: Grounds, back: BoolArray, settings: DetectSettings) -> "SessionWide":
        """Ask the whole session, of which ``back`` (n,) looks backward."""
        mount = grounds.mount
        if mount is None:
            return cls(proven=False, doubt=None)
        sure = back & (mount.witness >= settings.witness_enough) & grounds.modes.moving
        goes = gait_goes_with_side(grounds, mount, back, settings)
        doubt = None if goes else NOT_CONNECTED
        if goes and may_turn_with_pace(grounds, mount, back, settings):
            doubt = WITH_PACE
        return cls(proven=bool(sure.sum() >= settings.proven_s), doubt=doubt)


def turns_about(grounds: Grounds, span: tuple[int, int], settings: DetectSettings) -> bool:
    """Whether the course turned about under a steady heading at an end of a stretch."""
    near = settings.near_turn_s
    return any(grounds.reversed_at[max(end - near, 0) : end + near].any() for end in span)


def gait_goes_with_side(
    grounds: Grounds, mount: Mount, back: BoolArray, settings: DetectSettings
) -> bool:
    """Whether speed or step rate alone tell the two sides of the heading apart.

    At a turn of the heading the gait may change by chance; where it changes as much under a steady
    heading, the two are not connected. So of two seconds, one of each side, nearly all must be told
    apart (the area under the curve of Mann and Whitney), and most seconds in the gait of the
    backward side must lie there. True where nothing can be compared.
    """
    modes = grounds.modes
    calm = mean_around((~modes.moving).astype(np.float64), settings.calm_s) == 0
    calm &= (grounds.heading_raw != 0) & ~_in_one_way_mounts(
        grounds.heading_raw, grounds.facing.mount, settings
    )
    behind = calm & back & (mount.witness >= 0)
    if not behind.any():
        return True
    walks = bool(modes.walking[behind].mean() > 0.5)
    same_gait = modes.walking == walks
    sides = (behind & same_gait, calm & ~behind & same_gait)
    only_walks = walks and bool(modes.walking[modes.moving].mean() >= settings.only_walks)
    least = settings.told_apart[int(only_walks)]
    tells = [
        joint.tells_apart(values[sides[0]], values[sides[1]], least, settings)
        for values in joint.pace_and_steps(modes, walks, settings)
    ]
    known = [each for each in tells if each is not None]
    return any(known) or not known


def may_turn_with_pace(
    grounds: Grounds, mount: Mount, back: BoolArray, settings: DetectSettings
) -> bool:
    """Whether a device that turns at each change of pace could have made all of the session.

    A phone that is held in slow stretches and pocketed in fast ones opposes the course in step with
    the speed, as one does on the body of an athlete who turns about. Only what a hand cannot do
    tells them apart: quicker steps at equal speed, a heart that does not fall with the speed, a
    turn that slows, a course that turns under a steady heading, or a label. A raw log shows a phone
    that is tilted on the way, not one that turns upright, and its gyroscope turns with the phone.
    Of few turns quicker steps are asked more: two changes of pocket may fall on a few quick ones.
    A watch is in no pocket.
    """
    if mount.stated:
        return False
    if joint.turns_near(back, grounds.reversed_at, settings) >= settings.reversals_prove:
        return False
    pulse = pulse_of_slow_segments(grounds.paces, grounds.modes.moving, back, settings)
    if pulse >= settings.hand_pulse:
        return False
    quicker = joint.step_gain(grounds.modes, back & (mount.witness >= 0), back, settings) or 0.0
    against = float(np.clip(pulse, settings.hand_pulse_least, 0.0))
    few = (back[1:] != back[:-1]).sum() < settings.hand_few
    gain = settings.hand_gain[int(few and not is_of_watch(grounds.facing))]
    missing = 1.0 - max(pulse, 0.0) / settings.hand_pulse  # of the heart's own proof
    if quicker + settings.pulse_steps * against >= gain * missing:
        return False
    jogs = pulse <= settings.hand_pulse_least and quicker < gain
    return jogs or not joint.slows_to_turn(grounds.modes, back, settings)


def on_a_deck(
    grounds: Grounds, back: BoolArray, span: tuple[int, int], settings: DetectSettings
) -> Doubt | None:
    """Why a ship may have carried the athlete of a backward segment; None if it has not.

    A position tells the speed over the earth. A ship of speed u that carries athletes of speed
    v < u has them travel at u + v one way, and at u - v the other way with their backs ahead. So
    the steps one way look over twice as long as they are, at the same step rate. The walk ratio,
    step length over step rate, is about 0.006 m/(steps/min) in walking at any speed (Sekiya and
    others 1996) and, by our estimate, at most 0.010 in running; there it is twice the true one.
    Where no steps are counted, the speeds alone make it doubtful.
    """
    sides, modes = _compared(grounds, back, span, settings), grounds.modes
    if sides is None:
        return None
    slow, fast = (arithmetic.median(modes.speed_mps[side]) for side in sides)
    if not np.isfinite(modes.cadence_spm[np.concatenate(sides)]).any():
        least_mps, most = settings.deck_unstepped
        return ON_A_DECK_UNSTEPPED if fast >= least_mps and slow <= most * fast else None
    rates = [modes.cadence_spm[side][~modes.doubtful[side]] for side in sides]
    rates = [each[np.isfinite(each) & (each > 0)] for each in rates]
    if min(each.size for each in rates) < settings.compared_inside_s:
        return None
    steps, ahead = (arithmetic.median(each) for each in rates)
    too_long = 60.0 * fast / (ahead * ahead) >= settings.deck_walk_ratio_m_per_spm
    most, most_change = settings.deck_share
    alike = slow <= most * fast and abs(steps / ahead - 1.0) <= most_change
    return ON_A_DECK if too_long and alike else None


def called_otherwise(
    grounds: Grounds, span: tuple[int, int], settings: DetectSettings
) -> Doubt | None:
    """Why labels of forward leave a backward segment in doubt; None if they do not.

    That one side of a heading is forward does not say that the other is backward: a device that
    was turned has forward on both.
    """
    called = None if grounds.mount is None else grounds.mount.called_forward
    if called is None or not called.alone:
        return None
    here = grounds.gait[span[0] : span[1]]
    if called.believed.any():
        deceiving = max(float(grounds.gait[called.believed].mean()), 0.0)
        if float(here.mean()) <= settings.deceived_times * deceiving:
            return _DECEIVED
    needed = 0.0 if turns_about(grounds, span, settings) else settings.gait_confirms
    return _OTHER_WAY_FORWARD if called.decides and float(here.sum()) < needed else None


def answered(grounds: Grounds, span: tuple[int, int], settings: DetectSettings) -> Doubt | None:
    """By which labels a question of the heading alone is answered; None if it is not."""
    both = grounds.mount is not None and grounds.mount.called_forward.both_sides
    asks_gait = float(grounds.gait[span[0] : span[1]].sum()) >= settings.gait_teaches
    return BOTH_FORWARD if both and not asks_gait else None


def doubtful_sign(mount: Mount) -> Doubt | None:
    """Why the mount's sign is not to be trusted; None if it is."""
    if mount.sure:
        return None
    if mount.sign_from == "profile":
        return _NEITHER_AS_STATED if mount.both else _NOT_AS_STATED
    if mount.both:
        return WHICH_IS_FORWARD
    return _BY_STEP_RATE if mount.sign_from.startswith("gait") else _BY_HABIT


def doubtful_heading(
    grounds: Grounds,
    span: tuple[int, int],
    resembles_proven: bool,  # noqa: FBT001 - whether it resembles segments that are beyond doubt
    settings: DetectSettings,
) -> Doubt | None:
    """Why the heading of a backward segment is not to be trusted; None if it is."""
    first, last = span
    inside = slice(first, last)
    mount = grounds.mount
    if mount is None:
        return Doubt("no heading")
    heading, zero_doubt = grounds.heading_raw[inside], another_zero(grounds, span, settings)
    if zero_doubt in {_HANDLED, _EITHER_WAY}:
        return zero_doubt
    if grounds.probability[inside].mean() < settings.confirmed_probability:
        return Doubt("heading speaks for backward, not clearly")
    if heading.sum() < settings.heading_agrees * np.abs(heading).sum():
        return Doubt("the heading speaks for both directions")
    return (
        _doubt_of_direction(grounds, mount, inside, settings)
        or zero_doubt
        or _doubt_of_turn(grounds, mount, inside, resembles_proven, settings)
    )


def _doubt_of_direction(
    grounds: Grounds, mount: Mount, inside: slice, settings: DetectSettings
) -> Doubt | None:
    """Why a heading that is not that of the course may not be its opposite; None if it is."""
    if mount.concentration < settings.firm_axis:
        words = f"the heading hardly keeps to an axis (concentration {mount.concentration:.2f})"
        return Doubt(words)
    if mount.both and mount.apart_deg < settings.sides_apart_deg:
        apart = f"{mount.apart_deg:.0f}°"
        words = f"the heading's two sides lie {apart} apart: sideways, rather than backward"
        return Doubt(words, SettledBy.LABEL)
    if _degrees_off_opposite(grounds, inside) > most_off_deg(settings):
        return SIDEWAYS
    return None


def another_zero(grounds: Grounds, span: tuple[int, int], settings: DetectSettings) -> Doubt | None:
    """Why a heading says nothing of a segment since a hole or a handling; None if it does.

    After every hole or pause the zero of a relative one may be another, and after a handling the
    mount of any: then only what lies between two of them can be compared, and a part that goes one
    way throughout holds no direction.
    """
    mount, begins = grounds.mount, grounds.mounts_at
    if grounds.parts_at.size == 0 or mount is None or (mount.stated and not begins.size):
        return None
    inside = begins[(begins > span[0]) & (begins < span[1])]
    for part in pairwise((span[0], *inside.tolist(), span[1])):
        if _goes_one_way(grounds.heading_raw, part, grounds.parts_at, settings):
            return _ANOTHER_ZERO if is_relative(grounds.facing) else _HANDLED
    unsure = begins.size and mount.axis_odds[span[0] : span[1]].min() < settings.sign_sure
    return _EITHER_WAY if unsure else None


def _doubt_of_turn(
    grounds: Grounds,
    mount: Mount,
    inside: slice,
    resembles_proven: bool,  # noqa: FBT001 - whether it resembles segments that are beyond doubt
    settings: DetectSettings,
) -> Doubt | None:
    """Why it may have been the device that turned; None if the second witness says otherwise."""
    if mount.device_turned[inside].any() and float(grounds.gait[inside].sum()) < 0:
        return Doubt("the device was turned on the body, and the gait went on as before")
    if mount.unsteady:
        return Doubt("the device turned on the body as often as the athlete may have")
    witness = arithmetic.median(mount.witness[inside])
    # A session that holds few turns must show each of them more clearly, and speed alone, too.
    enough = settings.witness_enough + float(np.clip(1.0 - mount.turns, 0.0, settings.few_turns))
    if not np.isfinite(grounds.modes.cadence_spm[inside]).any():
        enough += settings.speed_alone
    if witness < enough and not (witness > 0 and resembles_proven):
        return ONLY_THE_HEADING
    return None


def most_off_deg(settings: DetectSettings) -> float:
    """By how many degrees backward running may miss the exact opposite of the course."""
    return 180.0 - settings.sides_apart_deg + settings.exact_deg


def _degrees_off_opposite(grounds: Grounds, inside: slice) -> float:
    """By how many degrees a segment's heading misses the exact opposite of the course."""
    sine, cosine = (
        float(each[inside][np.isfinite(each[inside])].sum()) for each in grounds.off_course
    )
    return 180.0 - abs(float(np.degrees(arithmetic.arctan2(sine, cosine))))


def _goes_one_way(
    heading: FloatArray, part: tuple[int, int], holes: IntArray, settings: DetectSettings
) -> bool:
    """Whether the evidence of the heading (n,) between two holes is that of a part of it alone."""
    first = int(holes[holes <= part[0]].max(initial=0))
    last = int(holes[holes >= part[1]].min(initial=heading.size))
    own = float(heading[part[0] : part[1]].sum())
    return bool((heading[first:last] * own < 0).sum() < settings.other_side_s)


def _in_one_way_mounts(heading: FloatArray, mount: IntArray, settings: DetectSettings) -> BoolArray:
    """Seconds since a handling, or before one, that all go one way: nothing tells which, (n,).

    Args:
        heading: (n,) its evidence.
        mount: (n,) number of the mount.
        settings: of this stage.
    """
    starts, _ = runs(mount)
    found = np.zeros(mount.size, dtype=bool)
    for first, last in each_run(mount):
        alone = _goes_one_way(heading, (first, last), starts, settings)
        found[first:last] = alone and starts.size > 1
    return found
