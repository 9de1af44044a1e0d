import math
from dataclasses import replace

import numpy as np
import pytest
from hand_made import found, part, track_of
from msgspec import structs

from retrorun.measure import measure
from retrorun.measure.cost_factor import _model_error, effort_series, net_factor
from retrorun.measure.kinetics import (
    DELAY,
    EffortSeries,
    _robust_covariance,
    fit,
    follow,
    prior,
    response,
)
from retrorun.measure.samples import lay_out
from retrorun.model import Athlete, Detection, Estimate, Track
from retrorun.settings import MeasureSettings, PrepareSettings

SETTINGS = MeasureSettings()
EFFORTS = (  # seconds, speed, direction, gait
    (120, 1.5, "forward", "walk"),
    (300, 3.0, "forward", "run"),
    (200, 2.2, "backward", "run"),
    (180, 2.6, "forward", "run"),
    (200, 2.3, "backward", "run"),
    (240, 3.1, "forward", "run"),
)


def heart_of(demand: np.ndarray, tau_up_s: float, tau_down_s: float) -> np.ndarray:
    """The differential equation itself, in tenths of a second: another way than the fit's."""
    state, heart_rate_bpm = 80.0, []
    for index, target in enumerate(60.0 + 2.7 * demand):
        for _ in range(10):
            tau = tau_up_s if target > state else tau_down_s
            state += 0.1 * (target * (1 + 0.04 * index / 3600) - state) / tau
        heart_rate_bpm.append(state)
    return np.array(heart_rate_bpm)


def session(true_factor: float, seed: int = 0, noise_bpm: float = 1.0) -> tuple[Track, Detection]:
    speed, demand, segments, start = [], [], [], 0
    for seconds, speed_mps, direction, gait in EFFORTS:
        per_metre = 0.1 if gait == "walk" else 0.2
        forward = 3.5 + per_metre * speed_mps * 60
        speed += [speed_mps] * seconds
        demand += [forward * (true_factor if direction == "backward" else 1.0)] * seconds
        segments.append(part(start, start + seconds, direction, gait))  # type: ignore[arg-type]
        start += seconds
    noise = np.random.default_rng(seed).normal(0, noise_bpm, start)
    heart = np.round(heart_of(np.array(demand), 35.0, 45.0) + noise)
    return track_of(start, ground_speed_mps=np.array(speed), heart_rate_bpm=heart), found(*segments)


def factor(track: Track, detection: Detection) -> Estimate:
    return measure(track, detection, Athlete(), SETTINGS).cost_factor


@pytest.mark.parametrize("true_factor", [1.1, 1.35, 1.6, 1.9])
def test_a_known_factor_is_recovered_within_its_interval(true_factor: float) -> None:
    estimate = factor(*session(true_factor))
    assert estimate.value == pytest.approx(true_factor, rel=0.03)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < true_factor < estimate.high


def test_candidates_teach_nothing() -> None:
    track, detection = session(1.4)
    doubtful = tuple(
        replace(each, verdict="candidate") if each.direction == "backward" else each
        for each in detection.segments
    )
    estimate = factor(track, structs.replace(detection, segments=doubtful))
    assert estimate.value is None
    assert "no confirmed" in (estimate.reason or "")


def test_it_is_refused_in_words_without_what_it_needs() -> None:
    track, detection = session(1.4)
    no_heart = structs.replace(
        track, columns={"ground_speed_mps": track.column("ground_speed_mps")}
    )
    assert factor(no_heart, detection).reason == "no heart rate"
    brief = found(part(0, 1180), part(1180, 1240, "backward"))
    assert "60 s" in (factor(track, brief).reason or "")
    only = found(part(0, 1240, "backward"))
    assert "forward" in (factor(track, only).reason or "")


def test_less_heart_rate_than_the_setting_says_is_too_little() -> None:
    track, detection = session(1.35)
    strict = structs.replace(SETTINGS, kinetics_usable_s=3600.0)
    refused = measure(track, detection, Athlete(), strict).cost_factor
    assert refused.value is None
    assert refused.reason == "less than 60 minutes of usable heart rate"


def test_prior_knowledge_hardly_moves_the_factor_of_a_long_session() -> None:
    track, detection = session(1.35)
    usual = factor(track, detection).value
    other = structs.replace(SETTINGS, kinetics_slope=(2.2, 0.35), kinetics_up_s=(45.0, 0.5))
    moved = measure(track, detection, Athlete(), other).cost_factor.value
    assert usual is not None
    assert moved is not None
    assert moved != usual
    assert moved == pytest.approx(usual, rel=0.02)


def test_shuttles_say_nothing() -> None:
    track, _ = session(1.4)
    shuttles = [
        part(start, start + 10, "backward" if start % 20 else "forward")
        for start in range(0, 1240, 10)
    ]
    assert "stretches" in (factor(track, found(*shuttles)).reason or "")


def test_one_forward_effort_is_no_reference() -> None:
    track, detection = session(1.4)
    even = structs.replace(
        track, columns={**track.columns, "ground_speed_mps": np.full(track.seconds, 2.5)}
    )
    running = tuple(replace(each, gait="run") for each in detection.segments)
    estimate = factor(even, structs.replace(detection, segments=running))
    assert "different efforts" in (estimate.reason or "")


@pytest.mark.parametrize("seed", range(4))
def test_a_heart_that_does_not_follow_effort_gives_no_number(seed: int) -> None:
    # an even heart rate would fit a factor that makes both directions equally hard
    track, detection = session(1.4)
    noise = np.random.default_rng(seed).normal(0, 2.0, track.seconds)
    even = structs.replace(track, columns={**track.columns, "heart_rate_bpm": 140.0 + noise})
    assert "hardly follows" in (factor(even, detection).reason or "")


def test_a_wandering_heart_rate_gives_a_wide_interval_or_none() -> None:
    track, detection = session(1.4)
    calm = factor(track, detection)
    steps = np.random.default_rng(1).normal(0, 1.0, track.seconds)
    heart = track.column("heart_rate_bpm") + np.cumsum(steps)
    wandering = factor(
        structs.replace(track, columns={**track.columns, "heart_rate_bpm": heart}), detection
    )
    assert calm.high is not None
    assert calm.low is not None
    if wandering.value is None:
        assert wandering.reason
        return
    assert wandering.high is not None
    assert wandering.low is not None
    assert wandering.high / wandering.low > 1.5 * (calm.high / calm.low - 1) + 1


def test_following_is_the_recursion() -> None:
    rng = np.random.default_rng(3)
    driven, keep = rng.normal(size=(1000, 2)), rng.uniform(0.7, 0.97, 1000)
    state, expected = np.array([5.0, -1.0]), []
    for index in range(1000):
        state = keep[index] * state + (1 - keep[index]) * driven[index]
        expected.append(state)
    assert follow(driven.T, keep, np.array([5.0, -1.0])) == pytest.approx(np.array(expected).T)


def test_derivatives_are_those_of_small_changes() -> None:
    rng = np.random.default_rng(4)
    backward = np.repeat([0.0, 1.0, 0.0, 1.0], 30)
    series = EffortSeries(
        step_s=5.0,
        level=np.repeat([12.0, 38.0, 30.0, 28.0], 30) + rng.normal(size=120),
        uphill=np.abs(rng.normal(size=120)),
        downhill=-np.abs(rng.normal(size=120)),
        backward=backward,
        walking=np.repeat([True, False, False, True], 30),
        heart_rate=np.full(120, 140.0),
    )
    theta = prior(MeasureSettings(), 90.0)[:, 0].copy()
    theta[2] = 0.3
    theta[DELAY] = 12.0  # between whole steps: there the derivative has a corner
    _, slopes = response(series, theta, SETTINGS)
    for index in range(len(theta)):
        step = np.zeros(len(theta))
        step[index] = 1e-6
        up, down = (
            response(series, theta + step, SETTINGS)[0],
            response(series, theta - step, SETTINGS)[0],
        )
        assert slopes[index] == pytest.approx((up - down) / 2e-6, abs=1e-3, rel=1e-3), index


def test_beats_that_never_stand_side_by_side_leave_the_fit_what_is_usual() -> None:
    series = EffortSeries(
        step_s=5.0,
        level=np.full(120, 30.0),
        uphill=np.zeros(120),
        downhill=np.zeros(120),
        backward=np.zeros(120),
        walking=np.zeros(120, dtype=bool),
        heart_rate=np.where(np.arange(120) % 2, np.nan, 140.0),
    )
    found = fit(series, SETTINGS)
    assert found is not None
    assert found.steps == 0
    assert np.delete(found.parameters, 2) == pytest.approx(
        np.delete(prior(SETTINGS, 140.0)[:, 0], 2)
    )


def test_the_error_of_the_model_by_hand() -> None:
    # forward at 20, 20 and 30, of which hills give 3 and take 3; backward at 30 and flat
    series = EffortSeries(
        step_s=5.0,
        level=np.array([20.0, 20.0, 30.0, 30.0]),
        uphill=np.array([3.0, 0.0, 0.0, 0.0]),
        downhill=np.array([0.0, -3.0, 0.0, 0.0]),
        backward=np.array([0.0, 0.0, 0.0, 1.0]),
        walking=np.zeros(4, dtype=bool),
        heart_rate=np.full(4, 140.0),
    )
    # hills: 6 of 100. Backward 1.5·30 = 45; nine tenths of the forward efforts 17, 23, 30 lie
    # below 28.6: beyond are 16.4 of 45
    expected = math.hypot(0.003, 0.07 * 0.06, 0.08 * 16.4 / 45)
    assert _model_error(series, 1.5, SETTINGS) == pytest.approx(expected)


def test_what_is_left_correlated_widens_the_interval_as_newey_and_west_do() -> None:
    # twenty equal scores, twelve lags: 20 + 2·Σ (1 - l/13)(20 - l) = 20 + 2·92 = 204, against 20
    # if they were independent
    widened = _robust_covariance(np.array([[1 / 20]]), np.ones((20, 1)), lags=12)
    assert widened[0, 0] == pytest.approx(204 / 20 / 20)
    # and never narrower: alternating ones cancel
    signs = np.tile([1.0, -1.0], 10)[:, None]
    assert _robust_covariance(np.array([[1 / 20]]), signs, lags=12)[0, 0] == pytest.approx(1 / 20)


# The heart's own ways, by another generator than the fit's equation: seconds, no closed forms.


def late_heart(demand: np.ndarray, backward: np.ndarray, ceiling_bpm: float) -> np.ndarray:
    """A heart that answers 15 s late, is excited at turns and stops at a ceiling."""
    goal = np.minimum(60.0 + 2.7 * demand + 6.0 * (1 - np.exp(-np.arange(demand.size) / 900)), 999)
    goal = np.minimum(goal, ceiling_bpm)
    goal = np.concatenate((np.full(15, goal[0]), goal))[: demand.size]
    state, excited, found = 80.0, 0.0, []
    turns = np.diff(backward.astype(int), prepend=0) != 0
    for target, turn in zip(goal.tolist(), turns.tolist(), strict=True):
        excited = 0.95 * excited + (4.0 if turn else 0.0)
        state += (target - state) / (30.0 if target > state else 50.0)
        found.append(state + excited)
    return np.round(np.array(found))


def late_session(true_factor: float, ceiling_bpm: float = 230.0) -> tuple[Track, Detection]:
    track, detection = session(1.0)
    backward = np.zeros(track.seconds, dtype=bool)
    walked = backward.copy()
    for each in detection.segments:
        inside = slice(int(each.start_s), int(each.end_s))
        backward[inside] = each.direction == "backward"
        walked[inside] = each.gait == "walk"
    # nobody's speed is even: 4 %, with a memory of 20 s
    shocks, wander = np.random.default_rng(8).normal(0, 0.0127, track.seconds), [0.0]
    for shock in shocks[1:]:
        wander.append(0.95 * wander[-1] + shock)
    speed = track.column("ground_speed_mps") * (1.0 + np.array(wander))
    demand = 3.5 + np.where(walked, 0.1, 0.2) * speed * 60
    demand = np.where(backward, demand * true_factor, demand)
    heart = late_heart(demand, backward, ceiling_bpm)
    columns = {**track.columns, "ground_speed_mps": speed, "heart_rate_bpm": heart}
    return structs.replace(track, columns=columns), detection


@pytest.mark.parametrize("true_factor", [1.0, 1.3, 1.7])
def test_delay_excitement_and_early_drift_do_not_bias_it(true_factor: float) -> None:
    estimate = factor(*late_session(true_factor))
    assert estimate.value == pytest.approx(true_factor, rel=0.02)
    assert (estimate.low or 9) < true_factor < (estimate.high or 0)


def test_a_heart_at_its_ceiling_is_refused_in_words() -> None:
    refused = factor(*late_session(1.7, ceiling_bpm=180.0))  # backward asks 60 + 2.7 · 51 = 198
    assert refused.value is None
    assert "at its ceiling" in (refused.reason or "")


def test_the_net_factor_by_hand() -> None:
    # 1.31 of 28.7 ml/kg/min are 37.6; above rest 34.1 of 25.2, which is 1.353
    gross = Estimate(1.31, 1.2, 1.4, "m")
    net = net_factor(gross, 28.7)
    assert net.value == pytest.approx((1.31 * 28.7 - 3.5) / 25.2)
    assert net.value == pytest.approx(1.353, abs=0.001)
    assert net_factor(Estimate(1.0, 0.9, 1.1, "m"), 20.0).value == pytest.approx(1.0)
    refused = Estimate(None, None, None, "m", "no heart rate")
    assert net_factor(refused, 20.0).reason == "no heart rate"


def noisy_track(seed: int, sigma_m: float, speed_mps: float) -> Track:
    """Straight and even; the error of both axes is a walk that forgets in half a minute."""
    rng, seconds = np.random.default_rng(seed), 3000
    axes = []
    for way in (speed_mps, 0.0):
        error, keep = [rng.normal(0, sigma_m)], np.exp(-1 / 30)
        for shock in rng.normal(0, sigma_m * np.sqrt(1 - keep * keep), seconds - 1):
            error.append(keep * error[-1] + shock)
        axes.append(way * np.arange(seconds) + np.array(error))
    reach = int(SETTINGS.kinetics_chord_s) // 2
    moved = [axis[2 * reach :] - axis[: -2 * reach] for axis in axes]
    chords = np.pad(np.hypot(*moved) / SETTINGS.kinetics_chord_s, reach, mode="edge")
    return track_of(seconds, x_m=axes[0], y_m=axes[1], ground_speed_mps=chords)


@pytest.mark.parametrize(("sigma_m", "speed_mps"), [(2.0, 2.0), (7.0, 2.5), (0.0, 3.0)])
def test_noise_of_positions_does_not_quicken(sigma_m: float, speed_mps: float) -> None:
    track = noisy_track(5, sigma_m, speed_mps)
    samples = lay_out(track, (part(0, 3000),), np.zeros(3000, dtype=bool), SETTINGS)
    raw = float(np.mean(samples.speed_mps))
    series = effort_series(samples, SETTINGS)
    seen = (series.level - 3.5) / 12.0  # ACSM backwards: m/s
    assert float(np.mean(seen)) == pytest.approx(speed_mps, rel=0.02)
    if sigma_m > 5:
        assert raw > 1.05 * speed_mps


def test_chords_are_as_long_as_those_that_speed_comes_from() -> None:
    assert PrepareSettings().chord_s == SETTINGS.kinetics_chord_s


def test_what_the_heart_still_lacks_is_made_good() -> None:
    # 200 s backward after quicker running: from 60 s on the heart still falls to its steady rate
    track, detection = late_session(1.0)
    measured = measure(track, detection, Athlete(), SETTINGS).segments
    second = measured[4]  # backward from 800 to 1,000 s; the heart is 15 s late
    speed = float(np.mean(track.column("ground_speed_mps")[845:985]))
    mean = float(np.mean(track.column("heart_rate_bpm")[860:1000]))
    steady = 60.0 + 2.7 * (3.5 + 12.0 * speed) + 6.0 * (1 - np.exp(-930 / 900))
    assert second.metrics.steady_heart_rate_bpm == pytest.approx(steady, abs=0.7)
    assert abs(mean - steady) > abs((second.metrics.steady_heart_rate_bpm or 0) - steady)
