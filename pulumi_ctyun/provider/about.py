"""What the state says of a resource besides its properties, under a key that the engine and the SDK keep to themselves.

States of earlier versions lack it; they get it by the next read or update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from pulumi_ctyun.kit.serve import PluginError

KEY = "__about"


@dataclass(frozen=True)
class About:
    """`cloud`: the one that it is in. `spellings`: by input, all that the thing there is called by, of which the program has
    chosen one. `imported`: nothing is known yet of inputs that the cloud does not show."""

    cloud: str = ""
    spellings: Mapping[str, Sequence[str]] = field(default_factory=dict)
    imported: bool = False

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        body = state.get(KEY)
        if not isinstance(body, Mapping):
            return cls()
        return cls(str(body.get("cloud") or ""), body.get("spellings") or {}, body.get("imported") is True)

    def as_plain(self) -> dict[str, Any]:
        spellings = {name: list(names) for name, names in self.spellings.items()}
        body = {"cloud": self.cloud, "spellings": spellings, "imported": self.imported}
        return {name: value for name, value in body.items() if value}

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
