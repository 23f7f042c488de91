"""A quick start for what imports Pulumi's SDK: a third of `import pulumi` is for things that few programs use.

    import_pulumi_lightly()  # before the first `import pulumi`

Standard library only: it also runs inside programs' own environments, which need not have this project installed.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

SELDOM_USED = (
    "pulumi.automation",  # with an HTTP client and YAML
    "pulumi.dynamic",  # with dill
    "google.protobuf.internal.python_message",  # protobuf without its part in C
)
RARELY = 50_000  # new objects between two searches for garbage


def import_pulumi_lightly() -> None:
    """Import the SDK without what is seldom used, which comes with its first use. Raises ImportError."""
    search_rarely_for_garbage()
    for name in SELDOM_USED:
        sys.modules[name] = Later(name)
    try:
        import_module("pulumi")
    finally:
        for name in SELDOM_USED:  # from here on an import of it is like any other
            if isinstance(sys.modules.get(name), Later):
                del sys.modules[name]


def search_rarely_for_garbage() -> None:
    """What imports make stays; by default Python searches in it after each 700 new objects: a tenth of the time to start."""
    gc.set_threshold(RARELY)


class Later(ModuleType):
    """Stands where the SDK has put a module that is not loaded yet, and has whatever that one has."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)  # pickled as a part of a dynamic resource it is the module itself
