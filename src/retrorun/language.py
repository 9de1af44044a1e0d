"""The language in which pages and terminal speak, and the catalogues that hold its words.

English stands in the source. Any other language is a catalogue in gettext's format,
``locales/<language>/LC_MESSAGES/retrorun.po``, whose message ids are the English texts. An entry
with a context is a word of the pages under that key; one without is a sentence that some stage, an
error or a command puts together, with its gaps: ``too early to say: {missing} more weeks``. Such a
sentence travels in English and is translated only where somebody reads it (docs/architecture.md,
decision 14).
"""

import gettext
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

SOURCE = "en"
DOMAIN = "retrorun"
LONGEST = 2000  # characters of a sentence that is looked up; what is longer stays as it is
MOST_PREFERRED = 32  # languages of a browser that are looked at
MOST_PARTS = 12  # of a text that are looked up one by one
_FORCE: ContextVar[str] = ContextVar("language", default=SOURCE)
_LOCALES = Path(__file__).parent / "locales"


def available_languages() -> tuple[str, ...]:
    """The languages that there are, English first."""
    return tuple(_catalogue_files())


@lru_cache(maxsize=1)
def _catalogue_files() -> Mapping[str, Path | None]:
    found = sorted(_LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))
    return {SOURCE: None, **{each.parts[-3]: each for each in found}}


def current_language() -> str:
    """The language in force."""
    return _FORCE.get()


@contextmanager
def use_language(language: str | None) -> Iterator[None]:
    """Speak a language; None, or one without a catalogue, leaves the one that is in force.

    The locale of the machine is never asked: the same sessions make the same pages everywhere.
    """
    chosen = language if language in _catalogue_files() else None
    token = _FORCE.set(chosen or current_language())
    try:
        yield
    finally:
        _FORCE.reset(token)


def preferred(accepted: str) -> str:
    """The language that a browser likes best of those that there are; English where it is none.

    Args:
        accepted: the ``Accept-Language`` header (RFC 9110), from anybody; what makes no sense in it
            is passed over, and a range such as ``de-AT`` takes the language that it begins with.
    """
    best, likes = SOURCE, 0.0
    for each in accepted[:LONGEST].split(",")[:MOST_PREFERRED]:
        found = _RANGE.fullmatch(each.strip())
        name, weight = (found[1].lower(), float(found[2] or 1)) if found else ("", 0.0)
        if name in available_languages() and weight > likes:
            best, likes = name, weight
    return best


_RANGE = re.compile(
    r"([A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8}){0,8}(?:\s*;\s*[qQ]=([01](?:\.\d{0,3})?))?"
)


def word(key: str, text: str) -> str:
    """The words of the pages under a key; the English ones where there are no others."""
    if current_language() == SOURCE:
        return text
    forms = _catalogue(current_language()).entries.get((key, text))
    return forms[0] if forms else text


def counted(key: str, texts: tuple[str, str], count: int) -> str:
    """The words under a key for a number of things; ``texts`` are English for one and for many."""
    if current_language() != SOURCE:
        catalogue = _catalogue(current_language())
        forms = catalogue.entries.get((key, texts[0]))
        if forms:
            return forms[min(catalogue.plural(count), len(forms) - 1)]
    return texts[count != 1]


def localized(text: str) -> str:
    """A number as English writes it, such as ``1,234.5``, with the signs of the language."""
    if current_language() == SOURCE:
        return text
    signs = {"decimal_sign": ".", "thousands_sign": ",", "percent_sign": "%"}
    return text.translate({ord(sign): word(key, sign) for key, sign in signs.items()})


def translated(text: str) -> str:
    """A sentence of a stage, an error or a command in the language in force.

    What no catalogue holds stays as it is: the name of a file, or words that are not translated.
    """
    if current_language() == SOURCE or not text or len(text) > LONGEST:
        return text
    return _translated(current_language(), text)


@lru_cache(maxsize=4096)
def _translated(language: str, text: str) -> str:
    """The sentence; one after another where there are several, then part by part."""
    bare = text.strip()
    if bare != text:
        return text.replace(bare, _translated(language, bare), 1) if bare else text
    cited = _CITATION.search(text)
    if cited:  # a paper stays in the words in which it is named, up to the end
        words, paper = text[: cited.start()], text[cited.start() :]
        return _translated(language, words + _KEPT).replace(_KEPT, paper) if words else paper
    catalogue = _catalogue(language)
    ends = [len(text), *(each.end() - 1 for each in re.finditer(r"[.!?] ", text))]
    for end in sorted(ends[:MOST_PARTS], reverse=True):
        found = catalogue.sentence(text[:end])
        if found is not None:
            rest = text[end:]
            return f"{found} {_translated(language, rest[1:])}" if rest else found
    found = catalogue.sentence(text, beyond=True)
    return found if found is not None else _by_parts(language, text)


# Such as: Doe et al. 2001, Journal …; Doe & Roe 2001, …; Doe 2001, in …
_CITATION = re.compile(
    r"\b[A-Z]\w+ (?:et al\. (?:19|20)\d\d\b|& [A-Z]\w+ (?:19|20)\d\d\b|(?:19|20)\d\d, in )"
)
_KEPT = "\ue000"  # stands for what is not translated, and in no text


def _by_parts(language: str, text: str) -> str:
    """What stands before and behind the first sign that parts the text; else the text itself."""
    for sign in ("\n", ". ", "; ", ": ", ", ", " (", " ["):
        if 0 < text.count(sign) <= MOST_PARTS:
            first, _, rest = text.partition(sign)
            return f"{_translated(language, first)}{sign}{_translated(language, rest)}"
    if text.endswith((")", "]")):
        return f"{_translated(language, text[:-1])}{text[-1]}"
    things = re.fullmatch(r"(\d{1,3}(?:,\d{3})+|\d+) (.+)", text)
    return f"{localized(things[1])} {_translated(language, things[2])}" if things else text


_GAP = re.compile(r"\{(\w+)(:[^{}]*)?\}")
# as English writes one: what is in another language's signs already is none
_NUMBER = re.compile(r"[+\-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with gaps, which recognises itself in a text.

    Attributes:
        literals: what stands before, between and behind the gaps.
        names: of the gaps; ``numeric``: which of them hold a number.
        target: the same sentence in the other language.
        anchor: the longest of the literals, by which most texts are known not to be this one.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    numeric: tuple[bool, ...]
    target: str
    anchor: str

    @classmethod
    def of(cls, source: str, target: str) -> "Sentence":
        """From its English and its other words."""
        gaps = list(_GAP.finditer(source))
        edges = [0, *(end for gap in gaps for end in gap.span()), len(source)]
        literals = tuple(
            source[a:b].replace("{{", "{").replace("}}", "}")
            for a, b in zip(edges[::2], edges[1::2], strict=True)
        )
        return cls(
            literals,
            tuple(gap[1] for gap in gaps),
            tuple(gap[2] is not None for gap in gaps),
            _GAP.sub(r"{\1}", target),
            max(literals, key=len),
        )

    def gaps(self, text: str, *, beyond: bool) -> dict[str, str] | None:
        """What stands in the gaps, if the text is this sentence; each as short as it may be.

        A place that leads nowhere is tried once, so that no text takes long.

        Args:
            text: of one or more sentences.
            beyond: whether a gap may hold the end of a sentence, where any words tell this one.
        """
        first, last = self.literals[0], self.literals[-1]
        if beyond and not any(map(str.isalpha, "".join(self.literals))):
            return None
        if len(text) < len(first) + len(last) or not text.startswith(first):
            return None
        filling = _Filling(self, text.removesuffix(last), beyond)
        found = filling.fill(0, len(first)) if text.endswith(last) else None
        return None if found is None else dict(zip(self.names, found, strict=True))


@dataclass(frozen=True, slots=True)
class _Filling:
    """The search for what stands in a sentence's gaps; ``text`` is without its last literal."""

    sentence: Sentence
    text: str
    beyond: bool
    failed: set[tuple[int, int]] = field(default_factory=set)

    def fill(self, gap: int, start: int) -> tuple[str, ...] | None:
        """What stands in this gap and those behind it, if this one begins here."""
        if gap == len(self.sentence.names) - 1:
            return (self.text[start:],) if self._fits(gap, self.text[start:]) else None
        literal, at = self.sentence.literals[gap + 1], start - 1
        while (gap, start) not in self.failed:
            at = self.text.find(literal, at + 1)
            if at < 0:
                self.failed.add((gap, start))
            elif self._fits(gap, self.text[start:at]):
                rest = self.fill(gap + 1, at + len(literal))
                if rest is not None:
                    return (self.text[start:at], *rest)
        return None

    def _fits(self, gap: int, part: str) -> bool:
        if self.sentence.numeric[gap]:
            return _NUMBER.fullmatch(part) is not None
        return self.beyond or ". " not in part


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The words of one language.

    Attributes:
        language: its code.
        entries: (key, English) → the words, one for each plural form; sentences have no key.
        plural: number of things → which plural form.
        sentences: those with gaps, the most telling first.
    """

    language: str
    entries: Mapping[tuple[str, str], tuple[str, ...]]
    plural: Callable[[int], int]
    sentences: Sequence[Sentence] = ()

    def sentence(self, text: str, *, beyond: bool = False) -> str | None:
        """A sentence of the catalogue in this language, with or without its full stop."""
        found = self._exact(text, beyond=beyond)
        if found is not None:
            return found
        if text.endswith("."):
            found = self._exact(text[:-1], beyond=beyond)
            return None if found is None else f"{found}."
        found = self._exact(f"{text}.", beyond=beyond)
        return None if found is None else found.removesuffix(".")

    def _exact(self, text: str, *, beyond: bool) -> str | None:
        forms = self.entries.get(("", text))
        if forms:
            return forms[0].replace("{{", "{").replace("}}", "}")
        for each in [each for each in self.sentences if each.anchor in text]:
            gaps = each.gaps(text, beyond=beyond)
            if gaps is not None:
                return each.target.format(**{name: self._gap(gaps[name]) for name in gaps})
        return None

    def _gap(self, text: str) -> str:
        return localized(text) if _NUMBER.fullmatch(text) else _translated(self.language, text)


@lru_cache(maxsize=8)
def _catalogue(language: str) -> Catalogue:
    file = _catalogue_files()[language]
    return catalogue_of(language, file.read_text(encoding="utf-8") if file else "")


def catalogue_of(language: str, text: str) -> Catalogue:
    """The catalogue that a file of gettext's format holds, fuzzy and empty entries left out."""
    entries = dict(_entries(text))
    header = "".join(entries.pop(("", ""), ()))
    rule = re.search(r"plural=([^;\n]+)", header)
    sentences = [
        Sentence.of(source, forms[0])
        for (key, source), forms in entries.items()
        if not key and _GAP.search(source)
    ]
    sentences.sort(key=lambda each: -sum(map(len, each.literals)))
    # the standard library's own reader of such rules; it allows arithmetic and nothing else
    plural = gettext.c2py(rule[1] if rule else "n != 1")
    return Catalogue(language, entries, plural, sentences)


def _entries(text: str) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Key, English and other words of each entry that has some."""
    import json  # its texts are written as JSON's are

    for block in re.split(r"\n\s*\n", text):
        lines = [each for each in block.splitlines() if not each.startswith("#")]
        if re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE) or not lines:
            continue
        parts: dict[str, str] = {}
        name = ""
        for line in lines:
            begins = re.match(r"(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)\s+", line)
            name = begins[1] if begins else name
            quoted = line[begins.end() :] if begins else line
            parts[name] = parts.get(name, "") + json.loads(quoted.strip())
        forms = tuple(parts[each] for each in sorted(parts) if each.startswith("msgstr"))
        if forms and all(forms):
            yield (parts.get("msgctxt", ""), parts["msgid"]), forms
