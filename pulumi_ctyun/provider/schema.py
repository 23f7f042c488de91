"""The Pulumi schema of this package, computed from the declarations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pulumi_ctyun.resources.declarations import FUNCTIONS, PACKAGE, PROVIDER, RESOURCES, VERSION
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, MapOf, Resource, Shape, Type, shapes


def schema_text() -> str:
    return json.dumps(schema(), ensure_ascii=False, sort_keys=True)


def schema() -> dict[str, Any]:
    """A package schema as `pulumi package get-schema` prints it."""
    return {
        "name": PACKAGE,
        "version": VERSION,
        "displayName": "CTyun",
        "description": "Resources of CTyun (天翼云), in the real cloud or in a local one, and of servers reached over SSH.",
        "keywords": ["pulumi", "ctyun", "category/cloud", "kind/native"],
        "publisher": "drlab",
        "attribution": "Speaks CTyun's public API; not by China Telecom.",
        "meta": {"moduleFormat": "(.*)"},
        "language": {
            "python": {"packageName": "pulumi_ctyun", "requires": {"pulumi": ">=3.250,<4"}, "respectSchemaVersion": True},
            "nodejs": {"packageName": "pulumi-ctyun", "respectSchemaVersion": True},
        },
        "config": _object(PROVIDER.inputs, "variables"),
        "provider": {
            "description": PROVIDER.note,
            **_object(PROVIDER.inputs, "inputProperties", "requiredInputs"),
            **_object(PROVIDER.inputs, "properties", "required"),
        },
        "resources": {token: _resource(resource) for token, resource in sorted(RESOURCES.items())},
        "functions": {
            token: {
                "description": function.note,
                "inputs": {"type": "object", **_object(function.inputs, "properties", "required")},
                "outputs": {"type": "object", **_object(function.outputs, "properties", "required")},
            }
            for token, function in FUNCTIONS.items()
        },
        "types": {shape.token: _shape(shape) for shape in _all_shapes()},
    }


def _resource(resource: Resource) -> dict[str, Any]:
    recorded = {field.name for field in resource.inputs}
    outputs = [*resource.inputs, *(field for field in resource.outputs if field.name not in recorded)]
    always = {field.name for field in resource.inputs if field.required or field.default is not None}
    always |= {field.name for field in resource.outputs}
    return {
        "description": resource.note,
        **_object(resource.inputs, "inputProperties", "requiredInputs"),
        "properties": {field.name: _property(field, with_default=False) for field in outputs},
        "required": sorted(always),
    }


def _object(fields: Iterable[Field], properties: str, required: str | None = None) -> dict[str, Any]:
    listed = list(fields)
    body: dict[str, Any] = {properties: {field.name: _property(field) for field in listed}}
    if required:
        body[required] = sorted(field.name for field in listed if field.required)
    return body


def _property(field: Field, with_default: bool = True) -> dict[str, Any]:
    body: dict[str, Any] = {**_type(field.type), "description": field.note}
    if field.secret:
        body["secret"] = True
    if field.replaces:
        body["willReplaceOnChanges"] = True
    if with_default and field.default is not None:
        body["default"] = field.default
    return body


def _type(type_: Type) -> dict[str, Any]:
    if isinstance(type_, Kind):
        return {"type": type_.value}
    if isinstance(type_, ListOf):
        return {"type": "array", "items": _type(type_.item)}
    if isinstance(type_, MapOf):
        return {"type": "object", "additionalProperties": _type(type_.item)}
    return {"$ref": f"#/types/{type_.token}"}


def _shape(shape: Shape) -> dict[str, Any]:
    return {"type": "object", "description": shape.note, **_object(shape.fields, "properties", "required")}


def _all_shapes() -> Iterator[Shape]:
    groups = [resource.inputs + resource.outputs for resource in (*RESOURCES.values(), PROVIDER)]
    groups += [function.inputs + function.outputs for function in FUNCTIONS.values()]
    for fields in groups:
        for field in fields:
            yield from shapes(field.type)
