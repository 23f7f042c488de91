"""The control loop over MySQL instances: observe, remember, decide, do one action. One run at a time per instance."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from time import time

from localcloud.controllers.databases.action_runner import ActionRunner
from localcloud.controllers.databases.ha import Action, Decision, View, decide, remember
from localcloud.controllers.databases.view import Track, looked_at, nodes_of, now, settings, standby_of, view_of
from localcloud.controllers.locks import Locks
from localcloud.controllers.networks.networks import Networks
from localcloud.engines.interface.databases import DatabaseEngine
from localcloud.engines.interface.engines import EngineError
from localcloud.records.databases import MYSQL_NODES, MYSQLS, SWITCHES, Mysql, MysqlNode
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

REST_SECONDS = 5.0  # what failed on a node is tried again after so long
BRIEF_SECONDS = 0.05  # between runs in which somebody waits for an instance
STEADY = (0,)  # prodOrderStatus of instances that are watched: those that are made, and neither stopped nor refunded
STOPPED, REFUNDED, FAILED = 6, 8, 4


class ControlLoop:
    """Keeps every instance as it is desired, and remembers what it needs between two runs."""

    def __init__(self, store: Store, engine: DatabaseEngine, networks: Networks) -> None:
        self.store, self.engine, self.networks = store, engine, networks
        self.actions = ActionRunner(store, engine, networks)
        self.settings = settings()
        self.tracks: defaultdict[str, Track] = defaultdict(Track)
        self._locks = Locks()

    @asynccontextmanager
    async def held(self, mysql_id: str) -> AsyncIterator[Mysql]:
        """Nobody else works on the instance meanwhile. Raises EngineError when it is gone."""
        async with self._locks.held([mysql_id]):
            mysql = self.store.get(MYSQLS, mysql_id)
            if mysql is None:
                raise EngineError(f"MySQL instance {mysql_id} was removed meanwhile")
            yield mysql

    async def look(self, mysql: Mysql) -> View:
        """Ask the nodes that matter how they are; what the controller decides by."""
        nodes, track, began = looked_at(self.store, mysql), self.tracks[mysql.id], now()
        seen = await self.engine.observe(nodes, self.settings.look)
        standby = standby_of(self.store, mysql)
        fenced = {node.id for node in nodes_of(self.store, mysql) if node.fenced}
        other = standby.id if standby else ""
        track.memory = remember(track.memory, mysql.primary, other, fenced, seen, began, self.settings)
        return view_of(self.store, mysql, track, self.tracks)

    async def run_once(self, mysql_id: str) -> bool:
        """Do one action, if there is one to do; the caller holds the instance. What fails is logged, and tried again later."""
        mysql = self.store.require(MYSQLS, mysql_id)
        view = await self.look(mysql)
        decision = decide(view, self.settings)
        if decision.action is Action.WAIT:
            if mysql.verdict != decision.reason:
                log.info("MySQL instance %s: %s", mysql.name, decision.reason)
            self._say(mysql_id, decision.reason)
            return False
        log.info("MySQL instance %s: %s [%s]", mysql.name, decision.reason, decision.action)
        self._say(mysql_id, decision.reason)  # before it is done: a node that starts or is rebuilt may take minutes
        try:
            await self.actions.run(mysql, decision, self.tracks[mysql_id])
        except (
            EngineError,
            OSError,
        ) as error:  # OSError: most likely a full disk; what fails is counted
            self._failed(mysql, decision, str(error))
            return False
        self.tracks[mysql_id].tries = 0
        return True

    def _failed(self, mysql: Mysql, decision: Decision, problem: str) -> None:
        sentence = f"{decision.reason}; that failed: {problem}"
        log.warning("MySQL instance %s: %s", mysql.name, sentence)
        track = self.tracks[mysql.id]
        track.tries += 1
        if not mysql.step:
            track.rests[decision.node_id] = (now() + REST_SECONDS, problem)
        self._say(mysql.id, sentence)

    def _say(self, mysql_id: str, verdict: str) -> None:
        mysql = self.store.get(MYSQLS, mysql_id)
        if mysql is not None and mysql.verdict != verdict:
            self.store.put(MYSQLS, replace(mysql, verdict=verdict, updated=time()))

    # -- somebody waits ------------------------------------------------------------------------------------------------
    async def change(self, mysql_id: str, seconds: float) -> None:
        """Carry a change of roles to its end; the caller holds the instance. Raises EngineError when it fell back."""
        switch_id, deadline = self.store.require(MYSQLS, mysql_id).switch_id, now() + seconds
        while self.store.require(MYSQLS, mysql_id).step:
            acted = await self.run_once(mysql_id)
            if now() > deadline and self.store.require(MYSQLS, mysql_id).step:
                verdict = self.store.require(MYSQLS, mysql_id).verdict
                raise EngineError(f"the roles have not changed within {seconds:.0f} s and still do; last: {verdict}")
            if not acted:
                await asyncio.sleep(BRIEF_SECONDS)
        record = self.store.get(SWITCHES, switch_id)
        if record is not None and record.state == "failed":
            raise EngineError(record.detail)

    async def wait_until(self, mysql_id: str, done: Callable[[Mysql], bool], seconds: float, what: str) -> None:
        """Run again and again until `done` says yes. Raises EngineError with what was seen last."""
        deadline = now() + seconds
        while True:
            async with self.held(mysql_id) as mysql:
                acted = await self.run_once(mysql_id)
                if not acted and done(self.store.require(MYSQLS, mysql_id)):
                    return
            if now() > deadline:
                verdict = self.store.require(MYSQLS, mysql_id).verdict
                raise EngineError(f"waited {seconds:.0f} s for MySQL instance {mysql.name} {what}; last seen: {verdict}")
            if not acted:
                await asyncio.sleep(BRIEF_SECONDS)

    def takes_writes(self, mysql: Mysql) -> bool:
        """As the last look saw it; a read replica follows."""
        seen = self.tracks[mysql.id].seen(mysql.primary)
        return (seen.receiving if mysql.kind == "replica" else seen.writable) and self.tracks[mysql.id].seated

    # -- the watch -----------------------------------------------------------------------------------------------------
    async def watch(self) -> None:
        """Keep every instance that is made; each by itself, so that a slow one delays no other. Until cancelled."""
        self.tracks.clear()  # after a shutdown that failed nothing of it may be true
        await self._sweep()
        kept: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                kept = {mysql_id: task for mysql_id, task in kept.items() if not task.done()}
                for mysql in self.store.find(MYSQLS):
                    if mysql.id not in kept and mysql.order_status in STEADY:
                        kept[mysql.id] = group.create_task(self._keep(mysql.id))
                await asyncio.sleep(BRIEF_SECONDS * 4)

    async def _keep(self, mysql_id: str) -> None:
        while (mysql := self.store.get(MYSQLS, mysql_id)) is not None and mysql.order_status in STEADY:
            began = now()
            if not await self.run_guarded(mysql_id):
                pause = BRIEF_SECONDS if mysql.step else self.settings.interval - (now() - began)
                await asyncio.sleep(max(BRIEF_SECONDS, pause))
        self.tracks.pop(mysql_id, None)

    async def run_guarded(self, mysql_id: str) -> bool:
        """Run once under the instance's lock; the watch over the others goes on whatever happens in it."""
        try:
            async with self.held(mysql_id) as mysql:
                return mysql.order_status in STEADY and await self.run_once(mysql_id)
        except EngineError as error:
            log.warning("MySQL instance %s: %s", mysql_id, error)
        except Exception:
            log.exception("MySQL instance %s: a fault of the local cloud itself", mysql_id)
        return False

    async def _sweep(self) -> None:
        """What a killed daemon had not removed any more."""
        try:
            known = {node.id for node in self.store.find(MYSQL_NODES)}
            if strangers := set(await self.engine.nodes.all()) - known:
                await self.engine.nodes.remove(strangers)
        except EngineError as error:
            log.warning("what is left of MySQL instances that are gone is not removed yet: %s", error)

    def nodes(self, mysql: Mysql) -> list[MysqlNode]:
        """Its nodes, the primary first."""
        return sorted(nodes_of(self.store, mysql), key=lambda node: node.id != mysql.primary)
