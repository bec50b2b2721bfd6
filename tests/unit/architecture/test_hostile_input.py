# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ten thousand mutations of real inputs: nothing but the declared exception leaves a parser or a client."""

from __future__ import annotations

import random

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support.outside import PARSERS

MUTATIONS = 10_000
#: a case of these decodes certificates, which takes ten times as long
SLOW = {"reader": 500, "lstool": 250, "lookup": 500}
EACH = {name: SLOW.get(name) or (MUTATIONS - sum(SLOW.values())) // (len(PARSERS) - len(SLOW)) + 1 for name in PARSERS}
#: what breaks something: types, ends, nesting, encodings, numbers
PIECES = [b"", b"null", b"[]", b"{}", b"0", b"-1", b"1e999", b"true", b'{"a":1}', b"9" * 5000, b"1" * 40]
PIECES += [b'"', b"<", b">", b"&#0;", b"\0", b"\n", b"%s", b"::", b"/..", b" " * 50, b"[" * 300, b"<a>" * 200]
PIECES += [b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b'encoding="x"', b"\x30\x80", b"\x30\x00", b"-----BEGIN ", b"-----"]


def mutated(chance, seeds):
    """A real input with some bytes replaced, removed, repeated or exchanged for those of another."""
    data = bytearray(chance.choice(seeds))
    for _change in range(chance.randint(1, 4)):
        start = chance.randrange(len(data) + 1)
        end = min(len(data), start + chance.choice([0, 1, 1, 2, 8, 40, 500]))
        kind = chance.randrange(5)
        if kind == 0:
            data[start:end] = chance.choice(PIECES)
        elif kind == 1:
            data[start:end] = bytes(chance.randrange(256) for _byte in range(end - start))
        elif kind == 2:
            data[start:end] = data[start:end] * chance.randint(2, 4)
        elif kind == 3:
            other = chance.choice(seeds)
            place = chance.randrange(len(other) + 1)
            data[start:end] = other[place : place + 100]
        else:
            _exchange_a_value(chance, data)
    return bytes(data)


def _exchange_a_value(chance, data):
    """What stands between two quotes, or between a tag and the next, becomes something else."""
    for mark in (b'"', b">"):
        places = [index for index, byte in enumerate(data) if byte == mark[0]]
        if len(places) > 1:
            index = chance.randrange(len(places) - 1)
            data[places[index] : places[index + 1] + (mark == b'"')] = chance.choice(PIECES)
            return


@pytest.mark.parametrize("name", PARSERS)
def test_only_the_declared_exception_leaves_a_parser(name):
    parser, chance = PARSERS[name], random.Random(name)
    seeds = parser.seeds()
    for seed in seeds:
        parser.run(seed)
    for number in range(EACH[name]):
        data = mutated(chance, seeds)
        try:
            parser.parse(data)
        except RemediationError as error:
            assert error.message and error.advice
        except BaseException as error:
            raise AssertionError("%s, mutation %d: %r leaves the parser for %r" % (name, number, error, data[:2000])) from error


def test_ten_thousand_mutations_are_made():
    assert sum(EACH.values()) >= MUTATIONS
