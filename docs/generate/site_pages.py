"""A hook of mkdocs: pages of the checkout's top folder become pages of the site, and links follow.

``README.md`` is the page of a repository; the site has docs/index.md instead.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
TOP = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
SHIM = "assets/iframe-worker.js"
SHIM_ELSEWHERE = re.compile(r'src="https://[\w./-]+/iframe-worker/shim"')
LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages of the top folder."""
    for name in TOP:
        content = (ROOT / name).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to where pages are on the site."""
    del config, files
    return moved(markdown, page.file.src_uri)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Take the script of the offline search from the site itself, not from a server."""
    del config
    here = "../" * page.file.dest_uri.count("/") + SHIM
    return SHIM_ELSEWHERE.sub(f'src="{here}"', output)


def moved(markdown: str, place: str) -> str:
    """The text of a page with its links as the site has them.

    Args:
        markdown: as it stands in the checkout.
        place: the page's path on the site, such as ``guide/page.md``.
    """
    if place in TOP:  # written for the top folder, shown beside what lies in docs
        return LINK.sub(lambda link: _link(link[1].removeprefix("docs/"), link[2]), markdown)
    depth = place.count("/")
    out = "../" * (depth + 1)  # what leads out of docs, where the top folder's pages were
    return LINK.sub(lambda link: _link(_inward(link[1], out, depth), link[2]), markdown)


def _inward(target: str, out: str, depth: int) -> str:
    name = target.removeprefix(out)
    return "../" * depth + name if target.startswith(out) and name in TOP else target


def _link(target: str, anchor: str | None) -> str:
    return f"]({target}{anchor or ''})"
