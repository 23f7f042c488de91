"""Calls of Docker's API from a running event loop: every call in a thread, every error as one sentence."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_all
from typing import Any, TypeVar

import requests
from docker.errors import APIError, DockerException, NotFound
from docker.utils import kwargs_from_env

import docker
from localcloud.engines.interface.engines import EngineError

T = TypeVar("T")
WORKERS = 8  # calls at a time; Docker itself does not go faster with more
TIMEOUT = 120.0  # seconds for one call
CLOSE_SECONDS = 10.0  # close() waits so long for calls that are under way
GRACE = 0.5  # seconds before a call that Docker did not answer fails: by then who waits for it has been told that Docker ended


class DockerSilent(EngineError):
    """Docker did not answer."""


class DockerCalls:
    """Threads and connections. Clients are not thread-safe, so each thread has its own."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="docker")
        self._local = threading.local()
        self._clients: list[docker.APIClient] = []
        self._version: str | None = None
        self._calls: set[Future[Any]] = set()  # under way

    async def close(self) -> None:
        """Let go of threads and connections; calls that are under way are waited for a while."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(wait_for_all, list(self._calls), CLOSE_SECONDS)
        for client in self._clients:
            client.close()

    async def _unless_gone(self, failure: str, call: Callable[[docker.APIClient], T]) -> T | None:
        """None when what the call is about is not there."""

        def unless_gone(client: docker.APIClient) -> T | None:
            try:
                return call(client)
            except NotFound:
                return None

        return await self._do(failure, unless_gone)

    async def _do(self, failure: str, call: Callable[[docker.APIClient], T]) -> T:
        """Raises EngineError, which begins with `failure`."""
        under_way = self._pool.submit(self._translated, failure, call)
        self._calls.add(under_way)
        under_way.add_done_callback(self._calls.discard)
        try:
            return await asyncio.wrap_future(under_way)
        except DockerSilent:
            await asyncio.sleep(GRACE)
            raise

    def _translated(self, failure: str, call: Callable[[docker.APIClient], T]) -> T:
        try:
            return call(self._client())
        except APIError as exc:
            raise EngineError(f"{failure}: {exc.explanation or exc}") from exc
        except (DockerException, requests.RequestException) as exc:
            raise DockerSilent(f"{failure}: Docker does not answer ({exc}); ./lab doctor says more") from exc

    def _client(self) -> docker.APIClient:
        found: docker.APIClient | None = getattr(self._local, "client", None)
        if found is None:
            settings = kwargs_from_env()
            found = docker.APIClient(version=self._version or "auto", timeout=int(TIMEOUT), **settings)
            self._version = found.api_version  # asked once
            self._local.client = found
            self._clients.append(found)
        return found
