"""Balancers' lives: records turned into what the engines shall run, the address that follows a living process, and the watch.

The watch is level-triggered: each round compares what is wanted with what was applied last and with who answers. So a killed
daemon, a deleted server and a zone that has its power back need no steps of their own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from time import monotonic, time

from localcloud.controllers.balancers.specs import wanted
from localcloud.controllers.failures import log_failure
from localcloud.controllers.faults.power import fault_over, power_faults
from localcloud.controllers.networks.networks import Networks, cut_from
from localcloud.controllers.networks.nodes import Node, all_nodes, nodes_of
from localcloud.engines.interface.balancers import BalancerEngine
from localcloud.engines.interface.errors import EngineError, HalfApplied
from localcloud.engines.interface.values import BalancerSpec
from localcloud.records import eips, orders
from localcloud.records.balancers import BALANCERS, LISTENERS, Balancer
from localcloud.records.compute import EIPS, ORDERS
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

ROUND_SECONDS = 0.5
REST_SECONDS = 5.0  # a process that died without a power fault is started again after so long


class Balancers:
    """Builds, configures and watches balancers."""

    def __init__(self, store: Store, engine: BalancerEngine, networks: Networks) -> None:
        self._store, self._engine, self._networks = store, engine, networks
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # over what its processes do
        self._seats: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # over where its address is; taken last
        self._seated: set[str] = set()  # balancers that have been complete since this daemon watches
        self.seen: Mapping[str, str] = {}  # health by target id, at the last look
        self._applied: dict[str, BalancerSpec] = {}
        self._died: dict[str, float] = {}  # node id -> when it was first seen dead
        self._swept = False  # there are no processes of balancers that are gone

    async def apply(self, balancer_id: str) -> None:
        """Bring it to what its records say; fine if it is gone. Raises EngineError."""
        async with self._locks[balancer_id]:
            balancer = self._store.get(BALANCERS, balancer_id)
            if balancer is None:
                return
            spec = wanted(self._store, balancer)
            changed = spec != self._applied.get(balancer_id)
            if changed:
                self._applied.pop(balancer_id, None)
                # rules first: a card is plugged in behind them
                await self._networks.change({balancer.vpc_id})
                try:
                    await self._change(balancer, spec)
                finally:
                    await self._remove_dark(balancer)
            await self._seat_address(balancer_id, again=changed)

    async def _change(self, balancer: Balancer, spec: BalancerSpec) -> None:
        """A process that cannot follow does not keep the other one from it; the watch tries it again."""
        try:
            await self._engine.apply(spec)
        except HalfApplied as error:
            log.warning("balancer %s (%s): %s", balancer.name, balancer.id, error)
        else:
            self._applied[balancer.id] = spec

    async def _remove_dark(self, balancer: Balancer) -> None:
        """A fault may have landed while a process was being started."""
        faults = power_faults(self._store)
        if dark := [node.id for node in nodes_of(balancer) if fault_over(faults, node)]:
            await self._engine.remove(dark)

    async def carry_out(self, order_id: str) -> None:
        """Build an ordered balancer; the order ends at 3 when it is built, at 5 when nothing is left of it."""
        [balancer_id] = self._store.require(ORDERS, order_id).resource_ids
        problem = ""
        try:
            await self.apply(balancer_id)
            if self._store.get(BALANCERS, balancer_id) is None:
                raise EngineError("its load balancer was given back before it was built")
        except Exception as error:
            problem = log_failure(f"order {order_id}", error)
            await self._give_up(balancer_id)
        orders.close(self._store, order_id, problem)

    async def _give_up(self, balancer_id: str) -> None:
        """A failed order leaves nothing behind."""
        balancer = self._store.get(BALANCERS, balancer_id)
        if balancer is None:
            return
        with self._store.transaction():
            for listener in self._store.find(LISTENERS, balancer_id=balancer_id):
                self._store.delete(LISTENERS, listener.id)
            self.forget(balancer)
        await self.remove(balancer)

    def forget(self, balancer: Balancer) -> None:
        """Drop the record (in the caller's transaction): its addresses and its EIP are free."""
        eips.leave(self._store, balancer.id)
        self._store.delete(BALANCERS, balancer.id)
        self._networks.mark(balancer.vpc_id)  # a daemon that is killed before `remove` leaves this to the next one

    async def remove(self, balancer: Balancer) -> str:
        """Remove a balancer's processes and address; its record is gone already. What failed, which the watch tries again."""
        async with self._locks[balancer.id], self._seats[balancer.id]:
            self._applied.pop(balancer.id, None)
            self._seated.discard(balancer.id)
            try:
                try:
                    await self._engine.remove([node.id for node in nodes_of(balancer)])
                finally:
                    await self._networks.change({balancer.vpc_id})  # at least nobody reaches them, or their EIP, any more
            except Exception as error:
                self._swept = False
                return log_failure(f"removing balancer {balancer.name} ({balancer.id})", error)
        return ""

    async def look(self) -> None:
        """Ask the active processes what they see of their targets; where several see a target, none may miss it."""
        balancers = [balancer for balancer in self._store.find(BALANCERS) if balancer.active]
        seen: dict[str, str] = {}
        for health in await asyncio.gather(*map(self._health, balancers)):
            seen |= {target_id: word for target_id, word in health.items() if seen.get(target_id) != "offline"}
        self.seen = seen

    async def _health(self, balancer: Balancer) -> Mapping[str, str]:
        try:
            return await self._engine.target_health(balancer.active)
        except EngineError:
            return {}

    # -- the watch -----------------------------------------------------------------------------------------------------
    async def watch(self) -> None:
        """Round after round, until the task is cancelled; first what a killed daemon had not removed any more."""
        self._swept = False
        self._applied.clear()  # after a shutdown that failed the processes may be gone
        self._seated.clear()
        async with asyncio.TaskGroup() as changes:
            while True:
                if not self._swept:
                    await self._sweep()
                for balancer in self._store.find(BALANCERS):
                    if not self._seats[balancer.id].locked():  # nobody waits for another balancer's network
                        changes.create_task(self._follow(balancer))
                    if not self._locks[balancer.id].locked():
                        changes.create_task(self.tend(balancer))
                await asyncio.sleep(ROUND_SECONDS)

    async def _follow(self, balancer: Balancer) -> None:
        """The address leaves a process that does not answer, also in the middle of a change, which waits for that process."""
        if balancer.id not in self._seated and self._locks[balancer.id].locked():
            return  # it is being built
        await self._tried(balancer, self._seat_address(balancer.id))

    async def _sweep(self) -> None:
        try:
            strangers = await self._engine.nodes() - {node.id for node in all_nodes(self._store)}
            if strangers:
                await self._engine.remove(strangers)
        except EngineError as error:
            log.warning("what is left of balancers that are gone is not removed yet: %s", error)
        else:
            self._swept = True

    async def tend(self, balancer: Balancer) -> None:
        """Bring one balancer to what its records say; what fails is logged and tried again in the next round."""
        await self._tried(balancer, self.apply(balancer.id))

    async def _tried(self, balancer: Balancer, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:  # the watch over the others must go on
            log.warning("balancer %s (%s): %s", balancer.name, balancer.id, error, exc_info=not isinstance(error, EngineError))

    async def _seat_address(self, balancer_id: str, again: bool = False) -> None:
        """The address goes to a process that answers; it stays where it is while that one does.

        `again`: the process may be a new one, which does not have the address yet.
        """
        async with self._seats[balancer_id]:
            await self._seat(balancer_id, again)

    async def _seat(self, balancer_id: str, again: bool) -> None:
        balancer = self._store.get(BALANCERS, balancer_id)
        if balancer is None:
            return
        nodes = nodes_of(balancer)
        answering = await self._engine.answering([node.id for node in nodes])
        faults = power_faults(self._store)
        powered = [node for node in nodes if not fault_over(faults, node)]
        self._note_deaths(balancer, powered, answering)
        living = [node.id for node in powered if node.id in answering]
        if not living:
            self._keep(balancer_id, status="DOWN")
            return
        if balancer.active in living and balancer.status == "ACTIVE" and not again:
            self._seated.add(balancer_id)
            return
        winner = balancer.active if balancer.active in living else living[0]
        moved = winner != balancer.active
        if balancer.active and moved:
            log.warning("balancer %s: its address moves from %s to %s", balancer.name, balancer.active, winner)
        self._keep(balancer_id, active=winner)
        try:
            await self._networks.change({balancer.vpc_id})  # the router takes it from the loser
            await self._engine.move_address(balancer.address, winner, [node.id for node in nodes if node.id != winner])
        except EngineError:
            self._keep(balancer_id, status="DOWN")  # the next round tries again
            raise
        self._keep(balancer_id, status="ACTIVE")
        self._seated.add(balancer_id)
        if moved and self._store.count(EIPS, instance_id=balancer_id):  # its EIP is elsewhere in a zone now
            await self._networks.change(cut_from(self._store, balancer.vpc_id))

    def _note_deaths(self, balancer: Balancer, nodes: list[Node], answering: frozenset[str]) -> None:
        """What died though it has power is forgotten as applied after a rest, so that the next round starts it again."""
        for node in nodes:
            if node.id in answering:
                self._died.pop(node.id, None)
            elif monotonic() - self._died.setdefault(node.id, monotonic()) > REST_SECONDS:
                del self._died[node.id]
                self._applied.pop(balancer.id, None)

    def _keep(self, balancer_id: str, **changes: str) -> None:
        balancer = self._store.get(BALANCERS, balancer_id)
        if balancer is not None and any(getattr(balancer, name) != value for name, value in changes.items()):
            # what takes a dict of texts cannot know which fields are texts
            self._store.put(BALANCERS, replace(balancer, updated=time(), **changes))  # type: ignore[arg-type]
