"""A pipeline stand-in that is quick and whose answers are easily worked out by hand.

A file's text says what becomes of it: ``run START SECONDS`` gives one session a line, anything
else fails; ``die``, ``hang``, ``hog`` and ``none`` do what they say.
"""

import hashlib
import os
import signal
import time
from dataclasses import replace

import numpy as np

from retrorun import __version__
from retrorun.model import (
    Analysis,
    Athlete,
    Blob,
    Estimate,
    Failed,
    HeadingTrack,
    HeadingVerdict,
    Measures,
    Outcome,
    Session,
    Source,
    Totals,
    Track,
)
from retrorun.settings import Settings


def process(blob: Blob, settings: Settings, athlete: Athlete) -> Outcome:
    """Obey the file."""
    source = Source(blob.name, hashlib.sha256(blob.data).hexdigest(), "fit")
    words = blob.data.decode("utf-8", "replace").split()
    order = words[0] if words else ""
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if order == "hang":
        time.sleep(600)
    if order == "hog":
        np.ones(2**40)
    if order == "none":
        return Failed(source, "fit-not-a-run", "a settings file", not_a_run=True)
    if order != "run":
        return Failed(source, "fit-damaged", "damaged", offset=3, remedy="Export it anew.")
    lines = [line.split() for line in blob.data.decode().splitlines() if line.strip()]
    tracks = [track(float(line[1]), int(line[2])) for line in lines]
    sessions = [
        replace(
            session(source, index, each, athlete.mass_kg),
            labels=blob.labels.get(index, ()),
            settings=settings.fingerprint(),
        )
        for index, each in enumerate(tracks)
    ]
    return Analysis(source, tuple(sessions), tuple(tracks))


def track(start_time_s: float, seconds: int) -> Track:
    """A straight line north at 3 m/s, with one sample missing."""
    elapsed_s = np.arange(seconds, dtype=np.float64)
    heart = 140.0 + elapsed_s % 7
    heart[seconds // 2] = np.nan
    columns = {
        "latitude_deg": 46.05 + elapsed_s * 2.7e-5,
        "longitude_deg": np.full(seconds, 14.50612345),
        "heart_rate_bpm": heart,
        "y_m": 3.0 * elapsed_s,
    }
    flags = {"gap": np.zeros(seconds, dtype=np.bool_), "paused": elapsed_s < 2}
    heading = HeadingTrack("fit:developer:heading", "compass", "true", elapsed_s % 360)
    return Track(start_time_s, columns, flags, (heading,))


def session(source: Source, index: int, made: Track, mass_kg: float | None) -> Session:
    """The session of such a track; half of it backward."""
    half = Totals(seconds=made.seconds / 2)
    return Session(
        id=source.sha256[:12] + (f"-{index + 1}" if index else ""),
        index=index,
        source=source,
        start_time_s=made.start_time_s,
        zone=None,
        sport="running",
        name=None,
        device=None,
        duration_s=float(made.seconds),
        moving_s=float(made.seconds),
        distance_m=3.0 * (made.seconds - 1),
        channels={"position": 1.0},
        heading=HeadingVerdict("fit:developer:heading", "compass", 0.0, 0.9, "told so"),
        measures=Measures((), {"backward": half}, Estimate(mass_kg, None, None, "mass")),
        version=__version__,
    )
