"""What all engines of one cloud share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.agent.client import AgentClient, AgentError, AgentGone
from localcloud.engines.docker.api import Docker
from localcloud.engines.host import HostFacts
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.naming import Naming
from localcloud.engines.servers.records import Records


@dataclass
class Context:
    """One cloud: where it keeps its things, how they are called, and whom to ask."""

    state: Path
    naming: Naming
    docker: Docker
    agent: AgentClient
    records: Records
    facts: HostFacts | None = None
    revive: Callable[[], Awaitable[None]] | None = None  # brings back an agent that has died

    @property
    def host(self) -> HostFacts:
        if self.facts is None:
            raise EngineError("the engines have not been started")
        return self.facts

    async def ask(self, op: str, **args: Any) -> Any:
        """An operation of the agent, which is started again if it has died. Raises EngineError with its sentence."""
        try:
            try:
                return await self.agent.call(op, **args)
            except AgentGone:
                if self.revive is None:
                    raise
            await self.revive()
            return await self.agent.call(op, **args)
        except AgentError as exc:
            raise EngineError(str(exc)) from exc
