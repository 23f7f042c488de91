"""Disks: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.ebs import handlers
from localcloud.services.ebs.model import ordered_again

ROUTES = (
    Route("GET", "/v4/ebs/info-ebs", "ebs", handlers.disk_info),
    Route("GET", "/v4/ebs/info-by-name-ebs", "ebs", handlers.disk_info_by_name),
    Route("GET", "/v4/ebs/list-ebs", "ebs", handlers.list_disks, ignores=("enableMonitor",)),
    Route("GET", "/v4/ebs/list-by-name-ebs", "ebs", handlers.list_disks_by_name),
    Route("POST", "/v4/ebs/new-ebs", "ebs", handlers.create_disk, Token.OPTIONAL, repeat=ordered_again),
    Route("POST", "/v4/ebs/resize-ebs", "ebs", handlers.resize_disk, Token.OPTIONAL),
    Route("POST", "/v4/ebs/refund-ebs", "ebs", handlers.release_disk, Token.OPTIONAL),
    Route("POST", "/v4/ebs/update-attr-ebs", "ebs", handlers.update_disk),
    Route("POST", "/v4/ebs/set-delete-policy-ebs", "ebs", handlers.set_delete_policy),
    Route("POST", "/v4/ebs/attach-ebs", "ebs", handlers.attach_disk, observes=True),
    Route("POST", "/v4/ebs/detach-ebs", "ebs", handlers.detach_disk, observes=True),
)
