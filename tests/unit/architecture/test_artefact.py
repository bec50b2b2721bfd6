# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``ansible-galaxy collection build`` packs: what somebody needs who uses the collection, and pages whose links lead somewhere there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

REPOSITORY = "https://github.com/certmend/tls"
#: what is packed in full
WHOLE = ("LICENSES/", "docs/", "extensions/eda/", "meta/", "playbooks/", "plugins/", "roles/")
#: what else is packed
SINGLE = {
    "CHANGELOG.rst",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "COPYING",
    "FILES.json",
    "MAINTAINERS",
    "MANIFEST.json",
    "README.md",
    "REUSE.toml",
    "SECURITY.md",
    "changelogs/changelog.yaml",
    "changelogs/config.yaml",
    "tests/config.yml",
}
FENCED = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def known():
    """The files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return {name for name in listed if name}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """The texts of the packed files, by their names."""
    folder = tmp_path_factory.mktemp("artefact")
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(folder)]
    environment = dict(os.environ, ANSIBLE_HOME=str(folder / "home"))
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        return {member.name: archive.extractfile(member).read().decode("utf-8", "replace") for member in archive.getmembers() if member.isfile()}


def links_of(text):
    """The targets of a page's links that are not in an example."""
    return LINK.findall(FENCED.sub("", text))


def anchors_of(text):
    """The anchors of a page's headings, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    words = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", word).replace(" ", "-") for word in words}


def broken(name, target, texts):
    """Whether a relative link of a page leads to nothing among the texts.

    :param texts: the content of the files, by their names.
    """
    path, _hash, anchor = target.partition("#")
    found = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
    if anchor:
        return found not in texts or anchor not in anchors_of(texts[found])
    return found not in texts and not any(other.startswith(found + "/") for other in texts)


def test_what_a_user_needs_is_packed_and_nothing_else(packed):
    assert {name for name in packed if not name.startswith(WHOLE)} == SINGLE
    assert {name for name in packed if name.startswith(WHOLE)} == {name for name in known() if name.startswith(WHOLE)}


def test_every_link_of_a_packed_page_leads_to_what_is_packed(packed):
    pages = [name for name in packed if name.endswith(".md")]
    assert len(pages) > 30 and "README.md" in pages
    links = [(name, target) for name in pages for target in links_of(packed[name]) if "://" not in target]
    assert len(links) > 80
    assert [link for link in links if broken(*link, packed)] == [], "not packed: link to %s/blob/main/…" % REPOSITORY


def test_every_link_to_the_repository_leads_to_what_is_there_and_not_packed(packed):
    prefixes = tuple("%s/%s/main/" % (REPOSITORY, kind) for kind in ("blob", "tree"))
    links = [(name, target) for name in packed if name.endswith(".md") for target in links_of(packed[name]) if target.startswith(prefixes)]
    paths = {link: link[1].split("/main/", 1)[1] for link in links}
    assert [link for link, path in paths.items() if not (ROOT / path).exists()] == []
    assert [link for link, path in paths.items() if path in packed] == [], "a relative link leads there without a network"


def test_sanity_of_the_artefact_needs_no_exceptions(packed):
    lines = [line for path in (ROOT / "tests/sanity").glob("ignore-*.txt") for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if line.split()[0] in packed] == [], "then tests/sanity must be packed"


@pytest.mark.parametrize("target", ["missing.md", "../page.md", "#nowhere", "page.md#nowhere", "docs/missing/"])
def test_a_broken_link_is_noticed(target):
    assert broken("docs/page.md", target, {"docs/page.md": "# One: `two`, [three](x)\n"})


@pytest.mark.parametrize("target", ["page.md", "../docs/page.md", "#one-two-three", "page.md#one-two-three", "../docs"])
def test_a_link_that_leads_somewhere_is_not(target):
    assert not broken("docs/page.md", target, {"docs/page.md": "# One: `two`, [three](x)\n"})
