"""What can go wrong with MySQL instances."""

from __future__ import annotations

from localcloud.core import invented
from localcloud.core.errors import NotFound


class MysqlNotFound(NotFound):
    code, noun = invented.MYSQL_NOT_FOUND, "MySQL instance"


class BackupNotFound(NotFound):
    code, noun = invented.MYSQL_BACKUP_NOT_FOUND, "Backup"
