"""Calls of RDS as clients send them: region and instance in headers, orders by host rds2's second family."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from support.waiting import until

REGION = "bb9fdb42056f11eda1610242ac110002"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]
SINGLE, PAIR, REPLICA = 10001103, 10001101, 10001105
ORDER = "/teledb-acceptor/v2/openapi/accept-order-info"
DCP = "/teledb-dcp/v2/openapi/dcp-order-info"
Json = dict[str, Any]


class Rds:
    """RDS's side of a cloud under test; `api` is the test's client."""

    def __init__(self, api: Any) -> None:
        self.api = api

    def send(self, method: str, path: str, fields: Json, **headers: str) -> Json:
        """The whole answer."""
        if method in ("GET", "DELETE"):
            text = "&".join(f"{key}={quote(str(value), safe='~')}" for key, value in sorted(fields.items()))
            return dict(self.api.send(method, path, text, b"", **headers))
        return dict(self.api.send(method, path, "", json.dumps(fields).encode(), **headers))

    def ask(self, method: str, path: str, mysql_id: str = "", **fields: Any) -> Json:
        """A call of `/RDS2/` about an instance."""
        own = {"outerProdInstId": mysql_id} if mysql_id else {}
        headers = {"regionId": REGION, "project-id": "0"} | ({"inst-id": mysql_id} if mysql_id else {})
        return self.send(method, f"/RDS2/{path}", own | fields, **headers)

    def ok(self, method: str, path: str, mysql_id: str = "", **fields: Any) -> Any:
        """Its returnObj; it must be a success."""
        answer = self.ask(method, path, mysql_id, **fields)
        assert answer["statusCode"] == 0, answer
        return answer["returnObj"]

    def refused(self, method: str, path: str, mysql_id: str = "", **fields: Any) -> str:
        """The sentence of its refusal."""
        answer = self.ask(method, path, mysql_id, **fields)
        assert answer["statusCode"] in (2001, 3001, 5001) and answer["error"], answer
        return str(answer["message"])

    def order(self, method: str, path: str, **fields: Any) -> Any:
        """`returnObj.data` of a call of `/teledb-...`, which must be a success."""
        answer = self.send(method, path, fields)
        assert answer["statusCode"] == 200, answer
        return answer["returnObj"]["data"]

    def order_refused(self, method: str, path: str, **fields: Any) -> str:
        """The sentence of its refusal."""
        answer = self.send(method, path, fields)
        assert answer["statusCode"] == 900 and answer["error"], answer
        return str(answer["message"])

    def detail(self, mysql_id: str) -> Json:
        return dict(self.ok("GET", "v1/open-api/instance", mysql_id))

    def until(self, mysql_id: str, done: Callable[[Json], object], what: str, seconds: float = 10) -> Json:
        """The instance once that holds."""
        return until(lambda: self.detail(mysql_id), seconds, what, done=done)

    def made(self, body: Json) -> str:
        """The id of an instance that is ordered and ready."""
        order_id = self.order("POST", f"{ORDER}/accept", **body)["newOrderId"]
        [mysql_id] = self.order("GET", f"{ORDER}/getInstIdByOrderId", newOrderId=order_id)
        self.until(mysql_id, lambda seen: seen["prodOrderStatus"] == 0, f"instance {mysql_id} to be made")
        return str(mysql_id)


def wish(vpc: str, subnet: str, group: str, product: int = PAIR, zones: tuple[int, ...] = (1, 2), **more: Any) -> Json:
    """The body of an order. `zones`: of the primary (or read replica), then of the standby."""
    first = "readNode" if product == REPLICA else "master"
    infos = [
        {"availabilityZoneName": ZONES[zone - 1], "availabilityZoneCount": 1, "nodeType": role}
        for zone, role in zip(zones, (first, "slave"), strict=False)
    ]
    node = {
        "nodeType": first, "instSpec": "1", "storageType": "SSD", "storageSpace": 100, "prodPerformanceSpec": "2C4G",
        "disks": 1, "availabilityZoneInfo": infos,
    }  # fmt: skip
    return {
        "billMode": "2", "regionId": REGION, "prodVersion": "8.0", "prodId": product, "vpcId": vpc, "subnetId": subnet,
        "securityGroupId": group, "hostType": "S7", "name": "data", "period": 1, "count": 1, "autoRenewStatus": 0,
        "mysqlNodeInfoList": [node],
    } | more  # fmt: skip
