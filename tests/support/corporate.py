# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A corporate PKI as article 000011648 draws it: server > intermediate > intermediate > root."""

from __future__ import annotations

from ansible_collections.certmend.tls.tests.support import mint
from ansible_collections.certmend.tls.tests.support.clock import REAL


class Pki:
    """A root that clients know and two intermediates, in files below a folder; leaves on request. The machines of the lab judge by the real clock."""

    def __init__(self, folder, clock=REAL):
        self.days = clock.days()
        self.root = self.authority("Corp Root CA", None)
        self.one = self.authority("Corp Intermediate CA 1", self.root)
        self.two = self.authority("Corp Issuing CA 2", self.one)
        self.roots, self.pool = folder / "roots.pem", folder / "pool.pem"
        self.ca, self.ca_key = folder / "ca.pem", folder / "ca.key"
        self.roots.write_text(self.root.pem, encoding="ascii")
        self.pool.write_text(self.one.pem + self.two.pem, encoding="ascii")
        self.ca.write_text(self.two.pem + self.one.pem, encoding="ascii")
        self.ca_key.write_text(self.two.key_pem, encoding="ascii")

    def authority(self, name, issuer):
        return mint.conforming(name, issuer, ca=True, **self.days)

    def leaf(self, name, issuer=None, **more):
        return mint.conforming(name, issuer or self.two, dns=[name], **dict(self.days, **more))
