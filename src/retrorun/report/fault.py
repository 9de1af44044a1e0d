"""The page of a session that cannot be shown: what is wrong with it, and what helps."""

from dataclasses import dataclass
from typing import Self

from retrorun.errors import RetrorunError
from retrorun.report.page import Place, render
from retrorun.report.words import say

LONGEST = 300  # characters of what an unexpected error says


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a session cannot be shown.

    Attributes:
        session: its id.
        slug: stable name of the reason.
        message: the reason in words.
        remedy: what the athlete can do.
    """

    session: str
    slug: str
    message: str
    remedy: str

    @classmethod
    def of(cls, session: str, problem: BaseException) -> Self:
        """The fault that an error stands for."""
        if isinstance(problem, RetrorunError):
            return cls(
                session, problem.slug, problem.message, problem.remedy or say("fault_remedy")
            )
        words = f"{type(problem).__name__}: {problem}"[:LONGEST]
        return cls(session, "session-odd", say("fault_odd", words=words), say("fault_remedy"))

    def __str__(self) -> str:
        """All of it in one line."""
        return f"session {self.session}: {self.message} [{self.slug}] {self.remedy}"


def fault_page(fault: Fault, place: Place) -> str:
    """The page that stands where the session's own cannot.

    Args:
        fault: what is wrong.
        place: where the page lies.
    """
    return render("fault", say("fault_title"), place, fault=fault, charts=False)
