"""Elastic addresses: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.eip import handlers

ROUTES = (
    Route(
        "POST", "/v4/eip/create", "ctvpc", handlers.create_eip, Token.REQUIRED, repeat=handlers.create_again,
        ignores=("payVoucherPrice",),
    ),
    Route("GET", "/v4/eip/show", "ctvpc", handlers.show_eip),
    Route("POST", "/v4/eip/new-list", "ctvpc", handlers.list_eips, Token.IGNORED),
    Route(
        "POST", "/v4/eip/associate", "ctvpc", handlers.associate_eip, Token.REQUIRED, observes=True,
        ignores=("securityGroupID", "networkInterfaceID"),  # a server has one network card
    ),
    Route("POST", "/v4/eip/disassociate", "ctvpc", handlers.disassociate_eip, Token.REQUIRED),
    Route("POST", "/v4/eip/change-name", "ctvpc", handlers.rename_eip, Token.REQUIRED),
    Route("POST", "/v4/eip/delete", "ctvpc", handlers.delete_eip, Token.REQUIRED, repeat=handlers.delete_again),
)  # fmt: skip
