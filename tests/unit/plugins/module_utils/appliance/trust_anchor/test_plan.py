# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which anchors change, and what the diff shows of them."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.options import Options
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.plan import plan_pending, plan_step
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change, TrustStore
from ansible_collections.certmend.tls.tests.support import mint

ROOT, OTHER = read_anchors(mint.authority("Root").pem + mint.authority("Other").pem, "content")


class Memory(TrustStore):
    """A store of fingerprints: the trusted ones, and those that it only contains."""

    path = "/store"

    def __init__(self, trusted=(), contained=()):
        self.trusted, self.contained = trusted, contained

    def trusts(self, anchor):
        return anchor in self.trusted

    def contains(self, anchor, entries=None):
        return (anchor in self.trusted or anchor in self.contained) and (entries is None or anchor.subject in entries)

    def new_entry(self, anchor, alias):
        return None if anchor in self.contained else alias

    def lock(self):
        raise NotImplementedError

    read = check = apply = lock


def options(**more):
    params = dict(
        path=None, content="", store="auto", keystore=None, name=None, state="present", allow_leaf=False, label=None, pending=False, backup=True, journal=None
    )
    return Options.from_params(dict(params, **more))


def test_anchors_that_are_not_trusted_are_added():
    step = plan_step(options(name="lab"), Memory([OTHER], [ROOT]), [ROOT])
    assert (step.target, step.before, step.after) == ("trust store /store", "", "CN=Root (sha256 %s)\n" % ROOT.sha256)
    assert step.payload == Change(adding=((ROOT, "lab"),))


def test_only_the_given_entries_are_removed():
    step = plan_step(options(state="absent", entries=["CN=Root"]), Memory([ROOT], [OTHER]), [ROOT, OTHER])
    assert step.payload == Change(removing=(ROOT,), entries=("CN=Root",))
    assert plan_step(options(state="absent", entries=[]), Memory([ROOT], [OTHER]), [ROOT, OTHER]) is None


def test_each_of_several_anchors_has_an_alias_of_its_own_even_if_one_is_missing():
    [(anchor, alias)] = plan_step(options(name="lab"), Memory([OTHER]), [ROOT, OTHER]).payload.adding
    assert anchor is ROOT and alias == "lab-" + ROOT.sha256.replace(":", "")[:8].lower()


def test_anchors_that_the_store_contains_are_removed_trusted_or_not():
    step = plan_step(options(state="absent"), Memory([ROOT], [OTHER]), [ROOT, OTHER])
    assert step.payload == Change(removing=(ROOT, OTHER)) and step.after == ""
    assert step.before == "".join("%s (sha256 %s)\n" % (anchor.subject, anchor.sha256) for anchor in (ROOT, OTHER))


@pytest.mark.parametrize("state, trusted", [("present", [ROOT]), ("absent", [OTHER])])
def test_a_store_that_is_as_it_must_be_needs_no_step(state, trusted):
    assert plan_step(options(state=state), Memory(trusted), [ROOT]) is None


def test_a_label_is_all_that_the_diff_shows():
    given = options(label="the depot's certificate", pending=True)
    step, pending = plan_step(given, Memory(), [ROOT]), plan_pending(given, Memory())
    assert (step.before, step.after) == (pending.before, pending.after) == ("", "the depot's certificate\n")
    assert pending.payload == Change() and step.target == pending.target
