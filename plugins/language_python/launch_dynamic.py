"""Runs inside the program's own interpreter: `launch_dynamic.py LIFETIME ENGINE_ADDRESS ...`.

Standard library and the SDK only, since the program's virtual environment need not have this project installed: what ties the
server to the engine's life is loaded from the file LIFETIME.
"""

from __future__ import annotations

import importlib.util
import runpy
import sys


def main(lifetime: str, engine: str) -> None:
    """Become `python -m pulumi.dynamic`, which prints its port and serves."""
    runpy.run_path(lifetime)["end_with_engine"](engine)
    sys.path[0] = ""  # the program's folder, as with `python -m`: what it imports, its resources import here
    if importlib.util.find_spec("pulumi") is None:
        sys.exit(
            f"{sys.executable} has no package pulumi, which dynamic resources need: install it there, in the engine's version"
        )
    runpy.run_module("pulumi.dynamic", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
