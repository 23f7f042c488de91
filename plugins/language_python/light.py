"""Half the start-up time of the language host: the SDK's protocol stubs without the SDK.

`import pulumi` loads what programs need (0.28 s); the host needs its stubs alone (0.13 s), and the engine starts a host twice
per command. So the packages above the stubs are entered empty, which keeps their `__init__` from running.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from pulumi_ctyun.kit.light import PROTOBUF_IN_PYTHON, Later

ABOVE_THE_STUBS = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def enter_empty_packages() -> None:
    """Call before anything imports the SDK, in a process that uses nothing of it but `pulumi.runtime.proto.*`."""
    for name in ABOVE_THE_STUBS:
        if name in sys.modules:
            continue
        spec = importlib.util.find_spec(name)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError(f"{name} is not installed; run ./lab")
        package = ModuleType(name)
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules[name] = package
    sys.modules.setdefault(PROTOBUF_IN_PYTHON, Later(PROTOBUF_IN_PYTHON))
