"""Public addresses."""

from __future__ import annotations

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class Eip(CtyunResource):
    """A public address, paid by use. `bandwidth`: Mbit/s (5); a change replaces the address."""

    region: Output[str]
    name: Output[str]
    bandwidth: Output[int]
    address: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        bandwidth: Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "name": name, "bandwidth": bandwidth}
        super().__init__("ctyun:eip:Eip", resource_name, inputs, ["eipId", "address"], opts)

    @property
    def eip_id(self) -> Output[str]:
        """Id, like eip-...."""
        return self.output("eipId")


class EipAssociation(CtyunResource):
    """Binds a public address to a server."""

    region: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        eip_id: Input[str],
        instance_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        inputs = {"region": region, "eipId": eip_id, "instanceId": instance_id}
        super().__init__("ctyun:eip:EipAssociation", resource_name, inputs, ["privateAddress"], opts)

    @property
    def eip_id(self) -> Output[str]:
        """The public address' id."""
        return self.output("eipId")

    @property
    def instance_id(self) -> Output[str]:
        """The server's id."""
        return self.output("instanceId")

    @property
    def private_address(self) -> Output[str]:
        """The server's address that the public one leads to."""
        return self.output("privateAddress")
