"""Certificates: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.certificate import handlers as h

_MUST, _MAY = Token.REQUIRED, Token.OPTIONAL

ROUTES = (
    Route("POST", "/v4/elb/create-certificate", "ctelb", h.create_certificate, _MUST),
    Route("POST", "/v4/elb/check-certificate", "ctelb", h.check_server_certificate),
    Route("GET", "/v4/elb/show-certificate", "ctelb", h.show_certificate),
    Route("GET", "/v4/elb/list-certificate", "ctelb", h.list_certificates),
    Route("POST", "/v4/elb/update-certificate", "ctelb", h.update_certificate, _MAY),
    Route("POST", "/v4/elb/delete-certificate", "ctelb", h.delete_certificate, _MAY),
)
