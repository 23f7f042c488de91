"""Facts about the host that decide what works on it, and the guard route."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from localcloud.agent.netlink import netlink

INOTIFY_INSTANCES = 1024
_BRIDGE_TABLE = 'table bridge drlab_check { chain c { type filter hook forward priority 0; iifname "x" drop; }; }'


def ping() -> str:
    """Says that the agent answers."""
    return "pong"


def facts(viewer: int) -> dict[str, Any]:
    """{"bridgeFilter", "loopDevices", "nftBridge": bool}.

    `viewer`: a process on the host, whose modules are loaded where one is missing.
    """
    _make_room()
    return {
        "bridgeFilter": _bridge_filter(viewer),
        "loopDevices": Path("/dev/loop-control").exists(),
        "nftBridge": _nft_accepts(_BRIDGE_TABLE),
    }


def guard(cidr: str) -> None:
    """Keep traffic to the cloud's own range from leaving the machine while its bridge is gone."""
    with netlink() as host:
        host.guard(cidr)


def unguard(cidr: str) -> None:
    """Remove what guard() made."""
    with netlink() as host:
        host.unguard(cidr)


def _make_room() -> None:
    """Let more processes watch files: a server's systemd has six or seven instances, and the kernel allows 128 for all."""
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    with suppress(OSError):  # where this is not ours to change the limit stays
        if int(limit.read_text(encoding="utf-8")) < INOTIFY_INSTANCES:
            limit.write_text(str(INOTIFY_INSTANCES), encoding="utf-8")


def _bridge_filter(viewer: int) -> bool:
    """Whether bridged frames pass the IP hooks; loads the host's module where it is one."""
    switch = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not switch.exists():
        subprocess.run(["nsenter", "-t", str(viewer), "-m", "modprobe", "br_netfilter"], capture_output=True, check=False)
    return switch.exists()


def _nft_accepts(script: str) -> bool:
    return subprocess.run(["nft", "-c", "-f", "-"], input=script.encode(), capture_output=True, check=False).returncode == 0
