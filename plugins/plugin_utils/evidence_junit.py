# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A record as JUnit XML, for pipelines: a test case for each finding of an endpoint, for the run as a whole, and for each change of a host."""

from __future__ import annotations

from typing import Any, Mapping
from xml.etree import ElementTree

from ansible_collections.certmend.tls.plugins.plugin_utils.evidence_report import OUTCOMES

#: runs in which not everything that was begun was done
FAILED = ("failed", "partly", "restored", "stopped", "unfinished")


def junit(record: Mapping[str, Any]) -> str:
    """The XML. What is open after the run fails, unless only a warning; a finding that was mended, and an endpoint without any, pass."""
    top = ElementTree.Element("testsuites", {"name": "certmend.tls " + record["runs"][0]["id"]})
    endpoints = ElementTree.SubElement(top, "testsuite", {"name": "endpoints"})
    for endpoint in record["endpoints"]:
        _endpoint(endpoints, endpoint)
    changes = ElementTree.SubElement(top, "testsuite", {"name": "changes"})
    _whole(changes, record)
    for host in record["hosts"]:
        for step in host["steps"]:
            _change(changes, host, step)
    for suite in (endpoints, changes):
        suite.set("tests", str(len(suite)))
        suite.set("failures", str(len(suite.findall("testcase/failure"))))
    for name in ("tests", "failures"):
        top.set(name, str(sum(int(suite.get(name, "0")) for suite in (endpoints, changes))))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(top, encoding="unicode") + "\n"


def _endpoint(suite: ElementTree.Element, endpoint: Mapping[str, Any]) -> None:
    last = endpoint["after"] or endpoint["before"]
    findings = [each for each in last["findings"] if each["severity"] != "notice"]
    for code in endpoint["mended"] or ([] if findings else ["no findings"]):
        ElementTree.SubElement(suite, "testcase", {"classname": endpoint["source"], "name": code})
    for finding in findings:
        case = ElementTree.SubElement(suite, "testcase", {"classname": endpoint["source"], "name": finding["code"]})
        words = "%s: %s" % (finding["severity"], finding["message"])
        if finding["waived"]:
            ElementTree.SubElement(case, "skipped", {"message": "waived until %(until)s: %(reason)s" % finding["waived"]})
        elif finding["severity"] == "error":
            ElementTree.SubElement(case, "failure", {"type": finding["code"], "message": words}).text = finding["advice"]
        else:
            ElementTree.SubElement(case, "system-out").text = words


def _whole(suite: ElementTree.Element, record: Mapping[str, Any]) -> None:
    """The run: it may have failed before there was any change to report."""
    case = ElementTree.SubElement(suite, "testcase", {"classname": "run", "name": record["runs"][0]["id"]})
    if record["outcome"] in FAILED:
        said = ["%s: %s" % (host["host"], host["events"][-1]["said"]) for host in record["hosts"] if host["phase"] in FAILED and host["events"][-1]["said"]]
        failure = ElementTree.SubElement(case, "failure", {"type": record["outcome"], "message": OUTCOMES[record["outcome"]][2]})
        failure.text = "\n".join(said) or None


def _change(suite: ElementTree.Element, host: Mapping[str, Any], step: Mapping[str, Any]) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"classname": host["host"], "name": step["role"]})
    if step["phase"] in ("failed", "restored", "stopped", "changing"):
        ElementTree.SubElement(case, "failure", {"type": step["phase"], "message": step["said"] or step["phase"]})
