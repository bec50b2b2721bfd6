# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module as its target runs it: in this process, which is quick, or in a process of its own."""

from __future__ import annotations

import contextlib
import glob
import importlib
import io
import json
import os
import pathlib
import subprocess
import sys
from importlib.util import find_spec
from typing import Any, Callable, Dict, List
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.ansible_release import __version__

from ansible_collections.certmend.tls.tests.support.clock import PATIENCE

#: where the collection is imported from
TREE = pathlib.Path(find_spec("ansible_collections.certmend.tls").submodule_search_locations[0]).parents[2]
#: where modules import from: the collection, then what the tests were started with
PATH = os.pathsep.join([str(TREE), *filter(None, [os.environ.get("PYTHONPATH")])])
MODULES = "ansible_collections.certmend.tls.plugins.modules."


#: the modules' own timeouts, unless a test is about one: no test depends on the machine's speed
PATIENT = {
    "cert_inspect": {"timeout": PATIENCE},
    "cert_pin": {"timeout": PATIENCE},
    "lookup_ssl_trust": {"timeout": PATIENCE, "probe_timeout": PATIENCE},
    "ome_certificate_chain": {"timeout": PATIENCE, "wait_timeout": PATIENCE},
    "tls_handshake": {"timeout": PATIENCE},
}


#: has the module return its options as ``invocation``: ansible-core does so up to 2.20, and since 2.21 only if it is told to (INJECT_INVOCATION)
WITH_OPTIONS = {"_ansible_inject_invocation": True} if tuple(map(int, __version__.split(".")[:2])) >= (2, 21) else {}


def arguments(name: str, params: Dict[str, Any], check: bool, verbosity: int = 3) -> str:
    """What Ansible sends a module.

    :param verbosity: with 3 (-vvv) a failed task returns all facts; with 0 those that fit on a screen.
    """
    sent = dict(PATIENT.get(name, {}), **params)
    sent.update(_ansible_check_mode=check, _ansible_diff=True, _ansible_remote_tmp="/tmp", _ansible_verbosity=verbosity, **WITH_OPTIONS)
    return json.dumps({"ANSIBLE_MODULE_ARGS": sent})


def module_process(name: str, params: Dict[str, Any], check: bool = False, python: str = sys.executable, own_session: bool = False) -> subprocess.Popen:
    """A module in a process of its own, with its parameters on standard input, as Ansible starts it.

    :param own_session: whether the module and the programs that it runs are a process group of their own, which a test can kill.
    """
    process = subprocess.Popen(
        [python, "-W", "ignore", "-m", MODULES + name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=PATH, _ANSIBLE_MODULE_PROFILE="legacy"),
        start_new_session=own_session,
    )
    process.ask = arguments(name, params, check)
    return process


def run_script(script: str, *arguments: str, python: str = sys.executable) -> str:
    """Run a Python script that imports the collection in a process of its own, with the clock of this one (faketime); what it printed."""
    environment = dict(os.environ, PYTHONPATH=str(TREE), PYTHONDONTWRITEBYTECODE="1")
    command = [python, "-W", "ignore", "-c", script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout


def pythons(*versions: str) -> List[str]:
    """The interpreters of these versions (``3.7``) that this machine has."""
    places = [os.path.expanduser("~/.pyenv/versions/%s*/bin/python%s"), "/usr/bin/python%.0s%s", "/usr/local/bin/python%.0s%s"]
    return sorted({path for version in versions for place in places for path in glob.glob(place % (version, version))})


def result_of(out: str, err: str) -> Dict[str, Any]:
    """The result that a module printed."""
    assert out.strip(), err
    return json.loads(out.strip().splitlines()[-1])


def run_in_process(name: str, params: Dict[str, Any], check: bool = False, verbosity: int = 3) -> Dict[str, Any]:
    """Call a module's main() here: its parameters, its end and its printed result are the real ones."""
    return call_main(importlib.import_module(MODULES + name).main, arguments(name, params, check, verbosity))


def printed(result: Dict[str, Any]) -> List[str]:
    """The lines in which Ansible shows a failed task, if each value has a line of its own."""
    shown = {name: value for name, value in result.items() if name not in ("diff", "invocation")}
    return json.dumps(shown, indent=4).splitlines()


def call_main(main: Callable[[], None], ask: str) -> Dict[str, Any]:
    """Call the main() of any module here, with what Ansible sends it."""
    out = io.StringIO()
    state = {"_ANSIBLE_ARGS": ask.encode("utf-8")}
    if hasattr(basic, "_ANSIBLE_PROFILE"):  # from core 2.19 on
        state["_ANSIBLE_PROFILE"] = "legacy"
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.multiple(basic, **state))
        stack.enter_context(fresh_messages())
        stack.enter_context(contextlib.redirect_stdout(out))
        with contextlib.suppress(SystemExit):
            main()
    return result_of(out.getvalue(), "the module printed nothing")


@contextlib.contextmanager
def fresh_messages():
    """Warnings and deprecations that Ansible keeps for a whole process belong to one module run."""
    from ansible.module_utils.common import warnings

    kept = [name for name in ("_global_warnings", "_global_deprecations") if hasattr(warnings, name)]
    with contextlib.ExitStack() as stack:
        if hasattr(warnings, "_internal"):  # core 2.19 asks whether this is the controller, and shows warnings at once there
            stack.enter_context(mock.patch.object(warnings._internal, "is_controller", False))
        for name in kept:
            stack.enter_context(mock.patch.object(warnings, name, type(getattr(warnings, name))()))
        yield
