"""Records of MySQL instances as the API's handlers store them, and a cloud that has nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from support.fake_databases import FakeDatabases

from localcloud.controllers.databases.databases import Databases
from localcloud.controllers.faults.power import Scope
from localcloud.controllers.networks.networks import Networks
from localcloud.engines.interface.engines import VpcNetwork
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import ALL_KINDS, ORDERS, SUBNETS, VPCS, Fault, Order, Subnet, Vpc
from localcloud.records.databases import MYSQL_NODES, MYSQLS, Mysql, MysqlNode
from localcloud.records.store import Store

REGION = next(iter(REGIONS.values()))
VPC, SUBNET, MYSQL, ORDER = "vpc-1", "subnet-1", "m1", "order-1"
ADDRESS = "192.168.1.10"
NONE = "-"  # a password that nobody asks for


class FakeNetworks(dict[str, VpcNetwork]):
    """What was applied last, by VPC; the databases' journal has the calls."""

    def __init__(self, databases: FakeDatabases) -> None:
        self._databases = databases

    async def apply(self, networks: Collection[VpcNetwork]) -> None:
        self._databases.did("apply_networks", *(network.vpc_id for network in networks))
        self.update({network.vpc_id: network for network in networks})


class FakeEngines:
    """Networks that are only remembered, and MySQL nodes that only count."""

    def __init__(self) -> None:
        self.databases = FakeDatabases()
        self.networks = self.databases.networks = FakeNetworks(self.databases)


class Cloud:
    """A store, engines, and the databases on them; `restart` is another daemon on the same records."""

    def __init__(self) -> None:
        self.store, self.engines = Store(None, ALL_KINDS), FakeEngines()
        self.store.put(VPCS, Vpc(VPC, REGION.id, "net", "192.168.0.0/16", "", "0", 0.0))
        self.store.put(SUBNETS, Subnet(SUBNET, REGION.id, VPC, "sub", "192.168.1.0/24", "192.168.1.1", "", (), 0.0, 0.0))
        self.restart()

    def restart(self) -> None:
        self.networks = Networks(self.store, self.engines.networks)
        self.databases = Databases(self.store, self.engines.databases, self.networks)

    @property
    def mysql(self) -> Mysql:
        return self.store.require(MYSQLS, MYSQL)

    @property
    def fake(self) -> FakeDatabases:
        return self.engines.databases

    def node(self, name: str) -> MysqlNode:
        """By its name, "db-1"."""
        return next(node for node in self.store.find(MYSQL_NODES) if node.name == name)

    def order(self, kind: str = "pair", **more: Any) -> None:
        """What the handler of an order stores."""
        store_order(self.store, kind, **more)


def store_order(store: Store, kind: str, order_id: str = ORDER, **more: Any) -> None:
    """An order that is being opened, its instance and its nodes: "db-1" and "db-2", or "<id>-1" of another instance."""
    mysql = _mysql(kind, order_id, **more)
    store.put(ORDERS, Order(order_id, REGION.id, "1", "mysql-create", "14", "RDS", (mysql.id,), "", "", 0.0))
    store.put(MYSQLS, mysql)
    prefix, tens = ("db", 10) if mysql.id == MYSQL else (mysql.id, 20)
    for number in (1, 2) if kind == "pair" else (1,):
        id_, tail = f"{mysql.id}-{number}", tens + number
        store.put(MYSQL_NODES, MysqlNode(
            id_, REGION.id, mysql.id, 100 + tail, f"{prefix}-{number}", REGION.zones[number - 1], f"port-{id_}",
            f"02:00:00:00:00:{tail}", f"192.168.1.{tail}", tail, reseed=kind == "replica",
        ))  # fmt: skip


def power_fault(node_id: str) -> Fault:
    """A power-off of a node that has landed; its id is the node's."""
    scope, nothing = Scope(instance=node_id).fields(), (None, None, False, None, None, None)
    return Fault(node_id, "power-off", node_id, scope, "active", *nothing, (node_id,), (node_id,), 0.0, True, "", None, 0.0)


def _mysql(kind: str, order_id: str, **more: Any) -> Mysql:
    mysql = Mysql(
        id=MYSQL, region=REGION.id, name="db", description="", prod_id=1, version="8.0", kind=kind, parent="", spec="2C4G",
        cpus=2, memory_mib=4096, storage_type="SSD", disk_gib=100, vpc_id=VPC, subnet_id=SUBNET, group_id="sg-1", address=ADDRESS,
        port=3306, primary="", in_sync=False, step="", candidate="", step_gtid="", reason="", switch_id="",
        ha_mode="reliability", sync_mode="Semi_sync", switch_type="auto", verdict="", order_status=3, running_status=0,
        replication_user="follower", replication_password=NONE, root_password="", order_id=order_id, project="0",
        created=0.0, updated=0.0,
    )  # fmt: skip
    mysql = replace(mysql, **more)
    return replace(mysql, primary=f"{mysql.id}-1")
