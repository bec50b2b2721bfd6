# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages with which OpenManage Enterprise refuses a certificate, word for word. Standard library only.

The texts are those of Dell's article on the certificate chain that a migration needs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OmeMessage:
    """A message of the appliance.

    :param message_id: ``MessageId`` in ``@Message.ExtendedInfo``; empty if the article gives none.
    :param argument: the first of its ``MessageArgs``, which is more specific than the message; empty if the article gives none.
    """

    message_id: str
    message: str
    argument: str = ""

    def __str__(self) -> str:
        text = ": ".join(part for part in (self.message_id, self.message) if part)
        return "%s (%s)" % (text, self.argument) if self.argument else text


ERROR = "Unable to process the request because an error occurred."

KEY = OmeMessage("CGEN1008", ERROR, "Invalid CSR key.")
CHAIN = OmeMessage("CGEN1008", ERROR, "Invalid certificate chain provided.")
PURPOSES = OmeMessage("CGEN1008", ERROR, "No Client/Server authentication EKU present in leaf certificate.")
ENCIPHERMENT = OmeMessage("CGEN1008", ERROR, "User Certificate is not a web server certificate.")
FILE = OmeMessage("CSEC9002", "Unable to upload the certificate because the certificate file provided is invalid.")
NAME = OmeMessage("CGEN6002", "Unable to complete the request because the input value for DistinguishedName is missing or an invalid value is entered.")
#: the answer not to an upload, but to a migration that verifies the connection of its two appliances
MUTUAL = OmeMessage(
    "",
    "Unable to mutually authenticate and connect to the remote appliance. Please check the source and target appliances has valid "
    "certificate chain uploaded which are signed by the same CA.",
)

#: the answers to an upload
UPLOAD = (FILE, KEY, CHAIN, NAME, PURPOSES, ENCIPHERMENT)
