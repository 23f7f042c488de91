"""How each action of the controller is done. Each stores its outcome in one transaction, so that another daemon can carry on.

What must be known before something irreversible happens is stored before it; what follows from an action, after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import time
from typing import Any

from localcloud.controllers.databases import grants
from localcloud.controllers.databases.ha import Action, Decision
from localcloud.controllers.databases.ha.decisions import refused
from localcloud.controllers.databases.ha.model import MOST_TRIES
from localcloud.controllers.databases.ha.progress import further
from localcloud.controllers.databases.view import ASYNC, Track, engine_nodes, nodes_of, now, standby_of
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.networks import Networks, cut_from
from localcloud.engines.interface.databases import DatabaseEngine, Replication
from localcloud.engines.interface.engines import EngineError
from localcloud.records.compute import EIPS
from localcloud.records.databases import MYSQL_NODES, MYSQLS, SWITCHES, Mysql, MysqlNode, SwitchRecord
from localcloud.records.identifiers import hex_id
from localcloud.records.store import Store

APPLY_SECONDS = 30.0  # for a standby to apply what it has received, before it follows
APPLY_LOOK_SECONDS = 2.0  # between two looks at a candidate that does so before it is promoted
CLOSE_SECONDS = 2.0
GIVEN_UP_SECONDS = 30.0  # between two failovers to a standby that could not be prepared


class ActionRunner:
    """Does what the controller decides."""

    def __init__(self, store: Store, engine: DatabaseEngine, networks: Networks) -> None:
        self._store, self._engine, self._networks = store, engine, networks
        self._methods: dict[Action, Callable[[Mysql, str, Track, str], Awaitable[None]]] = {
            Action.BOOT: self._boot, Action.KILL: self._kill, Action.ADMIT: self._admit, Action.SEAT: self._seat,
            Action.OPEN: self._open, Action.FOLLOW: self._follow, Action.SEMI_SYNC_ON: self._semi_sync_on,
            Action.SEMI_SYNC_OFF: self._semi_sync_off, Action.TRY: self._try, Action.GO_ALONE: self._go_alone,
            Action.MARK_OUT_OF_SYNC: self._mark_out_of_sync, Action.MARK_IN_SYNC: self._mark_in_sync,
            Action.MARK_RESEED: self._mark_reseed, Action.RESEED: self._reseed,
            Action.BEGIN: self._begin, Action.FENCE: self._fence, Action.APPLY: self._apply, Action.CLOSE: self._close,
            Action.ATTACH: self._attach, Action.PROMOTE: self._promote, Action.MOVE: self._move, Action.FINISH: self._finish,
            Action.ABORT: self._abort, Action.REJECT: self._reject,
        }  # fmt: skip

    async def run(self, mysql: Mysql, decision: Decision, track: Track) -> None:
        """Raises EngineError when it failed; it can be done again then."""
        await self._methods[decision.action](mysql, decision.node_id, track, decision.reason)

    # -- one node ------------------------------------------------------------------------------------------------------
    async def _boot(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        if node_id == mysql.primary:
            track.seated = False
        self._keep_node(node_id, fenced=True)
        await self._networks.change({mysql.vpc_id})
        node = engine_nodes(self._store, mysql)[node_id]
        await self._engine.nodes.create(node)  # its container may have been removed behind our back
        await self._engine.nodes.boot(node)
        await self.cut_if_dead(node_id)

    async def _kill(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.nodes.cut_power([node_id])

    async def _admit(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        self._keep_node(node_id, fenced=False)
        await self._networks.change({mysql.vpc_id})

    async def _follow(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """What it has received is applied before it is forgotten: it counts as acknowledged."""
        if track.seen(node_id).following:
            await self._engine.replication.stop_receiving(node_id)
            await self._engine.replication.apply_all(node_id, APPLY_SECONDS)
        head = self._store.require(MYSQLS, mysql.parent) if mysql.parent else mysql
        source = self._source(mysql, head, head.primary)
        if refused(track.seen(node_id)):
            await self._let_in(source)
        await self._engine.replication.follow(node_id, source)

    async def _let_in(self, source: Replication) -> None:
        """Make the account for followers anew, on the source alone: an administrator may have dropped it, or overwritten it by a
        dump, and what is logged would wait for the very standby that is not let in."""
        account = grants.replication_account(source.user, source.password)
        await self._engine.sql(source.node_id, [("SET SESSION lock_wait_timeout = 2", ()), *account], log=False)

    def _source(self, mysql: Mysql, head: Mysql, node_id: str) -> Replication:
        """How the instance's follower replicates from a node of `head`'s. Only a standby's acknowledgement counts."""
        address, user, password = self._node(node_id).address, head.replication_user, head.replication_password
        return Replication(node_id, address, user, password, head.port, acknowledge=not mysql.parent)

    async def _mark_reseed(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        with self._store.durably():
            self._keep(mysql.id, in_sync=False)
            self._keep_node(node_id, reseed=True)

    async def _reseed(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        head = self._store.require(MYSQLS, mysql.parent) if mysql.parent else mysql
        track.seated = track.seated and not mysql.parent
        with self._store.durably():
            self._keep(mysql.id, in_sync=False)
            self._keep_node(node_id, fenced=True)
        await self._networks.change({mysql.vpc_id})
        node = engine_nodes(self._store, mysql)[node_id]
        await self._engine.nodes.create(node)
        await self._engine.nodes.cut_power([node_id])
        await self._engine.backups.reseed(node, head.primary)
        await self.cut_if_dead(node_id)
        self._keep_node(node_id, reseed=False)

    async def cut_if_dead(self, node_id: str) -> None:
        """A node that was started while a power fault landed on it."""
        if fault_over(power_faults(self._store), self._node(node_id)):
            await self._engine.nodes.cut_power([node_id])

    # -- the primary ---------------------------------------------------------------------------------------------------
    async def _open(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.replication.forget_source(node_id)  # a switchover may have been given up when it followed already
        await self._engine.replication.open_writes(node_id)

    async def _seat(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._networks.change({mysql.vpc_id})  # the router takes it from the loser
        losers = [node.id for node in nodes_of(self._store, mysql) if node.id != node_id]
        await self._engine.links.move_address(mysql.address, node_id, losers)
        if self._store.count(EIPS, instance_id=mysql.id):  # its EIP is elsewhere in a zone now
            await self._networks.change(cut_from(self._store, mysql.vpc_id))
        track.seated = True

    async def _semi_sync_on(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.semi_sync.switch(node_id, True)

    async def _semi_sync_off(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        if self._store.require(MYSQLS, mysql.id).in_sync and mysql.kind == "pair":
            raise EngineError("a primary whose standby counts as in sync must not acknowledge alone")
        await self._engine.semi_sync.switch(node_id, False)

    async def _try(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.semi_sync.attempt(node_id)

    async def _go_alone(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """It is stored first that the standby will lack writes. What it has left at the primary would be in its way when it comes
        again."""
        self._keep(mysql.id, in_sync=False)
        await self._engine.semi_sync.switch(mysql.primary, False)
        await self._engine.replication.end_follower(mysql.primary, self._node(node_id).address, mysql.replication_user)

    async def _mark_out_of_sync(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        self._keep(mysql.id, in_sync=False)

    async def _mark_in_sync(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        self._keep(mysql.id, in_sync=True)

    # -- changes of roles ----------------------------------------------------------------------------------------------
    async def _begin(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        self.begin(mysql, node_id, "failover", "fence", reason, track.memory.received)

    def begin(self, mysql: Mysql, candidate: str, why: str, phase: str, detail: str, gtid: str = "") -> str:
        """Store that roles change from now on; the id of the record that tells how it ends."""
        record = SwitchRecord(
            hex_id(), mysql.region, mysql.id, why, "running", mysql.primary, mysql.primary, detail, time(), None
        )
        with self._store.durably():
            self._store.put(SWITCHES, record)
            self._keep(mysql.id, step=phase, candidate=candidate, step_gtid=gtid, reason=why, switch_id=record.id)
        return record.id

    async def _fence(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """Link first, so that no write of it is acknowledged any more; also for one that takes writes without being primary."""
        self._keep_node(node_id, fenced=True, **({} if mysql.step else {"reseed": True}))
        await self._networks.change({mysql.vpc_id})
        await self._engine.nodes.cut_power([node_id])
        if mysql.step:
            self._keep(mysql.id, step="apply")

    async def _apply(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.replication.stop_receiving(node_id)
        applying = await self._engine.replication.apply_for(node_id, APPLY_LOOK_SECONDS)
        self._tell_of(mysql, node_id, applying.ended)
        track.applying = further(track.applying, now(), applying.left, applying.tables)
        if applying.done:
            self._keep(mysql.id, step="check")

    async def _close(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        self._tell_of(mysql, mysql.candidate, await self._engine.replication.end_lock_holders(mysql.candidate))
        position = await self._engine.replication.close_writes(node_id, CLOSE_SECONDS)
        self._keep(mysql.id, step="catch", step_gtid=position)

    async def _attach(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._engine.replication.match_events(mysql.candidate, node_id)
        await self._engine.replication.forget_source(mysql.candidate)
        await self._engine.replication.follow(node_id, self._source(mysql, mysql, mysql.candidate))
        self._keep(mysql.id, step="check")

    async def _promote(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """Alone unless the old primary follows it already. Once phase `open` is stored there is no way back."""
        in_sync = mysql.in_sync and mysql.reason == "manual"
        await self._engine.replication.forget_source(node_id)
        await self._engine.semi_sync.switch(node_id, in_sync and mysql.sync_mode != ASYNC)
        self._tell_of(mysql, node_id, await self._engine.replication.end_lock_holders(node_id))
        track.seated = False
        self._keep(mysql.id, primary=node_id, in_sync=in_sync, step="open")
        await self._engine.replication.open_writes(node_id)
        self._keep(mysql.id, step="address")

    async def _move(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        await self._seat(mysql, node_id, track, reason)
        self._keep(mysql.id, step="mark")

    async def _finish(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        with self._store.durably():
            standby = standby_of(self._store, mysql)
            if standby is not None and mysql.reason != "manual":  # it may have writes that nobody else has
                self._keep_node(standby.id, reseed=True)
            self._end(mysql, "done", "")

    async def _abort(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """The old primary is the primary still."""
        with self._store.durably():
            self._end(mysql, "failed", reason)
        if mysql.reason != "manual" and track.tries >= MOST_TRIES:  # first the old primary has its chance
            track.given_up = (now() + GIVEN_UP_SECONDS, reason)

    async def _reject(self, mysql: Mysql, node_id: str, track: Track, reason: str) -> None:
        """A standby that lacks what it had acknowledged is not tried again."""
        with self._store.durably():
            self._keep(mysql.id, in_sync=False)
            self._end(mysql, "failed", reason)

    def _end(self, mysql: Mysql, state: str, problem: str) -> None:
        record = self._store.get(SWITCHES, mysql.switch_id)
        if record is not None:
            detail = f"{record.detail}; {problem}" if problem else record.detail
            self._store.put(SWITCHES, replace(record, state=state, after=mysql.primary, detail=detail, ended=time()))
        self._keep(mysql.id, step="", candidate="", step_gtid="", reason="", switch_id="")

    def _tell_of(self, mysql: Mysql, node_id: str, ended: Sequence[str]) -> None:
        """Whose sessions had to end for this change of roles stands in its record."""
        record = self._store.get(SWITCHES, mysql.switch_id)
        if ended and record is not None:
            detail = f"{record.detail}; ended on {self._node(node_id).name}, as they kept it from its role: {', '.join(ended)}"
            self._store.put(SWITCHES, replace(record, detail=detail))

    # -- records -------------------------------------------------------------------------------------------------------
    def _node(self, node_id: str) -> MysqlNode:
        return self._store.require(MYSQL_NODES, node_id)

    def _keep(self, mysql_id: str, **changes: Any) -> None:
        mysql = self._store.require(MYSQLS, mysql_id)
        with self._store.durably():
            self._store.put(MYSQLS, replace(mysql, updated=time(), **changes))
            if changes.get("step") and (record := self._store.get(SWITCHES, mysql.switch_id)):
                self._store.put(SWITCHES, replace(record, steps={**record.steps, changes["step"]: time()}))

    def _keep_node(self, node_id: str, **changes: Any) -> None:
        with self._store.durably():
            self._store.put(MYSQL_NODES, replace(self._node(node_id), **changes))
