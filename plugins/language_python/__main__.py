"""`python -m plugins.language_python [--tracing ADDRESS] [-v=N] [--logtostderr] ENGINE_ADDRESS`, started by the engine."""

from __future__ import annotations

import asyncio
import sys

from plugins.language_python.light import enter_empty_packages
from pulumi_ctyun.kit.lifetime import end_with_engine
from pulumi_ctyun.kit.light import search_rarely_for_garbage


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit("usage: python -m plugins.language_python ENGINE_ADDRESS   (the Pulumi engine starts it)")
    engine = sys.argv[-1]  # the engine puts its address last
    end_with_engine(engine)
    search_rarely_for_garbage()
    enter_empty_packages()
    from plugins.language_python.host import serve

    asyncio.run(serve(engine))


main()
