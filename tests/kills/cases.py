# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All cases that are killed."""

from __future__ import annotations

import shutil
from typing import Type

from ansible_collections.certmend.tls.tests.kills.case import Case
from ansible_collections.certmend.tls.tests.kills.files import CertChainBuild, HostsEntry, JournalRestored, TrustAnchor
from ansible_collections.certmend.tls.tests.kills.issue import CertIssue, CertIssueAlone, CertIssueElsewhere, CertIssueImport, CertIssueRequest
from ansible_collections.certmend.tls.tests.kills.servers import CertPin, LookupSslTrust, OmeRequest, OmeUpload

ISSUING = (CertIssue, CertIssueAlone, CertIssueElsewhere, CertIssueRequest, CertIssueImport)
CASES = (HostsEntry, *ISSUING, CertChainBuild, TrustAnchor, JournalRestored, CertPin, LookupSslTrust, OmeRequest, OmeUpload)


def needs(case: Type[Case]) -> str:
    """What this machine lacks for a case; empty: nothing."""
    return "no Java here" if case is TrustAnchor and not shutil.which("keytool") else ""
