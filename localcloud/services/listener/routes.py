"""Listeners: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.listener import handlers as h

_MUST, _MAY = Token.REQUIRED, Token.OPTIONAL

ROUTES = (
    Route("POST", "/v4/elb/create-listener", "ctelb", h.create_listener, _MUST),
    Route("GET", "/v4/elb/show-listener", "ctelb", h.show_listener),
    Route("GET", "/v4/elb/list-listener", "ctelb", h.list_listeners),
    Route("POST", "/v4/elb/update-listener", "ctelb", h.update_listener, _MAY),
    Route("POST", "/v4/elb/start-listener", "ctelb", h.start_listener, _MAY),
    Route("POST", "/v4/elb/stop-listener", "ctelb", h.stop_listener, _MAY),
    Route("POST", "/v4/elb/delete-listener", "ctelb", h.delete_listener, _MAY),
)
