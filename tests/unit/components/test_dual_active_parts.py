"""The parts of a site that survives a zone: what they ask for is what the provider takes, and fits together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.backup import Backup, BackupArgs
from components.balancer import Balancer, BalancerArgs
from components.checks import InvalidArguments
from components.database import Database, DatabaseArgs
from components.jump_host import JumpHost, JumpHostArgs
from components.network import Network, NetworkArgs
from components.server import ServerArgs
from components.web_pair import WebPair, WebPairArgs
from components.web_server import WebServerArgs
from pulumi_ctyun.resources import KeyPair
from stacks.hr_site import HrSite

ROOT = Path(__file__).parents[3]
SITE = str(ROOT / "docker/site")


def database_args(network: Network) -> DatabaseArgs:
    return DatabaseArgs(network, "AZ1", "AZ2", "hr_db", "hr_app", "Secret1234", public=True)


def lab(servers: int = 2, health: str | None = HrSite.HEALTH, **database: Any) -> Callable[[], None]:
    def program() -> None:
        network = Network("network", NetworkArgs("华东1", "lab", ssh_from=["198.18.0.0/15"]))
        key = KeyPair("key", region="华东1", name="lab-key")
        jump = JumpHost("jump-host", JumpHostArgs(network, key, "AZ1", "2C4G", "debian-12"))
        db = Database("db", replace(database_args(network), **database))
        site = HrSite(SITE, db.connection, data_disk=True)
        first = WebServerArgs(ServerArgs(network, key, "AZ1", "1C1G", "debian-12-lamp"), jump, site)
        web = WebPair("web", WebPairArgs(first, ["AZ1", "AZ2"], servers))
        Balancer("balancer", BalancerArgs(network, web.servers, health))
        Backup("backup", BackupArgs(network, [one.server.instance.instance_id for one in web.servers]))

    return program


def test_everything_that_is_asked_for_is_taken_by_the_provider(build: Any) -> None:
    assert build(lab(servers=3)).problems == []


def test_servers_stand_in_the_zones_in_turn_and_come_from_the_first_ones_image(build: Any) -> None:
    recorder = build(lab(servers=3))
    servers = {name: recorder.seen["Instance", name] for name in ("web-01", "web-02", "web-03")}
    assert [one["name"] for one in servers.values()] == ["lab-web-01", "lab-web-02", "lab-web-03"]
    assert [one["zone"] for one in servers.values()] == ["AZ1", "AZ2", "AZ1"]
    assert [one["image"] for one in servers.values()] == ["debian-12-lamp", "web-image-id", "web-image-id"]
    assert [one.get("dataDisks") for one in servers.values()] == [[{"size": 10}], None, None]
    assert recorder.seen["Image", "web-image"] == {"region": "华东1", "name": "lab-web", "instanceId": "web-01-id"}


@pytest.mark.parametrize(
    "make",
    [
        lambda network, name: Database(name, database_args(network)),
        lambda network, name: Balancer(name, BalancerArgs(network, ())),
        lambda network, name: Backup(name, BackupArgs(network, ["i-1"])),
    ],
    ids=["database", "balancer", "backup"],
)
def test_a_name_that_is_too_long_in_the_cloud_is_told(build: Any, make: Callable[[Network, str], object]) -> None:
    def program() -> None:
        make(Network("network", NetworkArgs("华东1", "lab")), "n" * 61)

    with pytest.raises(InvalidArguments) as refused:
        build(program)
    assert "name" in [problem.key for problem in refused.value.problems]


def test_only_the_first_server_installs_anything(build: Any) -> None:
    recorder = build(lab())
    first, second = (recorder.seen["Instance", name]["userData"] for name in ("web-01", "web-02"))
    assert "install-lamp" in first and "mount-upload" in first and "HR_DATABASE=elsewhere" in first
    assert "install-lamp" not in second and "mkfs" not in second


def test_every_server_gets_a_name_and_zone_of_its_own_and_the_same_database(build: Any) -> None:
    recorder = build(lab())
    sent = {
        name: {file["path"]: file.get("content") for file in recorder.seen["RemoteFiles", f"{name}-site"]["files"]}
        for name in ("web-01", "web-02")
    }
    assert sent["web-01"]["/etc/hr/server.env"] == "HR_SERVER_NAME=web-01\nHR_SERVER_ZONE=AZ1\n"
    assert sent["web-02"]["/etc/hr/server.env"] == "HR_SERVER_NAME=web-02\nHR_SERVER_ZONE=AZ2\n"
    assert sent["web-01"]["/etc/hr/database.env"] == sent["web-02"]["/etc/hr/database.env"]
    assert "PHP_ENV_SQL_IP=192.168.1.20\n" in sent["web-01"]["/etc/hr/database.env"]


def test_a_database_that_was_replaced_gets_the_sites_tables(build: Any) -> None:
    """It may have the address of the one before: nothing else that is sent would change, and nobody would import them."""
    files = build(lab()).seen["RemoteFiles", "web-01-site"]["files"]
    (settings,) = (file["content"] for file in files if file["path"] == "/etc/hr/database.env")
    assert "HR_DATABASE_ID=db-id\n" in settings


def test_the_database_is_open_to_its_network_only(build: Any) -> None:
    recorder = build(lab())
    rules = recorder.seen["SecurityGroup", "db-group"]["rules"]
    assert [rule["groupId"] for rule in rules if rule["direction"] == "ingress"] == [
        "network-web-group-id",
        "network-jump-host-group-id",
    ]
    assert recorder.seen["MysqlWhiteList", "db-white-list"]["addresses"] == ["192.168.0.0/16"]
    assert recorder.seen["MysqlEip", "db-eip"]["eipId"] == "db-eip-id"
    opened = build(lab(reachable_from=["203.0.113.0/24"], public=False))
    assert "203.0.113.0/24" in [rule.get("cidr") for rule in opened.seen["SecurityGroup", "db-group"]["rules"]]
    assert opened.seen["MysqlWhiteList", "db-white-list"]["addresses"] == ["192.168.0.0/16", "203.0.113.0/24"]
    assert ("MysqlEip", "db-eip") not in opened.seen


def test_the_password_is_with_the_account_and_in_the_servers_files_only(build: Any) -> None:
    recorder = build(lab())
    holders = {key for key, value in recorder.seen.items() if "Secret1234" in json.dumps(value)}
    assert holders == {("MysqlAccount", "db-account"), ("RemoteFiles", "web-01-site"), ("RemoteFiles", "web-02-site")}


def test_the_balancer_has_all_servers_and_the_policy_too(build: Any) -> None:
    recorder = build(lab(servers=3))
    targets = {inputs["instanceId"] for (kind, _), inputs in recorder.seen.items() if kind == "Target"}
    assert targets == {"web-01-id", "web-02-id", "web-03-id"}
    assert recorder.seen["BackupPolicy", "backup-policy"]["instanceIds"] == ["web-01-id", "web-02-id", "web-03-id"]
    assert recorder.seen["LoadBalancer", "balancer"]["eipId"] == "balancer-eip-id"


def test_the_balancer_asks_for_the_sites_own_page_of_health_or_for_an_open_port(build: Any) -> None:
    asked = build(lab()).seen["HealthCheck", "balancer-check"]
    assert (asked["protocol"], asked["path"], asked["timeout"]) == ("HTTP", "/health.php", 2)
    assert Path(SITE, "html", asked["path"].lstrip("/")).is_file()
    open_port = build(lab(health=None)).seen["HealthCheck", "balancer-check"]
    assert (open_port["protocol"], "path" in open_port) == ("TCP", False)


def shown(problems: Any) -> list[str]:
    return [str(problem) for problem in problems]


def test_all_problems_of_a_database_are_reported(build: Any) -> None:
    def program() -> None:
        network = Network("network", NetworkArgs("华东1", "lab"))
        wrong = replace(database_args(network), standby_zone="AZ1", failover="never", ha_mode="fast", reachable_from=["all"])
        wrong = replace(wrong, flavor="big", schema="mysql", user="root", password="Pass word1", storage_gib=10)  # noqa: S106
        Database("db", wrong)

    with pytest.raises(InvalidArguments) as refused:
        build(program)
    assert " ".join(problem.key for problem in refused.value.problems) == (
        "standby_zone flavor schema user password storage_gib failover ha_mode reachable_from"
    )


def test_all_problems_of_the_other_parts_are_reported(build: Any) -> None:
    def program() -> None:
        network = Network("network", NetworkArgs("华东1", "lab"))
        assert shown(BalancerArgs(network, [], interval=1).problems()) == [
            "servers: is empty; a balancer needs somebody to send visitors to",
            "interval: is 1 s, less than the timeout of 2 s; a check must end before the next",
        ]
        never = BalancerArgs(network, [], "health.php", timeout=1, max_retry=0)
        assert [p.key for p in never.problems()] == ["servers", "health", "timeout", "max_retry"]
        unkept = BackupArgs(network, [], hours=[24], keep=0, vault_gib=1)
        assert [p.key for p in unkept.problems()] == ["instance_ids", "hours", "keep", "vault_gib"]
        key = KeyPair("key", region="华东1", name="lab-key")
        jump = JumpHost("jump-host", JumpHostArgs(network, key, "AZ1", "2C4G", "debian-12"))
        site = HrSite("/nowhere", Database("db", database_args(network)).connection)
        first = WebServerArgs(ServerArgs(network, key, "AZ1", "large", "debian-12-lamp"), jump, site)
        wrong = WebPairArgs(first, ["AZ1", "AZ1"], count=1, data_disk=5)
        assert list(dict.fromkeys(p.key for p in wrong.problems())) == ["flavor", "folder", "zones", "count", "data_disk"]

    build(program)
