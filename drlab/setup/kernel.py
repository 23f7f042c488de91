"""What this machine's kernel and rights allow, read from /proc and /sys. Looks only."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

SYS_RESOURCE_BIT = 24  # of a capability mask, see capabilities(7)


@dataclass(frozen=True)
class KernelFacts:
    """None stands for "cannot be told from here"."""

    release: str
    cgroup_version: int
    bridge_filter: bool | None  # br_netfilter: firewall rules see frames between two ports of a bridge
    loop_devices: bool
    sys_resource: bool | None  # CAP_SYS_RESOURCE can be given to containers: Docker itself has it
    netem: bool | None  # delay and loss on links
    cpus: int
    memory_bytes: int


def read_kernel(docker_pid: int | None, root: Path = Path("/")) -> KernelFacts:
    """`docker_pid`: the process behind Docker's socket (or the service manager that opened it)."""
    uname = os.uname()
    memory = re.search(r"MemTotal:\s+(\d+) kB", _text(root / "proc/meminfo") or "")
    return KernelFacts(
        release=uname.release,
        cgroup_version=2 if (root / "sys/fs/cgroup/cgroup.controllers").exists() else 1,
        bridge_filter=has_bridge_filter(root, uname.release),
        loop_devices=(root / "dev/loop-control").exists(),
        sys_resource=has_sys_resource(root, docker_pid),
        netem=has_feature(root, uname.release, "sch_netem", "CONFIG_NET_SCH_NETEM"),
        cpus=len(os.sched_getaffinity(0)),
        memory_bytes=int(memory[1]) * 1024 if memory else 0,
    )


def has_bridge_filter(root: Path, release: str) -> bool | None:
    """Loaded, or loadable by the one privileged part of the local cloud."""
    if (root / "proc/sys/net/bridge/bridge-nf-call-iptables").exists():
        return True
    return has_feature(root, release, "br_netfilter", "CONFIG_BRIDGE_NETFILTER")


def has_sys_resource(root: Path, docker_pid: int | None) -> bool | None:
    status = _text(root / f"proc/{docker_pid}/status") if docker_pid else None
    bounding = re.search(r"CapBnd:\s+([0-9a-f]+)", status or "")
    return bool(int(bounding[1], 16) >> SYS_RESOURCE_BIT & 1) if bounding else None


def has_feature(root: Path, release: str, module: str, option: str) -> bool | None:
    """Whether the kernel has it built in or as a module that lies there."""
    if (root / "sys/module" / module).exists():
        return True
    config = kernel_config(root, release)
    setting = re.search(rf"^{option}=([ym])$", config, re.MULTILINE) if config is not None else None
    if setting and setting[1] == "y":
        return True
    modules = root / "lib/modules" / release
    listed = [_text(modules / name) for name in ("modules.dep", "modules.builtin")]
    if any(text is not None and f"/{module}.ko" in text for text in listed):
        return True
    return None if config is None and not modules.exists() else False


def kernel_config(root: Path, release: str) -> str | None:
    packed = root / "proc/config.gz"
    if packed.exists():
        return gzip.decompress(packed.read_bytes()).decode(errors="replace")
    return _text(root / f"boot/config-{release}")


def free_bytes(folder: Path) -> int:
    """On the disk of `folder`, or of its nearest parent that exists."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _text(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace", encoding="utf-8")
    except OSError:
        return None
