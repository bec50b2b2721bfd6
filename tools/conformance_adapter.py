# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers cases that other projects wrote: a JSON request a line on standard input, a JSON answer a line on standard output."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import sys

from ansible_collections.certmend.tls.plugins.module_utils.appliance.net.hostnames import any_covers, host_name_problem, is_address, to_ascii
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.run import RunContext, carry_out
from ansible_collections.certmend.tls.plugins.module_utils.core.timestamps import utc_now
from ansible_collections.certmend.tls.plugins.module_utils.x509.cert_chain_build.run import CertChainBuildRun
from ansible_collections.certmend.tls.plugins.module_utils.x509.load.reader import read_certificates
from ansible_collections.certmend.tls.plugins.modules.cert_chain_build import ARGUMENT_SPEC


def chain(case: dict) -> dict:
    """What cert_chain_build answers, with its defaults."""
    at = datetime.datetime.fromtimestamp(case["time"], datetime.timezone.utc).isoformat() if case["time"] else None
    params = {option: spec.get("default") for option, spec in ARGUMENT_SPEC.items()}
    params.update(
        content=case["leaf"],
        candidates_content="".join(case["pool"]) or None,
        trusted_content="".join(case["roots"]),
        purpose=case["purpose"],
        at=at,
    )
    context = RunContext(check_mode=True, now=utc_now())
    try:
        run = CertChainBuildRun.from_params(params, context)
        carry_out(run, context)
    except RemediationError as error:
        return {"error": str(error)}
    return {"chain": [certificate["fingerprints"]["sha256"].replace(":", "").lower() for certificate in run.facts()["chain"]]}


def hostname(case: dict) -> dict:
    """Whether the names of a certificate cover a name, as cert_inspect compares them."""
    leaf = read_certificates(case["cert"].encode("utf-8")).certificates[0]
    name = case["name"]
    known = is_address(name) if case["kind"] == "ip" else host_name_problem(to_ascii(name)) is None
    return {"verdict": "match" if known and any_covers(leaf.dns_names, leaf.ip_addresses, name) else "nomatch"}


def read(case: dict) -> dict:
    """The certificates that the reader finds.

    We read on where a block is broken and warn; the cases know no warnings, and want all of a file or an error.
    """
    reading = read_certificates(base64.b64decode(case["data_b64"]), case["password"])
    if reading.warnings or not reading.certificates:
        return {"error": "; ".join(reading.warnings)}
    return {"certs": [hashlib.sha256(certificate.der).hexdigest() for certificate in reading.certificates]}


def main() -> None:
    """Answer until the input ends."""
    answers = {"chain": chain, "hostname": hostname, "read": read}
    for line in sys.stdin:
        request = json.loads(line)
        answer = answers.get(request["op"])
        print(json.dumps(answer(request["in"]) if answer else {"verdict": "skip", "why": "not asked of us"}), flush=True)


if __name__ == "__main__":
    main()
