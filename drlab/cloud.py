"""Starts, stops and looks at the local cloud, which is a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import IO

from ctyun.credentials import CloudRecord, cloud_record
from ctyun.errors import CtyunError
from drlab.engine_environment import python_environment
from drlab.errors import UserError
from drlab.folders import Folders
from drlab.local_api import LocalApi
from drlab.output import count
from drlab.processes import PROC, is_alive

FIRST_PORT, PORTS = 8750, 50
START_SECONDS = 60.0  # it waits for Docker and starts its agent; usually well under 2 s
STOP_SECONDS = 90.0  # servers are shut down in an orderly way first
POLL_SECONDS = 0.03
LOG_LINES = 15
RESTART = "./lab cloud stop (with servers: --force, which shuts them down until the next start), then ./lab cloud start"


class CloudState(StrEnum):
    """Whether a process exists and whether it answers are two questions."""

    RUNNING = "running"
    SILENT = "not answering"
    DEAD = "ended unexpectedly"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Cloud:
    """The local cloud of one lab."""

    folders: Folders

    def record(self) -> CloudRecord | None:
        """None when no cloud has ever run for this state folder."""
        return cloud_record(self.folders.state) if self.folders.cloud_record.exists() else None

    def state(self) -> CloudState:
        record = self.record()
        if record is None or record.pid is None:
            return CloudState.STOPPED
        if not lives(record):
            return CloudState.DEAD
        return CloudState.RUNNING if answers(record) else CloudState.SILENT

    def api(self) -> LocalApi:
        """Raises UserError when it does not run."""
        record = self.record()
        if record is None or not lives(record):
            raise UserError("The local cloud is not running.", "./lab cloud start")
        return LocalApi(record)

    def start(self, port: int | None = None, tls: bool = False) -> CloudRecord:
        """Start it and wait until it answers; fine if it runs already. Raises UserError with its log when it gives up."""
        record = self.record()
        if record is not None and lives(record):
            if answers(record):
                _check_running(record, port, tls)
            return self._await_ready(record.pid, None)  # it may start, wait for Docker, or start everything again after that
        chosen = _free_port(port, record)
        arguments = ["serve", "--state", str(self.folders.state), "--port", str(chosen), *(["--tls"] if tls else [])]
        process = self._spawn(arguments)
        return self._await_ready(process.pid, process)

    def stop(self, force: bool = False) -> None:
        """The agent goes, the process ends. Fine if it does not run.

        With `force` servers are shut down and kept; without it they are a reason not to stop (UserError).
        """
        record = self.record()
        if record is None or not lives(record):
            return
        if not force and (servers := LocalApi(record).named()):
            raise UserError(
                f"The local cloud has {count(len(servers), 'server')}: {', '.join(server.name for server in servers)}.",
                "./lab down --all removes them; ./lab cloud stop --force shuts them down until the next start",
            )
        self._tell_to_stop(record, force)
        deadline = time.monotonic() + STOP_SECONDS
        while lives(record):
            if time.monotonic() > deadline:
                raise UserError(
                    f"The local cloud (process {record.pid}) has not ended {STOP_SECONDS:.0f} s after it was told to.",
                    "./lab cloud logs",
                )
            time.sleep(POLL_SECONDS)

    def _tell_to_stop(self, record: CloudRecord, force: bool) -> None:
        """By its own call, which clears up; when that fails and `force` is said, by a signal, which at least ends the process."""
        try:
            LocalApi(record).shutdown(force=force)
        except CtyunError:
            if not force or record.pid is None:
                raise
            with contextlib.suppress(ProcessLookupError):  # it has ended all the same, before its answer had left
                os.kill(record.pid, signal.SIGTERM)

    def _spawn(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        self.folders.ensure_state()
        with open_private(self.folders.cloud_log) as log:
            return subprocess.Popen(
                [str(self.folders.python), "-m", "localcloud", *arguments],
                cwd=self.folders.root,
                env=python_environment(self.folders),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # it outlives this command and its terminal
                umask=0o077,
            )

    def _await_ready(self, pid: int | None, process: subprocess.Popen[bytes] | None) -> CloudRecord:
        deadline, phase = time.monotonic() + START_SECONDS, "no answer yet"
        while time.monotonic() < deadline:
            record = self.record()
            if record is not None and record.pid == pid:
                health = LocalApi(record).health()
                if health and health.ready and health.phase == "ready" and health.id == record.id:  # its engines run, too
                    return record
                phase = health.phase if health else phase
            if process is not None and process.poll() is not None:
                raise UserError(f"The local cloud did not start:\n{self.last_log_lines()}", "./lab cloud logs")
            time.sleep(POLL_SECONDS)
        raise UserError(f"Waited {START_SECONDS:.0f} s for the local cloud to be ready; last seen: {phase}.", "./lab cloud logs")

    def last_log_lines(self, lines: int = LOG_LINES) -> str:
        try:
            with self.folders.cloud_log.open(errors="replace", encoding="utf-8") as file:
                return "".join(deque(file, maxlen=lines)).rstrip()
        except FileNotFoundError:
            return "(its log is empty)"


def lives(record: CloudRecord) -> bool:
    """The process exists; whether it answers is another question. A number used again by a stranger does not count."""
    if record.pid is None or not is_alive(record.pid):
        return False
    try:
        return b"localcloud" in (PROC / str(record.pid) / "cmdline").read_bytes()
    except OSError:  # it has ended meanwhile
        return False


def answers(record: CloudRecord) -> bool:
    health = LocalApi(record).health()
    return health is not None and health.id == record.id


def open_private(path: os.PathLike[str]) -> IO[bytes]:
    """Append to a file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def port_of(record: CloudRecord) -> int:
    return int(record.url.rpartition(":")[2])


def _free_port(wanted: int | None, record: CloudRecord | None) -> int:
    """The wanted port, else the one used before, else 8750 or the next free one."""
    if wanted is not None:
        if is_free(wanted):
            return wanted
        raise UserError(
            f"Port {wanted} on 127.0.0.1 is taken by another program, so the local cloud cannot listen there.",
            "choose another with --port, or leave --port out to get the next free one",
        )
    before = [port_of(record)] if record else []
    for port in chain(before, range(FIRST_PORT, FIRST_PORT + PORTS)):
        if is_free(port):
            return port
    raise UserError(
        f"No port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free on 127.0.0.1.", "./lab cloud start --port PORT"
    )


def _check_running(record: CloudRecord, port: int | None, tls: bool) -> None:
    """A running cloud does not change its listeners."""
    if port is not None and port_of(record) != port:
        raise UserError(f"The local cloud already runs on {record.url}.", f"{RESTART} --port {port}")
    if tls and record.tls_url is None:
        raise UserError(f"The local cloud already runs on {record.url} without TLS.", f"{RESTART} --tls")
