# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a handshake is verified with, and the handshake. Standard library only: appliances run this."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Union

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import certificate_blocks
from ansible_collections.certmend.tls.plugins.module_utils.appliance.keytool import anchors_pem
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_context import verifying_context
from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.tls_probe import Handshake, ProbeError, probe
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import system_anchors_text
from ansible_collections.certmend.tls.plugins.module_utils.appliance.tls_handshake.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: a handshake, or why there was none
Outcome = Union[Handshake, ProbeError]


@dataclass(frozen=True)
class Anchors:
    """The certificates that are trusted, as PEM text, and their number."""

    pem: str
    count: int


def collect_anchors(options: Options) -> Anchors:
    """Read the certificates that the options name.

    :raises RemediationError: they cannot be read, or there is none.
    """
    blocks = certificate_blocks(_anchors_text(options))
    if not blocks and options.trusts_nothing:
        return Anchors("", 0)
    if not blocks:
        raise RemediationError("%s: contains no certificate" % options.trust_option, "Give the CA's certificate as PEM.")
    return Anchors("\n".join(blocks) + "\n", len(blocks))


def _anchors_text(options: Options) -> str:
    if options.java_keystore is not None:
        return anchors_pem(options.java_keystore, options.trust_option)
    if options.system_store is not None:
        return system_anchors_text(options.system_store, options.trust_option)
    if options.trusted_path is not None:
        return read_file(options.trusted_path, options.trust_option).decode("ascii", "replace")
    return options.trusted_content or ""


def shake_hands(options: Options, anchors: Anchors) -> Outcome:
    """Make the handshake.

    :raises RemediationError: OpenSSL cannot read the anchors.
    """
    try:
        context = verifying_context(anchors.pem)
    except (ssl.SSLError, ValueError) as error:
        raise RemediationError(
            "%s: OpenSSL cannot read the certificates: %s" % (options.trust_option, getattr(error, "reason", None) or error),
            "Give valid certificates as PEM.",
        ) from error
    try:
        return probe(options.host, options.port, options.name, options.address, options.timeout, context)
    except ProbeError as error:
        return error
