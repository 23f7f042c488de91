"""Servers from the images, on a Docker network of the tests' own: no local cloud, no Pulumi. ./lab builds the images."""

from __future__ import annotations

import io
import json
import secrets
import string
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker.models.containers import Container
from support.waiting import wait_until

import docker
from components.settings_file import line
from localcloud.engines.host import read_facts, server_flags

LABELS = {"drlab.test": "images"}
USED = ("debian", "debian-lamp")
ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "docker/site"
PASSWORD = f"{string.punctuation}in-0ne-piece"  # every kind of character that a password may have


@dataclass(frozen=True)
class Server:
    """A running server; `run` gives a command's output and fails on another exit status than wanted."""

    container: Container

    @property
    def address(self) -> str:
        self.container.reload()
        (network,) = self.container.attrs["NetworkSettings"]["Networks"].values()
        return str(network["IPAddress"])

    def run(self, command: str, status: int | None = 0) -> str:
        found, output = self.container.exec_run(["sh", "-c", command])
        assert isinstance(output, bytes)
        text = output.decode(errors="replace").strip()
        assert status is None or found == status, f"{command!r} ended with {found}: {text}"
        return text

    def put(self, path: str, files: dict[str, bytes], mode: int = 0o644) -> None:
        self.container.put_archive(path, packed(files, mode))

    def cloud_init(self) -> dict[str, Any]:
        """cloud-init's own verdict, once all its stages have ended."""
        wait_until(lambda: self.run("test -e /run/cloud-init/result.json && echo ended", status=None), 120, "user data to end")
        return dict(json.loads(self.run("cat /run/cloud-init/result.json"))["v1"])


Boot = Callable[..., Server]


def packed(files: dict[str, bytes], mode: int = 0o644) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="session")
def images() -> dict[str, str]:
    """References of the images by name."""
    listed = subprocess.run(
        [sys.executable, "-m", "localcloud", "images", "--json"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    )
    found = [image for image in json.loads(listed.stdout) if image["name"] in USED]
    missing = [image["ref"] for image in found if not image["present"]]
    assert not missing, f"images not built: {', '.join(missing)}; ./lab builds them"
    return {image["name"]: image["ref"] for image in found}


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="session")
def network(engine: docker.DockerClient) -> Iterator[str]:
    made = engine.networks.create(f"drlab-test-images-{secrets.token_hex(4)}", labels=LABELS)
    yield str(made.name)
    made.remove()


@pytest.fixture(scope="module")
def boot(engine: docker.DockerClient, images: dict[str, str], network: str) -> Iterator[Boot]:
    """Boots a server from an image by name with user data; removes it at the end. `plugged`: with its NIC from the start."""
    flags = server_flags(read_facts(engine.info()))

    with ExitStack() as cleanup:

        def start(image: str, user_data: str = "", login_key: str | None = None, plugged: bool = True) -> Server:
            container = engine.containers.create(
                images[image],
                hostname="web-01",
                network_mode=network if plugged else "none",
                cap_add=["ALL"],
                cap_drop=list(flags.cap_drop),
                security_opt=list(flags.security),
                volumes=list(flags.binds),
                tmpfs=dict(flags.tmpfs),
                cgroupns=flags.cgroup_namespace,  # type: ignore[arg-type]  # one of the two words that there are
                nano_cpus=1_000_000_000,
                mem_limit="1g",
                labels=LABELS,
            )
            cleanup.callback(container.remove, force=True, v=True)
            meta = {"instance-id": f"i-{container.short_id}", "public-keys": [login_key] if login_key else []}
            seed = {"user-data": user_data.encode(), "meta-data": json.dumps(meta).encode()}
            container.put_archive("/var/lib/cloud/seed/nocloud", packed(seed, 0o600))
            container.start()
            return Server(container)

        yield start


@pytest.fixture(scope="module")
def site_server(boot: Boot) -> Server:
    """A server with the site and its database, brought up as docker/site/README.md says."""
    install = (SITE / "server/install-lamp.sh").read_text()
    server = boot("debian-lamp", user_data=install)  # a script is user data, too
    assert server.cloud_init()["errors"] == []
    server.run("mkdir -p /opt/hr/sql /etc/hr")
    for folder, target in (("html", "/var/www/html"), ("server", "/opt/hr"), ("sql", "/opt/hr/sql")):
        server.put(target, {str(p.relative_to(SITE / folder)): p.read_bytes() for p in (SITE / folder).rglob("*") if p.is_file()})
    server.put("/etc/hr", {"server.env": b"HR_SERVER_NAME=web-01\nHR_SERVER_ZONE=AZ1\n"})
    put_database_settings(server)
    server.run("sh /opt/hr/configure-database.sh && sh /opt/hr/configure-site.sh")
    return server


def put_database_settings(server: Server, password: str = PASSWORD, **changed: str) -> None:
    values = {"IP": server.address, "USERNAME": "hr_app", "PASSWORD": password, "DBNAME": "hr_db", **changed}
    lines = "".join(line(f"PHP_ENV_SQL_{name}", value) for name, value in values.items())
    server.put("/etc/hr", {"database.env": lines.encode()}, mode=0o600)


@pytest.fixture
def settings() -> Callable[..., None]:
    """Writes a server's /etc/hr/database.env: (server, password, other settings by the ends of their names)."""
    return put_database_settings


@pytest.fixture
def site(site_server: Server) -> Iterator[httpx.Client]:
    """A client of the site whose database answers."""
    with httpx.Client(base_url=f"http://{site_server.address}", timeout=5, trust_env=False) as client:
        wait_until(lambda: client.get("/api.php").status_code == 200, 30, "the site to answer")
        yield client
