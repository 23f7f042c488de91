"""The limits that a lab meets, in the order in which it meets them.

Where one has a `floor`, the local cloud's agent raises it at each start (`localcloud/agent/ops/limits.py` has the same numbers;
a unit test compares them). Where the agent may not, the sentence about it says what to do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """One of them. `remedy`: what to do about it where no sysctl sets it."""

    name: str
    sysctl: str = ""  # "fs.inotify.max_user_instances"
    floor: int = 0
    remedy: str = ""

    @property
    def to_do(self) -> str:
        return f"as root: sysctl -w {self.sysctl}={self.floor}" if self.floor else self.remedy


INSTANCES = Limit("inotify instances", "fs.inotify.max_user_instances", 4096)  # the kernel's 128 are one lab of 15 servers
WATCHES = Limit("inotify watches", "fs.inotify.max_user_watches", 524_288)
TASKS = Limit("processes and threads", "kernel.pid_max", 131_072)
NEIGHBOURS = Limit("network neighbours", "net.ipv4.neigh.default.gc_thresh3", 8192)
TERMINALS = Limit("terminals", "kernel.pty.max", 16_384)
REQUESTS = Limit("asynchronous reads and writes", "fs.aio-max-nr", 1_048_576)  # without room MariaDB does them one by one
CONNECTIONS = Limit("tracked connections", "net.netfilter.nf_conntrack_max", 262_144)
FILES = Limit("open files of all", "fs.file-max", remedy="end other programs, or raise fs.file-max")
OWN_FILES = Limit("open files of one process", remedy="in this shell: ulimit -n 4096")
MEMORY = Limit("MB of memory", remedy="end other programs or stages (./lab status), or take a larger machine")
DISK = Limit("MB of disk", remedy="free some where Docker and the state folder lie, or name another folder in DRLAB_STATE")
LOOPS = Limit("loop devices", remedy="load the kernel's module loop; disks of servers and databases are such devices")

LIMITS = (
    INSTANCES,
    WATCHES,
    TASKS,
    NEIGHBOURS,
    TERMINALS,
    REQUESTS,
    CONNECTIONS,
    FILES,
    OWN_FILES,
    MEMORY,
    DISK,
    LOOPS,
)
