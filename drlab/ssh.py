"""A shell on any server of a stack: the system's ssh client, through the jump host, with pinned host keys."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drlab.errors import UserError
from drlab.folders import Folders
from drlab.lab import Lab
from drlab.stack_state import read_stack
from drlab.stages import check_stage

ACCESS_OUTPUT = "sshAccess"
CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Login:
    """One server as ssh needs it."""

    name: str
    address: str
    host_key: str  # public, one line: "ssh-ed25519 AAAA…"


@dataclass(frozen=True)
class Access:
    """A stack's output `sshAccess`; secret, because it holds the key."""

    user: str
    private_key: str
    jump_host: Login
    servers: tuple[Login, ...]  # the jump host is one of them

    @classmethod
    def from_output(cls, raw: Mapping[str, Any]) -> Access:
        jump_host = _login(raw["jumpHost"])
        others = (_login(server) for server in raw["servers"])
        servers = (jump_host, *(server for server in others if server.name != jump_host.name))
        return cls(raw["user"], raw["privateKey"], jump_host, servers)


def _login(raw: Mapping[str, Any]) -> Login:
    return Login(raw["name"], raw["address"], raw["hostKey"])


def stack_with(lab: Lab, name: str, stages: Sequence[str], stack: str | None) -> tuple[str, str]:
    """(stack, server's name) for `web-01`, `single-host/web-01` or the full name. Raises UserError when it is not plain."""
    if "/" in name:
        stack, _, name = name.partition("/")
    if stack is not None:
        check_stage(stack, stages)
    up = [s for s in stages if (stack is None or s == stack) and read_stack(lab.folders.stack_file(s), s).is_up]
    if not up:
        which = f"{stack} is not up" if stack else "No stage is up"
        raise UserError(f"{which}: there is no server to log in to.", f"./lab up {stack or stages[0]}")
    known: dict[str, list[str]] = {s: [login.name for login in access_files(lab, s)] for s in up}
    fitting = [(s, own) for s, names in known.items() for own in names if name in (own, f"{s}-{own}")]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        choices = ", ".join(f"{s}/{own}" for s, own in fitting)
        raise UserError(f"{name!r} may mean {choices}.", "say STACK/NAME")
    servers = ", ".join(sorted({own for names in known.values() for own in names}))
    raise UserError(f"There is no server {name!r} to log in to. Servers: {servers}.")


def access_files(lab: Lab, stack: str) -> tuple[Login, ...]:
    """Keys, known hosts and settings of a stack's servers as files for ssh; written anew when the stack has changed."""
    folder = lab.folders.ssh
    version = hashlib.sha256(lab.folders.stack_file(stack).read_bytes()).hexdigest()
    index = folder / f"{stack}.json"
    if index.exists():
        kept = json.loads(index.read_text(encoding="utf-8"))
        if kept["version"] == version:
            return tuple(_login(raw) for raw in kept["servers"])
    raw_access = lab.engine.outputs(stack).get(ACCESS_OUTPUT)
    if not isinstance(raw_access, dict):
        raise UserError(f"Stack {stack} does not say how to log in: it is not fully up.", f"./lab up {stack}")
    access = Access.from_output(raw_access)
    write_files(folder, stack, access)
    entries = [{"name": s.name, "address": s.address, "hostKey": s.host_key} for s in access.servers]
    write_private(index, json.dumps({"version": version, "servers": entries}))  # last: it says that the others are complete
    return access.servers


def write_files(folder: Path, stack: str, access: Access) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(folder / f"{stack}.key", access.private_key.rstrip("\n") + "\n")
    write_private(folder / f"{stack}.known_hosts", known_hosts(stack, access))
    write_private(folder / f"{stack}.config", ssh_config(folder, stack, access))


def forget_files(folders: Folders, stack: str) -> None:
    """The key opens nothing any more once the stack is destroyed."""
    for path in folders.ssh.glob(f"{stack}.*"):
        path.unlink(missing_ok=True)


def known_hosts(stack: str, access: Access) -> str:
    return "".join(f"{alias(stack, server.name)} {server.host_key.strip()}\n" for server in access.servers)


def alias(stack: str, name: str) -> str:
    """The name under which a host key is pinned: addresses are used again by other servers, names of a stack are not."""
    return f"{stack}-{name}"


def ssh_config(folder: Path, stack: str, access: Access) -> str:
    """Nothing of the user's own ssh settings, agents or keys takes part."""
    blocks = [_host_block(stack, server, access.jump_host) for server in access.servers]
    common = [
        "Host *",
        f"  User {access.user}",
        f'  IdentityFile "{folder / stack}.key"',
        "  IdentitiesOnly yes",
        "  IdentityAgent none",
        f'  UserKnownHostsFile "{folder / stack}.known_hosts"',
        "  GlobalKnownHostsFile /dev/null",
        "  StrictHostKeyChecking yes",
        "  UpdateHostKeys no",
        "  PasswordAuthentication no",
        f"  ConnectTimeout {CONNECT_SECONDS}",
        "  LogLevel ERROR",
    ]
    return "\n".join([*blocks, *common, ""])


def _host_block(stack: str, server: Login, jump: Login) -> str:
    lines = [f"Host {server.name}", f"  HostName {server.address}", f"  HostKeyAlias {alias(stack, server.name)}"]
    if server.name != jump.name:
        lines.append(f"  ProxyJump {jump.name}")
    return "\n".join(lines) + "\n"


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    unfinished.replace(path)


def command_line(folders: Folders, stack: str, name: str, rest: Sequence[str]) -> list[str]:
    """Raises UserError when there is no ssh client."""
    client = shutil.which("ssh")
    if client is None:
        raise UserError("There is no ssh client on this machine.", "apt-get install openssh-client")
    return [client, "-F", str(folders.ssh / f"{stack}.config"), name, *rest]
