"""Reading an order for an instance: everything is checked before anything is stored, and all problems are told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.records.catalogue import QUOTAS, Region
from localcloud.records.compute import GROUPS, SUBNETS, VPCS, Subnet
from localcloud.records.database_products import BACKUP_STORAGE, INTEL, PRODUCTS, REPLICA, TWO_STANDBYS, VERSIONS, Product, Spec
from localcloud.records.databases import MYSQLS, Mysql
from localcloud.records.errors import NotModelled, QuotaExceeded
from localcloud.records.errors.rds import MysqlNameDuplicated
from localcloud.services.rds import passwords
from localcloud.services.rds.create_nodes import NodeWish, read_nodes
from localcloud.services.rds.reading import must_be_normal, region_of
from localcloud.services.vpc.model import taken_addresses, usable_addresses

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{3,63}")
NAME_RULE = "4-64 letters, digits, '-' or '_', the first one a letter"


@dataclass(frozen=True)
class CreateMysqlRequest:
    """An order that has passed all checks. `zones`: of the primary (or replica), then of the standby."""

    region: Region
    name: str
    product: Product
    spec: Spec
    zones: tuple[str, ...]
    storage_type: str
    disk_gib: int
    backup_gib: int
    subnet: Subnet
    group_id: str
    password: str  # "" for none
    replaced: bool  # the password given could not be read: this one is the cloud's own
    parent: Mysql | None


def read(call: Call) -> CreateMysqlRequest:
    """The order in a call. Raises ParameterError with all problems, NotFound, NotModelled and the like."""
    fields, region = call.fields, region_of(call)
    _read_billing(fields)
    product = _product(fields)
    parent_id = fields.text("instId", required=product is not None and product.kind == REPLICA)
    parent = call.store.get(MYSQLS, parent_id) if parent_id else None
    name = fields.name("name", required=parent is None, rule=NAME, says=NAME_RULE) or (f"{parent.name}-read" if parent else "")
    wish = read_nodes(fields, region, product)
    vpc_id, subnet_id = fields.text("vpcId", required=True), fields.text("subnetId", required=True)
    group_id = fields.text("securityGroupId", required=True)
    password, replaced = _password(call)
    if parent_id and product is not None and product.kind != REPLICA:
        fields.problem("instId", f"is only for read replicas; prodId {product.id} is none")
    elif parent is not None and product is not None:
        _check_parent(fields, parent, product, wish, vpc_id, subnet_id)
    _check_network(call, vpc_id, subnet_id, group_id, len(wish.zones))
    fields.check()
    assert product is not None and wish.spec is not None
    subnet = _require_network(call, region, vpc_id, subnet_id, group_id)
    _check_quotas(call, region, name, product, parent_id)
    return CreateMysqlRequest(
        region,
        name,
        product,
        wish.spec,
        wish.zones,
        wish.storage_type,
        wish.disk_gib,
        wish.backup_gib,
        subnet,
        group_id,
        password,
        replaced,
        parent,
    )


def _read_billing(fields: Fields) -> None:
    if fields.choice("billMode", ("1", "2"), required=True) == "1":
        raise NotModelled("Subscriptions of MySQL instances are not modelled by the local cloud; use billMode 2.")
    fields.integer("period", low=0, high=36)
    fields.only("autoRenewStatus", 0, "0")
    fields.only("count", 1, "1")
    fields.only("cpuType", INTEL, int(INTEL), "")
    fields.only("osType", "11", 11, "")
    fields.only("timeZone", "Asia/Shanghai", "")
    fields.only("backupStorageType", *BACKUP_STORAGE)


def _product(fields: Fields) -> Product | None:
    version = fields.choice("prodVersion", VERSIONS, required=True)
    number = fields.integer("prodId", low=1, high=99_999_999, required=True)
    if number in TWO_STANDBYS:
        raise NotModelled(f"prodId={number} (a primary with two standbys) is not modelled by the local cloud.")
    product = PRODUCTS.get(number)
    if number and product is None:
        fields.problem("prodId", f"{number} is not a product; there are {', '.join(map(str, PRODUCTS))}")
    elif product and version and product.version != version:
        fields.problem("prodId", f"{number} is of version {product.version}, prodVersion says {version}")
    return product


def _password(call: Call) -> tuple[str, bool]:
    """The password of root, and whether it is one of the cloud's own in place of one that cannot be read."""
    text = call.fields.text("password", longest=4096)
    if not text:
        return "", False
    password = passwords.decrypted(call.store, text)
    if password is not None:
        passwords.check(call.fields, "password", password)
        return password, False
    if call.cloud.foreign_keys:
        return passwords.made_up(), True
    call.fields.problem(
        "password",
        "cannot be decrypted: encrypt it with the key of getPublicKey (RSA, PKCS#1 v1.5, base64), or let the local cloud replace "
        "such passwords: `python -m localcloud serve --foreign-keys`",
    )
    return "", False


def _check_parent(fields: Fields, parent: Mysql, product: Product, wish: NodeWish, vpc_id: str, subnet_id: str) -> None:
    if parent.kind == REPLICA:
        fields.problem("instId", f"{parent.id} is a read replica itself")
    if parent.version != product.version:
        fields.problem("prodVersion", f"is {product.version}; instance {parent.name} has {parent.version}")
    if wish.disk_gib and wish.disk_gib < parent.disk_gib:
        fields.problem("storageSpace", f"is {wish.disk_gib}; instance {parent.name} has {parent.disk_gib}, less does not hold it")
    if (vpc_id, subnet_id) != (parent.vpc_id, parent.subnet_id):
        fields.problem("subnetId", f"must be {parent.subnet_id} in VPC {parent.vpc_id}, where instance {parent.name} is")


def _check_network(call: Call, vpc_id: str, subnet_id: str, group_id: str, nodes: int) -> None:
    subnet, group = call.store.get(SUBNETS, subnet_id), call.store.get(GROUPS, group_id)
    if subnet and vpc_id and subnet.vpc_id != vpc_id:
        call.fields.problem("subnetId", f"{subnet_id} belongs to VPC {subnet.vpc_id}, not to {vpc_id}")
    if group and vpc_id and group.vpc_id != vpc_id:
        call.fields.problem("securityGroupId", f"{group_id} belongs to VPC {group.vpc_id}, not to {vpc_id}")
    if subnet and len(free_addresses(call, subnet, nodes + 1)) <= nodes:
        call.fields.problem("subnetId", f"{subnet_id} has too few free addresses; the instance needs {nodes + 1}")


def free_addresses(call: Call, subnet: Subnet, count: int) -> list[str]:
    """Up to `count` addresses that nobody has."""
    taken = taken_addresses(call.store, subnet.id)
    free = (str(address) for address in usable_addresses(subnet) if str(address) not in taken)
    return [address for address, _ in zip(free, range(count), strict=False)]


def _require_network(call: Call, region: Region, vpc_id: str, subnet_id: str, group_id: str) -> Subnet:
    call.store.require(VPCS, vpc_id, region.id)
    call.store.require(GROUPS, group_id, region.id)
    return call.store.require(SUBNETS, subnet_id, region.id)


def _check_quotas(call: Call, region: Region, name: str, product: Product, parent_id: str) -> None:
    for other in call.store.find(MYSQLS, region=region.id, name=name):
        raise MysqlNameDuplicated(name, other.id)
    if call.store.count(MYSQLS, region=region.id) >= QUOTAS.mysqls:
        raise QuotaExceeded("MySQL instances in this region", QUOTAS.mysqls)
    if product.kind == REPLICA:
        must_be_normal(call.store.require(MYSQLS, parent_id, region.id))
        if call.store.count(MYSQLS, parent=parent_id) >= QUOTAS.replicas_per_mysql:
            raise QuotaExceeded(f"read replicas of instance {parent_id}", QUOTAS.replicas_per_mysql)
