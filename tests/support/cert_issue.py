# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server's folder, and runs of cert_issue over it at any time."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext, carry_out, result_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.run import CertIssueRun
from ansible_collections.certmend.tls.tests.support import mint

FQDN = "depot.corp.example"
NOW = mint.NOW
ROOT = mint.authority(ends=NOW + 3650 * mint.DAY)

#: the module's parameters as its argument spec completes them
DEFAULTS = dict(
    provider="self_signed",
    fqdn=FQDN,
    dns_names=[],
    ip_addresses=[],
    subject=None,
    extended_key_usage=None,
    drop_names=[],
    force=False,
    profile="generic",
    private_key_path=None,
    certificate_path=None,
    combined_path=None,
    csr_path=None,
    request_path=None,
    request_content=None,
    as_requested=False,
    import_path=None,
    certificate_content=None,
    certificate_content_base64=None,
    password=None,
    candidates=None,
    candidates_content=None,
    trusted_path=None,
    trusted_content=None,
    trust_system=False,
    signing_ca_path=None,
    signing_ca_content=ROOT.pem,
    signing_ca_private_key_path=None,
    signing_ca_private_key_content=ROOT.key_pem,
    signing_ca_private_key_passphrase=None,
    key_type=None,
    key_size=None,
    curve=None,
    valid_days=397,
    renew_before_days=30,
    reuse_key=True,
    pins_path=None,
    pins_content=None,
    owner=None,
    group=None,
    mode=None,
    private_key_mode=None,
    private_key_owner=None,
    private_key_group=None,
    backup=True,
    journal=None,
)


class Server:
    """The files of one server."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = {"private_key_path": self.path("tls.key"), "certificate_path": self.path("tls.pem")}

    def path(self, name):
        return str(self.folder / name)

    def make(self, provider="self_signed", at=NOW, check=False, **given):
        """A run that has not begun, and its context."""
        context = RunContext(check, at)
        return CertIssueRun.from_params(dict(DEFAULTS, provider=provider, **dict(self.paths, **given)), context), context

    def run(self, *arguments, **given):
        """The result of a whole run, with its steps and warnings."""
        run, context = self.make(*arguments, **given)
        carry_out(run, context)
        return dict(result_of(run), steps=list(run.changes), warnings=run.warnings)

    def content(self):
        """The bytes of every file but the backups."""
        return {path.name: path.read_bytes() for path in self.folder.iterdir() if not path.name.endswith(".bak")}


def install(server, certificate, *chain):
    """A server that has a certificate and its key already."""
    (server.folder / "tls.pem").write_text("".join(each.pem for each in (certificate, *chain)), encoding="ascii")
    (server.folder / "tls.key").write_text(certificate.key_pem, encoding="ascii")


def answer(csr, issuer=ROOT, **more):
    """The certificate that a CA issues for a request."""
    options = dict(dns=[FQDN], starts=NOW - mint.DAY, ends=NOW + 300 * mint.DAY, issuer=issuer)
    return mint.sign(mint.load_csr(csr.encode()), more.pop("common_name", FQDN), **dict(options, **more))
