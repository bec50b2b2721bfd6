# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The laws of the house: how the code is laid out, checked on the code itself."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.certmend.tls.plugins.doc_fragments.attributes import ModuleDocFragment
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.registry import RULES
from ansible_collections.certmend.tls.plugins.module_utils.x509.rules.rule import PROFILES, collected
from ansible_collections.certmend.tls.tests.support.run import pythons, run_script
from ansible_collections.certmend.tls.tests.support.source import FILTERS, LOOKUPS, MODULE_UTILS, MODULES, OURS, PLUGINS, ROOT, UTILS, code_of, name_of

UTIL_TESTS = ROOT / "tests/unit/plugins/module_utils"
RULE_TESTS = UTIL_TESTS / "x509/rules"


#: what may run on an appliance: whole floors, and the modules that stand on them alone
FOR_APPLIANCES = [path for path in UTILS if path.relative_to(MODULE_UTILS).parts[0] != "x509"] + [
    path for path in MODULES if (MODULE_UTILS / "appliance" / path.stem).is_dir()
]


@pytest.mark.parametrize("path", [path for path in UTILS + MODULES if path.parent.name != "core"], ids=name_of)
def test_only_the_core_asks_for_check_mode_and_ends_a_module(path):
    nodes = list(ast.walk(code_of(path)))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)} | {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert not names & {"check_mode", "fail_json", "exit_json"}


@pytest.mark.parametrize("path", [path for path in UTILS + MODULES + LOOKUPS if name_of(path) != "module_utils/core/timestamps"], ids=name_of)
def test_only_the_core_asks_for_the_time(path):
    found = {read for read in time_read_in(path) if read.split(".")[-1] not in ("monotonic", "sleep", "perf_counter")}  # a duration is no moment
    assert not found


@pytest.mark.parametrize("path", FOR_APPLIANCES, ids=name_of)
def test_what_runs_on_appliances_is_python_3_7(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 7))


#: the oldest for which appliances' code is written
OLD_PYTHONS = pythons("3.7", "3.8")


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python 3.7 or 3.8 on this machine; the syntax was checked all the same")
@pytest.mark.parametrize("python", OLD_PYTHONS or [""])
def test_an_old_python_imports_what_runs_on_appliances(python):
    names = [name_of(path).partition("/")[2].replace("/", ".") for path in FOR_APPLIANCES if path not in MODULES and path.name != "__init__.py"]
    assert len(names) > 30
    script = "import importlib\nfor name in %r: importlib.import_module(%r + name)" % (names, OURS)
    run_script(script, python=python)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_file_is_its_documentation_and_a_short_main(path):
    functions = [node for node in ast.walk(code_of(path)) if isinstance(node, ast.FunctionDef)]
    assert [function.name for function in functions] == ["main"]
    body = functions[0]
    statements = {node.lineno for node in ast.walk(body) if isinstance(node, ast.stmt)}
    assert len(statements) <= 20, "main() of %s" % path.name


def documentation_of(path):
    texts = {}
    for node in code_of(path).body:
        if isinstance(node, ast.Assign) and node.targets[0].id in ("DOCUMENTATION", "EXAMPLES", "RETURN"):
            texts[node.targets[0].id] = yaml.safe_load(node.value.value)
    return texts


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_documents_its_promises_examples_and_results(path):
    texts = documentation_of(path)
    fragments = texts["DOCUMENTATION"]["extends_documentation_fragment"]
    assert "certmend.tls.attributes" in fragments
    assert {"certmend.tls.attributes.changes", "certmend.tls.attributes.reads_only"} & set(fragments)
    assert texts["EXAMPLES"] and texts["RETURN"]
    assert any("sample" in value for value in texts["RETURN"].values())
    assert "supports_check_mode=True" in path.read_text(encoding="utf-8")
    assert "TODO" not in path.read_text(encoding="utf-8"), "make new-profile leaves the description to you"


READS_ONLY = re.compile(r"class \w+\(Run\[None\]\)")


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_that_only_reads_has_no_diff_and_every_other_one_has(path):
    """A run without steps changes nothing, so there is nothing that --diff could show."""
    fragments = documentation_of(path)["DOCUMENTATION"]["extends_documentation_fragment"]
    attributes = {}
    for name in [fragment.rpartition(".")[2].upper() for fragment in fragments if fragment.startswith("certmend.tls.attributes.")] + ["DOCUMENTATION"]:
        attributes.update(yaml.safe_load(getattr(ModuleDocFragment, name))["attributes"])
    runs = "\n".join(run.read_text(encoding="utf-8") for run in MODULE_UTILS.glob("*/%s/run.py" % path.stem))
    assert "(Run[" in runs and attributes["check_mode"]["support"] == "full"
    assert attributes["diff_mode"]["support"] == ("N/A" if READS_ONLY.search(runs) else "full")


@pytest.mark.parametrize("path", LOOKUPS, ids=name_of)
def test_a_lookup_documents_its_options_examples_and_result_and_has_tests(path):
    texts = documentation_of(path)
    assert texts["DOCUMENTATION"]["name"] == path.stem and texts["DOCUMENTATION"]["version_added"]
    assert texts["EXAMPLES"] and texts["RETURN"]["_raw"]["description"]
    assert (ROOT / "tests/unit/plugins/lookup" / ("test_%s.py" % path.stem)).is_file()


@pytest.mark.parametrize("path", FILTERS, ids=name_of)
def test_a_filter_documents_its_options_examples_and_result_and_has_tests(path):
    texts = documentation_of(path)
    assert texts["DOCUMENTATION"]["name"] == path.stem and texts["DOCUMENTATION"]["version_added"]
    assert texts["EXAMPLES"] and texts["RETURN"]["_value"]["description"]
    assert (ROOT / "tests/unit/plugins/filter" / ("test_%s.py" % path.stem)).is_file()


def test_every_kind_of_plugin_is_known_to_these_laws():
    kinds = {path.name for path in PLUGINS.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert kinds == {"action", "doc_fragments", "filter", "lookup", "module_utils", "modules", "plugin_utils"}


#: what reads a file as UTF-8 text: certificates and keys of operators are often binary
TEXT_READERS = re.compile(r"lookup\('(?:ansible\.builtin\.)?file'")
#: the files that are text by definition
TEXT_FILES = ("fqdn_certificate_pins_path", "remediate_plan_path", "certmend_ca_passphrase_path", "/surveys/")


@pytest.mark.parametrize("folder", ["playbooks", "roles", "plugins", "docs", "README.md"])
def test_no_file_of_an_operator_is_read_as_text(folder):
    paths = [ROOT / folder] if (ROOT / folder).is_file() else [path for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".md", ".py", ".j2")]
    lines = [(path.name, line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if TEXT_READERS.search(line)]
    assert [found for found in lines if not any(name in found[1] for name in TEXT_FILES)] == [], "lookup('certmend.tls.certificates', path) reads every form"


#: who opens a file without the one reader, and why
OPENERS = {
    "module_utils/appliance/files/read": "the one reader",
    "module_utils/appliance/files/lock": "a folder, for its lock",
    "module_utils/appliance/files/lock_holders": "/proc/locks, which has no other form",
    "module_utils/appliance/files/folder": "relative to a folder, regular files without links",
    "module_utils/appliance/files/snapshot": "what such a folder has opened, for the one reader",
    "module_utils/appliance/files/work_copy": "it writes",
    "module_utils/appliance/files/process": "/proc/PID/stat, which has no other form",
    "module_utils/x509/ome_certificate_chain/mutual_tls": "it writes files of its own",
    "module_utils/x509/path/verifiers": "it writes files of its own",
    "action/journal": "the boot identifier of the kernel",
}
OPENING = {"open", "io.open", "os.open", "os.fdopen", "codecs.open", "shutil.copy", "shutil.copy2", "shutil.copyfile"}


def openings_in(path):
    """What a file calls that opens a path: functions, and arguments with which a library opens one."""
    calls = [node for node in ast.walk(code_of(path)) if isinstance(node, ast.Call)]
    functions = {ast.unparse(call.func) for call in calls}
    keywords = {keyword.arg for call in calls for keyword in call.keywords if not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)}
    return (functions & OPENING) | (keywords & {"cafile", "capath"}) | {name for name in functions if name.endswith((".read_bytes", ".read_text"))}


@pytest.mark.parametrize("path", UTILS + MODULES + LOOKUPS + sorted((PLUGINS / "action").glob("*.py")), ids=name_of)
def test_one_reader_opens_the_files_that_a_task_names(path):
    assert bool(openings_in(path)) == (name_of(path) in OPENERS), openings_in(path)


def test_one_reader_of_json_bounds_its_depth():
    users = {name_of(path) for path in UTILS if re.search(r"json\.(load|JSONDecoder)", path.read_text(encoding="utf-8"))}
    assert users == {"module_utils/appliance/formats/json_text"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_a_claim_a_citation_and_a_way_out(rule):
    assert re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)+", rule.code)
    assert rule.claim.endswith(".") and rule.cites
    assert rule.outcomes and set(rule.outcomes) <= set(PROFILES)
    for outcome in rule.outcomes.values():
        assert outcome.advice
        assert outcome.remedy == "" or (ROOT / "roles" / outcome.remedy).is_dir(), "the remedy is a role of this collection"


@pytest.mark.parametrize("path", sorted(UTIL_TESTS.rglob("test_*.py")), ids=lambda path: path.relative_to(UTIL_TESTS).as_posix())
def test_tests_mirror_the_tree(path):
    tested = path.relative_to(UTIL_TESTS).with_name(path.name[len("test_") :])
    assert (PLUGINS / "module_utils" / tested).is_file()


def test_every_other_test_is_of_a_plugin_a_role_a_playbook_a_tool_or_the_architecture():
    unit = ROOT / "tests/unit"
    for path in unit.rglob("test_*.py"):
        folder, name = path.parent.relative_to(unit).as_posix(), path.stem[len("test_") :]
        if folder == "plugins/modules":
            assert any(name == module.stem or name.startswith(module.stem + "_") for module in MODULES), path
        elif folder == "plugins/lookup":
            assert any(name == lookup.stem for lookup in LOOKUPS), path
        elif folder == "plugins/filter":
            assert any(name == plugin.stem for plugin in FILTERS), path
        elif folder == "plugins/plugin_utils":
            assert (PLUGINS / "plugin_utils" / path.name[len("test_") :]).is_file(), path
        elif folder == "plugins/action":
            assert (PLUGINS / "action" / path.name[len("test_") :]).is_file(), path
        elif folder == "plugins/plugin_utils":
            assert (PLUGINS / "plugin_utils" / path.name[len("test_") :]).is_file(), path
        elif folder == "playbooks":
            assert name == "all" or any(name == book.stem or name.startswith(book.stem + "_") for book in (ROOT / "playbooks").glob("*.yml")), path
        elif folder == "roles":
            assert any(name == role.name or name.startswith(role.name + "_") for role in (ROOT / "roles").iterdir()), path
        elif folder == "eda":
            assert any(name == book.stem or name.startswith(book.stem + "_") for book in (ROOT / "extensions/eda/rulebooks").glob("*.yml")), path
        elif folder == "kills":
            assert (ROOT / "tests/kills" / (name + ".py")).is_file(), path
        elif folder == "tools":
            assert (ROOT / "tools" / (name + ".py")).is_file(), path
        else:
            assert folder in ("architecture", "newcomer") or path.parent == UTIL_TESTS or UTIL_TESTS in path.parents, path


#: tests and what they need, without the lab, whose machines live in real time
TESTS = sorted(path for folder in ("unit", "support", "bench", "fuzz", "kills") for path in (ROOT / "tests" / folder).rglob("*.py"))
#: who may read the time, or wait for a time to pass, and why
READERS = {
    "tests/support/clock.py": "the clock of the tests",
    "tests/support/ome/server.py": "an appliance with a clock of its own, which restarts; the lab has it without the other tests",
    "tests/support/vsphere/sts.py": "a server with a clock of its own; the lab has it without the other tests",
    "tests/support/vsphere/lookup.py": "a server that is slow on request",
    "tests/bench/bench.py": "it measures",
    "tests/kills/trials.py": "a kill at a random moment of a run, whose duration it measures",
    "tests/unit/architecture/test_laws.py": "it names what it refuses",
    "tests/unit/plugins/modules/test_hosts_entry.py": "a kill at any moment: the moment is drawn by lot, and nothing waits for it",
}
READS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "gmtime", "localtime", "strftime", "ctime", "monotonic", "perf_counter", "sleep"},
}


def time_read_in(path):
    """The calls in a file that read the time or wait, and openssl's arguments for a validity from now on."""
    found = set()
    imports = [name for node in ast.walk(code_of(path)) if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names]
    renamed = {name.asname: name.name for name in imports if name.asname}
    for node in ast.walk(code_of(path)):
        if isinstance(node, ast.Attribute):
            owner = getattr(node.value, "attr", getattr(node.value, "id", ""))
            owner = renamed.get(owner, owner)
            found |= {"%s.%s" % (owner, node.attr)} if node.attr in READS.get(owner, ()) else set()
        elif isinstance(node, ast.ImportFrom):
            found |= {"%s.%s" % (node.module, name.name) for name in node.names if name.name in READS.get(node.module, ())}
        elif isinstance(node, ast.Constant) and node.value == "-days":
            found.add("-days")
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "moment" and [getattr(one, "value", one) for one in node.args[:1]] == [None]:
            found.add("moment(None)")
    return sorted(found)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT / "tests").as_posix())
def test_only_the_tests_clock_reads_the_time(path):
    reads = time_read_in(path)
    assert bool(reads) is (path.relative_to(ROOT).as_posix() in READERS), "tests/support/clock.py has the moment; here: %s" % reads


@pytest.mark.parametrize(
    "line",
    [
        "datetime.datetime.now()",
        "dt = datetime.now",
        "datetime.datetime.utcnow()",
        "datetime.date.today()",
        "time.time()",
        "time.sleep(1)",
        "from time import time",
        "import time as clock; clock.time()",
        "from datetime import datetime as moments; moments.now()",
        "moment(None)",
        "['openssl', 'req', '-days', '9']",
    ],
)
def test_reading_the_time_is_noticed(line, tmp_path):
    (tmp_path / "code.py").write_text(line, encoding="ascii")
    assert time_read_in(tmp_path / "code.py")


def marked(word):
    text = "".join(path.read_text(encoding="utf-8") for path in RULE_TESTS.glob("test_*.py"))
    return set(re.findall(r'@%s\("([A-Z0-9-]+)"\)' % word, text))


@pytest.mark.parametrize("word", ["fails", "passes"])
def test_each_rule_has_a_failing_and_a_passing_test(word):
    assert marked(word) == {rule.code for rule in RULES}


def test_an_empty_registry_is_an_error_and_not_a_clean_bill():
    with pytest.raises(AssertionError, match="no rules"):
        collected()


def test_the_list_of_findings_is_the_registry():
    text = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    environment = dict(os.environ, PYTHONPATH=str(ROOT.parents[2]))
    command = [sys.executable, str(ROOT / "tools/findings_md.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert text == done.stdout, "write it anew: python3 tools/findings_md.py > docs/findings.md"


@pytest.mark.parametrize("role", sorted(path.name for path in (ROOT / "roles").iterdir()))
def test_a_role_has_a_readme_and_an_argument_spec_for_each_default(role):
    folder = ROOT / "roles" / role
    assert (folder / "README.md").exists()
    options = yaml.safe_load((folder / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = folder / "defaults/main.yml"
    assert set(yaml.safe_load(defaults.read_text()) or {} if defaults.exists() else ()) <= set(options)
    assert all(name.startswith(role + "_") for name in options)


#: where a host of the inventory is called by its inventory name on purpose: it names the host for Ansible or for a person, no TLS server
FOR_ANSIBLE = (
    "_prove_from:",
    "inventory_name",
    "ome_migration_target",
    "difference([inventory_hostname])",
    "fail_msg",
    "msg:",
    "handshake_clients:",
    "remediation_later:",
    "restore_of_host:",
)


def endpoint_expressions():
    """The Jinja expressions of playbooks/vars/endpoint.yml."""
    values = yaml.safe_load((ROOT / "playbooks/vars/endpoint.yml").read_text())
    return {name: re.fullmatch(r"{{ (.*) }}", value)[1] for name, value in values.items()}


VARIABLES = [*ROOT.glob("roles/*/defaults/*.yml"), *ROOT.glob("roles/*/vars/*.yml"), *ROOT.glob("playbooks/*.yml"), *ROOT.glob("playbooks/vars/*.yml")]


@pytest.mark.parametrize("path", sorted(VARIABLES), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_host_of_the_inventory_is_called_by_its_fqdn_everywhere(path):
    name = endpoint_expressions()["endpoint_name"]
    # the inventory's address: Ansible gives a task that of the host to which it is delegated
    here = "hostvars[inventory_hostname].ansible_host"
    logins = ("given.ansible_host | default(inventory_hostname)", here + " | default(inventory_hostname)", here)
    for line in path.read_text(encoding="utf-8").splitlines():
        if "{" in line and ":" in line and not any(words in line for words in FOR_ANSIBLE):
            rest = re.sub(r"(?<!\w)(%s)" % "|".join(map(re.escape, (name, *logins))), "", line)
            assert not re.search(r"\binventory_hostname\b(?!')", rest) or re.match(r"\s+({{ inventory_hostname }}|[A-Z])", line), line


def test_the_port_of_a_host_is_its_tls_port_everywhere():
    port = endpoint_expressions()["endpoint_port"]
    other = {"handshake": "the server is another host"}
    for defaults in ROOT.glob("roles/*/defaults/main.yml"):
        role = defaults.parent.parent.name
        lines = [line for line in defaults.read_text().splitlines() if re.match(r"\s*(%s_)?port:" % role, line)]
        assert role in other or all(port in line for line in lines), lines


def test_every_stage_of_the_shared_flow_exists_in_every_mending_role():
    after = {"check", "reload", "prove", "put_back"}  # the shared ones, where what is mended is what a web server reads
    assert after <= {path.stem for path in (ROOT / "roles/remediation/tasks/web_server").glob("*.yml")}
    for main in (ROOT / "roles").glob("*/tasks/main.yml"):
        text = main.read_text()
        if re.search(r"name: certmend\.tls\.remediation\n(?! *tasks_from)", text):
            stages = {"inspect", "change"} | (set() if "remediation_server:" in text else after)
            assert stages <= {path.stem for path in main.parent.glob("*.yml")}, main
            assert "remediation_changed" in text


def test_no_text_names_a_machine_or_a_registry():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    hosts = ["deb." + "debian.org", "pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org"]
    for name in filter(None, listed):
        text = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""  # the link of docs/awx.md
        assert not any(host.encode() in text for host in hosts), name
        assert not re.search(rb"(?<![\w./])/(work|root/\.pyenv)/", text) or name.endswith("test_laws.py"), name
