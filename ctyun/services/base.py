"""What all services share: the way to the cloud, paging, and fresh clientTokens where the caller gave none."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable

from ctyun.envelopes import Answer
from ctyun.fields import Body, items, number
from ctyun.transport import Transport
from ctyun.waiting import LOCAL_PACE, Pace

PAGE = 50  # the largest page of ECS, VPC and EIP


class Service:
    """Base of the services: holds the transport and how often to look while waiting."""

    def __init__(self, transport: Transport, pace: Pace = LOCAL_PACE) -> None:
        self._transport, self._pace = transport, pace


def token_or_new(client_token: str | None) -> str:
    """The caller's clientToken; else a new one, which still makes retries of this one call safe."""
    return client_token or str(uuid.uuid4())


async def all_pages(fetch: Callable[[int], Awaitable[Answer]], key: str, total: str = "totalCount") -> list[Body]:
    """The items under `key` of all pages, asked for one after the other from page 1; `total` is the field with their number."""
    found: list[Body] = []
    page = 1
    while True:
        answer = await fetch(page)
        new = items(answer.body, key)
        found += new
        if not new or len(found) >= number(answer.body, total):
            return found
        page += 1
