"""Fixtures that every test may use."""

import copy
import functools
import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

import headless_browser
import object_stores
from object_stores import ObjectServer
from retrorun import readers
from retrorun.archive import Archive
from retrorun.engines import child, cluster
from retrorun.errors import RetrorunError
from retrorun.model import Export
from retrorun.report.page import Site
from retrorun.settings import ReadLimits

T = TypeVar("T")
R = TypeVar("R")
ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
REAL_WALK = ROOT.parent / "shared" / "real" / "sensor-logger-walk.zip"
PATIENCE_MS = 180_000  # a slow machine is no fault of a page
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own there
MEMORY_BYTES = 4 * 2**30  # free there, so that the folders of a run have room
STARTS_A_CLUSTER = {
    "s3",
    "dask_cluster",
    "scheduler",
}  # fixtures; others are marked where they stand
LOADED_BY_CHILDREN = (  # in the fork server, of which a worker of pytest has one for all its tests
    "numpy.ma",
    "retrorun.archive.serialization",
    "retrorun.cohort.worker",
    "retrorun.compare",
    "retrorun.ingest.reprocess",
    "retrorun.learn",
    "retrorun.publish",
    "retrorun.readers.xml.gpx",
    "retrorun.readers.xml.tcx",
    "retrorun.server.work",
    "s3fs",
)
PUBLISHED = "published samples"  # the group of all that looks at pages of the samples
BROWSERS = {  # folder → group: each has a browser of its own, and takes about as long as another
    "session": "browser of sessions",
    "history": "browser of histories",
    "server": "browser of servers",
    "publish": PUBLISHED,
}
WHOLE_COMMANDS = {"benchmarks", "cli", "cohort", "engines", "ingest", "privacy", "publish"} | {
    "server",
    "watch",
    "test_processors.py",
    "test_python_page.py",
    "test_site.py",
}  # folders and modules whose tests run whole commands


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """A worker a core; two where half of a test's time is waiting for a program that it started."""
    return (2 if _wants("commands", config) else 1) * (os.cpu_count() or 1)


def pytest_configure(config: pytest.Config) -> None:
    """Folders of tests are in memory where there is room: a disk takes milliseconds a commit.

    Groups stay in the order of ``_rank``: pytest-xdist would begin with those of most tests, and
    the clusters, which are few tests and take longest, would be waited for at the end.
    """
    config.option.loadscopereorder = False
    is_told = config.option.basetemp or {"TMPDIR", "PYTEST_DEBUG_TEMPROOT"} & set(os.environ)
    if not is_told and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= MEMORY_BYTES:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


def _wants(mark: str, config: pytest.Config) -> bool:
    return f"not {mark}" not in str(config.option.markexpr)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Modules of which no test is wanted are not even imported."""
    inside = collection_path.relative_to(ROOT / "tests").parts
    holds = {
        "commands": bool(inside) and inside[0] in WHOLE_COMMANDS,
        "browser": collection_path.name.endswith("_browser.py"),
        "faults": inside[:1] == ("faults",),
    }
    unwanted = any(holds[name] and not _wants(name, config) for name in holds)
    return True if unwanted else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: what is made here lives until the end.

    Nor is it looked at while the tests run: there is so much of it that each look would be dear.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Generator[None]:
    """Mark tests by what they start, and keep together what shares something costly.

    One worker of pytest-xdist runs all tests of a group: so there are few browsers, two object
    stores and two clusters, and what a module prepares for its tests is prepared once. The longest
    groups come first, so that the workers end at about the same time. Quick tests are in the group
    of their module: the scheduler looks through all groups of a worker at each end of a test.
    """
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        folder = _below_tests(item.path)[0]
        is_of = {
            "browser": "browser" in used,
            "cluster": used & STARTS_A_CLUSTER,
            "faults": folder == "faults",
            "commands": folder in WHOLE_COMMANDS,
        }
        for name, holds in is_of.items():
            if holds:
                item.add_marker(name)
        group = _group(item)
        if group and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=_rank)
    yield
    if getattr(config.option, "loadgroup", False):
        for item in items:
            _name_group(item)


@functools.cache
def _below_tests(path: Path) -> tuple[str, ...]:
    """The parts of a path below the folder of tests; each module is asked for once."""
    return path.relative_to(ROOT / "tests").parts


def _name_group(item: pytest.Item) -> None:
    """Write the group behind the test's name, where pytest-xdist looks for it.

    Version 3.8 of it does so in an attribute that pytest from 9.2 on does not read any more: then
    each worker would start browsers, clusters and archives of its own.
    """
    mark = item.get_closest_marker("xdist_group")
    if mark is not None and not item.nodeid.endswith(f"@{mark.args[0]}"):
        named = type(item.id).parse(f"{item.nodeid}@{mark.args[0]}")
        setattr(item, "_id", named)  # noqa: B010 - there is no other way


def _group(item: pytest.Item) -> str | None:
    marks = {each.name for each in item.iter_markers()}
    parts = _below_tests(item.path)
    if "cluster" in marks:
        return "cluster of cohorts" if item.path.stem == "test_cohort_cluster" else "cluster"
    if "browser" in marks:
        names = (BROWSERS[each] for each in parts if each in BROWSERS)
        return next(names, "browser")
    if _shares(item):
        return PUBLISHED if "publish" in parts else item.path.stem
    return None if marks & {"commands", "faults"} else item.path.stem


def _shares(item: pytest.Item) -> bool:
    """Whether the test uses what is prepared once for its module."""
    known = getattr(item, "_fixtureinfo", None)
    found = () if known is None else known.name2fixturedefs.values()
    return any(each.scope == "module" for definitions in found for each in definitions)


def _rank(item: pytest.Item) -> int:
    names = ("cluster", "faults", "browser", "commands")
    marks = {each.name for each in item.iter_markers()}
    return next((place for place, name in enumerate(names) if name in marks), len(names))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of real recordings; they are other people's tracks and lie outside the project."""
    if not CORPUS.is_dir():
        pytest.skip("the corpus of real recordings is not beside this checkout")
    return CORPUS


@pytest.fixture(scope="session")
def read_corpus(corpus: Path) -> dict[str, Export | RetrorunError]:
    """What each real file is read as, or why it is not, by its name; nobody changes it."""
    found: dict[str, Export | RetrorunError] = {}
    for path in sorted(corpus.glob("*/*")):
        try:
            found[path.name] = readers.read(path.name, path.read_bytes(), ReadLimits())
        except RetrorunError as problem:
            found[path.name] = problem
    return found


@pytest.fixture(scope="session")
def real_walk() -> Path:
    """A real walk as a phone logged it, all forward; it lies outside the project, too."""
    if not REAL_WALK.is_file():
        pytest.skip("the real walk is not beside this checkout")
    return REAL_WALK


@pytest.fixture(scope="session")
def tmp_path_factory(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[pytest.TempPathFactory]:
    """Makes folders as ever, but those of tests of faults on the disk, where moments are usual."""
    usual = tmp_path_factory.mktemp
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        on_disk = copy.copy(tmp_path_factory)
        on_disk._basetemp = Path(folder)

        def made(basename: str, numbered: bool = True) -> Path:  # noqa: FBT001, FBT002 - as pytest's
            is_of_faults = "/faults/" in os.environ.get("PYTEST_CURRENT_TEST", "")
            return (on_disk.mktemp if is_of_faults else usual)(basename, numbered)

        patch.setattr(tmp_path_factory, "mktemp", made)
        yield tmp_path_factory


@pytest.fixture(scope="session", autouse=True)
def _no_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests may have an archive: its privacy zones say nothing here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETRORUN_ARCHIVE", str(tmp_path_factory.mktemp("none") / "archive"))
        yield


@pytest.fixture(scope="session")
def samples() -> Path:
    """The simulator's own recordings, with their truth."""
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def processed(tmp_path_factory: pytest.TempPathFactory, samples: Path) -> Path:
    """All samples as ``exports``, ``archive`` and ``pages``; who changes them, copies them."""
    from click.testing import CliRunner

    from retrorun.cli import main

    folder = tmp_path_factory.mktemp("samples")
    (folder / "exports").mkdir()
    for each in samples.iterdir():
        if each.suffix in {".fit", ".gpx", ".tcx", ".gz"}:
            (folder / "exports" / each.name).write_bytes(each.read_bytes())
    where = ["--archive", str(folder / "archive"), "--reports", str(folder / "pages")]
    done = CliRunner().invoke(main, ["process", str(folder / "exports"), *where])
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window; without it the tests are skipped, but never in CI."""
    if headless_browser.executable() is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing, and CI may skip nothing")
        pytest.skip("Chromium is not installed: make browser")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        found = headless_browser.launch(playwright)
        for name in ("new_page", "new_context"):
            setattr(found, name, _patient(getattr(found, name)))
        yield found
        found.close()


def _patient(
    make: Callable[..., Page | BrowserContext],
) -> Callable[..., Page | BrowserContext]:
    """What makes windows, each of which waits as long as a slow machine may take."""

    @functools.wraps(make)
    def made(**look: Any) -> Page | BrowserContext:  # noqa: ANN401 - as the browser takes it
        found = make(**look)
        found.set_default_timeout(PATIENCE_MS)
        return found

    return made


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a desk."""
    found = browser.new_page(viewport={"width": 1280, "height": 900})
    yield found
    found.close()


@pytest.fixture
def quiet(page: Page) -> Iterator[None]:
    """Fails where the page's console or its scripts complain."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    yield
    assert complaints == []


@pytest.fixture(scope="module")
def violations(browser: Browser) -> Iterator[Callable[[str, int, str], str]]:
    """What axe finds in a page of a width and colour scheme with all folds open; "" is good.

    A page is opened once and shown in each width and colours, as by a reader who turns a phone
    or changes to the dark.
    """
    windows: dict[str, Page] = {}

    def found(url: str, width: int, scheme: str) -> str:
        if url not in windows:
            windows[url] = browser.new_page(bypass_csp=True)  # axe is a script
            windows[url].goto(url)
        page = windows[url]
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        if page.locator("script[src]").count():
            page.locator("html[data-drawn]").wait_for(state="attached")
        page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
        results = Axe().run(page)
        return str(results.generate_report()) if results.violations_count else ""

    yield found
    for page in windows.values():
        page.close()


@pytest.fixture(scope="session", autouse=True)
def _loaded_children() -> Iterator[None]:
    """Children of these tests start with what they would load one after another, each anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "PRELOADED", (*child.PRELOADED, *LOADED_BY_CHILDREN))
        yield


@pytest.fixture(scope="module")
def one_child() -> Iterator[None]:
    """The child that analyses is started once for all tests of a module, not once a run."""
    stop = child.stop_thread_guard
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "stop_thread_guard", lambda: None)
        yield
    stop()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive, open for writing."""
    with Archive.open(tmp_path / "archive") as opened:
        yield opened


@pytest.fixture
def analysed_here() -> Iterator[None]:
    """Commands of a test analyse and write pages in this process, and no file twice alike.

    For promises about what is stored and shown, not about workers: to start those costs more than
    most such commands do. Walks through archives and files of cohorts keep theirs.
    """
    import remembered_pipeline
    from retrorun import engines

    def in_order(
        tasks: Iterable[T], work: Callable[[T], R], *_: object, **__: object
    ) -> Generator[tuple[T, R]]:
        return ((task, work(task)) for task in tasks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "ordered", in_order)
        patch.setattr(engines, "start_fork_server", lambda: None)
        patch.setattr(engines, "pipeline", lambda: remembered_pipeline.process)
        yield


@pytest.fixture(scope="session")
def s3() -> Iterator[ObjectServer]:
    """A real S3 server on loopback; every program started meanwhile finds it."""
    with object_stores.server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in object_stores.environment(server.endpoint).items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="session")
def scheduler(s3: ObjectServer) -> Iterator[str]:
    """A cluster of two worker processes that know the object store: the scheduler's address."""
    import distributed

    assert s3.endpoint
    with cluster._local(distributed, jobs=2) as started:
        yield started.scheduler_address


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str], str]:
    """Write a session page into a site with its assets; gives its file URL."""

    def write(html: str) -> str:
        site = Site(tmp_path)
        site.ensure_assets()
        site.write("sessions/page.html", html)
        return (tmp_path / "sessions" / "page.html").as_uri()

    return write
