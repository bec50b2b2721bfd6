# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificates that a task names. Standard library only: appliances run this."""

from __future__ import annotations

from typing import Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.der import CertificateOutline
from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import State
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, raise_all


def collect_anchors(options: Options, pending: bool) -> Tuple[CertificateOutline, ...]:
    """The certificates of the options ``path`` or ``content``.

    :param pending: accept that there is none, because an earlier task of the run issues it.
    :raises RemediationError: there is no certificate, or one that is not a CA.
    """
    text = options.content if options.path is None else read_file(options.path, "path").decode("latin-1")
    if pending and not text.strip():
        return ()
    anchors = read_anchors(text, options.source)
    if not anchors:
        raise RemediationError("%s: contains no certificate" % options.source, "Give the CA's certificate as PEM.")
    if options.state is State.PRESENT and not options.allow_leaf:
        raise_all([_not_a_ca(anchor, options.source) for anchor in anchors if not anchor.is_ca])
    return tuple(anchors)


def _not_a_ca(anchor: CertificateOutline, option: str) -> RemediationError:
    return RemediationError(
        "%s: %s is not a CA (basic constraints)" % (option, anchor.subject),
        "Give the certificate of the CA that issued it. To trust a self-signed server certificate, set allow_leaf.",
    )
