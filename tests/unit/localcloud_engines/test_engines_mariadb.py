"""What MariaDB says, as values: positions, states, the chain of kept logs, sentences without parameters."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.engines.interface.databases import NodeState
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb import accounts
from localcloud.engines.mariadb.backups import Kept, chain
from localcloud.engines.mariadb.sql import SOCKET, Sql, without
from localcloud.engines.mariadb.state import ENDLESS, MOMENT, position, seen, sequence

ALIVE = NodeState(True, True, False, gtid="0-1-7")
SOURCE = {
    "Master_Host": "192.168.1.11",
    "Gtid_IO_Pos": "0-1-9",
    "Slave_IO_Running": "Yes",
    "Slave_SQL_Running": "Yes",
    "Seconds_Behind_Master": 3,
    "Last_SQL_Error": "",
    "Last_IO_Error": "",
}
ROOMY = 1 << 20


@pytest.mark.parametrize(("gtid", "number"), [("", 0), ("0-1-7", 7), ("0-1-7,0-2-9", 9), ("nonsense", 0)])
def test_the_number_of_a_position(gtid: str, number: int) -> None:
    assert sequence(gtid) == number


@pytest.mark.parametrize(
    ("binlog", "applied", "expected"),
    [("0-1-64", "0-1-54", "0-1-64"), ("0-1-5", "0-2-6", "0-2-6"), (None, None, ""), ("", "0-1-3", "0-1-3")],
)
def test_a_position_is_the_further_of_what_was_logged_and_what_was_applied(
    binlog: str | None, applied: str | None, expected: str
) -> None:
    assert position(binlog, applied) == expected


def test_a_node_without_a_source() -> None:
    assert seen((1, "0-1-7", "", 0, ENDLESS, ROOMY), {}, None) == ALIVE


@pytest.mark.parametrize(
    ("patience", "status", "semi_sync", "trial", "in_time"),
    [(ENDLESS, "ON", True, False, True), (ENDLESS, "OFF", False, True, False), (MOMENT, "ON", False, True, True)],
)
def test_a_primary_waits_for_its_standby_only_while_no_commit_can_go_on_without(
    patience: int, status: str, semi_sync: bool, trial: bool, in_time: bool
) -> None:
    names = {"clients": "1", "wait_sessions": "4", "status": status, "get_ack": "9"}
    counters = {f"Rpl_semi_sync_master_{name}": value for name, value in names.items()}
    primary = replace(ALIVE, writable=True, semi_sync=semi_sync, trial=trial, in_time=in_time, acks=9, standbys=1, waiting=4)
    assert seen((0, "0-1-7", None, 1, patience, ROOMY), counters, None) == primary


def test_a_node_with_a_source() -> None:
    standby = replace(ALIVE, following="192.168.1.11", received="0-1-9", receiving=True, applying=True, behind=3.0)
    assert seen((1, "0-1-7", "0-1-7", 0, ENDLESS, ROOMY), {}, SOURCE) == standby


def test_a_source_that_does_not_answer() -> None:
    lost = {**SOURCE, "Slave_IO_Running": "Connecting", "Seconds_Behind_Master": None, "Last_IO_Error": "error reconnecting"}
    state = seen((1, "0-1-7", "0-1-7", 0, ENDLESS, ROOMY), {}, lost)
    assert (state.receiving, state.behind, state.problem) == (False, None, "error reconnecting")


def test_a_receiver_that_has_ended() -> None:
    state = seen((1, "0-1-7", "0-1-7", 0, ENDLESS, ROOMY), {}, {**SOURCE, "Slave_IO_Running": "No"})
    assert (state.receiving, state.receiver_ended, state.applying) == (False, True, True)


def test_a_full_disk_is_the_first_of_all_problems() -> None:
    broken = {**SOURCE, "Slave_SQL_Running": "No", "Last_SQL_Error": "Duplicate entry"}
    assert seen((1, "", "", 0, ENDLESS, ROOMY), {}, broken).problem == "Duplicate entry"
    assert seen((1, "", "", 0, ENDLESS, 12), {}, broken).problem == "disk full"
    assert seen((1, "", "", 0, ENDLESS, None), {}, None).problem == "", "an unknown room is no problem"


def kept(name: str, first: int, at: float) -> Kept:
    return Kept(Path(name), first, at)


@pytest.mark.parametrize(
    ("there", "reached", "expected"),
    [
        ([], 5, []),
        ([kept("a", 1, 10.0)], 5, [("a", None)]),
        ([kept("a", 6, 10.0)], 5, [("a", None)]),
        # The log that was kept last leads the way where it can, alone...
        ([kept("a", 1, 10.0), kept("b", 4, 20.0)], 5, [("b", None)]),
        # ... otherwise older ones lead up to its beginning.
        ([kept("a", 1, 10.0), kept("b", 9, 20.0)], 5, [("a", 8), ("b", None)]),
        ([kept("a", 1, 10.0), kept("c", 20, 30.0), kept("b", 9, 20.0)], 5, [("a", 8), ("b", 19), ("c", None)]),
        # One that begins later than the one after it is of another time and leads nowhere.
        ([kept("a", 1, 10.0), kept("x", 15, 20.0), kept("b", 9, 30.0)], 5, [("a", 8), ("b", None)]),
    ],
)
def test_logs_lead_from_a_backup_to_the_present(there: list[Kept], reached: int, expected: list[tuple[str, int | None]]) -> None:
    assert [(found.folder.name, last) for found, last in chain(there, reached)] == expected


def test_a_gap_between_backup_and_logs_is_told() -> None:
    with pytest.raises(EngineError, match="binary logs begin at transaction 9, the backup ends at 5: what lies between is not"):
        chain([kept("b", 9, 20.0)], 5)


def test_a_sentence_holds_no_parameter() -> None:
    said = "You have an error near 'secret'' and secret-er'"
    assert without(said, ("secret", "secret-er", "", 7)) == "You have an error near '…'' and …'"


@pytest.fixture
def sql(tmp_path: Path) -> Iterator[Sql]:
    found = Sql(lambda node_id: tmp_path / node_id)
    yield found
    found.close()


def ask(sql: Sql, **more: Any) -> None:
    asyncio.run(sql.run("node-1", "SELECT 1", **more))


def test_a_node_that_is_not_there_does_not_answer(sql: Sql, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"database node node-1 does not answer on its management socket: .*No such file"):
        ask(sql)
    (tmp_path / "node-1").mkdir()
    with pytest.raises(EngineError, match=r"database node node-1 does not answer on its management socket: .*No such file"):
        ask(sql)


def test_a_node_that_hangs_is_given_up(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "node-1").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "node-1" / SOCKET))
        listening.listen()
        with pytest.raises(EngineError, match=r"does not answer on its management socket: .*timed out"):
            ask(sql, seconds=1.0)


def test_a_node_that_hangs_up_is_told(sql: Sql, tmp_path: Path) -> None:
    (tmp_path / "node-1").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "node-1" / SOCKET))
        listening.listen()
        hanging_up = threading.Thread(target=lambda: listening.accept()[0].close())
        hanging_up.start()
        with pytest.raises(EngineError, match="does not answer on its management socket"):
            ask(sql)
        hanging_up.join(10)


def test_the_accounts_that_a_node_is_run_by_are_known() -> None:
    """They are read from the image's own file, wherever the module that reads it stands."""
    wanted = accounts.statements()
    assert all(any(name in statement for statement in wanted) for name in ("root@localhost", "operator@localhost"))
