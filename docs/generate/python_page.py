"""Run the code of docs/guide/python.md, in order, and put what it prints below each block.

``python docs/generate/python_page.py > page.md`` prints the page, which then takes the place of the
old one; a test holds the two together. The archive is that of ``retrorun demo`` in a folder that is
removed afterwards.
"""

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from click.testing import CliRunner

from retrorun.cli import main

PAGE = Path(__file__).resolve().parents[1] / "guide" / "python.md"
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def printed(page: str, values: dict[str, object] | None = None) -> str:
    """The page with what each block prints, below it; run in the current folder.

    Args:
        page: Markdown.
        values: names that the blocks share; afterwards it holds what they made.
    """
    names: dict[str, object] = {} if values is None else values

    def run(block: re.Match[str]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(block[1], names)  # noqa: S102 - the page's own
        text = "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
        return f"```python\n{block[1]}```\n" + f"\n```text\n{text}```\n"

    return BLOCK.sub(run, page)


@contextlib.contextmanager
def beside_a_demo(folder: Path) -> Iterator[None]:
    """Work in a folder with the runs of ``retrorun demo`` in it, and find ``retrorun``."""
    before, path = Path.cwd(), os.environ["PATH"]
    os.chdir(folder)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), path])
    try:
        done = CliRunner().invoke(main, ["demo", "--no-browser"])
        if done.exit_code:
            raise SystemExit(done.output)
        yield
    finally:
        os.chdir(before)
        os.environ["PATH"] = path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, beside_a_demo(Path(folder)):
        sys.stdout.write(printed(PAGE.read_text(encoding="utf-8")))
