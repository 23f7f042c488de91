"""What all classes of this package share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pulumi

from pulumi_ctyun.resources.declarations import RESOURCES


class CtyunResource(pulumi.CustomResource):
    """A resource of the ctyun provider.

    Properties travel under their names in the schema (`vpcId`); subclasses offer them under Python names (`vpc_id`).
    Physical names are fixed, so a replacement deletes first.
    """

    def __init__(
        self, token: str, name: str, inputs: Mapping[str, Any], outputs: Sequence[str], opts: pulumi.ResourceOptions | None
    ) -> None:
        secrets = RESOURCES[token].secrets()
        props: dict[str, Any] = {key: _hidden(value) if key in secrets else value for key, value in inputs.items()}
        props.update(dict.fromkeys(outputs))  # names the outputs; the provider fills them
        fixed = pulumi.ResourceOptions(delete_before_replace=True, additional_secret_outputs=sorted(secrets))
        super().__init__(token, name, props, pulumi.ResourceOptions.merge(fixed, opts))

    def output(self, name: str) -> pulumi.Output[Any]:
        """An output under its name in the schema."""
        return cast("pulumi.Output[Any]", self.__dict__[name])


def _hidden(value: Any) -> Any:
    return None if value is None else pulumi.Output.secret(value)
