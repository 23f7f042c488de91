"""The drills of stage `dual-active`, seen through `./lab watch`: what dies, who takes over, how long it takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from support.lab import Lab
from support.visitors import api, curl, end_watch, journals, sends, start_watch
from support.waiting import wait_until

pytestmark = [pytest.mark.stage, pytest.mark.timing]

STAGE = "dual-active"
FAILOVER_SECONDS, SWITCHOVER_SECONDS = 10.0, 3.0  # promised; measured by the visitor
GOOD_AGAIN = 20  # so many sends in a row


def database(lab: Lab) -> dict[str, Any]:
    (only,) = json.loads(lab.run("db", "status", STAGE, "--json").stdout)
    return dict(only)


def roles(lab: Lab) -> dict[str, str]:
    return {node["name"]: node["role"] for node in database(lab)["nodes"]}


def is_steady(lab: Lab, outputs: dict[str, Any]) -> bool:
    """Two nodes in step, and both web servers answer."""
    seen = database(lab)
    in_step = seen["inSync"] and not seen["failoverStep"] and sorted(roles(lab).values()) == ["primary", "standby"]
    return in_step and all(node["reachable"] for node in seen["nodes"]) and all(api(s["url"]) for s in outputs["webServers"])


@pytest.fixture(autouse=True)
def steady(dual_lab: Lab, dual_active: dict[str, Any]) -> Iterator[None]:
    """Each drill begins and ends with everything in order, and the primary in the first zone."""
    yield
    dual_lab.run("fault", "undo", "--all")
    dual_lab.run("power", "on", "zone:AZ1", "zone:AZ2")
    wait_until(lambda: is_steady(dual_lab, dual_active), 120, "both pairs to be whole again")
    if roles(dual_lab)["dual-active-db-1"] != "primary":
        dual_lab.run("db", "switchover", STAGE)


@contextmanager
def visitors(lab: Lab) -> Iterator[dict[str, Any]]:
    """Readers and writers of the site, from well before to well after; their report when they have gone. No row may be lost."""
    report: dict[str, Any] = {}
    earlier = journals(lab)
    watch = start_watch(lab, STAGE, "--writes", "--for", "300")
    try:
        wait_until(lambda: journals(lab) - earlier, 30, "the watch to begin")
        wait_until(lambda: len(sends(lab)) > GOOD_AGAIN and all_good(lab), 30, "the visitors to be served")
        yield report
        end = time.time()
        wait_until(lambda: all_good(lab, since=end), 60, "the visitors to be served again")
    finally:
        report.update(end_watch(watch, interrupt=True))
    assert report["writes"]["missing"] == report["writes"]["unchecked"] == []
    assert report["writes"]["acknowledged"] > GOOD_AGAIN


def all_good(lab: Lab, since: float = 0.0) -> bool:
    """The last sends, all of them sent after `since` (Unix seconds), were answered."""
    last = sends(lab)[-GOOD_AGAIN:]
    return all(send["good"] and datetime.fromisoformat(send["time"]).timestamp() > since for send in last)


def longest(report: dict[str, Any], kind: str) -> float:
    """The longest outage of a kind that the visitors saw, in seconds."""
    return max((outage["seconds"] for outage in report["outages"] if outage["kind"] == kind), default=0.0)


def test_a_web_server_without_power_leaves_the_balancer_and_comes_back(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    url = dual_active["siteUrl"]
    with visitors(dual_lab):
        dual_lab.run("power", "off", "web-02")
        wait_until(
            lambda: all_good(dual_lab) and {s["server"] for s in sends(dual_lab)[-GOOD_AGAIN:]} == {"web-01"},
            30,
            "all to go to web-01",
        )
        dual_lab.run("power", "on", "web-02")
        wait_until(lambda: {api(url).get("server") for _ in range(6)} == {"web-01", "web-02"}, 60, "web-02 to be back in")


def test_a_planned_switchover_is_short_and_loses_nothing(dual_lab: Lab) -> None:
    with visitors(dual_lab) as report:
        dual_lab.run("db", "switchover", STAGE)
        assert roles(dual_lab) == {"dual-active-db-1": "standby", "dual-active-db-2": "primary"}
        dual_lab.run("db", "switchover", STAGE)
    assert longest(report, "write") <= SWITCHOVER_SECONDS
    assert roles(dual_lab) == {"dual-active-db-1": "primary", "dual-active-db-2": "standby"}


def test_the_standby_takes_over_from_a_dead_primary(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    with visitors(dual_lab) as report:
        begin = time.time()
        dual_lab.run("power", "off", "dual-active-db-1")
        wait_until(lambda: roles(dual_lab)["dual-active-db-2"] == "primary", 60, "the standby to be the primary")
        wait_until(lambda: all_good(dual_lab, since=begin), 60, "the visitors to be served by the new primary")
        dual_lab.run("power", "on", "dual-active-db-1")
        wait_until(lambda: is_steady(dual_lab, dual_active), 120, "the old primary to be rebuilt as the standby")
    assert 0 < longest(report, "write") <= FAILOVER_SECONDS
    assert roles(dual_lab) == {"dual-active-db-1": "standby", "dual-active-db-2": "primary"}
    assert {who["databaseServer"] for who in report["answeredBy"]} == {"dual-active-db-1", "dual-active-db-2"}


def test_the_site_survives_its_first_zone(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    """Web server, jump host, database primary and one half of the balancer at once."""
    with visitors(dual_lab) as report:
        begin = time.time()
        off = json.loads(dual_lab.run("power", "off", "zone:AZ1", "--json").stdout)
        assert {"dual-active-web-01", "dual-active-jump-host"} <= set(off["hit"]) and off["landed"]
        wait_until(
            lambda: all_good(dual_lab, since=begin) and roles(dual_lab)["dual-active-db-2"] == "primary", 60, "AZ2 to serve alone"
        )
        dual_lab.run("power", "on", "zone:AZ1")
    assert longest(report, "read") <= FAILOVER_SECONDS


def test_manual_failover_waits_and_says_what_it_would_do(dual_lab: Lab) -> None:
    dual_lab.run("up", STAGE, "-c", "drlab:failover=manual", timeout=300)
    try:
        dual_lab.run("power", "off", "dual-active-db-1")
        verdict = wait_until(
            lambda: "manual" in database(dual_lab)["verdict"] and database(dual_lab)["verdict"], 60, "it to say why it waits"
        )
        assert roles(dual_lab)["dual-active-db-2"] == "standby", verdict
        dual_lab.run("db", "promote", STAGE, "--accept-loss", "--yes")
        assert roles(dual_lab)["dual-active-db-2"] == "primary"
        nothing_new = json.loads(dual_lab.run("up", STAGE, "--json", timeout=300).stdout)  # and yet it says who leads now
        said = {node["name"]: node["role"] for node in nothing_new["outputs"]["databaseNodes"]}
        assert said["dual-active-db-2"] == "primary" != said["dual-active-db-1"], nothing_new
    finally:
        dual_lab.run("power", "on", "dual-active-db-1")
        dual_lab.run("up", STAGE, "-c", "drlab:failover=auto", timeout=300)


def test_a_primary_whose_standby_was_lost_first_is_waited_for(dual_lab: Lab, dual_active: dict[str, Any]) -> None:
    url = dual_active["siteUrl"]
    with visitors(dual_lab):
        dual_lab.run("power", "off", "dual-active-db-2")
        wait_until(lambda: not database(dual_lab)["inSync"] and all_good(dual_lab), 60, "the primary to serve alone")
        dual_lab.run("power", "off", "dual-active-db-1")
        wait_until(lambda: not api(url), 30, "the database to be gone")
        dual_lab.run("power", "on", "dual-active-db-2")
        wait_until(lambda: database(dual_lab)["verdict"], 30, "a reason")
        assert roles(dual_lab)["dual-active-db-2"] != "primary", "a standby that lacks rows was promoted"
        assert not api(url)
        assert [curl(f"{url}/")[0] for _ in range(6)] == [200] * 6, "the balancer took out servers that only lack their database"
        dual_lab.run("power", "on", "dual-active-db-1")
        wait_until(lambda: api(url), 60, "the old primary to serve again")
