# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The description of a playbook that calls a role, with the role's old names, facts and reserved variables."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import described

MIGRATION, ROLE = described("ome_migration"), described("ome_chain")


def test_the_variables_and_old_names_of_a_description_that_is_included_count():
    assert set(ROLE.options) < set(MIGRATION.options) and "ome_migration_target" in MIGRATION.options
    assert MIGRATION.renamed == ROLE.renamed and MIGRATION.renamed["ome_chain_roots"] == "ome_chain_trusted_path"


def test_a_playbook_knows_the_names_of_a_description_that_lists_its_facts():
    assert MIGRATION.owners == ("ome_migration", "ome_chain")
    assert "ome_chain_planned" in MIGRATION.known and "ome_chain_stages" in MIGRATION.reserved


def test_paths_on_the_controller_and_common_host_variables_are_known():
    assert MIGRATION.options["ome_chain_folder"]["controller"] and not MIGRATION.options["ome_chain_name"].get("controller")
    assert {"fqdn", "tls_port", "ansible_host"} <= set(MIGRATION.options)


def test_a_description_may_have_some_of_the_variables_of_a_role():
    found = described("fqdn_certificate")
    assert set(found.options) == set(found.renamed.values()) and found.options["fqdn_certificate_signing_ca_path"]["controller"]
    assert "fqdn_certificate_server" in found.known
