# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict of other verifiers on a finished chain: cryptography's and OpenSSL's.

cryptography's verifier is asked first, if it is new enough. It follows the rules of the web PKI and refuses much that private CAs do (no
subject alternative name, no key identifiers), so OpenSSL is asked if it refuses.
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import tempfile
from dataclasses import asdict, dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import as_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.programs import run_program
from ansible_collections.certmend.tls.plugins.module_utils.x509.backend import verifier, x509
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pem
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.extensions import reason_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.builder import Path
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.requirements import ANY, CLIENT, SERVER, Requirements

SECONDS = 20
OPENSSL = "openssl verify"
#: what it says of the certificate at a depth of the path, the leaf's being 0
ERROR = re.compile(r"^error \d+ at (\d+) depth lookup: *(.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Judgement:
    """The verdict of one verifier; ``reason`` is its own message if it refuses."""

    judge: str
    accepted: bool
    reason: str = ""

    def as_dict(self) -> Dict[str, Any]:
        """The shape that modules return."""
        return asdict(self)


Judge = Callable[[Sequence[Certificate], Certificate, Requirements, str], Optional[Judgement]]


def judgements(chain: Sequence[Certificate], anchor: Certificate, requirements: Requirements, name: str) -> List[Judgement]:
    """Ask the verifiers that are installed, until one accepts.

    :param chain: leaf first, with or without the anchor.
    :param name: the name by which clients connect; empty: any name of the leaf.
    """
    asked: List[Judgement] = []
    if chain[0].is_ca:  # the rules for end entities do not fit the chain of a CA
        requirements = Requirements(requirements.at, ANY)
    below = [*chain[:1], *_between(chain, anchor)]
    for judge in (by_cryptography, by_openssl):
        judgement = judge(below, anchor, requirements, name)
        if judgement:
            asked.append(judgement)
            if judgement.accepted:
                break
    return asked


def by_cryptography(chain: Sequence[Certificate], anchor: Certificate, requirements: Requirements, name: str) -> Optional[Judgement]:
    """cryptography's verifier; None if it is too old, or does not support the purpose."""
    subject = _subject(chain[0], name)
    verification, release = verifier()
    if verification is None or requirements.purpose not in (SERVER, CLIENT) or (subject is None and requirements.purpose == SERVER):
        return None
    judge = "cryptography %s" % release
    try:
        builder = verification.PolicyBuilder().store(verification.Store([anchor.x509]))
        if requirements.at:
            builder = builder.time(requirements.at.replace(tzinfo=None))
        builder = builder.max_chain_depth(len(chain))
        made = builder.build_server_verifier(subject) if requirements.purpose == SERVER else builder.build_client_verifier()
        made.verify(chain[0].x509, [certificate.x509 for certificate in chain[1:]])
    except Exception as error:  # VerificationError, and ValueError or UnsupportedAlgorithm for what it cannot read
        return Judgement(judge, False, reason_of(error))
    return Judgement(judge, True)


def _subject(leaf: Certificate, name: str) -> Any:
    """The name to verify in the library's form: the given one, or one that the leaf has."""
    names = [name] if name else [entry.replace("*", "any") for entry in leaf.dns_names[:1]] + list(leaf.ip_addresses[:1])
    if not names:
        return None
    address = as_address(names[0])
    try:
        return x509.IPAddress(address) if address else x509.DNSName(names[0])
    except ValueError:
        return None


def openssl_refusal(path: Path, at: datetime.datetime, name: str, strict: bool) -> str:
    """Why OpenSSL would not connect to a server with this path; empty if it would, or if it is not installed.

    :param path: a path with an anchor.
    :param name: as for ``judgements``.
    :param strict: as for ``by_openssl``.
    """
    if path.anchor is None:
        return ""
    told = by_openssl([*path.certificates[:1], *_between(path.certificates, path.anchor)], path.anchor, Requirements(at, SERVER), name, strict)
    return "" if told is None or told.accepted else told.reason


def _between(certificates: Sequence[Certificate], anchor: Certificate) -> List[Certificate]:
    return [certificate for certificate in certificates[1:] if certificate != anchor]


def by_openssl(chain: Sequence[Certificate], anchor: Certificate, requirements: Requirements, name: str, strict: bool = False) -> Optional[Judgement]:
    """The openssl command; None if it is not installed, or cannot be started.

    :param strict: with X509_STRICT: more is asked of the certificates than a client needs to verify them (docs/adr/0016-one-strictness.md).
    """
    program = shutil.which("openssl")
    if not program:
        return None
    command = [program, "verify", "-partial_chain", *(["-x509_strict"] if strict else [])]
    command += {SERVER: ["-purpose", "sslserver"], CLIENT: ["-purpose", "sslclient"]}.get(requirements.purpose, [])
    command += _moment(requirements.at, [*chain, anchor])
    if name:
        address = as_address(name)
        command += ["-verify_ip", str(address)] if address else ["-verify_hostname", to_ascii(name)]
    with tempfile.TemporaryDirectory(prefix="certmend-") as folder:
        files = {"-trusted": [anchor], "-untrusted": chain[1:], "": chain[:1]}
        for index, (option, certificates) in enumerate(files.items()):
            path = os.path.join(folder, "%d.pem" % index)
            with open(path, "w", encoding="ascii") as handle:
                handle.write("".join(pem(certificate.der) for certificate in certificates))
            if certificates:
                command += [option, path] if option else [path]
        return _judgement(command, [*chain, anchor] if strict else [])


def _moment(at: Optional[datetime.datetime], certificates: Sequence[Certificate]) -> List[str]:
    """The last second belongs to the validity (RFC 5280 section 4.1.2.5). OpenSSL leaves it out, and is asked about the second before."""
    if at is None:
        return []
    last = any(certificate.not_after == at.replace(microsecond=0) for certificate in certificates)
    return ["-attime", str(int(at.timestamp()) - last)]


def _judgement(command: List[str], named: Sequence[Certificate]) -> Optional[Judgement]:
    """Run openssl.

    :param named: the path, if the reasons shall name its certificates; OpenSSL then has a reason for each thing that they lack.
    """
    try:
        done = run_program(command, SECONDS)
    except TimeoutError:
        return Judgement(OPENSSL, False, "it came to no verdict within %d seconds" % SECONDS)
    except OSError:
        return None
    if done.status == 0:
        return Judgement(OPENSSL, True)
    reasons: Dict[str, List[str]] = {}
    for depth, reason in ERROR.findall(done.all_output):
        about = "%s: " % (named[int(depth)].subject or "the certificate") if int(depth) < len(named) else ""
        reasons.setdefault(about, []).append(reason)
    told = "; ".join(about + (", " if about else "; ").join(texts) for about, texts in reasons.items())
    return Judgement(OPENSSL, False, told or done.all_output.strip()[:200])
