"""Two servers with a page each behind a balancer with an EIP, and how tests look at them."""

from __future__ import annotations

import ipaddress
import subprocess
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contract.factories import Factory
from contract.own_cloud import booted
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.waiting import until

from ctyun import Client, CloudRecord, Eip, LoadBalancer, Rule, Server

INTERVAL, TIMEOUT, RETRIES = 2, 2, 1
PORT = 8080
BIG = 64 << 20
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Pair:
    """Two servers with a page each, behind a balancer with an EIP."""

    servers: list[Server]
    eip: Eip
    balancer: LoadBalancer
    group_id: str
    check_id: str
    targets: list[str]
    listener_id: str

    @property
    def url(self) -> str:
        return f"http://{self.eip.address}/"


def token() -> str:
    return str(uuid.uuid4())


def shell(record: CloudRecord, server: Server, script: str) -> str:
    """What it said."""
    command = ["docker", "exec", "-i", f"drlab-{record.id}-{server.id}", "sh", "-eu"]
    return subprocess.run(command, input=script, text=True, check=True, timeout=60, capture_output=True).stdout


# Refuses whoever does not say whom it asks for, as strict servers do: no target is online before its checks say it.
PAGE = f"""\
from http import server

class Strict(server.SimpleHTTPRequestHandler):
    def send_head(self):
        self.log_message("Host: %s", self.headers["Host"])
        return super().send_head() if self.headers["Host"] else self.send_error(400, "no Host")

server.ThreadingHTTPServer(("", {PORT}), lambda *of: Strict(*of, directory="/srv/page")).serve_forever()
"""


def serve(record: CloudRecord, server: Server) -> None:
    """A page with the server's name and a big file, now and after each boot."""
    unit = "[Service]\nExecStart=/usr/bin/python3 -u /srv/page.py\n[Install]\nWantedBy=multi-user.target\n"
    script = f"mkdir -p /srv/page; echo {server.name} > /srv/page/index.html; truncate -s {BIG} /srv/page/big\n"
    script += f"cat > /srv/page.py <<'END'\n{PAGE}END\n"
    script += f"cat > /etc/systemd/system/page.service <<'END'\n{unit}END\nsystemctl enable --quiet --now page\n"
    shell(record, server, script)


def get(url: str, seconds: float = 3.0, **headers: str) -> str:
    """The page, "" for silence or an error."""
    try:
        with OPENER.open(urllib.request.Request(url, headers=headers), timeout=seconds) as answer:  # noqa: S310 - http only
            return str(answer.read().decode().strip())
    except OSError:
        return ""


def make_pair(client: Client, run: Any, region: str, site: Any, record: CloudRecord, make: Factory) -> Pair:
    """Both targets are online when this returns; `make` removes everything."""
    rules = [Rule("ingress", "accept", "TCP", ports=str(PORT), cidr="192.168.1.0/24"), Rule("egress", "accept", "ANY")]
    run(client.security_groups.add_rules(region, site.group_id, rules[:1]))
    servers = [make.server(site.wish(make.name("web"))) for _ in range(2)]
    for server in servers:
        booted(record, server.id)  # who enables a unit while systemd still boots may wait for long
        serve(record, server)
    eip = make.eip()
    check = run(
        client.health_checks.create(
            region, name=make.name("check"), protocol="HTTP", interval=INTERVAL, timeout=TIMEOUT, max_retry=RETRIES,
            client_token=token(),
        )
    )  # fmt: skip
    make.remove_later(lambda: client.health_checks.delete(region, check))
    group = run(
        client.target_groups.create(
            region, name=make.name("group"), vpc_id=site.vpc_id, health_check_id=check, client_token=token()
        )
    )
    make.remove_later(lambda: client.target_groups.delete(region, group))
    balancer = run(
        client.load_balancers.create(
            region, name=make.name("lb"), subnet_id=site.subnet_id, eip_id=eip.id, client_token=token(), timeout=30
        )
    )
    make.remove_later(lambda: client.load_balancers.delete(region, balancer.id, timeout=30))
    make.remove_later(lambda: empty(client, region, group))
    targets = [
        run(client.target_groups.add_target(region, group, instance_id=server.id, port=PORT, client_token=token()))
        for server in servers
    ]
    listener = run(
        client.listeners.create(
            region, balancer_id=balancer.id, name=make.name("http"), protocol="HTTP", port=80, target_group_id=group,
            client_token=token(),
        )
    )  # fmt: skip
    make.remove_later(lambda: client.listeners.delete(region, listener))
    found = Pair(servers, eip, balancer, group, check, targets, listener)
    until(lambda: health(client, run, region, found) == ["online", "online"], 15, "both targets to be online")
    return found


async def empty(client: Client, region: str, group_id: str) -> None:
    """Remove all targets of a group."""
    for target in await client.target_groups.targets(region, group_id):
        await client.target_groups.remove_target(region, target.id)


def health(client: Client, run: Any, region: str, pair: Pair) -> list[str]:
    return [target.health for target in run(client.target_groups.targets(region, pair.group_id)) if target.id in pair.targets]


def active_node(record: CloudRecord, pair: Pair) -> str:
    """The container that has the balancer's address, told by looking into both."""
    for number in (1, 2):
        name = f"drlab-{record.id}-{pair.balancer.id}-{number}"
        pid = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", name], capture_output=True, text=True, timeout=10)
        if pid.returncode == 0 and pid.stdout.strip() != "0":
            shown = subprocess.run(
                ["docker", "exec", name, "cat", "/proc/net/fib_trie"], capture_output=True, text=True, timeout=10
            )
            if pair.balancer.private_address + "\n" in shown.stdout:
                return name
    return ""


def certificate_for(host: str) -> tuple[str, str]:
    """A certificate for a name or address that is its own authority, and its key; both PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    try:
        name: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        name = x509.DNSName(host)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=2))
    builder = builder.add_extension(x509.SubjectAlternativeName([name]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(encoding, form, serialization.NoEncryption())
    return signed.public_bytes(encoding).decode(), secret.decode()
