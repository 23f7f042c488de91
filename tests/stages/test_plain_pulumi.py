"""Plain Pulumi beside `./lab`: taking over what exists, and the components in a program of one's own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from support.lab import ROOT, Lab
from support.waiting import wait_until

from ctyun import Client, cloud_record

pytestmark = pytest.mark.stage

REGION_ID, REGION = "bb9fdb42056f11eda1610242ac110002", "华东1"


async def make_vpc(lab: Lab, name: str) -> str:
    client = Client.local(cloud_record(lab.state))
    try:
        return await client.vpcs.create(REGION_ID, name=name, cidr="10.77.0.0/16", client_token=str(uuid.uuid4()))
    finally:
        await client.aclose()


async def make_volume(lab: Lab, name: str) -> str:
    client = Client.local(cloud_record(lab.state))
    try:
        (zone, *_) = await client.regions.zones(REGION_ID)
        token = str(uuid.uuid4())
        return (await client.volumes.create(REGION_ID, zone_name=zone.name, name=name, size=10, client_token=token)).id
    finally:
        await client.aclose()


async def volumes(lab: Lab) -> set[str]:
    client = Client.local(cloud_record(lab.state))
    try:
        return {volume.id for volume in await client.volumes.list(REGION_ID)}
    finally:
        await client.aclose()


async def remove_vpc(lab: Lab, vpc: str) -> None:
    client = Client.local(cloud_record(lab.state))
    try:
        await client.vpcs.delete(REGION_ID, vpc)
    finally:
        await client.aclose()


async def vpcs(lab: Lab) -> set[str]:
    client = Client.local(cloud_record(lab.state))
    try:
        return {vpc.id for vpc in await client.vpcs.list(REGION_ID)}
    finally:
        await client.aclose()


def resources(lab: Lab, stage: str) -> dict[str, Any]:
    exported = json.loads(lab.pulumi("stack", "export", "-s", stage).stdout)
    return {r["urn"].split("::")[-1]: r for r in exported["deployment"]["resources"]}


def test_what_was_made_elsewhere_is_taken_over_and_data_go_only_when_they_are_named(
    lab: Lab, single_host: dict[str, Any], tmp_path: Path
) -> None:
    vpc, volume = asyncio.run(make_vpc(lab, "made-elsewhere")), asyncio.run(make_volume(lab, "made-elsewhere"))
    wanted = [
        {"type": "ctyun:vpc:Vpc", "name": "taken-over", "id": f"{REGION}/{vpc}"},
        {"type": "ctyun:ebs:Volume", "name": "taken-data", "id": f"{REGION}/{volume}"},
    ]
    (tmp_path / "wanted.json").write_text(json.dumps({"resources": wanted}))
    zipping = Lab(lab.state, {"PULUMI_DIY_BACKEND_GZIP": "1"})  # as another project's shell may have it
    done = zipping.pulumi("import", "--file", str(tmp_path / "wanted.json"), "--yes", "--protect=false", "-s", "single-host")
    assert "pulumi: obeys what this shell has set, which ./lab does not: PULUMI_DIY_BACKEND_GZIP" in done.stderr
    assert [stack["up"] for stack in lab.status()["stacks"] if stack["name"] == "single-host"] == [True]
    taken = resources(lab, "single-host")
    assert taken["taken-over"]["id"] == vpc and taken["taken-over"]["inputs"]["cidr"] == "10.77.0.0/16"

    refused = lab.run("up", "single-host", check=False)  # the program wants neither
    said = refused.stdout + refused.stderr
    assert refused.returncode == 1 and "taken-data (Volume) would be removed" in said, said
    assert "./lab up single-host --allow-loss taken-data" in said, said
    assert vpc in asyncio.run(vpcs(lab)), "refused as a whole"
    keeping = Lab(lab.state, {"PULUMI_CTYUN_ALLOW_LOSS": "web-01"})  # an update that sees more than its preview did
    kept = keeping.pulumi(
        "destroy", "--yes", "--skip-preview", "--target", taken["taken-data"]["urn"], "-s", "single-host", check=False
    )
    assert "taken-data was not deleted" in kept.stdout + kept.stderr, kept
    assert volume in asyncio.run(volumes(lab))

    lab.run("up", "single-host", "--allow-loss", "taken-data")
    assert vpc not in asyncio.run(vpcs(lab)) and volume not in asyncio.run(volumes(lab))
    assert not {"taken-over", "taken-data"} & resources(lab, "single-host").keys()


def test_down_removes_nothing_when_something_is_protected(lab: Lab, single_host: dict[str, Any]) -> None:
    """Not even what no stack holds, which goes before all else."""
    stray = asyncio.run(make_vpc(lab, "single-host-by-hand"))
    before = resources(lab, "single-host")
    lab.pulumi("state", "protect", before["network-vpc"]["urn"], "--yes", "-s", "single-host")
    try:
        refused = lab.run("down", "--all", check=False)
        assert refused.returncode == 1, refused.stdout
        said = refused.stdout + refused.stderr
        assert "single-host: network-vpc (Vpc)" in said and "pulumi state unprotect" in said, said
        assert resources(lab, "single-host").keys() == before.keys()
        assert stray in asyncio.run(vpcs(lab))
    finally:
        lab.pulumi("state", "unprotect", "--all", "--yes", "-s", "single-host")
        asyncio.run(remove_vpc(lab, stray))


def test_the_example_serves_its_pages(own_lab: Lab) -> None:
    own_lab.run("cloud", "start")
    folder = ["-C", str(ROOT / "examples/static_pages")]
    own_lab.pulumi("stack", "init", "mine", *folder)
    try:
        own_lab.pulumi("up", "--yes", "--skip-preview", "-s", "mine", *folder)
        url = json.loads(own_lab.pulumi("stack", "output", "--json", "-s", "mine", *folder).stdout)["url"]
        page = (ROOT / "examples/static_pages/pages/index.html").read_text()
        fetch = ["curl", "-s", "-m", "3", url]
        wait_until(lambda: subprocess.run(fetch, capture_output=True, text=True).stdout == page, 60, "the example's page")
    finally:
        own_lab.pulumi("destroy", "--yes", "--skip-preview", "-s", "mine", *folder)
        own_lab.pulumi("stack", "rm", "--yes", "mine", *folder)
