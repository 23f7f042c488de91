"""MySQL instances: ordered, looked up, switched, given back. The API has no clientToken here: one is found again by its name."""

from __future__ import annotations

import builtins
import contextlib
import re
from collections.abc import Callable

from ctyun.errors import ApiError, NotFound, OrderFailed, UnknownName
from ctyun.fields import items, need, text, texts
from ctyun.services.base import PAGE, all_pages
from ctyun.services.mysql_base import PROJECT, MysqlService, data_items, data_part, encoded, rds2, teledb
from ctyun.services.mysql_orders import SERIES, MysqlSpec, NewMysql
from ctyun.services.mysql_passwords import encrypted
from ctyun.services.mysql_values import CHANGING, CREATING, FAILED, NORMAL, STOPPED, MysqlInstance
from ctyun.transport import Call, Transport
from ctyun.waiting import LOCAL_PACE, Pace, wait_until

SPECS = teledb("GET", "acceptor/v2/openapi/accept-order-info/template", "list sizes of MySQL instances")
PUBLIC_KEY = teledb("GET", "acceptor/v2/openapi/accept-order-info/getPublicKey", "get the key for passwords of MySQL instances")
CREATE = teledb("POST", "acceptor/v2/openapi/accept-order-info/accept", "create MySQL instance")
ORDERED = teledb("GET", "acceptor/v2/openapi/accept-order-info/getInstIdByOrderId", "look up the order of MySQL instance")
REFUND = teledb("GET", "acceptor/v2/openapi/accept-order-info/refundOrder", "give back MySQL instance", once=True)
DESTROY = teledb("GET", "acceptor/v2/openapi/accept-order-info/destroyOrder", "destroy MySQL instance", once=True)
CHANGE_GROUP = teledb("POST", "dcp/v2/openapi/dcp-order-info/securityGroup/change", "change the security group of MySQL instance")
LIST = rds2("POST", "v1/open-api/instance/instance-list", "list MySQL instances", read_only=True)
GET = rds2("GET", "v1/open-api/instance", "look up MySQL instance")
RESTART = rds2("POST", "v1/open-api/instance/restart-db-instance", "restart MySQL instance")
STOP = rds2("POST", "v1/open-api/instance/stop-instance", "stop MySQL instance")
START = rds2("POST", "v1/open-api/instance/start-instance", "start MySQL instance")
ROOT_PASSWORD = rds2("POST", "v1/open-api/instance/reset-root-password", "set the password of root of MySQL instance")

SUCCEEDED = re.compile(r"|ok|.*(success|成功)[.。!]?", re.IGNORECASE)  # the documents do not say how it is worded
ORDER_SECONDS = 30.0
PAUSED = 6  # prodOrderStatus after a stop through the API
ON_THE_WAY = frozenset({NORMAL, CREATING, CHANGING})


class MysqlInstances(MysqlService):
    """Order, look up, change and give back MySQL instances."""

    def __init__(self, transport: Transport, pace: Pace = LOCAL_PACE) -> None:
        super().__init__(transport, pace)
        self._orders: dict[str, str] = {}  # instance id -> its order, which alone knows why a build failed

    async def specs(self, region_id: str) -> builtins.list[MysqlSpec]:
        """The general-purpose sizes of all products."""
        query = {"prodType": "1", "prodCode": "MYSQL", "regionId": region_id, "instanceType": SERIES}
        products = data_items((await self._order(SPECS, "", region_id=region_id, query=query)).body)
        return [MysqlSpec.from_api(product, body) for product in products for body in items(product, "instSpecInfoList")]

    async def create(self, region_id: str, new: NewMysql, *, timeout: float = 600) -> str:
        """Order an instance on demand; its id, as soon as that is known. Go on with `wait`. Raises UnknownName, OrderFailed."""
        spec = await self.size(region_id, new.product, new.zone_name, new.flavor)
        password = encrypted(new.password, await self._public_key()) if new.password is not None else None
        body = {"regionId": region_id, **new.to_api(spec, password)}
        order = data_part((await self._order(CREATE, new.name, region_id=region_id, body=body)).body)
        if order.get("submitted") is False:
            reason = text(order, "errorMessage") or "the cloud gave no reason"
            raise OrderFailed(f"The order of MySQL instance {new.name} was not accepted: {reason.rstrip('.')}.")
        return await self._ordered(need(order, "newOrderId"), new.name, timeout)

    async def size(self, region_id: str, product: int, zone_name: str, flavor: str) -> MysqlSpec:
        """A size of a product in a zone. Raises UnknownName."""
        fitting = [one for one in await self.specs(region_id) if one.product == product and zone_name in one.zone_names]
        found = next((one for one in fitting if one.flavor == flavor), None)
        if found is None:
            sizes = sorted({one.flavor for one in fitting})
            raise UnknownName("size of MySQL instances", flavor, sizes, where=f"in {zone_name}")
        return found

    async def _public_key(self) -> str:
        answer = (await self._order(PUBLIC_KEY, "")).body
        key = next((value for name in ("data", "string", "value") if isinstance(value := answer.get(name), str)), "")
        return key or need(data_part(answer), "string")

    async def _ordered(self, order_id: str, name: str, timeout: float) -> str:
        """The order's first instance. Raises OrderFailed with the cloud's reason."""

        async def ask() -> tuple[str, ...]:
            return await self.instances_of(order_id, name, "The order of")

        what = f"order {order_id} (MySQL instance {name}) to have an instance"
        ids = await wait_until(ask, bool, what=what, timeout=timeout, state=lambda ids: "none yet", pace=self._pace)
        self._orders[ids[0]] = order_id
        return ids[0]

    async def instances_of(self, order_id: str, name: str, order: str) -> tuple[str, ...]:
        """None yet, or all. Raises OrderFailed with the cloud's reason."""
        answer = await self._order(ORDERED, name, query={"newOrderId": order_id})
        found = texts(answer.body, "data") or texts(answer.body, "items")
        if not found and not SUCCEEDED.fullmatch(answer.message.strip()):
            raise OrderFailed(f"{order} MySQL instance {name} failed: {answer.message.rstrip('.')}.")
        return found

    async def _check_order(self, instance: MysqlInstance) -> None:
        """Raises OrderFailed with the cloud's reason, when it was ordered through this client and the order knows one."""
        if order_id := self._orders.get(instance.id):
            await self._ordered(order_id, instance.name, ORDER_SECONDS)

    async def get(self, region_id: str, mysql_id: str) -> MysqlInstance:
        """Raises NotFound, also when it is destroyed."""
        body = await self._ask(GET, region_id, mysql_id)
        if not body:
            raise NotFound(GET.operation, mysql_id, "", "the answer is empty")
        instance = MysqlInstance.from_api(body)
        if instance.is_gone:
            raise NotFound(GET.operation, mysql_id, "", f"it is {instance.state}")
        return instance

    async def find(self, region_id: str, mysql_id: str) -> MysqlInstance | None:
        """The instance, or None when it is gone."""
        try:
            return await self.get(region_id, mysql_id)
        except NotFound:
            return None

    async def list(self, region_id: str, *, name: str | None = None) -> builtins.list[MysqlInstance]:
        """Instances of the region that are not destroyed, or those with exactly this name; without their nodes."""
        headers = {"regionId": region_id, "project-id": PROJECT}
        wanted = {"pageSize": PAGE, **({"prodInstName": name} if name else {})}
        bodies = await all_pages(
            lambda page: self._transport.send(LIST, "", body={**wanted, "pageNow": page}, headers=headers), "list", "total"
        )
        found = map(MysqlInstance.from_api, bodies)
        return [instance for instance in found if not instance.is_gone and (name is None or instance.name == name)]

    async def wait(self, region_id: str, mysql_id: str, *, timeout: float = 600) -> MysqlInstance:
        """Wait until it can be used. Raises OrderFailed, WaitTimeout, NotFound."""
        instance = await self._until(region_id, mysql_id, "to be ready", lambda seen: seen.is_ready or _hopeless(seen), timeout)
        if not instance.is_ready:
            await self._check_order(instance)
            advice = "Delete it and order again." if instance.order_status == FAILED else "Somebody has stopped or returned it."
            raise OrderFailed(f"MySQL instance {instance.name} ({mysql_id}) cannot be used: it is {instance.state}. {advice}")
        return instance

    async def restart(self, region_id: str, mysql_id: str, *, timeout: float = 300) -> MysqlInstance:
        """Restart all its servers and wait."""
        await self._ask(RESTART, region_id, mysql_id)
        return await self.wait(region_id, mysql_id, timeout=timeout)

    async def stop(self, region_id: str, mysql_id: str, *, timeout: float = 300) -> MysqlInstance:
        """Stop it in an orderly way and wait."""
        await self._ask(STOP, region_id, mysql_id)
        return await self._until(region_id, mysql_id, "to stop", _is_stopped, timeout)

    async def start(self, region_id: str, mysql_id: str, *, timeout: float = 300) -> MysqlInstance:
        """Start a stopped one and wait."""
        await self._ask(START, region_id, mysql_id)
        return await self._until(region_id, mysql_id, "to start", lambda seen: seen.is_ready, timeout)

    async def set_root_password(self, region_id: str, mysql_id: str, password: str, *, timeout: float = 300) -> MysqlInstance:
        """Set it and wait."""
        await self._ask(ROOT_PASSWORD, region_id, mysql_id, body={"rootPassword": encoded(password)})
        return await self.wait(region_id, mysql_id, timeout=timeout)

    async def change_security_group(
        self, region_id: str, mysql_id: str, old: str, new: str, *, timeout: float = 120
    ) -> MysqlInstance:
        """Another security group instead of the old one."""
        body = {"instanceId": mysql_id, "securityGroupId": old, "newSecurityGroupId": new}
        await self._order(CHANGE_GROUP, mysql_id, region_id=region_id, body=body)
        what = f"to have security group {new}"
        return await self._until(region_id, mysql_id, what, lambda seen: seen.security_group_id == new, timeout)

    async def delete(self, region_id: str, mysql_id: str, *, timeout: float = 600) -> None:
        """Give it back, destroy it, and wait until it is gone. Raises NotFound when it is gone already, OrderFailed."""
        await self._until(region_id, mysql_id, "to be at rest", lambda seen: seen.is_returned or _is_at_rest(seen), timeout)
        order_id = ""
        if not (await self.get(region_id, mysql_id)).is_returned:
            order_id = await self._send_order(REFUND, mysql_id)
        await self._gone_or(region_id, mysql_id, "given back", lambda seen: seen.is_returned, timeout, order_id)
        if await self.find(region_id, mysql_id) is not None:
            order_id = await self._send_order(DESTROY, mysql_id)
        await self._gone_or(region_id, mysql_id, "gone", lambda seen: False, timeout, order_id)

    async def _send_order(self, call: Call, mysql_id: str) -> str:
        """Its id."""
        order = data_part((await self._order(call, mysql_id, query={"instId": mysql_id})).body)
        if order.get("submitted") is False:
            reason = text(order, "errorMessage") or "the cloud gave no reason"
            raise OrderFailed(f"Could not {call.operation} {mysql_id}: {reason.rstrip('.')}.")
        return text(order, "newOrderId")

    async def _gone_or(
        self, region_id: str, mysql_id: str, what: str, done: Callable[[MysqlInstance], bool], timeout: float, order_id: str
    ) -> None:
        """Raises OrderFailed as soon as the order is known to have failed."""

        async def look() -> MysqlInstance | None:
            seen = await self.find(region_id, mysql_id)
            if seen is not None and not done(seen) and order_id:
                with contextlib.suppress(ApiError):  # it may know orders of creations alone
                    await self.instances_of(order_id, seen.name, "The removal of")
            return seen

        await wait_until(
            look,
            lambda seen: seen is None or done(seen),
            what=f"MySQL instance {mysql_id} to be {what}",
            timeout=timeout,
            state=lambda seen: seen.state if seen else "gone",
            pace=self._pace,
        )

    async def _until(
        self, region_id: str, mysql_id: str, what: str, done: Callable[[MysqlInstance], bool], timeout: float
    ) -> MysqlInstance:
        return await wait_until(
            lambda: self.get(region_id, mysql_id),
            done,
            what=f"MySQL instance {mysql_id} {what}",
            timeout=timeout,
            state=lambda seen: seen.state,
            pace=self._pace,
        )


def _is_at_rest(instance: MysqlInstance) -> bool:
    """Nothing is being done to it that a return would have to wait for."""
    return instance.order_status not in (CREATING, CHANGING) and instance.running_status in (0, STOPPED)


def _is_stopped(instance: MysqlInstance) -> bool:
    return instance.order_status == PAUSED and _is_at_rest(instance)


def _hopeless(instance: MysqlInstance) -> bool:
    """It will not become ready by waiting: the build failed, or somebody has stopped or returned it."""
    return instance.order_status not in ON_THE_WAY
