"""MySQL instances as `/_local/databases` shows them: what the API does not tell of their nodes and of the controller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from localcloud.controllers.cloud import Cloud
from localcloud.controllers.databases.ha.model import DARK
from localcloud.controllers.databases.view import nodes_of
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.engines.interface.databases import NodeState
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import EIPS
from localcloud.records.databases import MYSQL_NODES, MYSQLS, SWITCHES, Mysql, MysqlNode, SwitchRecord


def shown(cloud: Cloud) -> list[dict[str, Any]]:
    """All instances, oldest first."""
    return [_instance(cloud, mysql) for mysql in cloud.store.find(MYSQLS)]


def _instance(cloud: Cloud, mysql: Mysql) -> dict[str, Any]:
    eip = next(iter(cloud.store.find(EIPS, instance_id=mysql.id)), None)
    states = cloud.databases.states(mysql.id)
    return {
        "id": mysql.id, "name": mysql.name, "region": REGIONS[mysql.region].name, "regionId": mysql.region, "kind": mysql.kind,
        "address": mysql.address, "port": mysql.port, "eip": eip.address if eip else None,
        "primary": mysql.primary, "inSync": mysql.in_sync, "haMode": mysql.ha_mode,
        "syncMode": mysql.sync_mode, "switchType": mysql.switch_type, "failoverStep": mysql.step, "verdict": mysql.verdict,
        "orderStatus": mysql.order_status, "runningStatus": mysql.running_status,
        "nodes": [_node(cloud, mysql, node, states) for node in nodes_of(cloud.store, mysql)],
        "switches": [_switch(cloud, record) for record in cloud.store.find(SWITCHES, mysql_id=mysql.id)],
    }  # fmt: skip


def _node(cloud: Cloud, mysql: Mysql, node: MysqlNode, states: Mapping[str, NodeState]) -> dict[str, Any]:
    region, seen = REGIONS[mysql.region], states.get(node.id, DARK)
    dead = node.desired == "off" or fault_over(power_faults(cloud.store), node)
    return {
        "id": node.id, "name": node.name, "zone": region.zone_label(node.zone), "role": _role(mysql, node), "resId": node.res_id,
        "power": "off" if dead else "running" if seen.running else "stopped", "address": node.address,
        "reachable": seen.reachable, "writable": seen.writable, "gtid": seen.gtid, "behind": seen.behind,
        "receiving": seen.receiving, "applying": seen.applying, "problem": seen.problem,
    }  # fmt: skip


def _role(mysql: Mysql, node: MysqlNode) -> str:
    if mysql.kind == "replica":
        return "replica"
    if node.reseed:
        return "reseeding"
    if node.fenced:
        return "fenced"
    return "primary" if node.id == mysql.primary else "standby"


def _switch(cloud: Cloud, record: SwitchRecord) -> dict[str, Any]:
    names = {node.id: node.name for node in cloud.store.find(MYSQL_NODES, mysql_id=record.mysql_id)}
    return {
        "reason": record.reason, "state": record.state, "before": names.get(record.before, ""),
        "after": names.get(record.after, ""), "detail": record.detail, "begun": _instant(record.begun),
        "ended": _instant(record.ended), "steps": {step: _instant(at) for step, at in record.steps.items()},
    }  # fmt: skip


def _instant(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
