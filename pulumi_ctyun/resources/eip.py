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
    eip_id: Output[str]
    """Id, like eip-...."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        bandwidth: Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:eip:Eip", resource_name, opts, region=region, name=name, bandwidth=bandwidth)


class EipAssociation(CtyunResource):
    """Binds a public address to a server."""

    region: Output[str]
    eip_id: Output[str]
    """The public address' id."""
    instance_id: Output[str]
    """The server's id."""
    private_address: Output[str]
    """The server's address that the public one leads to."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        eip_id: Input[str],
        instance_id: Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ctyun:eip:EipAssociation", resource_name, opts, region=region, eip_id=eip_id, instance_id=instance_id)
