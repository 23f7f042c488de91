"""The first path: network, router, one server from an image, an EIP, a page fetched from the host; and nothing left."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.engines.images import reference
from localcloud.engines.interface.engines import Disk, EngineError, Power, Rule
from localcloud.engines.scan import scan

pytestmark = pytest.mark.contract
Cloud = Any  # conftest.Cloud
WEB = (Rule("ingress", "accept", "TCP", 1, (80, 80), "0.0.0.0/0"), Rule("egress", "accept", "ANY", 1, None, "0.0.0.0/0"))


def test_a_page_of_a_new_server_is_fetched_by_the_host_and_nothing_is_left(
    nothing_left: Callable[[str], dict[str, set[str]]], make_cloud: Callable[..., Cloud], capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = make_cloud()
    assert cloud.engines.interrupted(), "there was no agent before, so nothing can have been running"
    cloud.vpc("vpc-1", {"web": WEB})
    cloud.spec("web-1", "vpc-1", "192.168.1.10", ("web",), (Disk("disk-1", 1, "/dev/vdb"),), image=reference("debian-lamp"))
    eip = next(cloud.eips())
    cloud.bind("vpc-1", (eip, "192.168.1.10"))

    start = time.monotonic()
    cloud.up("web-1", settle=False)
    booted = time.monotonic() - start
    cloud.wait_until(lambda: cloud.host_tries(eip) is not None, cloud.patience, "the page of a new server")
    page = time.monotonic() - start
    assert cloud.do(cloud.engines.servers.observe()) == {"web-1": Power.RUNNING}

    start = time.monotonic()
    cloud.remove_all()
    gone = time.monotonic() - start
    assert nothing_left(cloud.id) == {}
    assert cloud.do(scan(cloud.state, cloud.id)) == []
    with capsys.disabled():
        print(f"\n  create and boot {booted:.2f} s, page after {page:.2f} s, everything removed in {gone:.2f} s")


def test_a_missing_image_is_named_before_anything_is_made(make_cloud: Callable[..., Cloud]) -> None:
    cloud = make_cloud()
    cloud.vpc("vpc-1")
    spec = cloud.spec("none", "vpc-1", "192.168.1.10", (), image="drlab/debian:none")
    with pytest.raises(EngineError, match=r"image drlab/debian:none is missing.*\./lab builds it"):
        cloud.do(cloud.engines.servers.create(spec))
    assert cloud.do(cloud.engines.servers.observe()) == {}
