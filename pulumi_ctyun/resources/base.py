"""What all classes of this package share."""

from __future__ import annotations

import re
from typing import Any

import pulumi

from pulumi_ctyun.resources import gate
from pulumi_ctyun.resources.declarations import RESOURCES
from pulumi_ctyun.resources.early_checks import refuse_wrong


class CtyunResource(pulumi.CustomResource):
    """A resource of the ctyun provider.

    Subclasses take inputs and annotate properties under Python names (`vpc_id`); in the schema and the state they have the
    schema's (`vpcId`). Physical names are fixed, so a replacement deletes first, unless the declaration says otherwise.
    """

    def __init__(self, token: str, resource_name: str, opts: pulumi.ResourceOptions | None, /, **inputs: Any) -> None:
        declared = RESOURCES[token]
        secrets, named = declared.secrets(), {snake(field.name): field.name for field in (*declared.inputs, *declared.outputs)}
        props: dict[str, Any] = dict.fromkeys(named.values())  # names the outputs; the provider fills them
        given = {named[name]: value for name, value in inputs.items() if value is not None}
        refuse_wrong(declared, resource_name, given, opts)
        for name, value in gate.hold(given).items():
            props[name] = pulumi.Output.secret(value) if name in secrets else value
        order = None if declared.create_first else True
        fixed = pulumi.ResourceOptions(delete_before_replace=order, additional_secret_outputs=sorted(secrets))
        super().__init__(token, resource_name, props, pulumi.ResourceOptions.merge(fixed, opts))
        for python_name, name in named.items():
            self.__dict__[python_name] = self.__dict__[name]


def snake(name: str) -> str:
    """snake("vpcId") -> "vpc_id"."""
    return re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", name)
