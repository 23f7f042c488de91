"""What all resources of the cloud have in common: a create that is safe to repeat, a read that sees drift, a patient delete.

A mark or a name only says where to look: it can be given away. What is there is adopted when an unfinished create's token
accounts for it, and is refused otherwise; a create deletes nothing but its own failed attempt. A create that may still be
under way in the cloud is sent again with its own clientToken, so that it happens once.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from ctyun import errors
from ctyun.client import Client
from plugins.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.diffing import same
from pulumi_ctyun.provider.handler import Handler, Known, Made, Plain, Seen, Wish
from pulumi_ctyun.provider.remote.texts import redact
from pulumi_ctyun.provider.taking_over import (
    CHANGED_SINCE,
    MADE_OTHERWISE,
    NOT_BY_OPTION,
    NOT_MADE_HERE,
    ONE_OF_A_NAME,
    TWICE,
    how_to_take_over,
)
from pulumi_ctyun.provider.tokens import Token
from pulumi_ctyun.resources.declarations.model import Resource

IN_USE_SECONDS = 60.0  # a network lets go of a deleted server only after a while
ID_SECONDS = 30.0  # a cancelled update waits so long for the id of what it has already ordered


class CloudHandler(Handler):
    """A service's part is below the line: a few short calls. `region` is always an id there."""

    resource: ClassVar[Resource]
    parts_of_id: ClassVar[int] = 1  # an id may be INSTANCE/NAME
    one_of_a_name: ClassVar[bool] = False  # the cloud takes no second one while the first one is there

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    @property
    def client(self) -> Client:
        return self.cloud.client

    async def create(self, wish: Wish) -> Made:
        region = await self.cloud.region_id(wish.inputs["region"])
        try:
            left = await self._left_by_this_create(region, wish)
            return await self._adopted(region, left, wish) if left else await self._made(region, wish)
        finally:
            if wish.made is not None:
                self.cloud.tokens.made(wish.mark, wish.made.id)

    async def _left_by_this_create(self, region: str, wish: Wish) -> Seen | None:
        """What a killed run of this very create has made, to be adopted. A failed attempt is cleared away. Raises PluginError."""
        token = self.cloud.tokens.unfinished(wish.mark)
        found = await self.left_over(region, wish)
        if self.one_of_a_name and any(seen.id in wish.held for seen in found):
            raise self._refused(wish, found[0], ONE_OF_A_NAME, take_over=False)
        replaced = wish.held | set(token.beside if token else ())
        found = [seen for seen in found if seen.id not in replaced]
        failed = [seen for seen in found if token and token.id in ("", seen.id) and self.is_failed_attempt(seen, wish)]
        whole = [seen for seen in found if seen not in failed]
        if whole and (why := self._why_not(whole, wish, token)):
            raise self._refused(wish, whole[0], why)
        for seen in failed:
            await until_released(lambda id=seen.id: self.remove(region, id))  # type: ignore[misc]
            self.cloud.tokens.forget(wish.mark)
        return whole[0] if whole else None

    def _why_not(self, found: Sequence[Seen], wish: Wish, token: Token | None) -> str:
        """Why what was found is not to be adopted; empty when it is."""
        if token is None:
            return NOT_MADE_HERE + (NOT_BY_OPTION if self.resource.create_first else "")
        if len(found) > 1:
            return TWICE
        if not token.accounts_for(found[0].id, wish.inputs):
            return MADE_OTHERWISE
        return "" if self.fits(found[0], wish) else CHANGED_SINCE

    def _refused(self, wish: Wish, seen: Seen, why: str, take_over: bool = True) -> PluginError:
        name, token = wish.urn.rpartition("::")[2], self.resource.token
        head = f"Could not create {token} {name}: {seen.inputs.get('name') or wish.inputs.get('name') or name} ({seen.id}) {why}"
        how = f" {how_to_take_over(wish.urn, wish.inputs['region'], seen.id)}" if take_over else ""
        return PluginError(redact(head + how, wish.secrets))

    async def _made(self, region: str, wish: Wish) -> Made:
        """Send the create. A token whose earlier create came to nothing, or whose thing is gone again, is replaced once."""
        tokens = self.cloud.tokens
        earlier = tokens.unfinished(wish.mark)
        token = tokens.take(wish.mark, wish.inputs, wish.held)
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
            if wish.made is None and not isinstance(refusal, errors.ServiceFault):  # the same token would be refused for ever
                tokens.forget(wish.mark)
            raise
        fresh = tokens.take(wish.mark, wish.inputs, wish.held)
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

    async def _adopted(self, region: str, seen: Seen, wish: Wish) -> Made:
        """What a create had not come to yet, or what somebody has changed since, is put right as by an update."""
        wish.reached(seen.id)
        if all(self._is_as_wished(seen, wish)):
            return await self._settled(region, seen.id, wish)
        state = {"region": wish.inputs["region"], **seen.inputs}
        return await self.update(Known(wish.urn, wish.mark, seen.id, state), wish)

    def is_failed_attempt(self, seen: Seen, wish: Wish) -> bool:
        """Did this create's own attempt come to something that never was, and never will be, of use to anybody?"""
        return False

    def fits(self, seen: Seen, wish: Wish) -> bool:
        """Can it become what is wished? Nobody can tell for inputs that the cloud does not show."""
        return all(self._is_as_wished(seen, wish, lasting=True))

    def _is_as_wished(self, seen: Seen, wish: Wish, lasting: bool = False) -> Iterator[bool]:
        for field in self.resource.inputs:
            if field.name in seen.inputs and (field.replaces or not lasting):
                names = seen.spellings.get(field.name, ())
                yield same(field, seen.inputs[field.name], wish.inputs.get(field.name), names)

    async def read(self, known: Known) -> Seen | None:
        try:
            if known.is_import:
                return await self._imported(known)
            region = known.state["region"]
            return await self.look(await self.cloud.region_id(region), known.id, known.state)
        except errors.NotFound:
            return None

    async def _imported(self, known: Known) -> Seen | None:
        """ "REGION/ID", or an id alone, which is looked for in every region. Raises NotFound."""
        if known.id.count("/") >= self.parts_of_id:
            name, _, id = known.id.partition("/")
            seen = await self.look(await self.cloud.region_id(name), id, {})
            return replace(seen, inputs={"region": name, **seen.inputs})
        for region in await self.client.regions.list():
            try:
                seen = await self.look(region.id, known.id, {})
            except (errors.NotFound, errors.ParameterError):  # some calls refuse ids of other regions
                continue
            return replace(seen, inputs={"region": region.name, **seen.inputs})
        return None

    async def update(self, known: Known, wish: Wish) -> Made:
        region = await self.cloud.region_id(wish.inputs["region"])
        await self.change(region, known, wish)
        return await self.settle(region, known.id, wish)

    async def delete(self, known: Known) -> None:
        region = await self.cloud.region_id(known.state["region"])
        await until_released(lambda: self.remove(region, known.id), known.timeout or IN_USE_SECONDS)

    # ---- what a service says -------------------------------------------------------------------------------------------

    @abstractmethod
    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        """Living resources with this wish's mark, or, where there is none, with its fixed name."""

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
