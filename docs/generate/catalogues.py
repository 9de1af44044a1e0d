"""Collect the words that people read, and bring the catalogues of other languages up to them.

    python docs/generate/catalogues.py          # update src/retrorun/locales/*/…/retrorun.po
    python docs/generate/catalogues.py fr       # begin a catalogue of French, or update it
    python docs/generate/catalogues.py --left   # print what has no translation yet

Words of the pages come from ``report.words`` with their keys. Sentences that stages, errors and
commands put together are found in the source: every text and f-string in the files below that
reads like words. The gaps of an f-string get the names of what fills them; a format stays where a
number is meant (``{minutes:.0f}``), because that is how a sentence recognises itself.
"""

import argparse
import ast
import inspect
import io
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from retrorun.cli import COMMANDS, HELP, help_key
from retrorun.cli import main as main_command
from retrorun.cli.terminal import CONTEXT
from retrorun.language import DOMAIN
from retrorun.metrics import COMPARED, TRENDED
from retrorun.model.recording import CHANNELS
from retrorun.model.segment import SET_WORDS
from retrorun.report.words import WORDS, is_counted

SOURCE = Path(__file__).resolve().parents[2] / "src" / "retrorun"
LOCALES = SOURCE / "locales"
# whose sentences are collected
ROOMS = (
    *("compare", "detect", "measure", "prepare", "readers", "model", "pipeline.py"),
    *("archive", "storage", "engines", "ingest", "cohort", "results", "settings", "server", "cli"),
    *("answers.py", "errors.py", "export.py", "privacy_zones.py", "profile.py", "publish.py"),
    "report/page.py",
    *("time_zone.py", "toml_file.py", "watch.py"),
)
# of those files, these say nothing to people; what they hold is documentation
NOT_READ = ("results/columns.py", "cohort/worker.py")
# of these only what functions say: the rest are tables of foreign words, columns and patterns
TABLES = (
    "cli/__init__.py",
    "detect/labels.py",
    "readers/sports.py",
    "readers/registry.py",
    "readers/heading_sources.py",
    "readers/containers/accounts.py",
    "readers/containers/phyphox.py",
    "readers/containers/sensor_logger.py",
)
# single words that fill gaps, and what the source puts together in a way that nothing else could
WORDS_IN_GAPS = (
    *("backward", "forward", "run", "walk", "still", "rising", "falling", "labelled", "steep"),
    *("twisty", "gait", "label", "prior", "profile", "compass", "course", "unknown", "back"),
    *("forgotten", "doubled", "half", "twice", "days", "hours", "minutes", "Warm-up", "Ground"),
    *("Error", "stopped", "healthy", "imported", "unchanged", "moved", "analysed", "failed"),
    *("files", "with", "without", "nothing"),
    "steep and twisty",
    "twisty and steep",
    "then {words}",
    "1 mile",
    "1 answer",
    "1 label",
    "without a label",
    "no run",
    "put off",
    "is missing",
    "Interrupted.",
    "(at byte {byte:d})",
    "there is no session {name}",
    "more than one session begins with {name}",
    "there is no import {number}",
    "undone already: import {number}",
    "{method}, 1 session",
    "{method}, {known:d} sessions",
    *("matched pairs", "backward sessions", "more weeks", "more sessions", "session", "sessions"),
    *("week", "weeks"),
    *("odometer", "positions", "device speed", "file total", "laps", "activity"),
    *("odometer and positions", "odometer and device speed", "positions and device speed"),
    "one athlete has {percent:.0f} % of the weight",
    # as earlier versions wrote them
    "{metres:,.0f} m {kind}, {share:.0%} of the longest in the 30 days before ({longest:,.0f} m).",
    "heart rate covers only {coverage:.0%} of the session",
    "{words} speed and steps are not known ({share:.0%})",
    (
        "the heart is at its ceiling for {capped:.0%} of the backward time, and does not show what "
        "more was spent: slower backward stretches would tell"
    ),
    *(
        f"too early to say: 1 more {each}"
        for each in ("matched pair", "session", "week", "athlete")
    ),
)
# what reads like words and is none: of each file, beginnings
NOT_WORDS: dict[str, tuple[str, ...]] = {
    "archive/annotations.py": ("session, start_s", "origin IN", "l.start_s", "labels l LEFT"),
    "archive/checksums.py": ("row_sum", "{trigger}", "CAST"),
    "archive/database.py": (
        *("no space", "file too large", "unable to open"),
        *("timed out", "no such device", "too many open"),
    ),
    "archive/integrity.py": ("ORDER BY", "{name} DESC", "CAST("),
    "archive/pending.py": ("outcome =",),
    "errors.py": ("import sys",),
    "archive/serialization.py": ("labels laps", "probability", "segments cost", "active low"),
    "archive/writes.py": ("origin <>",),
    "cli/__init__.py": ("{message} For",),
    "cli/annotate.py": ("value =", "{session_id}"),
    "cli/label.py": ("retrorun label",),
    "cli/maintenance.py": ("`pip", "retrorun ", "Python {", "SQLite", "`retrorun p"),
    "cli/options.py": ("--archive {",),
    "cli/process.py": ("{phone} with",),
    "cli/terminal.py": ("{table_word} [bold]", "bold dark"),
    "cli/compare.py": ("{value:.f}",),
    "model/segment.py": (*SET_WORDS.values(), "{distance_m", "{minutes}", "{key}_"),
    "model/digits.py": ("how many decimals",),
    "privacy_zones.py": ("no second drawn",),
    "report/page.py": ("default-src", "connect-src"),
    "results/deidentification_rules.py": ("nobody", "trail"),
    "watch.py": ("# ", "Description"),
    "measure/energy.py": ("ACSM",),
    "readers/containers/accounts.py": ("Apple Health",),
    "readers/polar.py": ("Polar {device}",),
    "readers/xml/gpx.py": ("version=", "<?xml"),
    "server/__init__.py": ("BEGIN",),
    "server/app.py": ("private, max-age", "event: ", ": nothing is new"),
    "server/live.py": ("id, sha256",),
    "server/security.py": ("text/plain", "{cookie}=", "default-src", "img-src", "frame-"),
}
# calls whose texts are names, types or SQL, and arguments that are no sentences
UNHEARD = {
    "Channel",  # its words are said in tables of the terminal
    "cast",
    "TypeVar",
    "compile",
    "rows",
    "execute",
    "executemany",
    "getattr",
    "find_session",
    "by_word",  # words of tables of labels, to be recognised
}
# calls that take words of tables in a terminal, and how many of their arguments do
TABLE_CALLS = {"grid": 2, "table_word": 1, "add_column": 1}
# what such calls are given by a name
TERMINAL_WORDS = (
    *(f"{way} {gait}" for way in ("backward", "forward", "unknown") for gait in ("run", "walk")),
    *("backward", "forward", "unknown", "still", "none", "compass", "course"),
    *("confirmed", "labelled", "candidate", "habit", "assumed", "older than your last answer"),
    *("import", "duplicate", "moved", "labels", "compare", "reprocess", "wait"),
    *("imported", "failed", "not-a-run", "version", "archive", "reports", "profile", "folder"),
    *("time", "km", "maybe", "backward km", "cost factor", "m", "min/km", "bpm", "steps/min"),
    *("step m", "kcal", "difference (95 %)", "pairs", "athletes", "median", "5 to 95 %"),
    *("mean (95 %)", "between athletes, SD", "distance", "share", "backward distance"),
    *(each.label for each in CHANNELS),
    *(each.meaning for each in CHANNELS),
    "where the body points",
)
UNSEEN = {"help", "metavar", "envvar", "style", "header_style", "title_style", "end"}
NEVER = re.compile(
    r"CAST\(|SELECT |INSERT |UPDATE |DELETE |CREATE |.*<\w+[ >]|.*https?://", re.DOTALL
)


def sentences(path: Path) -> Iterator[str]:
    """The sentences of a source file, each with its gaps, in their order."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(SOURCE).as_posix()
    nodes = list(ast.walk(tree))
    skipped = set(_silent(nodes, is_table=name in TABLES))
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            text = template_of(node).strip().lstrip(";,: ")
            yield from [text] if _reads_like_words(text, least=1) else ()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value.strip()
            yield from [text] if _reads_like_words(text, least=2) else ()
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.IfExp):
            yield from _chosen_words(node.value)


def _silent(nodes: Sequence[ast.AST], *, is_table: bool) -> Iterator[int]:
    """Ids of nodes that nobody reads: docstrings, types, parts of f-strings, tables, keys.

    Args:
        nodes: of a whole file, itself first.
        is_table: only what functions and classes say is read.
    """
    for node in nodes:
        if isinstance(node, _WITH_UNREAD):
            yield from _ids(_unread_within(node))
        if isinstance(node, ast.JoinedStr):
            yield from (id(each) for each in node.values if isinstance(each, ast.Constant))
        if isinstance(node, ast.Compare):
            yield from (id(each) for each in (node.left, *node.comparators))
    if is_table:
        kept = (ast.FunctionDef, ast.ClassDef)
        body = ast.iter_child_nodes(nodes[0])
        yield from _ids(each for each in body if not isinstance(each, kept))


# few of all nodes; the others are passed over at once
_WITH_UNREAD = (
    *(ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef),
    *(ast.arg, ast.AnnAssign, ast.FormattedValue, ast.Call, ast.keyword),
)


def _unread_within(node: ast.AST) -> list[ast.AST | None]:
    """Parts of a node of which nobody reads anything."""
    if isinstance(node, ast.Module | ast.ClassDef):
        return [each for each in node.body if _is_docstring(each)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.returns, *(each for each in node.body if _is_docstring(each))]
    if isinstance(node, ast.arg | ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.FormattedValue):
        return [node.format_spec]
    if isinstance(node, ast.Call) and _called(node) in (*UNHEARD, *TABLE_CALLS):
        return list(node.args[: TABLE_CALLS.get(_called(node), 99)])
    return [node.value] if isinstance(node, ast.keyword) and node.arg in UNSEEN else []


def _ids(nodes: Iterable[ast.AST | None]) -> Iterator[int]:
    for node in nodes:
        yield from (id(each) for each in ast.walk(node)) if node is not None else ()


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _called(node: ast.Call) -> str:
    function = node.func
    return getattr(function, "attr", getattr(function, "id", ""))


def _chosen_words(choice: ast.IfExp) -> Iterator[str]:
    """The words of which an f-string takes one, such as ``week`` and ``weeks``."""
    for each in (choice.body, choice.orelse):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield from [each.value] if re.search("[a-z]{2}", each.value) else ()


def _reads_like_words(text: str, least: int) -> bool:
    """Whether a text has words beside its gaps: ``least`` of them, or signs around two gaps."""
    if NEVER.match(text):
        return False
    bare = re.sub(r"\{\w+(:[^{}]*)?\}", "", text)
    words = re.findall(r"[A-Za-z]{2,}", bare)
    parts = text.split()
    return len(parts) >= 2 and len(words) >= least


def template_of(node: ast.JoinedStr) -> str:
    """An f-string as a text with named gaps; a format stays where it is that of a number."""
    made, used = "", set[str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            made += str(part.value).replace("{", "{{").replace("}", "}}")
        elif isinstance(part, ast.FormattedValue):
            name = _fresh(_name(part.value).strip("_") or "value", used)
            made += f"{{{name}{_format(part)}}}"
    return made


def _format(part: ast.FormattedValue) -> str:
    if isinstance(part.value, ast.Call) and _called(part.value) == "signed":
        return ":+g"
    if not isinstance(part.format_spec, ast.JoinedStr):
        return ""
    fixed = [str(each.value) for each in part.format_spec.values if isinstance(each, ast.Constant)]
    return f":{''.join(fixed)}" if fixed and fixed[-1][-1] in "fgd%e" else ""


def _fresh(name: str, used: set[str]) -> str:
    """The name, or with a number where it was used before."""
    number, made = 1, name
    while made in used:
        number += 1
        made = f"{name}_{number}"
    used.add(made)
    return made


def _name(value: ast.expr) -> str:  # noqa: PLR0911 - one for each kind of expression
    """What fills a gap, in a word."""
    if isinstance(value, ast.Attribute):
        return value.attr
    if isinstance(value, ast.Name):
        return value.id.lower()
    if isinstance(value, ast.Call):
        of_arguments = isinstance(value.func, ast.Name) and value.args
        is_plain = of_arguments and _called(value) in {
            "len",
            "round",
            "str",
            "abs",
            "int",
            "printable",
        }
        return _name(value.args[0] if is_plain else value.func)
    if isinstance(value, ast.Subscript | ast.Starred):
        return _name(value.value)
    if isinstance(value, ast.BinOp):
        return _name(value.left)
    if isinstance(value, ast.BoolOp):
        return _name(value.values[0])
    return "word" if isinstance(value, ast.IfExp) else "value"


def spoken_files() -> list[Path]:
    """The source files whose sentences are collected."""
    found = (SOURCE / each for each in ROOMS)
    paths = (path for each in found for path in ([each] if each.is_file() else each.rglob("*.py")))
    return sorted(each for each in paths if each.relative_to(SOURCE).as_posix() not in NOT_READ)


Entry = tuple[str | tuple[str, str], str, str]  # English, key, and the file that it is from


def template() -> Catalog:
    """Everything that is to be translated."""
    made = Catalog(project=DOMAIN, charset="utf-8", fuzzy=False)
    for text, key, place in (
        *_words(),
        *_names_of_metrics(),
        *_gap_words(),
        *_words_of_tables(),
        *_help(),
        *_sentences(),
    ):
        made.add(text, context=key or None, locations=[(place, 0)])
    return made


def _words() -> Iterator[Entry]:
    """The words of the pages by their keys; those for one and many things are one entry."""
    for key, text in WORDS.items():
        stem, _, form = key.rpartition("_")
        if form not in {"one", "many"} or not is_counted(stem):
            yield from [(text, key, "report/words.py")] if text else ()
        elif form == "one":
            yield (text, WORDS[f"{stem}_many"]), stem, "report/words.py"


def _names_of_metrics() -> Iterator[Entry]:
    for each in COMPARED:
        yield from ((text, "", "metrics.py") for text in (each.label, each.reading, each.absent))
    yield from ((each.label, "", "metrics.py") for each in TRENDED)


def _gap_words() -> Iterator[Entry]:
    yield from ((each, "", "docs/generate/catalogues.py") for each in WORDS_IN_GAPS)


def _help() -> Iterator[Entry]:
    """What `--help` of each command says, paragraph by paragraph."""
    yield from ((each, HELP, "cli/__init__.py") for each in ("Usage:", "Options", "Commands"))
    yield "Show this message and exit.", HELP, "cli/__init__.py"
    yield from ((line, HELP, "cli/__init__.py") for _, line in COMMANDS.values())
    for command in _commands(main_command):
        texts = (command.help, *(getattr(each, "help", None) for each in command.params))
        for text in filter(None, (*texts, command.get_short_help_str(limit=1000))):
            for each in inspect.cleandoc(text).split("\n\n"):
                yield help_key(each), HELP, "cli/__init__.py"


def _commands(group: click.Group) -> Iterator[click.Command]:
    """The group and every command in it."""
    yield group
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if found is not None:
            yield from _commands(found) if isinstance(found, click.Group) else [found]


def _words_of_tables() -> Iterator[Entry]:
    """Heads and fixed cells of the tables in a terminal."""
    yield from ((each, CONTEXT, "docs/generate/catalogues.py") for each in TERMINAL_WORDS)
    for path in sorted((SOURCE / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node) in TABLE_CALLS:
                for part in node.args[: TABLE_CALLS[_called(node)]]:
                    for each in ast.walk(part):
                        if isinstance(each, ast.Constant) and str(each.value).strip():
                            yield str(each.value), CONTEXT, f"cli/{path.name}"


def _sentences() -> Iterator[Entry]:
    for path in spoken_files():
        name = path.relative_to(SOURCE).as_posix()
        for text in dict.fromkeys(sentences(path)):
            if not text.startswith(NOT_WORDS.get(name, "\0")):
                yield text, "", name


def catalogue_file(language: str) -> Path:
    """Where the catalogue of a language lies."""
    return LOCALES / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def update(language: str, wanted: Catalog) -> list[str]:
    """Bring the catalogue of a language up to what is wanted; what is left without words."""
    path = catalogue_file(language)
    made = Catalog(locale=language, project=DOMAIN, charset="utf-8", fuzzy=False)
    if path.is_file():
        made = read_po(io.BytesIO(path.read_bytes()), locale=language, domain=DOMAIN)
    made.update(wanted, no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(made), encoding="utf-8")
    return [str(each.id) for each in made if each.id and not _is_whole(each.string)]


def text_of(catalogue: Catalog) -> str:
    """The file of a catalogue, without the lines that would change with every day."""
    stream = io.BytesIO()
    write_po(stream, catalogue, width=96, include_lineno=False, ignore_obsolete=True)
    lines = stream.getvalue().decode().splitlines(keepends=True)
    dated = re.compile(
        r'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Report)'
    )
    header = re.compile(r"# (Translations template|\w+ translations for|Copyright|This file|FIRST)")
    return "".join(each for each in lines if not dated.match(each) and not header.match(each))


def _is_whole(words: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(words) if isinstance(words, tuple | list) else bool(words)


def main() -> None:
    """Update every catalogue, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("language", nargs="?")
    parser.add_argument("--left", action="store_true", help="print what has no translation")
    chosen = parser.parse_args()
    wanted = template()
    known = sorted(path.parts[-3] for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    for language in [chosen.language] if chosen.language else known:
        left = update(language, wanted)
        lines = [f"{language}: {len(wanted)} entries, {len(left)} without a translation"]
        lines += [f"  {each}" for each in left] if chosen.left else []
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
