"""Runs a schedule against a transport and keeps the journal. Open loop: nothing that the site does moves a later send."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from drlab.errors import UserError
from drlab.probe.journal import WRITE, Answer, Journal, Send
from drlab.probe.ledger import Acknowledgement
from drlab.probe.schedule import Due, Plan, schedule
from drlab.probe.transport import Transport

LATE_SECONDS = 1.0  # sent, or found silent, so much later than it should be: this process was held up, not the site


class Writes(Protocol):
    """Where acknowledged writes are kept; see ledger.Ledger."""

    def note_sent(self, row: str, at: str) -> None: ...

    async def acknowledge(self, entry: Acknowledgement) -> None: ...


class Prober:
    """One run. `journal` may be looked at while it runs; `on_settled` hears of each send once it is settled."""

    def __init__(
        self, plan: Plan, transport: Transport, writes: Writes | None = None, on_settled: Callable[[Send], None] | None = None
    ) -> None:
        if plan.writes and writes is None:
            raise ValueError("a plan with writes needs a ledger")
        self.plan, self._transport, self._writes = plan, transport, writes
        self._on_settled = on_settled or (lambda send: None)
        self._run = secrets.token_hex(5)
        self.journal = Journal(datetime.now(UTC), 0.0)

    def elapsed(self) -> float:
        """Seconds since the run's begin."""
        return asyncio.get_running_loop().time() - self.journal.monotonic

    async def run(self, stop: asyncio.Event) -> Journal:
        """Until the plan is over or `stop` is set; then what is under way is waited for, at most one deadline long."""
        self.journal.begin, self.journal.monotonic = datetime.now(UTC), asyncio.get_running_loop().time()
        try:
            async with asyncio.TaskGroup() as sends:
                for due in schedule(self.plan):
                    if await self._stopped_before(due.at, stop):
                        break
                    if self.elapsed() - due.at > LATE_SECONDS:
                        self.journal.skipped += 1
                    else:
                        sends.create_task(self._send(due))
        except ExceptionGroup as group:
            problem = group.exceptions[0]
            if not isinstance(problem, OSError):  # a transport raises none: such a one is the disk's
                raise
            raise UserError(f"The ledger and journal of this run cannot be kept: {problem}.") from group
        return self.journal

    async def _stopped_before(self, at: float, stop: asyncio.Event) -> bool:
        try:
            async with asyncio.timeout_at(self.journal.monotonic + at):
                return await stop.wait()
        except TimeoutError:
            return stop.is_set()

    async def _send(self, due: Due) -> None:
        row = f"watch-{self._run}-{due.number}" if due.kind == WRITE else ""
        sent = self.elapsed()
        place = self.journal.add(Send(due.number, due.kind, due.at, sent, row))
        if self._writes and row:
            self._writes.note_sent(row, self.journal.wall(sent))
        answer = await within(self._transport((due.kind, row)), self.plan.deadline)
        settled = self.elapsed()
        if answer.silent and settled - sent > self.plan.deadline + LATE_SECONDS:
            self.journal.skipped += 1  # this process stood still: an answer may have come in time, and says nothing now
            return
        send = Send(due.number, due.kind, due.at, sent, row, settled, answer)
        if self._writes and row and send.good:
            stamp = (self.journal.wall(sent), self.journal.wall(settled))
            await self._writes.acknowledge(Acknowledgement(row, *stamp, answer.server, answer.zone))
        self._on_settled(self.journal.settle(place, settled, answer))


async def within(asked: Awaitable[Answer], seconds: float) -> Answer:
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        return Answer(None, error=f"silent for {seconds:g} s", silent=True)
