"""The way between two good states: what is in use changes over in one update, and nobody is cut off meanwhile."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from contract.pairs import certificate_for
from support.lab import Lab, write_project

pytestmark = pytest.mark.stage

PROGRAM = """
import json
import pathlib
import pulumi
from pulumi_ctyun import resources as ctyun

given = json.loads(pathlib.Path("given.json").read_text())
place = {"region": "华东1"}
vpc = ctyun.Vpc("vpc", name="changes-vpc", cidr="10.88.0.0/16", **place)
net = ctyun.Subnet("net", name="changes-net", vpc_id=vpc.id, cidr="10.88.1.0/24", **place)
group = ctyun.SecurityGroup(given["group"], name="changes-" + given["group"], vpc_id=vpc.id, rules=given["rules"], **place)
server = ctyun.Instance("server", name="changes-server", zone="AZ1", flavor="1C1G", image="debian-12", vpc_id=vpc.id,
    subnet_id=net.id, security_group_ids=[group.id], data_disks=[ctyun.DataDiskArgs(size=given["disk"])], **place)
eip = ctyun.Eip("eip", name="changes-eip", **place)
balancer = ctyun.LoadBalancer("balancer", name="changes-lb", vpc_id=vpc.id, subnet_id=net.id, type="external", eip_id=eip.id,
    **place)
check = ctyun.HealthCheck("check", name="changes-check", protocol=given["check"], **place)
targets = ctyun.TargetGroup("targets", name="changes-tg", vpc_id=vpc.id, health_check_id=check.id, **place)
certificate = ctyun.Certificate("certificate", name="changes-cert", certificate=given["certificate"],
    private_key=given["key"], **place)
ctyun.Listener("https", name="changes-https", load_balancer_id=balancer.id, protocol="HTTPS", port=443,
    target_group_id=targets.id, certificate_id=certificate.id, **place)
pulumi.export("address", eip.address)
pulumi.export("server", server.id)
"""


@dataclass
class Knocker:
    """Connects with TLS again and again: the certificates that it was shown, and what went wrong."""

    address: str
    shown: list[bytes] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def knock(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # whose it is, is looked at below
        while not self.over.is_set():
            try:
                with socket.create_connection((self.address, 443), 10) as raw, context.wrap_socket(raw) as connection:
                    self.shown.append(connection.getpeercert(binary_form=True) or b"")
            except OSError as error:
                self.failures.append(repr(error))
            self.over.wait(0.02)


@contextmanager
def knocking(address: str) -> Iterator[Knocker]:
    knocker = Knocker(address)
    thread = threading.Thread(target=knocker.knock)
    thread.start()
    try:
        yield knocker
    finally:
        knocker.over.set()
        thread.join(30)


def rules(network: str) -> list[dict[str, Any]]:
    base = {"direction": "ingress", "action": "accept", "protocol": "TCP", "cidr": network}
    return [{**base, "ports": str(port)} for port in range(8000, 8030)]


def write(folder: Path, group: str, check: str, network: str, disk: int = 20) -> bytes:
    """What the program is to make; the certificate in DER."""
    certificate, key = certificate_for("changes.example")
    given = {"group": group, "rules": rules(network), "check": check, "disk": disk, "certificate": certificate, "key": key}
    (folder / "given.json").write_text(json.dumps(given), encoding="utf-8")
    return ssl.PEM_cert_to_DER_cert(certificate)


def in_server(lab: Lab, script: str) -> str:
    return lab.call("docker", "exec", lab.container("changes-server"), "sh", "-ec", script, timeout=30, check=True).stdout


def test_what_is_in_use_changes_over_in_one_update(lab: Lab, single_host: dict[str, Any], tmp_path: Path) -> None:
    """Thirty rules for thirty others of a quota of fifty, a group that a server is in, a certificate and a health check, and a
    data disk that grows while it is mounted: what is on it stays."""
    write_project(tmp_path, "changes", PROGRAM)
    folder = ["-s", "mine", "-C", str(tmp_path)]
    lab.pulumi("stack", "init", "mine", "-C", str(tmp_path))
    try:
        old = write(tmp_path, "group", "TCP", "10.0.0.0/8", disk=10)
        lab.pulumi("up", "--yes", "--skip-preview", *folder)
        in_server(lab, "mkfs.ext4 -q /dev/vdb && mount /dev/vdb /srv && echo kept > /srv/note")
        before = json.loads(lab.pulumi("stack", "output", "--json", *folder).stdout)
        write(tmp_path, "group", "HTTP", "172.16.0.0/12")
        with knocking(before["address"]) as knocker:
            lab.pulumi("up", "--yes", "--skip-preview", *folder)
            new = write(tmp_path, "another-group", "TCP", "172.16.0.0/12")
            lab.pulumi("up", "--yes", "--skip-preview", *folder)
        assert knocker.failures == []
        assert knocker.shown[0] == old and knocker.shown[-1] == new
        assert json.loads(lab.pulumi("stack", "output", "--json", *folder).stdout) == before
        assert in_server(lab, "cat /srv/note; umount /srv; blockdev --getsize64 /dev/vdb").split() == ["kept", str(20 << 30)]
        in_server(lab, "e2fsck -fp /dev/vdb; resize2fs /dev/vdb; mount /dev/vdb /srv; cat /srv/note; umount /srv")
        lab.pulumi("preview", "--refresh", "--expect-no-changes", *folder)
    finally:
        lab.pulumi("destroy", "--yes", "--skip-preview", *folder)
        lab.pulumi("stack", "rm", "mine", "--yes", "-C", str(tmp_path))
