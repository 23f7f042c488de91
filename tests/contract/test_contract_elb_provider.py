"""The provider's load balancer resources on a real local cloud: made, looked at without drift, changed in place, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from contract.pairs import certificate_for
from unit.pulumi_ctyun.conftest import Engine

from ctyun import Client
from pulumi_ctyun.kit.values import to_plain
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.plugin import CtyunProvider


class Life:
    """Resources through the provider, each checked right after each step: a look at it must find no difference."""

    def __init__(self, engine: Engine, run: Any) -> None:
        self._engine, self._run = engine, run
        self._made: list[tuple[str, str, Any]] = []  # token, id, state

    def make(self, kind: str, **inputs: Any) -> Any:
        """Returns the outputs; `update` and `remove` go by the order of creation."""
        token, inputs = f"ctyun:elb:{kind}", {"region": "华东1", **inputs}
        id, state = self._run(self._engine.create(token, inputs))
        self._made.append((token, id, state))
        self._same(token, id, state, inputs)
        return to_plain(state)

    def change(self, kind: str, **inputs: Any) -> Any:
        token, inputs = f"ctyun:elb:{kind}", {"region": "华东1", **inputs}
        index, (_, id, state) = next((index, made) for index, made in enumerate(self._made) if made[0] == token)
        difference = self._run(self._engine.diff(token, id, state, inputs))
        assert (difference.changes, difference.replaces) == (True, [])
        state = self._run(self._engine.update(token, id, state, inputs))
        self._made[index] = token, id, state
        self._same(token, id, state, inputs)
        return to_plain(state)

    def _same(self, token: str, id: str, state: Any, inputs: Any) -> None:
        seen = self._run(self._engine.read(token, id, state, inputs))
        assert to_plain(seen.properties) == to_plain(state)
        assert self._run(self._engine.diff(token, id, seen.properties, inputs)).changes is False

    def remove(self) -> None:
        while self._made:
            token, id, state = self._made.pop()
            self._run(self._engine.delete(token, id, state))
            assert self._run(self._engine.read(token, id, state)).resource_id == ""


@pytest.fixture
def life(client: Client, run: Any, make: Any, tmp_path: Path) -> Any:
    """Gone before what `make` has made is removed."""
    provider = CtyunProvider(lambda settings: Cloud(Settings("local", tmp_path), lambda _: client))
    found = Life(Engine(provider), run)
    yield found
    found.remove()


def test_a_site_behind_https(life: Life, client: Client, run: Any, make: Any, region: str, site: Any) -> None:
    server, eips = make.server(site.wish(make.name("web"))), [make.eip(), make.eip()]
    front = {"name": make.name("front"), "vpcId": site.vpc_id, "subnetId": site.subnet_id, "type": "external"}
    balancer = life.make("LoadBalancer", **front, eipId=eips[0].id)["loadBalancerId"]
    alive = {"name": make.name("alive"), "protocol": "HTTP", "path": "/up", "interval": 3}
    check = life.make("HealthCheck", **alive)["healthCheckId"]
    web = {"name": make.name("web"), "vpcId": site.vpc_id, "healthCheckId": check}
    group = life.make("TargetGroup", **web, stickiness={"mode": "INSERT", "seconds": 60})["targetGroupId"]
    goal = {"targetGroupId": group, "instanceId": server.id, "port": 80}
    life.make("Target", **goal)
    pem, key = certificate_for("site.test")
    certificate = life.make("Certificate", name=make.name("site"), certificate=pem, privateKey=key)["certificateId"]
    tls = {"loadBalancerId": balancer, "name": make.name("tls"), "protocol": "HTTPS", "port": 443, "targetGroupId": group}
    listener = life.make("Listener", **tls, certificateId=certificate, forwardedFor=True)["listenerId"]

    life.change("HealthCheck", **alive | {"path": "/health", "codes": ["http_2xx", "http_3xx"], "maxRetry": 1})
    life.change("TargetGroup", **web, algorithm="lc")
    life.change("Target", **goal, weight=7)
    life.change("Listener", **tls, certificateId=certificate)
    life.change("LoadBalancer", **front | {"name": make.name("gate")}, eipId=eips[1].id)
    assert run(client.load_balancers.get(region, balancer)).eip_id == eips[1].id
    assert run(client.listeners.get(region, listener)).forwarded_for is False
    shown = run(client.target_groups.get(region, group))
    assert (shown.algorithm, shown.stickiness.mode) == ("lc", "CLOSE")
