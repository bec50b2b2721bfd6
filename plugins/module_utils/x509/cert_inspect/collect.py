# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Collect what ``cert_inspect`` judges, and what it judges by.

What only some tasks need is imported in the function that needs it: each file costs a task some milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, List, Optional, Sequence, Tuple

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_file
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate, pin_of
from ansible_collections.certmend.tls.plugins.module_utils.x509.languages.language import Language
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import csr_pin, merge_readings, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import load_anchors
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.inspection import Ask, CollectedSource
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import JudgementContext

if TYPE_CHECKING:
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import Store


@dataclass(frozen=True)
class Criteria:
    """What every source is judged by.

    :param context: without what differs from source to source (its name, its pins, its registered endpoints).
    :param anchors: the certificates that the client trusts; None if the options do not say.
    :param pins: the pin store; None if the options name none.
    :param ask: the verifier that is asked about a chain against which no rule has an error; None if there are no anchors.
    :param warnings: what could not be read.
    :param language: of the findings.
    """

    context: JudgementContext
    anchors: Optional[Sequence[Certificate]] = None
    pins: Optional[Store] = None
    ask: Optional[Ask] = None
    warnings: Tuple[str, ...] = ()
    language: Language = Language.ENGLISH


def collect_criteria(options: Options) -> Criteria:
    """Read the files with which the certificates are compared.

    :raises RemediationError: with every file that cannot be read.
    """
    errors: List[RemediationError] = []
    csr_options = {"csr_path": options.csr_path, "csr_content": options.csr_content}
    context = JudgementContext(
        now=options.now,
        profiles=options.profiles,
        expires_within=options.expires_within,
        private_key_pin=attempt(errors, lambda: _private_key_pin(options.private_key_path)),
        csr_pin=attempt(errors, lambda: csr_pin(csr_options)),
        registered=options.registered,
        peer=options.peer,
    )
    trust = attempt(errors, lambda: load_anchors(options.trust))
    pins = attempt(errors, lambda: _pin_store(options.pins_path))
    raise_all(errors)
    anchors, warnings = trust if trust else (None, [])
    return Criteria(context, anchors, pins, _other_verifier() if anchors else None, tuple(warnings), options.language)


def _other_verifier() -> Ask:
    from ansible_collections.certmend.tls.plugins.module_utils.x509.path.verifiers import openssl_refusal

    return openssl_refusal


def _private_key_pin(path: Optional[str]) -> Optional[str]:
    if path is None:
        return None
    from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import load_private_key

    return pin_of(load_private_key(read_file(path, "private_key_path"), "private_key_path").public_key())


def _pin_store(path: Optional[str]) -> Optional[Store]:
    if path is None:
        return None
    from ansible_collections.certmend.tls.plugins.module_utils.appliance.pin_store.store import load

    return load(path, must_exist=True)


def collect_sources(options: Options) -> List[CollectedSource]:
    """Read the certificates of the source that the options name; of several endpoints all at once.

    :raises RemediationError: the file cannot be read.
    """
    if options.endpoints is not None:
        from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_inspect.collect_endpoints import collect_endpoints

        return collect_endpoints(options.endpoints, options.workers, options.timeout)
    if options.presented is not None:
        reading = merge_readings([read_certificates(der) for der in options.presented])
        return [CollectedSource("presented", options.name, reading.certificates, reading.warnings, presented=True)]
    source, data = options.content_option, options.content or b""
    if options.path is not None:
        source, data = options.path, read_file(options.path, "path")
    reading = read_certificates(data, options.password)
    return [CollectedSource(source, options.name, reading.certificates, reading.warnings, data=data)]
