"""Master orders: everything billable is ordered, and the order is asked about until it is done."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from time import time
from typing import Any

from localcloud.records.compute import ORDERS, Order
from localcloud.records.identifiers import hex_id
from localcloud.records.store import Store

OPENING, FINISHED, FAILED = "14", "3", "5"


def place(
    store: Store,
    region: str,
    kind: str,
    resource_type: str,
    resource_ids: tuple[str, ...],
    wanted: Mapping[str, str] | None = None,
) -> Order:
    """A new order that is being opened. `kind` names the task that carries it out, `wanted` what it needs to know."""
    now = datetime.now(UTC)
    number = f"{now:%Y%m%d%H%M%S}{secrets.randbelow(1_000_000):06d}"
    order = Order(hex_id(), region, number, kind, OPENING, resource_type, resource_ids, hex_id(), "", time(), dict(wanted or {}))
    return store.put(ORDERS, order)


def close(store: Store, order_id: str, problem: str = "") -> None:
    """It is carried out; or, with the reason, it failed."""
    order = store.require(ORDERS, order_id)
    store.put(ORDERS, replace(order, status=FAILED if problem else FINISHED, problem=problem))


def placed(order: Order) -> dict[str, Any]:
    """The answer to the call that placed it."""
    return {
        "masterOrderID": order.id, "masterOrderNO": order.number, "masterResourceID": order.master_resource_id,
        "regionID": order.region,
    }  # fmt: skip
