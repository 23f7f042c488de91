"""RDS for MySQL: method and path -> handler. All on host rds2, in two families of paths."""

from __future__ import annotations

from localcloud.api.calls import Handler, Route
from localcloud.services.rds import access, accounts, backups, contents, instances, orders, roles


def _rds2(method: str, path: str, handler: Handler, ignores: tuple[str, ...] = ()) -> Route:
    return Route(method, f"/RDS2/{path}", "rds2", handler, ignores=ignores)


def _teledb(method: str, path: str, handler: Handler, changes: bool = False, ignores: tuple[str, ...] = ()) -> Route:
    return Route(method, f"/teledb-{path}", "rds2", handler, changes=changes, ignores=ignores)


_SAID_ELSEWHERE = ("prodSpecName", "availabilityZone", "prodPerformanceSpeces", "vpcCIDR", "secondaryCIDRs")


_ORDER, _DCP = "acceptor/v2/openapi/accept-order-info", "dcp/v2/openapi/dcp-order-info"
_INSTANCE, _ACCOUNT, _DATABASE = "v1/open-api/instance", "v1/open-api/account", "v1/open-api/database"
_LIST, _BACKUP, _RECOVERY = "v1/open-api/rds-manage/rds-access-white-list", "v2/open-api/backup", "v2/open-api/recovery"

ROUTES = (
    _teledb("GET", f"{_ORDER}/availabilityZone", orders.list_zones),
    _teledb("GET", f"{_ORDER}/template", orders.list_templates),
    _teledb("GET", f"{_ORDER}/getPublicKey", orders.public_key, changes=True),
    _teledb("POST", f"{_ORDER}/accept", orders.accept, ignores=_SAID_ELSEWHERE),
    _teledb("POST", f"{_ORDER}/upgrade", orders.upgrade),
    _teledb("GET", f"{_ORDER}/getInstIdByOrderId", orders.ordered_instances),
    _teledb("GET", f"{_ORDER}/getInstState", orders.instance_state),
    _teledb("GET", f"{_ORDER}/refundOrder", orders.refund, changes=True),
    _teledb("GET", f"{_ORDER}/destroyOrder", orders.destroy, changes=True),
    _teledb("GET", f"{_DCP}/eips", access.list_eips),
    _teledb("POST", f"{_DCP}/eips/bind", access.bind_eip),
    _teledb("POST", f"{_DCP}/eips/unbind", access.unbind_eip),
    _teledb("POST", f"{_DCP}/securityGroup/change", access.change_group),
    _rds2("POST", f"{_INSTANCE}/instance-list", instances.list_instances),
    _rds2("GET", _INSTANCE, instances.show_instance),
    _rds2("GET", f"{_INSTANCE}/instance-exist", instances.instance_exists),
    _rds2("GET", f"{_INSTANCE}/query-node-list", instances.list_nodes),
    _rds2("GET", f"{_INSTANCE}/task-center-events", instances.list_tasks),
    _rds2("PUT", f"{_INSTANCE}/instance-desc", instances.rename),
    _rds2("POST", f"{_INSTANCE}/restart-db-instance", instances.restart_instance),
    _rds2("POST", f"{_INSTANCE}/stop-instance", instances.stop_instance),
    _rds2("POST", f"{_INSTANCE}/start-instance", instances.start_instance),
    _rds2("POST", f"{_INSTANCE}/reset-root-password", instances.reset_root_password),
    _rds2("POST", f"{_INSTANCE}/switch-db-instance-ha", roles.switch_roles),
    _rds2("GET", f"{_INSTANCE}/switch-instance-record", roles.list_switches),
    _rds2("GET", f"{_INSTANCE}/hamode-type", roles.show_ha_mode),
    _rds2("POST", f"{_INSTANCE}/hamode-type", roles.change_ha_mode),
    _rds2("GET", f"{_INSTANCE}/instance-ha-config", roles.show_sync_mode),
    _rds2("POST", f"{_INSTANCE}/instance-sync-mode", roles.change_sync_mode),
    _rds2("GET", f"{_INSTANCE}/describe-ha-switch-config", roles.show_failover),
    _rds2("POST", f"{_INSTANCE}/modify-ha-switch-config", roles.change_failover),
    _rds2("GET", f"{_INSTANCE}/read-instance-delay", roles.replica_delay),
    _rds2("POST", _DATABASE, contents.create_database, ("dbRemark", "remark")),
    _rds2("DELETE", _DATABASE, contents.delete_database),
    _rds2("GET", f"{_DATABASE}/schemas", contents.list_databases),
    _rds2("GET", f"{_DATABASE}/show-character-set", contents.list_charsets),
    _rds2("POST", _ACCOUNT, accounts.create_account, ("remark",)),
    _rds2("GET", _ACCOUNT, accounts.list_accounts),
    _rds2("DELETE", _ACCOUNT, accounts.delete_account),
    _rds2("GET", f"{_ACCOUNT}/account-available", accounts.account_available),
    _rds2("POST", f"{_ACCOUNT}/reset-password", accounts.reset_password),
    _rds2("POST", f"{_ACCOUNT}/operator-privilege-grant", accounts.grant),
    _rds2("POST", f"{_ACCOUNT}/operator-privilege-revoke", accounts.revoke),
    _rds2("POST", _LIST, access.create_white_list),
    _rds2("GET", _LIST, access.list_white_lists),
    _rds2("PUT", _LIST, access.change_white_list),
    _rds2("DELETE", _LIST, access.delete_white_list),
    _rds2("PUT", f"{_BACKUP}/createManual", backups.create_backup),
    _rds2("GET", f"{_BACKUP}/list", backups.list_backups, ("prodInstName",)),
    _rds2("GET", f"{_BACKUP}/get", backups.show_backup),
    _rds2("DELETE", f"{_BACKUP}/manualDelete", backups.delete_backup),
    _rds2("POST", f"{_RECOVERY}/createNewRecoveryJob", backups.restore),
    _rds2("GET", f"{_RECOVERY}/recoveryable-time-range", backups.recoverable_range),
    _rds2("GET", f"{_RECOVERY}/record", backups.list_restores),
)
