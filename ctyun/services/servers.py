"""Cloud servers (host `ctecs`). Create and unsubscribe are orders; start, stop and reboot are jobs."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

from ctyun.errors import NotFound, OrderFailed, WrongState
from ctyun.fields import items, need, present
from ctyun.services.base import PAGE, Service, all_pages, token_or_new
from ctyun.services.jobs import Jobs
from ctyun.services.orders import OrderRef, Orders
from ctyun.services.server_values import AttachedDisk, NewServer, Server, label_list
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

CREATE = Call("ctecs", "POST", "/v4/ecs/create-instance", "create server")
BATCH_CREATE = Call("ctecs", "POST", "/v4/ecs/batch-create-instances", "create servers")
GET = Call("ctecs", "GET", "/v4/ecs/instance-details", "look up server")
LIST = Call("ctecs", "POST", "/v4/ecs/list-instances", "list servers", read_only=True)
STATUSES = Call("ctecs", "POST", "/v4/ecs/instance-status-list", "look up states of servers", read_only=True)
START = Call("ctecs", "POST", "/v4/ecs/start-instance", "start server")
STOP = Call("ctecs", "POST", "/v4/ecs/stop-instance", "stop server")
REBOOT = Call("ctecs", "POST", "/v4/ecs/reboot-instance", "reboot server")
UPDATE = Call("ctecs", "POST", "/v4/ecs/update-instance", "update server")
RESIZE = Call("ctecs", "POST", "/v4/ecs/update-flavor-spec", "change the flavour of server")
LABELS = Call("ctecs", "POST", "/v4/ecs/label/update", "change labels of server")
DISKS = Call("ctecs", "POST", "/v4/ecs/volume/list", "list disks of server", read_only=True)
UNSUBSCRIBE = Call("ctecs", "POST", "/v4/ecs/unsubscribe-instance", "delete server")

RUNNING, STOPPED, ERROR = "running", "stopped", "error"
ENDED = frozenset({"unsubscribed"})


class Servers(Service):
    """Order, look up, switch and delete servers."""

    def __init__(self, transport: Transport, orders: Orders, jobs: Jobs, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders, self._jobs = orders, jobs

    async def create(self, region_id: str, new: NewServer, *, client_token: str) -> OrderRef:
        """Order a server; go on with `created`. The same token and wish return the same order."""
        body = {"clientToken": client_token, "regionID": region_id, **new.to_api()}
        return OrderRef.from_api((await self._transport.send(CREATE, new.name, body=body)).body)

    async def create_batch(self, region_id: str, new: NewServer, count: int, *, client_token: str) -> OrderRef:
        """Order 1 to 50 alike servers; the name may hold one pattern "{R:1}" that numbers them."""
        body = {"clientToken": client_token, "regionID": region_id, "orderCount": count, **new.to_api()}
        return OrderRef.from_api((await self._transport.send(BATCH_CREATE, new.name, body=body)).body)

    async def created(self, region_id: str, order: OrderRef, *, what: str = "a server", timeout: float = 300) -> Server:
        """Wait for the order, then for the server to run (= powered on). Raises OrderFailed, WaitTimeout."""
        done = await self._orders.wait(order.id, what=what, timeout=timeout)
        server = await self.wait_for_state(region_id, done.resource_ids[0], {RUNNING, ERROR}, timeout=timeout)
        if server.status == ERROR:
            raise OrderFailed(f"The order of {what} brought server {server.id} in state error. Delete it and order again.")
        return server

    async def get(self, region_id: str, instance_id: str) -> Server:
        """Raises NotFound."""
        answer = await self._transport.send(GET, instance_id, query={"regionID": region_id, "instanceID": instance_id})
        return Server.from_api(answer.body)

    async def find(self, region_id: str, instance_id: str) -> Server | None:
        """The server, or None when it is gone or unsubscribed."""
        try:
            server = await self.get(region_id, instance_id)
        except NotFound:
            return None
        return None if server.status in ENDED else server

    async def list(
        self,
        region_id: str,
        *,
        name: str | None = None,
        labels: Mapping[str, str] | None = None,
        vpc_id: str | None = None,
        instance_ids: Sequence[str] = (),
    ) -> builtins.list[Server]:
        """The servers of the region, filtered by exact name, by labels, by VPC, by ids. Labels may be missing in the items."""
        wanted = present(
            regionID=region_id,
            pageSize=PAGE,
            instanceName=name,
            vpcID=vpc_id,
            instanceIDList=",".join(instance_ids) or None,
            labelList=label_list(labels) if labels else None,
        )
        bodies = await all_pages(lambda page: self._transport.send(LIST, "", body={**wanted, "pageNo": page}), "results")
        return [Server.from_api(body) for body in bodies]

    async def statuses(self, region_id: str, instance_ids: Sequence[str] = ()) -> dict[str, str]:
        """{instance id: state} of these servers, or of all."""
        wanted = present(regionID=region_id, instanceIDList=",".join(instance_ids) or None)
        answer = await self._transport.send(STATUSES, ", ".join(instance_ids), body=wanted)
        return {need(item, "instanceID"): need(item, "instanceStatus") for item in items(answer.body, "statusList")}

    async def start(self, region_id: str, instance_id: str, *, timeout: float = 120) -> Server:
        """Power on and wait until it runs. Raises WrongState when it is not stopped."""
        await self._switch(START, region_id, instance_id, {}, timeout)
        return await self.wait_for_state(region_id, instance_id, {RUNNING}, timeout=timeout)

    async def stop(self, region_id: str, instance_id: str, *, force: bool = False, timeout: float = 120) -> Server:
        """Shut down (`force`: cut the power) and wait until it has stopped. Raises WrongState when it is not running."""
        await self._switch(STOP, region_id, instance_id, {"force": force}, timeout)
        return await self.wait_for_state(region_id, instance_id, {STOPPED}, timeout=timeout)

    async def reboot(self, region_id: str, instance_id: str, *, force: bool = False, timeout: float = 180) -> Server:
        """Restart and wait until it runs again."""
        await self._switch(REBOOT, region_id, instance_id, {"force": force}, timeout)
        return await self.wait_for_state(region_id, instance_id, {RUNNING}, timeout=timeout)

    async def _switch(self, call: Call, region_id: str, instance_id: str, extra: Mapping[str, Any], timeout: float) -> None:
        body = {"regionID": region_id, "instanceID": instance_id, **extra}
        answer = await self._transport.send(call, instance_id, body=body)
        verb = call.operation.split()[0]
        await self._jobs.wait(region_id, need(answer.body, "jobID"), what=f"{verb} of server {instance_id}", timeout=timeout)

    async def wait_for_state(self, region_id: str, instance_id: str, states: set[str], *, timeout: float) -> Server:
        """Wait until the server is in one of these states."""
        return await wait_until(
            lambda: self.get(region_id, instance_id),
            lambda server: server.status in states,
            what=f"server {instance_id} to be {' or '.join(sorted(states))}",
            timeout=timeout,
            state=lambda server: server.status,
            pace=self._pace,
        )

    async def update(self, region_id: str, instance_id: str, *, name: str | None = None, description: str | None = None) -> None:
        """Change the name (also the displayed one) or the description; what is None stays."""
        body = present(
            regionID=region_id, instanceID=instance_id, instanceName=name, displayName=name, instanceDescription=description
        )
        await self._transport.send(UPDATE, instance_id, body=body)

    async def resize(self, region_id: str, instance_id: str, flavor_id: str, *, client_token: str, timeout: float = 300) -> None:
        """Another flavour for a stopped server, and wait. Raises WrongState, OrderFailed, WaitTimeout."""
        body = {"clientToken": client_token, "regionID": region_id, "instanceID": instance_id, "flavorID": flavor_id}
        order = OrderRef.from_api((await self._transport.send(RESIZE, instance_id, body=body)).body)
        await self._orders.wait_for_change(order.id, what=f"another flavour of server {instance_id}", timeout=timeout)

    async def set_labels(self, region_id: str, instance_id: str, labels: Mapping[str, str]) -> None:
        """Add labels or change their values; others stay."""
        await self._label(region_id, instance_id, "ADD", labels)

    async def remove_labels(self, region_id: str, instance_id: str, labels: Mapping[str, str]) -> None:
        """Take labels off."""
        await self._label(region_id, instance_id, "DELETE", labels)

    async def _label(self, region_id: str, instance_id: str, action: str, labels: Mapping[str, str]) -> None:
        if not labels:
            return
        body = {"regionID": region_id, "instanceID": instance_id, "action": action, "labelList": label_list(labels)}
        await self._transport.send(LABELS, instance_id, body=body)

    async def disks(self, region_id: str, instance_id: str) -> builtins.list[AttachedDisk]:
        """System and data disks."""
        wanted = {"regionID": region_id, "instanceID": instance_id, "pageSize": PAGE}
        bodies = await all_pages(
            lambda page: self._transport.send(DISKS, instance_id, body={**wanted, "pageNo": page}), "results"
        )
        return [AttachedDisk.from_api(body) for body in bodies]

    async def delete(self, region_id: str, instance_id: str, *, client_token: str | None = None, timeout: float = 300) -> None:
        """Unsubscribe a server on demand and wait until it is gone. Raises NotFound when it was gone before."""
        token = token_or_new(client_token)
        try:
            order = await self._unsubscribe(region_id, instance_id, token)
        except WrongState:  # some pools insist on a stopped server
            await self.stop(region_id, instance_id, force=True, timeout=timeout)
            order = await self._unsubscribe(region_id, instance_id, token)
        await self._orders.wait_for_removal(order.id, what=f"the return of server {instance_id}", timeout=timeout)
        await wait_until(
            lambda: self.find(region_id, instance_id),
            lambda server: server is None,
            what=f"server {instance_id} to be gone",
            timeout=timeout,
            state=lambda server: server.status if server else "gone",
            pace=self._pace,
        )

    async def _unsubscribe(self, region_id: str, instance_id: str, token: str) -> OrderRef:
        body = {"clientToken": token, "regionID": region_id, "instanceID": instance_id}
        return OrderRef.from_api((await self._transport.send(UNSUBSCRIBE, instance_id, body=body)).body)
