"""Databases as `/_local/` shows them: their nodes as they are, and why roles have changed or wait. No real cloud tells that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ctyun.fields import Body, items, need, number, text

PAIR = "pair"
ASYNC = "Async"  # a sync_mode


@dataclass(frozen=True)
class LocalNode:
    """A node with what is wanted and seen of it."""

    id: str
    name: str
    zone: str
    role: str  # "primary" | "standby" | "replica" | "fenced" | "reseeding"
    res_id: int  # its number in the API
    power: str  # "running" | "stopped" | "off" (by its owner or a fault)
    reachable: bool
    receiving: bool
    applying: bool
    behind: float | None  # seconds, None while unknown
    gtid: str
    problem: str

    @classmethod
    def from_json(cls, body: Body) -> Self:
        behind = body.get("behind")
        return cls(
            id=need(body, "id"),
            name=need(body, "name"),
            zone=need(body, "zone"),
            role=need(body, "role"),
            res_id=number(body, "resId"),
            power=text(body, "power"),
            reachable=bool(body.get("reachable")),
            receiving=bool(body.get("receiving")),
            applying=bool(body.get("applying")),
            behind=float(behind) if isinstance(behind, int | float) else None,
            gtid=text(body, "gtid"),
            problem=text(body, "problem"),
        )


@dataclass(frozen=True)
class LocalSwitch:
    """A change of roles, planned or not; times as the cloud writes them, `ended` "" while it goes on."""

    reason: str
    state: str  # "running" | "done" | "failed"
    before: str
    after: str
    detail: str
    begun: str
    ended: str

    @classmethod
    def from_json(cls, body: Body) -> Self:
        return cls(
            reason=text(body, "reason"),
            state=text(body, "state"),
            before=text(body, "before"),
            after=text(body, "after"),
            detail=text(body, "detail"),
            begun=text(body, "begun"),
            ended=text(body, "ended"),
        )


@dataclass(frozen=True)
class LocalDatabase:
    """An instance. `verdict`: the controller's last sentence. `step`: how far a change of roles has come, "" in the steady state.

    `primary` names a node; `switches` has the latest first; `raw` is the whole answer.
    """

    id: str
    name: str
    region: str
    region_id: str
    kind: str  # "single" | "pair" | "replica"
    address: str
    port: int
    eip: str | None
    primary: str
    in_sync: bool
    ha_mode: str
    sync_mode: str
    failover: str  # "auto" | "manual"
    step: str
    verdict: str
    order_status: int
    running_status: int
    nodes: tuple[LocalNode, ...]
    switches: tuple[LocalSwitch, ...]
    raw: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def leader(self) -> LocalNode | None:
        """The node that is the primary by the records, whatever has become of it."""
        return next((node for node in self.nodes if self.primary in (node.id, node.name)), None)

    @classmethod
    def from_json(cls, body: Body) -> Self:
        switches = map(LocalSwitch.from_json, items(body, "switches"))
        return cls(
            id=need(body, "id"),
            name=need(body, "name"),
            region=need(body, "region"),
            region_id=need(body, "regionId"),
            kind=need(body, "kind"),
            address=text(body, "address"),
            port=number(body, "port"),
            eip=text(body, "eip") or None,
            primary=text(body, "primary"),
            in_sync=bool(body.get("inSync")),
            ha_mode=text(body, "haMode"),
            sync_mode=text(body, "syncMode"),
            failover=text(body, "switchType"),
            step=text(body, "failoverStep"),
            verdict=text(body, "verdict"),
            order_status=number(body, "orderStatus"),
            running_status=number(body, "runningStatus"),
            nodes=tuple(map(LocalNode.from_json, items(body, "nodes"))),
            switches=tuple(sorted(switches, key=lambda switch: switch.begun, reverse=True)),
            raw=dict(body),
        )
