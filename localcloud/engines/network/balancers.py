"""Load balancers: two HAProxy containers each, with one configuration and one address that is with one of them at a time."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

from localcloud.engines.context import Context
from localcloud.engines.host import Flags
from localcloud.engines.images import reference
from localcloud.engines.interface.engines import BalancerNode, BalancerSpec, EngineError, HalfApplied
from localcloud.engines.network.haproxy_text import (
    FOLDER,
    SHARED,
    busy,
    certificate_file,
    changes,
    configuration,
    for_next_worker,
    health,
    leaving,
    structure,
)
from localcloud.engines.network.network import Networks, Process, running, started
from localcloud.engines.waiting import wait_until, within

# What the runtime API says to a command that it has carried out; most of them it answers with nothing.
_DONE = re.compile("^New server registered|^Server deleted|changed from .* by 'stats socket command'")
_ANSWER = 1.0  # seconds until a HAProxy that says nothing is taken for dead
_STARTS = 10.0
_REVIVES = 3.0  # seconds until one that was started long ago and says nothing is given up for now
_LAST_ANSWERS = 3.0  # seconds for what a target that goes is still answering, or for a connect to it to run into its time-out
_REMOVAL = 2.0  # seconds for the last connection of a removed target to end


class Balancers:
    """The balancer nodes of one cloud."""

    def __init__(self, context: Context, networks: Networks) -> None:
        self._context, self._networks = context, networks

    async def apply(self, spec: BalancerSpec) -> None:
        """All nodes at the same time; raises the first EngineError after all have been tried, HalfApplied where one could."""
        results = await asyncio.gather(*(self._apply_node(spec, node) for node in spec.nodes), return_exceptions=True)
        failures = [result for result in results if isinstance(result, BaseException)]
        for failure in failures:
            if isinstance(failure, EngineError) and len(failures) < len(results):
                raise HalfApplied(str(failure)) from failure
            raise failure

    async def nodes(self) -> frozenset[str]:
        found = await self._context.docker.containers(self._context.naming.filters("balancer"))
        return frozenset(item["Labels"]["drlab.resource"] for item in found)

    async def answering(self, node_ids: Collection[str]) -> frozenset[str]:
        async def answers(node_id: str) -> bool:
            try:
                return bool(await self._ask(node_id, "show info"))
            except EngineError:
                return False

        wanted = list(node_ids)
        found = await asyncio.gather(*map(answers, wanted))
        return frozenset(node_id for node_id, there in zip(wanted, found, strict=True) if there)

    async def move_address(self, address: str, to_node: str, from_nodes: Collection[str]) -> None:
        for node_id in from_nodes:
            loser = await running(self._context, self._name(node_id))
            if loser is not None:
                await self._context.ask("address.withdraw", pid=loser.pid, container=loser.container, address=address)
        winner = await running(self._context, self._name(to_node))
        if winner is None:
            raise EngineError(f"balancer node {to_node} is not running, so {address} cannot move to it")
        await self._context.ask("address.assign", pid=winner.pid, container=winner.container, address=address)

    async def target_health(self, node_id: str) -> Mapping[str, str]:
        return health(await self._ask(node_id, "show stat"))

    async def remove(self, node_ids: Collection[str]) -> None:
        await asyncio.gather(*map(self._remove, node_ids))

    async def _remove(self, node_id: str) -> None:
        found = await running(self._context, self._name(node_id))
        if found is not None:  # Docker takes its time; the kernel does not
            await self._context.ask("process.end", pid=found.pid, container=found.container)
        await self._context.docker.remove(self._name(node_id))
        await asyncio.to_thread(self._clear, node_id)

    async def _apply_node(self, spec: BalancerSpec, node: BalancerNode) -> None:
        try:
            await self._converge(spec, node)
        except OSError as exc:  # such as a full disk
            raise EngineError(f"the files of HAProxy of {node.node_id} cannot be written: {exc}") from exc

    async def _converge(self, spec: BalancerSpec, node: BalancerNode) -> None:
        await asyncio.to_thread(self._write_all, spec, node.node_id)
        found = await running(self._context, self._name(node.node_id))
        patience = _REVIVES if found else _STARTS
        if found is None:
            found = await self._start(spec, node)
        await self._networks.plug(spec.vpc_id, node.nic, found)
        await wait_until(lambda: self._silent(node.node_id), patience, f"HAProxy of {node.node_id} to answer")
        if await self._differs(node.node_id, structure(spec)) is not None:
            await self._reload(node.node_id, structure(spec))
        await asyncio.to_thread(self._forget_certificates, spec, node.node_id)
        await self._converge_targets(spec, node.node_id)

    async def _start(self, spec: BalancerSpec, node: BalancerNode) -> Process:
        context, name = self._context, self._name(node.node_id)
        await context.docker.remove(name)  # one that has ended
        await asyncio.to_thread((self._folder(node.node_id) / "servers.state").unlink, missing_ok=True)  # long out of date
        await context.docker.create(
            name,
            reference("balancer"),
            Flags(cap_drop=("ALL",), security=("no-new-privileges",)),
            context.naming.labels("balancer", node.node_id, spec.region, node.zone_label),
            host={
                "network_mode": "none",
                "cap_add": [],
                "binds": [f"{self._folder(node.node_id)}:{FOLDER}", f"{self._shared(node.node_id)}:{SHARED}"],
                "sysctls": {"net.ipv4.ip_unprivileged_port_start": "0"},
            },
            user=f"{os.getuid()}:{os.getgid()}",  # whose the folder is
            stop_signal="SIGKILL",
        )
        return await started(context, name, f"HAProxy of {node.node_id}")

    async def _reload(self, node_id: str, wanted: str) -> None:
        """Connections go on in the old worker; what is known of the targets' health goes over to the new one."""
        state = await self._ask(node_id, "show servers state")
        await asyncio.to_thread(self._write, node_id, "servers.state", for_next_worker(state))
        await self._context.docker.signal(self._name(node_id), "SIGUSR2")
        await wait_until(lambda: self._differs(node_id, wanted), _STARTS, f"HAProxy of {node_id} to take its new configuration")

    async def _converge_targets(self, spec: BalancerSpec, node_id: str) -> None:
        state = await self._ask(node_id, "show servers state")
        for command in changes(spec, state):
            await self._command(node_id, command)
        gone = leaving(spec, state)
        if gone:
            await within(lambda: self._busy(node_id, gone), _LAST_ANSWERS)
        for at in gone:
            await self._command(node_id, f"set server {at} state maint; shutdown sessions server {at}")
            # Where a connection does not end in time the target stays in maintenance, until the next reload.
            await within(lambda at=at: self._refusal(node_id, f"del server {at}"), _REMOVAL)  # type: ignore[misc]

    async def _busy(self, node_id: str, servers: Collection[str]) -> str | None:
        return ", ".join(busy(await self._ask(node_id, "show stat"), servers)) or None

    async def _command(self, node_id: str, command: str) -> None:
        if (problem := await self._refusal(node_id, command)) is not None:
            raise EngineError(f"HAProxy of {node_id} refused {command!r}: {problem}")

    async def _refusal(self, node_id: str, command: str) -> str | None:
        answer = (await self._ask(node_id, command)).strip()
        complaints = [line for line in answer.splitlines() if line.strip() and _DONE.search(line) is None]
        return "; ".join(complaints) or None

    async def _silent(self, node_id: str) -> str | None:
        try:
            await self._ask(node_id, "show info")
        except EngineError as exc:
            return str(exc)
        return None

    async def _differs(self, node_id: str, wanted: str) -> str | None:
        try:
            info = await self._ask(node_id, "show info")
        except EngineError as exc:
            return str(exc)
        return None if f"node: {wanted}\n" in info else "it still has the old one"

    async def _ask(self, node_id: str, command: str) -> str:
        """One command of the runtime API. Raises EngineError when nobody answers."""
        try:
            async with asyncio.timeout(_ANSWER):
                answer = await _exchange(self._folder(node_id), command)
        except (OSError, TimeoutError) as exc:
            raise EngineError(f"HAProxy of {node_id} does not answer: {exc or 'too late'}") from exc
        if not answer.endswith("\n"):  # every whole answer does
            raise EngineError(f"HAProxy of {node_id} ended in the middle of an answer")
        return answer

    def _write_all(self, spec: BalancerSpec, node_id: str) -> None:
        """The configuration, after the certificates that it names."""
        self._shared(node_id).mkdir(mode=0o700, parents=True, exist_ok=True)
        for certificate in spec.certificates:
            self._write(node_id, certificate_file(certificate.certificate_id), certificate.pem)
        self._write(node_id, "haproxy.cfg", configuration(spec, node_id))

    def _forget_certificates(self, spec: BalancerSpec, node_id: str) -> None:
        wanted = {certificate_file(certificate.certificate_id) for certificate in spec.certificates}
        for file in self._folder(node_id).glob("*.pem"):
            if file.name not in wanted:
                file.unlink(missing_ok=True)

    def _write(self, node_id: str, name: str, text: str) -> None:
        folder = self._folder(node_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f".{name}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(folder / name)

    def _clear(self, node_id: str) -> None:
        """Its folder, and the one of both nodes with the last."""
        shutil.rmtree(self._folder(node_id), ignore_errors=True)
        shared = self._shared(node_id)
        if not any(shared.parent.glob(f"{shared.name}-*")):
            shutil.rmtree(shared, ignore_errors=True)

    def _folder(self, node_id: str) -> Path:
        return self._context.state / "balancers" / node_id

    def _shared(self, node_id: str) -> Path:
        """Of both nodes of its balancer, whose id is the node's without the number."""
        return self._folder(node_id.rpartition("-")[0])

    def _name(self, node_id: str) -> str:
        return self._context.naming.server(node_id)


async def _exchange(folder: Path, command: str) -> str:
    # A socket's path may have 107 bytes; going through the folder's descriptor, state folders may be of any depth.
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        reader, writer = await asyncio.open_unix_connection(f"/proc/self/fd/{descriptor}/admin.sock")
    finally:
        os.close(descriptor)
    try:
        writer.write(f"{command}\n".encode())
        return (await reader.read(-1)).decode(errors="replace")
    finally:
        writer.close()
