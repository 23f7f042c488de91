"""What can go wrong with MySQL instances."""

from __future__ import annotations

from collections.abc import Sequence

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NameDuplicated, NotFound


class MysqlNotFound(NotFound):
    """Official clients know it by the words "outerProdInstId not exist" or MYSQL_10002."""

    code, noun, chinese = error_codes.MYSQL_NOT_FOUND, "MySQL instance", "实例不存在"

    def __init__(self, resource_id: str, region: str | None = None) -> None:
        super().__init__(resource_id, region)
        self.args = (f"MYSQL_10002: outerProdInstId not exist: {self.args[0]}",)


class BackupNotFound(NotFound):
    code, noun = error_codes.MYSQL_BACKUP_NOT_FOUND, "Backup"


class MysqlNameDuplicated(NameDuplicated):
    code, noun = error_codes.MYSQL_NAME_DUPLICATED, "MySQL instance"


class MysqlInUse(InUse):
    code, noun = error_codes.MYSQL_IN_USE, "MySQL instance"


class PartNotFound(ApiError):
    """An account, a database, a white list of an instance. `field`: "accountName", "dbName", "groupName"."""

    code, chinese = error_codes.MYSQL_PART_NOT_FOUND, "资源不存在"

    def __init__(self, field: str, names: Sequence[str], mysql_name: str) -> None:
        super().__init__(f"{field} not exist: MySQL instance {mysql_name} has none called {', '.join(names)}.")


class PartDuplicated(ApiError):
    code, chinese = error_codes.MYSQL_PART_DUPLICATED, "名称重复"

    def __init__(self, what: str, name: str, mysql_name: str) -> None:
        super().__init__(f"MySQL instance {mysql_name} already has {what} {name}.")


class WrongState(ApiError):
    code, chinese = error_codes.MYSQL_STATE, "实例状态不允许该操作"

    def __init__(self, mysql_name: str, state: str, needed: str) -> None:
        super().__init__(f"MySQL instance {mysql_name} is {state}; this needs one that is {needed}.")


class StandbyNotReady(ApiError):
    code, chinese = error_codes.MYSQL_STANDBY_STATE, "备节点状态不允许切换"

    def __init__(self, mysql_name: str, reason: str) -> None:
        super().__init__(f"The roles of MySQL instance {mysql_name} cannot be switched now: {reason}.")


class BackupBusy(ApiError):
    code, chinese = error_codes.MYSQL_BACKUP_BUSY, "备份正在进行"

    def __init__(self, backup_id: str) -> None:
        super().__init__(f"Backup {backup_id} is under way; wait until it is done.")
