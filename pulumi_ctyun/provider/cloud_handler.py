"""What all resources of the cloud have in common: a create that is safe to repeat, a read that sees drift, a patient delete.

A marked living resource that the state does not know is adopted when it is what is wanted, else it is removed. A create
that may still be under way in the cloud is sent again with its own clientToken, so that it happens once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from ctyun import errors
from ctyun.client import Client
from plugins.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.diffing import same
from pulumi_ctyun.provider.handler import Handler, Known, Made, Plain, Seen, Wish
from pulumi_ctyun.provider.tokens import Token
from pulumi_ctyun.resources.declarations.model import Resource

IN_USE_SECONDS = 60.0  # a network lets go of a deleted server only after a while
ID_SECONDS = 30.0  # a cancelled update waits so long for the id of what it has already ordered


class CloudHandler(Handler):
    """A service's part is below the line: a few short calls. `region` is always an id there."""

    resource: ClassVar[Resource]
    parts_of_id: ClassVar[int] = 1  # an id may be INSTANCE/NAME

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @property
    def client(self) -> Client:
        return self.cloud.client

    async def create(self, wish: Wish) -> Made:
        region = await self.cloud.region_id(wish.inputs["region"])
        tokens = self.cloud.tokens
        for seen in await self.left_over(region, wish):
            if self.cloud.is_shared and tokens.known(wish.mark) is None:  # of another lab, or of a lost state folder
                raise not_ours(
                    f"A {self.resource.token}", wish.inputs.get("name", seen.id), f"{self.resource.token} NAME {seen.id}"
                )
            if self.fits(seen, wish, tokens.known(wish.mark)):
                made = await self._settled(region, seen.id, wish)
                break
            await until_released(lambda id=seen.id: self.remove(region, id))  # type: ignore[misc]
            tokens.forget(wish.mark)
        else:
            made = await self._made(region, wish)
        tokens.finish(wish.mark)
        return made

    async def _made(self, region: str, wish: Wish) -> Made:
        """Send the create. A token whose earlier create came to nothing, or whose thing is gone again, is replaced once."""
        tokens = self.cloud.tokens
        earlier = tokens.known(wish.mark)
        token = tokens.take(wish.mark, wish.inputs)
        try:
            return await self._settled(region, await self._ordered(region, wish, token), wish)
        except (errors.NotFound, errors.TokenReused, errors.OrderFailed):
            if await self._lives(region, wish):  # something that it needs is missing: the state keeps what there is
                raise
            tokens.forget(wish.mark)
            wish.made = None
            if earlier is None or earlier.value != token.value:
                raise
        except errors.ApiError as refusal:
            if not isinstance(refusal, errors.ServiceFault):  # the same token would be refused for ever
                tokens.forget(wish.mark)
            raise
        fresh = tokens.take(wish.mark, wish.inputs)
        return await self._settled(region, await self._ordered(region, wish, fresh), wish)

    async def _ordered(self, region: str, wish: Wish, token: Token) -> str:
        """Create it. Its id is written down even when the update is cancelled meanwhile: else nobody would own, or delete, it."""
        making = asyncio.ensure_future(self.make(region, wish, token.value))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError, errors.CtyunError):  # then its token finds it, or does not, at the next update
                id = await asyncio.wait_for(making, ID_SECONDS)
                if wish.made is None:
                    wish.reached(id)
            raise

    async def _lives(self, region: str, wish: Wish) -> bool:
        """Has this create come as far as a thing that is there?"""
        if wish.made is None:
            return False
        try:
            await self.look(region, wish.made.id, wish.inputs)
        except errors.NotFound:
            return False
        return True

    async def _settled(self, region: str, id: str, wish: Wish) -> Made:
        wish.reached(id)
        return await self.settle(region, id, wish)

    def fits(self, seen: Seen, wish: Wish, token: Token | None) -> bool:
        """Is what was found what is wanted? Inputs that the cloud does not show are vouched for by the token."""
        for field in self.resource.inputs:
            if field.name in seen.inputs and not same(field, seen.inputs[field.name], wish.inputs.get(field.name)):
                return False
        hidden = any(field.unseen and wish.inputs.get(field.name) is not None for field in self.resource.inputs)
        return not hidden or (token is not None and token.is_for(wish.inputs))

    async def read(self, known: Known) -> Seen | None:
        try:
            if known.is_import:
                return await self._imported(known)
            region = known.state["region"]
            return await self.look(await self.cloud.region_id(region), known.id, known.state)
        except errors.NotFound:
            self.cloud.tokens.forget(known.mark)
            return None

    async def _imported(self, known: Known) -> Seen | None:
        """ "REGION/ID", or an id alone, which is looked for in every region. Raises NotFound."""
        if known.id.count("/") >= self.parts_of_id:
            name, _, id = known.id.partition("/")
            seen = await self.look(await self.cloud.region_id(name), id, {})
            return Seen(seen.id, {"region": name, **seen.inputs}, seen.outputs)
        for region in await self.client.regions.list():
            try:
                seen = await self.look(region.id, known.id, {})
            except (errors.NotFound, errors.ParameterError):  # some calls refuse ids of other regions
                continue
            return Seen(seen.id, {"region": region.name, **seen.inputs}, seen.outputs)
        return None

    async def update(self, known: Known, wish: Wish) -> Made:
        region = await self.cloud.region_id(wish.inputs["region"])
        await self.change(region, known, wish)
        return await self.settle(region, known.id, wish)

    async def delete(self, known: Known) -> None:
        region = await self.cloud.region_id(known.state["region"])
        await until_released(lambda: self.remove(region, known.id), known.timeout or IN_USE_SECONDS)
        self.cloud.tokens.forget(known.mark)

    # ---- what a service says -------------------------------------------------------------------------------------------

    @abstractmethod
    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        """Living resources with this wish's mark."""

    @abstractmethod
    async def make(self, region: str, wish: Wish, token: str) -> str:
        """Create it and return its id."""

    async def settle(self, region: str, id: str, wish: Wish) -> Made:
        """Bring what exists to what is wished, and wait until it can be used."""
        seen = await self.look(region, id, wish.inputs)
        return wish.reached(seen.id, **seen.outputs)

    async def change(self, region: str, known: Known, wish: Wish) -> None:
        """Carry out what can change in place and `settle` does not see to. Here: nothing, an update is a look."""
        return

    @abstractmethod
    async def look(self, region: str, id: str, state: Plain) -> Seen:
        """What is there. `state` (empty for an import) says how the program spells things. Raises NotFound."""

    @abstractmethod
    async def remove(self, region: str, id: str) -> None:
        """Raises NotFound when it is gone already, other ApiErrors while it is in use."""


def not_ours(what: str, name: str, how: str) -> PluginError:
    """Something has the fixed name, and nothing says that this stack made it."""
    return PluginError(
        f"{what} called {name} exists already, and this stack has not made it. Delete it, or take it over: pulumi import {how}"
    )


async def until_released(remove: Callable[[], Awaitable[None]], timeout: float = IN_USE_SECONDS, pause: float = 0.5) -> None:
    """Delete something that may be in use for a little while longer. Raises the cloud's last refusal at the deadline.

    CTyun does not document its codes for "in use", so any refusal but a lack of rights is tried again.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            return await remove()
        except errors.NotFound:
            return None
        except (errors.AuthError, errors.PermissionDenied):
            raise
        except errors.ApiError:
            if time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 5.0)
