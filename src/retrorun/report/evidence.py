"""What the file held, what was doubted, and on which grounds each stretch was decided."""

from dataclasses import dataclass

from retrorun.model import Session
from retrorun.report.display import number, percent
from retrorun.report.words import say


@dataclass(frozen=True, slots=True)
class Quality:
    """Data quality in text: channels with their coverage, the heading's story, all remarks."""

    channels: tuple[tuple[str, str, int], ...]
    heading: tuple[tuple[str, str], ...]
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]


def quality(session: Session) -> Quality:
    """Gather it from the session."""
    channels = tuple(
        (say(f"channel_{name}", fallback=None) or name, percent(share), round(100 * share))
        for name, share in session.channels.items()
    )
    notes = (*session.source.warnings, *session.notes, *session.measures.notes)
    remarks = tuple(dict.fromkeys(note.message for note in notes))
    return Quality(channels, _heading(session), remarks, _facts(session))


def _heading(session: Session) -> tuple[tuple[str, str], ...]:
    verdict = session.heading
    lines = [(say("heading_kind"), say(f"heading_{verdict.kind}"))]
    if verdict.source:
        lines.append((say("heading_source"), verdict.source))
    if verdict.mount_offset_deg is not None:
        lines.append((say("heading_mount"), number(verdict.mount_offset_deg, 0, "°")))
    if verdict.concentration is not None:
        lines.append((say("heading_concentration"), number(verdict.concentration, 2)))
    if verdict.sign_from:
        lines.append((say("heading_sign"), verdict.sign_from))
    return (*lines, (say("heading_reason"), verdict.reason))


def _facts(session: Session) -> tuple[tuple[str, str], ...]:
    energy = session.device_energy_kcal
    known = (
        (say("fact_file"), session.source.name),
        (say("fact_format"), session.source.format),
        (say("fact_device"), session.device),
        (say("fact_zone"), session.zone.name if session.zone else None),
        (say("fact_device_energy"), None if energy is None else number(energy, 0, "kcal")),
        (say("fact_salvaged"), say("yes") if session.source.salvaged else None),
        (say("fact_id"), session.id),
        (say("fact_version"), session.version),
        (say("fact_settings"), session.settings),
    )
    return tuple((name, value) for name, value in known if value)
