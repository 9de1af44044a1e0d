"""A second device's file that grew after it was joined: what it was is forgotten.

The watch's session was made with the bytes that the phone's file held then. The longer file came in
as a file of its own; unless the match with the old one goes, the phone would be read twice.
"""

from retrorun.archive import Archive, Change, Match
from retrorun.archive.rows import Brief
from retrorun.archive.said import position
from retrorun.errors import RetrorunError
from retrorun.ingest.anew import again
from retrorun.ingest.sameness import START_S
from retrorun.ingest.working import Engine


def forget_what_grew(archive: Archive, engine: Engine) -> None:
    """Let go of joined recordings whose file now holds a longer one of the same start.

    What was said of the old one is said of the new one from now on.
    """
    joined = [each for each in archive.matches() if each.state == "joined"]
    held = {row.sha256 for row in archive.files()} if joined else set()
    gone = [each for each in joined if each.phone_sha256 not in held]
    briefs = archive.briefs() if gone else []
    for match in gone:
        start_s = _start_s(match, archive, engine)
        later = [each for each in briefs if start_s is not None and _is_later(each, match, start_s)]
        if later:
            archive.write(0, Change(replaced={match.phone: later[0].id}))
            again(archive.forget_phone(match.phone_sha256), archive, engine)


def _is_later(each: Brief, match: Match, start_s: float) -> bool:
    own = each.id not in (match.session, match.phone)
    return own and abs(each.start_time_s - start_s) <= START_S


def _start_s(match: Match, archive: Archive, engine: Engine) -> float | None:
    """When a recording that has no session any more began, by its original."""
    from retrorun import readers

    try:
        data = archive.original(match.phone_sha256)
        export = readers.read("", data, engine.settings.read)
        return float(export.recordings[position(match.phone)].time_s.min())
    except (RetrorunError, IndexError):
        return None
