# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Galaxy and ansible-doc read about a role: since when it exists, where it runs, and which of its options are secret."""

from __future__ import annotations

import re

import pytest
import yaml

from ansible_collections.certmend.tls.tests.support.source import ROOT

ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())
#: the last part of the name of an option whose value is a secret
SECRET = re.compile(r"(?:^|[._])(?:password|passphrase|token|secret|private_key|private_key_content|content_base64)$")


def read(*names):
    return yaml.safe_load(ROOT.joinpath(*names).read_text(encoding="utf-8"))


def entries(role):
    """The entry points of a role, by their names."""
    return read("roles", role, "meta/argument_specs.yml")["argument_specs"]


def options_of(specification, prefix=""):
    """All options of an entry point, those of dictionaries too: (name with those above it, option)."""
    for name, option in specification.get("options", {}).items():
        yield prefix + name, option
        yield from options_of(option, prefix + name + ".")


def number(version):
    return tuple(int(part) for part in version.split("."))


def releases():
    """The versions that were released, and the next one, in which new options appear."""
    found = sorted(number(version) for version in read("changelogs/changelog.yaml")["releases"])
    major, minor, _patch = found[-1]
    return [*found, (major, minor + 1, 0), (major + 1, 0, 0)]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_says_where_it_runs(role):
    information = read("roles", role, "meta/main.yml")["galaxy_info"]
    assert information["author"] and information["description"] and information["license"] == read("galaxy.yml")["license"][0]
    assert information["platforms"] and all(platform["versions"] for platform in information["platforms"])
    assert ">=%s.0" % information["min_ansible_version"] == read("meta/runtime.yml")["requires_ansible"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_and_its_later_options_say_since_when_they_exist(role):
    for entry in entries(role).values():
        since = number(entry["version_added"])
        assert since in releases()
        later = [number(option["version_added"]) for _name, option in options_of(entry) if "version_added" in option]
        assert all(version > since and version in releases() for version in later)


@pytest.mark.parametrize("role", ROLES)
def test_a_secret_option_of_a_role_is_not_logged(role):
    shown = [name for entry in entries(role).values() for name, option in options_of(entry) if SECRET.search(name) and option.get("no_log") is not True]
    assert shown == []


@pytest.mark.parametrize("name", ["pins_password", "a_private_key_content", "a_ca_private_key_passphrase", "api_token", "stores.password", "secret"])
def test_a_secret_is_known_by_its_name(name):
    assert SECRET.search(name) and not SECRET.search(name + "_path")
