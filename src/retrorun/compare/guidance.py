"""What a session says about warm-up, progression, ground and walking: information, no verdict."""

from retrorun.compare.practice import Past, warm_up_s
from retrorun.compare.sessions import DAY_S, of_kind, total
from retrorun.literature import BY_KEY
from retrorun.model import Advice, Guidance, Session
from retrorun.settings import CompareSettings

SAFETY = (
    "You cannot see where you are going: choose open, even, traffic-free ground, look over your "
    "shoulder, or have somebody with you. Take special care, and ask a doctor or physiotherapist "
    "first, with trouble of balance, dizziness, osteoporosis, an injury, after an operation, or "
    "in pregnancy. Stop when something hurts. retrorun reports what was recorded; it gives no "
    "medical advice."
)
RUNSAFE_LIMITS = (
    "Forward runners, observed and not assigned, injuries self-reported, distance of whole runs: "
    "it says nothing certain about one person or about backward running. In the same study the "
    "week-to-week ratio was not related to injury."
)
BANDS = (
    (1.1, "injury_small_spike", "10 to 30 % longer"),
    (1.3, "injury_moderate_spike", "30 to 100 % longer"),
    (2.0, "injury_large_spike", "more than twice as long"),
)
LADDER = (
    "walk backward on level, open ground",
    "run backward for some seconds at a time between forward stretches",
    "run backward for a minute and longer",
)


def guidance(session: Session, before: Past, settings: CompareSettings | None = None) -> Guidance:
    """What is worth knowing about this session beside the ones before it.

    Args:
        session: the session.
        before: what was run before it.
        settings: whether candidates count, and the length of a warm-up.
    """
    settings = settings or CompareSettings()
    advice = [
        _warm_up(session, settings),
        *(_progression(session, before, settings, kind) for kind in ("backward", "forward")),
        _ground(session, settings),
        _ladder(session, settings),
        _weeks(session, before, settings),
    ]
    return Guidance(tuple(each for each in advice if each), SAFETY)


def _warm_up(session: Session, settings: CompareSettings) -> Advice | None:
    warm_s = warm_up_s(session, settings)
    if warm_s is None:
        return None
    words = f"{_minutes(warm_s)} of forward movement came before the first backward segment."
    if warm_s < settings.warm_up_s:
        words += f" Many coaches begin with {_minutes(settings.warm_up_s)} or more."
    return Advice("warm_up", "Warm-up", words, limits="A custom of training, not a measured limit.")


def _progression(
    session: Session, before: Past, settings: CompareSettings, kind: str
) -> Advice | None:
    """This session's metres against the most in one session of the last 30 days."""
    metres = total(session, kind, settings).distance_m
    if metres is None or metres <= 0:
        return None
    longest = before.longest_m[kind]
    key, title = f"progression_{kind}", f"Longest {kind} of the last 30 days"
    if longest <= 0:
        words = (
            f"{metres:,.0f} m {kind}; none known in the 30 days before, so there is no comparison."
        )
        return Advice(key, title, words)
    words = f"{metres:,.0f} m {kind}, {metres / longest:.0%} of the longest in the 30 days before"
    words += f" ({longest:,.0f} m)."
    found = [(name, text) for least, name, text in BANDS if metres / longest > least]
    if not found:
        return Advice(key, title, words)
    name, text = found[-1]
    ratio = BY_KEY[name]
    words += (
        f" In a study of forward runners, sessions {text} than that went with {ratio.value:.2f} "
        f"({ratio.low:.2f}-{ratio.high:.2f}) times the rate of overuse injury."
    )
    return Advice(key, title, words, ratio.citation, RUNSAFE_LIMITS)


def _ground(session: Session, settings: CompareSettings) -> Advice | None:
    named = [
        f"{_clock(each.segment.start_s)} ({' and '.join(each.metrics.ground)})"
        for each in of_kind(session, "backward", settings)
        if each.metrics.ground
    ]
    if not of_kind(session, "backward", settings):
        return None
    if not named:
        return Advice("ground", "Ground", "Every backward segment was on level and open ground.")
    words = f"Backward segments that were not on level, open ground: {', '.join(named)}."
    limits = "Judged by grade and turn rate only: a watch does not see traffic, holes or people."
    return Advice("ground", "Ground", words, limits=limits)


def _ladder(session: Session, settings: CompareSettings) -> Advice | None:
    segments = of_kind(session, "backward", settings)
    if not segments:
        return None
    runs = [each.metrics.seconds for each in segments if each.segment.gait == "run"]
    step = 0 if not runs else 1 if max(runs) < 60 else 2
    words = f"The usual ladder: {'; then '.join(LADDER)}. This session: {LADDER[step]}."
    return Advice("ladder", "From walking to running", words, limits="A custom, not a measurement.")


def _weeks(session: Session, before: Past, settings: CompareSettings) -> Advice | None:
    first_s = before.first_backward_s
    if first_s is None or total(session, "backward", settings).moving_s <= 0:
        return None
    weeks = (session.start_time_s - first_s) / (7 * DAY_S)
    gain = BY_KEY["economy_gain"]
    count = before.backward_sessions
    words = f"{weeks:.0f} weeks and {count} sessions since the first backward running here."
    if weeks < 5:
        words += " Changes were measured after several weeks; fewer say little."
    limits = "One small study without a control group."
    return Advice("weeks", "Weeks behind it", words, gain.citation, limits)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
