"""What lies in a privacy zone leaves no result set, either."""

from pathlib import Path

import cohort_made as made
import numpy as np
import pandas as pd

from retrorun import pipeline
from retrorun.cohort.athletes import Athletes
from retrorun.model import Athlete, Zone


def test_no_position_in_a_zone_is_written(tmp_path: Path, samples: Path) -> None:
    data = (samples / "2026-05-31-easy.fit").read_bytes()
    made.put(tmp_path / "in", {"ann/run.fit": data})
    whole = tracks(tmp_path, "open", Athlete())
    home = whole[["latitude_deg", "longitude_deg"]].dropna().iloc[0]
    zone = Zone(float(home.iloc[0]), float(home.iloc[1]), 100.0)
    masked = tracks(tmp_path, "masked", Athlete(privacy_zones=(zone,)))
    hidden = masked["latitude_deg"].isna() & whole["latitude_deg"].notna()
    assert 10 < hidden.sum() < len(whole)
    metre = 111_000 * (whole["latitude_deg"] - zone.latitude_deg).abs()
    assert metre[hidden].max() < 101
    for name in ("longitude_deg", "course_deg", "altitude_m", "x_m", "heading_deg"):
        assert masked.loc[hidden, name].isna().all(), name
    assert np.isfinite(masked.loc[hidden, "heart_rate_bpm"]).any()


def tracks(place: Path, out: str, athlete: Athlete) -> pd.DataFrame:
    athletes = Athletes(default=athlete)
    made.run(place / "in", place / out, athletes=athletes, process=pipeline.process, tracks=True)
    return pd.read_parquet(place / out / "tracks")
