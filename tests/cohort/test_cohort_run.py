"""A result set is brought up to what the store holds: once, whole, and whatever happens."""

import os
import zipfile
from pathlib import Path

import cohort_made as made
import pytest
from msgspec.structs import replace

import fake_pipeline
from retrorun.cohort import batches
from retrorun.cohort.assignment import Athletes
from retrorun.cohort.run import Report
from retrorun.errors import ReadError, SettingsError
from retrorun.model import Athlete
from retrorun.settings import MeasureSettings, Settings

pytestmark = pytest.mark.usefixtures("one_child")
HEAVY = Athletes(default=Athlete(mass_kg=90.0))


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several pages of several batches each, from a handful of files."""
    monkeypatch.setattr(batches, "PAGE_FILES", 8)
    monkeypatch.setattr(batches, "BATCH_FILES", 3)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    made.put(tmp_path / "exports", made.exports(20))
    return tmp_path / "exports"


def expected(files: dict[str, str]) -> list[tuple[str, str, float]]:
    """Athlete, file and length, worked out from the names and contents."""
    return sorted(
        (name.split("/")[0], name.split("/")[1], float(text.split()[2]))
        for name, text in files.items()
    )


class Stop(Exception):  # noqa: N818 - no error, but the power that goes
    """What ends a run in the middle."""


def after(count: int) -> "list[Report]":
    """Progress that ends the run after so many batches."""

    class Ending(list[Report]):
        def __call__(self, report: Report) -> None:
            self.append(report)
            if len(self) == count:
                raise Stop

    return Ending()


def test_every_file_gives_its_sessions_once(source: Path, tmp_path: Path) -> None:
    seen: list[Report] = []
    report = made.run(source, tmp_path / "out", progress=seen.append)
    assert (report.files, report.sessions, report.failed, report.listing_complete) == (
        20,
        20,
        0,
        True,
    )
    assert made.sessions(tmp_path / "out") == expected(made.exports(20))
    assert set(made.outcomes(tmp_path / "out").values()) == {("imported", None)}
    assert [each.files for each in seen] == [3, 6, 8, 11, 14, 16, 19, 20]
    assert [each.planned for each in seen] == sorted(each.planned for each in seen)


def test_a_second_run_writes_nothing(source: Path, tmp_path: Path) -> None:
    made.run(source, tmp_path / "out")
    before = made.tree(tmp_path / "out")
    report = made.run(source, tmp_path / "out")
    assert (report.files, report.known) == (0, 20)
    assert made.tree(tmp_path / "out") == before


def test_only_what_is_new_is_done(source: Path, tmp_path: Path) -> None:
    made.run(source, tmp_path / "out")
    before = made.tree(tmp_path / "out")
    made.put(source, {"a9/new.fit": made.run_of(50)})
    report = made.run(source, tmp_path / "out")
    assert (report.files, report.known, report.retired) == (1, 20, 0)
    del before["learnt.json"]  # it says of which batches it speaks
    assert before.items() <= made.tree(tmp_path / "out").items()
    files = made.exports(20) | {"a9/new.fit": made.run_of(50)}
    assert made.sessions(tmp_path / "out") == expected(files)


@pytest.mark.parametrize("batches", [1, 3, 7])
def test_a_run_that_was_cut_off_goes_on_to_the_same_bytes(
    source: Path, tmp_path: Path, batches: int
) -> None:
    made.run(source, tmp_path / "whole")
    with pytest.raises(Stop):
        made.run(source, tmp_path / "out", progress=after(batches))  # type: ignore[arg-type]
    report = made.run(source, tmp_path / "out")
    assert 0 < report.files < 20
    assert made.tree(tmp_path / "out") == made.tree(tmp_path / "whole")


def test_a_batch_without_its_ledger_is_done_again_to_the_same_bytes(
    source: Path, tmp_path: Path
) -> None:
    """The worker was lost after it had put some parts."""
    made.run(source, tmp_path / "out")
    before = made.tree(tmp_path / "out")
    lost = sorted((tmp_path / "out" / "files").iterdir())[:2]
    for each in lost:
        each.unlink()
    part = next((tmp_path / "out" / "segments").rglob(lost[0].name))
    part.unlink()
    report = made.run(source, tmp_path / "out")
    assert 2 <= report.files <= 6
    assert made.tree(tmp_path / "out") == before


def test_files_that_come_in_between_change_no_planned_batch(source: Path, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        made.run(source, tmp_path / "out", progress=after(1))  # type: ignore[arg-type]
    new = {"a0/000a.fit": made.run_of(90)}
    made.put(source, new)
    made.run(source, tmp_path / "out")
    assert made.sessions(tmp_path / "out") == expected(made.exports(20) | new)


def test_a_changed_file_replaces_what_it_gave(source: Path, tmp_path: Path) -> None:
    made.run(source, tmp_path / "out")
    changed = {"a1/005.fit": made.run_of(70, seconds=30), "a2/010.fit": "damaged"}
    made.put(source, changed)
    report = made.run(source, tmp_path / "out")
    assert report.retired == 2
    files = made.exports(20) | changed
    assert made.outcomes(tmp_path / "out")["a2/010.fit"] == ("failed", "fit-damaged")
    del files["a2/010.fit"]
    assert made.sessions(tmp_path / "out") == expected(files)
    assert len(made.rows(tmp_path / "out", "problems")) == 1
    assert made.run(source, tmp_path / "out").files == 0


def test_another_profile_replaces_what_was_made_with_the_old_one(
    source: Path, tmp_path: Path
) -> None:
    made.run(source, tmp_path / "out", athletes=Athletes(profiles={"a1": Athlete(mass_kg=60.0)}))
    new = Athletes(profiles={"a1": Athlete(mass_kg=70.0)})
    made.run(source, tmp_path / "out", athletes=new)
    found = made.rows(tmp_path / "out", "sessions")
    assert {row["cost_factor"] for row in found if row["athlete"] == "a1"} == {70.0}
    assert made.sessions(tmp_path / "out") == expected(made.exports(20))


def test_what_was_planned_with_another_profile_is_planned_again(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(Stop):
        made.run(source, tmp_path / "out", progress=after(1))  # type: ignore[arg-type]
    for leftover in (tmp_path / "out" / "files").iterdir():  # its other parts stay
        leftover.unlink()
    made.run(source, tmp_path / "out", athletes=HEAVY)
    assert made.sessions(tmp_path / "out") == expected(made.exports(20))
    found = made.rows(tmp_path / "out", "sessions")
    assert {row["cost_factor"] for row in found} == {90.0}
    assert made.run(source, tmp_path / "out", athletes=HEAVY).files == 0


def test_without_its_manifest_the_ledger_knows(source: Path, tmp_path: Path) -> None:
    made.run(source, tmp_path / "out")
    for page in (tmp_path / "out" / "manifest").iterdir():
        page.unlink()
    report = made.run(source, tmp_path / "out")
    assert (report.files, report.known) == (0, 20)
    made.put(source, {"a1/005.fit": made.run_of(70, seconds=30)})
    assert made.run(source, tmp_path / "out").retired == 1
    assert len(made.sessions(tmp_path / "out")) == 20


def test_other_settings_are_refused(source: Path, tmp_path: Path) -> None:
    made.run(source, tmp_path / "out")
    before = made.tree(tmp_path / "out")
    other = Settings(measure=MeasureSettings(spike_s=9))
    with pytest.raises(SettingsError) as caught:
        made.run(source, tmp_path / "out", settings=other)
    assert caught.value.slug == "results-other-settings"
    assert made.tree(tmp_path / "out") == before


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ReadError) as caught:
        made.run(tmp_path / "nowhere", tmp_path / "out")
    assert caught.value.slug == "folder-missing"


def test_what_is_no_run_or_damaged_is_a_row(tmp_path: Path) -> None:
    files = {"a/1.fit": "none", "a/2.fit": "damaged", "a/3.fit": made.run_of(1), "a/4.txt": "x"}
    made.put(tmp_path / "exports", files)
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.failed, report.not_runs, report.sessions) == (3, 1, 1, 1)
    assert [(each.name, each.slug) for each in report.problems] == [("a/2.fit", "fit-damaged")]
    problems = made.rows(tmp_path / "out", "problems")
    assert {(row["file"], row["slug"], row["offset"]) for row in problems} == {
        ("a/1.fit", "fit-not-a-run", None),
        ("a/2.fit", "fit-damaged", 3),
    }


def test_failed_files_are_tried_again_on_request(tmp_path: Path) -> None:
    exports, out, healed = tmp_path / "exports", tmp_path / "out", tmp_path / "healed"
    made.put(exports, {"a/1.fit": f"heal {healed}", "a/2.fit": made.run_of(2)})
    assert made.run(exports, out, process=heals).failed == 1
    healed.touch()
    assert made.run(exports, out, process=heals).files == 0
    assert made.run(exports, out, process=heals, retry=True).failed == 0
    assert [row[1] for row in made.sessions(out)] == ["1.fit", "2.fit"]


def heals(blob, settings, athlete):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201 - as Process
    """A file that is damaged until another one is there: what a newer library might do."""
    order, _, path = blob.data.decode().partition(" ")
    if order == "heal" and Path(path).exists():
        text = made.run_of(1).encode()
        blob = type(blob)(blob.name, text)
    return fake_pipeline.process(blob, settings, athlete)


@pytest.mark.parametrize(
    ("poison", "slug"),
    [("die", "worker-died"), ("hang", "worker-timeout"), ("hog", "memory-exceeded")],
)
def test_a_poisoned_file_costs_itself(tmp_path: Path, poison: str, slug: str) -> None:
    files = made.exports(7) | {"a2/002.fit": poison}
    made.put(tmp_path / "exports", files)
    patience_s = 4.0 if poison == "hang" else made.LIMITS.seconds
    limits = replace(made.LIMITS, seconds=patience_s)
    report = made.run(tmp_path / "exports", tmp_path / "out", limits=limits)
    assert (report.files, report.failed, report.sessions) == (7, 1, 6)
    found = made.outcomes(tmp_path / "out")
    assert found.pop("a2/002.fit") == ("failed", slug)
    assert set(found.values()) == {("imported", None)}


def zipped(path: Path, members: dict[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)


def test_a_poisoned_member_costs_itself_and_not_its_archive(tmp_path: Path) -> None:
    members = {f"{number}.fit": made.run_of(number) for number in range(6)}
    zipped(tmp_path / "exports" / "a" / "all.zip", members | {"1.fit": "die", "4.fit": "die"})
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.sessions, report.failed) == (1, 4, 1)
    problems = made.rows(tmp_path / "out", "problems")
    assert sorted((row["file"], row["slug"]) for row in problems) == [
        ("a/all.zip/1.fit", "worker-died"),
        ("a/all.zip/4.fit", "worker-died"),
    ]


def test_an_archive_of_poison_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrorun.cohort.worker.MEMBERS_LOST", 2)
    members = {f"{number}.fit": "die" for number in range(5)}
    zipped(tmp_path / "exports" / "a" / "bad.zip", members)
    made.put(tmp_path / "exports", {"a/good.fit": made.run_of(1)})
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.sessions, report.failed) == (2, 1, 1)
    assert len(made.rows(tmp_path / "out", "problems")) == 2


def test_a_broken_archive_is_a_row(tmp_path: Path) -> None:
    made.put(tmp_path / "exports", {"a/bad.zip": "PK no zip", "a/good.fit": made.run_of(1)})
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.sessions, report.failed) == (2, 1, 1)
    assert made.outcomes(tmp_path / "out")["a/bad.zip"] == ("failed", "archive-broken")


def test_names_that_are_no_text_are_kept_apart(tmp_path: Path) -> None:
    folder = tmp_path / "exports" / "a"
    folder.mkdir(parents=True)
    for number, raw in enumerate((b"\xff.fit", b"\xfe.fit", b"new\nline.fit", "é.fit".encode())):
        path = os.path.join(os.fsencode(folder), raw)  # noqa: PTH118 - bytes
        Path(os.fsdecode(path)).write_text(made.run_of(number))
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.failed, report.sessions) == (4, 0, 4)
    assert made.run(tmp_path / "exports", tmp_path / "out").known == 4


def test_a_store_that_fails_puts_its_batch_off(tmp_path: Path) -> None:
    """What the drive does is no fault of the files: no row says so, and the next run goes on."""
    made.put(tmp_path / "exports", made.exports(7))
    full = tmp_path / "out" / "files"
    full.parent.mkdir()
    full.write_text("in the way: no folder can be made here")
    report = made.run(tmp_path / "exports", tmp_path / "out")
    assert (report.files, report.deferred) == (0, 7)
    assert {each.slug for each in report.unfinished} == {"store-failing"}
    full.unlink()
    assert made.run(tmp_path / "exports", tmp_path / "out").files == 7
    made.run(tmp_path / "exports", tmp_path / "whole")
    assert made.tree(tmp_path / "out") == made.tree(tmp_path / "whole")


def test_tracks_are_kept_on_request(tmp_path: Path) -> None:
    made.put(tmp_path / "exports", made.exports(2))
    made.run(tmp_path / "exports", tmp_path / "out", tracks=True)
    found = made.rows(tmp_path / "out", "tracks")
    assert len(found) == 120
    assert {row["longitude_deg"] for row in found} == {14.50612345}
