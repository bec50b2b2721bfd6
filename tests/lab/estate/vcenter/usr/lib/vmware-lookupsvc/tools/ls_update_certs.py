#!/usr/bin/python3
# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replaces anchors by their SHA-1, as the appliance's tool does, for an account that the STS knows."""

import argparse
import http.client
import json
import ssl
import sys

parser = argparse.ArgumentParser()
for name in ("url", "fingerprint", "certfile", "user", "password"):
    parser.add_argument("--" + name, required=True)
given = parser.parse_args()
with open(given.certfile, encoding="ascii") as handle:
    certificate = handle.read()
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
connection = http.client.HTTPSConnection("localhost", context=context)
asked = {"fingerprint": given.fingerprint, "certificate": certificate, "user": given.user, "password": given.password}
connection.request("POST", "/lab/replace", json.dumps(asked), {"Content-Type": "application/json"})
answer = connection.getresponse()
told = json.loads(answer.read())
if answer.status != 200:
    sys.exit("Failed: %s" % told["error"])
print("Get site name\nUpdated %d service(s)" % told["services"])
