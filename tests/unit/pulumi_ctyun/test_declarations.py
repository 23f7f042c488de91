"""The hand-written classes and the declarations say the same; the schema says what both say."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest

import pulumi_ctyun.resources as classes
from pulumi_ctyun.provider.schema import schema, schema_text
from pulumi_ctyun.resources.base import CtyunResource, snake
from pulumi_ctyun.resources.declarations import PROVIDER, RESOURCES
from pulumi_ctyun.resources.declarations.model import Resource, Shape, shapes

COMPUTED_BY_CHECK = {"hashes"}  # an input that no program gives


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
def test_a_class_offers_every_property_and_names_it_to_pulumi(
    resource: Resource, monkeypatch: pytest.MonkeyPatch, run: Any
) -> None:
    """Outputs that are not named in the constructor would never get a value."""
    seen: dict[str, Any] = {}

    def register(self: Any, token: str, name: str, props: dict[str, Any], opts: Any) -> None:
        seen.update(token=token, props=props, opts=opts)
        self.__dict__.update({key: f"output {key}" for key in props})  # as the SDK does

    monkeypatch.setattr(CtyunResource.__bases__[0], "__init__", register)
    monkeypatch.setattr("pulumi_ctyun.resources.base.refuse_wrong", lambda *given: None)  # the texts here fit no rule
    cls: Any = class_of(resource.token)
    required = {snake(field.name): f"input {field.name}" for field in resource.inputs if field.required and not field.secret}
    secret = {snake(field.name): "x" for field in resource.inputs if field.required and field.secret}

    async def make() -> CtyunResource:  # outputs want a running event loop
        made: CtyunResource = cls("thing", **required, **secret)
        return made

    made = run(make())
    assert seen["token"] == resource.token
    names = {field.name for field in (*resource.inputs, *resource.outputs)}
    assert {name: value for name, value in seen["props"].items() if isinstance(value, str)} == {
        field.name: f"input {field.name}" for field in resource.inputs if field.required and not field.secret
    }
    assert set(seen["props"]) == names
    assert {name: getattr(made, snake(name)) for name in names} == {name: f"output {name}" for name in names}
    assert {snake(name) for name in names} <= set(cls.__annotations__), "not offered to type checkers"
    assert seen["opts"].delete_before_replace is (None if resource.create_first else True)
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


def test_the_schema_says_which_package_it_is() -> None:
    body = schema()
    assert {"name", "displayName", "version", "description", "keywords", "publisher", "attribution"} <= body.keys()
    assert body["language"]["python"]["packageName"] == classes.__name__.partition(".")[0]


def test_secrets_are_secret_in_the_schema() -> None:
    instance = schema()["resources"]["ctyun:ecs:Instance"]
    assert {name for name, body in instance["properties"].items() if body.get("secret")} == {"password", "userData"}
