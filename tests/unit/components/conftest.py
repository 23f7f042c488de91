"""Components without an engine: what they ask for is recorded and held against the provider's real checks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import set_root_resource

from plugins.kit.values import to_properties
from pulumi_ctyun.provider.checking import check
from pulumi_ctyun.resources.declarations import RESOURCES

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpVb2tq0Q9J9m7dJm0vP3b0t2zX2C1q0n9s8r7q6p5o"
RESULTS: dict[str, dict[str, Any]] = {
    "ctyun:vpc:Subnet": {"gateway": "192.168.1.1"},
    "ctyun:eip:Eip": {"address": "198.18.0.9"},
    "ctyun:eip:EipAssociation": {"privateAddress": "192.168.1.10"},
    "ctyun:ecs:KeyPair": {"privateKey": PEM},
    "ctyun:ecs:Instance": {"privateAddress": "192.168.1.10", "zoneName": "zone-1"},
    "ctyun:ssh:HostKey": {"privateKey": PEM, "publicKey": PUBLIC},
    "ctyun:ssh:Host": {"user": "root", "hostKey": PUBLIC},
    "ctyun:ssh:RemoteFiles": {"hashes": {"/a": "1", "/b": "2"}},
    "ctyun:ssh:RemoteCommand": {"stdout": ""},
}


@dataclass
class Recorder(Mocks):
    """Every resource asked for, by type and name, with the inputs as the provider would see them."""

    seen: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        declared = RESOURCES.get(args.typ)
        if declared is None:
            return args.name, args.inputs
        inputs = {key: value for key, value in args.inputs.items() if value is not None}
        self.seen[args.typ.rpartition(":")[2], args.name] = inputs
        _, found = check(declared.inputs, declared.rules, to_properties(inputs))
        self.problems += [f"{args.typ} {args.name} {problem.path}: {problem.reason}" for problem in found]
        ids = {one.name: f"{args.name}-id" for one in declared.outputs if one.name.endswith("Id")}
        return f"{args.name}-id", {**ids, **inputs, **RESULTS.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]  # a plain dict is taken, too
        return {}


Build = Callable[[Callable[[], None]], Recorder]


@pytest.fixture
def build() -> Iterator[Build]:
    """Run a piece of program; give back what it asked for. Raises what the program raises."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    def run(program: Callable[[], None]) -> Recorder:
        recorder = Recorder()
        set_root_resource(None)  # of the test before
        pulumi.runtime.set_mocks(recorder, project="test", stack="lab", monitor=MockMonitor(recorder))
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
        return recorder

    yield run
    asyncio.set_event_loop(None)
    loop.close()
