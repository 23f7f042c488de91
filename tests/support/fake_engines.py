"""Engines that only remember. They share one memory: a test looks at it, and says which calls fail, at `FakeEngines`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from support.fake_backups import FakeBackups
from support.fake_databases import FakeDatabases
from support.fake_journal import Journal
from support.fake_volumes import FakeVolumes

from localcloud.engines.interface.errors import EngineError
from localcloud.engines.interface.values import BalancerSpec, Power, ServerSpec, VpcNetwork

Did = Callable[..., None]  # remembers a call by its name and arguments; raises where the test wants that


class FakeNetworks(dict[str, VpcNetwork]):
    """What was applied last, by VPC."""

    def __init__(self, did: Did) -> None:
        self._did = did

    async def apply(self, networks: Collection[VpcNetwork]) -> None:
        self._did("apply_networks", sorted(network.vpc_id for network in networks))
        self.update({network.vpc_id: network for network in networks})


class FakeBalancers(dict[str, BalancerSpec]):
    """What was applied last, by balancer."""

    def __init__(self, did: Did, nodes: set[str], health: Mapping[str, str]) -> None:
        self._did, self._nodes, self._health = did, nodes, health

    async def apply(self, spec: BalancerSpec) -> None:
        self._did("apply_balancer", spec.balancer_id)
        self[spec.balancer_id] = spec
        self._nodes |= {node.node_id for node in spec.nodes}

    async def nodes(self) -> frozenset[str]:
        return frozenset(self._nodes)

    async def answering(self, node_ids: Collection[str]) -> frozenset[str]:
        return frozenset(self._nodes & set(node_ids))

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        self._did("move_address", address, to_node, list(from_nodes))

    async def target_health(self, node_id: str) -> Mapping[str, str]:
        return dict(self._health)

    async def remove(self, node_ids: Collection[str]) -> None:
        if node_ids:
            self._did("remove_nodes", list(node_ids))
        self._nodes -= set(node_ids)


class FakeServers:
    """Servers that have power, or not."""

    def __init__(self, memory: FakeEngines) -> None:
        self._memory, self._did = memory, memory.did

    async def create(self, spec: ServerSpec) -> None:
        self._did("create_server", spec.instance_id)
        self._memory.specs[spec.instance_id] = spec
        self._memory.power.setdefault(spec.instance_id, Power.STOPPED)

    async def size(self, spec: ServerSpec) -> None:
        self._did("size_server", spec.instance_id)
        self._memory.specs[spec.instance_id] = spec

    async def boot(self, specs: Sequence[ServerSpec]) -> None:
        self._did("boot_servers", [spec.instance_id for spec in specs])
        for spec in specs:
            self._memory.power[spec.instance_id] = Power.RUNNING

    async def shut_down(self, instance_id: str, seconds: float) -> None:
        self._did("shut_down", instance_id, seconds)
        if instance_id in self._memory.power:
            self._memory.power[instance_id] = Power.STOPPED

    async def power_cut(self, instance_ids: Sequence[str]) -> None:
        self._did("power_cut", list(instance_ids))
        for instance_id in instance_ids:
            self._memory.power[instance_id] = Power.STOPPED
        self._memory.reboots -= set(instance_ids)

    async def remove(self, instance_id: str) -> None:
        self._did("remove_server", instance_id)
        self._memory.power.pop(instance_id, None)

    async def observe(self) -> Mapping[str, Power]:
        return dict(self._memory.power)

    async def rebooting(self) -> Collection[str]:
        if "rebooting" in self._memory.on_call or "rebooting" in self._memory.fail:
            self._did("rebooting")  # else it would fill the journal
        power = self._memory.power
        return [instance_id for instance_id in self._memory.reboots if power.get(instance_id) is Power.STOPPED]


class FakeInside:
    """Servers with apache2 in them, whose commands see the network's cuts."""

    def __init__(self, memory: FakeEngines) -> None:
        self._memory, self._did = memory, memory.did

    async def kill_process(self, instance_id: str, process: str) -> int:
        self._did("kill_process", instance_id, process)
        return 2 if process == "apache2" else 0

    async def fill_disk(self, instance_id: str, path: str) -> None:
        self._did("fill_disk", instance_id, path)

    async def free_disk(self, instance_id: str, path: str) -> None:
        self._did("free_disk", instance_id, path)

    async def run(self, instance_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        self._did("run", instance_id, list(command), stdin)
        if "statvfs" in " ".join(command):
            filled = [call for call in self._memory.journal if call[0] in ("fill_disk", "free_disk")]
            return 0, b"0" if filled and filled[-1][0] == "fill_disk" else b"5000000000"
        if command[0] == "python3":
            cut = any(network.cuts for network in self._memory.networks.values())
            return 0, json.dumps(dict.fromkeys(command[3:], not cut)).encode()
        return 0, b""


class FakeImages:
    """Images of servers that there are."""

    def __init__(self, memory: FakeEngines) -> None:
        self._memory, self._did = memory, memory.did

    async def make(self, image_id: str, instance_id: str, whole: bool) -> float:
        self._did("make_image", image_id, instance_id, whole)
        if instance_id not in self._memory.power:
            raise EngineError(f"server {instance_id} is gone, so no image of it can be made")
        return 0.25

    async def remove(self, image_id: str) -> None:
        self._did("remove_image", image_id)

    def reference(self, image_id: str) -> str:
        return f"drlab-t-image:{image_id}"


@dataclass
class FakeEngines(Journal):
    """The memory, and the parts that use it. `journal` holds the calls in order; `fail` names calls that raise."""

    power: dict[str, Power] = field(default_factory=dict)
    reboots: set[str] = field(default_factory=set)  # servers whose last end was a reboot of their own
    specs: dict[str, ServerSpec] = field(default_factory=dict)
    nodes: set[str] = field(default_factory=set)  # balancer nodes that answer
    health: dict[str, str] = field(default_factory=dict)
    was_interrupted: bool = False
    docker_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.networks = FakeNetworks(self.did)
        self.servers, self.inside, self.images = FakeServers(self), FakeInside(self), FakeImages(self)
        self.volumes, self.backups, self.databases = FakeVolumes(), FakeBackups(), FakeDatabases()
        self.balancers = FakeBalancers(self.did, self.nodes, self.health)
        self.databases.networks, self.databases.journal = self.networks, self.journal
        self.databases.fail, self.databases.on_call = self.fail, self.on_call

    async def start(self) -> None:
        self.docker_ended = asyncio.Event()
        self.did("start")

    async def outage(self) -> None:
        await self.docker_ended.wait()

    async def stop(self) -> None:
        self.did("stop")

    def interrupted(self) -> bool:
        return self.was_interrupted

    def eip_pool(self) -> str:
        return "198.18.8.0/24"
