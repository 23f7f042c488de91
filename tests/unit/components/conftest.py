"""Components without an engine: what they ask for is recorded and held against the provider's real checks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.settings import ROOT, SETTINGS

from pulumi_ctyun.kit.values import to_properties
from pulumi_ctyun.provider.checking import check
from pulumi_ctyun.resources.declarations import RESOURCES

PEM = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpVb2tq0Q9J9m7dJm0vP3b0t2zX2C1q0n9s8r7q6p5o"
RESULTS: dict[str, dict[str, Any]] = {
    "random:index/randomPassword:RandomPassword": {"result": "Generated1234"},
    "ctyun:vpc:Subnet": {"gateway": "192.168.1.1"},
    "ctyun:eip:Eip": {"address": "198.18.0.9"},
    "ctyun:rds:MysqlInstance": {
        "address": "192.168.1.20",
        "port": 3306,
        "nodes": [
            {"name": "lab-db-1", "zone": "AZ1", "role": "primary"},
            {"name": "lab-db-2", "zone": "AZ2", "role": "standby"},
        ],
    },
    "ctyun:rds:MysqlEip": {"address": "198.18.0.10"},
    "ctyun:elb:LoadBalancer": {"address": "192.168.1.30"},
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
            return args.name, {**args.inputs, **RESULTS.get(args.typ, {})}
        inputs = {key: in_clear(value) for key, value in args.inputs.items() if value is not None}
        key = (args.typ.rpartition(":")[2], args.name)
        self.problems += [f"{' '.join(key)} is asked for twice"] if key in self.seen else []
        self.seen[key] = inputs
        _, found = check(declared.inputs, declared.rules, to_properties(inputs))
        self.problems += [f"{args.typ} {args.name} {problem.path}: {problem.reason}" for problem in found]
        ids = {one.name: f"{args.name}-id" for one in declared.outputs if one.name.endswith("Id")}
        return f"{args.name}-id", {**ids, **inputs, **RESULTS.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> dict[str, Any]:  # type: ignore[override]  # a plain dict is taken, too
        return {}


def in_clear(value: Any) -> Any:
    """A value with the wrappings of secrets taken off."""
    if rpc.is_rpc_secret(value):
        return in_clear(rpc.unwrap_rpc_secret(value))
    if isinstance(value, dict):
        return {key: in_clear(item) for key, item in value.items()}
    return [in_clear(item) for item in value] if isinstance(value, list) else value


Build = Callable[..., Recorder]


class TidyMonitor(MockMonitor):
    """Closes the event loop that the SDK's mock opens in every worker thread, and leaves open."""

    def RegisterResource(self, request: Any) -> Any:
        try:
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]
        finally:
            with suppress(RuntimeError):  # this thread has none
                asyncio.get_event_loop_policy().get_event_loop().close()
                asyncio.set_event_loop(None)


async def run_with(recorder: Recorder, program: Callable[[], None]) -> None:
    """As the language host does it, but with mocks. Inside a loop, and in a task's own context: nothing is left behind."""
    ROOT.set(Placeholder())  # else set_mocks makes a stack of its own, and there may be only one
    pulumi.runtime.set_mocks(recorder, project="test", stack="lab", monitor=TidyMonitor(recorder))
    ROOT.set(None)
    try:
        await pulumi.runtime.run_in_stack(program)
    finally:
        SETTINGS.outputs.clear()  # of all stacks of this process: those of one that failed would be waited for by the next


class Placeholder(pulumi.Resource):
    def __init__(self) -> None:
        """Registers nothing."""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def build() -> Build:
    """Run a piece of program; give back what it asked for. Raises what the program raises."""

    def run(program: Callable[[], None], recorder: Recorder | None = None) -> Recorder:
        recorder = recorder or Recorder()
        asyncio.run(run_with(recorder, program))
        return recorder

    return run
