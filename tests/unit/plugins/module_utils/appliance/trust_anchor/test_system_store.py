# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system's trust store, with folders and a tool of the test's own; the real tools are in tests/lab."""

from __future__ import annotations

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import SystemStore
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.tests.support import mint

ONE, TWO, SYSTEM_S = (mint.authority(name) for name in ("One", "Two", "Of the system"))
#: as update-ca-certificates does it: the system's own and all the files of the folder become one bundle
TOOL = """cat "$1/system.pem" $(find "$1/anchors" -name '*.crt') > "$1/bundle.pem"; echo "$0" >> "$1/log" """


def outline_of(*certificates):
    return read_anchors("".join(certificate.pem for certificate in certificates), "content")


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "anchors").mkdir()
    (tmp_path / "system.pem").write_text(SYSTEM_S.pem, encoding="ascii")
    (tmp_path / "bundle.pem").write_text(SYSTEM_S.pem, encoding="ascii")
    add, remove = (("sh", "-c", TOOL, how, str(tmp_path)) for how in ("add", "remove"))
    return Layout(str(tmp_path / "anchors"), ".crt", (".crt",), str(tmp_path / "bundle.pem"), add, remove)


def opened(layout):
    store = SystemStore(layout)
    store.read()
    return store


def changed(layout, change):
    store = opened(layout)
    store.check(change)
    return store.apply(change, backup=True)[0]


def add(layout, *certificates, alias="ours"):
    return changed(layout, Change(adding=tuple((anchor, "%s-%d" % (alias, number)) for number, anchor in enumerate(outline_of(*certificates)))))


def remove(layout, *certificates):
    return changed(layout, Change(removing=tuple(outline_of(*certificates))))


def held(layout, *certificates):
    store = opened(layout)
    return [store.trusts(anchor) for anchor in outline_of(*certificates)]


def test_several_anchors_are_added_each_in_a_file_and_rolled_back(layout, tmp_path):
    undo = add(layout, ONE, TWO)
    assert held(layout, ONE, TWO, SYSTEM_S) == [True, True, True]
    assert sorted(path.read_text() for path in (tmp_path / "anchors").iterdir()) == sorted([ONE.pem, TWO.pem])
    undo()
    assert held(layout, ONE, TWO, SYSTEM_S) == [False, False, True] and not list((tmp_path / "anchors").iterdir())


def test_an_anchor_is_removed_whatever_its_file_is_called_and_restored(layout, tmp_path):
    folder = tmp_path / "anchors" / "corp"
    folder.mkdir()
    (folder / "of-somebody.crt").write_text(ONE.pem, encoding="ascii")
    add(layout, TWO)
    undo = remove(layout, ONE)
    assert held(layout, ONE, TWO) == [False, True] and (tmp_path / "log").read_text() == "add\nremove\n"
    undo()
    assert held(layout, ONE, TWO) == [True, True]


def test_a_file_with_several_certificates_keeps_the_others(layout, tmp_path):
    bundle = tmp_path / "anchors" / "corp.crt"
    bundle.write_text("# ours\n%s# theirs\n%s" % (ONE.pem, TWO.pem), encoding="ascii")
    remove(layout, ONE)
    assert bundle.read_text() == "# ours\n# theirs\n" + TWO.pem and held(layout, TWO) == [True]


def test_a_file_in_der_counts_where_the_tool_reads_it(layout, tmp_path):
    (tmp_path / "anchors" / "corp.crt").write_bytes(ONE.der)
    assert opened(layout).contains(outline_of(ONE)[0])
    remove(layout, ONE)
    assert not list((tmp_path / "anchors").iterdir())


def test_a_file_that_the_tool_has_not_read_yet_is_not_added_twice(layout, tmp_path):
    (tmp_path / "anchors" / "corp.crt").write_text(ONE.pem, encoding="ascii")
    assert held(layout, ONE) == [False] and opened(layout).contains(outline_of(ONE)[0])
    add(layout, ONE)
    assert held(layout, ONE) == [True] and [path.name for path in (tmp_path / "anchors").iterdir()] == ["corp.crt"]


def test_a_file_that_the_tool_does_not_read_is_not_an_anchor(layout, tmp_path):
    (tmp_path / "anchors" / "corp.txt").write_text(ONE.pem, encoding="ascii")
    add(layout, ONE)
    assert held(layout, ONE) == [True]


def test_a_name_that_another_file_has_is_refused_and_that_file_stays(layout, tmp_path):
    add(layout, ONE)
    with pytest.raises(RemediationError, match="name: .*/ours-0.crt already exists, with other content"):
        add(layout, TWO)
    assert held(layout, ONE, TWO) == [True, False]


def test_an_anchor_of_the_system_itself_is_not_removed(layout):
    with pytest.raises(RemediationError, match="CN=Of the system comes with the operating system"):
        remove(layout, SYSTEM_S)


def test_an_anchor_that_stays_trusted_from_another_source_is_an_error(layout, tmp_path):
    (tmp_path / "anchors" / "copy.crt").write_text(SYSTEM_S.pem, encoding="ascii")
    with pytest.raises(RemediationError, match="CN=Of the system is still trusted"):
        remove(layout, SYSTEM_S)
    assert (tmp_path / "anchors" / "copy.crt").exists()


@pytest.mark.parametrize(
    "command, words",
    [
        (("sh", "-c", "echo the tool is unwell; exit 3"), "store: sh -c .* failed: the tool is unwell"),
        (("true",), "store: after true, in .*/bundle.pem: CN=One is missing"),
        (("no-such-tool",), "store: no-such-tool cannot be run"),
    ],
)
def test_if_the_tool_fails_the_files_are_rolled_back_and_the_tool_runs_again(layout, tmp_path, command, words):
    unwell = Layout(layout.folder, layout.extension, layout.extensions, layout.bundle, command, layout.after_removing)
    with pytest.raises(RemediationError, match=words):
        add(unwell, ONE)
    assert not list((tmp_path / "anchors").iterdir()) and (tmp_path / "log").read_text() == "remove\n"


def test_if_the_rollback_fails_too_both_are_reported(layout, tmp_path):
    unwell = Layout(layout.folder, layout.extension, layout.extensions, layout.bundle, ("true",), ("false",))
    with pytest.raises(RemediationError, match="CN=One is missing; the rollback failed: store: false failed: ") as caught:
        add(unwell, ONE)
    assert caught.value.advice == "See the message of the command." and not list((tmp_path / "anchors").iterdir())


def test_links_are_left_to_the_tool_that_made_them(layout, tmp_path):
    (tmp_path / "anchors" / "link.crt").symlink_to(tmp_path / "system.pem")
    with pytest.raises(RemediationError, match="CN=Of the system comes with the operating system"):
        remove(layout, SYSTEM_S)


def test_programs_may_read_the_folder_itself(layout, tmp_path):
    folder = Layout(layout.folder, layout.extension, layout.extensions, "", ("true",), ("true",))
    undo = add(folder, ONE)
    assert held(folder, ONE, SYSTEM_S) == [True, False]
    undo()
    assert held(folder, ONE) == [False]


def test_a_store_without_a_bundle_yet_trusts_nothing(layout, tmp_path):
    (tmp_path / "bundle.pem").unlink()
    assert held(layout, SYSTEM_S) == [False]
