"""The way to the cloud: settings, and a client that is made when the first call needs it.

Preview and configuration never get that far, so they need no keys, no network and no running local cloud. They do not even
import the client: httpx and asyncssh take as long to import as the whole preview of a small stack.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_ctyun.provider.tokens import Tokens

if TYPE_CHECKING:
    from ctyun.client import Client


@dataclass(frozen=True)
class Settings:
    """What the provider was configured with."""

    target: str = "local"
    state: Path = Path()
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)  # an account's own: CTYUN_AK and CTYUN_SK, or nothing

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Of the provider's settings by the schema's names; what is absent or empty has its default."""
        folder, keys = given.get("stateFolder"), {"CTYUN_AK": given.get("accessKey"), "CTYUN_SK": given.get("secretKey")}
        state = Path(folder) if folder else state_folder_of(os.environ.get)
        return cls(given.get("target") or "local", state, {name: key for name, key in keys.items() if key})


def state_folder_of(env: Callable[[str], str | None]) -> Path:
    """$DRLAB_STATE, else drlab in the user's state folder."""
    own = env("DRLAB_STATE")
    base = env("XDG_STATE_HOME")
    return Path(own) if own else (Path(base) if base else Path.home() / ".local" / "state") / "drlab"


def connect(settings: Settings) -> Client:
    """The target alone decides: keys come from the local cloud's record, or from the settings, else CTYUN_AK and CTYUN_SK."""
    from ctyun.client import Client  # a preview never gets here, and httpx is slow to import

    return Client.local(settings.state) if settings.target == "local" else Client.ctyun({**os.environ, **settings.keys})


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
