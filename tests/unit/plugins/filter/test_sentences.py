# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter in messages of roles and playbooks."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.filter.sentences import FilterModule

(sentences,) = FilterModule().filters().values()


@pytest.mark.parametrize(
    "texts, joined",
    [(["it is down", "Start it."], "it is down. Start it."), (["who are you?", "", "Start it"], "who are you? Start it"), ([7, "Start it."], "7. Start it.")],
)
def test_each_sentence_has_one_end(texts, joined):
    assert sentences(texts) == joined
