"""Whose file is it, and what is known of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from retrorun.archive.packing import fingerprint
from retrorun.model import Athlete
from retrorun.results.names import UNKNOWN, athlete_key


@dataclass(frozen=True, slots=True)
class Athletes:
    """Which athlete a file belongs to, and the athletes' profiles.

    Attributes:
        table: name of a file, relative or its last part → athlete; None: by its first folder.
        profiles: athlete's key → profile.
        default: the profile of those without one.
    """

    table: Mapping[str, str] | None = None
    profiles: Mapping[str, Athlete] = field(default_factory=dict)
    default: Athlete = field(default_factory=Athlete)

    def of(self, name: str) -> str:
        """The athlete's key of a file, by its name relative to the store; ``unknown`` if none."""
        if self.table is not None:
            found = self.table.get(name) or self.table.get(name.rsplit("/", 1)[-1])
            return athlete_key(found) if found else UNKNOWN
        folder, slash, _ = name.partition("/")
        return athlete_key(folder) if slash else UNKNOWN

    def profile(self, athlete: str) -> Athlete:
        """What is known of an athlete."""
        return self.profiles.get(athlete, self.default)

    def fingerprint(self, athlete: str) -> str:
        """First hex digits of the hash of an athlete's profile."""
        return fingerprint(self.profile(athlete))

    def of_batch(self, names: Iterable[str]) -> "Athletes":
        """The same for these files alone: small enough to go along with a batch."""
        wanted = list(names)
        table = None
        if self.table is not None:
            table = {name: athlete for name in wanted if (athlete := self.of(name)) != UNKNOWN}
        keys = {self.of(name) for name in wanted}
        known = {key: self.profiles[key] for key in sorted(keys) if key in self.profiles}
        return replace(self, table=table, profiles=known)
