"""Docker's own API, from a running event loop: every call in a thread, every error as one sentence."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils import kwargs_from_env
from docker.utils.socket import frames_iter

import docker
from localcloud.engines.api import EngineError
from localcloud.engines.docker_life import DockerLife
from localcloud.engines.host import Flags
from localcloud.engines.waiting import wait_until

T = TypeVar("T")
WORKERS = 8  # calls at a time; Docker itself does not go faster with more
TIMEOUT = 120.0  # seconds for one call, and for one command inside a server
CLOSE_SECONDS = 10.0  # close() waits so long for calls that are under way
FREEZE_SECONDS = 10.0  # for the kernel to have all processes of a container stand still; an instant is usual
GRACE = 0.5  # seconds before a call that Docker did not answer fails: by then who waits for it has been told that Docker ended


class DockerSilent(EngineError):
    """Docker did not answer."""


class Docker:
    """The calls that the engines need. Clients are not thread-safe, so each thread has its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="docker")
        self._local = threading.local()
        self._clients: list[docker.APIClient] = []
        self._version: str | None = None
        self._closed = False
        self._calls: set[Future[Any]] = set()  # under way
        self._streams: set[socket.socket] = set()  # of commands that run inside servers

    async def close(self) -> None:
        """Let go of threads and connections; commands inside servers are not waited for, other calls for a while."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for stream in list(self._streams):
            _hang_up(stream)
        await asyncio.to_thread(wait_for_all, list(self._calls), CLOSE_SECONDS)
        for client in self._clients:
            client.close()

    async def follow(self, container: str) -> DockerLife:
        """The life that Docker's process has now. `container`: one that it ends together with itself."""
        loop = asyncio.get_running_loop()
        return await self._do("Docker's events cannot be followed", lambda _client: DockerLife(loop, container))

    async def info(self) -> Mapping[str, Any]:
        return await self._do("Docker cannot be asked what it is", lambda client: client.info())

    async def has_image(self, ref: str) -> bool:
        return await self._unless_gone(f"image {ref} cannot be looked up", lambda client: client.inspect_image(ref)) is not None  # type: ignore[no-untyped-call]

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

    async def execute(self, name: str, command: Sequence[str], stdin: bytes) -> tuple[int, bytes]:
        """Run a command inside as root; exit status and output (both streams). It has TIMEOUT seconds."""
        failure = f"{command[0]} cannot be run in container {name}"

        def call(client: docker.APIClient) -> tuple[int, bytes]:
            made = client.exec_create(name, list(command), stdin=True, user="root")
            stream = client.exec_start(made["Id"], socket=True)
            raw: Any = getattr(stream, "_sock", stream)  # a plain socket under docker-py's wrapper, which closes only itself
            try:
                with self._deadline(raw, f"{command[0]} in container {name}"):
                    raw.sendall(stdin)
                    raw.shutdown(socket.SHUT_WR)  # the command sees the end of its input
                    output = b"".join(data for _stream, data in frames_iter(stream, tty=False))  # type: ignore[no-untyped-call]
            finally:
                stream.close()
                raw.close()
            status = client.exec_inspect(made["Id"])["ExitCode"]
            if status is None:
                raise EngineError(f"{failure}: the connection ended before the command did")
            return int(status), output

        return await self._do(failure, call)

    @contextmanager
    def _deadline(self, stream: socket.socket, what: str) -> Iterator[None]:
        """Hang up when the block has taken TIMEOUT seconds; raises EngineError then. close() hangs up too."""
        over = threading.Event()

        def end() -> None:
            over.set()
            _hang_up(stream)

        timer = threading.Timer(TIMEOUT, end)
        timer.daemon = True
        self._streams.add(stream)
        timer.start()
        try:
            if self._closed:
                _hang_up(stream)
            yield
        except OSError as exc:
            if not over.is_set():
                raise EngineError(f"{what} was cut off: {exc}") from exc
        finally:
            timer.cancel()
            timer.join()  # so that it never hangs up on a socket that has its number from now on
            self._streams.discard(stream)
        if over.is_set():
            raise EngineError(f"{what} has not ended after {TIMEOUT:g} seconds; it may still run there")

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

    async def images(self, filters: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        return await self._do("images cannot be listed", lambda client: client.images(filters=dict(filters)))

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

    async def commit(self, name: str, repository: str, tag: str, changes: Sequence[str]) -> None:
        """An image of the container's file system as it is; `changes` are lines of a Dockerfile."""
        await self._do(
            f"container {name} cannot be made into image {repository}:{tag}",
            lambda client: client.commit(name, repository, tag, pause=False, changes=list(changes)),
        )

    async def layer_size(self, ref: str) -> int:
        """Bytes of an image's topmost layer: what it adds to the image that it is built on."""
        layers = await self._do(f"image {ref} cannot be looked at", lambda client: client.history(ref))  # type: ignore[no-untyped-call]
        return int(layers[0]["Size"])

    async def untag(self, ref: str) -> None:
        """Take the name off an image, and with it all that nobody else uses; fine if it is gone."""
        await self._unless_gone(f"image {ref} cannot be removed", lambda client: client.remove_image(ref, force=True))

    async def drop_unused(self, image: str) -> None:
        """Remove an image by its id; fine if it is gone, or still used."""

        def call(client: docker.APIClient) -> None:
            try:
                client.remove_image(image)
            except APIError as exc:
                if exc.status_code != 409:
                    raise

        await self._unless_gone(f"image {image} cannot be removed", call)

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

    async def _unless_gone(self, failure: str, call: Callable[[docker.APIClient], T]) -> T | None:
        def unless_gone(client: docker.APIClient) -> T | None:
            try:
                return call(client)
            except NotFound:
                return None

        return await self._do(failure, unless_gone)

    async def _do(self, failure: str, call: Callable[[docker.APIClient], T]) -> T:
        under_way = self._pool.submit(self._translated, failure, call)
        self._calls.add(under_way)
        under_way.add_done_callback(self._calls.discard)
        try:
            return await asyncio.wrap_future(under_way)
        except DockerSilent:
            await asyncio.sleep(GRACE)
            raise

    def _translated(self, failure: str, call: Callable[[docker.APIClient], T]) -> T:
        try:
            return call(self._client())
        except APIError as exc:
            raise EngineError(f"{failure}: {exc.explanation or exc}") from exc
        except (DockerException, requests.RequestException) as exc:
            raise DockerSilent(f"{failure}: Docker does not answer ({exc}); ./lab doctor says more") from exc

    def _client(self) -> docker.APIClient:
        found: docker.APIClient | None = getattr(self._local, "client", None)
        if found is None:
            settings = kwargs_from_env()
            found = docker.APIClient(version=self._version or "auto", timeout=int(TIMEOUT), **settings)
            self._version = found.api_version  # asked once
            self._local.client = found
            self._clients.append(found)
        return found


def _hang_up(stream: socket.socket) -> None:
    """End a connection that another thread reads from or writes to; fine if it has ended."""
    with suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
