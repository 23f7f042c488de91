"""One life of Docker's process: its stream of events stands as long as the process does, and breaks with it."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import closing, suppress

from docker.utils import kwargs_from_env

import docker

log = logging.getLogger("localcloud")
ANSWERS = 30  # seconds for a Docker that lives, and has much to do, to take a new connection


class DockerLife:
    """From when it was made, which blocks, to when Docker ends. `container` is one that Docker ends together with itself."""

    def __init__(self, loop: asyncio.AbstractEventLoop, container: str) -> None:
        self._loop, self._over = loop, asyncio.Event()
        self._client = _connected()
        deaths = {"type": ["container"], "event": ["die"], "container": [container]}
        self._stream = self._client.events(filters=deaths)
        threading.Thread(target=self._follow, name="docker-life", daemon=True).start()

    def is_over(self) -> bool:
        return self._over.is_set()

    async def ended(self) -> None:
        """Wait until it is over."""
        await self._over.wait()

    def close(self) -> None:
        """Follow it no longer; it counts as over then."""
        with suppress(OSError, AttributeError):  # it has ended
            self._stream.close()

    def _follow(self) -> None:
        response = self._stream._response  # type: ignore[attr-defined]  # the stream's own close() leaves half of it open
        try:
            with closing(self._client), closing(response):
                for _death in self._stream:
                    # A Docker that shuts down ends its containers first, and itself seconds later; new connections it refuses.
                    _connected().close()
        except Exception as error:  # whatever it is, it is the end of what could be followed
            log.debug("the stream of Docker's events ended: %s", error)
        with suppress(RuntimeError):  # nobody waits any more: the loop is closed
            self._loop.call_soon_threadsafe(self._over.set)


def _connected() -> docker.APIClient:
    """A client with a new connection, not one of those that a dying Docker still serves. Raises DockerException."""
    return docker.APIClient(version="auto", timeout=ANSWERS, **kwargs_from_env())
