"""The floor under `up`: the same containers with the same cloud-init seed and files, by a plain script.

No API, no engine, no provider, no router's rules: what Docker, systemd, cloud-init and the site's own scripts need at least.
"""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from docker import APIClient

SEED = "/var/lib/cloud/seed/nocloud"
SENT = ("/var/www/html", "/opt/hr", "/etc/hr")  # what RemoteFiles brings to the web server
CONFIGURE = "sh /opt/hr/configure-database.sh && sh /opt/hr/configure-site.sh"
LABELS = {"drlab.bench": "floor"}
DEADLINE = 120.0


@dataclass(frozen=True)
class Model:
    """A server of a stage that is up, as Docker knows it: what it takes to make the same one again."""

    name: str
    image: str
    host: dict[str, Any]  # HostConfig
    environment: list[str]
    seed: bytes  # tar
    files: tuple[bytes, ...]  # tars, each with the folder to unpack in
    address: str  # private address, which stands in the site's settings


def study(container: str, name: str, address: str, *, is_web: bool) -> Model:
    """Read a running server. Raises docker.errors.APIError."""
    client = APIClient()
    seen = client.inspect_container(container)
    files = tuple(take(client, container, path) for path in SENT) if is_web else ()
    return Model(name, seen["Image"], seen["HostConfig"], seen["Config"]["Env"], take(client, container, SEED), files, address)


def take(client: APIClient, container: str, path: str) -> bytes:
    stream, _ = client.get_archive(container, path)
    return b"".join(stream)


def run_floor(jump: Model, web: Model) -> float:
    """Seconds until the site answers with its database; everything is removed again, outside the measured time."""
    client, made = APIClient(timeout=60), []
    sweep(client)
    network = client.create_network("drlab-bench-floor", labels=LABELS)["Id"]
    try:
        begin = time.monotonic()
        for model in (jump, web):
            made.append(start(client, model, network))
        for container in made:
            execute(client, container, "cloud-init status --wait >/dev/null")
        configure(client, made[1], web)
        await_site(f"http://{address_of(client, made[1])}/api.php")
        return time.monotonic() - begin
    finally:
        sweep(client)


def sweep(client: APIClient) -> None:
    """Remove what a killed run has left: the names are fixed."""
    mine = {"label": [f"{name}={value}" for name, value in LABELS.items()]}
    for container in client.containers(all=True, filters=mine):
        client.remove_container(container["Id"], force=True, v=True)
    for network in client.networks(filters=mine):
        client.remove_network(network["Id"])


def start(client: APIClient, model: Model, network: str) -> str:
    host = {**model.host, "NetworkMode": network, "Binds": [b for b in model.host.get("Binds") or [] if "cgroup" in b]}
    config = {"Image": model.image, "Env": model.environment, "Hostname": model.name, "Labels": LABELS, "HostConfig": host}
    made = client.create_container_from_config(config, f"drlab-bench-floor-{model.name}")  # type: ignore[no-untyped-call]
    container = str(made["Id"])
    client.put_archive(container, SEED.rpartition("/")[0], model.seed)
    client.start(container)
    return container


def configure(client: APIClient, container: str, model: Model) -> None:
    for folder, archive in zip(SENT, model.files, strict=True):
        client.put_archive(container, folder.rpartition("/")[0] or "/", archive)
    own = address_of(client, container)
    execute(client, container, f"sed -i 's/{model.address}/{own}/' /etc/hr/database.env && {CONFIGURE}")


def execute(client: APIClient, container: str, script: str) -> None:
    """Raises RuntimeError with the script's output when it fails."""
    call = client.exec_create(container, ["sh", "-euc", script])["Id"]
    output = client.exec_start(call)
    if client.exec_inspect(call)["ExitCode"] != 0:
        raise RuntimeError(f"{script!r} failed in the floor:\n{output.decode(errors='replace')[-2000:]}")


def address_of(client: APIClient, container: str) -> str:
    networks = client.inspect_container(container)["NetworkSettings"]["Networks"]
    return str(next(iter(networks.values()))["IPAddress"])


def await_site(url: str) -> None:
    """Raises TimeoutError with the last thing seen."""
    end, last = time.monotonic() + DEADLINE, ""
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=3) as answer:  # noqa: S310 - our own address
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError) as error:
            last = str(error)
        time.sleep(0.02)
    raise TimeoutError(f"waited {DEADLINE:.0f} s for {url}; last seen: {last}")
