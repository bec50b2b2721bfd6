# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the controller itself knows for a record: who runs it, and with which releases."""

from __future__ import annotations

import json
import os
import platform
import pwd
from importlib import metadata
from typing import Dict

import yaml

from ansible_collections.certmend.tls.plugins.plugin_utils.descriptions import COLLECTION


def user() -> str:
    """The user of this process; its number if it has no name, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def versions(ansible: str) -> Dict[str, str]:
    """The releases that the run depends on.

    :param ansible: the release of ansible-core.
    """
    found = {"certmend.tls": _collection(), "ansible-core": ansible, "python": platform.python_version()}
    for package in ("cryptography", "jinja2"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = ""
    return found


def _collection() -> str:
    """An installed collection has MANIFEST.json, a checkout galaxy.yml."""
    manifest = os.path.join(COLLECTION, "MANIFEST.json")
    if os.path.exists(manifest):
        with open(manifest, encoding="utf-8") as stream:
            return str(json.load(stream)["collection_info"]["version"])
    with open(os.path.join(COLLECTION, "galaxy.yml"), encoding="utf-8") as stream:
        return str(yaml.safe_load(stream)["version"])
