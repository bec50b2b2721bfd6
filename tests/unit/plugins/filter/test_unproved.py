# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that says in words why handshakes are no proof: once for all hosts that saw the same."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.unproved import FilterModule

(unproved,) = FilterModule().filters().values()
SERVER = "www.corp.example:443"
GOOD = {"verified": True, "error": None, "presented": ["QUJD"]}
LOST = {"unreachable": True, "msg": "No route to host"}
SKIPPED = {"skipped": True}


def refused(code="SERVED-PREVIOUS", message="the server still presents its previous certificate (SHA-256 AB)", advice="Reload it.", address=None):
    return {"verified": False, "error": {"code": code, "message": message, "advice": advice}, "presented": ["QUJD"], "address": address}


OLD = "SERVED-PREVIOUS: the server still presents its previous certificate (SHA-256 AB). Reload it"


@pytest.mark.parametrize(
    "results, words",
    [
        ([GOOD, GOOD, GOOD], ""),
        ([SKIPPED, GOOD, GOOD], ""),
        ([GOOD, refused(), GOOD], "www.corp.example:443, seen from b: " + OLD),
        ([refused(), GOOD, refused()], "www.corp.example:443, seen from a, c: " + OLD),
        (
            [refused(), refused("CONNECT-REFUSED", "10.0.0.1 port 443 refuses the connection", "Check the port."), GOOD],
            "www.corp.example:443, seen from a: %s. "
            "www.corp.example:443, seen from b: CONNECT-REFUSED: 10.0.0.1 port 443 refuses the connection. Check the port" % OLD,
        ),
        (
            [refused(address="10.0.0.1"), refused(address="10.0.0.2"), refused(address="10.0.0.1")],
            "www.corp.example:443 (10.0.0.1), seen from a, c: %s. www.corp.example:443 (10.0.0.2), seen from b: %s" % (OLD, OLD),
        ),
        (
            [LOST, refused(), LOST],
            "a, c cannot be reached, so it is unknown whether clients there accept www.corp.example:443. www.corp.example:443, seen from b: " + OLD,
        ),
    ],
)
def test_each_thing_that_was_seen_is_said_once_with_the_hosts_that_saw_it(results, words):
    assert unproved(results, SERVER, ["a", "b", "c"]) == words


def test_the_words_say_when_and_name_the_way_out_that_is_known():
    words = unproved([refused()], SERVER, ["a"], after="20 s after the reload", hints={"SERVED-PREVIOUS": "Is nginx the service on port 443?"})
    assert words == (
        "www.corp.example:443, seen from a: SERVED-PREVIOUS: 20 s after the reload, the server still presents its previous certificate (SHA-256 AB). "
        "Is nginx the service on port 443?"
    )


def test_an_error_without_advice_ends_with_the_error():
    assert unproved([refused("TLS-VERIFY", "no (OpenSSL 1)", "")], SERVER, ["a"]) == "www.corp.example:443, seen from a: TLS-VERIFY: no (OpenSSL 1)"


def test_every_result_has_a_host():
    with pytest.raises(ValueError, match="2 results, 1 names"):
        unproved([GOOD, GOOD], SERVER, ["a"])
