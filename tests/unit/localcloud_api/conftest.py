"""A cloud on engines that only remember, called over HTTP like the real one, with a signer of the tests' own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from support.fake_engines import FakeEngines
from support.fake_lives import FakeLives
from support.rds_calls import Rds
from support.waiting import until

from localcloud.app import App, create_app
from localcloud.controllers.cloud import Cloud, Identity
from localcloud.records.compute import ALL_KINDS
from localcloud.records.store import Store

REGION, OTHER_REGION = "bb9fdb42056f11eda1610242ac110002", "200000001852"
ZONES = [f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)]
IDENTITY = Identity("abc123", "A" * 32, "S" * 32, "L" * 40)
IMAGES = {"debian": "drlab/debian:t", "debian-lamp": "drlab/debian-lamp:t"}
Json = dict[str, Any]


def sign(query: str, body: bytes, access_key: str, secret_key: str, date: str, request_id: str) -> str:
    """The header of a signed call."""

    def chain(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    key = chain(chain(chain(secret_key.encode(), date), access_key), date[:8])
    text = f"ctyun-eop-request-id:{request_id}\neop-date:{date}\n\n{query}\n{hashlib.sha256(body).hexdigest()}"
    signature = base64.b64encode(chain(key, text)).decode()
    return f"{access_key} Headers=ctyun-eop-request-id;eop-date Signature={signature}"


class Http:
    """Calls an ASGI application that lives on an event loop of its own, so that its background tasks go on between calls."""

    def __init__(self, app: App, started: bool = True) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._app, self._lifespan = app, app.lifespan() if started else None
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8750")
        if self._lifespan:
            self.wait(self._lifespan.__aenter__())

    def wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine that runs on the application's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        response: httpx.Response = self.wait(self._client.request(method, url, **options))
        return response

    def close(self) -> None:
        """Stop the application as a daemon stops: tasks are cancelled, engines stay."""
        self.wait(self._client.aclose())
        self.wait(self._lifespan.__aexit__(None, None, None) if self._lifespan else self._app.cloud.tasks.cancel())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class Api:
    """A client of the cloud's HTTP interface, and a look behind it."""

    def __init__(self, http: Http, cloud: Cloud, engines: FakeEngines) -> None:
        self.http, self.cloud, self.engines = http, cloud, engines

    def get(self, path: str, **query: Any) -> Json:
        text = "&".join(f"{key}={quote(str(value), safe='~')}" for key, value in sorted(query.items()))
        return self.send("GET", path, text, b"")

    def post(self, path: str, **fields: Any) -> Json:
        fields.setdefault("clientToken", str(uuid.uuid4()))
        return self.send("POST", path, "", json.dumps(fields).encode())

    def send(self, method: str, path: str, query: str, body: bytes, **changes: str) -> Json:
        """A signed call; `changes` replace headers or, as access_key and secret_key, the keys."""
        date, request_id = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), str(uuid.uuid4())
        access_key, secret_key = changes.pop("access_key", IDENTITY.access_key), changes.pop("secret_key", IDENTITY.secret_key)
        headers = {
            "ctyun-eop-request-id": request_id, "Eop-date": date,
            "Eop-Authorization": sign(query, body, access_key, secret_key, date, request_id),
        } | changes  # fmt: skip
        response = self.http.request(method, path + (f"?{query}" if query else ""), content=body, headers=headers)
        answer: Json = response.json()
        return answer

    def ok(self, answer: Json) -> Any:
        """The returnObj of an answer that must be a success."""
        assert answer["statusCode"] == 800, answer
        return answer["returnObj"]

    def placed(self, answer: Json) -> Any:
        """The order in an answer that may say that it is still open."""
        assert answer["statusCode"] == 800 or answer["errorCode"] == "ebs.order.inProgress", answer
        return answer["returnObj"]

    def local(self, method: str, path: str, body: Json | None = None, status: int = 200, **headers: str) -> Any:
        """A call to `/_local/` with the key."""
        given = {"X-Drlab-Key": IDENTITY.local_key} | headers
        response = self.http.request(method, f"/_local{path}", headers=given, content=json.dumps(body or {}))
        assert response.status_code == status, response.text
        return response.json()

    # -- things that most tests need ------------------------------------------------------------------------------------
    def vpc(self, name: str = "net", cidr: str = "192.168.0.0/16", region: str = REGION) -> str:
        return str(self.ok(self.post("/v4/vpc/create", regionID=region, name=name, CIDR=cidr))["vpcID"])

    def subnet(self, vpc: str, name: str = "sub", cidr: str = "192.168.1.0/24", region: str = REGION) -> str:
        answer = self.post("/v4/vpc/create-subnet", regionID=region, vpcID=vpc, name=name, CIDR=cidr)
        return str(self.ok(answer)["subnetID"])

    def group(self, vpc: str, name: str = "web") -> str:
        return str(self.ok(self.post("/v4/vpc/create-security-group", regionID=REGION, vpcID=vpc, name=name))["securityGroupID"])

    def image(self, name: str = "debian-12", region: str = REGION) -> str:
        images = self.ok(self.get("/v4/image/list", regionID=region))["images"]
        return str(next(image["imageID"] for image in images if image["imageName"] == name))

    def flavor(self, name: str = "s7.small.1", zone: str = ZONES[0], region: str = REGION) -> str:
        flavors = self.ok(self.post("/v4/ecs/flavor/list", regionID=region, azName=zone, flavorName=name))["flavorList"]
        return str(flavors[0]["flavorID"])

    def wish(self, vpc: str, subnet: str, name: str = "web-01", zone: str = ZONES[0], **more: Any) -> Json:
        """The body of a create call."""
        return {
            "regionID": REGION, "azName": zone, "instanceName": name, "displayName": name, "flavorID": self.flavor(zone=zone),
            "imageType": 1, "imageID": self.image(), "bootDiskType": "SATA", "bootDiskSize": 40, "vpcID": vpc, "onDemand": True,
            "networkCardList": [{"isMaster": True, "subnetID": subnet}], "extIP": "0",
        } | more  # fmt: skip

    def server(self, vpc: str, subnet: str, name: str = "web-01", **more: Any) -> str:
        """A running server's id."""
        order = self.ok(self.post("/v4/ecs/create-instance", **self.wish(vpc, subnet, name, **more)))["masterOrderID"]
        done = self.finished(order)
        assert done["orderStatus"] == "3", done
        return str(done["instanceIDList"][0])

    def finished(self, order_id: str) -> Json:
        """The order once it is neither opening nor new."""
        look = lambda: dict(self.ok(self.get("/v4/ecs/order/query-uuid", masterOrderID=order_id)))  # noqa: E731
        return until(look, 10, f"order {order_id}", done=lambda order: order["orderStatus"] != "14", pause=0)

    def job_done(self, job_id: str) -> Json:
        """The job once it is over."""
        look = lambda: dict(self.ok(self.get("/v4/job/info", regionID=REGION, jobID=job_id)))  # noqa: E731
        return until(look, 10, f"job {job_id}", done=lambda job: job["status"] != 0, pause=0)

    def details(self, instance_id: str) -> Json:
        return self.get("/v4/ecs/instance-details", regionID=REGION, instanceID=instance_id)


@pytest.fixture
def engines() -> FakeEngines:
    return FakeEngines()


@pytest.fixture
def start(engines: FakeEngines, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Start a cloud on the test's state; calling it again is a restart with the same records and engines.

    With `started=False` its engines are left to the test.
    """
    running: list[tuple[Http, Store]] = []

    def stop() -> None:
        while running:
            http, store = running.pop()
            http.close()
            store.close()

    def begin(started: bool = True) -> Api:
        stop()
        store = Store(tmp_path / "localcloud.sqlite", ALL_KINDS)
        app = create_app(store, engines, IDENTITY, IMAGES)
        http = Http(app, started)
        running.append((http, store))
        return Api(http, app.cloud, engines)

    yield begin
    stop()


@pytest.fixture
def api(start: Callable[[], Api]) -> Api:
    return start()


@pytest.fixture
def lives(api: Api) -> FakeLives:
    """MySQL instances whose lives are only remembered."""
    lives = FakeLives(api.cloud.store)
    api.cloud.databases = lives  # type: ignore[assignment]
    return lives


@pytest.fixture
def rds(api: Api, lives: FakeLives) -> Rds:
    return Rds(api)


@pytest.fixture
def data_net(api: Api) -> tuple[str, str, str]:
    """VPC, subnet and security group for MySQL instances."""
    vpc = api.vpc()
    return vpc, api.subnet(vpc), api.group(vpc, "data")
