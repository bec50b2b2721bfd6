# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A clone of the repository is a project of AWX: its playbooks find their own modules, roles and lookups, with no collection installed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.clone import LINK, bare_environment, clone, play
from ansible_collections.certmend.tls.tests.support.corporate import Pki

#: by which AWX 24.6.1 takes a file for a playbook
PLAYBOOK = re.compile(r"^\s*?-?\s*?(?:hosts|(ansible\.builtin\.)?include|(ansible\.builtin\.)?import_playbook):\s*?.*?$", re.MULTILINE)
#: the same run on the oldest core, if LAB_OLDEST names its programs
CORES = ["", os.environ.get("LAB_OLDEST") or pytest.param("oldest", marks=pytest.mark.skip("LAB_OLDEST names no folder with the oldest ansible-playbook"))]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return clone(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def server(project, shared_tls_server):
    """A real server that presents its own certificate only, and its port."""
    leaf = Pki(project).leaf("www.corp.example")
    return shared_tls_server(leaf.pem, leaf.key_pem)


def audit(project, tmp_path, server, core=""):
    variables = {"audit_endpoints": "127.0.0.1:%d" % server, "audit_trusted_path": str(project / "roots.pem")}
    return play(project, tmp_path, "-i", "localhost,", "-e", json.dumps(variables), "playbooks/audit.yml", core=core)


@pytest.mark.parametrize("core", CORES, ids=["this", "oldest"])
def test_the_audit_of_a_clone_finds_its_own_modules(project, tmp_path, server, core):
    done = audit(project, tmp_path, server, core)
    assert done.returncode == 0 and "CHAIN-INCOMPLETE" in done.stdout, done.stdout + done.stderr


def test_without_the_link_it_would_not(tmp_path, server):
    folder = clone(tmp_path / "project")
    (folder / LINK).unlink()
    done = audit(folder, tmp_path, server)
    assert done.returncode != 0 and "resolve module/action" in done.stdout + done.stderr


def test_every_playbook_of_a_clone_is_read_with_its_roles(project, tmp_path):
    books = sorted(path.relative_to(project).as_posix() for path in project.glob("playbooks/*.yml"))
    done = play(project, tmp_path, "-i", "localhost,", "--syntax-check", *books)
    assert done.returncode == 0 and len(books) > 6, done.stdout + done.stderr


@pytest.mark.parametrize("core", CORES, ids=["this", "oldest"])
@pytest.mark.parametrize("passphrase", ["the passphrase of the CA", ""])
def test_a_job_reads_what_the_credential_of_a_ca_has_put_into_files(project, tmp_path, core, passphrase):
    """As AWX gives it to the job: the variables of the credential and of the template in files, the survey's answers empty."""
    paths = {"certmend_ca_%s_path" % name: str(tmp_path / name) for name in ("certificate", "private_key", "passphrase")}
    (tmp_path / "passphrase").write_text(passphrase + "\n", encoding="utf-8")
    signing = yaml.safe_load((project / "playbooks/vars/awx_setup.yml").read_text(encoding="utf-8"))["setup_signing"]
    for name, variables in {"credential": paths, "template": dict(signing, server_chain_path="/p", server_chain_force="")}.items():
        (tmp_path / name).write_text(json.dumps(variables), encoding="utf-8")
    show = {"hosts": "localhost", "gather_facts": False, "tasks": [{"debug": {"msg": "{{ lookup('certmend.tls.variables', 'server_chain') }}"}}]}
    (project / "playbooks/show").write_text(json.dumps([show]), encoding="utf-8")
    more = ["-e", "@%s" % (tmp_path / "credential"), "-e", "@%s" % (tmp_path / "template")]
    done = play(project, tmp_path, "-i", "localhost,", *more, "playbooks/show", core=core)
    read = json.loads(re.search(r"localhost\] => (\{.*\})\n", done.stdout, re.DOTALL)[1])["msg"]
    assert read["server_chain_signing_ca_path"] == [paths["certmend_ca_certificate_path"]] and read["server_chain_force"] is False
    assert read.get("server_chain_signing_ca_private_key_passphrase", "") == passphrase


def test_awx_lists_every_playbook(project):
    assert all(PLAYBOOK.search(path.read_text(encoding="utf-8")) for path in project.glob("playbooks/*.yml"))


def test_the_link_leads_to_the_top_and_stays_inside(project):
    target = os.readlink(project / LINK)
    assert not os.path.isabs(target) and (project / LINK).resolve() == project.resolve()


def test_nothing_that_looks_at_the_files_follows_the_link(project):
    settings = {name: (project / name).read_text(encoding="utf-8") for name in (".ansible-lint", ".yamllint", "pyproject.toml")}
    assert all("playbooks/collections" in text for text in settings.values())
    assert "playbooks/collections" in yaml.safe_load((project / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]


def test_the_artefact_of_a_clone_has_no_link_and_nothing_behind_it(project, tmp_path):
    command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(tmp_path)]
    subprocess.run(command, cwd=project, env=bare_environment(tmp_path), capture_output=True, check=True)
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        members = archive.getmembers()
    assert [member.name for member in members if member.issym() or member.name.startswith("playbooks/collections")] == []
    assert "playbooks/audit.yml" in {member.name for member in members}
