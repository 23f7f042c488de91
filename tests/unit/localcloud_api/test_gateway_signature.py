"""The gateway's signature check, held to vectors that CTyun's own SDK core produced."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localcloud.api.gateway import canonical_queries, signature
from localcloud.records.compute import VPCS

ACCESS, SECRET = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
REQUEST_ID, DATE = "27cfe4dc-e640-45f6-92ca-492ca73e8680", "20260122T093015Z"
REGION = "bb9fdb42056f11eda1610242ac110002"
PYTHON_BODY = (
    b'{"clientToken": "4cf2962d-e92c-4c00-9181-cfbb2218636c", "regionID": "bb9fdb42056f11eda1610242ac110002", '
    b'"name": "drlab-vpc", "CIDR": "192.168.0.0/16", "description": "\\u707e\\u5907\\u5b9e\\u9a8c VPC"}'
)
COMPACT_BODY = (
    '{"clientToken":"4cf2962d-e92c-4c00-9181-cfbb2218636c","regionID":"bb9fdb42056f11eda1610242ac110002",'
    '"name":"drlab-vpc","CIDR":"192.168.0.0/16","description":"灾备实验 VPC"}'
).encode()
SPECIAL_QUERY = f"queryContent=a%20b%2Fc%2Bd%3De%26%E4%B8%AD%E6%96%87~%2A&regionID={REGION}"


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        pytest.param(f"regionID={REGION}&vpcID=vpc-r5i4zghgvq", b"", "hbwEG1SIuaBOZCeGGz73VWq0ApB0oee+xmmQm+NJHIQ=", id="A"),
        pytest.param("", PYTHON_BODY, "rvnMfTK7wgV5iBWXlLdvm6jKnsKtjUx9+nRYrWYcYHY=", id="B"),
        pytest.param("", COMPACT_BODY, "Z9TsOBO/gHGIaYs7e7qCk3l/eYghXDMgXhZqXgAQG0A=", id="B2"),
        pytest.param(SPECIAL_QUERY, b"", "urzcQkYTVzmtM++6YR2IeAubWIR420H+L95ZGaTfSn8=", id="C"),
    ],
)
def test_the_published_vectors(query: str, body: bytes, expected: str) -> None:
    assert signature(SECRET, ACCESS, REQUEST_ID, DATE, query, body) == expected


def test_a_query_counts_as_sent_sorted_or_re_encoded() -> None:
    assert list(canonical_queries("b=2&a=x+y"))[:3] == ["b=2&a=x+y", "a=x+y&b=2", "a=x%20y&b=2"]
    assert list(canonical_queries("queryContent=a+b%2Fc%2Bd%3De%26%E4%B8%AD%E6%96%87~*&regionID=" + REGION))[2] == SPECIAL_QUERY
    assert list(canonical_queries("")) == [""]


def listed_by_name(api: Any, signed: str, sent: str) -> dict[str, Any]:
    """The answer to a list of VPCs whose name was signed in one way and sent in another."""
    date = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    signed, sent = (f"regionID={REGION}&vpcName={name}" for name in (signed, sent))
    given = signature("S" * 32, "A" * 32, REQUEST_ID, date, signed, b"")
    authorization = f"{'A' * 32} Headers=ctyun-eop-request-id;eop-date Signature={given}"
    headers = {"ctyun-eop-request-id": REQUEST_ID, "Eop-date": date, "Eop-Authorization": authorization}
    return dict(api.send("GET", "/v4/vpc/new-list", sent, b"", **headers))


@pytest.mark.parametrize(
    ("signed", "sent", "meant"),
    [
        pytest.param("a%2Fb%20c", "a%2Fb+c", "a/b c", id="one form for both"),
        pytest.param("a/b%20c", "a%2Fb%20c", "a/b c", id="the package of balancers"),
        pytest.param("a/b%2Bc%2Cd", "a/b+c,d", "a/b+c,d", id="the package of databases"),
        pytest.param("a/b+c,d", "a/b+c,d", "a/b c,d", id="forms"),
    ],
)
def test_a_query_means_what_was_signed(api: Any, signed: str, sent: str, meant: str) -> None:
    record = api.cloud.store.require(VPCS, api.vpc())
    api.cloud.store.put(VPCS, replace(record, name=meant))  # no such name is allowed: the filter shows how it was read
    assert [vpc["name"] for vpc in api.ok(listed_by_name(api, signed, sent))["vpcs"]] == [meant]


@pytest.mark.parametrize(
    ("signed", "sent"),
    [("a%2fb", "a%2Fb"), ("a%2Bc/d", "a%20c/d"), ("a%2Bc", "a+c&pageNo=2"), ("a%2Fb%2Bc", "a/b+c"), ("a", "b")],
)
def test_no_other_form_of_a_query_passes(api: Any, signed: str, sent: str) -> None:
    assert listed_by_name(api, signed, sent)["statusCode"] == "CTAPI_10009"


def call(api: Any, **changes: str) -> dict[str, Any]:
    body = json.dumps({"regionID": REGION, "name": "net", "CIDR": "10.0.0.0/8", "clientToken": "t"}).encode()
    return dict(api.send("POST", "/v4/vpc/create", "", body, **changes))


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        pytest.param({"secret_key": "x" * 32}, "CTAPI_10009", "ctyun-EOP: signature verification failed", id="wrong key"),
        pytest.param(
            {"access_key": "x" * 32}, "CTAPI_10002", "ctyun-EOP: invalid AK/SK: this access key is unknown", id="unknown"
        ),
        pytest.param({"Eop-Authorization": ""}, "CTAPI_10001", "ctyun-EOP: header eop-authorization is missing", id="no header"),
        pytest.param(
            {"Eop-Authorization": "Bearer x"},
            "CTAPI_10001",
            "ctyun-EOP: Eop-Authorization must read '<AK> Headers=ctyun-eop-request-id;eop-date Signature=<base64>'",
            id="another scheme",
        ),
        pytest.param(
            {"host": "example.com"},
            "CTAPI_10003",
            "ctyun-EOP: host 'example.com' is not served for this call; "
            "use 127.0.0.1, localhost or <product>-global.ctapi.ctyun.cn",
            id="foreign host",
        ),
        pytest.param(
            {"host": "ctecs-global.ctapi.ctyun.cn"},
            "CTAPI_10003",
            "ctyun-EOP: host 'ctecs-global.ctapi.ctyun.cn' is not served for this call; use ctvpc-global.ctapi.ctyun.cn",
            id="another product's host",
        ),
    ],
)
def test_the_gateway_refuses_and_nothing_is_made(api: Any, changes: dict[str, str], status: str, message: str) -> None:
    answer = call(api, **changes)
    assert (answer["statusCode"], answer["message"], answer["returnObj"]) == (status, message, {})
    assert api.ok(api.get("/v4/vpc/new-list", regionID=REGION))["totalCount"] == 0


def test_the_product_host_is_served(api: Any) -> None:
    assert call(api, host="ctvpc-global.ctapi.ctyun.cn")["statusCode"] == 800


def test_a_changed_body_does_not_pass(api: Any) -> None:
    from localcloud.api import gateway
    from localcloud.records import errors

    headers = {"ctyun-eop-request-id": REQUEST_ID, "eop-date": DATE}
    given = signature(SECRET, ACCESS, REQUEST_ID, DATE, "", b"{}")
    headers["eop-authorization"] = f"{ACCESS} Headers=ctyun-eop-request-id;eop-date Signature={given}"
    now = datetime(2026, 1, 22, 9, 30, tzinfo=UTC)
    gateway.check_signature(headers, "", b"{}", {ACCESS: SECRET}, now)
    with pytest.raises(errors.SignatureMismatch):
        gateway.check_signature(headers, "", b"{ }", {ACCESS: SECRET}, now)


@pytest.mark.parametrize(("hours", "passes"), [(-14, True), (-9, True), (9, True), (14, True), (16, False), (-16, False)])
def test_clocks_of_the_whole_earth_pass(hours: int, passes: bool) -> None:
    from localcloud.api import gateway
    from localcloud.records import errors

    given = signature(SECRET, ACCESS, REQUEST_ID, DATE, "", b"")
    authorization = f"{ACCESS} Headers=ctyun-eop-request-id;eop-date Signature={given}"
    headers = {"ctyun-eop-request-id": REQUEST_ID, "eop-date": DATE, "eop-authorization": authorization}
    now = datetime(2026, 1, 22, 9, 30, 15, tzinfo=UTC) + timedelta(hours=hours)
    if passes:
        gateway.check_signature(headers, "", b"", {ACCESS: SECRET}, now)
        return
    with pytest.raises(errors.DateTooFarOff):
        gateway.check_signature(headers, "", b"", {ACCESS: SECRET}, now)


def test_unknown_paths_are_named(api: Any) -> None:
    answer = api.post("/v4/elb/create-rule", regionID=REGION)
    assert (answer["statusCode"], answer["returnObj"]) == (900, None)  # HTTP 200: of any other typed clients show the number only
    assert answer["message"] == "POST /v4/elb/create-rule is not modelled by the local cloud"
    assert api.get("/v4/vpc/create")["message"].endswith("; there is POST /v4/vpc/create")
    answer = api.get("/RDS2/v1/open-api/slow-query")
    assert (answer["statusCode"], answer["returnObj"]) == (3001, None) and "not modelled" in answer["message"]


def test_a_body_must_be_a_json_object(api: Any) -> None:
    answer = api.send("POST", "/v4/vpc/create", "", b"[1]")
    assert answer["message"] == "ctyun-EOP: the request body must be a JSON object"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[" * 100_000, "recursion"),
        (b'{"regionID": "\\ud800"}', "surrogates"),
        (b'{"regionID": "\xed\xa0\x80"}', "decode"),
        (b" " * (1 << 20) + b"{}", "is longer than 1048576 bytes"),
    ],
)
def test_a_body_that_nothing_can_be_made_of_is_refused(api: Any, body: bytes, message: str) -> None:
    answer = api.send("POST", "/v4/vpc/create", "", body)
    assert (answer["statusCode"], message in answer["message"]) == ("CTAPI_10006", True), answer["message"]


def test_a_signature_of_other_characters_is_a_wrong_one(api: Any) -> None:
    header = f"{'A' * 32} Headers=ctyun-eop-request-id;eop-date Signature=\u00e9"
    answer = api.send("GET", "/v4/region/list-regions", "", b"", **{"Eop-Authorization": header.encode("latin-1")})
    assert answer["statusCode"] == "CTAPI_10009"
