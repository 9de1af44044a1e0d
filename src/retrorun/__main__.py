"""The program around the commands: however it ends, it ends in a sentence and an exit status."""

import errno
import gc
import io
import os
import signal
import sys
from typing import Any

# While libraries load, Ctrl-C ends the program at once: nothing has been begun.
signal.signal(signal.SIGINT, signal.SIG_DFL)
# Our arrays are small: threads for linear algebra would only cost memory and processes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What is made while libraries load is no garbage: looking for some is a tenth of that time.
gc.set_threshold(100_000)

LEAST_BYTES, LEAST_FILES = 400 << 20, 32  # of address space; open at a time


def run() -> None:
    """Run the command line; exit 0, 1, 2, 129, 130 or 143 as docs/commands.md says."""
    _replace_closed_streams()
    code: int | str | None = 1
    try:
        _refuse_low_limits()
        from retrorun.cli import main

        signal.signal(signal.SIGINT, signal.default_int_handler)
        main(prog_name="retrorun")
    except SystemExit as end:
        code = end.code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 1
    except Exception as fault:  # noqa: BLE001 - nobody reads a traceback
        _complain(_words(fault))
    _leave(code if isinstance(code, int) else 0 if code is None else 1)


def _refuse_low_limits() -> None:
    """Refuse limits below which libraries end the process themselves, with words of their own.

    Raises:
        MemoryError: of memory.
        OSError: of open files.
    """
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < LEAST_BYTES:
        raise MemoryError
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != resource.RLIM_INFINITY and files < LEAST_FILES:
        words = f"only {files} files may be open: {LEAST_FILES} at least (see `ulimit -n`)"
        raise OSError(errno.EMFILE, words)


def _words(fault: Exception) -> str:
    """What the system lacks, in words; else what to report."""
    if isinstance(fault, MemoryError):
        return f"there is not enough memory: {LEAST_BYTES >> 20} MB at least (see `ulimit -v`)"
    if isinstance(fault, ImportError):
        return f"a library cannot be loaded: {str(fault)[:200]}; see `retrorun doctor`"
    if isinstance(fault, OSError):
        return f"{f'{fault.filename}: ' if fault.filename else ''}{fault.strerror or fault}"
    if isinstance(fault, RuntimeError) and "thread" in str(fault):
        return f"no more processes or threads may be started (see `ulimit -u`): {fault}"
    return f"an unexpected {type(fault).__name__}: {str(fault)[:200]}; please report it"


def _complain(words: str) -> None:
    try:
        line = "".join(each if each.isprintable() else " " for each in words)
        os.write(2, f"Error: {line}\n".encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # there is nowhere left to print to


def _replace_closed_streams() -> None:
    """Put something in the place of closed streams: else the next file opened would take it.

    What is written to a closed stdout fails as it should; to a closed stderr it goes nowhere.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.dup2(os.open(os.devnull, mode), number)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.stdout = _named(sys.stdout)


class _NamedFile(io.FileIO):
    """A file without a name whose errors name it all the same."""

    def write(self, data: Any) -> int:  # noqa: ANN401 - as io.FileIO takes it
        try:
            return super().write(data)
        except OSError as problem:
            problem.filename = "stdout"
            raise


def _named(stream: Any) -> Any:  # noqa: ANN401 - whatever stands in the place of stdout
    """The same stream, with errors that name stdout; a console of Windows stays as it is."""
    binary = getattr(stream, "buffer", None)
    raw = getattr(binary, "raw", binary)  # unbuffered (PYTHONUNBUFFERED) it is the file itself
    if not isinstance(stream, io.TextIOWrapper) or type(raw) is not io.FileIO:
        return stream
    named = _NamedFile(stream.fileno(), "w", closefd=False)
    return io.TextIOWrapper(
        named if raw is binary else io.BufferedWriter(named),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _leave(code: int) -> None:
    """Write out what is left, and end; a pipe whose reader has read enough is no complaint."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except (OSError, ValueError) as problem:
        if not code:
            _complain(_words(problem) if isinstance(problem, OSError) else "stdout is closed")
        code = code or 1
    for number in (1, 2):  # what is still kept back is lost without a word
        os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    sys.exit(code)


if __name__ == "__main__":
    run()
