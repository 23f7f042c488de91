"""What a plugin's failures look like to the engine: through the installed SDK's server and a real channel.

Newer SDKs handle exceptions of a provider's methods themselves. So every method fails here, in each of the ways it may.
"""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn

import grpc
import grpc.aio
import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pulumi_ctyun.kit.serve import InitFailed, PluginError, servicer
from pulumi_ctyun.kit.values import to_plain, to_properties

URN = "urn:pulumi:stack::project::a:b:C::it"
SENTENCE = "The volume data could not be attached to web-01: it is in use."

REQUESTS: dict[str, Any] = {
    "CheckConfig": provider_pb2.CheckRequest(urn=URN),
    "DiffConfig": provider_pb2.DiffRequest(urn=URN),
    "Configure": provider_pb2.ConfigureRequest(),
    "Check": provider_pb2.CheckRequest(urn=URN),
    "Diff": provider_pb2.DiffRequest(urn=URN, id="v-1"),
    "Create": provider_pb2.CreateRequest(urn=URN),
    "Read": provider_pb2.ReadRequest(urn=URN, id="v-1"),
    "Update": provider_pb2.UpdateRequest(urn=URN, id="v-1"),
    "Delete": provider_pb2.DeleteRequest(urn=URN, id="v-1"),
    "Invoke": provider_pb2.InvokeRequest(tok="a:b:c"),
    "GetSchema": provider_pb2.GetSchemaRequest(),
}


class Failing(sdk.Provider):
    """Every method raises `failure`."""

    def __init__(self, failure: Exception) -> None:
        self._failure = failure

    async def _fail(self, *_: object) -> NoReturn:
        raise self._failure

    check_config = diff_config = configure = check = diff = create = _fail  # type: ignore[assignment]
    read = update = delete = invoke = get_schema = _fail  # type: ignore[assignment]


def failed(method: str, failure: Exception) -> grpc.aio.AioRpcError:
    """How a call of the method ends."""

    async def call() -> grpc.aio.AioRpcError:
        server = grpc.aio.server()
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer(Failing(failure), "1.0.0"), server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await getattr(provider_pb2_grpc.ResourceProviderStub(channel), method)(REQUESTS[method])
                return raised.value
        finally:
            await server.stop(None)

    return asyncio.run(call())


@pytest.mark.parametrize("method", REQUESTS)
def test_a_sentence_reaches_the_engine_as_it_is(method: str) -> None:
    error = failed(method, PluginError(SENTENCE))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, SENTENCE)


@pytest.mark.parametrize("method", ["Create", "Update", "Read"])
def test_what_is_half_made_reaches_the_engine_with_its_state(method: str) -> None:
    made, wanted = to_properties({"size": 10, "key": "abc"}, secrets=("key",)), to_properties({"size": 20})
    error = failed(method, InitFailed(SENTENCE, "v-1", made, wanted))
    assert (error.code(), error.details()) == (grpc.StatusCode.UNKNOWN, SENTENCE)
    status = status_pb2.Status.FromString(dict(error.trailing_metadata() or ())["grpc-status-details-bin"])
    assert (status.code, status.message) == (grpc.StatusCode.UNKNOWN.value[0], SENTENCE)
    detail = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(detail)
    assert (detail.id, list(detail.reasons)) == ("v-1", [SENTENCE])
    kept = PropertyValue.unmarshal_map(detail.properties)
    assert to_plain(kept) == {"size": 10, "key": "abc"} and kept["key"].is_secret
    assert to_plain(PropertyValue.unmarshal_map(detail.inputs)) == {"size": 20}


@pytest.mark.parametrize("method", REQUESTS)
def test_what_a_plugin_does_not_have_is_told_apart_from_a_failure(method: str) -> None:
    assert failed(method, NotImplementedError("no such thing")).code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("bug", [ZeroDivisionError("a bug"), Exception("a bug")])
def test_a_bug_shows_where_it_happened(bug: Exception) -> None:
    error = failed("Create", bug)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "in _fail" in (error.details() or "") and "a bug" in (error.details() or "")


def test_a_bug_in_the_handling_of_an_error_is_not_taken_for_that_error() -> None:
    try:
        try:
            raise PluginError(SENTENCE)
        except PluginError:
            raise KeyError("a bug")  # noqa: B904 - as it would happen
    except KeyError as raised:
        bug = raised
    error = failed("Create", bug)
    assert error.code() is grpc.StatusCode.INTERNAL and "KeyError: 'a bug'" in (error.details() or "")
