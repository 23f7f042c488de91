"""The provider object: the protocol's verbs over the declared kinds. It keeps nothing; all state is the engine's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from plugins.random_provider.kinds import KINDS, Input, Kind
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.kit.values import UNKNOWN, to_plain, to_properties

VERSION = "4.21.4"  # the SDK whose types are served


class RandomProvider(sdk.Provider):
    """RandomPassword, RandomString, RandomId, RandomPet and RandomUuid; other types of pulumi-random are refused."""

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        resources = {token: _schema(kind) for token, kind in KINDS.items()}
        return sdk.GetSchemaResponse(json.dumps({"name": "random", "version": VERSION, "resources": resources}))

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        return sdk.DiffResponse(changes=False)

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        problems = _kind(request.type).problems(to_plain(request.new_inputs))
        failures = [sdk.CheckFailure(problem.property, problem.reason) for problem in problems]
        return sdk.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """A changed input, `keepers` included, means a new value: there is nothing that could be updated in place."""
        kind = _kind(request.type)
        differing = kind.changed(to_plain(request.old_state), to_plain(request.new_inputs))
        changed = [name for name in differing if name not in request.ignore_changes]
        replacing = sdk.PropertyDiff(sdk.PropertyDiffKind.UPDATE_REPLACE, input_diff=True)
        return sdk.DiffResponse(
            changes=bool(changed), replaces=changed, diffs=changed, detailed_diff=dict.fromkeys(changed, replacing)
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        kind = _kind(request.type)
        values = kind.complete(to_plain(request.properties))
        if request.preview:
            unknown = dict.fromkeys(kind.outputs, UNKNOWN)
            return sdk.CreateResponse("", self._properties(kind, {**values, **unknown}, request.properties))
        made = await asyncio.to_thread(kind.make, values)
        return sdk.CreateResponse(made.id, self._properties(kind, made.properties, request.properties))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """A known resource is as it was made, since nothing outside the state exists; an unknown one is imported."""
        kind = _kind(request.type)
        if request.properties:
            return sdk.ReadResponse(request.resource_id, request.properties, request.inputs)
        made = await asyncio.to_thread(kind.adopt, request.resource_id)
        inputs = {name: made.properties[name] for name, one in kind.inputs.items() if made.properties[name] != one.default}
        return sdk.ReadResponse(made.id, self._properties(kind, made.properties, {}), to_properties(inputs))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Nothing exists outside the state."""

    @staticmethod
    def _properties(kind: Kind, values: dict[str, Any], given: dict[str, PropertyValue]) -> dict[str, PropertyValue]:
        """Outputs: inputs as they came (a secret stays one), defaults, and results."""
        known = {name: value for name, value in values.items() if value is not None}
        return {**to_properties(known, secrets=kind.secrets), **given}


def _kind(token: str) -> Kind:
    if token not in KINDS:
        served = ", ".join(known.rpartition(":")[2] for known in KINDS)
        raise PluginError(
            f"{token} is not served by this stand-in for pulumi-random, which knows {served}; install its own plugin"
        )
    return KINDS[token]


def _schema(kind: Kind) -> dict[str, Any]:
    results = {name: {"type": "string", **({"secret": True} if name in kind.secrets else {})} for name in kind.outputs}
    inputs = {name: _type(one) for name, one in kind.inputs.items()}
    always = [name for name, one in kind.inputs.items() if one.required or one.default is not None]
    return {
        "properties": {**inputs, **results},
        "required": [*always, *results],
        "inputProperties": {name: {**spec, "willReplaceOnChanges": True} for name, spec in inputs.items()},
        "requiredInputs": [name for name, one in kind.inputs.items() if one.required],
    }


def _type(one: Input) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": {"type": "string"}} if one.type == "object" else {"type": one.type}
