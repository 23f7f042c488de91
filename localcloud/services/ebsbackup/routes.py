"""Volume backups: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, Token
from localcloud.services.ebsbackup import handlers

_NOT_SHOWN = ("autoRenewStatus", "labels")  # by any call

ROUTES = (
    Route("POST", "/v4/ebs-backup/repo/create", "ebsbackup", handlers.create_vault, Token.REQUIRED, ignores=_NOT_SHOWN),
    Route("GET", "/v4/ebs-backup/repo/list-repos", "ebsbackup", handlers.list_vaults, ignores=("hideExpire", "asc", "sort")),
    Route("POST", "/v4/ebs-backup/repo/resize", "ebsbackup", handlers.enlarge_vault, Token.REQUIRED),
    Route("POST", "/v4/ebs-backup/repo/renew", "ebsbackup", handlers.renew_vault, Token.REQUIRED),
    Route("POST", "/v4/ebs-backup/repo/update", "ebsbackup", handlers.rename_vault),
    Route("POST", "/v4/ebs-backup/repo/delete", "ebsbackup", handlers.delete_vault, Token.REQUIRED),
    Route("POST", "/v4/ebs-backup/create-backup", "ebsbackup", handlers.create_backup),
    Route("GET", "/v4/ebs-backup/show-backup", "ebsbackup", handlers.show_backup),
    Route("GET", "/v4/ebs-backup/show-usage", "ebsbackup", handlers.show_usage),
    Route("GET", "/v4/ebs-backup/list-backups", "ebsbackup", handlers.list_backups),
    Route("POST", "/v4/ebs-backup/restore-backup", "ebsbackup", handlers.restore_backup),
    Route("POST", "/v4/ebs-backup/delete", "ebsbackup", handlers.delete_backup),
    Route("GET", "/v4/ebs-backup/task/list-task", "ebsbackup", handlers.list_tasks),
)
