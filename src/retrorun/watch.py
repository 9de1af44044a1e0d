"""A folder, followed: look when something was dropped, and every so often in any case.

Events only say that it is worth looking; what is new is decided by looking (``ingest.plan``),
because events are lost on network drives, come in the middle of a copy, and by the thousand. So a
lost event costs at most one interval, and a system without events is polled.
"""

import math
import plistlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Literal

from retrorun.errors import ENDING_SIGNALS, RetrorunError
from retrorun.ingest import Due
from retrorun.ingest.file_groups import may_be_table, may_be_wanted

SETTLED_S = 2.0  # look again this soon when a file was still growing
GONE_S = 5.0  # and this soon when the folder or the disk gave trouble
RETRY_S = 300.0  # what failed is tried again no sooner than this while nothing else is to be done
RECOVERED = "All is well again."


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to look.

    Attributes:
        every_s: at the latest after this long, events or not.
        events: also when the system says that something changed.
        gather_ms: events within this time count as one.
        changed: is set by whoever else knows that it is worth to look at once.
    """

    every_s: float = 60.0
    events: bool = True
    gather_ms: int = 500
    changed: threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What the last run had to do, as ``ingest.due`` gives it, and when (``time.monotonic``)."""

    due: Due = frozenset()
    at_s: float = -math.inf

    def is_early(self, due: Due, now_s: float) -> bool:
        """Whether nothing is due but what that run could not do a few minutes ago."""
        return due <= self.due and now_s - self.at_s < RETRY_S


def is_worth_a_look(name: str) -> bool:
    """Whether an event about a file of this name may mean that there is something to import."""
    return may_be_wanted(name) or may_be_table(name)


class Stopped(BaseException):
    """Raised between two files when the program is asked to end."""


def follow(
    folder: Path,
    look: Callable[[], bool],
    say: Callable[[str], None],
    stop: threading.Event,
    rhythm: Rhythm = Rhythm(),
) -> None:
    """Look at a folder again and again until asked to stop.

    Troubles (the folder is gone, the disk is full, another process writes) are reported once and
    survived: it looks again until they are over.

    Args:
        folder: to be watched, with what lies below it.
        look: imports what is new; whether some files still grow.
        say: takes a message for the user.
        stop: ends it, at the latest after the file in work.
        rhythm: when to look.
    """
    waiter = _Waiter(folder, stop, rhythm)
    trouble = ""
    try:
        while not stop.is_set():
            try:
                pause_s = SETTLED_S if look() else rhythm.every_s
                if trouble:
                    say(RECOVERED)
                trouble = ""
            except Stopped:
                return
            except RetrorunError as problem:
                pause_s = min(GONE_S, rhythm.every_s)
                if trouble != str(problem):
                    say(str(problem))
                trouble = str(problem)
            waiter.wait(pause_s)
    finally:
        waiter.close()


class _Waiter:
    """Waits for an event, or for the time to pass."""

    def __init__(self, folder: Path, stop: threading.Event, rhythm: Rhythm) -> None:
        self.folder, self.stop, self.rhythm = folder, stop, rhythm
        self._changed = rhythm.changed or threading.Event()
        self._over = threading.Event()
        self._identity: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None

    def wait(self, pause_s: float) -> None:
        """Return when something changed, the pause is over, or it is time to stop."""
        self._listen()
        waited_s = 0.0
        while waited_s < pause_s and not self.stop.is_set():
            if self._changed.wait(min(0.2, pause_s - waited_s)):
                break
            waited_s += 0.2
        self._changed.clear()

    def _listen(self) -> None:
        """Begin to listen, and begin again where the folder was replaced by another."""
        if not self.rhythm.events:
            return
        identity = _identity(self.folder)
        alive = self._thread is not None and self._thread.is_alive()
        if identity is None or (alive and identity == self._identity):
            # one that comes back may have the same number, and nothing listens to it any more
            self._identity = identity
            return
        self.close()
        self._identity, self._over = identity, threading.Event()
        self._thread = threading.Thread(target=self._listen_thread, args=(self._over,), daemon=True)
        self._thread.start()

    def _listen_thread(self, over: threading.Event) -> None:
        import watchfiles

        listens = False
        try:
            for changes in watchfiles.watch(
                self.folder,
                watch_filter=lambda _, path: is_worth_a_look(Path(path).name),
                debounce=self.rhythm.gather_ms,
                stop_event=over,
                rust_timeout=500,
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
            ):
                # the first time in any case: what was dropped before it listened gave no event
                if changes or not listens:
                    self._changed.set()
                listens = True
        except (OSError, RuntimeError):
            return  # no events here, or no more: the interval still holds

    def close(self) -> None:
        """Stop listening."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(5)


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class Ending(threading.Event):
    """Set when the program is asked to end.

    Attributes:
        number: of the signal that asked.
    """

    number: int = signal.SIGINT


@contextmanager
def until_signalled() -> Iterator["Ending"]:
    """An event that signals to end set; a second one ends the program as usual.

    SIGHUP that is ignored, as by ``nohup``, stays so.
    """
    stop = Ending()
    before = {number: signal.getsignal(number) for number in followed_signals()}

    def ask(number: int, _: FrameType | None) -> None:
        stop.number = number
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def followed_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a program which runs until it is ended."""
    always = (signal.SIGINT, signal.SIGTERM)
    return tuple(
        each
        for each in ENDING_SIGNALS
        if each in always or signal.getsignal(each) is not signal.SIG_IGN
    )


def between_files(stop: threading.Event) -> Callable[[int, int, str], None]:
    """A progress function for ``ingest.run_import`` that ends the import when asked to stop."""

    def stop_if_asked(done: int, total: int, _: str) -> None:
        if stop.is_set() and done < total:
            raise Stopped

    return stop_if_asked


def service(kind: Literal["systemd", "launchd"], command: Sequence[str]) -> str:
    """What makes the system start a watch at login and keep it running.

    Args:
        kind: a systemd user unit, or a launchd agent's property list.
        command: program and arguments, such as the full path of ``retrorun``, ``watch``, folder.
    """
    return _systemd(command) if kind == "systemd" else _launchd(command)


def _systemd(command: Sequence[str]) -> str:
    return "\n".join(
        [
            "# ~/.config/systemd/user/retrorun.service",
            "# systemctl --user daemon-reload && systemctl --user enable --now retrorun",
            "[Unit]",
            "Description=retrorun: reports of new runs",
            "",
            "[Service]",
            f"ExecStart={' '.join(_quoted(word) for word in command)}",
            "Restart=on-failure",
            "RestartSec=30",
            "Nice=10",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ],
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it: quoted, nothing in it is special."""
    for sign, escaped in (("\\", "\\\\"), ('"', '\\"'), ("%", "%%"), ("$", "$$"), ("\n", "\\n")):
        word = word.replace(sign, escaped)
    return f'"{word}"'


def _launchd(command: Sequence[str]) -> str:
    agent = {
        "Label": "org.retrorun.watch",
        "ProgramArguments": list(command),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ProcessType": "Background",
    }
    return plistlib.dumps(agent).decode("utf-8")
