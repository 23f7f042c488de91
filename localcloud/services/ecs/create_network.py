"""How an ordered server is reached: its network card, its security groups, its EIP."""

from __future__ import annotations

from ipaddress import IPv4Address

from localcloud.api.calls import Call
from localcloud.api.inputs import Fields
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import EIPS, GROUPS, SUBNETS, Eip, Subnet
from localcloud.services.ecs.reading import Reader
from localcloud.services.vpc.model import taken_addresses, usable_addresses

NO_EIP, NEW_EIP, OWN_EIP = "0", "1", "2"  # extIP


def network_card(reader: Reader, vpc_id: str, count: int) -> tuple[Subnet | None, str]:
    """Its subnet, and the address that is asked for, "" for any."""
    cards = reader.fields.items("networkCardList", required=True, most=1)
    if not cards:
        return None, ""
    card = cards[0]
    if not card.boolean("isMaster", required=True):
        card.problem("isMaster", "must be true: the one network card is the main one")
    card.ignore("nicName")
    address = card.address("fixedIP")
    subnet = reader.look_up(SUBNETS, card.text("subnetID", required=True))
    if subnet is None:
        return None, ""
    if vpc_id and subnet.vpc_id != vpc_id:
        card.problem("subnetID", f"{subnet.id} belongs to VPC {subnet.vpc_id}, not to {vpc_id}")
    _check_address(reader.call, card, subnet, address, count)
    return subnet, str(address) if address else ""


def _check_address(call: Call, card: Fields, subnet: Subnet, address: IPv4Address | None, count: int) -> None:
    taken = taken_addresses(call.store, subnet.id)
    if address is None:
        if sum(str(free) not in taken for free in usable_addresses(subnet)) < count:
            card.problem("subnetID", f"{subnet.id} has no free address left")
        return
    if count > 1:
        card.problem("fixedIP", "cannot be given for several servers")
    if address not in set(usable_addresses(subnet)):
        card.problem("fixedIP", f"{address} is not an address that a server in {subnet.cidr} may have")
    elif str(address) in taken:
        card.problem("fixedIP", f"{address} is taken by instance {taken[str(address)]}")


def security_groups(reader: Reader, vpc_id: str) -> tuple[str, ...]:
    """Their ids, each once."""
    ids = list(dict.fromkeys(reader.fields.texts("secGroupList", most=QUOTAS.groups_per_nic)))
    for group_id in ids:
        group = reader.look_up(GROUPS, group_id)
        if group and vpc_id and group.vpc_id != vpc_id:
            reader.fields.problem("secGroupList", f"{group_id} belongs to VPC {group.vpc_id}, not to {vpc_id}")
    return tuple(ids)


def external_address(reader: Reader, count: int) -> tuple[str, Eip | None, int]:
    """`extIP`, the EIP that it names, and the bandwidth of a new one."""
    fields = reader.fields
    kind = fields.choice("extIP", (NO_EIP, NEW_EIP, OWN_EIP), required=True)
    bandwidth = fields.integer("bandwidth", low=1, high=2000, required=kind == NEW_EIP, default=1)
    eip_id = fields.text("eipID", required=kind == OWN_EIP)
    if eip_id and kind in (NO_EIP, NEW_EIP):
        fields.problem("eipID", f"is for extIP {OWN_EIP}, not for {kind}")
    fields.only("ipVersion", "ipv4", "")
    eip = reader.look_up(EIPS, eip_id) if kind == OWN_EIP else None
    if eip and eip.instance_id:
        fields.problem("eipID", f"{eip.id} is already bound to instance {eip.instance_id}")
    if eip and count > 1:
        fields.problem("eipID", "cannot be given for several servers")
    return kind, eip, bandwidth
