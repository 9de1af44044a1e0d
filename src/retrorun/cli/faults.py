"""Sessions that cannot be read or shown: collected while the others are, and named in the end."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.markup import escape

from retrorun.cli import show
from retrorun.errors import RetrorunError
from retrorun.report import Fault
from retrorun.storage import shown


@dataclass(slots=True)
class Faults:
    """What a command found."""

    found: dict[str, Fault] = field(default_factory=dict)

    def damaged(self, session_id: str, problem: RetrorunError) -> None:
        """A session that cannot be read: what ``Archive.sessions`` takes."""
        self.add([Fault.of(session_id, problem)])

    def add(self, faults: Iterable[Fault]) -> None:
        """Sessions that cannot be shown."""
        self.found |= {each.session: each for each in faults}

    def status(self) -> int:
        """Name them on stderr; the exit status: 1 if there are any."""
        for each in self.found.values():
            show.err().print(escape(shown(str(each))), style="red", soft_wrap=True)
        return 1 if self.found else 0
