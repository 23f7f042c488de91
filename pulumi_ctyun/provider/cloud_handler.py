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
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud import Cloud
from pulumi_ctyun.provider.diffing import same
from pulumi_ctyun.provider.handler import Created, Desired, Handler, Observed, Plain, Recorded
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

    async def create(self, desired: Desired) -> Created:
        region = await self.cloud.region_id(desired.inputs["region"])
        try:
            left = await self._left_by_this_create(region, desired)
            return await self._adopted(region, left, desired) if left else await self._made(region, desired)
        finally:
            if desired.created is not None:
                self.cloud.tokens.created(desired.mark, desired.created.id)

    async def _left_by_this_create(self, region: str, desired: Desired) -> Observed | None:
        """What a killed run of this very create has made, to be adopted. A failed attempt is cleared away. Raises PluginError."""
        token = self.cloud.tokens.unfinished(desired.mark)
        found = await self.find_unfinished(region, desired)
        if self.one_of_a_name and any(observed.id in desired.held for observed in found):
            raise self._refused(desired, found[0], ONE_OF_A_NAME, take_over=False)
        replaced = desired.held | set(token.beside if token else ())
        found = [observed for observed in found if observed.id not in replaced]
        failed = [
            observed
            for observed in found
            if token and token.id in ("", observed.id) and self.is_failed_attempt(observed, desired)
        ]
        whole = [observed for observed in found if observed not in failed]
        if whole and (why := self._why_not(whole, desired, token)):
            raise self._refused(desired, whole[0], why)
        for observed in failed:
            await until_released(lambda id=observed.id: self.remove(region, id))  # type: ignore[misc]
            self.cloud.tokens.forget(desired.mark)
        return whole[0] if whole else None

    def _why_not(self, found: Sequence[Observed], desired: Desired, token: Token | None) -> str:
        """Why what was found is not to be adopted; empty when it is."""
        if token is None:
            return NOT_MADE_HERE + (NOT_BY_OPTION if self.resource.create_first else "")
        if len(found) > 1:
            return TWICE
        if not token.accounts_for(found[0].id, desired.inputs):
            return MADE_OTHERWISE
        return "" if self.matches(found[0], desired) else CHANGED_SINCE

    def _refused(self, desired: Desired, observed: Observed, why: str, take_over: bool = True) -> PluginError:
        name, token = desired.urn.rpartition("::")[2], self.resource.token
        called = observed.inputs.get("name") or desired.inputs.get("name") or name
        head = f"Could not create {token} {name}: {called} ({observed.id}) {why}"
        how = f" {how_to_take_over(desired.urn, desired.inputs['region'], observed.id)}" if take_over else ""
        return PluginError(redact(head + how, desired.secrets))

    async def _made(self, region: str, desired: Desired) -> Created:
        """Send the create. A token whose earlier create came to nothing, or whose thing is gone again, is replaced once."""
        tokens = self.cloud.tokens
        earlier = tokens.unfinished(desired.mark)
        token = tokens.take(desired.mark, desired.inputs, desired.held)
        try:
            return await self._settled(region, await self._ordered(region, desired, token), desired)
        except (errors.NotFound, errors.TokenReused, errors.OrderFailed):
            if await self._lives(region, desired):  # something that it needs is missing: the state keeps what there is
                raise
            tokens.forget(desired.mark)
            desired.created = None
            if earlier is None or earlier.value != token.value:
                raise
        except errors.ApiError as refusal:
            if desired.created is None and not isinstance(
                refusal, errors.ServiceFault
            ):  # the same token would be refused for ever
                tokens.forget(desired.mark)
            raise
        fresh = tokens.take(desired.mark, desired.inputs, desired.held)
        return await self._settled(region, await self._ordered(region, desired, fresh), desired)

    async def _ordered(self, region: str, desired: Desired, token: Token) -> str:
        """Create it. Its id is written down even when the update is cancelled meanwhile: else nobody would own, or delete, it."""
        making = asyncio.ensure_future(self.make(region, desired, token.value))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            with contextlib.suppress(TimeoutError, errors.CtyunError):  # then its token finds it, or does not, at the next update
                id = await asyncio.wait_for(making, ID_SECONDS)
                if desired.created is None:
                    desired.reached(id)
            raise

    async def _lives(self, region: str, desired: Desired) -> bool:
        """Has this create come as far as a thing that is there?"""
        if desired.created is None:
            return False
        try:
            await self.look(region, desired.created.id, desired.inputs)
        except errors.NotFound:
            return False
        return True

    async def _settled(self, region: str, id: str, desired: Desired) -> Created:
        desired.reached(id)
        return await self.settle(region, id, desired)

    async def _adopted(self, region: str, observed: Observed, desired: Desired) -> Created:
        """What a create had not come to yet, or what somebody has changed since, is put right as by an update."""
        desired.reached(observed.id)
        if all(self._is_as_wished(observed, desired)):
            return await self._settled(region, observed.id, desired)
        state = {"region": desired.inputs["region"], **observed.inputs}
        return await self.update(Recorded(desired.urn, desired.mark, observed.id, state), desired)

    def is_failed_attempt(self, observed: Observed, desired: Desired) -> bool:
        """Did this create's own attempt come to something that never was, and never will be, of use to anybody?"""
        return False

    def matches(self, observed: Observed, desired: Desired) -> bool:
        """Can it become what is wished? Nobody can tell for inputs that the cloud does not show."""
        return all(self._is_as_wished(observed, desired, lasting=True))

    def _is_as_wished(self, observed: Observed, desired: Desired, lasting: bool = False) -> Iterator[bool]:
        for field in self.resource.inputs:
            if field.name in observed.inputs and (field.replaces or not lasting):
                names = observed.spellings.get(field.name, ())
                yield same(field, observed.inputs[field.name], desired.inputs.get(field.name), names)

    async def read(self, recorded: Recorded) -> Observed | None:
        try:
            if recorded.is_import:
                return await self._imported(recorded)
            region = recorded.state["region"]
            return await self.look(await self.cloud.region_id(region), recorded.id, recorded.state)
        except errors.NotFound:
            return None

    async def _imported(self, recorded: Recorded) -> Observed | None:
        """ "REGION/ID", or an id alone, which is looked for in every region. Raises NotFound."""
        if recorded.id.count("/") >= self.parts_of_id:
            name, _, id = recorded.id.partition("/")
            observed = await self.look(await self.cloud.region_id(name), id, {})
            return replace(observed, inputs={"region": name, **observed.inputs})
        for region in await self.client.regions.list():
            try:
                observed = await self.look(region.id, recorded.id, {})
            except (errors.NotFound, errors.ParameterError):  # some calls refuse ids of other regions
                continue
            return replace(observed, inputs={"region": region.name, **observed.inputs})
        return None

    async def update(self, recorded: Recorded, desired: Desired) -> Created:
        region = await self.cloud.region_id(desired.inputs["region"])
        await self.change(region, recorded, desired)
        return await self.settle(region, recorded.id, desired)

    async def delete(self, recorded: Recorded) -> None:
        region = await self.cloud.region_id(recorded.state["region"])
        await until_released(lambda: self.remove(region, recorded.id), recorded.timeout or IN_USE_SECONDS)

    # ---- what a service says -------------------------------------------------------------------------------------------

    @abstractmethod
    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        """Living resources with the desired one's mark, or, where there is none, with its fixed name."""

    @abstractmethod
    async def make(self, region: str, desired: Desired, token: str) -> str:
        """Create it and return its id."""

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        """Bring what exists to what is wished, and wait until it can be used."""
        observed = await self.look(region, id, desired.inputs)
        return desired.reached(observed.id, **observed.outputs)

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        """Carry out what can change in place and `settle` does not see to. Here: nothing, an update is a look."""
        return

    @abstractmethod
    async def look(self, region: str, id: str, state: Plain) -> Observed:
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
