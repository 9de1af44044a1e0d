from dataclasses import replace

import hand_made_sessions

from retrorun.report.numbers import Display
from retrorun.report.session.contrast import contrast


def test_a_hole_in_the_position_slows_neither_side() -> None:
    # 600 s at 3 m/s of which 400 s are known, against 300 s at 2.5 m/s known throughout
    plan: hand_made_sessions.Plan = [
        (600, "forward", "run", "confirmed", 3.0),
        (300, "backward", "run", "confirmed", 2.5),
    ]
    ahead, back = hand_made_sessions.measured(plan)
    holed = replace(ahead.metrics, distance_m=1200.0)
    measured = [replace(ahead, metrics=holed), back]
    found = contrast(measured, Display())
    assert found is not None
    pace = found.measures[0]
    # 1000/3 and 1000/2.5 s
    assert (pace.forward, pace.backward) == ("5:33 min/km", "6:40 min/km")
