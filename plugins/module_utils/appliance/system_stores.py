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
    :param sources: folders with the anchors that come with the operating system, which the command puts into the bundle as well.
    :param hash_links: whether programs find an anchor in the folder by a link with the hash of its subject (openssl-rehash(1)). The command makes
        the links, and the bundle of the files that have ``extension``.
    """

    folder: str
    extension: str
    extensions: Tuple[str, ...]
    bundle: str
    after_adding: Tuple[str, ...]
    after_removing: Tuple[str, ...]
    sources: Tuple[str, ...] = ()
    hash_links: bool = False


LAYOUTS = {
    "debian": Layout(
        "/usr/local/share/ca-certificates",
        ".crt",
        (".crt",),
        "/etc/ssl/certs/ca-certificates.crt",
        ("update-ca-certificates",),
        ("update-ca-certificates", "--fresh"),
        ("/usr/share/ca-certificates",),
    ),
    "redhat": Layout(
        "/etc/pki/ca-trust/source/anchors",
        ".pem",
        ("",),
        "/etc/pki/tls/certs/ca-bundle.crt",
        ("update-ca-trust", "extract"),
        ("update-ca-trust", "extract"),
        ("/usr/share/pki/ca-trust-source",),
    ),
    "suse": Layout(
        "/etc/pki/trust/anchors",
        ".pem",
        ("",),
        "/etc/ssl/ca-bundle.pem",
        ("update-ca-certificates",),
        ("update-ca-certificates",),
        ("/usr/share/pki/trust",),
    ),
    "photon": Layout(
        "/etc/ssl/certs",
        ".pem",
        (".pem", ".crt"),
        "/etc/pki/tls/certs/ca-bundle.crt",
        ("rehash_ca_certificates.sh",),
        ("rehash_ca_certificates.sh",),
        hash_links=True,
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
