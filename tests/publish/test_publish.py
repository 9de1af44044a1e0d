"""Pages of an archive: the same by one process and by many, and nothing twice."""

import shutil
from pathlib import Path

import pytest

from retrorun import compare, publish
from retrorun.archive import Archive, Change, packing
from retrorun.errors import ArchiveError
from retrorun.learn import learn
from retrorun.model import Analysis, Athlete, Blob
from retrorun.pipeline import process
from retrorun.publish import Manner
from retrorun.report import comparison_page, index_page
from retrorun.settings import Settings

SAMPLES = Path(__file__).parents[2] / "sample_data"
ATHLETE = Athlete(mass_kg=64.0)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "archive"
    with Archive.open(folder) as opened:
        number = opened.begin_import("/exports", "0.1.0", 0.0)
        for path in sorted(SAMPLES.glob("*.fit"))[:6]:
            blob = Blob(path.name, path.read_bytes())
            made = process(blob, Settings(), ATHLETE)
            if isinstance(made, Analysis):
                sent = packing.parcel(blob.data, made, ATHLETE)
                opened.write(number, Change(parcels=[sent]))
    return folder


def pages(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.html")
    }


def published(archive: Path, folder: Path, jobs: int = 1) -> int:
    with Archive.open(archive) as opened:
        return publish.publish(opened, folder, Manner(Settings(), ATHLETE, jobs=jobs), ()).pages


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


def test_what_is_wrong_with_a_page_is_told_by_a_worker_too(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = shutil.copytree(archive, tmp_path / "archive")
    for path in (broken / "tracks").rglob("*.parquet"):
        path.unlink()
    monkeypatch.setattr(publish, "WORTH_A_WORKER", 1)
    for jobs in (1, 2):
        with pytest.raises(ArchiveError, match="cannot be read"):
            published(broken, tmp_path / "pages", jobs)


def test_outlines_and_sums_give_what_whole_sessions_give(archive: Path) -> None:
    settings = Settings().compare
    with Archive.open(archive) as opened:
        whole, outlines, sums = opened.sessions(), opened.outlines(), opened.sums()
    assert any(session.measures.segments for session in whole)
    found = compare.compare(whole, ATHLETE, settings)
    assert compare.compare(outlines, ATHLETE, settings) == found
    assert compare.pasts(sums, settings) == compare.pasts(whole, settings)
    assert learn(outlines, ATHLETE, settings) == learn(whole, ATHLETE, settings)
    assert index_page(outlines, ATHLETE) == index_page(whole, ATHLETE)
    assert comparison_page(found, outlines, ATHLETE) == comparison_page(found, whole, ATHLETE)
    with pytest.raises(AttributeError):
        _ = sums[0].measures.segments
