"""Servers over SSH: host keys, readiness, files, commands."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.handler import DEFAULT_TIMEOUT, Created, Desired, Handler, Observed, Recorded
from pulumi_ctyun.provider.local_files import Item, expand_all, tar_of
from pulumi_ctyun.provider.remote.connections import Connections, Outcome, Way, shell
from pulumi_ctyun.provider.remote.identity import Pins, make_host_key, settle_identity
from pulumi_ctyun.provider.remote.present import forget_run, has_run, hashes_there, note_run
from pulumi_ctyun.provider.remote.texts import last_lines, redact

NEVER_RUN = ""  # what the state says of a script whose run is not on the server any more
LARGEST_OUTPUT = 100_000  # characters of stdout that the state keeps


class SshHandler(Handler):
    """What all share: connections, and no import, since SSH does not tell what a program has asked for."""

    def __init__(self, cloud: Cloud, connections: Connections) -> None:
        self.cloud, self.connections = cloud, connections

    async def read(self, recorded: Recorded) -> Observed | None:
        if recorded.is_import:
            raise PluginError("Resources of ctyun:ssh cannot be imported: make them anew; that repeats safely.")
        return Observed(recorded.id, await self.drift(recorded), {})

    async def drift(self, recorded: Recorded) -> dict[str, Any]:
        """Inputs that the server shows otherwise than the state. Here: none, there is nothing on a server to compare."""
        return {}


class HostKeyHandler(SshHandler):
    """A pair of keys, which stands in the state and nowhere else."""

    async def create(self, desired: Desired) -> Created:
        private, public = await make_host_key()
        id = hashlib.sha256(public.encode()).hexdigest()[:16]
        return desired.reached(id, privateKey=private, publicKey=public)


class HostHandler(SshHandler):
    """Its truth is the key in the state: a server that shows another one is a stranger, not a drift to be taken over."""

    @property
    def _pins(self) -> Pins:
        return Pins(self.cloud.state / "tokens")

    async def create(self, desired: Desired) -> Created:
        way = Way.of(desired.inputs, desired.inputs["privateKey"], (desired.inputs["bootstrapHostKey"],))
        own = await settle_identity(self.connections, way, self._pins, desired.mark, desired.timeout)
        return desired.reached(desired.mark, hostKey=own)

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        """The same server by another way: it must show the key that we know."""
        own = recorded.state["hostKey"]
        await self.connections.get(Way.of(desired.inputs, desired.inputs["privateKey"], (own,)))
        return desired.reached(recorded.id, hostKey=own)

    async def delete(self, recorded: Recorded) -> None:
        self._pins.forget(recorded.mark)


class RemoteFilesHandler(SshHandler):
    async def create(self, desired: Desired) -> Created:
        items = await asyncio.to_thread(expand_all, desired.inputs["files"])
        way = _way(desired.inputs)
        desired.reached(desired.mark, hashes={})
        await self._send(way, items, desired)
        return desired.reached(desired.mark, hashes={item.path: item.hash for item in items}, revision=_new_id())

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        """Send what differs from what was sent before, and remove what is no longer named. After one that did not end: all."""
        items = await asyncio.to_thread(expand_all, desired.inputs["files"])
        hashes = {item.path: item.hash for item in items}
        before = recorded.state.get("hashes") or {}
        missing = [item for item in items if recorded.unfinished or before.get(item.path) != item.hash]
        await self._send(_way(desired.inputs), missing, desired)
        await self._remove(_way(desired.inputs), before.keys() - hashes.keys())
        return desired.reached(recorded.id, hashes=hashes, revision=_new_id() if missing else recorded.state.get("revision"))

    async def drift(self, recorded: Recorded) -> dict[str, Any]:
        """Contents, modes and owners that are not as they were sent: changed by hand, or older since a backup was restored."""
        sent = recorded.state.get("hashes") or {}
        there = await hashes_there(self.connections, _way(recorded.state), sorted(sent))
        return {} if there is None or there == sent else {"hashes": there}

    async def delete(self, recorded: Recorded) -> None:
        way = _way(recorded.state)
        if await self.connections.is_there(way):
            await self._remove(way, recorded.state.get("hashes") or {})

    async def _send(self, way: Way, items: list[Item], desired: Desired) -> None:
        if not items:
            return
        stream = await asyncio.to_thread(tar_of, items)
        command = "umask 022 && tar --extract --file=- --directory=/ --preserve-permissions --same-owner"
        outcome = await self.connections.run(way, command, stream, desired.timeout)
        _expect_success(outcome, f"Could not write {len(items)} files on {way}", desired.secrets)

    async def _remove(self, way: Way, paths: Any) -> None:
        if not paths:
            return
        listed = "".join(f"{path}\0" for path in sorted(paths)).encode()
        outcome = await self.connections.run(way, "xargs -0 rm -f --", listed)
        _expect_success(outcome, f"Could not remove {len(paths)} files on {way}", ())


class RemoteCommandHandler(SshHandler):
    async def create(self, desired: Desired) -> Created:
        return await self._run(desired, desired.inputs["create"], desired.mark)

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        """Run again if anything that the script depends on has changed; another way to the same server is no such thing."""
        names = ("create", "stdin", "triggers")
        earlier = recorded.state.get("runId")
        is_done = recorded.state.get("stdout") is not None and not recorded.unfinished
        if is_done and all(recorded.state.get(n) == desired.inputs.get(n) for n in names):
            return desired.reached(recorded.id, stdout=recorded.state["stdout"], runId=earlier)
        anew = recorded.state.get("create") == NEVER_RUN or not desired.inputs.get("update")
        return await self._run(desired, desired.inputs["create"] if anew else desired.inputs["update"], recorded.id, earlier)

    async def drift(self, recorded: Recorded) -> dict[str, Any]:
        """A server that has gone back to a time before the last run has not had it."""
        run_id = recorded.state.get("runId")
        lost = run_id and await has_run(self.connections, _way(recorded.state), run_id) is False
        return {"create": NEVER_RUN} if lost else {}

    async def delete(self, recorded: Recorded) -> None:
        script, way, run_id = recorded.state.get("delete"), _way(recorded.state), recorded.state.get("runId")
        if script and await self.connections.is_there(way):
            outcome = await self.connections.run(
                way, *shell(script, recorded.state.get("stdin") or ""), timeout=recorded.timeout or DEFAULT_TIMEOUT
            )
            _expect_success(outcome, f"The delete script on {way} failed", recorded.secrets)
        if run_id:
            await forget_run(self.connections, way, run_id)

    async def _run(self, desired: Desired, script: str, id: str, earlier: str | None = None) -> Created:
        way, run_id = _way(desired.inputs), _new_id()
        outcome = await self.connections.run(way, *shell(script, desired.inputs.get("stdin") or ""), timeout=desired.timeout)
        _expect_success(outcome, f"A command on {way} failed", desired.secrets)
        noted = await note_run(self.connections, way, run_id, earlier)
        stdout = redact(outcome.stdout, desired.secrets)[:LARGEST_OUTPUT]
        return desired.reached(id, stdout=stdout, runId=run_id if noted else "")


def _new_id() -> str:
    return uuid.uuid4().hex


def _way(inputs: Mapping[str, Any]) -> Way:
    host = inputs["host"]
    return Way.of({**host, "jump": inputs.get("jump") or host.get("jump")}, inputs["privateKey"])  # older states have it in there


def _expect_success(outcome: Outcome, what: str, secrets: Any) -> None:
    if outcome.status:
        raise PluginError(f"{what} (status {outcome.status}). Its last lines:\n{last_lines(outcome, secrets)}")
