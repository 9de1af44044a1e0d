"""Pages of an archive: the same by one process and by many, and nothing twice."""

import errno
import html
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

import catalogues
from retrorun import compare, engines, publish
from retrorun.archive import Archive, Change, maintenance, serialization
from retrorun.learn import learn, outdated
from retrorun.model import Analysis, Athlete, Blob, Remark, Session
from retrorun.pipeline import process
from retrorun.publish import PublishOptions
from retrorun.report.history.comparison import comparison_page
from retrorun.report.history.sessions import index_page
from retrorun.settings import Settings

SAMPLES = Path(__file__).parents[2] / "sample_data"
ATHLETE = Athlete(mass_kg=64.0)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "archive"
    with Archive.open(folder) as opened:
        number = opened.writes.begin_import("/exports", "0.1.0", 0.0)
        for path in sorted(SAMPLES.glob("*.fit"))[:6]:
            blob = Blob(path.name, path.read_bytes())
            made = process(blob, Settings(), ATHLETE)
            if isinstance(made, Analysis):
                sent = serialization.parcel(blob.data, made, ATHLETE)
                opened.writes.apply(number, Change(parcels=[sent]))
    return folder


def pages(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.html")
    }


def published(archive: Path, folder: Path, jobs: int = 1) -> int:
    with Archive.open(archive) as opened:
        return publish.publish(
            opened, folder, PublishOptions(Settings(), ATHLETE, jobs=jobs), ()
        ).pages


def test_workers_write_the_pages_that_one_process_writes(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = published(archive, tmp_path / "alone")
    monkeypatch.setattr(publish, "WORTH_A_WORKER", 1)
    assert published(archive, tmp_path / "together", jobs=2) == alone
    found = pages(tmp_path / "alone")
    assert len(found) == alone > 4
    assert found == pages(tmp_path / "together")


def test_only_what_is_missing_is_written_and_with_it_what_shows_all(
    archive: Path, tmp_path: Path
) -> None:
    published(archive, tmp_path)
    before = pages(tmp_path)
    assert published(archive, tmp_path) == 0
    gone = min((tmp_path / "sessions").iterdir())
    gone.unlink()
    assert published(archive, tmp_path) == 1  # comparison and index stand as they should
    assert pages(tmp_path) == before


def test_what_is_written_to_one_folder_is_still_due_in_another(
    archive: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(archive, tmp_path / "archive")
    folders = [tmp_path / name for name in ("desk", "phone", "moved")]
    known_options = PublishOptions(Settings(), ATHLETE)
    with Archive.open(copy) as opened:
        for folder in folders[:2]:
            publish.publish_pending(opened, folder, known_options)
        (folders[0]).rename(folders[2])  # of a folder under a new name nothing is known
        session = min(opened.known())
        opened.annotations.set_remark(session, Remark(3, None, "stiff knee"))
        for folder in (folders[1], folders[2]):
            assert publish.publish_pending(opened, folder, known_options).pages
            assert "stiff knee" in (folder / publish.CARE).read_text()
            assert opened.pending.pages(folder) == []
        assert publish.publish_pending(opened, folders[1], known_options).pages == 0


def test_a_session_that_cannot_be_shown_says_why_and_keeps_no_other_page(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(archive, tmp_path / "archive")
    with Archive.open(broken) as opened:
        first, second, *others = (each.id for each in opened.sessions())
        opened.tracks.path(opened.database.find_session("track", first)[0]).unlink()
        opened.writes.apply(0, Change(documents={second: b'{"id": 3}'}))
    monkeypatch.setattr(publish, "WORTH_A_WORKER", 1)
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        with Archive.open(broken) as opened:
            done = publish.publish(
                opened, folder, PublishOptions(Settings(), ATHLETE, jobs=jobs), ()
            )
            named = " ".join(each.message for each in maintenance.check(opened))
        assert {each.session: each.slug for each in done.faults} == {
            first: "archive-object-missing",
            second: "archive-session-damaged",
        }
        assert all(each in named for each in (first, second))
        assert not any(each in named for each in others)
        found = pages(folder)
        assert len(found) == len(others) + 2 + 3
        faulty = {name for name, html in found.items() if b"cannot be shown</h1>" in html}
        assert faulty == {f"sessions/{first}.html", f"sessions/{second}.html"}
        assert b"cannot be read" in found[f"sessions/{first}.html"]
        index = found["index.html"].decode()
        assert all(f"sessions/{each}.html" in index for each in (first, second, *others))
    assert pages(tmp_path / "1") == pages(tmp_path / "2")


@pytest.mark.parametrize(
    "problem", [OSError(errno.EIO, "Input/output error"), MemoryError()], ids=["disk", "memory"]
)
def test_what_the_system_lacks_is_not_kept_as_a_fault_of_the_session(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: BaseException
) -> None:
    """Its page said that it is damaged from then on, and so did the check of the archive."""
    copy, folder = shutil.copytree(archive, tmp_path / "archive"), tmp_path / "pages"
    known_options = PublishOptions(Settings(), ATHLETE)
    read_bytes = Path.read_bytes

    def failing(path: Path) -> bytes:
        if path.suffix == ".parquet":
            raise problem
        return read_bytes(path)

    with Archive.open(copy) as opened:
        publish.publish_pending(opened, folder, known_options)
        before, session = pages(folder), min(opened.known())
        with opened.database.transaction():
            opened.pending.add_pages([session])
        with monkeypatch.context() as patch:
            patch.setattr(Path, "read_bytes", failing)
            done = publish.publish_pending(opened, folder, known_options)
        assert [each.session for each in done.faults] == [session]
        assert not any(
            "repair" in each.remedy or each.slug == "session-odd" for each in done.faults
        )
        assert pages(folder) == before
        assert maintenance.check(opened) == []
        assert opened.pending.pages(folder) == [session]
        assert publish.publish_pending(opened, folder, known_options).faults == ()
        assert opened.pending.pages(folder) == []


def test_a_worker_that_is_killed_costs_no_page(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page of its session said that it is damaged from then on; it is tried once a run."""
    copy, folder = shutil.copytree(archive, tmp_path / "archive"), tmp_path / "pages"
    known_options = PublishOptions(Settings(), ATHLETE)
    tried: list[str] = []

    def killed(tasks: Iterable[tuple[str, object]], *_: object) -> Iterator[tuple[object, object]]:
        for each in tasks:
            tried.append(each[0])
            yield each, engines.Lost("worker-died", "the worker died over it (signal 9)")

    with Archive.open(copy) as opened:
        publish.publish_pending(opened, folder, known_options)
        before, session = pages(folder), min(opened.known())
        with opened.database.transaction():
            opened.pending.add_pages([session])
        with monkeypatch.context() as patch:
            patch.setattr(engines, "ordered", killed)
            done = publish.publish_pending(opened, folder, known_options)
        assert [(each.session, each.slug) for each in done.faults] == [(session, "worker-died")]
        assert tried == [session]
        assert pages(folder) == before
        assert opened.pending.pages(folder) == [session]
        assert publish.publish_pending(opened, folder, known_options).faults == ()


def altered(document: bytes, *path: str, value: object) -> bytes:
    """A stored session with another value at one place."""
    whole = json.loads(document)
    place = whole
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("start_time_s",), 1e300),
        (("start_time_s",), -62_135_596_801.0),  # the year 0
        (("start_time_s",), 253_402_300_800.0),  # the year 10000
        (("start_time_s",), -2_147_400_000.0),  # 1901: nothing is wrong with it
        (("zone",), {"name": None, "utc_offset_s": 1e9, "provenance": "file"}),
        (("duration_s",), -1e300),
        (("duration_s",), 0.0),
        (("distance_m",), 1e300),
        (("moving_s",), 1e-300),
        (("measures", "totals"), {}),
        (("measures", "segments"), []),
        (("channels",), {}),
        (("heading",), {}),
    ],
)
def test_odd_values_in_one_session_keep_no_other_page(
    archive: Path, tmp_path: Path, path: tuple[str, ...], value: object
) -> None:
    odd = shutil.copytree(archive, tmp_path / "archive")
    with Archive.open(odd) as opened:
        first, *others = (each.id for each in opened.sessions())
        (document,) = opened.database.find_session("document", first)
        opened.writes.apply(0, Change(documents={first: altered(document, *path, value=value)}))
        done = publish.publish(opened, tmp_path / "pages", PublishOptions(Settings(), ATHLETE), ())
        named = " ".join(each.message for each in maintenance.check(opened))
        learnt, _ = publish.without_faulty(
            opened.lessons(), lambda each: learn(each, ATHLETE, Settings().compare)
        )
    assert isinstance(learnt, Athlete)
    found = pages(tmp_path / "pages")
    assert len(found) == len(others) + 4
    faulty = {name for name, html in found.items() if b"cannot be shown</h1>" in html}
    assert faulty == {f"sessions/{each.session}.html" for each in done.faults}
    assert faulty <= {f"sessions/{first}.html"}
    assert not faulty or first in named


def test_whatever_cannot_be_made_of_one_session_is_made_of_the_others(archive: Path) -> None:
    with Archive.open(archive) as opened:
        sessions = opened.sessions()

    def ids(of: Sequence[Session]) -> list[str]:
        if sessions[1] in of:
            raise ZeroDivisionError("as from an odd number")
        return [each.id for each in of]

    made, faults = publish.without_faulty(sessions, ids)
    assert made == [each.id for each in sessions if each is not sessions[1]]
    assert [(each.session, each.slug) for each in faults] == [(sessions[1].id, "session-odd")]
    with pytest.raises(ZeroDivisionError):  # no single one is at fault
        publish.without_faulty(sessions, lambda of: 1 // (len(of) < 2))


def test_outlines_and_sums_give_what_whole_sessions_give(archive: Path) -> None:
    settings = Settings().compare
    with Archive.open(archive) as opened:
        whole, outlines, sums = opened.sessions(), opened.summaries(), opened.sums()
    assert any(session.measures.segments for session in whole)
    found = compare.compare(whole, ATHLETE, settings)
    assert compare.compare(outlines, ATHLETE, settings) == found
    assert compare.earlier_sessions(sums, settings) == compare.earlier_sessions(whole, settings)
    assert index_page(outlines, ATHLETE) == index_page(whole, ATHLETE)
    assert comparison_page(found, outlines, ATHLETE) == comparison_page(found, whole, ATHLETE)
    with pytest.raises(AttributeError):
        _ = sums[0].measures.segments


def test_lessons_teach_what_whole_sessions_teach(archive: Path) -> None:
    settings = Settings().compare
    with Archive.open(archive) as opened:
        whole, lessons = opened.sessions(), opened.lessons()
    assert any(session.lesson is not None for session in whole)
    assert learn(lessons, ATHLETE, settings) == learn(whole, ATHLETE, settings)
    learnt = learn(whole, ATHLETE, settings)
    due = [[each.id for each in outdated(some, learnt)] for some in (lessons, whole)]
    assert due[0] == due[1] != []
    with pytest.raises(AttributeError):
        _ = lessons[0].measures.segments


def in_language(archive: Path, folder: Path, name: str | None, jobs: int = 1) -> int:
    with Archive.open(archive) as opened:
        athlete = replace(ATHLETE, language=name)
        options = PublishOptions(Settings(), athlete, jobs=jobs)
        return publish.publish(opened, folder, options, ()).pages


def test_another_language_writes_every_page_again_and_then_nothing(
    archive: Path, tmp_path: Path
) -> None:
    whole = in_language(archive, tmp_path, None)
    english = pages(tmp_path)
    assert in_language(archive, tmp_path, "de") == whole
    assert all(b'<html lang="de">' in page for page in pages(tmp_path).values())
    assert in_language(archive, tmp_path, "de") == 0
    assert in_language(archive, tmp_path, "en") == whole
    assert in_language(archive, tmp_path, None) == 0
    assert pages(tmp_path) == english


def test_workers_speak_the_athletes_language(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_language(archive, tmp_path / "alone", "de")
    monkeypatch.setattr(publish, "WORTH_A_WORKER", 1)
    in_language(archive, tmp_path / "together", "de", jobs=2)
    assert pages(tmp_path / "alone") == pages(tmp_path / "together")


def test_german_pages_hold_no_english_sentence(archive: Path, tmp_path: Path) -> None:
    in_language(archive, tmp_path, "de")
    entries = [each for each in catalogues.template() if each.id]
    texts = {
        max(re.split(r"\{\w+(?::[^{}]*)?\}", str(part)), key=len).strip()
        for each in entries
        for part in ([each.id] if isinstance(each.id, str) else each.id)
    }
    german = catalogues.catalogue_file("de").read_text(encoding="utf-8")
    spoken = "\n".join(re.findall(r'^msgstr(?:\[\d\])? (.*(?:\n".*)*)', german, re.MULTILINE))
    english = {each for each in texts if len(re.findall("[a-z]{2,}", each)) >= 2}
    english = {each for each in english if each not in spoken.replace('"\n"', "")}
    assert len(english) > 400
    for name, page in pages(tmp_path).items():
        seen = html.unescape(page.decode())
        seen = re.sub(r"<(script src|code)\b.*?</(script|code)>", "", seen)
        there = [each for each in sorted(english) if each in seen]
        assert [each for each in there if re.search(rf"\b{re.escape(each)}\b", seen)] == [], name
