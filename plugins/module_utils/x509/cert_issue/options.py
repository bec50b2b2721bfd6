# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of ``cert_issue``, validated; what they name as input is read."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any, List, Mapping, Optional, Sequence, Tuple, cast

from ansible_collections.certmend.tls.plugins.module_utils.appliance.files.read import read_path_or_content
from ansible_collections.certmend.tls.plugins.module_utils.core.enums import StringEnum
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError, attempt, raise_all
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.answer import Answer, read_answer
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.distinct_paths import check_distinct
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.kept import as_requested
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.paths import Paths
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.request import Request, make_request
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.sign import Authority, make_authority
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_issue.spec import IssueSpec
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.alternative_names import AlternativeNames
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.certificate import Certificate
from ansible_collections.certmend.tls.plugins.module_utils.x509.certificate.private_keys import KeySpec, load_private_key
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import load_csr, read_certificates
from ansible_collections.certmend.tls.plugins.module_utils.x509.path.pool_sources import TrustSources

#: the profiles whose clients accept ``*.corp.example``
WILDCARD_PROFILES = ("generic",)
#: what a certificate must be good for, if extended_key_usage is not given
SERVER = ("serverAuth",)
GIVE_THE_KEY = (
    "Give the private key that belongs to the certificate of the CA. If it is on another host, make a request here (provider csr without csr_path), have it "
    "signed there (request_content), and give the certificate in certificate_content."
)
#: parameters that need no validation
PASSED_ON = ("profile", "candidates_content", "pins_path", "pins_content", "owner", "group", "mode", "private_key_mode", "backup", "journal")
#: parameters that are those of the other files if they are not given
OF_THE_KEY = {"private_key_owner": "owner", "private_key_group": "group"}


class Provider(StringEnum):
    """Who signs the certificate, and which part of the work this run does."""

    SELF_SIGNED = "self_signed"
    OWN_CA = "own_ca"
    CSR = "csr"
    IMPORT = "import"


@dataclass(frozen=True)
class ExternalCsr:
    """A certificate signing request that was made elsewhere.

    :param csr: the request; None if another task of this check run would make it.
    """

    csr: Optional[Any]


@dataclass(frozen=True)
class Options:
    """What the task asks for.

    :param profile: the clients for which the names of an imported certificate are checked.
    :param external_csr: the request to sign, if its key is not on this host.
    :param answer: what a CA returned, to be imported.
    :param trust: whom the clients trust.
    :param candidates: files and folders with certificates from which the chain of an imported certificate may be built.
    :param pins_path: a pin store; ``pins_content`` is its text instead. At most one of them is given.
    :param mode: of the files without a private key; ``private_key_mode`` is that of the others. ``owner`` and ``group`` likewise.
    """

    provider: Provider
    spec: IssueSpec
    profile: str
    external_csr: Optional[ExternalCsr]
    answer: Optional[Answer]
    trust: TrustSources
    candidates: Tuple[str, ...]
    candidates_content: Optional[str]
    pins_path: Optional[str]
    pins_content: Optional[str] = field(repr=False)
    owner: Optional[str]
    group: Optional[str]
    mode: Any
    private_key_mode: Any
    private_key_owner: Optional[str]
    private_key_group: Optional[str]
    backup: bool
    journal: Optional[str]

    @classmethod
    def from_params(cls, params: Mapping[str, Any], context: RunContext) -> Options:
        """Validate the module's parameters, and read the CA, the request and the certificates that they name.

        :raises RemediationError: with everything that is wrong in them.
        """
        errors: List[RemediationError] = []
        provider = Provider(params["provider"])
        spec = _spec(params, provider, context.now, errors)
        external_csr = attempt(errors, lambda: _external_csr(params, context))
        answer = attempt(errors, lambda: read_answer(params)) if provider == Provider.IMPORT or _is_signed_elsewhere(params) else None
        raise_all(errors)
        spec = cast(IssueSpec, spec)
        if external_csr is not None and external_csr.csr is not None and params["as_requested"]:
            spec = as_requested(spec, external_csr.csr)
        return cls(
            provider=provider,
            spec=spec,
            external_csr=external_csr,
            answer=answer,
            trust=TrustSources.from_params(params),
            candidates=tuple(params["candidates"] or ()),
            **{name: params[name] for name in PASSED_ON},
            **{name: params[other] if params[name] is None else params[name] for name, other in OF_THE_KEY.items()},
        )


def _spec(params: Mapping[str, Any], provider: Provider, now: datetime.datetime, errors: List[RemediationError]) -> Optional[IssueSpec]:
    """What is to be issued; None if something is wrong, which is then among the errors."""
    request = attempt(errors, lambda: _request(params))
    authority = attempt(errors, lambda: _authority(params, now)) if provider == Provider.OWN_CA or _is_for_a_known_ca(params) else None
    attempt(errors, lambda: _check_days(params["valid_days"], params["renew_before_days"]))
    attempt(errors, lambda: check_distinct(params))
    attempt(errors, lambda: _check_trust(params, provider))
    if request is None:
        return None
    attempt(errors, lambda: _check_drop_names(params["drop_names"], request))
    return IssueSpec(
        request=request,
        paths=Paths(params["private_key_path"], params["csr_path"], params["certificate_path"], params["combined_path"]),
        key=KeySpec(params["key_type"], params["key_size"], params["curve"]),
        valid_days=params["valid_days"],
        renew_before=datetime.timedelta(days=params["renew_before_days"]),
        reuse_key=params["reuse_key"],
        authority=authority,
        asked=request.names,
        purposes=request.extended_key_usage or SERVER,
        drop_names=tuple(params["drop_names"]),
        wildcards=params["profile"] in WILDCARD_PROFILES,
        force=params["force"],
    )


def _request(params: Mapping[str, Any]) -> Request:
    return make_request(
        params["fqdn"],
        params["dns_names"],
        params["ip_addresses"],
        params["subject"],
        params["extended_key_usage"],
        wildcards=params["profile"] in WILDCARD_PROFILES,
    )


def _check_drop_names(drop_names: Sequence[str], request: Request) -> None:
    """A name cannot be asked for and given up in one task."""
    both = AlternativeNames(dns=tuple(drop_names))
    both = both.without(both.missing_in(request.names))
    if any(both):
        raise RemediationError(
            "drop_names: %s is also asked for" % ", ".join(both),
            "Remove it from drop_names, or from fqdn, dns_names and ip_addresses.",
        )


def _check_trust(params: Mapping[str, Any], provider: Provider) -> None:
    """What another CA issued is judged as the clients do; without their trust anchors that would prove nothing."""
    if provider == Provider.IMPORT and not TrustSources.from_params(params):
        raise RemediationError(
            "trusted_path: no trusted certificate is given, so it is unknown whether clients accept the chain of the imported certificate",
            "Give trusted_path, trusted_content or trust_system with the root CAs of the clients "
            "(role fqdn_certificate: fqdn_certificate_prove_trusted_content).",
        )


def _check_days(valid_days: int, renew_before_days: int) -> None:
    if valid_days <= renew_before_days:
        raise RemediationError(
            "valid_days (%d) is not greater than renew_before_days (%d)" % (valid_days, renew_before_days),
            "Increase valid_days or reduce renew_before_days; otherwise every run would issue a new certificate.",
        )


def _is_for_a_known_ca(params: Mapping[str, Any]) -> bool:
    """Whether a request is for the given CA, and returned: it is made only if this CA has to issue a new certificate."""
    return bool(params["provider"] == Provider.CSR and not params["csr_path"])


def _is_signed_elsewhere(params: Mapping[str, Any]) -> bool:
    """Whether the given CA has issued the certificate where its private key is; the text is empty if nothing had to be issued, or in check mode."""
    return bool(params["provider"] == Provider.OWN_CA and not _has_ca_key(params) and (params["certificate_content"] or "").strip())


def _has_ca_key(params: Mapping[str, Any]) -> bool:
    return params["signing_ca_private_key_path"] is not None or params["signing_ca_private_key_content"] is not None


def _authority(params: Mapping[str, Any], now: datetime.datetime) -> Authority:
    certificates = _certificates(params, "signing_ca")
    return make_authority(certificates, _authority_key(params) if params["provider"] == Provider.OWN_CA else None, now)


def _authority_key(params: Mapping[str, Any]) -> Any:
    """The private key of the CA; None if it is elsewhere, and what it signed there is given."""
    if not _has_ca_key(params):
        if params["certificate_content"] is not None:
            return None
        raise RemediationError("signing_ca_private_key_path, signing_ca_private_key_content: the private key of the CA is missing", GIVE_THE_KEY)
    data, option = _read(params, "signing_ca_private_key")
    if not data.strip():
        raise RemediationError("%s: the private key of the CA is missing" % option, GIVE_THE_KEY)
    return load_private_key(data, option, params["signing_ca_private_key_passphrase"], "signing_ca_private_key_passphrase")


def _certificates(params: Mapping[str, Any], prefix: str) -> Tuple[Certificate, ...]:
    data, option = _read(params, prefix)
    reading = read_certificates(data)
    if not reading.certificates:
        problem = "; ".join(reading.warnings) or "contains no certificate"
        raise RemediationError("%s: %s" % (option, problem), "Give certificates as PEM text.")
    return reading.certificates


def _external_csr(params: Mapping[str, Any], context: RunContext) -> Optional[ExternalCsr]:
    if params["request_path"] is None and params["request_content"] is None:
        return None
    if context.is_pending(params["request_path"], content=params["request_content"]):
        return ExternalCsr(None)
    return ExternalCsr(load_csr(*_read(params, "request")))


def _read(params: Mapping[str, Any], prefix: str) -> Tuple[bytes, str]:
    """The bytes of ``prefix_content`` or ``prefix_path``, and the name of the option; the argument spec requires one of them."""
    data, option = read_path_or_content(params, prefix + "_path", prefix + "_content")
    return data or b"", option
