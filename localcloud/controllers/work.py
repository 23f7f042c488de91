"""Who carries out an order or a job, by its kind: for the handler that places it, and for the start after a kill."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from localcloud.records import jobs, orders
from localcloud.records.compute import JOBS, ORDERS, Job, Order
from localcloud.records.store import Store

Runner = Callable[[str], Coroutine[Any, Any, None]]
"""Takes the id of an order or job, reads all else from the records, and closes it: with the reason where it failed."""


@dataclass(frozen=True)
class Work:
    """The runners of everything that is ordered. Each may be started again after it was killed anywhere."""

    store: Store
    order_runners: Mapping[str, Runner]
    job_runners: Mapping[str, Runner]

    async def carry_out(self, placed: Order | Job) -> None:
        """See the order or job to its end; one of a kind that nobody knows fails, and says so."""
        if isinstance(placed, Order):
            await self.order_runners.get(placed.kind, self._refuse_order)(placed.id)
        else:
            await self.job_runners.get(placed.task, self._refuse_job)(placed.id)

    async def _refuse_order(self, order_id: str) -> None:
        kind = self.store.require(ORDERS, order_id).kind
        orders.close(self.store, order_id, f"nobody carries out orders of kind {kind!r}; another version has placed it")

    async def _refuse_job(self, job_id: str) -> None:
        job = self.store.require(JOBS, job_id)
        jobs.end(self.store, job, f"nobody carries out jobs of kind {job.task!r}; another version has begun it")


def under_way(store: Store) -> list[Order | Job]:
    """What has been placed and is not done."""
    return [*store.find(ORDERS, status=orders.OPENING), *store.find(JOBS, status=str(jobs.RUNNING))]


async def finish(store: Store, order_id: str) -> None:
    """Close an order that is carried out when its records are stored."""
    orders.close(store, order_id)
