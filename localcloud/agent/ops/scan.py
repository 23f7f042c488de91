"""What a cloud has left on the host outside Docker's own book-keeping."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from localcloud.agent import loops
from localcloud.agent.kernel import processes_of
from localcloud.agent.mounts import table
from localcloud.agent.netlink import netlink
from localcloud.agent.ops import cgroups

Leftover = dict[str, str]  # {"kind", "name", "detail"}


def scan(cloud: str, state: str, containers: Sequence[str], cidr: str | None, viewer: int) -> list[Leftover]:
    """Leftovers of one cloud, known by its id in a name, by its state folder, or by its containers' ids.

    `viewer`: a process on the host, whose mounts and files are looked at.
    """
    ours = set(containers)
    return [
        *_links(cloud),
        *_guards(cidr),
        *_tables(cloud),
        *_loops(state),
        *_mounts(state, viewer),
        *(_leftover("cgroup", str(group), "control group of a server that is gone") for group in cgroups.find(ours)),
        *_namespaces(cloud, viewer),
        *_processes(ours),
    ]


def _links(cloud: str) -> Iterator[Leftover]:
    with netlink() as host:
        for name in host.links():
            if cloud in name:
                yield _leftover("link", name, "network link on the host")


def _guards(cidr: str | None) -> Iterator[Leftover]:
    with netlink() as host:
        for route in host.routes():
            if route["guard"] and route["cidr"] == cidr:
                yield _leftover("route", f"unreachable {cidr}", "guard route of the cloud's internet range")


def _tables(cloud: str) -> Iterator[Leftover]:
    done = subprocess.run(["nft", "--json", "list", "tables"], capture_output=True, check=True)
    for item in json.loads(done.stdout)["nftables"]:
        table = item.get("table")
        if table and cloud in table["name"]:
            yield _leftover("nft", f"{table['family']} {table['name']}", "nftables table on the host")


def _loops(state: str) -> Iterator[Leftover]:
    for number, file in sorted(loops.in_use().items()):
        if file.startswith(f"{state}/"):
            yield _leftover("loop", f"/dev/loop{number}", f"loop device on {file}")


def _mounts(state: str, viewer: int) -> Iterator[Leftover]:
    """Mounts on the host at or below the state folder, and of loop devices on its files."""
    devices = {os.makedev(loops.LOOP_MAJOR, n) for n, file in loops.in_use().items() if file.startswith(f"{state}/")}
    for device, point in table(Path(f"/proc/{viewer}/mountinfo").read_bytes()):
        if point.startswith(f"{state}/") or device in devices:
            yield _leftover("mount", point, f"mount of device {os.major(device)}:{os.minor(device)} on the host")


def _namespaces(cloud: str, viewer: int) -> Iterator[Leftover]:
    folder = loops.seen_by(viewer, "/run/netns")
    for name in sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []:
        if cloud in name:
            yield _leftover("namespace", name, "named network namespace on the host")


def _processes(containers: Iterable[str]) -> Iterator[Leftover]:
    for container, pids in processes_of(set(containers)).items():
        for pid in pids:
            try:
                line = Path(f"/proc/{pid}/cmdline").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended by itself
            command = line.replace(b"\0", b" ").decode(errors="replace").strip()
            yield _leftover(
                "process", str(pid), f"{command[:80] or 'unnamed'} (in the control group of container {container[:12]})"
            )


def _leftover(kind: str, name: str, detail: str) -> Leftover:
    return {"kind": kind, "name": name, "detail": detail}
