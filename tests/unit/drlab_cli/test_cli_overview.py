"""`./lab status` as text: a pure function of what was seen."""

from __future__ import annotations

from typing import Any

import pytest

from drlab.node_views import NodeView
from drlab.output import Output
from drlab.overview import CloudView, Overview, ServerView, StackView, document, fault_table, render


def server(name: str, stack: str | None, zone: str, power: str, desired: str) -> ServerView:
    short = name.removeprefix(f"{stack}-")
    return ServerView(
        name, short, stack, "华东1", zone, power, desired, "192.168.1.3", "198.18.0.1", "s7.small.1", "debian-12", f"id-{name}"
    )


def overview(*servers: ServerView, faults: tuple[dict[str, Any], ...] = ()) -> Overview:
    resources = tuple(
        {"type": f"ctyun:{kind}", "name": name, "id": name} for kind, name in (("ecs:Instance", "web-01"), ("vpc:Vpc", "v"))
    )
    stack = StackView(
        "single-host", "local", True, (*resources, {"type": "ctyun:ecs:KeyPair", "name": "key", "id": "key"}),
        {"siteUrl": "http://198.18.0.1"}, ("creating web-02",), "2026-11-21T08:46:33Z",
    )  # fmt: skip
    cloud = CloudView("running", "http://127.0.0.1:8750", None, 77, "k3f9a2")
    return Overview(cloud, (stack,), servers, faults)


def test_a_kill_is_over_and_was_never_undone() -> None:
    fault = {"id": "f-1", "kind": "kill", "target": "server:web-01", "at": "", "landed": True, "hit": [], "undone": "2026-11-21"}
    assert fault_table([fault])[1][0][4] == "over"


def test_status_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    fault = {
        "id": "f-1",
        "kind": "power-off",
        "target": "zone:华东1/AZ1",
        "at": "2026-11-21T09:20:34.139751+00:00",
        "landed": True,
        "hit": ["single-host-web-01"],
        "undone": None,
    }
    seen = overview(
        server("single-host-jump-host", "single-host", "AZ2", "running", "on"),
        server("single-host-web-01", "single-host", "AZ1", "stopped", "off"),
        faults=(fault,),
    )
    render(seen, Output())
    assert capsys.readouterr().out == (
        "cloud        running on http://127.0.0.1:8750 (process 77, id k3f9a2)\n"
        "single-host  up on local, 3 resources: 1 server, 1 VPC\n"
        "             siteUrl          http://198.18.0.1\n"
        "             unfinished: creating web-02 (./lab up single-host goes on)\n"
        "\n"
        "  SERVER     ZONE       POWER  PRIVATE      EIP         FLAVOUR\n"
        "  jump-host  华东1/AZ2  on     192.168.1.3  198.18.0.1  s7.small.1\n"
        "  web-01     华东1/AZ1  off    192.168.1.3  198.18.0.1  s7.small.1\n"
        "\n"
        "  FAULT  KIND       TARGET          SINCE                STATE     HITS\n"
        "  f-1    power-off  zone:华东1/AZ1  2026-11-21 09:20:34  in force  single-host-web-01\n"
    )


def test_servers_of_two_stacks_carry_their_stack(capsys: pytest.CaptureFixture[str]) -> None:
    render(
        overview(
            server("single-host-web-01", "single-host", "AZ1", "gone", "on"),
            server("dual-web-01", "dual", "AZ1", "stopped", "on"),
        ),
        Output(),
    )
    shown = capsys.readouterr().out
    assert "  single-host/web-01  华东1/AZ1  gone (its container was removed)" in shown
    assert "  dual/web-01         华东1/AZ1  off (by a fault or a crash)" in shown


def test_the_document_names_what_tests_and_scripts_read() -> None:
    shown = document(overview(server("single-host-web-01", "single-host", "AZ1", "running", "on")))
    assert shown["servers"][0]["eip"] == "198.18.0.1"
    assert shown["servers"][0]["power"] == "running"
    assert shown["cloud"]["state"] == "running"
    assert shown["stacks"][0]["outputs"] == {"siteUrl": "http://198.18.0.1"}


def node(number: int, role: str, power: str = "running", in_sync: bool = True) -> NodeView:
    name = f"dual-active-db-{number}"
    short, address = f"db-{number}", "192.168.1.50:3306"
    return NodeView(
        name,
        short,
        "dual-active",
        "dual-active-db",
        "华东1",
        f"AZ{number}",
        role,
        power,
        role == "primary",
        in_sync,
        address,
        "198.18.0.4",
    )


def test_databases_show_who_leads_and_whether_the_standby_may_follow(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = CloudView("running", "http://127.0.0.1:8750", None, 77, "k3f9a2")
    render(Overview(cloud, (), (), (), (node(1, "primary"), node(2, "standby"))), Output())
    assert capsys.readouterr().out.partition("\n\n")[2] == (
        "  DATABASE  ZONE       ROLE              POWER  ADDRESS            EIP\n"
        "  db-1      华东1/AZ1  primary           on     192.168.1.50:3306  198.18.0.4\n"
        "  db-2      华东1/AZ2  standby, in sync  on     -                  -\n"
    )
    render(Overview(cloud, (), (), (), (node(1, "primary"), node(2, "standby", "off", in_sync=False))), Output())
    assert "standby, OUT OF SYNC  off" in capsys.readouterr().out
