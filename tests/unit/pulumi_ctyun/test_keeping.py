"""What holds data: a warning before it is made anew, and no deletion by an update that was told to keep it."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf import empty_pb2
from pulumi.provider.experimental import provider as sdk
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from pulumi_ctyun.kit.engine_log import EngineLog
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import to_properties
from pulumi_ctyun.provider.keeping import ALLOWED
from pulumi_ctyun.provider.plugin import CtyunProvider

VOLUME = "ctyun:ebs:Volume"
URN = f"urn:pulumi:dev::lab::{VOLUME}::data"


@pytest.mark.parametrize(
    ("type_", "change", "warned"),
    [
        (VOLUME, {"zone": "AZ2"}, "a change of zone makes it anew: everything on it is lost for good"),
        (VOLUME, {"name": "other"}, None),
        ("ctyun:vpc:Vpc", {"cidr": "10.0.0.0/8"}, None),
    ],
)
def test_a_replacement_that_loses_data_is_warned_of(run: Any, type_: str, change: dict[str, str], warned: str | None) -> None:
    said: list[tuple[str, str]] = []

    async def warn(urn: str, text: str) -> None:
        said.append((urn, text))

    old = {"region": "r", "zone": "AZ1", "name": "data", "type": "SATA", "sizeGib": 10, "cidr": "192.168.0.0/16"}
    urn = f"urn:pulumi:dev::lab::{type_}::data"
    provider = CtyunProvider(warn=warn)
    run(provider.diff(sdk.DiffRequest(urn, "id", to_properties(old), to_properties({**old, **change}), [])))
    assert said == ([(urn, warned)] if warned else [])


def test_a_warning_reaches_the_engine_beside_its_resource(run: Any) -> None:
    heard: list[engine_pb2.LogRequest] = []

    class Engine(engine_pb2_grpc.EngineServicer):
        async def Log(self, request: engine_pb2.LogRequest, context: object) -> empty_pb2.Empty:
            heard.append(request)
            return empty_pb2.Empty()

    async def talk() -> None:
        server = grpc.aio.server()
        engine_pb2_grpc.add_EngineServicer_to_server(Engine(), server)
        log = EngineLog(f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
        await server.start()
        await log.warn(URN, "careful")
        await server.stop(None)
        await asyncio.wait_for(log.warn(URN, "too late"), 30)

    run(talk())
    assert [(one.urn, one.message, one.severity) for one in heard] == [(URN, "careful", engine_pb2.WARNING)]


@pytest.mark.parametrize(
    ("allowed", "type_", "refused"),
    [
        (None, VOLUME, False),  # plain `pulumi`, and every destroy
        ("", VOLUME, True),
        ("web-01\ndata", VOLUME, False),
        ("web-01", VOLUME, True),
        ("", "ctyun:ssh:HostKey", False),
    ],
)
def test_an_update_that_keeps_data_deletes_none(
    run: Any, make_engine: Any, monkeypatch: pytest.MonkeyPatch, allowed: str | None, type_: str, refused: bool
) -> None:
    if allowed is None:
        monkeypatch.delenv(ALLOWED, raising=False)
    else:
        monkeypatch.setenv(ALLOWED, allowed)
    provider = make_engine().provider
    gone: list[str] = []

    class Handler:
        async def delete(self, known: object) -> None:
            gone.append("data")

    provider._handlers[type_] = Handler()
    request = sdk.DeleteRequest(f"urn:pulumi:dev::lab::{type_}::data", "id", {}, 0)
    if refused:
        with pytest.raises(PluginError, match=r"data was not deleted, since everything on it would be lost .* --allow-loss data"):
            run(provider.delete(request))
    else:
        run(provider.delete(request))
    assert gone == ([] if refused else ["data"])
