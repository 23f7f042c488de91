"""Images made from servers."""

from __future__ import annotations

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources.base import CtyunResource


class Image(CtyunResource):
    """An image made from a server, running or stopped; its id does for `Instance(image=...)`.

    `whole_machine` (True): its data disks too, of which there must be at least one. Any change makes it anew.
    """

    region: Output[str]
    name: Output[str]
    description: Output[str | None]
    instance_id: Output[str]
    """The server it was made from."""
    whole_machine: Output[bool]
    """Whether the data disks are in it."""
    image_id: Output[str]
    """Id, for Instance."""

    def __init__(
        self,
        resource_name: str,
        *,
        region: Input[str],
        name: Input[str],
        instance_id: Input[str],
        whole_machine: Input[bool] | None = None,
        description: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(
            "ctyun:image:Image", resource_name, opts, region=region, name=name, instance_id=instance_id,
            whole_machine=whole_machine, description=description,
        )  # fmt: skip
