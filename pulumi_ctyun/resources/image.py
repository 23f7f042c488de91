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
        inputs = {
            "region": region,
            "name": name,
            "instanceId": instance_id,
            "wholeMachine": whole_machine,
            "description": description,
        }
        super().__init__("ctyun:image:Image", resource_name, inputs, ["imageId"], opts)

    @property
    def instance_id(self) -> Output[str]:
        """The server it was made from."""
        return self.output("instanceId")

    @property
    def whole_machine(self) -> Output[bool]:
        """Whether the data disks are in it."""
        return self.output("wholeMachine")

    @property
    def image_id(self) -> Output[str]:
        """Id, for Instance."""
        return self.output("imageId")
