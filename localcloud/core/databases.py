"""MySQL instances' lives: orders that build and remove them, jobs, backups, changes of roles, and the watch over them.

Handlers store what is wanted; what is here makes the engines do it and stores what came of it, step by step, so that another
daemon can carry on after any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from localcloud.core.networks import Networks
from localcloud.core.store import Store
from localcloud.engines import api
from localcloud.engines.database_api import NodeState


class Databases:
    """Builds, watches and switches MySQL instances."""

    def __init__(self, store: Store, engines: api.Engines, networks: Networks) -> None:
        self._store, self._engines, self._networks = store, engines, networks

    async def build(self, order_id: str) -> None:
        """Make an ordered instance (order kind "mysql-create", resource_ids = (its id,)).

        The handler has stored the order, the instance (order_status 3, step "", in_sync False, primary = id of the node in the
        master's zone, a replication user and password) and its nodes (fenced True, reseed False; of a read replica: reseed True).
        Afterwards order_status is 0 and the order finished; or 4 and the order failed with its problem, and no node is left.
        """
        raise NotImplementedError

    async def refund(self, order_id: str) -> None:
        """End a subscription (order kind "mysql-refund"): the nodes stop; order_status 8, to be destroyed."""
        raise NotImplementedError

    async def release(self, order_id: str) -> None:
        """Remove an instance for good (order kind "mysql-destroy"): nodes, disks, backups, records; its EIP is unbound."""
        raise NotImplementedError

    async def run_job(self, job_id: str) -> None:
        """Carry out a stored MysqlJob, which ends at 0 or, with the reason, at 2; running_status shows it meanwhile.

        Tasks and arguments: "restart", "stop", "start": {}; "switch": {"nodeId"}; "restore": {"backupId", "sourceId", "until"}
        ("until": Unix seconds as text, "" for the backup's own moment; "sourceId": the instance that the backup is of).
        """
        raise NotImplementedError

    async def back_up(self, backup_id: str) -> None:
        """Carry out a stored MysqlBackup (status 100): 101 while it runs, then 1 with its size, or -1 with the problem."""
        raise NotImplementedError

    async def delete_backup(self, backup_id: str) -> None:
        """Remove its files; the record is gone already or goes with it. Raises EngineError."""
        raise NotImplementedError

    async def switchover(self, mysql_id: str, node_id: str) -> None:
        """Make this node the primary, nothing lost; returns when the roles have changed. Raises EngineError with the reason when
        it cannot: the old primary takes writes again then."""
        raise NotImplementedError

    async def promote(self, mysql_id: str, accept_loss: bool) -> str:
        """Promote the standby of a dead primary by hand; what was done, in a sentence. Raises LocalError when it is refused."""
        raise NotImplementedError

    async def sql(
        self, mysql_id: str, statements: Sequence[tuple[str, Sequence[Any]]], log: bool = True
    ) -> list[tuple[Any, ...]]:
        """Statements as the administrator on the primary; the rows of the last one. Raises EngineError with MariaDB's sentence."""
        raise NotImplementedError

    def states(self, mysql_id: str) -> Mapping[str, NodeState]:
        """What the last look saw of its nodes, by node id."""
        raise NotImplementedError

    async def apply(self, mysql_id: str) -> None:
        """Bring networks and roles to what its records say: after changes of white list, group, EIP, sync or HA mode."""
        raise NotImplementedError

    async def watch(self) -> None:
        """Round after round, until the task is cancelled."""
        raise NotImplementedError
