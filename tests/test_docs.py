"""Documentation that is true: every command, option, profile name and setting is in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import settings
from retrorun import contract, pipeline, profile
from retrorun.cli import main
from retrorun.metrics import METRICS
from retrorun.model import Athlete, Blob
from retrorun.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
LINK = re.compile(r"\]\(([^)#\s]+)")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


def commands(group: click.Group = main, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=[name for name, _ in commands()]
)
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    assert re.search(rf"\*\*`(retrorun )?{name}\b", COMMANDS)
    for option in (each for each in command.params if isinstance(each, click.Option)):
        for word in (*option.opts, *option.secondary_opts):
            assert f"`{word}" in COMMANDS, f"{name} {word}"


@pytest.mark.parametrize("name", profile.STATED)
def test_every_profile_name_is_documented(name: str) -> None:
    assert f"`{name}`" in COMMANDS


def test_the_page_of_settings_is_up_to_date_and_says_what_each_is() -> None:
    page = settings.markdown()
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    sentences = [row.split(" | ")[-1].removesuffix(" |") for row in rows]
    fragments = [each for each in sentences if not each[:1].isupper() or not each.endswith(".")]
    assert fragments == []


def test_every_field_of_a_session_in_json_is_documented() -> None:
    page = (ROOT / "docs" / "guide" / "json.md").read_text(encoding="utf-8")
    file = ROOT / "sample_data" / "2026-05-26-laps.fit"
    blob = Blob(file.name, file.read_bytes())
    found = contract.document(pipeline.process(blob, Settings(), Athlete()))
    (session,) = found["sessions"]
    metrics = {each.key for each in METRICS} | {"heart_rate_bpm", "energy_kcal"}
    fields = {*session, *found["source"], *session["segments"][0]} - metrics
    assert sorted(each for each in fields if not re.search(rf"[`.]{each}\b", page)) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    for target in (each for each in targets if "://" not in each):
        assert (page.parent / target).exists(), target


def test_every_make_target_in_the_docs_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"`make ([a-z]+)", page.read_text(encoding="utf-8"))
        assert set(named) <= targets, page.name


def test_every_source_file_that_the_docs_name_exists() -> None:
    for page in PAGES:
        for name in re.findall(
            r"`((?:src|tests|benchmarks|docs)/[^`\s*]+)`", page.read_text("utf-8")
        ):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_the_workflow_does_what_must_be_green_and_each_target_exists() -> None:
    must = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    flow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    linux = flow.partition("  linux:\n")[2].partition("  macos:\n")[0]
    assert re.findall(r"- run: (.+)", linux) == ["bash .ci/run"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.findall(r"^make (\w+)", must, flags=re.MULTILINE)
    assert {"lint", "demo", "docs", "packages", "test", "baseline"} <= set(wanted)
    for text in (must, flow):
        for target in re.findall(r"^(?: +- run: )?make (\w+)", text, re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
