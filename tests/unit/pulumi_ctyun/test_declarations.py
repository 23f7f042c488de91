"""The hand-written classes and the declarations say the same; the schema says what both say."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

import pulumi_ctyun.resources as classes
from pulumi_ctyun.provider.schema import schema, schema_text
from pulumi_ctyun.resources.base import CtyunResource
from pulumi_ctyun.resources.declarations import PROVIDER, RESOURCES
from pulumi_ctyun.resources.declarations.model import Resource, Shape, shapes

COMPUTED_BY_CHECK = {"hashes"}  # an input that no program gives


def snake(name: str) -> str:
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)


def class_of(token: str) -> type[CtyunResource]:
    found: type[CtyunResource] = getattr(classes, token.rpartition(":")[2])
    return found


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_class_takes_exactly_the_declared_inputs(resource: Resource) -> None:
    parameters = inspect.signature(class_of(resource.token).__init__).parameters
    taken = {name: spec for name, spec in parameters.items() if name not in ("self", "resource_name", "opts")}
    declared = {snake(field.name): field for field in resource.inputs if field.name not in COMPUTED_BY_CHECK}
    assert set(taken) == set(declared)
    for name, spec in taken.items():
        assert spec.kind is inspect.Parameter.KEYWORD_ONLY
        assert (spec.default is inspect.Parameter.empty) == declared[name].required, name


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_class_offers_every_property(resource: Resource) -> None:
    cls = class_of(resource.token)
    for field in (*resource.inputs, *resource.outputs):
        python_name = snake(field.name)
        offered = python_name in cls.__annotations__ or isinstance(getattr(cls, python_name, None), property)
        assert offered, f"{cls.__name__}.{python_name}"


@pytest.mark.parametrize("resource", RESOURCES.values(), ids=RESOURCES)
def test_a_class_names_every_output_to_pulumi(resource: Resource, monkeypatch: pytest.MonkeyPatch, run) -> None:
    """Outputs that are not named in the constructor would never get a value."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(
        CtyunResource.__bases__[0], "__init__", lambda self, t, n, props, opts: seen.update(t=t, props=props, opts=opts)
    )
    cls = class_of(resource.token)
    required = {snake(field.name): "x" for field in resource.inputs if field.required}

    async def make() -> None:  # outputs want a running event loop
        cls("thing", **required)

    run(make())
    assert seen["t"] == resource.token
    assert set(seen["props"]) == {field.name for field in (*resource.inputs, *resource.outputs)}
    assert seen["opts"].delete_before_replace is True
    assert set(seen["opts"].additional_secret_outputs) == resource.secrets()


def test_provider_class_takes_the_declared_settings() -> None:
    parameters = set(inspect.signature(classes.Provider.__init__).parameters) - {"self", "resource_name", "opts"}
    assert parameters == {snake(field.name) for field in PROVIDER.inputs}


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("ctyun:vpc:Rule", "RuleArgs"),
        ("ctyun:ecs:SystemDisk", "SystemDiskArgs"),
        ("ctyun:ecs:DataDisk", "DataDiskArgs"),
        ("ctyun:elb:Stickiness", "StickinessArgs"),
        ("ctyun:rds:MysqlGrant", "MysqlGrantArgs"),
        ("ctyun:ssh:Jump", "JumpArgs"),
        ("ctyun:ssh:Connection", "ConnectionArgs"),
        ("ctyun:ssh:File", "FileArgs"),
    ],
)
def test_nested_arguments_have_the_declared_fields(token: str, name: str) -> None:
    found: dict[str, Shape] = {s.token: s for r in RESOURCES.values() for f in r.inputs for s in shapes(f.type)}
    args = getattr(classes, name)
    optional = {name: hint.__forward_arg__.startswith("NotRequired") for name, hint in args.__annotations__.items()}
    assert optional == {field.name: not field.required for field in found[token].fields}


def test_schema_holds_everything_and_every_reference_resolves() -> None:
    body = schema()
    assert json.loads(schema_text()) == body
    assert set(body["resources"]) == set(RESOURCES)
    references = set(re.findall(r'"\$ref": "#/types/([^"]+)"', json.dumps(body)))
    assert references == set(body["types"])
    for resource in body["resources"].values():
        assert set(resource["requiredInputs"]) <= set(resource["inputProperties"]) <= set(resource["properties"])
        assert set(resource["required"]) <= set(resource["properties"])


def test_secrets_are_secret_in_the_schema() -> None:
    instance = schema()["resources"]["ctyun:ecs:Instance"]
    assert {name for name, body in instance["properties"].items() if body.get("secret")} == {"password", "userData"}
