"""How far a cloud has come: what is asked of it before the rest of it is there."""

from __future__ import annotations

import asyncio

from localcloud.api.gateway import LOOPBACK_HOST
from localcloud.api.web import Request, Response, as_json
from localcloud.controllers.cloud import VERSION, Cloud
from localcloud.records.errors import LocalError, StillRestoring

PATH = "/_local/health"
ENGINES_SECONDS = 60.0  # a call waits so long for engines that start; a second or two is usual


def answer(cloud: Cloud, request: Request) -> Response:
    """`ready`: calls are taken. `phase` is "ready" once the engines run, too."""
    try:
        check_caller(request)
    except LocalError as error:
        return as_json({"error": str(error)}, status=error.status)
    opened = cloud.opened.is_set()
    return as_json({"id": cloud.identity.id, "version": VERSION, "ready": opened, "phase": cloud.phase})


def check_caller(request: Request) -> None:
    """Raises LocalError for whoever comes under another name, and for browsers with another site's page."""
    if not LOOPBACK_HOST.match(request.headers.get("host", "")):
        raise LocalError(403, "this path is only served under the names 127.0.0.1 and localhost")
    if "origin" in request.headers or request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise LocalError(403, "requests of web pages are refused here")


async def engines_run(cloud: Cloud) -> None:
    """Wait for the engines of a cloud that takes calls already. Raises StillRestoring when they do not come."""
    try:
        async with asyncio.timeout(ENGINES_SECONDS):
            await cloud.ready.wait()
    except TimeoutError:
        raise StillRestoring(cloud.phase) from None
