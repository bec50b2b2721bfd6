# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""XML from the network: read as a tree, written as it was, and refused if it could expand."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.lookup_service.xml import DEEPEST, local_name, parse, to_xml, tree_of
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError


def read(text):
    return tree_of(parse(text.encode("utf-8")))


@pytest.mark.parametrize("text", ["a &amp; &lt;b&gt;", "Größe \u2713", "tab\tand line\n", "a&#13;\nb"])
def test_a_text_is_written_so_that_it_is_read_as_the_same(text):
    tree = read('<outer xmlns="urn:lookup"><inner>%s</inner><empty/></outer>' % text)
    assert read(to_xml(tree).replace("<outer>", '<outer xmlns="urn:lookup">')) == tree


def test_a_carriage_return_survives():
    tree = read('<a xmlns="urn:lookup">x&#13;\ny</a>')
    assert tree.text == "x\r\ny" and to_xml(tree) == "<a>x&#13;\ny</a>"


@pytest.mark.parametrize("text", ['<a xmlns="urn:other"/>', '<a xmlns="urn:lookup" b="c"/>', "<a/>"])
def test_an_element_with_an_attribute_or_of_another_namespace_is_not_plain(text):
    assert not read(text).plain


def test_an_element_of_the_lookup_service_is_plain():
    tree = read('<l:a xmlns:l="urn:lookup"><l:b>text</l:b></l:a>')
    assert tree.plain and tree.child("b").plain and tree.value("b") == "text"


def test_a_missing_child_is_none_and_has_an_empty_value():
    tree = read('<a xmlns="urn:lookup"/>')
    assert tree.child("b") is None and tree.value("b") == ""


def test_a_name_is_told_without_its_namespace():
    assert local_name(parse(b'<l:a xmlns:l="urn:lookup"/>')) == "a"


@pytest.mark.parametrize("text", ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>'])
def test_a_document_type_is_refused(text):
    with pytest.raises(RemediationError, match="declares a document type"):
        parse(text.encode("ascii"))


def test_an_answer_of_too_many_levels_is_refused():
    nested = b"<a>%s</a>" % (b"<b>" * (DEEPEST - 1) + b"</b>" * (DEEPEST - 1))
    assert parse(nested + b"<!-- -->").tag == "a"
    with pytest.raises(RemediationError, match="more than %d levels" % DEEPEST):
        parse(b"<a>%s</a>" % nested)


def test_an_answer_that_is_not_xml_is_shown_in_part():
    with pytest.raises(RemediationError, match="is not XML.*begins with 'It works!'"):
        parse(b"It works!")


@pytest.mark.parametrize("encoding", ["nowhere", "utf-7", "shift_jis", "utf-32", "cp65001", "idna"])
def test_an_encoding_that_cannot_be_read_is_an_answer_that_cannot_be_read(encoding):
    with pytest.raises(RemediationError, match="the answer is not XML"):
        parse(b'<?xml version="1.0" encoding="%s"?><a>\x80</a>' % encoding.encode())
