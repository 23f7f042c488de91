"""The tests' own tools are part of set-up: a machine that has them by chance hides that another one has not."""

from __future__ import annotations

import os
import shutil

import pytest

from drlab.errors import UserError
from drlab.setup import test_tools
from drlab.setup.children import Children


def test_a_tool_that_is_missing_is_asked_for_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None if tool in ("nft", "ip", "ss") else f"/usr/bin/{tool}")
    step = test_tools.test_tools_step(Children())
    assert step.missing() == "installing iproute2, nftables, by which the tests look at the machine"


def test_who_may_not_install_them_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda tool: None if tool == "nft" else f"/usr/bin/{tool}")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserError, match="nftables") as refusal:
        test_tools.test_tools_step(Children()).act(print)
    assert "sudo apt-get install nftables" in str(refusal.value) + str(refusal.value.__dict__)
