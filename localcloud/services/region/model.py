"""What is said of a region. The catalogue holds the facts; zones never change."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from localcloud.records.catalogue import QUOTAS, Region


def listed(region: Region) -> dict[str, Any]:
    """A region as `list-regions` shows it."""
    return {
        "regionID": region.id, "regionParent": region.parent, "regionName": region.name, "regionType": "openstack",
        "isMultiZones": True, "zoneList": list(region.zones), "regionCode": region.code, "openapiAvailable": True,
    }  # fmt: skip


def summary(region: Region) -> dict[str, Any]:
    """A region as `get-summary` shows it."""
    return listed(region) | {
        "cpuArches": ["x86_64"], "regionVersion": "v4.0", "dedicated": False, "province": region.parent, "city": region.parent,
    }  # fmt: skip


def zone_id(region: Region, zone: str) -> str:
    """The azID of a zone."""
    return str(uuid5(NAMESPACE_OID, f"zone {region.id} {zone}"))


def quotas() -> dict[str, Any]:
    """The quotas that the local cloud keeps, under their API names; those of products it lacks are left out."""
    return {
        "quotas": {
            "vpc_limit": QUOTAS.vpcs, "network_limit_each_vpc": QUOTAS.subnets_per_vpc,
            "security_groups_limit": QUOTAS.security_groups, "rules_limit_of_per_security_group": QUOTAS.rules_per_group,
            "nic_relate_security_group_limit": QUOTAS.groups_per_nic, "public_ip_limit": QUOTAS.eips,
            "key_pair_limit": QUOTAS.key_pairs, "vm_limit": QUOTAS.servers, "vm_limit_each_time": QUOTAS.servers_per_order,
            "volume_limit_each_vm": QUOTAS.data_disks_per_server, "network_cards_limit": 1,
        },
        "global_quota": {"global_public_ip_limit": QUOTAS.eips * 2},
    }  # fmt: skip
