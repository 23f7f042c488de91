"""What the services ask of the database engine: MariaDB nodes as containers with a disk and a network card of their own.

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
    zone: str  # "AZ1"
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
    writable: bool = False  # read_only is off
    gtid: str = ""  # gtid_current_pos: executed
    received: str = ""  # what the receiver has on disk (Gtid_IO_Pos); acknowledged to the primary in semi-sync
    following: str = ""  # address it replicates from, "" when replication is not configured
    receiving: bool = False  # the receiver is connected
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


class DatabaseEngine(Protocol):
    """MariaDB nodes of one cloud. A node boots read-only, with replication stopped; the caller opens its link and its writes."""

    async def create_node(self, node: DatabaseNode) -> None:
        """Container, disk and an empty data directory; nothing is started. What is there keeps its content."""

    async def size_node(self, node: DatabaseNode) -> None:
        """The CPUs and the memory that it says, at once, running or not; of its disk the new size, which its file system has from
        its next boot on. Fine if it is gone."""

    async def boot_node(self, node: DatabaseNode) -> None:
        """Start it read-only, with replication stopped, and plug it in (the network must have been applied: rules decide who gets
        through); returns when it answers on its management socket."""

    async def shut_down_node(self, node_id: str, timeout: float) -> None:
        """Orderly stop; killed after `timeout` seconds."""

    async def cut_node_power(self, node_ids: Collection[str]) -> None:
        """Disks lose what was not synced, then kill. Links are cut before, by apply_networks."""

    async def remove_nodes(self, node_ids: Collection[str]) -> None:
        """Container, disk, folder; fine if some are gone."""

    async def nodes(self) -> Mapping[str, bool]:
        """All nodes that there are, and whether they run."""

    async def observe_nodes(self, nodes: Collection[DatabaseNode], timeout: float) -> Mapping[str, NodeState]:
        """All at the same time; returns after `timeout` seconds at the latest, whoever hangs."""

    async def follow(self, node_id: str, source: Replication) -> None:
        """Replicate from there by GTID; read-only. What was received from another source and not applied yet is forgotten."""

    async def stop_receiving(self, node_id: str) -> None:
        """Stop the receiver; what has been received stays and is still applied."""

    async def apply_all(self, node_id: str, timeout: float) -> str:
        """Wait until everything received has been applied; the GTID position then. Sessions that keep it from that are ended."""

    async def apply_for(self, node_id: str, seconds: float) -> Applying:
        """The same for so long at most, and how far it came; EngineError when it cannot go on."""

    async def end_lock_holders(self, node_id: str) -> Sequence[str]:
        """End the sessions for which clients would wait if the node took writes; whose they were."""

    async def forget_source(self, node_id: str) -> None:
        """Stop and clear replication: this node has no source any more."""

    async def set_semi_sync(self, node_id: str, wanted: bool) -> None:
        """As primary: make commits wait for a standby (AFTER_SYNC, without an end), or let those that wait go on alone.

        No commit waits for a moment only any more when this returns.
        """

    async def try_semi_sync(self, node_id: str) -> None:
        """As primary: ask the standby for acknowledgements; commits wait a moment for one, and none until it has caught up again
        once one was late."""

    async def end_follower(self, node_id: str, address: str, user: str) -> None:
        """End the connections that a follower at this address has, or has left, to this node; it comes again by itself."""

    async def open_writes(self, node_id: str) -> None:
        """read_only off; events run from now on."""

    async def match_events(self, node_id: str, source_id: str) -> None:
        """Have a standby know which events are disabled on its source, which replication does not tell."""

    async def close_writes(self, node_id: str, timeout: float) -> str:
        """read_only on, clients' sessions and events ended, no write open any more; the GTID position then."""

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        """Replace all of a node's data by a physical copy of a running node's (mariadb-backup), and boot it: read-only, with the
        copy's GTID position, ready to follow."""

    async def sql(self, node_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True) -> list[tuple[Any, ...]]:
        """Statements with parameters as the administrator, on the management socket; the rows of the last one. `log` False: not
        into the binary log. EngineError holds MariaDB's own sentence and never a parameter."""

    async def node_disk(self, node_id: str) -> tuple[int, int]:
        """Bytes used and free on the node's disk."""

    async def fill_node_disk(self, node_id: str) -> None:
        """Until nothing more fits. `free_node_disk` undoes it."""

    async def free_node_disk(self, node_id: str) -> None: ...

    async def kill_node_process(self, node_id: str, process: str) -> int:
        """SIGKILL all processes of that name in the node; how many were hit."""

    async def run_in_node(self, node_id: str, command: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes]:
        """A command in the node as root (proofs that faults have landed): exit status and output."""

    async def move_database_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        """Take the address from the others and announce it at one node. The network must have been applied before."""

    # -- backups ---------------------------------------------------------------------------------------------------------
    async def back_up(self, node_id: str, backup_id: str) -> int:
        """A physical backup of a running node, made ready to be restored, in STATE/database-backups/<backup id>; its bytes.

        A half-made one of this id is made anew.
        """

    async def keep_binlogs(self, node_id: str, instance_id: str) -> None:
        """Copy what the binary log has gained since the last call into STATE/database-binlogs/<instance id>.

        So a restore to a time can use it even when all nodes are gone.
        """

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        """Replace a node's data by a backup and, with `until` (Unix seconds), replay the source instance's kept binary log up to
        that time. The node runs afterwards, read-only."""

    async def remove_backup(self, backup_id: str) -> None: ...

    async def remove_binlogs(self, instance_id: str) -> None: ...
