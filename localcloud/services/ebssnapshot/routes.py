"""Snapshots of volumes: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.ebs.model import ordered_again
from localcloud.services.ebssnapshot import handlers, policies

ROUTES = (
    Route("POST", "/v4/ebs_snapshot/create-ebs-snap", "ebs", handlers.create_snapshot, Token.OPTIONAL, repeat=handlers.again),
    Route("GET", "/v4/ebs_snapshot/list-ebs-snap", "ebs", handlers.list_snapshots),
    Route("GET", "/v4/ebs_snapshot/query_size-ebs-snap", "ebs", handlers.snapshot_usage),
    Route("POST", "/v4/ebs_snapshot/delete-ebs-snap", "ebs", handlers.delete_snapshots),
    Route("POST", "/v4/ebs_snapshot/rollback-ebs-snap", "ebs", handlers.roll_back, observes=True),
    Route("POST", "/v4/ebs/new-from-snapshot-ebs-snap", "ebs", handlers.new_from_snapshot, Token.OPTIONAL, repeat=ordered_again),
    Route("POST", "/v4/ebs_snapshot/create-policy-ebs-snap", "ebs", policies.create_policy),
    Route("GET", "/v4/ebs_snapshot/query-policy-ebs-snap", "ebs", policies.query_policies),
    Route("POST", "/v4/ebs_snapshot/modify-policy-ebs-snap", "ebs", policies.modify_policy),
    Route("POST", "/v4/ebs_snapshot/modify-policy-status-ebs-snap", "ebs", policies.modify_status),
    Route("POST", "/v4/ebs_snapshot/delete-policy-ebs-snap", "ebs", policies.delete_policy),
    Route("POST", "/v4/ebs_snapshot/apply-policy-ebs-snap", "ebs", policies.apply_policy),
    Route("POST", "/v4/ebs_snapshot/cancel-policy-ebs-snap", "ebs", policies.cancel_policy),
)
