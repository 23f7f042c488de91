"""Certificates, HTTPS listeners and sessions: what the API takes, what the engines get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from pulumi_ctyun.kit.values import to_properties
from pulumi_ctyun.provider.checking import check
from pulumi_ctyun.resources.declarations import RESOURCES

REGION = "bb9fdb42056f11eda1610242ac110002"
CREATE, CREATE_GROUP, UPDATE_GROUP = "/v4/elb/create-certificate", "/v4/elb/create-target-group", "/v4/elb/update-target-group"


def certificate(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "site.test")]), datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, passphrase: bytes | None = None) -> str:
    hidden = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden).decode()


KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
GOOD = {"regionID": REGION, "name": "site", "type": "Server", "certificate": certificate(KEY), "privateKey": pem(KEY)}


def uploaded(api: Any, **more: Any) -> str:
    return str(api.ok(api.post(CREATE, **(GOOD | more)))["ID"])


@pytest.fixture
def net(api: Any) -> tuple[str, str]:
    vpc = api.vpc()
    return vpc, api.subnet(vpc)


@pytest.fixture
def balancer(api: Any, net: tuple[str, str]) -> str:
    body = {"regionID": REGION, "subnetID": net[1], "name": "front", "slaName": "elb.default", "resourceType": "internal"}
    return str(api.ok(api.post("/v4/elb/create-loadbalancer", **body))["ID"])


def group(api: Any, vpc: str, **more: Any) -> str:
    return str(
        api.ok(api.post(CREATE_GROUP, **({"regionID": REGION, "name": "web", "vpcID": vpc, "algorithm": "wrr"} | more)))[0]["ID"]
    )


def listen(api: Any, balancer: str, group_id: str, **more: Any) -> Any:
    action = {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": group_id}]}}
    body = {"regionID": REGION, "loadBalancerID": balancer, "name": "https", "protocol": "HTTPS", "protocolPort": 443}
    return api.post("/v4/elb/create-listener", **(body | {"defaultAction": action} | more))


def test_a_certificate_comes_is_shown_renamed_and_goes(api: Any) -> None:
    found = uploaded(api)
    shown = api.ok(api.get("/v4/elb/show-certificate", regionID=REGION, certificateID=found))
    assert (shown["name"], shown["type"], shown["status"]) == ("site", "certificate", "ACTIVE")
    assert (shown["certificate"], shown["privateKey"]) == (GOOD["certificate"], "")
    assert api.ok(api.post("/v4/elb/update-certificate", regionID=REGION, certificateID=found, name="page")) == [{"ID": found}]
    [listed] = api.ok(api.get("/v4/elb/list-certificate", regionID=REGION, name="page"))
    assert listed["ID"] == found
    assert api.ok(api.post("/v4/elb/delete-certificate", regionID=REGION, certificateID=found)) == [{"ID": found}]
    answer = api.get("/v4/elb/show-certificate", regionID=REGION, certificateID=found)
    assert answer["errorCode"] == "Openapi.Certificate.AccessFailed"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"privateKey": pem(OTHER)}, "certificate does not belong to the private key"),
        ({"certificate": "nothing"}, "certificate holds no certificate in PEM form"),
        ({"certificate": GOOD["certificate"] + pem(OTHER)}, "certificate holds a private key; that belongs into"),
        ({"privateKey": "nothing"}, "certificate comes without a private key in PEM form"),
        ({"privateKey": pem(KEY, b"secret")}, "needs a passphrase"),
        (
            {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
            "cannot be used together with its key",
        ),
        ({"privateKey": None}, "privateKey is required"),
        ({"type": "Ca"}, "type=Ca"),
        ({"name": "1"}, "name '1' is not allowed"),
    ],
)
def test_what_no_server_could_show_is_refused(api: Any, more: dict[str, Any], sentence: str) -> None:
    assert sentence in api.post(CREATE, **(GOOD | more))["message"]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({}, None),
        ({"certificate": f"subject: site.test\n{GOOD['certificate']}"}, None),
        ({"certificate": "nothing"}, "certificate"),
        ({"certificate": GOOD["certificate"] + pem(OTHER)}, "certificate"),
        ({"certificate": GOOD["certificate"] + "#" * 65536}, "certificate"),
        ({"privateKey": "nothing"}, "privateKey"),
        ({"privateKey": pem(KEY, b"secret")}, "privateKey"),
        ({"privateKey": pem(KEY) + "#" * 65536}, "privateKey"),
    ],
)
def test_the_provider_knows_what_can_be_told_without_openssl(api: Any, more: dict[str, Any], wrong: str | None) -> None:
    declared = RESOURCES["ctyun:elb:Certificate"]
    inputs = {"region": "r", **{name: (GOOD | more)[name] for name in ("name", "certificate", "privateKey")}}
    _, problems = check(declared.inputs, declared.rules, to_properties(inputs))
    assert [problem.path for problem in problems] == ([wrong] if wrong else [])
    assert (api.post(CREATE, **(GOOD | more))["statusCode"] == 800) == (wrong is None)


def test_a_key_that_is_too_short_for_tls_is_refused(api: Any) -> None:
    """HAProxy would not load it, and would go on with its old configuration."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - that is the point
    answer = api.post(CREATE, **(GOOD | {"certificate": certificate(key), "privateKey": pem(key)}))
    assert "EE_KEY_TOO_SMALL" in answer["message"]


def test_a_pair_is_checked_without_being_kept(api: Any) -> None:
    check = "/v4/elb/check-certificate"
    assert api.ok(api.post(check, certificate=GOOD["certificate"], privateKey=GOOD["privateKey"])) == {"isValid": True}
    assert api.ok(api.post(check, certificate=GOOD["certificate"], privateKey=pem(OTHER))) == {"isValid": False}
    assert api.ok(api.get("/v4/elb/list-certificate", regionID=REGION)) == []


def test_an_https_listener_hands_its_certificate_to_the_engines(api: Any, net: tuple[str, str], balancer: str) -> None:
    first, second, group_id = uploaded(api), uploaded(api, name="newer"), group(api, net[0])
    [made] = api.ok(listen(api, balancer, group_id, certificateID=first, forwardedForEnabled=True))
    spec = api.engines.balancers[balancer]
    [found] = spec.listeners
    assert (found.port, found.mode, found.certificate_id, found.forwarded_for) == (443, "http", first, True)
    assert [(item.certificate_id, item.pem) for item in spec.certificates] == [(first, GOOD["certificate"] + GOOD["privateKey"])]
    answer = api.post("/v4/elb/delete-certificate", regionID=REGION, certificateID=first)
    assert f"still used by listener {made['ID']} (https)" in answer["message"]
    api.ok(api.post("/v4/elb/update-listener", regionID=REGION, listenerID=made["ID"], certificateID=second))
    assert [item.certificate_id for item in api.engines.balancers[balancer].certificates] == [second]
    [shown] = api.ok(api.get("/v4/elb/show-listener", regionID=REGION, listenerID=made["ID"]))
    assert (shown["protocol"], shown["certificateID"]) == ("HTTPS", second)
    assert api.ok(api.post("/v4/elb/delete-certificate", regionID=REGION, certificateID=first))


def test_certificates_are_for_https_alone(api: Any, net: tuple[str, str], balancer: str) -> None:
    found, group_id = uploaded(api), group(api, net[0])
    assert "certificateID is required" in listen(api, balancer, group_id)["message"]
    refused = listen(api, balancer, group_id, protocol="HTTP", certificateID=found)
    assert "is for HTTPS listeners, not for HTTP" in refused["message"]
    assert listen(api, balancer, group_id, certificateID="cert-none")["errorCode"] == "Openapi.Certificate.AccessFailed"
    assert "caEnabled=True" in listen(api, balancer, group_id, certificateID=found, caEnabled=True)["message"]


@pytest.mark.parametrize(
    ("sticky", "expected"),
    [
        ({"sessionStickyMode": "INSERT", "cookieExpire": 60}, ("insert", 60, "")),
        ({"sessionStickyMode": "SOURCE_IP", "sourceIpTimeout": 1000}, ("source", 1000, "")),
        ({"sessionStickyMode": "REWRITE", "rewriteCookieName": "JSESSIONID"}, ("rewrite", 0, "JSESSIONID")),
    ],
)
def test_sessions_are_kept(
    api: Any, net: tuple[str, str], balancer: str, sticky: dict[str, Any], expected: tuple[str, int, str]
) -> None:
    group_id = group(api, net[0], sessionSticky=sticky)
    api.ok(listen(api, balancer, group_id, protocol="HTTP", protocolPort=80))
    [pool] = api.engines.balancers[balancer].pools
    assert (pool.sticky.mode, pool.sticky.seconds, pool.sticky.cookie) == expected
    assert api.engines.balancers[balancer].peers == (f"{balancer}-1", f"{balancer}-2")
    [shown] = api.ok(api.get("/v4/elb/show-target-group", regionID=REGION, targetGroupID=group_id))
    assert shown["sessionSticky"] == sticky
    off = {"sessionStickyMode": "CLOSE"}
    api.ok(api.post(UPDATE_GROUP, regionID=REGION, targetGroupID=group_id, sessionSticky=off, algorithm="lc"))
    assert api.engines.balancers[balancer].pools[0].sticky is None
    [shown] = api.ok(api.get("/v4/elb/show-target-group", regionID=REGION, targetGroupID=group_id))
    assert shown["sessionSticky"] == off


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"sessionSticky": {"sessionStickyMode": "INSERT"}}, "sessionSticky.cookieExpire is required for mode INSERT"),
        ({"sessionSticky": {"sessionStickyMode": "SOURCE_IP"}}, "sessionSticky.sourceIpTimeout is required for mode SOURCE_IP"),
        (
            {"sessionSticky": {"sessionStickyMode": "REWRITE", "rewriteCookieName": "a b"}},
            "sessionSticky.rewriteCookieName is 'a b'",
        ),
        ({"sessionSticky": {"sessionStickyMode": "INSERT", "cookieExpire": 90000}}, "sessionSticky.cookieExpire is 90000"),
        (
            {"algorithm": "sh", "sessionSticky": {"sessionStickyMode": "INSERT", "cookieExpire": 1}},
            "sessionSticky.sessionStickyMode must be CLOSE with algorithm sh",
        ),
    ],
)
def test_sessions_that_cannot_be_kept(api: Any, net: tuple[str, str], more: dict[str, Any], sentence: str) -> None:
    body = {"regionID": REGION, "name": "web", "vpcID": net[0], "algorithm": "wrr"} | more
    assert sentence in api.post(CREATE_GROUP, **body)["message"]


def test_a_tcp_listener_sees_no_cookies(api: Any, net: tuple[str, str], balancer: str) -> None:
    cookies = {"sessionStickyMode": "INSERT", "cookieExpire": 60}
    keeping, plain = group(api, net[0], sessionSticky=cookies), group(api, net[0], name="plain")
    answer = listen(api, balancer, keeping, protocol="TCP", protocolPort=80)
    assert "cannot keep sessions by cookie: a TCP listener sees no cookies" in answer["message"]
    [made] = api.ok(listen(api, balancer, plain, protocol="TCP", protocolPort=80))
    answer = api.post(UPDATE_GROUP, regionID=REGION, targetGroupID=plain, sessionSticky=cookies)
    assert f"TCP listener {made['ID']} sends to it" in answer["message"]
    action = {"type": "forward", "forwardConfig": {"targetGroups": [{"targetGroupID": keeping}]}}
    answer = api.post("/v4/elb/update-listener", regionID=REGION, listenerID=made["ID"], defaultAction=action)
    assert "cannot keep sessions by cookie" in answer["message"]
