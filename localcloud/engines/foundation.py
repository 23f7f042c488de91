"""What every cloud stands on: the agent, the `internet` network and the guard route."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from pathlib import Path
from typing import Any

from localcloud.agent.client import AgentError
from localcloud.engines.context import Context
from localcloud.engines.docker.life import DockerLife
from localcloud.engines.host import agent_flags, read_facts
from localcloud.engines.images import reference
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.network.internet import eip_range, free_ranges, routed_prefixes, router_range
from localcloud.engines.waiting import wait_until

AGENT_ANSWERS = 20.0  # seconds from the container's start; half a second is usual
SOCKET_FOLDER = "/run/drlab"
log = logging.getLogger("localcloud")


class Foundation:
    """Made at the cloud's start, and made sure of after each outage of Docker; removed when the cloud stops for good."""

    def __init__(self, context: Context, wanted_cidr: str | None) -> None:
        self._context = context
        self._wanted = wanted_cidr
        self._cidr: str | None = None
        self._reviving = asyncio.Lock()
        self._life: DockerLife | None = None  # that of Docker at the last start
        self._agent = ""  # the container that ran last in that life; another one after an outage: everything was down
        self.interrupted = False

    @property
    def cidr(self) -> str:
        if self._cidr is None:
            raise EngineError("the engines have not been started")
        return self._cidr

    @property
    def eip_pool(self) -> str:
        return eip_range(self.cidr)

    async def start(self) -> None:
        """Raises EngineError with everything that is missing."""
        life = await self._context.docker.follow(self._context.naming.agent)  # first: what ends from now on is noticed
        try:
            agent, survived = await self._make()
        except BaseException:
            life.close()
            raise
        self._life, self._agent, self.interrupted = life, agent, not survived

    async def outage(self) -> None:
        """Wait until Docker has ended since the last start."""
        if self._life is None:
            raise EngineError("the engines have not been started")
        await self._life.ended()

    def let_go(self) -> None:
        """Look after Docker no longer; everything stays."""
        if self._life is not None:
            self._life.close()

    async def _make(self) -> tuple[str, bool]:
        """The agent's container, and whether it had survived."""
        context = self._context
        context.facts = read_facts(await context.docker.info())
        problems = [*context.facts.refusals, *await self._missing_images()]
        if problems:
            raise EngineError("; ".join(problems))
        found, self._cidr = await asyncio.gather(self._ensure_agent(), self._ensure_internet())
        context.revive = self._revive
        facts = await context.ask("host.facts", viewer=os.getpid())
        if low := facts["low"]:
            log.warning("limits of this machine are low and may not be raised: %s", ", ".join(low))
        if problems := _unfit(facts):
            raise EngineError("; ".join(problems))
        await context.ask("host.guard", cidr=self.cidr)
        return found

    async def stop(self) -> None:
        """Remove guard, network and agent, in this order; each may be gone."""
        context = self._context
        if self._cidr is not None:
            await context.ask("host.unguard", cidr=self._cidr)
        self._cidr = context.revive = None
        self.let_go()
        await context.agent.close()
        await asyncio.gather(context.docker.remove_network(context.naming.internet), context.docker.remove(context.naming.agent))
        await asyncio.to_thread(shutil.rmtree, context.state / "agent", ignore_errors=True)

    async def _missing_images(self) -> list[str]:
        refs = [reference("agent"), reference("router"), reference("balancer"), reference("database")]
        present = await asyncio.gather(*(self._context.docker.has_image(ref) for ref in refs))
        return [f"image {ref} is missing; ./lab builds it" for ref, there in zip(refs, present, strict=True) if not there]

    async def _revive(self) -> None:
        life = self._life
        agent, _ = await self._ensure_agent()
        if life is not None and not life.is_over():  # else the next start() is to see that it is another one
            self._agent = agent

    async def _ensure_agent(self) -> tuple[str, bool]:
        """Its container, and whether the one that ran last, or any where none is known, was running.

        Links, rules and disks do not depend on it, so one of another version is replaced.
        """
        async with self._reviving:
            context, ref = self._context, reference("agent")
            found = await context.docker.inspect(context.naming.agent)
            running = found is not None and bool(found["State"]["Running"])
            survived = found is not None and running and self._agent in ("", found["Id"])
            if found is not None and not (running and found["Config"]["Image"] == ref):
                await context.agent.close()
                await context.docker.remove(context.naming.agent)
                found = None
            container = found["Id"] if found is not None else await self._start_agent(ref)
            await wait_until(self._agent_answers, AGENT_ANSWERS, f"the agent ({context.naming.agent}) to answer")
            return container, survived

    async def _start_agent(self, ref: str) -> str:
        """The container that was made."""
        context = self._context
        folder = await asyncio.to_thread(_private_folder, context.state / "agent")
        flags = agent_flags(context.host)
        container = await context.docker.create(
            context.naming.agent,
            ref,
            flags,
            context.naming.labels("agent"),
            command=["--socket", f"{SOCKET_FOLDER}/agent.sock"],
            host={"network_mode": "host", "pid_mode": "host", "binds": [*flags.binds, f"{folder}:{SOCKET_FOLDER}"]},
        )
        await context.docker.start(container)
        return container

    async def _agent_answers(self) -> str | None:
        try:
            await self._context.agent.call("ping", deadline=AGENT_ANSWERS)
        except AgentError as exc:
            return str(exc)
        return None

    async def _ensure_internet(self) -> str:
        context = self._context
        networks = await context.docker.networks()
        for network in networks:
            if network["Name"] == context.naming.internet:
                return str(network["IPAM"]["Config"][0]["Subnet"])
        if (wanted := self._cidr or self._wanted) is not None:
            if not await self._make_internet(wanted):
                raise EngineError(f"the range {wanted} of this cloud's EIPs is now used by another network; remove that network")
            return wanted
        taken = [
            *routed_prefixes(await asyncio.to_thread(Path("/proc/net/route").read_text)),
            *(pool["Subnet"] for network in networks for pool in network["IPAM"]["Config"] or () if "Subnet" in pool),
        ]
        for candidate in map(str, free_ranges(taken)):
            if await self._make_internet(candidate):  # another cloud may have been faster
                return candidate
        raise EngineError(
            "no /20 of 198.18.0.0/15 is free for the cloud's internet network; stop another cloud or remove a network"
        )

    async def _make_internet(self, cidr: str) -> bool:
        naming = self._context.naming
        return await self._context.docker.create_network(
            naming.internet, naming.labels("internet"), naming.internet_bridge, cidr, router_range(cidr)
        )


def _private_folder(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def _unfit(facts: dict[str, Any]) -> list[str]:
    """Why this host cannot carry the network, all reasons."""
    found = []
    if not facts["bridgeFilter"]:
        found.append("the kernel has no br_netfilter, without which security groups would not hold between servers of one subnet")
    if not facts["nftBridge"]:
        found.append(
            "the kernel has no nftables rules for bridges (nf_tables_bridge), without which servers could take any address"
        )
    return found
