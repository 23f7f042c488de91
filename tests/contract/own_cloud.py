"""A local cloud that a test may kill and start again, and looks into its servers with plain tools."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.factories import Factory, Site
from contract.running_cloud import ROOT, RunningCloud
from support.ports import free_port
from support.said import listen

from ctyun import Client, CloudRecord

HALTING = (str(Path(__file__).with_name("halting_localcloud.py")),)  # a program for OwnCloud
MOUNT = "/srv/data"
IDENTITY = "cat /etc/ssh/ssh_host_ed25519_key.pub /etc/machine-id; hostname"
PREPARE = f"mkfs.ext4 -q /dev/vdb && mkdir -p {MOUNT} && mount /dev/vdb {MOUNT}"


@dataclass
class OwnCloud:
    """A cloud that a test may kill: its state folder, and how to start it (again)."""

    state: Path
    run: Any
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)  # the same after a restart, so that clients find it again
    program: tuple[str, ...] = ("-m", "localcloud")

    def start(self) -> CloudRecord:
        log = listen(self.state / "stdout.log")
        command = [sys.executable, *self.program, "serve", "--state", str(self.state), "--port", str(self.port)]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, "DRLAB_STATE": str(self.state)}, stdout=output, stderr=subprocess.STDOUT
            )
        self.cloud = RunningCloud(self.state, self.process, log)
        return self.cloud.wait_until_ready(self.run)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


def own_site(client: Client, run: Any, region: str, make: Factory) -> Site:
    vpc_id = make.vpc()
    zone = run(client.regions.zone(region, "AZ1"))
    flavor = run(client.flavors.find(region, zone.name, "1C1G"))
    image = run(client.images.find(region, "debian-12"))
    return Site(vpc_id, make.subnet(vpc_id), make.group(vpc_id), zone.name, flavor.id, image.id)


def shell(record: CloudRecord, instance_id: str, script: str) -> str:
    """What a script says inside a server; it must succeed."""
    command = ["docker", "exec", f"drlab-{record.id}-{instance_id}", "sh", "-ec", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def booted(record: CloudRecord, instance_id: str) -> list[str]:
    """Host key, machine id and host name of a server whose cloud-init has finished."""
    shell(record, instance_id, "cloud-init status --wait >/dev/null || test $? = 2")
    return shell(record, instance_id, IDENTITY).splitlines()


def is_paused(container: str) -> bool:
    return _state(container, "Paused")


def is_running(container: str) -> bool:
    return _state(container, "Running")


def _state(container: str, name: str) -> bool:
    """As Docker sees it; a container that is gone is in none."""
    asked = ["docker", "inspect", "--format", f"{{{{.State.{name}}}}}", container]
    return subprocess.run(asked, capture_output=True, text=True, timeout=10).stdout.strip() == "true"
