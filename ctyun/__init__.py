"""A thin asynchronous client of CTyun's API, for the real cloud and for the local one.

The client signs, sends, retries where a repeat is safe, waits with deadlines, and turns wire data into small frozen values.
It knows nothing of Pulumi and nothing of how the local cloud is built.

    async with Client.local(state_folder) as client:            # or Client.ctyun(os.environ)
        region = await client.regions.resolve("华东1")           # name or id -> Region(id, name)
        zone = await client.regions.zone(region.id, "AZ1")      # -> Zone(index, label "AZ1", name = the API's azName)
        vpc_id = await client.vpcs.create(region.id, name="demo", cidr="192.168.0.0/16", client_token=token)
        order = await client.servers.create(region.id, NewServer(...), client_token=token)
        server = await client.servers.created(region.id, order, timeout=300)     # waits for the order, then for `running`

Every call takes the region's id first. `client_token` (1-64 characters) makes a create safe to repeat: the caller passes the
same one for the same wish. Where it is optional a fresh one is used for the call and its retries.

    regions          resolve(name_or_id), list(), zones(region_id), zone(region_id, "AZ1" or API name)
    vpcs             create, get, list(name=...), update, delete
    subnets          create, get, list(vpc_id), update, delete
    security_groups  create, get (with rules), list, update, add_rules, remove_rule, join, leave, delete
    eips             create (waits for its order), get, list, associate, disassociate, rename, delete (waits)
    servers          create -> OrderRef, created(order) -> Server, get, list, statuses, start, stop, reboot, update, resize,
                     set_labels, remove_labels, disks, delete (unsubscribe, wait until gone)
    key_pairs        create (the only answer with the private key), import_key, find(name) -> KeyPair | None, list, delete
    images           list, get, find(region_id, name_or_id), create_from_server (data disks too), create_system,
                     wait, delete (waits)
    flavors          list, find(region_id, zone_name, "1C1G" | "s7.small.1" | id)
    load_balancers   create (waits until it works) = order + wait, get, list, update, associate_eip, disassociate_eip,
                     delete (waits)
    health_checks    create, get, list, update, delete
    certificates     create, get, list, rename, delete
    target_groups    create, get, list, update, delete; add_target, get_target, targets, set_weight, remove_target
    listeners        create, get, list, update, start, stop, delete
    mysqls           create -> id, wait, get, list(name=...), specs, restart, stop, start, set_root_password,
                     change_security_group, delete (refund, destroy, wait until gone)
    mysql_upgrades   resize, enlarge, add_standby (all wait)
    mysql_roles      settings, set_mode, set_sync, set_failover, switch_over (waits), switches
    mysql_databases  create, get, list, delete;  mysql_accounts: also set_password, set_grants
    mysql_white_lists, mysql_eips    create, get, list, change, delete;  list, bind, unbind
    mysql_backups    create (waits), list, delete, restore -> job, restored(job)
    backup_vaults    create (waits for its order), get, find, list, enlarge, renew, delete
    server_backups   create, wait, get, list, restore (in place, waits), create_server -> OrderRef, delete (waits), tasks
    backup_policies  create, get, list, update, bind, run, delete
    volumes          create (waits), get, list, rename, enlarge, attach, detach, delete (all wait)
    snapshots        create (waits), get, list, roll_back, new_volume, delete (all wait)
    snapshot_policies    create, get, find, list, change, switch, apply, cancel, delete
    volume_backups   create_vault, list_vaults, delete_vault; create (full or incremental), get, list, restore, delete (all wait)
    orders, jobs     get, wait

`await verify(client, region=..., zones=[...], flavors=[FlavorWish(zone, flavor)], images=[...])` lists all unknown names at once.
`ctyun.local.LocalCloud` speaks `/_local/` (faults, power, databases, health, shutdown), which no real cloud has.
Failures are classes of `ctyun.errors`; every one derives from `CtyunError`, and its text may be shown to a user as it is.

Names, regions and errors are there at once; what needs the HTTP library is loaded when it is first asked for, because a
preview and most of the command line never do.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ctyun.credentials import CloudRecord, Credentials, cloud_record, ctyun_credentials, local_credentials, running_cloud
from ctyun.endpoints import Endpoints
from ctyun.errors import (
    ApiError,
    AuthError,
    BadAnswer,
    BadSignature,
    ConfigurationError,
    CtyunError,
    Duplicate,
    InUse,
    JobFailed,
    LocalCloudError,
    NoAnswer,
    NotFound,
    OrderFailed,
    ParameterError,
    PermissionDenied,
    QuotaExceeded,
    ServiceFault,
    TokenReused,
    TransportError,
    UnknownKey,
    UnknownName,
    WaitTimeout,
    WrongState,
)
from ctyun.regions import KNOWN_REGIONS, Region, Zone, resolve_region, zone_index

if TYPE_CHECKING:
    from ctyun.client import Client
    from ctyun.local import Fault, Health, LocalCloud, LocalServer
    from ctyun.local_databases import LocalDatabase, LocalNode, LocalSwitch
    from ctyun.services.certificates import Certificate
    from ctyun.services.eips import Eip
    from ctyun.services.flavors import Flavor
    from ctyun.services.health_checks import HealthCheck
    from ctyun.services.images import Image
    from ctyun.services.jobs import Job
    from ctyun.services.key_pairs import KeyPair
    from ctyun.services.listeners import Listener
    from ctyun.services.load_balancers import LoadBalancer
    from ctyun.services.mysql_access import MysqlEip, MysqlWhiteList
    from ctyun.services.mysql_backups import MysqlBackup
    from ctyun.services.mysql_contents import MysqlAccount, MysqlDatabase
    from ctyun.services.mysql_orders import MysqlSpec, NewMysql
    from ctyun.services.mysql_roles import HaSettings, MysqlSwitch
    from ctyun.services.mysql_values import MysqlInstance, MysqlNode
    from ctyun.services.orders import Order, OrderRef
    from ctyun.services.security_groups import Rule, SecurityGroup
    from ctyun.services.server_values import AttachedDisk, DiskWish, NewServer, Server
    from ctyun.services.snapshot_policies import SnapshotPolicy
    from ctyun.services.snapshots import Snapshot
    from ctyun.services.subnets import Subnet
    from ctyun.services.target_groups import Stickiness, Target, TargetGroup
    from ctyun.services.volume_backups import VolumeBackup, VolumeVault
    from ctyun.services.volumes import Volume
    from ctyun.services.vpcs import Vpc
    from ctyun.transport import Retry
    from ctyun.verifying import FlavorWish, verify
    from ctyun.waiting import Pace, wait_until

__all__ = [
    "KNOWN_REGIONS",
    "ApiError",
    "AttachedDisk",
    "AuthError",
    "BadAnswer",
    "BadSignature",
    "Certificate",
    "Client",
    "CloudRecord",
    "ConfigurationError",
    "Credentials",
    "CtyunError",
    "DiskWish",
    "Duplicate",
    "Eip",
    "Endpoints",
    "Fault",
    "Flavor",
    "FlavorWish",
    "HaSettings",
    "Health",
    "HealthCheck",
    "Image",
    "InUse",
    "Job",
    "JobFailed",
    "KeyPair",
    "Listener",
    "LoadBalancer",
    "LocalCloud",
    "LocalCloudError",
    "LocalDatabase",
    "LocalNode",
    "LocalServer",
    "LocalSwitch",
    "MysqlAccount",
    "MysqlBackup",
    "MysqlDatabase",
    "MysqlEip",
    "MysqlInstance",
    "MysqlNode",
    "MysqlSpec",
    "MysqlSwitch",
    "MysqlWhiteList",
    "NewMysql",
    "NewServer",
    "NoAnswer",
    "NotFound",
    "Order",
    "OrderFailed",
    "OrderRef",
    "Pace",
    "ParameterError",
    "PermissionDenied",
    "QuotaExceeded",
    "Region",
    "Retry",
    "Rule",
    "SecurityGroup",
    "Server",
    "ServiceFault",
    "Snapshot",
    "SnapshotPolicy",
    "Stickiness",
    "Subnet",
    "Target",
    "TargetGroup",
    "TokenReused",
    "TransportError",
    "UnknownKey",
    "UnknownName",
    "Volume",
    "VolumeBackup",
    "VolumeVault",
    "Vpc",
    "WaitTimeout",
    "WrongState",
    "Zone",
    "cloud_record",
    "ctyun_credentials",
    "local_credentials",
    "resolve_region",
    "running_cloud",
    "verify",
    "wait_until",
    "zone_index",
]

_LOADED_LATER = {
    "Client": "ctyun.client",
    "Fault": "ctyun.local",
    "Health": "ctyun.local",
    "LocalCloud": "ctyun.local",
    "LocalServer": "ctyun.local",
    "LocalDatabase": "ctyun.local_databases",
    "LocalNode": "ctyun.local_databases",
    "LocalSwitch": "ctyun.local_databases",
    "Certificate": "ctyun.services.certificates",
    "Eip": "ctyun.services.eips",
    "Flavor": "ctyun.services.flavors",
    "Image": "ctyun.services.images",
    "Job": "ctyun.services.jobs",
    "KeyPair": "ctyun.services.key_pairs",
    "Listener": "ctyun.services.listeners",
    "LoadBalancer": "ctyun.services.load_balancers",
    "MysqlEip": "ctyun.services.mysql_access",
    "MysqlWhiteList": "ctyun.services.mysql_access",
    "MysqlBackup": "ctyun.services.mysql_backups",
    "MysqlAccount": "ctyun.services.mysql_contents",
    "MysqlDatabase": "ctyun.services.mysql_contents",
    "MysqlSpec": "ctyun.services.mysql_orders",
    "NewMysql": "ctyun.services.mysql_orders",
    "HaSettings": "ctyun.services.mysql_roles",
    "MysqlSwitch": "ctyun.services.mysql_roles",
    "MysqlInstance": "ctyun.services.mysql_values",
    "MysqlNode": "ctyun.services.mysql_values",
    "Order": "ctyun.services.orders",
    "OrderRef": "ctyun.services.orders",
    "Rule": "ctyun.services.security_groups",
    "SecurityGroup": "ctyun.services.security_groups",
    "AttachedDisk": "ctyun.services.server_values",
    "DiskWish": "ctyun.services.server_values",
    "NewServer": "ctyun.services.server_values",
    "Server": "ctyun.services.server_values",
    "Subnet": "ctyun.services.subnets",
    "HealthCheck": "ctyun.services.health_checks",
    "Stickiness": "ctyun.services.target_groups",
    "Target": "ctyun.services.target_groups",
    "TargetGroup": "ctyun.services.target_groups",
    "Snapshot": "ctyun.services.snapshots",
    "SnapshotPolicy": "ctyun.services.snapshot_policies",
    "Volume": "ctyun.services.volumes",
    "VolumeBackup": "ctyun.services.volume_backups",
    "VolumeVault": "ctyun.services.volume_backups",
    "Vpc": "ctyun.services.vpcs",
    "Retry": "ctyun.transport",
    "FlavorWish": "ctyun.verifying",
    "verify": "ctyun.verifying",
    "Pace": "ctyun.waiting",
    "wait_until": "ctyun.waiting",
}


def __getattr__(name: str) -> Any:
    """Load what was only announced above."""
    if name not in _LOADED_LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LOADED_LATER[name]), name)
