"""What MySQL instances are, as the API shows them."""

from __future__ import annotations

from typing import Any

from localcloud.records.compute import EIPS, GROUPS, SUBNETS, VPCS
from localcloud.records.database_products import PAIR, PROD_TYPE, REPLICA, STORAGE
from localcloud.records.databases import MYSQL_BACKUPS, MYSQL_NODES, MYSQLS, Mysql, MysqlBackup, MysqlNode, SwitchRecord
from localcloud.records.identifiers import mac_address, short_id
from localcloud.records.store import Store
from localcloud.services.rds.reading import EXPANDING, NORMAL, china_time, millis, next_number, order_status

ON_DEMAND = 4  # prodBillType
UNBOUND, BOUND = 0, 1  # eipStatus
_SCALING = 4
_STATES = {0: 2, 3: 0, 4: 1, 6: 3, 8: 5}  # prodOrderStatus -> getInstState
RELIABILITY_ON_THE_WIRE = "reliablity"  # the API spells it so
REASONS = {"manual": "manaul"}  # and so


def inst_state(mysql: Mysql) -> int:
    """What getInstState answers: 0 building, 1 failed, 2 running, 3 paused, 4 scaling, 5 destroyed."""
    return _SCALING if mysql.running_status == EXPANDING else _STATES[order_status(mysql)]


def nodes_of(store: Store, mysql: Mysql) -> list[MysqlNode]:
    """Its nodes, in the order of their numbers."""
    return sorted(store.find(MYSQL_NODES, mysql_id=mysql.id), key=lambda node: node.res_id)


def new_node(store: Store, owner: tuple[str, str, str], number: int, zone: str, address: str, reseed: bool = False) -> MysqlNode:
    """A node that is to be made. `owner`: region, id and name of its instance."""
    region, mysql_id, name = owner
    res_id = next_number(store, "node")
    return MysqlNode(
        id=f"db-{mysql_id[:10]}-{number}", region=region, mysql_id=mysql_id, res_id=res_id, name=f"{name}-{number}", zone=zone,
        nic_id=short_id("port"), mac=mac_address(), address=address, server_id=res_id, reseed=reseed,
    )  # fmt: skip


def role_of(mysql: Mysql, node: MysqlNode) -> str:
    """master, slave or readNode."""
    if mysql.kind == REPLICA:
        return "readNode"
    return "master" if node.id == mysql.primary else "slave"


def listed(store: Store, mysql: Mysql, alive: bool) -> dict[str, Any]:
    """An instance as lists show it. `alive`: its primary is reachable."""
    nodes = nodes_of(store, mysql)
    subnet, vpc, group = store.get(SUBNETS, mysql.subnet_id), store.get(VPCS, mysql.vpc_id), store.get(GROUPS, mysql.group_id)
    port = str(mysql.port)
    return {
        "prodInstName": mysql.name, "outerProdInstId": mysql.id, "prodBillType": ON_DEMAND, "prodType": PROD_TYPE[mysql.kind],
        "prodRunningStatus": mysql.running_status, "prodOrderStatus": order_status(mysql), "alive": 0 if alive else -1,
        "vip": mysql.address, "vip6": "", "writePort": port, "readPort": port, "createTime": millis(mysql.created),
        "expireTime": None, "machineSpec": mysql.spec, "prodDbEngine": "MYSQL", "diskSize": mysql.disk_gib,
        "newMysqlVersion": mysql.version, "dbMysqlVersion": mysql.version, "diskType": str(STORAGE[mysql.storage_type]),
        "netName": vpc.name if vpc else "", "subnet": subnet.name if subnet else "", "vpcId": mysql.vpc_id,
        "subnetId": mysql.subnet_id, "securityGroupId": mysql.group_id, "securityGroup": group.name if group else "",
        "prodInstFlag": mysql.name, "prodInstSetName": mysql.name, "prodInstId": nodes[0].res_id if nodes else 0,
        "prodId": mysql.prod_id, "projectId": mysql.project, "pauseEnable": order_status(mysql) == NORMAL,
        "instReleaseProtectionStatus": 0, "isMGR": 0, "auditLogStatus": 0, "usezos": 0, "renewalEnable": False,
        "readNode": [replica.id for replica in store.find(MYSQLS, parent=mysql.id)], "parentOuterProdInstId": mysql.parent,
    }  # fmt: skip


def detailed(store: Store, mysql: Mysql, alive: bool, disk: tuple[int, int] | None = None) -> dict[str, Any]:
    """An instance with its nodes and its EIP."""
    eip = next(iter(store.find(EIPS, instance_id=mysql.id)), None)
    group = store.get(GROUPS, mysql.group_id)
    done = [backup for backup in store.find(MYSQL_BACKUPS, mysql_id=mysql.id) if backup.status == 1]
    return listed(store, mysql, alive) | {
        "azInfoList": [
            {"resId": node.res_id, "role": role_of(mysql, node), "azName": node.zone, "azId": node.zone}
            for node in nodes_of(store, mysql)
        ],
        "eIP": eip.address if eip else "", "eipStatus": BOUND if eip else UNBOUND, "sslStatus": 0,
        "mysqlPort": str(mysql.port), "securityGroupStatus": 0, "diskTotal": str(mysql.disk_gib), "timezone": "Asia/Shanghai",
        "securityGroupList": [{"securityGroupId": mysql.group_id, "securityGroupName": group.name if group else ""}],
        "backupUsedDiskSize": round(sum(backup.size for backup in done) / 2**30, 3), "backupStoreType": 2,
        "backupDiskSize": mysql.backup_gib,
        "description": mysql.description,
    }  # fmt: skip


def node_shown(store: Store, mysql: Mysql, node: MysqlNode) -> dict[str, Any]:
    """A node as query-node-list shows it."""
    subnet = store.get(SUBNETS, mysql.subnet_id)
    return {
        "hostInstId": str(node.res_id), "host": node.address, "subnetName": subnet.name if subnet else "",
        "subnetId": mysql.subnet_id, "role": "m" if role_of(mysql, node) == "master" else "s",
        "createTime": millis(mysql.created), "cpu": str(mysql.cpus), "diskType": mysql.storage_type,
        "diskSpace": str(mysql.disk_gib), "memory": str(mysql.memory_mib // 1024),
    }  # fmt: skip


def switch_shown(store: Store, mysql: Mysql, record: SwitchRecord) -> dict[str, Any]:
    """A change of roles."""
    names = {node.id: node.name for node in nodes_of(store, mysql)}
    return {
        "switchId": record.id, "freason": REASONS.get(record.reason, record.reason), "prodInstSetName": mysql.name,
        "flaststat": names.get(record.before, record.before), "fcurstat": names.get(record.after, record.after),
        "fstarttime": millis(record.begun), "fendtime": millis(record.ended),
    }  # fmt: skip


def backup_shown(store: Store, mysql: Mysql, backup: MysqlBackup) -> dict[str, Any]:
    """A backup as its list and its details show it."""
    nodes = nodes_of(store, mysql)
    return {
        "backupRecordId": int(backup.id), "backupTaskId": int(backup.id), "taskId": backup.id, "backupName": backup.name,
        "prodInstId": nodes[0].res_id if nodes else 0, "outerProdInstId": mysql.id, "prodInstName": mysql.name,
        "description": backup.problem or backup.description, "storageType": "s3", "opType": "manual" if backup.manual else "auto",
        "taskType": "full", "taskStatus": backup.status, "backedUpDataSize": str(backup.size),
        "backedUpDataSizeHuman": human(backup.size), "backupStartTime": china_time(backup.begun),
        "backupEndTime": china_time(backup.ended), "disabled": False,
    }  # fmt: skip


def users_of_mysql(store: Store, mysql: Mysql) -> list[str]:
    """What must be gone before the instance can be refunded."""
    return [f"read replica {replica.id} ({replica.name})" for replica in store.find(MYSQLS, parent=mysql.id)]


def is_pair(mysql: Mysql) -> bool:
    """It has a standby."""
    return mysql.kind == PAIR


def human(size: int) -> str:
    """1536 -> "1.5KB"."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.4g}{unit}"
        value /= 1024
    return f"{value:.4g}TB"
