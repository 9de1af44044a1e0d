"""Names that only the holder of a salt can make: HMAC-SHA256, apart for every purpose.

The salt itself is never written. What stands in a de-identified result set to tell one salt from
another is such a name, too.
"""

import hashlib
import hmac
from dataclasses import dataclass

from retrorun.errors import SettingsError

LEAST_BYTES = 16
WEEK_S = 7 * 86_400
_WEEKS = 52  # on either side; never none


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """A salt and what is made with it."""

    salt: bytes

    def _named(self, purpose: str, *parts: str) -> str:
        text = "\0".join((purpose, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self.salt, text, hashlib.sha256).hexdigest()

    def athlete(self, key: str) -> str:
        """An athlete's id: a letter first, so that no reader takes it for a number."""
        return f"a{self._named('athlete', key)[:16]}"

    def session(self, session: str) -> str:
        """A session's id."""
        return self._named("session", session)[:16]

    def part(self, name: str) -> str:
        """A part's name."""
        return self._named("part", name)[:32]

    def shift_s(self, key: str) -> int:
        """Seconds that an athlete's dates are moved by: whole weeks, 1 to 52, either way."""
        place = int(self._named("weeks", key), 16) % (2 * _WEEKS)
        weeks = place - _WEEKS if place < _WEEKS else place - _WEEKS + 1
        return weeks * WEEK_S

    def mark(self) -> str:
        """What tells this salt from another."""
        return self._named("mark")[:16]


def key(salt: bytes) -> Key:
    """A salt that is worth the name.

    Raises:
        SettingsError: it is so short that it could be guessed.
    """
    if len(salt) < LEAST_BYTES:
        words = f"a salt of {len(salt)} bytes can be guessed; it takes at least {LEAST_BYTES}"
        remedy = "Make one with `openssl rand -hex 32`, and keep it secret."
        raise SettingsError("salt-too-short", words, remedy=remedy)
    return Key(salt)
