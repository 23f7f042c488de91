"""VPCs and subnets: read the call, obey the rules, shape the answer."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.api.inputs import Fields
from localcloud.records.balancers import BALANCERS
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import GROUPS, INSTANCES, SUBNETS, VPCS, Subnet, Vpc
from localcloud.records.databases import MYSQLS
from localcloud.records.errors.vpc import SubnetInUse, SubnetNameDuplicated, VpcInUse, VpcNameDuplicated
from localcloud.records.identifiers import short_id
from localcloud.services.securitygroup import model as security_groups
from localcloud.services.vpc import model


def create_vpc(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name = fields.name("name", required=True)
    network = fields.network("CIDR", shortest=model.MASKS_VPC[0], longest=model.MASKS_VPC[1])
    project, description = fields.project(), fields.description()
    fields.only("enableIpv6", False, "false", "False")
    if network:
        model.check_vpc(fields, network)
    fields.check()
    call.is_free(VPCS, VpcNameDuplicated, name, region=region.id)
    call.has_room(VPCS, QUOTAS.vpcs, "VPCs in this region", region=region.id)
    vpc = Vpc(short_id("vpc"), region.id, name, str(network), description, project, time())
    return {"vpcID": call.store.put(VPCS, vpc).id}


def query_vpc(call: Call) -> dict[str, Any]:
    return model.vpc_shown(call.store, call.one(VPCS, "vpcID"))


def list_vpcs(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    ids, name = fields.listed("vpcID"), fields.text("vpcName")
    number, size = page(call)
    fields.check()
    vpcs = [vpc for vpc in call.store.find(VPCS, region=region.id) if (not ids or vpc.id in ids) and name in ("", vpc.name)]
    return paged("vpcs", [model.vpc_shown(call.store, vpc) for vpc in vpcs], number, size)


def update_vpc(call: Call) -> None:
    name, given, description = call.fields.name("name"), call.fields.has("description"), call.fields.description()
    vpc = call.one(VPCS, "vpcID")
    call.is_free(VPCS, VpcNameDuplicated, name, vpc.id, region=vpc.region)
    call.store.put(VPCS, replace(vpc, name=name or vpc.name, description=description if given else vpc.description))


def delete_vpc(call: Call) -> None:
    vpc = call.one(VPCS, "vpcID")
    if users := model.users_of_vpc(call.store, vpc):
        raise VpcInUse(vpc.id, users)
    for group in call.store.find(GROUPS, vpc_id=vpc.id):
        security_groups.remove(call.store, group)  # its own
    call.store.delete(VPCS, vpc.id)


def create_subnet(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    vpc_id, name = fields.text("vpcID", required=True), fields.name("name", required=True)
    network = fields.network("CIDR", shortest=model.MASKS_SUBNET[0], longest=model.MASKS_SUBNET[1])
    gateway = model.gateway_of(fields, network) if network else fields.text("subnetGatewayIP")
    dns, description = _dns(fields), fields.description()
    fields.only("enableIpv6", False, "false", "False")
    fields.only("subnetType", "common")
    vpc = call.store.get(VPCS, vpc_id)
    if vpc is not None and network is not None and vpc.region == region.id:
        model.check_subnet(fields, call.store, vpc, network)
    fields.check()
    vpc = call.store.require(VPCS, vpc_id, region.id)
    call.is_free(SUBNETS, SubnetNameDuplicated, name, vpc_id=vpc_id)
    call.has_room(SUBNETS, QUOTAS.subnets_per_vpc, f"subnets in VPC {vpc_id}", vpc_id=vpc_id)
    subnet = Subnet(short_id("subnet"), region.id, vpc_id, name, str(network), gateway, description, tuple(dns), time(), time())
    call.touches(vpc_id)
    return {"subnetID": call.store.put(SUBNETS, subnet).id}


def query_subnet(call: Call) -> dict[str, Any]:
    return model.subnet_shown(call.store, call.one(SUBNETS, "subnetID"))


def list_subnets(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    vpc_id, ids = fields.text("vpcID"), fields.listed("subnetID")
    name, cidr = fields.text("subnetName"), fields.text("cidr")
    call.zone(region)  # every subnet is in all of them
    number, size = page(call)
    fields.check()
    if vpc_id:
        call.store.require(VPCS, vpc_id, region.id)
    found = [
        model.subnet_shown(call.store, subnet)
        for subnet in call.store.find(SUBNETS, region=region.id, **({"vpc_id": vpc_id} if vpc_id else {}))
        if (not ids or subnet.id in ids) and name in ("", subnet.name) and cidr in ("", subnet.cidr)
    ]
    return paged("subnets", found, number, size)


def update_subnet(call: Call) -> None:
    fields = call.fields
    name, described, dns_given = fields.name("name"), fields.has("description"), fields.has("dnsList")
    dns, description = _dns(fields), fields.description()
    subnet = call.one(SUBNETS, "subnetID")
    call.is_free(SUBNETS, SubnetNameDuplicated, name, subnet.id, vpc_id=subnet.vpc_id)
    call.store.put(SUBNETS, replace(
        subnet, name=name or subnet.name, description=description if described else subnet.description,
        dns=tuple(dns) if dns_given else subnet.dns, updated=time(),
    ))  # fmt: skip


def delete_subnet(call: Call) -> None:
    subnet = call.one(SUBNETS, "subnetID")
    users = [f"instance {server.id} ({server.name})" for server in call.store.find(INSTANCES, subnet_id=subnet.id)]
    users += [f"load balancer {found.id} ({found.name})" for found in call.store.find(BALANCERS, subnet_id=subnet.id)]
    users += [f"MySQL instance {found.id} ({found.name})" for found in call.store.find(MYSQLS, subnet_id=subnet.id)]
    if users:
        raise SubnetInUse(subnet.id, users)
    call.store.delete(SUBNETS, subnet.id)
    call.touches(subnet.vpc_id)


def list_used_addresses(call: Call) -> dict[str, Any]:
    fields = call.fields
    number, size = page(call)
    address = fields.text("ip")
    subnet = call.one(SUBNETS, "subnetID")
    used = [(subnet.gateway, "system", "系统接口")]
    used += [(taken, *_use(call, owner)) for taken, owner in model.taken_addresses(call.store, subnet.id).items()]
    shown = [{"ipv4Address": ip, "ipv6Address": "", "use": use, "useDesc": text} for ip, use, text in used if address in ("", ip)]
    return paged("usedIPs", shown, number, size)


def _use(call: Call, owner_id: str) -> tuple[str, str]:
    """What an address is used for, and the same in Chinese."""
    if owner_id.startswith("lb-"):
        return "loadbalancer", "弹性负载均衡"
    return ("rds", "关系数据库") if call.store.get(MYSQLS, owner_id) else ("instance", "云主机")


def _dns(fields: Fields) -> list[str]:
    servers = fields.texts("dnsList", most=4)
    for index, server in enumerate(servers):
        Fields({"": server}, fields.problems, f"dnsList[{index}]").address("")
    return servers
