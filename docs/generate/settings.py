"""Print docs/settings.md from the source of ``retrorun.settings``.

    python docs/generate/settings.py > docs/settings.md

A setting's sentence is the comment behind its default and in the lines that follow at once. A test
compares the page with the code.
"""

import ast
import inspect
import itertools
import sys
from collections.abc import Iterator

from msgspec import structs

from retrorun.settings import Settings

HEAD = """\
# Settings

Printed by `python docs/generate/settings.py > docs/settings.md` from `src/retrorun/settings/`.
A TOML file given with `--settings FILE` overrides any of them:

```toml
[prepare]
gap_s = 20

[compare]
least_pairs = 10
```

A misspelt name is refused. Each session remembers the fingerprint of its settings, so that
`retrorun reprocess` knows which ones are outdated. A name's ending is its unit: `_s` seconds, `_m`
metres, `_mps` metres a second, `_spm` steps a minute, `_bpm` beats a minute, `_deg` degrees.
"""


def markdown() -> str:
    """The page in Markdown: a table a stage, a row a setting."""
    return HEAD + "".join(
        _table(each.name, type(getattr(Settings(), each.name))) for each in structs.fields(Settings)
    )


def _table(stage: str, declared: type) -> str:
    source = inspect.getsource(declared)
    node = ast.parse(source).body[0]
    rows = "".join(_rows(node, source.splitlines())) if isinstance(node, ast.ClassDef) else ""
    doc = inspect.getdoc(declared)
    return f"\n## `[{stage}]`\n\n{doc}\n\n| setting | default | |\n|---|---|---|\n{rows}"


def _rows(node: ast.ClassDef, lines: list[str]) -> Iterator[str]:
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value:
            end = each.value.end_lineno or each.lineno
            sentence = _sentence(lines[end - 1 :])
            yield f"| `{each.target.id}` | `{ast.unparse(each.value)}` | {sentence} |\n"


def _sentence(lines: list[str]) -> str:
    """The comment behind the first line, with the lines of comment that follow at once."""
    _, _, first = lines[0].partition("  # ")
    more = itertools.takewhile(lambda line: line.startswith("    # "), lines[1:])
    return " ".join([first, *(line.removeprefix("    # ") for line in more)])


if __name__ == "__main__":
    sys.stdout.write(markdown())
