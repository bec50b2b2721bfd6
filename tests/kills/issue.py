# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cert_issue: for each provider that writes files, the files in which key and certificate must belong together."""

from __future__ import annotations

import re
from typing import Any, Dict, List

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from ansible_collections.certmend.tls.tests.kills.case import FilesCase, mode_of
from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL
from ansible_collections.certmend.tls.tests.support.run import run_in_process

FQDN = "depot.corp.example"


class CertIssue(FilesCase):
    """A certificate that ends soon gets a successor with a new key: the key, the certificate, and both in one file."""

    module, variant, watched = "cert_issue", "own_ca", ["tls.key", "tls.pem", "both.pem"]

    def prepare(self) -> None:
        self.ca = mint.authority("Corp CA", **REAL.days())
        self.former = mint.mint(FQDN, dns=[FQDN], issuer=self.ca, key=mint.new_key(), **REAL.days(ends=5))

    def write_old(self) -> None:
        key, chain = self.former.key_pem, self.former.pem
        for name, content, mode in (("tls.key", key, 0o600), ("tls.pem", chain, 0o644), ("both.pem", key + chain, 0o600)):
            (self.estate / name).write_text(content, encoding="ascii")
            (self.estate / name).chmod(mode)

    def options(self) -> Dict[str, Any]:
        paths = {"private_key_path": "tls.key", "certificate_path": "tls.pem", "combined_path": "both.pem"}
        files = {option: str(self.estate / name) for option, name in paths.items()}
        authority = {"provider": "own_ca", "signing_ca_content": self.ca.pem, "signing_ca_private_key_content": self.ca.key_pem}
        return dict(files, **authority, fqdn=FQDN, reuse_key=False, valid_days=60)

    def readable(self, name: str) -> Any:
        """Whose certificates are there, and whether key and certificate belong together, also across the files."""
        content = self.content(name) or b""
        names = [each.subject.rfc4514_string() for each in certificates_in(content)]
        key = load_pem_private_key(content, None).public_key() if b"PRIVATE KEY" in content else None
        leaf = certificates_in(self.content("tls.pem") or b"")[0]
        return names, key is None or spki(key) == spki(leaf.public_key()), leaf != self.former.x509


class CertIssueElsewhere(CertIssue):
    """The same if the CA has its key elsewhere: the key waits beside its file, and is installed with the certificate."""

    variant = "signed elsewhere"

    def options(self) -> Dict[str, Any]:
        return {name: value for name, value in super().options().items() if name != "signing_ca_private_key_content"}

    def fresh(self) -> None:
        super().fresh()
        self.answer = self.signed(self.ask("csr", self.opened)["csr"])
        self.begun = self.traces()

    def params(self) -> Dict[str, Any]:
        return dict(super().params(), certificate_content=self.answer)

    def run(self, number: int) -> Dict[str, Any]:
        """As the role: the request, if a certificate is due; then the certificate for it, or what else is missing."""
        opened = self.journal("opened", number, lost_run="run%d" % (number - 1))["path"]
        result = self.ask("csr", opened)
        if not result.get("failed"):
            result = self.ask("own_ca", opened, certificate_content=self.signed(result["csr"]) if result["csr"] else "")
        return result if result.get("failed") else dict(self.journal("proved", number), **result)

    def ask(self, provider: str, journal: str, **more: Any) -> Dict[str, Any]:
        """One of the module's two tasks."""
        return run_in_process(self.module, dict(self.options(), journal=journal, backup=False, provider=provider, **more))

    def signed(self, request: str) -> str:
        """What the CA answers."""
        given = {"provider": "own_ca", "fqdn": FQDN, "request_content": request, "as_requested": True, "valid_days": 60}
        return run_in_process(self.module, dict(given, signing_ca_content=self.ca.pem, signing_ca_private_key_content=self.ca.key_pem))["certificate"]["pem"]


class CertIssueAlone(CertIssue):
    """The module without a journal, with backups beside the files."""

    variant = "own_ca, no journal"

    def params(self) -> Dict[str, Any]:
        return self.options()

    def run(self, number: int) -> Dict[str, Any]:
        return run_in_process(self.module, self.options())

    def picture(self) -> Dict[str, Any]:
        return {name: (mode_of(self.estate / name), self.readable(name)) for name in self.watched}

    def torn(self) -> List[str]:
        torn = [name for name in self.watched if self.content(name) != self.old[name][1] and not self.is_whole(name)]
        return ["%s is neither the old file nor a whole one" % name for name in torn]

    def is_whole(self, name: str) -> bool:
        """Whether a file consists of PEM blocks that can be read: the key, the certificates, or both."""
        content = self.content(name) or b""
        keys = [load_pem_private_key(block, None) for block in blocks_in(content) if b"PRIVATE KEY" in block]
        wanted = (int(name != "tls.pem"), int(name != "tls.key"))
        return b"".join(blocks_in(content)) == content and (len(keys), min(len(certificates_in(content)), 1)) == wanted

    def undone(self) -> List[str]:
        """Of each file that was changed, one of the backups is the old file; another one may be what the killed run wrote."""
        kept = {name: [path.read_bytes() for path in self.estate.glob(".%s.*.bak" % name)] for name in self.watched}
        changed = [name for name in self.watched if self.content(name) != self.old[name][1]]
        return ["no backup is the old %s" % name for name in changed if self.old[name][1] not in kept[name]]


class CertIssueRequest(CertIssueAlone):
    """A request for another CA, with a new key that waits beside the one in use, which stays."""

    variant = "csr"

    def options(self) -> Dict[str, Any]:
        given = {name: value for name, value in super().options().items() if not name.startswith(("ca_", "combined"))}
        return dict(given, provider="csr", csr_path=str(self.estate / "tls.csr"))

    def picture(self) -> Dict[str, Any]:
        request = x509.load_pem_x509_csr(self.content("tls.csr") or b"")
        waiting = load_pem_private_key(self.content("tls.key.next") or b"", None)
        modes = {name: mode_of(self.estate / name) for name in self.names()}
        return dict(modes, together=spki(request.public_key()) == spki(waiting.public_key()), asked=request.subject.rfc4514_string())

    def torn(self) -> List[str]:
        wrong = ["%s was changed" % name for name in self.watched if self.found()[name] != self.old[name]]
        request, waiting = self.content("tls.csr"), self.content("tls.key.next")
        if request is not None and request != x509.load_pem_x509_csr(request).public_bytes(Encoding.PEM):
            wrong.append("the request is not whole")
        if waiting is not None and waiting.decode("ascii") != mint.key_pem(load_pem_private_key(waiting, None)):
            wrong.append("the key of the request is not whole")
        return wrong if waiting is not None or request is None else [*wrong, "there is a request, and its key is lost"]

    def progress(self) -> str:
        made = [self.content(name) is not None for name in ("tls.csr", "tls.key.next")]
        return "complete" if all(made) else "in between" if any(made) or self.left_over() else "as before"

    def left_over(self) -> List[str]:
        """The key waits until the certificate is imported."""
        return [line for line in super().left_over() if "/tls.key.next " not in line]


class CertIssueImport(CertIssue):
    """The certificate of another CA is imported, together with the key that waited for it."""

    variant = "import"

    def options(self) -> Dict[str, Any]:
        given = {name: value for name, value in super().options().items() if not name.startswith("signing_ca_")}
        return dict(given, provider="import", certificate_content=self.answer, trusted_content=self.ca.pem)

    def fresh(self) -> None:
        self.answer = ""
        super().fresh()
        asked = {name: value for name, value in self.options().items() if name not in ("certificate_content", "trusted_content", "combined_path")}
        result = run_in_process(self.module, dict(asked, provider="csr", csr_path=str(self.estate / "tls.csr")))
        request = x509.load_pem_x509_csr(result["csr"].encode("ascii"))
        self.answer, self.key = mint.sign(request, FQDN, self.ca, dns=[FQDN], **REAL.days(ends=60)).pem, spki(request.public_key())
        self.begun = self.traces()

    def torn(self) -> List[str]:
        """The key of the request may be in its own file, or in use, or both; it is never lost."""
        contents = [content for content in map(self.content, ("tls.key", "tls.key.next")) if content is not None]
        there = any(spki(load_pem_private_key(content, None).public_key()) == self.key for content in contents)
        return [*super().torn(), *([] if there else ["the key of the request is lost"])]


def blocks_in(content: bytes) -> List[bytes]:
    """The PEM blocks of a file, as they are written here."""
    return re.findall(b"-----BEGIN [A-Z ]+-----\n.+?-----END [A-Z ]+-----\n", content, re.DOTALL)


def certificates_in(content: bytes) -> List[x509.Certificate]:
    """The certificates of a file, which can be read."""
    return [x509.load_pem_x509_certificate(block) for block in blocks_in(content) if b"BEGIN CERTIFICATE-" in block]


def spki(key: Any) -> bytes:
    """A public key, to compare."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
