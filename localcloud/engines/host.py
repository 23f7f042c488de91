"""What this host allows, and the container flags that follow from it: one pure function per question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAST_CAPABILITY = 40  # CAP_CHECKPOINT_RESTORE, linux/capability.h
# fmt: off
CAPABILITIES = (
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
    "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
    "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
    "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
    "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
    "CHECKPOINT_RESTORE",
)  # in the order of their numbers
# fmt: on
_UNCONFINED = ("seccomp=unconfined", "apparmor=unconfined", "label=disable")


@dataclass(frozen=True)
class HostFacts:
    """What decides about flags. `bounding` is the capability bounding set, one bit a capability."""

    cgroup_version: int
    bounding: int
    cpus: int = 1
    known: int = LAST_CAPABILITY  # number of the last capability that the kernel knows
    refusals: tuple[str, ...] = ()  # why nothing can work here


@dataclass(frozen=True)
class Flags:
    """How a container is created."""

    cap_drop: tuple[str, ...]  # on top of cap_add ALL
    security: tuple[str, ...]
    binds: tuple[str, ...] = ()
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    devices: tuple[str, ...] = ()  # device cgroup rules
    cgroup_namespace: str | None = None
    unmasked: bool = False  # the whole of /proc and /proc/sys, as `systempaths=unconfined` on the command line


def read_facts(info: Mapping[str, Any], status: Path = Path("/proc/self/status")) -> HostFacts:
    """Facts from Docker's own description (`docker info`) and this process's bounding set, which Docker cannot exceed."""
    lines = dict(line.split(":\t", 1) for line in status.read_text(encoding="utf-8").splitlines() if ":\t" in line)
    return HostFacts(
        cgroup_version=int(info.get("CgroupVersion") or 1),
        bounding=int(lines["CapBnd"], 16),
        cpus=int(info.get("NCPU") or 1),
        known=_last_capability(),
        refusals=tuple(_refusals(info)),
    )


def server_flags(facts: HostFacts) -> Flags:
    """A server: systemd as in a machine of its own. Servers that run containers themselves will need more."""
    security = _UNCONFINED
    tmpfs = {"/run": "exec,mode=755", "/run/lock": ""}
    loops = ("b 7:* rwm",)
    if facts.cgroup_version == 1:
        return Flags(missing(facts), security, ("/sys/fs/cgroup:/sys/fs/cgroup:rw",), tmpfs, loops, "host")
    # With the host's tree bound on top, systemd would take the host's root for its own; the image's init makes it writable.
    return Flags(missing(facts), security, (), tmpfs, loops, "private")


def cpu_share(facts: HostFacts, wanted: float) -> float:
    """CPUs for a server: a flavour may have more than the host, which Docker would refuse."""
    return min(wanted, float(facts.cpus))


def agent_flags(facts: HostFacts) -> Flags:
    """The agent: all that the host has, and the host's devices and control groups."""
    binds = ("/dev:/dev", "/sys/fs/cgroup:/sys/fs/cgroup:rw")
    devices = ("b 7:* rwm", "c 10:237 rwm")  # loop devices, /dev/loop-control
    return Flags(missing(facts), _UNCONFINED, binds, {}, devices, "host", unmasked=True)


def missing(facts: HostFacts) -> tuple[str, ...]:
    """Capabilities that must be dropped from ALL, because asking for one that the host lacks makes the start fail."""
    present = CAPABILITIES[: facts.known + 1]
    return tuple(name for number, name in enumerate(present) if not facts.bounding >> number & 1)


def _last_capability() -> int:
    file = Path("/proc/sys/kernel/cap_last_cap")
    return int(file.read_text(encoding="utf-8")) if file.exists() else LAST_CAPABILITY


def _refusals(info: Mapping[str, Any]) -> list[str]:
    """Every reason, in words for the user."""
    options = " ".join(info.get("SecurityOptions") or ())
    found = []
    if "name=rootless" in options:
        found.append(
            "Docker runs rootless: it cannot make the loop devices and network links that servers need; use the system's Docker"
        )
    if "name=userns" in options:
        found.append("Docker remaps user ids (userns-remap): the agent would have no rights on the host; switch it off")
    if "Docker Desktop" in str(info.get("OperatingSystem", "")):
        found.append("this is Docker Desktop: containers run in a hidden virtual machine; use Docker on Linux")
    if "podman" in str(info.get("ServerVersion", "")).lower() or "podman" in str(info.get("InitBinary", "")).lower():
        found.append("this is Podman, which lacks parts of Docker's API; use Docker")
    return found
