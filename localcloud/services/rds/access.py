"""How an instance is reached: white lists, security group, public addresses."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import IPv4Network
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.controllers.networks.nodes import listed_network
from localcloud.records import eips
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import EIPS, GROUPS, Eip
from localcloud.records.databases import MYSQLS, WHITE_LISTS, Mysql, WhiteList
from localcloud.records.errors import ParameterError, QuotaExceeded
from localcloud.records.errors.eip import EipNotBound
from localcloud.records.errors.rds import PartDuplicated, PartNotFound, WrongState
from localcloud.services.rds.reading import (
    BUILD_FAILED,
    CREATING,
    TO_DESTROY,
    millis,
    mysql_of,
    next_number,
    ordered_mysql,
    region_of,
    state_word,
)

LIST_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}[a-z0-9]")
LIST_RULE = "2-32 lower-case letters, digits or '_', a letter first, no '_' last"


# -- white lists ---------------------------------------------------------------------------------------------------------
def create_white_list(call: Call) -> None:
    """As soon as there is one, nobody else may connect."""
    name, addresses = _list_name(call.fields), _addresses(call.fields)
    mysql = _standing(mysql_of(call))
    present = call.store.find(WHITE_LISTS, mysql_id=mysql.id)
    if any(other.name == name for other in present):
        raise PartDuplicated("a white list", name, mysql.name)
    if len(present) >= QUOTAS.white_lists_per_mysql:
        raise QuotaExceeded(f"white lists of instance {mysql.name}", QUOTAS.white_lists_per_mysql)
    number = str(next_number(call.store, "white list"))
    call.store.put(WHITE_LISTS, WhiteList(number, mysql.region, mysql.id, name, addresses, time()))
    _reachable_again(call, mysql)


def list_white_lists(call: Call) -> list[dict[str, Any]]:
    mysql = mysql_of(call)
    return [
        {"id": int(found.id), "groupName": found.name, "outerProdInstId": mysql.id, "groupWhiteListCount": len(found.addresses),
         "groupWhiteList": list(found.addresses), "whiteList": list(found.addresses), "accessMachineType": "",
         "createTime": millis(found.created), "updateTime": millis(found.created)}
        for found in call.store.find(WHITE_LISTS, mysql_id=mysql.id)
    ]  # fmt: skip


def change_white_list(call: Call) -> None:
    """These addresses instead of what it held; connections that are not allowed any more end."""
    name, addresses = _list_name(call.fields), _addresses(call.fields)
    mysql = _standing(mysql_of(call))
    call.store.put(WHITE_LISTS, replace(_white_list(call, mysql, name), addresses=addresses))
    _reachable_again(call, mysql)


def delete_white_list(call: Call) -> None:
    name = _list_name(call.fields)
    mysql = _standing(mysql_of(call))
    call.store.delete(WHITE_LISTS, _white_list(call, mysql, name).id)
    _reachable_again(call, mysql)


def _white_list(call: Call, mysql: Mysql, name: str) -> WhiteList:
    for found in call.store.find(WHITE_LISTS, mysql_id=mysql.id, name=name):
        return found
    raise PartNotFound("groupName", [name], mysql.name)


def _list_name(fields: Fields) -> str:
    return fields.name("groupName", required=True, rule=LIST_NAME, says=LIST_RULE)


def _addresses(fields: Fields) -> tuple[str, ...]:
    """groupWhiteList: addresses and networks, each once, in their usual form."""
    listed = fields.texts("groupWhiteList", most=QUOTAS.addresses_per_white_list)
    if not listed:
        fields.problem("groupWhiteList", "is required and must not be empty")
    for text in listed:
        try:
            fields.usual_form("groupWhiteList", text, IPv4Network(listed_network(text)))
        except ValueError as error:
            fields.problem("groupWhiteList", f"{text!r} is not an IPv4 address or network: {error}")
    return tuple(dict.fromkeys(listed))


# -- security group ------------------------------------------------------------------------------------------------------
def change_group(call: Call) -> None:
    """Another security group instead of the one it has."""
    old_id = call.fields.text("securityGroupId", required=True)
    new_id = call.fields.text("newSecurityGroupId", required=True)
    mysql = _standing(ordered_mysql(call, "instanceId"))
    group = call.store.require(GROUPS, new_id, mysql.region)
    problems = []
    if old_id != mysql.group_id:
        problems.append(f"securityGroupId is {old_id}; instance {mysql.name} is in {mysql.group_id}")
    if group.vpc_id != mysql.vpc_id:
        problems.append(f"newSecurityGroupId {new_id} belongs to VPC {group.vpc_id}, the instance to {mysql.vpc_id}")
    if problems:
        raise ParameterError(problems)
    call.store.put(MYSQLS, replace(mysql, group_id=new_id, updated=time()))
    _reachable_again(call, mysql)


# -- public addresses ----------------------------------------------------------------------------------------------------
def list_eips(call: Call) -> list[dict[str, Any]]:
    """The region's EIPs, or an instance's."""
    fields, region = call.fields, region_of(call)
    mysql_id, eip_id = fields.text("instId"), fields.text("eipId")
    fields.check()
    return [
        {"eipId": eip.id, "eip": eip.address, "bindStatus": 1 if eip.instance_id else 0,
         "status": "ACTIVE" if eip.instance_id else "DOWN", "bandWidth": eip.bandwidth}
        for eip in call.store.find(EIPS, region=region.id)
        if mysql_id in ("", eip.instance_id) and eip_id in ("", eip.id)
    ]  # fmt: skip


def bind_eip(call: Call) -> None:
    """At most one; it goes to the address that follows the primary."""
    mysql, eip = _mysql_and_eip(call)
    eips.bind(call.store, eip, mysql.id)
    _reachable_again(call, mysql)


def unbind_eip(call: Call) -> None:
    mysql, eip = _mysql_and_eip(call)
    if eip.instance_id != mysql.id:
        raise EipNotBound(eip.id)
    eips.unbind(call.store, eip)
    _reachable_again(call, mysql)


def _mysql_and_eip(call: Call) -> tuple[Mysql, Eip]:
    """The call names the EIP twice: by id and by address."""
    eip_id, address = call.fields.text("eipId", required=True), call.fields.text("eip", required=True)
    mysql = _standing(ordered_mysql(call))
    eip = call.store.require(EIPS, eip_id, mysql.region)
    if eip.address != address:
        raise ParameterError([f"eip is {address!r}; the address of {eip_id} is {eip.address}"])
    return mysql, eip


def _standing(mysql: Mysql) -> Mysql:
    """It is there, running or not."""
    if mysql.order_status in (CREATING, BUILD_FAILED, TO_DESTROY):
        raise WrongState(mysql.name, state_word(mysql), "running or stopped")
    return mysql


def _reachable_again(call: Call, mysql: Mysql) -> None:
    """The network is as the records say before the call is answered."""
    call.touches(mysql.vpc_id)
    call.answers_with(lambda: call.cloud.databases.apply(mysql.id))
