"""A lab of its own per test, and a report that only remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from drlab.folders import Folders


@dataclass
class Remembered:
    """What set-up said: (kind, step, sentence)."""

    said: list[tuple[str, str, str]] = field(default_factory=list)

    def begin(self, step: str, sentence: str) -> None:
        self.said.append(("begin", step, sentence))

    def detail(self, step: str, line: str) -> None:
        self.said.append(("detail", step, line))

    def note(self, step: str, sentence: str) -> None:
        self.said.append(("note", step, sentence))

    def end(self, step: str, sentence: str | None, seconds: float) -> None:
        self.said.append(("end", step, sentence or "failed"))

    def of(self, kind: str) -> list[str]:
        return [step for said, step, _ in self.said if said == kind]


@pytest.fixture
def report() -> Remembered:
    return Remembered()


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    root = tmp_path / "project"
    (root / ".venv/bin").mkdir(parents=True)
    return Folders(root=root, state=tmp_path / "state", cache=tmp_path / "cache")
