# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check a built documentation site: tools/docs_check.py SITE

Every guide, module, plugin and role has its page, every link inside the site leads to what is there, and guides lead to pages of modules.
"""

from __future__ import annotations

import os
import pathlib
import sys
from html.parser import HTMLParser
from typing import Dict, List, Optional, Tuple
from urllib.parse import unquote, urlsplit

import docs_pages

ROOT = docs_pages.ROOT


class Page(HTMLParser):
    """The links and anchors of a page.

    :ivar targets: what ``href`` and ``src`` name.
    :ivar anchors: what a link can name after ``#``.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: List[str] = []
        self.anchors = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: List[Tuple[str, Optional[str]]]) -> None:
        """Remember what an element links to, and by which names it can be linked to."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.targets.append(value)
            elif (name == "id" or (tag, name) == ("a", "name")) and value:
                self.anchors.add(value)


def read(site: pathlib.Path) -> Dict[str, Page]:
    """All pages of a site, by their paths."""
    return {path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def landing(page: str, target: str) -> Tuple[str, str]:
    """The path in the site, and the anchor, to which a target of a page leads; an empty path if it leads elsewhere."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return "", ""
    path = os.path.normpath(os.path.join(os.path.dirname(page), unquote(parts.path))) if parts.path else page
    return path, unquote(parts.fragment)


def broken(site: pathlib.Path, pages: Dict[str, Page]) -> List[str]:
    """The links that lead to nothing in the site."""
    found = []
    for page, content in pages.items():
        for target in content.targets:
            path, anchor = landing(page, target)
            there = path in pages and anchor in pages[path].anchors or path not in pages and (site / path).is_file()
            if path and not there:
                found.append("%s: %s" % (page, target))
    return found


def expected() -> List[str]:
    """The pages that a site must have."""
    found = ["index.html" if page == "README.md" else page[: -len(".md")] + ".html" for page in docs_pages.pages()]
    reference = [(path.stem, "module") for path in (ROOT / "plugins/modules").glob("*.py")]
    reference += [(path.stem, path.parent.name) for kind in ("lookup", "filter") for path in (ROOT / "plugins" / kind).glob("*.py")]
    reference += [(path.name, "role") for path in (ROOT / "roles").iterdir()]
    return sorted(found + ["%s/%s_%s.html" % (docs_pages.REFERENCE, name, kind) for name, kind in reference])


def problems(site: pathlib.Path) -> List[str]:
    """What is wrong with a site, a line for each problem."""
    pages = read(site)
    found = ["no page: %s" % page for page in expected() if page not in pages]
    found += ["leads to nothing: %s" % link for link in broken(site, pages)]
    guides = [page for page in pages if page.startswith("docs/")]
    if not any(landing(guide, target)[0].endswith("_module.html") for guide in guides for target in pages[guide].targets):
        found.append("no guide leads to the page of a module")
    return found


if __name__ == "__main__":
    told = problems(pathlib.Path(sys.argv[1]))
    print("\n".join(told) or "every page is there, and every link leads somewhere")
    sys.exit(1 if told else 0)
