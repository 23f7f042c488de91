"""What a MySQL instance can be and is ordered with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from ctyun.fields import Body, need, number, present, text, texts
from ctyun.services.mysql_values import PAIR, PRODUCTS, REPLICA, SINGLE

SERIES = "1"  # instSpec: the general-purpose one


@dataclass(frozen=True)
class MysqlSpec:
    """A size that can be ordered, and the zones that have it."""

    product: int
    version: str
    flavor: str  # "2C4G"
    generation: str  # hostType of an order
    cpu_type: str
    zone_names: tuple[str, ...]

    @classmethod
    def from_api(cls, product: Body, body: Body) -> Self:
        return cls(
            product=number(product, "prodId"),
            version=text(product, "prodVersion"),
            flavor=need(body, "prodPerformanceSpec"),
            generation=text(body, "generation"),
            cpu_type=text(body, "cpuType"),
            zone_names=texts(body, "azList"),
        )


@dataclass(frozen=True)
class NewMysql:
    """What an instance is ordered with. `standby_zone_name` makes it a pair, `parent_id` a read replica. Sizes in GiB."""

    name: str
    version: str
    flavor: str  # "2C4G"
    vpc_id: str
    subnet_id: str
    security_group_id: str
    zone_name: str
    standby_zone_name: str | None = None
    storage_type: str = "SSD"
    storage_gib: int = 100
    password: str | None = field(default=None, repr=False)
    parent_id: str | None = None

    @property
    def kind(self) -> str:
        return REPLICA if self.parent_id else PAIR if self.standby_zone_name else SINGLE

    @property
    def product(self) -> int:
        return PRODUCTS[self.version, self.kind]

    def to_api(self, spec: MysqlSpec, encrypted_password: str | None) -> dict[str, Any]:
        """The order's body, on demand, without its region."""
        first = "readNode" if self.parent_id else "master"
        zones = [(self.zone_name, first)] + ([(self.standby_zone_name, "slave")] if self.standby_zone_name else [])
        node = {
            "nodeType": first,
            "instSpec": SERIES,
            "storageType": self.storage_type,
            "storageSpace": self.storage_gib,
            "prodPerformanceSpec": self.flavor,
            "disks": 1,
            "availabilityZoneInfo": [
                {"availabilityZoneName": name, "availabilityZoneCount": 1, "nodeType": role} for name, role in zones
            ],
        }
        return present(
            billMode="2",
            prodVersion=self.version,
            prodId=self.product,
            vpcId=self.vpc_id,
            subnetId=self.subnet_id,
            securityGroupId=self.security_group_id,
            hostType=spec.generation,
            cpuType=spec.cpu_type or None,
            name=self.name,
            password=encrypted_password,
            period=1,
            count=1,
            autoRenewStatus=0,
            instId=self.parent_id,
            mysqlNodeInfoList=[node],
        )
