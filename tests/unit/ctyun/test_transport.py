"""What goes over the wire, what is repeated, what is hidden, and what errors say."""

# ruff: noqa: S106 (a clientToken is no password)

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ctyun import BadAnswer, Credentials, DiskWish, NewServer, NoAnswer, NotFound, ServiceFault
from ctyun.signing import sign

Scripted = Callable[..., Any]
Run = Callable[..., Any]
Ok = Callable[..., httpx.Response]

VPC = {"vpcID": "vpc-1", "name": "demo", "CIDR": "10.0.0.0/16"}
BROKEN = httpx.Response(502, text="<html>bad gateway</html>")


def test_a_request_is_signed_over_the_very_bytes_that_are_sent(
    scripted: Scripted, ok: Ok, run: Run, region: str, keys: Credentials
) -> None:
    cloud = scripted({"/v4/vpc/create": [ok(vpcID="vpc-1")]})
    run(cloud.client().vpcs.create(region, name="灾备", cidr="10.0.0.0/16", client_token="t-1"))
    [request] = cloud.requests
    assert '"name":"灾备"' in request.content.decode()
    expected = sign(keys, request.headers["ctyun-eop-request-id"], request.headers["Eop-date"], "", request.content)
    assert request.headers["Eop-Authorization"] == expected.authorization
    assert request.headers["User-Agent"].startswith("drlab-ctyun/")
    assert cloud.bodies() == [{"clientToken": "t-1", "regionID": region, "name": "灾备", "CIDR": "10.0.0.0/16"}]


def test_the_signed_query_is_the_sent_query(scripted: Scripted, ok: Ok, run: Run, region: str, keys: Credentials) -> None:
    cloud = scripted({"/v4/vpc/new-query-security-groups": [ok(securityGroups=[], totalCount=0)]})
    run(cloud.client().security_groups.list(region, name="a b/c+d=e&中文~*"))
    [request] = cloud.requests
    raw = request.url.query.decode()
    assert "queryContent=a%20b%2Fc%2Bd%3De%26%E4%B8%AD%E6%96%87~%2A&" in raw
    expected = sign(keys, request.headers["ctyun-eop-request-id"], request.headers["Eop-date"], raw, b"")
    assert request.headers["Eop-Authorization"] == expected.authorization


def test_every_attempt_is_signed_anew(scripted: Scripted, ok: Ok, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/query": [BROKEN, ok(VPC)]})
    run(cloud.client().vpcs.get(region, "vpc-1"))
    first, second = cloud.requests
    assert first.headers["ctyun-eop-request-id"] != second.headers["ctyun-eop-request-id"]


REFUSED = httpx.ConnectError("Connection refused")
SILENT = httpx.ReadTimeout("")


@pytest.mark.parametrize("trouble", [REFUSED, SILENT, BROKEN], ids=["refused", "silent", "502"])
def test_a_get_is_repeated(scripted: Scripted, ok: Ok, run: Run, region: str, trouble: Any) -> None:
    cloud = scripted({"/v4/vpc/query": [trouble, trouble, ok(VPC)]})
    assert run(cloud.client().vpcs.get(region, "vpc-1")).id == "vpc-1"
    assert len(cloud.requests) == 3


def test_a_post_with_a_client_token_is_repeated_with_the_same_token(scripted: Scripted, ok: Ok, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/delete": [SILENT, ok()]})
    run(cloud.client().vpcs.delete(region, "vpc-1"))
    first, second = cloud.bodies()
    assert first == second
    assert first["clientToken"]


def test_a_query_that_is_a_post_is_repeated(scripted: Scripted, ok: Ok, run: Run, region: str) -> None:
    cloud = scripted({"/v4/ecs/list-instances": [BROKEN, ok(results=[], totalCount=0)]})
    assert run(cloud.client().servers.list(region)) == []


@pytest.mark.parametrize("trouble", [REFUSED, SILENT, BROKEN], ids=["refused", "silent", "502"])
def test_a_post_without_a_token_is_sent_once(scripted: Scripted, run: Run, region: str, trouble: Any) -> None:
    cloud = scripted({"/v4/ecs/keypair/create-keypair": [trouble]})
    with pytest.raises((NoAnswer, ServiceFault), match="create key pair web"):
        run(cloud.client().key_pairs.create(region, "web"))
    assert len(cloud.requests) == 1


def test_giving_up_says_what_was_attempted_and_where(scripted: Scripted, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/query": [REFUSED]})
    with pytest.raises(NoAnswer) as caught:
        run(cloud.client(attempts=3).vpcs.get(region, "vpc-1"))
    assert str(caught.value) == (
        "Could not look up VPC vpc-1: no answer from http://cloud.test (Connection refused). "
        "Is the local cloud running? See ./lab cloud status."
    )
    assert len(cloud.requests) == 3
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


def test_a_refusal_is_not_repeated(scripted: Scripted, failure: Ok, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/query": [failure("Openapi.Vpc.NotFound")]})
    with pytest.raises(NotFound):
        run(cloud.client().vpcs.get(region, "vpc-1"))
    assert len(cloud.requests) == 1


@pytest.mark.parametrize("page", ["<html>welcome</html>", '["a list"]', ""])
def test_something_else_at_the_endpoint(scripted: Scripted, run: Run, region: str, page: str) -> None:
    cloud = scripted({"/v4/vpc/query": [httpx.Response(200, text=page)]})
    with pytest.raises(BadAnswer, match=r"look up VPC vpc-1: cloud\.test answered HTTP 200 .* Check the endpoint"):
        run(cloud.client().vpcs.get(region, "vpc-1"))


def test_each_service_has_its_host_on_the_real_cloud(scripted: Scripted, ok: Ok, run: Run, region: str) -> None:
    cloud = scripted({"/v4/vpc/query": [ok(VPC)], "/v4/region/list-regions": [ok(regionList=[])]})
    client = cloud.client(real=True)
    run(client.vpcs.get(region, "vpc-1"))
    run(client.regions.list())
    assert [request.url.host for request in cloud.requests] == [
        "ctvpc-global.ctapi.ctyun.cn",
        "ctecs-global.ctapi.ctyun.cn",
    ]


def test_a_proxy_of_the_environment_is_not_used_for_the_local_cloud(
    scripted: Scripted, ok: Ok, run: Run, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    cloud = scripted({"/v4/vpc/query": [ok(VPC)]})
    client = cloud.client()
    assert run(client.vpcs.get(region, "vpc-1")).id == "vpc-1"


def test_no_secret_is_logged_or_raised(
    scripted: Scripted, failure: Ok, run: Run, region: str, keys: Credentials, caplog: pytest.LogCaptureFixture
) -> None:
    secrets = ["hunter2-password", "#cloud-config with a private thing", keys.secret_key]
    echo = failure("Openapi.Parameter.Error", f"userPassword hunter2-password is weak; {keys.secret_key}")
    cloud = scripted({"/v4/ecs/create-instance": [echo]})
    wish = NewServer(
        name="web-01",
        zone_name="az1",
        flavor_id="f",
        image_id="i",
        vpc_id="v",
        subnet_id="s",
        password=secrets[0],
        user_data=secrets[1].encode(),
        data_disks=(DiskWish(size=10),),
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(Exception, match=r"\[secret\] is weak") as caught:
        run(cloud.client().servers.create(region, wish, client_token="t"))
    shown = f"{caught.value!r} {caught.value} {caplog.text} {wish!r}"
    for secret in [*secrets, cloud.bodies()[0]["userData"]]:
        assert secret not in shown
    assert "web-01" in caplog.text
    assert cloud.requests[0].headers["Eop-Authorization"].partition("Signature=")[2] not in caplog.text
