"""Records of MySQL instances turned into what the engine works on and what the controller decides by."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.controllers.databases.ha import Memory, Node, Settings, View
from localcloud.controllers.databases.ha.model import DARK
from localcloud.controllers.databases.ha.progress import Progress, words
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.nodes import mysql_nodes, nic
from localcloud.engines.interface.databases import DatabaseNode, NodeState
from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import SUBNETS
from localcloud.records.databases import MYSQL_NODES, MYSQLS, Mysql, MysqlNode
from localcloud.records.store import Store

SEMI_SYNC, ASYNC = "Semi_sync", "Async"
CREATING = 3  # prodOrderStatus
BOTH_PHASES = ("", "close", "catch")  # phases in which the controller looks at all nodes; else at the candidate alone


@dataclass
class Track:
    """What the daemon knows of an instance besides its records; lost with it, and found again by looking."""

    memory: Memory = field(default_factory=Memory)
    seated: bool = False
    tries: int = 0  # failures in a row in the present phase of a change of roles
    phase: str = ""
    phase_began: float = 0.0
    applying: Progress = field(default_factory=Progress)  # of the candidate, in the present phase
    rests: dict[str, tuple[float, str]] = field(default_factory=dict)  # node id -> until when it is left alone, and why
    given_up: tuple[float, str] = (0.0, "")  # until when no failover is begun again, and why the last one was given up
    binlogs_kept: float = 0.0
    events_matched: float = 0.0

    def failure(self, node_id: str, moment: float) -> str:
        """What failed on a node a moment ago, so that it is not tried again yet."""
        until, problem = self.rests.get(node_id, (moment, ""))
        return problem if moment < until else ""

    def seen(self, node_id: str) -> NodeState:
        return self.memory.seen.get(node_id, DARK)


def now() -> float:
    """The clock of all waiting: the event loop's."""
    return asyncio.get_running_loop().time()


def settings() -> Settings:
    """The controller's times; DRLAB_HA_INTERVAL, DRLAB_HA_THRESHOLD and DRLAB_STANDBY_GRACE change them."""
    usual = Settings()
    return Settings(
        interval=float(os.environ.get("DRLAB_HA_INTERVAL", usual.interval)),
        threshold=int(os.environ.get("DRLAB_HA_THRESHOLD", usual.threshold)),
        grace=float(os.environ.get("DRLAB_STANDBY_GRACE", usual.grace)),
    )


def nodes_of(store: Store, mysql: Mysql) -> list[MysqlNode]:
    """An instance's nodes, in their order."""
    return store.find(MYSQL_NODES, mysql_id=mysql.id)


def engine_nodes(store: Store, mysql: Mysql) -> dict[str, DatabaseNode]:
    """The engine's view of an instance's nodes, by id."""
    region, subnet = REGIONS[mysql.region], store.require(SUBNETS, mysql.subnet_id)
    parts = {part.id: part for part in mysql_nodes(store, mysql)}
    return {
        node.id: DatabaseNode(
            node_id=node.id,
            name=node.name,
            region=region.name,
            zone_label=region.zone_label(node.zone),
            vpc_id=mysql.vpc_id,
            nic=nic(parts[node.id], subnet),
            server_id=node.server_id,
            cpus=float(mysql.cpus),
            memory_mib=mysql.memory_mib,
            disk_gib=mysql.disk_gib,
        )
        for node in nodes_of(store, mysql)
    }


def looked_at(store: Store, mysql: Mysql) -> list[DatabaseNode]:
    """The nodes whose state matters now: whoever is fenced for good must not hold up a change of roles."""
    return [node for node in engine_nodes(store, mysql).values() if mysql.step in BOTH_PHASES or node.node_id == mysql.candidate]


def standby_of(store: Store, mysql: Mysql) -> MysqlNode | None:
    return next((node for node in nodes_of(store, mysql) if node.id != mysql.primary), None)


def view_of(store: Store, mysql: Mysql, track: Track, tracks: Mapping[str, Track]) -> View:
    """What the controller decides by, after a look."""
    moment, memory, faults = now(), track.memory, power_faults(store)
    if track.phase != mysql.step:
        track.phase, track.phase_began, track.tries, track.applying = mysql.step, moment, 0, Progress()
    return View(
        kind=mysql.kind,
        primary=mysql.primary,
        nodes=tuple(
            Node(
                node.id, node.name, node.address, wanted=node.desired == "on", fenced=node.fenced, reseed=node.reseed,
                powered=node.desired == "on" and not fault_over(faults, node), resting=track.failure(node.id, moment),
                bad=memory.bad.get(node.id, 0), excused=memory.excused.get(node.id, 0), seen=track.seen(node.id),
            )
            for node in nodes_of(store, mysql)
        ),
        in_sync=mysql.in_sync, reliable=mysql.ha_mode != "usability", semi_sync=mysql.sync_mode != ASYNC,
        automatic=mysql.switch_type != "manual", phase=mysql.step, candidate=mysql.candidate, phase_gtid=mysql.step_gtid,
        reason=mysql.reason, phase_age=moment - track.phase_began, tries=track.tries, applying=words(track.applying),
        given_up=track.given_up[1] if moment < track.given_up[0] else "",
        silent=moment - memory.heard if memory.heard is not None else 0.0, received=memory.received, written=memory.written,
        near=memory.near, proven=_proven(mysql, memory, moment),
        sync_point=memory.sync_point, seated=track.seated, source=_source(store, mysql, tracks),
    )  # fmt: skip


def _proven(mysql: Mysql, memory: Memory, moment: float) -> float | None:
    """Nobody uses an instance that is being made."""
    if mysql.order_status == CREATING:
        return math.inf
    return None if memory.tried is None else moment - memory.tried


def _source(store: Store, mysql: Mysql, tracks: Mapping[str, Track]) -> str:
    """Where a read replica is to follow: its parent's primary, while that one takes writes."""
    parent = store.get(MYSQLS, mysql.parent) if mysql.parent else None
    primary = store.get(MYSQL_NODES, parent.primary) if parent else None
    if parent is None or primary is None or parent.step or not tracks.get(parent.id, Track()).seen(primary.id).writable:
        return ""
    return primary.address
