# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Java keystores, through the platform's keytool. The password never stands on a command line or in a message.

Standard library only: appliances run this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import PEM
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError

#: what every JRE ships its cacerts with
USUAL_PASSWORD = "changeit"
SECONDS = 60
ALIAS = re.compile(r"^Alias name: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Keystore:
    """A keystore file and where its password lies.

    :param password_file: its first line is the password; None: the usual one of cacerts.
    """

    path: str
    password_file: Optional[str] = None

    def password_arguments(self) -> Tuple[List[str], dict]:
        """How keytool is told the password, and the environment for it."""
        if self.password_file:
            return ["-storepass:file", self.password_file], {}
        return ["-storepass:env", "CERTMEND_STOREPASS"], {"CERTMEND_STOREPASS": USUAL_PASSWORD}


def keytool() -> str:
    """The program.

    :raises RemediationError: there is no Java here.
    """
    places = ["/usr/bin", "/usr/local/bin", "/etc/alternatives/jre/bin", "/usr/lib/jvm/default-java/bin"]
    found = shutil.which("keytool") or shutil.which("keytool", path=os.pathsep.join(places))
    if not found:
        raise RemediationError(
            "keystore: there is no keytool on this host (looked on the PATH and in %s)" % ", ".join(places),
            "Run the task where the Java of the keystore is, or put its bin folder on the PATH.",
        )
    return found


def run(keystore: Keystore, *arguments: str, option: str = "keystore", stdin: str = "") -> str:
    """Run keytool on a keystore and return what it prints.

    :raises RemediationError: keytool failed; a wrong password is told as such.
    """
    secret, environment = keystore.password_arguments()
    command = [keytool(), "-J-Duser.language=en", *arguments, "-keystore", keystore.path, *secret]
    try:
        done = subprocess.run(
            command,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
            env=dict(os.environ, **environment),
        )
    except subprocess.TimeoutExpired:
        raise RemediationError("%s: keytool did not end within %d s" % (option, SECONDS), "Look at the host.") from None
    if done.returncode:
        raise _failure(keystore, option, done.stdout + done.stderr)
    return done.stdout


def _failure(keystore: Keystore, option: str, text: str) -> RemediationError:
    if "password was incorrect" in text or "password verification failed" in text:
        where = "%s.password_file (%s)" % (option, keystore.password_file or "not given: the usual one was tried")
        return RemediationError(
            "%s: this is not the password of %s" % (where, keystore.path), "Give the file whose first line is the password."
        )
    lines = [line for line in text.splitlines() if line.strip()]
    return RemediationError("%s: keytool on %s: %s" % (option, keystore.path, " ".join(lines[:2])), "See keytool's message.")


def check_files(keystore: Keystore, option: str = "keystore") -> None:
    """Say which file is missing before keytool says it in its own way.

    :raises RemediationError: a file cannot be read, or the password file is empty.
    """
    for name, path in (("path", keystore.path), ("password_file", keystore.password_file)):
        if path is not None and not os.access(path, os.R_OK):
            reason = "is not readable" if os.path.exists(path) else "does not exist"
            raise RemediationError("%s.%s: %s %s" % (option, name, path, reason), "Check the path, and become root.")


@dataclass(frozen=True)
class Entry:
    """An entry of a keystore: a trusted certificate, or a key with its chain."""

    alias: str
    trusted: bool
    certificates: Tuple[str, ...]


def entries(keystore: Keystore, option: str = "keystore") -> List[Entry]:
    """All the entries; certificates as PEM."""
    check_files(keystore, option)
    parts = ALIAS.split(run(keystore, "-list", "-rfc", option=option))
    return [Entry(alias, "trustedCertEntry" in text, tuple(PEM.findall(text))) for alias, text in zip(parts[1::2], parts[2::2])]


def anchors_pem(keystore: Keystore, option: str = "keystore") -> str:
    """What a Java client trusts of a keystore, as PEM text.

    Of an entry with a key that is its own certificate, and not the chain behind it: so does the trust manager of the JDK.
    """
    return "\n".join(pem for entry in entries(keystore, option) for pem in entry.certificates[:1]) + "\n"
