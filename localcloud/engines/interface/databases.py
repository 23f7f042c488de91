"""What controllers ask of the database engine: MariaDB nodes as containers with a disk and a network card of their own.

A node takes orders on a management socket that no network fault touches; whether clients get through to it is a second
question (`reachable`). Every call may be repeated. All raise EngineError.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from localcloud.engines.interface.values import Nic


@dataclass(frozen=True)
class DatabaseNode:
    """All that is needed to make a node. Its disk is `STATE/disks/<node id>.img`."""

    node_id: str
    name: str  # as people call it; its host name
    region: str
    zone_label: str  # "AZ1"
    vpc_id: str
    nic: Nic
    server_id: int  # MariaDB's; differs within an instance
    cpus: float
    memory_mib: int
    disk_gib: int


@dataclass(frozen=True)
class Replication:
    """Where a node replicates from, and as whom."""

    node_id: str
    address: str
    user: str
    password: str
    port: int = 3306
    acknowledge: bool = True  # in semi-sync; never a read replica's: the primary would go on although no standby has the write


@dataclass(frozen=True)
class NodeState:
    """What is seen of a node at one moment. All but the first three are defaults while it does not answer."""

    running: bool  # its container runs
    answers: bool  # SQL on its management socket, in time
    reachable: bool  # MariaDB greets on the node's address, seen from the VPC's router: link, cuts and process included
    shut_out: bool = False  # it does not answer because it knows none of the accounts that it is run by
    writable: bool = False  # read_only is off
    gtid: str = ""  # gtid_current_pos: executed
    received: str = ""  # what the receiver has on disk (Gtid_IO_Pos); acknowledged to the primary in semi-sync
    following: str = ""  # address it replicates from, "" when replication is not configured
    receiving: bool = False  # the receiver is connected
    receiver_ended: bool = False  # by an error or by hand: MariaDB does not start it again
    applying: bool = False  # the applier runs
    behind: float | None = None  # seconds, None while unknown
    problem: str = ""  # last replication error, or "disk full"
    semi_sync: bool = False  # as primary: commits wait for a standby's acknowledgement, without an end
    trial: bool = False  # as primary: a standby is asked for acknowledgements, and commits wait a moment for one
    in_time: bool = False  # as primary: since the standby had everything last, each came within that moment
    acks: int = 0  # as primary: how many it has heard
    standbys: int = 0  # semi-sync standbys connected
    waiting: int = 0  # sessions that wait for an acknowledgement
    took: float = 0.0  # seconds until all this was known, or until nobody waited any longer for it to answer


@dataclass(frozen=True)
class Applying:
    """How far a node is with what it has received."""

    done: bool
    ended: tuple[str, ...] = ()  # sessions that kept it from that and were ended: "report@10.0.0.5 (connection 9, row locks)"
    left: int | None = None  # bytes that it has not read yet, None while unknown
    tables: tuple[str, ...] = ()  # "shop.orders": what it is changing
    last_seen: str = ""  # why it is not done, in MariaDB's words


class NodeEngine(Protocol):
    """MariaDB nodes as machines. A node boots read-only, with replication stopped; the caller opens its link and its writes."""

    async def create(self, node: DatabaseNode) -> None:
        """Make container, disk and an empty data directory; nothing is started. What is there keeps its content."""

    async def size(self, node: DatabaseNode) -> None:
        """Give it the CPUs and the memory that it says, at once, running or not; and its disk the new size, which its file system
        has from its next boot on. Fine if it is gone."""

    async def boot(self, node: DatabaseNode) -> None:
        """Start it read-only, with replication stopped, and plug it in (the network must have been applied: rules decide who gets
        through); returns when it answers on its management socket."""

    async def shut_down(self, node_id: str, seconds: float) -> None:
        """Stop it in good order; it is killed after so many seconds."""

    async def cut_power(self, node_ids: Collection[str]) -> None:
        """Disks lose what was not synced, then kill. The networks cut the nodes' links before."""

    async def remove(self, node_ids: Collection[str]) -> None:
        """Remove container, disk, folder; fine if some are gone."""

    async def all(self) -> Mapping[str, bool]:
        """All nodes that there are, and whether they run."""

    async def room(self, node_id: str) -> tuple[int, int]:
        """Bytes used and free on the node's disk."""


class InsideNodes(Protocol):
    """What is done inside running nodes: faults, and commands that prove that they have landed."""

    async def kill_process(self, node_id: str, process: str) -> int:
        """SIGKILL all processes of that name in the node; how many were hit."""

    async def fill_disk(self, node_id: str) -> None:
        """Fill the node's disk until nothing more fits."""

    async def free_disk(self, node_id: str) -> None:
        """Undo fill_disk; of a node that is down at its next start."""

    async def run(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """Run a command in the node as root: exit status and output."""


class ReplicationEngine(Protocol):
    """Who follows whom, and who takes writes."""

    async def follow(self, node_id: str, source: Replication) -> None:
        """Replicate from there by GTID; read-only. What was received from another source and not applied yet is forgotten."""

    async def stop_receiving(self, node_id: str) -> None:
        """Stop the receiver; what has been received stays and is still applied."""

    async def apply_all(self, node_id: str, seconds: float) -> str:
        """Wait until everything received has been applied; the GTID position then. Sessions that keep it from that are ended."""

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        """The same for so long at most, and how far it came; EngineError when it cannot go on."""

    async def end_lock_holders(self, node_id: str) -> Sequence[str]:
        """End the sessions for which clients would wait if the node took writes; whose they were."""

    async def forget_source(self, node_id: str) -> None:
        """Stop and clear replication: this node has no source any more."""

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        """End the connections that a follower at this address has, or has left, to this node; it comes again by itself."""

    async def open_writes(self, node_id: str) -> None:
        """Turn read_only off; events run from now on."""

    async def match_events(self, node_id: str, source_id: str) -> None:
        """Have a standby know which events are disabled on its source, which replication does not tell."""

    async def close_writes(self, node_id: str, seconds: float) -> str:
        """Turn read_only on, end clients' sessions and events until no write is open any more; the GTID position then."""


class SemiSyncEngine(Protocol):
    """How long the commits of a primary wait for a standby."""

    async def switch(self, node_id: str, wanted: bool) -> None:
        """Make commits wait for a standby (AFTER_SYNC, without an end), or let those that wait go on alone.

        No commit waits for a moment only any more when this returns.
        """

    async def attempt(self, node_id: str) -> None:
        """Ask the standby for acknowledgements; commits wait a moment for one, and none until it has caught up again once one was
        late."""


class NodeLinks(Protocol):
    """How nodes are reached."""

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        """Take the address from the others and announce it at one node. The network must have been applied before."""


class NodeBackupEngine(Protocol):
    """Physical backups of nodes, and binary logs that are kept beside them."""

    async def back_up(self, node_id: str, backup_id: str) -> int:
        """Make a physical backup of a running node, ready to be restored, in STATE/database-backups/<backup id>; its bytes.

        A half-made one of this id is made anew.
        """

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        """Replace a node's data by a backup and, with `until` (Unix seconds), replay the source instance's kept binary log up to
        that time. The node runs afterwards, read-only."""

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        """Replace all of a node's data by a physical copy of a running node's (mariadb-backup), and boot it: read-only, with the
        copy's GTID position, ready to follow."""

    async def remove(self, backup_id: str) -> None:
        """Fine if it is gone."""

    async def keep_logs(self, node_id: str, instance_id: str) -> None:
        """Copy what the binary log has gained since the last call into STATE/database-binlogs/<instance id>.

        So a restore to a time can use it even when all nodes are gone.
        """

    async def remove_logs(self, instance_id: str) -> None:
        """Forget the kept binary logs of an instance; fine if there are none."""


class DatabaseEngine(Protocol):
    """MariaDB nodes of one cloud, by parts; and the questions that concern all of a node."""

    @property
    def nodes(self) -> NodeEngine: ...

    @property
    def inside(self) -> InsideNodes: ...

    @property
    def replication(self) -> ReplicationEngine: ...

    @property
    def semi_sync(self) -> SemiSyncEngine: ...

    @property
    def links(self) -> NodeLinks: ...

    @property
    def backups(self) -> NodeBackupEngine: ...

    async def observe(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
        """Look at all of them at the same time; returns after `timeout` seconds at the latest, whoever hangs."""

    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        """Statements with parameters as the administrator, on the management socket; the rows of the last one. `log` False: not
        into the binary log. EngineError holds MariaDB's own sentence and never a parameter."""
