"""Labs for the stage tests; whatever they do, the machine looks afterwards as it did before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.lab import ROOT, Lab, end, make_lab
from support.machine import assert_as_before, snapshot


@pytest.fixture(scope="session")
def clean_machine() -> Iterator[None]:
    """Whatever the stage tests do, the machine looks afterwards as it did before."""
    before = snapshot()
    yield
    assert_as_before(before)


@contextmanager
def passing() -> Iterator[Lab]:
    """A lab that ends whatever happens: one that failed to come up must not stand in the way of other tests."""
    lab = make_lab()
    try:
        yield lab
    finally:
        end(lab)


@pytest.fixture(scope="session")
def lab(clean_machine: None) -> Iterator[Lab]:
    """One lab for all tests of a session; stages are brought up by the tests that need them."""
    with passing() as lab:
        yield lab


@pytest.fixture
def own_lab(clean_machine: None) -> Iterator[Lab]:
    """A lab of the test's own, for tests that break more than a stage."""
    with passing() as lab:
        yield lab


@pytest.fixture(scope="session")
def single_host(lab: Lab) -> dict[str, Any]:
    """The stage `single-host`, up; its outputs."""
    lab.run("up", "single-host", timeout=300)
    return lab.outputs("single-host")


@pytest.fixture(scope="session")
def dual_lab(clean_machine: None) -> Iterator[Lab]:
    """A lab in which `dual-active` is up alone: names like web-01 mean its servers."""
    with passing() as lab, settings_as_before(lab, "dual-active"):
        lab.run("up", "dual-active", timeout=600)
        yield lab


@contextmanager
def settings_as_before(lab: Lab, stage: str) -> Iterator[None]:
    """What tests have set, other labs of this work tree would find."""
    file = ROOT / f"Pulumi.{stage}.yaml"
    before = settings_in(file)
    yield
    if new := sorted(settings_in(file) - before):
        lab.pulumi("config", "rm-all", *new, "-s", stage)


def settings_in(file: Path) -> set[str]:
    return set((yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("config") or {}) if file.exists() else set()


@pytest.fixture
def dual_active(dual_lab: Lab) -> dict[str, Any]:
    """The stage `dual-active`, up; its outputs."""
    return dual_lab.outputs("dual-active")
