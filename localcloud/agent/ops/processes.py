"""Processes of a container, by name."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from localcloud.agent.errors import OpError
from localcloud.agent.kernel import must_be_in_container, network_namespace, processes_of
from localcloud.agent.netlink import netlink


def kill(container: str, name: str) -> int:
    """SIGKILL all processes of that name inside the container (not its init); how many were hit."""
    hit = 0
    for pid in sorted(processes_of({container})[container]):
        try:
            if _is_named(pid, name) and not _is_init(pid):
                os.kill(pid, signal.SIGKILL)
                hit += 1
        except (ProcessLookupError, FileNotFoundError):
            continue  # ended by itself
    return hit


def end(pid: int, container: str) -> None:
    """SIGKILL a container's init: the kernel ends everything in it at once, and nothing of it gets out. Fine if it is gone."""
    try:
        must_be_in_container(pid, container)
        try:
            _unplug(pid)
        finally:
            os.kill(pid, signal.SIGKILL)
    except (OpError, ProcessLookupError):
        return


def _unplug(pid: int) -> None:
    """The kernel goes on sending the FINs of dead processes, for a minute and more, as long as there is a card."""
    with network_namespace(pid), netlink() as here:
        card = here.index("eth0")
        if card is not None:
            here.delete(card)


def _is_named(pid: int, name: str) -> bool:
    folder = Path(f"/proc/{pid}")
    command = (folder / "comm").read_text(encoding="utf-8").rstrip("\n")
    if command == name[:15]:  # the kernel keeps 15 characters
        return True
    first = (folder / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
    return first.split(" ")[0].rstrip(":").rsplit("/", 1)[-1] == name


def _is_init(pid: int) -> bool:
    numbers = next(
        line for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines() if line.startswith("NSpid:")
    )
    return numbers.split()[-1] == "1" and len(numbers.split()) == 3
