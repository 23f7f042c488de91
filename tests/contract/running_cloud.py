"""A local cloud as a process of the tests' own, and what is left of it afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from ctyun import Client, CloudRecord, CtyunError, LocalCloud, cloud_record
from ctyun.services.images import PRIVATE

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
SECONDS_TO_START, SECONDS_TO_STOP = 60, 60


class Run(Protocol):
    """run(coroutine) -> its result; all coroutines of the session share one event loop, as the clients need it."""

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T: ...


def localcloud_says(*arguments: str) -> Any:
    """What `python -m localcloud <arguments> --json` prints."""
    command = [sys.executable, "-m", "localcloud", *arguments, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout, f"{' '.join(command[1:])} said nothing; exit {done.returncode}:\n{done.stderr[-2000:]}"
    return json.loads(done.stdout)


def require_images() -> None:
    """The contract is judged on real engines or not at all."""
    missing = [image["ref"] for image in localcloud_says("images") if not image["present"]]
    if missing:
        pytest.fail(f"The local cloud's images are not built: {', '.join(missing)}. Run ./lab test, which builds them first.")


@dataclass
class RunningCloud:
    """The process and its state folder."""

    state: Path
    process: subprocess.Popen[bytes]
    log: Path

    def wait_until_ready(self, run: Run) -> CloudRecord:
        deadline = time.monotonic() + SECONDS_TO_START
        last = "no record"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with suppress(CtyunError):
                last = run(phase(cloud_record(self.state)))
                if last == "ready":
                    return cloud_record(self.state)  # complete only now
            time.sleep(0.05)
        pytest.fail(f"The local cloud did not become ready (last: {last}):\n{self.log.read_text()[-4000:]}")

    def stop(self, run: Run, record: CloudRecord) -> None:
        run(shut_down(record))
        assert self.process.wait(SECONDS_TO_STOP) == 0, self.log.read_text()[-4000:]


async def phase(record: CloudRecord) -> str:
    async with LocalCloud(record) as cloud:
        health = await cloud.health()
        return health.phase  # "ready" once the engines run, too; calls are taken sooner


async def shut_down(record: CloudRecord) -> None:
    async with LocalCloud(record) as cloud:
        await cloud.shutdown(force=True)


def leftovers(cloud_id: str) -> list[str]:
    """What Docker still has of a cloud, seen by plain tools and not by our own scan."""
    mine = ["--filter", f"label=drlab.cloud={cloud_id}", "--format", "{{.ID}} {{.Names}}"]
    volumes = ["--filter", f"label=drlab.cloud={cloud_id}", "--format", "{{.Name}}"]
    networks = ["--filter", f"label=drlab.cloud={cloud_id}", "--format", "{{.Name}}"]
    images = ["--all", "--filter", f"label=drlab.cloud={cloud_id}", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"]
    kinds = {"container": ["ps", "-a", *mine], "network": ["network", "ls", *networks], "volume": ["volume", "ls", *volumes]}
    kinds["image"] = ["image", "ls", *images]
    found = []
    for kind, arguments in kinds.items():
        shown = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True, timeout=30).stdout
        found += [f"{kind} {line}" for line in shown.splitlines()]
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True, timeout=10).stdout
    return found + [f"link {line}" for line in links.splitlines() if cloud_id in line]


async def forgotten(client: Client) -> list[str]:
    """What the tests made in any region and did not remove."""
    found = []
    for region in await client.regions.list():
        found += [f"server {server.id}" for server in await client.servers.list(region.id)]
        found += [f"EIP {eip.id}" for eip in await client.eips.list(region.id)]
        found += [f"load balancer {balancer.id}" for balancer in await client.load_balancers.list(region.id)]
        found += [f"target group {group.id}" for group in await client.target_groups.list(region.id)]
        found += [f"health check {check.id}" for check in await client.health_checks.list(region.id)]
        found += [f"certificate {certificate.id}" for certificate in await client.certificates.list(region.id)]
        found += [f"MySQL instance {mysql.id}" for mysql in await client.mysqls.list(region.id)]
        found += [f"VPC {vpc.id}" for vpc in await client.vpcs.list(region.id)]
        found += [f"key pair {pair.name}" for pair in await client.key_pairs.list(region.id)]
        found += [f"backup {backup.id}" for backup in await client.server_backups.list(region.id)]
        found += [f"backup policy {policy.id}" for policy in await client.backup_policies.list(region.id)]
        found += [f"backup vault {vault.id}" for vault in await client.backup_vaults.list(region.id)]
        found += [f"volume {volume.id}" for volume in await client.volumes.list(region.id)]
        found += [f"snapshot {snapshot.id}" for snapshot in await client.snapshots.list(region.id)]
        found += [f"snapshot policy {policy.id}" for policy in await client.snapshot_policies.list(region.id)]
        found += [f"volume backup {backup.id}" for backup in await client.volume_backups.list(region.id)]
        found += [f"volume backup vault {vault.id}" for vault in await client.volume_backups.list_vaults(region.id)]
        found += [f"image {image.id}" for image in await client.images.list(region.id, PRIVATE)]
    return found
