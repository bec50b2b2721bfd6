# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for tests that need the lab's hosts.

Asked for tests/lab alone, pytest starts again within `labctl enter`; asked for more, it skips these tests and says how to run them.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import typing
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE))

from lab import Lab, places  # noqa: E402 - the line above makes it importable

from ansible_collections.certmend.tls.tests.support.corporate import Pki  # noqa: E402

OLDEST = os.environ.get("LAB_OLDEST")
MARKERS = (
    "everything: not for every day; make test-all runs it",
    "reliability(*cases, playbooks, afterwards): what the test shows; tools/reliability_md.py makes docs/reliability.md of it",
    "hosts(*names): the hosts that the test needs fresh, if not all of them",
)


def pytest_configure(config):
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    asked = [Path(config.invocation_params.dir, str(argument).split("::", maxsplit=1)[0]).resolve() for argument in config.args]
    if places.inside() or not all(path == HERE or HERE in path.parents for path in asked):
        return
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()  # gives the terminal back to the pytest that takes over
    command = [str(HERE / "labctl"), "enter", "--", sys.executable, "-m", "pytest", *config.invocation_params.args]
    os.execv(sys.executable, [sys.executable, *command])


def pytest_collection_modifyitems(items):
    if places.inside():
        return
    reason = "needs the lab: tests/lab/labctl enter -- python3 -m pytest tests/lab"
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def lab():
    """The lab with all hosts up, in whatever state the tests before have left them."""
    running = Lab.current()
    running.up()
    return running


def fresh(lab, node):
    """The lab with the hosts that the test or its file names (mark `hosts`) as `up` leaves them; all of them if none are named."""
    marker = node.get_closest_marker("hosts")
    lab.reset(*(marker.args if marker else ()))
    return lab


@pytest.fixture
def estate(lab, request):
    """The lab with fresh hosts, for this test alone; 0.2 s a host."""
    return fresh(lab, request.node)


@pytest.fixture(scope="module")
def fresh_estate(lab, request):
    """The lab with fresh hosts, shared by the tests of one file."""
    return fresh(lab, request.node)


@pytest.fixture
def pki(tmp_path):
    """A root, two intermediates, and leaves on request (tests/support/corporate.py)."""
    return Pki(tmp_path)


@pytest.fixture(scope="module")
def shared_pki(tmp_path_factory):
    """The same, shared by the tests of one file."""
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def oldest():
    """The ansible-playbook of the oldest ansible-core."""
    if not OLDEST:
        pytest.skip("LAB_OLDEST names no folder with the oldest ansible-playbook; make lab does")
    return str(Path(OLDEST) / "ansible-playbook")


class Run(typing.NamedTuple):
    """What ansible-playbook answered; `results` has a dict for each task result and loop item (plugins/callback/task_record.py)."""

    rc: int
    stdout: str
    stderr: str
    results: list

    @property
    def changed(self):
        return [result for result in self.results if result["changed"]]

    def of(self, task):
        """The results of the tasks whose name ends with this."""
        return [result for result in self.results if result["task"].endswith(task)]

    @property
    def shown(self):
        """Every change that has a diff: host, diff."""
        return [(result["host"], result["diff"]) for result in self.changed if result["diff"]]

    def on(self, host):
        """The results of one host."""
        return [result for result in self.results if result["host"] == host]

    def failure(self, host):
        """The message with which the run ended for a host."""
        (message,) = [result["msg"] for result in self.on(host)[-1:] if result["status"] == "failed"]
        return message


class Trio(typing.NamedTuple):
    """What check mode predicts, what the run does, and what the same run does again."""

    check: Run
    run: Run
    again: Run


@pytest.fixture(scope="session")
def collections_path(tmp_path_factory):
    """A collections path that has this checkout as certmend.tls."""
    root = tmp_path_factory.mktemp("collections")
    (root / "ansible_collections" / "certmend").mkdir(parents=True)
    (root / "ansible_collections" / "certmend" / "tls").symlink_to(REPOSITORY)
    return root


class Prepared(typing.NamedTuple):
    """A run of ansible-playbook that was not started yet."""

    command: list
    variables: dict
    folder: Path
    record: Path


@pytest.fixture(scope="session")
def prepare(lab, collections_path, tmp_path_factory):
    """prepare(path | name | text, *arguments, environment={}, program=path, inventory=path, folder=path) -> Prepared."""

    def make(source, *arguments, environment=None, program=None, inventory=None, folder=None):
        folder = folder or tmp_path_factory.mktemp("run")
        play = str(source)
        if "\n" in play:
            (folder / "play.yml").write_text(play, encoding="utf-8")
            play = str(folder / "play.yml")
        record = tmp_path_factory.mktemp("record") / "results.jsonl"
        variables = {
            **os.environ,
            "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
            "ANSIBLE_PIPELINING": "false" if program else "true",  # the oldest core takes the other way to a host
            "ANSIBLE_COLLECTIONS_PATH": str(collections_path),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "plugins" / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_record",
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_NOCOLOR": "true",
            "LAB_TASK_RECORD": str(record),
            **(environment or {}),
        }
        return Prepared([program or ansible_playbook(), "-i", str(inventory or lab.inventory), play, *map(str, arguments)], variables, folder, record)

    return make


@pytest.fixture(scope="session")
def playbook(prepare):
    """Run ansible-playbook on the estate: playbook(path | name | text, *arguments, **those of prepare) -> Run."""

    def run(source, *arguments, **how):
        command, variables, folder, record = prepare(source, *arguments, **how)
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=variables, cwd=folder)
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return Run(result.returncode, result.stdout, result.stderr, [json.loads(line) for line in lines])

    return run


@pytest.fixture(scope="session")
def killed_playbook(prepare):
    """killed_playbook(is_reached, path | name | text, *arguments): start ansible-playbook, and kill it and all its processes here when is_reached()."""

    def run(is_reached, source, *arguments, environment=None):
        command, variables, folder, _record = prepare(source, *arguments, environment=environment)
        with open(folder / "output", "wb") as output:
            process = subprocess.Popen(command, env=variables, cwd=folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True)
            while not is_reached():
                assert process.poll() is None, "it ended before it was killed: " + (folder / "output").read_text(encoding="utf-8")
                os.sched_yield()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    return run


@pytest.fixture(scope="session")
def started():
    """with started(prepared) as process: a run in the background; it is killed if the test ends before it."""

    @contextlib.contextmanager
    def start(prepared):
        with open(prepared.folder / "output", "wb") as output:
            process = subprocess.Popen(
                prepared.command, env=prepared.variables, cwd=prepared.folder, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    return start


def ansible_playbook():
    """The one beside this Python, else the one on PATH."""
    beside = Path(sys.executable).with_name("ansible-playbook")
    found = str(beside) if beside.exists() else shutil.which("ansible-playbook")
    assert found, "ansible-playbook is neither beside this Python nor on PATH"
    return found
