"""Copies of one recording whose clocks are hours apart: one session, on the clock that is right."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import structs
from recordings_of_one_run import ENGINE, brief, imported, one_run, phone_of, run_again

from retrorun import prepare, time_zone
from retrorun.archive import Archive, Change, maintenance
from retrorun.archive.rows import Match
from retrorun.ingest import (
    Report,
    duplicates,
    plan_import,
    reprocess,
    run_import,
    second_device,
    separate,
    undo,
)
from retrorun.ingest.reprocess import reprocess_locked
from retrorun.model import Athlete, Label, Remark, Zone
from retrorun.model.recording import POSITION
from retrorun.simulate import Simulated, fit_bytes, gpx_bytes


@pytest.fixture(scope="module")
def run() -> Simulated:
    return one_run()


def copy_of(run: Simulated, hours: float, columns: tuple[str, ...] = ()) -> bytes:
    """The same recording, exported by a platform whose clock is so many hours ahead."""
    whole = run.recording
    by_s = 3600.0 * hours
    kept = {
        name: values if name in (*POSITION, *columns) else np.full(values.size, np.nan)
        for name, values in whole.columns.items()
    }
    pauses = tuple(
        structs.replace(
            each, start_time_s=each.start_time_s + by_s, end_time_s=each.end_time_s + by_s
        )
        for each in whole.pauses
    )
    recording = structs.replace(
        whole, time_s=whole.time_s + by_s, columns=kept, headings=(), laps=(), pauses=pauses
    )
    return gpx_bytes(replace(run, recording=structs.replace(recording, utc_offset_s=None)))


def offset_hours(run: Simulated) -> float:
    """How far the clocks of the place are ahead of UTC at the time of the run."""
    start_s = float(run.recording.time_s[0])
    latitude, longitude = (float(run.recording.columns[name][0]) for name in POSITION)
    place = time_zone.find(start_s, None, latitude, longitude)
    assert place is not None
    assert place.utc_offset_s
    return place.utc_offset_s / 3600


RICH = ("heart_rate_bpm", "cadence_spm")


@pytest.mark.parametrize("rich_is_local", [True, False])
@pytest.mark.parametrize("in_turn", [True, False])
def test_of_a_run_and_its_copy_in_local_time_one_stands_on_the_right_clock(
    tmp_path: Path, archive: Archive, run: Simulated, *, rich_is_local: bool, in_turn: bool
) -> None:
    """Whichever copy is the richer and whichever came first."""
    hours = offset_hours(run)
    rich = copy_of(run, hours if rich_is_local else 0.0, RICH)
    poor = copy_of(run, 0.0 if rich_is_local else hours)
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "poor.gpx").write_bytes(poor)
    if in_turn:
        imported(folder, archive)
    (folder / "rich.gpx").write_bytes(rich)
    assert imported(folder, archive).joined == 1
    (session,) = archive.sessions()
    assert session.source.name == "rich.gpx"
    assert "heart_rate" in session.channels
    assert session.start_time_s == pytest.approx(float(run.recording.time_s[0]), abs=1.0)
    (device,) = session.second_devices
    skew_s = 0.0 if rich_is_local else 3600 * hours
    assert device.skew_s == pytest.approx(skew_s, abs=1.0)
    (note,) = (each for each in session.notes if each.slug == "clock-of-copy")
    assert f"{hours:+g} h off" in note.message
    assert ("was taken" if rich_is_local else "was kept") in note.message
    assert plan_import(folder, archive, settle_s=0).idle
    assert maintenance.check(archive) == []
    # analysed again, and taken apart again
    reprocess([session.source.sha256], archive, ENGINE)
    assert [each.start_time_s for each in archive.sessions()] == [session.start_time_s]
    separate(str(folder / "poor.gpx"), archive, ENGINE)
    starts = sorted(each.start_time_s for each in archive.sessions())
    assert starts[1] - starts[0] == pytest.approx(abs(3600 * hours), abs=1.0)


def test_a_label_of_a_copy_on_another_clock_holds_at_the_same_second_of_the_run(
    tmp_path: Path, archive: Archive, run: Simulated
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "poor.gpx").write_bytes(copy_of(run, 0.0))
    imported(folder, archive)
    (poor,) = archive.sessions()
    archive.annotations.add_label(poor.id, Label(100, 160, "backward", "command"))
    (folder / "rich.gpx").write_bytes(copy_of(run, offset_hours(run), RICH))
    imported(folder, archive)
    (session,) = archive.sessions()
    assert session.source.name == "rich.gpx"
    (label,) = archive.annotations.labels(session.source.sha256)[0]
    assert (label.start_s, label.end_s) == pytest.approx((100.0, 160.0), abs=1.0)


def test_a_note_of_a_copy_is_shown_with_the_session_that_it_went_into_and_comes_back(
    tmp_path: Path, archive: Archive, run: Simulated
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "poor.gpx").write_bytes(copy_of(run, 0.0))
    imported(folder, archive)
    (poor,) = archive.known()
    sore, windy = Remark(2, None, "calves sore"), Remark(None, 6, "windy")
    archive.annotations.set_remark(poor, sore)
    (folder / "rich.gpx").write_bytes(copy_of(run, offset_hours(run), RICH))
    imported(folder, archive)
    (rich,) = archive.known()
    assert archive.annotations.remarks() == {rich: sore}
    undo(2, archive, ENGINE)
    assert archive.annotations.remarks() == {poor: sore}
    imported(folder, archive, retry=True)
    both = archive.annotations.change_remark(rich, lambda now: now.with_changes(now, windy))
    assert archive.annotations.remarks() == {rich: both}  # what was changed there stays there
    archive.annotations.set_remark(rich, None)
    assert archive.annotations.remarks() == {}


@pytest.mark.parametrize("hours", [1.0, 5.75, -7.0])
def test_the_same_way_run_again_hours_later_stays_a_run_of_its_own(
    tmp_path: Path, archive: Archive, run: Simulated, hours: float
) -> None:
    again = run_again(run)
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "first.gpx").write_bytes(copy_of(run, 0.0, RICH))
    (folder / "second.gpx").write_bytes(copy_of(again, hours, RICH))
    assert imported(folder, archive).joined == 0
    sessions = archive.sessions()
    assert len(sessions) == 2
    slugs = {note.slug for each in sessions for note in each.notes}
    assert not slugs & {"clock-of-copy", "second-device-refused"}
    assert plan_import(folder, archive, settle_s=0).idle


def test_another_run_hours_apart_is_not_taken_apart_when_a_phone_comes_to_the_first(
    tmp_path: Path, archive: Archive, run: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "first.gpx").write_bytes(copy_of(run, 0.0, RICH))
    (folder / "second.gpx").write_bytes(copy_of(run_again(run), 1.0, RICH))
    imported(folder, archive)
    first, second = (each.source.sha256 for each in archive.sessions())
    assert len(archive.second_devices.matches()) == 1
    assert second_device.connected_files([first[:12]], archive) == [first]
    again = list[str]()

    def counted(files: Iterable[str], *others: Any, **named: Any) -> Report:  # noqa: ANN401
        again.extend(wanted := list(files))
        return reprocess_locked(wanted, *others, **named)

    monkeypatch.setattr(second_device, "reprocess_locked", counted)
    (folder / "phone.gpx").write_bytes(phone_of(run))
    assert imported(folder, archive).joined == 1
    assert again == []
    assert second in archive.known().values()


def test_a_match_takes_the_place_of_one_the_other_way_round(archive: Archive) -> None:
    one, other = "a" * 12, "b" * 12
    for phone, session in ((one, other), (other, one)):
        match = Match(phone, phone[0] * 64, session, "apart", None, "another run")
        archive.writes.apply(0, Change(matches=[match]))
        assert archive.second_devices.matches() == [match]


def poor_with_compass(run: Simulated, hours: float) -> bytes:
    """The same recording with its heading, by an app that knows nothing of the body."""
    whole = run.recording
    by_s = 3600.0 * hours
    columns = {
        name: values if name in POSITION else np.full(values.size, np.nan)
        for name, values in whole.columns.items()
    }
    headings = tuple(structs.replace(each, time_s=each.time_s + by_s) for each in whole.headings)
    recording = structs.replace(
        whole,
        time_s=whole.time_s + by_s,
        columns=columns,
        headings=headings,
        laps=(),
        pauses=(),
        device="OsmAnd",
        utc_offset_s=None,
    )
    return gpx_bytes(replace(run, recording=recording), "osmand")


@pytest.mark.parametrize("names", ["ab", "ba"])
@pytest.mark.parametrize("in_turn", [True, False])
@pytest.mark.parametrize("compass_is_local", [True, False])
def test_a_copy_on_another_clock_gives_its_compass_and_takes_no_heart_rate_away(
    tmp_path: Path,
    archive: Archive,
    run: Simulated,
    names: str,
    *,
    in_turn: bool,
    compass_is_local: bool,
) -> None:
    hours = offset_hours(run)
    folder = tmp_path / "copies"
    folder.mkdir()
    copies = {
        f"{names[0]}.gpx": copy_of(run, 0.0 if compass_is_local else hours, RICH),
        f"{names[1]}.gpx": poor_with_compass(run, hours if compass_is_local else 0.0),
    }
    for name in sorted(copies):
        (folder / name).write_bytes(copies[name])
        if in_turn:
            imported(folder, archive)
    imported(folder, archive)
    (session,) = archive.sessions()
    assert {"heart_rate", "cadence", "heading"} <= set(session.channels)
    assert session.heading.kind == "compass"
    assert session.start_time_s == pytest.approx(float(run.recording.time_s[0]), abs=1.0)
    assert plan_import(folder, archive, settle_s=0).idle


def pushed_north(log: bytes, by_m: float) -> bytes:
    """The same log by a receiver whose error turns slowly from one side to the other."""
    parts = re.split(rb'(?<=lat=")([-0-9.]+)', log)
    for count, place in enumerate(range(1, len(parts), 2)):
        north_deg = by_m / 111_195 * np.sin(count / 150)
        parts[place] = b"%.7f" % (float(parts[place]) + north_deg)
    return b"".join(parts)


@pytest.mark.parametrize("order", [None, *itertools.permutations(range(3))])
def test_a_phone_goes_into_a_watch_whose_clock_a_copy_puts_right(
    tmp_path: Path, archive: Archive, run: Simulated, order: tuple[int, ...] | None
) -> None:
    """By the watch's own clock the phone's log is another run; that holds no longer then."""
    whole = phone_of(run, 0, len(run.recording.time_s), skew_s=0.0)
    files = {
        "watch.gpx": copy_of(run, offset_hours(run), RICH),
        "copy.gpx": copy_of(run, 0.0, ("cadence_spm",)),
        "phone.gpx": pushed_north(whole, 12.0),
    }
    folder = tmp_path / "exports"
    folder.mkdir()
    names = list(files)
    for place in order or range(3):
        (folder / names[place]).write_bytes(files[names[place]])
        if order:
            imported(folder, archive)
    imported(folder, archive)
    (session,) = archive.sessions()
    assert session.source.name == "watch.gpx"
    assert session.heading.kind == "compass"
    assert len(session.second_devices) == 2
    assert {each.state for each in archive.second_devices.matches()} == {"joined"}
    assert maintenance.check(archive) == []
    assert plan_import(folder, archive, settle_s=0).idle


def test_the_place_that_tells_local_time_is_the_first_that_is_believed(
    tmp_path: Path, archive: Archive, run: Simulated
) -> None:
    """Before its first fix the receiver said 0, 0, where local time is UTC."""
    no_fix = re.compile(rb'lat="[-0-9.]+" lon="[-0-9.]+"')
    rich = no_fix.sub(b'lat="0.0" lon="0.0"', copy_of(run, offset_hours(run), RICH), count=20)
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "rich.gpx").write_bytes(rich)
    (folder / "poor.gpx").write_bytes(copy_of(run, 0.0))
    imported(folder, archive)
    (session,) = archive.sessions()
    assert session.source.name == "rich.gpx"
    assert session.start_time_s == pytest.approx(float(run.recording.time_s[0]), abs=30.0)


def test_the_offset_of_a_clock_that_was_not_believed_is_not_kept(
    tmp_path: Path, archive: Archive, run: Simulated
) -> None:
    """A watch whose local time was written as UTC says that it is 0 s ahead of it.

    Alone it is taken for one that knows no zone, which says so, too, and is put into that of its
    place; a copy shows its clock, and then the hour is right.
    """
    by_s = 3600 * offset_hours(run)
    whole = prepare.with_clock(structs.replace(run.recording, headings=()), by_s)
    folder = tmp_path / "copies"
    folder.mkdir()
    watch = replace(run, recording=structs.replace(whole, utc_offset_s=0.0))
    (folder / "watch.fit").write_bytes(fit_bytes(watch))
    imported(folder, archive)
    (alone,) = archive.sessions()
    assert alone.zone is not None
    assert (alone.zone.utc_offset_s, alone.zone.provenance) == (by_s, "position")
    (folder / "copy.gpx").write_bytes(copy_of(run, 0.0))
    imported(folder, archive)
    (session,) = archive.sessions()
    assert session.source.name == "watch.fit"
    assert session.start_time_s == pytest.approx(float(run.recording.time_s[0]), abs=1.0)
    assert session.zone is not None
    assert session.zone.utc_offset_s == by_s


def test_copies_on_other_clocks_of_which_a_zone_hides_other_seconds_are_one_run(
    tmp_path: Path, archive: Archive, run: Simulated
) -> None:
    """A copy with every fourth point is hidden from a later and up to an earlier second."""
    latitude, longitude = (float(run.recording.columns[name][700]) for name in POSITION)
    zone = Zone(latitude, longitude, 50.0)
    athlete = Athlete(mass_kg=70, privacy_zones=(zone,), zone_secret="x" * 32)
    archive.annotations.set_profile(athlete)
    points = re.split(rb"(?=<trkpt)", copy_of(run, 0.0))
    sparse = [each for place, each in enumerate(points[1:-1]) if place % 4 == 0]
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "sparse.gpx").write_bytes(b"".join([points[0], *sparse, points[-1]]))
    (folder / "rich.gpx").write_bytes(copy_of(run, offset_hours(run), RICH))
    run_import(
        plan_import(folder, archive, settle_s=0),
        archive,
        msgspec.structs.replace(ENGINE, athlete=athlete),
    )
    (session,) = archive.sessions()
    assert archive.track(session.id).hidden
    assert session.start_time_s == pytest.approx(float(run.recording.time_s[0]), abs=1.0)


def test_starts_of_hours_apart_are_compared_and_others_are_not() -> None:
    first = brief("first", 0.0, 600.0, "none")
    for start_s, wanted in ((3600.0, 1), (20_700.0, 1), (50_405.0, 1), (3620.0, 0), (54_000.0, 0)):
        other = brief("other", start_s, 600.0, "none")
        found = duplicates.pairs([first, other], [])
        assert len(found) == wanted
        assert all(each.hours_apart and each.alike for each in found)
    longer = brief("longer", 3600.0, 700.0, "none")
    assert duplicates.pairs([first, longer], []) == []
