"""The scheduler: looks at the clock and at all policies, and lets those run that are due.

A policy is anything that can say when it ran last; what a run does, and how a run that a daemon died over is carried on, is
its owner's business.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from localcloud.controllers.schedules.clock import Clock
from localcloud.controllers.schedules.schedules import Schedule, due

log = logging.getLogger("localcloud")

ROUND_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """A policy that the clock makes run. `last`: when it was due last, or when it was made or enabled."""

    id: str
    name: str
    schedule: Schedule
    last: float


class Planned(Protocol):
    """Who owns policies of one kind."""

    def plans(self) -> Iterable[Plan]:
        """Those that are enabled."""

    def begin(self, plan_id: str, at: float) -> None:
        """A run is due. Store at once, in one transaction, that it was begun (`at` is the plan's next `last`) and what is to
        be done, and do it in the background."""

    def expire(self, now: float) -> None:
        """Begin to remove what is not kept any longer; called often, so what is being removed already is left alone."""


class Scheduler:
    """Runs the policies of all owners."""

    def __init__(self, clock: Clock, *owners: Planned) -> None:
        self._clock, self._owners = clock, owners

    async def watch(self) -> None:
        """Round after round, until the task is cancelled."""
        while True:
            self.look()
            await self._clock.wait(ROUND_SECONDS)

    def look(self) -> None:
        """One round. A fault of one policy, or of an owner, does not keep the others from their runs."""
        now = self._clock.now()
        for owner in self._owners:
            with _unharmed(f"the policies of {type(owner).__name__} were not looked after"):
                for plan in list(owner.plans()):
                    with _unharmed(f"policy {plan.name} ({plan.id}) was not run"):
                        self._run(owner, plan, now)
                owner.expire(now)

    def _run(self, owner: Planned, plan: Plan, now: float) -> None:
        instants = due(plan.schedule, plan.last, now)
        if not instants:
            return
        if missed := len(instants) - 1:
            # A copy made now of what was then cannot be had: missed runs are not made up for.
            log.warning("policy %s (%s) has missed %d runs while nobody looked", plan.name, plan.id, missed)
        owner.begin(plan.id, instants[-1])


@contextmanager
def _unharmed(what: str) -> Iterator[None]:
    """The rest of a round goes on, and the log says what failed."""
    try:
        yield
    except Exception:
        log.exception("%s: a fault of the local cloud itself", what)
