# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The system's trust store, with folders and a tool of the test's own; the real tools are in tests/lab."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

import pytest

from ansible_collections.certmend.tls.plugins.module_utils.appliance.formats.pem import read_anchors
from ansible_collections.certmend.tls.plugins.module_utils.appliance.system_stores import Layout
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.store import Change
from ansible_collections.certmend.tls.plugins.module_utils.appliance.trust_anchor.system_store import FOLDERS, HASH_NAME, SystemStore
from ansible_collections.certmend.tls.plugins.module_utils.core.errors import RemediationError
from ansible_collections.certmend.tls.plugins.module_utils.core.interrupts import Interrupted, raised_signals
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
    (tmp_path / "source" / "mozilla").mkdir(parents=True)
    (tmp_path / "source" / "mozilla" / "system.crt").write_text(SYSTEM_S.pem, encoding="ascii")
    add, remove = (("sh", "-c", TOOL, how, str(tmp_path)) for how in ("add", "remove"))
    return Layout(str(tmp_path / "anchors"), ".crt", (".crt",), str(tmp_path / "bundle.pem"), add, remove, (str(tmp_path / "source"),))


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


def remove(layout, *certificates, entries=None):
    return changed(layout, Change(removing=tuple(outline_of(*certificates)), entries=entries))


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
    with pytest.raises(RemediationError, match="CN=One is missing; the rollback failed: store: false failed: exit code 1, no message") as caught:
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


def contained(layout, certificate, entries=None):
    return opened(layout).contains(*outline_of(certificate), entries)


@pytest.fixture(params=["copy", "debian", "photon"])
def family(request, layout, tmp_path):
    """The store above; a Debian with its real update-ca-certificates; a Photon, whose command is openssl-rehash and a bundle."""
    if request.param == "debian":
        return debian(tmp_path)
    return photon(tmp_path) if request.param == "photon" else layout


def debian(tmp_path):
    tool = shutil.which("update-ca-certificates", path=os.environ["PATH"] + FOLDERS)
    if tool is None or "--localcertsdir" not in pathlib.Path(tool).read_text(encoding="utf-8"):
        pytest.skip("no update-ca-certificates that takes folders; tests/lab has one")
    for name in ("local", "certs", "hooks"):
        (tmp_path / name).mkdir()
    (tmp_path / "ca.conf").write_text("mozilla/system.crt\n", encoding="ascii")
    folders = {"certsconf": "ca.conf", "certsdir": "source", "localcertsdir": "local", "etccertsdir": "certs", "hooksdir": "hooks"}
    command = (tool, *(argument for option, name in folders.items() for argument in ("--" + option, str(tmp_path / name))))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bundle = tmp_path / "certs" / "ca-certificates.crt"
    return Layout(str(tmp_path / "local"), ".crt", (".crt",), str(bundle), command, (*command, "--fresh"), (str(tmp_path / "source"),))


#: what Photon's rehash_ca_certificates.sh does
REHASH = """openssl rehash "$0/certs" && find -L "$0/certs" -type l -delete && cat "$0"/certs/*.pem > "$0/all.pem" """


def photon(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here")
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "system.pem").write_text(SYSTEM_S.pem, encoding="ascii")
    command = ("sh", "-c", REHASH, str(tmp_path))
    subprocess.run(command, check=True)
    return Layout(str(tmp_path / "certs"), ".pem", (".pem", ".crt"), str(tmp_path / "all.pem"), command, command, hash_links=True)


def test_a_removal_that_was_interrupted_before_the_command_is_completed_by_the_next(family):
    add(family, ONE)
    for path in pathlib.Path(family.folder).glob("ours-0.*"):
        path.unlink()
    # on Photon, a dead link remains, which no program follows
    assert contained(family, ONE) and contained(family, ONE, entries=["/gone"]) and not contained(family, TWO)
    remove(family, ONE)
    assert held(family, ONE, SYSTEM_S) == [False, True] and not contained(family, ONE)


def test_an_addition_that_was_interrupted_before_the_command_is_completed_by_the_next(family):
    path = pathlib.Path(family.folder, "ours-0" + family.extension)
    path.write_text(ONE.pem, encoding="ascii")
    assert held(family, ONE) == [False] and contained(family, ONE)
    assert opened(family).new_entry(*outline_of(ONE), "again") is None
    add(family, ONE)
    assert held(family, ONE, SYSTEM_S) == [True, True] and [file for file in path.parent.glob("ours-*") if not file.is_symlink()] == [path]


def test_what_this_run_did_not_create_stays(family):
    """Somebody else added the same certificate, in a file of its own."""
    add(family, ONE)
    theirs = pathlib.Path(family.folder, "theirs" + family.extension)
    theirs.write_text(ONE.pem, encoding="ascii")
    ours = opened(family).new_entry(*outline_of(TWO), "ours-0")
    assert contained(family, ONE, entries=[ours]) and not contained(family, ONE, entries=[])
    remove(family, ONE, entries=(ours,))
    assert held(family, ONE) == [True] and theirs.exists() and not pathlib.Path(ours).exists()
    assert not contained(family, ONE, entries=[ours])


def test_an_anchor_of_the_system_is_not_what_an_interrupted_removal_left(layout, tmp_path):
    for made in (layout, debian(tmp_path)):
        with pytest.raises(RemediationError, match="CN=Of the system comes with the operating system"):
            remove(made, SYSTEM_S)
        assert not contained(made, SYSTEM_S, entries=["/any"])


def hash_links(layout):
    return [path for path in pathlib.Path(layout.folder).iterdir() if HASH_NAME.match(path.name)]


def test_an_anchor_whose_hash_link_is_missing_is_not_present(tmp_path):
    layout = photon(tmp_path)
    add(layout, ONE)
    before = sorted(hash_links(layout))
    for link in before:
        link.unlink()
    assert held(layout, ONE, SYSTEM_S) == [False, False] and contained(layout, ONE)
    add(layout, ONE)
    assert held(layout, ONE, SYSTEM_S) == [True, True] and sorted(hash_links(layout)) == before


def test_an_anchor_that_the_bundle_beside_the_links_lacks_is_not_present(tmp_path):
    layout = photon(tmp_path)
    add(layout, ONE)
    (tmp_path / "all.pem").write_text(SYSTEM_S.pem, encoding="ascii")
    assert held(layout, ONE, SYSTEM_S) == [False, True]
    add(layout, ONE)
    assert held(layout, ONE) == [True]


def test_a_file_that_the_bundle_does_not_take_needs_its_link_only(tmp_path):
    """The command bundles .pem files, and openssl-rehash links .crt files too."""
    layout = photon(tmp_path)
    (tmp_path / "certs" / "corp.crt").write_text(ONE.pem, encoding="ascii")
    add(layout, ONE)
    assert held(layout, ONE) == [True] and not (tmp_path / "certs" / "ours-0.pem").exists()
    remove(layout, ONE)
    assert not contained(layout, ONE)
    (tmp_path / "all.pem").unlink()
    assert held(layout, SYSTEM_S) == [True]


def test_a_link_finds_the_first_certificate_of_its_file_only(tmp_path):
    layout = photon(tmp_path)
    (tmp_path / "certs" / "both.pem").write_text(ONE.pem + TWO.pem, encoding="ascii")
    (tmp_path / "certs" / "01234567.0").symlink_to("both.pem")
    (tmp_path / "certs" / "76543210.0").symlink_to("missing.pem")
    (tmp_path / "all.pem").write_text(SYSTEM_S.pem + ONE.pem + TWO.pem, encoding="ascii")
    assert held(layout, ONE, TWO, SYSTEM_S) == [True, False, True]


def test_a_command_that_a_signal_interrupts_is_rolled_back(layout, tmp_path):
    command = ("sh", "-c", "kill -TERM $PPID; exec cat", str(tmp_path))
    slow = Layout(layout.folder, layout.extension, layout.extensions, layout.bundle, command, layout.after_removing)
    with raised_signals(), pytest.raises(Interrupted):
        add(slow, ONE)
    assert not list((tmp_path / "anchors").iterdir()) and (tmp_path / "log").read_text() == "remove\n"
