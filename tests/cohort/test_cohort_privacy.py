"""What lies in a privacy zone leaves no result set, either."""

from pathlib import Path

import cohort_made as made
import numpy as np
import pandas as pd

from retrorun import pipeline
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.batches import Batch
from retrorun.cohort.worker import Job, RunConfig
from retrorun.engines import Limits
from retrorun.model import Athlete, Zone
from retrorun.settings import Settings

PATIENT = Limits(seconds=60.0, memory_bytes=1 << 30)


def test_nothing_of_a_zone_is_written(tmp_path: Path, samples: Path) -> None:
    data = (samples / "2026-05-31-easy.fit").read_bytes()
    made.put(tmp_path / "in", {"ann/run.fit": data})
    whole = tracks(tmp_path, "open", Athlete())
    home = whole[["latitude_deg", "longitude_deg"]].dropna().iloc[0]
    zone = Zone(float(home.iloc[0]), float(home.iloc[1]), 50.0)
    masked = tracks(tmp_path, "masked", Athlete(privacy_zones=(zone,), zone_secret="s"))  # noqa: S106
    assert 60 < len(masked) < len(whole)
    north_m = 111_195 * (masked["latitude_deg"] - zone.latitude_deg)
    narrow = np.cos(np.radians(zone.latitude_deg))
    east_m = 111_195 * (masked["longitude_deg"] - zone.longitude_deg) * narrow
    assert np.hypot(north_m, east_m).min() > 50
    assert masked["elapsed_s"].tolist() == list(range(len(masked)))
    sessions = pd.read_parquet(tmp_path / "masked" / "sessions")
    assert sessions["duration_s"].tolist() == [len(masked)]


def test_no_secret_is_in_the_text_of_a_job() -> None:
    """Dask logs the text of a task that fails."""
    secret, address = "how the discs lie", "s3://me:password@host/exports"
    athletes = Athletes(default=Athlete(zone_secret=secret), profiles={"ann": Athlete()})
    job = Job(Batch("b" * 32, ()), athletes, RunConfig(address, address, Settings()))
    for text in (repr(job), str(job), repr(athletes.default)):
        assert not any(each in text for each in (secret, "password", "ann"))


def tracks(place: Path, out: str, athlete: Athlete) -> pd.DataFrame:
    athletes = Athletes(default=athlete)
    made.run(
        place / "in",
        place / out,
        athletes=athletes,
        process=pipeline.process,
        tracks=True,
        limits=PATIENT,
    )
    return pd.read_parquet(place / out / "tracks")
