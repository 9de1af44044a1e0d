"""Errors as the archive keeps them."""

from typing import Literal

from retrorun.archive import Problem
from retrorun.errors import NotARunError, RetrorunError


def told(problem: RetrorunError) -> Problem:
    """An error as the archive keeps it."""
    kind: Literal["not-a-run", "failed"] = (
        "not-a-run" if isinstance(problem, NotARunError) else "failed"
    )
    return Problem(kind, problem.slug, problem.message, problem.offset, problem.remedy)
