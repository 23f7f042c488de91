"""Nothing that holds data is deleted by an update that was told to keep it.

`./lab up` looks at a preview and refuses as a whole; what decides is here, should the update see more than its preview did.
"""

from __future__ import annotations

import os

from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.resources.declarations.model import Resource

ALLOWED = (
    "PULUMI_CTYUN_ALLOW_LOSS"  # names of what may go, one a line; unset, as for plain `pulumi` and for a destroy: everything may
)


def refuse_loss(urn: str, resource: Resource) -> None:
    """Raises PluginError for something that holds data, and that nobody has named."""
    allowed = os.environ.get(ALLOWED)
    name = urn.rpartition("::")[2]
    if allowed is None or not resource.data or name in allowed.splitlines():
        return
    raise PluginError(f"{name} was not deleted, since {resource.data} would be lost for good. To let it go: --allow-loss {name}")
