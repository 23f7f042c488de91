"""Load balancers: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.elb import handlers as h

_MUST, _MAY = Token.REQUIRED, Token.OPTIONAL
_PAYING = ("cycleCount", "payVoucherPrice")  # there are none but on demand

ROUTES = (
    Route("POST", "/v4/elb/create-loadbalancer", "ctelb", h.create_classic, _MUST, ignores=_PAYING),
    Route("POST", "/v4/elb/create-pgelb", "ctelb", h.create_guaranteed, _MUST, repeat=h.create_again, ignores=_PAYING),
    Route("GET", "/v4/elb/show-loadbalancer", "ctelb", h.show_balancer),
    Route("GET", "/v4/elb/list-loadbalancer", "ctelb", h.list_balancers),
    Route("POST", "/v4/elb/update-loadbalancer", "ctelb", h.update_balancer, _MAY),
    Route("POST", "/v4/elb/delete-loadbalancer", "ctelb", h.delete_classic, _MUST),
    Route("POST", "/v4/elb/refund-pgelb", "ctelb", h.refund_guaranteed, _MUST, repeat=h.refund_again),
    Route("POST", "/v4/elb/associate-eip-to", "ctelb", h.associate_eip, _MAY),
    Route("POST", "/v4/elb/disassociate-eip-from", "ctelb", h.disassociate_eip, _MAY),
)
