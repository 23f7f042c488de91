"""The local cloud's process: listeners, engines, signals. Servers outlive it; the next start finds them again."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from localcloud.app import App, create_app
from localcloud.controllers.cloud import Cloud
from localcloud.controllers.opening import open_early
from localcloud.engines.interface.errors import EngineError
from localcloud.engines.late import late
from localcloud.one_piece import OnePieceProtocol
from localcloud.records.catalogue import IMAGES
from localcloud.records.compute import ALL_KINDS, EIPS
from localcloud.records.store import Store
from localcloud.state import Record, StateError, StateFolder

if TYPE_CHECKING:
    from localcloud.engines.docker_engines import DockerEngines

log = logging.getLogger("localcloud")

DEFAULT_PORT, PORTS_TRIED = 8750, 50


class PortTaken(Exception):
    """No port to listen on; the text says which was wanted."""


def serve(state: Path, port: int | None, tls: bool, foreign_keys: bool = False) -> int:
    """Run until a signal or `/_local/shutdown`; the process's exit status."""
    os.umask(0o077)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False  # no line shows them, each line asked for them
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    folder = StateFolder(state.absolute())
    try:
        record = folder.open()
        plain = listen(port)
        secure = _listen_above(plain) if tls else None
    except (StateError, PortTaken) as error:
        print(error, file=sys.stderr)
        return 1
    daemon = Daemon(folder, replace(record, pid=os.getpid(), url=_url("http", plain), tls_url=None, ca_file=None), foreign_keys)
    try:
        return int(uvloop.run(daemon.run(plain, secure)))
    finally:
        folder.close(daemon.record)


def listen(wanted: int | None, first: int = DEFAULT_PORT) -> socket.socket:
    """A listening socket on loopback: on the wanted port, else on the first free one. Raises PortTaken."""
    for port in [wanted] if wanted is not None else range(first, min(first + PORTS_TRIED, 1 << 16)):
        listener = socket.socket(proto=socket.IPPROTO_TCP)  # asyncio turns Nagle's delay off only where TCP is named
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(256)
            return listener
        except OSError as error:
            listener.close()
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    if wanted is not None:
        raise PortTaken(f"Port {wanted} on 127.0.0.1 is taken or not allowed; choose another --port, or leave it out.")
    raise PortTaken(f"No port from {first} to {first + PORTS_TRIED - 1} is free on 127.0.0.1; choose one with --port.")


def _listen_above(plain: socket.socket) -> socket.socket:
    """The TLS listener, on the next free port; without one there is no plain listener either. Raises PortTaken."""
    try:
        return listen(None, plain.getsockname()[1] + 1)
    except PortTaken:
        plain.close()
        raise


class Daemon:
    """One run of the process."""

    def __init__(self, folder: StateFolder, record: Record, foreign_keys: bool = False) -> None:
        self.folder, self.record, self._foreign_keys = folder, record, foreign_keys

    async def run(self, plain: socket.socket, secure: socket.socket | None) -> int:
        store = Store(self.folder.database, ALL_KINDS)
        wanted_range = self.record.internet_cidr or None if store.count(EIPS) else None
        references: dict[str, str] = {}
        engines = late(partial(_engines, self.folder.path, self.record.identity.id, wanted_range, references))
        app = create_app(store, engines, self.record.identity, references)
        cloud = app.cloud
        cloud.foreign_keys = self._foreign_keys
        servers = [_server(app, None)]
        sockets = [plain]
        if secure:
            sockets.append(secure)
            servers.append(self._tls_server(app, secure))
        self._stop_on_signals(cloud)
        running = [asyncio.create_task(server.serve([sock])) for server, sock in zip(servers, sockets, strict=True)]
        self.folder.write(self.record)
        try:
            if open_early(cloud):
                log.info("cloud %s is ready on %s; its network is being made", self.record.identity.id, self.record.url)
            early = cloud.opened.is_set()
            if early:
                await _answering(servers)
            if await _started(cloud):
                self.record = self.folder.write(replace(self.record, internet_cidr=engines.internet_cidr()))
                said = "has its network" if early else "is ready"
                log.info("cloud %s %s on %s", self.record.identity.id, said, self.record.url)
            await cloud.stopping.wait()
        except EngineError as error:
            print(f"The local cloud cannot start: {error}", file=sys.stderr)
            return 1
        finally:
            for server in servers:
                server.should_exit = True
            await asyncio.gather(*running)
            await cloud.tasks.cancel()
            await engines.close()
            store.close()
        return 0

    def _tls_server(self, app: App, sock: socket.socket) -> uvicorn.Server:
        from localcloud.tls import server_context  # only when asked for

        context, ca_file = server_context(self.folder.path / "tls", self.record.identity.id)
        self.record = replace(self.record, tls_url=_url("https", sock), ca_file=str(ca_file))
        return _server(app, context)

    def _stop_on_signals(self, cloud: Cloud) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, cloud.stopping.set)


async def _answering(servers: list[uvicorn.Server]) -> None:
    """Until those who have waited for the port have their answers: what is imported next would make them wait longer."""
    for _ in range(100):
        await asyncio.sleep(0.002)
        if all(server.started for server in servers):
            break
    await asyncio.sleep(0.005)


async def _started(cloud: Cloud) -> bool:
    """Start engines and restore; False when a signal came first. Raises EngineError."""
    lifetime = await asyncio.to_thread(import_module, "localcloud.controllers.lifetime")  # with all that restores
    starting, stopping = asyncio.create_task(lifetime.start(cloud)), asyncio.create_task(cloud.stopping.wait())
    done, waiting = await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    if starting in done:
        starting.result()
    return starting in done


def _engines(state: Path, cloud: str, internet_cidr: str | None, references: dict[str, str]) -> DockerEngines:
    """The engines, and what Docker calls the images that servers are made of. Raises EngineError."""
    from localcloud.engines.docker_engines import DockerEngines
    from localcloud.engines.images import reference

    references.update({image.engine: reference(image.engine) for image in IMAGES})
    return DockerEngines(state, cloud, internet_cidr)


class _Server(uvicorn.Server):
    """Without signal handlers of its own: the daemon has two listeners and decides itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(app: App, context: ssl.SSLContext | None) -> uvicorn.Server:
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, proxy_headers=False, server_header=False, date_header=False,
        timeout_graceful_shutdown=3, ws="none", loop="uvloop", http=OnePieceProtocol,
    )  # fmt: skip
    config.load()
    config.ssl = context
    return _Server(config)


def _url(scheme: str, sock: socket.socket) -> str:
    return f"{scheme}://127.0.0.1:{sock.getsockname()[1]}"
