"""What CTyun's own clients send is taken, and answered with what they read: their fields, types, codes and ids."""

from __future__ import annotations

from typing import Any

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"
Json = dict[str, Any]


def test_a_failure_carries_no_object(api: Any) -> None:
    """A client that expects a list there cannot decode {}, and takes a balancer that is gone for an unreadable answer."""
    gone = api.get("/v4/elb/show-loadbalancer", regionID=REGION, elbID="lb-gone")
    assert (gone["statusCode"], gone["errorCode"], gone["returnObj"]) == (900, "Openapi.LoadBalancer.NotFound", None)


def test_any_call_may_name_the_default_project(api: Any) -> None:
    assert api.ok(api.get("/v4/elb/list-listener", regionID=REGION, projectID="0")) == []
    vpc = api.vpc()
    subnet = {"regionID": REGION, "vpcID": vpc, "name": "sub", "CIDR": "192.168.1.0/24"}
    other = api.post("/v4/vpc/create-subnet", **subnet, projectID="7")
    assert (other["statusCode"], other["message"]) == (900, "projectID is '7'; only the default project \"0\" exists")
    assert api.ok(api.post("/v4/vpc/create-subnet", **subnet, projectID="0"))["subnetID"]
