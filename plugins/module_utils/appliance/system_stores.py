# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where families of systems keep their trust store. Standard library only: appliances run this."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import files_in, read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

OS_RELEASE = "/etc/os-release"


@dataclass(frozen=True)
class Layout:
    """Where a family of systems keeps added anchors, and which command makes programs trust them.

    :param folder: contains a PEM file for each added anchor.
    :param extension: of the files that the module adds.
    :param extensions: of the files that the command reads.
    :param bundle: the file that programs read; empty if they read the folder itself.
    """

    folder: str
    extension: str
    extensions: Tuple[str, ...]
    bundle: str
    after_adding: Tuple[str, ...]
    after_removing: Tuple[str, ...]


LAYOUTS = {
    "debian": Layout(
        "/usr/local/share/ca-certificates",
        ".crt",
        (".crt",),
        "/etc/ssl/certs/ca-certificates.crt",
        ("update-ca-certificates",),
        ("update-ca-certificates", "--fresh"),
    ),
    "redhat": Layout(
        "/etc/pki/ca-trust/source/anchors",
        ".pem",
        ("",),
        "/etc/pki/tls/certs/ca-bundle.crt",
        ("update-ca-trust", "extract"),
        ("update-ca-trust", "extract"),
    ),
    "suse": Layout(
        "/etc/pki/trust/anchors",
        ".pem",
        ("",),
        "/etc/ssl/ca-bundle.pem",
        ("update-ca-certificates",),
        ("update-ca-certificates",),
    ),
    "photon": Layout(
        "/etc/ssl/certs",
        ".pem",
        (".pem", ".crt"),
        "",
        ("rehash_ca_certificates.sh",),
        ("rehash_ca_certificates.sh",),
    ),
}
FAMILIES = {"ubuntu": "debian", "rhel": "redhat", "fedora": "redhat", "centos": "redhat", "sles": "suse", "opensuse": "suse"}


def layout_of(store: str, option: str = "store") -> Layout:
    """The layout of a store.

    :param store: ``auto``, or a family of systems.
    :param option: the module's option that named the store, for messages.
    :raises RemediationError: this system has no such store.
    """
    if store == "auto":
        store = family_of(read_file(OS_RELEASE, option).decode("utf-8", "replace"), option)
    layout = LAYOUTS[store]
    if not os.path.isdir(layout.folder):
        raise RemediationError("%s: %s does not exist" % (option, layout.folder), "Install ca-certificates, or name another store.")
    return layout


def family_of(os_release: str, option: str = "store") -> str:
    """The family of a system.

    :param os_release: its file os-release(5).
    :raises RemediationError: no family is known for it.
    """
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    identifiers = (fields.get("ID", "") + " " + fields.get("ID_LIKE", "")).replace('"', " ").split()
    for identifier in identifiers:
        family = FAMILIES.get(identifier, identifier)
        if family in LAYOUTS:
            return family
    choices = sorted(LAYOUTS) + (["java"] if option == "store" else [])
    raise RemediationError(
        "%s: auto does not support this system (%s)" % (option, " ".join(identifiers) or "no ID in %s" % OS_RELEASE),
        "Set %s to one of %s." % (option, ", ".join(choices)),
    )


def system_anchors_text(store: str, option: str) -> str:
    """The certificates that the programs of this system trust, as text with PEM blocks.

    :raises RemediationError: this system has no such store, or it cannot be read.
    """
    layout = layout_of(store, option)
    paths = [layout.bundle] if layout.bundle else [path for path in files_in(layout.folder, option) if path.endswith(layout.extensions)]
    return "\n".join(read_file(path, option).decode("ascii", "replace") for path in paths)
