"""Taking over what exists, into a project of one's own: what a program wants as it is stays as it is."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest
from support.lab import Lab, write_project

from ctyun import Client, cloud_record

pytestmark = pytest.mark.stage

T = TypeVar("T")
REGION_ID, REGION = "bb9fdb42056f11eda1610242ac110002", "华东1"
PROGRAM = f"""
from pulumi_ctyun.resources import Vpc
Vpc("taken-over", region="{REGION}", name="made-elsewhere", cidr="10.77.0.0/16")
"""


async def in_cloud(lab: Lab, work: Callable[[Client], Awaitable[T]]) -> T:
    async with Client.local(cloud_record(lab.state)) as client:
        return await work(client)


async def make_vpc(client: Client) -> str:
    return await client.vpcs.create(REGION_ID, name="made-elsewhere", cidr="10.77.0.0/16", client_token=str(uuid.uuid4()))


async def vpcs(client: Client) -> set[str]:
    return {vpc.id for vpc in await client.vpcs.list(REGION_ID) if vpc.name == "made-elsewhere"}


def test_what_was_imported_is_kept(lab: Lab, tmp_path: Path) -> None:
    """The import makes a provider of its own, whose state says less than that of a program's."""
    lab.run("cloud", "start")
    vpc = asyncio.run(in_cloud(lab, make_vpc))
    write_project(tmp_path, "taken-over", PROGRAM)
    folder = ["-s", "mine", "-C", str(tmp_path)]
    lab.pulumi("stack", "init", "mine", "-C", str(tmp_path))
    try:
        lab.pulumi("import", "ctyun:vpc:Vpc", "taken-over", vpc, "--yes", "--protect=false", *folder)
        lab.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", *folder)
        assert asyncio.run(in_cloud(lab, vpcs)) == {vpc}
    finally:
        lab.pulumi("destroy", "--yes", "--skip-preview", *folder)
        lab.pulumi("stack", "rm", "--yes", *folder)
