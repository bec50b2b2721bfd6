# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failure fits on a screen: what ansible-playbook prints with its default callback and no option, for mistakes that people make."""

from __future__ import annotations

import re

import pytest
from test_server_chain import NGINX, given, install
from test_server_chain import PLAYBOOK as SERVER_CHAIN
from test_ssl_trust import PLAYBOOK as SSL_TRUST
from test_ssl_trust import VCenter

COLUMNS, SCREEN, MESSAGE = 120, 40, 5
#: many people set that each fact has a line of its own, which takes some more lines
FORMATS = pytest.mark.parametrize("environment", [{}, {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}], ids=["json", "yaml"])


def on_screen(text):
    """The lines that a terminal shows."""
    return [line[start : start + COLUMNS] for line in text.splitlines() for start in range(0, len(line), COLUMNS)]


def assert_short(run, environment, host, *words):
    """The run failed and said why in a few lines, and a screen has room for all that it printed about failed tasks."""
    tasks = re.split(r"\n\n(?=PLAY|TASK)", (run.stdout + run.stderr).strip())
    lines = [line for task in tasks if "FAILED!" in task for line in on_screen(task)]
    most = SCREEN + 5 if environment else SCREEN
    assert run.rc == 2 and 0 < len(lines) <= most, "%d lines:\n%s" % (len(lines), "\n".join(lines))
    message = run.failure(host)
    assert len(on_screen(message)) <= MESSAGE and all(word in message for word in words), message
    assert "BEGIN CERTIFICATE" not in run.stdout + run.stderr


@FORMATS
@pytest.mark.hosts("vcenter")
def test_a_mistyped_password_prints_a_screen(estate, playbook, tmp_path, environment):
    vcenter = VCenter(estate, tmp_path)
    run = playbook(SSL_TRUST, *vcenter.update(ssl_trust_password="not-that-one"), environment=environment)
    assert_short(run, environment, "vcenter", "username or password of administrator@vsphere.local is wrong", "Nothing was changed")


@FORMATS
@pytest.mark.hosts("vcenter")
def test_an_unknown_fingerprint_prints_a_screen(estate, playbook, tmp_path, environment):
    vcenter = VCenter(estate, tmp_path)
    unknown = "AB:" * 31 + "AB"
    run = playbook(SSL_TRUST, *vcenter.update(ssl_trust_old_fingerprint=unknown), environment=environment)
    assert_short(run, environment, "vcenter", unknown, "registered are", "Nothing was changed")


@FORMATS
@pytest.mark.hosts("depot")
def test_a_missing_intermediate_prints_a_screen(estate, playbook, pki, environment):
    install(estate, NGINX, pki.leaf(NGINX.name))
    pki.pool.write_text(pki.one.pem, encoding="ascii")
    run = playbook(SERVER_CHAIN, *given(pki, NGINX), environment=environment)
    assert_short(run, environment, NGINX.host, "Corp Issuing CA 2", "is missing", "Nothing was changed on any host.")
