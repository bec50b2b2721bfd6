# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What OpenManage Enterprise answers, word for word. Standard library only.

The texts are those of Dell's article on the certificate chain that a migration needs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """One refusal.

    :param message_id: as in ``@Message.ExtendedInfo``; empty where the article gives none.
    :param argument: the first of its ``MessageArgs``, which says more than the message.
    """

    message_id: str
    message: str
    argument: str = ""

    def __str__(self) -> str:
        told = ": ".join(part for part in (self.message_id, self.message) if part)
        return "%s (%s)" % (told, self.argument) if self.argument else told


ERROR = "Unable to process the request because an error occurred."

KEY = Answer("CGEN1008", ERROR, "Invalid CSR key.")
CHAIN = Answer("CGEN1008", ERROR, "Invalid certificate chain provided.")
PURPOSES = Answer("CGEN1008", ERROR, "No Client/Server authentication EKU present in leaf certificate.")
ENCIPHERMENT = Answer("CGEN1008", ERROR, "User Certificate is not a web server certificate.")
FILE = Answer("CSEC9002", "Unable to upload the certificate because the certificate file provided is invalid.")
NAME = Answer("CGEN6002", "Unable to complete the request because the input value for DistinguishedName is missing or an invalid value is entered.")
#: told not at the upload but when a migration verifies the connection of its two appliances
MUTUAL = Answer(
    "",
    "Unable to mutually authenticate and connect to the remote appliance. Please check the source and target appliances has valid "
    "certificate chain uploaded which are signed by the same CA.",
)

#: those of an upload
UPLOAD = (FILE, KEY, CHAIN, NAME, PURPOSES, ENCIPHERMENT)
