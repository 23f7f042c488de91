"""What controllers ask of the network engine: the routers of VPCs."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from localcloud.engines.interface.values import VpcNetwork


class NetworkEngine(Protocol):
    """The networks of one cloud. Calls may be repeated, also at the same time, and raise EngineError."""

    async def apply(self, networks: Collection[VpcNetwork]) -> None:
        """Converge the routers; all rules of one VPC change in one transaction.

        Of what is asked for one VPC meanwhile only the newest is carried out, and serves all who have asked before it. Different
        VPCs do not wait for each other.
        """
