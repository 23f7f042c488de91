"""Master orders: what is billed is ordered, and the order is polled (host `ctecs`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from ctyun.errors import OrderFailed
from ctyun.fields import Body, need, text, texts
from ctyun.services.base import Service
from ctyun.transport import Call
from ctyun.waiting import wait_until

GET = Call("ctecs", "GET", "/v4/ecs/order/query-uuid", "look up order")

DONE, UNSUBSCRIBED = "3", "13"
STATUS = {
    "1": "to be paid",
    "2": "paid",
    DONE: "finished",
    "4": "cancelled",
    "5": "provisioning failed",
    "7": "being paid",
    "8": "under review",
    "9": "review passed",
    "10": "review refused",
    "11": "revoked",
    "12": "unsubscribing",
    UNSUBSCRIBED: "unsubscribed",
    "14": "opening",
    "15": "change removed",
    "16": "being revoked automatically",
    "17": "being revoked by hand",
    "18": "being aborted",
    "22": "payment failed",
    "-2": "to be withdrawn",
    "-1": "unknown",
    "0": "error",
    "999": "deleted",
}
FAILED = frozenset({"4", "5", "10", "11", "15", "22", "-2", "0", "999"})


@dataclass(frozen=True)
class OrderRef:
    """What a call that orders something answers with."""

    id: str  # masterOrderID
    resource_id: str = ""  # masterResourceID: the order's name for the thing, not the thing's own id

    @classmethod
    def from_api(cls, body: Body) -> Self:
        return cls(need(body, "masterOrderID"), text(body, "masterResourceID"))


@dataclass(frozen=True)
class Order:
    """An order as it stands."""

    id: str
    status: str
    resource_ids: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """order state "14 (opening)" """
        return f"{self.status} ({STATUS.get(self.status, 'not documented')})"


class Orders(Service):
    """Look up orders and wait for them."""

    async def get(self, order_id: str) -> Order:
        """Raises NotFound."""
        answer = await self._transport.send(GET, order_id, query={"masterOrderID": order_id})
        return Order(order_id, text(answer.body, "orderStatus"), texts(answer.body, "instanceIDList"))

    async def wait(self, order_id: str, *, what: str, timeout: float) -> Order:
        """Wait for an order that creates something; it is done when it also says what it made.

        `what` is what was ordered ("server web-01"). Raises OrderFailed, WaitTimeout.
        """
        return await self._settled(order_id, what, timeout, lambda order: order.status == DONE and bool(order.resource_ids))

    async def wait_for_change(self, order_id: str, *, what: str, timeout: float) -> Order:
        """Wait for an order that changes what is there. Raises OrderFailed, WaitTimeout."""
        return await self._settled(order_id, what, timeout, lambda order: order.status == DONE)

    async def wait_for_removal(self, order_id: str, *, what: str, timeout: float) -> Order:
        """Wait for an order that unsubscribes something. Raises OrderFailed, WaitTimeout."""
        return await self._settled(order_id, what, timeout, lambda order: order.status in (DONE, UNSUBSCRIBED))

    async def _settled(self, order_id: str, what: str, timeout: float, done: Callable[[Order], bool]) -> Order:
        order = await wait_until(
            lambda: self.get(order_id),
            lambda order: order.status in FAILED or done(order),
            what=f"order {order_id} ({what})",
            timeout=timeout,
            state=lambda order: order.state,
            pace=self._pace,
        )
        if order.status in FAILED:
            raise OrderFailed(f"The order of {what} failed: order {order_id} ended as {order.state}. Look at it in the console.")
        return order
