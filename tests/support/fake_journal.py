"""What every fake of an engine has: a memory of what it was asked, and ways to fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localcloud.engines.interface.errors import EngineError


@dataclass
class Journal:
    """`journal` holds the calls in order; `on_call` is called in the middle of a call; `fail` names calls that raise."""

    journal: list[tuple[Any, ...]] = field(default_factory=list, kw_only=True)
    on_call: dict[str, Callable[[], None]] = field(default_factory=dict, kw_only=True)
    fail: dict[str, str] = field(default_factory=dict, kw_only=True)

    def did(self, name: str, *what: Any) -> None:
        """Remember a call; raises EngineError where the test wants it to fail."""
        self.journal.append((name, *what))
        if name in self.on_call:
            self.on_call[name]()
        if name in self.fail:
            raise EngineError(self.fail[name])

    def calls(self, name: str) -> list[tuple[Any, ...]]:
        """All calls of one kind, oldest first."""
        return [call for call in self.journal if call[0] == name]
