"""Docker's own API, as far as the engines need it: containers and networks here, commands and images beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from docker.errors import APIError, ImageNotFound

import docker
from localcloud.engines.docker.commands import DockerCommands
from localcloud.engines.docker.images import DockerImages
from localcloud.engines.docker.life import DockerLife
from localcloud.engines.host import Flags
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.waiting import wait_until

FREEZE_SECONDS = 10.0  # for the kernel to have all processes of a container stand still; an instant is usual


class Docker(DockerCommands, DockerImages):
    """The calls that the engines need."""

    async def follow(self, container: str) -> DockerLife:
        """The life that Docker's process has now. `container`: one that it ends together with itself."""
        loop = asyncio.get_running_loop()
        return await self._do("Docker's events cannot be followed", lambda _client: DockerLife(loop, container))

    async def info(self) -> Mapping[str, Any]:
        return await self._do("Docker cannot be asked what it is", lambda client: client.info())

    async def containers(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """Containers in every state, as Docker lists them."""
        return await self._do("containers cannot be listed", lambda client: client.containers(all=True, filters=dict(filters)))

    async def networks(self, filters: Mapping[str, list[str]] | None = None) -> list[dict[str, Any]]:
        return await self._do("networks cannot be listed", lambda client: client.networks(filters=dict(filters or {})))

    async def inspect(self, name: str) -> dict[str, Any] | None:
        """A container's description, None when it is gone."""
        return await self._unless_gone(f"container {name} cannot be looked at", lambda client: client.inspect_container(name))

    async def create(
        self,
        name: str,
        image: str,
        flags: Flags,
        labels: Mapping[str, str],
        *,
        command: Sequence[str] | None = None,
        host: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> str:
        """Make a container; its id, also when it is there already. `host`: further host settings by docker-py's names."""

        def call(client: docker.APIClient) -> str:
            settings: dict[str, Any] = {
                "cap_add": ["ALL"],
                "cap_drop": list(flags.cap_drop),
                "security_opt": list(flags.security),
                "binds": list(flags.binds),
                "tmpfs": dict(flags.tmpfs),
                "device_cgroup_rules": list(flags.devices),
                "cgroupns": flags.cgroup_namespace,
                "restart_policy": {"Name": "no"},
                "log_config": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
                **(host or {}),
            }
            body = client.create_host_config(**{key: value for key, value in settings.items() if value})
            if flags.unmasked:
                body.update(MaskedPaths=[], ReadonlyPaths=[])
            try:
                made = client.create_container(
                    image, list(command) if command else None, name=name, labels=dict(labels), host_config=body, **config
                )
            except ImageNotFound as exc:
                raise EngineError(f"image {image} is missing, so {name} cannot be made; ./lab builds it") from exc
            except APIError as exc:
                if exc.status_code != 409:
                    raise
                return str(client.inspect_container(name)["Id"])
            return str(made["Id"])

        return await self._do(f"container {name} cannot be made", call)

    async def limit(self, name: str, cpus: float, memory: int) -> None:
        """Other CPUs and bytes of memory for a container, running or stopped; fine if it is gone. Less memory than it uses is
        refused."""

        def call(client: docker.APIClient) -> None:
            body = {"NanoCpus": int(cpus * 1e9), "Memory": memory, "MemorySwap": 2 * memory}
            raw: Any = client  # its own call for this does not know CPUs as `create` gives them
            raw._raise_for_status(raw._post_json(raw._url("/containers/{0}/update", name), data=body))

        await self._unless_gone(f"container {name} cannot have {cpus:g} CPUs and {memory >> 20} MiB", call)

    async def start(self, name: str) -> None:
        """Fine if it runs."""
        await self._do(f"container {name} cannot be started", lambda client: client.start(name))

    async def signal(self, name: str, signal: str) -> None:
        """Send a signal to its init; fine if it is stopped or gone."""

        def call(client: docker.APIClient) -> None:
            try:
                client.kill(name, signal)
            except APIError as exc:
                if exc.status_code != 409:  # not running
                    raise

        await self._unless_gone(f"container {name} cannot be sent {signal}", call)

    async def kill(self, name: str) -> None:
        """Kill and wait until it is down; fine if it is stopped or gone."""

        def call(client: docker.APIClient) -> None:
            try:
                client.kill(name)
            except APIError as exc:
                if exc.status_code != 409:  # not running
                    raise
            client.wait(name, condition="not-running")

        await self._unless_gone(f"container {name} cannot be killed", call)

    async def remove(self, name: str) -> None:
        """Kill and remove with anonymous volumes; fine if it is gone."""

        def call(client: docker.APIClient) -> None:
            try:
                client.remove_container(name, v=True, force=True)
            except APIError as exc:
                if exc.status_code != 409 or "already in progress" not in str(exc):
                    raise
                client.wait(name, condition="removed")

        await self._unless_gone(f"container {name} cannot be removed", call)

    async def put(self, name: str, archive: bytes) -> None:
        """Unpack a tar archive at the container's root."""
        await self._do(f"files cannot be put into container {name}", lambda client: client.put_archive(name, "/", archive))

    async def read(self, name: str, path: str) -> bytes:
        """A path of the container as a tar archive."""

        def call(client: docker.APIClient) -> bytes:
            chunks, _stat = client.get_archive(name, path)
            return b"".join(chunks)

        return await self._do(f"{path} cannot be read from container {name}", call)

    async def create_network(self, name: str, labels: Mapping[str, str], bridge: str, cidr: str, handed_out: str) -> bool:
        """A bridge network; False when the range overlaps with another network."""

        def call(client: docker.APIClient) -> bool:
            gateway = cidr.split("/")[0].rsplit(".", 1)[0] + ".1"
            pool = docker.types.IPAMPool(subnet=cidr, iprange=handed_out, gateway=gateway)
            options = {"com.docker.network.bridge.name": bridge}
            try:
                client.create_network(
                    name,
                    driver="bridge",
                    ipam=docker.types.IPAMConfig(pool_configs=[pool]),
                    labels=dict(labels),
                    options=options,
                    check_duplicate=True,
                )
            except APIError as exc:
                if "overlaps" in str(exc):
                    return False
                raise
            return True

        return await self._do(f"network {name} cannot be made", call)

    async def remove_network(self, name: str) -> None:
        """Fine if it is gone."""
        await self._unless_gone(f"network {name} cannot be removed", lambda client: client.remove_network(name))

    async def volumes(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        found = await self._do("volumes cannot be listed", lambda client: client.volumes(filters=dict(filters)))
        return found["Volumes"] or []

    async def pause(self, name: str) -> None:
        """All its processes stand still; fine if they do. On a busy machine the kernel may not catch all of them at first."""

        def call(client: docker.APIClient) -> str | None:
            try:
                client.pause(name)
            except APIError as exc:
                if "unable to freeze" in str(exc):
                    return str(exc)
                if "already paused" not in str(exc):
                    raise
            return None

        what = f"container {name} cannot be paused"
        await wait_until(lambda: self._do(what, call), FREEZE_SECONDS, f"all processes of container {name} to stand still")

    async def unpause(self, name: str) -> None:
        """Fine if it is not paused, not running or gone."""

        def call(client: docker.APIClient) -> None:
            try:
                client.unpause(name)
            except APIError as exc:
                if not ("not paused" in str(exc) or "not running" in str(exc)):
                    raise

        await self._unless_gone(f"container {name} cannot be resumed", call)

    async def run_once(
        self, image: str, flags: Flags, labels: Mapping[str, str], command: Sequence[str], host: Mapping[str, Any]
    ) -> bytes:
        """Run a container to its end; its output. Raises EngineError when its exit status is not 0."""
        name = await self.create("", image, flags, labels, command=command, host=host)
        try:
            await self.start(name)
            status = await self._do(f"container {name[:12]} does not end", lambda client: client.wait(name))
            output = await self._do("no output", lambda client: client.logs(name, stdout=True, stderr=status["StatusCode"] != 0))
        finally:
            await self.remove(name)
        if status["StatusCode"] != 0:
            raise EngineError(
                f"{' '.join(command)} ended with status {status['StatusCode']}: {output.decode(errors='replace')[-2000:]}"
            )
        return bytes(output)
