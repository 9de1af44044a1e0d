"""Carry out tasks on a Dask cluster, with the contract of the local pool.

The scheduler has only a few tasks a worker at any time, and results are small, so that its memory
does not grow with the number of files. A task whose worker is lost goes to another one; after some
losses Dask gives it up (``distributed.scheduler.allowed-failures``).

This is the only module that imports Dask.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from retrorun import __version__
from retrorun.engines.child import START_S, Lost
from retrorun.engines.pool import WINDOW
from retrorun.errors import EngineError, RetrorunError
from retrorun.storage.entries import without_user, words_of
from retrorun.storage.objects import with_timeout

T = TypeVar("T")
R = TypeVar("R")
DEPTH = 3  # tasks a worker that the scheduler has
CONNECT_S = 30.0  # a scheduler that has not answered by then is unreachable
POLL_S = 1.0  # how often workers are counted while nothing comes back
_CONTINUE = "Run the same command again: it goes on where it was."


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where the workers are.

    Attributes:
        scheduler: address such as ``tcp://host:8786``; None: a cluster on this machine is started,
            and stopped in the end.
        jobs: worker processes of that one.
    """

    scheduler: str | None = None
    jobs: int = 2


def ordered(
    tasks: Iterable[T], work: Callable[[T], R], cluster: Cluster
) -> Generator[tuple[T, R | Lost], None, None]:
    """Carry out work on every task; yield task and result in the order of the tasks.

    Args:
        tasks: anything that can be pickled, taken as they are needed.
        work: a function that can be pickled, and that the workers can import.
        cluster: where.

    Yields:
        The task and its result, or ``Lost`` if it cost too many workers.

    Raises:
        RetrorunError: Dask is not installed.
        EngineError: the cluster cannot be reached, has no workers, or was lost on the way.
    """
    with _client(cluster) as client, _translated_errors():
        _check_versions(client)
        yield from _Submissions(client, work).run(tasks)


class _Submissions:
    def __init__(self, client: Any, work: Callable[[Any], Any]) -> None:  # noqa: ANN401 - Dask has no types
        self.client, self.work = client, work
        self.order: deque[Any] = deque()  # futures and results, in the order of the tasks
        self.tasks: deque[Any] = deque()
        self.without_workers_since_s: float | None = None

    def run(self, tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        feed = iter(tasks)
        while True:
            for task in islice(feed, max(self._room(), 0)):
                self.tasks.append(task)
                self.order.append(self.client.submit(self.work, task, pure=False))
            if not self.order:
                return
            self._wait()
            while self.order and not _is_future(self.order[0]):
                yield self.tasks.popleft(), self.order.popleft()

    def _room(self) -> int:
        """How many more tasks the scheduler may have now."""
        workers = self._workers()
        pending = sum(1 for each in self.order if _is_future(each))
        return min(DEPTH * workers - pending, WINDOW * workers - len(self.order))

    def _workers(self) -> int:
        """How many workers there are, at least 1: they may come back."""
        count, now_s = len(self.client.nthreads()), time.monotonic()
        if count:
            self.without_workers_since_s = None
            return count
        if self.without_workers_since_s is None:
            self.without_workers_since_s = now_s
        if now_s - self.without_workers_since_s > START_S:
            words = f"the cluster has had no workers for {START_S:g} s"
            remedy = f"Start some. What is done stays done. {_CONTINUE}"
            raise EngineError("cluster-no-workers", words, remedy=remedy)
        return 1

    def _wait(self) -> None:
        """Wait a short time for a result; results replace their futures."""
        import distributed

        wait: Any = distributed.wait
        pending = [each for each in self.order if _is_future(each)]
        with self.client.as_current(), contextlib.suppress(TimeoutError):
            wait(pending, timeout=POLL_S, return_when="FIRST_COMPLETED")
        for place, each in enumerate(self.order):
            # a task of a worker that died is lost until the scheduler has sent it to another one
            if _is_future(each) and each.status not in {"pending", "lost"}:
                self.order[place] = _result(each)
                each.release()


def _is_future(value: object) -> bool:
    from distributed import Future

    return isinstance(value, Future)


def _result(future: Any) -> Any:  # noqa: ANN401 - Dask has no types
    """The result, or why there is none: an error in one task costs only that task."""
    from distributed import KilledWorker

    if future.status == "cancelled":
        raise _scheduler_lost("it forgot a task")
    problem = future.exception()
    if problem is None:
        return future.result()
    if isinstance(problem, KilledWorker):
        return Lost("worker-died", f"it cost too many workers: {str(problem)[:200]}")
    if isinstance(problem, MemoryError):
        return Lost("memory-exceeded", "it needs more memory than its worker has")
    words = f"an unexpected {type(problem).__name__}: {str(problem)[:200]}"
    return Lost("internal-error", words)


@contextmanager
def _translated_errors() -> Iterator[None]:
    """Raise an EngineError for what Dask raises when the scheduler is lost."""
    from distributed.client import FuturesCancelledError
    from distributed.comm.core import CommClosedError

    try:
        yield
    except FuturesCancelledError as problem:  # its own words name every task, a line each
        raise _scheduler_lost("the connection broke") from problem
    except (CommClosedError, asyncio.CancelledError, TimeoutError, OSError) as problem:
        raise _scheduler_lost(words_of(problem)) from problem


def _scheduler_lost(words: str) -> EngineError:
    return EngineError("scheduler-lost", f"the scheduler is gone: {words}", remedy=_CONTINUE)


@contextmanager
def started(cluster: Cluster) -> Iterator[Cluster]:
    """The cluster with a scheduler: one that is started here serves several calls of ``ordered``.

    Raises:
        RetrorunError: Dask is not installed.
        EngineError: a cluster cannot be started here.
    """
    distributed = _dask()
    if cluster.scheduler is not None:
        yield cluster
        return
    with _quiet(), _local(distributed, cluster.jobs) as local:
        yield Cluster(local.scheduler_address, cluster.jobs)


@contextmanager
def _client(cluster: Cluster) -> Iterator[Any]:
    """A client of the cluster; a cluster that was started here is stopped in the end."""
    with started(cluster) as place, _quiet(), _connected(_dask(), place.scheduler) as client:
        yield client


def _dask() -> Any:  # noqa: ANN401 - Dask has no types
    """Dask's package for clusters.

    Raises:
        RetrorunError: it is not installed.
    """
    try:
        import distributed
    except ImportError as problem:
        remedy = 'Install it: `pip install "retrorun[cluster]"`.'
        words = "--engine dask needs Dask, which is not installed"
        raise RetrorunError("dask-missing", words, remedy=remedy) from problem
    return distributed


@contextmanager
def _quiet() -> Iterator[None]:
    import dask

    quiet = {"distributed.logging.distributed": "error", "distributed.admin.tick.limit": "1 hour"}
    with dask.config.set(quiet):
        for name in ("distributed", "distributed.client", "asyncio"):  # each has its own level
            logging.getLogger(name).setLevel(logging.CRITICAL)  # our errors say all of it
        yield


def _local(distributed: Any, jobs: int) -> Any:  # noqa: ANN401 - Dask has no types
    """A cluster of processes on this machine, not reachable from others."""
    try:
        return distributed.LocalCluster(
            n_workers=jobs,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,  # a file's memory is limited in the child that analyses it
            silence_logs=logging.CRITICAL,
        )
    except (RuntimeError, OSError, TimeoutError) as problem:
        words = f"a cluster cannot be started here: {words_of(problem)}"
        raise EngineError(
            "cluster-does-not-start", words, remedy="Try --engine local."
        ) from problem


def _connected(distributed: Any, address: Any) -> Any:  # noqa: ANN401 - Dask has no types
    client = partial(distributed.Client, address, timeout=CONNECT_S, set_as_default=False)
    try:  # Dask's own limit does not hold for a silent peer
        return with_timeout(client, CONNECT_S + POLL_S, "it takes the call and says nothing")
    except (OSError, TimeoutError, ValueError) as problem:
        where = without_user(str(address))
        words = f"there is no scheduler at {where}: {words_of(problem)}"
        remedy = "Check --scheduler; without it a cluster is started on this machine."
        raise EngineError("scheduler-unreachable", words, remedy=remedy) from problem


def _check_versions(client: Any) -> None:  # noqa: ANN401 - Dask has no types
    """Refuse workers with another version of retrorun: they would give other results.

    One that is gone before it answers is no other version; the scheduler gives its tasks to others.
    """
    try:
        client.wait_for_workers(1, timeout=START_S)
    except TimeoutError as problem:
        words = "the cluster has no workers"
        remedy = "Start some: `dask worker SCHEDULER --nthreads 1`."
        raise EngineError("cluster-no-workers", words, remedy=remedy) from problem
    for worker, version in client.run(_version, on_error="return").items():
        if version != __version__ and not isinstance(version, OSError):
            found = version if isinstance(version, str) else "none that can be loaded"
            words = f"worker {worker} has retrorun {found}, and you have {__version__}"
            remedy = f"Install retrorun {__version__} on every worker."
            raise EngineError("cluster-other-version", words, remedy=remedy)


def _version() -> str:
    return __version__
