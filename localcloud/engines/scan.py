"""What a cloud has left on this machine. Works with the cloud's process down; starts a one-off agent where none runs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localcloud.agent.client import AgentClient, AgentError, AgentGone
from localcloud.engines.disks.copies import DiskCopies
from localcloud.engines.docker.api import Docker
from localcloud.engines.host import agent_flags, read_facts
from localcloud.engines.images import reference
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.backups import COPIED_NODE
from localcloud.engines.naming import Naming
from localcloud.engines.servers.records import Record, Records

_FOLDERS = {
    "balancers": "folder of a balancer's HAProxy",
    "databases": "folder of a database node",
    "database-backups": "backup of a database",
    "database-binlogs": "kept binary logs of a database",
}


@dataclass(frozen=True)
class Leftover:
    """One thing that is still there."""

    kind: str  # container, network, volume, image, disk, record, link, route, nft, loop, mount, cgroup, namespace, process
    name: str
    detail: str


async def scan(state: Path, cloud: str, *, internet_cidr: str | None = None, running: bool = False) -> list[Leftover]:
    """Everything that carries the cloud's id or lies in its state folder.

    `running`: the cloud is up, so what every cloud stands on (agent, internet network, guard route) is not left over.
    Raises EngineError when Docker does not answer, or when the agent's image is missing and no agent runs.
    """
    naming, docker = Naming(cloud), Docker()
    state, records, files = await asyncio.to_thread(_files, state)
    try:
        objects, ids, elsewhere = await _docker_objects(docker, naming)
        gone = {record.container for record in records if record.container} - ids
        request = {"cloud": cloud, "state": str(state), "containers": sorted(gone), "cidr": internet_cidr, "viewer": os.getpid()}
        host = [_with_owner(Leftover(**item), records) for item in await _host(docker, state, naming, request)]
    finally:
        await docker.close()
    found = [*objects, *files, *host]
    guards = {f"unreachable {cidr}" for cidr in elsewhere}  # another cloud may have taken the range that this one has let go
    found = [item for item in found if not (item.kind == "route" and item.name in guards)]
    return [item for item in found if not (running and _is_base(item, naming, internet_cidr))]


def _files(state: Path) -> tuple[Path, list[Record], list[Leftover]]:
    """The state folder's real path, its records, and what of servers lies in it."""
    state = state.resolve()
    records = list(Records(state / "servers").all())
    found = [Leftover("record", record.instance_id, "server in the engines' book-keeping") for record in records]
    disks = sorted((state / "disks").glob("*"))
    found += [_with_owner(Leftover("disk", str(file), _disk(state, file)), records) for file in disks]
    copies = DiskCopies(state / "disk-copies").all()
    found += [Leftover("disk copy", str(folder), f"copy of disk {disk}".strip()) for folder, disk in copies]
    folders = sorted((state / "images").glob("*"))
    found += [Leftover("image files", str(folder), "copies of data disks in a private image") for folder in folders]
    found += [
        Leftover("record", file.name, what + _copied_node(file))
        for folder, what in _FOLDERS.items()
        for file in sorted((state / folder).glob("*"))
    ]
    return state, records, found


def _disk(state: Path, file: Path) -> str:
    """What the file of a disk is."""
    return f"disk of database node {file.stem}" if (state / "databases" / file.stem).exists() else "file of a data disk"


def _copied_node(folder: Path) -> str:
    """A backup's folder has the backup's id only: add the node's, which tells its instance."""
    file = folder / COPIED_NODE
    return f", copied from node {file.read_text(encoding='utf-8')}" if file.is_file() else ""


def _with_owner(item: Leftover, records: Iterable[Record]) -> Leftover:
    """A disk and its loop device carry the disk's id only: add the server's, which is what a stack knows."""
    text = f"{item.name} {item.detail}"
    owners = [record.instance_id for record in records if any(disk.disk_id in text for disk in record.disks)]
    return replace(item, detail=f"{item.detail}, of server {owners[0]}") if owners else item


async def _docker_objects(docker: Docker, naming: Naming) -> tuple[list[Leftover], set[str], set[str]]:
    """By label, and by name for those that lost it; the ids of all living containers; and the ranges of other clouds."""
    containers, networks, volumes, images = await asyncio.gather(
        docker.containers({}), docker.networks(), docker.volumes({}), docker.images(naming.filters())
    )
    found = [
        *_ours("container", naming, ((item["Names"][0].lstrip("/"), item) for item in containers if item["Names"])),
        *_ours("network", naming, ((item["Name"], item) for item in networks)),
        *_ours("volume", naming, ((item["Name"], item) for item in volumes)),
        *(Leftover("image", *_named_image(item)) for item in images),
    ]
    return found, {item["Id"] for item in containers}, ranges_of_others(networks, naming)


def ranges_of_others(networks: Iterable[Mapping[str, Any]], naming: Naming) -> set[str]:
    """Ranges of the networks that Docker lists, as far as another cloud has made them."""
    others = [item for item in networks if (item.get("Labels") or {}).get("drlab.cloud", naming.cloud) != naming.cloud]
    return {pool["Subnet"] for item in others for pool in (item.get("IPAM") or {}).get("Config") or () if pool.get("Subnet")}


def _named_image(item: Mapping[str, Any]) -> tuple[str, str]:
    """By its name; one that servers outlive has only its id and the label."""
    names = item["RepoTags"] or [item["Id"]]
    return names[0], f"private image {(item.get('Labels') or {}).get('drlab.resource', 'without label')}"


def _ours(kind: str, naming: Naming, named: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterable[Leftover]:
    for name, item in named:
        labels = item.get("Labels") or {}
        if labels.get("drlab.cloud") == naming.cloud or name.startswith(f"drlab-{naming.cloud}-"):
            what = labels.get("drlab.kind", "without label")
            yield Leftover(kind, name, " ".join(filter(None, (what, labels.get("drlab.resource"), item.get("Status")))))


async def _host(docker: Docker, state: Path, naming: Naming, request: dict[str, Any]) -> list[dict[str, str]]:
    client = AgentClient(state / "agent/agent.sock")
    try:
        return list(await client.call("scan", **request))
    except AgentGone:
        return await _one_off(docker, naming, request)
    except AgentError as exc:
        raise EngineError(str(exc)) from exc
    finally:
        await client.close()


async def _one_off(docker: Docker, naming: Naming, request: dict[str, Any]) -> list[dict[str, str]]:
    flags = agent_flags(read_facts(await docker.info()))
    output = await docker.run_once(
        reference("agent"),
        flags,
        naming.labels("agent"),
        command=["--run", "scan", json.dumps(request)],
        host={"network_mode": "host", "pid_mode": "host"},
    )
    return list(json.loads(output))


def _is_base(item: Leftover, naming: Naming, cidr: str | None) -> bool:
    base = {
        ("container", naming.agent),
        ("network", naming.internet),
        ("link", naming.internet_bridge),
        ("route", f"unreachable {cidr}"),
    }
    return (item.kind, item.name) in base
