# Copyright: certmend.tls contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab is what the other tests take it for."""

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lab import LabError, rootless

LABCTL = [sys.executable, str(Path(__file__).with_name("labctl"))]
MANIFEST = "/PROD/metadata/manifest/v1/vcfManifest.json"
STORES = {
    "/etc/vmware/vcf/commonsvcs/trusted_certificates.store": "StorePw1!",
    "/etc/alternatives/jre/lib/security/cacerts": "changeit",
}

ASK_WHO_IT_IS = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.command: id -u
      register: id
      failed_when: id.stdout != "0"
"""
WRITE_A_FILE = """
- hosts: depots
  gather_facts: false
  tasks:
    - name: Write
      ansible.builtin.copy:
        content: new
        dest: /etc/new
"""


def trusting(pem_path):
    return ssl.create_default_context(cafile=pem_path)


def anything():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def presented(address, port=443):
    with socket.create_connection((address, port), 10) as connection, anything().wrap_socket(connection) as secured:
        return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True))


def status_of(url, headers=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=10, context=anything()) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Api:
    """A client of the installer's API."""

    def __init__(self, host):
        self.url = f"https://{host.address}"
        self.token = None
        self.token = self.call("POST", "/v1/tokens", {"username": "admin@local", "password": "AdminPw1!Admin"})[1]["accessToken"]

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30, context=anything()) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def put_depot(self, hostname, password="DepotPw1!"):
        body = {
            "offlineAccount": {"username": "depot", "password": password},
            "depotConfiguration": {"isOfflineDepot": True, "hostname": hostname, "port": 443},
        }
        return self.call("PUT", "/v1/system/settings/depot", body)


def mend_names(estate):
    """Give the depot a certificate with its name, by hand; and the name to the installer."""
    depot, installer = estate["depot"], estate["installer"]
    extension = "subjectAltName=DNS:depot.corp.example"
    depot.run(
        *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=depot.corp.example", "-addext"],
        extension,
        *["-keyout", "/etc/nginx/tls/depot.key", "-out", "/etc/nginx/tls/depot.pem"],
    )
    depot.run("nginx", "-s", "reload")
    installer.run("sh", "-c", f"echo '{depot.address} depot.corp.example' >> /etc/hosts")
    return depot.read("/etc/nginx/tls/depot.pem")


def test_every_host_lets_ansible_in_as_root(estate, playbook):
    run = playbook(ASK_WHO_IT_IS)
    assert run.rc == 0, run.stdout
    assert {result["host"] for result in run.results} == set(estate.hosts)


@pytest.mark.hosts("depot")
def test_a_task_record_tells_status_change_and_diff(estate, playbook):
    predicted, real, again = (playbook(WRITE_A_FILE, "--diff", *more) for more in (["--check"], [], []))
    assert [result["diff"] for result in predicted.of("Write")] == [result["diff"] for result in real.of("Write")]
    assert (len(real.changed), len(again.changed)) == (1, 0)
    assert "new" in str(real.of("Write")[0]["diff"])


@pytest.mark.hosts("installer")
def test_the_installer_lets_root_in_by_su_only(estate):
    installer = estate["installer"]
    command = ["ssh", "-F", "none", "-i", estate.state / "ssh" / "id", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"]
    command += ["-o", "UserKnownHostsFile=/dev/null", f"root@{installer.address}", "true"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 255
    wrong = installer.run("su", "vcf", "-c", "su -c id", text="VcfPw1!\n", check=False)
    right = installer.run("su", "vcf", "-c", "su -c id", text="RootPw1!\n", check=False)
    assert wrong.returncode != 0
    assert "uid=0" in right.stdout


@pytest.mark.hosts("installer")
def test_a_rename_over_the_installers_hosts_file_is_refused_as_busy(estate):
    script = "import os; open('/etc/new', 'w').close(); os.rename('/etc/new', '/etc/hosts')"
    result = estate["installer"].run("python3", "-c", script, check=False)
    assert "OSError: [Errno 16]" in result.stderr


@pytest.mark.hosts("installer")
def test_the_installers_python_has_no_cryptography(estate):
    result = estate["installer"].run("python3", "-c", "import cryptography", check=False)
    assert "ModuleNotFoundError" in result.stderr


@pytest.mark.hosts("depot")
def test_the_depots_python_has_cryptography(estate):
    estate["depot"].run("python3", "-c", "import cryptography")


@pytest.mark.hosts("installer")
@pytest.mark.parametrize("store", STORES)
def test_keytool_opens_a_store_that_is_not_empty(estate, store):
    listing = estate["installer"].run("keytool", "-list", "-keystore", store, "-storepass", STORES[store]).stdout
    assert "trustedCertEntry" in listing


@pytest.mark.hosts("depot")
def test_the_depot_asks_for_a_password(estate):
    url = f"https://{estate['depot'].address}{MANIFEST}"
    login = base64.b64encode(b"depot:DepotPw1!").decode()
    assert status_of(url) == 401
    assert status_of(url, {"Authorization": f"Basic {login}"}) == 200


@pytest.mark.hosts("depot")
def test_the_depots_certificate_names_an_address_and_nothing_else(estate):
    text = presented(estate["depot"].address)
    assert text.split() == estate["depot"].read("/etc/nginx/tls/depot.pem").split()
    shown = estate["depot"].run(*["openssl", "x509", "-noout", "-subject", "-issuer", "-ext", "subjectAltName"], text=text)
    assert "subject=CN = 10.77.0.10\nissuer=CN = 10.77.0.10" in shown.stdout
    assert "DNS:" not in shown.stdout


@pytest.mark.hosts("web", "lb")
def test_the_other_servers_are_wrong_in_their_own_ways(estate):
    context = trusting(estate.ca)
    assert "expired" in handshake_error(estate["lb"], trusting_itself(estate["lb"]))
    assert handshake_error(estate["web"], context) == ""  # the name is in the CN only, which this OpenSSL still accepts
    context.hostname_checks_common_name = False
    assert "Hostname mismatch" in handshake_error(estate["web"], context)


def trusting_itself(host):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=presented(host.address))
    return context


def handshake_error(host, context):
    with socket.create_connection((host.address, 443), 10) as connection:
        try:
            context.wrap_socket(connection, server_hostname=host.fqdn).close()
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
    return ""


@pytest.mark.hosts("depot", "web", "lb")
@pytest.mark.parametrize(
    "name, check, reload",
    [
        ("depot", "nginx -t", "nginx -s reload"),
        ("depot", "nginx -t", "service nginx reload"),
        ("depot", "nginx -t", "systemctl reload nginx"),
        ("web", "apachectl configtest", "apachectl graceful"),
        ("web", "apachectl configtest", "service apache2 reload"),
        ("web", "apachectl configtest", "systemctl reload apache2"),
        ("lb", "haproxy -c -f /etc/haproxy/haproxy.cfg", "kill -USR2 $(cat /run/haproxy.pid)"),
        ("lb", "haproxy -c -f /etc/haproxy/haproxy.cfg", "service haproxy reload"),
        ("lb", "haproxy -c -f /etc/haproxy/haproxy.cfg", "systemctl reload haproxy"),
    ],
)
def test_a_service_checks_its_configuration_and_reloads_a_new_certificate(estate, name, check, reload):
    host = estate[name]
    before = presented(host.address)
    paths = host.specification["certificates"][0]
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={host.fqdn} -keyout /tmp/key -out /tmp/pem"
    together = paths["key"] == paths["certificate"]
    install = f"cat /tmp/pem /tmp/key > {paths['key']}" if together else f"cp /tmp/pem {paths['certificate']}; cp /tmp/key {paths['key']}"
    host.run("sh", "-c", f"{make}; {install}")
    host.run("sh", "-c", check)
    host.run("sh", "-c", reload)
    wait_until(lambda: presented(host.address) != before)


@pytest.mark.hosts("web")
def test_a_port_may_be_silent_and_another_speak_plain_http(estate):
    address = estate["web"].address
    with socket.create_connection((address, 9443), 10) as connection:
        connection.settimeout(0.2)
        connection.sendall(b"anybody there?")
        with pytest.raises(socket.timeout):
            connection.recv(1)
    with urllib.request.urlopen(f"http://{address}/index.html", timeout=10) as answer:
        assert answer.read() == b"web: a page\n"


@pytest.mark.hosts("depot", "installer")
def test_the_installer_does_not_know_the_depot_by_name(estate):
    status, answer = Api(estate["installer"]).put_depot("depot.corp.example")
    assert (status, answer["offlineAccount"]["status"]) == (500, "DEPOT_UNKNOWN_HOST")


@pytest.mark.hosts("depot", "installer")
def test_the_installer_refuses_the_depot_by_its_address_as_the_article_says(estate):
    status, answer = Api(estate["installer"]).put_depot(estate["depot"].address)
    assert (status, answer["errorCode"]) == (500, "VMWARE_DEPOT_CONNECT_FAILURE")
    assert answer["message"].startswith("Secure protocol communication error")


@pytest.mark.hosts("depot", "installer")
def test_trust_alone_does_not_help_while_the_name_is_wrong(estate):
    api = Api(estate["installer"])
    anchor = {"certificate": presented(estate["depot"].address), "certificateUsageType": "TRUSTED_FOR_OUTBOUND"}
    path = "/v1/sddc-manager/trusted-certificates"
    assert [api.call("POST", path, anchor)[0] for _rest in range(2)] == [200, 409]
    assert api.put_depot(estate["depot"].address)[1]["message"].startswith("Secure protocol communication error")


@pytest.mark.hosts("depot", "installer")
def test_the_installer_accepts_a_depot_whose_name_fits_once_lcm_has_restarted(estate):
    installer = estate["installer"]
    pem = mend_names(estate)
    installer.write("/tmp/depot.pem", pem)
    for store, password in STORES.items():
        arguments = f"-importcert -noprompt -alias depot -file /tmp/depot.pem -keystore {store} -storepass {password}"
        installer.run("keytool", *arguments.split())
    assert Api(installer).put_depot("depot.corp.example")[0] == 500
    installer.run("systemctl", "restart", "lcm")
    installer.wait_until_ready()
    api = Api(installer)
    assert api.put_depot("depot.corp.example", "wrong")[1]["errorCode"] == "DEPOT_INVALID_CREDENTIAL"
    status, answer = api.put_depot("depot.corp.example")
    assert (status, answer["offlineAccount"]["status"]) == (202, "DEPOT_CONNECTION_SUCCESSFUL")
    sync = "/v1/system/settings/depot/depot-sync-info"
    api.call("PATCH", sync)
    assert [api.call("GET", sync)[1]["syncStatus"] for _rest in range(2)] == ["IN_PROGRESS", "SYNCED"]
    assert installer.read("/var/log/systemctl.log") == "restart lcm\n"


@pytest.mark.hosts("installer")
def test_an_account_in_the_wrong_place_of_the_body_is_refused(estate):
    configuration = {"isOfflineDepot": True, "hostname": "x", "offlineAccount": {"username": "depot", "password": "x"}}
    status, answer = Api(estate["installer"]).call("PUT", "/v1/system/settings/depot", {"depotConfiguration": configuration})
    assert status == 400
    assert "top level" in answer["message"]


@pytest.mark.hosts("depot")
def test_a_stopped_host_is_unreachable_and_comes_back_fresh(estate):
    depot = estate["depot"]
    before = presented(depot.address)
    depot.write("/etc/left-behind", "")
    depot.stop()
    with pytest.raises(OSError):
        socket.create_connection((depot.address, 22), 5)
    with pytest.raises(LabError, match="does not run"):
        depot.run("true")
    depot.start()
    assert depot.run("test", "-e", "/etc/left-behind", check=False).returncode == 1
    assert presented(depot.address) == before


@pytest.mark.hosts("depot")
def test_a_host_does_not_see_the_controllers_files_and_processes(estate):
    depot = estate["depot"]
    assert depot.run("test", "-e", str(estate.state), check=False).returncode == 1
    assert "pytest" not in depot.run("ps", "-ef").stdout
    assert depot.run("hostname").stdout == "depot\n"


def test_enter_within_a_lab_just_runs_the_command(lab):
    script = "readlink /proc/self/ns/net; exit 7"
    result = subprocess.run([*LABCTL, "enter", "--", "sh", "-c", script], stdout=subprocess.PIPE, text=True, check=False)
    assert result.returncode == 7
    assert result.stdout.strip() == os.readlink("/proc/self/ns/net")


def test_an_interrupt_ends_the_command_and_says_nothing_more(lab):
    command = [*LABCTL, "enter", "--", "sh", "-c", "echo ready; exec sleep infinity"]
    process = subprocess.Popen(command, env=outside(), start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everyone in the foreground
    assert process.communicate() == ("", "")
    assert process.returncode == 130


def outside():
    """The environment as if this were no lab: the inner lab mounts its state in a mount namespace of its own."""
    return {key: value for key, value in os.environ.items() if key not in ("LAB_STATE", "LAB_INVENTORY")}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_the_command_however_it_ends(tmp_path, number):
    """A lab in the lab: same code, and its processes are visible from here."""
    mark = f"left-behind-{os.getpid()}-{number}"
    script = f"exec -a {mark} sleep infinity & setsid bash -c 'exec -a {mark} sleep infinity' & labctl up lb && touch {tmp_path}/up; wait"
    process = subprocess.Popen([*LABCTL, "enter", "--", "bash", "-c", script], env=outside())
    wait_until((tmp_path / "up").exists, process)
    assert len(processes_named(mark)) == 2
    assert len(processes_named("haproxy.cfg")) == 2 + count_here("haproxy.cfg")
    process.send_signal(number)
    process.wait(120)
    wait_until(lambda: not processes_named(mark) and len(processes_named("haproxy.cfg")) == count_here("haproxy.cfg"))
    assert subprocess.run([*LABCTL, "enter", "--", "labctl", "up", "lb"], env=outside(), check=False).returncode == 0


def test_two_labs_side_by_side_do_not_meet(lab, tmp_path):
    """Each has its own state and its own estate at the same addresses; tools/checks.py counts on it."""
    os.mkfifo(tmp_path / "meeting")  # opening it for reading or writing waits for the other one
    meet = {"a": f": > {tmp_path}/meeting", "b": f": < {tmp_path}/meeting"}
    labs = []
    for name, words in meet.items():
        here = tmp_path / name
        script = f'labctl up lb && cp "$LAB_STATE/pki/ca.pem" {here}.pem && {words} && labctl exec lb -- hostname > {here}.host && {words}'
        labs.append(subprocess.Popen([*LABCTL, "enter", "--", "sh", "-c", script], env=outside()))
    assert [process.wait(120) for process in labs] == [0, 0]
    pems = [(tmp_path / name).read_text() for name in ("a.pem", "b.pem")]
    assert pems[0] != pems[1] and lab.ca.read_text() not in pems
    assert [(tmp_path / name).read_text() for name in ("a.host", "b.host")] == ["lb\n", "lb\n"]


def processes_named(text):
    """The processes in this namespace, and those below it, with this in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] in (text.encode(), b"/usr/sbin/haproxy") and text.encode() in b" ".join(words):
            found.append(int(entry.parent.name))
    return found


def count_here(text):
    """Those of them that belong to this lab's own estate."""
    running = Path(os.environ["LAB_STATE"], "lb.pid").exists()
    return 2 if running and text == "haproxy.cfg" else 0


def wait_until(condition, process=None, within=120):
    deadline = time.monotonic() + within
    while not condition():
        assert process is None or process.poll() is None, "it ended before its time"
        assert time.monotonic() < deadline, "it did not come true"
        os.sched_yield()


class TestObstacles:
    """What a user other than root is told."""

    @pytest.fixture
    def machine(self, tmp_path):
        (tmp_path / "bin").mkdir()
        for name in ("newuidmap", "newgidmap"):
            (tmp_path / "bin" / name).touch(0o755)
        (tmp_path / "subid").write_text(f"{os.getuid()}:100000:65536\n")
        for name, closed, _rest in rootless.SWITCHES:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("0\n" if closed == "1" else "1\n")
        return tmp_path

    def obstacles(self, machine):
        return rootless.obstacles(machine, machine / "subid", machine / "subid", str(machine / "bin"))

    def test_an_open_machine_has_none(self, machine):
        assert self.obstacles(machine) == []

    @pytest.mark.parametrize("name, closed, mend", rootless.SWITCHES)
    def test_a_closed_switch_is_named_with_the_command_that_opens_it(self, machine, name, closed, mend):
        (machine / name).write_text(f"{closed}\n")
        [(what, command)] = self.obstacles(machine)
        assert name.replace("/", ".") in what
        assert command == f"sudo sysctl -w {mend}"

    def test_a_missing_newuidmap_is_named_with_its_package(self, machine):
        (machine / "bin" / "newuidmap").unlink()
        assert self.obstacles(machine) == [("newuidmap is missing", "sudo apt-get install uidmap")]

    def test_a_short_range_of_ids_is_not_enough(self, machine):
        (machine / "subid").write_text(f"{os.getuid()}:100000:1000\n")
        [(what, command)] = self.obstacles(machine)
        assert "subordinate ids" in what
        assert command.startswith("sudo usermod --add-subuids")
