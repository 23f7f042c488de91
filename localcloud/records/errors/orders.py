"""What can go wrong when an order is asked about."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import NotFound


class OrderNotFound(NotFound):
    code, noun = error_codes.ORDER_NOT_FOUND, "Order"
