"""A real local cloud for the session, clients for it, and things that clean up after themselves."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from contract.factories import Factory, Site
from contract.mysql_ledger import PairOfNodes, make_pair
from contract.official_sdk import PROXIES
from contract.own_cloud import HALTING, OwnCloud
from contract.running_cloud import (
    ROOT,
    SECONDS_TO_STOP,
    Run,
    RunningCloud,
    forgotten,
    leftovers,
    localcloud_says,
    require_images,
)
from support.ports import free_port
from support.said import listen

from ctyun import Client, CloudRecord

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.contract)


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    with asyncio.Runner() as runner:
        yield runner.run  # type: ignore[misc]  # has an optional context besides


@pytest.fixture(scope="session")
def state() -> Path:
    """A fresh state folder with a short path: a Unix socket lies in it. It stays when something went wrong with the cloud."""
    return Path(tempfile.mkdtemp(prefix="drlab-contract-", dir="/tmp"))


@pytest.fixture(scope="session")
def record(run: Run, state: Path) -> Iterator[CloudRecord]:
    """The record of a local cloud; at the end nothing of it is left."""
    require_images()
    log = listen(state / "stdout.log")
    command = [sys.executable, "-m", "localcloud", "serve", "--state", str(state), "--port", str(free_port()), "--tls"]
    environment = {**os.environ, "DRLAB_STATE": str(state)}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    cloud = RunningCloud(state, process, log)
    try:
        record = cloud.wait_until_ready(run)
        yield record
        cloud.stop(run, record)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(SECONDS_TO_STOP)
    assert localcloud_says("scan", "--state", str(state)) == []
    assert leftovers(record.id) == []
    shutil.rmtree(state)


@pytest.fixture(scope="session")
def client(record: CloudRecord, run: Run) -> Iterator[Client]:
    client = Client.local(record)
    yield client
    assert run(forgotten(client)) == []
    run(client.aclose())


@pytest.fixture(scope="session")
def region() -> str:
    return REGION


@pytest.fixture(scope="session")
def other_region() -> str:
    return OTHER_REGION


@pytest.fixture
def token() -> Callable[[], str]:
    """token() -> a new clientToken."""
    return lambda: str(uuid.uuid4())


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The official SDKs take proxies from the environment, also for loopback."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def make(client: Client, run: Run, region: str) -> Iterator[Factory]:
    """Things for one test."""
    with ExitStack() as cleanup:
        yield Factory(client, run, region, cleanup)


@pytest.fixture(scope="module")
def site(client: Client, run: Run, region: str) -> Iterator[Site]:
    """A network for one module's servers."""
    with ExitStack() as cleanup:
        make = Factory(client, run, region, cleanup)
        vpc_id = make.vpc()
        zone = run(client.regions.zone(region, "AZ1"))
        yield Site(
            vpc_id=vpc_id,
            subnet_id=make.subnet(vpc_id),
            group_id=make.group(vpc_id),
            zone_name=zone.name,
            flavor_id=run(client.flavors.find(region, zone.name, "1C1G")).id,
            image_id=run(client.images.find(region, "debian-12")).id,
        )


@pytest.fixture
def own_cloud(run: Run) -> Iterator[OwnCloud]:
    """A cloud of the test's own, which may be killed; at the end nothing of it is left."""
    state = Path(tempfile.mkdtemp(prefix="drlab-own-", dir="/tmp"))
    own = OwnCloud(state, run)
    record = own.start()
    try:
        yield own
    finally:
        if own.process is not None and own.process.poll() is not None:
            record = own.start()
        own.cloud.stop(run, record)
    assert localcloud_says("scan", "--state", str(state)) == []
    assert leftovers(record.id) == []
    shutil.rmtree(state)


@pytest.fixture(scope="module")
def module_pair(run: Run, region: str) -> Iterator[PairOfNodes]:
    """A pair on a cloud of the module's own, which may be killed; at the end nothing of it is left."""
    state = Path(tempfile.mkdtemp(prefix="drlab-ha-", dir="/tmp"))
    own = OwnCloud(state, run, program=HALTING)
    record = own.start()
    try:
        with ExitStack() as cleanup:
            yield make_pair(own, record, run, region, cleanup)
    finally:
        own.cloud.stop(run, record)
    assert localcloud_says("scan", "--state", str(state)) == []
    assert leftovers(record.id) == []
    shutil.rmtree(state)


@pytest.fixture
def pair(module_pair: PairOfNodes) -> Iterator[PairOfNodes]:
    module_pair.settled()
    yield module_pair
    module_pair.undo_all()
