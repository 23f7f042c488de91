"""What the state says of a resource besides its properties, under a key that the engine and the SDK keep to themselves.

States of earlier versions lack it; they get it by the next read or update.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from plugins.kit.serve import PluginError

KEY = "__about"


@dataclass(frozen=True)
class About:
    """`cloud`: the one that it is in."""

    cloud: str = ""

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        body = state.get(KEY)
        return cls(str(body.get("cloud") or "")) if isinstance(body, Mapping) else cls()

    def as_plain(self) -> dict[str, Any]:
        return {"cloud": self.cloud}

    def expect(self, here: str, doing: str) -> None:
        """Another cloud would say of everything that it is not there. Raises PluginError; `doing` is "delete X y (id)"."""
        if self.cloud and self.cloud != here:
            raise PluginError(
                f"Could not {doing}: it is in {_called(self.cloud)}, and the one that answers is {_called(here)}. Nothing was "
                "changed. Go to the lab that this stack belongs to (DRLAB_STATE, the provider's target and state folder). If its "
                "cloud is gone for good, pulumi stack rm --force forgets the stack."
            )


def _called(cloud: str) -> str:
    return "CTyun" if cloud == "ctyun" else f"the local cloud {cloud}"
