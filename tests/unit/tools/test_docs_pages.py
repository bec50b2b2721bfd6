# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Markdown pages keep their links when they become pages of the documentation site."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import docs_pages  # noqa: E402 - the line above makes it importable

LISTED = (ROOT / "docs/docsite/rst/guides.rst").read_text(encoding="utf-8")
MODULE = "collections/certmend/tls/cert_inspect_module.rst"


def test_the_list_of_the_guides_has_every_guide_once():
    listed = [page + ".md" for _caption, entries in docs_pages.guides(LISTED) for _title, page in entries]
    others = [page for page in docs_pages.pages() if page.startswith(("README.md", "docs/adr/0", "roles/"))]
    assert sorted(listed + others) == docs_pages.pages()


def test_every_line_of_the_list_is_read():
    assert sum(len(entries) for _caption, entries in docs_pages.guides(LISTED)) == LISTED.count("\n* ")


@pytest.mark.parametrize(
    "page, target, expected",
    [
        ("README.md", "docs/audit.md", "docs/audit.md"),
        ("README.md", "docs/adr", "docs/adr/README.md"),
        ("README.md", "CHANGELOG.rst", "collections/certmend/tls/changelog.rst"),
        ("README.md", "COPYING", "https://github.com/certmend/tls/blob/main/COPYING"),
        ("README.md", "#requirements", "#requirements"),
        ("docs/audit.md", "pins.md#rotation", "pins.md#rotation"),
        ("docs/audit.md", "../README.md", "../index.md"),
        ("docs/audit.md", "../roles/pins/README.md", "../roles/pins/README.md"),
        ("docs/architecture.md", "architecture.svg", "architecture.svg"),
        ("docs/architecture.md", "../plugins/module_utils/core/run.py", "https://github.com/certmend/tls/blob/main/plugins/module_utils/core/run.py"),
        ("docs/architecture.md", "../playbooks", "https://github.com/certmend/tls/tree/main/playbooks"),
        ("roles/pins/README.md", "meta/argument_specs.yml", "../../collections/certmend/tls/pins_role.rst"),
        ("roles/pins/README.md", "../../plugins/modules/cert_pin.py", "../../collections/certmend/tls/cert_pin_module.rst"),
        ("docs/audit.md", "https://example.com/a.md", "https://example.com/a.md"),
    ],
)
def test_a_link_leads_to_the_page_of_the_site_or_to_the_repository(page, target, expected):
    assert docs_pages.for_the_site(page, "see [it](%s)." % target) == "see [it](%s)." % expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("`cert_inspect` and `cert_inspect`", "[`cert_inspect`](../%s) and `cert_inspect`" % MODULE),
        ("`certmend.tls.cert_inspect`", "[`certmend.tls.cert_inspect`](../%s)" % MODULE),
        ("| `cert_inspect` |", "| [`cert_inspect`](../%s) |" % MODULE),
        ("[`cert_inspect`](audit.md)", "[`cert_inspect`](audit.md)"),
        ("# `cert_inspect`", "# `cert_inspect`"),
        ("`trust_anchor` is a role too", "`trust_anchor` is a role too"),
        ("`query: cert_inspect`", "`query: cert_inspect`"),
        ("```\n`cert_inspect` [x](y.md)\n```", "```\n`cert_inspect` [x](y.md)\n```"),
    ],
)
def test_the_first_mention_of_a_module_leads_to_its_page(text, expected):
    assert docs_pages.for_the_site("docs/audit.md", text) == expected


def test_all_pages_are_written_and_the_list_of_the_guides_leads_to_them(tmp_path):
    (tmp_path / docs_pages.REFERENCE / "docsite").mkdir(parents=True)
    docs_pages.write(tmp_path)
    written = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md")}
    assert written == {"index.md" if page == "README.md" else page for page in docs_pages.pages()}
    assert (tmp_path / "docs/architecture.svg").is_file()
    inside = (tmp_path / docs_pages.REFERENCE / "docsite/guides.rst").read_text(encoding="utf-8")
    assert "https" not in inside.partition("======")[2] and inside.count("* :doc:`") == LISTED.count("\n* ")
    home = (tmp_path / "index.md").read_text(encoding="utf-8")
    titles = {page: title for _caption, entries in docs_pages.guides(LISTED) for title, page in entries}
    assert "\n%s <docs/audit>\n" % titles["docs/audit"] in home
    assert "\npins <roles/pins/README>\n" in home
