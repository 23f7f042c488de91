"""Facts about the host that decide what works on it, and the guard route."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from localcloud.agent.netlink import netlink
from localcloud.agent.ops.limits import raise_limits

_BRIDGE_TABLE = 'table bridge drlab_check { chain c { type filter hook forward priority 0; iifname "x" drop; }; }'


def ping() -> str:
    """Says that the agent answers."""
    return "pong"


def facts(viewer: int) -> dict[str, Any]:
    """{"bridgeFilter", "loopDevices", "nftBridge": bool, "low": limits that could not be raised as far as is good}.

    `viewer`: a process on the host, whose modules are loaded where one is missing.
    """
    return {
        "low": raise_limits(),
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


def _bridge_filter(viewer: int) -> bool:
    """Whether bridged frames pass the IP hooks; loads the host's module where it is one."""
    switch = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
    if not switch.exists():
        subprocess.run(["nsenter", "-t", str(viewer), "-m", "modprobe", "br_netfilter"], capture_output=True, check=False)
    return switch.exists()


def _nft_accepts(script: str) -> bool:
    return subprocess.run(["nft", "-c", "-f", "-"], input=script.encode(), capture_output=True, check=False).returncode == 0
