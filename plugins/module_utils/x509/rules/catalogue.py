# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the rules of diagnosis: the one list that the judgement runs through."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    chain,
    form,
    key,
    name,
    pins,
    registration,
    strength,
    trust,
    usage,
    validity,
    whole_chain,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import collected

RULES = collected(name, validity, trust, chain, whole_chain, usage, strength, key, form, registration, pins)
