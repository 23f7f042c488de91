"""Faults: each has an id, is stored before it is done, proves by looking that it landed, is listed, and can be undone.

Power-off: (1) all links of all servers hit go down in one go, so that no FIN and no RST gets out; that is the fault's
instant; (2) and (3), data disks lose what was not synced and processes are killed, are the engines' `power_cut`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from time import time
from typing import Any

from localcloud.controllers.faults import evidence, targets
from localcloud.controllers.faults.disks import FullDisks
from localcloud.controllers.faults.power import Scope, covers, fault_over, faults_about, power_faults
from localcloud.controllers.faults.wishes import Wish, check, planned
from localcloud.controllers.networks.networks import Networks
from localcloud.controllers.networks.nodes import Node, all_nodes
from localcloud.controllers.servers.servers import Servers
from localcloud.engines.interface.engines import EngineError, Engines, Power
from localcloud.records.compute import FAULTS, INSTANCES, Fault, Instance
from localcloud.records.errors import LocalError
from localcloud.records.store import Store

log = logging.getLogger("localcloud")

AT_ONCE = ("kill", "disk-full")  # done by one engine call each: where it fails, nothing has happened


class Faults:
    """Does faults to the cloud, and undoes them."""

    def __init__(self, store: Store, engines: Engines, networks: Networks, servers: Servers) -> None:
        self._store, self._engines, self._networks, self._servers = store, engines, networks, servers
        self._full = FullDisks(store, engines)

    async def inject(self, wish: Wish) -> Fault:
        """Check the wish, store the fault, let it land. Raises LocalError (nothing was done) or EngineError."""
        check(wish)
        await self._servers.look()
        with self._store.transaction():
            fault = self._store.put(FAULTS, planned(self._store, wish))
            if fault.kind == "power-off":
                self._want_off(fault)
        return await self.land(fault.id)

    def _want_off(self, fault: Fault) -> None:
        for server in targets.alive(self._store, fault):
            self._store.put(INSTANCES, replace(server, desired="off", updated=time()))

    def _nodes(self, fault: Fault) -> list[Node]:
        """The balancers' processes and MySQL nodes that the fault covers."""
        return [node for node in all_nodes(self._store) if covers(fault, node)]

    # -- landing -------------------------------------------------------------------------------------------------------
    async def land(self, fault_id: str) -> Fault:
        """Do it and look whether it worked; may be repeated, as after a kill of the daemon."""
        fault = self._store.require(FAULTS, fault_id)
        act = {"power-off": self._power_off, "cut": self._cut, "kill": self._kill, "disk-full": self._full.fill}
        try:
            fault = await act[fault.kind](fault)
        except EngineError as error:
            if fault.kind in AT_ONCE:
                self._store.delete(FAULTS, fault.id)
                raise LocalError(409, f"{fault.kind} on {fault.target} is not possible: {error}") from error
            self._store.put(FAULTS, replace(fault, phase="active", proof=f"The engines failed: {error}"))
            raise
        log.info("fault %s: %s on %s: %s", fault.id, fault.kind, fault.target, fault.proof)
        over = fault.kind == "kill"  # nothing is left of it that could be undone
        return self._store.put(FAULTS, replace(fault, phase="active", undone=fault.at if over else None))

    async def land_again(self, fault_id: str) -> None:
        """Carry on what a killed daemon had begun."""
        try:
            await self.land(fault_id)
        except (EngineError, LocalError) as error:
            log.error("fault %s was not carried on: %s", fault_id, error)

    async def _power_off(self, fault: Fault) -> Fault:
        servers, nodes = targets.alive(self._store, fault), self._nodes(fault)
        await self._networks.change(_vpcs(servers, nodes))
        at = time()
        databases = [node.id for node in nodes if node.mysql_id]
        await asyncio.gather(
            self._engines.servers.power_cut([server.id for server in servers]),
            self._engines.balancers.remove([node.id for node in nodes if not node.mysql_id]),
            *([self._engines.databases.nodes.cut_power(databases)] if databases else []),
        )
        seen, running = await self._engines.servers.observe(), await self._engines.databases.nodes.all()
        balancing = await self._engines.balancers.nodes()
        alive = [server.name for server in servers if seen.get(server.id) is Power.RUNNING]
        alive += [_called(node) for node in nodes if running.get(node.id) or node.id in balancing]
        with self._store.transaction():
            for server in targets.alive(self._store, fault):
                if server.status in ("running", "stopping", "starting", "restarting"):
                    self._store.put(INSTANCES, replace(server, status="stopped", updated=time()))
        names = [*(server.name for server in servers), *map(_called, nodes)]
        dead = f"links down first, then killed, none runs: {', '.join(names) or 'no server was on'}"
        proof = f"still running: {', '.join(alive)}" if alive else dead
        return replace(fault, at=at, landed=not alive, proof=proof)

    async def _cut(self, fault: Fault) -> Fault:
        pairs = evidence.pairs(self._store, fault)
        before = await evidence.reach(self._engines, pairs)
        await self._networks.change(self._cut_networks(fault))
        at = time()
        after = await evidence.reach(self._engines, pairs)
        return replace(fault, at=at, landed=not any(after.values()), proof=evidence.cut_sentence(before, after))

    def _cut_networks(self, fault: Fault) -> set[str]:
        """The VPCs of both sides, servers included that came later, and balancers."""
        servers = [
            *targets.alive(self._store, fault),
            *targets.members(self._store, Scope(**fault.scope), fault.name_prefix or ""),
        ]
        nodes = self._nodes(fault)
        if fault.to_scope:
            far = Scope(**fault.to_scope)
            servers += targets.members(self._store, far)
            nodes += [node for node in all_nodes(self._store) if far.covers(node)]
        return _vpcs(servers, nodes)

    async def _kill(self, fault: Fault) -> Fault:
        name, inside, databases = fault.process or "", self._engines.inside, self._engines.databases
        killing = [(server.name, inside.kill_process(server.id, name)) for server in targets.alive(self._store, fault)]
        killing += [(node.name, databases.inside.kill_process(node.id, name)) for node in targets.databases(self._store, fault)]
        results = await asyncio.gather(*(work for _, work in killing), return_exceptions=True)
        at, hit, said = time(), 0, []
        for (where, _), result in zip(killing, results, strict=True):
            if isinstance(result, EngineError):  # such as one that is off; what was killed elsewhere is dead all the same
                said.append(f"none on {where}: {result}")
            elif isinstance(result, BaseException):
                raise result
            else:
                hit += result
                said.append(f"{result} on {where}")
        if not hit:
            raise EngineError(f"no process named {name} was found: {', '.join(said)}")
        return replace(fault, at=at, landed=True, proof=f"SIGKILL to processes named {name}: {', '.join(said)}")

    # -- undoing -------------------------------------------------------------------------------------------------------
    async def undo(self, fault_id: str) -> Fault:
        """Take the fault back and prove it. Raises LocalError when there is nothing to undo."""
        fault = self._store.get(FAULTS, fault_id)
        if fault is None:
            raise LocalError(404, f"there is no fault {fault_id}")
        if fault.kind == "kill":
            raise LocalError(409, f"fault {fault.id} killed a process; there is nothing to undo: start the process again")
        if fault.phase != "active":
            raise LocalError(
                409, f"fault {fault.id} is {fault.phase} already" if fault.undone else f"fault {fault.id} is landing"
            )
        undo = {"power-off": self._power_on, "cut": self._join, "disk-full": self._free}[fault.kind]
        proof = await undo(fault)
        return self._store.put(FAULTS, replace(self._store.require(FAULTS, fault.id), proof=proof))

    def _take_back(self, fault: Fault) -> None:
        self._store.put(FAULTS, replace(fault, phase="undone", undone=time()))

    async def _power_on(self, fault: Fault) -> str:
        with self._store.transaction():
            self._take_back(fault)
            others = power_faults(self._store)
            nodes = self._nodes(fault)  # balancers and MySQL instances start what has power again by themselves
            alive = targets.alive(self._store, fault)
            back = [server for server in alive if server.status == "stopped" and not fault_over(others, server)]
        await self._networks.change(_vpcs(alive, nodes))
        databases = [node.name for node in nodes if node.mysql_id and not fault_over(others, node)]
        started = f"; started by their controller: {', '.join(databases)}" if databases else ""
        return await self.switch_on(back) + started

    async def switch_on(self, servers: Sequence[Instance]) -> str:
        """Boot stopped servers, those that still exist and are still off, and say what is seen of them."""
        with self._store.transaction():
            now = [self._store.get(INSTANCES, server.id) for server in servers]
            servers = [server for server in now if server and server.status in ("stopped", "starting")]
            for server in servers:
                self._store.put(INSTANCES, replace(server, status="starting", desired="on", updated=time()))
        try:
            await self._servers.boot(servers)
        finally:
            try:
                seen = await self._engines.servers.observe()
            except EngineError:
                seen = {}  # the next look tells
            with self._store.transaction():
                for server in servers:
                    self._settle(server.id, seen.get(server.id, Power.GONE))
        running = [server.name for server in servers if seen.get(server.id) is Power.RUNNING]
        return f"running again: {', '.join(running) or 'none'} ({len(running)} of {len(servers)})"

    def _settle(self, instance_id: str, power: Power) -> None:
        server = self._store.get(INSTANCES, instance_id)
        if server and server.status == "starting":
            status = "running" if power is Power.RUNNING else "stopped"
            self._store.put(INSTANCES, replace(server, status=status, updated=time()))

    def _mark(self, vpc_ids: set[str]) -> None:
        for vpc_id in vpc_ids:
            self._networks.mark(vpc_id)

    async def _join(self, fault: Fault) -> str:
        """Where the routers cannot be told the fault stays in force, so that it can be undone again."""
        with self._store.transaction():
            self._take_back(fault)
            vpcs = self._cut_networks(fault)
            self._mark(vpcs)
        try:
            await self._networks.apply(vpcs)
        except EngineError:
            with self._store.transaction():
                self._store.put(FAULTS, fault)
                self._mark(vpcs)
            raise
        return evidence.join_sentence(await evidence.reach(self._engines, evidence.pairs(self._store, fault)))

    async def _free(self, fault: Fault) -> str:
        await self._full.free(fault)
        self._take_back(fault)
        return await self._full.seen(fault)

    # -- power on by target --------------------------------------------------------------------------------------------
    async def power_on(self, target: str, name_prefix: str | None) -> dict[str, Any]:
        """Undo the power faults that lie inside the target, and start whatever else is stopped there."""
        await self._servers.look()
        scope = targets.parse(target, self._store, name_prefix or "")
        members = targets.members(self._store, scope, name_prefix or "")
        parts: list[Instance | Node] = [*members, *targets.nodes(self._store, scope, name_prefix or "")]
        names = {part.id for part in parts}
        inside, outside = faults_about(self._store, scope, names, name_prefix)
        for fault in outside:
            if any(covers(fault, part) for part in parts):
                raise LocalError(409, f"{target} has no power because of fault {fault.id} on {fault.target}; undo that one")
        undone = [(await self.undo(fault.id)).id for fault in inside]
        stopped = [found for id_ in names if (found := self._store.get(INSTANCES, id_)) and found.status == "stopped"]
        proof = await self.switch_on(stopped) if stopped else "nothing else was off"
        return {"undone": undone, "started": [server.name for server in stopped], "proof": proof}


def _vpcs(servers: Sequence[Instance], nodes: Sequence[Node]) -> set[str]:
    return {server.vpc_id for server in servers} | {node.vpc_id for node in nodes}


def _called(node: Node) -> str:
    return node.name if node.mysql_id else f"{node.name} (its HAProxy there)"
