"""`pulumi-resource-ctyun ENGINE`, started by the Pulumi engine; `python -m pulumi_ctyun.provider ENGINE` in a checkout."""

from __future__ import annotations

import sys

from pulumi_ctyun.kit.light import import_pulumi_lightly


def main() -> None:
    import_pulumi_lightly()
    from pulumi_ctyun.kit.engine_log import EngineLog
    from pulumi_ctyun.kit.serve import engine_address, serve
    from pulumi_ctyun.provider.plugin import CtyunProvider
    from pulumi_ctyun.resources.declarations import VERSION

    provider = CtyunProvider(warn=EngineLog(engine_address(sys.argv[1:])).warn)
    serve(provider, VERSION, at_end=provider.end)


if __name__ == "__main__":
    main()
