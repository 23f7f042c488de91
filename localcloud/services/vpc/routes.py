"""VPCs and subnets: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token, of_records_alone, with_twins
from localcloud.services.vpc import handlers

ROUTES = of_records_alone(
    with_twins(
        (
            Route("POST", "/v4/vpc/create", "ctvpc", handlers.create_vpc, Token.REQUIRED),
            Route("GET", "/v4/vpc/query", "ctvpc", handlers.query_vpc),
            Route("GET", "/v4/vpc/new-list", "ctvpc", handlers.list_vpcs),
            Route("GET", "/v4/vpc/list", "ctvpc", handlers.list_vpcs),
            Route("POST", "/v4/vpc/update", "ctvpc", handlers.update_vpc, Token.REQUIRED),
            Route("POST", "/v4/vpc/delete", "ctvpc", handlers.delete_vpc, Token.OPTIONAL),
            Route("POST", "/v4/vpc/create-subnet", "ctvpc", handlers.create_subnet, Token.REQUIRED),
            Route("GET", "/v4/vpc/query-subnet", "ctvpc", handlers.query_subnet, ignores=("withShare",)),
            Route("GET", "/v4/vpc/new-list-subnet", "ctvpc", handlers.list_subnets, Token.IGNORED, ignores=("withShare",)),
            Route("GET", "/v4/vpc/list-subnet", "ctvpc", handlers.list_subnets, Token.IGNORED, ignores=("withShare",)),
            Route("POST", "/v4/vpc/update-subnet", "ctvpc", handlers.update_subnet, Token.OPTIONAL),
            Route("POST", "/v4/vpc/delete-subnet", "ctvpc", handlers.delete_subnet, Token.OPTIONAL),
            Route("GET", "/v4/vpc/list-used-ips", "ctvpc", handlers.list_used_addresses),
        )
    )
)
