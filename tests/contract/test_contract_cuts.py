"""Cuts of the network between the nodes of a real MySQL pair, as a client sees them that writes ten times a second."""

from __future__ import annotations

import time

import pytest
from contract.mysql_ledger import Ledger, PairOfNodes

GRACE = 5.0  # seconds that the primary waits for a silent standby
MOST_SILENCE = 10.0  # seconds without writes that any cut may cost
CUT_SECONDS, WATCHED_SECONDS = 15.0, 25.0
NOTICED = 1.0  # shorter pauses are no outage

WIDE = "CREATE TABLE IF NOT EXISTS wide (number BIGINT PRIMARY KEY, text MEDIUMTEXT DEFAULT (REPEAT('x', 20000)))"

pytestmark = [pytest.mark.timing, pytest.mark.timeout(300)]


@pytest.fixture
def ledger(pair: PairOfNodes) -> Ledger:
    """Ten rows a second, of which the ways between the nodes do not take many that nobody receives."""
    with pair.connected() as cursor:
        cursor.execute(WIDE)
    return Ledger(pair.address, rest=0.1, table="wide")


def watch(pair: PairOfNodes, *faults: str) -> None:
    """Faults that are there already last on, then end; writes are watched long enough for what would come again."""
    time.sleep(CUT_SECONDS)
    for fault in faults:
        pair.undo(fault)
    time.sleep(WATCHED_SECONDS)
    pair.settled()


def costs_one_outage(ledger: Ledger, pair: PairOfNodes, most: float) -> None:
    outages = [round(gap, 1) for gap in ledger.gaps(NOTICED)]
    print(f"outages: {outages}")
    assert len(outages) <= 1, f"{outages}\n{pair.story()}"
    assert ledger.silence() <= most, pair.story()
    assert ledger.lost() == []


@pytest.mark.parametrize("one_way", [False, True], ids=["both ways", "one way"])
def test_a_cut_of_the_standbys_network_costs_one_outage(pair: PairOfNodes, ledger: Ledger, one_way: bool) -> None:
    primary = pair.node("primary")
    with ledger:
        cut = pair.fault("cut", f"server:{pair.node('standby').name}", to="*", one_way=one_way)
        watch(pair, cut)
    costs_one_outage(ledger, pair, GRACE + 2)
    assert pair.node("primary").id == primary.id


def test_zones_cut_from_each_other_in_one_direction_cost_one_outage(pair: PairOfNodes, ledger: Ledger) -> None:
    primary, standby = pair.node("primary"), pair.node("standby")
    with ledger:
        cut = pair.fault("cut", f"zone:{primary.zone}", to=f"zone:{standby.zone}", one_way=True)
        watch(pair, cut)
    costs_one_outage(ledger, pair, MOST_SILENCE)
    assert pair.node("primary").id == primary.id
