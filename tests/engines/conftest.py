"""A small cloud on the real engines, and the plain tools (curl, docker, ip, losetup) that judge it from outside.

Test modules cannot import from here (importlib mode), so what they need hangs on the fixtures.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, TypeVar

import pytest
from support.machine import left_behind, snapshot
from support.waiting import seconds_until

from localcloud.engines.docker_engines import DockerEngines
from localcloud.engines.images import reference
from localcloud.engines.interface.engines import Cut, Disk, EipBinding, Nic, Rule, ServerSpec, Subnet, VpcNetwork

T = TypeVar("T")
PATIENCE = 90.0  # seconds for what happens in the end and whose length is no claim, on a machine that is slow and busy
# A connection is made by the kernels, however busy the machine is; what it is for may take longer.
CURL = ("curl", "-sS", "--connect-timeout", "1.5", "-m", "20")


def host_get(address: str, port: int = 80) -> str | None:
    """What curl on the host gets; None for silence. Anything else, such as a refused connection (an RST), is an error."""
    done = subprocess.run([*CURL, f"http://{address}:{port}/"], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 28), done.stderr
    return done.stdout if done.returncode == 0 else None


def host_tries(address: str) -> str | None:
    """The same of what is only just coming or going: None for whatever is no answer."""
    done = subprocess.run([*CURL, f"http://{address}/"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def inspect(name: str) -> dict[str, Any]:
    """`docker inspect` of one container."""
    done = subprocess.run(["docker", "inspect", name], capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout)[0])


@dataclass
class Cloud:
    """A cloud's engines on a loop of their own, and the records that services would keep."""

    engines: DockerEngines
    runner: asyncio.Runner
    state: Path
    id: str
    networks: dict[str, VpcNetwork] = field(default_factory=dict)
    specs: dict[str, ServerSpec] = field(default_factory=dict)
    wait_until = staticmethod(seconds_until)
    host_get = staticmethod(host_get)
    host_tries = staticmethod(host_tries)
    inspect = staticmethod(inspect)
    patience = PATIENCE
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one call of the engines."""
        return self.runner.run(work)

    def eips(self) -> Iterator[str]:
        return (str(address) for address in IPv4Network(self.engines.eip_pool()).hosts())

    def vpc(self, vpc_id: str, groups: dict[str, tuple[Rule, ...]] | None = None) -> VpcNetwork:
        subnet = Subnet(f"subnet-{vpc_id}", "192.168.1.0/24", "192.168.1.1")
        self.networks[vpc_id] = VpcNetwork(vpc_id, "region", (subnet,), groups=groups or {})
        return self.networks[vpc_id]

    def spec(
        self, name: str, vpc_id: str, address: str, groups: tuple[str, ...], disks: tuple[Disk, ...] = (), **more: Any
    ) -> ServerSpec:
        """A server's wanted state; its NIC goes into the VPC's."""
        nic = Nic(f"port-{name}", name, f"02:16:3e:00:00:{next(self._numbers):02x}", address, 24, "192.168.1.1", groups)
        network = self.networks[vpc_id]
        self.networks[vpc_id] = replace(network, nics=(*network.nics, nic))
        image = more.pop("image", reference("debian"))
        self.specs[name] = ServerSpec(name, name, "region", "AZ1", image, 1.0, 512, vpc_id, nic, disks, **more)
        return self.specs[name]

    def change(self, vpc_id: str, **changes: Any) -> None:
        """Change a VPC's wanted state and apply it."""
        self.networks[vpc_id] = replace(self.networks[vpc_id], **changes)
        self.do(self.engines.networks.apply([self.networks[vpc_id]]))

    def bind(self, vpc_id: str, *pairs: tuple[str, str]) -> None:
        self.change(vpc_id, eips=tuple(EipBinding(public, private) for public, private in pairs))

    def up(self, *names: str, settle: bool = True) -> None:
        """Make and boot servers, all at the same time, with their networks; wait until their systemd is through."""
        specs = [self.specs[name] for name in names]

        async def make() -> None:
            await asyncio.gather(
                self.engines.networks.apply(list(self.networks.values())), *map(self.engines.servers.create, specs)
            )
            await self.engines.servers.boot(specs)

        self.do(make())
        for name in names if settle else ():
            self.wait_for(name, "systemctl is-active --quiet multi-user.target")

    def run(self, name: str, script: str, seconds: float = 30) -> str:
        """A shell script inside a server, which must succeed; its output."""
        status, output = self.try_run(name, script, seconds)
        assert status == 0, f"on {name}: {script!r} ended with {status}: {output}"
        return output

    def try_run(self, name: str, script: str, seconds: float = 30) -> tuple[int, str]:
        work = self.engines.inside.run(name, ["timeout", str(seconds), "sh", "-eu"], script.encode())
        status, output = self.do(work)
        return status, output.decode(errors="replace")

    def get(self, name: str, url: str) -> str | None:
        """What curl on a server gets; None for silence."""
        status, output = self.try_run(name, " ".join([*CURL, url]))
        assert status in (0, 28), output
        return output if status == 0 else None

    def serve(self, name: str, *ports: int, address: str = "") -> None:
        """Listeners that answer with the server's name and their port, from now on and from early in each boot."""
        for port in ports:
            unit, where = f"page-{port}{address.replace('.', '-')}", address or "127.0.0.1"
            program = f"/usr/bin/python3 -m http.server -d /srv/{unit} {f'--bind {address}' if address else ''} {port}"
            text = f"[Unit]\nDefaultDependencies=no\n[Service]\nExecStart={program}\n[Install]\nWantedBy=sysinit.target\n"
            self.run(name, f"mkdir -p /srv/{unit}; echo {name} {port} > /srv/{unit}/index.html")
            self.run(name, f"cat > /etc/systemd/system/{unit}.service <<'END'\n{text}END\nsystemctl enable --quiet --now {unit}")
            self.wait_for(name, f"curl -s -o /dev/null http://{where}:{port}/")

    def wait_for(self, name: str, script: str, seconds: float = PATIENCE) -> None:
        """Until a command succeeds inside a server."""
        seconds_until(lambda: self.try_run(name, script)[0] == 0, seconds, f"{script!r} on {name}")

    def power_cut(self, vpc_id: str, *names: str) -> None:
        """As the services do it: links first, then disks and processes."""
        self.change(vpc_id, dead_nics=self.networks[vpc_id].dead_nics | {self.specs[name].nic.nic_id for name in names})
        self.do(self.engines.servers.power_cut(names))

    def power_on(self, vpc_id: str, *names: str) -> None:
        self.change(vpc_id, dead_nics=self.networks[vpc_id].dead_nics - {self.specs[name].nic.nic_id for name in names})
        self.do(self.engines.servers.boot([self.specs[name] for name in names]))

    def cut(self, vpc_id: str, *cuts: Cut) -> None:
        self.change(vpc_id, cuts=cuts)

    def remove_all(self) -> None:
        """Servers, networks and what the cloud stands on."""

        async def remove() -> None:
            await asyncio.gather(*map(self.engines.servers.remove, self.specs))
            await self.engines.networks.apply([VpcNetwork(vpc_id, "region") for vpc_id in self.networks])
            await self.engines.stop()

        self.do(remove())


@pytest.fixture(scope="module")
def make_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Cloud]]:
    """Factory of clouds; each is taken down at the end, newest first."""
    with ExitStack() as cleanup:
        runner = cleanup.enter_context(asyncio.Runner())

        def make(state: Path | None = None, cloud_id: str | None = None, start: bool = True) -> Cloud:
            folder = state or tmp_path_factory.mktemp("state")
            cloud_id = cloud_id or f"t{secrets.token_hex(3)[:5]}"
            cloud = Cloud(DockerEngines(folder, cloud_id), runner, folder, cloud_id)
            cleanup.callback(lambda: cloud.do(cloud.engines.close()))
            cleanup.callback(cloud.remove_all)
            if start:
                cloud.do(cloud.engines.start())
            return cloud

        yield make


@pytest.fixture
def nothing_left() -> Iterator[Callable[[str], dict[str, set[str]]]]:
    """What there is of a cloud that was not there when the test began; what is just ending gets 30 s."""
    before = snapshot()
    yield lambda cloud_id: left_behind(before, 30, [cloud_id])
