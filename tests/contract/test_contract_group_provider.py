"""A security group through the provider, whose rule names the group itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unit.pulumi_ctyun.conftest import Engine, plain

from ctyun import Client
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.plugin import CtyunProvider

GROUP = "ctyun:vpc:SecurityGroup"


def test_a_group_whose_members_reach_each_other(client: Client, run: Any, make: Any, region: str, tmp_path: Path) -> None:
    engine = Engine(CtyunProvider(lambda settings: Cloud(Settings("local", tmp_path), lambda _: client)))
    inside = {"direction": "ingress", "action": "accept", "protocol": "TCP", "ports": "3306", "groupId": "self"}
    wished = {"region": "华东1", "vpcId": make.vpc(), "name": make.name("group"), "rules": [inside]}
    id, state = run(engine.create(GROUP, wished))
    try:
        there = [rule for rule in run(client.security_groups.get(region, id)).rules if rule.direction == "ingress"]
        assert [(rule.group_id, rule.ports) for rule in there] == [(id, "3306")]
        assert not run(engine.diff(GROUP, id, state, wished)).changes
        assert plain(run(engine.read(GROUP, id)).inputs)["rules"][-1] == {**inside, "priority": 1}

        run(engine.update(GROUP, id, state, {**wished, "rules": [{**inside, "ports": "3307"}]}))
        again = [rule for rule in run(client.security_groups.get(region, id)).rules if rule.direction == "ingress"]
        assert [(rule.group_id, rule.ports) for rule in again] == [(id, "3307")]
    finally:
        run(engine.delete(GROUP, id, state))
