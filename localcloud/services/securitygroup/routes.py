"""Security groups: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token, with_twins
from localcloud.services.securitygroup import handlers

ROUTES = with_twins((
    Route("POST", "/v4/vpc/create-security-group", "ctvpc", handlers.create_group, Token.REQUIRED),
    Route("GET", "/v4/vpc/describe-security-group-attribute", "ctvpc", handlers.describe_group),
    Route("GET", "/v4/vpc/new-query-security-groups", "ctvpc", handlers.list_groups),
    Route("GET", "/v4/vpc/query-security-groups", "ctvpc", handlers.list_groups_only),
    Route("POST", "/v4/vpc/modify-security-group-attribute", "ctvpc", handlers.modify_group, Token.REQUIRED),
    Route("POST", "/v4/vpc/delete-security-group", "ctvpc", handlers.delete_group, Token.REQUIRED),
    Route("POST", "/v4/vpc/create-security-group-ingress", "ctvpc", handlers.create_ingress_rules, Token.REQUIRED),
    Route("POST", "/v4/vpc/create-security-group-egress", "ctvpc", handlers.create_egress_rules, Token.REQUIRED),
    Route("GET", "/v4/vpc/describe-security-group-rule", "ctvpc", handlers.describe_rule),
    Route("POST", "/v4/vpc/modify-security-group-ingress", "ctvpc", handlers.modify_rule, Token.REQUIRED),
    Route("POST", "/v4/vpc/modify-security-group-egress", "ctvpc", handlers.modify_rule, Token.REQUIRED),
    Route("POST", "/v4/vpc/revoke-security-group-ingress", "ctvpc", handlers.revoke_ingress_rule, Token.REQUIRED),
    Route("POST", "/v4/vpc/revoke-security-group-egress", "ctvpc", handlers.revoke_egress_rule, Token.REQUIRED),
    Route("POST", "/v4/vpc/join-security-group", "ctvpc", handlers.join_group, Token.OPTIONAL),
    Route("POST", "/v4/vpc/leave-security-group", "ctvpc", handlers.leave_group, Token.OPTIONAL),
    Route("GET", "/v4/vpc/get-sg-associate-vms", "ctvpc", handlers.list_members),
))  # fmt: skip
