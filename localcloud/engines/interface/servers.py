"""What controllers ask of the server engine: machines that are made, powered and removed, and what is done inside running ones.

All calls may be repeated, also at the same time, and raise EngineError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from localcloud.engines.interface.values import Power, ServerSpec


class ServerEngine(Protocol):
    """The servers of one cloud."""

    async def create(self, spec: ServerSpec) -> None:
        """Make the server's container, seed and disks; do not boot it."""

    async def size(self, spec: ServerSpec) -> None:
        """Give the server the CPUs and the memory that the spec says, from now on. Fine if it is gone."""

    async def boot(self, specs: Sequence[ServerSpec]) -> None:
        """Power servers on: rules and link first, then the process. The network must have been applied."""

    async def shut_down(self, instance_id: str, seconds: float) -> None:
        """Stop the operating system in good order; it is killed after so many seconds."""

    async def power_cut(self, instance_ids: Sequence[str]) -> None:
        """Carry out steps (2) and (3) of a power-off: data disks lose what was not synced, then kill. The networks cut the
        servers' links before."""

    async def remove(self, instance_id: str) -> None:
        """Remove container, anonymous volumes, disks, links and cgroups of a server; fine if some are gone."""

    async def observe(self) -> Mapping[str, Power]:
        """Power of every server container of this cloud, by instance id; absent = gone."""

    async def rebooting(self) -> Collection[str]:
        """Servers that have ended by their own reboot and wait to be booted, by instance id."""


class InsideServers(Protocol):
    """What is done inside running servers: faults, and commands that prove that they have landed."""

    async def kill_process(self, instance_id: str, process: str) -> int:
        """SIGKILL all processes of that name inside the server; returns how many were hit."""

    async def fill_disk(self, instance_id: str, path: str) -> None:
        """Fill the file system that holds `path` inside the server until nothing more fits. Data disks only."""

    async def free_disk(self, instance_id: str, path: str) -> None:
        """Undo fill_disk."""

    async def run(self, instance_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """Run a command inside the server as root; exit status and output."""
