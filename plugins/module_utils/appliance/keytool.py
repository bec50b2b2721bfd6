# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Java keystores, through the platform's keytool. The password appears on no command line and in no message.

Standard library only: appliances run this.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from functools import partial
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import check_regular
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import certificate_blocks
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.programs import run_program

#: the argument specification of an option that names a keystore (doc fragment ``keystore``)
KEYSTORE_SPEC: Dict[str, Any] = dict(
    type="dict", no_log=False, options=dict(path=dict(type="path", required=True), password_file=dict(type="path", no_log=False))
)
#: the password with which every JRE ships its cacerts
DEFAULT_PASSWORD = "changeit"
TIMEOUT_SECONDS = 60
#: where Java is installed on appliances that do not have it on the PATH
FOLDERS = ("/usr/bin", "/usr/local/bin", "/etc/alternatives/jre/bin", "/usr/lib/jvm/default-java/bin")
#: messages in English, and half the time of a start: a run of keytool is too short for the JVM's optimiser; other JVMs ignore what they do not know
JVM = ("-J-Duser.language=en", "-J-XX:+IgnoreUnrecognizedVMOptions", "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC")
ALIAS = re.compile(r"^Alias name: (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Keystore:
    """A keystore file and the file with its password.

    :param password_file: its first line is the password; None: the default password of cacerts.
    """

    path: str
    password_file: Optional[str] = None

    def password_arguments(self) -> Tuple[List[str], Dict[str, str]]:
        """The arguments that hand keytool the password, and the environment variables that they refer to."""
        if self.password_file:
            return ["-storepass:file", self.password_file], {}
        return ["-storepass:env", "CERTMEND_STOREPASS"], {"CERTMEND_STOREPASS": DEFAULT_PASSWORD}


def keytool() -> str:
    """The path of the program.

    :raises RemediationError: this host has no Java.
    """
    path = shutil.which("keytool") or shutil.which("keytool", path=os.pathsep.join(FOLDERS))
    if not path:
        raise RemediationError(
            "keystore: keytool was not found on this host (searched the PATH and %s)" % ", ".join(FOLDERS),
            "Run the task on the host whose Java uses the keystore, or add the bin folder of Java to the PATH.",
        )
    return path


def run(keystore: Keystore, *arguments: str, option: str = "keystore", stdin: str = "") -> str:
    """Run keytool on a keystore and return its output.

    :param option: the module's option that names the keystore, for messages.
    :raises RemediationError: keytool failed; a wrong password has a message of its own.
    """
    password, environment = keystore.password_arguments()
    command = [keytool(), *JVM, *arguments, "-keystore", keystore.path, *password]
    try:
        done = run_program(command, TIMEOUT_SECONDS, stdin, environment)
    except TimeoutError:
        message = "%s: keytool on %s did not end within %d seconds" % (option, keystore.path, TIMEOUT_SECONDS)
        raise RemediationError(message, "Check the load of the host.") from None
    if done.status:
        raise _failure(keystore, option, done.all_output)
    return done.output


def _failure(keystore: Keystore, option: str, text: str) -> RemediationError:
    if "password was incorrect" in text or "password verification failed" in text:
        source = "%s.password_file (%s)" % (option, keystore.password_file or "not set: the default password was tried")
        return RemediationError("%s: wrong password for the keystore %s" % (source, keystore.path), "Give a file whose first line is the password.")
    lines = [line for line in text.splitlines() if line.strip()]
    return RemediationError("%s: keytool on %s failed: %s" % (option, keystore.path, " ".join(lines[:2])), "See keytool's message.")


def check_files(keystore: Keystore, option: str = "keystore") -> None:
    """Report a missing file by the name of its option, which keytool's messages do not contain; and a FIFO, for whose writer keytool would wait.

    :raises RemediationError: with every file that does not exist or cannot be read.
    """
    errors: List[RemediationError] = []
    for name, path in (("path", keystore.path), ("password_file", keystore.password_file)):
        if path is not None:
            attempt(errors, partial(check_regular, path, "%s.%s" % (option, name)))
    raise_all(errors)


@dataclass(frozen=True)
class KeystoreEntry:
    """An entry of a keystore: a trusted certificate, or a private key with its chain.

    :param certificates: as PEM.
    """

    alias: str
    trusted: bool
    certificates: Tuple[str, ...]


def read_entries(keystore: Keystore, option: str = "keystore") -> List[KeystoreEntry]:
    """All the entries of a keystore."""
    check_files(keystore, option)
    parts = ALIAS.split(run(keystore, "-list", "-rfc", option=option))
    return [KeystoreEntry(alias, "trustedCertEntry" in text, tuple(certificate_blocks(text))) for alias, text in zip(parts[1::2], parts[2::2])]


def anchors_pem(keystore: Keystore, option: str = "keystore") -> str:
    """The certificates of a keystore that a Java client trusts, as PEM text.

    Of an entry with a private key, only the first certificate counts, not the chain above it, as in the trust manager of the JDK.
    """
    return "\n".join(pem for entry in read_entries(keystore, option) for pem in entry.certificates[:1]) + "\n"
