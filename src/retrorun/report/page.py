"""Pages as HTML: templates, assets, security policy, the page of a fault, and writing to a folder.

`render` fills a template. `Site` writes whole pages or nothing, and leaves a page that has not
changed.
"""

import base64
import hashlib
import os
import pickle
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path
from typing import Any, Self

import jinja2.bccache
import jinja2.compiler
import msgspec
from markupsafe import Markup, escape

from retrorun import __version__
from retrorun.errors import PageError, RetrorunError, is_passing
from retrorun.language import SOURCE, current_language, translated
from retrorun.model import LONGEST_NOTE
from retrorun.report.numbers import clock, grouped
from retrorun.report.words import say, say_count, with_unbroken_units
from retrorun.report.words_review import INBOX, REVIEW

SCRIPTS = ("plotly", "script", "history", "answers", "review", "live")
OWN_ASSETS = {
    "style": "style.css",
    "script": "report.js",
    "history": "history.js",
    "answers": "answers.js",
    "review": "review.js",
    "live": "live.js",
}
SCRIPT_WORDS = (*REVIEW, *INBOX, "between")  # words that scripts of live pages put together
STATIC_SCRIPTS = SCRIPTS[:4]  # the others need the server of `retrorun open`


class Place(msgspec.Struct, frozen=True):
    """Where a page lies: the way from it to the assets and to index.html.

    Attributes:
        asset_prefix: put before an asset's name.
        home: put before the name of another page.
        standalone: everything is in one file.
        live: the page comes from the server of `retrorun open`, which takes answers.
        handed_on: the page is for somebody else: it has no script, no command, no other page.
    """

    asset_prefix: str = "assets/"
    home: str = ""
    standalone: bool = False
    live: bool = False
    handed_on: bool = False

    @property
    def index(self) -> str:
        """Address of the list of sessions."""
        return "/" if self.live else f"{self.home}index.html"

    @property
    def comparison(self) -> str:
        """Address of the comparison."""
        return "/comparison" if self.live else f"{self.home}comparison.html"

    @property
    def care(self) -> str:
        """Address of the page of dose, pain and effort."""
        return "/care" if self.live else f"{self.home}care.html"

    def session(self, session_id: str) -> str:
        """Address of a session's page."""
        return f"/sessions/{session_id}" if self.live else f"{self.home}sessions/{session_id}.html"


LIVE = Place("/assets/", "/", live=True)


def render(template: str, title: str, place: Place, **values: object) -> str:
    """Fill a template; every value from a file is escaped on its way in.

    Args:
        template: its name without ending.
        title: of the window.
        place: where the page lies.
        values: what the template names.
    """
    names = asset_names()
    shell = {
        "title": title,
        "place": place,
        "policy": policy(place),
        "style": _style_tag(place, names["style"]),
        **{
            name: "" if place.handed_on else _script_tag(place, names[name])
            for name in SCRIPTS
            if place.live or name in STATIC_SCRIPTS
        },
        "version": __version__,
        "page_class": "live" if place.live else "",
        "here": template,
        "live_words": (
            {key: with_unbroken_units(say(key)) for key in SCRIPT_WORDS} if place.live else {}
        ),
        "language": current_language(),
        "signs": {} if current_language() == SOURCE else signs(),
    }
    return _filled(template, shell | values) + "\n"


def render_part(template: str, place: Place, **values: object) -> str:
    """Fill the template of a part of a page, which a live page puts into itself.

    Args:
        template: its name without ending.
        place: where the page lies.
        values: what the template names.
    """
    return _filled(template, {"place": place, **values})


def _filled(template: str, values: Mapping[str, object]) -> str:
    """The template with its values, in the text of which no line parts a number and its unit."""
    html = _environment().get_template(f"{template}.html.j2").render(values)
    parts = _MARKUP.split(html)  # text, markup, and the name of an element that stays as it is
    parts[::3] = [with_unbroken_units(each) if " " in each else each for each in parts[::3]]
    del parts[2::3]
    return "".join(parts)


# what is data, is copied or edited, or stands in one line keeps its blanks
_MARKUP = re.compile(
    r"(<(script|style|title|code|textarea)\b[^<]*(?:<(?!/\2>)[^<]*)*</\2>|<[^>]*>)"
)


SUFFIX = ".jinja"  # of a compiled template
COMPILED = Path(__file__).with_name("__pycache__")
# what jinja2 raises where a compiled template is cut off or damaged, or may not be read
_UNUSABLE = (
    *(OSError, EOFError, ValueError, pickle.UnpicklingError),
    *(LookupError, AttributeError, ImportError, TypeError),
)


class _CompiledTemplates(jinja2.FileSystemBytecodeCache):
    """Templates that were compiled once, where Python keeps the modules of this folder.

    To compile what a session's page needs takes as long as to load numpy. Where nothing may be
    written, or what is there cannot be used, templates are compiled each time.
    """

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Read a compiled template, unless its source or Python is another one now."""
        with suppress(*_UNUSABLE):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        """Keep a compiled template."""
        if sys.dont_write_bytecode:
            return
        with suppress(OSError):
            Path(self.directory).mkdir(exist_ok=True)
            super().dump_bytecode(bucket)
            # who may read the package may read this: it would be compiled by everybody else again
            Path(self._get_cache_filename(bucket)).chmod(Path(__file__).stat().st_mode & 0o666)
            self._remove_older()

    def _remove_older(self) -> None:
        """Remove what another version of retrorun, jinja2 or this module has compiled."""
        ours = self.pattern % ""
        for each in Path(self.directory).glob(f"*{SUFFIX}"):
            if not each.name.startswith(ours.removesuffix(SUFFIX)):
                each.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _environment(compiled: Path = COMPILED) -> jinja2.Environment:
    # another jinja2, or other options below, would compile the same source to something else
    changed_ns = (Path(each).stat().st_mtime_ns for each in (jinja2.compiler.__file__, __file__))
    pattern = "-".join([__version__, *(f"{each:x}" for each in changed_ns), f"%s{SUFFIX}"])
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("retrorun.report"),
        bytecode_cache=_CompiledTemplates(str(compiled), pattern),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"say": say, "say_count": say_count, "longest_note": LONGEST_NOTE}
    environment.filters |= {"embed": embed, "with_code": with_code}
    environment.filters |= {"clock": clock, "grouped": grouped, "translated": translated}
    return environment


def with_code(text: str) -> Markup:
    """A sentence in which what stands between grave accents is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped


def signs() -> Mapping[str, Any]:
    """How the language writes numbers and dates, for scripts and the library of charts."""
    lists = ("months", "months_short", "weekdays", "weekdays_short")
    texts = ("decimal_sign", "thousands_sign", "chart_month", "chart_day", "chart_day_year")
    return {each: say(each).split() for each in lists} | {each: say(each) for each in texts}


def embed(value: Mapping[str, Any]) -> Markup:
    """JSON that may stand in a script element: no text in it can end the element."""
    text = msgspec.json.encode(value).decode()
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  # what could be markup was just escaped


@lru_cache(maxsize=1)
def asset_names() -> Mapping[str, str]:
    """Asset → file name, which changes with its content or version, so that it may be cached."""
    return {
        "plotly": f"plotly-{metadata.version('plotly')}.min.js",
        "style": f"style-{_fingerprint('style.css')}.css",
        "script": f"report-{_fingerprint('report.js')}.js",
        "history": f"history-{_fingerprint('history.js')}.js",
        "answers": f"answers-{_fingerprint('answers.js')}.js",
        "review": f"review-{_fingerprint('review.js')}.js",
        "live": f"live-{_fingerprint('live.js')}.js",
    }


def asset_text(name: str) -> str:
    """Content of an asset by its file name."""
    asset = {file: asset for asset, file in asset_names().items()}[name]
    return _plotly() if asset == "plotly" else _own_asset(OWN_ASSETS[asset])


@lru_cache(maxsize=1)
def _plotly() -> str:
    """The bundle out of the installed package: importing plotly would cost half a second."""
    place = metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")
    return Path(str(place)).read_text(encoding="utf-8").replace("\r\n", "\n")


def _fingerprint(name: str) -> str:
    return hashlib.sha256(_own_asset(name).encode()).hexdigest()[:8]


@lru_cache(maxsize=8)
def _own_asset(name: str) -> str:
    return (resources.files("retrorun.report") / "assets" / name).read_text(encoding="utf-8")


def policy(place: Place) -> str:
    """Nothing is loaded but the page's own files; plotly sets styles inline, evaluates nothing.

    A live page may also ask its own server, and no other.
    """
    names = asset_names()
    own = [_hash(names[each]) for each in STATIC_SCRIPTS] if place.standalone else ["'self'"]
    own = ["'none'"] if place.handed_on else own
    asked = " connect-src 'self';" if place.live else ""
    return (
        f"default-src 'none'; script-src {' '.join(own)}; style-src 'self' 'unsafe-inline';"
        f"{asked} img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@lru_cache(maxsize=8)
def _hash(name: str) -> str:
    digest = hashlib.sha256(asset_text(name).encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _script_tag(place: Place, name: str) -> Markup:
    if place.standalone:
        return Markup(f"<script>{asset_text(name)}</script>")  # noqa: S704  # our own assets
    return Markup('<script src="{}" defer></script>').format(place.asset_prefix + name)


def _style_tag(place: Place, name: str) -> Markup:
    if place.standalone:
        return Markup(f"<style>{asset_text(name)}</style>")  # noqa: S704  # our own asset
    return Markup('<link rel="stylesheet" href="{}">').format(place.asset_prefix + name)


LONGEST_ERROR = 300  # characters of what an unexpected error says
# a fault is kept in the archive: its sentences are English, and translated where they are shown
ODD = "The session holds something that no page can show ({words})."
REMADE = "`retrorun archive check --repair` makes it again from its original."


class Fault(msgspec.Struct, frozen=True):
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
            return cls(session, problem.slug, problem.message, problem.remedy or REMADE)
        if is_passing(problem):
            reason = str(problem) or type(problem).__name__
            put_off = f"its page could not be made now: {reason}"
            return cls(session, "page-put-off", put_off, "The next run tries again.")
        words = f"{type(problem).__name__}: {problem}"[:LONGEST_ERROR]
        return cls(session, "session-odd", ODD.format(words=words), REMADE)

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


def missing_page(place: Place) -> str:
    """The page that answers to an address at which there is none."""
    return render("fault", say("missing_title"), place, fault=None, charts=False)


ASSETS = "assets"


class Site(msgspec.Struct, frozen=True):
    """A folder of pages that share one folder of version-named assets."""

    folder: Path

    def ensure_assets(self) -> int:
        """Put the pages' scripts and style in place; how many were written.

        An asset's name changes with its content, so what stands already is right, and pages of an
        older version keep theirs.
        """
        missing = [
            name for name in asset_names().values() if not (self.folder / ASSETS / name).is_file()
        ]
        for name in missing:
            self.write(f"{ASSETS}/{name}", asset_text(name))
        return len(missing)

    def sweep(self) -> None:
        """Remove what killed processes left half written; drafts of living ones stay."""
        for draft in (*self.folder.glob(".*.tmp"), *self.folder.glob("*/.*.tmp")):
            if not _alive(draft.name.split(".")[-2]):
                with suppress(OSError):
                    draft.unlink()

    def remove(self, names: Iterable[str]) -> None:
        """Remove pages, under their relative names; one that is not there is passed over.

        Raises:
            PageError: the folder cannot be written.
        """
        try:
            for name in names:
                (self.folder / name).unlink(missing_ok=True)
        except OSError as problem:
            raise _unwritable(self.folder, problem) from problem

    def write(self, name: str, html: str) -> bool:
        """Write one page under its relative name; parents are made.

        Args:
            name: such as ``sessions/0123456789ab.html``.
            html: the whole page.

        Returns:
            False where the page stands already with the same content.

        Raises:
            PageError: the folder cannot be written: no such place, read-only, or the disk is full.
        """
        target = self.folder / name
        content = html.encode()
        try:
            if _has_content(target, content):
                return False
            _replace(target, content)
        except OSError as problem:
            raise _unwritable(self.folder, problem) from problem
        return True


def _alive(process: str) -> bool:
    """Whether a process of this number runs; where that cannot be asked, it may."""
    if os.name != "posix" or not process.isdecimal():
        return True
    try:
        os.kill(int(process), 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _replace(target: Path, content: bytes) -> None:
    """Put the content in the target's place; a reader sees the old page or the new one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # beside its target, so that the renaming stays within one file system
    draft = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _unwritable(folder: Path, problem: OSError) -> PageError:
    words = f"pages cannot be written: {problem.strerror or problem}"
    remedy = "What was imported is kept; choose another folder with --reports DIR, or make room."
    return PageError("reports-unwritable", words, file=str(folder), remedy=remedy)


def _has_content(target: Path, content: bytes) -> bool:
    """Whether the file has just this content; its size is asked first, which costs nothing."""
    try:
        return target.stat().st_size == len(content) and target.read_bytes() == content
    except FileNotFoundError:
        return False
