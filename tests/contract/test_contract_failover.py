"""Real failovers of a real MySQL pair: a writer goes on writing, nodes die, and nothing that was acknowledged is lost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from contract.mysql_ledger import SECONDS, Ledger, PairOfNodes
from support.waiting import wait_until

from ctyun import Client
from ctyun.local_databases import LocalNode

MOST_SILENCE = 10.0  # seconds without writes that a failover may cost a client
LET_IN_AGAIN = 30.0  # seconds; a node that only hangs is left alone for as long
KEYLESS = 16000  # rows that a standby changes in some twenty seconds, ten of which are needed
LOOPS, BUSY_SECONDS = 6, float(os.environ.get("DRLAB_BUSY_SECONDS", "10"))

pytestmark = [pytest.mark.timing, pytest.mark.timeout(600)]


def test_the_standby_takes_over_from_a_primary_without_power(pair: PairOfNodes) -> None:
    old, new = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger:
        fault = pair.power_off(old)
        ledger.goes_on()
        assert ledger.silence() <= MOST_SILENCE, pair.story()
        assert pair.seen().primary == new.id
        pair.undo(fault)
        pair.settled()
        ledger.goes_on()
    assert (pair.node("primary").id, pair.node("standby").id) == (new.id, old.id)
    assert ledger.lost() == []
    assert "read-only" in pair.write_on(old)
    newest = pair.seen().switches[-1]
    assert (newest.reason, newest.state, newest.before, newest.after) == ("failover", "done", old.name, new.name)


def test_the_standby_takes_over_from_a_primary_that_hangs(pair: PairOfNodes) -> None:
    old, new = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger:
        pair.hang(old)
        ledger.goes_on()
        assert ledger.silence() <= MOST_SILENCE, pair.story()
        assert pair.seen().primary == new.id
        pair.settled()
    assert ledger.lost() == []


def test_a_primary_cut_off_from_everybody_is_fenced(pair: PairOfNodes) -> None:
    """A client on the node itself goes on writing to it meanwhile; nothing of that is acknowledged once another has its role."""
    old, new = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger, pair.trials() as trials:
        fault = pair.fault("cut", f"server:{old.name}", to="*")
        ledger.goes_on()
        assert ledger.silence() <= MOST_SILENCE, pair.story()
        assert "written" not in pair.write_on(old)
        pair.undo(fault)
        pair.settled()
    assert trials.turns() == [old.id, new.id], "two nodes took writes"
    assert min(trials.tried.values()) > 20
    assert ledger.lost() == []


def test_a_standby_that_lacks_writes_is_not_promoted(pair: PairOfNodes) -> None:
    """The primary waits for a standby that it does not hear, goes on alone once that is stored, and dies."""
    primary, standby = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger:
        cut = pair.fault("cut", f"server:{primary.name}", to=f"server:{standby.name}")
        wait_until(lambda: not pair.seen().in_sync, SECONDS, "the standby to be marked out of sync")
        ledger.goes_on()
        off = pair.power_off(primary)
        pair.waits_to_say("nothing is promoted", f"{standby.name} is marked out of sync")
        assert "read-only" in pair.write_on(standby)
        pair.undo(off)
        ledger.goes_on()
        assert pair.seen().primary == primary.id
        pair.undo(cut)
        pair.settled()
    assert ledger.lost() == []


def test_both_nodes_lost_and_back(pair: PairOfNodes) -> None:
    with Ledger(pair.address) as ledger:
        faults = pair.power_off_both()
        pair.waits_to_say("nothing is promoted")
        for fault in faults.values():
            pair.undo(fault)
        ledger.goes_on()
        pair.settled()
    assert ledger.lost() == []


def test_a_standby_that_comes_back_with_an_unapplied_relay_log_has_everything(pair: PairOfNodes) -> None:
    primary, standby = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger:
        with pair.nothing_applied(standby):
            wait_until(lambda: ledger.acknowledged[-1][0] > pair.last_on(standby) + 10, SECONDS, "writes that are only received")
            faults = pair.power_off_both()
        pair.waits_to_say("nothing is promoted")
        pair.undo(faults[standby.id])
        ledger.goes_on()
        assert pair.seen().primary == standby.id, pair.story()
        pair.undo(faults[primary.id])
        pair.settled()
    assert ledger.lost() == []


def test_what_clients_do_on_the_standby_does_not_delay_its_promotion(pair: PairOfNodes) -> None:
    """As a nightly dump does it, on the standby's own address; who only looks at something stays."""
    old, new = pair.node("primary"), pair.node("standby")
    holding = {
        "a global read lock": ("FLUSH TABLES WITH READ LOCK",),
        "a read lock on hr_db.ledger": ("LOCK TABLES ledger READ",),
        "row locks": ("BEGIN", "SELECT COUNT(*) INTO @there FROM ledger WHERE number > 0 LOCK IN SHARE MODE"),
    }
    with ExitStack() as clients:  # the locks first: they would wait for an applier that waits for one of them
        reader = clients.enter_context(pair.session(new, "BEGIN", "SELECT COUNT(*) INTO @there FROM ledger"))
        for statements in holding.values():
            clients.enter_context(pair.session(new, *statements))
        ledger = clients.enter_context(Ledger(pair.address))
        wait_until(lambda: ledger.acknowledged[-1][0] > pair.last_on(new) + 10, SECONDS, "writes that are only received")
        fault = pair.power_off(old)
        ledger.goes_on()
        assert pair.seen().primary == new.id
        assert ledger.silence() <= MOST_SILENCE, pair.story()
        assert reader.says("SELECT 'here'") == "here"
        told = pair.seen().switches[0].detail
        assert all(f"{what})" in told for what in holding) and told.count("root@") == len(holding), told
        pair.undo(fault)
        pair.settled()
    assert ledger.lost() == []


def test_a_standby_that_needs_long_to_apply_says_so_and_takes_over_by_itself(pair: PairOfNodes) -> None:
    """Each of these rows is looked for among all of them: the table has no primary key."""
    old, new = pair.node("primary"), pair.node("standby")
    with pair.connected() as cursor:
        cursor.execute("CREATE OR REPLACE TABLE keyless (number INT, text VARCHAR(200))")
        cursor.execute(f"INSERT INTO keyless SELECT seq, REPEAT('a', 150) FROM seq_1_to_{KEYLESS}")
        pair.settled()
        cursor.execute("UPDATE keyless SET text = REPEAT('b', 150)")
    fault = pair.power_off(old)
    pair.waits_to_say(f"{new.name} applies what it has received", "it changes hr_db.keyless", "at this pace", "takes over then")
    with Ledger(pair.address) as ledger:
        assert pair.seen().primary == new.id
        with pair.connected() as cursor:
            cursor.execute("SELECT COUNT(*) FROM keyless WHERE text LIKE 'b%'")
            assert cursor.fetchone() == (KEYLESS,)
            cursor.execute("DROP TABLE keyless")
        pair.undo(fault)
        pair.settled()
    assert ledger.lost() == []


def test_a_rebuild_says_whose_lock_keeps_it_waiting_and_goes_on_without_it(pair: PairOfNodes) -> None:
    old, new = pair.node("primary"), pair.node("standby")
    with pair.connected() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS locked (number INT)")
    pair.settled()
    with Ledger(pair.address) as ledger:
        fault = pair.power_off(old)
        ledger.goes_on()
        with pair.session(new, "LOCK TABLES locked WRITE"):
            pair.undo(fault)
            pair.waits_to_say(
                f"copying the data of node {new.id} was given up", "root@", "a write lock on hr_db.locked, idle for"
            )
            ledger.goes_on()
        pair.settled()
    assert ledger.silence() <= MOST_SILENCE, pair.story()
    assert ledger.lost() == []


def test_a_full_disk_of_the_primary(pair: PairOfNodes) -> None:
    old = pair.node("primary")
    with Ledger(pair.address) as ledger:
        fault = pair.fault("disk-full", f"server:{old.name}", path="/")
        wait_until(lambda: pair.seen().primary != old.id, SECONDS, "the standby to take over")
        ledger.goes_on()
        pair.undo(fault)
        pair.settled()
    assert ledger.lost() == []


def test_accounts_of_the_cloud_that_go_while_it_does_not_run_are_made_anew(pair: PairOfNodes) -> None:
    """Nobody gets in who could make them; a start of the nodes does. What clients write in the meantime counts."""
    primary, changes = pair.node("primary"), len(pair.seen().switches)
    with Ledger(pair.address) as ledger:
        pair.own.kill()
        pair.drop_accounts_of_the_cloud(primary)
        pair.record = pair.own.start()
        pair.waits_to_say(f"{primary.name} lets the local cloud in no more, as its accounts are gone")
        began = time.monotonic()
        wait_until(
            lambda: pair.seen().verdict.endswith("is in sync") and pair.in_sync(), SECONDS, "the standby to be in sync again"
        )
        took = time.monotonic() - began
        ledger.goes_on()
    assert took < LET_IN_AGAIN, pair.story()
    assert ledger.silence() <= MOST_SILENCE, pair.story()
    assert ledger.lost() == []
    assert (pair.node("primary").id, len(pair.seen().switches)) == (primary.id, changes)


@pytest.mark.parametrize("call", ["stop_receiving", "open_writes"])
def test_the_local_cloud_is_killed_during_a_failover(pair: PairOfNodes, call: str) -> None:
    old = pair.node("primary")
    with Ledger(pair.address) as ledger:
        with pair.halted(call) as come_there:
            fault = pair.power_off(old)
            come_there()
            pair.restart_cloud()
        ledger.goes_on()
        assert pair.seen().primary != old.id
        pair.undo(fault)
        pair.settled()
    assert ledger.lost() == []
    assert pair.seen().switches[-1].state == "done"


def candidate_dies_at(pair: PairOfNodes, call: str, old: LocalNode, new: LocalNode) -> str:
    """The primary loses its power, and its candidate at the very call; the old one is back. What keeps the candidate dead."""
    with pair.halted(call) as come_there:
        first = pair.power_off(old)
        come_there()
        second = pair.power_off(new)
    pair.undo(first)
    return second


def test_a_candidate_that_dies_before_it_may_take_writes_is_not_waited_for(pair: PairOfNodes) -> None:
    old, new = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger, pair.trials() as trials:
        second = candidate_dies_at(pair, "forget_source", old, new)
        ledger.goes_on()
        assert pair.seen().primary == old.id, pair.story()
        pair.undo(second)
        pair.settled()
    assert trials.turns() == [old.id], "the candidate took writes"
    assert ledger.lost() == []


def test_a_candidate_that_may_have_taken_writes_is_waited_for(pair: PairOfNodes) -> None:
    old, new = pair.node("primary"), pair.node("standby")
    with Ledger(pair.address) as ledger, pair.trials() as trials:
        second = candidate_dies_at(pair, "open_writes", old, new)
        pair.waits_to_say("nothing is promoted", f"{old.name} has data that must be rebuilt first")
        assert "written" not in pair.write_on(old)
        pair.undo(second)
        ledger.goes_on()
        pair.settled()
    assert trials.turns() == [old.id, new.id], "two nodes took writes"
    assert ledger.lost() == []


def test_a_busy_machine_is_no_dead_primary(pair: PairOfNodes) -> None:
    """Many who want to calculate change no roles; a primary that dies among them is replaced in time.

    A standby that has fallen behind catches up when they have ended: among them it may receive more slowly than clients write.
    """
    old, changes = pair.node("primary"), len(pair.seen().switches)
    with Ledger(pair.address) as ledger:
        with busy(LOOPS):
            time.sleep(BUSY_SECONDS)  # the claim is that nothing happens for so long
            assert len(pair.seen().switches) == changes, pair.story()
        pair.settled()
        with busy(LOOPS):
            fault = pair.power_off(old)
            ledger.goes_on()
            assert pair.seen().primary != old.id
            assert ledger.silence() <= MOST_SILENCE, pair.story()
        pair.undo(fault)
        pair.settled()
    assert ledger.lost() == []


@contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that calculate without an end."""
    loops = [subprocess.Popen(["nice", "-n", "5", sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait(10)


def test_a_switchover_takes_at_most_three_seconds(pair: PairOfNodes, region: str) -> None:
    new = pair.node("standby")

    async def switch() -> None:
        async with Client.local(pair.record) as client:
            await client.mysql_roles.switch_over(region, pair.id, new.res_id, timeout=SECONDS)

    with Ledger(pair.address) as ledger:
        pair.run(switch())
        assert pair.seen().in_sync, "the old primary must not be rebuilt"
        ledger.goes_on()
        pair.settled()
    assert ledger.silence() <= 3.0, pair.story()
    assert ledger.lost() == []
    assert pair.node("primary").id == new.id
