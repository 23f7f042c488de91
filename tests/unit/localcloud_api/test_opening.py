"""A cloud with nothing to bring back takes calls before its engines run; with anything to bring back it does not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from localcloud.controllers import lifetime
from localcloud.controllers.opening import open_early
from localcloud.engines.interface.errors import EngineError

REGION = "bb9fdb42056f11eda1610242ac110002"


@pytest.fixture
def early(start: Any) -> Any:
    """A new cloud that takes calls and whose engines have not been started."""
    api = start(started=False)
    assert open_early(api.cloud)
    return api


def test_calls_about_records_alone_are_answered_before_the_engines_run(early: Any) -> None:
    vpc = early.vpc()
    early.subnet(vpc)
    assert len(early.ok(early.get("/v4/vpc/query", regionID=REGION, vpcID=vpc))["subnetIDs"]) == 1
    health = early.http.request("GET", "/_local/health").json()
    assert (health["ready"], health["phase"]) == (True, "starting")
    assert early.engines.journal == []


def test_any_other_call_waits_for_the_engines(early: Any) -> None:
    with ThreadPoolExecutor() as pool:
        listed = pool.submit(early.post, "/v4/ecs/list-instances", regionID=REGION)
        servers = pool.submit(early.local, "GET", "/servers")
        time.sleep(0.3)
        assert (listed.done(), servers.done()) == (False, False)
        early.http.wait(lifetime.start(early.cloud))
        assert early.ok(listed.result(20))["totalCount"] == 0
        assert servers.result(20) == []
    assert early.engines.journal[0] == ("start",)
    assert early.http.request("GET", "/_local/health").json()["phase"] == "ready"


def test_engines_that_do_not_come_are_told(early: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.health.ENGINES_SECONDS", 0.05)
    early.engines.fail["start"] = "the kernel has no br_netfilter"
    with pytest.raises(EngineError, match="br_netfilter"):
        early.http.wait(lifetime.start(early.cloud))
    assert "phase: starting" in early.post("/v4/ecs/list-instances", regionID=REGION)["message"]
    assert "phase: starting" in early.local("GET", "/servers", status=409)["error"]
    early.vpc()


def test_a_cloud_with_a_server_takes_no_call_until_its_engines_run(start: Any) -> None:
    api = start()
    vpc = api.vpc()
    api.server(vpc, api.subnet(vpc))
    again = start(started=False)
    assert not open_early(again.cloud)
    assert "phase: starting" in again.get("/v4/vpc/query", regionID=REGION, vpcID=vpc)["message"]
    assert again.http.request("GET", "/_local/health").json()["ready"] is False
    again.http.wait(lifetime.start(again.cloud))
    assert again.ok(again.get("/v4/vpc/query", regionID=REGION, vpcID=vpc))["vpcID"] == vpc


def test_a_cloud_whose_docker_has_ended_takes_no_call_at_all(api: Any) -> None:
    api.engines.fail["start"] = "Docker does not answer"
    api.engines.docker_ended.set()
    deadline = time.monotonic() + 10
    while api.http.request("GET", "/_local/health").json()["ready"]:
        assert time.monotonic() < deadline
    assert "waiting for Docker" in api.get("/v4/vpc/new-list", regionID=REGION)["message"]


# Each of these takes as long to import as a VPC call takes a hundred times, and none of them is needed for one.
LATE = {
    "docker",
    "requests",
    "urllib3",
    "cryptography",
    "pymysql",
    "yaml",
    "localcloud.engines.docker_engines",
    "localcloud.local",
}


def test_the_first_call_needs_no_library_of_the_engines() -> None:
    script = (
        "import json, sys, localcloud.serve; from localcloud.routes import Routes; "
        "assert Routes().find('POST', '/v4/vpc/create'); print(json.dumps(sorted(sys.modules)))"
    )
    loaded = json.loads(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, timeout=60, check=True).stdout)
    assert LATE & set(loaded) == set()
    services = {name.split(".")[2] for name in loaded if name.startswith("localcloud.services.") and name.endswith(".routes")}
    assert services == {"region", "vpc"}
