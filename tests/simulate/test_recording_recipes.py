"""docs/recording.md promises what each recipe's file yields; here it is kept."""

import re
from pathlib import Path

import pytest

from retrorun.model import Analysis, Athlete, Blob
from retrorun.pipeline import process
from retrorun.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recording.md"
ROW = re.compile(
    r"^\| [^|`]+ \| `(?P<file>[^`]+)` \| (?:`(?P<source>[^`]+)`)? ?\| (?P<verdict>\w*) ?\|"
)
RECIPES = [
    found for line in PAGE.read_text(encoding="utf-8").splitlines() if (found := ROW.match(line))
]


def test_the_table_was_found() -> None:
    assert len(RECIPES) == 8


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda found: str(found["file"]))
def test_each_recipe_yields_what_is_promised(recipe: re.Match[str], samples: Path) -> None:
    outcome = process(
        Blob(recipe["file"], (samples / recipe["file"]).read_bytes()), Settings(), Athlete()
    )
    assert isinstance(outcome, Analysis)
    (session,) = outcome.sessions
    if recipe["source"]:
        assert session.heading.kind == "compass"
        assert session.heading.source == recipe["source"]
    else:
        assert session.heading.kind != "compass"
    verdicts = {
        measured.segment.verdict
        for measured in session.measures.segments
        if measured.segment.direction == "backward"
    }
    assert verdicts == ({recipe["verdict"]} if recipe["verdict"] else set())
