# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check of the documentation site notices what is missing and what leads to nothing."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.certmend.tls.tests.support.source import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import docs_check  # noqa: E402 - the line above makes it importable

#: links from docs/pins.html that lead somewhere
WHOLE = [
    "https://example.com/x",
    "mailto:a@b.example",
    "audit.html",
    "../index.html#title",
    "#",
    "#here",
    "#by-name",
    "../a%20file.css?v=1",
    "../docs/pins.html",
]
MODULE = "collections/certmend/tls/cert_inspect_module.html"


def site(folder, **guides):
    """A site with all pages, with these texts in guides of these names."""
    for page in docs_check.expected():
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        (folder / page).write_text("<h1 id='title'>A page</h1>", encoding="utf-8")
    (folder / "docs/audit.html").write_text("<a href='../%s#title'>cert_inspect</a>" % MODULE, encoding="utf-8")
    (folder / "a file.css").touch()
    for name, text in guides.items():
        (folder / "docs" / (name + ".html")).write_text(text, encoding="utf-8")
    return folder


def test_a_site_must_have_all_guides_modules_plugins_and_roles():
    names = {"index.html", "docs/audit.html", "docs/adr/README.html", "roles/pins/README.html", MODULE, "collections/certmend/tls/pins_role.html"}
    assert names | {"collections/certmend/tls/certificates_lookup.html"} <= set(docs_check.expected())


@pytest.mark.parametrize(
    "target",
    ["https://example.com/x", "mailto:a@b.example", "../index.html#title", "#", "#here", "#by-name", "../a%20file.css?v=1", "../docs/pins.html"],
)
def test_a_link_that_leads_somewhere_is_no_problem(target, tmp_path):
    assert docs_check.problems(site(tmp_path, pins="<p id='here'><a name='by-name' href='%s'>x</a></p>" % target)) == []


@pytest.mark.parametrize("target", ["nothing.html", "audit.html#nothing", "#nothing", "../nothing.css", "/"])
def test_a_link_that_leads_to_nothing_is_named(target, tmp_path):
    assert docs_check.problems(site(tmp_path, pins="<img src='%s'>" % target)) == ["leads to nothing: docs/pins.html: " + target]


def test_a_missing_page_is_named(tmp_path):
    (site(tmp_path) / "docs/pins.html").unlink()
    assert docs_check.problems(tmp_path) == ["no page: docs/pins.html"]


def test_guides_without_links_to_modules_are_a_problem(tmp_path):
    assert docs_check.problems(site(tmp_path, audit="")) == ["no guide leads to the page of a module"]
