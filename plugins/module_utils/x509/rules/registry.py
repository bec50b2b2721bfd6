# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All the rules of diagnosis: the one list that the judgement runs through."""

from __future__ import annotations

from ansible_collections.certmend.tls.plugins.module_utils.x509.rules import (
    chain,
    encoding as form,
    key_match as key,
    names as name,
    pins,
    ssl_trust as registration,
    strength,
    trust,
    key_usage as usage,
    validity,
    full_chain as whole_chain,
)
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import collected

RULES = collected(name, validity, trust, chain, whole_chain, usage, strength, key, form, registration, pins)
