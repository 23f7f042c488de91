"""Who a new server is: it is first known by a key that stood in its user data, then by one that only it has.

Whoever can read the user data knows the first key, so the server makes another as soon as it is up. The new public key is
pinned in the state folder before the server shows it: after an interruption in between, the repeat knows both.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import asyncssh

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.remote.connections import KEY_PATIENCE, Connections, Outcome, Way, shell
from pulumi_ctyun.provider.remote.texts import last_lines
from pulumi_ctyun.provider.tokens import write_private

READY = """
command -v cloud-init >/dev/null || exit 0
status=0
cloud-init status --wait --long >&2 || status=$?
case $status in 0 | 2) exit 0 ;; esac  # 2 = done, with warnings
tail -n 15 /var/log/cloud-init-output.log >&2 || :
exit $status
"""

# The new pair waits under another name until its public half is pinned.
MAKE_KEY = """
cd /etc/ssh
[ -s drlab_next_key.pub ] || { rm -f drlab_next_key; ssh-keygen -q -t ed25519 -N '' -C '' -f drlab_next_key; }
cut -d ' ' -f 1,2 drlab_next_key.pub
"""

# sshd reads its keys again on reload; connections that are open stay.
USE_KEY = """
cd /etc/ssh
mv -f drlab_next_key ssh_host_ed25519_key
mv -f drlab_next_key.pub ssh_host_ed25519_key.pub
rm -f ssh_host_rsa_key ssh_host_rsa_key.pub ssh_host_ecdsa_key ssh_host_ecdsa_key.pub ssh_host_dsa_key ssh_host_dsa_key.pub
systemctl reload ssh
"""


class Pins:
    """Public host keys that servers have announced, one small file per resource."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, mark: str) -> str | None:
        try:
            return self._file(mark).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def put(self, mark: str, public_key: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file(mark), public_key)

    def forget(self, mark: str) -> None:
        self._file(mark).unlink(missing_ok=True)

    def _file(self, mark: str) -> Path:
        return self._folder / f"{mark}.hostkey"


async def settle_identity(connections: Connections, way: Way, pins: Pins, mark: str, timeout: float) -> str:
    """Wait until the server is ready, give it a key of its own, and return that key's public line.

    `way.host_keys` holds the bootstrap key alone. Raises PluginError with the last cause at the deadline.
    """
    deadline = time.monotonic() + timeout
    pinned = pins.get(mark)
    first = Way(way.address, way.user, (*way.host_keys, *filter(None, [pinned])), way.private_key, way.jump)
    connection = await connections.get(first, timeout, patience=KEY_PATIENCE)
    await _ready(connections, first, deadline)
    if pinned and _shown(connection) == pinned:
        return pinned
    own = await _exchange(connections, first, pins, mark)
    connections.drop(first)
    await _answers_as(connections, Way(way.address, way.user, (own,), way.private_key, way.jump), deadline)
    return own


async def _ready(connections: Connections, way: Way, deadline: float) -> None:
    """cloud-init has ended well."""
    outcome = await connections.run(way, *shell(READY), timeout=max(1.0, deadline - time.monotonic()))
    if outcome.status:
        raise PluginError(f"cloud-init on {way} failed. Its last lines:\n{last_lines(outcome)}")


async def _exchange(connections: Connections, way: Way, pins: Pins, mark: str) -> str:
    created = _fine(way, "make a host key", await connections.run(way, *shell(MAKE_KEY)))
    own = created.stdout.strip()
    asyncssh.import_public_key(own)  # never pin what is no key
    pins.put(mark, own)
    _fine(way, "use its new host key", await connections.run(way, *shell(USE_KEY)))
    return own


async def _answers_as(connections: Connections, way: Way, deadline: float) -> None:
    """sshd shows the new key. It closes the port for an instant while it reloads."""
    await connections.get(way, max(5.0, deadline - time.monotonic()), patience=KEY_PATIENCE)


def _fine(way: Way, what: str, outcome: Outcome) -> Outcome:
    if outcome.status:
        raise PluginError(f"{way} could not {what} (status {outcome.status}):\n{last_lines(outcome)}")
    return outcome


def _shown(connection: asyncssh.SSHClientConnection) -> str:
    """The key that the server has shown, as a line without comment."""
    key = connection.get_server_host_key()
    return " ".join(key.export_public_key().decode().split()[:2]) if key is not None else ""


def new_host_key() -> tuple[str, str]:
    """(private PEM, public line) of a fresh ed25519 pair."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    public = " ".join(key.export_public_key().decode().split()[:2])
    return key.export_private_key().decode(), public


async def make_host_key() -> tuple[str, str]:
    return await asyncio.to_thread(new_host_key)
