# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of modules that connect to a service over HTTPS: where it is, how its certificate is verified, and the account."""

from __future__ import annotations


class ModuleDocFragment:
    """The documentation of CONNECTION_SPEC (module_utils/appliance/net/connection_spec.py). Modules describe C(hostname) themselves."""

    DOCUMENTATION = r"""
options:
  port:
    description: The TCP port of the service on O(hostname).
    type: int
    default: 443
  username:
    description: The account to sign in with. Only needed if something changes.
    type: str
  password:
    description: The password of O(username).
    type: str
  trusted_path:
    description:
      - A PEM file with the CA certificates that verify the server's certificate.
      - The default is the trust store of the system that runs the module.
    type: path
    aliases: [ca_path]
  trusted_content:
    description: The CA certificates that verify the server's certificate, as PEM text, for example from P(certmend.tls.certificates#lookup).
    type: str
    version_added: 0.5.0
    aliases: [ca_content]
  server_fingerprint:
    description:
      - SHA-256 fingerprints, one of which the server's certificate must have, instead of verification by a CA.
      - Use it if no known CA issued the server's certificate, for example before the first replacement of a self-signed one.
        Compare the fingerprint on the console of the appliance first.
    type: list
    elements: str
  validate_certs:
    description:
      - Whether the server's certificate must be valid.
      - If it is false and O(server_fingerprint) is not set, the identity of the server is not verified. Credentials would go to any server at this
        address.
    type: bool
    default: true
"""
