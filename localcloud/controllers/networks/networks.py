"""VPC networks: records turned into the engines' values, and which of their changes have been applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from localcloud.controllers.faults.power import Scope, fault_over, power_faults
from localcloud.controllers.networks.nodes import (
    GROUP,
    OPEN,
    Node,
    all_nodes,
    family_group,
    family_rules,
    mysql_nodes,
    nic,
    nodes_of,
)
from localcloud.engines.interface import values as api
from localcloud.engines.interface.networks import NetworkEngine
from localcloud.records.balancers import BALANCERS, Balancer
from localcloud.records.compute import EIPS, FAULTS, GROUPS, INSTANCES, RULES, SUBNETS, VPCS, Fault, Instance, Rule
from localcloud.records.databases import MYSQLS, Mysql
from localcloud.records.store import Store


class Networks:
    """Applies VPC networks, and remembers which changes the engine has seen.

    The queue of a VPC is the network engine's: it serves the newest of what it is asked, and one change serves all that wait.
    """

    def __init__(self, store: Store, engine: NetworkEngine) -> None:
        self._store, self._engine = store, engine
        self._wanted: defaultdict[str, int] = defaultdict(int)  # counts changes of the records
        self._applied: defaultdict[str, int] = defaultdict(int)  # the change that the engines have seen

    def mark(self, vpc_id: str) -> None:
        """The VPC's records have changed (call it in the same transaction)."""
        self._wanted[vpc_id] += 1
        self._store.mark_dirty(vpc_id)

    async def change(self, vpc_ids: Collection[str]) -> None:
        """Mark and apply."""
        for vpc_id in vpc_ids:
            self.mark(vpc_id)
        await self.apply(vpc_ids)

    async def apply(self, vpc_ids: Collection[str]) -> None:
        """Bring the engines to what the records say, all these VPCs in one go. Raises EngineError."""
        late = {vpc_id: self._wanted[vpc_id] for vpc_id in vpc_ids if self._applied[vpc_id] < self._wanted[vpc_id]}
        if not late:
            return
        # Records are read and the engine is asked without a pause in between: who asks later, asks for newer records.
        await self._engine.apply([network(self._store, vpc_id) for vpc_id in sorted(late)])
        with self._store.transaction():
            for vpc_id, change in late.items():
                self._applied[vpc_id] = max(self._applied[vpc_id], change)
                if self._wanted[vpc_id] == change:
                    self._store.clear_dirty(vpc_id)


def network(store: Store, vpc_id: str) -> api.VpcNetwork:
    """The whole wanted state of a VPC's network; a VPC that is gone has an empty one."""
    vpc = store.get(VPCS, vpc_id)
    subnets = {subnet.id: subnet for subnet in store.find(SUBNETS, vpc_id=vpc_id)}
    instances = store.find(INSTANCES, vpc_id=vpc_id)
    balancers = store.find(BALANCERS, vpc_id=vpc_id)
    mysqls = store.find(MYSQLS, vpc_id=vpc_id)
    nodes = [node for balancer in balancers for node in nodes_of(balancer)]
    nodes += [node for mysql in mysqls for node in mysql_nodes(store, mysql)]
    faults = power_faults(store)
    parts: list[Instance | Node] = [*instances, *nodes]
    owners: list[Instance | Balancer | Mysql] = [*instances, *balancers, *mysqls]
    moving = _with_address(store, balancers, mysqls)
    rules = {group.id: tuple(map(_rule, store.find(RULES, group_id=group.id))) for group in store.find(GROUPS, vpc_id=vpc_id)}
    return api.VpcNetwork(
        vpc_id=vpc_id,
        region=vpc.region if vpc else "",
        subnets=tuple(api.Subnet(subnet.id, subnet.cidr, subnet.gateway) for subnet in subnets.values()),
        nics=tuple(nic(part, subnets[part.subnet_id]) for part in parts),
        groups=rules | ({GROUP: OPEN} if balancers else {}) | {family_group(mysql): family_rules(mysql) for mysql in mysqls},
        eips=tuple(
            api.EipBinding(eip.address, owner.address) for owner in owners for eip in store.find(EIPS, instance_id=owner.id)
        ),
        dead_nics=frozenset(part.nic_id for part in parts if fault_over(faults, part))
        | {node.nic_id for node in nodes if node.fenced},
        cuts=tuple(_cuts_here(store, {part.nic_id for part in parts})),
        moving=tuple(api.MovingAddress(owner.address, node.nic_id) for owner, node in moving),
        public_elsewhere=_public_elsewhere(store, vpc_id),
    )


def _with_address(store: Store, balancers: list[Balancer], mysqls: list[Mysql]) -> list[tuple[Balancer | Mysql, Node]]:
    """Who has a moving address, and the process that it is with."""
    active = [(balancer, node) for balancer in balancers for node in nodes_of(balancer) if node.id == balancer.active]
    primaries = [(mysql, node) for mysql in mysqls for node in mysql_nodes(store, mysql) if node.id == mysql.primary]
    return [*active, *primaries]


def _cuts_here(store: Store, here: set[str]) -> Iterator[api.Cut]:
    """The cuts that have one of these NICs on a side; the other side may be in another VPC."""
    faults = [fault for fault in store.find(FAULTS, kind="cut") if fault.phase != "undone"]
    everywhere: list[Instance | Node] = [*store.find(INSTANCES), *all_nodes(store)] if faults else []
    for cut in (cut for fault in faults for cut in cuts(fault, everywhere)):
        if here & ((cut.sources or frozenset()) | (cut.targets or frozenset())):
            yield cut


def cut_from(store: Store, vpc_id: str) -> set[str]:
    """The other VPCs that a cut divides from this one: their routers know its EIPs."""
    parts: list[Instance | Node] = [*store.find(INSTANCES), *all_nodes(store)]
    cuts_here = list(_cuts_here(store, {part.nic_id for part in parts if part.vpc_id == vpc_id}))
    named = {nic_id for cut in cuts_here for nic_id in (cut.sources or frozenset()) | (cut.targets or frozenset())}
    return {part.vpc_id for part in parts if part.nic_id in named} - {vpc_id}


def _public_elsewhere(store: Store, vpc_id: str) -> dict[str, str]:
    """The EIP of a balancer or MySQL instance is with the process that has its address."""
    servers = {server.id: server for server in store.find(INSTANCES)}
    active = {owner.id: node for owner, node in _with_address(store, store.find(BALANCERS), store.find(MYSQLS))}
    bound = [(eip, servers.get(eip.instance_id) or active.get(eip.instance_id)) for eip in store.find(EIPS) if eip.instance_id]
    return {owner.nic_id: eip.address for eip, owner in bound if owner and owner.vpc_id != vpc_id}


def cuts(fault: Fault, instances: Sequence[Instance | Node]) -> list[api.Cut]:
    """A cut between these servers and balancers. Zones are looked up afresh, so that later ones are cut as well."""
    prefix = fault.name_prefix or ""
    near = frozenset(i.nic_id for i in instances if Scope(**fault.scope).covers(i) and i.name.startswith(prefix))
    far = None
    if fault.to_scope is not None:
        far = frozenset(i.nic_id for i in instances if Scope(**fault.to_scope).covers(i)) - near
    if not near or far == frozenset():
        return []
    return [api.Cut(near, far)] if fault.one_way else [api.Cut(near, far), api.Cut(far, near)]


def _rule(rule: Rule) -> api.Rule:
    return api.Rule(rule.direction, rule.action, rule.protocol, rule.priority, rule.ports, rule.peer_cidr, rule.peer_group)
