"""The provider as the engine sees it: unwraps requests, lets declarations and handlers do the work, wraps answers.

Preview makes no call: check and diff are pure, create and update answer with unknowns.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from pulumi.provider.experimental import provider as sdk

from pulumi_ctyun.kit.engine_log import unheard
from pulumi_ctyun.kit.serve import InitFailed, PluginError, resource_type
from pulumi_ctyun.kit.values import UNKNOWN, to_plain, to_property
from pulumi_ctyun.provider.about import About
from pulumi_ctyun.provider.answers import failures, kind_of
from pulumi_ctyun.provider.cancelling import Running
from pulumi_ctyun.provider.checking import check
from pulumi_ctyun.provider.cloud import Cloud, Settings
from pulumi_ctyun.provider.diffing import changes
from pulumi_ctyun.provider.handler import DEFAULT_TIMEOUT, Created, Desired, Handler, Recorded
from pulumi_ctyun.provider.hashing import with_hashes
from pulumi_ctyun.provider.keeping import refuse_loss
from pulumi_ctyun.provider.marks import mark_of
from pulumi_ctyun.provider.merging import (
    Values,
    changing_outputs,
    is_output,
    output_names,
    secret_texts,
    with_about,
    with_drift,
    with_outputs,
)
from pulumi_ctyun.provider.registry import service_handlers
from pulumi_ctyun.provider.schema import schema_text
from pulumi_ctyun.provider.ways import impossible
from pulumi_ctyun.resources.declarations import FUNCTIONS, PROVIDER, RESOURCES
from pulumi_ctyun.resources.declarations.model import Resource

T = TypeVar("T")
Warn = Callable[[str, str], Awaitable[None]]
ENGINES_OWN = ("version", "pluginDownloadURL")  # stand beside a provider's settings


class CtyunProvider(sdk.Provider):
    """`make_cloud` and `warn` are seams for tests; `warn` puts a text on the user's screen, beside the resource with an URN."""

    def __init__(self, make_cloud: Callable[[Settings], Cloud] = Cloud, warn: Warn = unheard) -> None:
        self._make_cloud, self._warn = make_cloud, warn
        self._cloud = make_cloud(Settings.of({}))
        self._handlers: dict[str, Handler] = {}
        self._running = Running()
        self._held: dict[str, set[str]] = defaultdict(set)  # ids that the state has, by URN

    # ---- the provider itself -------------------------------------------------------------------------------------------

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        return sdk.GetSchemaResponse(schema_text())

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        given = {name: value for name, value in request.new_inputs.items() if name not in ENGINES_OWN}
        settled, problems = check(PROVIDER.inputs, PROVIDER.rules, given)
        return sdk.CheckResponse({**request.new_inputs, **settled}, failures(problems, request.new_inputs))

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Another target is another cloud: everything is replaced. (The SDK takes no detailed diff here.)

        A default provider that `pulumi import` has made has no settings in the state: it had the defaults.
        """
        old = {field.name: field.default for field in PROVIDER.inputs} | to_plain(request.old_state)
        found = changes(PROVIDER, old, to_plain(request.new_inputs))
        return sdk.DiffResponse(replaces=[change.path for change in found if change.replaces])

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        self._cloud = self._make_cloud(Settings.of(to_plain(request.args)))
        self._handlers = {}
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True, accept_resources=False, accept_outputs=False)

    async def cancel(self) -> None:
        self._running.cancel()

    def end(self) -> None:
        """The engine has ended in good order, and has recorded everything it was answered."""
        with suppress(OSError):
            self._cloud.tokens.end()

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        function = FUNCTIONS.get(request.tok)
        if function is None:
            raise PluginError(f"This provider has no function {request.tok}. It has: {', '.join(FUNCTIONS)}.")
        _, problems = check(function.inputs, (), request.args)
        if problems:
            return sdk.InvokeResponse(failures=failures(problems, request.args))
        from pulumi_ctyun.provider.verifying import verify_names  # with the client: a preview needs neither

        answer = await self._running.run(verify_names(self._cloud, to_plain(request.args)))
        return sdk.InvokeResponse({name: to_property(value) for name, value in answer.items()})

    # ---- resources -----------------------------------------------------------------------------------------------------

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        resource = _declared(request.type)
        settled, problems = check(resource.inputs, resource.rules, request.new_inputs)
        if not problems:
            problems += impossible(resource, to_plain(request.old_inputs), to_plain(settled))
        if request.type == "ctyun:ssh:RemoteFiles" and not problems:
            settled, problems = await asyncio.to_thread(with_hashes, settled)
        return sdk.CheckResponse(settled, failures(problems, request.new_inputs))

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        resource = _declared(request.type)
        self._is_in_the_state(request.urn, request.resource_id)
        found = [
            change
            for change in changes(resource, to_plain(request.old_state), to_plain(request.new_inputs))
            if change.path not in request.ignore_changes
        ]
        replaces = [change.path for change in found if change.replaces]
        if replaces and resource.data:
            await self._warn(request.urn, f"a change of {', '.join(replaces)} makes it anew: {resource.data} is lost for good")
        if carry_on := not found and self._cloud.tokens.is_updating(mark_of(request.urn)):
            await self._warn(request.urn, "its last update did not come to its end, so it is looked at and put right")
        return sdk.DiffResponse(
            changes=bool(found) or carry_on,
            replaces=replaces,
            diffs=[change.path for change in found],
            detailed_diff={change.path: sdk.PropertyDiff(kind_of(change), input_diff=True) for change in found},
            delete_before_replace=not resource.create_first,  # physical names are fixed
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        resource = _declared(request.type)
        if request.preview:
            unknown = dict.fromkeys(output_names(resource) - request.properties.keys(), UNKNOWN)
            return sdk.CreateResponse("", with_outputs(resource, request.properties, unknown))
        desired = _desired(request.urn, request.properties, request.timeout)
        desired.held = frozenset(self._held[request.urn])
        created, state = await self._carry_out(desired, request.properties, {}, self._handler(request.type).create(desired))
        return sdk.CreateResponse(created.id, state)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        resource = _declared(request.type)
        outputs = {name: value for name, value in request.olds.items() if is_output(resource, name, request.news)}
        if request.preview:
            changing = changing_outputs(resource, to_plain(request.olds), to_plain(request.news))
            return sdk.UpdateResponse(with_outputs(resource, {**outputs, **request.news}, changing))
        self._is_in_the_state(request.urn, request.resource_id)
        desired = _desired(request.urn, request.news, request.timeout)
        recorded = _recorded(request.urn, request.resource_id, request.olds, request.timeout)
        recorded = replace(recorded, unfinished=self._cloud.tokens.begin_update(recorded.mark))
        desired.spellings = dict(recorded.about.spellings)
        work = self._in_its_cloud("update", recorded, lambda handler: handler.update(recorded, desired))
        _, state = await self._carry_out(desired, request.news, outputs, work)
        self._cloud.tokens.updated(recorded.mark)
        return sdk.UpdateResponse(state)

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        resource = _declared(request.type)
        recorded = _recorded(request.urn, request.resource_id, request.properties, 0)
        if not recorded.is_import:
            self._is_in_the_state(request.urn, request.resource_id)
        work = self._in_its_cloud("read", recorded, lambda handler: handler.read(recorded))
        observed = await self._running.run(work, recorded.secrets)
        if observed is None:
            self._held[request.urn].discard(request.resource_id)
            if recorded.is_import:  # the engine cannot tell "nothing" from "nothing known" here
                raise PluginError(f"There is no {request.type} with the id {request.resource_id}. Check the id and the region.")
            return sdk.ReadResponse("")
        inputs = with_drift(resource, request.inputs, observed)
        state = {**with_drift(resource, request.properties, observed), **({} if request.properties else inputs)}
        outputs = {name: value for name, value in observed.outputs.items() if name in output_names(resource)}
        spellings = observed.spellings or recorded.about.spellings
        about = self._about(resource, spellings, imported=recorded.is_import or recorded.about.imported)
        return sdk.ReadResponse(observed.id, with_about(about, with_outputs(resource, state, outputs)), inputs)

    async def delete(self, request: sdk.DeleteRequest) -> None:
        refuse_loss(request.urn, _declared(resource_type(request.urn)))
        self._is_in_the_state(request.urn, request.resource_id)
        recorded = _recorded(request.urn, request.resource_id, request.properties, request.timeout)
        work = self._in_its_cloud("delete", recorded, lambda handler: handler.delete(recorded))
        await self._running.run(work, recorded.secrets)
        self._held[request.urn].discard(request.resource_id)
        self._cloud.tokens.forget_changes(recorded.mark)

    def _is_in_the_state(self, urn: str, id: str) -> None:
        """The engine names it: whatever create has made it is over, and another one must leave it alone."""
        self._held[urn].add(id)
        with suppress(OSError):  # a preview gets along without a state folder
            self._cloud.tokens.recorded(mark_of(urn), id)

    def _handler(self, type_: str) -> Handler:
        if type_ not in self._handlers:
            _declared(type_)
            self._handlers.update(service_handlers(type_.split(":")[1], self._cloud))
        return self._handlers[type_]

    async def _in_its_cloud(self, doing: str, recorded: Recorded, work: Callable[[Handler], Awaitable[T]]) -> T:
        """Another cloud would say of everything that it is not there. Raises PluginError."""
        type_, name = resource_type(recorded.urn), recorded.urn.rpartition("::")[2]
        if recorded.about.cloud:
            recorded.about.expect(self._cloud.client.cloud, f"{doing} {type_} {name} ({recorded.id})")
        return await work(self._handler(type_))

    def _about(self, resource: Resource, spellings: Mapping[str, Sequence[str]], imported: bool = False) -> About:
        """Of a resource that is there. What is known of servers over SSH belongs to no cloud."""
        return About(self._cloud.client.cloud, spellings, imported) if resource.input("region") else About()

    async def _carry_out(
        self, desired: Desired, inputs: Values, outputs: Values, work: Coroutine[Any, Any, Created]
    ) -> tuple[Created, Values]:
        """Create or update. What exists already when it fails is handed to the engine, which then keeps it in the state."""
        resource = _declared(resource_type(desired.urn))
        try:
            created = await self._running.run(work, desired.secrets)
        except PluginError as error:
            if desired.created is None:
                raise
            state = with_outputs(resource, {**outputs, **inputs}, desired.created.outputs)
            raise InitFailed(
                str(error), desired.created.id, with_about(self._about(resource, desired.spellings), state), inputs
            ) from error
        state = with_outputs(resource, {**outputs, **inputs}, created.outputs)
        return created, with_about(self._about(resource, desired.spellings), state)


def _declared(type_: str) -> Resource:
    try:
        return RESOURCES[type_]
    except KeyError:
        raise PluginError(f"This provider has no resource {type_}. It has: {', '.join(RESOURCES)}.") from None


def _desired(urn: str, inputs: Values, timeout: float) -> Desired:
    plain = to_plain(inputs)
    return Desired(urn, mark_of(urn), plain, timeout or DEFAULT_TIMEOUT, frozenset(secret_texts(inputs.values())))


def _recorded(urn: str, id: str, state: Values, timeout: float) -> Recorded:
    return Recorded(urn, mark_of(urn), id, to_plain(state), timeout or None, frozenset(secret_texts(state.values())))
