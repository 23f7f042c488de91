"""`python -m pulumi_ctyun.provider ENGINE`: started by the Pulumi engine through bin/pulumi-resource-ctyun."""

from __future__ import annotations

from plugins.kit.serve import serve
from pulumi_ctyun.provider.plugin import CtyunProvider
from pulumi_ctyun.resources.declarations import VERSION

if __name__ == "__main__":
    provider = CtyunProvider()
    serve(provider, VERSION, at_end=provider.end)
