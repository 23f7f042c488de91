"""How far a candidate is with what it had received, in words."""

from __future__ import annotations

from localcloud.controllers.databases.ha.progress import Progress, further, words
from localcloud.engines.mariadb.locks import holders, sessions, waits
from localcloud.engines.mariadb.state import unread


def test_what_is_left_and_for_how_long() -> None:
    first = further(Progress(), 10.0, 4_000_000, ["shop.orders"])
    assert words(first) == "it changes shop.orders; 4.0 MB of 4.0 MB are left, and its pace is not known yet"
    second = further(first, 12.0, 3_000_000, ["shop.orders"])
    assert words(second) == "it changes shop.orders; 3.0 MB of 4.0 MB are left, about 6 s at this pace"
    assert "about 50 min" in words(further(second, 42.0, 2_970_000, []))
    assert words(Progress()) == ""


def test_bytes_that_an_applier_has_not_read() -> None:
    sizes = "size relay-1.000002 100\nsize relay-1.000003 50\n"
    assert unread(f"{sizes}at relay-1.000003 50\nat relay-1.000002 30\n") == 120
    assert unread(sizes) is None


def test_sessions_are_named_once_with_all_that_they_hold() -> None:
    row = {"ID": 7, "USER": "report", "HOST": "10.0.0.5:4711", "TABLE_SCHEMA": "shop", "TABLE_NAME": "orders"}
    rows = [row | {"LOCK_MODE": "MDL_SHARED_READ_ONLY"}, row | {"LOCK_MODE": "rows", "TABLE_SCHEMA": "", "TABLE_NAME": ""}]
    assert sessions(rows) == ["report@10.0.0.5 (connection 7, a read lock on shop.orders and row locks)"]
    assert waits("Waiting for table metadata lock") and waits("Waiting for table flush")
    assert not waits("Waiting for work from SQL thread")


def test_who_holds_what_a_copy_waits_for_is_named_without_a_secret() -> None:
    app = {"ID": 204, "USER": "app", "HOST": "10.0.0.5:4711", "COMMAND": "Sleep", "TIME": 34, "INFO": None}
    busy = app | {"ID": 9, "HOST": "10.0.0.6:4712", "COMMAND": "Query", "TIME": 2, "INFO": "insert INTO keys VALUES ('secret')"}
    none, table = {"TABLE_SCHEMA": "", "TABLE_NAME": ""}, {"TABLE_SCHEMA": "shop", "TABLE_NAME": "orders"}
    rows = [
        app | none | {"LOCK_MODE": "MDL_BACKUP_DDL"},
        app | table | {"LOCK_MODE": "MDL_SHARED_NO_READ_WRITE"},
        busy | none | {"LOCK_MODE": "MDL_BACKUP_DML"},
        busy | table | {"LOCK_MODE": "MDL_SHARED_WRITE"},
        busy | none | {"ID": 11, "LOCK_MODE": "MDL_BACKUP_TRANS_DML"},
    ]
    locked = "app@10.0.0.5 (connection 204, a write lock on shop.orders, idle for 34 s)"
    assert holders("BACKUP STAGE START", rows) == [locked]
    assert holders("BACKUP STAGE BLOCK_DDL", rows) == [
        "app@10.0.0.6 (connection 9, writes to shop.orders, busy with INSERT for 2 s)",
        locked,
    ]
    applier = app | none | {"USER": "system user", "HOST": "", "COMMAND": "Slave_SQL", "LOCK_MODE": "MDL_BACKUP_COMMIT"}
    assert holders("BACKUP STAGE BLOCK_COMMIT", [applier]) == ["the applier (connection 204, busy for 34 s)"]
