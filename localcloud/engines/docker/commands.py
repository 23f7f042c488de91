"""Commands inside containers, each with a deadline."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from docker.utils.socket import frames_iter

import docker
from localcloud.engines.docker.calls import DockerCalls
from localcloud.engines.interface.engines import EngineError

COMMAND_SECONDS = 120.0


class DockerCommands(DockerCalls):
    """Runs them over connections of their own, which are hung up at their deadlines, and when all is closed."""

    def __init__(self) -> None:
        super().__init__()
        self._streams: set[socket.socket] = set()
        self._closed = False

    async def close(self) -> None:
        """Commands are not waited for."""
        self._closed = True
        for stream in list(self._streams):
            _hang_up(stream)
        await super().close()

    async def execute(self, name: str, command: Sequence[str], stdin: bytes) -> tuple[int, bytes]:
        """Run a command inside as root; exit status and output (both streams). It has COMMAND_SECONDS seconds."""
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
        """Hang up when the block has taken COMMAND_SECONDS seconds; raises EngineError then. close() hangs up too."""
        over = threading.Event()

        def end() -> None:
            over.set()
            _hang_up(stream)

        timer = threading.Timer(COMMAND_SECONDS, end)
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
            raise EngineError(f"{what} has not ended after {COMMAND_SECONDS:g} seconds; it may still run there")


def _hang_up(stream: socket.socket) -> None:
    """End a connection that another thread reads from or writes to; fine if it has ended."""
    with suppress(OSError):
        stream.shutdown(socket.SHUT_RDWR)
