"""MySQL instances and their nodes as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ctyun.fields import Body, items, need, number, text

SINGLE, PAIR, REPLICA = "single", "pair", "replica"
PRODUCTS = {  # prodId by version and kind
    ("5.7", SINGLE): 10001003,
    ("8.0", SINGLE): 10001103,
    ("5.7", PAIR): 10001001,
    ("8.0", PAIR): 10001101,
    ("5.7", REPLICA): 10001005,
    ("8.0", REPLICA): 10001105,
}

NORMAL, DESTROYED, CREATING, FAILED, CHANGING, TO_DESTROY = 0, 2, 3, 4, 7, 8
ORDER_WORDS = {
    NORMAL: "normal",
    1: "suspended for arrears",
    DESTROYED: "destroyed",
    CREATING: "creating",
    FAILED: "build failed",
    5: "expired or refunded",
    6: "paused",
    CHANGING: "created, to be changed",
    TO_DESTROY: "to be destroyed",
    9: "paused by hand",
    10: "refunded by hand",
}
RETURNED = frozenset({DESTROYED, 5, TO_DESTROY, 10})  # what a refund ends in
STOPPED = 21
RUNNING_WORDS = {
    0: "running",
    1: "restarting",
    2: "backing up",
    3: "restoring",
    4: "changing parameters",
    6: "being enlarged",
    7: "being enlarged",
    10: "resetting the password",
    11: "changing the replication mode",
    18: "changing backup settings",
    20: "stopping",
    STOPPED: "stopped",
    22: "starting",
    26: "changing white lists",
}


@dataclass(frozen=True)
class MysqlNode:
    """One server of an instance, as `azInfoList` shows it. `role`: primary, standby or replica."""

    name: str  # the instance's with a number
    res_id: int
    zone_name: str
    role: str


@dataclass(frozen=True)
class MysqlInstance:
    """An instance; `address` and `port` are where it is reached. Usable when both states are 0 (`is_ready`)."""

    id: str
    name: str
    product: int
    version: str
    flavor: str
    order_status: int
    running_status: int
    address: str
    port: int
    vpc_id: str
    subnet_id: str
    security_group_id: str
    storage_gib: int
    storage_type: str = ""
    eip: str | None = None
    nodes: tuple[MysqlNode, ...] = ()
    parent_id: str = ""  # of a read replica, where the cloud says it

    @property
    def is_ready(self) -> bool:
        return self.order_status == NORMAL and self.running_status == 0

    @property
    def is_gone(self) -> bool:
        return self.order_status == DESTROYED

    @property
    def is_returned(self) -> bool:
        return self.order_status in RETURNED

    @property
    def state(self) -> str:
        """order "normal", "restarting" """
        order = ORDER_WORDS.get(self.order_status, str(self.order_status))
        running = RUNNING_WORDS.get(self.running_status, f"running status {self.running_status}")
        return running if self.order_status == NORMAL else order

    @property
    def kind(self) -> str:
        """ "single", "pair", "replica", or "" for a product that is not known here."""
        return next((kind for (_, kind), product in PRODUCTS.items() if product == self.product), "")

    @classmethod
    def from_api(cls, body: Body) -> Self:
        name = text(body, "prodInstName")
        return cls(
            id=need(body, "outerProdInstId"),
            name=name,
            product=number(body, "prodId"),
            version=text(body, "newMysqlVersion"),
            flavor=text(body, "machineSpec"),
            order_status=number(body, "prodOrderStatus"),
            running_status=number(body, "prodRunningStatus"),
            address=text(body, "vip"),
            port=number(body, "writePort"),
            vpc_id=text(body, "vpcId"),
            subnet_id=text(body, "subnetId"),
            security_group_id=text(body, "securityGroupId"),
            storage_gib=number(body, "diskSize"),
            storage_type=text(body, "diskType"),
            eip=text(body, "eIP") or None,
            nodes=nodes_of(name, items(body, "azInfoList")),
            parent_id=text(body, "parentOuterProdInstId"),
        )


def nodes_of(name: str, infos: list[Body]) -> tuple[MysqlNode, ...]:
    """The API has numbers for nodes and no names: they are numbered here, in the order of those."""
    ordered = sorted(infos, key=lambda info: number(info, "resId"))
    return tuple(
        MysqlNode(f"{name}-{place}", number(info, "resId"), text(info, "azName"), role_word(text(info, "role")))
        for place, info in enumerate(ordered, 1)
    )


def role_word(role: str) -> str:
    """The API says m or master, s or slave, readNode."""
    return {"m": "primary", "s": "standby", "r": "replica"}.get(role[:1].lower(), role)
