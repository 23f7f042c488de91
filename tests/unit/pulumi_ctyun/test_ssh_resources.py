"""Servers over SSH, against real SSH servers on loopback: pinned keys, readiness, files, commands, farewell."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from pulumi_ctyun.kit.serve import InitFailed, PluginError
from pulumi_ctyun.kit.values import UNKNOWN, to_plain, to_property
from pulumi_ctyun.provider import ssh as ssh_handlers
from pulumi_ctyun.provider.marks import mark_of
from pulumi_ctyun.provider.plugin import CtyunProvider
from pulumi_ctyun.provider.remote import connections as ssh
from pulumi_ctyun.provider.remote.connections import Connections
from pulumi_ctyun.provider.ssh import HostHandler, HostKeyHandler, RemoteCommandHandler, RemoteFilesHandler

HOST = "ctyun:ssh:Host"
FILES = "ctyun:ssh:RemoteFiles"
COMMAND = "ctyun:ssh:RemoteCommand"
JUMP_ADDRESS, SERVER_ADDRESS = "127.0.0.1", "127.0.0.2"
LOGIN = asyncssh.generate_private_key("ssh-ed25519")
PRIVATE_KEY = LOGIN.export_private_key().decode()


def line(key: asyncssh.SSHKey) -> str:
    return " ".join(key.export_public_key().decode().split()[:2])


# Absolute paths of scripts and of files to remove lead into the server's folder.
SH = """if [ "$1" = -c ]; then
    script=$2 name=$3; shift 3
    for path; do shift; set -- "$@" "ROOT$path"; done
    exec /bin/sh -c "$script" "$name" "$@"
fi
for f; do :; done
sed -i 's|/etc/ssh|ROOT/etc/ssh|g' "$f"
exec /bin/sh "$@"
"""
RM = """for f; do
    case $f in -*) ;; ROOT/* | [!/]*) /bin/rm -f "$f" ;; *) /bin/rm -f "ROOT$f" ;; esac
done
"""
STAT = (
    """[ "$1 $2" = "-c %04a %U:%G" ] && exec /usr/bin/stat -c "%04a $(cat ROOT/owner 2>/dev/null || echo root:root)" -- "$4" """
)


@dataclass
class Sshd:
    """A server that runs commands in a folder of its own instead of "/", and plays those that change a whole machine."""

    address: str
    port: int
    root: Path
    key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    cloud_init: str = "exit 0"
    logins: int = 0
    commands: list[str] = field(default_factory=list)
    running: list[tuple[asyncio.subprocess.Process, asyncio.Future[tuple[bytes, bytes]]]] = field(default_factory=list)
    guests: list[asyncssh.SSHServerConnection] = field(default_factory=list)
    acceptor: asyncssh.SSHAcceptor | None = None
    most_sessions: int = 10  # at once, as sshd's MaxSessions
    refused: int = 0
    sessions: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)  # a command runs

    async def start(self) -> None:
        for folder in ("bin", "etc/ssh", "tmp"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        played = {"cloud-init": self.cloud_init, "systemctl": "exit 0", "sh": SH, "rm": RM, "stat": STAT}
        for name, body in played.items():
            command = self.root / "bin" / name
            command.write_text(f"#!/bin/sh\n{body.replace('ROOT', str(self.root))}\n")
            command.chmod(0o755)
        self.acceptor = await asyncssh.listen(
            self.address,
            self.port,
            server_factory=lambda: Server(self),
            server_host_keys=[self.key],
            encoding=None,
        )

    async def stop(self) -> None:
        """As when the power goes: those who are connected are cut off."""
        for process, output in self.running:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)  # what it has started holds its output open
            await output
        for guest in self.guests:
            guest.abort()
            await guest.wait_closed()
        if self.acceptor:
            self.acceptor.close()
            await self.acceptor.wait_closed()
            self.acceptor = None

    def session(self) -> asyncssh.SSHServerProcess[bytes] | bool:
        """A new one, if there may be one more."""
        if self.sessions >= self.most_sessions:
            self.refused += 1
            return False
        self.sessions += 1
        return asyncssh.SSHServerProcess(self._run_counted, None, 3, False)

    async def _run_counted(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        try:
            await self._run(process)
        finally:
            self.sessions -= 1

    async def _run(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """tar unpacks into our folder and changes no owners, since tests need no root."""
        stdin = await process.stdin.read()
        self.commands.append(process.command or "")
        command = self.commands[-1].replace("--directory=/", f"--directory={self.root}").replace("--same-owner", "")
        environment = {**os.environ, "PATH": f"{self.root / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(self.root / "tmp")}
        environment["HOME"] = str(self.root / "home")
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), asyncio.subprocess.PIPE)
        done = await asyncio.create_subprocess_exec("/bin/sh", "-c", command, env=environment, start_new_session=True, **pipes)
        running = asyncio.ensure_future(done.communicate(stdin))
        self.running.append((done, running))
        self.began.set()
        out, err = await asyncio.shield(running)
        process.stdout.write(out)
        process.stderr.write(err)
        process.exit(done.returncode or 0)
        await self._take_new_key()

    async def _take_new_key(self) -> None:
        """What `systemctl reload ssh` does: the next connection sees the key file's key."""
        file = self.root / "etc/ssh/ssh_host_ed25519_key"
        if file.exists() and self.acceptor:
            self.key = asyncssh.read_private_key(file)
            self.acceptor.update(server_host_keys=[self.key])


class Server(asyncssh.SSHServer):
    def __init__(self, sshd: Sshd) -> None:
        self._sshd = sshd

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._sshd.logins += 1
        self._sshd.guests.append(conn)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == "root" and line(key) == line(LOGIN)

    def session_requested(self) -> Any:
        return self._sshd.session()

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        return dest_host == SERVER_ADDRESS


@dataclass
class World:
    """A jump host, a server behind it, and the plugin."""

    jump: Sshd
    server: Sshd
    engine: Any
    connections: Connections
    earlier: list[Connections] = field(default_factory=list)

    def host(self, **changed: Any) -> dict[str, Any]:
        return {"address": SERVER_ADDRESS, "hostKey": line(self.server.key), **changed}

    @property
    def way(self) -> dict[str, Any]:
        return {"address": JUMP_ADDRESS, "hostKey": line(self.jump.key)}

    def new_plugin(self) -> None:
        """As after a kill: nothing is remembered but the state folder."""
        provider: CtyunProvider = self.engine.provider
        cloud = provider._cloud
        self.earlier.append(self.connections)
        self.connections = Connections(self.jump.port)
        provider._handlers = {
            "ctyun:ssh:HostKey": HostKeyHandler(cloud, self.connections),
            HOST: HostHandler(cloud, self.connections),
            FILES: RemoteFilesHandler(cloud, self.connections),
            COMMAND: RemoteCommandHandler(cloud, self.connections),
        }


Scenario = Callable[[World], Awaitable[None]]


@pytest.fixture
def within(engine: Any, tmp_path: Path, run: Callable[..., Any]) -> Callable[[Scenario], None]:
    """Runs a scenario in a world whose servers are up."""

    @asynccontextmanager
    async def world() -> AsyncIterator[World]:
        port = free_port()
        sshds = [Sshd(address, port, tmp_path / name) for address, name in ((JUMP_ADDRESS, "jump"), (SERVER_ADDRESS, "server"))]
        for sshd in sshds:
            sshd.root.mkdir()
            await sshd.start()
        made = World(sshds[0], sshds[1], engine, Connections())
        made.new_plugin()
        try:
            yield made
        finally:
            for connections in (*made.earlier, made.connections):
                await connections.close()
            for sshd in sshds:
                await sshd.stop()

    async def go(scenario: Scenario) -> None:
        async with asyncio.timeout(60), world() as made:
            await scenario(made)

    return lambda scenario: run(go(scenario))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((JUMP_ADDRESS, 0))
        return int(probe.getsockname()[1])


def host_inputs(world: World, **changed: Any) -> dict[str, Any]:
    bootstrap = line(world.server.key)
    wish = {"address": SERVER_ADDRESS, "privateKey": PRIVATE_KEY, "bootstrapHostKey": bootstrap, "jump": world.way}
    return {**wish, **changed}


def files_inputs(world: World, *files: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"host": world.host(**changed), "jump": world.way, "privateKey": PRIVATE_KEY, "files": list(files)}


def command_inputs(world: World, script: str, **more: Any) -> dict[str, Any]:
    return {"host": world.host(), "jump": world.way, "privateKey": PRIVATE_KEY, "create": script, **more}


def test_host_waits_for_cloud_init_and_exchanges_the_key(within: Any) -> None:
    async def scenario(world: World) -> None:
        first = line(world.server.key)
        _, state = await world.engine.create(HOST, host_inputs(world))
        own = to_plain(state)["hostKey"]
        assert own != first
        assert own == line(world.server.key)
        _, after = await world.engine.create(COMMAND, command_inputs(world, "echo here"))
        assert to_plain(after)["stdout"] == "here\n"

    within(scenario)


def test_host_repeats_after_a_kill_between_the_exchange_and_the_state(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = host_inputs(world)
        _, state = await world.engine.create(HOST, wish)
        world.new_plugin()
        _, again = await world.engine.create(HOST, wish)
        assert to_plain(again)["hostKey"] == to_plain(state)["hostKey"]

    within(scenario)


def test_host_repeats_after_a_kill_before_the_new_key_is_used(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = host_inputs(world)
        reload = world.server.root / "bin/systemctl"
        reload.write_text("#!/bin/sh\nexit 1\n")
        with pytest.raises(PluginError, match="could not use its new host key"):
            await world.engine.create(HOST, wish)
        reload.write_text("#!/bin/sh\nexit 0\n")
        world.new_plugin()
        _, state = await world.engine.create(HOST, wish)
        assert to_plain(state)["hostKey"] == line(world.server.key)

    within(scenario)


def test_host_that_boots_slowly_is_waited_for(within: Any) -> None:
    async def scenario(world: World) -> None:
        await world.server.stop()
        making = asyncio.ensure_future(world.engine.create(HOST, host_inputs(world)))
        await asyncio.sleep(1)
        await world.server.start()
        assert (await making)[0]

    within(scenario)


def test_failed_cloud_init_is_an_error_with_its_words(within: Any) -> None:
    async def scenario(world: World) -> None:
        world.server.cloud_init = "echo 'status: error'; echo 'detail: no package lamp'; exit 1"
        await world.server.stop()
        await world.server.start()
        with pytest.raises(PluginError, match=r"cloud-init on root@127.0.0.2 .* failed(.|\n)*no package lamp"):
            await world.engine.create(HOST, host_inputs(world))

    within(scenario)


def test_another_host_key_is_refused_and_gets_nothing(within: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_ctyun.provider.remote.identity.KEY_PATIENCE", 0.5)

    async def scenario(world: World) -> None:
        stranger = line(asyncssh.generate_private_key("ssh-ed25519"))
        with pytest.raises(PluginError, match="does not show the expected host key"):
            await world.engine.create(HOST, host_inputs(world, bootstrapHostKey=stranger))
        with pytest.raises(PluginError, match="does not show the expected host key"):
            await world.engine.create(FILES, files_inputs(world, {"path": "/x", "content": "y"}, hostKey=stranger))
        assert world.server.commands == []

    within(scenario)


def test_files_are_written_with_their_modes_in_one_stream(within: Any, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "img").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>")
    (folder / "img" / "logo.svg").write_text("<svg>")

    async def scenario(world: World) -> None:
        wish = files_inputs(
            world,
            {"path": "/etc/hr/database.env", "content": to_property("PW=topsecret", secret=True), "mode": "0600"},
            {"path": "/var/www/html", "source": str(folder)},
        )
        _, state = await world.engine.create(FILES, wish)
        secret = world.server.root / "etc/hr/database.env"
        assert (secret.read_text(), secret.stat().st_mode & 0o777) == ("PW=topsecret", 0o600)
        assert (world.server.root / "var/www/html/img/logo.svg").read_text() == "<svg>"
        assert len(world.server.commands) == 1
        hashes = state["hashes"].value
        assert {path: value.is_secret for path, value in hashes.items()} == {
            "/etc/hr/database.env": True,
            "/var/www/html/img/logo.svg": False,
            "/var/www/html/index.html": False,
        }

    within(scenario)


def test_only_what_changed_is_sent_and_what_is_no_longer_named_goes(within: Any, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / name).write_text(name)

    async def scenario(world: World) -> None:
        wish = files_inputs(world, {"path": "/srv", "source": str(folder)})
        id, state = await world.engine.create(FILES, wish)
        assert not (await world.engine.diff(FILES, id, state, wish)).changes
        (folder / "a").write_text("new")
        (folder / "b").unlink()
        untouched = (world.server.root / "srv/c").stat().st_ino
        change = await world.engine.diff(FILES, id, state, wish)
        assert (change.diffs, change.replaces) == (["hashes"], [])
        after = await world.engine.update(FILES, id, state, wish)
        assert sorted(path.name for path in (world.server.root / "srv").iterdir()) == ["a", "c"]
        assert (world.server.root / "srv/a").read_text() == "new"
        assert (world.server.root / "srv/c").stat().st_ino == untouched
        assert sorted(to_plain(after)["hashes"]) == ["/srv/a", "/srv/c"]

    within(scenario)


def test_files_of_an_update_that_was_killed_and_put_back_are_sent_again(within: Any, tmp_path: Path) -> None:
    async def scenario(world: World) -> None:
        wish = files_inputs(world, {"path": "/srv/a", "content": "as stated"})
        id, state = await world.engine.create(FILES, wish)
        (world.server.root / "srv/a").write_text("half of another one")
        world.engine.provider._cloud.tokens.begin_update(mark_of(world.engine.urn(FILES)))
        assert (await world.engine.diff(FILES, id, state, wish)).changes
        state = await world.engine.update(FILES, id, state, wish)
        assert (world.server.root / "srv/a").read_text() == "as stated"
        assert not (await world.engine.diff(FILES, id, state, wish)).changes

    within(scenario)


def test_another_way_to_the_same_server_sends_nothing(within: Any) -> None:
    """Nor did states from before have the way beside the server: what they name is removed by the way that they know."""

    async def scenario(world: World) -> None:
        wish = files_inputs(world, {"path": "/x", "content": "y"})
        id, state = await world.engine.create(FILES, wish)
        count = len(world.server.commands)
        moved = {**wish, "jump": {**world.way, "user": "admin"}}
        assert (await world.engine.diff(FILES, id, state, moved)).replaces == []
        await world.engine.update(FILES, id, state, moved)
        assert len(world.server.commands) == count
        earlier = {name: value for name, value in state.items() if name != "jump"}
        earlier["host"] = to_property({**world.host(user="root"), "jump": {**world.way, "user": "root"}})
        await world.engine.delete(FILES, id, earlier)
        assert not (world.server.root / "x").exists() and len(world.server.commands) > count

    within(scenario)


def test_a_missing_source_is_refused_by_check(engine: Any, run: Any) -> None:
    server = {"address": SERVER_ADDRESS, "hostKey": line(LOGIN)}
    wish = {"host": server, "privateKey": PRIVATE_KEY, "files": [{"path": "/srv", "source": "no/such"}]}
    expected = f"files[0].source is no/such, which is no file or folder here ({Path.cwd()})"
    assert run(engine.failures(FILES, wish)) == [("", expected)]


def test_unknown_contents_have_unknown_hashes(engine: Any, run: Any) -> None:
    server = {"address": SERVER_ADDRESS, "hostKey": line(LOGIN)}
    files = [{"path": "/a", "content": UNKNOWN}, {"path": "/b", "content": "b"}]
    hashes = to_plain(run(engine.checked(FILES, {"host": server, "privateKey": PRIVATE_KEY, "files": files})))["hashes"]
    assert hashes["/a"] is UNKNOWN
    assert len(hashes["/b"]) == 64


def test_command_reads_its_input_and_gives_its_output(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, 'read word; echo "got $word"; printf \'%s\' "$0"', stdin="hello\n")
        _, state = await world.engine.create(COMMAND, wish)
        assert to_plain(state)["stdout"].startswith("got [secret]\n")
        assert "echo" not in world.server.commands[-1]  # scripts never stand in arguments

    within(scenario)


def test_failed_command_says_its_last_lines_without_secrets(within: Any) -> None:
    async def scenario(world: World) -> None:
        script = 'read pw; i=0; while [ $i -lt 50 ]; do i=$((i+1)); echo line-$i; done; echo "bad password $pw" >&2; exit 3'
        with pytest.raises(PluginError) as caught:
            await world.engine.create(COMMAND, command_inputs(world, script, stdin="topsecret99\n"))
        text = str(caught.value)
        assert "A command on root@127.0.0.2 (through 127.0.0.1) failed (status 3)" in text
        assert "line-50" in text
        assert "line-20" not in text
        assert "bad password [secret]" in text
        assert not isinstance(caught.value, InitFailed)

    within(scenario)


def test_command_runs_again_only_for_a_reason(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, "echo made", update="echo again", triggers=["1"])
        id, state = await world.engine.create(COMMAND, wish)
        moved = {**wish, "delete": "true"}
        count = len(world.server.commands)
        after = await world.engine.update(COMMAND, id, state, moved)
        assert (to_plain(after)["stdout"], len(world.server.commands)) == ("made\n", count)
        after = await world.engine.update(COMMAND, id, state, {**wish, "triggers": ["2"]})
        assert to_plain(after)["stdout"] == "again\n"

    within(scenario)


def test_a_command_that_failed_and_is_put_back_runs_again(within: Any) -> None:
    """Half of what the other one does may have been done."""

    async def scenario(world: World) -> None:
        wish = command_inputs(world, "echo made")
        id, state = await world.engine.create(COMMAND, wish)
        with pytest.raises(PluginError):
            await world.engine.update(COMMAND, id, state, {**wish, "create": "echo half; false"})
        assert (await world.engine.diff(COMMAND, id, state, wish)).changes
        count = len(world.server.commands)
        after = await world.engine.update(COMMAND, id, state, wish)
        assert to_plain(after)["stdout"] == "made\n" and len(world.server.commands) > count
        assert not (await world.engine.diff(COMMAND, id, after, wish)).changes

    within(scenario)


def test_a_key_that_cannot_be_used_is_told_and_holds_up_no_removal(within: Any) -> None:
    """Its form passes the check: only who reads it finds out."""

    async def scenario(world: World) -> None:
        locked = LOGIN.export_private_key(passphrase="x").decode()  # noqa: S106 (nobody needs it)
        with pytest.raises(PluginError, match=r"The private key for root@127.0.0.1 cannot be used: Passphrase must be"):
            await world.engine.create(COMMAND, {**command_inputs(world, "echo x"), "privateKey": locked})
        with pytest.raises(PluginError, match=r"The host key of root@127.0.0.2 .* cannot be used: Invalid public key"):
            cut = {**command_inputs(world, "echo x"), "host": world.host(hostKey="ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA")}
            await world.engine.create(COMMAND, cut)
        id, state = await world.engine.create(FILES, files_inputs(world, {"path": "/x", "content": "y"}))
        await world.connections.close()
        await world.engine.delete(FILES, id, {**state, "privateKey": to_property(locked, secret=True)})

    within(scenario)


def test_connections_are_shared(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, "echo x")
        urns = [world.engine.urn(COMMAND, f"c{n}") for n in range(4)]
        assert len(urns) == 4
        await asyncio.gather(*(world.engine.create(COMMAND, wish) for _ in urns))
        assert (world.jump.logins, world.server.logins) == (1, 1)

    within(scenario)


@pytest.mark.parametrize("most", [10, 3])
def test_more_commands_at_once_than_a_server_takes_each_run_once(within: Any, most: int) -> None:
    """Ten are sshd's own limit; a server with a smaller one refuses some, which have not begun then."""

    async def scenario(world: World) -> None:
        world.server.most_sessions = most
        ran = world.server.root / "ran"
        wishes = [command_inputs(world, f"echo {n} >>{ran}; sleep 0.2; echo {n}") for n in range(15)]
        made = await asyncio.gather(*(world.engine.create(COMMAND, wish) for wish in wishes))
        assert [to_plain(state)["stdout"] for _, state in made] == [f"{n}\n" for n in range(15)]
        assert sorted(ran.read_text().split(), key=int) == [str(n) for n in range(15)]
        assert (world.jump.logins, world.server.logins) == (1, 1)
        assert bool(world.server.refused) == (most < ssh.SESSIONS)

    within(scenario)


def test_a_server_that_takes_no_command_is_told_of(within: Any) -> None:
    async def scenario(world: World) -> None:
        world.server.most_sessions = 0
        way = ssh.Way.of({**world.host(user="root"), "jump": {**world.way, "user": "root"}}, PRIVATE_KEY)
        with pytest.raises(ssh.Refused, match=r"took no command for 0\.5 s .*It was not carried out"):
            await world.connections.run(way, "true", timeout=0.5)
        world.server.most_sessions = 1
        assert (await world.connections.run(way, "echo x")).stdout == "x\n"
        assert world.server.logins == 1

    within(scenario)


def test_of_a_command_that_was_cut_off_nobody_knows_whether_it_ran(within: Any) -> None:
    async def scenario(world: World) -> None:
        making = asyncio.ensure_future(world.engine.create(COMMAND, command_inputs(world, "exec sleep 60")))
        await world.server.began.wait()
        await world.server.stop()
        with pytest.raises(PluginError, match=r"broke while a command ran .*; it may have been carried out"):
            await making

    within(scenario)


def test_farewell_to_a_server_that_is_gone_is_short_and_succeeds(within: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh, "FAREWELL_SECONDS", 0.5)

    async def scenario(world: World) -> None:
        id, state = await world.engine.create(FILES, files_inputs(world, {"path": "/x", "content": "y"}))
        other, made = await world.engine.create(COMMAND, command_inputs(world, "true", delete="exit 1"))
        await world.connections.close()
        await world.server.stop()
        await world.engine.delete(FILES, id, state)
        await world.engine.delete(COMMAND, other, made)

    within(scenario)


def test_delete_script_that_fails_is_an_error(within: Any) -> None:
    async def scenario(world: World) -> None:
        id, state = await world.engine.create(COMMAND, command_inputs(world, "true", delete="echo no way; exit 1"))
        with pytest.raises(PluginError, match=r"The delete script on .* failed(.|\n)*no way"):
            await world.engine.delete(COMMAND, id, state)

    within(scenario)


def test_delete_script_that_fails_tells_no_secret(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, "cat >/dev/null", delete="cat; exit 1", stdin="topsecret99\n")
        id, state = await world.engine.create(COMMAND, wish)
        with pytest.raises(PluginError) as caught:
            await world.engine.delete(COMMAND, id, state)
        assert "[secret]" in str(caught.value)
        assert "topsecret99" not in str(caught.value)

    within(scenario)


def test_output_that_is_cut_short_holds_no_part_of_a_secret(within: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_handlers, "LARGEST_OUTPUT", 15)

    async def scenario(world: World) -> None:
        wish = command_inputs(world, "read word; echo 0123456789$word", stdin="topsecret99\n")
        _, state = await world.engine.create(COMMAND, wish)
        assert to_plain(state)["stdout"] == "0123456789[secr"

    within(scenario)


def test_connection_that_broke_meanwhile_is_made_anew(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, "echo x")
        await world.engine.create(COMMAND, wish)
        await world.server.stop()
        await world.server.start()
        _, state = await world.engine.create(COMMAND, wish)
        assert to_plain(state)["stdout"] == "x\n"

    within(scenario)


def test_cancel_ends_a_running_command_at_once(within: Any) -> None:
    async def scenario(world: World) -> None:
        making = asyncio.ensure_future(world.engine.create(COMMAND, command_inputs(world, "exec sleep 9")))
        await world.server.began.wait()
        await world.engine.provider.cancel()
        with pytest.raises(PluginError, match="the update was cancelled"):
            await asyncio.wait_for(making, 0.3)

    within(scenario)


def test_host_key_is_fresh_and_secret(engine: Any, run: Any) -> None:
    _, first = run(engine.create("ctyun:ssh:HostKey", {}))
    _, second = run(engine.create("ctyun:ssh:HostKey", {}))
    assert first["privateKey"].is_secret
    assert to_plain(first)["publicKey"].startswith("ssh-ed25519 ")
    assert to_plain(first)["publicKey"] != to_plain(second)["publicKey"]


def changed_by(spoil: Callable[[Path], Any]) -> Scenario:
    """Files are sent, one of them is spoilt on the server; a refresh sees it, and an update repairs it."""

    async def scenario(world: World) -> None:
        secret = {"path": "/etc/hr/database.env", "content": to_property("PW=topsecret", secret=True), "mode": "0600"}
        wish = files_inputs(world, secret, {"path": "/etc/hr/server.env", "content": "A=b"})
        id, state = await world.engine.create(FILES, wish)
        seen = await world.engine.read(FILES, id, state, wish)
        assert (to_plain(seen.properties), to_plain(seen.inputs)["hashes"]) == (to_plain(state), to_plain(state)["hashes"])
        spoil(world.server.root)
        seen = await world.engine.read(FILES, id, state, wish)
        assert seen.properties["hashes"].contains_secret()
        assert (await world.engine.diff(FILES, id, seen.properties, wish)).diffs == ["hashes"]
        repaired = await world.engine.update(FILES, id, seen.properties, wish)
        assert to_plain(repaired)["hashes"] == to_plain(state)["hashes"]
        assert to_plain(repaired)["revision"] != to_plain(state)["revision"]
        file = world.server.root / "etc/hr/database.env"
        assert (file.read_text(), file.stat().st_mode & 0o777) == ("PW=topsecret", 0o600)

    return scenario


SPOILT: dict[str, Callable[[Path], Any]] = {
    "content": lambda root: (root / "etc/hr/database.env").write_text("PW=yesterdays"),
    "mode": lambda root: (root / "etc/hr/database.env").chmod(0o644),
    "missing": lambda root: (root / "etc/hr/database.env").unlink(),
    "a link elsewhere": lambda root: (root / "etc/hr/database.env").symlink_to(
        (root / "etc/hr/database.env").rename(root / "etc/kept")
    ),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_a_file_that_is_not_as_it_was_sent_is_drift_and_is_sent_again(within: Any, spoil: Callable[[Path], Any]) -> None:
    within(changed_by(spoil))


def test_another_owner_is_drift(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = files_inputs(world, {"path": "/x", "content": "y"})
        id, state = await world.engine.create(FILES, wish)
        (world.server.root / "owner").write_text("www-data:www-data")
        seen = await world.engine.read(FILES, id, state, wish)
        assert (await world.engine.diff(FILES, id, seen.properties, wish)).diffs == ["hashes"]

    within(scenario)


def test_a_server_that_has_gone_back_to_before_a_run_has_it_again(within: Any) -> None:
    async def scenario(world: World) -> None:
        wish = command_inputs(world, "echo made", update="echo changed", triggers=["1"])
        id, state = await world.engine.create(COMMAND, wish)
        home = world.server.root / "home"
        home.rename(yesterday := world.server.root / "yesterday")
        shutil.copytree(yesterday, home)
        later = {**wish, "triggers": ["2"]}
        state = await world.engine.update(COMMAND, id, state, later)
        assert len(list(home.glob(".drlab-runs/*"))) == 1  # the last one alone
        seen = await world.engine.read(COMMAND, id, state, later)
        assert to_plain(seen.properties) == to_plain(state)
        shutil.rmtree(home)
        yesterday.rename(home)
        seen = await world.engine.read(COMMAND, id, state, later)
        assert (await world.engine.diff(COMMAND, id, seen.properties, later)).diffs == ["create"]
        again = await world.engine.update(COMMAND, id, seen.properties, later)
        assert to_plain(again)["stdout"] == "made\n"
        seen = await world.engine.read(COMMAND, id, again, later)
        assert to_plain(seen.properties) == to_plain(again)
        await world.engine.delete(COMMAND, id, again)
        assert to_plain(again)["runId"] not in [note.name for note in home.glob(".drlab-runs/*")]

    within(scenario)


def test_a_run_of_which_no_word_could_be_left_is_never_taken_for_lost(within: Any) -> None:
    async def scenario(world: World) -> None:
        (world.server.root / "home").write_text("no folder")
        wish = command_inputs(world, "echo made")
        id, state = await world.engine.create(COMMAND, wish)
        assert to_plain(state)["runId"] == ""
        seen = await world.engine.read(COMMAND, id, state, wish)
        assert to_plain(seen.properties) == to_plain(state)

    within(scenario)


def test_what_cannot_be_asked_is_neither_drift_nor_a_failure(within: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without power, cut off in the middle, or somebody else at its address."""
    monkeypatch.setattr(ssh, "FAREWELL_SECONDS", 0.5)

    async def scenario(world: World) -> None:
        wishes = {FILES: files_inputs(world, {"path": "/x", "content": "y"}), COMMAND: command_inputs(world, "echo made")}
        made = {type_: await world.engine.create(type_, wish) for type_, wish in wishes.items()}

        async def nothing_seen() -> None:
            for type_, (id, state) in made.items():
                seen = await world.engine.read(type_, id, state, wishes[type_])
                assert (seen.resource_id, to_plain(seen.properties)) == (id, to_plain(state))

        (world.server.root / "x").unlink()
        (world.server.root / "bin/xargs").symlink_to("/bin/false")
        seen = await world.engine.read(FILES, *made[FILES], wishes[FILES])
        assert to_plain(seen.properties) == to_plain(made[FILES][1])
        (world.server.root / "bin/xargs").unlink()
        await world.connections.close()
        await world.server.stop()
        await nothing_seen()
        world.new_plugin()
        world.server.key = asyncssh.generate_private_key("ssh-ed25519")
        await world.server.start()
        await nothing_seen()

    within(scenario)
