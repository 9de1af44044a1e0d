"""Which sports are runs or walks: the words that watches, sites and phones use, and their codes."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from retrorun.readers.sport_words import ELSEWHERE, ELSEWHERE_AS_WRITTEN, ON_FOOT, RUN, WALK, Words

Kept = Literal["yes", "no", "maybe"]

_LONGEST = 200  # characters of a word for a sport that are looked at
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIACRITICS = re.compile("[\u0300-\u036f]")  # not those of other scripts: they make other words
_TOKEN = re.compile(r"[^\W\d_]+")
_WITHOUT_DECOMPOSITION = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "đ": "d", "ı": "i"})
_LEAST_COMPOUND = 6  # letters of a word in which only the end is looked at
_ANY_GAIT = frozenset({"trail", "trails", "course"})  # beside a word for walking
_NO_COMPOUND = frozenset({"stride", "strides", "override", "parade", "kampflauf"})

# numbers in <type>, as Strava's export writes them
_STRAVA: Mapping[int, str] = MappingProxyType(
    {
        1: "cycling",
        2: "alpine skiing",
        3: "backcountry skiing",
        4: "hiking",
        5: "ice skating",
        6: "inline skating",
        7: "nordic skiing",
        8: "roller skiing",
        9: "running",
        10: "walking",
        11: "workout",
        12: "snowboarding",
        13: "snowshoeing",
        14: "kitesurfing",
        15: "windsurfing",
        16: "swimming",
        17: "virtual ride",
        18: "e-bike ride",
        19: "velomobile ride",
        21: "canoeing",
        22: "kayaking",
        23: "rowing",
        24: "stand up paddling",
        25: "surfing",
        26: "crossfit",
        27: "elliptical",
        28: "rock climbing",
        29: "stairstepper",
        30: "weight training",
        31: "yoga",
        51: "handcycling",
        52: "wheelchair",
        53: "virtual run",
    }
)
# Samsung Health's exercise types: all that go on foot, and those that people record most; the
# thousands are its groups
_SAMSUNG: Mapping[int, str] = MappingProxyType(
    {
        1001: "walking",
        1002: "running",
        11007: "cycling",
        13001: "hiking",
        13002: "rock climbing",
        13003: "backpacking",
        13004: "mountain biking",
        13005: "orienteering",
        14001: "swimming",
        15003: "exercise bike",
        15005: "treadmill",
        15006: "elliptical",
        16001: "cross-country skiing",
        16002: "skiing",
        16008: "alpine skiing",
        16009: "snowshoeing",
    }
)
_SAMSUNG_FROM = 1000

# FIT's sports are a closed list: what stands in neither of these is not on foot, new numbers too
_FIT_ON_FOOT = frozenset({"running", "walking", "hiking", "mountaineering", "snowshoeing"})
_FIT_UNSAID = frozenset({"generic", "all", "multisport"})
_FIT_SUB_ON_FOOT = frozenset(
    {
        *("treadmill", "indoor_running", "indoor_walking", "casual_walking", "speed_walking"),
        *("street", "trail", "track", "ultra", "rucking"),
    }
)
_FIT_SUB_UNSAID = frozenset(
    {
        *("generic", "all", "warm_up", "exercise", "challenge", "match", "navigate", "track_me"),
        *("map", "commuting", "mixed_surface", "virtual_activity", "obstacle", "expedition"),
    }
)
_FIT_MACHINES = frozenset({"fitness_equipment", "training"})  # a treadmill is filed under them


def fit_sport(sport: str | int | None, sub_sport: str | int | None) -> str | None:
    """The word for a FIT sport: the sub-sport's where the sport itself says less.

    Args:
        sport: the profile's word, or the number where the profile at hand has no word for it.
        sub_sport: likewise.
    """
    own, sub = _fit_word("sport", sport), _fit_word("sub-sport", sub_sport)
    unsaid = own is None or own in _FIT_UNSAID
    if sub in _FIT_SUB_ON_FOOT and (unsaid or own in _FIT_MACHINES):
        return sub
    if unsaid and sub is not None and sub not in _FIT_SUB_UNSAID:
        return sub
    return own


def _fit_word(kind: str, value: str | int | None) -> str | None:
    return f"{kind} {value}" if isinstance(value, int) else value


def is_fit_on_foot(sport: str | None) -> Kept:
    """Whether a sport goes on foot, by FIT's closed lists; ``maybe`` where the file does not say.

    Args:
        sport: as ``fit_sport`` gives it.
    """
    if sport is None or sport in _FIT_UNSAID:
        return "maybe"
    return "yes" if sport in _FIT_ON_FOOT | _FIT_SUB_ON_FOOT else "no"


def sport_of_code(text: str) -> str:
    """The English word for one of Strava's or Samsung's numbers; any other text as it is."""
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        return text
    number = int(text)
    if number < _SAMSUNG_FROM:
        return _STRAVA.get(number, text)
    return _SAMSUNG.get(number, f"exercise type {number}")


def is_on_foot(sport: str | None) -> Kept:
    """Whether a sport goes on foot; ``maybe`` where the file does not say or speaks in riddles."""
    if sport is None:
        return "maybe"
    word = sport_of_code(sport.strip()[:_LONGEST])
    if word.startswith("exercise type "):
        return "no"  # Samsung's list is closed
    written, plain = tokens(word)
    if written & ELSEWHERE_AS_WRITTEN or _any(plain, ELSEWHERE):
        return "no"
    return "yes" if _any(plain, ON_FOOT) else "maybe"


def is_walk(sport: str | None) -> bool:
    """Whether a sport is walking or hiking, on foot and by its words."""
    plain = tokens(sport_of_code(sport or ""))[1]
    may_run = _any(plain - _ANY_GAIT, (RUN,))
    return is_on_foot(sport) == "yes" and _any(plain, (WALK,)) and not may_run


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a text in lower case: as they are written, and without diacritics."""
    composed = unicodedata.normalize("NFC", _CAMEL.sub(" ", text[:_LONGEST])).casefold()
    plain = without_diacritics(composed)
    return frozenset(_TOKEN.findall(composed)), frozenset(_TOKEN.findall(plain))


def without_diacritics(text: str) -> str:
    """A text in lower case without the diacritics of Latin, Greek and Cyrillic letters."""
    split = unicodedata.normalize("NFKD", text.casefold().translate(_WITHOUT_DECOMPOSITION))
    return unicodedata.normalize("NFC", _DIACRITICS.sub("", split))


def _any(plain: Iterable[str], groups: Iterable[Words]) -> bool:
    return any(_is_one(word, words) for word in plain for words in groups)


def _is_one(word: str, words: Words) -> bool:
    if word in words.whole or word.startswith(words.begin):
        return True
    return len(word) >= _LEAST_COMPOUND and word not in _NO_COMPOUND and word.endswith(words.end)
