"""What can go wrong when an order is asked about."""

from __future__ import annotations

from localcloud.records import error_codes as invented
from localcloud.records.errors import NotFound


class OrderNotFound(NotFound):
    code, noun = invented.ORDER_NOT_FOUND, "Order"
