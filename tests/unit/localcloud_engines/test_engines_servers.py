"""A server's parts that are made at the same time: where one of them fails, none is still on its way afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.engines.host import HostFacts
from localcloud.engines.interface.engines import Disk, EngineError, Nic, ServerSpec
from localcloud.engines.naming import Naming
from localcloud.engines.servers.records import Record, Records
from localcloud.engines.servers.servers import Servers

NIC = Nic("port-1", "server-1", "02:16:3e:00:00:01", "192.168.1.10", 24, "192.168.1.1", ())
SPEC = ServerSpec("server-1", "web", "region", "AZ1", "image", 1.0, 512, "vpc-1", NIC, (Disk("disk-1", 1, "/dev/vdb"),))


class SlowDocker:
    """Takes its time for everything."""

    def __init__(self) -> None:
        self.state = ""

    async def create(self, *_: Any, **__: Any) -> str:
        await asyncio.sleep(0.02)
        self.state = "created"
        return "container"

    async def start(self, name: str) -> None:
        await asyncio.sleep(0.02)
        self.state = "running"

    async def kill(self, name: str) -> None:
        self.state = "exited"

    async def remove(self, name: str) -> None:
        self.state = ""

    async def inspect(self, name: str) -> dict[str, Any] | None:
        return {"Id": "container", "State": {"Running": self.state == "running", "Pid": 1}} if self.state else None


class NoDisks:
    """Disks that cannot be had."""

    async def make(self, disks: Any) -> None:
        raise EngineError("no disk")

    async def attach(self, disks: Any) -> list[int]:
        raise EngineError("no loop device")

    async def detach(self, disks: Any) -> None:
        pass

    delete = detach


class NoLayers:
    """No server was made of an image."""

    async def sweep(self) -> None:
        pass


def servers(docker: SlowDocker, folder: Path) -> Servers:
    async def ask(op: str, **_: Any) -> None:
        return None

    context: Any = SimpleNamespace(
        docker=docker, naming=Naming("abc123"), records=Records(folder), host=HostFacts(1, (1 << 41) - 1), ask=ask
    )
    return Servers(context, None, NoDisks(), NoLayers())  # type: ignore[arg-type]


def test_no_container_comes_into_being_after_a_failed_server_was_cleared_away(tmp_path: Path) -> None:
    async def fail() -> str:
        docker = SlowDocker()
        made = servers(docker, tmp_path)
        with pytest.raises(EngineError, match="no disk"):
            await made.create(SPEC)
        await made.remove("server-1")
        await asyncio.sleep(0.1)
        return docker.state

    assert asyncio.run(fail()) == ""


def test_a_server_whose_disks_cannot_be_attached_is_off(tmp_path: Path) -> None:
    async def fail() -> str:
        docker = SlowDocker()
        with pytest.raises(EngineError, match="no loop device"):
            await servers(docker, tmp_path).boot([SPEC])
        await asyncio.sleep(0.1)
        return docker.state

    assert asyncio.run(fail()) == "exited"


def test_a_record_that_goes_while_records_are_read_is_none(tmp_path: Path) -> None:
    records = Records(tmp_path)
    for number in range(3):
        records.put(Record(f"server-{number}"))
    found = []
    for record in records.all():
        found.append(record.instance_id)
        records.drop("server-1")
    assert found == ["server-0", "server-2"]
    assert records.get("server-1") is None
