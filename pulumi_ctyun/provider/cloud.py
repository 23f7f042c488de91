"""The way to the cloud: settings, and a client that is made when the first call needs it.

Preview and configuration never get that far, so they need no keys, no network and no running local cloud. They do not even
import the client: httpx and asyncssh take as long to import as the whole preview of a small stack.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pulumi_ctyun.provider.tokens import Tokens

if TYPE_CHECKING:
    from ctyun.client import Client


@dataclass(frozen=True)
class Settings:
    """What the provider was configured with."""

    target: str = "local"
    state: Path = Path()

    @classmethod
    def of(cls, target: str | None, state_folder: str | None) -> Settings:
        return cls(target or "local", Path(state_folder) if state_folder else state_folder_of(os.environ.get))


def state_folder_of(env: Callable[[str], str | None]) -> Path:
    """$DRLAB_STATE, else drlab in the user's state folder."""
    own = env("DRLAB_STATE")
    base = env("XDG_STATE_HOME")
    return Path(own) if own else (Path(base) if base else Path.home() / ".local" / "state") / "drlab"


def connect(settings: Settings) -> Client:
    """Keys come from the local cloud's record, or from CTYUN_AK and CTYUN_SK: the target alone decides."""
    from ctyun.client import Client  # a preview never gets here, and httpx is slow to import

    return Client.local(settings.state) if settings.target == "local" else Client.ctyun(os.environ)


class Cloud:
    """Shared by all handlers. `make` is the seam for tests."""

    def __init__(self, settings: Settings, make: Callable[[Settings], Client] = connect) -> None:
        self._settings, self._make = settings, make
        self._client: Client | None = None
        self.state = settings.state
        self.tokens = Tokens(settings.state / "tokens")

    @property
    def client(self) -> Client:
        """Raises ConfigurationError when the local cloud does not run or keys are missing."""
        if self._client is None:
            self._client = self._make(self._settings)
        return self._client

    async def region_id(self, region: str) -> str:
        """Of a name or an id. Raises UnknownName."""
        return (await self.client.regions.resolve(region)).id
