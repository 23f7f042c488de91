"""A plugin's own lines among those of the engine, beside the resource that they are about."""

from __future__ import annotations

import contextlib
from typing import Any

import grpc
import grpc.aio
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

SECONDS = 5.0  # an engine that does not answer has other things to tell


class EngineLog:
    """To the engine at an address ("host:port")."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def warn(self, urn: str, text: str) -> None:
        """A warning; where the engine is gone, nobody needs it."""
        line = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
        async with grpc.aio.insecure_channel(self._address) as channel:
            engine: Any = engine_pb2_grpc.EngineStub(channel)  # typed for channels that block
            with contextlib.suppress(grpc.RpcError):
                await engine.Log(line, timeout=SECONDS)


async def unheard(urn: str, text: str) -> None:
    """For tests: without an engine there is no screen."""
