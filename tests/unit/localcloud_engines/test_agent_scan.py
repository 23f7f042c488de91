"""The agent's scan: what ends while it looks does not make it fail."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

import pytest


@pytest.fixture
def scan(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, without the netlink library that only the agent's image has."""
    netlink = ModuleType("localcloud.agent.netlink")
    netlink.netlink = None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, netlink.__name__, netlink)
    name = "localcloud.agent.ops.scan"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    del sys.modules[name]
    return importlib.import_module(name)


def test_a_process_that_ends_meanwhile_is_no_leftover(scan: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = 1 << 23  # above the kernel's highest process id
    monkeypatch.setattr(scan, "processes_of", lambda containers: {"c1": [gone, os.getpid()]})
    assert [item["name"] for item in scan._processes(["c1"])] == [str(os.getpid())]
