"""Orders: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route
from localcloud.services.orders import handlers

ROUTES = (
    Route("GET", "/v4/ecs/order/query-uuid", "ctecs", handlers.query_instances),
    Route("GET", "/v4/order/query-uuid", "ctecs", handlers.query_resources),
)
