"""A look at a database node tells what speaks against it: nothing that listens, no container, or only that it is silent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.engines.interface.databases import NodeState
from localcloud.engines.mariadb.databases import MariadbEngine
from localcloud.engines.mariadb.sql import SOCKET, Sql

PATIENCE = 1.0  # seconds for a look
NODE: Any = SimpleNamespace(node_id="node-1")


@dataclass
class Machine:
    """A node's folder, and what Docker says of it; None: nothing in time."""

    folder: Path
    running: bool | None = True
    sql: Sql = field(init=False)

    def __post_init__(self) -> None:
        self.sql = Sql(lambda node_id: self.folder)

    async def is_running(self, node_id: str) -> bool:
        if self.running is None:
            await asyncio.sleep(60)
        return bool(self.running)

    async def greets(self, node: Any, seconds: float) -> bool:
        return True

    def look(self) -> NodeState:
        engine = object.__new__(MariadbEngine)
        engine._sql = self.sql
        engine.inside = engine.links = self  # type: ignore[assignment]
        return asyncio.run(engine.observe([NODE], PATIENCE))["node-1"]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    found = Machine(tmp_path)
    yield found
    found.sql.close()


def test_a_node_whose_container_does_not_run(machine: Machine) -> None:
    machine.running = False
    assert machine.look() == NodeState(running=False, answers=False, reachable=False)


def test_a_node_on_whose_socket_nobody_listens_is_no_silent_one_also_where_docker_hangs(machine: Machine) -> None:
    machine.running = None
    seen = machine.look()
    assert (seen.running, seen.answers) == (True, False), "least of all is it known that it could be started"
    assert seen.took < PATIENCE / 2, "it was known at once"


@pytest.mark.parametrize("docker", [True, None], ids=["docker answers", "docker hangs"])
def test_a_silent_node_has_had_its_time(machine: Machine, docker: bool | None) -> None:
    machine.running = docker
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(machine.folder / SOCKET))
        listening.listen()
        seen = machine.look()
    assert (seen.running, seen.answers) == (True, False)
    assert seen.took > PATIENCE / 2
