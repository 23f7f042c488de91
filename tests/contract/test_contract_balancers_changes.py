"""What goes on while a balancer is changed, by the visitors' own count; and how each algorithm spreads them."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from contract.factories import Factory
from contract.pairs import BIG, OPENER, PORT, Pair, certificate_for, get, health, make_pair, shell, token
from support.waiting import until

from ctyun import Client, CloudRecord, Rule, Stickiness
from ctyun.services.target_groups import UPDATE_TARGET

SECOND_PORT = 8083
SLOW_SECONDS = 1.0
# As http.server, with a cookie of its own and a page that takes its time.
PAGE = f"""
import http.server, time
class Page(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep({SLOW_SECONDS})
            self.path = "/"
        super().do_GET()
    def end_headers(self):
        self.send_header("Set-Cookie", "SESSION=mine; Path=/")
        super().end_headers()
    def __init__(self, *arguments):
        super().__init__(*arguments, directory="/srv/page")
http.server.ThreadingHTTPServer(("", {PORT}), Page).serve_forever()
"""


@pytest.fixture(scope="module")
def pair(client: Client, run: Any, region: str, site: Any, record: CloudRecord) -> Iterator[Pair]:
    with ExitStack() as cleanup:
        found = make_pair(client, run, region, site, record, Factory(client, run, region, cleanup))
        for server in found.servers:
            shell(record, server, f"cat > /srv/page.py <<'END'{PAGE}END\nsystemctl restart page\n")
        names = {server.name for server in found.servers}
        until(lambda: {get(found.url) for _ in range(6)} == names, 20, "both new pages")
        yield found


def kept_alive(address: str, port: int = 80) -> http.client.HTTPConnection:
    """A visitor's connection after one answer; it waits for the next request."""
    connection = http.client.HTTPConnection(address, port, timeout=10)
    assert ask(connection)[0], "the balancer closes each connection after one answer"
    return connection


def ask(connection: http.client.HTTPConnection) -> tuple[bool, str]:
    """Whether the connection stays, and the page. Raises when it was dropped."""
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = answer.read().decode().strip()
    assert answer.status == 200, (answer.status, page)
    return not answer.will_close, page


@contextmanager
def dropped_nobody(what: str, address: str) -> Iterator[None]:
    """Two visitors ask once more after the change, on connections from before it."""
    with ExitStack() as closing:
        waiting = [closing.enter_context(contextlib.closing(kept_alive(address))) for _ in range(2)]
        yield
        for connection in waiting:
            try:
                ask(connection)
            except (OSError, http.client.HTTPException) as error:
                raise AssertionError(f"{what}: a connection that was kept alive was dropped: {error!r}") from error


@dataclass
class Crowd:
    """What went wrong for visitors, and what was changed meanwhile."""

    during: str = ""
    failures: list[str] = field(default_factory=list)


@contextmanager
def visitors(pair: Pair) -> Iterator[Crowd]:
    """One after the other, each with a new connection."""
    crowd, over = Crowd(), threading.Event()

    def visit() -> None:
        while not over.is_set():
            began, during = time.monotonic(), crowd.during
            try:
                with OPENER.open(pair.url, timeout=5) as answer:
                    answer.read()
            except OSError as error:
                crowd.failures.append(f"{during}: {error!r} after {time.monotonic() - began:.2f} s")

    thread = threading.Thread(target=visit)
    thread.start()
    try:
        yield crowd
    finally:
        over.set()
        thread.join(30)


async def download(address: str, port: int, began: asyncio.Event, over: asyncio.Event) -> int:
    """Bytes of the big file, read slowly until `over`."""
    reader, writer = await asyncio.open_connection(address, port)
    total = 0
    try:
        writer.write(b"GET /big HTTP/1.0\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        began.set()
        while chunk := await reader.read(1 << 16):
            total += len(chunk)
            await asyncio.sleep(0 if over.is_set() else 0.05)
    finally:
        writer.close()
    return total


def test_no_change_costs_a_visitor_of_a_healthy_target_anything(
    pair: Pair, client: Client, run: Any, make: Any, region: str
) -> None:
    """Long downloads, connections kept alive and new visitors go on through every kind of change."""
    groups, listeners, address = client.target_groups, client.listeners, pair.eip.address
    pems = [certificate_for(address) for _ in range(2)]
    certificates = []
    for pem, key in pems:
        made = run(client.certificates.create(region, name=make.name("cert"), pem=pem, private_key=key, client_token=token()))
        make.remove_later(lambda made=made: client.certificates.delete(region, made))
        certificates.append(made)
    wish: dict[str, Any] = {"balancer_id": pair.balancer.id, "target_group_id": pair.group_id}
    plain = run(listeners.create(region, name=make.name("tcp"), protocol="TCP", port=SECOND_PORT, client_token=token(), **wish))
    make.remove_later(lambda: listeners.delete(region, plain))
    tls: dict[str, Any] = {"protocol": "HTTPS", "port": 443, "certificate_id": certificates[0]}
    secure = run(listeners.create(region, name=make.name("tls"), client_token=token(), **tls, **wish))
    make.remove_later(lambda: listeners.delete(region, secure))
    until(lambda: health(client, run, region, pair) == ["online", "online"], 15, "both targets")

    async def other_target() -> None:
        fresh = await groups.add_target(
            region, pair.group_id, instance_id=pair.servers[0].id, port=PORT + 1, client_token=token()
        )
        await groups.set_weight(region, fresh, 7)
        await groups.remove_target(region, fresh)

    async def weights() -> None:
        for weight in (10, 100):
            await groups.set_weight(region, pair.targets[0], weight)

    async def other_listener() -> None:
        made = await listeners.create(region, name="more", protocol="HTTP", port=8090, client_token=token(), **wish)
        await listeners.stop(region, made)
        await listeners.start(region, made)
        await listeners.delete(region, made)

    changes: dict[str, Callable[[], Awaitable[object]]] = {
        "another target comes and goes": other_target,
        "weights": weights,
        "another listener comes, stops, starts and goes": other_listener,
        "the health check": lambda: client.health_checks.update(region, pair.check_id, interval=3, http_path="/index.html"),
        "the certificate": lambda: listeners.update(region, secure, certificate_id=certificates[1]),
        "the algorithm": lambda: groups.update(region, pair.group_id, algorithm="lc"),
        "the algorithm back": lambda: groups.update(region, pair.group_id, algorithm="wrr"),
        "a name": lambda: listeners.update(region, plain, name="renamed"),
    }

    async def work(crowd: Crowd) -> list[int]:
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            began = [asyncio.Event() for _ in range(2)]
            ports = zip((80, SECOND_PORT), began, strict=True)
            loads = [group.create_task(download(address, port, event, over)) for port, event in ports]
            await asyncio.gather(*(event.wait() for event in began))
            for what, change in changes.items():
                crowd.during = what
                with dropped_nobody(what, address):
                    await change()
                assert not any(load.done() for load in loads), f"{what}: a download ended"
            over.set()
        return [load.result() for load in loads]

    try:
        with visitors(pair) as crowd:
            assert run(work(crowd)) == [BIG, BIG]
        assert crowd.failures == []
    finally:
        run(client.health_checks.update(region, pair.check_id, interval=2, http_path="/"))


def test_a_target_that_leaves_answers_what_it_was_asked(pair: Pair, client: Client, run: Any, region: str) -> None:
    """Nobody new comes to it, and who is there gets an answer first."""
    groups = client.target_groups

    async def work() -> Counter[str]:
        asked = [asyncio.create_task(asyncio.to_thread(get, f"{pair.url}slow", 10.0)) for _ in range(6)]
        await asyncio.sleep(SLOW_SECONDS / 2)  # all of them wait for their answers
        assert not any(one.done() for one in asked)
        await groups.remove_target(region, pair.targets[0])
        later = {await asyncio.to_thread(get, pair.url) for _ in range(6)}
        assert later == {pair.servers[1].name}
        return Counter(await asyncio.gather(*asked))

    try:
        assert run(work()) == {server.name: 3 for server in pair.servers}
    finally:
        add = groups.add_target(region, pair.group_id, instance_id=pair.servers[0].id, port=PORT, client_token=token())
        pair.targets[0] = run(add)
    until(lambda: sorted(health(client, run, region, pair)) == ["online", "online"], 15, "both targets")


def test_weights_are_shares(pair: Pair, client: Client, run: Any, region: str) -> None:
    until(lambda: health(client, run, region, pair) == ["online", "online"], 15, "both targets")
    first, second = (server.name for server in pair.servers)
    for target, weight in zip(pair.targets, (25, 75), strict=True):
        run(client.target_groups.set_weight(region, target, weight))
    try:
        seen = Counter(get(pair.url) for _ in range(40))
        assert set(seen) == {first, second} and abs(seen[first] - 10) <= 1, seen
    finally:
        for target in pair.targets:
            run(client.target_groups.set_weight(region, target, 100))


def test_a_target_is_asked_at_its_new_port(
    pair: Pair, client: Client, run: Any, region: str, site: Any, record: CloudRecord
) -> None:
    """At the other port another page is served; there and back it is asked again when it has passed its checks."""
    until(lambda: health(client, run, region, pair) == ["online", "online"], 15, "both targets")
    (first, second), target = (server.name for server in pair.servers), pair.targets[0]
    rule = Rule("ingress", "accept", "TCP", ports=str(PORT + 1), cidr="192.168.1.0/24")
    run(client.security_groups.add_rules(region, site.group_id, [rule]))
    serving = f"systemd-run --quiet --unit=other python3 -m http.server -d /srv/other {PORT + 1}"
    shell(record, pair.servers[0], f"mkdir -p /srv/other; echo other > /srv/other/index.html; {serving}\n")

    def moved(port: int, page: str) -> None:
        body = {"regionID": region, "targetID": target, "protocolPort": port}
        run(client.transport.send(UPDATE_TARGET, target, body=body))
        until(lambda: {get(pair.url) for _ in range(4)} == {page, second}, 15, f"the page at port {port}")

    try:
        moved(PORT + 1, "other")
    finally:
        moved(PORT, first)
        shell(record, pair.servers[0], "systemctl stop other\n")
    assert health(client, run, region, pair) == ["online", "online"]


def test_least_connections_avoids_who_is_busy(pair: Pair, client: Client, run: Any, region: str) -> None:
    run(client.target_groups.update(region, pair.group_id, algorithm="lc"))
    try:
        until(lambda: health(client, run, region, pair) == ["online", "online"], 15, "both targets")

        async def work() -> tuple[set[str], int]:
            began, over = asyncio.Event(), asyncio.Event()
            load = asyncio.create_task(download(pair.eip.address, 80, began, over))
            await began.wait()
            seen = {await asyncio.to_thread(get, pair.url) for _ in range(8)}
            over.set()
            return seen, await load

        seen, received = run(work())
        assert len(seen) == 1 and seen <= {server.name for server in pair.servers} and received == BIG
    finally:
        run(client.target_groups.update(region, pair.group_id, algorithm="wrr"))


def test_a_hash_of_the_address_leads_to_one_server_while_it_lives(
    pair: Pair, client: Client, run: Any, region: str, record: CloudRecord
) -> None:
    run(client.target_groups.update(region, pair.group_id, algorithm="sh"))
    try:
        until(lambda: health(client, run, region, pair) == ["online", "online"], 15, "both targets")
        [mine] = {get(pair.url) for _ in range(8)}
        server = next(server for server in pair.servers if server.name == mine)
        shell(record, server, "systemctl stop page")
        until(lambda: get(pair.url) not in ("", mine), 20, "the other server")
        shell(record, server, "systemctl start page")
        until(lambda: get(pair.url) == mine, 20, "the first one again")
    finally:
        run(client.target_groups.update(region, pair.group_id, algorithm="wrr"))


def test_a_health_check_asks_for_its_path_and_codes(pair: Pair, client: Client, run: Any, region: str) -> None:
    def all_are(word: str) -> bool:
        return health(client, run, region, pair) == [word, word]

    checks = client.health_checks
    try:
        run(checks.update(region, pair.check_id, http_path="/nothing"))
        until(lambda: all_are("offline"), 15, "both to be offline")
        assert get(pair.url) == ""  # 503: nobody is left
        run(checks.update(region, pair.check_id, http_codes=["http_2xx", "http_4xx"]))
        until(lambda: all_are("online"), 15, "404 to be good")
        run(checks.update(region, pair.check_id, http_path="/", http_codes=["http_3xx"]))
        until(lambda: all_are("offline"), 15, "200 to be bad")
        run(checks.update(region, pair.check_id, http_codes=["http_2xx"], http_method="HEAD"))
        until(lambda: all_are("online"), 15, "200 to be good")
        run(checks.update(region, pair.check_id, port=PORT + 1))
        until(lambda: all_are("offline"), 15, "nobody at another port")
    finally:
        run(checks.update(region, pair.check_id, http_path="/", http_codes=["http_2xx"], http_method="GET", port=0))
    until(lambda: all_are("online"), 15, "both to be online")


def test_what_is_known_of_targets_outlives_a_change(pair: Pair, client: Client, run: Any, region: str) -> None:
    """A change of a listener says nothing about targets: they are not `unknown` until the next check."""
    run(client.health_checks.update(region, pair.check_id, interval=30))
    wish: dict[str, Any] = {"balancer_id": pair.balancer.id, "target_group_id": pair.group_id, "protocol": "HTTP"}
    try:
        until(lambda: health(client, run, region, pair) == ["online", "online"], 45, "both targets")
        for _ in range(2):
            made = run(client.listeners.create(region, name="more", port=8090, client_token=token(), **wish))
            seen = [tuple(health(client, run, region, pair)) for _ in range(20)]
            run(client.listeners.delete(region, made))
            assert set(seen) == {("online", "online")}
    finally:
        run(client.health_checks.update(region, pair.check_id, interval=2))


def test_a_servers_own_cookie_leads_back_to_it(pair: Pair, client: Client, run: Any, region: str) -> None:
    try:
        run(client.target_groups.update(region, pair.group_id, stickiness=Stickiness("REWRITE", cookie="SESSION")))
        until(lambda: health(client, run, region, pair) == ["online", "online"], 20, "both targets")
        found: dict[str, str] = {}
        for _ in range(6):
            with OPENER.open(pair.url, timeout=5) as answer:
                found[answer.read().decode().strip()] = str(answer.headers["Set-Cookie"]).partition(";")[0]
        assert set(found) == {server.name for server in pair.servers} and len(set(found.values())) == 2
        for name, cookie in found.items():
            assert cookie.startswith("SESSION=") and {get(pair.url, Cookie=cookie) for _ in range(5)} == {name}
    finally:
        run(client.target_groups.update(region, pair.group_id, stickiness=Stickiness()))
