"""Jobs: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route
from localcloud.services.jobs import handlers

ROUTES = (
    Route("GET", "/v4/job/info", "ctecs", handlers.job_info),
    Route("GET", "/v4/ecs/query-async-result", "ctecs", handlers.async_result),
    Route("POST", "/v4/ecs/job/query", "ctecs", handlers.query_jobs),
)
