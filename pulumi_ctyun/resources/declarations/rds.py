"""RDS for MySQL: instances, their databases, accounts, white lists and public addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import rds_rules, rules, senses
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, Resource, Shape, region_field

VERSIONS = ("5.7", "8.0")
STORAGE_TYPES = ("SSD", "SATA", "SAS", "SSD-genric", "FAST-SSD")
HA_MODES = ("reliability", "usability")
SYNC_MODES = ("Semi_sync", "Async")
FAILOVERS = ("auto", "manual")
_ZONES = ("zone", "standbyZone")
PRIVILEGES = ("readWrite", "readOnly", "ddl", "dml")


def _instance_id() -> Field:
    return Field("instanceId", Kind.TEXT, "The instance.", required=True, replaces=True)


def _zones_differ(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    zone, standby = inputs.get("zone"), inputs.get("standbyZone")
    if isinstance(zone, str) and zone == standby:
        yield "standbyZone", f"is {standby!r}, the primary's zone too; a standby in it would be lost together with the primary"


def _where_nodes_stand(old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
    """Roles move between the zones of a pair, so in either order they say the same; so does the zone of a single one, as either
    zone of the pair that it becomes."""
    there, wanted = [old.get(name) for name in _ZONES], [new.get(name) for name in _ZONES]
    if there[0] is not None and wanted[1] == there[0] and there[1] in (None, wanted[0]):
        return {**new, **dict(zip(_ZONES, reversed(wanted), strict=True))}
    return new


NODE = Shape(
    "ctyun:rds:MysqlNode",
    "One of the servers of an instance.",
    fields=(
        Field("name", Kind.TEXT, "Its name: the instance's with a number.", required=True),
        Field("zone", Kind.TEXT, "Zone of the region: AZ1, AZ2, ....", required=True),
        Field("role", Kind.TEXT, "primary or standby, when this was read.", required=True),
    ),
)

MYSQL_INSTANCE = Resource(
    "ctyun:rds:MysqlInstance",
    "A MySQL instance: one server, or a primary with a standby in another zone behind one address that follows the primary. It "
    "grows in place.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, replaces=True, rules=(rds_rules.instance_name,)),
        Field("version", Kind.TEXT, "MySQL's.", default="8.0", replaces=True, rules=(rules.one_of(*VERSIONS),)),
        Field(
            "flavor",
            Kind.TEXT,
            "Size: 2C4G; it can only grow.",
            default="2C4G",
            rules=(rds_rules.size,),
            ways=(rds_rules.size_grows,),
        ),
        Field("vpcId", Kind.TEXT, "Its VPC.", required=True, replaces=True),
        Field("subnetId", Kind.TEXT, "Its subnet.", required=True, replaces=True),
        Field("securityGroupId", Kind.TEXT, "Its security group.", required=True),
        Field("zone", Kind.TEXT, "Zone of the primary: AZ1, AZ2, ....", required=True, replaces=True, rules=(rules.zone,)),
        Field(
            "standbyZone",
            Kind.TEXT,
            "Zone of the standby; none when absent. One that is added later is added in place. Who leads is not said here: in "
            "either order the two zones say where the servers stand.",
            replaces=True,
            in_place=lambda old, new: old is None,
            rules=(rules.zone,),
        ),
        Field(
            "storageType",
            Kind.TEXT,
            "Kind of storage.",
            default="SSD",
            replaces=True,
            unseen=True,
            rules=(rules.one_of(*STORAGE_TYPES),),
        ),
        Field(
            "storageGib",
            Kind.WHOLE,
            "GiB; it can only grow.",
            default=100,
            rules=(rules.within(100, 32768, " GiB"),),
            ways=(rules.grows(" GiB"),),
        ),
        Field(
            "password",
            Kind.TEXT,
            "Password of root, who cannot log in without.",
            secret=True,
            unseen=True,
            rules=(rds_rules.password,),
        ),
        Field(
            "haMode",
            Kind.TEXT,
            "reliability: a standby that may lack writes is never promoted by itself; usability: it is.",
            default="reliability",
            rules=(rules.one_of(*HA_MODES),),
        ),
        Field(
            "syncMode",
            Kind.TEXT,
            "Semi_sync: a write counts when the standby has it too; Async: when the primary has it.",
            default="Semi_sync",
            rules=(rules.one_of(*SYNC_MODES),),
        ),
        Field(
            "failover",
            Kind.TEXT,
            "auto: the standby takes over by itself; manual: it waits for somebody to say so.",
            default="auto",
            rules=(rules.one_of(*FAILOVERS),),
        ),
    ),
    outputs=(
        Field("address", Kind.TEXT, "Address inside the VPC; it follows the primary."),
        Field("port", Kind.WHOLE, "Port at that address."),
        Field(
            "nodes",
            ListOf(NODE),
            "Its servers. Roles are those of the last update or refresh.",
            follows=("standbyZone", "storageGib"),
        ),
        Field("instanceId", Kind.TEXT, "Id."),
    ),
    rules=(_zones_differ,),
    respelt=_where_nodes_stand,
    data="all its databases, with its own backups,",
)

MYSQL_DATABASE = Resource(
    "ctyun:rds:MysqlDatabase",
    "A database in an instance. Deleting it deletes its tables.",
    inputs=(
        region_field(),
        _instance_id(),
        Field("name", Kind.TEXT, "Name.", required=True, replaces=True, rules=(rds_rules.database_name,)),
        Field("charset", Kind.TEXT, "Character set.", default="utf8mb4", replaces=True, rules=(rds_rules.charset,)),
    ),
    data="all its tables",
)

GRANT = Shape(
    "ctyun:rds:MysqlGrant",
    "What an account may do in one database.",
    fields=(
        Field("database", Kind.TEXT, "The database.", required=True, rules=(rds_rules.database_name,)),
        Field("privilege", Kind.TEXT, "readWrite, readOnly, ddl or dml.", required=True, rules=(rules.one_of(*PRIVILEGES),)),
    ),
)


MYSQL_ACCOUNT = Resource(
    "ctyun:rds:MysqlAccount",
    "Who may log in to an instance, and what for. Password and grants change in place.",
    inputs=(
        region_field(),
        _instance_id(),
        Field("name", Kind.TEXT, "Login name.", required=True, replaces=True, rules=(rds_rules.account_name,)),
        Field("password", Kind.TEXT, "Its password.", required=True, secret=True, unseen=True, rules=(rds_rules.password,)),
        Field("grants", ListOf(GRANT), "One for each database.", required=True, unordered=True),
    ),
    rules=(rules.none_twice("grants", "database"),),
)

MYSQL_WHITE_LIST = Resource(
    "ctyun:rds:MysqlWhiteList",
    "Addresses that may connect to an instance. As soon as it has a list, nobody else may.",
    inputs=(
        region_field(),
        _instance_id(),
        Field("name", Kind.TEXT, "Name.", required=True, replaces=True, rules=(rds_rules.white_list_name,)),
        Field(
            "addresses",
            ListOf(Kind.TEXT),
            "IPv4 addresses and networks.",
            required=True,
            unordered=True,
            sense=senses.networks,
            rules=(rules.at_least_one, rules.each_of(rds_rules.address_or_network)),
        ),
    ),
)

MYSQL_EIP = Resource(
    "ctyun:rds:MysqlEip",
    "Binds a public address to an instance.",
    inputs=(
        region_field(),
        _instance_id(),
        Field("eipId", Kind.TEXT, "The address.", required=True, replaces=True),
    ),
    outputs=(Field("address", Kind.TEXT, "The public address."),),
)
