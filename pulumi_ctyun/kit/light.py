"""A quick start for what imports Pulumi's SDK: a third of `import pulumi` is for things that few programs use.

    import_pulumi_lightly()  # before the first `import pulumi`

Standard library only: it also runs inside programs' own environments, which need not have this project installed.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

F = TypeVar("F")
PROTOBUF_IN_PYTHON = "google.protobuf.internal.python_message"  # for machines that lack its part in C
SELDOM_USED = (
    "pulumi.automation",  # with an HTTP client and YAML
    "pulumi.dynamic",  # with dill
    PROTOBUF_IN_PYTHON,
)
TRACING = "pulumi.runtime._instrumentation"  # with OpenTelemetry
RARELY = 50_000  # new objects between two searches for garbage


def import_pulumi_lightly() -> None:
    """Import the SDK without what is seldom used, which comes with its first use. Raises ImportError."""
    search_rarely_for_garbage()
    later = {name: Later(name) for name in SELDOM_USED}
    if "TRACEPARENT" not in os.environ:  # the engine sets it where it traces
        later[TRACING] = Later(TRACING)
        vars(later[TRACING])["wrap_with_context"] = wrap_with_context  # the only thing of it that the SDK imports
    sys.modules.update(later)
    try:
        import_module("pulumi")
    finally:
        for name, stand_in in later.items():  # from here on an import of it is like any other
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]


def wrap_with_context(function: F) -> F:
    """As the SDK's own: hands the OpenTelemetry context on to a thread. Where nobody has loaded that, there is none."""
    return import_module(TRACING).wrap_with_context(function) if "opentelemetry.context" in sys.modules else function


def search_rarely_for_garbage() -> None:
    """What imports make stays; by default Python searches in it after each 700 new objects: a tenth of the time to start."""
    gc.set_threshold(RARELY)
    atexit.register(gc.freeze)  # and not in everything at the end (0.03 s)


class Later(ModuleType):
    """Stands where the SDK has put a module that is not loaded yet, and has whatever that one has."""

    def __getattr__(self, name: str) -> Any:
        if name == "__path__":  # Python asks for it in each `from ... import`
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)

    def __reduce__(self) -> tuple[Any, ...]:
        return import_module, (self.__name__,)  # pickled as a part of a dynamic resource it is the module itself
