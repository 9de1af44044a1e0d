"""However the program ends: a sentence, an exit status, and no traceback."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from retrorun.archive import Archive, checksums, maintenance
from retrorun.cli import main, told_as_interrupt

SAMPLE = next(Path(__file__).parents[2].joinpath("sample_data").glob("*.fit"))
PROGRAM = [sys.executable, "-m", "retrorun"]
POINT = '<trkpt lat="50.{0:05}" lon="8"><time>2026-01-01T00:{1:02}:{2:02}Z</time></trkpt>'
EVIL = "a\x7f\x9b31m\u202e\u200e\u2066b"
POINTS = "".join(POINT.format(3 * n, n // 60, n % 60) for n in range(120))
BODY = f"<trk><name>{EVIL}</name><trkseg>{POINTS}</trkseg></trk>"


@pytest.fixture(autouse=True)
def usual_interrupt() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt here, also where tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def ended(
    *words: str,
    prepare: Callable[[], object] | None = None,
    outlet: str = "",
    **variables: str,
) -> subprocess.CompletedProcess[bytes]:
    command = [*PROGRAM, *words]
    if outlet:
        command = ["sh", "-c", f'"$@" {outlet}', "sh", *command]
    environment = os.environ | variables
    return subprocess.run(  # noqa: S603 - ourselves
        command,
        capture_output=True,
        check=False,
        env=environment,
        preexec_fn=prepare,
        timeout=600,
    )


def sentence(done: subprocess.CompletedProcess[bytes]) -> str:
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.mark.parametrize("outlet", [">/dev/full", ">&-"])
@pytest.mark.parametrize(
    "words",
    [("--help",), ("analyze", str(SAMPLE)), ("analyze", "--json", *[str(SAMPLE)] * 4)],
    ids=["help", "table", "more than a buffer"],
)
def test_an_output_that_takes_nothing_is_named(words: tuple[str, ...], outlet: str) -> None:
    done = ended(*words, outlet=outlet)
    assert done.returncode == 1
    assert sentence(done).startswith("Error: stdout: ")


def test_a_problem_is_not_taken_for_one_of_an_output_that_takes_nothing() -> None:
    done = ended("analyze", "no.fit", outlet=">/dev/full")
    assert done.returncode == 2
    assert b"stdout" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["process", "", "--archive", "a"],
        ["process", ".", "--archive", ""],
        ["process", ".", "--archive", "a", "--reports", ""],
        ["watch", "", "--once", "--archive", "a"],
        ["export", "--out", "", "--archive", "a"],
        ["archive", "backup", "", "--archive", "a"],
        ["cohort", "process", "", "--out", "o"],
        ["cohort", "process", ".", "--out", ""],
        ["cohort", "process", ".", "--out", "o", "--profiles", ""],
        ["cohort", "compare", ""],
        ["cohort", "compare", ".", "--out", ""],
        ["cohort", "export", "", "--out", "o", "--deidentify"],
        ["cohort", "export", ".", "--out", "", "--deidentify"],
    ],
)
def test_an_empty_name_is_not_the_folder_we_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "run.fit").write_bytes(SAMPLE.read_bytes())
    monkeypatch.chdir(tmp_path)
    done = ended(*words)
    assert done.returncode == 2
    assert b"the name is empty" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["run.fit"]


@pytest.mark.parametrize("command", ["analyze", "process"])
def test_a_pipe_or_device_is_refused_and_not_waited_for(tmp_path: Path, command: str) -> None:
    os.mkfifo(tmp_path / "a.fit")
    places = ["--archive", str(tmp_path / "a")]
    for path in (str(tmp_path / "a.fit"), "/dev/zero"):
        done = ended(command, path, *places)
        assert done.returncode == 1
        assert b"it is a pipe, a socket or a device" in done.stderr


@pytest.mark.parametrize("words", [("--help",), ("analyze", "--json", *[str(SAMPLE)] * 40)])
def test_a_reader_that_has_read_enough_is_no_complaint(words: tuple[str, ...]) -> None:
    """Into a pipe that nobody reads any more; the 40 documents are more than a pipe holds."""
    reading, writing = os.pipe()
    os.close(reading)
    done = ended(*words, prepare=partial(os.dup2, writing, 1))
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


def test_ascii_output_is_ascii_and_json_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "Ü.gpx"
    path.write_text(f"<gpx>{BODY}</gpx>", encoding="utf-8")
    for form in ("--json",), ():
        done = ended("analyze", str(path), *form, PYTHONIOENCODING="ascii", LC_ALL="C.UTF-8")
        assert done.returncode == 0
        assert done.stdout.isascii()
        if form:
            assert json.loads(done.stdout)["source"]["name"] == "Ü.gpx"


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("kind", ["AS", "NOFILE"])
def test_low_limits_are_named(kind: str) -> None:
    number, low = getattr(resource, f"RLIMIT_{kind}"), {"AS": 200 << 20, "NOFILE": 16}[kind]
    done = ended("analyze", str(SAMPLE), prepare=lambda: resource.setrlimit(number, (low, low)))
    assert done.returncode == 1
    assert "ulimit" in sentence(done)


@pytest.mark.parametrize("sign", ["a/archive.sqlite", "a/originals/*/*", "r/sessions/*.html"])
def test_after_an_interrupt_nobody_says_more(tmp_path: Path, sign: str) -> None:
    """Sent to parent and children, as a terminal does, when the first such file is there.

    Not after a fixed time: on a slow machine the interpreter itself would still be starting.
    """
    places = ["--archive", str(tmp_path / "a"), "--reports", str(tmp_path / "r"), "--jobs", "2"]
    command = [*PROGRAM, "process", str(SAMPLE.parent), *places]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as program:
        while program.poll() is None and next(tmp_path.glob(sign), None) is None:
            time.sleep(0.01)
        assert program.poll() is None, "it ended before it could be interrupted"
        os.killpg(program.pid, signal.SIGINT)
        try:
            _, errors = program.communicate(timeout=600)
        except subprocess.TimeoutExpired:
            os.killpg(program.pid, signal.SIGKILL)
            raise
    assert program.returncode in (0, 130, -signal.SIGINT), errors
    assert b"Traceback" not in errors
    assert b"Aborted" not in errors


def test_what_fails_while_an_interrupt_ends_the_work_is_told_as_the_interrupt() -> None:
    """A pipe whose reader is gone breaks while the work is being stopped, and at another time."""
    reading, writing = os.pipe()
    os.close(reading)

    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            os.write(writing, b"end")

    with pytest.raises(KeyboardInterrupt), told_as_interrupt():
        work()
    with pytest.raises(BrokenPipeError), told_as_interrupt():
        os.write(writing, b"end")
    os.close(writing)


@pytest.mark.parametrize("nth", [0, 20])
def test_an_interrupt_while_sqlite_calls_us_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    """SQLite says only that a function failed: it was told as a damaged database, with exit 1."""
    calls = iter(range(1_000_000))

    def row_sum(*values: checksums.Value) -> int:
        if next(calls) == nth:
            signal.raise_signal(signal.SIGINT)
        return real(*values)

    real = checksums.row_sum
    monkeypatch.setattr(checksums, "row_sum", row_sum)
    places = ["--archive", str(tmp_path / "a"), "--reports", str(tmp_path / "r"), "--jobs", "1"]
    done = CliRunner().invoke(main, ["process", str(SAMPLE), *places])
    assert done.exit_code == 130
    assert done.stderr.splitlines()[-1] == "Interrupted."
    monkeypatch.undo()
    assert CliRunner().invoke(main, ["archive", "check", *places[:2]]).exit_code == 0
    assert CliRunner().invoke(main, ["process", str(SAMPLE), *places]).exit_code == 0


def test_an_interrupt_that_a_destructor_drops_is_raised_again() -> None:
    class Gone:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def work() -> None:
        Gone()
        time.sleep(60)

    began_s = time.monotonic()
    with pytest.raises(KeyboardInterrupt), told_as_interrupt():
        work()
    assert time.monotonic() - began_s < 30


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_a_backup_leaves_no_half_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    """SIGTERM and SIGHUP ended the process where it was: originals and zones lay beside."""
    Archive.open(tmp_path / "a").close()
    monkeypatch.setattr(maintenance, "_add_referenced", lambda *_: signal.raise_signal(number))
    words = ["archive", "backup", str(tmp_path / "b.zip"), "--archive", str(tmp_path / "a")]
    before = signal.getsignal(number)
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.stderr) == (128 + number, "Interrupted.\n")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]
    assert signal.getsignal(number) is before


def test_after_nohup_a_terminal_that_is_closed_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Archive.open(tmp_path / "a").close()
    monkeypatch.setattr(maintenance, "_add_referenced", lambda *_: signal.raise_signal(1))
    words = ["archive", "backup", str(tmp_path / "b.zip"), "--archive", str(tmp_path / "a")]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert CliRunner().invoke(main, words).exit_code == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert (tmp_path / "b.zip").is_file()


def test_where_the_signal_is_taken_nothing_is_told_as_an_interrupt() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with told_as_interrupt():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("words", [("analyze",), ("analyze", "--json"), ("explain",)])
def test_what_a_file_says_is_printed_without_control_characters(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    path = tmp_path / "e\x1b[31m\u202e.gpx"
    path.write_text(f'<gpx creator="{EVIL}">{BODY}</gpx>', encoding="utf-8")
    done = ended(*words, str(path))
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == 0
    assert all(each.isprintable() for each in text.replace("\n", ""))


def test_what_was_typed_is_printed_without_control_characters() -> None:
    done = ended("analyze", "no\x1b[31m\u202e.fit")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr.decode()
    assert "\u202e" not in done.stderr.decode()


def test_libraries_are_loaded_while_the_workers_load_theirs(tmp_path: Path) -> None:
    """Learning, pages and tables need them after the analysis, when nobody else works."""
    (tmp_path / "runs").mkdir()
    shutil.copy2(SAMPLE, tmp_path / "runs")
    code = (
        "import sys\n"
        "from retrorun.engines.child import Child\n"
        "loaded, start = [], Child.__init__\n"
        "def first(self, limits):\n"
        "    loaded.append(set(sys.modules))\n"
        "    start(self, limits)\n"
        "Child.__init__ = first\n"
        "from retrorun.cli import main\n"
        f"sys.argv = ['retrorun', 'process', {str(tmp_path / 'runs')!r}, '--archive', "
        f"{str(tmp_path / 'archive')!r}, '--reports', {str(tmp_path / 'pages')!r}]\n"
        "main(standalone_mode=False)\n"
        "late = set(sys.modules) - loaded[0]\n"
        "heavy = {'numpy', 'pyarrow.parquet', 'jinja2', 'rich.table', 'retrorun.learn',\n"
        "         'retrorun.archive.serialization', 'retrorun.publish'} & late\n"
        "heavy |= {'retrorun.model.cohort'} & set(sys.modules)  # of one athlete\n"
        "assert 'retrorun.publish' in sys.modules\n"
        "sys.exit(f'loaded late: {heavy}' if heavy else 0)"
    )
    program = f"if __name__ == '__main__':\n    exec({code!r})"  # workers import the program, too
    subprocess.run([sys.executable, "-c", program], check=True, timeout=600)  # noqa: S603 - ourselves


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device without an end")
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("report", "--since", "2026-05-01", "--note", "/dev/zero"), 2),
        (("archive", "restore", "/dev/zero"), 1),
    ],
)
def test_a_file_without_an_end_is_refused(
    tmp_path: Path, words: tuple[str, ...], status: int
) -> None:
    """It was read until the system killed the program for want of memory."""

    def bound() -> None:  # a want of memory is told without the name of a file
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        os.chdir(tmp_path)

    with Archive.open(tmp_path / "archive"):
        pass
    result = ended(*words, "--archive", str(tmp_path / "archive"), prepare=bound)
    assert result.returncode == status, result.stderr
    assert "/dev/zero: " in sentence(result)
