"""`./lab watch` on the running stage `single-host`, through a real power cut."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.lab import Lab
from support.visitors import end_watch, journals, sends, start_watch
from support.waiting import wait_until

pytestmark = [pytest.mark.stage, pytest.mark.timing]


@pytest.fixture(autouse=True)
def powered(lab: Lab) -> Iterator[None]:
    """What a failed test has left without power stands in no other test's way."""
    yield
    if json.loads(lab.run("fault", "list", "--json").stdout):
        lab.run("fault", "undo", "--all")


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def good_answers(lab: Lab, after: float) -> list[dict[str, Any]]:
    return [line for line in sends(lab) if line["good"] and instant(line["time"]) > after]


def test_a_power_cut_is_one_outage_of_its_own_length_and_loses_nothing(lab: Lab, single_host: dict[str, Any]) -> None:
    watch = start_watch(lab, "single-host", "--writes", "--for", "120")
    try:
        begin = time.time()
        wait_until(lambda: len(good_answers(lab, begin)) > 10, 30, "the watch to see the site")
        off = json.loads(lab.run("power", "off", "web-01", "--json").stdout)
        time.sleep(3)  # the length of the outage is the point
        lab.run("power", "on", "web-01")
        powered = time.time()
        wait_until(lambda: len(good_answers(lab, powered)) > 10, 60, "the watch to see the site again")
    finally:
        seen = end_watch(watch, interrupt=True)
    down = instant(off["at"])
    assert [outage["kind"] for outage in sorted(seen["outages"], key=lambda o: o["kind"])] == ["read", "write"]
    for outage in seen["outages"]:
        assert abs(instant(outage["begin"]) - down) < 0.5, f"down at {off['at']}: {outage}"
        assert powered - 2 < instant(outage["end"]) < powered + 60
        assert 3 < outage["atLeast"] <= outage["seconds"] <= outage["atMost"] < outage["atLeast"] + 3
        assert (outage["before"]["zone"], outage["after"]["zone"]) == ("AZ1", "AZ1")
    assert seen["rtoSeconds"] == max(outage["seconds"] for outage in seen["outages"])
    assert seen["rpoWrites"] == 0 and seen["writes"]["missing"] == seen["writes"]["unchecked"] == []
    assert seen["writes"]["acknowledged"] > 10 and seen["writes"]["unknown"] > 0
    assert [(who["server"], who["zone"]) for who in seen["answeredBy"]] == [("web-01", "AZ1")]
    acknowledged = Path(seen["files"]["ledger"]).read_text().count('"acknowledged"')
    assert acknowledged == seen["writes"]["acknowledged"]


def test_a_site_that_is_down_can_be_watched(lab: Lab, single_host: dict[str, Any]) -> None:
    lab.run("power", "off", "web-01")
    before = journals(lab)
    watch = start_watch(lab, "single-host", "--for", "180", "--rate", "4")
    try:
        wait_until(
            lambda: [path for path in journals(lab) - before if "silent for" in path.read_text()], 60, "the watch to see silence"
        )
        lab.run("power", "on", "web-01")
        powered = time.time()
        wait_until(lambda: len(good_answers(lab, powered)) > 10, 60, "the watch to see the site")
    finally:
        seen = end_watch(watch, interrupt=True)
    (outage,) = seen["outages"]
    assert outage["begin"] == seen["begin"] and outage["before"] is None and outage["atMost"] is None
    assert outage["after"]["server"] == "web-01" and seen["writes"] is None
