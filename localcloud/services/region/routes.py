"""Regions and zones: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, of_records_alone
from localcloud.services.region import handlers

ROUTES = of_records_alone(
    (
        Route("GET", "/v4/region/list-regions", "ctecs", handlers.list_regions),
        Route("GET", "/v4/region/get-zones", "ctecs", handlers.get_zones),
        Route("GET", "/v4/region/get-summary", "ctecs", handlers.get_summary),
        Route("GET", "/v4/region/customer-quotas", "ctecs", handlers.customer_quotas),
        Route("GET", "/v4/region/customer-resources", "ctecs", handlers.customer_resources, observes=True),
        Route("GET", "/v4/region/get-products", "ctecs", handlers.get_products),
        Route("GET", "/v4/ecs/availability-zones/details", "ctecs", handlers.availability_zones),
    )
)
