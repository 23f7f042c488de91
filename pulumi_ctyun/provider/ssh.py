"""Servers over SSH: host keys, readiness, files, commands."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from plugins.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.handler import DEFAULT_TIMEOUT, Handler, Known, Made, Seen, Wish
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

    async def read(self, known: Known) -> Seen | None:
        if known.is_import:
            raise PluginError("Resources of ctyun:ssh cannot be imported: make them anew; that repeats safely.")
        return Seen(known.id, await self.drift(known), {})

    async def drift(self, known: Known) -> dict[str, Any]:
        """Inputs that the server shows otherwise than the state. Here: none, there is nothing on a server to compare."""
        return {}


class HostKeyHandler(SshHandler):
    """A pair of keys, which stands in the state and nowhere else."""

    async def create(self, wish: Wish) -> Made:
        private, public = await make_host_key()
        id = hashlib.sha256(public.encode()).hexdigest()[:16]
        return wish.reached(id, privateKey=private, publicKey=public)


class HostHandler(SshHandler):
    """Its truth is the key in the state: a server that shows another one is a stranger, not a drift to be taken over."""

    @property
    def _pins(self) -> Pins:
        return Pins(self.cloud.state / "tokens")

    async def create(self, wish: Wish) -> Made:
        way = Way.of(wish.inputs, wish.inputs["privateKey"], (wish.inputs["bootstrapHostKey"],))
        own = await settle_identity(self.connections, way, self._pins, wish.mark, wish.timeout)
        return wish.reached(wish.mark, hostKey=own)

    async def update(self, known: Known, wish: Wish) -> Made:
        """The same server by another way: it must show the key that we know."""
        own = known.state["hostKey"]
        await self.connections.get(Way.of(wish.inputs, wish.inputs["privateKey"], (own,)))
        return wish.reached(known.id, hostKey=own)

    async def delete(self, known: Known) -> None:
        self._pins.forget(known.mark)


class RemoteFilesHandler(SshHandler):
    async def create(self, wish: Wish) -> Made:
        items = await asyncio.to_thread(expand_all, wish.inputs["files"])
        way = _way(wish.inputs)
        wish.reached(wish.mark, hashes={})
        await self._send(way, items, wish)
        return wish.reached(wish.mark, hashes={item.path: item.hash for item in items}, revision=_new_id())

    async def update(self, known: Known, wish: Wish) -> Made:
        """Send what differs from what was sent before, and remove what is no longer named. After one that did not end: all."""
        items = await asyncio.to_thread(expand_all, wish.inputs["files"])
        hashes = {item.path: item.hash for item in items}
        before = known.state.get("hashes") or {}
        missing = [item for item in items if known.unfinished or before.get(item.path) != item.hash]
        await self._send(_way(wish.inputs), missing, wish)
        await self._remove(_way(wish.inputs), before.keys() - hashes.keys())
        return wish.reached(known.id, hashes=hashes, revision=_new_id() if missing else known.state.get("revision"))

    async def drift(self, known: Known) -> dict[str, Any]:
        """Contents, modes and owners that are not as they were sent: changed by hand, or older since a backup was restored."""
        sent = known.state.get("hashes") or {}
        there = await hashes_there(self.connections, _way(known.state), sorted(sent))
        return {} if there is None or there == sent else {"hashes": there}

    async def delete(self, known: Known) -> None:
        way = _way(known.state)
        if await self.connections.is_there(way):
            await self._remove(way, known.state.get("hashes") or {})

    async def _send(self, way: Way, items: list[Item], wish: Wish) -> None:
        if not items:
            return
        stream = await asyncio.to_thread(tar_of, items)
        command = "umask 022 && tar --extract --file=- --directory=/ --preserve-permissions --same-owner"
        outcome = await self.connections.run(way, command, stream, wish.timeout)
        _expect_success(outcome, f"Could not write {len(items)} files on {way}", wish.secrets)

    async def _remove(self, way: Way, paths: Any) -> None:
        if not paths:
            return
        listed = "".join(f"{path}\0" for path in sorted(paths)).encode()
        outcome = await self.connections.run(way, "xargs -0 rm -f --", listed)
        _expect_success(outcome, f"Could not remove {len(paths)} files on {way}", ())


class RemoteCommandHandler(SshHandler):
    async def create(self, wish: Wish) -> Made:
        return await self._run(wish, wish.inputs["create"], wish.mark)

    async def update(self, known: Known, wish: Wish) -> Made:
        """Run again if anything that the script depends on has changed; another way to the same server is no such thing."""
        names = ("create", "stdin", "triggers")
        earlier = known.state.get("runId")
        is_done = known.state.get("stdout") is not None and not known.unfinished
        if is_done and all(known.state.get(n) == wish.inputs.get(n) for n in names):
            return wish.reached(known.id, stdout=known.state["stdout"], runId=earlier)
        anew = known.state.get("create") == NEVER_RUN or not wish.inputs.get("update")
        return await self._run(wish, wish.inputs["create"] if anew else wish.inputs["update"], known.id, earlier)

    async def drift(self, known: Known) -> dict[str, Any]:
        """A server that has gone back to a time before the last run has not had it."""
        run_id = known.state.get("runId")
        lost = run_id and await has_run(self.connections, _way(known.state), run_id) is False
        return {"create": NEVER_RUN} if lost else {}

    async def delete(self, known: Known) -> None:
        script, way, run_id = known.state.get("delete"), _way(known.state), known.state.get("runId")
        if script and await self.connections.is_there(way):
            outcome = await self.connections.run(
                way, *shell(script, known.state.get("stdin") or ""), timeout=known.timeout or DEFAULT_TIMEOUT
            )
            _expect_success(outcome, f"The delete script on {way} failed", known.secrets)
        if run_id:
            await forget_run(self.connections, way, run_id)

    async def _run(self, wish: Wish, script: str, id: str, earlier: str | None = None) -> Made:
        way, run_id = _way(wish.inputs), _new_id()
        outcome = await self.connections.run(way, *shell(script, wish.inputs.get("stdin") or ""), timeout=wish.timeout)
        _expect_success(outcome, f"A command on {way} failed", wish.secrets)
        noted = await note_run(self.connections, way, run_id, earlier)
        stdout = redact(outcome.stdout, wish.secrets)[:LARGEST_OUTPUT]
        return wish.reached(id, stdout=stdout, runId=run_id if noted else "")


def _new_id() -> str:
    return uuid.uuid4().hex


def _way(inputs: Mapping[str, Any]) -> Way:
    host = inputs["host"]
    return Way.of({**host, "jump": inputs.get("jump") or host.get("jump")}, inputs["privateKey"])  # older states have it in there


def _expect_success(outcome: Outcome, what: str, secrets: Any) -> None:
    if outcome.status:
        raise PluginError(f"{what} (status {outcome.status}). Its last lines:\n{last_lines(outcome, secrets)}")
