"""What can go wrong with listeners."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, NameDuplicated, NotFound


class ListenerNotFound(NotFound):
    code, noun = "Openapi.Listener.NotFound", "Listener"


class ListenerNameDuplicated(NameDuplicated):
    code, noun = error_codes.LISTENER_NAME_DUPLICATED, "Listener"


class PortTaken(ApiError):
    code, chinese = error_codes.LISTENER_PORT_TAKEN, "监听端口冲突"

    def __init__(self, port: int, balancer_id: str, listener_id: str) -> None:
        super().__init__(f"Port {port} of load balancer {balancer_id} is already taken by listener {listener_id}.")
