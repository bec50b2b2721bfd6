# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of the role ssl_trust do, against a real Lookup Service and STS. One run, a host for each case."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.certmend.tls.tests.support.hosts_here import Hosts
from ansible_collections.certmend.tls.tests.support.role_cases import Cases
from ansible_collections.certmend.tls.tests.support.vsphere import estate
from ansible_collections.certmend.tls.tests.support.vsphere.listing import lstool_output
from ansible_collections.certmend.tls.tests.support.vsphere.site import HOSTS, USER, Site, anchored, fingerprint, nobody_listens
from ansible_collections.certmend.tls.tests.support.vsphere.sts import ACCOUNTS

ALIAS = "legacy.corp.example"
#: prints what is registered, as the appliance's tool does; and stands for its Python, which runs the script that replaces
LSTOOL = '#!/bin/sh\nexec cat "${0%/*}/listing"\n'
PYTHON = '#!/bin/sh\nprintf "%s\\n" "$@" > "${0%/*}/asked"\nwhile [ "$1" != --certfile ]; do shift; done\ncat "$2" > "${0%/*}/given.pem"\n'
PYTHON += 'mv "${0%/*}/replaced" "${0%/*}/listing"\n'


def cases(site, silent):
    """For each case, what it sets besides the site."""
    account = {"ssl_trust_username": USER, "ssl_trust_password": ACCOUNTS[USER], "ssl_trust_snapshot_taken": True}
    update = {**account, "ssl_trust_new_certificate": site.new.pem, "ssl_trust_old_certificate": site.old.pem, "ssl_trust_aliases": {ALIAS: HOSTS[0]}}
    tools = "{{ playbook_dir | dirname }}/hosts/tools/of_the_appliance"
    return {
        "strict": {"ssl_trust_server_fingerprint": [fingerprint(site.new)], "ssl_trust_strict": True},
        "unverified": {"ssl_trust_validate_certs": False, "ssl_trust_strict": False},
        "verified": {"ssl_trust_validate_certs": True, "ssl_trust_ca_path": str(site.ca_path), "ssl_trust_hostname": "vc1.elsewhere.example"},
        "text": {
            "ssl_trust_trusted_content": site.ca.pem,
            "ssl_trust_address": "127.0.0.1",
            "ssl_trust_addresses": dict.fromkeys([*HOSTS[1:], ALIAS], "127.0.0.1"),
        },
        "partner": {
            **update,
            "ssl_trust_trusted_path": str(site.ca_path),
            "ssl_trust_sts_hostname": "sso.corp.example:%d" % silent,
            "ssl_trust_verify_urls": ["https://psc2.corp.example:%d" % silent],
        },
        "tools": {**update, "ssl_trust_state": "updated", "ssl_trust_via": "appliance", "ssl_trust_tools": tools, "ssl_trust_python": tools + "/python"},
    }


class Made:
    """The run, and what the tools of the appliance were asked."""

    def __init__(self, folder, site, silent):
        self.site = site
        known = dict.fromkeys((*HOSTS, ALIAS, "vc1.elsewhere.example", "sso.corp.example", "psc2.corp.example"), "127.0.0.1")
        shared = {"ssl_trust_hostname": HOSTS[0], "ssl_trust_port": site.vcenter.port, "ssl_trust_addresses": known}
        shared["ssl_trust_backup_dir"] = str(folder / "backups")
        self.hosts = Cases(folder, {name: {**shared, **given} for name, given in cases(site, silent).items()})
        self.tools = self.hosts["tools"] / "of_the_appliance"
        self.tools.mkdir()
        Hosts.program(self.tools / "lstool.py", LSTOOL)
        Hosts.program(self.tools / "python", PYTHON)
        registered = list(site.vcenter.lookup.registrations.values())
        (self.tools / "ls_update_certs.py").write_text("", encoding="ascii")
        (self.tools / "listing").write_text(lstool_output(registered), encoding="utf-8")
        (self.tools / "replaced").write_text(lstool_output([self.replaced(one) for one in registered]), encoding="utf-8")
        # no node is updated if another one of its play has failed
        apart = ("tools", "strict:unverified:verified:text", "partner")
        self.cases = self.hosts.run([{"hosts": hosts, "gather_facts": False, "roles": ["certmend.tls.ssl_trust"]} for hosts in apart])

    def replaced(self, registration):
        """A registration whose trust anchors are the new certificate if one of them was the old one."""
        old = {estate.anchor(self.site.old), estate.wrapped(self.site.old), estate.twice(self.site.old)}
        text = str(registration.mutable)
        if not any(repr(form)[1:-1] in text for form in old):
            return registration
        return dataclasses.replace(registration, mutable=tuple(anchored(tree, estate.anchor(self.site.new)) for tree in registration.mutable))


@pytest.fixture(scope="module")
def made(tmp_path_factory, shared_tls_server):
    folder = tmp_path_factory.mktemp("ssl_trust")
    (folder / "site").mkdir()
    site = Site(folder / "site", shared_tls_server)
    registrations = site.vcenter.lookup.registrations
    del registrations["malformed"]
    other_name = estate.endpoint("https://%s:%d/alias" % (ALIAS, site.vcenter.port), [estate.anchor(site.old)])
    site.vcenter.register([*registrations.values(), estate.registration("alias", [other_name])])
    with site.vcenter, nobody_listens() as silent:
        yield Made(folder / "run", site, silent)


def test_the_node_is_known_by_its_fingerprint_or_by_its_name_in_a_certificate_or_not_verified(made):
    assert not made.cases["strict"].failure and "6 stale" in made.cases["strict"].said
    assert not made.cases["unverified"].failure and "6 stale" in made.cases["unverified"].said
    assert "vc1.elsewhere.example" in made.cases["verified"].failure and "Set ssl_trust_trusted_path to the CA" in made.cases["verified"].failure


def test_the_node_is_connected_to_at_its_address_and_verified_by_certificates_that_are_text(made):
    assert not made.cases["text"].failure and "6 stale" in made.cases["text"].said


def test_a_ca_as_trust_anchor_is_reported_if_that_is_asked_for(made):
    assert "2 ca_anchor" in made.cases["strict"].said and "ca_anchor" not in made.cases["unverified"].said


def test_the_certificate_that_was_replaced_selects_the_trust_anchors_of_its_host_and_the_aliases(made):
    diffs = made.cases["tools"].diffs
    assert fingerprint(made.site.old) in diffs and "https://%s:" % ALIAS in diffs and "srm.corp.example" not in diffs


def test_the_sts_and_the_other_nodes_that_are_named_are_asked_before_the_first_change(made):
    failure = made.cases["partner"].failure
    assert "sso.corp.example" in failure and "psc2.corp.example" in failure


def test_the_tools_of_the_appliance_are_in_the_folder_and_run_by_the_python_that_are_named(made):
    assert not made.cases["tools"].failure
    asked = (made.tools / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[0] == str(made.tools / "ls_update_certs.py") and "https://%s/lookupservice/sdk" % HOSTS[0] in asked
    assert asked[asked.index("--fingerprint") + 1].replace(":", "").upper() == fingerprint(made.site.old, "sha1").replace(":", "")
    assert (made.tools / "given.pem").read_text(encoding="ascii").strip() == made.site.new.pem.strip()
