"""The vectors of the signing section of the API notes, step by step, and the official SDK's own signer."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from ctyun import Credentials
from ctyun.client import CHINA
from ctyun.signing import canonical_query, eop_date, key_chain, sign, string_to_sign

REQUEST_ID = "27cfe4dc-e640-45f6-92ca-492ca73e8680"
DATE = "20260122T093015Z"
REGION = "bb9fdb42056f11eda1610242ac110002"
VPC_BODY = {
    "clientToken": "4cf2962d-e92c-4c00-9181-cfbb2218636c",
    "regionID": REGION,
    "name": "drlab-vpc",
    "CIDR": "192.168.0.0/16",
    "description": "灾备实验 VPC",
}
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

QUERY_A = {"regionID": REGION, "vpcID": "vpc-r5i4zghgvq"}
QUERY_C = {"regionID": REGION, "queryContent": "a b/c+d=e&中文~*"}
SPACED = json.dumps(VPC_BODY).encode()
COMPACT = json.dumps(VPC_BODY, ensure_ascii=False, separators=(",", ":")).encode()

VECTORS = {
    "A: a GET": (QUERY_A, b"", EMPTY, "hbwEG1SIuaBOZCeGGz73VWq0ApB0oee+xmmQm+NJHIQ="),
    "B: a POST as Python's json writes it": (
        {},
        SPACED,
        "c5112f9a7f55835f0ff69cdc8cd06ba512b4dc8935191c9236054bd7d3344c50",
        "rvnMfTK7wgV5iBWXlLdvm6jKnsKtjUx9+nRYrWYcYHY=",
    ),
    "B2: the same, compact": (
        {},
        COMPACT,
        "4144dba0aecb3a9a20556093d9b3d99708a00b11c3f79b67b6402c4b817c8844",
        "Z9TsOBO/gHGIaYs7e7qCk3l/eYghXDMgXhZqXgAQG0A=",
    ),
    "C: special characters": (QUERY_C, b"", EMPTY, "urzcQkYTVzmtM++6YR2IeAubWIR420H+L95ZGaTfSn8="),
}


def test_the_key_chain(keys: Credentials) -> None:
    chain = key_chain(keys, DATE)
    assert chain.time.hex() == "27ccef98250a120e4a476ce56ed884190d3e31cbf38ae5d6ad575fa8c534d852"
    assert chain.access_key.hex() == "0ee369a2015049749b7adf19f99ab0943c1cf8351df90cebf44696c6d954d66e"
    assert chain.date.hex() == "84ac1ac28dd2bd621e5b48f74668bf8cb953f1a8c59de2718f8d92de17b806e8"


@pytest.mark.parametrize(("query", "body", "digest", "signature"), VECTORS.values(), ids=VECTORS.keys())
def test_vectors(keys: Credentials, query: dict[str, str], body: bytes, digest: str, signature: str) -> None:
    text = canonical_query(query)
    assert hashlib.sha256(body).hexdigest() == digest
    assert string_to_sign(REQUEST_ID, DATE, text, body) == (
        f"ctyun-eop-request-id:{REQUEST_ID}\neop-date:{DATE}\n\n{text}\n{digest}"
    )
    signed = sign(keys, REQUEST_ID, DATE, text, body)
    assert signed.authorization == f"{keys.access_key} Headers=ctyun-eop-request-id;eop-date Signature={signature}"
    assert signed.headers()["ctyun-eop-request-id"] == REQUEST_ID


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (QUERY_A, f"regionID={REGION}&vpcID=vpc-r5i4zghgvq"),
        (QUERY_C, f"queryContent=a%20b%2Fc%2Bd%3De%26%E4%B8%AD%E6%96%87~%2A&regionID={REGION}"),
        ({"pageNo": 2, "errorFree": False}, "errorFree=false&pageNo=2"),
        ({}, ""),
    ],
)
def test_canonical_query(query: dict[str, str], text: str) -> None:
    assert canonical_query(query) == text


def test_the_date_can_be_in_either_zone() -> None:
    moment = datetime(2026, 1, 22, 18, 30, 15, tzinfo=UTC)
    assert eop_date(moment, UTC) == "20260122T183015Z"
    assert eop_date(moment, CHINA) == "20260123T023015Z"


@pytest.mark.parametrize(
    ("query", "body"),
    [(QUERY_A, None), ({}, VPC_BODY), (QUERY_C, None)],
    ids=["A", "B", "C"],
)
def test_the_official_sdk_signs_alike(keys: Credentials, query: dict[str, str], body: dict[str, str] | None) -> None:
    from ctyun_python_sdk_core import sign_util  # type: ignore[import-untyped]

    credential = SimpleNamespace(ak=keys.access_key, sk=keys.secret_key)
    official = sign_util.sign(credential, query, body, REQUEST_ID, DATE)
    content = json.dumps(body).encode() if body else b""
    assert sign(keys, REQUEST_ID, DATE, canonical_query(query), content).authorization == official
