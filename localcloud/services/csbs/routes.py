"""Server backup: method and path -> handler. Its calls belong to the server product's host."""

from __future__ import annotations

from localcloud.api.calls import Handler, Route, Token
from localcloud.services.csbs import handlers, policies, vaults
from localcloud.services.ecs.routes import OF_ORDERS

_PAYING, _LONGER = ("payVoucherPrice",), ("advRetention",)  # the latter's switch is refused when it is on


def _post(path: str, handler: Handler, token: Token = Token.NONE, ignores: tuple[str, ...] = ()) -> Route:
    return Route("POST", f"/v4/ecs/{path}", "ctecs", handler, token, ignores=ignores)


def _get(path: str, handler: Handler) -> Route:
    return Route("GET", f"/v4/ecs/{path}", "ctecs", handler)


ROUTES = (
    _post("backup-repo/create", vaults.create_vault, Token.REQUIRED, ("autoRenewStatus", *_PAYING)),
    _get("backup-repo/list", vaults.list_vaults),
    _post("backup-repo/upgrade", vaults.enlarge_vault, Token.REQUIRED, _PAYING),
    _post("backup-repo/renew", vaults.renew_vault, Token.REQUIRED, _PAYING),
    _post("backup-repo/delete", vaults.delete_vault, Token.REQUIRED),
    _post("backup/create", handlers.create_backup),
    _get("backup/status", handlers.backup_status),
    _get("backup/details", handlers.backup_details),
    _post("backup/list", handlers.list_backups),
    _post("backup/update", handlers.update_backup),
    _post("backup-usage", handlers.backup_usage),
    _post("backup-delete", handlers.delete_backup),
    _post("backup-restore", handlers.restore_backup),
    _post("backup/create-instance", handlers.create_instance, Token.REQUIRED, OF_ORDERS),
    _post("backup-task/list", handlers.list_tasks),
    _post("backup-policy/create", policies.create_policy, ignores=_LONGER),
    _get("backup-policy/list", policies.list_policies),
    _get("backup-policy/list-instances", policies.list_instances),
    _post("backup-policy/update", policies.update_policy, ignores=_LONGER),
    _post("backup-policy/delete", policies.delete_policy),
    _post("backup-policy/bind-instances", policies.bind_instances),
    _post("backup-policy/unbind-instances", policies.unbind_instances),
    _post("backup-policy/bind-repo", policies.bind_vault),
    _post("backup-policy/unbind-repo", policies.unbind_vault),
    _post("backup-policy/backup-instances", policies.back_up_now),
)
