"""The operations under way. On Ctrl-C the engine calls `cancel`, and they end at once instead of waiting out their deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.remote.texts import redact

T = TypeVar("T")


class Cancelled(PluginError):
    """The user has stopped the update."""

    def __init__(self) -> None:
        super().__init__("Stopped before it was done, because the update was cancelled. The next `pulumi up` goes on from here.")


class Running:
    """Carries out operations; errors of the cloud leave it as sentences for the user."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._cancelled = False

    async def run(self, work: Coroutine[Any, Any, T], secrets: frozenset[str] = frozenset()) -> T:
        """The work's result. Raises PluginError; Cancelled when `cancel` was or is called.

        `secrets` are kept out of the sentences. The client knows which fields are secret, but not what else a program keeps so.
        """
        from ctyun.errors import CtyunError  # a preview carries out nothing, and the client is slow to import

        if self._cancelled:
            work.close()
            raise Cancelled
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            if self._cancelled:
                raise Cancelled from None
            raise
        except CtyunError as error:
            raise PluginError(redact(str(error), secrets)) from error
        except OSError as error:  # this machine's trouble, such as a full disk below the state folder
            raise PluginError(f"Could not go on: {error}.") from error
        finally:
            self._tasks.discard(task)

    def cancel(self) -> None:
        self._cancelled = True
        for task in self._tasks:
            task.cancel()
