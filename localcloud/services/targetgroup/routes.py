"""Health checks, target groups and targets: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.targetgroup import handlers as h

_MUST, _MAY = Token.REQUIRED, Token.OPTIONAL

ROUTES = (
    Route("POST", "/v4/elb/create-health-check", "ctelb", h.create_check, _MUST),
    Route("GET", "/v4/elb/show-health-check", "ctelb", h.show_check),
    Route("GET", "/v4/elb/list-health-check", "ctelb", h.list_checks),
    Route("POST", "/v4/elb/update-health-check", "ctelb", h.update_check, _MAY),
    Route("POST", "/v4/elb/delete-health-check", "ctelb", h.delete_check, _MAY),
    Route("POST", "/v4/elb/create-target-group", "ctelb", h.create_group, _MUST),
    Route("GET", "/v4/elb/show-target-group", "ctelb", h.show_group),
    Route("GET", "/v4/elb/list-target-group", "ctelb", h.list_groups),
    Route("POST", "/v4/elb/update-target-group", "ctelb", h.update_group, _MAY),
    Route("POST", "/v4/elb/delete-target-group", "ctelb", h.delete_group, _MAY),
    Route("POST", "/v4/elb/create-target", "ctelb", h.create_target, _MUST),
    Route("GET", "/v4/elb/show-target", "ctelb", h.show_target, reads_health=True),
    Route("GET", "/v4/elb/list-target", "ctelb", h.list_targets, reads_health=True),
    Route("POST", "/v4/elb/update-target", "ctelb", h.update_target, _MAY),
    Route("POST", "/v4/elb/delete-target", "ctelb", h.delete_target, _MAY),
)
