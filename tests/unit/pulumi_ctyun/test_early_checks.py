"""What a program has written down is checked before anything is sent, by the rules that the provider goes by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import settings

from pulumi_ctyun.resources import Volume
from pulumi_ctyun.resources.declarations import RESOURCES
from pulumi_ctyun.resources.declarations.model import Kind
from pulumi_ctyun.resources.early_checks import problems, refuse_wrong

CASES = json.loads((Path(__file__).parent / "check_cases.json").read_text(encoding="utf-8"))
LATE = re.compile(
    "is missing$|is no property here"
)  # a Python program cannot leave out an argument, or give one that is not there
VOLUME: dict[str, Any] = {"region": "华东1", "zone": "AZ1", "name": "1", "sizeGib": 5}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_same_is_wrong_as_for_the_provider(case: dict[str, Any]) -> None:
    declared = RESOURCES[case["type"]]
    found = [f"{path} {reason}" for path, reason in problems(declared.inputs, declared.rules, case["inputs"])]
    told = [" ".join(filter(None, problem)) for problem in case["problems"]]
    assert found == [text for text in told if not LATE.search(text)]


@pytest.fixture
def outputs(run: Any) -> Iterator[Any]:
    """Makes an output; that wants a running event loop."""

    async def make(value: Any) -> pulumi.Output[Any]:
        return pulumi.Output.from_input(value)

    yield lambda value: run(make(value))


def test_outputs_are_left_to_the_provider_and_all_else_is_checked(outputs: Any) -> None:
    rule = {"direction": "in", "action": "accept", "protocol": "TCP", "ports": outputs("1-0"), "cidr": outputs("x")}
    given = {"region": outputs("r"), "vpcId": outputs("v"), "name": outputs("1"), "rules": [rule]}
    declared = RESOURCES["ctyun:vpc:SecurityGroup"]
    assert [path for path, _ in problems(declared.inputs, declared.rules, given)] == ["rules[0].direction"]


def test_all_problems_of_a_resource_stand_in_one_error() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        Volume("data", region="华东1", zone="north", name="1", size_gib=5)
    assert [line.split(":")[0].strip() for line in str(raised.value).splitlines()] == [
        "ctyun", "zone", "name", "sizeGib",
    ]  # fmt: skip


def test_a_secret_is_not_shown() -> None:
    declared = RESOURCES["ctyun:ssh:RemoteCommand"]
    secret = next(field for field in declared.inputs if field.secret)
    field = replace(secret, type=Kind.TEXT, rules=(lambda value: f"{value!r} will not do",))
    assert list(problems([field], (), {field.name: "hush"})) == [(field.name, "'[secret]' will not do")]


LEFT_ALONE = {
    "ignored": pulumi.ResourceOptions(ignore_changes=["sizeGib", "name"]),
    "only read": pulumi.ResourceOptions(id="vol-1"),
    "transformed": pulumi.ResourceOptions(transforms=[lambda args: None]),
}


@pytest.mark.parametrize("opts", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_what_may_still_become_right_is_left_to_the_provider(opts: pulumi.ResourceOptions) -> None:
    refuse_wrong(RESOURCES["ctyun:ebs:Volume"], "data", VOLUME, opts)


def test_a_preview_leaves_all_to_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "is_dry_run", lambda: True)
    refuse_wrong(RESOURCES["ctyun:ebs:Volume"], "data", VOLUME, None)
