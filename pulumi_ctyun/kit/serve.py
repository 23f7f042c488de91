"""The main of a resource plugin: a provider object in, a running gRPC server out.

The SDK's own `main` would do, but turns every exception into `Unexpected <class ...>` for the user. Here a `PluginError`
reaches the terminal as the sentence it carries, `InitFailed` keeps what was half made in the state, and only a bug
(any other exception) shows its traceback.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_ctyun.kit.lifetime import end_with_engine

_Handler = Callable[[Any, Any, Any], Awaitable[Any]]


def resource_type(urn: str) -> str:
    """`ctyun:vpc:Vpc` of `urn:pulumi:stack::project::my:own:Component$ctyun:vpc:Vpc::name`."""
    parts = urn.split("::")
    return parts[-2].rpartition("$")[2] if len(parts) > 1 else ""


# The SDK's own leaves the types of all parents in front, so that `request.type` is wrong for everything inside a component.
sdk._extract_type = resource_type


class PluginError(Exception):
    """A sentence for the user: what was attempted, on which thing, what to do."""


class InitFailed(PluginError):
    """The resource exists, but did not get as far as it should: the engine keeps it in the state and the update fails.

    :param resource_id: its id. :param properties: outputs so far. :param inputs: the inputs it was made from.
    """

    def __init__(
        self, message: str, resource_id: str, properties: Mapping[str, PropertyValue], inputs: Mapping[str, PropertyValue]
    ) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.properties = dict(properties)
        self.inputs = dict(inputs)

    def metadata(self) -> tuple[tuple[str, bytes], ...]:
        """The status details that the engine looks for (`ErrorResourceInitFailed` in provider.proto)."""
        detail = provider_pb2.ErrorResourceInitFailed(id=self.resource_id, reasons=[str(self)])
        detail.properties.CopyFrom(PropertyValue.marshal_map(self.properties))
        detail.inputs.CopyFrom(PropertyValue.marshal_map(self.inputs))
        status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(self))
        status.details.add().Pack(detail)
        return (("grpc-status-details-bin", status.SerializeToString()),)


def serve(
    provider: sdk.Provider, version: str, argv: Sequence[str] | None = None, at_end: Callable[[], None] = lambda: None
) -> None:
    """Serve `provider` to the engine named in `argv` until the engine ends. Prints the port, as the engine expects.

    `at_end` runs when the engine has ended in good order, and so has recorded whatever it was answered.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    engine = engine_address(arguments)
    end_with_engine(engine, at_end)
    asyncio.run(_serve(servicer(provider, version, engine, arguments)))


def engine_address(arguments: Sequence[str]) -> str:
    """ "host:port" of the engine that has started this plugin."""
    parser = argparse.ArgumentParser(description="Pulumi resource plugin; started by the Pulumi engine")
    parser.add_argument("engine", help="address of the engine, host:port")
    return str(parser.parse_known_args(arguments)[0].engine)


def servicer(provider: sdk.Provider, version: str, engine: str = "", arguments: Sequence[str] = ()) -> ProviderServicer:
    """The gRPC face of a provider, with clean errors; also what tests put behind a channel."""
    return _Servicer(list(arguments), version, provider, engine)


async def _serve(service: ProviderServicer) -> None:
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()


def _clean(name: str) -> _Handler:
    """The SDK's handler `name`, with exceptions turned into gRPC statuses."""
    inner: _Handler = getattr(ProviderServicer, name)

    async def handler(self: Any, request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            return await inner(self, request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as failure:  # the border of the process
            await context.abort(*_status(_unwrapped(failure)))

    handler.__name__ = name
    return handler


def _unwrapped(failure: BaseException) -> BaseException:
    """What a provider's method has raised: from 3.260 on the SDK puts a plain `Exception` with a stack trace in its place."""
    while type(failure) is Exception and failure.__context__ is not None:
        failure = failure.__context__
    return failure


def _status(failure: BaseException) -> tuple[grpc.StatusCode, str, tuple[tuple[str, bytes], ...]]:
    """What the engine is told; of a bug the traceback is what helps."""
    if isinstance(failure, InitFailed):
        return grpc.StatusCode.UNKNOWN, str(failure), failure.metadata()
    if isinstance(failure, PluginError):
        return grpc.StatusCode.UNKNOWN, str(failure), ()
    if isinstance(failure, NotImplementedError):
        return grpc.StatusCode.UNIMPLEMENTED, str(failure), ()
    return grpc.StatusCode.INTERNAL, "".join(traceback.format_exception(failure)), ()


_WRAPPED = (
    "CheckConfig",
    "DiffConfig",
    "Configure",
    "Check",
    "Diff",
    "Create",
    "Read",
    "Update",
    "Delete",
    "Invoke",
    "GetSchema",
)
_Servicer: type[ProviderServicer] = type("_Servicer", (ProviderServicer,), {name: _clean(name) for name in _WRAPPED})
