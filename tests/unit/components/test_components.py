"""Components: arguments are checked as a whole, and what they ask for is what the provider takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from components.checks import InvalidArguments
from components.jump_host import JumpHost, JumpHostArgs
from components.network import Network, NetworkArgs
from components.server import ServerArgs
from components.sites import Connection, StaticSite
from components.web_server import WebServer, WebServerArgs
from pulumi_ctyun.resources import KeyPair, Volume
from stacks.hr_site import HrSite

NETWORKS = json.loads(Path(__file__).with_name("network_problems.json").read_text())
ROOT = Path(__file__).parents[3]


def hr_lab(full_access: bool = False) -> None:
    network = Network("network", NetworkArgs("华东1", "lab", ssh_from=["198.18.0.0/15"], full_access=full_access))
    key = KeyPair("key", region="华东1", name="lab-key")
    jump = JumpHost("jump-host", JumpHostArgs(network, key, "AZ1", "2C4G", "debian-12"))
    site = HrSite(str(ROOT / "docker/site"), Connection("hr_db", "hr_app", "secret1"))
    WebServer("web-01", WebServerArgs(ServerArgs(network, key, "AZ2", "1C1G", "debian-12-lamp"), jump, site))


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case["name"])
def test_a_network_reports_every_problem(case: dict[str, Any]) -> None:
    args = NetworkArgs(**{"region": "华东1", "prefix": "lab", **case["args"]})
    assert [str(problem) for problem in args.problems()] == case["problems"]


def test_wrong_arguments_make_nothing(build: Any) -> None:
    with pytest.raises(InvalidArguments, match="network net: 1 problem, nothing was created"):
        build(lambda: Network("net", NetworkArgs("华东1", "lab", subnets={})) and None)


def test_what_stands_before_wrong_arguments_is_not_made_either(build: Any, recorder: Any) -> None:
    def program() -> None:
        Network("network", NetworkArgs("华东1", "lab"))
        Volume("data", region="华东1", zone="AZ1", name="1", size_gib=5)
        Network("other", NetworkArgs("华东1", "other", subnets={}))

    with pytest.raises(pulumi.RunError) as refused:
        build(program, recorder)
    assert "sizeGib: is 5 GiB" in str(refused.value) and "network other: 1 problem" in str(refused.value)
    assert recorder.seen == {}


def test_a_web_server_reports_problems_of_its_server_and_its_site(build: Any) -> None:
    def program() -> None:
        network = Network("network", NetworkArgs("华东1", "lab"))
        key = KeyPair("key", region="华东1", name="lab-key")
        jump = JumpHost("jump-host", JumpHostArgs(network, key, "AZ1", "2C4G", "debian-12"))
        server = ServerArgs(network, key, "zone one", "large", "debian-12")
        WebServer("web", WebServerArgs(server, jump, StaticSite("/nowhere")))

    with pytest.raises(InvalidArguments) as refused:
        build(program)
    assert [problem.key for problem in refused.value.problems] == ["zone", "flavor", "folder"]


def test_everything_that_is_asked_for_is_taken_by_the_provider(build: Any) -> None:
    recorder = build(hr_lab)
    assert recorder.problems == []
    names = {inputs["name"] for (kind, _), inputs in recorder.seen.items() if kind == "Instance"}
    assert names == {"lab-jump-host", "lab-web-01"}


def test_a_stack_may_have_several_of_each(build: Any) -> None:
    """Else the engine refuses the second: a name is one resource's."""

    def program() -> None:
        for name in ("east", "west"):
            network = Network(name, NetworkArgs("华东1", name, ssh_from=["198.18.0.0/15"], full_access=True))
            key = KeyPair(f"{name}-key", region="华东1", name=f"{name}-key")
            jump = JumpHost(f"{name}-jump", JumpHostArgs(network, key, "AZ1", "2C4G", "debian-12"))
            site = HrSite(str(ROOT / "docker/site"), Connection("hr_db", "hr_app", "secret1"))
            WebServer(f"{name}-web", WebServerArgs(ServerArgs(network, key, "AZ2", "1C1G", "debian-12-lamp"), jump, site))

    recorder = build(program)
    assert recorder.problems == []
    assert {inputs["name"] for (kind, _), inputs in recorder.seen.items() if kind == "Vpc"} == {"east-vpc", "west-vpc"}


def test_a_name_that_is_too_long_in_the_cloud_is_told_with_everything_else(build: Any) -> None:
    def program() -> None:
        network, key = Network("network", NetworkArgs("华东1", "lab")), KeyPair("key", region="华东1", name="lab-key")
        JumpHost("the-administrators-own-host", JumpHostArgs(network, key, "north", "2C4G", "debian-12"))

    with pytest.raises(InvalidArguments) as refused:
        build(program)
    assert [problem.key for problem in refused.value.problems] == ["name", "zone"]
    assert "'lab-the-administrators-own-host-eip' is no name that CTyun takes: 2-32 letters" in str(refused.value)


def incoming(recorder: Any, group: str) -> list[tuple[str, str, str]]:
    rules = recorder.seen["SecurityGroup", group]["rules"]
    return [
        (rule["protocol"], rule.get("ports", "all"), rule.get("cidr") or rule["groupId"])
        for rule in rules
        if rule["direction"] == "ingress"
    ]


def test_the_reach_is_the_least_by_default(build: Any) -> None:
    recorder = build(hr_lab)
    assert incoming(recorder, "network-jump-host-group") == [("TCP", "22", "198.18.0.0/15")]
    assert incoming(recorder, "network-web-group") == [
        ("TCP", "80", "0.0.0.0/0"),
        ("TCP", "22", "network-jump-host-group-id"),
        ("TCP", "3306", "network-jump-host-group-id"),
    ]
    assert recorder.seen["Instance", "web-01"]["securityGroupIds"] == ["network-web-group-id"]


def test_full_access_is_a_group_of_its_own_on_every_server(build: Any) -> None:
    recorder = build(lambda: hr_lab(full_access=True))
    assert incoming(recorder, "network-sys-full-access-group") == [("ANY", "all", "0.0.0.0/0")]
    for server, role in (("web-01", "web"), ("jump-host", "jump-host")):
        assert recorder.seen["Instance", server]["securityGroupIds"] == [
            f"network-{role}-group-id",
            "network-sys-full-access-group-id",
        ]


def test_ssh_to_the_web_server_leads_through_the_jump_host(build: Any) -> None:
    recorder = build(hr_lab)
    jump, web = recorder.seen["Host", "jump-host"], recorder.seen["Host", "web-01"]
    assert jump["address"] == "198.18.0.9" and "jump" not in jump
    assert web["address"] == "192.168.1.10" and web["jump"]["address"] == "198.18.0.9"
    assert web["triggers"] == ["web-01-id"]
    for kind in ("RemoteFiles", "RemoteCommand"):
        assert recorder.seen[kind, "web-01-site"]["jump"] == web["jump"]
        assert "jump" not in recorder.seen[kind, "web-01-site"]["host"], "another jump host is no other server"


def test_user_data_is_cloud_config_with_the_first_key_and_the_install_script(build: Any) -> None:
    recorder = build(hr_lab)
    text = recorder.seen["Instance", "web-01"]["userData"]
    assert text.startswith("#cloud-config\n")
    said = yaml.safe_load(text)
    assert said["ssh_keys"]["ed25519_private"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert said["ssh_keys"]["ed25519_public"].startswith("ssh-ed25519 ")
    assert said["write_files"][0]["content"] == (ROOT / "docker/site/server/install-lamp.sh").read_text()
    assert said["runcmd"] == [["sh", said["write_files"][0]["path"]]]


def test_the_database_account_reaches_the_server_as_a_file_for_root_only(build: Any) -> None:
    recorder = build(hr_lab)
    files = {one["path"]: one for one in recorder.seen["RemoteFiles", "web-01-site"]["files"]}
    assert files["/etc/hr/database.env"]["mode"] == "0600"
    assert files["/etc/hr/database.env"]["content"].splitlines() == [
        "PHP_ENV_SQL_IP=192.168.1.10",
        "PHP_ENV_SQL_USERNAME=hr_app",
        "PHP_ENV_SQL_PASSWORD=secret1",
        "PHP_ENV_SQL_DBNAME=hr_db",
    ]
    assert files["/etc/hr/server.env"]["content"] == "HR_SERVER_NAME=web-01\nHR_SERVER_ZONE=AZ2\n"
    assert "secret1" not in json.dumps({str(key): value for key, value in recorder.seen.items() if key[0] != "RemoteFiles"})


def test_the_site_is_configured_again_when_a_file_has_changed(build: Any) -> None:
    command = build(hr_lab).seen["RemoteCommand", "web-01-site"]
    assert command["triggers"] == ["/a 1", "/b 2"]
    assert command["create"].splitlines() == ["sh /opt/hr/configure-database.sh", "sh /opt/hr/configure-site.sh"]


def test_a_site_with_its_database_elsewhere_brings_its_tables_there() -> None:
    site = HrSite(str(ROOT / "docker/site"), Connection("hr_db", "hr_app", "secret1", host="10.0.0.5"))
    assert site.configure_script().splitlines() == ["sh /opt/hr/import-tables.sh", "sh /opt/hr/configure-site.sh"]
    assert site.install_script().startswith("HR_DATABASE=elsewhere\n")
