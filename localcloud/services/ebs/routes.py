"""Disks: method and path -> handler."""

from __future__ import annotations

from localcloud.core.calls import Route
from localcloud.services.ebs import handlers

ROUTES = (
    Route("GET", "/v4/ebs/info-ebs", "ebs", handlers.disk_info),
    Route("GET", "/v4/ebs/list-ebs", "ebs", handlers.list_disks),
)
