"""HTTPS listeners and sessions through our client: HAProxy ends TLS, and who came once comes to the same server again."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookies import SimpleCookie
from typing import Any

import pytest
from contract.factories import Factory
from contract.pairs import OPENER, PORT, Pair, active_node, certificate_for, get, health, make_pair, shell, token
from support.waiting import until

from ctyun import Client, CloudRecord, InUse, ParameterError, Stickiness


@pytest.fixture(scope="module")
def pair(client: Client, run: Any, region: str, site: Any, record: CloudRecord) -> Iterator[Pair]:
    with ExitStack() as cleanup:
        yield make_pair(client, run, region, site, record, Factory(client, run, region, cleanup))


def shown_by(address: str, trusted: str) -> str:
    """The page over TLS, by a client that trusts this certificate alone; the certificate must be the one that is shown."""
    context = ssl.create_default_context(cadata=trusted)
    with (
        socket.create_connection((address, 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=address) as secure,
    ):
        assert secure.getpeercert(binary_form=True) == ssl.PEM_cert_to_DER_cert(trusted)
        secure.sendall(f"GET / HTTP/1.0\r\nHost: {address}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: secure.recv(65536), b""))
    return answer.rpartition(b"\r\n\r\n")[2].decode().strip()


def test_an_https_listener_shows_its_certificate_and_exchanges_it(
    pair: Pair, client: Client, run: Any, make: Any, region: str
) -> None:
    pems = [certificate_for(pair.eip.address) for _ in range(2)]
    with pytest.raises(ParameterError, match="does not belong to the private key"):
        run(client.certificates.create(region, name="mixed", pem=pems[0][0], private_key=pems[1][1], client_token=token()))
    ids = []
    for pem, key in pems:
        made = run(client.certificates.create(region, name=make.name("cert"), pem=pem, private_key=key, client_token=token()))
        make.remove_later(lambda made=made: client.certificates.delete(region, made))
        ids.append(made)
    listener = run(
        client.listeners.create(
            region, balancer_id=pair.balancer.id, name=make.name("https"), protocol="HTTPS", port=443,
            target_group_id=pair.group_id, certificate_id=ids[0], client_token=token(),
        )
    )  # fmt: skip
    make.remove_later(lambda: client.listeners.delete(region, listener))
    names = {server.name for server in pair.servers}
    until(lambda: {shown_by(pair.eip.address, pems[0][0]) for _ in range(6)} == names, 10, "both servers behind HTTPS")
    with pytest.raises(InUse, match=listener):
        run(client.certificates.delete(region, ids[0]))
    run(client.listeners.update(region, listener, certificate_id=ids[1]))
    assert run(client.listeners.get(region, listener)).certificate_id == ids[1]
    assert shown_by(pair.eip.address, pems[1][0]) in names
    run(client.certificates.delete(region, ids[0]))


def cookies_of(url: str) -> tuple[str, str]:
    """The page of a fresh client, and the cookies that it got, without the time after the bar, which is another every 4 s."""
    with OPENER.open(url, timeout=5) as answer:
        jar = SimpleCookie(answer.headers.get("Set-Cookie") or "")
        texts = (f"{name}={morsel.value.partition('|')[0]}" for name, morsel in jar.items())
        return answer.read().decode().strip(), "; ".join(texts)


def move(record: CloudRecord, pair: Pair) -> None:
    """The other HAProxy takes over."""
    active = active_node(record, pair)
    subprocess.run(["docker", "kill", active], check=True, capture_output=True, timeout=20)
    until(lambda: bool(get(pair.url, 0.5)), 20, "an answer after the move")
    assert active_node(record, pair) not in ("", active)


def both_run(record: CloudRecord, pair: Pair) -> bool:
    names = [f"drlab-{record.id}-{pair.balancer.id}-{number}" for number in (1, 2)]
    shown = subprocess.run(["docker", "inspect", "-f", "{{.State.Running}}", *names], capture_output=True, text=True, timeout=10)
    return shown.stdout.split() == ["true", "true"]


def test_a_cookie_leads_to_the_same_server_by_both_processes(
    pair: Pair, client: Client, run: Any, region: str, record: CloudRecord
) -> None:
    groups = client.target_groups
    run(groups.update(region, pair.group_id, stickiness=Stickiness("INSERT", seconds=600)))
    try:
        cookies = dict(cookies_of(pair.url) for _ in range(6))
        assert set(cookies) == {server.name for server in pair.servers}
        for name, cookie in cookies.items():
            assert {get(pair.url, Cookie=cookie) for _ in range(5)} == {name}
        run(groups.remove_target(region, pair.targets[0]))
        add = groups.add_target(region, pair.group_id, instance_id=pair.servers[0].id, port=PORT, client_token=token())
        pair.targets[0] = run(add)  # one that comes while HAProxy runs has a name in cookies too, and the same as before
        until(lambda: dict(cookies_of(pair.url) for _ in range(4)) == cookies, 15, "both targets")
        move(record, pair)
        for name, cookie in cookies.items():
            assert {get(pair.url, Cookie=cookie) for _ in range(5)} == {name}
    finally:
        run(groups.update(region, pair.group_id, stickiness=Stickiness()))
    until(lambda: both_run(record, pair), 30, "both processes")
    assert len({get(pair.url) for _ in range(6)}) == 2


def test_an_address_leads_to_the_same_server_until_that_is_gone(
    pair: Pair, client: Client, run: Any, region: str, record: CloudRecord
) -> None:
    groups = client.target_groups
    until(lambda: both_run(record, pair), 30, "both processes")
    run(groups.update(region, pair.group_id, stickiness=Stickiness("SOURCE_IP", seconds=1000)))
    try:
        [mine] = {get(pair.url) for _ in range(6)}
        listener = run(
            client.listeners.create(  # a reload: the next worker is told
                region, balancer_id=pair.balancer.id, name="another", protocol="TCP", port=8081, target_group_id=pair.group_id,
                client_token=token(),
            )
        )  # fmt: skip
        run(client.listeners.delete(region, listener))
        assert {get(pair.url) for _ in range(6)} == {mine}
        move(record, pair)  # the other process was told too
        assert {get(pair.url) for _ in range(6)} == {mine}
        server = next(server for server in pair.servers if server.name == mine)
        shell(record, server, "systemctl stop page")
        until(lambda: get(pair.url) not in ("", mine), 20, "the other server")
        shell(record, server, "systemctl start page")
    finally:
        run(groups.update(region, pair.group_id, stickiness=Stickiness()))
    until(lambda: health(client, run, region, pair) == ["online", "online"], 30, "both targets")
