"""The ledger: whatever moment the primary dies at, no write that a visitor was told of is lost, and it does not take long."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from support.lab import Lab

from bench.drill import BEGUN, SERVED, Drill
from bench.lab import Lab as BenchLab
from bench.ledger import FAILOVER_SECONDS, LOST, rounds

pytestmark = [pytest.mark.stage, pytest.mark.timing, pytest.mark.timeout(3600)]

ROUNDS = int(os.environ.get("DRLAB_LEDGER_ROUNDS", "4"))  # one of four with the standby lost first; `./lab bench` makes 20


def test_a_primary_that_dies_at_any_moment_takes_no_acknowledged_write_with_it(
    dual_lab: Lab, dual_active: object, record_property: Callable[[str, object], None]
) -> None:
    done = rounds(Drill(BenchLab(dual_lab.state)), ROUNDS, seed=int.from_bytes(os.urandom(4)))
    record_property("rounds", str(done))
    assert [one for one in done if one.missing or one.unchecked] == []
    assert [one for one in done if one.fault == LOST and one.outage > FAILOVER_SECONDS] == []
    assert all(one.acknowledged >= BEGUN + SERVED for one in done), done  # each of its waits saw as many
