"""What listeners are, and the rules they obey."""

from __future__ import annotations

from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.balancers import LISTENERS, Listener
from localcloud.records.errors import NotModelled
from localcloud.records.errors.listener import ListenerNameDuplicated, PortTaken
from localcloud.records.identifiers import when
from localcloud.records.store import Store

PROTOCOLS = ("TCP", "UDP", "HTTP", "HTTPS")


def listener_shown(listener: Listener) -> dict[str, Any]:
    """A listener as the API shows it."""
    forward = {"targetGroups": [{"targetGroupID": listener.group_id, "weight": 100}]}
    return {
        "ID": listener.id, "name": listener.name, "description": listener.description, "regionID": listener.region,
        "loadBalancerID": listener.balancer_id, "protocol": listener.protocol, "protocolPort": listener.port,
        "certificateID": listener.certificate_id, "caEnabled": False, "clientCertificateID": "", "accessControlID": "",
        "accessControlType": "Close",
        "defaultAction": {"type": "forward", "forwardConfig": forward, "redirectListenerID": ""},
        "forwardedForEnabled": listener.forwarded_for, "status": listener.status, "azName": "", "projectID": "0",
        "createdTime": when(listener.created), "updatedTime": when(listener.updated),
    }  # fmt: skip


def check_listener(store: Store, balancer_id: str, name: str, port: int = 0, own_id: str = "") -> None:
    """Names and ports of listeners are unique in a balancer."""
    for other in store.find(LISTENERS, balancer_id=balancer_id):
        if other.id != own_id and name and other.name == name:
            raise ListenerNameDuplicated(name, other.id)
        if other.id != own_id and port and other.port == port:
            raise PortTaken(port, balancer_id, other.id)


def read_target_group(fields: Fields, *, required: bool = False) -> str:
    """The one target group of `defaultAction`, "" when there is none; what is wrong with it is noted in `fields`."""
    action = fields.object("defaultAction", required=required)
    if action is None:
        return ""
    if action.choice("type", ("forward", "redirect"), required=True) == "redirect":
        raise NotModelled("Listeners that redirect are not modelled by the local cloud.")
    action.only("redirectListenerID", "")
    config = action.object("forwardConfig", required=True)
    groups = config.items("targetGroups", required=True, most=5) if config else []
    if len(groups) > 1:
        raise NotModelled("Listeners with more than one target group are not modelled by the local cloud.")
    for group in groups:
        group.integer("weight", low=1, high=256, default=100)  # of one it changes nothing
    return "".join(group.text("targetGroupID", required=True) for group in groups)
