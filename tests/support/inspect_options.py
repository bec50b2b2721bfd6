# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_inspect`` for tests of its stages."""

from __future__ import annotations

from typing import Any, Dict

from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.options import Options
from ansible_collections.certmend.tls.plugins.modules.cert_inspect import ARGUMENT_SPEC

from .clock import FIXED, PATIENCE


def params_of(**given: Any) -> Dict[str, Any]:
    """The module's parameters: those given, and the defaults of the others."""
    defaults = {name: spec.get("default") for name, spec in ARGUMENT_SPEC.items()}
    return dict(defaults, timeout=PATIENCE, **given)


def options_of(**given: Any) -> Options:
    """The validated options of a run at the fixed time."""
    return Options.from_params(params_of(**given), FIXED.now)
