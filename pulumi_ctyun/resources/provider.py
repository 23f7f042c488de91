"""The provider as a resource (which cloud), and the function `verify`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict

import pulumi
from pulumi import Input


class Provider(pulumi.ProviderResource):
    """Which cloud: `target` is "local" (the default) or "ctyun". It is never inferred from keys that happen to be there.

    `state_folder`: of the local cloud; $DRLAB_STATE or the user's own when absent. `access_key`, `secret_key` (secrets): of the
    account at CTyun, else those in CTYUN_AK and CTYUN_SK; so a program can work with several accounts.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        target: Input[str] = "local",
        state_folder: Input[str] | None = None,
        access_key: Input[str] | None = None,
        secret_key: Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        keys = {"accessKey": access_key, "secretKey": secret_key}
        secrets = {name: None if key is None else pulumi.Output.secret(key) for name, key in keys.items()}
        super().__init__("ctyun", resource_name, {"target": target, "stateFolder": state_folder, **secrets}, opts)


_PREFIXES = re.compile(r"^(invoke of ctyun:index:verify failed: |invocation of ctyun:index:verify returned an error: )*")


class FlavorWishArgs(TypedDict):
    """A flavour where it is wanted: flavours differ from zone to zone."""

    zone: str
    flavor: str


def verify(
    *,
    region: str,
    zones: Sequence[str] = (),
    flavors: Sequence[FlavorWishArgs] = (),
    images: Sequence[str] = (),
    mysql_pairs: Sequence[FlavorWishArgs] = (),
    opts: pulumi.InvokeOptions | None = None,
) -> None:
    """Look all names up in the cloud; does nothing in a preview, which makes no call.

    Call it before the first resource: nothing is created when a name is unknown. Raises pulumi.RunError (no traceback)
    with all problems at once.
    """
    if pulumi.runtime.is_dry_run():
        return
    arguments = {
        "region": region,
        "zones": list(zones),
        "flavors": list(flavors),
        "images": list(images),
        "mysqlPairs": list(mysql_pairs),
    }
    try:
        pulumi.runtime.invoke("ctyun:index:verify", arguments, opts)
    except Exception as error:  # the SDK raises nothing more exact, for a refused look-up and a lost plugin alike
        raise pulumi.RunError(_PREFIXES.sub("", str(error))) from error
