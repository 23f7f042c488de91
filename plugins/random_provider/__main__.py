"""`python -m plugins.random_provider ENGINE_ADDRESS`, started by the Pulumi engine."""

from __future__ import annotations

from pulumi_ctyun.kit.light import import_pulumi_lightly


def main() -> None:
    import_pulumi_lightly()
    from plugins.random_provider.provider import VERSION, RandomProvider
    from pulumi_ctyun.kit.serve import serve

    serve(RandomProvider(), VERSION)


main()
