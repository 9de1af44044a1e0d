"""Every word of the pages is in every catalogue; numbers, dates and counts are the language's."""

import datetime as dt
import html
import io
import json
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hand_made_sessions
import jinja2
import pytest
from babel import Locale
from babel.dates import format_date, get_day_names, get_month_names
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import catalogues
from processor_time import is_cheap
from retrorun import language, profile, report
from retrorun.errors import SettingsError
from retrorun.language import current_language, preferred, translated, use_language
from retrorun.model import Athlete
from retrorun.model.segment import Gait, Recovery, Repetition, RepetitionSet, Structure
from retrorun.report.history.sessions import index_page
from retrorun.report.inbox import Inbox, SetAside
from retrorun.report.numbers import (
    Display,
    calendar_date,
    grouped,
    number,
    percent,
    set_naming,
    short_date,
    short_months,
)
from retrorun.report.page import SCRIPT_WORDS
from retrorun.report.session import page as session_page
from retrorun.report.session.question import review_page
from retrorun.report.words import WORDS, is_counted, say, say_count

PAGES = Path(report.__file__).parent
LANGUAGES = [each for each in language.available_languages() if each != language.SOURCE]
DAY = dt.date(2026, 6, 23)


def catalogue(name: str) -> Catalog:
    """The catalogue as Babel reads it, which knows nothing of our own reader."""
    return read_po(io.BytesIO(catalogues.catalogue_file(name).read_bytes()), locale=name)


@pytest.fixture(scope="module")
def template() -> Catalog:
    """All words of the source, which take seconds to collect."""
    return catalogues.template()


def _forms(words: object) -> tuple[object, ...]:
    return tuple(words) if isinstance(words, tuple | list) else (words,)


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


# that nothing is missing


def test_german_is_known() -> None:
    assert language.available_languages() == ("en", "de")


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_text_is_in_the_catalogue(template: Catalog, name: str) -> None:
    found = catalogue(name)
    missing = []
    for wanted in template:
        entry = found.get(wanted.id, wanted.context) if wanted.id else None
        words = entry.string if entry is not None else ""
        whole = all(words) if isinstance(words, tuple) else bool(words)
        missing += [] if whole or not wanted.id else [(wanted.context, wanted.id)]
    assert missing == [], "`make language` collects them; then they are to be translated"


@pytest.mark.parametrize("name", LANGUAGES)
def test_translations_have_the_gaps_of_the_english_text(name: str) -> None:
    for entry in catalogue(name):
        if not entry.id:
            continue
        texts = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        forms = [str(each) for each in _forms(entry.string)]
        of_source = gaps(str(texts[-1]))
        for form in forms:
            assert gaps(form) <= of_source, entry.id
        if entry.context and not isinstance(entry.id, tuple):
            assert gaps(forms[0]) == of_source, entry.id
            assert forms[0].count("<b>") == texts[0].count("<b>"), entry.id


@pytest.mark.parametrize("name", LANGUAGES)
def test_our_reader_reads_what_babel_reads(name: str) -> None:
    text = catalogues.catalogue_file(name).read_text(encoding="utf-8")
    ours = language.catalogue_of(name, text).entries
    theirs = {}
    for entry in catalogue(name):
        if entry.id:
            source = entry.id[0] if isinstance(entry.id, tuple) else entry.id
            theirs[entry.context or "", source] = tuple(_forms(entry.string))
    assert ours == theirs


def test_the_catalogues_are_as_the_tool_writes_them(template: Catalog) -> None:
    for name in LANGUAGES:
        made = catalogue(name)
        made.update(template, no_fuzzy_matching=True)
        path = catalogues.catalogue_file(name)
        assert path.read_text(encoding="utf-8") == catalogues.text_of(made), "make language"


# words of templates and scripts

TEMPLATES = sorted((PAGES / "templates").glob("*.j2"))
# commands and their words, the brand, keys, and signs
BARE = {"retrorun", "label", "START", "END", "backward", "forward", "clear", "START END"}
BARE |= set("YNUKJL")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    spoken_parts = [
        value for _, kind, value in jinja2.Environment(autoescape=True).lex(text) if kind == "data"
    ]
    markup = "\0".join(spoken_parts)
    attributes = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', markup)
    bodies = re.sub(r"<(script|style|svg|path|rect|circle|line|g)\b[^>]*>", "", markup)
    texts = [*attributes, *re.split(r"<[^<>]*>", bodies)]
    words = {word for each in texts for word in re.findall(r"[A-Za-z]{2,}", _visible(each))}
    assert words <= BARE, "say() has the words of pages"


def _visible(text: str) -> str:
    """What a reader sees of a text between two tags, some of which are cut by expressions."""
    text = re.sub(r"^[^<>]*>", "", text) if ">" in text else text
    text = re.sub(r"<[^<>]*$", "", text)
    return "" if "=" in text else html.unescape(text)


SCRIPTS = sorted((PAGES / "assets").glob("*.js"))


def literals(script: str) -> Iterator[str]:
    """The texts of a script, without comments."""
    bare = re.sub(r"^\s*//.*$|(?<=[;{}]) //.*$", "", script, flags=re.MULTILINE)
    for found in re.finditer(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`', bare):
        yield re.sub(r"\$\{[^{}]*\}", "", found[1] or found[2] or "")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_hold_no_sentences(path: Path) -> None:
    sentence = re.compile(r"(?:[A-Za-z]+,? ){2,}[A-Za-z]+|[A-Z][a-z]+ [a-z]+")
    found = [each for each in literals(path.read_text(encoding="utf-8")) if sentence.search(each)]
    selector = re.compile(r"[#.\[]|retrorun label")
    assert [each for each in found if not selector.search(each)] == []


@pytest.mark.parametrize("name", ["live.js", "review.js", "answers.js"])
def test_words_that_scripts_ask_for_are_given_to_them(name: str) -> None:
    text = (PAGES / "assets" / name).read_text(encoding="utf-8")
    asked = set(re.findall(r'\bsay\("(\w+)"', text))
    asked |= {f"{stem}_one" for stem in re.findall(r'\bcounted\("(\w+)"', text)}
    given_words = session_page._ANSWER_WORDS if name == "answers.js" else SCRIPT_WORDS
    assert asked
    assert asked <= set(given_words)


# numbers, dates and counts


@pytest.mark.parametrize("name", LANGUAGES)
def test_dates_are_those_of_the_unicode_consortium(name: str) -> None:
    with use_language(name):
        for number_, month in enumerate(say("months").split(), 1):
            assert month == get_month_names("wide", locale=name)[number_]
            assert (
                short_months()[number_ - 1] == get_month_names("abbreviated", locale=name)[number_]
            )
        assert say("weekdays").split() == [get_day_names("wide", locale=name)[i] for i in range(7)]
        assert short_date(DAY) == format_date(DAY, "d. MMM y", locale=name)
        assert calendar_date(DAY) == format_date(DAY, "full", locale=name)


@pytest.mark.parametrize("name", LANGUAGES)
def test_numbers_are_those_of_the_unicode_consortium(name: str) -> None:
    with use_language(name):
        assert number(3.4, 1) == format_decimal(3.4, "0.0", locale=name)
        assert grouped(12345) == format_decimal(12345, locale=name)
        sign = format_percent(0.45, locale=name).replace("\N{NO-BREAK SPACE}", " ")
        assert translated("heart rate covers only 45% of the session").count(sign) == 1


@pytest.mark.parametrize("name", LANGUAGES)
def test_plural_forms_are_those_of_the_unicode_consortium(name: str) -> None:
    forms = catalogue(name).num_plurals
    rule = language._catalogue(name).plural
    order = sorted(
        Locale(name).plural_form.tags | {"other"}, key=["one", "few", "many", "other"].index
    )
    assert len(order) == forms
    assert [order[rule(n)] for n in range(250)] == [Locale(name).plural_form(n) for n in range(250)]


def test_german_as_it_is_written() -> None:
    with use_language("de"):
        assert Display().distance(3400.0) == "3,40 km"
        assert number(3.4, 1, "km") == "3,4 km"
        assert number(-0.75, 2) == "−0,75"
        assert percent(0.453, 1) == "45,3 %"
        assert grouped(12345) == "12.345"
        assert short_date(DAY) == "23. Juni 2026"
        assert calendar_date(DAY) == "Dienstag, 23. Juni 2026"
        assert [say_count("sessions", n) for n in (0, 1, 2)] == [
            "0 Einheiten",
            "1 Einheit",
            "2 Einheiten",
        ]
        assert say("sessions_one") == "1 Einheit"


def test_english_as_it_is_written() -> None:
    assert Display().distance(3400.0) == "3.40 km"
    assert short_date(DAY) == "23 Jun 2026"
    assert [say_count("sessions", n) for n in (0, 1, 2)] == [
        "0 sessions",
        "1 session",
        "2 sessions",
    ]


def test_sets_are_named_in_german() -> None:
    def made(kind: int, gait: Gait, sizes: list[int], length_m: float) -> list[RepetitionSet]:
        one = Repetition(0, 0, gait, 0.0, 60.0, length_m, "counted")
        rest = Recovery("run", 60.0, None)
        return [
            RepetitionSet(kind, gait, (one,) * size, 60.0, length_m, None, length_m, rest)
            for size in sizes
        ]

    shuttles, laps = made(0, "run", [22, 22, 22], 13.0), made(1, "run", [4], 1600.0)
    uneven, walked = made(2, "run", [7, 8], 1600.0), made(3, "walk", [5], 400.0)
    with use_language("de"):
        naming = set_naming(Display())
        assert Structure(tuple(shuttles)).name(naming) == "3 Serien, 22 × 13 m"
        assert Structure(tuple(laps)).name(naming) == "4 × 1,60 km"
        assert Structure(tuple(uneven)).name(naming) == "2 Serien, 7 bis 8 × 1,60 km"
        both = Structure((*laps, *walked)).name(naming)
        assert both == "4 × 1,60 km Laufen, dann 5 × 400 m Gehen"
        many = Structure((*shuttles, *laps, *uneven, *walked)).name(naming)
        assert many.endswith(", dann 1 weitere Serie")
        maybe = replace(laps[0], repetitions=(replace(laps[0].repetitions[0], role="candidate"),))
        assert Structure((maybe,)).name(naming) == "vielleicht 1 × 1,60 km"


def test_a_number_in_the_signs_of_the_language_stays() -> None:
    with use_language("de"):
        assert translated("1,89 km") == "1,89 km"
        assert translated("1,019 m") == "1.019 m"


def test_every_pair_of_one_and_many_is_an_entry_of_its_own() -> None:
    ones = {key.removesuffix("_one") for key in WORDS if key.endswith("_one")}
    assert {each for each in ones if not is_counted(each)} <= {"inbox_review"}  # one by one


# sentences that stages put together


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_sentence_knows_itself_whatever_is_in_its_gaps(name: str) -> None:
    found = language._catalogue(name)
    for each in found.sentences:
        values = {
            gap: str(17 + place) if numeric else f"Xa{place}"
            for place, (gap, numeric) in enumerate(zip(each.names, each.numeric, strict=True))
        }
        filled = [values[gap] for gap in each.names]
        text = each.literals[0] + "".join(
            part for pair in zip(filled, each.literals[1:], strict=True) for part in pair
        )
        with use_language(name):
            assert translated(text.strip()) == each.target.format(**values).strip(), each.literals


GERMAN = {
    "too early to say: 3 more matched pairs": "noch zu früh: 3 weitere vergleichbare Paare",
    "too early to say: 1 more session": "noch zu früh: 1 weitere Einheit",
    "Heart rate: too early to say: 2 more matched pairs.": (
        "Herzfrequenz: noch zu früh: 2 weitere vergleichbare Paare."
    ),
    "Heart rate +16.7 % (+14.2 to +19.2 %) against forward, 10 matched pairs in 3 sessions.": (
        "Herzfrequenz +16,7 % (+14,2 bis +19,2 %) gegenüber vorwärts, 10 vergleichbare Paare in "
        "3 Einheiten."
    ),
    "Backward stretches that were not on level, open ground: 4:10 (steep), 9:00 (twisty).": (
        "Abschnitte rückwärts, die nicht auf ebenem, offenem Grund lagen: 4:10 (steil), "
        "9:00 (kurvig)."
    ),
    "58 of 60 backward stretches were not on level, open ground, the first of them 4:10 (steep).": (
        "58 von 60 Abschnitten rückwärts lagen nicht auf ebenem, offenem Grund, die ersten davon "
        "4:10 (steil)."
    ),
    "1,019 m backward, 127% of the longest in the 30 days before (804 m).": (
        "1.019 m rückwärts, 127 % des längsten Werts der 30 Tage davor (804 m)."
    ),
    "1,019 m backward, 127 % of the longest in the 30 days before (804 m).": (
        "1.019 m rückwärts, 127 % des längsten Werts der 30 Tage davor (804 m)."
    ),
    "9,070 m backward, 227 times the longest in the 30 days before (40 m).": (
        "9.070 m rückwärts, das 227-Fache des längsten Werts der 30 Tage davor (40 m)."
    ),
    "the distance is 2,379 m by odometer and positions; the file's laps says 2,304 m": (
        "die Strecke ist 2.379 m nach Wegzähler und Positionen; die Datei nennt für Runden 2.304 m"
    ),
    "Ground contact \N{MINUS SIGN}4.2 %.": "Bodenkontakt \N{MINUS SIGN}4,2 %.",
    "maximum is a default by age: Doe et al. 2001, Some Journal 1:2–3: 5,205 runners, 1.5 m/s": (
        "das Maximum ist ein Richtwert nach Alter: Doe et al. 2001, Some Journal 1:2–3: 5,205 "
        "runners, 1.5 m/s"
    ),
    "": "",
    "a name that nobody knows.fit": "a name that nobody knows.fit",
}


@pytest.mark.parametrize("text", GERMAN)
def test_sentences_in_german(text: str) -> None:
    with use_language("de"):
        assert translated(text) == GERMAN[text]
    assert translated(text) == text


@given(st.text(alphabet=st.sampled_from('aA1.,;:() "{}%\n\t−ü') | st.characters(), max_size=300))
def test_any_text_is_taken(text: str) -> None:
    with use_language("de"):
        assert isinstance(translated(text), str)
    assert translated(text) is text


def test_no_text_takes_long() -> None:
    odd = [
        "a. b; c: d, e (f " * 100,
        " to ".join(["m backward, ; not: a"] * 90),
        "x. " * 11 + "y; " * 11 + "z: " * 11 + "a (" * 11 + "b, " * 11 + "q" * 1000,
        "heading from , " * 120,
    ]
    with use_language("de"):
        assert is_cheap(lambda: [translated(text) for text in odd], 3)


# which language is in force


def test_no_language_is_taken_over_from_an_earlier_page() -> None:
    with use_language("de"):
        with use_language(None):
            assert current_language() == "de"
        with use_language("xx"):
            assert current_language() == "de"
        with use_language("en"):
            assert say("nav_index") == "All sessions"
        assert say("nav_index") == "Alle Einheiten"
    assert current_language() == "en"


def test_the_machines_locale_is_never_asked() -> None:
    code = "from retrorun.report.words import say; print(say('nav_index'), f'{1.5:.1f}')"
    names = ("LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "LC_NUMERIC")
    environment = dict.fromkeys(names, "de_DE.UTF-8")
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "All sessions 1.5"


ACCEPTED = {
    "": "en",
    "de": "de",
    "DE": "de",
    "de-AT,de;q=0.9,en;q=0.8": "de",
    "en-GB,en;q=0.9,de;q=0.8": "en",
    "fr,de;q=0.5,en;q=0.4": "de",
    "fr, en ; q=0.4, de ; q=0.5": "de",
    "fr": "en",
    "*": "en",
    "de;q=0": "en",
    "de;q=0,en;q=0": "en",
    "en;q=0.1,de;q=0.2": "de",
    "de;q=x, en": "en",
    "de;;q=1": "en",
    "../../de": "en",
    "de\r\nx": "en",
    "de" * 5000: "en",
    "," * 100_000 + "de": "en",
    "fr," * 40 + "de": "en",
}


@pytest.mark.parametrize("header", ACCEPTED, ids=lambda text: text[:30])
def test_the_browsers_languages(header: str) -> None:
    assert preferred(header) == ACCEPTED[header]


@given(st.text(max_size=200))
def test_any_header_is_taken(header: str) -> None:
    assert preferred(header) in language.available_languages()


def test_a_profile_names_a_language_that_there_is() -> None:
    assert profile.stated({"language": "de"}).language == "de"
    with pytest.raises(SettingsError) as refused:
        profile.stated({"language": "xx"})
    assert refused.value.slug == "profile-unknown-language"
    assert "en, de" in str(refused.value)


# whole pages


def _pages() -> Iterator[tuple[str, str]]:
    session, track = hand_made_sessions.session(), hand_made_sessions.track(hand_made_sessions.HOUR)
    context = session_page.SessionContext(athlete=Athlete(mass_kg=70.0))
    yield "session", session_page.session_page(session, track, context)
    yield "index", index_page([session], Athlete())
    aside = (SetAside("x.fit", translated("the file is empty")),)
    yield "home", index_page([session], Athlete(), inbox=Inbox(set_aside=aside))
    yield "review", review_page(Inbox())


@pytest.mark.parametrize("name", LANGUAGES)
def test_pages_hold_no_words_of_the_english_dictionary(name: str) -> None:
    found = language._catalogue(name).entries
    english = {
        source
        for (_, source), forms in found.items()
        if len(re.findall("[A-Za-z]{2,}", source)) >= 2
        and source not in forms
        and "{" not in source
    }
    with use_language(name):
        for kind, page in _pages():
            assert f'<html lang="{name}">' in page
            seen = html.unescape(page)
            there = [each for each in english if f">{each}<" in seen or f'"{each}"' in seen]
            assert there == [], kind


def test_an_english_page_carries_no_signs_of_another_language() -> None:
    for _, page in _pages():
        assert '<html lang="en">' in page
        assert 'id="signs"' not in page


def test_a_german_page_carries_what_scripts_need_to_write_numbers() -> None:
    with use_language("de"):
        page = dict(_pages())["session"]
    (text,) = re.findall(r'<script type="application/json" id="signs">(.*?)</script>', page)
    signs = json.loads(text)
    assert (signs["decimal_sign"], signs["thousands_sign"]) == (",", ".")
    assert (len(signs["months"]), len(signs["weekdays_short"])) == (12, 7)
