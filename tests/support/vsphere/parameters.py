# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters of lookup_ssl_trust with their defaults, for tests that call its stages."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.lookup_ssl_trust.options import Options
from ansible_collections.certmend.tls.plugins.modules.lookup_ssl_trust import ARGUMENT_SPEC

from .certificates import HOST


def parameters(**given):
    """What Ansible would hand the module."""
    defaults = {name: spec.get("default") for name, spec in ARGUMENT_SPEC.items()}
    return dict(defaults, **{"hostname": HOST, **given})


def options(**given):
    return Options.from_params(parameters(**given))
