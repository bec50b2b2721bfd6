# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name the trust anchors of the clients."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of TRUST_SOURCES_SPEC (module_utils/x509/path/pool_sources.py)."""

    DOCUMENTATION = r"""
options:
  trusted_path:
    description: Files or folders with the CA certificates that the clients trust, in any form that M(certmend.tls.cert_inspect) reads.
    type: list
    elements: path
    aliases: [trusted]
  trusted_content:
    description: CA certificates that the clients trust, as text. They are used in addition to those of O(trusted_path).
    type: str
  trust_system:
    description: Whether the CA certificates that OpenSSL trusts on this machine are trusted too.
    type: bool
    default: false
"""
