# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the right type with which a run cannot work: they are named with the way out."""

from __future__ import annotations

import os

import pytest

from ansible_collections.certmend.tls.plugins.plugin_utils.variable_checks import more_problems
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.second_user import as_eve, needs_root


def problems(**values):
    return more_problems(values, REAL.now)


def test_a_folder_that_exists_or_can_be_created_is_accepted(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("", "records", "records/2026", "link", "link/records"):
        assert problems(evidence_path=str(tmp_path / name)) == []
    assert list(tmp_path.iterdir()) == [tmp_path / "link"], "nothing is created"


@pytest.mark.parametrize("below", ["", "/records"])
def test_a_file_in_the_place_of_the_folder_is_named(tmp_path, below):
    (tmp_path / "file").touch()
    (said,) = problems(evidence_path=str(tmp_path / "file") + below)
    assert said == "evidence_path: %s is a file and not a folder. Give a folder; it is created if it does not exist." % (tmp_path / "file")


@pytest.mark.parametrize("below", ["", "/records"])
def test_a_link_to_nothing_is_named(tmp_path, below):
    (tmp_path / "link").symlink_to("/nowhere/at/all")
    (said,) = problems(evidence_path=str(tmp_path / "link") + below)
    assert said.startswith("evidence_path: %s is a link to /nowhere/at/all, which does not exist. Create that folder" % (tmp_path / "link"))


def test_a_folder_in_a_collection_is_refused_also_through_a_link(tmp_path):
    installed = tmp_path / "ansible_collections" / "corp" / "tools"
    installed.mkdir(parents=True)
    (tmp_path / "link").symlink_to(installed)
    for path in (installed, installed / "records", tmp_path / "link" / "records"):
        (said,) = problems(evidence_path=str(path))
        assert said.startswith("evidence_path: %s is in the collection corp.tools, whose next installation removes it. Give a folder" % path)
    assert problems(evidence_path=str(installed.parent)) == []


@needs_root
def test_a_folder_of_another_user_is_named(tmp_path):
    os.chmod(tmp_path, 0o755)
    with as_eve():
        (said,) = problems(evidence_path="/srv/records-of-nobody") or [""]
    assert said == "evidence_path: the user of the controller cannot write in /srv. Give a folder of this user, or let this user write in it."


WINDOW = {"zone": "UTC", "from": "22:00", "to": "02:00", "days": ["fri"]}
WRONG = [
    ({"change_window_windows": [dict(WINDOW, zone="Berlin")]}, "change_window_windows[0].zone: there is no time zone 'Berlin'. Did you mean Europe/Berlin?"),
    ({"change_window_windows": [WINDOW, dict(WINDOW, **{"from": "25:00"})]}, "change_window_windows[1].from: "),
    ({"change_window_windows": [dict(WINDOW, to="22")]}, "change_window_windows[0].to: "),
    (
        {"change_window_blackouts": [{"zone": "UTC", "from": "2026-13-01", "to": "2027-01-01"}]},
        "change_window_blackouts[0]: '2026-13-01' is not a date or time",
    ),
    ({"change_window_override": {"reason": "it has expired", "by": " "}}, "change_window_override: by is empty"),
]


@pytest.mark.parametrize("values, words", WRONG)
def test_a_change_window_that_cannot_be_read_is_named(values, words):
    (said,) = problems(**values)
    assert words in said


def test_windows_that_can_be_read_are_accepted_whether_one_is_open_or_not():
    assert problems(change_window_windows=[WINDOW], change_window_on_closed="wait", change_window_cutoff_minutes=30) == problems() == []


URL = "https://evidence.corp.example/records"
ADDRESSES = [
    ({"evidence_url": "http://evidence.corp.example/records"}, "evidence_url: it does not begin with https://. Give an address such as https://"),
    ({"evidence_url": "http://127.0.0.1.corp.example"}, "evidence_url: it does not begin with https://"),
    ({"evidence_url": "ftp://evidence.corp.example"}, "evidence_url: it does not begin with https://"),
    ({"evidence_url": "https://"}, "evidence_url: it does not begin with https://"),
    ({"evidence_url": "https://[evidence"}, "evidence_url: it is no address. "),
    ({"evidence_url": "https://evidence.corp.example:99999/records"}, "evidence_url: it is no address. "),
    ({"evidence_url": "https://evidence.corp.example:https/records"}, "evidence_url: it is no address. "),
    ({"evidence_url": URL + "\r\nHost: other.corp.example"}, "evidence_url: it is no address. "),
    ({"evidence_url": "https://evidence corp example/records"}, "evidence_url: it is no address. "),
    (
        {"evidence_url": "https://ops:Evidence-Pw1@evidence.corp.example"},
        "evidence_url: it has more than a host and a folder. Give an account as evidence_url_username",
    ),
    ({"evidence_url": URL + "?token=Evidence-Pw1"}, "evidence_url: it has more than a host and a folder."),
    ({"evidence_url": URL, "evidence_url_password": "Evidence-Pw1"}, "evidence_url_username: it is not set, and evidence_url_password is."),
]


@pytest.mark.parametrize("values, words", ADDRESSES)
def test_an_address_to_which_no_record_may_be_sent_is_named_without_its_secrets(tmp_path, values, words):
    (said,) = problems(evidence_path=str(tmp_path), **values)
    assert said.startswith(words) and "Evidence-Pw1" not in said


@pytest.mark.parametrize("url", [URL, "HTTPS://evidence.corp.example:8443/", "http://localhost:8080/records", "http://[::1]/records", "http://127.0.0.1"])
def test_https_and_the_controller_itself_are_accepted(tmp_path, url):
    assert problems(evidence_path=str(tmp_path), evidence_url=url, evidence_url_headers={}, evidence_url_trusted_path="ca.pem") == []


def test_an_address_alone_is_not_enough():
    assert problems(evidence_url=URL) == ["evidence_path: it is not set, and evidence_url is. Set it to the folder from which the record is sent."]
