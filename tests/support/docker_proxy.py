"""A socket in front of Docker's own, which ends and comes back as a restarted Docker does, without harm to anybody else's."""

from __future__ import annotations

import os
import socket
import socketserver
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

REAL = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")


class Connection(socketserver.BaseRequestHandler):
    """Bytes in both directions, each of which ends by itself: a command's input ends before its output."""

    def handle(self) -> None:
        server: Any = self.server
        with socket.socket(socket.AF_UNIX) as docker:
            docker.connect(REAL)
            server.open.update((self.request, docker))
            answers = threading.Thread(target=pump, args=(docker, self.request), daemon=True)
            answers.start()
            pump(self.request, docker)
            answers.join()
            server.open.difference_update((self.request, docker))


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(1 << 16):
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: Path) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(str(path), Connection)


class DockerProxy:
    """`up()`, `refuse()` and `down()` may be called in any order, again and again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._listening: Server | None = None
        self._served: list[Server] = []

    def up(self) -> None:
        self._listening = Server(self._path)
        self._served.append(self._listening)
        threading.Thread(target=self._listening.serve_forever, args=(0.02,), daemon=True).start()

    def refuse(self) -> None:
        """No new connections: Docker shuts down. Those that stand go on."""
        if self._listening is not None:
            self._path.unlink()
            self._listening.shutdown()
            self._listening.server_close()
            self._listening = None

    def down(self) -> None:
        """Its process has ended: all connections break."""
        self.refuse()
        for server in self._served:
            for connection in list(server.open):
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self._served.clear()
