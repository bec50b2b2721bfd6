# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copy the Markdown pages of the collection among the sources of its documentation site: tools/docs_pages.py FOLDER

FOLDER has the pages of the modules and roles already, from antsibull-docs. The README becomes the home page; docs/docsite/rst/guides.rst names the guides
and their order. A link to a page of the site stays; a link to another file of the repository leads to the repository. In each line the first mention of a
module becomes a link to its page.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import sys
from typing import List, Match, Set, Tuple

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/certmend/tls"
#: where antsibull-docs writes the pages of the modules and roles, in the folder
REFERENCE = "collections/certmend/tls"
GUIDE = re.compile(r"^\* `(?P<title>.+) <%s/blob/main/(?P<page>.+)\.md>`__$" % REPOSITORY)
#: an example, which stays as it is
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
#: `name`, which is not the text of a link
NAME = re.compile(r"(?<!\[)`(?P<prefix>(?:certmend\.tls\.)?)(?P<name>[a-z_]+)`(?!\])")


def pages() -> List[str]:
    """The Markdown pages of the site, as their paths in the repository."""
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("roles/*/README.md")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def modules() -> Set[str]:
    """The names that are those of modules and of nothing else: a role may have the name of a module."""
    return {path.stem for path in (ROOT / "plugins/modules").glob("*.py")} - {path.name for path in (ROOT / "roles").iterdir()}


def guides(text: str) -> List[Tuple[str, List[Tuple[str, str]]]]:
    """The guides of docs/docsite/rst/guides.rst: for each group its caption, and of each guide the title and the path without its suffix."""
    groups: List[Tuple[str, List[Tuple[str, str]]]] = []
    for line in text.splitlines():
        found = GUIDE.match(line)
        if found:
            groups[-1][1].append((found["title"], found["page"]))
        elif line.endswith(":") and not line.startswith(".."):
            groups.append((line[:-1], []))
    return groups


def place(path: str) -> str:
    """Where a file of the repository is in the site: the path of its source in the folder; the address in the repository if the site does not have it."""
    role = re.fullmatch(r"roles/(\w+)/meta/argument_specs\.yml", path)
    module = re.fullmatch(r"plugins/modules/(\w+)\.py", path)
    if path in pages():
        return "index.md" if path == "README.md" else path
    if path + "/README.md" in pages():
        return path + "/README.md"
    if path == "CHANGELOG.rst":
        return REFERENCE + "/changelog.rst"
    if role or module:
        return "%s/%s.rst" % (REFERENCE, role[1] + "_role" if role else module[1] + "_module")
    return "%s/%s/main/%s" % (REPOSITORY, "tree" if (ROOT / path).is_dir() else "blob", path)


def moved(page: str, target: str) -> str:
    """The target of a link of a page, for the site."""
    path, mark, anchor = target.partition("#")
    folder = os.path.dirname(page)
    if "://" in target or not path or (ROOT / folder / path).suffix == ".svg":
        return target
    found = place(os.path.normpath(os.path.join(folder, path)))
    return (found if "://" in found else os.path.relpath(found, folder or ".")) + mark + anchor


def linked(page: str, line: str, names: Set[str]) -> str:
    """A line with a link from the first mention of each module to its page."""
    told: Set[str] = set()

    def link(found: Match[str]) -> str:
        name = found["name"]
        if name not in names or name in told:
            return found[0]
        told.add(name)
        target = os.path.relpath("%s/%s_module.rst" % (REFERENCE, name), os.path.dirname(page) or ".")
        return "[`%s%s`](%s)" % (found["prefix"], name, target)

    return NAME.sub(link, line)


def for_the_site(page: str, text: str) -> str:
    """The text of a page, with the links that it has in the site. Examples and headings stay as they are."""
    names = modules()
    parts = FENCED.split(text)
    for index in range(0, len(parts), 2):
        text = LINK.sub(lambda found: "](%s)" % moved(page, found["target"]), parts[index])
        parts[index] = "\n".join(line if line.startswith("#") else linked(page, line, names) for line in text.split("\n"))
    return "".join(parts)


def table_of_contents(caption: str, entries: List[str], *options: str) -> str:
    """A table of contents, in Markdown as MyST reads it."""
    head = [":caption: " + caption] if caption else []
    return "\n".join(["", "```{toctree}", *head, *(":%s:" % option for option in options), "", *entries, "```", ""])


def contents(text: str) -> str:
    """What stands in the margin of every page.

    :param text: of docs/docsite/rst/guides.rst.
    """
    tables = [(caption, ["%s <%s>" % entry for entry in entries]) for caption, entries in guides(text)]
    tables.append(("Roles", sorted("%s <%s>" % (page.split("/")[1], page[: -len(".md")]) for page in pages() if page.startswith("roles/"))))
    tables.append(("Reference", ["Modules, roles and plugins <%s/index>" % REFERENCE, "Release notes <%s/changelog>" % REFERENCE]))
    return "".join(table_of_contents(caption, entries, "hidden") for caption, entries in tables)


def write(folder: pathlib.Path) -> None:
    """Write the pages into the folder."""
    listed = (ROOT / "docs/docsite/rst/guides.rst").read_text(encoding="utf-8")
    for page in pages():
        text = for_the_site(page, (ROOT / page).read_text(encoding="utf-8"))
        if page == "README.md":
            text += contents(listed)
        elif page == "docs/adr/README.md":
            text += table_of_contents("", ["0*"], "hidden", "glob")
        target = folder / ("index.md" if page == "README.md" else page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for picture in (ROOT / "docs").glob("**/*.svg"):
        shutil.copyfile(picture, folder / picture.relative_to(ROOT))
    # the list of the guides, which other sites show too: here the guides are pages
    inside = "\n".join(GUIDE.sub(r"* :doc:`\g<title> </\g<page>>`", line) for line in listed.splitlines()) + "\n"
    (folder / REFERENCE / "docsite/guides.rst").write_text(inside, encoding="utf-8")


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
