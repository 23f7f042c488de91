"""A cloud that is a function: what was asked goes in, an envelope comes out, and every request is kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import pytest

from ctyun import Client, Credentials, Endpoints, Retry

T = TypeVar("T")
Handler = Callable[[httpx.Request], httpx.Response]
ACCESS_KEY = "0123456789abcdef0123456789abcdef"
SECRET_KEY = "fedcba9876543210fedcba9876543210"  # noqa: S105 (of the published test vectors)
REGION = "bb9fdb42056f11eda1610242ac110002"


@dataclass
class ScriptedCloud:
    """Answers each path from its list; the last answer of a list is repeated."""

    answers: Mapping[str, list[httpx.Response | Exception]]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        left = self.answers[request.url.path]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, content=answer.content, headers=answer.headers)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.requests if request.content]

    def client(self, *, attempts: int = 4, real: bool = False) -> Client:
        """A client whose only way out is this function."""
        endpoints = Endpoints.real() if real else Endpoints.at("http://cloud.test")
        return Client(
            endpoints,
            Credentials(ACCESS_KEY, SECRET_KEY),
            http=httpx.MockTransport(self),
            retry=Retry(attempts=attempts, pause=0),
        )


def _ok(body: Mapping[str, Any] | None = None, **fields: Any) -> httpx.Response:
    return httpx.Response(200, json={"statusCode": 800, "returnObj": body if body is not None else fields})


def _failure(code: str, message: str = "no", status: int = 200, **body: Any) -> httpx.Response:
    return httpx.Response(status, json={"statusCode": 900, "errorCode": code, "message": message, "returnObj": body or None})


@pytest.fixture
def ok() -> Callable[..., httpx.Response]:
    """ok(vpcID="vpc-1") -> a successful envelope."""
    return _ok


@pytest.fixture
def failure() -> Callable[..., httpx.Response]:
    """failure("Openapi.Vpc.NotFound") -> an envelope with statusCode 900."""
    return _failure


@pytest.fixture
def scripted() -> Callable[..., ScriptedCloud]:
    """scripted({"/v4/vpc/query": [answer, ...]}) -> a cloud with these answers."""
    return lambda answers: ScriptedCloud({path: list(given) for path, given in answers.items()})


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, T]], T]:
    return asyncio.run


@pytest.fixture
def region() -> str:
    return REGION


@pytest.fixture
def keys() -> Credentials:
    return Credentials(ACCESS_KEY, SECRET_KEY)
