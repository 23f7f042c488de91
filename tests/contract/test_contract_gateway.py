"""What stands before the products: keys, signatures, dates, hosts, and the listener with TLS and the real host names."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from ctyun import ApiError, BadSignature, Client, CloudRecord, Credentials, Endpoints, LocalCloudError, UnknownKey
from ctyun.local import LocalCloud
from ctyun.signing import canonical_query, eop_date, sign

PATH = "/v4/vpc/new-list"


def with_keys(record: CloudRecord, run: Any, access_key: str, secret_key: str) -> Any:
    async def ask() -> Any:
        async with Client(Endpoints.at(record.url), Credentials(access_key, secret_key)) as client:
            return await client.regions.list()

    return run(ask())


def test_an_unknown_access_key(record: CloudRecord, run: Any) -> None:
    with pytest.raises(UnknownKey, match="Check the access key and the secret key"):
        with_keys(record, run, "x" * 32, record.credentials.secret_key)


def test_a_wrong_secret_key(record: CloudRecord, run: Any) -> None:
    with pytest.raises(BadSignature, match="signature"):
        with_keys(record, run, record.credentials.access_key, "x" * 32)


def raw(record: CloudRecord, query: dict[str, str], **changes: Any) -> dict[str, Any]:
    """A signed GET sent by hand, with parts of it changed after signing."""
    text = canonical_query(query)
    date = changes.pop("date", None) or eop_date(datetime.now(UTC), UTC)
    signature = sign(record.credentials, "11111111-2222-3333-4444-555555555555", date, text, b"")
    headers = {**signature.headers(), **changes.pop("headers", {})}
    with httpx.Client(trust_env=False) as client:
        response = client.request(
            "GET",
            f"{record.url}{changes.pop('path', PATH)}?{changes.pop('sent_query', text)}",
            headers={key: value for key, value in headers.items() if value is not None},
            **changes,
        )
    envelope = response.json()
    assert isinstance(envelope, dict)
    return envelope


def test_signed_by_hand_it_works(record: CloudRecord, region: str) -> None:
    assert raw(record, {"regionID": region})["statusCode"] == 800


CHANGES: dict[str, dict[str, Any]] = {
    "the query": {"sent_query": "regionID=200000001852"},
    "the body": {"content": b'{"regionID": "200000001852"}'},
    "the request id": {"headers": {"ctyun-eop-request-id": "another"}},
    "the date": {"headers": {"Eop-date": "20260122T093015Z"}},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
def test_what_was_changed_after_signing_is_refused(record: CloudRecord, region: str, changes: dict[str, Any]) -> None:
    envelope = raw(record, {"regionID": region}, **changes)
    assert str(envelope["statusCode"]).startswith("CTAPI_100")
    assert envelope["returnObj"] == {}


@pytest.mark.parametrize("header", ["ctyun-eop-request-id", "Eop-date", "Eop-Authorization"])
def test_a_header_that_is_missing_is_named(record: CloudRecord, region: str, header: str) -> None:
    envelope = raw(record, {"regionID": region}, headers={header: None})
    assert str(envelope["statusCode"]).startswith("CTAPI_100")
    assert header.lower() in envelope["message"].lower()


@pytest.mark.parametrize("hours", [-12, 0, 8, 14])
def test_the_date_may_be_of_any_time_zone(record: CloudRecord, region: str, hours: int) -> None:
    date = eop_date(datetime.now(UTC), timezone(timedelta(hours=hours)))
    assert raw(record, {"regionID": region}, date=date)["statusCode"] == 800


def test_a_date_of_last_week_is_refused(record: CloudRecord, region: str) -> None:
    date = eop_date(datetime.now(UTC) - timedelta(days=7), UTC)
    assert str(raw(record, {"regionID": region}, date=date)["statusCode"]).startswith("CTAPI_100")


def test_special_characters_survive(client: Client, run: Any, region: str) -> None:
    assert run(client.security_groups.list(region, name="a b/c+d=e&中文~*")) == []


def test_a_host_that_is_not_ours_is_refused(record: CloudRecord, region: str) -> None:
    envelope = raw(record, {"regionID": region}, headers={"Host": "evil.example"})
    assert str(envelope["statusCode"]).startswith("CTAPI_100")


def test_a_path_that_is_not_modelled_says_so(record: CloudRecord, region: str) -> None:
    envelope = raw(record, {"regionID": region}, path="/v4/ecs/no-such-call")
    assert "/v4/ecs/no-such-call" in envelope["message"]


def test_an_option_that_is_not_modelled_is_refused_by_name(
    client: Client, run: Any, region: str, token: Callable[[], str]
) -> None:
    from ctyun.services.vpcs import CREATE

    wish = {"regionID": region, "name": "vpc-v6", "CIDR": "10.0.0.0/16", "enableIpv6": True, "clientToken": token()}
    with pytest.raises(ApiError, match="enableIpv6"):
        run(client.transport.send(CREATE, "vpc-v6", body=wish))
    assert run(client.vpcs.list(region, name="vpc-v6")) == []


# --- TLS and the real host names -----------------------------------------------------------------------------------------


class ToLoopback(httpx.AsyncBaseTransport):
    """Connects to the TLS listener whatever the host is; Host, SNI and the check of the certificate keep the host."""

    def __init__(self, record: CloudRecord) -> None:
        assert record.tls_url is not None
        self._listener = httpx.URL(record.tls_url)
        context = ssl.create_default_context(cafile=str(record.ca_file))
        self._inner = httpx.AsyncHTTPTransport(verify=context, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": request.url.host}
        request.url = request.url.copy_with(host="127.0.0.1", port=self._listener.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def test_the_real_host_names_over_tls(record: CloudRecord, run: Any, region: str, make: Any) -> None:
    vpc_id = make.vpc()

    async def ask() -> tuple[Any, Any]:
        async with Client(Endpoints.real(), record.credentials, http=ToLoopback(record)) as client:
            return await client.vpcs.get(region, vpc_id), await client.images.find(region, "debian-12")

    vpc, image = run(ask())
    assert (vpc.id, image.name) == (vpc_id, "debian-12")


def test_loopback_over_tls_with_the_clouds_own_authority(record: CloudRecord, run: Any, region: str) -> None:
    async def ask() -> Any:
        assert record.tls_url is not None
        async with Client(Endpoints.at(record.tls_url, record.ca_file), record.credentials) as client:
            return await client.regions.zones(region)

    assert len(run(ask())) == 3


def test_a_product_is_served_under_its_own_host_only(record: CloudRecord, run: Any, region: str) -> None:
    wrong = Endpoints("https://ctecs-global.ctapi.ctyun.cn")

    async def ask() -> None:
        async with Client(wrong, record.credentials, http=ToLoopback(record)) as client:
            await client.vpcs.list(region)

    with pytest.raises(ApiError, match=r"ctvpc-global\.ctapi\.ctyun\.cn"):
        run(ask())


# --- what is ours alone --------------------------------------------------------------------------------------------------


def test_local_calls_need_the_local_key(record: CloudRecord, run: Any) -> None:
    async def ask() -> None:
        async with LocalCloud(replace(record, local_key="wrong")) as cloud:
            await cloud.servers()

    with pytest.raises(LocalCloudError) as caught:
        run(ask())
    assert caught.value.status in (401, 403)


def test_local_calls_are_refused_under_any_other_host(record: CloudRecord) -> None:
    """A page in a browser must not reach them through a name that it points at loopback."""
    headers = {"X-Drlab-Key": record.local_key, "Host": "evil.example"}
    with httpx.Client(trust_env=False) as client:
        response = client.get(f"{record.url}/_local/servers", headers=headers)
    assert 400 <= response.status_code < 500
    assert "error" in response.json()


def test_no_key_is_written_to_a_log(record: CloudRecord, state: Path) -> None:
    written = "".join(path.read_text() for path in state.glob("*.log"))
    assert "/v4/" in written
    for secret in (record.credentials.secret_key, record.local_key):
        assert secret not in written


def test_only_the_user_can_read_the_record(state: Path) -> None:
    assert (state / "cloud.json").stat().st_mode & 0o777 == 0o600
