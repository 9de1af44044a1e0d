"""Redaction: a session without who, where and on which day, for showing to strangers.

What lies in a privacy zone never gets this far: see ``privacy_zones``.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from retrorun.model import Label, Note, Session


def redacted(session: Session) -> Session:
    """The session without names, device, place and exact date: for showing to strangers.

    What was computed stays. The start moves to noon on the first of its month, UTC, so that no page
    can tell the day; remarks keep only their slug, because their words may quote the file. The id
    goes too: whoever has the recording could compare its hash.
    """
    month = np.datetime64(int(session.start_time_s), "s").astype("datetime64[M]")
    first_s = float(month.astype("datetime64[s]").astype(np.int64)) + 43_200.0
    source = replace(
        session.source,
        sha256="",
        name=f"recording.{session.source.format or 'file'}",
        device=None,
        warnings=_slugs(session.source.warnings),
    )
    return replace(
        session,
        id="redacted",
        source=source,
        start_time_s=first_s,
        zone=None,
        name=None,
        device=None,
        heading=replace(session.heading, source=None),
        measures=replace(session.measures, notes=_slugs(session.measures.notes)),
        labels=tuple(_anonymous(each) for each in session.labels),
        laps=(),
        pauses=(),
        notes=_slugs(session.notes),
    )


def _slugs(notes: Sequence[Note]) -> tuple[Note, ...]:
    return tuple(Note(each.slug, each.slug) for each in notes)


def _anonymous(label: Label) -> Label:
    return replace(label, origin="label")
