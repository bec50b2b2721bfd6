# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan an upload: compare what the appliance serves with what it should serve. Pure functions."""

from __future__ import annotations

from typing import List, Sequence

from ansible_collections.certmend.tls.plugins.module_utils.core.converge import Step
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.diff_lines import certificate_lines
from ansible_collections.certmend.tls.plugins.module_utils.x509.ome_certificate_chain.options import Action, Compare, Options

#: in place of a certificate that another task of the play issues; check mode cannot know more of it, so the run shows no more either
PENDING = "  certificate to be issued in this run, with its chain"


def is_served(served: Sequence[Certificate], path: Sequence[Certificate], compare: Compare) -> bool:
    """Whether the web server already serves a chain; it need not send the root.

    :param path: the chain, leaf first.
    """
    if not served or not path or served[0] != path[0]:
        return False
    return compare is Compare.LEAF or all(certificate in served for certificate in path if not certificate.self_signed)


def plan_upload(options: Options, served: Sequence[Certificate], where: str) -> List[Step[Action]]:
    """At most one step; none if the appliance already serves the chain.

    :param served: what the web server sends now.
    :param where: host and port of the appliance.
    """
    upload = options.upload
    if upload and is_served(served, upload.path, options.compare) and not options.force:
        return []
    planned = certificate_lines(where, upload.path) if upload and not options.pending else ["certificate %s" % where, PENDING]
    return [Step(where, _text(certificate_lines(where, served)), _text(planned), upload)]


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"
