"""Servers: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.ecs import handlers

_ORDER = ("sort", "asc")  # of lists
# Of a server's order: how it is paid for and watched, how its EIP is, and what names servers find by the cloud's own resolver.
OF_ORDERS = (
    "autoRenewStatus",
    "payVoucherPrice",
    "monitorService",
    "lineType",
    "demandBillingType",
    "privateDnsNameOptions",
)


def _flavor(path: str) -> Route:
    return Route("POST", path, "ctecs", handlers.change_flavor, Token.REQUIRED, observes=True, ignores=("payVoucherPrice",))


ROUTES = (
    Route("POST", "/v4/ecs/create-instance", "ctecs", handlers.create_instance, Token.REQUIRED, ignores=OF_ORDERS),
    Route("POST", "/v4/ecs/batch-create-instances", "ctecs", handlers.batch_create_instances, Token.REQUIRED, ignores=OF_ORDERS),
    Route("POST", "/v4/ecs/unsubscribe-instance", "ctecs", handlers.unsubscribe_instance, Token.REQUIRED),
    Route("POST", "/v4/ecs/destroy-instance", "ctecs", handlers.destroy_instance, Token.REQUIRED),
    Route("POST", "/v4/ecs/delete-instance", "ctecs", handlers.delete_instance, Token.REQUIRED),
    Route("GET", "/v4/ecs/instance-details", "ctecs", handlers.instance_details, observes=True),
    Route("POST", "/v4/ecs/list-instances", "ctecs", handlers.list_instances, observes=True, ignores=_ORDER),
    Route("POST", "/v4/ecs/describe-instances", "ctecs", handlers.list_instances, observes=True, ignores=_ORDER),
    Route("POST", "/v4/ecs/instance-status-list", "ctecs", handlers.instance_statuses, observes=True, ignores=_ORDER),
    Route("GET", "/v4/ecs/statistics-instance", "ctecs", handlers.statistics, observes=True),
    Route("POST", "/v4/ecs/start-instance", "ctecs", handlers.start_instance, observes=True, ignores=("force",)),
    Route("POST", "/v4/ecs/stop-instance", "ctecs", handlers.stop_instance, observes=True),
    Route("POST", "/v4/ecs/reboot-instance", "ctecs", handlers.reboot_instance, observes=True),
    _flavor("/v4/ecs/update-flavor-spec"),
    _flavor("/v4/ecs/update-instance-spec"),
    Route("POST", "/v4/ecs/update-instance", "ctecs", handlers.update_instance),
    Route("POST", "/v4/ecs/batch-update-instances", "ctecs", handlers.batch_update_instances),
    Route("POST", "/v4/ecs/label/update", "ctecs", handlers.update_labels),
    Route("POST", "/v4/ecs/reset-password", "ctecs", handlers.reset_password, observes=True),
    Route("POST", "/v4/ecs/volume/list", "ctecs", handlers.list_volumes, ignores=("securityGroupID", "networkInterfaceID")),
    Route("POST", "/v4/ecs/flavor/list", "ctecs", handlers.list_flavors),
)
