"""What there is in a region, and which products it has: numbers and flags as the API has them."""

from __future__ import annotations

from typing import Any

from localcloud.records.backups import BACKUPS
from localcloud.records.balancers import BALANCERS, CERTIFICATES, LISTENERS
from localcloud.records.catalogue import FLAVORS, Region
from localcloud.records.compute import DISKS, EIPS, PRIVATE_IMAGES, VPCS
from localcloud.records.store import Kind, Store
from localcloud.records.volumes import DISK_BACKUPS, SNAPSHOTS
from localcloud.services.ecs.model import DISK_TYPES, servers_in, statistics

# Products and features by the API's own flags; those that are not modelled are told to be missing, others are left out.
_HERE = {
    "ebs": ("hasBks", "hasEbsSnapshot", "hasAutoSnapPolicy"),
    "ecs": ("hasCreateVMByBackup", "hasCsbs", "hasS7"),
    "order": ("billingByQuantity",),
    "lb": ("hasElb", "hasElbPG", "hasElbBA", "hasLBSupportSession", "hasListenerOnHttps", "hasListenerOnHttp", "hasElbCert"),
    "rds": ("hasRDSReadNode", "hasFixedVIP4RDS"),
    "paas": ("dbPaasRds",),
}
_MISSING = {
    "ebs": ("hasEbsKms", "hasISCSI", "hasFCSAN", "shareEbs", "upgradeSysVolume", "hasEbsUpdateDisk"),
    "ecs": ("hasGroup", "hasCloneVM", "hasSnapshot", "hasAddNic", "hasVnc"),
    "pm": ("pm",),
    "image": ("selectionImage", "shareImage", "safeImage", "hasMakeDiskImage", "hasPrivateImageExport"),
    "oss": ("hasOss",),
    "caas": ("computedCaas", "computedCce", "computedCcr"),
    "lb": ("hasElbListenerHttpRedirect", "hasElbCrossVpc"),
    "scaling": ("hasEss",),
    "sfs": ("fileSystem",),
    "vpc": ("hasVPCRouter", "hasVPN", "hasVirtualIp", "hasSharedBw", "hasNat", "ipv6", "hasP2P"),
    "kms": ("hasKms",),
    "acl": ("hasAcl",),
    "rds": ("hasRDSZOS",),
    "paas": ("dbPaasMongodb", "dbPaasPgsql", "dbPaasRedis"),
}


def resources(store: Store, region: Region) -> dict[str, Any]:
    """How many of each kind; kinds that are not modelled are left out."""
    servers, disks = statistics(servers_in(store, region.id)), store.find(DISKS, region=region.id)
    systems, data = ([disk.size for disk in disks if disk.system == system] for system in (True, False))
    backups = store.find(BACKUPS, region=region.id)
    counted: dict[str, Kind[Any]] = {
        "VOLUME_SNAPSHOT": SNAPSHOTS, "VPC": VPCS, "Public_IP": EIPS, "Disk_Backup": DISK_BACKUPS, "IMAGE": PRIVATE_IMAGES,
        "LB_LISTENER": LISTENERS, "LOADBALANCER": BALANCERS, "CERT": CERTIFICATES,
    }  # fmt: skip
    counts = {name: _counted(store.count(kind, region=region.id)) for name, kind in counted.items()}
    return {"resources": counts | {
        "VM": _counted(servers.total) | {
            "vm_running_count": servers.running, "vm_shutd_count": servers.stopped, "expire_count": 0,
            "expire_running_count": 0, "expire_shutd_count": 0, "cpu_count": servers.cpus, "memory_count": servers.memory_gib,
        },
        "Volume": _counted(len(disks)) | {
            "vo_root_count": len(systems), "vo_disk_count": len(data), "vo_root_size": sum(systems), "vo_disk_size": sum(data),
            "total_size": sum(systems) + sum(data),
        },
        "CBR": _counted(len(backups)) | {"total_size": sum(backup.used for backup in backups)},
    }}  # fmt: skip


def _counted(number: int) -> dict[str, int]:
    return {"total_count": number, "detail_total_count": number}


def products(region: Region) -> dict[str, Any]:
    """Which products and features the region has: "1" or "0"."""
    shown: dict[str, dict[str, Any]] = {}
    for flags, value in ((_HERE, "1"), (_MISSING, "0")):
        for product, names in flags.items():
            shown.setdefault(product, {}).update(dict.fromkeys(names, value))
    storage = [{"type": name, "name": name} for name in DISK_TYPES]
    shown["ebs"]["storageType"] = storage
    kinds = sorted({(flavor.series, flavor.name.partition(".")[0]) for flavor in FLAVORS})
    shown["ecs"]["flavorTypes"] = {series: [name for other, name in kinds if other == series] for series, _ in kinds}
    zones = [
        {"azName": zone, "azDisplayName": f"可用区{number}", "details": {"storageType": storage}}
        for number, zone in enumerate(region.zones, 1)
    ]
    return {**shown, "azList": zones}
