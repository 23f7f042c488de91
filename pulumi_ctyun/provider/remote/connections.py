"""SSH connections, straight or through a jump host, kept open for the life of the plugin process.

Host keys are always pinned. Commands are carried out once: the way there is tried again, and so is a command that the server
has refused before it began, but never one that has begun.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

from pulumi_ctyun.kit.serve import PluginError

ATTEMPT_SECONDS = 10.0  # one attempt to connect and log in
CONNECT_SECONDS = 60.0  # to reach a server that has been ready before
KEY_PATIENCE = 30.0  # a booting server may show another key or know no login key until cloud-init has written them
FAREWELL_SECONDS = 5.0  # a server that is gone or off must hold up neither its own removal nor a refresh
LOST_SECONDS = 60.0  # how long one answer of that kind holds
PAUSE = 0.2
SESSIONS = 8  # at the same time on one connection: sshd refuses the eleventh, and one that was given up may still be open there
REDIAL = (OSError, asyncssh.ConnectionLost, asyncssh.DisconnectError, asyncssh.ChannelOpenError, TimeoutError)


class Unreachable(PluginError):
    """No connection within the deadline; the text holds the last cause."""


class OtherServer(PluginError):
    """Somebody answers, but with another host key, or does not know our login key."""


class Refused(PluginError):
    """The server lets us in, but begins no command."""


class UnusableKey(PluginError):
    """A key of the program's that is none, or that wants a passphrase."""


@dataclass(frozen=True)
class Way:
    """How to reach a server. `host_keys`: public key lines; any of them is trusted."""

    address: str
    user: str
    host_keys: tuple[str, ...]
    private_key: str = field(repr=False)
    jump: Way | None = None

    @classmethod
    def of(cls, host: Mapping[str, Any], private_key: str, host_keys: Sequence[str] = ()) -> Self:
        """From `{address, user, hostKey, jump?}`; the jump host is opened with the same private key."""
        jump = host.get("jump")
        keys = tuple(host_keys) or (host["hostKey"],)
        return cls(host["address"], host["user"], keys, private_key, cls.of(jump, private_key) if jump else None)

    def __str__(self) -> str:
        return f"{self.user}@{self.address}" + (f" (through {self.jump.address})" if self.jump else "")


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    stdout: str
    stderr: str


class Connections:
    """Open connections by way; parallel wishes for the same way share one. `port` differs from 22 in tests only."""

    def __init__(self, port: int = 22) -> None:
        self._port = port
        self._open: dict[Way, asyncssh.SSHClientConnection] = {}
        self._locks: dict[Way, asyncio.Lock] = {}
        self._sessions: dict[Way, asyncio.Semaphore] = {}
        self._lost: dict[Way, float] = {}  # when `is_there` found nobody

    async def get(self, way: Way, timeout: float = CONNECT_SECONDS, patience: float = 0.0) -> asyncssh.SSHClientConnection:
        """A living connection.

        Refused, reset and silent are tried again for `timeout` seconds, a wrong key for `patience` seconds.
        Raises Unreachable or OtherServer with the last cause, UnusableKey at once.
        """
        begin = time.monotonic()
        while True:
            try:
                async with asyncio.timeout(max(0.1, min(ATTEMPT_SECONDS, begin + timeout - time.monotonic()))):
                    connection = await self._connection(way)
                self._lost.pop(way, None)
                return connection
            except (asyncssh.HostKeyNotVerifiable, asyncssh.PermissionDenied) as error:
                if time.monotonic() - begin >= min(patience, timeout):
                    raise OtherServer(_refusal(way, error)) from error
            except REDIAL as error:
                if time.monotonic() - begin + PAUSE >= timeout:
                    reason = str(error) or "no answer"
                    raise Unreachable(f"Could not reach {way} over SSH within {timeout:g} s: {reason}.") from error
            await asyncio.sleep(PAUSE)

    async def run(self, way: Way, command: str, stdin: bytes = b"", timeout: float = 600.0) -> Outcome:
        """Run a command once; `timeout` begins when it does, not while it waits for its turn.

        Raises Unreachable, OtherServer, Refused when it has not begun, and PluginError when nobody knows what became of it.
        """
        async with self._sessions.setdefault(way, asyncio.Semaphore(SESSIONS)):
            try:
                process = await self._begin(way, command, timeout)
            except asyncssh.ConnectionLost as error:
                raise _broke(way, str(error)) from error
            try:
                async with asyncio.timeout(timeout):
                    stdout, stderr = await _finish(process, stdin)
            except TimeoutError as error:
                raise PluginError(f"A command on {way} did not end within {timeout:g} s and was given up.") from error
            except (OSError, asyncssh.Error) as error:
                raise _broke(way, str(error)) from error
            finally:
                process.close()
        if process.exit_status is None and process.exit_signal is None:
            raise _broke(way, "it was closed")
        return Outcome(process.exit_status if process.exit_status is not None else -1, _text(stdout), _text(stderr))

    async def _begin(self, way: Way, command: str, timeout: float) -> asyncssh.SSHClientProcess[bytes]:
        """Tried again as long as the command has certainly not begun. A refusal is no reason to drop a connection: others use it.

        Raises Refused at the deadline, ConnectionLost when the connection breaks before the server has said whether it begins.
        """
        deadline = time.monotonic() + timeout
        while True:
            connection = await self.get(way)
            try:
                return await connection.create_process(command, encoding=None)
            except asyncssh.ChannelOpenError as refusal:
                if refusal.code == OPEN_REQUEST_SESSION_FAILED and connection.is_closed():
                    raise asyncssh.ConnectionLost("it was closed") from refusal
                if time.monotonic() + PAUSE >= deadline:
                    raise Refused(f"{way} took no command for {timeout:g} s ({refusal}). It was not carried out.") from refusal
            await asyncio.sleep(PAUSE)

    async def is_there(self, way: Way) -> bool:
        """Is the server up and the one we know? Asked where a server that is gone or off is no failure, and must cost little."""
        if time.monotonic() - self._lost.get(way, float("-inf")) < LOST_SECONDS:
            return False
        try:
            await self.get(way, FAREWELL_SECONDS)
        except (Unreachable, OtherServer, UnusableKey):
            self._lost[way] = time.monotonic()
            return False
        return True

    def drop(self, way: Way) -> None:
        """Forget a connection: the next use makes a new one."""
        connection = self._open.pop(way, None)
        if connection is not None:
            connection.close()

    async def close(self) -> None:
        for way in list(self._open):
            connection = self._open.pop(way)
            connection.close()
            with contextlib.suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

    async def _connection(self, way: Way) -> asyncssh.SSHClientConnection:
        async with self._locks.setdefault(way, asyncio.Lock()):
            recorded = self._open.get(way)
            if recorded is not None and not recorded.is_closed():
                return recorded
            tunnel = await self._connection(way.jump) if way.jump else None
            self._open[way] = await self._dial(way, tunnel)
            return self._open[way]

    async def _dial(self, way: Way, tunnel: asyncssh.SSHClientConnection | None) -> asyncssh.SSHClientConnection:
        trusted = [_imported(asyncssh.import_public_key, line, f"host key of {way}") for line in way.host_keys]
        login = _imported(asyncssh.import_private_key, way.private_key, f"private key for {way}")
        return await asyncssh.connect(
            way.address,
            self._port,
            tunnel=tunnel or (),
            username=way.user,
            client_keys=[login],
            known_hosts=(trusted, [], []),
            agent_path=None,
            config=None,
            preferred_auth="publickey",
            keepalive_interval=5,
            keepalive_count_max=3,
        )


def shell(script: str, stdin: str | bytes = b"") -> tuple[str, bytes]:
    """Command line and input of a script for `sh -eu`; `stdin` is what the script reads.

    The script goes through a file that only we can read, never through arguments, which everybody on the server can see.
    """
    body, rest = script.encode(), stdin.encode() if isinstance(stdin, str) else stdin
    line = f'umask 077; f=$(mktemp) && trap \'rm -f "$f"\' EXIT && head -c {len(body)} >"$f" && umask 022 && sh -eu "$f"'
    return line, body + rest


async def _finish(process: asyncssh.SSHClientProcess[bytes], stdin: bytes) -> tuple[bytes, bytes]:
    """Input to a command, its output from it."""
    with contextlib.suppress(BrokenPipeError):  # it has ended already, and wanted none
        process.stdin.write(stdin)
    process.stdin.write_eof()  # `communicate` does so only when there is some
    return await process.communicate()


def _broke(way: Way, reason: str) -> PluginError:
    return PluginError(f"The connection to {way} broke while a command ran ({reason}); it may have been carried out.")


def _imported(read: Callable[[str], asyncssh.SSHKey], text: str, what: str) -> asyncssh.SSHKey:
    try:
        return read(text)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise UnusableKey(f"The {what} cannot be used: {error}.") from error


def _refusal(way: Way, error: Exception) -> str:
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return f"Something else answers at {way}: it does not show the expected host key. Nothing was sent to it."
    return f"{way} does not let us in: it does not know the private key ({error})."


def _text(output: Any) -> str:
    return output.decode(errors="replace") if isinstance(output, bytes) else str(output or "")
