# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests against the schema of urn:lookup, by lxml.

``lookup.xsd`` has the operations that the collection uses. LOOKUP_WSDL may name the vendor's own WSDL; then its schema is asked instead.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from lxml import etree

XSD = "{http://www.w3.org/2001/XMLSchema}schema"
BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"


@functools.lru_cache(maxsize=None)
def schema():
    path = os.environ.get("LOOKUP_WSDL")
    root = etree.parse(path or str(Path(__file__).with_name("lookup.xsd"))).getroot()
    found = root if root.tag == XSD else next(one for one in root.iter(XSD) if one.get("targetNamespace") == "urn:lookup")
    return etree.XMLSchema(found)


def assert_valid(request):
    """The one element of a request's body keeps to the schema."""
    (body,) = etree.fromstring(request).find(BODY)
    schema().assertValid(etree.fromstring(etree.tostring(body)))
