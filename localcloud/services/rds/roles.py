"""Which node of an instance is the primary, by which rules that changes, and how far read replicas are behind."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.engines.interface.engines import EngineError
from localcloud.records.databases import MYSQLS, SWITCHES, Mysql
from localcloud.records.errors import ParameterError
from localcloud.records.errors.rds import StandbyNotReady, WrongState
from localcloud.services.rds import model
from localcloud.services.rds.instances import begin
from localcloud.services.rds.reading import (
    NORMAL,
    PAUSED,
    china_time,
    must_be_normal,
    mysql_of,
    page,
    paged,
    region_of,
    state_word,
)

GUARDED = ("reliability", "Semi_sync")  # the modes in which a standby has every write before it is acknowledged


def switch_roles(call: Call) -> None:
    """Make the node with this resId the primary. Asynchronous: switch-instance-record tells what came of it."""
    res_id = call.fields.integer("newMasterResId", low=1, high=2**31, required=True)
    mysql = mysql_of(call)
    _must_be_pair(mysql)
    must_be_normal(mysql)
    nodes = model.nodes_of(call.store, mysql)
    node = next((node for node in nodes if node.res_id == res_id), None)
    if node is None or node.id == mysql.primary:
        others = ", ".join(str(other.res_id) for other in nodes if other.id != mysql.primary)
        raise ParameterError([f"newMasterResId is {res_id}; it must be the resId of the standby, {others}"])
    if mysql.step:
        raise StandbyNotReady(mysql.name, f"its roles are changing already ({mysql.verdict})")
    if not mysql.in_sync and (mysql.ha_mode, mysql.sync_mode) == GUARDED:  # else it catches up while writes are closed
        raise StandbyNotReady(mysql.name, f"standby {node.name} does not have every write yet ({mysql.verdict})")
    begin(call, mysql, "switch", {"nodeId": node.id}, mysql.running_status)


def list_switches(call: Call) -> dict[str, Any]:
    number, size = page(call.fields)
    reason = call.fields.choice("freason", ("manaul", "failover", "unconsfailover", "ignore"))
    mysql = mysql_of(call)
    newest = sorted(call.store.find(SWITCHES, mysql_id=mysql.id), key=lambda record: record.begun, reverse=True)
    shown = [model.switch_shown(call.store, mysql, record) for record in newest]
    return paged([switch for switch in shown if reason in ("", switch["freason"])], number, size)


def show_ha_mode(call: Call) -> dict[str, str]:
    mode = mysql_of(call).ha_mode
    return {"hamode": model.RELIABILITY_ON_THE_WIRE if mode == "reliability" else mode}


def change_ha_mode(call: Call) -> None:
    mode = call.fields.choice("hamode", (model.RELIABILITY_ON_THE_WIRE, "reliability", "usability"), required=True)
    _change_rules(call, ha_mode="reliability" if mode == model.RELIABILITY_ON_THE_WIRE else mode)


def show_sync_mode(call: Call) -> dict[str, str]:
    mysql = mysql_of(call)
    return {"syncMode": mysql.sync_mode, "outerProdInstId": mysql.id}


def change_sync_mode(call: Call) -> None:
    _change_rules(call, sync_mode=call.fields.choice("syncMode", ("Semi_sync", "Async"), required=True))


def show_failover(call: Call) -> dict[str, str]:
    return {"switchConfig": mysql_of(call).switch_type}


def change_failover(call: Call) -> None:
    _change_rules(call, switch_type=call.fields.choice("switchType", ("auto", "manual"), required=True))


def _change_rules(call: Call, **changes: str) -> None:
    mysql = mysql_of(call)
    _must_be_pair(mysql)
    if mysql.order_status not in (NORMAL, PAUSED):
        raise WrongState(mysql.name, state_word(mysql), "running or stopped")
    call.store.put(MYSQLS, replace(mysql, **changes, updated=time()))  # type: ignore[arg-type]  # all of these are texts
    call.answers_with(lambda: call.cloud.databases.apply(mysql.id))


def _must_be_pair(mysql: Mysql) -> None:
    if not model.is_pair(mysql):
        raise WrongState(mysql.name, f"a {mysql.kind} instance", "a primary with a standby")


# -- read replicas -------------------------------------------------------------------------------------------------------
def replica_delay(call: Call) -> None:
    """How far read replicas are behind: one, or all of an instance. `delay` in ms, null while a replica is not receiving."""
    region, fields = region_of(call), call.fields
    own_id, parent_id = fields.text("outerProdInstId"), fields.text("parentOuterProdInstId")
    if not (own_id or parent_id):
        fields.problem("outerProdInstId", "or parentOuterProdInstId is required")
    fields.check()
    own = call.store.require(MYSQLS, own_id, region.id) if own_id else None
    parent = call.store.require(MYSQLS, parent_id or (own.parent if own else ""), region.id)
    replicas = [mysql for mysql in call.store.find(MYSQLS, parent=parent.id) if own_id in ("", mysql.id)]
    if own is not None and own not in replicas:
        raise WrongState(own.name, "not a read replica of that instance", "one")

    async def look() -> list[dict[str, Any]]:
        position = (await call.cloud.databases.sql(parent.id, [("SHOW MASTER STATUS", ())]))[0]
        return [await _delay(call, replica, parent, position) for replica in replicas]

    call.answers_with(look)


async def _delay(call: Call, replica: Mysql, parent: Mysql, position: tuple[Any, ...]) -> dict[str, Any]:
    """MariaDB's own view of one replica, by the places of SHOW SLAVE STATUS's columns; nothing while it does not answer."""
    try:
        rows = await call.cloud.databases.sql(replica.id, [("SHOW SLAVE STATUS", ())])
    except EngineError:
        rows = []
    status = rows[0] if rows else ()
    behind = status[32] if status else None
    return {
        "outerProdInstId": replica.id, "parentOuterProdInstId": parent.id,
        "delay": None if behind is None else int(float(behind) * 1000),
        "masterBinlogFile": position[0], "masterBinlogPos": position[1],
        "currentBinlogFile": status[9] if status else "", "currentBinlogPos": status[21] if status else 0,
        "createTime": china_time(time()),
    }  # fmt: skip
