"""Foreign text is safe to print, and nothing that people write is lost."""

import sys
import unicodedata

import numpy as np
import pytest

from retrorun.errors import ReadError
from retrorun.model import Lap, Note, Recording, Source
from retrorun.text import escaped, plain, plain_or_none, printable

DIRECTION = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
EVIL = "a\x1b[31m\x07\x9b2J\x7f\u202e\ud800\ufffeb"


def test_of_all_characters_only_the_unsafe_are_left_out() -> None:
    left_out = {each for each in map(chr, range(sys.maxunicode + 1)) if plain(each) != each}
    by_category = {
        each
        for each in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")
        or each in DIRECTION
        or ord(each) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(each) <= 0xFDEF
    }
    assert left_out == by_category


@pytest.mark.parametrize("text", ["Abendlauf", "ランニング", "👩‍👧 run", "می‌دوم", "é\u00a0–", ""])
def test_what_people_write_stays(text: str) -> None:
    assert plain(text) == escaped(text) == text


def test_lines_become_one_and_nothing_is_none() -> None:
    assert plain("a\r\nb\tc\u2028d\x85e") == "a  b c d e"
    assert plain(EVIL) == "a[31m2Jb"
    assert plain_or_none(" \x1b\n") is None
    assert plain_or_none(None) is None


def test_names_of_files_lose_nothing() -> None:
    assert printable("a\x1b\udcff\u202e.fit") == "a\\x1b\\xff\\u202e.fit"
    assert escaped(EVIL) == "a\\x1b[31m\\x07\\x9b2J\\x7f\\u202e\\ud800\\ufffeb"


def test_every_value_that_holds_a_files_words_is_clean() -> None:
    held = [
        Note("slug", EVIL).message,
        Source(EVIL, "", device=EVIL).name,
        Source(EVIL, "", device=EVIL).device,
        *(getattr(Lap(0, 1, EVIL, EVIL, EVIL), name) for name in ("name", "step", "trigger")),
        *(
            getattr(Recording(np.zeros(0), {}, sport=EVIL, name=EVIL, device=EVIL), name)
            for name in ("sport", "name", "device")
        ),
    ]
    assert set(held) == {"a[31m2Jb"}
    problem = ReadError("slug", EVIL, file="a\x1b.fit", remedy=EVIL)
    assert str(problem) == "a\\x1b.fit: a[31m2Jb. a[31m2Jb"
